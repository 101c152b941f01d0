#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Seconds a posterior sample of a 320x320 image costs with 8 coils, and where they go.
#
# usage: speed.sh [PRIOR...]     files, or names of datasets/models (default: brain)
#
#   CHAINS  samples at once (default: 8)
#   RECON   more options for csk recon
#   OUT     where everything is left (default: build/bench/speed)
#   CSK, DATA, OMP_NUM_THREADS
set -eu
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
[ $# -gt 0 ] || set -- brain
chains=${CHAINS:-8}

cd "$out"
quietly "$csk" convert "$data/brain/openms_patient12_study1_flair.npy" --slice 0=16 --scale 1 \
    --force image.npy
quietly "$csk" mask --shape 320,320 --kind poisson --accel 4 --acs 24 --force mask.npy
quietly "$csk" simulate image.npy --mask mask.npy --coils 8 --phase smooth --noise 0.01 \
    --force scan
for prior in "$@"; do
    echo "$(name_of "$prior"), $chains chains:"
    # shellcheck disable=SC2086 # a list of options
    "$csk" recon scan.cfl --coils scan-coils.cfl --mask mask.npy --force -q \
        --prior "$(prior_file "$prior")" --samples "$chains" ${RECON-} \
        --out "rec-$(name_of "$prior")" >report
    grep -E '^(seconds|score|operator)' report | sed 's/^/  /'
    nfe=$(number "score evaluations" <report)
    seconds=$(awk '/^seconds (naive|radius|sampling)/ { sum += $3 } END { print sum }' report)
    echo "  a sample         $(calculate "$seconds / $chains" %.2f) s," \
        "$(calculate "$nfe / $chains" %.0f) score evaluations"
    "$csk" metric scan-truth.npy "rec-$(name_of "$prior")/mean.npy" |
        awk 'NR == 2 { print "  mean             " $2 " dB, SSIM " $3 }'
done
