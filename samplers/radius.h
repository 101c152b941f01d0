/* SPDX-License-Identifier: BSD-3-Clause */
/** @file samplers/radius.h  How far a naive estimate is from the truth: R of Algorithm 3. */
#ifndef CSK_SAMPLERS_RADIUS_H
#define CSK_SAMPLERS_RADIUS_H

#include "cs/run.h"
#include "samplers/posterior.h"

/** x := the naive estimate for data @p b of post->A; the solver whose error is wanted. */
typedef csk_status csk_naive_fn(void *user, float *x, const float *b);

/**
 * The error ||x0 - x|| of a naive solver under the prior: draw x from the prior, measure
 * b = A x + noise, solve, repeat; the (1 - delta)-quantile (type 6, held at the extremes).
 *
 * @param post   A, noise_std and prior are used; b is not
 * @param draws  repetitions, >= 1
 * @return CSK_ERR_UNSUPPORTED if the prior has no exact sampler; the solver's status
 */
CSK_API csk_status csk_radius_simulate(double *radius, const csk_posterior *post,
                                       csk_naive_fn *naive, void *user, int draws,
                                       double delta, csk_rng run) CSK_MUST_CHECK;

/**
 * The same for a prior that cannot be drawn from: each truth is a draw of p(x | x0 + level n),
 * what the image may be if the naive estimate is right but for detail smaller than @p level,
 * by ten steps of the conditional diffusion. So it has the structure of the image at hand and
 * the texture of the prior. @p level is held within the prior's noise levels.
 *
 * @param x0    the naive estimate for the data at hand, one vector
 * @param info  out: evaluations of the prior; may be NULL
 */
CSK_API csk_status csk_radius_near(double *radius, const csk_posterior *post,
                                   const float *x0, double level, csk_naive_fn *naive,
                                   void *user, int draws, double delta, csk_rng run,
                                   csk_run_info *info) CSK_MUST_CHECK;

#endif
