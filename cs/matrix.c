/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/matrix.h"
#include "cs/file_priv.h"
#include "cs/format.h"
#include "cs/mem.h"

#include <cblas.h>
#include <inttypes.h>
#include <string.h>

/*
 * A call of BLAS sees a block of ROWS x COLS, below the size from which OpenBLAS starts
 * threads of its own (4096 entries if complex): those cut sums differently for each number
 * of threads.
 */
enum { ROWS = 128, COLS = 16, PARALLEL_FROM = 1 << 15 };

static csk_status check_size(csk_field field, int64_t rows, int64_t cols)
{
    if (field != CSK_REAL && field != CSK_COMPLEX)
        return csk_fail(CSK_ERR_ARG, "matrix: field is %d, neither real nor complex",
                        (int)field);
    if (rows < 1 || cols < 1)
        return csk_fail(CSK_ERR_ARG,
                        "matrix: %" PRId64 " x %" PRId64 ", both must be positive",
                        rows, cols);
    return CSK_OK;
}

csk_status csk_matrix_dense(csk_matrix *A, csk_field field, int64_t rows, int64_t cols)
{
    *A = (csk_matrix){ .start = NULL };
    const csk_status err = check_size(field, rows, cols);
    if (err)
        return err;
    if (rows > INT32_MAX || cols > INT32_MAX) /* the integers of BLAS */
        return csk_fail(CSK_ERR_UNSUPPORTED,
                        "matrix: %" PRId64 " x %" PRId64 ", dense sides end at %d",
                        rows, cols, INT32_MAX);
    double *value = csk_alloc(rows * cols, (size_t)field * sizeof(double));
    if (!value)
        return CSK_ERR_NOMEM;
    *A = (csk_matrix){ .field = field, .rows = rows, .cols = cols, .value = value };
    return CSK_OK;
}

csk_status csk_matrix_sparse(csk_matrix *A, csk_field field, int64_t rows, int64_t cols,
                             int64_t nonzeros)
{
    *A = (csk_matrix){ .start = NULL };
    const csk_status err = check_size(field, rows, cols);
    if (err)
        return err;
    if (nonzeros < 0 || cols == INT64_MAX)
        return csk_fail(CSK_ERR_ARG,
                        "matrix: room for %" PRId64 " nonzeros in %" PRId64 " columns",
                        nonzeros, cols);
    *A = (csk_matrix){ .field = field,
                       .rows = rows,
                       .cols = cols,
                       .start = csk_alloc(cols + 1, sizeof(*A->start)),
                       .row = csk_alloc(nonzeros, sizeof(*A->row)),
                       .value = csk_alloc(nonzeros, (size_t)field * sizeof(double)) };
    if (A->start && A->row && A->value)
        return CSK_OK;
    csk_matrix_clear(A);
    return CSK_ERR_NOMEM;
}

void csk_matrix_clear(csk_matrix *A)
{
    csk_free(A->start);
    csk_free(A->row);
    csk_free(A->value);
    *A = (csk_matrix){ .start = NULL };
}

/* y := op(B) x, or with add y := y + op(B) x, for the block B of A from (i, j) on. */
static void gemv_block(const csk_matrix *A, bool adjoint, int64_t i, int64_t j,
                       bool add, double *y, const double *x)
{
    static const double one[2] = { 1.0, 0.0 };
    static const double zero[2] = { 0.0, 0.0 };
    const int64_t width = (int64_t)A->field;
    const int rows = (int)(A->rows - i < ROWS ? A->rows - i : ROWS);
    const int cols = (int)(A->cols - j < COLS ? A->cols - j : COLS);
    const double *B = A->value + (j * A->rows + i) * width;
    const double *u = x + (adjoint ? i : j) * width;
    double *v = y + (adjoint ? j : i) * width;

    if (A->field == CSK_REAL)
        cblas_dgemv(CblasColMajor, adjoint ? CblasTrans : CblasNoTrans, rows, cols, 1.0,
                    B, (int)A->rows, u, 1, add ? 1.0 : 0.0, v, 1);
    else
        cblas_zgemv(CblasColMajor, adjoint ? CblasConjTrans : CblasNoTrans, rows, cols,
                    one, B, (int)A->rows, u, 1, add ? one : zero, v, 1);
}

static void apply_dense(const csk_matrix *A, bool adjoint, double *y, const double *x)
{
    const int64_t outer = adjoint ? A->cols : A->rows;
    const int64_t inner = adjoint ? A->rows : A->cols;
    const int64_t outer_step = adjoint ? COLS : ROWS;
    const int64_t inner_step = adjoint ? ROWS : COLS;

#pragma omp parallel for schedule(static) if (outer * inner >= PARALLEL_FROM)
    for (int64_t o = 0; o < outer; o += outer_step) {
        for (int64_t k = 0; k < inner; k += inner_step)
            gemv_block(A, adjoint, adjoint ? k : o, adjoint ? o : k, k > 0, y, x);
    }
}

static void sparse_real(const csk_matrix *A, double *y, const double *x)
{
    for (int64_t j = 0; j < A->cols; j++) {
        for (int64_t k = A->start[j]; k < A->start[j + 1]; k++)
            y[A->row[k]] += A->value[k] * x[j];
    }
}

static void sparse_complex(const csk_matrix *A, double *y, const double *x)
{
    for (int64_t j = 0; j < A->cols; j++) {
        for (int64_t k = A->start[j]; k < A->start[j + 1]; k++) {
            const double *v = A->value + 2 * k;
            double *out = y + 2 * A->row[k];
            out[0] += v[0] * x[2 * j] - v[1] * x[2 * j + 1];
            out[1] += v[0] * x[2 * j + 1] + v[1] * x[2 * j];
        }
    }
}

static void sparse_adjoint(const csk_matrix *A, double *y, const double *x)
{
#pragma omp parallel for schedule(static) if (A->start[A->cols] >= PARALLEL_FROM)
    for (int64_t j = 0; j < A->cols; j++) {
        double re = 0.0;
        double im = 0.0;
        for (int64_t k = A->start[j]; k < A->start[j + 1]; k++) {
            if (A->field == CSK_REAL) {
                re += A->value[k] * x[A->row[k]];
            } else {
                const double *v = A->value + 2 * k;
                const double *u = x + 2 * A->row[k];
                re += v[0] * u[0] + v[1] * u[1];
                im += v[0] * u[1] - v[1] * u[0];
            }
        }
        y[j * (int64_t)A->field] = re;
        if (A->field == CSK_COMPLEX)
            y[2 * j + 1] = im;
    }
}

void csk_matrix_apply(const csk_matrix *A, bool adjoint, double *y, const double *x)
{
    if (!A->start) {
        apply_dense(A, adjoint, y, x);
    } else if (adjoint) {
        sparse_adjoint(A, y, x);
    } else {
        memset(y, 0, (size_t)A->rows * (size_t)A->field * sizeof(*y));
        if (A->field == CSK_REAL)
            sparse_real(A, y, x);
        else
            sparse_complex(A, y, x);
    }
}

static csk_status from_array(csk_matrix *A, const csk_array *a, const char *path)
{
    const csk_space *s = &a->space;

    if (s->rank > 2)
        return csk_fail(CSK_ERR_SHAPE, "%s: rank %d, a matrix has rank 2, a column 1",
                        path, s->rank);
    const int64_t cols = s->rank == 2 ? s->dim[1] : 1;
    const csk_status err = csk_matrix_dense(A, s->field, s->dim[0], cols);
    if (err)
        return err;
    const int width = (int)s->field;
    for (int64_t i = 0; i < A->rows; i++) {
        for (int64_t j = 0; j < A->cols; j++) {
            for (int c = 0; c < width; c++)
                A->value[(j * A->rows + i) * width + c] =
                    (double)a->data[(i * A->cols + j) * width + c];
        }
    }
    return CSK_OK;
}

static csk_status read_mtx(csk_matrix *A, const char *path)
{
    char *text;
    size_t len;
    csk_status err = csk_file_load(&text, &len, path, INT64_MAX);

    if (err)
        return err;
    err = csk_mtx_parse(A, text, len, path);
    csk_free(text);
    return err;
}

csk_status csk_matrix_read(csk_matrix *A, const char *path)
{
    const csk_format *f = csk_format_of(path);
    csk_array a;

    *A = (csk_matrix){ .start = NULL };
    if (f && strcmp(f->suffix, ".mtx") == 0)
        return read_mtx(A, path);
    csk_status err = csk_read(&a, path);
    if (err)
        return err;
    err = from_array(A, &a, path);
    csk_array_clear(&a);
    return err;
}
