#!/bin/sh
# The program starts in less than 20 ms: processor time, the least mean of 8 runs out of five, since
# neighbours take caches and clock, never give them.
#
#   startup.sh CSK
set -eu
cpu=$(mktemp)
trap 'rm -f "$cpu"' EXIT
for _ in 1 2 3 4 5; do
    ( # times counts the children of this process
        for _ in 1 2 3 4 5 6 7 8; do
            "$1" --version >/dev/null
        done
        times >>"$cpu" # not in a pipe: that would be another process
    )
done
awk '
    NR % 2 == 0 { # of the children: 0m0.123s 0m0.045s
        sum = 0
        for (i = 1; i <= 2; i++) {
            split($i, part, "m")
            sum += 60 * part[1] + part[2]
        }
        if (!least || sum / 8 < least)
            least = sum / 8
    }
    END {
        printf "%.1f ms\n", 1000 * least
        exit NR != 10 || least >= 0.020
    }' "$cpu"
