/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/coil.h  Simulated receive coils and phase. */
#ifndef CSK_OPERATORS_COIL_H
#define CSK_OPERATORS_COIL_H

#include "cs/array.h"

/**
 * Complex sensitivities of @p coils loops placed evenly on a circle around the image (2-D;
 * 3-D: rings), smooth, from the Biot-Savart law of a small loop, normalised so that
 * sum_c |s_c|^2 = 1 in every pixel. @p maps: empty; becomes [coil][...image...].
 */
CSK_API csk_status csk_coil_maps(csk_array *maps, const csk_space *image,
                                 int coils) CSK_MUST_CHECK;

/**
 * Multiply the complex @p image by exp(i phi), phi a smooth random field (a quadratic
 * plus low frequencies; a few radians end to end) named by @p seed.
 */
CSK_API csk_status csk_smooth_phase(csk_array *image, uint64_t seed) CSK_MUST_CHECK;

#endif
