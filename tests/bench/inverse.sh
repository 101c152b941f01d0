#!/bin/sh
# Inverse problems on 256x256 pieces of photographs: distance to the truth against score
# evaluations, of annealed Langevin dynamics and of others. A table in Markdown, a figure.
#
# usage: inverse.sh [PRIOR]     a file, or a name of csk prior list (default: natural)
#
#   TASKS        (default: inpaint30 inpaint50 inpaint70 super4 blur3), the number of inpaint is the
#                percentage of the pixels that is missing
#   SAMPLERS     (default: langevin dps diffpir daps)
#   EVALUATIONS  score evaluations a sample (default: 8 16 32 64 128)
#   IMAGES       numbers of Kodak pictures (default: 03 08 13 19)
#   SAMPLES      for each (default: 4)
#   RESTORE      more options for csk restore
#   OUT          where everything is left (default: build/bench/inverse); what is already in
#                OUT/results is not done again
#   CSK, DATA    the program, the shared data
set -eu
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need gnuplot
prior=$(prior_file "${1:-natural}")
tasks=${TASKS:-inpaint30 inpaint50 inpaint70 super4 blur3}
samplers=${SAMPLERS:-langevin dps diffpir daps}
evaluations=${EVALUATIONS:-8 16 32 64 128}
samples=${SAMPLES:-4}
noise=0.05

# The operator of a task, as csk names it.
operator() {
    case $1 in
    inpaint*) echo "inpaint:$1.npy" ;;
    super*) echo "downsample:${1#super}" ;;
    blur*) echo "blur:${1#blur}" ;;
    esac
}

# Options with which a sampler makes so many evaluations.
budget() {
    case $1 in
    langevin) echo "--levels $(($2 / 2)) --steps 2" ;;
    daps) echo "--sampler daps --daps-levels $(($2 / 4)) --daps-ode-steps 4" ;;
    dps) echo "--sampler dps --dps-levels $(($2 / 2))" ;; # a derivative is an evaluation, too
    *) echo "--sampler $1 --$1-levels $2" ;;
    esac
}

# distance IMAGE: the root mean square of its difference to the truth
distance() {
    "$csk" metric "truth-$image.npy" "$1" --peak 1 --json | tr ',{}' '\n' |
        awk -F: '/"psnr"/ { printf "%.5f ", 10 ^ (-$2 / 20) }'
}

# task sampler evaluations image evaluated seconds, distance of the mean, of each sample
restore() {
    # shellcheck disable=SC2046,SC2086 # lists of options
    "$csk" restore "$task-$image.npy" --operator "$(operator "$task")" --noise $noise \
        --prior "$prior" --samples "$samples" $(budget "$sampler" "$count") ${RESTORE-} \
        --force -q --out rec >log 2>&1 || return 0
    printf '%s %s %s %s ' "$task" "$sampler" "$count" "$image"
    calculate "$(number "score evaluations" <log) / $samples"
    printf ' %s ' "$(number "seconds sampling" <log)"
    distance rec/mean.npy
    k=0
    while [ $k -lt "$samples" ]; do
        quietly "$csk" convert rec/samples.npy --slice 0=$k --force one.npy
        distance one.npy
        k=$((k + 1))
    done
    echo
}

# All images of one task, sampler and number of evaluations; done already: nothing.
measure() {
    for image in ${IMAGES:-03 08 13 19}; do
        grep -q "^$task $sampler $count $image " results && continue
        quietly "$csk" convert "$data/natural/kodak24/kodim$image.png" --crop 256,256 --force \
            "truth-$image.npy"
        quietly "$csk" simulate "truth-$image.npy" --operator "$(operator "$task")" \
            --noise $noise --seed "1$image" --force "$task-$image"
        restore >>results
    done
}

cd "$out"
touch results
for task in $tasks; do
    case $task in
    inpaint*)
        quietly "$csk" mask --shape 256,256 --kind random --acs 0 --seed 1 --force \
            --accel "$(calculate "100 / (100 - ${task#inpaint})" %.9g)" "$task.npy"
        ;;
    esac
    for sampler in $samplers; do
        for count in $evaluations; do
            measure
        done
    done
done

# Means over images, of the distance of a sample and of the mean of the samples.
awk '{
    key = $1 " " $2 " " $3
    n[key]++
    seen[key] += $5
    mean[key] += $7
    for (k = 8; k <= NF; k++)
        one[key] += $k / (NF - 7)
}
END {
    for (key in n)
        print key, seen[key] / n[key], one[key] / n[key], mean[key] / n[key]
}' results | sort -k1,1 -k2,2 -k3,3n >means

echo "| task | sampler | score evaluations | a sample | mean of $samples |"
echo "|---|---|---|---|---|"
awk '{ printf "| %s | %s | %.0f | %.4f | %.4f |\n", $1, $2, $4, $5, $6 }' means

{
    # shellcheck disable=SC2086 # a list of words
    set -- $tasks
    echo "set terminal pngcairo size 1200,$(((($# + 2) / 3) * 380)) font 'DejaVu Sans,10'"
    echo "set output 'figure.png'"
    echo "set multiplot layout $((($# + 2) / 3)),3"
    echo "set logscale x 2; set grid; set xlabel 'score evaluations'"
    echo "set ylabel 'L2 to the truth, a pixel'; set key top right"
    for task in $tasks; do
        plot="set title '$task'; plot "
        for sampler in $samplers; do
            awk -v t="$task" -v s="$sampler" '$1 == t && $2 == s { print $4, $5, $6 }' means \
                >"curve-$task-$sampler"
            [ -s "curve-$task-$sampler" ] || continue
            plot="$plot 'curve-$task-$sampler' using 1:2 with linespoints title '$sampler',"
        done
        echo "${plot%,}"
    done
} >figure.gnuplot
quietly gnuplot figure.gnuplot
echo
echo "Figure: $out/figure.png"
