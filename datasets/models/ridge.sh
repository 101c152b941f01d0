#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Train the convex ridge regularisers "natural-ridge" (grey photographs) and "brain-ridge" (complex
# images of heads): as natural.sh and brain.sh, which name the images, their licences and the split.
#
#   datasets/models/ridge.sh natural|brain [OUT [OPTION...]]
#
# OUT is the prior (default natural-ridge.csk or brain-ridge.csk); OPTION... goes to csk train.
# PHOTOS=DIR: the photographs, as natural.sh keeps them there; DATA=DIR: the stacks of brain.sh.
set -eu
here=$(dirname "$0")
kind=${1:?natural or brain}
out=${2:-$kind-ridge.csk}
[ $# -lt 2 ] || shift
shift
export ARCH=ridge NAME="$kind-ridge" RATE="${RATE:-2e-3}" STEPS="${STEPS:-2500}"
case $kind in
natural) exec "$here/natural.sh" "$out" --batch 8 "$@" ;;
brain) exec "$here/brain.sh" "${DATA:-$here/../../../shared/data/brain}" "$out" --batch 8 "$@" ;;
*)
    echo "$0: $kind is neither natural nor brain" >&2
    exit 2
    ;;
esac
