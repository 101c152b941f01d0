#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Where along the phase encoding the error of a reconstruction by mri.sh is: a table in Markdown.
#
# usage: mri_bands.sh [NAME...]  priors whose rec-NAME mri.sh has left (default: brain)
#
#   CASE   mask, lines at random (default: cart1d4)
#   OUT    what mri.sh left (default: build/bench/mri)
#   CSK, DATA  as in mri.sh
#
# For every band of lines the norm of the error over that of the reference's signal, of the complex
# images. At the end the PSNR of the magnitude, and what it were if nothing was wrong in the outer lines.
set -eu
OUT=${OUT:-$(dirname "$0")/../../build/bench/mri}
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need bart
[ $# -gt 0 ] || set -- brain
case=${CASE:-cart1d4}
lines=256
bands='12-20 20-30 30-45 45-64 64-96 96-105 105-128' # line -128 is in none

# band FILE LO HI: the lines with LO <= |ky| < HI of FILE, into FILE-band
band() {
    middle=$((lines / 2))
    quietly bart extract 1 $((middle - $3 + 1)) $((middle - $2 + 1)) "$1" part-low
    quietly bart extract 1 $((middle + $2)) $((middle + $3)) "$1" part-high
    quietly bart join 1 part-low part-high "$1-band"
}

psnr() {
    "$csk" metric ../truth.cfl "$1" | awk 'NR == 2 { print $2 }'
}

[ -d "$out/$case" ] || {
    echo "mri_bands.sh: $out has no $case: run mri.sh first, with the same OUT" >&2
    exit 2
}
cd "$out/$case"
quietly bart fft -u 3 ../truth truth-k
images=
for name in best-l1-bart "$@"; do
    file=$name.cfl
    if [ "$name" != best-l1-bart ]; then
        file=$name-mean.cfl
        quietly "$csk" convert "rec-$name/mean.npy" --force "$file"
    fi
    quietly bart fft -u 3 "${file%.cfl}" "$name-k"
    images="$images $name"
done
# shellcheck disable=SC2086 # a list of names
echo "| lines | measured |$(printf ' %s |' $images)"
# shellcheck disable=SC2086
echo "|---|---|$(printf -- '---|%.0s' $images)"
quietly bart extract 0 0 1 mask mask-lines
for range in $bands; do
    lo=${range%-*}
    hi=${range#*-}
    band mask-lines "$lo" "$hi"
    quietly "$csk" convert mask-lines-band.cfl --force mask-lines-band.npy
    row="| $range | $(calculate "100 * $("$csk" info mask-lines-band.npy | number mean)" %.0f) % |"
    band truth-k "$lo" "$hi"
    for name in $images; do
        band "$name-k" "$lo" "$hi"
        row="$row $(bart nrmse truth-k-band "$name-k-band" | awk '{ printf "%.2f", $NF }') |"
    done
    echo "$row"
done
row="| PSNR (dB) | |"
for name in $images; do
    row="$row $(psnr "$([ "$name" = best-l1-bart ] && echo best-l1-bart.cfl || echo "$name-mean.cfl")") |"
done
echo "$row"
row="| with the reference's lines from 105 on | |"
for name in $images; do
    quietly bart extract 1 0 24 truth-k part-low
    quietly bart extract 1 24 233 "$name-k" part
    quietly bart extract 1 233 $lines truth-k part-high
    quietly bart join 1 part-low part part-high mixed-k
    quietly bart fft -u -i 3 mixed-k mixed
    row="$row $(psnr mixed.cfl) |"
done
echo "$row"
