/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/recon.h
 * Algorithm 3 for images, from the data to the statistics of the samples, with the defaults that
 * work: an l1-wavelet estimate, the wavelet prior in the units of the data, the radius by
 * simulation, csk_recover(), mean, standard deviation and quantiles.
 *
 * [1] Xun, Gupta, Price, NeurIPS 2025, arXiv:2510.26324.
 */
#ifndef CSK_SAMPLERS_RECON_H
#define CSK_SAMPLERS_RECON_H

#include "cs/array.h"
#include "samplers/prior_wavelet.h"
#include "samplers/recover.h"

typedef enum csk_recon_stage {
    CSK_RECON_NAIVE,    /**< about to solve for the naive estimate */
    CSK_RECON_RADIUS,   /**< it is ready; about to simulate its error */
    CSK_RECON_SAMPLING, /**< the radius is known */
    CSK_RECON_DONE,     /**< the samples are there */
} csk_recon_stage;

typedef struct csk_recon csk_recon;

/** Called when a stage begins, with what there is; anything but CSK_OK ends the run. */
typedef csk_status csk_recon_stage_fn(void *user, csk_recon_stage stage,
                                      const csk_recon *so_far);

typedef struct csk_recon_opts {
    int samples;
    int shift;     /**< csk_wavelet_shift */
    double tail;   /**< of the quantiles */
    double unit;   /**< size of the data over that of the training images; 0: the 99th
                        percentile of the naive estimate's bright part over that of the model */
    double lambda; /**< of the naive estimate, in units of the noise level */
    int naive_iter;
    const char *wavelet; /**< of the naive estimate; NULL: db2 */
    double radius; /**< R in units of the data; 0: by simulation under the prior */
    int draws;     /**< of that simulation */
    double delta;  /**< its failure probability */
    csk_recover_opts recover;  /**< its langevin.monitor sees all iterations */
    csk_recon_stage_fn *stage; /**< NULL: none */
    void *user;
} csk_recon_opts;

CSK_API extern const csk_param csk_recon_params[];
CSK_API csk_recon_opts csk_recon_defaults(void);

/** All in the units of the data. */
struct csk_recon {
    csk_array naive, mean, std, low, high;
    csk_array samples; /**< [sample][...image...] */
    double unit, radius;
    double residual; /**< root mean square of ||b - A x|| over the samples */
    double expected; /**< eta sqrt(floats of b) */
    csk_recover_info info;
};

/**
 * @param out    empty; on failure it holds what was finished; csk_recon_clear() it
 * @param A, b   complex images; of the data see operators/scan.h
 * @param eta    noise in every float of b, > 0
 * @param seed   names all random numbers; the same bytes for any number of threads
 * @return CSK_ERR_NUMERIC if the naive estimate is zero, CSK_ERR_SHAPE if the model is of
 *         another kind of image, and what the parts return
 */
CSK_API csk_status csk_recon_run(csk_recon *out, const csk_linop *A, const float *b,
                                 double eta, const csk_wavelet_model *model,
                                 uint64_t seed,
                                 const csk_recon_opts *opts) CSK_MUST_CHECK;
CSK_API void csk_recon_clear(csk_recon *r);

#endif
