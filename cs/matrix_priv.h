/* SPDX-License-Identifier: BSD-3-Clause */
/** @file cs/matrix_priv.h  What the solvers with explicit matrices share. */
#ifndef CSK_CS_MATRIX_PRIV_H
#define CSK_CS_MATRIX_PRIV_H

#include "cs/matrix.h"

/** Doubles in a vector of A's codomain and domain. */
static inline int64_t csk_matrix_rows(const csk_matrix *A)
{
    return A->rows * (int64_t)A->field;
}

static inline int64_t csk_matrix_cols(const csk_matrix *A)
{
    return A->cols * (int64_t)A->field;
}

/** Scalars in A->value. */
static inline int64_t csk_matrix_entries(const csk_matrix *A)
{
    return A->start ? A->start[A->cols] : A->rows * A->cols;
}

/** CSK_ERR_NUMERIC, "lasso: data: ...", if one of n doubles is not finite. */
csk_status csk_require_finite_double(const char *who, const char *what, int64_t n,
                                     const double *x) CSK_MUST_CHECK;

/**
 * For a matrix that comes from outside: CSK_ERR_ARG if its sparse structure is not what
 * cs/matrix.h says, CSK_ERR_NUMERIC if an entry is not finite.
 */
csk_status csk_matrix_check(const char *who, const csk_matrix *A) CSK_MUST_CHECK;

/** sum_i x[i] y[i] in doubles, in a fixed order. */
double csk_dot_double(int64_t n, const double *x, const double *y);

#endif
