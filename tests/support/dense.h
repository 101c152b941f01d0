/* SPDX-License-Identifier: BSD-3-Clause */
/** @file tests/support/dense.h  Small operators and double-precision linear algebra to check by. */
#ifndef CSK_TESTS_SUPPORT_DENSE_H
#define CSK_TESTS_SUPPORT_DENSE_H

#include "cs/linop.h"

/** Which of two otherwise equal operators: with a normal of its own or without. */
typedef enum tst_kind { TST_PLAIN, TST_NORMAL } tst_kind;

/**
 * The operator of a matrix a[rows][cols] (interleaved if complex), which is copied. Its
 * norm bound is the spectral norm, from above by 1e-6.
 */
csk_status tst_dense(csk_linop **out, csk_field field, int64_t rows, int64_t cols,
                     const float *a, tst_kind kind);

/** tst_dense() of standard normal entries / sqrt(rows), named by @p seed. */
csk_linop *tst_gaussian(csk_field field, int64_t rows, int64_t cols, uint64_t seed,
                        tst_kind kind);

/**
 * y_i = x_i + coupling x_{i-1}, cyclic, over n scalars; norm bound 1 + |coupling|. Long
 * vectors, hence for the tests on threads.
 */
csk_status tst_two_taps(csk_linop **out, csk_field field, int64_t n, float coupling,
                        tst_kind kind);

/**
 * Solve M x = b, n x n complex or real, by elimination with pivoting; M[row][col] and b
 * are destroyed, x replaces b. False if M is singular to working precision.
 */
bool tst_solve(csk_field field, int64_t n, double *M, double *b);

#endif
