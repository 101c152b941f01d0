/* SPDX-License-Identifier: BSD-3-Clause */
/** @file cs/power.h  The spectral norm ||A|| by power iteration on A*A. */
#ifndef CSK_CS_POWER_H
#define CSK_CS_POWER_H

#include "cs/linop.h"

/**
 * @param norm  out: estimate of ||A||, from below, relative error about @p tol: the
 *              iteration stops when two Rayleigh quotients differ by less
 * @param seed  of the start vector; equal seeds, equal bits
 */
CSK_API csk_status csk_power_norm(double *norm, const csk_linop *A, double tol,
                                  int max_iter, uint64_t seed) CSK_MUST_CHECK;

#endif
