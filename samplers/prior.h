/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/prior.h
 * Priors: what is known of images x, through their noisy versions
 *
 *     x_sigma = x + sigma n,   n standard normal in every float (re and im alike).
 *
 * A prior is a denoiser D(x, sigma) = E[X | X + sigma n = x]. Tweedie's formula gives
 * the score of the smoothed density, grad log p_{sigma^2}(x) = (D(x, sigma) - x) / sigma^2.
 *
 * All functions work on batches: @p batch vectors one after the other, each with its own
 * noise level and random name. A finished prior never changes; scratch comes from the
 * caller; threads run inside a call.
 */
#ifndef CSK_SAMPLERS_PRIOR_H
#define CSK_SAMPLERS_PRIOR_H

#include "cs/rng.h"
#include "cs/space.h"
#include "cs/status.h"

typedef struct csk_prior csk_prior;

/** Take one more reference; returns @p p. */
CSK_API csk_prior *csk_prior_ref(csk_prior *p);

/** Drop a reference, the last one destroys the prior; NULL is allowed. */
CSK_API void csk_prior_unref(csk_prior *p);

CSK_API const char *csk_prior_name(const csk_prior *p);
CSK_API const csk_space *csk_prior_space(const csk_prior *p);

/** Floats of workspace for one call with @p batch vectors. */
CSK_API int64_t csk_prior_work_len(const csk_prior *p, int batch);

/** Floats of workspace for csk_prior_vjp() with @p batch vectors. */
CSK_API int64_t csk_prior_vjp_work_len(const csk_prior *p, int batch);

/** The noise levels the prior was made for. */
CSK_API void csk_prior_sigma_range(const csk_prior *p, double *lo, double *hi);

/**
 * The largest standard deviation of a draw along any direction plus the length of its mean
 * (of a mixture: that of the widest component). Noise of ten times as much hides what the
 * prior knows: a diffusion may begin there.
 */
CSK_API double csk_prior_spread(const csk_prior *p);

/**
 * d[i] := D(x[i], sigma[i]) for i < batch.
 *
 * @param names  one a vector; priors that draw (a random cycle shift) take it from there,
 *               others ignore it; NULL is allowed for those
 * @return CSK_ERR_ARG if a sigma is outside the range
 */
CSK_API csk_status csk_prior_denoise(const csk_prior *p, int batch, float *d,
                                     const float *x, const double *sigma,
                                     const csk_rng *names, float *work) CSK_MUST_CHECK;

/** s[i] := grad log p_{sigma^2}(x[i]), by Tweedie's formula. */
CSK_API csk_status csk_prior_score(const csk_prior *p, int batch, float *s,
                                   const float *x, const double *sigma,
                                   const csk_rng *names, float *work) CSK_MUST_CHECK;

/** logp[i] := log p_{sigma^2}(x[i]), normalised; CSK_ERR_UNSUPPORTED where unknown. */
CSK_API csk_status csk_prior_logp(const csk_prior *p, int batch, double *logp,
                                  const float *x, const double *sigma,
                                  const csk_rng *names, float *work) CSK_MUST_CHECK;

/** x[i] := a draw of the prior, exact; CSK_ERR_UNSUPPORTED where there is no such way. */
CSK_API csk_status csk_prior_sample(const csk_prior *p, int batch, float *x,
                                    const csk_rng *names, float *work) CSK_MUST_CHECK;

/**
 * g[i] := J^T v[i], J = dD/dx at x[i]; CSK_ERR_UNSUPPORTED if not differentiable.
 *
 * @param work  csk_prior_vjp_work_len() floats
 */
CSK_API csk_status csk_prior_vjp(const csk_prior *p, int batch, float *g,
                                 const float *v, const float *x, const double *sigma,
                                 const csk_rng *names, float *work) CSK_MUST_CHECK;

#endif
