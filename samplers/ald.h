/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/ald.h
 * Annealed Langevin dynamics without a warm start, and, with one level, Langevin dynamics
 * that is not annealed at all.
 *
 * [1] Jalal, Arvinte, Daras, Price, Dimakis, Tamir, NeurIPS 2021, arXiv:2108.01368, equation 3.
 * [2] Song, Ermon, NeurIPS 2020, arXiv:2006.09011 (the levels and steps that [1] uses).
 *
 *     x += h (grad log p_{t^2}(x) + A* (b - A x) / (gamma^2 + eta^2)) + sqrt(2 h) n     [1, 3]
 *
 * at levels t from t_max to t_min, with gamma = ||A|| t, the noise that x_t carries into the
 * data, and h = step / (1/t^2 + ||A||^2 / (gamma^2 + eta^2)), which is of order t^2 as in [2].
 * [1] runs 2311 levels of 3 steps with step about .02; the defaults, 300 of 3, have larger ones.
 * The data are b at every level: unlike csk_sample_posterior(), no noise is added to them.
 *
 * Cost per chain and step: one evaluation, two applications; one application at the end.
 */
#ifndef CSK_SAMPLERS_ALD_H
#define CSK_SAMPLERS_ALD_H

#include "samplers/descent.h"

typedef struct csk_ald_opts {
    int levels;  /**< 1: at t_min alone, not annealed */
    int steps;   /**< a level; times levels it is INT_MAX at most */
    bool plain;  /**< all levels * steps of them at t_min; no option: a sampler's */
    double step; /**< see above, < 2 */
    csk_descent range;
    csk_monitor monitor;
} csk_ald_opts;

/** "ald-levels", "ald-steps", "ald-step"; the range has its own table. */
CSK_API extern const csk_param csk_ald_params[];
CSK_API csk_ald_opts csk_ald_defaults(void);

/**
 * Arguments and errors are those of csk_dps(); the prior needs no derivative. The first state
 * is x0 plus noise of the first level.
 */
CSK_API csk_status csk_ald(float *x, const csk_posterior *post, int chains,
                           const float *x0, csk_rng run, const csk_ald_opts *opts,
                           double *residual, csk_run_info *info) CSK_MUST_CHECK;

#endif
