/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/matrix.h
 * Explicit matrices, dense or sparse, in double precision: the world of LASSO by
 * coordinate descent and of SuiteSparse. operators/matrix.h makes a csk_linop of one.
 */
#ifndef CSK_CS_MATRIX_H
#define CSK_CS_MATRIX_H

#include "cs/space.h"
#include "cs/status.h"

/**
 * Dense: column-major, entry (i, j) at value[(j * rows + i) * field]. Sparse: compressed
 * columns, entries of column j at start[j] .. start[j + 1] - 1 with rising row[].
 * Complex entries are interleaved.
 */
typedef struct csk_matrix {
    csk_field field;
    int64_t rows, cols;
    int64_t *start; /**< NULL: dense */
    int64_t *row;
    double *value;
} csk_matrix;

/** Zeros of rows x cols; on failure @p A is empty. */
CSK_API csk_status csk_matrix_dense(csk_matrix *A, csk_field field, int64_t rows,
                                    int64_t cols) CSK_MUST_CHECK;

/** Room for @p nonzeros entries; the caller fills start, row and value. */
CSK_API csk_status csk_matrix_sparse(csk_matrix *A, csk_field field, int64_t rows,
                                     int64_t cols, int64_t nonzeros) CSK_MUST_CHECK;

CSK_API void csk_matrix_clear(csk_matrix *A);

/** y := A x (adjoint false) or A^H x (true), in doubles. */
CSK_API void csk_matrix_apply(const csk_matrix *A, bool adjoint, double *y,
                              const double *x);

/**
 * Read @p path: Matrix Market (.mtx; array or coordinate; real, integer, pattern or
 * complex; general, symmetric, skew-symmetric or hermitian), or any array format: dense,
 * [row][column], of rank 1 one column.
 */
CSK_API csk_status csk_matrix_read(csk_matrix *A, const char *path) CSK_MUST_CHECK;

/** Parse the text of a Matrix Market file; @p what names it in messages. */
CSK_API csk_status csk_mtx_parse(csk_matrix *A, const char *text, size_t len,
                                 const char *what) CSK_MUST_CHECK;

#endif
