#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Inverse problems on 256x256 pieces of photographs: distance to the truth against score
# evaluations, of annealed Langevin dynamics and of others. Tables in Markdown, two figures.
#
# usage: inverse.sh [PRIOR]     a file, or a name of csk prior list (default: natural)
#
#   TASKS        (default: inpaint30 inpaint50 inpaint70 super4 blur3), the number of inpaint is the
#                percentage of the pixels that is missing
#   SAMPLERS     (default: langevin dps diffpir daps); also paper, Langevin dynamics in the order of
#                the paper: 8 evaluations of diffusion first, the rest after it
#   EVALUATIONS  score evaluations a sample (default: 4 8 16 32 64)
#   IMAGES       numbers of Kodak pictures (default: 03 08 13 19)
#   TUNE         the picture with which settings are found (default: 05)
#   SAMPLES      for each (default: 8)
#   RESTORE      more options for csk restore, such as all SAMPLERS take
#   OUT          where everything is left (default: build/bench/inverse); what is already in
#                OUT/results and OUT/tried is not done again; if it is of another csk, prior, number of
#                samples, RESTORE or TUNE it is refused
#   CSK, DATA    the program, the shared data
#
# Every setting in candidates() is tried for each task and number of evaluations on TUNE. What is
# compared is tuned for: one sample has the setting whose sample is the nearest, the mean of two and
# that of all those whose means are. Langevin dynamics has csk's defaults but for 4 and 8 evaluations,
# and always in the order of the paper, which needs more than those.
set -eu
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need gnuplot
prior=$(prior_file "${1:-natural}")
tasks=${TASKS:-inpaint30 inpaint50 inpaint70 super4 blur3}
samplers=${SAMPLERS:-langevin dps diffpir daps}
evaluations=${EVALUATIONS:-4 8 16 32 64}
samples=${SAMPLES:-8}
images=${IMAGES:-03 08 13 19}
tuning=${TUNE:-05}
noise=0.05

# The operator of a task, as csk names it.
operator() {
    case $1 in
    inpaint*) echo "inpaint:$1.npy" ;;
    super*) echo "downsample:${1#super}" ;;
    blur*) echo "blur:${1#blur}" ;;
    esac
}

# Settings with which a sampler makes so many evaluations, 4 at least, or a little less: lines. Those
# of the others hold what their authors use: DiffPIR's lambda and zeta, and DAPS's levels from a flow
# of several steps to 0.1 by Langevin steps for a fifth of the noise; fewer steps, the true noise and
# less of it at the end are better for few evaluations.
candidates() {
    case $1 in
    langevin)
        echo "--levels $(($2 / 2)) --steps 2"
        [ "$2" -le 8 ] || return 0
        # Few levels: begin with less noise, or end with more and spend one evaluation on it, or
        # begin with more and take shorter steps.
        echo "--levels $(($2 / 2)) --steps 2 --sigma 0.12"
        for start in "" "--sigma 0.12"; do
            echo "--levels $(($2 - 1)) --steps 1 --t-min 0.05 --denoise-samples $start"
            [ "$2" -lt 6 ] ||
                echo "--levels $(($2 / 2 - 1)) --steps 2 --t-min 0.04 --denoise-samples $start"
        done
        short="--levels $(($2 - 1)) --steps 1 --denoise-samples --sigma 0.6"
        echo "$short --t-min 0.15 --step 1.3"
        [ "$2" -lt 6 ] || echo "$short --t-min 0.05 --step 1.1"
        ;;
    paper)
        [ "$2" -lt 10 ] ||
            echo "--order paper --diffusion-levels 8 --levels $((($2 - 8) / 2)) --steps 2"
        ;;
    dps) # the derivative of the denoiser is an evaluation, too
        levels=$(($2 / 2))
        for walk in 30 100 300 1000 3000; do
            echo "--dps-levels $levels --dps-unit 0.5 --dps-scale $(calculate "$walk / $levels")"
        done
        ;;
    diffpir)
        for lambda in 0.25 1 4; do
            for zeta in 0.1 0.5 1; do
                echo "--diffpir-levels $2 --diffpir-lambda $lambda --diffpir-zeta $zeta"
            done
        done
        ;;
    daps)
        for steps in 1 2 4; do
            flow="--daps-levels $(($2 / steps)) --daps-ode-steps $steps"
            echo "$flow --daps-data langevin --daps-noise 0.2 --daps-t-min 0.1"
            [ "$steps" -le 2 ] || continue
            echo "$flow --daps-data langevin --daps-noise 0.2 --daps-t-min 0.03"
            for share in 0.5 1; do
                echo "$flow --daps-data exact --daps-noise $share --daps-t-min 0.03"
            done
        done
        echo "$flow --daps-data exact" # one evaluation at its last level
        ;;
    esac
}

# distance IMAGE: the root mean square of its difference to the truth
distance() {
    "$csk" metric "truth-$image.npy" "$1" --peak 1 --json | tr ',{}' '\n' |
        awk -F: '/"psnr"/ { printf "%.5f ", 10 ^ (-$2 / 20) }'
}

# Is it annealed Langevin dynamics, whose samples are antithetic pairs?
in_pairs() {
    [ "$1" = langevin ] || [ "$1" = paper ]
}

# restore SAMPLES OPTION...: task and image into the folder rec
restore() {
    count_of_samples=$1
    shift
    name=$sampler
    ! in_pairs "$sampler" || name=langevin
    # shellcheck disable=SC2086 # a list of options
    "$csk" restore "$task-$image.npy" --operator "$(operator "$task")" --noise $noise \
        --prior "$prior" --sampler "$name" --samples "$count_of_samples" "$@" \
        ${RESTORE-} --force -q --out rec >log 2>&1
}

# The share of the pixels, in per cent, at which the samples' 90 % interval holds the truth
coverage() {
    "$csk" metric "truth-$image.npy" rec/mean.npy --samples rec/samples.npy | number coverage
}

# mean_from FIRST COUNT: distance of the mean of COUNT samples
mean_from() {
    quietly "$csk" convert rec/samples.npy --slice "0=$1:$(($1 + $2))" --mean 0 --force one.npy
    distance one.npy
}

prepare() {
    quietly "$csk" convert "$data/natural/kodak24/kodim$image.png" --crop 256,256 --force \
        "truth-$image.npy"
    quietly "$csk" simulate "truth-$image.npy" --operator "$(operator "$task")" \
        --noise $noise --seed "1$image" --force "$task-$image"
}

# Every line of settings on the tuning picture, unless there is but one, into "tried":
# task sampler evaluations number distances of a sample and of the mean of two. A setting that does not
# run has none.
try() {
    [ "$(wc -l <settings)" -gt 1 ] || return 0
    image=$tuning
    prepare
    setting_number=0
    while read -r setting; do
        setting_number=$((setting_number + 1))
        key="$task $sampler $count $setting_number"
        ! grep -q "^$key " tried || continue
        # shellcheck disable=SC2086 # a list of options
        if restore 2 $setting </dev/null; then
            echo "$key $(mean_from 0 1) $(mean_from 1 1) $(distance rec/mean.npy)" >>tried
        else
            echo "$key" >>tried
        fi
    done <settings
}

# The numbers of the settings that are the nearest with one sample, with the mean of two and with that
# of all, into "chosen": task sampler evaluations number of samples, setting. Means of more than two
# follow as in average() below; those of two antithetic samples are taken for them.
choose() {
    pairs=0
    ! in_pairs "$sampler" || pairs=1
    awk -v key="$task $sampler $count" -v all="$samples" -v pairs="$pairs" '
    function weigh(of, number, distance) {
        if (!(of in least) || distance < least[of]) {
            least[of] = distance
            best[of] = number
        }
    }
    $1 " " $2 " " $3 != key || NF < 7 { next }
    {
        one = ($5 * $5 + $6 * $6) / 2
        two = $7 * $7
        far = 2 * two - one
        if (far < 0)
            far = 0
        weigh(1, $4, one)
        weigh(2, $4, two)
        weigh(all, $4, pairs ? two : far + (one - far) / all)
    }
    END {
        for (of in best)
            print key, of, best[of]
    }' tried >best
    [ "$(wc -l <settings)" -gt 1 ] ||
        printf "$task $sampler $count %s 1\n" 1 2 "$samples" | sort -u >best
    cat best >>chosen
    [ -s best ]
}

# Lines of results: task sampler evaluations setting image evaluated seconds coverage, distance of the
# mean, of each sample. Lines of pairs: the first five, distances of the means of two antithetic samples.
# A line is appended when it is whole, pairs first: an interruption leaves no half.
measure() {
    # shellcheck disable=SC2013 # numbers
    for setting_number in $(awk '{ print $5 }' best | sort -u); do
        setting=$(sed -n "${setting_number}p" settings)
        for image in $images; do
            key="$task $sampler $count $setting_number $image"
            grep -q "^$key " results && continue
            prepare
            # shellcheck disable=SC2086 # a list of options
            restore "$samples" $setting || {
                echo "$key: $(tail -1 log)" >&2
                continue
            }
            row="$(calculate "$(number "score evaluations" <log) / $samples")"
            row="$row $(number "seconds sampling" <log) $(coverage) $(distance rec/mean.npy)"
            two=
            k=0
            while [ $k -lt "$samples" ]; do
                row="$row $(mean_from $k 1)"
                if in_pairs "$sampler" && [ $((k % 2)) = 1 ]; then
                    two="$two $(mean_from $((k - 1)) 2)"
                fi
                k=$((k + 1))
            done
            [ -z "$two" ] || echo "$key $two" >>pairs
            echo "$key $row" >>results
        done
    done
}

# Means over images, lines of means: task sampler budget, evaluated, distance of a sample, of the mean
# of two, of all, of infinitely many, coverage; the first three with the settings chosen for them, the
# others with that for the mean of all. All are roots of mean squares for an image. With m, s the
# mean squares of the errors of the mean of n and of one, independent ones make that of infinitely
# many (n m - s) / (n - 1), and that of two, on average over all pairs, half way from there to s.
# Langevin's samples are antithetic pairs, whose errors cancel: for these the means of two are measured,
# and it is they that are independent. Without the last column the others would be wronged.
average() {
    awk -v images=" $images " -v samples="$samples" '
    function limit(n, m, s) {
        m = n > 1 ? (n * m - s) / (n - 1) : m
        return m > 0 ? m : 0
    }
    function squares(from, to, k, sum) {
        for (k = from; k <= to; k++)
            sum += $k * $k
        return sum / (to - from + 1)
    }
    FILENAME == "chosen" {
        goal[$1 " " $2 " " $3, $4] = $1 " " $2 " " $3 " " $5
        next
    }
    index(images, " " $5 " ") == 0 { next }
    FILENAME == "pairs" {
        two[$1, $2, $3, $4, $5] = squares(6, NF)
        next
    }
    NF != 9 + samples {
        print "inverse.sh: results: not " samples " samples: " $0 >"/dev/stderr"
        next
    }
    {
        key = $1 " " $2 " " $3 " " $4
        n[key]++
        seen[key] += $6
        covered[key] += $8
        mean[key] += $9
        square = squares(10, NF)
        one[key] += sqrt(square)
        if (($1, $2, $3, $4, $5) in two) {
            pair = two[$1, $2, $3, $4, $5]
            far = limit(samples / 2, $9 * $9, pair)
        } else {
            far = limit(samples, $9 * $9, square)
            pair = (far + square) / 2
            if ($2 == "langevin" || $2 == "paper")
                print "inverse.sh: pairs: nothing of " key " " $5 >"/dev/stderr"
        }
        of_two[key] += sqrt(pair)
        many[key] += sqrt(far)
    }
    END {
        for (k in goal) {
            split(k, part, SUBSEP)
            if (part[2] != 1)
                continue
            a = goal[k]
            b = goal[part[1], 2]
            c = goal[part[1], samples]
            if (n[a] && n[b] && n[c])
                print part[1], seen[a] / n[a], one[a] / n[a], of_two[b] / n[b],
                    mean[c] / n[c], many[c] / n[c], covered[c] / n[c]
        }
    }' chosen pairs results | sort -k1,1 -k2,2 -k3,3n >means
}

# What N evaluations in all can buy: for each sampler the nearest to the truth of one sample with N,
# the mean of two with N/2 each and the mean of all, of N/samples each. The truth chooses, for all
# alike. Lines of equal: task sampler evaluations, distance, number of samples.
equal() {
    awk -v all="$samples" '
    function spend(total, of, distance, key) {
        key = $1 " " $2 " " total
        if (!(key in best) || distance < best[key]) {
            best[key] = distance
            by[key] = of
        }
    }
    {
        spend($3, 1, $5)
        spend(2 * $3, 2, $6)
        spend(all * $3, all, $7)
    }
    END {
        for (key in best)
            print key, best[key], by[key]
    }' means | sort -k1,1 -k2,2 -k3,3n >equal
}

# The lines of equal, a column for each sampler; rows that one sampler has not run, but could, are
# left out.
equal_table() {
    # shellcheck disable=SC2086 # a list of words
    echo "| task | evaluations in all |$(printf ' %s |' $samplers)"
    # shellcheck disable=SC2086
    echo "|---|---|$(printf -- '---|%.0s' $samplers)"
    awk -v tasks="$tasks" -v samplers="$samplers" '
    {
        best[$1, $3, $2] = $4
        by[$1, $3, $2] = $5
        totals[$3]
        if (!(($1, $2) in first) || $3 < first[$1, $2])
            first[$1, $2] = $3
    }
    END {
        n = split(tasks, task, " ")
        m = split(samplers, sampler, " ")
        for (i = 1; i <= n; i++)
            for (total = 1; total <= 65536; total++) {
                if (!(total in totals))
                    continue
                row = "| " task[i] " | " total " |"
                least = ""
                full = 1
                for (j = 1; j <= m; j++) {
                    found = (task[i], total, sampler[j]) in best
                    full = full && (found || first[task[i], sampler[j]] > total)
                    if (found && (least == "" || best[task[i], total, sampler[j]] < least))
                        least = best[task[i], total, sampler[j]]
                }
                for (j = 1; j <= m; j++) {
                    if (!((task[i], total, sampler[j]) in best)) {
                        row = row " |"
                        continue
                    }
                    near = best[task[i], total, sampler[j]]
                    mark = near == least ? "**" : ""
                    row = row sprintf(" %s%.4f%s (%d) |", mark, near, mark,
                                      by[task[i], total, sampler[j]])
                }
                if (full)
                    print row
            }
    }' equal
}

# panels FILE X Y MOST LABEL: one for each task, in it a curve for each sampler, of columns X and Y of
# FILE, which begins with task and sampler. What lies beyond MOST times the least would press the rest
# flat.
panels() {
    file=$1
    across=$2
    up=$3
    most=$4
    label=$5
    # shellcheck disable=SC2086 # a list of words
    set -- $tasks
    echo "set terminal pngcairo size 1300,$(((($# + 2) / 3) * 440)) font 'DejaVu Sans,10'"
    echo "set output 'figure-$file.png'"
    echo "set multiplot layout $((($# + 2) / 3)),3"
    echo "set logscale x 2; set grid; set xlabel 'score evaluations $label'"
    echo "set ylabel 'L2 to the truth, a pixel'; set key below; set format y '%.3f'"
    for task in "$@"; do
        least=$(awk -v t="$task" -v c="$up" \
            '$1 == t && (!n++ || $c < m) { m = $c } END { print m }' "$file")
        plot="set title '$task'; set yrange [0.95*$least:$most*$least]; plot "
        color=0
        for sampler in $samplers; do
            color=$((color + 1))
            curve=curve-$file-$task-$sampler
            awk -v t="$task" -v s="$sampler" -v x="$across" -v y="$up" \
                '$1 == t && $2 == s { print $x, $y }' "$file" >"$curve"
            [ -s "$curve" ] || continue
            plot="$plot '$curve' with linespoints lc $color pt $color title '$sampler', "
        done
        echo "${plot%,*}"
    done
}

# draw FILE X Y MOST LABEL: the panels as a picture
draw() {
    panels "$@" >figure.gnuplot
    quietly gnuplot figure.gnuplot
    echo "Figure: $out/figure-$1.png (score evaluations $5)"
}

for word in $evaluations; do
    [ "$word" -ge 4 ] 2>/dev/null || {
        echo "inverse.sh: '$word' is no number of evaluations of at least 4" >&2
        exit 2
    }
done
for word in $tasks $samplers $evaluations $samples; do
    case $word in
    inpaint[1-9] | inpaint[1-9][0-9] | super[1-9]* | blur[0-9]* | langevin | paper | dps | diffpir | daps) ;;
    [1-9] | [1-9][0-9] | [1-9][0-9][0-9]) ;;
    *)
        echo "inverse.sh: '$word' is no task, sampler, number of evaluations or samples" >&2
        exit 2
        ;;
    esac
done
for image in $images $tuning; do
    [ -e "$data/natural/kodak24/kodim$image.png" ] || {
        echo "inverse.sh: there is no $data/natural/kodak24/kodim$image.png" >&2
        exit 2
    }
done
cd "$out"
quietly "$csk" prior info -- "$prior"
[ "$(grep -c '^field  *real$\|^axes  *2$' log)" = 2 ] || {
    echo "inverse.sh: $prior is no prior of real images of two axes" >&2
    exit 2
}
about="prior $(awk '/^sha256 / { print $2 }' log), $samples samples, options '${RESTORE-}', tuned on $tuning"
about="$about, csk $(sha256sum <"$csk"), settings $({
    for sampler in langevin paper dps diffpir daps; do
        for count in 4 8 16 32; do
            candidates $sampler $count
        done
    done
} | cksum)"
if { [ -s results ] || [ -s tried ]; } && [ "$(cat about 2>&1)" != "$about" ]; then
    echo "inverse.sh: $out holds results of $(cat about 2>&1); name another OUT for $about" >&2
    exit 2
fi
echo "$about" >about
touch results pairs tried
: >chosen
for task in $tasks; do
    case $task in
    inpaint*)
        quietly "$csk" mask --shape 256,256 --kind random --acs 0 --seed 1 --force \
            --accel "$(calculate "100 / (100 - ${task#inpaint})" %.9g)" "$task.npy"
        ;;
    esac
    for sampler in $samplers; do
        for count in $evaluations; do
            candidates "$sampler" "$count" >settings
            [ -s settings ] || continue
            try
            if choose; then
                measure
            else
                echo "inverse.sh: $task: $sampler does not run with $count evaluations" >&2
            fi
        done
    done
done
average
echo "| task | sampler | score evaluations | a sample | mean of 2 | mean of $samples | of many | in the 90 % interval |"
echo "|---|---|---|---|---|---|---|---|"
for task in $tasks; do
    for count in $evaluations; do
        for sampler in $samplers; do
            awk -v key="$task $sampler $count" '$1 " " $2 " " $3 == key {
                printf "| %s | %s | %.0f | %.4f | %.4f | %.4f | %.4f | %.0f %% |\n",
                    $1, $2, $4, $5, $6, $7, $8, $9
            }' means
        done
    done
done
echo
equal
equal_table
echo
draw equal 3 4 1.6 "in all"
draw means 4 5 1.8 "a sample"
