/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/daps.h
 * Decoupled annealing posterior sampling: at every noise level, guess the image, sample it
 * given that guess and the data, and noise the sample to the next level.
 *
 * [1] Zhang, Chu, Berner, Meng, Anandkumar, Song, CVPR 2025, arXiv:2407.01521, Algorithm 1.
 * [2] Papandreou, Yuille, NeurIPS 2010 (a Gaussian draw by a perturbed least-squares problem).
 *
 *     z0   = the probability flow from x_t at level t: `ode-steps` Euler steps on a Karras
 *            grid (rho = 7) from t to range.t_min; one step, D(x_t, t), where t <= t_min
 *     z    ~ N(z; z0, r^2 I) N(b; A z, s^2 I),   r = t,   s = noise eta
 *     x_t' = z + t' n;   z itself after the last level
 *
 * data = langevin [1]: `steps` steps z += h ((z0 - z)/r^2 + A* (b - A z)/s^2) + sqrt(2 h) n
 * from z0. In [1] h falls linearly in the number of the level i of N, from h_0 to decay h_0;
 * here h = step (1 - (1 - decay) i/N) / (||A||^2/s^2 + 1/r^2), which is that, but
 * stable at any level. Their h_0 = 1e-4 at s = .01, ||A|| = 1 is step = 1; decay = .01,
 * 100 steps, 200 levels with 5 ODE steps, annealing from 100 to .1, the flow to .01, for images
 * in -1 .. 1. They take s = .01 where the noise is .05:
 * noise = .2, the default, which trusts the data too much for a sample of the posterior (that
 * has noise = 1) but is what their images were made with: Langevin steps of size s leave noise of
 * that size where there are no data.
 * data = exact: the limit of many small steps, in one linear solve [2]:
 * (A*A/s^2 + I/r^2) z = A* (b + s e1)/s^2 + (z0 + r e2)/r^2, e1, e2 white.
 *
 * Cost per chain and level: `ode-steps` evaluations (one where t <= t_min), and 2 applications
 * for each Langevin step, or A* and twice the iterations of the linear solve.
 */
#ifndef CSK_SAMPLERS_DAPS_H
#define CSK_SAMPLERS_DAPS_H

#include "samplers/descent.h"

typedef enum csk_daps_data { CSK_DAPS_LANGEVIN, CSK_DAPS_EXACT } csk_daps_data;

typedef struct csk_daps_opts {
    int levels;
    int ode_steps;
    int data;     /**< csk_daps_data */
    int steps;    /**< Langevin steps a level */
    double step;  /**< h of the first level over the largest curvature's inverse, < 2 */
    double decay; /**< the last step over the first, as N grows */
    double noise; /**< noise level of the data term over that of the posterior */
    double last; /**< last annealing level; 0: .1 for langevin, range.t_min for exact */
    double cg_tol;     /**< relative residual of the exact draw's linear solve */
    int cg_iter;       /**< its iterations at most */
    csk_descent range; /**< t_min is where the flow ends */
    csk_monitor monitor;
} csk_daps_opts;

/** "daps-levels", "daps-ode-steps", ...; the range has its own table. */
CSK_API extern const csk_param csk_daps_params[];

/** Those of [1], spacing Karras. */
CSK_API csk_daps_opts csk_daps_defaults(void);

/** Arguments and errors are those of csk_dps(); the prior needs no derivative. */
CSK_API csk_status csk_daps(float *x, const csk_posterior *post, int chains,
                            const float *x0, csk_rng run, const csk_daps_opts *opts,
                            double *residual, csk_run_info *info) CSK_MUST_CHECK;

#endif
