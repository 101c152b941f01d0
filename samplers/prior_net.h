/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/prior_net.h
 * A network as a prior: a model file's graph (samplers/net/net.h), and how its output becomes the
 * denoiser. In the network's units, with F the first channels of its output,
 *
 *     D(y, s) = skip y + out F(in y, s)
 *
 *     preconditioning   skip              out                  in
 *     edm               d^2/(s^2 + d^2)   s d/sqrt(s^2 + d^2)  1/sqrt(s^2 + d^2)   [1], d = sigma_data
 *     residual          1                 -1                   1                   [2]
 *     direct            0                 1                    1
 *     ve                1                 s                    1                   [3]
 *     vp                1                 -s                   1/sqrt(1 + s^2)     [4]
 *
 * (vp: F sees the time step at which 1/(1 + s^2) is the product of the alphas), and "tdv", a few
 * steps of gradient descent on an energy whose gradient comes from the backward pass [5]. The
 * card's members are described in docs/priors.md.
 *
 * [1] Karras et al., NeurIPS 2022, arXiv:2206.00364. [2] Zhang et al., IEEE TIP 26 (2017) 3142.
 * [3] Song et al., ICLR 2021, arXiv:2011.13456. [4] Ho et al., NeurIPS 2020, arXiv:2006.11239.
 * [5] Kobler et al., CVPR 2020, arXiv:2001.05005. [6] Terris et al., CVPR 2024, arXiv:2312.01831.
 */
#ifndef CSK_SAMPLERS_PRIOR_NET_H
#define CSK_SAMPLERS_PRIOR_NET_H

#include "cs/tensors.h"
#include "samplers/prior.h"

/** Of the network's images; weights and sums are single precision. */
typedef enum csk_prior_precision {
    CSK_PRIOR_F32,
    CSK_PRIOR_AUTO, /**< bfloat16 where the processor has it and what the network says is
                         multiplied by the noise level, which makes the error small beside
                         the noise: all preconditionings but direct and tdv */
    CSK_PRIOR_BF16, /**< CSK_ERR_UNSUPPORTED where the processor has none */
} csk_prior_precision;

typedef struct csk_prior_net_opts {
    int precision; /**< csk_prior_precision */
    /**
     * If the card says that the training images were turned, let the network see an image in
     * one of the eight orientations (four, if it is not square), chosen by the name in
     * csk_prior_denoise(), and a complex image also with a global phase and moved cyclically by
     * less than one of the network's coarsest pixels: what it does not treat alike averages out
     * over steps, like cycle spinning of wavelets [6]. A denoiser without a name sees the image
     * as it is.
     */
    bool turn;
} csk_prior_net_opts;

/**
 * The prior for images of @p space, whose last two axes are y and x; colour models need an axis
 * of 3 before them; further axes are independent images. Images are continued by mirroring to
 * what the network's strides need, and cropped again, so that any size will do. The vector-
 * Jacobian product exists for all but tdv; derivatives are taken in single precision.
 *
 * @param model  weights and card; copied
 * @param unit   images are this many times as large as the training images; > 0
 * @param opts  NULL: single precision, images as they are
 * @return CSK_ERR_FORMAT naming what is wrong in the card, CSK_ERR_SHAPE if the field or an axis
 *         does not fit, CSK_ERR_ARG for the unit
 */
CSK_API csk_status csk_prior_net(csk_prior **out, const csk_space *space,
                                 const csk_tensors *model, double unit,
                                 const csk_prior_net_opts *opts) CSK_MUST_CHECK;

/** Whether @p p is a network that computes in bfloat16. */
CSK_API bool csk_prior_net_is_bf16(const csk_prior *p);

#endif
