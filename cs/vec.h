/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/vec.h
 * Real vector kernels. Sums run in double precision.
 *
 * Work is cut into blocks whose borders depend on n alone, and partial sums are
 * added in order: the same bits for every number of threads.
 */
#ifndef CSK_CS_VEC_H
#define CSK_CS_VEC_H

#include "cs/attr.h"

#include <stdbool.h>
#include <stdint.h>

/** sum_i x[i] y[i]. */
CSK_API double csk_dot(int64_t n, const float *x, const float *y);

/** Euclidean norm of x. */
CSK_API double csk_norm(int64_t n, const float *x);

/** ||x - y||. */
CSK_API double csk_distance(int64_t n, const float *x, const float *y);

/** y := x. */
CSK_API void csk_copy(int64_t n, const float *x, float *y);

/** x := 0. */
CSK_API void csk_zero(int64_t n, float *x);

/** x := a x. */
CSK_API void csk_scale(int64_t n, double a, float *x);

/** y := a x + b y; with b = 0 whatever y held, NaN included, is forgotten. */
CSK_API void csk_axpby(int64_t n, double a, const float *x, double b, float *y);

/** m[i] := |x[i]| for n scalars of @p width floats (1 real, 2 complex). m may be x. */
CSK_API void csk_modulus(int64_t n, int width, const float *x, float *m);

/** The largest modulus among n scalars of @p width floats; NaN if one of them is. */
CSK_API double csk_max_modulus(int64_t n, int width, const float *x);

/** Position of the first NaN or infinity, -1 if all n are finite. */
CSK_API int64_t csk_first_not_finite(int64_t n, const float *x);

/** The k-th smallest (from 0) of x, which is reordered; no NaN, 0 <= k < n. */
CSK_API float csk_select(int64_t n, float *x, int64_t k);

/** The q-quantile (0..1, by linear interpolation) of x, which is reordered. n >= 1. */
CSK_API double csk_quantile(int64_t n, float *x, double q);

#endif
