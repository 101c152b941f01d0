# SPDX-License-Identifier: BSD-3-Clause
# Sourced by the scripts beside it: the program, a folder for what they make, small helpers.
# shellcheck shell=sh disable=SC2034 # what is set here is used there
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
csk=${CSK:-$root/build/release/csk}
case $csk in */*) csk=$(realpath "$csk") ;; esac # scripts change the folder
data=$(cd "${DATA:-$root/../shared/data}" 2>/dev/null && pwd) || {
    echo "$(basename "$0"): the images and scans are not in ${DATA:-$root/../shared/data};" \
        "say by DATA=folder where they are (docs/results.md)" >&2
    exit 2
}
out=${OUT:-$root/build/bench/$(basename "$0" .sh)}
start=$PWD
mkdir -p "$out" || exit 1
out=$(cd "$out" && pwd)

# Everything said goes into a log; its end is shown if the command fails.
quietly() {
    "$@" >"$out/log" 2>&1 || {
        tail -5 "$out/log" >&2
        exit 1
    }
}

need() {
    for word in "$@"; do
        command -v "$word" >/dev/null || {
            echo "$(basename "$0"): $word is missing (Debian package $word)" >&2
            exit 2
        }
    done
}

# number KEY: what csk printed beside KEY, from standard input.
number() {
    awk -v key="$1" 'index($0, key " ") == 1 {
        rest = substr($0, length(key) + 1)
        if (rest ~ /^ +-?[0-9]/) { split(rest, word, " "); print word[1] }
    }'
}

# CPU seconds of the commands so far, this shell's children; not in a subshell.
cpu_seconds() {
    times >"$out/times"
    cpu=$(awk 'NR == 2 {
        split($1, user, /[ms]/)
        split($2, kernel, /[ms]/)
        printf "%.2f", 60 * (user[1] + kernel[1]) + user[2] + kernel[2]
    }' "$out/times")
}

# calculate EXPRESSION [FORMAT]
calculate() {
    awk "BEGIN { printf \"${2:-%g}\", ($1) }"
}

# name FILE: "brain" of datasets/models/brain.csk
name_of() {
    basename "$1" .csk
}

# A prior for csk, whatever the working directory: a file, or a name it knows.
prior_file() {
    case $1 in
    /*) echo "$1" ;;
    *)
        if [ -e "$start/$1" ]; then
            echo "$start/$1"
        else
            echo "$1"
        fi
        ;;
    esac
}
