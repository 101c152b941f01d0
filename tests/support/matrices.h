/* SPDX-License-Identifier: BSD-3-Clause */
/** @file tests/support/matrices.h  Explicit matrices and vectors in doubles. */
#ifndef CSK_TESTS_SUPPORT_MATRICES_H
#define CSK_TESTS_SUPPORT_MATRICES_H

#include "cs/matrix.h"

/** n standard normal doubles, named by @p seed; csk_free() them. */
double *tst_normal_double(int64_t n, uint64_t seed);

/** Dense, standard normal entries / sqrt(rows). */
csk_matrix tst_dense_matrix(csk_field field, int64_t rows, int64_t cols, uint64_t seed);

/** Sparse, like tst_dense_matrix() but each entry kept with probability @p density. */
csk_matrix tst_sparse_matrix(csk_field field, int64_t rows, int64_t cols,
                             double density, uint64_t seed);

/** The same matrix, dense. */
csk_matrix tst_filled(const csk_matrix *A);

/** ||x - y|| / ||y|| in doubles. */
double tst_distance_double(int64_t n, const double *x, const double *y);

#endif
