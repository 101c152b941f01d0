/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/prior_ridge.h
 * A learned log-concave prior: at every noise level sigma the smoothed density is
 *
 *     log p_sigma(x) = -R_sigma(x) + constant,
 *     R_sigma(x) = 1/sigma^2 sum_c g_c/a_c^2 sum_pixels Psi_c(a_c |(w_c * x)|),
 *
 * with filters w_c, convex potentials Psi_c whose derivatives are learned linear splines
 * (samplers/ridge/spline.h), and gains g_c and scales a_c that are exponentials of linear splines of
 * log sigma: one model for a continuous range. The denoiser is one step,
 *
 *     D(x, sigma) = x - sigma^2 grad R_sigma(x) = x - W^T [g_c phi_c(a_c |z|)/(a_c |z|) z],   z = W x,
 *
 * so the score is exactly -grad R_sigma, the gradient of a known function; it is trained as a
 * denoiser (samplers/ridge/train.h). The levels are not made to be the same density smoothed by
 * more and more noise; each is the best of its kind for its level.
 *
 * Log-concavity. R_sigma is a sum of convex functions of linear functions of x, whatever the
 * parameters (slopes >= 0 are checked when a model is read). Training keeps
 * sigma^2 ||Hess R_sigma|| <= 1, hence 0 <= dD/dx <= 1, as the denoiser of a log-concave density has.
 * The filters have zero mean: along constant images the density is flat, as that of total
 * variation is, and a posterior is proper where the measurement sees the mean.
 *
 * Complex images. The filters are real and see both parts alike; a potential is a function of
 * the modulus of their response. It is convex, as Psi is convex and rises, and it does not change when
 * the image is multiplied by a phase, as the images do not. (A sum of potentials of the real and of
 * the imaginary part would depend on it.)
 *
 * Ends. An image goes on as in a mirror; the gradient is exactly that of this energy.
 *
 * Goujon, Neumayer, Bohra, Ducotterd, Unser, IEEE Trans. Comput. Imaging 9 (2023) 782,
 * arXiv:2211.12461; noise levels after Goujon, Neumayer, Unser, arXiv:2308.10542.
 */
#ifndef CSK_SAMPLERS_PRIOR_RIDGE_H
#define CSK_SAMPLERS_PRIOR_RIDGE_H

#include "cs/tensors.h"
#include "samplers/prior.h"

/**
 * The prior of a model file for images of @p space; axes before the last two are independent
 * images, of any size. csk_prior_logp() gives -R_sigma: unnormalised, up to a constant that depends
 * on sigma alone, so that differences at one sigma are what they should be. It draws no samples.
 * csk_prior_spread() is the highest noise level: what is larger it does not know.
 *
 * @param model  tensors weight [filters][side][side], slope [filters][intervals], log_scale and
 *               log_gain [filters][knots]; card: "kind": "ridge", "field", "axes": 2, "scale",
 *               "sigma": [lo, hi], over which the knots are spread. Copied
 * @param unit   images are this many times as large as the training images; > 0
 * @return CSK_ERR_FORMAT names the tensor or the member of the card that is wrong;
 *         CSK_ERR_SHAPE if the field differs or @p space has less than two axes
 */
CSK_API csk_status csk_prior_ridge(csk_prior **out, const csk_space *space,
                                   const csk_tensors *model,
                                   double unit) CSK_MUST_CHECK;

/**
 * A Lipschitz constant of grad R_sigma = -grad log p_sigma, that is, a bound of its Hessian: the
 * larger of
 *
 * - max over omega of sum_c g_c max phi_c' |W_c(omega)|^2 / sigma^2, bounded from above: it holds for
 *   images without ends, by Parseval's theorem;
 * - the norm of the same quadratic form on images of at most 3 x 3 filters' sides with mirrored
 *   ends, by the power method: 1 % is added for what that is short of. It is measured, not proven.
 *
 * @return CSK_ERR_ARG if @p p is of another kind or sigma out of range
 */
CSK_API csk_status csk_ridge_lipschitz(double *out, const csk_prior *p,
                                       double sigma) CSK_MUST_CHECK;

#endif
