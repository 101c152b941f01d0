#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Train the prior "brain": complex axial images of heads, T1, T2 and FLAIR.
#
#   datasets/models/brain.sh [DATA [OUT [OPTION...]]]
#
# DATA holds the stacks of images, uint8 [slice][y][x] or [subject][slice][y][x] (default
# ../shared/data/brain, whose README lists their sources); OUT is the prior (default brain.csk);
# further options go to csk train, such as --resume or --plan: none that the stages set themselves.
# STEPS, ARCH, RATE and NAME, if set, replace those options of csk train: see ridge.sh.
#
# A network is trained five times: OUT.first on the images as they are stored, magnified by up to
# 1.6; OUT.second, from there, on images that fill their grid and end at the edge of k-space, as raw
# data do, with that edge raised or lowered by up to 3; OUT.third, from there, with the edge as it is: a
# prior that expects so much takes the stripes of undersampling for it; OUT.fourth, from there, with a third
# of the patches from photographs, because scans show texture that these few heads have not, and
# the edge raised or lowered by up to 1.3; OUT, from there, with a phase that is rough, as that of scans is.
# The photographs are those of photos.sh (PHOTOS=DIR keeps them there, and uses them if it exists).
# Three and a half hours on two idle cores.
# What is there is not trained again: after an interruption add --resume. --plan plans the stage that is
# next, the last two after fetching the photographs.
# Last, csk prior expect finds out what the scores are like on held-out subjects, all but studyforrest (of
# the brain-ridge that is shipped on patient12's first study and cc0_3t_s3 alone).
# Of the prior that is shipped, the schedule of OUT.first was lengthened from 9500 steps with
# --resume, and OUT.fourth is of two schedules: 6000 steps without --edge-gain, then 9000 with it, seed 6. So
# its bits are its own.
set -eu
here=$(dirname "$0")
csk=${CSK:-$here/../../build/release/csk}
data=${1:-$here/../../../shared/data/brain}
out=${2:-brain.csk}
[ $# -lt 2 ] || shift
[ $# -lt 1 ] || shift
case " $* " in *" --seed"* | *" --rough-phase"* | *" --edge-gain"* | *" --from "* | *" --rate"* | *" --steps"*)
    echo "brain.sh: the stages set --seed, --rate, --steps (STEPS, RATE), --from, --edge-gain and --rough-phase" >&2
    exit 2
    ;;
esac
[ ! -d "$out" ] || {
    echo "brain.sh: $out is a directory, expected the name of a prior" >&2
    exit 2
}

heads='CC BY-SA 3.0 (of the images, where it is the strictest)'
sources='IXI T1 (CC BY-SA 3.0, brain-development.org); open_ms_data T1, T2, FLAIR of 3 patients (CC BY, Lesjak et al. 2016); 3 T scans of the ultra-low-field data set (CC0)'
about='complex axial head images, T1, T2 and FLAIR, 0.5 to 2 mm; magnitudes with a smooth phase'
work= # photographs, once they are needed

# train MIX OPTION...: images may be among the options
train() {
    mix=$1
    shift
    # The split is by subject: what --validate names is held out.
    "$csk" train "$data"/*.npy --mix "$mix" --validate ixi_t1_ax_06,patient12,cc0_3t_s3,studyforrest \
        --sigma-min 0.004 --sigma-max 1 --sigma-data 0.25 --name "${NAME:-brain}" --about "$about" "$@"
}

case " $* " in *" --plan "*) plan=yes ;; *) plan= ;; esac
expect() {
    [ -n "$plan" ] || "$csk" prior expect "$out" "$data"/openms_patient12_*.npy "$data"/cc0_3t_s3_*.npy \
        "$data"/ixi_t1_ax_06.npy --force -o "$out"
}

arch=${ARCH:-unet-s}
[ ! -f "$out" ] || {
    expect
    exit
}
only=openms=62,ixi=25,cc0=13
first=$out.first
second=$out.second
third=$out.third
fourth=$out.fourth
[ "$arch" != ridge ] || first=$out
[ -f "$first" ] || train $only --out "$first" --arch "$arch" --steps "${STEPS:-18000}" \
    --rate "${RATE:-2e-3}" --warmup 300 --zoom-min 0.5 --zoom-max 1.6 \
    --licence "$heads" --data "$sources" "$@"
if [ "$arch" = ridge ]; then
    expect
    exit
fi
[ -f "$first" ] || exit 0 # --plan

# full MIX FROM STEPS OPTION...: on images as full as raw data, beginning with the prior FROM
full() {
    images=$1
    from=$(realpath "$2")
    steps=${STEPS:-$3}
    shift 3
    train "$images" --from "$from" --steps "$steps" --rate "${RATE:-1.5e-3}" --warmup 200 \
        --zoom-min 0.35 --zoom-max 1.1 --aspect 1.5 --kernel sinc "$@"
}
[ -f "$second" ] || full $only "$first" 17000 --out "$second" --edge-gain 3 --seed 2 \
    --licence "$heads" --data "$sources" "$@"
[ -f "$second" ] || exit 0
[ -f "$third" ] || full $only "$second" 8000 --out "$third" --seed 3 \
    --licence "$heads" --data "$sources" "$@"
[ -f "$third" ] || exit 0

# scans FROM STEPS OPTION...: with photographs at 0.4 of their size, where they are sharp
scans() {
    before=$1
    length=$2
    shift 2
    if [ -z "$work" ]; then
        work=$(mktemp -d)
        trap 'rm -rf "$work"' EXIT
        trap 'exit 130' INT TERM HUP
        photos=${PHOTOS:-$work/photos}
        "$here/photos.sh" "$photos"
        for photo in "$photos"/*.jpg; do
            "$csk" convert "$photo" --resample 0.4 -o "$work/photo-$(basename "$photo" .jpg).npy" >/dev/null
        done
    fi
    full openms=42,ixi=17,cc0=9,photo=32 "$before" "$length" "$work"/photo-*.npy --edge-gain 1.3 \
        --licence 'CC BY-SA 4.0' \
        --data "$sources; a third of the patches since the fourth stage: 37 photographs, those of the prior natural (GPL-2+, LGPL-3, CC BY-SA, CC BY, CC0)" "$@"
}
[ -f "$fourth" ] || scans "$third" 15000 --out "$fourth" --seed 4 "$@"
[ -f "$fourth" ] || exit 0
about="$about, on which there is a rough one"
scans "$fourth" 12000 --out "$out" --rough-phase 0.15 --seed 5 "$@"
expect
