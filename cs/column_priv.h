/* SPDX-License-Identifier: BSD-3-Clause */
/** @file cs/column_priv.h  Products with single columns of a matrix. */
#ifndef CSK_CS_COLUMN_PRIV_H
#define CSK_CS_COLUMN_PRIV_H

#include "cs/matrix.h"

/** dot := a_j^H r; a real matrix leaves dot[1] alone. */
void csk_column_dot(const csk_matrix *A, int64_t j, const double *r, double dot[2]);

/** r += c a_j. */
void csk_column_add(const csk_matrix *A, int64_t j, const double c[2], double *r);

/** ||a_j||^2. */
double csk_column_square(const csk_matrix *A, int64_t j);

#endif
