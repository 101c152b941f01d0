# Sourced by the scripts beside it, with $csk set: a scratch directory, where `csk` is the
# program under test and $tests the folder tests/ of the source, removed at the end.
here=$(cd "$(dirname "$0")" && pwd)
tests=$(dirname "$here")
export tests
LSAN_OPTIONS=suppressions=$here/lsan.supp:print_suppressions=0
export LSAN_OPTIONS
scratch=$(mktemp -d) || exit 1
cleanup() {
    rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 1' HUP INT PIPE TERM
mkdir "$scratch/bin" "$scratch/work"
ln -s "$csk" "$scratch/bin/csk"
PATH=$scratch/bin:$PATH
export PATH
cd "$scratch/work" || exit 1
