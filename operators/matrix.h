/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/matrix.h  Explicit matrices as operators. */
#ifndef CSK_OPERATORS_MATRIX_H
#define CSK_OPERATORS_MATRIX_H

#include "cs/linop.h"
#include "cs/matrix.h"

/**
 * y := A x in single precision (dense: BLAS; sparse: compressed columns for A*, rows for A).
 * Domain [cols], codomain [rows], of the field of @p A, which is copied. The norm bound is
 * the smaller of the Frobenius norm and sqrt(||A||_1 ||A||_inf).
 */
CSK_API csk_status csk_linop_matrix(csk_linop **out, const csk_matrix *A) CSK_MUST_CHECK;

#endif
