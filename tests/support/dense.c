/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/dense.h"
#include "cs/linop_impl.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "tests/support/tst.h"

#include <complex.h>
#include <math.h>

typedef struct dense {
    csk_linop base;
    int64_t rows, cols;
    float *a;
} dense;

static double complex entry(const dense *d, int64_t i, int64_t j)
{
    const int width = (int)d->base.domain.field;
    const float *at = d->a + (i * d->cols + j) * width;

    return (double)at[0] + (width == 2 ? (double)at[1] * I : 0.);
}

static double complex scalar(int width, const float *x, int64_t i)
{
    return (double)x[i * width] + (width == 2 ? (double)x[i * width + 1] * I : 0.);
}

static void put(int width, float *x, int64_t i, double complex value)
{
    x[i * width] = (float)creal(value);
    if (width == 2)
        x[i * width + 1] = (float)cimag(value);
}

static void dense_apply(const csk_linop *A, float *y, const float *x, float *work)
{
    const dense *d = (const dense *)A;
    const int width = (int)A->domain.field;

    (void)work;
    for (int64_t i = 0; i < d->rows; i++) {
        double complex sum = 0.;
        for (int64_t j = 0; j < d->cols; j++)
            sum += entry(d, i, j) * scalar(width, x, j);
        put(width, y, i, sum);
    }
}

static void dense_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    const dense *d = (const dense *)A;
    const int width = (int)A->domain.field;

    (void)work;
    for (int64_t j = 0; j < d->cols; j++) {
        double complex sum = 0.;
        for (int64_t i = 0; i < d->rows; i++)
            sum += conj(entry(d, i, j)) * scalar(width, y, i);
        put(width, x, j, sum);
    }
}

static void through_work(const csk_linop *A, float *z, const float *x, float *work)
{
    A->cls->apply(A, work, x, NULL);
    A->cls->adjoint(A, z, work, NULL);
}

static void dense_destroy(csk_linop *A)
{
    csk_free(((dense *)A)->a);
}

static const csk_linop_class dense_class[] = {
    [TST_PLAIN] = { .name = "dense",
                    .apply = dense_apply,
                    .adjoint = dense_adjoint,
                    .destroy = dense_destroy },
    [TST_NORMAL] = { .name = "dense",
                     .apply = dense_apply,
                     .adjoint = dense_adjoint,
                     .normal = through_work,
                     .destroy = dense_destroy },
};

/* Power iteration, long enough for the last digit of a float. */
static csk_status spectral_norm(csk_linop *A)
{
    const int64_t n = csk_linop_cols(A), m = csk_linop_rows(A);
    float *x = csk_alloc(n, sizeof(*x)), *y = csk_alloc(m, sizeof(*y));
    double norm = 0.;

    if (!x || !y) {
        csk_free(x), csk_free(y);
        return CSK_ERR_NOMEM;
    }
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)(1. + .1 * sin((double)i));
    for (int k = 0; k < 1000; k++) {
        csk_scale(n, 1. / csk_norm(n, x), x);
        A->cls->apply(A, y, x, NULL);
        norm = csk_norm(m, y);
        A->cls->adjoint(A, x, y, NULL);
        if (norm == 0.)
            break;
    }
    A->norm_bound = norm * (1. + 1e-6);
    csk_free(x), csk_free(y);
    return CSK_OK;
}

csk_status tst_dense(csk_linop **out, csk_field field, int64_t rows, int64_t cols,
                     const float *a, tst_kind kind)
{
    const csk_space domain = csk_space_make(field, 1, &cols);
    const csk_space codomain = csk_space_make(field, 1, &rows);
    dense *d = csk_linop_new(sizeof(*d), &dense_class[kind], &domain, &codomain);

    if (!d)
        return CSK_ERR_NOMEM;
    d->rows = rows;
    d->cols = cols;
    d->base.work_len = kind == TST_NORMAL ? csk_pad(csk_space_len(&codomain)) : 0;
    d->a = csk_alloc(rows * cols * (int)field, sizeof(*d->a));
    csk_status err = d->a ? CSK_OK : CSK_ERR_NOMEM;
    if (!err) {
        csk_copy(rows * cols * (int)field, a, d->a);
        err = spectral_norm(&d->base);
    }
    if (err) {
        csk_linop_unref(&d->base);
        return err;
    }
    *out = &d->base;
    return CSK_OK;
}

csk_linop *tst_gaussian(csk_field field, int64_t rows, int64_t cols, uint64_t seed,
                        tst_kind kind)
{
    float *a = tst_normal(rows * cols * (int)field, seed, 0);
    csk_linop *A = NULL;

    csk_scale(rows * cols * (int)field, 1. / sqrt((double)rows), a);
    tst_ok(tst_dense(&A, field, rows, cols, a, kind));
    csk_free(a);
    return A;
}

/* -- y_i = x_i + c x_{i-1} -------------------------------------------------- */

typedef struct two_taps {
    csk_linop base;
    float coupling;
} two_taps;

static void two_taps_apply(const csk_linop *A, float *y, const float *x, float *work)
{
    const int64_t n = csk_linop_cols(A), width = (int64_t)A->domain.field;
    const float c = ((const two_taps *)A)->coupling;

    (void)work;
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] + c * x[i >= width ? i - width : i - width + n];
}

static void two_taps_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    const int64_t n = csk_linop_cols(A), width = (int64_t)A->domain.field;
    const float c = ((const two_taps *)A)->coupling;

    (void)work;
    for (int64_t i = 0; i < n; i++)
        x[i] = y[i] + c * y[i + width < n ? i + width : i + width - n];
}

static const csk_linop_class two_taps_class[] = {
    [TST_PLAIN] = { .name = "two-taps",
                    .apply = two_taps_apply,
                    .adjoint = two_taps_adjoint },
    [TST_NORMAL] = { .name = "two-taps",
                     .apply = two_taps_apply,
                     .adjoint = two_taps_adjoint,
                     .normal = through_work },
};

csk_status tst_two_taps(csk_linop **out, csk_field field, int64_t n, float coupling,
                        tst_kind kind)
{
    const csk_space space = csk_space_make(field, 1, &n);
    two_taps *t = csk_linop_new(sizeof(*t), &two_taps_class[kind], &space, &space);

    if (!t)
        return CSK_ERR_NOMEM;
    t->coupling = coupling;
    t->base.work_len = kind == TST_NORMAL ? csk_pad(csk_space_len(&space)) : 0;
    t->base.norm_bound = 1. + fabs((double)coupling);
    *out = &t->base;
    return CSK_OK;
}

/* -- elimination ------------------------------------------------------------ */

static double complex get(int width, const double *x, int64_t i)
{
    return x[i * width] + (width == 2 ? x[i * width + 1] * I : 0.);
}

static void set(int width, double *x, int64_t i, double complex value)
{
    x[i * width] = creal(value);
    if (width == 2)
        x[i * width + 1] = cimag(value);
}

static void swap_rows(int width, int64_t n, double *M, double *b, int64_t i, int64_t k)
{
    for (int64_t j = 0; j <= n; j++) {
        double *const from = j < n ? M : b;
        const int64_t p = j < n ? i * n + j : i, q = j < n ? k * n + j : k;
        const double complex t = get(width, from, p);

        set(width, from, p, get(width, from, q));
        set(width, from, q, t);
    }
}

bool tst_solve(csk_field field, int64_t n, double *M, double *b)
{
    const int w = (int)field;

    for (int64_t k = 0; k < n; k++) {
        int64_t pivot = k;
        for (int64_t i = k + 1; i < n; i++) {
            if (cabs(get(w, M, i * n + k)) > cabs(get(w, M, pivot * n + k)))
                pivot = i;
        }
        swap_rows(w, n, M, b, k, pivot);
        const double complex d = get(w, M, k * n + k);
        if (cabs(d) < 1e-14)
            return false;
        for (int64_t i = k + 1; i < n; i++) {
            const double complex f = get(w, M, i * n + k) / d;
            for (int64_t j = k; j < n; j++)
                set(w, M, i * n + j, get(w, M, i * n + j) - f * get(w, M, k * n + j));
            set(w, b, i, get(w, b, i) - f * get(w, b, k));
        }
    }
    for (int64_t i = n - 1; i >= 0; i--) {
        double complex sum = get(w, b, i);
        for (int64_t j = i + 1; j < n; j++)
            sum -= get(w, M, i * n + j) * get(w, b, j);
        set(w, b, i, sum / get(w, M, i * n + i));
    }
    return true;
}
