/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/langevin.h
 * Annealed Langevin dynamics for a posterior: a list of stages, each a target density
 *
 *     p_{t^2}(x | tether) N(y_i; A x, eta_i^2),
 *
 * and a number of steps of dX = P grad log target dt + sqrt(2 P) dB.
 *
 * [1] Xun, Gupta, Price, NeurIPS 2025, arXiv:2510.26324, Algorithm 1.
 * [2] Leimkuhler, Matthews, arXiv:1102.4139 (the averaged noise).
 * [3] Roberts, Tweedie, Bernoulli 2 (1996) 341 (the adjusted algorithm).
 * [4] Roberts, Rosenthal, J. R. Statist. Soc. B 60 (1998) 255 (its best step).
 * [5] Ho, Jain, Abbeel, NeurIPS 2020, arXiv:2006.11239, equation 7 (the ancestral step).
 */
#ifndef CSK_SAMPLERS_LANGEVIN_H
#define CSK_SAMPLERS_LANGEVIN_H

#include "cs/param.h"
#include "cs/run.h"
#include "samplers/posterior.h"

/**
 * With q the curvature of the target along a direction as seen through P, h the step:
 *
 * - euler: P = I / (lambda + ||A||^2/eta^2), the plain (unadjusted) step, whose stationary
 *   variance is (1/q) / (1 - h q/2). lambda = 1/t^2 + w/tether_std^2.
 * - precond: P = (A*A/eta^2 + lambda)^{-1}, so that h = O(1) whatever eta. Its noise needs no
 *   square root: P (A* e1/eta + sqrt(lambda) e2) with e1, e2 white has covariance P.
 * - lm: precond's P and the noise (n_k + n_{k+1})/2 instead of n_k [2]. On a Gaussian,
 *   with a = 1 - h q and s^2 = h/2 it reads x_{k+1} = a x_k + s (n_k + n_{k+1}), and since
 *   the newest draw enters x_k by the factor s, E[x_k n_k] = s. Stationarity of the variance
 *   V asks V = a^2 V + 2 s^2 + 2 a s^2, hence V (1 - a^2) = h (1 + a) and V = h / (1 - a) = 1/q:
 *   exact for every q and every stable h < 2/q.
 * - mala: the precond step as a proposal that is accepted or rejected by Metropolis and Hastings, so
 *   that the target is exactly stationary whatever h [3, 4]; for priors that know their log
 *   density. With g the gradient at x and g' at the proposal x', the logarithm of the ratio is
 *
 *       log target(x') - log target(x) - <x' - x, g + g'>/2 - h/4 (<g', P g'> - <g, P g>).
 *
 *   Where P has no closed form it is solved for to 1e-6 whatever cg_tol, since it must be symmetric.
 *   Steps: h near 1.7 n^(-1/3) for n floats in which P fits the target [4]; the share of
 *   proposals accepted (csk_run_info) is then about 0.57. The smoothed density of a stage is the
 *   prior's at its own noise level; with the last stage at the lowest one the samples are of that posterior.
 */
typedef enum csk_langevin_kernel {
    CSK_LANGEVIN_EULER,
    CSK_LANGEVIN_PRECOND,
    CSK_LANGEVIN_LM,
    CSK_LANGEVIN_MALA,
} csk_langevin_kernel;

/**
 * What the first step of a stage does when the smoothing has fallen, from t to s:
 *
 * - none: it is like the others. Chains carry the noise of t, the denoiser is told s, and what it
 *   leaves has to decay; until it has, samples are wider than the target.
 * - ancestral: with D = D(x, t), told the noise that x has, and Q = A*A/eta^2 + 1/s^2,
 *
 *       x += Q^-1 (delta (D - x) + sqrt(delta) n + k A*(y - A x)/eta^2 + sqrt(2 k) A* e/eta),
 *       delta = 1/s^2 - 1/t^2,  k = min(h, 4 (1 - s^2/t^2)):
 *
 *   D is seen once more, with the precision delta that s has over t, and the data by a Langevin
 *   step. In directions without data that is the ancestral step of diffusion models [5],
 *   x := (s^2/t^2) x + (1 - s^2/t^2) D + s sqrt(1 - s^2/t^2) n. Fewer steps are needed.
 *   For precond and lm, in stages without a tether; elsewhere it is none.
 *   The prior moves x by the share f = 1 - s^2/t^2 of what a whole step would, so that data moved
 *   by h are followed too closely where levels are near to each other, and data moved by f h not
 *   closely enough for few steps. 2 f keeps the variance of Gaussians best; 4 f, with which that of
 *   what is measured ends up to 15 % too small, has the residual that the noise predicts and the
 *   nearest means on photographs (docs/algorithms.md).
 *   The lm step that comes next reckons with what x holds of the last draw, sqrt(h/2) in units of its own
 *   noise. After an ancestral step that is spread over two: sqrt((1 - f) h/2) of the draw before
 *   and sqrt(f) of n. Their sum with these weights, over its norm, is standard normal and takes the last
 *   draw's place; likewise for e, with (1 - k) sqrt(h/2) + sqrt(k/2) and sqrt(k/2), which is right
 *   where the data outweigh the prior. With n and e alone the variance falls short, the more so the
 *   more levels there are.
 * - auto: what suits the prior, where somebody knows that (csk_recon_run()); here none.
 */
typedef enum csk_transition {
    CSK_TRANSITION_AUTO,
    CSK_TRANSITION_NONE,
    CSK_TRANSITION_ANCESTRAL,
} csk_transition;

typedef struct csk_stage {
    double smoothing;     /**< t > 0: the prior is smoothed by N(0, t^2) */
    double noise_std;     /**< eta_i >= the posterior's noise_std */
    double tether_weight; /**< 1: the tether as it is; 0: none */
    int steps;
} csk_stage;

#define CSK_LANGEVIN_STEP 1.3

typedef struct csk_langevin_opts {
    int kernel;     /**< csk_langevin_kernel */
    int transition; /**< csk_transition */
    double step;    /**< h, as a multiple of P; 0: CSK_LANGEVIN_STEP */
    double
        cg_tol; /**< relative residual of the linear solve with P^-1, where it is not closed form */
    int cg_iter; /**< its iterations at most */
    /**
     * Chains 2k and 2k + 1 get opposite noise. Each is a sample as before, but their errors
     * cancel to first order in the mean (Hammersley, Morton, Proc. Camb. Phil. Soc. 52 (1956)
     * 449); what is computed from them as if they were independent has half the samples.
     */
    bool antithetic;
    bool
        same_data; /**< y_i = b at every stage, no noise added; no option: a sampler's */
    csk_monitor monitor;
} csk_langevin_opts;

CSK_API extern const csk_param csk_langevin_params[];
CSK_API csk_langevin_opts csk_langevin_defaults(void);

/**
 * Run @p chains chains through @p count stages.
 *
 * The measurements of a stage with eta_i > noise_std are y_i = b + N(0, (eta_i^2 - noise_std^2) I),
 * coupled so that y_i = y_{i+1} + N(0, (eta_i^2 - eta_{i+1}^2) I) [1, line 1]; eta must not rise.
 *
 * @param x         in: where each chain starts; out: its sample
 * @param run       names the randomness, as in csk_diffusion()
 * @param residual  out: ||b - A x|| of each chain at its end; may be NULL. A sample of the
 *                  posterior has noise_std sqrt(floats of b), on average over data
 * @param info      evaluations and applications over all chains, step = h, acceptance of mala
 * @return CSK_ERR_UNSUPPORTED for mala with a prior without log density
 */
CSK_API csk_status csk_langevin(float *x, const csk_posterior *post, int chains,
                                const csk_stage *stages, int count, csk_rng run,
                                const csk_langevin_opts *opts, double *residual,
                                csk_run_info *info) CSK_MUST_CHECK;

#endif
