/* SPDX-License-Identifier: BSD-3-Clause */
#include "operators/resize.h"
#include "cs/linop_impl.h"
#include "cs/mem.h"
#include "cs/vec.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
    SERIAL = 32768
}; /* floats below which starting threads costs more than it gains */

typedef struct block_average {
    csk_linop base;
    int64_t factor[CSK_MAX_RANK];
    int64_t rows;   /* output rows: scalars without the last axis */
    int64_t lines;  /* input rows that meet in an output row */
    int64_t *line;  /* where the latter start, in floats from the first of them */
    int64_t volume; /* B: scalars in a block */
} block_average;

/*
 * Where in @p s the row starts whose index, mixed radix, last but one axis fastest, is
 * @p index; a step along axis i is @p step[i] scalars long (NULL: one). In floats.
 */
static int64_t row_start(const csk_space *s, int64_t index, const int64_t *radix,
                         const int64_t *step)
{
    int64_t stride = s->dim[s->rank - 1] * (int64_t)s->field, at = 0;

    for (int i = s->rank - 2; i >= 0; i--) {
        at += index % radix[i] * (step ? step[i] : 1) * stride;
        index /= radix[i];
        stride *= s->dim[i];
    }
    return at;
}

/* The first of the input rows that meet in output row @p row. */
static int64_t corner(const block_average *r, int64_t row)
{
    return row_start(&r->base.domain, row, r->base.codomain.dim, r->factor);
}

/* out[j] += sum of @p factor neighbours, for n blocks in a row of scalars of @p width. */
static void add_row(int64_t n, int64_t factor, int64_t width, float *out,
                    const float *in)
{
    for (int64_t j = 0; j < n; j++, out += width) {
        float re = 0.f, im = 0.f;

        for (int64_t k = 0; k < factor; k++, in += width) {
            re += in[0];
            im += in[width - 1];
        }
        out[0] += re;
        if (width == 2)
            out[1] += im;
    }
}

/* The reverse: out[each of the neighbours] := beta y[j]. */
static void spread_row(int64_t n, int64_t factor, int64_t width, float *out, float beta,
                       const float *y)
{
    for (int64_t j = 0; j < n; j++, y += width) {
        const float re = beta * y[0], im = beta * y[width - 1];

        for (int64_t k = 0; k < factor; k++, out += width) {
            out[0] = re;
            out[width - 1] = im;
        }
    }
}

/* out := y, or where there is an x, alpha x + y. */
static void put_row(int64_t len, float *out, float alpha, const float *x,
                    const float *y)
{
    for (int64_t i = 0; i < len; i++)
        out[i] = x ? alpha * x[i] + y[i] : y[i];
}

static void average(const csk_linop *A, float *y, const float *x, float *work)
{
    const block_average *r = (const block_average *)A;
    const int last = A->domain.rank - 1;
    const int64_t width = (int64_t)A->domain.field, n = A->codomain.dim[last];

    (void)work;
#pragma omp parallel for schedule(static) if (csk_space_len(&A->domain) > SERIAL)
    for (int64_t row = 0; row < r->rows; row++) {
        const int64_t from = corner(r, row);
        float *out = y + row * n * width;

        csk_zero(n * width, out);
        for (int64_t k = 0; k < r->lines; k++)
            add_row(n, r->factor[last], width, out, x + from + r->line[k]);
        for (int64_t j = 0; j < n * width; j++)
            out[j] /= (float)r->volume;
    }
}

/* out := alpha x + beta y, with y spread over the blocks; x may be NULL. */
static void spread(const block_average *r, float *out, double alpha, const float *x,
                   double beta, const float *y)
{
    const csk_linop *A = &r->base;
    const int last = A->domain.rank - 1;
    const int64_t width = (int64_t)A->domain.field, n = A->codomain.dim[last];
    const int64_t len = A->domain.dim[last] * width;

#pragma omp parallel for schedule(static) if (csk_space_len(&A->domain) > SERIAL)
    for (int64_t row = 0; row < r->rows; row++) {
        const int64_t from = corner(r, row);
        float *even =
            out + from; /* the first line holds the spread row until the end */

        spread_row(n, r->factor[last], width, even, (float)beta, y + row * n * width);
        for (int64_t k = r->lines - 1; k >= 0; k--) {
            const int64_t at = from + r->line[k];

            if (k > 0 || x)
                put_row(len, out + at, (float)alpha, x ? x + at : NULL, even);
        }
    }
}

static void spread_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    const block_average *r = (const block_average *)A;

    (void)work;
    spread(r, x, 0., NULL, 1. / (double)r->volume, y);
}

static void block_normal(const csk_linop *A, float *z, const float *x, float *work)
{
    average(A, work, x, NULL);
    spread_adjoint(A, z, work, NULL);
}

/*
 * A*A = P / B, P the projection onto what is constant in each block, so that the inverse
 * is 1 / b on the complement of its range and 1 / (a / B + b) on it.
 */
static void block_resolvent(const csk_linop *A, float *z, const float *x, double a,
                            double b, float *work)
{
    const block_average *r = (const block_average *)A;

    average(A, work, x, NULL);
    spread(r, z, 1. / b, x, 1. / (a / (double)r->volume + b) - 1. / b, work);
}

static void block_destroy(csk_linop *A)
{
    csk_free(((block_average *)A)->line);
}

static const csk_linop_class block_average_class = {
    .name = "block average",
    .apply = average,
    .adjoint = spread_adjoint,
    .normal = block_normal,
    .resolvent = block_resolvent,
    .destroy = block_destroy,
};

csk_status csk_linop_block_average(csk_linop **out, const csk_space *space,
                                   const int64_t *factor)
{
    csk_status err = csk_space_check(space, "block average");

    if (err)
        return err;
    csk_space codomain = *space;
    for (int i = 0; i < space->rank; i++) {
        if (factor[i] < 1 || space->dim[i] % factor[i] != 0)
            return csk_fail(CSK_ERR_SHAPE,
                            "block average: dimension %d is %" PRId64
                            ", not a multiple of %" PRId64,
                            i, space->dim[i], factor[i]);
        codomain.dim[i] = space->dim[i] / factor[i];
    }

    block_average *r =
        csk_linop_new(sizeof(*r), &block_average_class, space, &codomain);
    if (!r)
        return CSK_ERR_NOMEM;
    memcpy(r->factor, factor, (size_t)space->rank * sizeof(*factor));
    r->volume = csk_space_size(space) / csk_space_size(&codomain);
    r->lines = r->volume / factor[space->rank - 1];
    r->rows = csk_space_size(&codomain) / codomain.dim[space->rank - 1];
    r->line = csk_alloc(r->lines, sizeof(*r->line));
    if (!r->line) {
        csk_linop_unref(&r->base);
        return CSK_ERR_NOMEM;
    }
    for (int64_t k = 0; k < r->lines; k++)
        r->line[k] = row_start(space, k, factor, NULL);
    r->base.norm_bound = 1. / sqrt((double)r->volume);
    r->base.work_len = csk_pad(csk_space_len(&codomain));
    *out = &r->base;
    return CSK_OK;
}
