# What becomes of outputs.

$ csk phantom --shape 8,8 a.npy
  kind   shepp-logan
  shape  8x8
$ csk phantom --shape 9,9 a.npy
2 csk phantom: a.npy exists; --force writes over it
= 1
$ csk phantom --shape 9,9 --force a.npy
  kind   shepp-logan
  shape  9x9
$ rm a.npy; csk phantom a.npy
2 csk phantom: a.npy.json exists; --force writes over it
= 1
$ csk phantom a.xyz
2 csk phantom: a.xyz: the name must end in one of .cfl .npy .nii.gz .nii .png .mtx
= 2
$ csk phantom no/a.npy
2 csk phantom: no/: no such directory for no/a.npy
= 1
$ mkdir dir.npy; csk phantom dir.npy
2 csk phantom: dir.npy: is a directory, the output is a file
= 1
$ csk phantom ""
2 csk phantom: the name of the output is empty
= 2
$ csk simulate a.npy scan.cfl
2 csk simulate: scan.cfl: give only the begin of the names, scan
= 2
$ mkdir -p folder; for out in . .. folder/ folder/.; do csk simulate head.npy --coils 1 --noise 0 "$out"; done; rmdir folder
2 csk simulate: . is a directory: give the begin of the names in it
2 csk simulate: .. is a directory: give the begin of the names in it
2 csk simulate: folder/ is a directory: give the begin of the names in it
2 csk simulate: folder/. is a directory: give the begin of the names in it
$ ls
  a.npy.json
  dir.npy

# A file that may not be so large is an error like a full disk. Where an output is a link,
# the link stays, in failure as in success.

$ rm -r *; csk phantom --shape 16,16 a.npy -q >/dev/null; ln -s target scan.cfl; csk simulate a.npy --coils 1 scan -q >/dev/null; ls
  a.npy
  a.npy.json
  scan-coils.cfl
  scan-coils.hdr
  scan-truth.npy
  scan-truth.npy.json
  scan.cfl
  scan.hdr
  target
$ rm target scan-* scan.hdr; (ulimit -f 4; csk simulate a.npy --coils 1 scan); ls -F
  a.npy
  a.npy.json
  scan.cfl@
2 csk simulate: scan-truth.npy: File too large
$ (ulimit -f 100; csk phantom --shape 512,512 lim.npy); ls lim*
2 csk phantom: lim.npy: File too large
2 ls: cannot access 'lim*': No such file or directory
= 2

# What a format does not hold is the fault of the data.

$ csk phantom --kind gaussian --shape 9,9 neg.npy -q >/dev/null; csk convert neg.npy o.png
2 csk convert: o.png: value -0.372988 at 0: PNG holds 0 to 1; scale or clip the image first
= 3
$ csk convert neg.npy --clip o.png >/dev/null; csk info o.png | grep -E '^(min|max)'
  minimum        0
  maximum        1
$ csk convert neg.npy --clip --noise 0.5 q.npy >/dev/null; csk info q.npy | grep -E '^(min|max)'
  minimum        0
  maximum        1

# The provenance is the same for the same job, whatever the name of the output and the
# number of threads; inputs are named by their SHA-256.

$ rm -r *; csk phantom -q --shape 8,8 --kind disk a.npy && sed 's/"csk":"[^"]*"/"csk":V/' a.npy.json; echo
  kind   disk
  shape  8x8
  {"csk":V,"command":"csk phantom --shape 8,8 --kind disk","seed":1,"options":{"kind":"disk","shape":"8,8","radius":0.75,"nonzeros":10,"complex":false},"inputs":{}}
  ~
$ csk phantom --threads 3 --force --kind disk --shape 8,8 -o b.npy >/dev/null
$ cmp a.npy b.npy
$ csk convert a.npy --scale=2 c.npy && grep -o '"inputs.*' c.npy.json; sha256sum a.npy
  scaled by  2
  field      real
  shape      8x8
  "inputs":{"a.npy":"sha256:6b24a2acf5981ccaf9aeac55c4d71f4dd8e4c84cfdd7960c2d46425e79cfa993"}}
  6b24a2acf5981ccaf9aeac55c4d71f4dd8e4c84cfdd7960c2d46425e79cfa993  a.npy
$ csk convert --threads 2 a.npy --scale=2 -q -o d.npy >/dev/null && cmp c.npy.json d.npy.json
$ csk convert a.npy "it's.cfl" >/dev/null && grep -o '"command[^,]*,' "it's.hdr"
  "command":"csk convert a.npy",

# --plan does nothing.

$ csk convert a.npy e.npy --plan | grep -v threads
  output
  e.npy
  ~
  megabytes  0.0
  seconds    0.0
  note       a guess from the sizes of the inputs
$ csk simulate a.npy scan --plan --json | grep -v threads
  {
    "outputs": [
      {
        "output": "scan.cfl"
      },
      {
        "output": "scan-coils.cfl"
      },
      {
        "output": "scan-truth.npy"
      }
    ],
    "megabytes": 0.022016,
    "seconds": 5.12e-5,
  }
$ csk phantom --shape 1000,1000 e.npy --plan | grep -v threads
  output
  e.npy
  ~
  megabytes  4.0
  seconds    0.3
$ ls
  a.npy
  a.npy.json
  b.npy
  b.npy.json
  c.npy
  c.npy.json
  d.npy
  d.npy.json
  it's.cfl
  it's.hdr
