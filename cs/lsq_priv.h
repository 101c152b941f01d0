/* SPDX-License-Identifier: BSD-3-Clause */
/** @file cs/lsq_priv.h  The methods behind csk_lsq(), which has checked their input. */
#ifndef CSK_CS_LSQ_PRIV_H
#define CSK_CS_LSQ_PRIV_H

#include "cs/lsq.h"

/* Without ridge: that enters by the augmented matrix. */
csk_status csk_lsq_sparse_qr(double *x, const csk_matrix *A, const double *b,
                             double rank_tol, int64_t *rank) CSK_MUST_CHECK;
csk_status csk_lsq_dense_qr(double *x, const csk_matrix *A, const double *b,
                            double rank_tol, int64_t *rank) CSK_MUST_CHECK;

/* CSK_ERR_NUMERIC if the matrix is not positive definite to working precision. */
csk_status csk_lsq_sparse_cholesky(double *x, const csk_matrix *A, const double *b,
                                   double ridge) CSK_MUST_CHECK;
csk_status csk_lsq_dense_cholesky(double *x, const csk_matrix *A, const double *b,
                                  double ridge) CSK_MUST_CHECK;

csk_status csk_lsq_iterative(double *x, const csk_matrix *A, const double *b,
                             const csk_lsq_opts *o, csk_lsq_info *info) CSK_MUST_CHECK;

/**
 * v := M^{-1} v, with the factor of M = A^H A + ridge I, or A A^H + ridge I if A is wide;
 * false if there was no memory.
 */
typedef bool csk_lsq_solve_fn(void *factor, double *v);

/** Solve with a factor of M and refine once. */
csk_status csk_lsq_by_normal(double *x, const csk_matrix *A, const double *b,
                             double ridge, csk_lsq_solve_fn *solve,
                             void *factor) CSK_MUST_CHECK;

/** y := a x + y. */
void csk_lsq_add(int64_t n, double a, const double *x, double *y);

/** r := A x - b. */
void csk_lsq_residual(const csk_matrix *A, const double *x, const double *b, double *r);

/** What both kinds of Cholesky say when they cannot. */
csk_status csk_lsq_indefinite(const csk_matrix *A);

/** An A with fewer rows than columns. */
static inline bool csk_lsq_wide(const csk_matrix *A)
{
    return A->rows < A->cols;
}

#endif
