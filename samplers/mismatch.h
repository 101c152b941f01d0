/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/mismatch.h
 * Is an image like those a prior was trained on? For an image x and a noise level sigma, with
 * x_t = x + sigma n, D = D(x_t, sigma) and all sums over the floats of the object (pixels
 * above a tenth of the bright level of x, so that the background does not count):
 *
 *     norm         sqrt( sum (D - x_t)^2 / sum 1 ) / sigma
 *     correlation  sum (x - D)(D - x_t) / sqrt( sum (x - D)^2 sum (D - x_t)^2 )
 *
 * norm is the root mean square of sigma times the score. Where the prior is right it is
 * sqrt(1 - e^2), e the error of the denoiser over sigma: it depends on how much detail the
 * image has. correlation is 0 on average where the prior is right, whatever the image holds:
 * the error of a conditional mean is orthogonal to every function of x_t. It is negative where
 * the denoiser takes detail of the image for noise, positive where it leaves more noise than it
 * need. Both are compared with their mean and spread over images that are like the training
 * images but were not among them; a model keeps these numbers ("score_norm" of its card).
 */
#ifndef CSK_SAMPLERS_MISMATCH_H
#define CSK_SAMPLERS_MISMATCH_H

#include "cs/array.h"
#include "samplers/prior.h"

enum { CSK_MISMATCH_LEVELS = 8 /**< at most */ };

/** What is to be expected: mean and standard deviation over images, per noise level. */
typedef struct csk_score_norm {
    int count;                         /**< noise levels */
    int images;                        /**< over which was averaged */
    double sigma[CSK_MISMATCH_LEVELS]; /**< in the units of the model, rising */
    double mean[CSK_MISMATCH_LEVELS], std[CSK_MISMATCH_LEVELS];
    double correlation[CSK_MISMATCH_LEVELS], correlation_std[CSK_MISMATCH_LEVELS];
} csk_score_norm;

/**
 * The levels at which images are looked at: at most four, at equal ratios from a twentieth to
 * four tenths of @p scale, held within the levels @p lo .. @p hi of the prior. Returns their number.
 */
CSK_API int csk_mismatch_levels(double sigma[CSK_MISMATCH_LEVELS], double lo, double hi,
                                double scale);

/**
 * norm[i] and correlation[i] of @p x at sigma[i], i < count.
 *
 * @param x     one vector of the prior's space, in the units of the prior
 * @param name  names the noise; the same name gives the same bytes
 * @return CSK_ERR_NUMERIC if x is zero; the prior's status
 */
CSK_API csk_status csk_mismatch_measure(double *norm, double *correlation,
                                        const csk_prior *prior, int count,
                                        const double *sigma, const float *x,
                                        csk_rng name) CSK_MUST_CHECK;

/** Makes the prior for images of @p space in the units of the model. */
typedef csk_status csk_prior_make_fn(void *user, csk_prior **out,
                                     const csk_space *space);

/**
 * What to expect of images like these; for the card of a model.
 *
 * @param images  held out from training, in the units of the model and as it sees them (a
 *                complex model: with their phase), at least 2, sizes may differ; images that
 *                are zero are left out
 * @param lo, hi  noise levels of the model;  @param scale  of the model
 */
CSK_API csk_status csk_score_norm_learn(csk_score_norm *out, csk_prior_make_fn *make,
                                        void *user, int count,
                                        const csk_array *const *images, double lo,
                                        double hi, double scale,
                                        uint64_t seed) CSK_MUST_CHECK;

/**
 * As JSON, the value of "score_norm" in a card: {"images": 40, "sigma": [..], "mean": [..],
 * "std": [..], "correlation": [..], "correlation_std": [..]}.
 *
 * @param text  out: csk_free() it
 */
CSK_API csk_status csk_score_norm_text(char **text,
                                       const csk_score_norm *s) CSK_MUST_CHECK;

/**
 * The "score_norm" of a card. count is 0 where the card has none, or one without correlations:
 * that is of another making.
 *
 * @param card  JSON text; @p what names it in messages
 * @return CSK_ERR_FORMAT if there is one that is none
 */
CSK_API csk_status csk_score_norm_parse(csk_score_norm *s, const char *card,
                                        const char *what) CSK_MUST_CHECK;

/** How far an image is from what was expected. */
typedef struct csk_mismatch {
    csk_score_norm expected;
    double norm[CSK_MISMATCH_LEVELS], correlation[CSK_MISMATCH_LEVELS];
    double deviation; /**< the largest |measured - expected| in standard deviations */
    int level;        /**< where that is */
    bool by_correlation; /**< and whether it is the correlation's */
} csk_mismatch;

/** Deviations above this are worth a warning: see docs/priors.md for how it was chosen. */
#define CSK_MISMATCH_WARN 5.

/**
 * Measure @p samples images (their norms and correlations are averaged) and compare.
 *
 * @param x  the samples, one after the other, in the units of the prior
 */
CSK_API csk_status csk_mismatch_check(csk_mismatch *out, const csk_score_norm *expected,
                                      const csk_prior *prior, int samples,
                                      const float *x, csk_rng name) CSK_MUST_CHECK;

#endif
