/* SPDX-License-Identifier: BSD-3-Clause */
#include "operators/grad.h"
#include "cs/linop_impl.h"
#include "cs/vec.h"

#include <math.h>
#include <string.h>

/* Long enough to hide a loop's start, short enough that out and in stay in L1/L2. */
enum { BLOCK = 8192 };

/* One axis: the array is a row of slabs of n layers of stride floats each. */
typedef struct difference {
    int64_t n;
    int64_t stride;
} difference;

typedef struct grad {
    csk_linop base;
    int axes;
    difference along[CSK_MAX_RANK];
} grad;

/*
 * What is done on a run of floats whose neighbours along the axis are all at in[i + next]
 * and in[i + prev].
 */
typedef void run_fn(int64_t len, float *out, const float *in, int64_t next,
                    int64_t prev);

static void forward_run(int64_t len, float *out, const float *in, int64_t next,
                        int64_t prev)
{
    (void)prev;
    for (int64_t i = 0; i < len; i++)
        out[i] = in[i + next] - in[i];
}

static void add_adjoint_run(int64_t len, float *out, const float *in, int64_t next,
                            int64_t prev)
{
    (void)next;
    for (int64_t i = 0; i < len; i++)
        out[i] += in[i + prev] - in[i];
}

static void add_normal_run(int64_t len, float *out, const float *in, int64_t next,
                           int64_t prev)
{
    for (int64_t i = 0; i < len; i++)
        out[i] += (in[i] - in[i + next]) + (in[i] - in[i + prev]);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/*
 * Do floats begin .. end - 1 of the array. Within a slab only the first layer has its
 * previous neighbour, and only the last its next one, at the far side of the slab.
 */
static void walk(difference d, int64_t begin, int64_t end, float *out, const float *in,
                 run_fn *run)
{
    const int64_t far = (d.n - 1) * d.stride; /* start of the last layer */

    for (int64_t at = begin; at < end;) {
        const int64_t i = at % (far + d.stride); /* where in the slab */
        const bool first = i < d.stride, last = i >= far;
        const int64_t border = last ? far + d.stride : first ? d.stride : far;
        const int64_t len = smaller(border - i, end - at);

        run(len, out + at, in + at, last ? -far : d.stride, first ? far : -d.stride);
        at += len;
    }
}

static void grad_apply(const csk_linop *A, float *y, const float *x, float *work)
{
    const grad *g = (const grad *)A;
    const int64_t n = csk_linop_cols(A);

    (void)work;
    /* Borders depend on n alone, and every float is computed by itself: same bits. */
#pragma omp parallel for schedule(static) if (n > 4 * BLOCK)
    for (int64_t at = 0; at < n; at += BLOCK) {
        for (int a = 0; a < g->axes; a++)
            walk(g->along[a], at, smaller(at + BLOCK, n), y + a * n, x, forward_run);
    }
}

/* out := sum over the axes; along axis a the input is in + a * step. */
static void add_up(const grad *g, float *out, const float *in, int64_t step,
                   run_fn *run)
{
    const int64_t n = csk_linop_cols(&g->base);

#pragma omp parallel for schedule(static) if (n > 4 * BLOCK)
    for (int64_t at = 0; at < n; at += BLOCK) {
        const int64_t end = smaller(at + BLOCK, n);

        csk_zero(end - at, out + at);
        for (int a = 0; a < g->axes; a++)
            walk(g->along[a], at, end, out, in + a * step, run);
    }
}

static void grad_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    (void)work;
    add_up((const grad *)A, x, y, csk_linop_cols(A), add_adjoint_run);
}

static void grad_normal(const csk_linop *A, float *z, const float *x, float *work)
{
    (void)work;
    add_up((const grad *)A, z, x, 0, add_normal_run);
}

static const csk_linop_class grad_class = {
    .name = "grad",
    .apply = grad_apply,
    .adjoint = grad_adjoint,
    .normal = grad_normal,
};

/* max_k |exp(2 pi i k / n) - 1|^2, taken at k = floor(n / 2). */
static double squared_norm(int64_t n)
{
    const double pi = 3.14159265358979323846;
    const int64_t k = n / 2;
    const double s = sin(pi * (double)k / (double)n);

    return 4. * s * s;
}

csk_status csk_linop_grad(csk_linop **out, const csk_space *space, unsigned axes)
{
    csk_status err = csk_space_check(space, "grad");

    if (err)
        return err;
    if (space->rank == CSK_MAX_RANK)
        return csk_fail(CSK_ERR_ARG, "grad: rank %d leaves no axis for the differences",
                        space->rank);
    if (axes == 0 || axes >> space->rank != 0)
        return csk_fail(CSK_ERR_ARG, "grad: axes 0x%x, but the space has %d of them",
                        axes, space->rank);

    csk_space codomain = { .field = space->field, .rank = space->rank + 1 };
    difference along[CSK_MAX_RANK] = { { 0 } };
    int count = 0;
    double squares = 0.;
    int64_t stride = csk_space_len(space);
    for (int i = 0; i < space->rank; i++) {
        const int64_t n = space->dim[i];

        stride /= n;
        codomain.dim[i + 1] = n;
        codomain.axis[i + 1] = space->axis[i];
        if (axes & 1u << i) {
            along[count++] = (difference){ .n = n, .stride = stride };
            squares += squared_norm(n);
        }
    }
    codomain.dim[0] = count;
    err = csk_space_check(&codomain, "grad");
    if (err)
        return err;

    grad *g = csk_linop_new(sizeof(*g), &grad_class, space, &codomain);
    if (!g)
        return CSK_ERR_NOMEM;
    g->axes = count;
    memcpy(g->along, along, sizeof(along));
    g->base.norm_bound = sqrt(squares);
    *out = &g->base;
    return CSK_OK;
}
