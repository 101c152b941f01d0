/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/recover.h
 * Posterior sampling by diffusion and annealed Langevin dynamics: the algorithms of
 *
 * [1] Xun, Gupta, Price, NeurIPS 2025, arXiv:2510.26324.
 *
 *     csk_sample_posterior()  Algorithm 1: from the prior to p(x | b)
 *     csk_sample_near()       Algorithm 2: the same, given a Gaussian measurement of x
 *     csk_recover()           Algorithm 3: naive estimate, noise it, Algorithm 2
 *
 * All draw @p chains independent samples into @p x, one after the other, and report
 * ||b - A x|| of each in @p residual (may be NULL).
 */
#ifndef CSK_SAMPLERS_RECOVER_H
#define CSK_SAMPLERS_RECOVER_H

#include "samplers/diffusion.h"
#include "samplers/langevin.h"
#include "samplers/schedule.h"

/** How diffusion and Langevin dynamics follow each other. */
typedef enum csk_order {
    CSK_ORDER_PAPER, /**< conditional diffusion, then Langevin with eta_i falling: [1] */
    CSK_ORDER_INTERLEAVED, /**< the prior's smoothing t falls from sigma to t_min with a few
                                Langevin steps at each level, the data at full weight */
} csk_order;

typedef enum csk_tether {
    CSK_TETHER_KEEP,    /**< the target is p(x | x0', b): [1] */
    CSK_TETHER_RELEASE, /**< its weight falls to 0, the target is p(x | b) */
} csk_tether;

typedef enum csk_smoothing {
    CSK_SMOOTHING_FIXED, /**< t_min throughout: [1] */
    CSK_SMOOTHING_JOINT, /**< t falls with eta_i */
} csk_smoothing;

typedef enum csk_levels {
    CSK_LEVELS_GEOMETRIC,
    CSK_LEVELS_KARRAS,
    CSK_LEVELS_ADMISSIBLE, /**< Definition D.1 of [1]; order = paper only */
} csk_levels;

enum { CSK_RECOVER_LEVELS = 40 };

typedef struct csk_recover_opts {
    int order, tether, smoothing, schedule; /**< the enums above */
    int levels; /**< Langevin levels, where the schedule does not say; 0: CSK_RECOVER_LEVELS */
    int steps;     /**< Langevin steps a level, likewise */
    int max_steps; /**< CSK_ERR_ARG if an admissible schedule asks for more */
    double sigma;  /**< noise added to the naive estimate; 0: kappa R / sqrt(d) */
    double kappa;
    double eta_first; /**< first eta_i of order = paper; 0: ||A|| sigma */
    csk_admissible admissible;
    csk_diffusion_opts diffusion; /**< t_min serves the Langevin stages, too */
    csk_langevin_opts langevin;   /**< its monitor is used for both */
} csk_recover_opts;

CSK_API extern const csk_param csk_recover_params[];

/** The defaults for images: interleaved, 40 levels x 2 steps of `lm` with h = 1.3. */
CSK_API csk_recover_opts csk_recover_defaults(void);

/** What a run used, for the report. */
typedef struct csk_recover_info {
    double sigma;      /**< noise added to the naive estimate */
    csk_stage *stages; /**< owned: csk_recover_info_clear() */
    int count;
    csk_run_info diffusion, langevin;
} csk_recover_info;

CSK_API void csk_recover_info_clear(csk_recover_info *info);

/**
 * Algorithm 1. post->tether is ignored. order = interleaved runs the smoothing down from
 * csk_diffusion_top() instead of the noise level.
 */
CSK_API csk_status csk_sample_posterior(float *x, const csk_posterior *post, int chains,
                                        csk_rng run, const csk_recover_opts *opts,
                                        double *residual,
                                        csk_recover_info *info) CSK_MUST_CHECK;

/** Algorithm 2: post->tether and tether_std are the Gaussian measurement of x. */
CSK_API csk_status csk_sample_near(float *x, const csk_posterior *post, int chains,
                                   csk_rng run, const csk_recover_opts *opts,
                                   double *residual,
                                   csk_recover_info *info) CSK_MUST_CHECK;

/**
 * Algorithm 3, from a naive estimate on: each chain adds its own N(0, sigma^2 I) to @p x0 and
 * runs Algorithm 2 with the result as tether.
 *
 * @param x0      the naive estimate, one vector
 * @param radius  R, a bound of ||x0 - x|| (csk_radius_simulate()); used if opts->sigma is 0:
 *                sigma = kappa R / sqrt(d), d the floats of x. For the sigma = R / delta of
 *                the paper set opts->sigma. No more than the prior's largest noise level
 */
CSK_API csk_status csk_recover(float *x, const csk_posterior *post, int chains,
                               const float *x0, double radius, csk_rng run,
                               const csk_recover_opts *opts, double *residual,
                               csk_recover_info *info) CSK_MUST_CHECK;

/**
 * Whether the options go together, which their ranges do not say: admissible schedules with
 * order = paper alone; ancestral transitions where there is one to make.
 *
 * @param tethered  csk_recover(), csk_sample_near(); not csk_sample_posterior()
 * @return CSK_ERR_ARG
 */
CSK_API csk_status csk_recover_check(const csk_recover_opts *opts,
                                     bool tethered) CSK_MUST_CHECK;

#endif
