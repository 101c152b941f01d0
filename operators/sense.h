/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/sense.h  Multi-coil Cartesian MRI: y_c = S F (s_c x). */
#ifndef CSK_OPERATORS_SENSE_H
#define CSK_OPERATORS_SENSE_H

#include "cs/linop.h"

/**
 * SENSE with the coil sensitivities s_c, the unitary centred Fourier transform F of all
 * image axes and the sampling S. Pruessmann et al., Magn. Reson. Med. 42 (1999) 952.
 *
 * @param maps  space [coil][...image...], complex; copied
 * @param mask  one byte a pixel of k-space (without coil axis), copied; NULL: all
 *
 * Domain: complex image, the axes of @p maps without the first. Codomain: complex
 * [coil][samples], samples in row-major order. Norm bound: max over pixels of
 * sqrt(sum_c |s_c|^2). Threads share a coil, and coils follow each other, so that
 * the workspace is small. normal is fused: it needs neither centring nor a gather, and no
 * transform along axes where the mask is constant (the readout of line by line sampling).
 */
CSK_API csk_status csk_linop_sense(csk_linop **out, const csk_space *maps_space,
                                   const float *maps,
                                   const uint8_t *mask) CSK_MUST_CHECK;

#endif
