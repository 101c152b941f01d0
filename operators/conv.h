/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/conv.h  Circular convolution (blur). */
#ifndef CSK_OPERATORS_CONV_H
#define CSK_OPERATORS_CONV_H

#include "cs/linop.h"

/**
 * y[j] = sum_k kernel[k] x[j - (k - c)], circular, c = floor(kernel size / 2): a kernel
 * that is symmetric about its centre does not move the image. Via FFTW; normal and
 * resolvent in closed form. Norm bound: the largest modulus of the kernel's spectrum.
 *
 * @param space   rank r, real or complex
 * @param kernel_space  real, same rank, no dimension above that of @p space
 */
CSK_API csk_status csk_linop_conv(csk_linop **out, const csk_space *space,
                                  const csk_space *kernel_space,
                                  const float *kernel) CSK_MUST_CHECK;

#endif
