/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/prox.h"
#include "cs/mem.h"
#include "cs/pass_priv.h"
#include "cs/simd_priv.h"

#include <assert.h>
#include <math.h>

void csk_prox_free(csk_prox *g)
{
    if (!g)
        return;
    if (g->cls->destroy)
        g->cls->destroy(g);
    csk_free(g);
}

/* @p bytes of zeroed regulariser whose head is filled in. */
static csk_status new_prox(csk_prox **out, size_t bytes, const csk_prox_class *cls,
                           const csk_space *space)
{
    assert(bytes >= sizeof(csk_prox));

    const csk_status err = csk_space_check(space, cls->name);
    if (err)
        return err;
    csk_prox *g = csk_alloc(1, bytes);
    if (!g)
        return CSK_ERR_NOMEM;
    g->cls = cls;
    g->space = *space;
    *out = g;
    return CSK_OK;
}

/* What a pass over the floats of x needs; every regulariser here is blockwise. */
typedef struct job {
    const csk_prox *g;
    float *x;
    const float *in;
    double t;
} job;

static double sum_over(const csk_prox *g, int64_t n, csk_pass_fn *f, const float *x)
{
    const job j = { .g = g, .in = x };
    double sum[CSK_SUMS];

    csk_pass(n, f, &j, sum);
    return sum[0];
}

static void each_block(const csk_prox *g, int64_t n, csk_pass_fn *f, float *x, double t)
{
    const job j = { .g = g, .x = x, .t = t };
    double none[CSK_SUMS];

    csk_pass(n, f, &j, none);
}

/* -- 0 ---------------------------------------------------------------------- */

static void zero_apply(const csk_prox *g, float *x, double t, uint32_t draw,
                       float *work)
{
    (void)g, (void)x, (void)t, (void)draw, (void)work;
}

static double zero_value(const csk_prox *g, const float *x, float *work)
{
    (void)g, (void)x, (void)work;
    return 0.;
}

static const csk_prox_class zero_class = {
    .name = "zero",
    .apply = zero_apply,
    .value = zero_value,
};

csk_status csk_prox_zero(csk_prox **out, const csk_space *space)
{
    return new_prox(out, sizeof(csk_prox), &zero_class, space);
}

/* -- l1 --------------------------------------------------------------------- */

/*
 * Soft thresholding: x (1 - t/|x|)+. Moduli in double, so that no square over- or
 * underflows; 0/0 compares as not positive; NaN stays NaN.
 */
CSK_HOT static void shrink_real(int64_t n, float *x, double t)
{
    for (int64_t i = 0; i < n; i++) {
        const double s = 1. - t / fabs((double)x[i]);

        x[i] *= s > 0. ? (float)s : 0.f;
    }
}

CSK_HOT static void shrink_complex(int64_t n, float *x, double t)
{
    for (int64_t i = 0; i < n; i += 2) {
        const double re = (double)x[i], im = (double)x[i + 1];
        const double s = 1. - t / sqrt(re * re + im * im);
        const float factor = s > 0. ? (float)s : 0.f;

        x[i] *= factor;
        x[i + 1] *= factor;
    }
}

static void shrink(const void *args, int64_t at, int64_t len, double sum[CSK_SUMS])
{
    const job *j = args;

    (void)sum;
    if (j->g->space.field == CSK_COMPLEX)
        shrink_complex(len, j->x + at, j->t);
    else
        shrink_real(len, j->x + at, j->t);
}

static void l1_apply(const csk_prox *g, float *x, double t, uint32_t draw, float *work)
{
    (void)draw, (void)work;
    each_block(g, csk_space_len(&g->space), shrink, x, t);
}

static void add_moduli(const void *args, int64_t at, int64_t len, double sum[CSK_SUMS])
{
    const job *j = args;
    const float *x = j->in + at;
    double total = 0.;

    if (j->g->space.field == CSK_COMPLEX) {
        for (int64_t i = 0; i < len; i += 2)
            total +=
                sqrt((double)x[i] * (double)x[i] + (double)x[i + 1] * (double)x[i + 1]);
    } else {
        for (int64_t i = 0; i < len; i++)
            total += fabs((double)x[i]);
    }
    sum[0] = total;
}

static double l1_value(const csk_prox *g, const float *x, float *work)
{
    (void)work;
    return sum_over(g, csk_space_len(&g->space), add_moduli, x);
}

static const csk_prox_class l1_class = {
    .name = "l1",
    .apply = l1_apply,
    .value = l1_value,
};

csk_status csk_prox_l1(csk_prox **out, const csk_space *space)
{
    return new_prox(out, sizeof(csk_prox), &l1_class, space);
}

/* -- box -------------------------------------------------------------------- */

typedef struct box {
    csk_prox base;
    float lo, hi;
} box;

static void clamp(const void *args, int64_t at, int64_t len, double sum[CSK_SUMS])
{
    const job *j = args;
    const float lo = ((const box *)j->g)->lo, hi = ((const box *)j->g)->hi;
    float *x = j->x + at;

    (void)sum;
    for (int64_t i = 0; i < len; i++) {
        const float v = x[i] < lo ? lo : x[i]; /* false for NaN: it stays */
        x[i] = v > hi ? hi : v;
    }
}

static void box_apply(const csk_prox *g, float *x, double t, uint32_t draw, float *work)
{
    (void)t, (void)draw, (void)work;
    each_block(g, csk_space_len(&g->space), clamp, x, 0.);
}

static void count_outside(const void *args, int64_t at, int64_t len,
                          double sum[CSK_SUMS])
{
    const job *j = args;
    const float lo = ((const box *)j->g)->lo, hi = ((const box *)j->g)->hi;
    const float *x = j->in + at;
    int64_t outside = 0;

    for (int64_t i = 0; i < len; i++)
        outside += !(x[i] >= lo && x[i] <= hi);
    sum[0] = (double)outside;
}

static double box_value(const csk_prox *g, const float *x, float *work)
{
    (void)work;
    return sum_over(g, csk_space_len(&g->space), count_outside, x) > 0. ? INFINITY : 0.;
}

static const csk_prox_class box_class = {
    .name = "box",
    .apply = box_apply,
    .value = box_value,
};

csk_status csk_prox_box(csk_prox **out, const csk_space *space, double lo, double hi)
{
    if (!(lo <= hi) || lo == INFINITY || hi == -INFINITY)
        return csk_fail(CSK_ERR_ARG, "box: %g..%g holds no number", lo, hi);

    csk_prox *g;
    const csk_status err = new_prox(&g, sizeof(box), &box_class, space);
    if (err)
        return err;
    ((box *)g)->lo = (float)lo;
    ((box *)g)->hi = (float)hi;
    *out = g;
    return CSK_OK;
}

/* -- the dual ball of total variation ---------------------------------------- */

/*
 * square[i] := the squared norm of the vector that float i of a component belongs to; a
 * complex scalar counts with both its floats.
 */
static inline void squared_norms(int64_t axes, int64_t stride, int width, int64_t len,
                                 const float *x, double *square)
{
    for (int64_t i = 0; i < len; i++)
        square[i] = 0.;
    for (int64_t a = 0; a < axes; a++) {
        for (int64_t i = 0; i < len; i++)
            square[i] += (double)x[a * stride + i] * (double)x[a * stride + i];
    }
    if (width == 2) {
        for (int64_t i = 0; i + 1 < len; i += 2)
            square[i] = square[i + 1] = square[i] + square[i + 1];
    }
}

CSK_HOT static void project_chunk(int64_t axes, int64_t stride, int width, int64_t len,
                                  float *x, double t)
{
    double square[CSK_CHUNK];
    float scale[CSK_CHUNK];

    squared_norms(axes, stride, width, len, x, square);
    for (int64_t i = 0; i < len; i++)
        scale[i] = square[i] <= t * t ? 1.f : (float)(t / sqrt(square[i]));
    for (int64_t a = 0; a < axes; a++) {
        for (int64_t i = 0; i < len; i++)
            x[a * stride + i] *= scale[i];
    }
}

static int64_t floats_per_component(const csk_prox *g)
{
    return csk_space_len(&g->space) / g->space.dim[0];
}

static void project(const void *args, int64_t at, int64_t len, double sum[CSK_SUMS])
{
    const job *j = args;

    (void)sum;
    project_chunk(j->g->space.dim[0], floats_per_component(j->g),
                  (int)j->g->space.field, len, j->x + at, j->t);
}

static void tv_dual_apply(const csk_prox *g, float *x, double t, uint32_t draw,
                          float *work)
{
    (void)draw, (void)work;
    each_block(g, floats_per_component(g), project, x, t);
}

static void count_outside_ball(const void *args, int64_t at, int64_t len,
                               double sum[CSK_SUMS])
{
    const job *j = args;
    double square[CSK_CHUNK];
    int64_t outside = 0;

    squared_norms(j->g->space.dim[0], floats_per_component(j->g),
                  (int)j->g->space.field, len, j->in + at, square);
    for (int64_t i = 0; i < len; i++)
        outside += !(square[i] <= 1. + 1e-6); /* what rounding leaves of t/|x| |x| */
    sum[0] = (double)outside;
}

static double tv_dual_value(const csk_prox *g, const float *x, float *work)
{
    (void)work;
    return sum_over(g, floats_per_component(g), count_outside_ball, x) > 0. ? INFINITY
                                                                            : 0.;
}

static const csk_prox_class tv_dual_class = {
    .name = "tv-dual",
    .apply = tv_dual_apply,
    .value = tv_dual_value,
};

csk_status csk_prox_tv_dual(csk_prox **out, const csk_space *space)
{
    return new_prox(out, sizeof(csk_prox), &tv_dual_class, space);
}
