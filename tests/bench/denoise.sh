#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# How much noise a prior's denoiser takes away, as a table in Markdown.
#
# usage: denoise.sh natural [PRIOR...]   PSNR on Kodak24, grey, in dB (default: natural)
#        denoise.sh brain [PRIOR...]     noise removed from slices of the subjects that are kept
#                                        for tuning, with smooth phase, in dB (default: brain)
#
# A wavelet prior, fitted to the subjects for training (natural: to the pictures of skimage), is
# the last row; it is averaged over 16 cycle shifts.
#
#   LEVELS  noise levels (default: 5 .. 75 over 255, and .01 .. .5)
#   METRIC  more options for csk metric, such as --inside 0.05
#   OUT     where everything is left (default: build/bench/denoise)
#   CSK, DATA  the program, the shared data
set -eu
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

# cut FILE SLICES...: images of a stack of bytes, 255 becomes 1, with a smooth phase
cut() {
    name=$(basename "$1" .npy)
    quietly "$csk" convert "$1" --scale 1 --force all.npy
    shift
    for slice in "$@"; do
        seed=$((seed + 1))
        quietly "$csk" convert all.npy --slice "$slice" --force one.npy
        quietly "$csk" simulate one.npy --coils 1 --phase smooth --noise 0 --seed $seed \
            --force one
        quietly "$csk" convert one-truth.npy --force "clean/$name-${slice##*=}.npy"
    done
}

clean_brain() {
    seed=0
    cut "$data/brain/ixi_t1_ax_06.npy" 0=2,1=4 0=7,1=8 0=12,1=6 0=17,1=10
    for file in "$data"/brain/openms_patient12_*.npy; do
        cut "$file" 0=10 0=20
    done
    for file in "$data"/brain/cc0_3t_s3_*.npy; do
        cut "$file" 0=1
    done
    cut "$data/brain/studyforrest_t1_ax.npy" 0=10 0=25
}

clean_natural() {
    for file in "$data"/natural/kodak24/*.png; do
        quietly "$csk" convert "$file" --force "clean/$(basename "$file" .png).npy"
    done
}

fit_brain() {
    mkdir -p train
    for file in "$data"/brain/openms_patient0[134]_*.npy "$data"/brain/cc0_3t_s[12]_*.npy; do
        quietly "$csk" convert "$file" --scale 1 --force "train/$(basename "$file")"
    done
    for group in 0 1 2 3 4 5; do
        quietly "$csk" convert "$data/brain/ixi_t1_ax_0$group.npy" --scale 1 --force all.npy
        for subject in 1 5; do
            quietly "$csk" convert all.npy --slice 0=$subject --force \
                "train/ixi-$group-$subject.npy"
        done
    done
    quietly "$csk" prior fit train/*.npy --wavelet sym4 --shifts 1 --force -o wavelet.csk
}

fit_natural() {
    quietly "$csk" prior fit "$data"/natural/skimage/*.png --wavelet sym4 --no-phase --force \
        -o wavelet.csk
}

# The mean over all images of what is left: PSNR, of complex numbers, dB; "-" where none.
measure() {
    seed=0
    for file in clean/*.npy; do
        seed=$((seed + 1))
        noisy=noisy/$2-$(basename "$file")
        [ -e "$noisy" ] ||
            quietly "$csk" convert "$file" --noise "$2" --seed $seed -o "$noisy"
        "$csk" denoise "$noisy" --prior "$1" --sigma "$2" --force -o denoised.npy \
            >log 2>&1 || continue
        # shellcheck disable=SC2086 # a list of options
        "$csk" metric "$file" denoised.npy --complex --peak 1 ${METRIC-} | awk 'NR == 2 { print $2 }'
    done | awk '{ sum += $1; n++ } END { if (n) printf "%.4f", sum / n; else printf "-" }'
}

# dB of one entry: PSNR, or how much below the noise of both parts
entry() {
    psnr=$(measure "$1" "$2")
    if [ "$psnr" = - ]; then
        printf ' - |'
    elif [ "$images" = natural ]; then
        calculate "$psnr" " %.2f |"
    else
        calculate "$psnr + 10 * log(2 * $2 ^ 2) / log(10)" " %.2f |"
    fi
}

row() {
    printf '| %s |' "$1"
    for level in $levels; do
        sigma=$(calculate "$level / $full" %.8g)
        entry "$2" "$sigma"
    done
    echo
}

images=${1-}
case $images in
natural)
    full=255
    levels=${LEVELS:-5 10 15 25 35 50 75}
    ;;
brain)
    full=1
    levels=${LEVELS:-0.01 0.02 0.05 0.1 0.2 0.5}
    ;;
*)
    sed -n '3,7s/^# //p' "$0" >&2
    exit 2
    ;;
esac
shift
[ $# -gt 0 ] || set -- "$images"
out=$out/$images
mkdir -p "$out/clean" "$out/noisy"
cd "$out"
"clean_$images"
"fit_$images"
printf '| sigma |'
for level in $levels; do
    printf ' %s |' "$level"
done
printf '\n|---|'
for level in $levels; do
    printf -- '---|'
done
echo
for prior in "$@"; do
    row "$(name_of "$prior")" "$(prior_file "$prior")"
done
row "wavelet, 16 shifts" wavelet.csk
