/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/diffpir.h
 * Diffusion for plug-and-play image restoration: denoise, go to the data by a proximal step,
 * put noise back.
 *
 * [1] Zhu, Zhang, Liang, Cao, Wen, Timofte, Van Gool, CVPRW 2023, arXiv:2305.08995, Algorithm 1.
 *
 * With D = D(x_t, t), eta the noise of the data and the next level t' (0 after the last):
 *
 *     z    = argmin ||A z - b||^2 + rho ||z - D||^2,  rho = lambda eta^2 / t^2      [1, 13b]
 *     x_t' = z + t' (sqrt(1 - zeta) (x_t - z) / t + sqrt(zeta) n)                   [1, 14, 15]
 *
 * z is (A*A + rho I)^{-1} (A* b + rho D), in closed form where A has a resolvent, else by
 * conjugate gradients from D. lambda = 1 makes it the mean of X given b and X ~ N(D, t^2 I).
 * The authors' configurations have lambda = 1, zeta = .1 (deblurring and super-resolution with
 * noise) or 1 (inpainting without), and 100 levels; their eta is that of images in 0 .. 1 and
 * their t that of images in -1 .. 1, so that lambda = .25 here is their program.
 *
 * What is drawn is no sample of the posterior: z is a mean, and noise of variance at most t'^2
 * is all that is put back, so that samples are too close to each other.
 *
 * Cost per chain and level: one evaluation, and two applications for each iteration of the
 * conjugate gradients; one more per run for A* b.
 */
#ifndef CSK_SAMPLERS_DIFFPIR_H
#define CSK_SAMPLERS_DIFFPIR_H

#include "samplers/descent.h"

typedef struct csk_diffpir_opts {
    int levels;
    double lambda; /**< weight of the denoised image against the data */
    double zeta;   /**< share of fresh noise, 0 .. 1 */
    double
        cg_tol; /**< relative residual of the linear solve where it is not closed form */
    int cg_iter; /**< its iterations at most */
    csk_descent range;
    csk_monitor monitor;
} csk_diffpir_opts;

/** "diffpir-levels", "diffpir-lambda", ...; the range has its own table. */
CSK_API extern const csk_param csk_diffpir_params[];
CSK_API csk_diffpir_opts csk_diffpir_defaults(void);

/** Arguments and errors are those of csk_dps(); the prior needs no derivative. */
CSK_API csk_status csk_diffpir(float *x, const csk_posterior *post, int chains,
                               const float *x0, csk_rng run,
                               const csk_diffpir_opts *opts, double *residual,
                               csk_run_info *info) CSK_MUST_CHECK;

#endif
