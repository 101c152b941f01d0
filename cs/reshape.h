/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/reshape.h
 * Cutting, padding, shrinking and flipping of arrays. Names of axes go along. Every
 * @p out is empty before, stays so on failure, and is never the array it is made of.
 */
#ifndef CSK_CS_RESHAPE_H
#define CSK_CS_RESHAPE_H

#include "cs/array.h"

/**
 * What is at @p index of axis @p axis, without that axis. The only axis of an array
 * stays, with one entry. CSK_ERR_ARG if the index is not in the axis.
 */
CSK_API csk_status csk_array_pick(csk_array *out, const csk_array *a, int axis,
                                  int64_t index) CSK_MUST_CHECK;

/** The mean over axis @p axis, without that axis, as csk_array_pick() leaves it out. */
CSK_API csk_status csk_array_mean(csk_array *out, const csk_array *a,
                                  int axis) CSK_MUST_CHECK;

/** The entries @p first to @p end - 1 of axis @p axis; CSK_ERR_ARG if there is none. */
CSK_API csk_status csk_array_range(csk_array *out, const csk_array *a, int axis,
                                   int64_t first, int64_t end) CSK_MUST_CHECK;

/**
 * Zeros added or entries cut at both ends of every axis until it has @p dim[i] entries.
 * Entry floor(n/2), the centre of the Fourier transform, becomes entry floor(dim/2); so
 * padding and cropping back gives the same array.
 */
CSK_API csk_status csk_array_recentre(csk_array *out, const csk_array *a,
                                      const int64_t *dim) CSK_MUST_CHECK;

/**
 * Shrink axis i by @p factor[i], 0 < factor <= 1: with s = 1/factor,
 *
 *     y[j] = 1/s integral_{js}^{(j+1)s} x(t) dt,   x(t) = x[floor(t)],
 *
 * j < floor(n factor): every entry is the mean over the area it covers (a box filter
 * against aliasing), the rest at the end of the axis is cut. For factor = 1/k these are
 * the means over blocks of k. CSK_ERR_ARG if nothing would be left of an axis.
 */
CSK_API csk_status csk_array_shrink(csk_array *out, const csk_array *a,
                                    const double *factor) CSK_MUST_CHECK;

/** Reverse axis @p axis, in place. */
CSK_API void csk_array_flip(csk_array *a, int axis);

typedef enum csk_part {
    CSK_PART_MAGNITUDE,
    CSK_PART_REAL,
    CSK_PART_IMAGINARY,
    CSK_PART_PHASE, /**< radians, -pi .. pi; 0 where the number is 0 */
} csk_part;

/** A real array from a real or complex one. */
CSK_API csk_status csk_array_part(csk_array *out, const csk_array *a,
                                  csk_part part) CSK_MUST_CHECK;

#endif
