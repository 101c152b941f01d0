/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/lsq.h"
#include "cs/blas_priv.h"
#include "cs/lsq_priv.h"
#include "cs/matrix_priv.h"
#include "cs/mem.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <string.h>

static const char *const methods[] = { "auto", "qr", "cholesky", "lsqr", NULL };

#define S csk_lsq_opts
/* clang-format off */
const csk_param csk_lsq_params[] = {
    CSK_OPT_REAL  (S, ridge,    "ridge",    0,     0, INFINITY, "WEIGHT", "weight of 1/2 |x|^2"),
    CSK_OPT_CHOICE(S, method,   "method",   0,     methods,               "how to solve"),
    CSK_OPT_REAL  (S, rank_tol, "rank-tol", 0,     0, 1,        "REL",    "qr: columns below this fraction of the largest count as dependent, 0 derives it"),
    CSK_OPT_REAL  (S, tol,      "tol",      1e-10, 0, 1,        "REL",    "lsqr: relative error of A and b that is tolerated"),
    CSK_OPT_INT   (S, max_iter, "max-iter", 1000,  1, INT_MAX,  "N",      "lsqr: iterations at most"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_lsq_opts csk_lsq_defaults(void)
{
    csk_lsq_opts o = { .monitor = { 0 } };

    csk_param_defaults(csk_lsq_params, &o);
    return o;
}

const char *csk_lsq_method_name(csk_lsq_method method)
{
    return (unsigned)method <= CSK_LSQ_LSQR ? methods[method] : "unknown";
}

/* C := [A; sqrt(ridge) I]. */
static csk_status augment_dense(csk_matrix *C, const csk_matrix *A, double below)
{
    const int64_t w = (int64_t)A->field, rows = A->rows + A->cols;
    const csk_status err = csk_matrix_dense(C, A->field, rows, A->cols);

    if (err)
        return err;
    for (int64_t j = 0; j < A->cols; j++) {
        memcpy(C->value + j * rows * w, A->value + j * A->rows * w,
               (size_t)(A->rows * w) * sizeof(double));
        C->value[(j * rows + A->rows + j) * w] = below;
    }
    return CSK_OK;
}

static csk_status augment_sparse(csk_matrix *C, const csk_matrix *A, double below)
{
    const int64_t w = (int64_t)A->field;
    const csk_status err = csk_matrix_sparse(C, A->field, A->rows + A->cols, A->cols,
                                             A->start[A->cols] + A->cols);

    if (err)
        return err;
    for (int64_t j = 0; j < A->cols; j++) {
        const int64_t from = A->start[j], count = A->start[j + 1] - from;
        const int64_t to = from + j;

        C->start[j] = to;
        memcpy(C->row + to, A->row + from, (size_t)count * sizeof(*C->row));
        memcpy(C->value + to * w, A->value + from * w,
               (size_t)(count * w) * sizeof(double));
        C->row[to + count] = A->rows + j;
        C->value[(to + count) * w] = below;
    }
    C->start[A->cols] = A->start[A->cols] + A->cols;
    return CSK_OK;
}

static csk_status plain_qr(double *x, const csk_matrix *A, const double *b,
                           double rank_tol, int64_t *rank)
{
    return A->start ? csk_lsq_sparse_qr(x, A, b, rank_tol, rank)
                    : csk_lsq_dense_qr(x, A, b, rank_tol, rank);
}

static csk_status qr(double *x, const csk_matrix *A, const double *b,
                     const csk_lsq_opts *o, int64_t *rank)
{
    if (o->ridge == 0.)
        return plain_qr(x, A, b, o->rank_tol, rank);

    const int64_t m = csk_matrix_rows(A);
    csk_matrix C = { .start = NULL };
    csk_status err = A->start ? augment_sparse(&C, A, sqrt(o->ridge))
                              : augment_dense(&C, A, sqrt(o->ridge));
    double *const longer = err ? NULL : csk_alloc(csk_matrix_rows(&C), sizeof(*longer));

    if (!err && !longer)
        err = CSK_ERR_NOMEM;
    if (!err) {
        memcpy(longer, b, (size_t)m * sizeof(*longer));
        err = plain_qr(x, &C, longer, o->rank_tol, rank);
    }
    csk_free(longer);
    csk_matrix_clear(&C);
    return err;
}

static csk_status cholesky(double *x, const csk_matrix *A, const double *b,
                           const csk_lsq_opts *o, int64_t *rank)
{
    *rank = csk_lsq_wide(A) ? A->rows : A->cols;
    return A->start ? csk_lsq_sparse_cholesky(x, A, b, o->ridge)
                    : csk_lsq_dense_cholesky(x, A, b, o->ridge);
}

static csk_status solve(double *x, const csk_matrix *A, const double *b,
                        const csk_lsq_opts *o, csk_lsq_info *info)
{
    const bool automatic = o->method == CSK_LSQ_AUTO;

    info->stop = CSK_STOP_CONVERGED;
    info->method = (csk_lsq_method)o->method;
    if (automatic)
        info->method = o->ridge > 0. ? CSK_LSQ_CHOLESKY : CSK_LSQ_QR;
    if (info->method == CSK_LSQ_LSQR) {
        info->rank = -1;
        return csk_lsq_iterative(x, A, b, o, info);
    }
    const int threads = csk_blas_single();
    csk_status err = CSK_OK;
    if (info->method == CSK_LSQ_CHOLESKY) {
        err = cholesky(x, A, b, o, &info->rank);
        if (automatic && err == CSK_ERR_NUMERIC)
            info->method = CSK_LSQ_QR;
    }
    if (info->method == CSK_LSQ_QR)
        err = qr(x, A, b, o, &info->rank);
    csk_blas_restore(threads);
    return err;
}

/* r and g are scratch. */
static void measure(const double *x, const csk_matrix *A, const double *b, double ridge,
                    double *r, double *g, csk_lsq_info *info)
{
    const int64_t m = csk_matrix_rows(A), n = csk_matrix_cols(A);
    const int64_t full = csk_lsq_wide(A) ? A->rows : A->cols;

    csk_matrix_apply(A, true, g, b);
    const double start = sqrt(csk_dot_double(n, g, g));
    csk_lsq_residual(A, x, b, r);
    csk_matrix_apply(A, true, g, r);
    csk_lsq_add(n, ridge, x, g);
    info->residual = sqrt(csk_dot_double(m, r, r));
    info->gradient = start > 0. ? sqrt(csk_dot_double(n, g, g)) / start : 0.;
    info->deficient = ridge == 0. && info->rank >= 0 && info->rank < full;
}

csk_status csk_lsq(double *x, const csk_matrix *A, const double *b,
                   const csk_lsq_opts *opts, csk_lsq_info *info)
{
    const csk_lsq_opts o = opts ? *opts : csk_lsq_defaults();
    const int64_t m = csk_matrix_rows(A), n = csk_matrix_cols(A);
    csk_lsq_info out = { .rank = -1 };
    csk_status err = csk_param_check(csk_lsq_params, &o);

    if (!err)
        err = csk_matrix_check("lsq", A);
    if (!err)
        err = csk_require_finite_double("lsq", "data", m, b);
    if (err)
        return err;
    double *const found = csk_alloc(2 * n + m, sizeof(*found));
    if (!found)
        return CSK_ERR_NOMEM;

    err = solve(found, A, b, &o, &out);
    if (!err)
        err = csk_require_finite_double("lsq", "solution", n, found);
    if (!err) {
        measure(found, A, b, o.ridge, found + n, found + n + m, &out);
        memcpy(x, found, (size_t)n * sizeof(*x));
        if (info)
            *info = out;
    }
    csk_free(found);
    return err;
}
