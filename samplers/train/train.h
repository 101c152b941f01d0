/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/train/train.h
 * Training of a network as a denoiser at all noise levels: denoising score matching
 * (Vincent, Neural Comput. 23 (2011) 1661) in the form of Karras et al., NeurIPS 2022 (EDM).
 *
 *     D(y, s) = c_skip y + c_out F(c_in y, s),   y = x + s n
 *     c_skip = d^2/(s^2 + d^2),  c_out = s d/sqrt(s^2 + d^2),  c_in = 1/sqrt(s^2 + d^2)
 *     loss = E (s^2 + d^2)/(s d)^2 |D(y, s) - x|^2 = E |F - (x - c_skip y)/c_out|^2
 *
 * with d = sigma_data, means over all floats. Adam, an average of the weights that forgets
 * exponentially (its memory grows at the start: decay min(ema, (1 + k)/(10 + k)) at step k), and
 * a rate that rises linearly over the warm-up and falls as a cosine to a hundredth.
 *
 * Step k is a function of the weights before it and of (seed, k): a run that was stopped
 * and goes on makes the same bits as one that was not.
 */
#ifndef CSK_SAMPLERS_TRAIN_TRAIN_H
#define CSK_SAMPLERS_TRAIN_TRAIN_H

#include "cs/param.h"
#include "cs/run.h"
#include "samplers/net/net.h"
#include "samplers/train/patches.h"

typedef enum csk_train_noise {
    CSK_TRAIN_LOG_UNIFORM,
    CSK_TRAIN_LOG_NORMAL, /**< the range is four standard deviations, cut there */
} csk_train_noise;

typedef enum csk_train_precision {
    CSK_TRAIN_AUTO, /**< bf16 where the processor has it */
    CSK_TRAIN_F32,
    CSK_TRAIN_BF16,
} csk_train_precision;

typedef struct csk_train_opts {
    int steps, batch;
    int warmup;                  /**< steps */
    double rate;                 /**< the largest of the schedule */
    double ema;                  /**< decay of the average of the weights */
    double clip;                 /**< longest gradient, longer ones are shortened */
    double sigma_min, sigma_max; /**< noise levels */
    double
        sigma_data; /**< d above: standard deviation of the floats of an image, about */
    int noise;      /**< csk_train_noise */
    int precision;  /**< csk_train_precision: of the network alone */
} csk_train_opts;

CSK_API extern const csk_param csk_train_params[];
CSK_API csk_train_opts csk_train_defaults(void);

typedef struct csk_train csk_train;

/**
 * A training that begins at the weights of @p net, which are also the average's.
 *
 * @param net      borrowed; each step changes its weights
 * @param patches  borrowed
 * @return CSK_ERR_SHAPE if the net's channels or multiple do not fit the patches, CSK_ERR_ARG
 */
CSK_API csk_status csk_train_new(csk_train **out, csk_net *net,
                                 const csk_patches *patches, const csk_train_opts *opts,
                                 uint64_t seed) CSK_MUST_CHECK;
CSK_API void csk_train_free(csk_train *t);

/**
 * Steps until @p until have been done in all. The monitor sees the step's loss as residual.
 *
 * @param loss  out: the mean of the steps' losses; NaN if there was none. NULL: not wanted
 * @return CSK_ERR_NUMERIC if the loss is not finite, what the monitor says
 */
CSK_API csk_status csk_train_run(csk_train *t, int until, double *loss,
                                 const csk_monitor *monitor) CSK_MUST_CHECK;

/** Steps done. */
CSK_API int csk_train_done(const csk_train *t);

/** The average of the weights, laid out as csk_net_weights(): what a model is made of. */
CSK_API const float *csk_train_average(const csk_train *t);

/** Whether the network computes in bfloat16. */
CSK_API bool csk_train_is_bf16(const csk_train *t);

/**
 * Add what is needed to go on later: the average under the net's names, and the tensors
 * "train.weights", "train.mean", "train.square" and "train.done".
 */
CSK_API csk_status csk_train_save(const csk_train *t, csk_tensors *to) CSK_MUST_CHECK;

/**
 * Go on where csk_train_save() was: @p t is new, of a net that was parsed from the same
 * tensors. CSK_ERR_FORMAT if the tensors are missing or of another length.
 */
CSK_API csk_status csk_train_load(csk_train *t, const csk_tensors *from,
                                  const char *what) CSK_MUST_CHECK;

/* -- how good it is ------------------------------------------------------------------ */

enum { CSK_TRAIN_LEVELS = 6 };

/** 0.01, 0.02, 0.05, 0.1, 0.2, 0.5: in the model's units. */
CSK_API extern const double csk_train_levels[CSK_TRAIN_LEVELS];

/** For each noise level. */
typedef struct csk_train_score {
    double
        psnr[CSK_TRAIN_LEVELS]; /**< dB: -10 log10 of the mean square error a float */
    double gain[CSK_TRAIN_LEVELS]; /**< dB by which the noise is reduced */
    double
        norm[CSK_TRAIN_LEVELS]; /**< root mean square of s * score: mean over images */
    double norm_std[CSK_TRAIN_LEVELS]; /**< its standard deviation over images */
} csk_train_score;

/**
 * Denoise images at each of the levels, in single precision.
 *
 * @param weights  laid out as csk_net_weights(); NULL: the net's own
 * @param images   [y][x] in the model's units; complex ones for nets of two channels. Their
 *                 middle is taken, as large as the net's multiple allows
 * @param seed     names the noise
 */
CSK_API csk_status csk_train_assess(csk_train_score *score, csk_net *net,
                                    const float *weights, int count,
                                    const csk_array *images, double sigma_data,
                                    uint64_t seed,
                                    const csk_monitor *monitor) CSK_MUST_CHECK;

#endif
