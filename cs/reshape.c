/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/reshape.h"
#include "cs/vec.h"

#include <math.h>
#include <string.h>

/* An axis in the middle: outer x dim[axis] x inner floats, inner with real and imaginary. */
typedef struct view {
    int64_t outer, n, inner;
} view;

static view around(const csk_space *s, int axis)
{
    view v = { 1, s->dim[axis], s->field };

    for (int i = 0; i < axis; i++)
        v.outer *= s->dim[i];
    for (int i = axis + 1; i < s->rank; i++)
        v.inner *= s->dim[i];
    return v;
}

csk_status csk_array_range(csk_array *out, const csk_array *a, int axis, int64_t first,
                           int64_t end)
{
    const view v = around(&a->space, axis);
    csk_space space = a->space;

    if (first < 0 || end > v.n || first >= end)
        return csk_fail(CSK_ERR_ARG, "%lld:%lld is not a part of 0:%lld",
                        (long long)first, (long long)end, (long long)v.n);
    space.dim[axis] = end - first;
    const csk_status err = csk_array_init(out, &space);
    if (err)
        return err;
    const int64_t run = (end - first) * v.inner;
    for (int64_t o = 0; o < v.outer; o++)
        csk_copy(run, a->data + (o * v.n + first) * v.inner, out->data + o * run);
    return CSK_OK;
}

csk_status csk_array_pick(csk_array *out, const csk_array *a, int axis, int64_t index)
{
    const int64_t n = a->space.dim[axis];

    if (index < 0 || index >= n)
        return csk_fail(CSK_ERR_ARG, "index %lld is not in 0..%lld", (long long)index,
                        (long long)n - 1);
    const csk_status err = csk_array_range(out, a, axis, index, index + 1);
    if (err || a->space.rank == 1)
        return err;

    csk_space *s = &out->space;
    for (int i = axis; i + 1 < s->rank; i++) {
        s->dim[i] = s->dim[i + 1];
        s->axis[i] = s->axis[i + 1];
    }
    s->rank--;
    s->dim[s->rank] = 0;
    s->axis[s->rank] = CSK_AXIS_NONE;
    return CSK_OK;
}

csk_status csk_array_mean(csk_array *out, const csk_array *a, int axis)
{
    const view v = around(&a->space, axis);
    const csk_status err = csk_array_pick(out, a, axis, 0);

    if (err)
        return err;
    for (int64_t o = 0; o < v.outer; o++) {
        for (int64_t i = 0; i < v.inner; i++) {
            const float *from = a->data + o * v.n * v.inner + i;
            double sum = 0.;

            for (int64_t k = 0; k < v.n; k++)
                sum += (double)from[k * v.inner];
            out->data[o * v.inner + i] = (float)(sum / (double)v.n);
        }
    }
    return CSK_OK;
}

/* -- pad and crop -------------------------------------------------------------------- */

/* Copy the common part of the last axes from @p axis on. */
static void copy_centred(const csk_space *to, float *y, const csk_space *from,
                         const float *x, int axis)
{
    const view vy = around(to, axis), vx = around(from, axis);
    const int64_t shift = vy.n / 2 - vx.n / 2; /* x[j] goes to y[j + shift] */
    const int64_t first = shift < 0 ? -shift : 0;
    const int64_t end = vx.n + shift > vy.n ? vy.n - shift : vx.n;

    if (axis == to->rank - 1) {
        csk_copy((end - first) * vx.inner, x + first * vx.inner,
                 y + (first + shift) * vy.inner);
        return;
    }
    for (int64_t j = first; j < end; j++)
        copy_centred(to, y + (j + shift) * vy.inner, from, x + j * vx.inner, axis + 1);
}

csk_status csk_array_recentre(csk_array *out, const csk_array *a, const int64_t *dim)
{
    csk_space space = a->space;

    memcpy(space.dim, dim, (size_t)space.rank * sizeof(*dim));
    csk_status err = csk_space_check(&space, "the new shape");
    if (!err)
        err = csk_array_init(out, &space);
    if (!err)
        copy_centred(&space, out->data, &a->space, a->data, 0);
    return err;
}

/* -- shrink ----------------------------------------------------------------------------- */

/* Rounding of n * factor must not cost an entry: 0.1 * 30 is 3. */
static int64_t shrunk(int64_t n, double factor)
{
    const int64_t whole = (int64_t)((double)n * factor * (1. + 1e-12) + 1e-9);

    return whole > n ? n : whole;
}

/* y := the mean of x over [from, to) along the axis; rows of @p inner floats. */
static void mean_over(float *y, const float *x, int64_t n, int64_t inner, double from,
                      double to)
{
    const int64_t first = (int64_t)from;
    const int64_t last = (int64_t)ceil(to) < n ? (int64_t)ceil(to) : n;

    for (int64_t i = 0; i < inner; i++) {
        double sum = 0., weight = 0.;
        for (int64_t k = first; k < last; k++) {
            const double w = fmin((double)k + 1., to) - fmax((double)k, from);
            sum += w * x[k * inner + i];
            weight += w;
        }
        y[i] = (float)(sum / weight);
    }
}

static csk_status shrink_axis(csk_array *out, const csk_array *a, int axis,
                              double factor)
{
    const view v = around(&a->space, axis);
    const double step = 1. / factor;
    csk_space space = a->space;

    space.dim[axis] = shrunk(v.n, factor);
    const csk_status err = csk_array_init(out, &space);
    if (err)
        return err;
    const int64_t m = space.dim[axis];
#pragma omp parallel for schedule(static) if (v.outer * v.n * v.inner > 65536)
    for (int64_t row = 0; row < v.outer * m; row++) {
        const int64_t o = row / m, j = row % m;
        /* Edges that rounding has moved off a whole number belong on it. */
        double from = (double)j * step, to = (double)(j + 1) * step;
        from = fabs(from - round(from)) < 1e-9 * step ? round(from) : from;
        to = fabs(to - round(to)) < 1e-9 * step ? round(to) : to;
        mean_over(out->data + row * v.inner, a->data + o * v.n * v.inner, v.n, v.inner,
                  from, to);
    }
    return CSK_OK;
}

csk_status csk_array_shrink(csk_array *out, const csk_array *a, const double *factor)
{
    csk_array now = { .data = NULL };
    const csk_array *from = a;

    for (int i = 0; i < a->space.rank; i++) {
        if (!(factor[i] > 0. && factor[i] <= 1.))
            return csk_fail(CSK_ERR_ARG, "the factor %g is not in (0, 1]", factor[i]);
        if (shrunk(a->space.dim[i], factor[i]) < 1)
            return csk_fail(CSK_ERR_ARG, "nothing is left of axis %d, %lld times %g", i,
                            (long long)a->space.dim[i], factor[i]);
    }
    for (int i = 0; i < a->space.rank; i++) {
        csk_array next = { .data = NULL };
        if (factor[i] == 1. && i + 1 < a->space.rank)
            continue;
        const csk_status err = shrink_axis(&next, from, i, factor[i]);
        csk_array_clear(&now);
        if (err)
            return err;
        now = next;
        from = &now;
    }
    *out = now;
    return CSK_OK;
}

/* -- flip, parts ---------------------------------------------------------------------- */

void csk_array_flip(csk_array *a, int axis)
{
    const view v = around(&a->space, axis);

    for (int64_t o = 0; o < v.outer; o++) {
        for (int64_t j = 0; j < v.n / 2; j++) {
            float *p = a->data + (o * v.n + j) * v.inner;
            float *q = a->data + (o * v.n + v.n - 1 - j) * v.inner;
            for (int64_t i = 0; i < v.inner; i++) {
                const float t = p[i];
                p[i] = q[i];
                q[i] = t;
            }
        }
    }
}

csk_status csk_array_part(csk_array *out, const csk_array *a, csk_part part)
{
    const int width = (int)a->space.field;
    const int64_t n = csk_space_size(&a->space);
    csk_space space = a->space;

    space.field = CSK_REAL;
    const csk_status err = csk_array_init(out, &space);
    if (err)
        return err;
    if (part == CSK_PART_MAGNITUDE) {
        csk_modulus(n, width, a->data, out->data);
        return CSK_OK;
    }
    for (int64_t i = 0; i < n; i++) {
        const float re = a->data[width * i];
        const float im = width == 2 ? a->data[2 * i + 1] : 0.f;
        out->data[i] = part == CSK_PART_REAL        ? re
                       : part == CSK_PART_IMAGINARY ? im
                       : re == 0.f && im == 0.f     ? 0.f /* whatever the signs of 0 */
                                                    : atan2f(im, re);
    }
    return CSK_OK;
}
