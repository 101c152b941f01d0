# The whole pipeline on a small volume; the lines it shows can be typed.

$ csk phantom --shape 9,32,32 volume.npy -q >/dev/null
$ csk demo --head volume.npy --slice 4 --train 2 --gap 1 --resample 1 --shape 40,40 --acs 12 --coils 2 --samples 3 --levels 4 --prior none out 2>lines >table; sed 's/  .*//' table | uniq
  method
  zero-filled
  cg-sense
  l1-wavelet
  tv
  one sample, wavelet prior
  posterior mean, wavelet prior
  naive estimate
  ~
  seconds fitting the prior
  noise level
  radius
  residual ratio
  prior
  gain over l1 wavelet
  gain over tv
  coverage
  coverage expected
  seconds together
  figure
$ sed -n 's/^  //p' lines | grep -v 'method tv\|method l1\|method cg'
  csk convert volume.npy --slice z=4 --resample 1 --pad 40,40 --scale 1 out/brain.npy
  csk convert volume.npy --slice z=3 --resample 1 --pad 40,40 --scale 1 out/train-0.npy
  csk convert volume.npy --slice z=5 --resample 1 --pad 40,40 --scale 1 out/train-1.npy
  csk mask --shape 40,40 --kind poisson --accel 4 --acs 12 out/mask.npy
  csk simulate out/brain.npy --mask out/mask.npy --coils 2 --phase smooth --noise 0.01 -o out/scan
  csk solve out/scan.cfl --coils out/scan-coils.cfl --method zero-filled out/zero-filled.npy
  csk prior fit --kind wavelet out/train-0.npy out/train-1.npy -o out/fitted.csk
  csk recon out/scan.cfl --coils out/scan-coils.cfl --prior out/fitted.csk --samples 3 --out out/rec --levels 4
$ grep -c 'method l1' lines | awk '{ print ($1 > 4) }'
  1
$ ls out | grep -v 'tv-\|l1-\|cg-\|json$'; ls out/rec
  brain.npy
  figure.png
  fitted.csk
  mask.npy
  rec
  scan-coils.cfl
  scan-coils.hdr
  scan-truth.npy
  scan.cfl
  scan.hdr
  train-0.npy
  train-1.npy
  zero-filled.npy
  magnitude.npy
  magnitude.npy.json
  mean.npy
  mean.npy.json
  naive.npy
  naive.npy.json
  q05.npy
  q05.npy.json
  q95.npy
  q95.npy.json
  report.json
  samples.npy
  samples.npy.json
  std.npy
  std.npy.json
# Its lines repeat its files.
$ mkdir again again/out; cp volume.npy again; (cd again; grep 'csk convert\|csk mask\|csk simulate\|csk prior\|csk recon' ../lines | sh >/dev/null); for f in scan.cfl fitted.csk rec/mean.npy rec/q05.npy; do cmp out/$f again/out/$f; done
# The weights it reports are the best of those it tried.
$ for m in cg-sense l1-wavelet tv; do csk metric out/scan-truth.npy out/$m-*.npy | awk 'NR > 1 && $2 > best { best = $2 } END { print best }'; done >best; grep 'truth, [Pb]' table | awk '{ print $5 }' | cmp - best
# What it refuses.
$ csk demo --prior none --head nothing.nii.gz x
2   csk convert nothing.nii.gz --slice z=180 --resample 0.5 --pad 192,192 --scale 1 x/brain.npy
2 csk demo: convert: nothing.nii.gz: No such file or directory
= 3
$ csk demo --head volume.npy x
2   csk convert volume.npy --slice z=180 --resample 0.5 --pad 192,192 --scale 1 x/brain.npy
2 csk demo: convert: --slice: z=180 is not in the axis, 0..8
= 2
$ csk demo --head volume.npy --slice 8 --train 2 --gap 1 x
2   csk convert volume.npy --slice z=8 --resample 0.5 --pad 192,192 --scale 1 x/brain.npy
2   csk convert volume.npy --slice z=7 --resample 0.5 --pad 192,192 --scale 1 x/train-0.npy
2   csk convert volume.npy --slice z=9 --resample 0.5 --pad 192,192 --scale 1 x/train-1.npy
2 csk demo: convert: --slice: z=9 is not in the axis, 0..8
= 2
$ csk phantom --shape 32,32 flat.npy >/dev/null; csk demo --head flat.npy --slice 4 --train 1 --gap 1 x
2   csk convert flat.npy --slice z=4 --resample 0.5 --pad 192,192 --scale 1 x/brain.npy
2 csk demo: convert: --slice: there is no axis 'z', only y x
= 2
$ csk demo --head volume.npy --slice 4 --train 2 --gap 1 --resample 1 --shape 20,20 -q x; ls x
2 csk demo: convert: --pad 20,20 is smaller than the image, real 32x32; --crop cuts it
2 ls: cannot access 'x': No such file or directory
= 2
$ csk demo --head volume.npy out
2 csk demo: out is not empty; --force writes into it
= 1
$ ln -s nowhere link; csk demo --head volume.npy link; csk demo --head volume.npy volume.npy/
2 csk demo: link: is a link to nothing
2 csk demo: volume.npy/: Not a directory
= 1
# With a learned prior, which may be any: one more posterior, which is the one that is shown.
$ csk demo --head volume.npy --slice 4 --train 2 --gap 1 --resample 1 --shape 40,40 --acs 12 --coils 2 --samples 2 --levels 2 --prior out/fitted.csk two 2>lines >table; sed 's/  .*//' table | uniq | grep 'prior'; grep 'csk recon' lines; ls two/learned | grep -v json; grep -c '"prior": "out/fitted.csk"' two/report.json
  one sample, wavelet prior
  posterior mean, wavelet prior
  one sample, out/fitted.csk prior
  posterior mean, out/fitted.csk prior
  seconds fitting the prior
  prior
    csk recon two/scan.cfl --coils two/scan-coils.cfl --prior two/fitted.csk --samples 2 --out two/rec --levels 2
    csk recon two/scan.cfl --coils two/scan-coils.cfl --prior out/fitted.csk --samples 2 --out two/learned --levels 2 --denoise-samples
  magnitude.npy
  mean.npy
  naive.npy
  q05.npy
  q95.npy
  samples.npy
  std.npy
  1
$ csk demo --head volume.npy --slice 4 --train 2 --gap 1 --resample 1 --shape 40,40 --acs 12 --coils 2 --samples 2 --levels 2 --prior ./none.csk -q three
2 csk demo: recon: ./none.csk: No such file or directory
= 3
