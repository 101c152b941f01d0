# Priors are fitted, written and shown.

$ csk phantom --shape 40,32 head.npy -q >/dev/null && csk mask --shape 32,32 --acs 8 mask.npy -q >/dev/null
$ csk prior fit --kind wavelet head.npy mask.npy --levels 1 --components 2 --shifts 2 -o head.csk | grep -v seconds
  images      2
  field       complex
  wavelet     db2
  levels      1
  components  2
  scale       1
$ csk prior info head.csk
  kind        wavelet
  field       complex
  axes        2
  wavelet     db2
  levels      1
  components  2
  scale       1
  ~
  level  detail       rms
      1  none    0.531832
      1  y       0.276655
      1  x       0.280512
      1  yx       0.28647
$ csk prior info head.csk --json | tail -12 | sed 's/\(0\.[0-9]\{5\}\)[0-9]*/\1/'
      {
        "level": 1,
        "detail": "x",
        "rms": 0.28051
      },
      {
        "level": 1,
        "detail": "yx",
        "rms": 0.28646
      }
    ]
  }
$ csk convert head.npy --scale 1e-30 tiny.npy -q >/dev/null; csk prior fit tiny.npy --levels 1 tiny.csk
2 csk prior fit: tiny.npy: the values are too large or too small to learn from; 'csk convert --scale 1' changes that
= 3
$ csk prior fit head.npy --levels 1 head.csk
2 csk prior fit: head.csk exists; --force writes over it
= 1
$ csk prior fit --no-phase --wavelet haar --levels 1 --shifts 1 head.npy real.csk | grep field
  field       real
$ csk prior fit --wavelet haar2 head.npy x.csk
2 csk prior fit: wavelet fit: family is "haar2", which is no known wavelet
= 2
$ csk prior fit --levels 7 head.npy x.csk
2 csk prior fit: wavelet fit: image 0: complex 40x32 is too small for 7 levels of db2
= 3
$ csk prior fit --kind network head.npy x.csk
2 csk prior fit: --kind: 'network' is not one of wavelet
= 2
$ csk convert head.npy head.cfl >/dev/null; csk prior fit head.npy head.cfl x.csk
2 csk prior fit: head.cfl is complex, but head.npy is not
= 3
$ csk prior info head.npy
2 csk prior info: head.npy: is not a prior, neither JSON text nor safetensors
= 3
$ csk prior
2 csk: prior what? such as 'prior fit'
= 2
# The same examples and seed give the same bytes, with any number of threads.

$ csk prior fit --threads 3 --kind wavelet head.npy mask.npy --levels 1 --components 2 --shifts 2 again.csk >/dev/null; cmp head.csk again.csk
# A stack is a list of slices; empty ones are left out.

$ csk phantom --shape 5,16,16 --kind disk --radius 0.5 stack.npy -q >/dev/null; csk prior fit --levels 1 --shifts 1 stack.npy s.csk | grep images
  images      3

# Numbers whose inverse is infinite.
$ csk phantom --shape 48,48 p.npy -q >/dev/null; csk convert p.npy --scale 1e-41 denormal.npy -q >/dev/null; csk prior fit --levels 2 denormal.npy denormal.csk 2>&1 | cut -c 1-56; ls denormal.csk
  csk prior fit: denormal.npy: no value is above 1e-41, wh
2 ls: cannot access 'denormal.csk': No such file or directory
= 2
# Images near the largest float.
$ csk convert head.npy --scale 3e38 vast.npy -q >/dev/null; csk prior fit vast.npy --no-phase --levels 2 --shifts 1 vast.csk
2 csk prior fit: vast.npy: the values are too large or too small to learn from; 'csk convert --scale 1' changes that
= 3
# What the scores of images are like must be numbers of a size; few images say little.
$ csk prior fit --no-phase --levels 1 --shifts 1 head.npy grey.csk >/dev/null; csk prior expect grey.csk head.npy -o one.csk; csk convert head.npy --flip x flipped.npy >/dev/null; csk prior expect grey.csk head.npy flipped.npy -o known.csk >/dev/null
2 csk prior expect: head.npy: one image that is not zero, at least two are needed
2 csk prior expect: 2 images say little of how much such images differ: warnings from this card may be wrong
$ sed 's/"images": *2/"images": 1/' known.csk >bad.csk; csk prior info ./bad.csk; sed 's/"std": *\[[^,]*/"std": [1e300/' known.csk >bad.csk; csk prior info ./bad.csk
2 csk prior info: ./bad.csk: "images" of "score_norm" is 1, expected at least 2
2 csk prior info: ./bad.csk: "score_norm" has a number out of range: a level or spread below 0, or a size beyond 1e-9 to 1e9
= 3
$ csk prior info ./known.csk | grep -c 'correlation std'
  1
# Which image it is that is unlike.
$ csk phantom --shape 9,40,40 pile.npy -q >/dev/null; csk prior check known.csk flipped.npy pile.npy | awk '{ print $1, $(NF - 2), $(NF - 1) }'
  image file slice
  0 flipped.npy 0
  1 pile.npy 0
  2 pile.npy 1
  3 pile.npy 2
  4 pile.npy 3
  5 pile.npy 4
  6 pile.npy 5
  7 pile.npy 6
  8 pile.npy 7
  9 pile.npy 8
