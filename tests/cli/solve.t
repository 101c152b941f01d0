# Scans.

$ csk phantom --shape 32,32 head.npy -q >/dev/null; csk mask --shape 32,32 --accel 2 --acs 8 mask.npy -q >/dev/null; csk simulate head.npy --mask mask.npy --coils 4 --noise 0.01 -q scan >/dev/null
$ csk solve scan.cfl --coils scan-coils.cfl --noise 0.01 --method zero-filled zf.npy | sed 's/seconds .*/seconds/'
  noise level        0.01
  noise level from   given
  residual           1.05504
  expected residual  0.64
  seconds
$ csk solve scan.cfl --coils scan-coils.cfl --noise 0.01 --method cg-sense --ridge 0.01 cg.npy | sed -n 's/ .*//p'
  noise
  noise
  iterations
  stopped
  gap
  objective
  residual
  expected
  seconds
$ csk solve scan.cfl --coils scan-coils.cfl --noise 0.01 l1.npy | grep -v '[0-9]'
  noise level from   given
  lambda from        auto
  stopped            stopped at max-iter
$ csk solve scan.cfl --coils scan-coils.cfl --noise 0.01 --method tv tv.npy | grep 'lambda from'
  lambda from        auto
$ csk solve scan.cfl --coils scan-coils.cfl --noise 0.01 --method tv --lambda 0.01x tv2.npy | grep '^lambda [rf]'
  lambda relative    0.01
  lambda from        relative to lambda_max
# Nothing is left from lambda_max on.

$ csk solve scan.cfl --coils scan-coils.cfl --noise 0.01 --no-random-shift --lambda 1.001x none.npy >/dev/null; csk info none.npy | grep maximum
  maximum        0
2 csk solve: the image is zero everywhere: the weight leaves nothing of the data; see --lambda and --noise
$ csk solve scan.cfl --coils scan-coils.cfl --method cg-sense --tol 1 never.npy
2 csk solve: --tol is 1, not in 0..0.5
= 2
# A relative weight does not depend on the scale of the data.

$ csk convert scan.cfl --scale 1000000 big.cfl >/dev/null; for s in scan big; do csk solve $s.cfl --coils scan-coils.cfl --noise 0.01 --lambda 0.01x --levels 3 out-$s.npy >/dev/null; csk convert --scale 1 out-$s.npy one-$s.npy >/dev/null; done; csk metric one-scan.npy one-big.npy | awk 'NR == 2 { print ($2 > 80 ? "equal" : $0) }'
  equal
# Reaching the limit is an error only with --strict; the image is written.

$ csk solve scan.cfl --coils scan-coils.cfl --noise 0.01 --lambda 0.01 --max-iter 2 --strict -q few.npy >/dev/null; echo $?; ls few.npy
  4
  few.npy
# The same image with any number of threads.

$ for t in 1 3; do csk solve scan.cfl --threads $t --coils scan-coils.cfl --noise 0.01 t$t.npy >/dev/null; done; cmp t1.npy t3.npy && cmp t1.npy l1.npy
# Matrices.

$ printf '%%%%MatrixMarket matrix coordinate real general\n3 2 3\n1 1 2\n2 2 4\n3 2 0\n' >A.mtx; printf '%%%%MatrixMarket matrix array real general\n3 1\n2\n8\n1\n' >y.mtx
$ csk solve --matrix A.mtx --data y.mtx --method lsq x.mtx | sed 's/seconds .*/seconds/' | grep -v gradient; tail -2 x.mtx
  matrix             3x2
  kind               sparse
  factorisation      qr
  rank               2
  deficient          no
  residual           1
  seconds
  1
  2
$ csk solve --matrix A.mtx --data y.mtx --method lasso --lambda 0.125x l.mtx | sed 's/seconds .*/seconds/' | grep -v gap; tail -2 l.mtx
  matrix           3x2
  kind             sparse
  lambda           4
  lambda relative  0.125
  lambda from      given
  nonzero          1
  iterations       10
  stopped          converged
  objective        10
  residual         2.44949
  seconds
  0
  1.75
$ csk solve --matrix A.mtx --data y.mtx --method lasso l2.mtx
2 csk solve: method lasso needs --lambda, such as 0.1x or 0.5
= 2
$ csk solve --matrix A.mtx --data x.mtx --method lsq z.npy
2 csk solve: x.mtx holds 2 numbers, but A.mtx has 3 rows
= 3
# What does not fit together.

$ csk solve scan.cfl --method lsq --matrix A.mtx --data y.mtx o.npy
2 csk solve: method lsq solves with --matrix, one argument too many, 'scan.cfl'
= 2
$ csk solve --method lsq o.npy
2 csk solve: method lsq needs --matrix and --data
= 2
$ csk solve --matrix A.mtx --data y.mtx o.npy
2 csk solve: --matrix and --data go with --method lsq or lasso, not l1-wavelet
= 2
$ csk solve o.npy
2 csk solve: the argument SCAN is missing; see 'csk solve --help'
= 2
$ csk solve scan.cfl o.npy
2 csk solve: scan.cfl: has 4 coils; give their maps with --coils
= 3
$ csk solve scan.cfl --coils scan-coils.cfl --lambda much o.npy
2 csk solve: --lambda: 'much' is not a number above 0, such a number times lambda_max (0.05x) or auto
= 2
$ csk solve scan.cfl --coils scan-coils.cfl --noise 0.01 --wavelet db99 o.npy
2 csk solve: --wavelet 'db99' is not one of haar, db1 .. db8, sym2 .. sym8
= 2
$ ls o.npy z.npy 2>/dev/null
= 2
# One coil with a map of its own is one coil, whatever the format.
$ csk simulate head.npy --mask mask.npy --coils 1 --phase smooth --noise 0.01 -q one >/dev/null; csk solve one.cfl --coils one-coils.cfl --method zero-filled with.npy --noise 0.01 -q >/dev/null; csk solve one.cfl --method zero-filled --noise 0.01 without.npy -q >/dev/null; csk info with.npy | grep shape; csk info without.npy | grep shape
  shape          32x32
  shape          32x32
$ csk solve one.cfl --coils one-coils.cfl --mask mask.npy --method zero-filled --noise 0.01 masked.npy -q >/dev/null; cmp masked.npy with.npy
# A mask that selects what was not measured.
$ csk mask --kind random --shape 32,32 --accel 1 --acs 8 all.npy >/dev/null 2>&1; csk solve one.cfl --mask all.npy --method zero-filled --noise 0.01 doubt.npy >/dev/null
2 csk solve: the mask selects 512 positions at which one.cfl is exactly 0: were they measured?
# An upper bound of the noise is called one.
$ csk mask --shape 32,32 --accel 4 --acs 8 sparse.npy >/dev/null; csk simulate head.npy --mask sparse.npy --coils 1 --noise 0.001 -q low >/dev/null; csk solve low.cfl --method zero-filled low.npy 2>&1 >/dev/null | sed 's/level [0-9.]*/level/'
  csk solve: the noise level, from outer k-space, is only an upper bound; better give --noise
# What exceeds single precision is not written.
$ csk convert head.npy --scale 3e38 huge.npy >/dev/null; csk simulate huge.npy --coils 1 huge
2 csk simulate: huge.npy: its k-space exceeds single precision
= 3
# Coil maps of another unit would leave nothing of the data.
$ csk convert scan-coils.cfl --scale 1e25 vast.cfl >/dev/null; csk solve scan.cfl --coils vast.cfl --noise 0.01 vast.npy
2 csk solve: vast.cfl: coil maps reach 1e+25, expected about 1
= 3
# A mask of the plane is that of every plane of a volume.
$ csk phantom --shape 3,32,32 v.npy >/dev/null; csk mask --shape 32,32 --accel 2 --acs 12 plane.npy >/dev/null; csk simulate v.npy --mask plane.npy --coils 4 --noise 0.01 -q vol >/dev/null; csk solve vol.cfl --coils vol-coils.cfl --method cg-sense --noise 0.01 -q own.npy >/dev/null; csk solve vol.cfl --coils vol-coils.cfl --method cg-sense --mask plane.npy --noise 0.01 -q given.npy >/dev/null; cmp own.npy given.npy; csk info given.npy | grep shape
  shape          3x32x32
# One coil in files without names of axes, with and without an axis for it, in k-space, maps or mask.
$ csk convert one.cfl p.npy >/dev/null; csk convert one-coils.cfl q.npy >/dev/null; csk info p.npy | grep shape; csk info q.npy | grep shape
  shape          32x32
  shape          32x32
$ head -c 128 p.npy | sed 's/(32, 32), }   /(1, 32, 32), }/' >p1.npy; tail -c +129 p.npy >>p1.npy; head -c 128 q.npy | sed 's/(32, 32), }   /(1, 32, 32), }/' >q1.npy; tail -c +129 q.npy >>q1.npy; head -c 128 mask.npy | sed 's/(32, 32), }   /(1, 32, 32), }/' >m1.npy; tail -c +129 mask.npy >>m1.npy; csk info p1.npy | grep shape
  shape          1x32x32
$ for k in p p1; do for c in q q1; do csk solve $k.npy --coils $c.npy --mask m1.npy --method zero-filled --noise 0.01 -q $k$c.npy >/dev/null; cmp $k$c.npy with.npy; done; done
# What the mask leaves out is not looked at, by the noise estimate neither.
$ csk simulate head.npy --coils 4 --noise 0.01 -q full >/dev/null; csk simulate head.npy --coils 4 --noise 0.01 --mask mask.npy -q part >/dev/null; csk solve full.cfl --coils full-coils.cfl --mask mask.npy --method cg-sense -q full.npy >full.txt; csk solve part.cfl --coils part-coils.cfl --method cg-sense -q part.npy >part.txt; cmp full.npy part.npy; diff full.txt part.txt | grep noise
= 1
# Coils whose axis has no name are a volume, unless maps say otherwise: that is said.
$ csk convert full.cfl four.npy >/dev/null; csk solve four.npy --method zero-filled --noise 0.01 volume.npy >/dev/null
2 csk solve: the image is a volume, complex 4x32x32, of one coil; if the first axis of four.npy counts coils, give --coils
$ csk convert full-coils.cfl maps.npy >/dev/null; csk solve four.npy --coils maps.npy --method zero-filled --noise 0.01 slice.npy >/dev/null; csk info slice.npy | grep shape
  shape          32x32
# Where floats lose digits nothing is right (CG was 60 times too large, without a word).
$ csk convert p.npy --scale 1e-40 small.npy >/dev/null; csk solve small.npy --method cg-sense --noise 1e-42 small-image.npy
2 csk solve: small.npy: no value is above 1e-40, where floats have lost digits; save the data in a smaller unit
= 3
# What a method does not look at is refused.
$ csk solve scan.cfl --coils scan-coils.cfl --method cg-sense --lambda 0.1 ignored.npy
2 csk solve: --lambda does nothing here: it needs --method l1-wavelet, tv or lasso
= 2
$ csk solve scan.cfl --coils scan-coils.cfl --no-random-shift --settle 5 ignored.npy
2 csk solve: --settle does nothing here: it needs --method l1-wavelet with random shifts
= 2
$ csk solve --matrix A.npy --data y.npy --method lsq --mask mask.npy ignored.npy
2 csk solve: --mask does nothing here: it needs --method zero-filled, cg-sense, l1-wavelet or tv
= 2
# A misfit that no weight explains is said: here the maps of another scan.
$ csk convert scan-coils.cfl --flip y other.cfl >/dev/null; csk solve scan.cfl --coils other.cfl --method cg-sense --noise 0.01 other.npy 2>&1 >/dev/null | sed 's/by [0-9.]* times/by ... times/'
  csk solve: the image misses the data by ... times what the noise level predicts: the coil sensitivities, the mask, the transform (csk solve --help) or the weight does not fit them
# A first axis of 1 may stand for one coil or for nothing.
$ csk convert scan.cfl k4.npy >/dev/null; csk convert scan-coils.cfl c4.npy >/dev/null; for f in k4 c4; do head -c 128 $f.npy | sed 's/(4, 32, 32), }   /(1, 4, 32, 32), }/' >$f-1.npy; tail -c +129 $f.npy >>$f-1.npy; done; csk solve k4-1.npy --coils c4-1.npy --method zero-filled --noise 0.01 batch.npy >/dev/null
2 csk solve: the image is a volume, complex 4x32x32, of one coil; if the second axis of k4-1.npy counts coils, take the first away (csk convert --slice 0=0)
$ csk convert k4-1.npy --slice 0=0 k4-0.npy >/dev/null; csk convert c4-1.npy --slice 0=0 c4-0.npy >/dev/null; cmp k4-0.npy k4.npy; cmp c4-0.npy c4.npy
# A mask of more than two values, and one of values that floats hardly hold.
$ csk convert mask.npy --add 1 twos.npy >/dev/null; csk solve scan.cfl --coils scan-coils.cfl --mask twos.npy --method zero-filled --noise 0.01 -q twos-image.npy >/dev/null; csk solve scan.cfl --coils scan-coils.cfl --mask twos.npy --method zero-filled --noise 0.01 --force twos-image.npy 2>&1 >/dev/null | grep -v 'exactly 0'
  csk solve: twos.npy is no mask of 0 and 1: all values but 0 count as 1
$ csk convert mask.npy --scale 1e-40 faint.npy >/dev/null; csk solve scan.cfl --coils scan-coils.cfl --mask faint.npy --method zero-filled --noise 0.01 -q faint-image.npy >/dev/null; cmp faint-image.npy zf.npy
$ csk convert faint.npy --scale 1 strong.npy >/dev/null; csk convert mask.npy --add 0 plain.npy >/dev/null; cmp strong.npy plain.npy
# Nothing that is not finite is written, nor zeros without a word.
$ csk phantom --kind gaussian --shape 8,6 T.npy >/dev/null; csk phantom --kind sparse --shape 6 --nonzeros 2 s.npy >/dev/null; csk simulate s.npy --matrix T.npy --noise 0.01 t >/dev/null; csk convert T.npy --scale 1e-40 T40.npy >/dev/null; csk solve --matrix T40.npy --data t.npy --method lsq far.npy
2 csk solve: T40.npy: the solution is up to 1.83e+40, more than a float holds
= 3
$ csk convert T.npy --scale 1e38 T38.npy >/dev/null; csk convert s.npy --scale 1e10 s10.npy >/dev/null; csk simulate s10.npy --matrix T38.npy --noise 0 far
2 csk simulate: far.npy: the result holds NaN, infinity or more than a float does; it is not written
= 3
$ csk solve --matrix T.npy --data t.npy --method lasso --lambda 1e300 empty.npy 2>&1 >/dev/null
  csk solve: the solution is zero everywhere: the weight leaves nothing of the data; see --lambda and --ridge
$ printf '%%%%MatrixMarket matrix coordinate real general\n8 6 1\n1 1 1e308\n' >big.mtx; csk solve --matrix big.mtx --data t.npy --method lasso --lambda 0.1x big.npy
2 csk solve: big.mtx: its largest entry is 1e+308, whose square no double holds
= 3
# Coordinate descent says how near it is, and obeys Ctrl-C.
$ csk solve --matrix T.npy --data t.npy --method lasso --lambda 0.01x --max-iter 1 short.npy 2>&1 >/dev/null | sed 's/[0-9.]*e-[0-9]*/.../'
  csk solve: not converged after 1 iterations (relative gap ...)
$ timeout --foreground --preserve-status -s INT 2 csk solve --matrix T.npy --data t.npy --method lasso --lambda 1e-9x --tol 1e-30 --max-iter 2000000000 stopped.npy >/dev/null
2 csk solve: interrupted; what was finished is in stopped.npy
= 130
# The remark names the axis of the file that is in doubt, and what helps.
$ csk solve k4.npy --coils c4-1.npy --method zero-filled --noise 0.01 v2.npy >/dev/null; csk solve k4-1.npy --method zero-filled --noise 0.01 v3.npy >/dev/null
2 csk solve: the image is a volume, complex 4x32x32, of one coil; if the first axis of k4.npy counts coils, take the first axis of the maps away (csk convert --slice 0=0)
2 csk solve: the image is a volume, complex 4x32x32, of one coil; if the second axis of k4-1.npy counts coils, take the first away (csk convert --slice 0=0) and give --coils
# What single precision does not hold is no convergence at zero.
$ csk phantom --kind sparse --nonzeros 1 --shape 16,16 p16.npy >/dev/null; csk simulate p16.npy --coils 1 --noise 0 -q p16 >/dev/null; csk convert p16.cfl --scale 3e38 large.cfl >/dev/null; csk solve large.cfl --coils p16-coils.cfl --method cg-sense --noise 1e30 -q beyond.npy; echo $?; ls beyond.npy 2>/dev/null
  3
2 csk solve: large.cfl: cg: A*y is beyond single precision
= 2
