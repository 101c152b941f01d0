# Noise taken away by a prior.

$ csk phantom --shape 48,48 head.npy >/dev/null; csk prior fit --no-phase --levels 3 --shifts 4 head.npy grey.csk >/dev/null; csk prior fit --levels 3 --shifts 4 head.npy complex.csk >/dev/null
$ csk convert head.npy --noise 0.1 --seed 3 noisy.npy >/dev/null
$ csk denoise noisy.npy --prior grey.csk --sigma 0.1 clean.npy | grep -v seconds
  kind               wavelet
  images             48x48
  sigma of prior     0.1
  score evaluations  16
# Better than the noise, and better the more cycle shifts.
$ csk denoise noisy.npy --prior grey.csk --sigma 0.1 --shifts 1 once.npy >/dev/null; csk metric head.npy noisy.npy once.npy clean.npy --peak 1 | awk 'NR > 1 { print ($2 > best + 0.3); best = $2 }'
  1
  1
  1
# Images twice as large, in a unit twice as large, with twice the noise, become the same.
$ csk convert noisy.npy --scale 2 twice.npy | sed -n 's/ *scaled by *//p' >factor; csk denoise twice.npy --prior grey.csk --sigma "$(awk '{ print 0.1 * $1 }' factor)" --unit "$(cat factor)" two.npy >/dev/null; for f in clean two; do csk convert $f.npy --scale 1 $f-1.npy -q >/dev/null; done; csk metric clean-1.npy two-1.npy | awk 'NR > 1 { print ($2 > 80) }'
  1
# The same bytes on any number of threads.
$ for t in 1 2 7; do csk denoise noisy.npy --prior grey.csk --sigma 0.1 --threads $t t$t.npy >/dev/null; cmp t$t.npy t1.npy; done
# A stack: each image by itself.
$ csk simulate head.npy --coils 2 --noise 0 s >/dev/null; csk denoise s-coils.cfl --prior complex.csk --sigma 0.1 stack.npy | grep -v seconds
  kind               wavelet
  images             2x48x48
  sigma of prior     0.1
  score evaluations  32
# What does not fit together.
$ csk denoise noisy.npy --prior grey.csk x.npy
2 csk denoise: --sigma is missing: how noisy is the image?
= 2
$ csk denoise noisy.npy --prior complex.csk --sigma 0.1 x.npy
2 csk denoise: complex.csk: describes complex images, not real ones
= 3
# Less noise than floats have digits is no divergence.
$ csk denoise noisy.npy --prior grey.csk --sigma 1e-10 fine.npy | grep images
  images             48x48
# Images that a prior cannot know: said from twice the noise on, refused from a hundredfold.
$ for c in -0.13 -1; do csk convert noisy.npy --add $c low.npy --force >/dev/null; csk denoise low.npy --prior natural --sigma 0.1 low$c.npy 2>&1 >/dev/null | sed 's/by [0-9.e+]* (/by ... (/'; done
  csk denoise: 'natural' changed the image by ... (rms), the noise is 0.1: it does not know such images; see --unit, csk prior check and, for images below 0, csk convert --add
  csk denoise: 'natural' diverged: it changed the image by ... (rms), the noise is 0.1; see --unit, csk prior check and, for images below 0, csk convert --add
$ csk sample natural --near low.npy --sigma 0.1 --samples 1 drawn.npy 2>&1 >/dev/null | sed 's/by [0-9.e+]* (/by ... (/'
  csk sample: 'natural' diverged: it changed the image by ... (rms), the noise is 0.1; see --unit, csk prior check and, for images below 0, csk convert --add
