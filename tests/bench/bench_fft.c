/* SPDX-License-Identifier: BSD-3-Clause */
/* The 2-D transform on one thread, against a plan that FFTW has timed (not the same bits twice). */
#include "cs/linop.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "operators/fft.h"
#include "tests/bench/bench.h"

#include <fftw3.h>
#include <stdio.h>

typedef struct call {
    const csk_linop *A;
    fftwf_plan plan;
    float *x, *y, *work;
} call;

static void ours(void *arg)
{
    const call *c = arg;

    csk_linop_apply(c->A, c->y, c->x, c->work);
}

static void measured(void *arg)
{
    fftwf_execute(((const call *)arg)->plan);
}

int main(void)
{
    static const int sizes[] = { 128, 181, 192, 230, 256, 320, 384, 512 };

    (void)bench_threads(1);
    (void)printf("%9s %10s %13s %6s %8s\n", "size", "csk ms", "MEASURE ms", "ratio",
                 "foreign");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const int n = sizes[i];
        const csk_space space = csk_space_make(CSK_COMPLEX, 2, (int64_t[]){ n, n });
        csk_linop *A;

        bench_ok(csk_linop_fft(&A, &space, 3u));
        call c = { .A = A,
                   .x = bench_alloc(2 * n * n, sizeof(float)),
                   .y = bench_alloc(2 * n * n, sizeof(float)),
                   .work = bench_alloc(csk_linop_work_len(A), sizeof(float)) };
        csk_rng_normal((csk_rng){ .seed = 1 }, 2 * n * n, c.x);
        const bench_time a = bench_run(ours, &c);
        c.plan = fftwf_plan_dft_2d(n, n, (fftwf_complex *)c.x, (fftwf_complex *)c.y,
                                   FFTW_FORWARD, FFTW_MEASURE);
        const bench_time b = bench_run(measured, &c);
        fftwf_destroy_plan(c.plan);
        fftwf_forget_wisdom();
        (void)printf("%4dx%-4d %10.3f %13.3f %6.2f %8.2f\n", n, n, 1e3 * a.median,
                     1e3 * b.median, a.median / b.median, (a.foreign + b.foreign) / 2.);
        csk_linop_unref(A);
        csk_free(c.x), csk_free(c.y), csk_free(c.work);
    }
    return 0;
}
