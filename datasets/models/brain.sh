#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Train the prior "brain": complex axial images of heads, T1, T2 and FLAIR.
#
#   datasets/models/brain.sh [DATA [OUT [OPTION...]]]
#
# DATA holds the stacks of images, uint8 [slice][y][x] or [subject][slice][y][x] (default
# ../shared/data/brain, whose README lists their sources); OUT is the prior (default brain.csk);
# further options go to csk train, such as --resume or --plan.
# STEPS, ARCH, RATE and NAME, if set, replace those options of csk train: see ridge.sh.
#
# A network is trained three times: OUT.first on the images as they are stored, magnified by up to
# 1.6; OUT.second, from there, on images that fill their grid and end at the edge of k-space, as raw
# data do, with that edge raised or lowered by up to 3; OUT, from there, with the edge as it is: a
# prior that expects so much takes the stripes of undersampling for it. Two hours on two cores.
# Of the prior that is shipped, the schedule of OUT.first was lengthened from 9500 steps with
# --resume, so that its bits are its own.
set -eu
here=$(dirname "$0")
csk=${CSK:-$here/../../build/release/csk}
data=${1:-$here/../../../shared/data/brain}
out=${2:-brain.csk}
[ $# -lt 2 ] || shift
[ $# -lt 1 ] || shift

# The split is by subject: what --validate names is held out.
train() {
    "$csk" train "$data"/*.npy --mix openms=62,ixi=25,cc0=13 \
        --validate ixi_t1_ax_06,patient12,cc0_3t_s3,studyforrest \
        --sigma-min 0.004 --sigma-max 1 --sigma-data 0.25 \
        --name "${NAME:-brain}" \
        --licence 'CC BY-SA 3.0 (of the images, where it is the strictest)' \
        --about 'complex axial head images, T1, T2 and FLAIR, 0.5 to 2 mm; magnitudes with a smooth phase' \
        --data 'IXI T1 (CC BY-SA 3.0, brain-development.org); open_ms_data T1, T2, FLAIR of 3 patients (CC BY, Lesjak et al. 2016); 3 T scans of the ultra-low-field data set (CC0)' \
        "$@"
}

arch=${ARCH:-unet-s}
first=$out.first
second=$out.second
[ "$arch" != ridge ] || first=$out
[ -f "$first" ] || train --out "$first" --arch "$arch" --steps "${STEPS:-18000}" \
    --rate "${RATE:-2e-3}" --warmup 300 --zoom-min 0.5 --zoom-max 1.6 "$@"
[ "$arch" != ridge ] && [ -f "$first" ] || exit 0 # --plan writes nothing

# full FROM STEPS OPTION...: on images as full as raw data, beginning with the prior FROM
full() {
    from=$(realpath "$1")
    steps=${STEPS:-$2}
    shift 2
    train --from "$from" --steps "$steps" --rate "${RATE:-1.5e-3}" --warmup 200 \
        --zoom-min 0.35 --zoom-max 1.1 --aspect 1.5 --kernel sinc "$@"
}
[ -f "$second" ] || full "$first" 17000 --out "$second" --edge-gain 3 --seed 2 "$@"
[ -f "$second" ] || exit 0
full "$second" 8000 --out "$out" --seed 3 "$@"
