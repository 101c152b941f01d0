/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/dps.h
 * Diffusion posterior sampling: the reverse diffusion of the prior, each step followed by one
 * down the gradient of the data's misfit through the denoiser.
 *
 * [1] Chung, Kim, Mccann, Klasky, Ye, ICLR 2023, arXiv:2209.14687, Algorithm 1.
 *
 * With D = D(x_t, t), r = b - A D, J = dD/dx_t, and the next level t' (0 after the last):
 *
 *     x'   = D + (t'/t)^2 (x_t - D) + t' sqrt(1 - (t'/t)^2) n         [1, lines 4 to 6]
 *     x_t' = x' + scale u sqrt((1 + t^2/u^2) (1 + t'^2/u^2)) J^T A* r / ||r||      [line 7]
 *
 * Line 7 is -zeta_i grad ||b - A D||^2 with zeta_i = zeta' / ||b - A D|| [1, section 4]; the
 * gradient of the norm is half of that of the square over the norm, so that scale = 2 zeta',
 * and it is the `scale` of the authors' program. The square root turns their step, which is
 * one of x_vp, into one of x_t; u is what they divide images by to have them in -1 .. 1.
 * The walk is of fixed length in the norm of the whole image: with fewer levels than the 1000
 * of [1], scale should grow in proportion.
 *
 * For a Gaussian prior the method is affine in the noise, but its law is not the posterior: the
 * likelihood of x_t is taken at D alone, without the spread of X given x_t. With scale = 0 it
 * draws from the prior.
 *
 * Cost per chain and level: two evaluations of the prior (D and J^T; for a network the second
 * takes about twice the time of the first) and two applications (A, A*).
 */
#ifndef CSK_SAMPLERS_DPS_H
#define CSK_SAMPLERS_DPS_H

#include "samplers/descent.h"

typedef struct csk_dps_opts {
    int levels;   /**< 1000 in [1] */
    double scale; /**< see above; .3 to 1 in the authors' configurations */
    double unit;  /**< u: half the range of the images */
    csk_descent range;
    csk_monitor monitor;
} csk_dps_opts;

/** "dps-levels", "dps-scale", "dps-unit"; the range has its own table. */
CSK_API extern const csk_param csk_dps_params[];
CSK_API csk_dps_opts csk_dps_defaults(void);

/**
 * @p chains independent draws into @p x, one after the other. post->tether is ignored.
 *
 * @param x0        first state is x0 + t_max n; NULL: t_max n
 * @param run       names the randomness, as in csk_diffusion()
 * @param residual  out: ||b - A x|| of each chain; may be NULL
 * @param info      evaluations and applications over all chains; may be NULL
 * @return CSK_ERR_UNSUPPORTED if the prior has no csk_prior_vjp(), CSK_ERR_NUMERIC if a chain
 *         diverged, the monitor's status if that ended it
 */
CSK_API csk_status csk_dps(float *x, const csk_posterior *post, int chains,
                           const float *x0, csk_rng run, const csk_dps_opts *opts,
                           double *residual, csk_run_info *info) CSK_MUST_CHECK;

#endif
