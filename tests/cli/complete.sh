#!/bin/bash
# What bash offers after some words.
#
#   complete.sh CSK
set -u
csk=$1
. "$(dirname "$0")/common.sh"
eval "$(csk --completion=bash)" || exit 1
touch file.npy
failed=0

# offers WANTED... -- WORDS...: WANTED are among what may complete the last word
offers() {
    local wanted=()
    while [ "$1" != -- ]; do
        wanted+=("$1")
        shift
    done
    shift
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _csk
    for w in "${wanted[@]}"; do
        case " ${COMPREPLY[*]} " in
        *" $w "*) ;;
        *)
            echo "after '$*' there is no '$w' in: ${COMPREPLY[*]}"
            failed=1
            ;;
        esac
    done
}

offers phantom mask convert --help -- csk ''
offers mask -- csk ma
offers --shape --kind --output --seed --help file.npy -- csk mask ''
offers --kind -- csk mask --ki
offers poisson random -- csk mask --shape 8,8 --kind ''
offers shepp-logan -- csk phantom --kind sh
offers file.npy -- csk info file
offers convert formats exit-codes -- csk help ''
exit $failed
