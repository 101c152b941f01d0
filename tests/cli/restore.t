# Pictures: made bad by simulate, made good by restore.

$ csk phantom --shape 48,48 h.npy >/dev/null; csk phantom --shape 5,5 k.npy >/dev/null; csk mask --kind random --accel 2 --acs 0 --shape 48,48 m.npy >/dev/null; csk prior fit --no-phase --levels 3 --shifts 2 h.npy g.csk >/dev/null; csk prior fit --levels 3 --shifts 2 h.npy c.csk >/dev/null
$ csk simulate h.npy --operator inpaint:m.npy --noise 0.05 holes
  data          48x48
  measured      1152
  noise         0.05
  rms to noise  4.16
# The same bytes on any number of threads, in every file.
$ for t in 1 2 7; do csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --samples 3 --levels 6 --threads $t rec$t >/dev/null; done; ls rec1 | grep -v json; for t in 2 7; do for f in naive mean std q05 q95 samples; do cmp rec1/$f.npy rec$t/$f.npy; done; done
  mean.npy
  naive.npy
  q05.npy
  q95.npy
  samples.npy
  std.npy
# Each operator; the residual norm of the samples is what the noise level predicts, within 10 %.
$ for o in denoise inpaint:m.npy blur:1 blur:k.npy downsample:2; do csk simulate h.npy --operator $o --noise 0.05 --force d >/dev/null; csk restore d.npy --operator $o --noise 0.05 --prior g.csk --unit 1 --samples 4 --json r$o | sed -n 's/.*"residual_ratio": \([0-9.]*\),/\1/p' | awk '{ print ($1 > 0.9 && $1 < 1.1) }'; done
  1
  1
  1
  1
  1
# The image is N times as large as the data.
$ csk restore d.npy --operator downsample:2 --noise 0.05 --prior g.csk --samples 1 --levels 2 big | grep -E '^(operator |image|measured)'
  operator                   downsample:2
  image                      48x48
  measured                   576
  operator applications      9
2 csk restore: one sample has no spread: no std, q05, q95
# Other samplers, and what they cost: evaluations and applications of one sample.
$ for s in 'langevin --levels 10' 'dps --dps-levels 10' 'diffpir --diffpir-levels 20' 'daps --daps-levels 4' 'ald --ald-levels 7' 'plain --ald-levels 7'; do csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --samples 1 --sampler $s -q other-${s%% *} | grep -E '^(sampler|score evaluations |operator appl)'; done
  sampler                    langevin
  score evaluations          20
  score evaluations besides  0
  operator applications      41
  sampler                    dps
  score evaluations          20
  score evaluations besides  0
  operator applications      21
  sampler                    diffpir
  score evaluations          20
  score evaluations besides  0
  operator applications      2
  sampler                    daps
  score evaluations          20
  score evaluations besides  0
  operator applications      801
  sampler                    ald
  score evaluations          21
  score evaluations besides  0
  operator applications      43
  sampler                    plain
  score evaluations          21
  score evaluations besides  0
  operator applications      43
# An option of another sampler would do nothing; the range of noise levels is everyone's.
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --sampler diffpir --levels 10 none
2 csk restore: --levels is an option of --sampler langevin, which diffpir does not read
= 2
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --no-antithetic --sampler dps none
2 csk restore: --no-antithetic is an option of --sampler langevin, which dps does not read
= 2
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --dps-scale 2 none
2 csk restore: --dps-scale is an option of --sampler dps, which langevin does not read
= 2
# The same of an order, a schedule, a kernel or a kind of prior, and with --plan.
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --smoothing joint none
2 csk restore: --smoothing does nothing here: it needs --order paper
= 2
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --alpha 2 --plan none
2 csk restore: --alpha does nothing here: it needs --schedule admissible
= 2
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --kernel euler --cg-tol 0.1 none
2 csk restore: --cg-tol does nothing here: it needs --kernel lm or precond
= 2
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --no-turn none
2 csk restore: --no-turn does nothing here: it needs a network
= 2
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --sigma 0.2 --kappa 2 none
2 csk restore: --kappa does nothing here: it needs no --sigma
= 2
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --radius 3 --delta 0.2 none
2 csk restore: --delta does nothing here: it needs neither --sigma nor --radius
= 2
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --t-max 2 none
2 csk restore: --t-max does nothing here: it needs another --sampler
= 2
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --rho 5 none
2 csk restore: --rho does nothing here: it needs --schedule karras
= 2
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --sampler plain --spacing karras none
2 csk restore: --spacing does nothing here: it needs another --sampler
= 2
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --sampler daps --daps-cg-tol 0.1 none
2 csk restore: --daps-cg-tol does nothing here: it needs --daps-data exact
= 2
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --order paper --churn 5 none
2 csk restore: --churn does nothing here: it needs --order paper --diffusion heun
= 2
# And what is read is taken.
$ for o in '--sampler daps --rho 5' '--order paper --spacing karras --rho 5' '--sigma 0 --kappa 2' '--radius 2 --kappa 2' '--radius 0 --delta 0.2' '--sampler dps --t-max 2' '--schedule karras --rho 3'; do csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk $o --plan none >/dev/null && echo taken; done
  taken
  taken
  taken
  taken
  taken
  taken
  taken
$ ls none 2>/dev/null
= 2
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --samples 1 --sampler plain --t-min 0.02 --ald-steps 2 --ald-levels 2 ranged | grep '^sampler'
  sampler                    plain
2 csk restore: one sample has no spread: no std, q05, q95
# A learned prior of real images: ancestral transitions unless told otherwise.
$ csk train h.npy --no-phase --arch unet-xs --patch 16 --batch 2 --steps 2 -q n.csk >/dev/null; for w in auto none ancestral; do csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior n.csk --samples 1 --levels 3 --transition $w t$w 2>/dev/null | grep -E '^(step size|transition)'; done
  step size                  1.5
  transition                 ancestral
  step size                  1.8
  transition                 none
  step size                  1.5
  transition                 ancestral
# Those begin at .35 of the scale instead of .2.
$ for w in none ancestral; do csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior n.csk --samples 1 --levels 3 --kappa 0.001 --transition $w s$w >/dev/null 2>&1; sed -n 's/.*"sigma": \([0-9.]*\),/\1/p' s$w/report.json | head -1; done | awk 'NR == 1 { a = $1 } NR == 2 { printf "%.3f\n", $1 / a }'
  1.750
# Faults.
$ for o in "--kernel mala" "--order paper" "--order paper --smoothing joint" "--tether keep"; do csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --transition ancestral $o x; done
2 csk restore: transition = ancestral needs kernel = lm or precond
2 csk restore: transition = ancestral needs order = interleaved
2 csk restore: transition = ancestral needs order = interleaved
2 csk restore: transition = ancestral needs tether = release
= 2
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --schedule admissible x
2 csk restore: an admissible schedule needs order = paper
= 2
$ csk restore holes.npy --noise 0.05 --prior g.csk x
2 csk restore: --operator is missing: what was done to the image: denoise, inpaint:MASK, blur:STD, blur:KERNEL or downsample:N
= 2
$ csk restore holes.npy --operator inpaint:m.npy --prior g.csk x
2 csk restore: --noise is missing or 0: how noisy are the data?
= 2
$ csk restore holes.npy --operator sharpen --noise 0.05 --prior g.csk x
2 csk restore: --operator: 'sharpen' is none of denoise, inpaint:MASK, blur:STD, blur:KERNEL, downsample:N
= 2
$ csk restore d.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk x
2 csk restore: m.npy is real 48x48, but d.npy is real 24x24
= 3
$ csk restore holes.npy --operator denoise --noise 0.05 --prior c.csk x
2 csk restore: c.csk: describes complex images, not real ones
= 3
$ csk simulate h.npy --operator downsample:5 x
2 csk simulate: block average: dimension 0 is 48, not a multiple of 5
= 3
$ csk simulate h.npy --operator blur:1 --mask m.npy x
2 csk simulate: --mask and --phase are for scans, not with --operator
= 2
$ csk simulate h.npy --operator blur:1 --matrix m.npy x
2 csk simulate: --matrix and --operator exclude each other
= 2
# What an earlier run left stays until the new files are there: not all zero, nor diverged.
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --samples 2 --levels 2 kept >/dev/null 2>&1; cat kept/* | cksum >before; csk restore holes.npy --operator inpaint:m.npy --noise 100 --prior g.csk --samples 2 --force kept 2>&1 | sed 's/of 100 .*/of 100/'; cat kept/* | cksum | cmp - before
  csk restore: holes.npy: the naive estimate is zero: the data are, or the noise level of 100
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --samples 2 --sampler dps --dps-scale 1e6 --dps-levels 5 --force kept 2>&1 | sed 's|by [0-9.e+]* times|by ... times|'; cat kept/* | cksum | cmp - before
  csk restore: the sampling diverged: the samples miss the data by ... times what the noise predicts: operator, noise level or prior do not fit, or it was too short; the naive estimate falls to -0.131, and most priors' images are not negative: csk convert --add
$ (ulimit -f 1; csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --samples 2 --levels 2 --force kept 2>&1 >/dev/null | grep -c 'File too large'); cat kept/* | cksum | cmp - before; ls -A kept | grep new
  1
= 1
# Nor is what it reads written over, nor a directory removed.
$ csk restore kept/mean.npy --operator denoise --noise 0.05 --prior g.csk --samples 2 --levels 2 --force kept; cat kept/* | cksum | cmp - before
2 csk restore: kept/mean.npy is an input, not an output
$ mkdir -p odd/q95.npy; csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --samples 2 --force odd; ls odd
  q95.npy
2 csk restore: odd/q95.npy: is a directory, the output is a file
# Ctrl-C before anything is finished leaves no directory. (Without --foreground timeout sends it twice.)
$ csk phantom --shape 192,192 wide.npy >/dev/null; timeout --foreground -s INT 2 csk restore wide.npy --operator blur:3 --noise 1e-9 --prior g.csk --naive-iter 100000 --sigma 1 stopped >/dev/null; ls stopped 2>/dev/null
2 csk restore: interrupted
= 2
# Several outputs do not go to a pipe, and a kernel that does not fit is named.
$ csk restore holes.npy --operator inpaint:m.npy --noise 0.05 --prior g.csk --out -
2 csk restore: there are several outputs: they do not go to standard output
= 2
$ csk phantom --shape 99,99 wide.npy -q --force >/dev/null; csk restore holes.npy --operator blur:wide.npy --noise 0.05 --prior g.csk none
2 csk restore: blur:wide.npy: conv: along axis 0 the kernel has 99 points, the space 48
= 3
$ csk phantom --shape 9,9 --complex --kind gaussian wide.npy -q --force >/dev/null; csk restore holes.npy --operator blur:wide.npy --noise 0.05 --prior g.csk none
2 csk restore: wide.npy: is complex, a kernel is real
= 3
