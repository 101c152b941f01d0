#!/bin/sh
# Run the commands of a transcript again and compare what they say.
#
#   transcript.sh CSK FILE           fails with the difference
#   transcript.sh CSK FILE --update  writes FILE anew
#
# In a transcript a line "$ command" is run by sh in a scratch directory. Below it stand its
# standard output, indented by two blanks, its standard error after "2 ", and after "= " its
# exit code if that is not 0. An empty line of output is "  ~". Empty lines and comments (#)
# of the transcript are kept.
set -u
csk=$1 file=$2 update=${3-}
case $file in /*) ;; *) file=$PWD/$file ;; esac
. "$(dirname "$0")/common.sh"

while IFS= read -r line || [ -n "$line" ]; do
    case $line in
    '' | '#'*) printf '%s\n' "$line" ;;
    '$ '*)
        printf '%s\n' "$line"
        sh -c "${line#'$ '}" >"$scratch/out" 2>"$scratch/err" </dev/null
        code=$?
        sed 's/^/  /; s/^  $/  ~/' "$scratch/out"
        sed 's/^/2 /' "$scratch/err"
        [ $code = 0 ] || printf '= %d\n' $code
        ;;
    esac
done <"$file" >"$scratch/now"

if [ "$update" = --update ]; then
    cp "$scratch/now" "$file"
else
    diff -u "$file" "$scratch/now"
fi
