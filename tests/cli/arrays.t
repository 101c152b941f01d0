# Cutting and measuring arrays.

$ csk phantom --shape 6,9 --kind disk a.npy
  kind   disk
  shape  6x9
$ csk convert a.npy --slice y=3 b.npy
  field  real
  shape  9
$ csk convert a.npy --slice 0=1:3,x=4 c.npy
  field  real
  shape  2
$ csk convert a.npy --slice y=6 d.npy
2 csk convert: --slice: y=6 is not in the axis, 0..5
= 2
$ csk convert a.npy --slice y=3:3 d.npy
2 csk convert: --slice: y=3:3 is not in the axis, 0..5
= 2
$ csk convert a.npy --slice y d.npy
2 csk convert: --slice: 'y' is not like z=180 or z=10:200
= 2
$ csk convert a.npy --slice z=3 d.npy
2 csk convert: --slice: there is no axis 'z', only y x
= 2
$ csk convert a.npy --pad 4,12 d.npy
2 csk convert: --pad 4,12 is smaller than the image, real 6x9; --crop cuts it
= 3
$ csk convert a.npy --crop 4,12 d.npy
2 csk convert: --crop 4,12 is larger than the image, real 6x9; --pad fills it
= 3
$ csk convert a.npy --pad 2,8,12 d.npy
2 csk convert: --pad 2,8,12 has more axes than the image, real 6x9
= 3
$ csk convert a.npy --resample 0 d.npy
2 csk convert: --resample is 0, not above 0 and up to 1
= 2
$ csk convert a.npy --resample y=0.1 d.npy
2 csk convert: nothing is left of axis 0, 6 times 0.1
= 2
$ csk convert a.npy --flip up d.npy
2 csk convert: --flip: there is no axis 'up', only y x
= 2
# One axis by two names; no axis at all.
$ csk convert a.npy --flip y,0 d.npy
2 csk convert: --flip: axis 0 is named twice in 'y,0'
= 2
$ csk convert a.npy --flip y=1 d.npy
2 csk convert: --flip: 'y=1' is not like y or y,x
= 2
# Nothing that a float does not hold is written.
$ csk convert a.npy --scale 1e39 d.npy
2 csk convert: a.npy: its values, up to 1, scaled to 1e+39 are not what a float holds
= 3
$ csk convert a.npy --scale 1e-46 d.npy
2 csk convert: a.npy: its values, up to 1, scaled to 1e-46 are not what a float holds
= 3
$ csk convert a.npy --resample y=0.5,y=0.5 d.npy
2 csk convert: --resample: axis y is named twice in 'y=0.5,y=0.5'
= 2
$ csk convert a.npy --slice '' d.npy
2 csk convert: --slice: there is no axis '', only y x
= 2
$ csk convert a.npy --magnitude --phase d.npy
2 csk convert: only one of --magnitude, --real, --imaginary, --phase
= 2
$ csk convert a.npy --crop 4,8 --resample x=0.5 --pad 8,8 --flip y,x --scale 3 d.cfl
  scaled by  3
  field      real
  shape      8x8
$ csk info d.cfl | grep -v provenance
  file           d.cfl
  format         BART: NAME.hdr and NAME.cfl, complex single precision
  field          complex
  shape          8x8
  axes           y x
  values         magnitudes
  minimum        0
  maximum        3
  mean           0.355591
  std            0.864599
  median         0
  percentile 1   0
  percentile 99  3
  not finite     0
  zeros          52
$ csk info a.npy --json | sed 's/"csk": .*/"csk": V/'
  {
    "files": [
      {
        "file": "a.npy",
        "format": "NumPy: any array of numbers; written in single precision",
        "field": "real",
        "shape": [
          6,
          9
        ],
        "axes": "y x",
        "values": "as they are",
        "minimum": 0.0,
        "maximum": 1.0,
        "mean": 0.29369212963,
        "std": 0.409176287533,
        "median": 0.0,
        "percentile_1": 0.0,
        "percentile_99": 1.0,
        "not_finite": 0,
        "zeros": 28,
        "provenance": {
          "csk": V
          "command": "csk phantom --shape 6,9 --kind disk",
          "seed": 1,
          "options": {
            "kind": "disk",
            "shape": "6,9",
            "radius": 0.75,
            "nonzeros": 10,
            "complex": false
          },
          "inputs": {}
        }
      }
    ]
  }
$ csk metric a.npy a.npy
  image  psnr (dB)  ssim  nmse  nrmse
  a.npy        inf     -     0      0
$ csk metric b.npy a.npy
2 csk metric: a.npy is real 6x9, but b.npy is real 9
= 3
$ csk view b.npy b.png
2 csk view: b.npy is a line of 9 numbers, not an image
= 3
$ csk view a.npy b.jpg
2 csk view: b.jpg: the name must end in .png
= 2
# Names and titles in a figure are UTF-8.
$ cp a.npy "$(printf 'a\344.npy')"; csk view "$(printf 'a\344.npy')" -q latin.png | sed -n '2s,  .*,,p'; rm a?.npy
  a\xE4.npy
$ csk view a.npy --title "$(printf 'a\344')" none.png
2 csk view: --title is not UTF-8
= 2
$ csk view a.npy a.npy --window shared -o a.png
  image  black  white
  a.npy      0      1
  a.npy      0      1
$ csk phantom --kind sparse --shape 40 --nonzeros 4 --complex s.npy && csk info s.npy | grep 'zeros  '
  kind   sparse
  shape  40
  zeros          36

# One part of complex numbers; numbers that are not.

$ for p in magnitude real imaginary phase; do csk convert d.cfl --$p -q $p.npy; done
  field  real
  shape  8x8
  field  real
  shape  8x8
  field  real
  shape  8x8
  field  real
  shape  8x8
$ csk metric real.npy magnitude.npy | tail -1
  magnitude.npy        inf  1.0000     0      0
$ csk convert a.npy --scale none none.npy && cmp a.npy none.npy
  field  real
  shape  6x9
$ csk convert a.npy --scale -1 none.npy
2 csk convert: none.npy exists; --force writes over it
= 1
$ (head -c 128 a.npy; printf '\000\000\300\177'; tail -c +133 a.npy) >nan.npy
$ csk convert nan.npy n.npy
2 csk convert: nan.npy: NaN at [0][0], every value must be finite
= 3
$ csk convert nan.npy --replace 0 n.npy
  replaced  1
  field     real
  shape     6x9
$ csk convert nan.npy --replace 1e50 n2.npy; ls n2.npy
2 csk convert: nan.npy: what the options make of it is more than a float holds
2 ls: cannot access 'n2.npy': No such file or directory
= 2
$ csk convert nan.npy --replace much n2.npy
2 csk convert: --replace: 'much' is not a number
= 2
$ csk info nan.npy | grep 'not finite'
  not finite     1

# The provenance, wherever the format keeps it; a file without and one that is no JSON.

$ rm -r *; csk phantom --shape 8,8 a.npy -q >/dev/null; for f in b.cfl b.nii b.nii.gz b.png b.mtx; do csk convert a.npy $f -q >/dev/null; done
$ csk info a.npy b.cfl b b.nii b.nii.gz b.png b.mtx | sed -n 's/.*"command":\("[^"]*"\).*/\1/p'
  "csk phantom --shape 8,8"
  "csk convert a.npy"
  "csk convert a.npy"
  "csk convert a.npy"
  "csk convert a.npy"
  "csk convert a.npy"
  "csk convert a.npy"
$ csk info b.png --json | grep -o '"command.*'
  "command": "csk convert a.npy",
$ printf 'text\nmore\n' >a.npy.json; csk info a.npy | grep provenance; rm a.npy.json; csk info a.npy | grep -c provenance
  provenance     text
  0
= 1
$ mkdir a.npy.json; csk info a.npy | head -1
  file           a.npy
2 csk info: no provenance: a.npy.json: is a directory, a file was expected
# Numbers of axes are those of the input, in any order of the cuts.
$ csk phantom --shape 4,5,6 --kind sparse --nonzeros 20 three.npy >/dev/null; for s in 0=1,1=2:4 1=2:4,0=1; do csk convert three.npy --slice $s --force cut.npy | grep shape; done; csk convert three.npy --slice 0=1,0=2 --force cut.npy
  shape  2x6
  shape  2x6
2 csk convert: --slice: axis 0 is named twice in '0=1,0=2'
= 2
# A constant goes to the real part, before the clipping.
$ csk mask --shape 8,8 --kind random --acs 0 --accel 2 m.npy >/dev/null; csk convert m.npy --add -2 low.cfl >/dev/null; csk convert low.cfl --real low.npy >/dev/null; csk convert low.npy --add 2 back.npy >/dev/null; csk convert m.npy --add 0 same.npy >/dev/null; cmp back.npy same.npy
$ csk convert low.npy --add 1.5 --clip clipped.npy >/dev/null; csk convert m.npy --scale 0.5 half.npy >/dev/null; cmp clipped.npy half.npy
# More than an integer holds.
$ csk convert m.npy --slice x=99999999999999999999 x.npy
2 csk convert: --slice: 'x=99999999999999999999' is not like z=180 or z=10:200
= 2
