# Algorithm 3 on a small scan.

$ csk phantom --shape 48,48 h.npy >/dev/null; csk mask --shape 48,48 --accel 2.5 --acs 20 m.npy >/dev/null; csk simulate h.npy --mask m.npy --coils 6 --phase smooth --noise 0.02 scan >/dev/null; csk prior fit --levels 3 --shifts 2 h.npy h.csk >/dev/null
# The same bytes on any number of threads, in every file.
$ for t in 1 2 7; do csk recon scan.cfl --coils scan-coils.cfl --prior h.csk --samples 3 --levels 6 --threads $t rec$t >/dev/null; done; ls rec1 | grep -v json; for t in 2 7; do for f in naive mean magnitude std q05 q95 samples; do cmp rec1/$f.npy rec$t/$f.npy; done; done
  magnitude.npy
  mean.npy
  naive.npy
  q05.npy
  q95.npy
  samples.npy
  std.npy
# Another seed gives other samples of the same image.
$ csk recon scan.cfl --coils scan-coils.cfl --prior h.csk --samples 3 --levels 6 --seed 2 other >/dev/null; cmp rec1/naive.npy other/naive.npy; cmp -s rec1/mean.npy other/mean.npy; echo $?
  1
# The residual norm of the samples is what the noise level predicts, within 5 %.
$ csk recon scan.cfl --coils scan-coils.cfl --prior h.csk --samples 4 --json rec | sed -n 's/.*"residual_ratio": \([0-9.]*\),/\1/p' | awk '{ print ($1 > 0.95 && $1 < 1.05) }'
  1
$ grep -c 'tether_weight' rec/report.json
  40
# --denoise-samples is what csk denoise makes of the samples at the last smoothing, one evaluation each.
$ csk recon scan.cfl --coils scan-coils.cfl --prior h.csk --shift none --samples 2 --levels 4 raw | grep 'score evaluations  '; csk recon scan.cfl --coils scan-coils.cfl --prior h.csk --shift none --samples 2 --levels 4 --denoise-samples clean | grep 'score evaluations  '
  score evaluations          16
  score evaluations          18
$ value() { sed -n "s/ *\"$1\": \(.*\),/\1/p" raw/report.json; }; csk denoise raw/samples.npy --prior h.csk --shifts 1 --sigma $(value last_smoothing) --unit $(value unit) -q again.npy >/dev/null; csk metric --complex again.npy clean/samples.npy | awk 'NR > 1 { print ($2 > 90) }'; csk metric --complex again.npy raw/samples.npy | awk 'NR > 1 { print ($2 > 90) }'
  1
  0
# The residual is that of the samples that are written.
$ value() { sed -n "s/ *\"$1\": \(.*\),/\1/p" $2/report.json; }; test $(value residual_norm raw) != $(value residual_norm clean)
# What an earlier run wrote and this one does not is gone, with the note beside it.
$ cp -r raw again; csk recon scan.cfl --coils scan-coils.cfl --prior h.csk --samples 1 --levels 2 -q --force again >/dev/null; ls again
  magnitude.npy
  magnitude.npy.json
  mean.npy
  mean.npy.json
  naive.npy
  naive.npy.json
  report.json
  samples.npy
  samples.npy.json
# A line of k-space could be along either axis; it is a mask for an image of one.
$ csk mask --shape 48 --accel 2 --acs 4 line.npy -q >/dev/null; csk simulate h.npy --mask line.npy --coils 1 wrong
2 csk simulate: line.npy is real 48, a mask for h.npy is real 48x48 or its last two axes
= 3
# Without the noise given it is found, and printed.
$ grep noise_level_from rec/report.json
    "noise_level_from": "null space of a fully sampled block",
# The schedule is printed only on request. One sample has no spread, and no files of it.
$ csk recon scan.cfl --coils scan-coils.cfl --prior h.csk --samples 1 --levels 2 few | grep -c smoothing; ls few | grep -v json
  2
  magnitude.npy
  mean.npy
  naive.npy
  samples.npy
2 csk recon: one sample has no spread: no std, q05, q95
$ csk recon scan.cfl --coils scan-coils.cfl --prior h.csk --samples 1 --levels 2 -v more 2>/dev/null | grep -c smoothing
  3
# One coil needs no maps.
$ csk simulate h.npy --mask m.npy --coils 1 --noise 0.02 one >/dev/null; csk recon one.cfl --prior h.csk --noise 0.02 --samples 1 --levels 2 -q single | grep coils
  coils                      1
# Data that miss their noise level by more than a fifth are worth a remark, both ways.
$ for n in 0.012 0.03; do csk recon scan.cfl --coils scan-coils.cfl --prior h.csk --samples 2 --noise $n off$n 2>&1 >/dev/null | sed 's/by .* times/by ... times/; s/at [0-9.]* of/at ... of/'; done
  csk recon: the samples miss the data by ... times what the noise level predicts: the operator (coil sensitivities, mask, transform, blur) or the noise level does not fit the data, or the sampling was too short
  csk recon: the samples follow the data too closely, at ... of the distance that the noise level predicts: they hold noise of the data, or the noise level is too high
# In files without names of axes a first axis of length 1 is one coil's; a longer one is said to be, where it does not fit.
$ csk convert scan.cfl --slice 0=0:1 coil.npy >/dev/null; csk info coil.npy | grep shape; csk recon coil.npy --prior h.csk --noise 0.02 --samples 2 --levels 2 -q alone >/dev/null; csk info alone/mean.npy | grep shape; csk convert scan.cfl six.npy >/dev/null
  shape          1x48x48
  shape          48x48
$ csk recon six.npy --prior h.csk --noise 0.02 six
2 csk recon: h.csk: describes complex images of 2 axes, not complex ones of 3; if the first axis of six.npy counts coils, give --coils
= 3
# A run without any annealing says so.
$ csk recon scan.cfl --coils scan-coils.cfl --prior h.csk --samples 2 --levels 3 --sigma 1e-4 --t-min 0.02 level 2>&1 >/dev/null | head -1 | sed 's/begin with, [0-9.]*/begin with, .../'
  csk recon: all 3 levels are alike: the noise that they begin with, ..., is not above that of the last
# A prior of images in small numbers is the same prior: its last noise level is as small.
$ csk convert h.npy --scale 1 h1.npy >/dev/null; csk convert h.npy --scale 1e-5 h5.npy >/dev/null; for s in 1 5; do csk prior fit h$s.npy --levels 2 --shifts 1 h$s.csk >/dev/null; csk recon scan.cfl --coils scan-coils.cfl --prior h$s.csk --samples 2 --levels 8 -q of$s >/dev/null; done; csk metric of1/mean.npy of5/mean.npy | awk 'NR > 1 { print ($2 > 60) }'
  1

# A learned prior takes data of any scale: the image of a scan 281 times as large is the same, so much larger.
$ csk phantom --shape 64,64 h64.npy -q >/dev/null; csk simulate h64.npy --coils 4 --phase smooth --noise 0.01 -q s1 >/dev/null; csk convert s1.cfl --scale 1024 s2.cfl -q >/dev/null; for s in 1 2; do csk recon s$s.cfl --coils s1-coils.cfl --prior brain --samples 2 --levels 3 --precision f32 -q net$s >/dev/null 2>&1; csk convert net$s/mean.npy --scale 1 n$s.npy -q >/dev/null; done; grep -h '"unit"' net1/report.json net2/report.json | awk '{ u[NR] = $2 + 0 } END { printf "%.0f\n", u[2] / u[1] }'; csk metric n1.npy n2.npy | tail -n 1 | awk '{ print ($2 > 100) }'
  281
  1
