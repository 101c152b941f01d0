/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The same iteration on the same data, csk's and BART's: FISTA for SENSE with an l1 penalty
 * on Daubechies-2 wavelets, random shifts, 8 coils, 256x256, R = 4. Start and files are taken
 * out of BART's time by the difference of a long and a short run.
 */
#include "cs/array.h"
#include "cs/fista.h"
#include "cs/format.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "operators/coil.h"
#include "operators/mask.h"
#include "operators/sense.h"
#include "operators/wavelet.h"
#include "tests/bench/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SIDE = 256, COILS = 8, SHORT = 10, LONG = 110, ROUNDS = 5 };
static const double lambda = .005, noise = .01;

typedef struct scan {
    csk_array truth, maps,
        kspace; /* kspace: zero where not sampled, as BART wants it */
    uint8_t *mask;
    csk_linop *A;
    float *b;
} scan;

/* Discs of several sizes and values: edges, flat parts and something small. */
static void draw(csk_array *image)
{
    static const double disc[][4] = { /* y, x, radius, value to add */
                                      { .5, .5, .42, .6 },    { .5, .5, .38, -.2 },
                                      { .4, .4, .1, .4 },     { .6, .62, .14, -.2 },
                                      { .35, .65, .05, .5 },  { .7, .4, .03, .6 },
                                      { .72, .47, .015, .6 }, { .5, .3, .01, .8 }
    };

    for (int64_t y = 0; y < SIDE; y++) {
        for (int64_t x = 0; x < SIDE; x++) {
            for (size_t k = 0; k < sizeof(disc) / sizeof(disc[0]); k++) {
                const double dy = (double)y / SIDE - disc[k][0];
                const double dx = (double)x / SIDE - disc[k][1];

                if (dy * dy + dx * dx < disc[k][2] * disc[k][2])
                    image->data[2 * (y * SIDE + x)] += (float)disc[k][3];
            }
        }
    }
}

static void make_scan(scan *s)
{
    const csk_space image = csk_space_make(CSK_COMPLEX, 2, (int64_t[]){ SIDE, SIDE });
    csk_mask_opts opts = csk_mask_defaults();
    csk_linop *full;

    opts.accel = 4.;
    opts.acs = 24;
    bench_ok(csk_array_init(&s->truth, &image));
    draw(&s->truth);
    bench_ok(csk_coil_maps(&s->maps, &image, COILS));
    bench_ok(csk_array_init(&s->kspace, &s->maps.space));
    s->mask = bench_alloc((int64_t)SIDE * SIDE, 1);
    bench_ok(csk_mask_make(s->mask, &image, &opts, 1));
    bench_ok(csk_linop_sense(&s->A, &s->maps.space, s->maps.data, s->mask));
    bench_ok(csk_linop_sense(&full, &s->maps.space, s->maps.data, NULL));

    const int64_t len = csk_space_len(&s->kspace.space);
    float *work = bench_alloc(csk_linop_work_len(full) + len, sizeof(*work));
    s->b = bench_alloc(csk_linop_rows(s->A), sizeof(*s->b));
    csk_linop_apply(full, s->kspace.data, s->truth.data, work);
    csk_rng_normal((csk_rng){ .seed = 2 }, len, work);
    csk_axpby(len, noise, work, 1., s->kspace.data);
    int64_t kept = 0;
    for (int64_t i = 0; i < len; i += 2) {
        if (s->mask[i / 2 % ((int64_t)SIDE * SIDE)]) {
            s->b[kept++] = s->kspace.data[i];
            s->b[kept++] = s->kspace.data[i + 1];
        } else {
            s->kspace.data[i] = s->kspace.data[i + 1] = 0.f;
        }
    }
    csk_linop_unref(full);
    csk_free(work);
}

/* Median of LONG - SHORT, an iteration. */
static double an_iteration(double (*run)(scan *s, int iter), scan *s)
{
    double t[ROUNDS];

    for (int r = 0; r < ROUNDS; r++) {
        const double few = run(s, SHORT);
        t[r] = (run(s, LONG) - few) / (LONG - SHORT);
    }
    return bench_median(ROUNDS, t);
}

static csk_array csk_image; /* of the last run */

static double run_csk(scan *s, int iter)
{
    csk_fista_opts opts = csk_fista_defaults();
    csk_prox *g;

    opts.lambda = lambda;
    opts.tol = 0.;
    opts.max_iter = iter;
    bench_ok(csk_prox_wavelet_l1(&g, &s->truth.space, 3u, "db2", 4, true));
    csk_zero(csk_space_len(&csk_image.space), csk_image.data);
    const double start = bench_now();
    bench_ok(csk_fista(csk_image.data, s->A, s->b, g, &opts, NULL));
    const double t = bench_now() - start;
    csk_prox_free(g);
    return t;
}

static double run_bart(scan *s, int iter)
{
    char line[256];

    (void)s;
    (void)snprintf(line, sizeof(line),
                   "bart pics -S -w 1 -R W:3:0:%g -i %d ksp maps out >log 2>&1", lambda,
                   iter);
    const double start = bench_now();
    if (system(line) != 0) {
        (void)fprintf(stderr, "failed: %s\n", line);
        exit(EXIT_FAILURE);
    }
    return bench_now() - start;
}

/* How far x is from the truth, relative. */
static double error_of(const scan *s, const csk_array *x)
{
    const int64_t n = csk_space_len(&s->truth.space);

    return csk_distance(n, x->data, s->truth.data) / csk_norm(n, s->truth.data);
}

static void compare(scan *s)
{
    csk_array bart_image = { .data = NULL };
    int last = 0;

    bench_ok(csk_array_init(&csk_image, &s->truth.space));
    (void)printf("%2s %18s %18s %6s %8s\n", "th", "csk ms/iteration",
                 "BART ms/iteration", "ratio", "foreign");
    for (int k = 0; k < 2; k++) {
        const int threads = bench_threads(k == 0 ? 1 : 0);
        char count[16];

        if (threads == last)
            continue;
        last = threads;
        (void)snprintf(count, sizeof(count), "%d", threads);
        (void)setenv("OMP_NUM_THREADS", count, 1); /* for BART */
        const double others = bench_foreign(), start = bench_now();
        const double ours = an_iteration(run_csk, s);
        const double theirs = an_iteration(run_bart, s);
        const double foreign = (bench_foreign() - others) / (bench_now() - start);
        (void)printf("%2d %18.2f %18.2f %6.2f %8.2f\n", threads, 1e3 * ours,
                     1e3 * theirs, theirs / ours, foreign);
    }
    bench_ok(csk_read(&bart_image, "out.cfl"));
    (void)printf("relative error after %d iterations: csk %.4f, BART %.4f\n", LONG,
                 error_of(s, &csk_image), error_of(s, &bart_image));
    csk_array_clear(&bart_image);
    csk_array_clear(&csk_image);
}

static int clean_up(const char *dir)
{
    static const char *const made[] = { "ksp.cfl", "ksp.hdr", "maps.cfl", "maps.hdr",
                                        "out.cfl", "out.hdr", "log" };

    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        (void)remove(made[i]);
    if (chdir("/") != 0 || rmdir(dir) != 0) {
        perror(dir);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

int main(void)
{
    char dir[] = "/tmp/csk-bench-XXXXXX";
    scan s = { .mask = NULL };

    if (system("command -v bart >/dev/null") != 0) {
        (void)puts("no bart on this machine: nothing to compare with");
        return 0;
    }
    if (!mkdtemp(dir) || chdir(dir) != 0) {
        perror(dir);
        return EXIT_FAILURE;
    }
    (void)bench_threads(0);
    make_scan(&s);
    bench_ok(csk_write(&s.kspace, "ksp.cfl", NULL));
    bench_ok(csk_write(&s.maps, "maps.cfl", NULL));
    compare(&s);

    csk_linop_unref(s.A);
    csk_array_clear(&s.truth), csk_array_clear(&s.maps), csk_array_clear(&s.kspace);
    csk_free(s.mask), csk_free(s.b);
    return clean_up(dir);
}
