/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/conv.h  Circular convolution (blur). */
#ifndef CSK_OPERATORS_CONV_H
#define CSK_OPERATORS_CONV_H

#include "cs/array.h"
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

/**
 * A Gaussian kernel, of sum 1: exp(-|k - c|^2 / (2 std^2)) on 2 ceil(10 std) + 1 pixels a side (61
 * for std = 3), or the largest odd number of them that an axis of @p image has room for.
 *
 * @param out  empty; csk_array_clear() it
 * @param std  pixels, 0 < std <= 1e6
 */
CSK_API csk_status csk_kernel_gauss(csk_array *out, const csk_space *image,
                                    double std) CSK_MUST_CHECK;

#endif
