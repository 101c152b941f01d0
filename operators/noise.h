/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/noise.h  The noise level of a measurement. */
#ifndef CSK_OPERATORS_NOISE_H
#define CSK_OPERATORS_NOISE_H

#include "cs/array.h"

/**
 * Standard deviation eta of the noise in each real number of undersampled Cartesian
 * k-space, from the data alone.
 *
 * @param kspace  complex [coil][...k...] (or without coil axis), 0 where not measured
 * @param method  out: name of the estimator used, for the report; may be NULL
 */
CSK_API csk_status csk_noise_estimate(double *eta, const char **method,
                                      const csk_array *kspace) CSK_MUST_CHECK;

#endif
