/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/recon.h
 * Algorithm 3 for images, from the data to the statistics of the samples, with the defaults that
 * work: an l1-wavelet estimate, the prior in the units of the data, the radius by simulation,
 * csk_recover() or another sampler, mean, standard deviation and quantiles, and whether the samples are like the
 * images that the prior was trained on.
 *
 * [1] Xun, Gupta, Price, NeurIPS 2025, arXiv:2510.26324.
 */
#ifndef CSK_SAMPLERS_RECON_H
#define CSK_SAMPLERS_RECON_H

#include "cs/array.h"
#include "samplers/method.h"
#include "samplers/mismatch.h"
#include "samplers/model.h"

typedef enum csk_recon_stage {
    CSK_RECON_NAIVE,    /**< about to solve for the naive estimate */
    CSK_RECON_RADIUS,   /**< it is ready; about to simulate its error */
    CSK_RECON_SAMPLING, /**< the radius is known */
    CSK_RECON_CHECKING, /**< the samples are there; about to compare them with the training */
    CSK_RECON_DONE,
} csk_recon_stage;

typedef struct csk_recon csk_recon;

/** Called when a stage begins, with what there is; anything but CSK_OK ends the run. */
typedef csk_status csk_recon_stage_fn(void *user, csk_recon_stage stage,
                                      const csk_recon *so_far);

enum {
    /** Langevin levels with a learned prior: by 50 evaluations they have converged. */
    CSK_RECON_LEARNED_LEVELS = 26,
    /** Samples at which the prior is checked. */
    CSK_RECON_CHECKED = 4,
};

/** Their step with the lm kernel: it mixes faster, and what it adds to the spread is small. */
#define CSK_RECON_LEARNED_STEP 1.8
/** The same with ancestral transitions. */
#define CSK_RECON_ANCESTRAL_STEP 1.5

typedef struct csk_recon_opts {
    int samples;
    int shift;     /**< csk_wavelet_shift */
    int precision; /**< csk_prior_precision */
    bool turn;     /**< csk_prior_net_opts.turn */
    double tail;   /**< of the quantiles */
    double unit;   /**< size of the data over that of the training images; 0: the 99th
                        percentile of the naive estimate's bright part over that of the model */
    double lambda; /**< of the naive estimate, in units of the noise level */
    int naive_iter;
    const char *wavelet; /**< of the naive estimate; NULL: db2 */
    double radius; /**< R in units of the data; 0: by simulation under the prior */
    int draws;     /**< of that simulation */
    double delta;  /**< its failure probability */
    double
        floor; /**< with a learned prior the last smoothing is no less than this times the
                       noise level, but for .015 of the prior's scale (a ridge prior: .15): samples keep noise of
                       the size that the data have */
    /** Samples of Langevin dynamics become D(x, t) at its last smoothing t: nearer to a
     *  noiseless truth, less spread. */
    bool denoise_samples;
    csk_method_opts method;    /**< its recover.langevin.monitor sees all iterations;
                                 recover.levels 0: 40, and CSK_RECON_LEARNED_LEVELS with a
                                 learned prior; the same of recover.langevin.step */
    csk_recon_stage_fn *stage; /**< NULL: none */
    void *user;
} csk_recon_opts;

CSK_API extern const csk_param csk_recon_params[];
CSK_API csk_recon_opts csk_recon_defaults(void);

/**
 * When done, all in the units of the data, but for the mismatch, which is in those of the model.
 * Before, samples, radius, sigma and residual are in those of the model, too.
 */
struct csk_recon {
    csk_array naive, mean;
    csk_array magnitude, std, low, high; /**< real: samplers/summary.h */
    csk_array samples;                   /**< [sample][...image...] */
    double unit, radius;
    const char *radius_from; /**< "given", "draws of the prior", "draws near the naive
                                  estimate", or "not needed" */
    double
        sigma_wanted; /**< noise for the naive estimate: kappa R / sqrt(d), with a learned
                              prior at least a fifth of its scale, with ancestral
                              transitions .35 of it; info.sigma is that, or
                              the largest level of the prior if that is less */
    double sigma_min, sigma_max; /**< levels of the prior */
    double residual;       /**< root mean square of ||b - A x|| over the samples */
    double expected;       /**< eta sqrt(floats of b) */
    csk_recover_info info; /**< stages and sigma are those of csk_recover() alone */
    int64_t radius_evaluations,
        mismatch_evaluations; /**< of the prior, besides those of info */
    double
        prior_seconds[CSK_RECON_DONE]; /**< in the prior, of every stage; wall clock */
    bool ancestral;                    /**< levels changed by ancestral transitions */
    bool bf16;             /**< the prior is a network that computes in bfloat16 */
    csk_mismatch mismatch; /**< expected.count is 0 if the model says nothing of it */
};

/**
 * @param out    empty; on failure it holds what was finished; csk_recon_clear() it
 * @param A, b   images of the model's field and axes; of the data see operators/scan.h
 * @param eta    noise in every float of b, > 0
 * @param seed   names all random numbers; the same bytes for any number of threads
 * @return CSK_ERR_NUMERIC if the naive estimate is zero, CSK_ERR_SHAPE if the model is of
 *         another kind of image, and what the parts return
 */
CSK_API csk_status csk_recon_run(csk_recon *out, const csk_linop *A, const float *b,
                                 double eta, const csk_model *model, uint64_t seed,
                                 const csk_recon_opts *opts) CSK_MUST_CHECK;
CSK_API void csk_recon_clear(csk_recon *r);

#endif
