#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Train the prior "natural": grey photographs, as sharp as those of the Kodak Photo CD.
#
#   datasets/models/natural.sh [OUT [OPTION...]]
#
# The photographs are those of photos.sh beside this script, which fetches them, with --plan, too.
# OUT is the prior (default natural.csk); options go to csk train. PHOTOS=DIR keeps the
# photographs there, and uses them if it exists.
# Last, csk prior expect finds out what the scores are like on 48 pieces of photographs that were held out.
# The prior that is shipped was trained by this with --resume while the schedule was lengthened from
# 3801 steps, so that its bits are its own.
# STEPS, ARCH, RATE and NAME, if set, replace those options of csk train: see ridge.sh.
set -eu
here=$(dirname "$0")
csk=${CSK:-$here/../../build/release/csk}
out=${1:-natural.csk}
[ $# -lt 1 ] || shift

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
photos=${PHOTOS:-$work/photos}
"$here/photos.sh" "$photos"

# Shrunk by 1.6 to 5, which also removes what JPEG and the camera's noise have left.
"$csk" train "$photos"/*.jpg --out "$out" \
    --arch "${ARCH:-unet-s}" --steps "${STEPS:-14500}" --rate "${RATE:-2e-3}" --warmup 300 --no-phase --unit 1 \
    --zoom-min 0.2 --zoom-max 0.6 --intensity-min 0.6 --intensity-max 1.1 \
    --sigma-min 0.004 --sigma-max 1 --sigma-data 0.3 \
    --validate LadyBird,life_by,EveningGlow,picosdeeuropa \
    --name "${NAME:-natural}" --licence 'CC BY-SA 4.0' \
    --about 'grey photographs, values 0 to 1' \
    --data '37 photographs from the Debian packages mate-backgrounds, plasma-workspace-wallpapers, lomiri-wallpapers-16.04 and -20.04 (GPL-2+, LGPL-3, CC BY-SA, CC BY, CC0; authors in their copyright files)' \
    "$@"

case " $* " in *" --plan "*) exit ;; esac
for name in LadyBird life_by EveningGlow picosdeeuropa; do
    "$csk" convert "$photos/$name"*.jpg --resample 0.4 -o "$work/small-$name.npy"
    "$csk" convert "$work/small-$name.npy" --crop 640,1024 -o "$work/whole-$name.npy"
    for y in 0 256 384; do
        for x in 0 256 512 768; do
            "$csk" convert "$work/whole-$name.npy" --slice "0=$y:$((y + 256)),1=$x:$((x + 256))" \
                -o "$work/piece-$name-$y-$x.npy"
        done
    done
done >/dev/null
"$csk" prior expect "$out" "$work"/piece-*.npy --force -o "$out"
