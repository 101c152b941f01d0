# Standard input and output as "-".

$ csk phantom --shape 16,16 - | csk convert - --scale 2 -q - 2>/dev/null | csk info - | head -4
  file           -
  format         standard input
  field          real
  shape          16x16
2 kind   shepp-logan
2 shape  16x16
$ csk phantom --shape 16,16 a.npy >/dev/null && csk convert - b.npy <a.npy && cmp a.npy b.npy
  field  real
  shape  16x16
$ grep -o '"inputs".*' b.npy.json; sha256sum <a.npy
  "inputs":{"-":"sha256:4458f2880357fae0fb866c2d211560b8f75fe63a14e17d7d6f87d9f0feff7d58"}}
  4458f2880357fae0fb866c2d211560b8f75fe63a14e17d7d6f87d9f0feff7d58  -
$ csk convert a.npy a.nii.gz >/dev/null && csk convert - c.npy <a.nii.gz >/dev/null && cmp a.npy c.npy
$ csk convert a.npy a.png >/dev/null && csk info - <a.png | grep shape
  shape          16x16
$ csk convert a.npy - 2>err >d.npy; cat err; cmp a.npy d.npy
  field  real
  shape  16x16
$ csk info - </dev/null
2 csk info: standard input is empty
= 3
$ echo hello | csk info -
2 csk info: standard input is none of .npy, .nii, .nii.gz, .png and .jpg, which a pipe takes
= 3
$ csk convert a.npy a.nii >/dev/null; csk info - <a.nii | grep shape; head -c 100 a.nii | csk info -
  shape          16x16
2 csk info: standard input: 100 bytes, 352 were expected
= 3
$ csk convert a.npy c.cfl >/dev/null; csk metric - a.npy <c.cfl
2 csk metric: standard input is none of .npy, .nii, .nii.gz, .png and .jpg, which a pipe takes
= 3
$ csk convert "" o.npy
2 csk convert: the name of the input is empty
= 3
$ head -c 1000 a.npy | csk info -
2 csk info: standard input: 872 bytes of values, its shape says 1024
= 3
$ csk metric - a.npy <a.npy | tail -1
  a.npy        inf  1.0000     0      0
$ csk view a.npy -
2 csk view: -: the name must end in .png
= 2
$ csk phantom - >/dev/full
2 csk phantom: cannot write to standard output: No space left on device
= 1
$ csk info a.npy >/dev/full
2 csk info: cannot write the results: No space left on device
= 1
$ csk help >/dev/full
2 csk help: cannot write the results: No space left on device
= 1
$ csk phantom --shape 300,300 - | head -c 6 | tail -c 5
  NUMPY