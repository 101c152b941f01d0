/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/fft.h  The unitary, centred discrete Fourier transform. */
#ifndef CSK_OPERATORS_FFT_H
#define CSK_OPERATORS_FFT_H

#include "cs/linop.h"

/**
 * Along every axis i whose bit (1u << i) is set in @p axes, with c = floor(n/2),
 *
 *     y[k] = n^(-1/2) sum_j exp(-2 pi i (j - c)(k - c) / n) x[j].
 *
 * Zero frequency and image centre are at index c. A* = A^-1, ||A|| = 1. The same as
 * BART's `fft -u` and as fftshift(fft(ifftshift(x), norm="ortho")).
 *
 * @param space  a complex space, domain and codomain alike
 */
CSK_API csk_status csk_linop_fft(csk_linop **out, const csk_space *space,
                                 unsigned axes) CSK_MUST_CHECK;

/**
 * y := S F x: the samples of the transform where @p mask (one byte a scalar of @p space)
 * is not 0, in row-major order; codomain [samples]. normal and resolvent are fused:
 * (a A*A + b)^{-1} = F* (a M + b)^{-1} F; axes along which the mask is constant cost nothing
 * there. ||A|| = 1. @p mask is copied; NULL: all.
 */
CSK_API csk_status csk_linop_masked_fft(csk_linop **out, const csk_space *space,
                                        unsigned axes,
                                        const uint8_t *mask) CSK_MUST_CHECK;

#endif
