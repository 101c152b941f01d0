#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The controls of mri.sh: the same coil maps, masks and noise, but an image that is known. What a subject
# like those of the training gains and the scan does not is due to the images, not to the sampler; what the
# scan's own reference gains if it is measured again, to coil maps that do not fit; and what it gains
# with a smooth phase, to the phase.
#
# usage: mri_control.sh [PRIOR...]
#
#   IMAGE   subject: the head of one that is like those of the training and was held out (default);
#           scan: the scan's reference, measured once more; smooth: the same with its magnitude as it is, but
#           the phase of the 25x25 points in the middle of its k-space
#   SLICE   subject: of the T2 images of open_ms_data's patient 12, filled to 400x400 pixels, k-space cut to 256x256 (default: 9)
#   LEVEL   noise in each real number, the largest pixel being 1.18 (default: 0.0061, the scan's)
#   and what mri.sh reads: CASES MASKS WEIGHTS RECON OUT CSK DATA
#
# The subject's k-space is cut, not its image shrunk, so that it is full to the edge, as a scanner's is.
set -eu
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need bart
for prior; do # as they are seen from here
    shift
    set -- "$@" "$(prior_file "$prior")"
done
if [ -n "${MASKS-}" ]; then
    MASKS=$(realpath "$MASKS")
    export MASKS
fi
case ${SLICE:-9} in
*[!0-9]*)
    echo "mri_control.sh: SLICE is '$SLICE', expected a number" >&2
    exit 2
    ;;
esac
case ${IMAGE:-subject} in
subject | scan | smooth) ;;
*)
    echo "mri_control.sh: IMAGE is '$IMAGE', expected subject, scan or smooth" >&2
    exit 2
    ;;
esac

subject() {
    quietly "$csk" convert "$data/brain/openms_patient12_study1_t2w.npy" --slice "0=${SLICE:-9}" \
        --pad 400,400 --force head.npy
    quietly "$csk" simulate head.npy --coils 1 --phase smooth --noise 0 --force head
    quietly "$csk" convert head-truth.npy --force fine.cfl
    quietly bart fft -u 3 fine fine-k
    quietly "$csk" convert fine-k.cfl --crop 256,256 --force cut-k.cfl
    quietly bart fft -u -i 3 cut-k cut
    quietly "$csk" convert cut.cfl --scale 1.18 --force image.cfl
}

reference() {
    quietly bart pics -S -i 30 -r 0 scan maps "$1"
}

smooth() {
    reference reference
    quietly bart fft -u 3 reference reference-k
    quietly "$csk" convert reference-k.cfl --crop 25,25 --pad 256,256 --force middle-k.cfl
    quietly bart fft -u -i 3 middle-k middle
    quietly bart carg middle phase
    quietly bart zexp -i phase turn
    quietly bart cabs reference magnitude
    quietly bart fmac magnitude turn image
}

cd "$out"
kspace=$data/kspace/tugraz_brain_t2_4ch_ksp
quietly "$csk" convert "$kspace.cfl" --force scan.cfl
quietly bart ecalib -m1 -c0 -r 24 scan maps
case ${IMAGE:-subject} in
subject) subject ;;
scan) reference image ;;
smooth) smooth ;;
esac
quietly bart fmac image maps coils
quietly bart fft -u 3 coils coils-k
quietly "$csk" convert coils-k.cfl --noise "${LEVEL:-0.0061}" --force control.cfl
KSPACE=$out/control OUT=$out CSK=$csk DATA=$data exec "$here/mri.sh" "$@"
