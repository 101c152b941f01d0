/* SPDX-License-Identifier: BSD-3-Clause */
/* Operators at the sizes of an image, on one thread and on all. */
#include "cs/array.h"
#include "cs/matrix.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "operators/coil.h"
#include "operators/conv.h"
#include "operators/fft.h"
#include "operators/grad.h"
#include "operators/mask.h"
#include "operators/matrix.h"
#include "operators/resize.h"
#include "operators/sense.h"
#include "operators/wavelet.h"
#include "tests/bench/bench.h"

#include <stdio.h>

typedef struct call {
    const csk_linop *A;
    float *x, *y, *z, *work;
} call;

static void apply(void *arg)
{
    const call *c = arg;

    csk_linop_apply(c->A, c->y, c->x, c->work);
}

static void adjoint(void *arg)
{
    const call *c = arg;

    csk_linop_adjoint(c->A, c->z, c->y, c->work);
}

static void normal(void *arg)
{
    const call *c = arg;

    csk_linop_normal(c->A, c->z, c->x, c->work);
}

static void resolvent(void *arg)
{
    const call *c = arg;

    csk_linop_resolvent(c->A, c->z, c->x, 1., .1, c->work);
}

static double print_time(void (*body)(void *), void *arg)
{
    const bench_time t = bench_run(body, arg);

    (void)printf(" %9.3f", 1e3 * t.median);
    return t.foreign;
}

/* One line of the table for each number of threads. @p A is released. */
static void measure(const char *what, csk_linop *A)
{
    const int64_t n = csk_linop_cols(A), m = csk_linop_rows(A);
    call c = { .A = A };
    int last = 0;

    c.x = bench_alloc(n, sizeof(float));
    c.z = bench_alloc(n, sizeof(float));
    c.y = bench_alloc(m, sizeof(float));
    c.work = bench_alloc(csk_linop_work_len(A), sizeof(float));
    csk_rng_normal((csk_rng){ .seed = 1 }, n, c.x);
    for (int k = 0; k < 2; k++) {
        const int threads = bench_threads(k == 0 ? 1 : 0);
        if (threads == last)
            continue;
        last = threads;
        (void)printf("%-34s %2d", what, threads);
        double foreign = print_time(apply, &c);
        foreign += print_time(adjoint, &c);
        foreign += print_time(normal, &c);
        if (csk_linop_has_resolvent(A))
            foreign += print_time(resolvent, &c);
        else
            (void)printf(" %9s", "");
        (void)printf(" %7.2f\n", foreign / (csk_linop_has_resolvent(A) ? 4. : 3.));
        (void)fflush(stdout);
    }
    csk_linop_unref(A);
    csk_free(c.x), csk_free(c.y), csk_free(c.z), csk_free(c.work);
}

static csk_linop *make_sense(const csk_space *image, int coils)
{
    csk_mask_opts opts = csk_mask_defaults();
    csk_array maps = { .data = NULL };
    uint8_t *mask = bench_alloc(csk_space_size(image), 1);
    csk_linop *A;

    opts.accel = 4.;
    opts.acs = 24;
    bench_ok(csk_mask_make(mask, image, &opts, 1));
    bench_ok(csk_coil_maps(&maps, image, coils));
    bench_ok(csk_linop_sense(&A, &maps.space, maps.data, mask));
    csk_array_clear(&maps);
    csk_free(mask);
    return A;
}

static csk_linop *make_matrix(csk_field field, int64_t rows, int64_t cols)
{
    csk_matrix M;
    csk_linop *A;

    bench_ok(csk_matrix_dense(&M, field, rows, cols));
    for (int64_t i = 0; i < rows * cols * (int64_t)field; i++)
        M.value[i] = (double)(i * 37 % 101) / 101. - .5;
    bench_ok(csk_linop_matrix(&A, &M));
    csk_matrix_clear(&M);
    return A;
}

int main(void)
{
    const csk_space real = csk_space_make(CSK_REAL, 2, (int64_t[]){ 256, 256 });
    const csk_space image = csk_space_make(CSK_COMPLEX, 2, (int64_t[]){ 256, 256 });
    const csk_space odd = csk_space_make(CSK_COMPLEX, 2, (int64_t[]){ 320, 320 });
    const csk_space volume = csk_space_make(CSK_COMPLEX, 3, (int64_t[]){ 96, 96, 96 });
    const csk_space stencil = csk_space_make(CSK_REAL, 2, (int64_t[]){ 61, 61 });
    static float kernel[61 * 61];
    csk_linop *A;

    for (int i = 0; i < 61 * 61; i++)
        kernel[i] = 1.f / (61.f * 61.f);
    (void)bench_threads(0); /* remember how many there are */
    (void)printf("milliseconds, medians; foreign: cores used by others meanwhile\n");
    (void)printf("%-34s %2s %9s %9s %9s %9s %7s\n", "operator", "th", "apply",
                 "adjoint", "normal", "resolvent", "foreign");

    bench_ok(csk_linop_fft(&A, &image, 3u));
    measure("fft, complex 256x256", A);
    bench_ok(csk_linop_fft(&A, &odd, 3u));
    measure("fft, complex 320x320", A);
    bench_ok(csk_linop_fft(&A, &volume, 7u));
    measure("fft, complex 96x96x96", A);
    measure("sense, 8 coils, 256x256, R = 4", make_sense(&image, 8));
    measure("sense, 8 coils, 320x320, R = 4", make_sense(&odd, 8));
    bench_ok(csk_linop_conv(&A, &real, &stencil, kernel));
    measure("conv 61x61, real 256x256", A);
    bench_ok(csk_linop_conv(&A, &image, &stencil, kernel));
    measure("conv 61x61, complex 256x256", A);
    bench_ok(csk_linop_wavelet(&A, &image, 3u, "sym4", 4));
    measure("wavelet sym4, complex 256x256", A);
    bench_ok(csk_linop_grad(&A, &image, 3u));
    measure("grad, complex 256x256", A);
    bench_ok(csk_linop_block_average(&A, &real, (int64_t[]){ 4, 4 }));
    measure("block average 4x4, real 256x256", A);
    measure("matrix, real 1000x4000", make_matrix(CSK_REAL, 1000, 4000));
    measure("matrix, complex 1000x4000", make_matrix(CSK_COMPLEX, 1000, 4000));
    return 0;
}
