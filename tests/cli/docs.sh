#!/bin/sh
# Manual pages without warnings, and docs/cli as the program describes itself now.
#
#   docs.sh CSK DOCS     DOCS: the directory with csk.md, csk-VERB.md; ./dev docs makes it
set -u
csk=$1 docs=$2
. "$(dirname "$0")/common.sh"
mkdir man markdown
csk help --man --into man && csk help --markdown --into markdown || exit 1
if command -v groff >/dev/null; then
    for page in man/*; do
        groff -man -ww -z "$page" 2>>warnings
    done
    if [ -s warnings ]; then
        cat warnings
        exit 1
    fi
else
    echo "skipped, there is no groff to check the manual pages"
fi
if [ ! -d "$docs" ]; then
    echo "skipped, there is no $docs to compare with"
    exit 77
fi
diff -r "$docs" markdown && exit
echo "run ./dev docs"
exit 1
