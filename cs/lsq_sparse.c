/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/lsq_priv.h"
#include "cs/matrix_priv.h"

#include <SuiteSparseQR_C.h>
#include <cholmod.h>
#include <float.h>
#include <math.h>
#include <string.h>

_Static_assert(sizeof(SuiteSparse_long) == sizeof(int64_t),
               "CHOLMOD reads the indices of a csk_matrix in place");

static void open_cholmod(cholmod_common *cc)
{
    cholmod_l_start(cc);
    cc->print = 0; /* the library never prints */
    cc->error_handler = NULL;
    cc->final_ll = 1; /* LL^H finds a pivot that is not positive, LDL^H would go on */
}

/* The message for a status of CHOLMOD that says it failed. */
static csk_status failed(const cholmod_common *cc)
{
    switch (cc->status) {
    case CHOLMOD_OUT_OF_MEMORY:
    case CHOLMOD_TOO_LARGE:
        return csk_fail(CSK_ERR_NOMEM, "lsq: the factor does not fit: use lsqr");
    default:
        return csk_fail(CSK_ERR_UNSUPPORTED, "lsq: CHOLMOD failed with status %d",
                        cc->status);
    }
}

/* A and b as CHOLMOD sees them; it changes neither, its prototypes lack the const. */
static cholmod_sparse sparse_view(const csk_matrix *A)
{
    return (cholmod_sparse){
        .nrow = (size_t)A->rows,
        .ncol = (size_t)A->cols,
        .nzmax = (size_t)A->start[A->cols],
        .p = A->start,
        .i = A->row,
        .x = A->value,
        .itype = CHOLMOD_LONG,
        .xtype = A->field == CSK_COMPLEX ? CHOLMOD_COMPLEX : CHOLMOD_REAL,
        .dtype = CHOLMOD_DOUBLE,
        .sorted = 1,
        .packed = 1,
    };
}

static cholmod_dense dense_view(csk_field field, int64_t len, const double *v)
{
    return (cholmod_dense){
        .nrow = (size_t)len,
        .ncol = 1,
        .nzmax = (size_t)len,
        .d = (size_t)len,
        .x = (double *)v,
        .xtype = field == CSK_COMPLEX ? CHOLMOD_COMPLEX : CHOLMOD_REAL,
        .dtype = CHOLMOD_DOUBLE,
    };
}

/* Copy a result of CHOLMOD to v and free it; false if there is none. */
static bool take(cholmod_dense *X, int64_t doubles, double *v, cholmod_common *cc)
{
    if (X)
        memcpy(v, X->x, (size_t)doubles * sizeof(*v));
    return cholmod_l_free_dense(&X, cc) && cc->status >= CHOLMOD_OK;
}

static double largest_column_norm(const csk_matrix *A)
{
    const int64_t w = (int64_t)A->field;
    double most = 0.;

    for (int64_t j = 0; j < A->cols; j++) {
        const double *v = A->value + A->start[j] * w;
        most = fmax(most, csk_dot_double((A->start[j + 1] - A->start[j]) * w, v, v));
    }
    return sqrt(most);
}

/* A x = b for a wide A of rank m: A^H E = Q R gives x = Q R^{-H} E^T b. */
static cholmod_dense *least_norm(cholmod_sparse *A, cholmod_dense *b, double tol,
                                 cholmod_common *cc)
{
    cholmod_sparse *At = cholmod_l_transpose(A, 2, cc);
    cholmod_dense *z = NULL, *x = NULL;

    if (!At)
        return NULL;
    SuiteSparseQR_C_factorization *QR =
        SuiteSparseQR_C_factorize(SPQR_ORDERING_DEFAULT, tol, At, cc);
    if (QR)
        z = SuiteSparseQR_C_solve(SPQR_RTX_EQUALS_ETB, QR, b, cc);
    if (z)
        x = SuiteSparseQR_C_qmult(SPQR_QX, QR, z, cc);
    cholmod_l_free_dense(&z, cc);
    SuiteSparseQR_C_free(&QR, cc);
    cholmod_l_free_sparse(&At, cc);
    return x;
}

csk_status csk_lsq_sparse_qr(double *x, const csk_matrix *A, const double *b,
                             double rank_tol, int64_t *rank)
{
    const double tol =
        rank_tol > 0. ? rank_tol * largest_column_norm(A) : SPQR_DEFAULT_TOL;
    cholmod_sparse view = sparse_view(A);
    cholmod_dense rhs = dense_view(A->field, A->rows, b);
    csk_status err = CSK_OK;
    cholmod_common cc;

    open_cholmod(&cc);
    cholmod_dense *X =
        csk_lsq_wide(A)
            ? least_norm(&view, &rhs, tol, &cc)
            : SuiteSparseQR_C_backslash(SPQR_ORDERING_DEFAULT, tol, &view, &rhs, &cc);
    *rank = (int64_t)cc.SPQR_istat[4];
    if (!X || !take(X, csk_matrix_cols(A), x, &cc))
        err = failed(&cc);
    cholmod_l_finish(&cc);
    return err;
}

typedef struct factor {
    csk_field field;
    cholmod_factor *L;
    cholmod_common cc;
} factor;

static bool solve(void *of, double *v)
{
    factor *f = of;
    const int64_t k = (int64_t)f->L->n;
    cholmod_dense rhs = dense_view(f->field, k, v);
    cholmod_dense *X = cholmod_l_solve(CHOLMOD_A, f->L, &rhs, &f->cc);

    return X && take(X, k * (int64_t)f->field, v, &f->cc);
}

/* CHOLMOD factorises F F^H + ridge I without forming it: F = A if A is wide, else A^H. */
static csk_status factorise(factor *f, cholmod_sparse *F, const csk_matrix *A,
                            double ridge)
{
    double beta[2] = { ridge, 0. };

    f->L = cholmod_l_analyze(F, &f->cc);
    if (!f->L)
        return failed(&f->cc);
    cholmod_l_factorize_p(F, beta, NULL, 0, f->L, &f->cc);
    if (f->cc.status < CHOLMOD_OK)
        return failed(&f->cc);
    const double k = (double)f->L->n;
    if (f->cc.status == CHOLMOD_NOT_POSDEF || f->L->minor < f->L->n ||
        cholmod_l_rcond(f->L, &f->cc) <= k * DBL_EPSILON)
        return csk_lsq_indefinite(A);
    return CSK_OK;
}

csk_status csk_lsq_sparse_cholesky(double *x, const csk_matrix *A, const double *b,
                                   double ridge)
{
    cholmod_sparse view = sparse_view(A), *At = NULL;
    factor f = { .field = A->field };
    csk_status err = CSK_OK;

    open_cholmod(&f.cc);
    if (!csk_lsq_wide(A)) {
        At = cholmod_l_transpose(&view, 2, &f.cc);
        if (!At)
            err = failed(&f.cc);
    }
    if (!err)
        err = factorise(&f, At ? At : &view, A, ridge);
    if (!err)
        err = csk_lsq_by_normal(x, A, b, ridge, solve, &f);
    cholmod_l_free_factor(&f.L, &f.cc);
    cholmod_l_free_sparse(&At, &f.cc);
    cholmod_l_finish(&f.cc);
    return err;
}
