/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/noise.h  The noise level of a measurement. */
#ifndef CSK_OPERATORS_NOISE_H
#define CSK_OPERATORS_NOISE_H

#include "cs/array.h"

/**
 * Standard deviation eta of the noise in each real number of undersampled Cartesian
 * k-space, from the data alone. Noise is taken to be white and alike in all coils.
 *
 * Two estimates are made:
 *
 * - From the null space of a fully sampled block of at least 12x12 points, such as the centre
 *   of most patterns. Rows of windows of such a block are a matrix whose signal has a low
 *   rank, because the coils are smooth and the object is smaller than the image (Uecker et al.,
 *   Magn. Reson. Med. 71 (2014) 990); what is left beyond that rank is compared with simulated
 *   noise in the same place. Of three coils and more at most 24x24 points are looked at, where
 *   there is least signal (fully sampled lines may make the block longer). With 24x24 points,
 *   eta is within 5 % with 4 coils or more and within about 20 % with one coil, also far below
 *   the signal of the outermost k-space; a single coil with a smaller block is a matter of luck
 *   (@p method says so). Where k-space was filtered, noise is not white: of the single coil of
 *   a low-field scanner, attenuated towards the edges, 0.3 to 0.7 of the noise in the image's
 *   empty corners is found.
 * - From the quietest ring of k-space: the median of |k| over 1.1774. Signal is there, too, so
 *   this is an upper bound, a good one only where noise prevails.
 *
 * The first is returned unless the second is clearly less.
 *
 * @param kspace  complex [...k...], 0 where not measured; if one axis is named
 *                ::CSK_AXIS_COIL it is the first. The last two axes are a plane of
 *                k-space, the others number planes
 * @param method  out: name of the estimator used, for the report; may be NULL
 * @return CSK_ERR_ARG if all is zero, CSK_ERR_NUMERIC if a sample is not finite
 */
CSK_API csk_status csk_noise_estimate(double *eta, const char **method,
                                      const csk_array *kspace) CSK_MUST_CHECK;

#endif
