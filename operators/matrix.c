/* SPDX-License-Identifier: BSD-3-Clause */
#include "operators/matrix.h"
#include "cs/linop_impl.h"
#include "cs/mem.h"
#include "cs/simd_priv.h"
#include "cs/vec.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum {
    BLOCK = 1024,  /* floats of output that stay in L1 while all vectors pass */
    LANES = 64,    /* accumulators of a dot product, in a fixed order */
    SERIAL = 32768 /* entries below which starting threads costs more than it gains */
};

/* Column j of A, the same for dense and sparse: its entries, and the row of one. */
static int64_t first(const csk_matrix *A, int64_t j)
{
    return A->start ? A->start[j] : j * A->rows;
}

static int64_t row_of(const csk_matrix *A, int64_t j, int64_t k)
{
    return A->start ? A->row[k] : k - j * A->rows;
}

static double modulus(const csk_matrix *A, int64_t k)
{
    if (A->field == CSK_REAL)
        return fabs((double)(float)A->value[k]);
    return hypot((double)(float)A->value[2 * k], (double)(float)A->value[2 * k + 1]);
}

/* -- dense ------------------------------------------------------------------ */

/*
 * The matrix is kept as its columns, or if they are shorter as its conjugate rows: A* is
 * the matrix of the latter as A is of the former. Long vectors make both products long
 * loops over contiguous memory, cut where the sizes alone say. Not by BLAS: the matrix
 * streams from memory once either way, and BLAS cuts by the number of threads, which
 * changes the last bits.
 */
typedef struct dense {
    csk_linop base;
    bool by_rows;
    int64_t count; /* of vectors */
    int64_t len;   /* floats in one */
    float *value;
} dense;

static float fold(float *lane)
{
    for (int width = LANES / 2; width > 0; width /= 2) {
        for (int j = 0; j < width; j++)
            lane[j] += lane[j + width];
    }
    return lane[0];
}

CSK_HOT static void dot(int64_t n, const float *v, const float *x, float *out)
{
    float lane[LANES] = { 0.f };
    int64_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        for (int j = 0; j < LANES; j++)
            lane[j] += v[i + j] * x[i + j];
    }
    for (int j = 0; i < n; i++, j++)
        lane[j] += v[i] * x[i];
    out[0] = fold(lane);
}

/* out := (v . x, v . z), so that v passes once. */
CSK_HOT static void dot_pair(int64_t n, const float *v, const float *x, const float *z,
                             float *out)
{
    float lane[2][LANES] = { { 0.f } };
    int64_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        for (int j = 0; j < LANES; j++) {
            lane[0][j] += v[i + j] * x[i + j];
            lane[1][j] += v[i + j] * z[i + j];
        }
    }
    for (int j = 0; i < n; i++, j++) {
        lane[0][j] += v[i] * x[i];
        lane[1][j] += v[i] * z[i];
    }
    out[0] = fold(lane[0]);
    out[1] = fold(lane[1]);
}

/* y := sum_j c[j] v_j over n floats, the vectors ld floats apart. */
CSK_HOT static void sum_block(int64_t n, int64_t count, const float *v, int64_t ld,
                              const float *c, float *y)
{
    int64_t j = 0;

    for (int64_t i = 0; i < n; i++)
        y[i] = 0.f;
    for (; j + 4 <= count; j += 4) {
        const float *v0 = v + j * ld, *v1 = v0 + ld, *v2 = v1 + ld, *v3 = v2 + ld;

        for (int64_t i = 0; i < n; i++)
            y[i] += (c[j] * v0[i] + c[j + 1] * v1[i]) +
                    (c[j + 2] * v2[i] + c[j + 3] * v3[i]);
    }
    for (; j < count; j++) {
        for (int64_t i = 0; i < n; i++)
            y[i] += c[j] * v[j * ld + i];
    }
}

/* The same with complex c: what its real parts make into y, its imaginary ones into z. */
CSK_HOT static void sum_block_pair(int64_t n, int64_t count, const float *v, int64_t ld,
                                   const float *c, float *y, float *z)
{
    int64_t j = 0;

    for (int64_t i = 0; i < n; i++)
        y[i] = z[i] = 0.f;
    for (; j + 2 <= count; j += 2, c += 4) {
        const float *v0 = v + j * ld, *v1 = v0 + ld;

        for (int64_t i = 0; i < n; i++) {
            y[i] += c[0] * v0[i] + c[2] * v1[i];
            z[i] += c[1] * v0[i] + c[3] * v1[i];
        }
    }
    for (; j < count; j++, c += 2) {
        for (int64_t i = 0; i < n; i++) {
            y[i] += c[0] * v[j * ld + i];
            z[i] += c[1] * v[j * ld + i];
        }
    }
}

/* Whether a product is worth a parallel region; entering one that is refused costs, too. */
static bool worth_threads(const dense *d)
{
    return d->len * d->count > SERIAL;
}

static void combine_block(const dense *d, float *out, const float *c, int64_t at)
{
    const int64_t n = d->len - at < BLOCK ? d->len - at : BLOCK;
    float *y = out + at, z[BLOCK];

    if (d->base.domain.field == CSK_REAL) {
        sum_block(n, d->count, d->value + at, d->len, c, y);
        return;
    }
    sum_block_pair(n, d->count, d->value + at, d->len, c, y, z);
    for (int64_t i = 0; i + 1 < n; i += 2) { /* y + i z */
        y[i] -= z[i + 1];
        y[i + 1] += z[i];
    }
}

/* out := sum_j c_j v_j. */
static void combine(const dense *d, float *out, const float *c)
{
    if (!worth_threads(d)) {
        for (int64_t at = 0; at < d->len; at += BLOCK)
            combine_block(d, out, c, at);
        return;
    }
#pragma omp parallel for schedule(static)
    for (int64_t at = 0; at < d->len; at += BLOCK)
        combine_block(d, out, c, at);
}

static void project_one(const dense *d, float *out, const float *x, const float *work,
                        int64_t j)
{
    const float *v = d->value + j * d->len;

    if (d->base.domain.field == CSK_REAL)
        dot(d->len, v, x, out + j);
    else
        dot_pair(d->len, v, x, work, out + 2 * j);
}

/* out[j] := <v_j, x>, conjugate linear in v_j. */
static void project(const dense *d, float *out, const float *x, float *work)
{
    const bool real = d->base.domain.field == CSK_REAL;

    for (int64_t i = 0; !real && i < d->len; i += 2) { /* Im<v, x> = Re<v, -i x> */
        work[i] = x[i + 1];
        work[i + 1] = -x[i];
    }
    if (!worth_threads(d)) {
        for (int64_t j = 0; j < d->count; j++)
            project_one(d, out, x, work, j);
        return;
    }
#pragma omp parallel for schedule(static)
    for (int64_t j = 0; j < d->count; j++)
        project_one(d, out, x, work, j);
}

static void dense_apply(const csk_linop *A, float *y, const float *x, float *work)
{
    const dense *d = (const dense *)A;

    if (d->by_rows)
        project(d, y, x, work);
    else
        combine(d, y, x);
}

static void dense_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    const dense *d = (const dense *)A;

    if (d->by_rows)
        combine(d, x, y);
    else
        project(d, x, y, work);
}

static void dense_destroy(csk_linop *A)
{
    csk_free(((dense *)A)->value);
}

static const csk_linop_class dense_class = {
    .name = "matrix",
    .apply = dense_apply,
    .adjoint = dense_adjoint,
    .destroy = dense_destroy,
};

static csk_linop *make_dense(const csk_matrix *A, const csk_space *domain,
                             const csk_space *codomain)
{
    dense *d = csk_linop_new(sizeof(*d), &dense_class, domain, codomain);

    if (!d)
        return NULL;
    const int64_t width = A->field;
    d->by_rows = A->cols > A->rows;
    d->count = d->by_rows ? A->rows : A->cols;
    d->len = (d->by_rows ? A->cols : A->rows) * width;
    if (A->field == CSK_COMPLEX)
        d->base.work_len = csk_pad(d->len);
    d->value = csk_alloc(A->rows * A->cols, (size_t)width * sizeof(*d->value));
    if (!d->value) {
        csk_linop_unref(&d->base);
        return NULL;
    }
    for (int64_t j = 0; j < A->cols; j++) {
        for (int64_t i = 0; i < A->rows; i++) {
            const double *from = A->value + (j * A->rows + i) * width;
            float *to =
                d->value + (d->by_rows ? i * A->cols + j : j * A->rows + i) * width;

            to[0] = (float)from[0];
            if (width == 2)
                to[1] = (float)(d->by_rows ? -from[1] : from[1]);
        }
    }
    return &d->base;
}

/* -- sparse ----------------------------------------------------------------- */

/* Compressed rows, or what comes to the same for A*, conjugate columns. */
typedef struct compressed {
    int64_t count;
    int64_t *start;
    int32_t *index;
    float *value;
} compressed;

typedef struct sparse {
    csk_linop base;
    compressed rows;    /* for A */
    compressed columns; /* for A* */
} sparse;

/* out[i] := sum of the entries of row i times what they point at. */
static void gather(const compressed *c, csk_field field, float *out, const float *in)
{
#pragma omp parallel for schedule(static) if (c->start[c->count] > SERIAL)
    for (int64_t i = 0; i < c->count; i++) {
        double re = 0., im = 0.;

        if (field == CSK_REAL) {
            for (int64_t k = c->start[i]; k < c->start[i + 1]; k++)
                re += (double)c->value[k] * in[c->index[k]];
            out[i] = (float)re;
            continue;
        }
        for (int64_t k = c->start[i]; k < c->start[i + 1]; k++) {
            const double vr = c->value[2 * k], vi = c->value[2 * k + 1];
            const float *z = in + 2 * (int64_t)c->index[k];

            re += vr * z[0] - vi * z[1];
            im += vr * z[1] + vi * z[0];
        }
        out[2 * i] = (float)re;
        out[2 * i + 1] = (float)im;
    }
}

static void sparse_apply(const csk_linop *A, float *y, const float *x, float *work)
{
    (void)work;
    gather(&((const sparse *)A)->rows, A->domain.field, y, x);
}

static void sparse_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    (void)work;
    gather(&((const sparse *)A)->columns, A->domain.field, x, y);
}

static void sparse_destroy(csk_linop *A)
{
    sparse *s = (sparse *)A;
    compressed *both[] = { &s->rows, &s->columns };

    for (int i = 0; i < 2; i++) {
        csk_free(both[i]->start);
        csk_free(both[i]->index);
        csk_free(both[i]->value);
    }
}

static const csk_linop_class sparse_class = {
    .name = "sparse matrix",
    .apply = sparse_apply,
    .adjoint = sparse_adjoint,
    .destroy = sparse_destroy,
};

static csk_status make_room(compressed *c, int64_t count, int64_t nonzeros,
                            csk_field field)
{
    c->count = count;
    c->start = csk_alloc(count + 1, sizeof(*c->start));
    c->index = csk_alloc(nonzeros, sizeof(*c->index));
    c->value = csk_alloc(nonzeros, (size_t)field * sizeof(*c->value));
    return c->start && c->index && c->value ? CSK_OK : CSK_ERR_NOMEM;
}

static void put(compressed *c, int64_t at, int64_t index, const csk_matrix *A,
                int64_t k, double sign)
{
    c->index[at] = (int32_t)index;
    if (A->field == CSK_REAL) {
        c->value[at] = (float)A->value[k];
    } else {
        c->value[2 * at] = (float)A->value[2 * k];
        c->value[2 * at + 1] = (float)(sign * A->value[2 * k + 1]);
    }
}

/* Columns as they are, rows by counting: first how many, then where, then what. */
static void fill(sparse *s, const csk_matrix *A)
{
    int64_t *start = s->rows.start;
    const int64_t nonzeros = A->start[A->cols];

    for (int64_t k = 0; k < nonzeros; k++)
        start[A->row[k] + 1]++;
    for (int64_t i = 0; i < A->rows; i++)
        start[i + 1] += start[i];
    for (int64_t j = 0; j < A->cols; j++) {
        s->columns.start[j + 1] = A->start[j + 1];
        for (int64_t k = A->start[j]; k < A->start[j + 1]; k++) {
            put(&s->columns, k, A->row[k], A, k, -1.);
            put(&s->rows, start[A->row[k]]++, j, A, k, 1.);
        }
    }
    for (int64_t i = A->rows; i > 0;
         i--) /* each start is now where the next row's was */
        start[i] = start[i - 1];
    start[0] = 0;
}

static csk_linop *make_sparse(const csk_matrix *A, const csk_space *domain,
                              const csk_space *codomain)
{
    sparse *s = csk_linop_new(sizeof(*s), &sparse_class, domain, codomain);

    if (!s)
        return NULL;
    const int64_t nonzeros = A->start[A->cols];
    if (make_room(&s->rows, A->rows, nonzeros, A->field) ||
        make_room(&s->columns, A->cols, nonzeros, A->field)) {
        csk_linop_unref(&s->base);
        return NULL;
    }
    fill(s, A);
    return &s->base;
}

/* -- either ----------------------------------------------------------------- */

static csk_status check_structure(const csk_matrix *A)
{
    if (A->rows > INT32_MAX || A->cols > INT32_MAX)
        return csk_fail(CSK_ERR_UNSUPPORTED,
                        "sparse matrix: more than 2^31 - 1 rows or columns");
    if (A->start[0] != 0)
        return csk_fail(CSK_ERR_ARG,
                        "sparse matrix: the first column starts at %" PRId64,
                        A->start[0]);
    for (int64_t j = 0; j < A->cols; j++) {
        if (A->start[j + 1] < A->start[j])
            return csk_fail(CSK_ERR_ARG,
                            "sparse matrix: column %" PRId64 " ends before it starts",
                            j);
        for (int64_t k = A->start[j]; k < A->start[j + 1]; k++) {
            if (A->row[k] < 0 || A->row[k] >= A->rows)
                return csk_fail(CSK_ERR_ARG,
                                "sparse matrix: row %" PRId64 " in column %" PRId64
                                " of a matrix of %" PRId64 " rows",
                                A->row[k], j, A->rows);
        }
    }
    return CSK_OK;
}

/* min(||A||_F, sqrt(||A||_1 ||A||_inf)) of the matrix in single precision. */
static csk_status bound(const csk_matrix *A, double *norm)
{
    double *row = csk_alloc(A->rows, sizeof(*row));
    double squares = 0., widest_row = 0., widest_column = 0.;

    if (!row)
        return CSK_ERR_NOMEM;
    for (int64_t j = 0; j < A->cols; j++) {
        double column = 0.;

        for (int64_t k = first(A, j); k < first(A, j + 1); k++) {
            const double m = modulus(A, k);

            column += m;
            squares += m * m;
            row[row_of(A, j, k)] += m;
        }
        widest_column = fmax(widest_column, column);
    }
    for (int64_t i = 0; i < A->rows; i++)
        widest_row = fmax(widest_row, row[i]);
    csk_free(row);
    if (!isfinite(squares))
        return csk_fail(CSK_ERR_NUMERIC,
                        "matrix: an entry is not finite in single precision");
    *norm = fmin(sqrt(squares), sqrt(widest_column * widest_row));
    return CSK_OK;
}

csk_status csk_linop_matrix(csk_linop **out, const csk_matrix *A)
{
    const csk_space domain = csk_space_make(A->field, 1, &A->cols);
    const csk_space codomain = csk_space_make(A->field, 1, &A->rows);
    double norm = 0.;

    csk_status err = csk_space_check(&domain, "matrix");
    if (!err)
        err = csk_space_check(&codomain, "matrix");
    if (!err && A->start)
        err = check_structure(A);
    if (!err)
        err = bound(A, &norm);
    if (err)
        return err;

    csk_linop *B = A->start ? make_sparse(A, &domain, &codomain)
                            : make_dense(A, &domain, &codomain);
    if (!B)
        return CSK_ERR_NOMEM;
    B->norm_bound = norm;
    *out = B;
    return CSK_OK;
}
