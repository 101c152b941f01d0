/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file operators/hermitian_priv.h
 * Eigenvalues of Hermitian matrices of some hundred rows, with the same bits for any number of
 * threads (a threaded LAPACK has not), and the two loops it is made of.
 */
#ifndef CSK_OPERATORS_HERMITIAN_PRIV_H
#define CSK_OPERATORS_HERMITIAN_PRIV_H

#include "cs/status.h"

#include <complex.h>
#include <stdint.h>

/** re + i im; the standard's CMPLX() is missing in clang with glibc. */
static inline double complex csk_complex_number(double re, double im)
{
    return re + im * I;
}

/** y += a x. */
void csk_complex_add(int64_t n, double complex a, const double complex *x,
                     double complex *y);

/** sum_i conj(x_i) y_i. */
double complex csk_complex_inner(int64_t n, const double complex *x,
                                 const double complex *y);

/**
 * A = sum_k value[k] v_k v_k^H by Householder reflections to a real tridiagonal matrix and
 * implicit QL steps: Golub, Van Loan, Matrix Computations (2013), section 8.3.
 *
 * @param A      n x n, Hermitian, row-major; overwritten
 * @param W      out: row k is conj(v_k), orthonormal
 * @param value  out: the eigenvalues, largest first, within DBL_EPSILON times the largest
 * @param work   3 n numbers
 * @return CSK_ERR_NUMERIC if the iteration does not end, as happens with NaN
 */
csk_status csk_hermitian_eigen(int64_t n, double complex *A, double complex *W,
                               double *value, double complex *work) CSK_MUST_CHECK;

#endif
