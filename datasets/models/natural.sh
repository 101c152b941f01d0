#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Train the prior "natural": grey photographs, as sharp as those of the Kodak Photo CD.
#
#   datasets/models/natural.sh [OUT [OPTION...]]
#
# The photographs are those among the backgrounds of four Debian packages, which apt-get
# downloads and dpkg unpacks into a folder that is removed again; nothing is installed. Drawings
# and renderings are left out. Of the package of each one:
#   mate-backgrounds             GPL-2+
#   plasma-workspace-wallpapers  GPL-2+ (their own files say LGPL-3)
#   lomiri-wallpapers-16.04      CC BY 4.0, CC BY-SA 4.0, CC0
#   lomiri-wallpapers-20.04      CC BY-SA 3.0
# OUT is the prior (default natural.csk); options go to csk train. PHOTOS=DIR keeps the
# photographs there, and uses them if it exists.
# The prior that is shipped was trained by this with --resume while the schedule was lengthened from
# 3801 steps, so that its bits are its own.
# STEPS, ARCH, RATE and NAME, if set, replace those options of csk train: see ridge.sh.
set -eu
here=$(dirname "$0")
csk=$(realpath "${CSK:-$here/../../build/release/csk}")
out=${1:-natural.csk}
[ $# -lt 1 ] || shift

mate='Aqua Blinds Dune FreshFlower Garden GreenMeadow LadyBird RainDrops Storm TwoWings Wood
    YellowFlower'
plasma='BytheWater ColdRipple ColorfulCups DarkestHour EveningGlow FallenLeaf Grey Kite
    OneStandsOut Path summer_1am'
lomiri='Bridge_by_Sander_Klootwijk Dragonfly_by_Bolly Kleiber_by_Lukas_Baubkus
    Picture_0B_by_freespace Picture_1A_by_freespace Wine_by_Jakkub_Mede
    aitzgorri_by_Aitzol_Berasategi free_by_Peter_Nerlich friends_by_Aitzol_Berasategi
    greentock_by_Peter_Nerlich life_by_Aitzol_Berasategi picosdeeuropa_by_Aitzol_Berasategi
    seeding_by_Clements_Engelhardt sunset_by_Aitzol_Berasategi'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
photos=${PHOTOS:-$work/photos}
if [ ! -d "$photos" ]; then
    mkdir -p "$photos" "$work/packages"
    (
        cd "$work/packages"
        apt-get -q download mate-backgrounds plasma-workspace-wallpapers \
            lomiri-wallpapers-16.04 lomiri-wallpapers-20.04
        for package in *.deb; do dpkg -x "$package" "$work/root"; done
    )
    share=$work/root/usr/share
    for name in $mate; do cp "$share/backgrounds/mate/nature/$name.jpg" "$photos"; done
    for name in $plasma; do
        cp "$share/wallpapers/$name/contents/images/2560x1600.jpg" "$photos/$name.jpg"
    done
    for name in $lomiri; do cp "$share/backgrounds/$name.jpg" "$photos"; done
    rm -rf "$work/packages" "$work/root"
fi

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
