/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file operators/cartesian_priv.h
 * One coil of Cartesian k-space, y = S F (s x): the inner loop of SENSE and of the masked
 * Fourier transform.
 *
 * In two dimensions the rows are transformed eight at a time and stored turned round, so that
 * the columns are contiguous for the second pass; its result is where the samples are taken
 * from. The normal operator needs no centring: F_c = P F P^-1 with the cyclic permutation P by
 * half the size, and F P^-1 = D F with D diagonal (a phase), so F_c* M F_c = F* D* (P^-1 M P) D F
 * = F* M' F, M' the mask with its zero frequency moved to index 0. Forward and inverse column
 * transforms are then one visit of the cache. Images of one axis have one row; those of three
 * pass over the axes one by one.
 */
#ifndef CSK_OPERATORS_CARTESIAN_PRIV_H
#define CSK_OPERATORS_CARTESIAN_PRIV_H

#include "operators/lines_priv.h"

typedef struct csk_cartesian {
    csk_space image;    /* complex, rank 1 to 3 */
    int64_t ny, nx;     /* rank <= 2: rows and columns */
    csk_lines lines[3]; /* of each axis of the image */
    const csk_lines *row, *column;
    int64_t samples;
    int64_t *index; /* sample -> complex position in the k-space buffer */
    float *weight;  /* of each position there: 1/N if sampled, else 0 */
    bool *used;     /* rank <= 2: batch of columns that holds samples */
    float scale;    /* N^(-1/2) */
} csk_cartesian;

/** @p mask NULL: everything is sampled. */
csk_status csk_cartesian_init(csk_cartesian *e, const csk_space *image,
                              const uint8_t *mask) CSK_MUST_CHECK;
void csk_cartesian_clear(csk_cartesian *e);
int64_t csk_cartesian_work_len(const csk_cartesian *e);

/**
 * For every coil c < coils with its map s_c (maps NULL: 1):
 *   forward: y[c] := S F (s_c x);
 *   adjoint: x := sum_c conj(s_c) F* S* y[c];
 *   filter:  z := sum_c conj(s_c) F* K F (s_c x), K = S*S, or with @p ab = { a, b } the diagonal
 *            (a S*S + b)^{-1}.
 * Coils follow each other and threads share a coil: the sum has one order. No overlap of
 * arguments. @p work: csk_cartesian_work_len() floats.
 */
void csk_cartesian_forward(const csk_cartesian *e, int coils, const float *maps,
                           float *y, const float *x, float *work);
void csk_cartesian_adjoint(const csk_cartesian *e, int coils, const float *maps,
                           float *x, const float *y, float *work);
void csk_cartesian_filter(const csk_cartesian *e, int coils, const float *maps,
                          float *z, const float *x, const double *ab, float *work);

#endif
