/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/prior_timed.h
 * A prior that keeps account: the same prior as another one, with the seconds spent in it and
 * the vectors it was asked for. For reports; the results are those of the other.
 */
#ifndef CSK_SAMPLERS_PRIOR_TIMED_H
#define CSK_SAMPLERS_PRIOR_TIMED_H

#include "samplers/prior.h"

/** @p prior gets one more reference. */
CSK_API csk_status csk_prior_timed(csk_prior **out, csk_prior *prior) CSK_MUST_CHECK;

/**
 * Wall-clock seconds inside denoise and vjp of a prior made by csk_prior_timed(), added up over
 * the threads that called, and the vectors denoised or multiplied. Either may be NULL.
 */
CSK_API void csk_prior_timed_read(const csk_prior *p, double *seconds,
                                  int64_t *evaluations);

#endif
