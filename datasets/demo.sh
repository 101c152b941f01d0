#!/usr/bin/env bash
# A real head (Colin27, a T1 volume from Debian's mricron-data), scanned with 8 simulated coils at
# a quarter of its k-space, reconstructed by the classical methods and by csk recon.
#
#   datasets/demo.sh CSK DIR      CSK: the command; DIR: new directory for everything made
set -euo pipefail

csk=$(realpath "$1")
head=/usr/share/mricron/templates/ch2better.nii.gz
rm -rf "$2"
mkdir -p "$2/train"
cd "$2"

slice() { "$csk" convert "$head" --slice z="$1" --resample 0.5 --pad 192,192 --scale 1 -q "$2" > slice.log; }

echo "1/4  slices: z = 180 to scan, others at least 10 mm (20 slices) away to learn from"
slice 180 brain.npy
for z in 100 112 124 136 148 158 202 214 226 238 250 262; do slice "$z" "train/z$z.npy"; done

echo "2/4  scan: 8 coils, Poisson disc R = 4 with a centre of 24 x 24, noise 0.01"
"$csk" mask --shape 192,192 --kind poisson --accel 4 --acs 24 --seed 1 -q mask.npy > mask.log
"$csk" simulate brain.npy --mask mask.npy --coils 8 --phase smooth --noise 0.01 --seed 1 -q -o scan > scan.log

echo "3/4  classical: zero-filled, CG-SENSE, l1-wavelet at several weights, total variation, each at six weights"
solve() { "$csk" solve scan.cfl --coils scan-coils.cfl -q "$@" > solve.log; }
solve --method zero-filled zero-filled.npy
solve --method cg-sense cg-sense.npy
# Weights chosen by PSNR against the truth, which nobody has in practice: the classical methods at
# their very best. The posterior mean gets no such help.
for l in 0.004 0.005 0.006 0.007 0.008 0.010; do
    solve --method l1-wavelet --lambda "$l" "l1-wavelet-$l.npy"
done
for l in 0.002 0.003 0.004 0.005 0.006 0.008; do
    solve --method tv --lambda "$l" "tv-$l.npy"
done

echo "4/4  posterior: fit the wavelet prior, draw 16 samples"
"$csk" prior fit --kind wavelet train/*.npy -q -o brain.csk > prior.log
"$csk" recon scan.cfl --coils scan-coils.cfl --prior brain.csk --samples 16 -q --out rec > recon.log

echo
"$csk" metric scan-truth.npy zero-filled.npy cg-sense.npy l1-wavelet-*.npy tv-*.npy rec/naive.npy rec/mean.npy |
    tee table.txt
"$csk" view scan-truth.npy mask.npy zero-filled.npy rec/naive.npy rec/mean.npy rec/std.npy rec/q05.npy \
    rec/q95.npy --columns 4 --flip y -q -o figure.png > view.log
echo
echo "figure: $2/figure.png (truth, mask, zero-filled, naive, posterior mean, standard deviation, quantiles)"
