#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What csk prior check says of images like those of the training and of others, in Markdown.
#
# usage: mismatch.sh [PRIOR]   complex, of heads (default: brain)
#
#   OUT, CSK, DATA  as in the scripts beside it
#
# Held-out images are six slices of subjects that the priors of datasets/models were not trained on.
set -eu
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
prior=$(prior_file "${1:-brain}")
cd "$out"

make() {
    quietly "$csk" "$@" --force
}

# row LABEL IMAGE...: the least and the largest deviation
row() {
    label=$1
    shift
    "$csk" prior check "$prior" "$@" >checked
    awk -v label="$label" '$1 ~ /^[0-9]+$/ {
        if (n++ == 0)
            least = most = $2
        least = $2 < least ? $2 : least
        most = $2 > most ? $2 : most
        unlike += $NF == "yes"
    }
    END {
        range = n > 1 ? sprintf("%.1f to %.1f", least, most) : sprintf("%.1f", most)
        printf "| %s | %d | %s | %d |\n", label, n, range, unlike
    }' checked
}

for slice in openms_patient12_study1_t1w:9 openms_patient12_study1_t2w:15 openms_patient12_study2_flair:12 \
    cc0_3t_s3_t1w:1 cc0_3t_s3_t2w:2 studyforrest_t1_ax:17; do
    name=${slice%:*}
    make convert "$data/brain/$name.npy" --slice "0=${slice#*:}" --scale 1 -o "held-$name.npy"
    make convert "held-$name.npy" --noise 0.05 -o "noisy-$name.npy"
    make convert "held-$name.npy" --flip y -o "turned-$name.npy"
    make simulate "held-$name.npy" --operator blur:1.5 --noise 1e-6 "blurred-$name"
done
for scan in larson_knee_coronal_fs_1ch larson_brain_sag_t1_1ch; do
    make solve "$data/kspace/${scan}_ksp.cfl" --method cg-sense -o "$scan.npy"
done
make phantom --kind disk --shape 256,256 disc.npy
make phantom --kind shepp-logan --shape 256,256 shepp-logan.npy
make convert disc.npy --scale 1e-6 --noise 1 -o noise.npy
for k in 03 08 13 19; do
    make convert "$data/natural/kodak24/kodim$k.png" -o "photo-$k.npy"
done

echo "| images | number | deviation | above 5 |"
echo "|---|---|---|---|"
row "held-out subjects" held-*.npy
row "the same with noise of 5 %" noisy-*.npy
row "the same upside down" turned-*.npy
row "the same, blurred by 1.5 pixels" blurred-*.npy
row "knee, fat saturated, one coil" larson_knee*.npy
row "sagittal T1 head, one coil" larson_brain*.npy
row "white noise" noise.npy
row "disc" disc.npy
row "Shepp and Logan's phantom" shepp-logan.npy
row "photographs" photo-*.npy
