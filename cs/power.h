/* SPDX-License-Identifier: BSD-3-Clause */
/** @file cs/power.h  The spectral norm ||A|| by power iteration on A*A. */
#ifndef CSK_CS_POWER_H
#define CSK_CS_POWER_H

#include "cs/linop.h"

/**
 * Power iteration: x := A*A x / ||A*A x|| from a random start. sqrt(||A*A x||) rises
 * towards ||A|| and never passes it.
 *
 * @param norm  out: estimate of ||A||, from below, relative error about @p tol: the
 *              iteration stops when two estimates differ by less, relative to the last
 * @param seed  of the start vector; equal seeds, equal bits
 * @return CSK_OK also when max_iter is reached; CSK_ERR_NUMERIC if A*A x is not finite
 */
CSK_API csk_status csk_power_norm(double *norm, const csk_linop *A, double tol,
                                  int max_iter, uint64_t seed) CSK_MUST_CHECK;

/**
 * What a solver derives its step from: csk_linop_norm_bound() where it is finite, else
 * csk_power_norm() to 1e-3 in at most 200 iterations, and 2 % more for safety.
 */
CSK_API csk_status csk_power_bound(double *bound, const csk_linop *A) CSK_MUST_CHECK;

#endif
