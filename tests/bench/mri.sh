#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Reconstructions of a fully sampled scan from a part of it, as a table in Markdown.
#
# usage: mri.sh [PRIOR...]      files, or names of datasets/models (default: brain)
#
#   KSPACE  the scan: BART's cfl without .cfl, [coil][y][x] (default: the T2 brain of the shared data)
#   CASES   masks, names of PNG files (default: poisson4 poisson8 cart1d4 cart1d8)
#   MASKS   the folder they are in (default: masks beside this script)
#   WEIGHTS of the classical methods (default: 3e-4 1e-3 2e-3 3e-3 6e-3)
#   RECON   more options for csk recon
#   OUT     where everything is left (default: build/bench/mri)
#   CSK, DATA  the program, the shared data
#
# The reference is the coil-combined fully sampled image. Coil maps are from the 24 central
# lines by BART. Classical methods get the weight with the best PSNR: an oracle.
set -eu
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need bart
[ $# -gt 0 ] || set -- brain
kspace=$(realpath "${KSPACE:-$data/kspace/tugraz_brain_t2_4ch_ksp}")
masks=$(realpath "${MASKS:-$here/masks}")
acs=24

# compare IMAGE [OPTION...]: psnr ssim nmse, in $m
compare() {
    m=$("$csk" metric ../truth.cfl "$@" | awk 'NR == 2 { print $2, $3, $4 }')
}

# row NAME IMAGE: the columns that every method has; coverage and cost come as $3, $4, ...
row() {
    label=$1
    image=$2
    shift 2
    compare "$image"
    all=$m
    compare "$image" --inside 0.05
    # shellcheck disable=SC2086 # lists of numbers
    set -- $all $m "$@"
    best=${best:-$1}
    echo "| $case | $label | $1 | $(calculate "$1 - $best" %+.2f) | $2 | $3 | $4 | $5 | $6 | ${7-} | ${8-} | ${9-} |"
}

# oracle LABEL COMMAND...: its image x.cfl or x.npy at the best of the weights, {} in COMMAND
oracle() {
    label=$1
    image=$2
    shift 2
    top=
    for weight in ${WEIGHTS:-3e-4 1e-3 2e-3 3e-3 6e-3}; do
        cpu_seconds
        before=$cpu
        quietly "$@" "$weight"
        cpu_seconds
        compare "$image"
        psnr=${m%% *}
        if [ -z "$top" ] || [ "$(calculate "$psnr > $top")" = 1 ]; then
            top=$psnr
            found="$label, weight $weight"
            seconds=$(calculate "$cpu - $before" %.1f)
            for part in "${image%.*}".*; do
                cp "$part" "best-$part"
            done
        fi
    done
    row "$found" "best-$image" "" "" "$seconds"
}

bart_l1() {
    bart pics -S -l1 -i 100 -r "$1" ksp sens l1-bart
}

csk_l1() {
    "$csk" solve ksp.cfl --coils sens.cfl --mask "$masks/$case.png" --method l1-wavelet \
        --lambda "$1" --force -o l1-csk.npy
}

# cover: the share of the object's pixels in the intervals, without and with noise $1
cover() {
    "$csk" metric ../truth.cfl "$rec/mean.npy" --inside 0.05 --samples "$rec/samples.npy" \
        --reference-noise "$1" | number coverage
}

posterior() {
    prior=$(prior_file "$1")
    rec=rec-$(name_of "$prior")
    cpu_seconds
    before=$cpu
    # shellcheck disable=SC2086 # a list of options
    quietly "$csk" recon ksp.cfl --coils sens.cfl --mask "$masks/$case.png" \
        --prior "$prior" --force ${RECON-} --out "$rec"
    cp "$out/log" "$rec/log"
    cpu_seconds
    samples=$(number samples <"$rec/log")
    nfe=$(number "score evaluations" <"$rec/log")
    unseen=$(calculate "$eta * sqrt(1 - 1 / $(number acceleration <"$rec/log"))")
    quietly "$csk" convert "$rec/samples.npy" --slice 0=0 --force "$rec/one.npy"
    kind="$(name_of "$prior"), $samples samples"
    row "**$kind: mean**" "$rec/mean.npy" "$(cover 0), $(cover "$unseen")" \
        "$(calculate "$nfe / $samples")" "$(calculate "$cpu - $before" %.1f)"
    row "$kind: mean of magnitudes" "$rec/magnitude.npy"
    row "$(name_of "$prior"), one sample" "$rec/one.npy"
}

for prior; do # before the work, not after
    quietly "$csk" prior info -- "$(prior_file "$prior")"
done
cd "$out"
quietly "$csk" convert "$kspace.cfl" --force full.cfl
quietly bart ecalib -m1 -c0 -r $acs full sens
quietly bart pics -S -i 30 -r 0 full sens truth
coils=$("$csk" info full.cfl | awk '/^shape/ { split($2, n, "x"); print n[1], n[2] * n[3] }')
eta=$("$csk" solve full.cfl --coils sens.cfl --method cg-sense --force -q -o full.npy |
    number residual)
# Of C numbers a pixel one is fitted: the rest tells the noise of the reference.
eta=$(calculate "$eta / sqrt(2 * ${coils#* } * (${coils% *} - 1))")
echo "Noise of the reference: $eta in each real number."
echo
echo "| mask | method | PSNR (dB) | gain | SSIM | NMSE | inside: PSNR | SSIM | NMSE | coverage (%), with reference noise | evaluations a sample | CPU s |"
echo "|---|---|---|---|---|---|---|---|---|---|---|---|"
for case in ${CASES:-poisson4 poisson8 cart1d4 cart1d8}; do
    mkdir -p "$case"
    cd "$case"
    best=
    quietly "$csk" convert "$masks/$case.png" --force mask.cfl
    quietly bart fmac ../full mask ksp
    quietly bart ecalib -m1 -c0 -r $acs ksp sens
    oracle "BART l1-wavelet" l1-bart.cfl bart_l1
    oracle "csk l1-wavelet" l1-csk.npy csk_l1
    for prior in "$@"; do
        posterior "$prior"
    done
    cd ..
done
