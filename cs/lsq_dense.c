/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/lsq_priv.h"
#include "cs/matrix_priv.h"
#include "cs/mem.h"

#include <cblas.h>
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

/* LAPACK, which OpenBLAS brings along without a header. Complex: pairs of doubles. */
void dgelsy_(const int *m, const int *n, const int *nrhs, double *a, const int *lda,
             double *b, const int *ldb, int *jpvt, const double *rcond, int *rank,
             double *work, const int *lwork, int *info);
void zgelsy_(const int *m, const int *n, const int *nrhs, double *a, const int *lda,
             double *b, const int *ldb, int *jpvt, const double *rcond, int *rank,
             double *work, const int *lwork, double *rwork, int *info);
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void zpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);

static csk_status require_small(const csk_matrix *A)
{
    if (A->rows + A->cols <= INT_MAX)
        return CSK_OK;
    return csk_fail(CSK_ERR_UNSUPPORTED,
                    "lsq: %" PRId64 " x %" PRId64 " is too large for LAPACK", A->rows,
                    A->cols);
}

typedef struct gelsy {
    int m, n;
    double rcond;
    double *a, *b, *rwork;
    int *pivot;
    int rank;
} gelsy;

static void call_gelsy(gelsy *g, csk_field field, double *work, int lwork)
{
    const int one = 1, ldb = g->m > g->n ? g->m : g->n;
    int bad; /* only wrong arguments, and those are ours */

    if (field == CSK_COMPLEX)
        zgelsy_(&g->m, &g->n, &one, g->a, &g->m, g->b, &ldb, g->pivot, &g->rcond,
                &g->rank, work, &lwork, g->rwork, &bad);
    else
        dgelsy_(&g->m, &g->n, &one, g->a, &g->m, g->b, &ldb, g->pivot, &g->rcond,
                &g->rank, work, &lwork, &bad);
}

csk_status csk_lsq_dense_qr(double *x, const csk_matrix *A, const double *b,
                            double rank_tol, int64_t *rank)
{
    csk_status err = require_small(A);
    if (err)
        return err;

    const int64_t w = (int64_t)A->field, most = A->rows > A->cols ? A->rows : A->cols;
    gelsy g = { .m = (int)A->rows,
                .n = (int)A->cols,
                .rcond = rank_tol > 0. ? rank_tol : (double)most * DBL_EPSILON,
                .a = csk_alloc(A->rows * A->cols * w, sizeof(*g.a)),
                .b = csk_alloc(most * w, sizeof(*g.b)),
                .rwork = csk_alloc(2 * A->cols, sizeof(*g.rwork)),
                .pivot = csk_alloc(A->cols, sizeof(*g.pivot)) };
    double *work = NULL;

    if (g.a && g.b && g.rwork && g.pivot) {
        double best[2] = { 1. };
        call_gelsy(&g, A->field, best, -1);
        work = csk_alloc((int64_t)best[0] * w, sizeof(*work));
        if (work) {
            memcpy(g.a, A->value, (size_t)(A->rows * A->cols * w) * sizeof(*g.a));
            memcpy(g.b, b, (size_t)csk_matrix_rows(A) * sizeof(*g.b));
            call_gelsy(&g, A->field, work, (int)best[0]);
            memcpy(x, g.b, (size_t)csk_matrix_cols(A) * sizeof(*x));
            *rank = g.rank;
        }
    }
    if (!work)
        err = CSK_ERR_NOMEM;
    csk_free(g.a);
    csk_free(g.b);
    csk_free(g.rwork);
    csk_free(g.pivot);
    csk_free(work);
    return err;
}

/* L of the Gram matrix, in its lower half. */
typedef struct cholesky {
    csk_field field;
    int k;
    double *L;
} cholesky;

static void gram(const csk_matrix *A, double ridge, cholesky *c)
{
    const int m = (int)A->rows, n = (int)A->cols, w = (int)A->field;
    const bool wide = csk_lsq_wide(A);
    const int inner = wide ? n : m;

    if (A->field == CSK_COMPLEX)
        cblas_zherk(CblasColMajor, CblasLower, wide ? CblasNoTrans : CblasConjTrans,
                    c->k, inner, 1., A->value, m, 0., c->L, c->k);
    else
        cblas_dsyrk(CblasColMajor, CblasLower, wide ? CblasNoTrans : CblasTrans, c->k,
                    inner, 1., A->value, m, 0., c->L, c->k);
    for (int64_t i = 0; i < c->k; i++)
        c->L[(i * c->k + i) * w] += ridge;
}

/* False if a pivot is not positive, or so small that rounding made it. */
static bool factorise(cholesky *c)
{
    const int w = (int)c->field;
    int bad;

    if (c->field == CSK_COMPLEX)
        zpotrf_("L", &c->k, c->L, &c->k, &bad);
    else
        dpotrf_("L", &c->k, c->L, &c->k, &bad);
    if (bad)
        return false;
    double least = c->L[0], most = least;
    for (int64_t i = 0; i < c->k; i++) {
        const double d = c->L[(i * c->k + i) * w];
        least = d < least ? d : least;
        most = d > most ? d : most;
    }
    return least * least > c->k * DBL_EPSILON * most * most;
}

static bool solve(void *factor, double *v)
{
    const cholesky *c = factor;

    if (c->field == CSK_COMPLEX) {
        cblas_ztrsv(CblasColMajor, CblasLower, CblasNoTrans, CblasNonUnit, c->k, c->L,
                    c->k, v, 1);
        cblas_ztrsv(CblasColMajor, CblasLower, CblasConjTrans, CblasNonUnit, c->k, c->L,
                    c->k, v, 1);
    } else {
        cblas_dtrsv(CblasColMajor, CblasLower, CblasNoTrans, CblasNonUnit, c->k, c->L,
                    c->k, v, 1);
        cblas_dtrsv(CblasColMajor, CblasLower, CblasTrans, CblasNonUnit, c->k, c->L,
                    c->k, v, 1);
    }
    return true;
}

csk_status csk_lsq_dense_cholesky(double *x, const csk_matrix *A, const double *b,
                                  double ridge)
{
    csk_status err = require_small(A);
    if (err)
        return err;

    const int64_t k = csk_lsq_wide(A) ? A->rows : A->cols;
    cholesky c = { .field = A->field,
                   .k = (int)k,
                   .L = csk_alloc(k * k * (int64_t)A->field, sizeof(*c.L)) };
    if (!c.L)
        return CSK_ERR_NOMEM;
    gram(A, ridge, &c);
    err = factorise(&c) ? csk_lsq_by_normal(x, A, b, ridge, solve, &c)
                        : csk_lsq_indefinite(A);
    csk_free(c.L);
    return err;
}
