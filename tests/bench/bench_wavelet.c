/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wavelet transforms of 4 levels against the machine, one thread.
 *
 * Arithmetic: L taps cost 2 L flops per float that an axis of a level filters. Traffic: the
 * same axis reads and writes these floats once; "copy" is what copying so many would take,
 * at the speed of csk_copy() for the whole array, as a part of the forward transform.
 */
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "operators/wavelet.h"
#include "tests/bench/bench.h"

#include <stdio.h>

enum { LEVELS = 4 };

typedef struct call {
    csk_wavelet *w;
    csk_prox *g;
    int64_t n, shift[CSK_MAX_RANK];
    float *x, *c, *work;
} call;

static void forward(void *arg)
{
    const call *f = arg;

    csk_wavelet_forward(f->w, f->c, f->x, f->shift, f->work);
}

static void inverse(void *arg)
{
    const call *f = arg;

    csk_wavelet_inverse(f->w, f->x, f->c, f->shift, f->work);
}

static void prox(void *arg)
{
    const call *f = arg;

    csk_prox_apply(f->g, f->c, 1e-30, 7, f->work);
}

static void copy(void *arg)
{
    const call *f = arg;

    csk_copy(f->n, f->x, f->c);
}

/* Floats filtered, summed over axes and levels; all axes are long enough for all levels. */
static double filtered(const csk_space *space)
{
    double sum = 0.;
    csk_space s = *space;

    for (int l = 0; l < LEVELS; l++) {
        sum += s.rank * (double)csk_space_len(&s);
        for (int i = 0; i < s.rank; i++)
            s.dim[i] -= s.dim[i] / 2;
    }
    return sum;
}

static void measure(const csk_space *space, const char *family, int taps)
{
    const unsigned axes = (1u << space->rank) - 1u;
    const double floats = filtered(space);
    call f = { .n = csk_space_len(space), .shift = { 3, 5, 2 } };
    bench_time t[4];
    char shape[64];

    bench_ok(csk_wavelet_new(&f.w, space, axes, family, LEVELS));
    bench_ok(csk_prox_wavelet_l1(&f.g, space, axes, family, LEVELS, true));
    f.x = csk_alloc(f.n, sizeof(*f.x));
    f.c = csk_alloc(f.n, sizeof(*f.c));
    f.work = csk_alloc(f.g->work_len, sizeof(*f.work));
    if (!f.x || !f.c || !f.work)
        bench_ok(CSK_ERR_NOMEM);
    csk_rng_normal((csk_rng){ .seed = 1 }, f.n, f.x);
    t[0] = bench_run(forward, &f);
    t[1] = bench_run(inverse, &f);
    t[2] = bench_run(prox, &f);
    t[3] = bench_run(copy, &f);
    (void)printf("%-18s %-4s %8.3f %8.3f %8.3f %8.1f %5.2f %7.2f\n",
                 csk_space_text(space, shape, sizeof(shape)), family, 1e3 * t[0].median,
                 1e3 * t[1].median, 1e3 * t[2].median,
                 1e-9 * 2. * taps * floats / t[0].median,
                 t[3].median / (double)f.n * floats / t[0].median,
                 (t[0].foreign + t[1].foreign + t[2].foreign + t[3].foreign) / 4.);
    (void)fflush(stdout);
    csk_prox_free(f.g);
    csk_wavelet_free(f.w);
    csk_free(f.x), csk_free(f.c), csk_free(f.work);
}

int main(void)
{
    static const struct {
        const char *name;
        int taps;
    } families[] = { { "db2", 4 }, { "sym4", 8 }, { "db8", 16 } };
    const csk_space spaces[] = {
        csk_space_make(CSK_COMPLEX, 2, (int64_t[]){ 192, 192 }),
        csk_space_make(CSK_COMPLEX, 2, (int64_t[]){ 217, 181 }),
        csk_space_make(CSK_COMPLEX, 2, (int64_t[]){ 256, 256 }),
        csk_space_make(CSK_REAL, 2, (int64_t[]){ 512, 512 }),
        csk_space_make(CSK_COMPLEX, 3, (int64_t[]){ 128, 128, 128 }),
        csk_space_make(CSK_REAL, 1, (int64_t[]){ 1 << 18 }),
    };

    (void)bench_threads(1);
    (void)printf("%-18s %-4s %8s %8s %8s %8s %5s %7s\n", "ms, one thread", "",
                 "forward", "inverse", "prox", "GFLOP/s", "copy", "foreign");
    for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
        for (size_t k = 0; k < sizeof(families) / sizeof(families[0]); k++)
            measure(&spaces[i], families[k].name, families[k].taps);
    }
    return 0;
}
