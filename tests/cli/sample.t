# Draws from a prior.

$ csk phantom --shape 32,32 h.npy -q >/dev/null; csk convert h.npy --scale 1 head.npy >/dev/null; csk prior fit --no-phase --levels 2 --shifts 1 head.npy -q head.csk >/dev/null
$ csk sample head.csk --shape 32,32 --samples 20 -o drawn.npy | grep -v 'rms\|seconds'
  samples            20x32x32
  first noise level  8.57645
  score evaluations  980
$ csk info drawn.npy | grep -v hash | head -4
  file           drawn.npy
  format         NumPy: any array of numbers; written in single precision
  field          real
  shape          20x32x32
$ csk sample head.csk --shape 32,32 --samples 20 --exact exact.npy | grep -v 'rms\|seconds'
  samples  20x32x32
$ csk sample head.csk --near head.npy --sigma 0.05 --samples 3 near.npy | grep -v 'rms\|seconds'
  samples            3x32x32
  first noise level  0.05
  score evaluations  147
# The samples of --near are nearer to the image than the noise is.
$ csk sample head.csk --near head.npy --sigma 0.05 --samples 1 --unit 1 one.npy >/dev/null; csk convert one.npy --slice z=0 first.npy >/dev/null; csk metric head.npy first.npy | awk 'NR > 1 { print ($2 > 26) }'
  1
# Images twice as large, in a unit twice as large, with twice the noise, give twice the draw.
$ csk convert head.npy --scale 2 twice.npy -q >/dev/null; csk sample head.csk --near twice.npy --sigma 0.1 --unit 2 --samples 3 two.npy >/dev/null; for f in near two; do csk convert $f.npy --scale 1 $f-1.npy -q >/dev/null; done; cmp near-1.npy two-1.npy
# The same bytes on any number of threads, and the first samples are those of a longer run.
$ for t in 1 2 7; do csk sample head.csk --shape 32,32 --samples 17 --threads $t t$t.npy >/dev/null; cmp t$t.npy t1.npy; done
$ csk convert t1.npy --slice z=0:17 a.npy -q >/dev/null; csk convert drawn.npy --slice z=0:17 b.npy -q >/dev/null; csk metric a.npy b.npy --json | grep nmse
        "nmse": 0.0,
# What does not fit together.
$ csk sample head.csk --near head.npy x.npy
2 csk sample: --sigma is missing: how noisy is the image of --near?
= 2
$ csk sample head.csk --sigma 0.1 x.npy
2 csk sample: --sigma is the noise of --near, which is missing
= 2
# Ctrl-C keeps whole batches of 16, those of a run that ends by itself.
$ timeout --foreground --preserve-status -s INT 2 csk sample head.csk --exact --shape 96,96 --samples 20000 -q many.npy >/dev/null; csk sample head.csk --exact --shape 96,96 --samples 16 -q few.npy >/dev/null; csk convert many.npy --slice 0=0:16 head16.npy >/dev/null; cmp few.npy head16.npy && csk info many.npy | grep -c interrupted
  1
2 csk sample: interrupted; what was finished is in many.npy
$ csk sample head.csk --near head.npy --sigma 0.1 --exact x.npy
2 csk sample: --exact draws from the prior alone; leave it out for --near
= 2
$ csk sample head.csk --shape 32 x.npy
2 csk sample: --shape 32 has 1 axes, head.csk describes images of 2
= 2
$ csk sample head.csk --shape 3,3 x.npy
2 csk sample: wavelet prior: real 3x3 is too small for 2 levels of db2
= 3
$ csk convert head.npy c.cfl -q; csk sample head.csk --near c.cfl --sigma 0.1 x.npy
  field  real
  shape  32x32
2 csk sample: c.cfl: is a complex image of 2 axes, head.csk describes real ones of 2
= 3
$ csk sample head.csk --plan --samples 4 x.npy | grep -v '[0-9]'
  output
  x.npy
  ~
# Options that nothing would read.
$ csk sample head.csk --exact --churn 2 none.npy
2 csk sample: --churn does nothing here: it needs --diffusion heun
= 2
$ csk sample head.csk --rho 5 none.npy
2 csk sample: --rho does nothing here: it needs --spacing karras
= 2

# Noise that the prior does not know.
$ csk sample natural --shape 16,16 --t-max 3 none.npy
2 csk sample: --t-max is 3, expected at most 1, the most that natural knows
= 2
$ csk sample natural --shape 16,16 --samples 1 --diffusion-levels 2 d.npy 2>&1 >/dev/null
  csk sample: natural knows noise up to 1, too little to begin from nothing: the images will be nearly empty; see --near
$ csk sample natural --near head.npy --sigma 0.0005 none.npy
2 csk sample: --sigma is 0.0005, expected more than 0.003996, where the diffusion of natural ends
= 2
$ csk sample head.csk --shape 32,32 --spacing karras --rho 0.01 none.npy
2 csk sample: --rho is 0.01, not in 0.1..1000
= 2
$ ls none.npy 2>/dev/null
= 2
