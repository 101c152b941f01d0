#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Fetch the photographs from which the priors of this folder learn, into the folder DIR.
#
#   datasets/models/photos.sh DIR
#
# They are those among the backgrounds of four Debian packages, which apt-get downloads and dpkg
# unpacks beside DIR and removes again; nothing is installed. Drawings and renderings are left out. Of
# the package of each one:
#   mate-backgrounds             GPL-2+
#   plasma-workspace-wallpapers  GPL-2+ (their own files say LGPL-3)
#   lomiri-wallpapers-16.04      CC BY 4.0, CC BY-SA 4.0, CC0
#   lomiri-wallpapers-20.04      CC BY-SA 3.0
# Debian 12's have them. If DIR exists, it is left as it is.
set -eu
photos=${1?usage: photos.sh DIR}
photos=${photos%/}
[ ! -d "$photos" ] || exit 0
if [ -z "$photos" ] || [ -e "$photos" ] || [ -L "$photos" ]; then
    echo "photos.sh: '$1' is no name for a new folder" >&2
    exit 1
fi

mate='Aqua Blinds Dune FreshFlower Garden GreenMeadow LadyBird RainDrops Storm TwoWings Wood
    YellowFlower'
plasma='BytheWater ColdRipple ColorfulCups DarkestHour EveningGlow FallenLeaf Grey Kite
    OneStandsOut Path summer_1am'
lomiri='Bridge_by_Sander_Klootwijk Dragonfly_by_Bolly Kleiber_by_Lukas_Baubkus
    Picture_0B_by_freespace Picture_1A_by_freespace Wine_by_Jakkub_Mede
    aitzgorri_by_Aitzol_Berasategi free_by_Peter_Nerlich friends_by_Aitzol_Berasategi
    greentock_by_Peter_Nerlich life_by_Aitzol_Berasategi picosdeeuropa_by_Aitzol_Berasategi
    seeding_by_Clements_Engelhardt sunset_by_Aitzol_Berasategi'

work=$(mktemp -d "$photos.XXXXXX") # beside it, so that mv is a rename
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
mkdir -p "$work/packages" "$work/photos"
(
    cd "$work/packages"
    apt-get -q download mate-backgrounds plasma-workspace-wallpapers \
        lomiri-wallpapers-16.04 lomiri-wallpapers-20.04
    for package in *.deb; do dpkg -x "$package" ../root; done
)
share=$work/root/usr/share
for name in $mate; do cp "$share/backgrounds/mate/nature/$name.jpg" "$work/photos"; done
for name in $plasma; do
    cp "$share/wallpapers/$name/contents/images/2560x1600.jpg" "$work/photos/$name.jpg"
done
for name in $lomiri; do cp "$share/backgrounds/$name.jpg" "$work/photos"; done
mv "$work/photos" "$photos"
