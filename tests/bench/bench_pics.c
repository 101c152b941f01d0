/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole runs of `csk solve` and `bart pics`, files and start-up included: l1-wavelet, 8 coils,
 * 256x256, R = 4, the same data, maps, wavelet and weight, 100 iterations. Both images are judged
 * by one piece of code: the objective P(x) = 1/2 ||A x - b||^2 + lambda ||W x||_1, its mean over
 * random shifts of W (which is nearer to what random shifts look for), and PSNR.
 *
 *   bench_pics /path/to/csk
 */
#include "cs/array.h"
#include "cs/format.h"
#include "cs/mem.h"
#include "cs/metric.h"
#include "cs/prox.h"
#include "cs/vec.h"
#include "operators/sense.h"
#include "operators/wavelet.h"
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDE = 256, ROUNDS = 7, SHIFTS = 16 };

static const double weight = .001; /* of BART, in its units */

static void run(const char *line)
{
    if (system(line) != 0) {
        (void)fprintf(stderr, "failed: %s\n", line);
        exit(EXIT_FAILURE);
    }
}

/* -- the judge ------------------------------------------------------------------------- */

typedef struct judge {
    csk_array kspace, maps, truth;
    csk_linop *A;
    csk_prox *g, *l1;
    csk_wavelet *W;
    double lambda;
    float *b, *residual, *c, *work;
} judge;

typedef struct verdict {
    double objective, shifted; /* P(x), and its mean over SHIFTS shifts of the image */
    double psnr;
} verdict;

static void judge_init(judge *j, double lambda)
{
    const int64_t n = (int64_t)SIDE * SIDE;
    uint8_t *mask = bench_alloc(n, 1);

    *j = (judge){ .lambda = lambda };
    bench_ok(csk_read(&j->kspace, "scan.cfl"));
    bench_ok(csk_read(&j->maps, "scan-coils.cfl"));
    bench_ok(csk_read(&j->truth, "scan-truth.npy"));
    const int64_t len = csk_space_size(&j->kspace.space);
    const float *y = j->kspace.data;
    for (int64_t i = 0; i < len; i++)
        mask[i % n] |= y[2 * i] != 0.f || y[2 * i + 1] != 0.f;
    bench_ok(csk_linop_sense(&j->A, &j->maps.space, j->maps.data, mask));
    bench_ok(csk_prox_wavelet_l1(&j->g, &j->truth.space, 3u, "db2", 4, false));
    bench_ok(csk_prox_l1(&j->l1, &j->truth.space));
    bench_ok(csk_wavelet_new(&j->W, &j->truth.space, 3u, "db2", 4));
    j->c = bench_alloc(csk_space_len(&j->truth.space), sizeof(*j->c));
    j->b = bench_alloc(csk_linop_rows(j->A), sizeof(*j->b));
    j->residual = bench_alloc(csk_linop_rows(j->A), sizeof(*j->b));
    j->work = bench_alloc(csk_linop_work_len(j->A) + j->g->work_len +
                              csk_wavelet_work_len(j->W) + j->l1->work_len,
                          sizeof(*j->work));
    float *b = j->b;
    for (int64_t i = 0; i < len; i++) {
        if (mask[i % n]) {
            *b++ = y[2 * i];
            *b++ = y[2 * i + 1];
        }
    }
    csk_free(mask);
}

static void judge_clear(judge *j)
{
    csk_array_clear(&j->kspace), csk_array_clear(&j->maps), csk_array_clear(&j->truth);
    csk_linop_unref(j->A);
    csk_prox_free(j->g), csk_prox_free(j->l1);
    csk_wavelet_free(j->W);
    csk_free(j->b), csk_free(j->residual), csk_free(j->c), csk_free(j->work);
}

static verdict judge_image(const judge *j, const char *path)
{
    csk_array x = { .data = NULL };
    csk_metrics m;

    bench_ok(csk_read(&x, path));
    csk_linop_apply(j->A, j->residual, x.data, j->work);
    const double distance = csk_distance(csk_linop_rows(j->A), j->residual, j->b);
    bench_ok(csk_metric(&m, &x, &j->truth, NULL));
    verdict v = { .psnr = m.psnr };
    const double data = .5 * distance * distance;
    v.objective = data + j->lambda * csk_prox_value(j->g, x.data, j->work);
    for (uint32_t k = 0; k < SHIFTS; k++) {
        int64_t shift[2];
        csk_wavelet_random_shift(j->W, 1, 0, k, shift);
        csk_wavelet_forward(j->W, j->c, x.data, shift, j->work);
        v.shifted += (data + j->lambda * csk_prox_value(j->l1, j->c, j->work)) / SHIFTS;
    }
    csk_array_clear(&x);
    return v;
}

/* -- the runs -------------------------------------------------------------------------- */

/* BART divides the data by this, hence its weight by this too. */
static double scaling_of_bart(void)
{
    char line[256];
    double scaling = 0.;
    FILE *log;

    run("bart pics -d4 -S -l1 -r 0.001 -i 1 scan scan-coils out >log 2>&1");
    log = fopen("log", "r");
    while (log && fgets(line, sizeof(line), log)) {
        const char *found = strstr(line, "Inverse scaling of the data: ");
        if (found)
            scaling = strtod(strchr(found, ':') + 1, NULL);
    }
    if (log)
        (void)fclose(log);
    if (!(scaling > 0.)) {
        (void)fprintf(stderr, "bart pics does not say how it scales the data\n");
        exit(EXIT_FAILURE);
    }
    return scaling;
}

static double seconds_of(const char *line)
{
    const double start = bench_now();

    run(line);
    return bench_now() - start;
}

static const char *word(bool good)
{
    return good ? "yes" : " NO";
}

/* One form of the method, with all threads and with one. */
static bool compare(const judge *j, const char *csk, const char *name,
                    const char *csk_option, const char *bart_option, int threads)
{
    double ours[ROUNDS], theirs[ROUNDS], ratio[ROUNDS];
    char ours_line[512], theirs_line[512], count[16];

    (void)snprintf(count, sizeof(count), "%d", threads);
    (void)setenv("OMP_NUM_THREADS", count, 1);
    (void)snprintf(
        ours_line, sizeof(ours_line),
        "%s solve scan.cfl --coils scan-coils.cfl --method l1-wavelet --wavelet "
        "db2 --lambda %.9g --max-iter 100 %s --force -q ours.npy >log 2>&1",
        csk, j->lambda, csk_option);
    (void)snprintf(theirs_line, sizeof(theirs_line),
                   "bart pics -S -l1 -r %g -i 100 %s scan scan-coils out >log 2>&1",
                   weight, bart_option);
    const double others = bench_foreign(), start = bench_now();
    for (int r = 0; r < ROUNDS; r++) {
        ours[r] = seconds_of(ours_line);
        theirs[r] = seconds_of(theirs_line);
        ratio[r] = ours[r] / theirs[r];
    }
    const double foreign = (bench_foreign() - others) / (bench_now() - start);
    const verdict a = judge_image(j, "ours.npy"), b = judge_image(j, "out.cfl");
    const double share = bench_median(ROUNDS, ratio);
    const bool fast = share <= 1. / 3., low = a.objective <= b.objective,
               good = a.psnr >= b.psnr - .05;
    (void)printf(
        "%-26s %2d %6.2f %6.2f %7.3f %8.4f %8.4f %8.4f %8.4f %6.2f %6.2f  %s %s %s "
        "%7.2f\n",
        name, threads, bench_median(ROUNDS, ours), bench_median(ROUNDS, theirs), share,
        a.objective, b.objective, a.shifted, b.shifted, a.psnr, b.psnr, word(fast),
        word(low), word(good), foreign);
    return fast && low && good;
}

static int clean_up(const char *dir)
{
    char line[64];

    (void)snprintf(line, sizeof(line), "rm -rf %s",
                   dir); /* of mkdtemp(): plain letters */
    if (chdir("/") != 0 || system(line) != 0)
        return EXIT_FAILURE;
    return EXIT_SUCCESS;
}

static void make_scan(const char *csk)
{
    char line[512];

    (void)snprintf(
        line, sizeof(line),
        "{ %s phantom --shape 256,256 -q head.npy && "
        "%s mask --shape 256,256 --kind poisson --accel 4 --acs 24 -q mask.npy && "
        "%s simulate head.npy --mask mask.npy --coils 8 --phase smooth "
        "--noise 0.01 -q -o scan; } >log",
        csk, csk, csk);
    run(line);
}

int main(int argc, char *argv[])
{
    char dir[] = "/tmp/csk-bench-XXXXXX";
    const char *csk = argv[1];
    judge j;

    if (argc != 2 || argv[1][0] != '/' || strlen(argv[1]) > 200) {
        (void)fputs("usage: bench_pics /path/to/csk\n", stderr);
        return EXIT_FAILURE;
    }
    if (system("command -v bart >/dev/null") != 0) {
        (void)puts("no bart on this machine: nothing to compare with");
        return 0;
    }
    if (!mkdtemp(dir) || chdir(dir) != 0) {
        perror(dir);
        return EXIT_FAILURE;
    }
    const int all = bench_threads(0);
    bool good = true;
    make_scan(csk);
    judge_init(&j, weight * scaling_of_bart());
    (void)puts(
        "P: objective; mean P: over random shifts; then: a third of the time, P not above, "
        "PSNR not below by 0.05 dB");
    (void)printf("%-26s %2s %6s %6s %7s %8s %8s %8s %8s %6s %6s  %3s %3s %3s %7s\n", "",
                 "th", "csk s", "bart s", "ratio", "csk P", "bart P", "mean P",
                 "mean P", "csk dB", "bart", "1/3", "P", "dB", "foreign");
    for (int threads = all; threads >= 1; threads = threads > 1 ? 1 : 0) {
        good &= compare(&j, csk, "random shifts, settling", "--settle 5", "", threads);
        (void)compare(&j, csk, "random shifts throughout", "", "", threads);
        good &= compare(&j, csk, "no shifts", "--no-random-shift", "-n", threads);
    }
    judge_clear(&j);
    const int code = clean_up(dir);
    return good ? code : EXIT_FAILURE;
}
