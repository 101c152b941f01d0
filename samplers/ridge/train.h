/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/ridge/train.h
 * Training of a convex ridge regulariser (samplers/prior_ridge.h) by denoising score matching:
 *
 *     loss = E (s^2 + d^2)/(s d)^2 |D(x + s n, s) - x|^2,   log s uniform over the range,
 *
 * d = sigma_data (the weight of Karras et al., NeurIPS 2022), means over all floats; Adam with a
 * rate that rises linearly over the warm-up and falls as a cosine to a hundredth. Parameters stay
 * where the prior is what it promises: slopes in 0 .. 1, filters of zero mean, and gains such that
 * sigma^2 ||Hess R_sigma|| is at most 1, to which each step's gradient is tangential. (At the knots:
 * between them a gain is a geometric mean of those at the knots, below the arithmetic one, and the norm
 * is convex.)
 *
 * Step k is a function of the parameters before it and of (seed, k): a run that was stopped and
 * goes on makes the same bits as one that was not, on any number of threads.
 */
#ifndef CSK_SAMPLERS_RIDGE_TRAIN_H
#define CSK_SAMPLERS_RIDGE_TRAIN_H

#include "cs/param.h"
#include "cs/run.h"
#include "cs/tensors.h"
#include "samplers/train/patches.h"
#include "samplers/train/train.h"

typedef struct csk_ridge_train_opts {
    int filters, side; /**< of the bank; side odd */
    int intervals;     /**< of the splines */
    int knots;         /**< of scales and gains over log sigma */
    int steps, batch;
    int warmup; /**< steps */
    double
        rate; /**< the largest of the schedule, for the filters; five times it for the rest */
    double sigma_min, sigma_max;
    double sigma_data; /**< d above: standard deviation of the images' floats, about */
} csk_ridge_train_opts;

CSK_API extern const csk_param csk_ridge_train_params[];
CSK_API csk_ridge_train_opts csk_ridge_train_defaults(void);

typedef struct csk_ridge_train csk_ridge_train;

/**
 * @param patches  borrowed; two channels make a model of complex images
 * @param opts     NULL: the defaults
 */
CSK_API csk_status csk_ridge_train_new(csk_ridge_train **out,
                                       const csk_patches *patches,
                                       const csk_ridge_train_opts *opts,
                                       uint64_t seed) CSK_MUST_CHECK;
CSK_API void csk_ridge_train_free(csk_ridge_train *t);

/**
 * Steps until @p until have been done in all. The monitor sees the step's loss as residual.
 *
 * @param loss  out: the mean of the steps' losses; NaN if there was none. NULL: not wanted
 * @return CSK_ERR_NUMERIC if the loss is not finite, what the monitor says
 */
CSK_API csk_status csk_ridge_train_run(csk_ridge_train *t, int until, double *loss,
                                       const csk_monitor *monitor) CSK_MUST_CHECK;

/** Steps done. */
CSK_API int csk_ridge_train_done(const csk_ridge_train *t);

/** Parameters of the model. */
CSK_API int64_t csk_ridge_train_parameters(const csk_ridge_train *t);

/**
 * The model as it is now: tensors added to @p to, as csk_prior_ridge() reads them, with gains
 * lowered so far that csk_ridge_lipschitz() is at most 1/sigma^2 over the whole range.
 *
 * @param card  JSON, an object: what else is to be in the card; NULL: nothing. The members of
 *              which the model is made ("csk", "version", "kind", "field", "axes", "scale",
 *              "sigma", "multiple") are set here
 */
CSK_API csk_status csk_ridge_train_export(const csk_ridge_train *t, const char *card,
                                          csk_tensors *to) CSK_MUST_CHECK;

/** Add what is needed to go on later: "train.theta", "train.mean", "train.square", "train.done". */
CSK_API csk_status csk_ridge_train_save(const csk_ridge_train *t,
                                        csk_tensors *to) CSK_MUST_CHECK;

/**
 * Go on where csk_ridge_train_save() was, with the same options, patches and seed.
 * CSK_ERR_FORMAT if the tensors are missing or of another length.
 */
CSK_API csk_status csk_ridge_train_load(csk_ridge_train *t, const csk_tensors *from,
                                        const char *what) CSK_MUST_CHECK;

/**
 * Denoise images at each of csk_train_levels[], with the model as csk_ridge_train_export() has it.
 *
 * @param images  [y][x] in the model's units, of its field; of larger ones the middle 512 x 512
 * @param seed    names the noise
 */
CSK_API csk_status csk_ridge_train_assess(csk_train_score *score,
                                          const csk_ridge_train *t, int count,
                                          const csk_array *images, uint64_t seed,
                                          const csk_monitor *monitor) CSK_MUST_CHECK;

#endif
