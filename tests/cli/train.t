# Networks are trained, stopped and go on.

$ csk phantom --shape 40,32 head.npy -q >/dev/null; csk phantom --shape 36,36 other.npy -q >/dev/null
$ csk train head.npy other.npy --validate other --arch unet-xs --patch 16 --batch 4 --steps 6 --every 3 --precision f32 -o a.csk 2>said | grep -v seconds | head -7
  network     unet-xs
  parameters  38130
  field       complex
  scale       0.873535
  files       1
  held out    1
  steps       6
# Equal trainings make equal files.
$ for d in one two; do mkdir $d; cd $d; csk train ../head.npy --arch unet-xs --patch 16 --batch 4 --steps 3 -q -o m.csk >/dev/null; cd ..; done; cmp one/m.csk two/m.csk
$ sed 's/loss.*/.../' said
  csk train: the rate rises over 500 steps, and there are 6: it stays below --rate; see --warmup
  csk train: step 3 of 6: ...
  csk train: step 6 of 6: ...
$ csk train head.npy other.npy --validate other --arch unet-xs --patch 16 --batch 4 --steps 6 --precision f32 a.csk
2 csk train: a.csk exists; --force writes over it
= 1
$ rm a.csk; csk train head.npy other.npy --validate other --arch unet-xs --patch 16 --batch 4 --steps 6 --precision f32 a.csk
2 csk train: a.csk.checkpoint is there: --resume goes on from it, --force begins anew
= 2

# On from step 6; a training that is done has nothing more to do.
$ csk train head.npy other.npy --validate other --arch unet-xs --patch 16 --batch 4 --steps 9 --precision f32 --resume a.csk 2>&1 >/dev/null | sed 's/loss.*/.../'
  csk train: the schedule now ends at step 9, not 6
  csk train: step 9 of 9: ...
$ csk train head.npy other.npy --validate other --arch unet-xs --patch 16 --batch 4 --precision f32 --resume --force a.csk >/dev/null
$ csk train head.npy other.npy --validate other --arch unet-xs --patch 16 --batch 4 --steps 9 --rate 0.1 --precision f32 --resume --force -q a.csk
2 csk train: a.csk.checkpoint was begun with another --rate; it can only go on as it began
= 2
$ csk train head.npy other.npy --validate other --arch unet-xs --patch 16 --batch 4 --steps 7 --precision f32 --resume --force -q a.csk
2 csk train: a.csk.checkpoint has done 9 steps already, --steps is 7
= 2
$ csk train head.npy head.npy other.npy --validate other --arch unet-xs --patch 16 --batch 4 --steps 9 --precision f32 --resume --force -q a.csk
2 csk train: a.csk.checkpoint was begun with 2 files, not 3
= 2
$ csk train other.npy --validate other --arch unet-xs --patch 16 --batch 4 --steps 9 --precision f32 --resume --force -q a.csk
2 csk train: --validate other holds out all files
= 2
# The images may be named in another way, but must be the same.
$ csk train $PWD/head.npy ./other.npy --validate other --arch unet-xs --patch 16 --batch 4 --steps 9 --precision f32 --resume --force -q a.csk >/dev/null; csk phantom --shape 40,40 third.npy -q >/dev/null; csk train third.npy other.npy --validate other --arch unet-xs --patch 16 --batch 4 --steps 9 --precision f32 --resume --force -q a.csk
2 csk train: a.csk.checkpoint was begun with other images (third.npy); it can only go on with the same
= 2
# The default number of steps is obeyed if it is given.
$ timeout --foreground -s INT 3 csk train head.npy other.npy --validate other --arch unet-xs --patch 16 --batch 4 --steps 20000 --precision f32 --resume --force a.csk 2>&1 >/dev/null | grep schedule
  csk train: the schedule now ends at step 20000, not 9
$ cp head.npy a.csk.checkpoint; csk train head.npy --resume --force a.csk
2 csk train: a.csk.checkpoint: is neither safetensors nor .npz nor a PyTorch checkpoint
= 3

# An image is never written over, as a forgotten -o would.
$ cp head.npy last.npy; csk train head.npy last.npy --force; cmp head.npy last.npy
2 csk train: last.npy: .npy is an image's suffix; -o names the prior
$ cp head.npy image; ln -s image.npy same; mv image image.npy; csk train image.npy --force -o same
2 csk train: same is an input, not the prior
= 2
$ csk train head.npy -o -
2 csk train: the prior goes to a file, not to standard output
= 2

# What never ends is not waited for; what has learned nothing is said.
$ mkfifo pipe; csk train pipe -o p.csk
2 csk train: pipe: is not a regular file
= 3
$ csk train head.npy --arch unet-xs --patch 16 --batch 4 --rate 1 --clip 1e6 --warmup 0 --steps 60 --precision f32 -o p.csk 2>&1 >/dev/null | sed -n 's/(.*dB)/.../; /adds noise/p'
  csk train: the training diverged: at noise 0.01 the prior adds noise ...; try a lower --rate, or a longer --warmup
$ ls p.csk 2>/dev/null
= 2

# What does not fit together.
$ csk train head.npy --validate other --arch unet-xs b.csk
2 csk train: --validate other: no file has such a name
= 2
$ csk train head.npy --validate head --arch unet-xs b.csk
2 csk train: --validate head holds out all files
= 2
$ csk train head.npy --mix other=1 --arch unet-xs b.csk
2 csk train: --mix other=1: no word is in the name of head.npy
= 2
$ csk train head.npy --mix head=x --arch unet-xs b.csk
2 csk train: --mix head=x: expected WORD=SHARE, several with commas
= 2
$ csk train head.npy --arch unet-xs --patch 17 b.csk
2 csk train: --patch is 17, expected a multiple of 2
= 2
$ csk train head.npy --arch unet-xs --rate 0 --no-phase --patch 16 --batch 4 --steps 1000 --plan b.csk | sed 's/ [0-9.]*$/ .../'
  output
  b.csk
  ~
  megabytes  ...
  seconds    ...
  threads    ...
  note       measured on a few steps and the validation of an image
$ csk train head.npy --arch unet-xs --no-phase --patch 16 --batch 4 --plan b.csk | awk '$1 == "megabytes" && $2 > 10 && $2 < 4000 { print "as a process has" }'
  as a process has

# On with the weights of another prior, the images another; a rate of 0 leaves it what it is.
$ csk train third.npy --from ./a.csk --rate 0 --patch 16 --batch 4 --steps 2 --precision f32 -q -o c.csk >/dev/null; csk phantom --kind gaussian --complex --shape 36,36 dots.npy -q >/dev/null; for p in a c; do csk denoise dots.npy --prior ./$p.csk --sigma 0.1 -q -o $p.npy >/dev/null; done; cmp a.npy c.npy && csk prior info c.csk | grep -E '^(field|channels|range|sigma  |preconditioning|architecture|training done)'
  field               complex
  channels            1
  range offset        0.0
  range factor        1.0
  sigma               [0.004,1.0]
  preconditioning     edm
  architecture        unet-xs
  training done       2
  sigma   psnr  noise reduction
  sigma     mean  std
$ csk train third.npy --from ./a.csk --patch 16 --batch 4 --steps 2 --precision f32 -q -o d.csk >/dev/null; csk denoise dots.npy --prior ./d.csk --sigma 0.1 -q -o d.npy >/dev/null; cmp -s a.npy d.npy
= 1
$ csk train third.npy --from ./a.csk --arch unet-s e.csk
2 csk train: ./a.csk is unet-xs, not --arch unet-s
= 2
$ sed 's/\(\\"factor\\":\)1.0/\12.0/' a.csk >twice.csk; csk prior info twice.csk | grep factor; csk train third.npy --from ./twice.csk --patch 16 e.csk
  range factor        2.0
2 csk train: ./twice.csk: --from needs a network that csk train has trained
= 2
$ for change in 's/\(\\"channels\\":\)1/\17/' 's/\(\\"offset\\":\)0.0/\1[1]/' 's/\(\\"sigma_data\\":\)0.25/\1null/' 's/\(\\"axes\\":\)2/\13/'; do sed "$change" a.csk >wrong.csk; csk train third.npy --from ./wrong.csk --patch 16 e.csk; done
2 csk train: ./wrong.csk: network prior: "channels" is 7, which is out of range
2 csk train: ./wrong.csk: network prior: "offset" is missing or not a number
2 csk train: ./wrong.csk: network prior: "sigma_data" is missing or not a number
2 csk train: ./wrong.csk: describes complex images of 3 axes, not complex ones of 2
= 3
$ csk train third.npy --from ./a.csk --sigma-data 0.5 --patch 16 e.csk
2 csk train: ./a.csk was trained with --sigma-data 0.25, not 0.5
= 2
$ csk train third.npy --from ./a.csk --no-phase --patch 16 e.csk
2 csk train: ./a.csk is of complex images, these are real (--phase gives them a phase)
= 3
$ csk train third.npy --from ./a.csk --attention --patch 16 e.csk
2 csk train: ./a.csk has the attention it was trained with: no --attention with --from
= 2
$ csk train third.npy --from ./missing.csk --patch 16 e.csk
2 csk train: ./missing.csk: No such file or directory
= 3

# A convex ridge regulariser, by the same verbs.
$ csk train head.npy other.npy --validate other --arch ridge --filters 4 --side 5 --patch 16 --batch 4 --steps 6 --every 3 -o r.csk 2>said | head -3
  network     ridge
  parameters  324
  field       complex
$ sed 's/loss.*/.../' said
  csk train: the rate rises over 500 steps, and there are 6: it stays below --rate; see --warmup
  csk train: step 3 of 6: ...
  csk train: step 6 of 6: ...
$ csk train head.npy other.npy --validate other --arch ridge --filters 4 --side 5 --patch 16 --batch 4 --steps 9 --resume --force r.csk 2>&1 >/dev/null | sed 's/loss.*/.../'
  csk train: the schedule now ends at step 9, not 6
  csk train: step 9 of 9: ...
$ csk train head.npy --arch ridge --side 4 x.csk
2 csk train: --side is 4, expected an odd number
= 2
$ csk train head.npy --from ./r.csk --patch 16 x.csk
2 csk train: ./r.csk: --from needs a network, this is a ridge prior
= 2
$ for change in 's/\(\\"channels\\":\)1/\13/' 's/\(\\"factor\\":\)1.0/\12.0/' 's/\\"none\\"/\\"edm2\\"/'; do sed "$change" r.csk >wrong.csk; csk denoise dots.npy --prior ./wrong.csk --sigma 0.1 wrong.npy; done
2 csk denoise: ./wrong.csk: ridge: "channels" is not 1
2 csk denoise: ./wrong.csk: ridge: "range" is not {"offset": 0, "factor": 1}
2 csk denoise: ./wrong.csk: ridge: "preconditioning" is not "none"
= 3
$ csk prior info r.csk | grep -E '^(kind|field|channels|range|multiple|preconditioning|architecture)'
  kind                ridge
  field               complex
  channels            1
  range offset        0.0
  range factor        1.0
  multiple            1
  preconditioning     none
  architecture        ridge
# The noise of the data is .1, then .3: a ridge prior ends at 1.25 of it or .15 of its scale, a network at .015.
$ csk simulate head.npy --coils 2 --phase smooth --noise 0.1 s >/dev/null; for p in r c; do csk recon s.cfl --coils s-coils.cfl --noise 0.1 --prior ./$p.csk --unit 1 --samples 1 --levels 2 -q $p-rec >/dev/null 2>&1; grep -h -E '"last_smoothing"' $p-rec/report.json; done; csk recon s.cfl --coils s-coils.cfl --noise 0.3 --prior ./r.csk --unit 1 --samples 1 --levels 2 -q --force r-rec >/dev/null 2>&1; grep -h -E '"last_smoothing"' r-rec/report.json
    "last_smoothing": 0.125,
    "last_smoothing": 0.0139379882812,
    "last_smoothing": 0.131030273437,
$ csk recon s.cfl --coils s-coils.cfl --prior ./c.csk --kernel mala none
2 csk recon: --kernel mala reads the density of the prior, which a network does not have
= 2
# Interrupted, it says where its state is, remarks or not.
$ timeout --foreground --preserve-status -s INT 8 csk train head.npy --arch unet-xs --patch 16 --batch 2 --steps 1000000 -q -o long.csk
2 csk train: interrupted; what was finished is in long.csk.checkpoint
= 130
# Options of the other kind of prior, and where nothing can be written.
$ csk train head.npy --arch unet-xs --filters 4 none.csk
2 csk train: --filters does nothing here: it needs --arch ridge
= 2
$ csk train head.npy --arch ridge --ema 0.9 none.csk
2 csk train: --ema does nothing here: it needs a network
= 2
$ csk train head.npy --no-phase --rough-phase 0.1 none.csk
2 csk train: --rough-phase does nothing here: it needs --phase
= 2
$ csk train head.npy /proc/none.csk
2 csk train: /proc/none.csk: No such file or directory
= 1
# Raised by churn, the noise stays within what the network knows; and the least it knows may be much.
$ csk sample ./a.csk --shape 16,16 --samples 1 --diffusion heun --churn 10 --diffusion-levels 4 churned.npy | grep samples
  samples            1x16x16
2 csk sample: ./a.csk knows noise up to 1, too little to begin from nothing: the images will be nearly empty; see --near
$ csk train head.npy --arch unet-xs --patch 16 --batch 2 --steps 2 --sigma-min 0.15 -q -o much.csk >/dev/null; csk simulate head.npy --coils 2 --noise 0.02 -q much >/dev/null; csk recon much.cfl --coils much-coils.cfl --prior ./much.csk --noise 0.02 --samples 2 --levels 2 -q much/ | grep 'radius from'
  radius from                draws near the naive estimate
# Numbers that are not of the size that noise levels are of.
$ csk convert head.npy --scale 200 large.npy >/dev/null; csk train large.npy --unit 1 --arch unet-xs --patch 16 --batch 2 --steps 1 --warmup 0 -o large.csk 2>&1 >/dev/null | head -1
  csk train: in their unit a hundredth of what the images show is above 4, and the noise levels, up to 1, are for images of about 1: see --unit
# On another number of threads it is the same file; interrupted and gone on with, it has the same weights.
$ T="head.npy --arch unet-xs --patch 16 --batch 8 --steps 160 --warmup 10 --every 40 -q"; csk train $T -o whole.csk >/dev/null; csk train $T --threads 1 -o one.csk >/dev/null; cmp whole.csk one.csk; csk train $T --save 0 -o half.csk >/dev/null 2>&1 & until [ -e half.csk.checkpoint ]; do sleep 0.02; done; kill -INT $!; wait; csk train $T --resume --force -o half.csk >/dev/null; for f in whole half; do tail -c $((4 * 37841)) $f.csk >$f.weights; done; cmp whole.weights half.weights
# A range between the levels of the table; texts that no card can hold.
$ csk train head.npy --arch unet-xs --patch 16 --batch 2 --sigma-min 0.25 --sigma-max 0.45 --rate 1 --clip 1e6 --warmup 0 --steps 40 --precision f32 -q -o wide.csk >/dev/null 2>&1; echo $?
  3
$ csk train head.npy --name "$(printf 'a\344')" none.csk
2 csk train: --name is not UTF-8
= 2
$ cp head.npy "$(printf 'a\344.npy')"; csk train "$(printf 'a\344.npy')" --arch unet-xs --patch 16 --batch 2 --steps 2 --warmup 0 -q -o latin.csk >/dev/null; csk prior info latin.csk | grep 'training split\|training train'
  training split      {"train":["a\\xE4.npy"],"held out":[]}
