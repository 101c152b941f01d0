#!/bin/sh
# Run the table of faults.
#
#   errors.sh CSK TABLE [VERB]     VERB: only its rows
set -u
csk=$1 table=$2 only=${3-}
case $table in /*) ;; *) table=$PWD/$table ;; esac
full=
. "$(dirname "$0")/common.sh"
cleanup() {
    [ -z "$full" ] || umount "$full"
    rm -rf "$scratch"
}
mkdir in out

# -- inputs, good and bad ------------------------------------------------------------------

say() {
    echo "errors.sh: $*" >&2
}

good() {
    csk "$@" >made 2>&1 && return
    say "cannot make the inputs: csk $*"
    cat made >&2
    exit 1
}

# A .npy file of 32x32 floats whose bytes come from standard input.
npy() {
    {
        printf '\223NUMPY\001\000\166\000'
        printf "%-117s\n" "{'descr': '<f4', 'fortran_order': False, 'shape': (32, 32), }"
        cat
    } >"$1"
}

# A pair of BART files of 32x32 complex numbers.
cfl() {
    printf '# Dimensions\n32 32\n' >"$1.hdr"
    cat >"$1.cfl"
}

# $1 bytes of zeros with $2 (octal escapes of 4 bytes) in the middle.
numbers() {
    head -c $(($1 / 2)) /dev/zero
    # shellcheck disable=SC2059
    printf "$2"
    head -c $(($1 / 2 - 4)) /dev/zero
}

cd in || exit 1
good phantom --shape 32,32 image.npy
good phantom --shape 16,16 other.npy
good phantom --shape 9,32,32 volume.npy
good convert image.npy image.cfl
good convert other.npy other.cfl
good phantom --kind gaussian --shape 20,32 A.npy
good phantom --kind sparse --shape 20 --nonzeros 20 y.npy
good phantom --kind gaussian --shape 4,1024 B.npy
good phantom --kind gaussian --shape 1024,4 C.npy
good phantom --kind sparse --shape 32 --nonzeros 5 x.npy
good mask --shape 32,32 --accel 2 --acs 8 mask.npy
good simulate image.npy --mask mask.npy --coils 4 scan
good prior fit image.npy --levels 2 --shifts 1 image.csk
good prior expect image.csk image.npy image.npy expect.csk
good prior fit image.npy --no-phase --levels 2 --shifts 1 real.csk
head -c 1000 image.npy >truncated.npy
head -c 1000 image.csk >truncated.csk
cp image.hdr truncated.hdr
head -c 1000 image.cfl >truncated.cfl
numbers 4096 '\000\000\300\177' | npy nan.npy
numbers 8192 '\000\000\300\177' | cfl nan
numbers 4096 '\000\000\000\000' | npy zeros.npy
numbers 8192 '\000\000\000\000' | cfl zeros
mkdir directory.npy directory.cfl directory.csk
cp image.hdr directory.hdr
for kind in npy cfl; do
    cp other.$kind shape.$kind
done
cp other.hdr shape.hdr
cd ..
ls -A in >in.before

# -- a disk without room -------------------------------------------------------------------

mkdir small
if mount -t tmpfs -o size=64k csk-errors small 2>/dev/null; then
    full=$PWD/small
    head -c 100000 /dev/zero >small/fill 2>/dev/null
    rm_from_small() {
        find small -mindepth 1 ! -name fill -exec rm -rf {} +
    }
else
    say "a small disk cannot be mounted here; files are limited to 512 bytes instead"
fi

# -- one run -------------------------------------------------------------------------------

failures=0 runs=0

# complain NAME WHAT
complain() {
    failures=$((failures + 1))
    say "$1: $2"
    say "  csk $command"
    sed 's/^/  stderr: /' err >&2
}

# left_behind DIRECTORY: what is in it and should not be
left_behind() {
    ls -A "$1" | grep -v '^fill$'
    ls -A in | diff in.before - | sed -n 's/^> //p'
}

# expect NAME CODE DIRECTORY COMMAND: run it, check everything.
expect() {
    name=$1 want=$2 where=$3 command=$4
    runs=$((runs + 1))
    # shellcheck disable=SC2086 # a command line of plain words
    (cd in && exec csk $command) >out.txt 2>err </dev/null
    code=$?
    if [ "$want" = ok ]; then
        [ $code = 0 ] || complain "$name" "exit code $code, not 0"
        rm -rf out
        mkdir out
        return
    fi
    [ $code = "$want" ] || complain "$name" "exit code $code, not $want"
    [ "$(wc -l <err)" -eq 1 ] || complain "$name" "not one line on standard error"
    grep -q "^csk $verb: ." err || complain "$name" "the line does not begin with 'csk $verb: '"
    [ ! -s out.txt ] || complain "$name" "something on standard output"
    left=$(left_behind "$where")
    [ -z "$left" ] || complain "$name" "left behind: $left"
    rm -rf out
    mkdir out
}

# exception FAULT: ok, none or nothing
exception() {
    for e in $exceptions; do
        case $e in
        "$1="*) echo "${e#*=}" ;;
        esac
    done
}

# put LINE IN OUT: the command with its files
put() {
    printf '%s\n' "$1" | sed "s#\\bIN\\.#$2.#g; s#\\bOUT#$3#g"
}

# attempt FAULT CODE DIRECTORY COMMAND
attempt() {
    except=$(exception "$1")
    case $except in
    none) ;;
    ok) expect "$1" ok "$3" "$4" ;;
    *) expect "$1" "$2" "$3" "$4" ;;
    esac
}

verb_of() { # the words before the first file or option
    set -- $1
    case "$1 ${2-}" in
    'prior '[a-z]*) echo "$1 $2" ;;
    *) echo "$1" ;;
    esac
}

# -- the table -----------------------------------------------------------------------------

trim() {
    printf '%s\n' "$1" | sed 's/^ *//; s/ *$//'
}

while IFS='|' read -r line range exceptions; do
    case $line in
    '' | '#'*) continue ;;
    esac
    line=$(trim "$line")
    range=$(trim "$range")
    verb=$(verb_of "$line")
    [ -z "$only" ] || [ "$only" = "$verb" ] || continue

    expect good ok out "$(put "$line" image ../out/x)"
    case $line in
    *IN.*)
        for fault in missing truncated nan zeros shape directory; do
            attempt $fault 3 out "$(put "$line" $fault ../out/x)"
        done
        ;;
    esac
    attempt unknown 2 out "$(put "$line --no-such-option" image ../out/x)"
    attempt range 2 out "$(put "$line $range" image ../out/x)"
    if [ -n "$full" ]; then
        attempt full 1 small "$(put "$line" image ../small/x)"
        rm_from_small
    elif [ "$(exception full)" != none ]; then
        ( # a write beyond the limit fails as on a full disk if the signal is ignored
            trap '' XFSZ
            ulimit -f 1
            failures=0
            expect full 1 out "$(put "$line" image ../out/x)"
            exit $failures
        ) || failures=$((failures + $?))
    fi
done <"$table"

say "$runs runs, $failures failures"
[ $runs -gt 0 ] && [ $failures = 0 ]
