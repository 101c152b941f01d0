#!/bin/sh
# Run all examples of all verbs, in the order of `csk help`, in a scratch directory.
#
#   examples.sh CSK
#
# Examples on files of another package are skipped, visibly, where it is not installed.
set -u
csk=$1
. "$(dirname "$0")/common.sh"

csk help --examples >"$scratch/list" || exit 1
failed=0 run=0
while IFS= read -r line; do
    missing=
    for word in $line; do
        case $word in
        /*) [ -e "$word" ] || missing=$word ;;
        esac
    done
    if [ -n "$missing" ]; then
        echo "skipped, there is no $missing: $line"
        continue
    fi
    run=$((run + 1))
    if ! sh -c "$line" >"$scratch/out" 2>&1 </dev/null; then
        failed=$((failed + 1))
        echo "failed: $line"
        cat "$scratch/out"
    fi
done <"$scratch/list"
echo "$run examples run, $failed failed"
[ $run -gt 0 ] && [ $failed = 0 ]
