/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/diffusion.h
 * Draws from a prior, or from a prior given a noisy copy x0' of the image, by running the
 * variance-exploding diffusion x_t = x + t n backwards from large to small t.
 *
 * [1] Xun, Gupta, Price, NeurIPS 2025, arXiv:2510.26324, section 4 and Algorithm 2.
 * [2] Ho, Jain, Abbeel, NeurIPS 2020, arXiv:2006.11239 (ancestral steps).
 * [3] Karras, Aittala, Aila, Laine, NeurIPS 2022, arXiv:2206.00364, Algorithm 2 (Heun, churn).
 */
#ifndef CSK_SAMPLERS_DIFFUSION_H
#define CSK_SAMPLERS_DIFFUSION_H

#include "cs/param.h"
#include "cs/run.h"
#include "samplers/posterior.h"
#include "samplers/schedule.h"

typedef enum csk_diffusion_method {
    CSK_DIFFUSION_ANCESTRAL, /**< x' = D + (t'/t)^2 (x - D) + t' sqrt(1 - (t'/t)^2) n [2] */
    CSK_DIFFUSION_HEUN, /**< second-order steps of the probability flow, with churn [3] */
} csk_diffusion_method;

typedef enum csk_level_spacing {
    CSK_SPACING_GEOMETRIC,
    CSK_SPACING_KARRAS
} csk_level_spacing;

typedef struct csk_diffusion_opts {
    int method;  /**< csk_diffusion_method */
    int spacing; /**< csk_level_spacing */
    int levels;
    double t_max; /**< first level where there is no x0'; 0: csk_diffusion_top() */
    double t_min; /**< last level; 0: csk_schedule_end() */
    double rho;   /**< exponent of the Karras spacing */
    double churn; /**< S_churn of [3]; 0: the deterministic flow */
    bool
        denoise; /**< end with x = D(x, t_min), a draw of the prior instead of one at t_min */
    bool
        antithetic; /**< opposite noise for chains in pairs; no option: the sampler's */
    csk_monitor monitor;
} csk_diffusion_opts;

CSK_API extern const csk_param csk_diffusion_params[];
CSK_API csk_diffusion_opts csk_diffusion_defaults(void);

/**
 * Where an unconditional diffusion begins: opts->t_max, or ten times csk_prior_spread(), but
 * no more than the largest noise level of the prior.
 */
CSK_API double csk_diffusion_top(const csk_prior *prior,
                                 const csk_diffusion_opts *opts);

/**
 * Where a diffusion ends: @p t_min, but no less than what the prior was made for. With a tether
 * the prior is asked at tau, 1/tau^2 = 1/tether_std^2 + 1/t^2; INFINITY: there is none.
 */
CSK_API double csk_diffusion_bottom(const csk_prior *prior, double t_min,
                                    double tether_std);

/**
 * @p chains independent draws into @p x.
 *
 * Without post->tether: of the prior, from N(0, t_max^2). With it: of p(x | tether, tether_std).
 * Ancestral steps then start at the tether itself, t = tether_std, which is exact since the
 * tether is the same Markov chain at that time; Heun's method, whose flow is deterministic,
 * runs the diffusion of the conditional density (csk_conditional_denoise()) from ten times
 * tether_std. post->A and post->b are not used and may be NULL.
 *
 * @param run   names the randomness: chain k uses streams run.stream + 8 k ...
 * @param info  evaluations of the prior, one a chain
 */
CSK_API csk_status csk_diffusion(float *x, const csk_posterior *post, int chains,
                                 csk_rng run, const csk_diffusion_opts *opts,
                                 csk_run_info *info) CSK_MUST_CHECK;

#endif
