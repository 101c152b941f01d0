/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/matrix.h  Explicit matrices as operators. */
#ifndef CSK_OPERATORS_MATRIX_H
#define CSK_OPERATORS_MATRIX_H

#include "cs/linop.h"
#include "cs/matrix.h"

/**
 * y := A x in single precision; the same bits with any number of threads. Dense: the matrix
 * is read once a product. Sparse: compressed rows for A and columns for A*, both kept.
 * Domain [cols], codomain [rows], of the field of @p A, which is copied. The norm bound is
 * the smaller of the Frobenius norm and sqrt(||A||_1 ||A||_inf).
 *
 * CSK_ERR_NUMERIC if an entry is not finite in single precision, CSK_ERR_ARG if a sparse
 * structure contradicts itself, CSK_ERR_UNSUPPORTED if it has 2^31 rows or columns.
 */
CSK_API csk_status csk_linop_matrix(csk_linop **out,
                                    const csk_matrix *A) CSK_MUST_CHECK;

#endif
