/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/posterior.h
 * The linear inverse problem whose posterior is sampled:
 *
 *     b = A x + noise_std n,   x ~ prior,   optionally  tether = x + tether_std n',
 *
 * n, n' standard normal in every float. "chains" vectors are handled at once: x holds
 * them one after the other.
 *
 * [1] Xun, Gupta, Price, NeurIPS 2025, arXiv:2510.26324.
 */
#ifndef CSK_SAMPLERS_POSTERIOR_H
#define CSK_SAMPLERS_POSTERIOR_H

#include "cs/linop.h"
#include "samplers/prior.h"

/** The parts are borrowed. */
typedef struct csk_posterior {
    const csk_linop *A;
    const float *b;
    double noise_std; /**< of the noise in every float of b, > 0 */
    const csk_prior *prior;
    const float *tether; /**< x0' of [1], one a chain; NULL: none */
    double tether_std;   /**< sigma of [1], > 0 */
} csk_posterior;

/** CSK_ERR_SHAPE / CSK_ERR_ARG / CSK_ERR_NUMERIC if the parts do not make a posterior. */
CSK_API csk_status csk_posterior_check(const csk_posterior *post) CSK_MUST_CHECK;

/**
 * d[i] := E[X | tether_i, x_i] for x_i = X + t n: two Gaussian observations of one X are one,
 *
 *     D(m, tau),  tau^2 = 1 / (w/tether_std^2 + 1/t^2),  m = tau^2 (w tether/tether_std^2 + x/t^2),
 *
 * hence grad log p(x_i | tether_i) = (d - x) / t^2 (algorithm: Lemmas E.8, E.9 of [1]).
 *
 * @param weight  w: 1 the tether as it is, 0 none; in between a tether of variance
 *                tether_std^2 / w
 * @param names   one a chain, passed to the prior
 * @param work    csk_conditional_work_len() floats
 */
CSK_API csk_status csk_conditional_denoise(const csk_posterior *post, int chains,
                                           float *d, const float *x, double t,
                                           double weight, const csk_rng *names,
                                           float *work) CSK_MUST_CHECK;

/**
 * logp[i] := log p(x_i | tether_i) up to a constant that depends on t and the tether alone: with m and tau
 * as above
 *
 *     log p_{tau^2}(m) - |x - tether|^2 / (2 (t^2 + tether_std^2/w)),
 *
 * whose gradient by x is that of csk_conditional_denoise(), as the two observations x and tether have
 * the joint density p_{tau^2}(m) N(x - tether; 0, t^2 + tether_std^2/w).
 *
 * @return CSK_ERR_UNSUPPORTED if the prior has no log density
 */
CSK_API csk_status csk_conditional_logp(const csk_posterior *post, int chains,
                                        double *logp, const float *x, double t,
                                        double weight, const csk_rng *names,
                                        float *work) CSK_MUST_CHECK;

/** Floats of work for csk_conditional_denoise() and csk_conditional_logp(). */
CSK_API int64_t csk_conditional_work_len(const csk_posterior *post, int chains);

#endif
