# How options are read, and what is said when they are wrong.

$ csk
2 csk: a verb is missing; 'csk help' lists them
= 2
$ csk --version | sed 's/[0-9.]*$/V/'
  csk V
$ csk frobnicate
2 csk: there is no verb 'frobnicate'; 'csk help' lists them
= 2
$ csk covnert a b
2 csk: there is no verb 'covnert'; did you mean 'convert'?
= 2
$ csk --force phantom x.npy
2 csk: there is no option --force; options come after the verb
= 2
$ csk phantom
2 csk phantom: the argument OUTPUT is missing; see 'csk phantom --help'
= 2
$ csk phantom a.npy b.npy
2 csk phantom: one argument too many, 'b.npy'; see 'csk phantom --help'
= 2
$ csk phantom --shpae 8,8 a.npy
2 csk phantom: there is no option --shpae; did you mean --shape?
= 2
$ csk phantom --nonzero 8 a.npy
2 csk phantom: there is no option --nonzero; did you mean --nonzeros?
= 2
$ csk phantom --colour red a.npy
2 csk phantom: there is no option --colour; see 'csk phantom --help'
= 2
$ csk phantom --shape
2 csk phantom: --shape needs a value
= 2
$ csk phantom --shape --json a.npy
2 csk phantom: --shape needs a value before --json
= 2
$ csk phantom --shape 8,8 --shape 9,9 a.npy
2 csk phantom: --shape is given twice
= 2
$ csk phantom --shape 8,x a.npy
2 csk phantom: --shape: '8,x' is not a shape such as 192,192 (1 to 8 numbers)
= 2
$ csk phantom --shape 1,1,1,1,1,1,1,1,1 a.npy
2 csk phantom: --shape: '1,1,1,1,1,1,1,1,1' is not a shape such as 192,192 (1 to 8 numbers)
= 2
$ csk phantom --kind circle a.npy
2 csk phantom: --kind: 'circle' is not one of shepp-logan, disk, sparse, gaussian
= 2
$ csk phantom --radius 0 a.npy
2 csk phantom: --radius is 0, not in 0.001..10
= 2
$ csk phantom --radius none a.npy
2 csk phantom: --radius: 'none' is not a number
= 2
$ csk phantom --complex=yes a.npy
2 csk phantom: --complex takes no value; --no-complex turns it off
= 2
$ csk phantom --seed -3 a.npy
2 csk phantom: --seed: '-3' is not a whole number in 0..2^64-1
= 2
$ csk phantom --seed 18446744073709551616 a.npy
2 csk phantom: --seed: '18446744073709551616' is not a whole number in 0..2^64-1
= 2
$ csk phantom -x a.npy
2 csk phantom: there is no option -x; see 'csk phantom --help'
= 2
$ csk info --output a.npy b.npy
2 csk info: --output: this verb writes no file
= 2
$ csk phantom a.npy -o b.npy
2 csk phantom: one argument too many, 'a.npy' beside --output; see 'csk phantom --help'
= 2
$ csk phantom -o a.npy -o b.npy
2 csk phantom: the output is given twice
= 2
$ ASAN_OPTIONS=allocator_may_return_null=1 csk phantom --shape 100000,100000,100 a.npy 2>&1 | grep ^csk
  csk phantom: --shape 100000,100000,100 needs 4000.0 GB of memory, more than there is
$ csk mask --shape 100000,100000 a.npy
2 csk mask: planes of 100000x100000 are too large
= 2
$ csk mask --shape 10,10 a.npy
2 csk mask: --accel is 4, --acs is 24, but a centre of 100 in 100 allows at most 1
= 2
$ csk help convrt
2 csk help: there is no verb 'convrt'; did you mean 'convert'?
= 2
$ csk help format
2 csk help: there is no topic 'format'; did you mean 'formats'?
= 2
$ csk help exit-codes extra
2 csk help: one verb or topic at a time, not also 'extra'
= 2
$ csk prior --help
  csk prior fit    learn a prior from example images
  csk prior import make a prior of a published network's weights
  csk prior expect let a prior know what images of its kind are like
  csk prior check  say whether images are like those a prior was trained on
  csk prior info   say what a prior holds
  csk prior list   list the priors that can be called by name
$ csk prior info -h | head -1
  csk prior info - say what a prior holds
$ csk mosk --help
2 csk: there is no verb 'mosk'; did you mean 'mask'?
= 2
$ csk help mask view
2 csk help: one verb or topic at a time, not also 'view'
= 2
$ ls

# A value may follow after a blank or "=", stand before or after the arguments, and be
# negative; "--" ends the options; a flag is turned off by --no-.

$ csk phantom --shape=8,8 a.npy --kind disk
  kind   disk
  shape  8x8
$ csk phantom -q --no-complex --json -o b.npy --shape 4,6
  {
    "kind": "shepp-logan",
    "shape": [
      4,
      6
    ]
  }
$ csk metric a.npy a.npy --peak -1
2 csk metric: --peak is -1, not in 0..1e+30
= 2
$ csk phantom --shape 4,4 -- -strange.npy
  kind   shepp-logan
  shape  4x4
$ ls
  -strange.npy
  -strange.npy.json
  a.npy
  a.npy.json
  b.npy
  b.npy.json
