/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/coil.h  Simulated receive coils and phase. */
#ifndef CSK_OPERATORS_COIL_H
#define CSK_OPERATORS_COIL_H

#include "cs/array.h"

/** Loops that csk_coil_maps() accepts at most. */
enum { CSK_MAX_COILS = 1024 };

/**
 * Complex sensitivities of circular loops around the image by the law of Biot and Savart,
 * normalised so that sum_c |s_c|^2 = 1 in every pixel.
 *
 * Pixel i of an axis of n lies at (i - floor(n/2)) / (m/2), m being the longest axis, so that
 * the field of view ends at about 1. Loops of radius 1/2 look inwards from a cylinder of
 * radius 1.6 about the z axis; the first of a ring is on the x axis, the next ones towards y.
 * A volume has a ring for every 8 loops (rounded up), the rings are spread along z, and every
 * second one is turned by half a loop. What is received is B_x - i B_y (B_0 is along z). The
 * field of a loop is exact, by elliptic integrals: Simpson et al., NASA/TM-2013-217919 (2001).
 *
 * @param maps   empty; becomes complex [coil][...image...]; on failure it stays empty
 * @param image  1 to 3 axes, [z][y][x]; its field does not matter
 * @param coils  1 .. ::CSK_MAX_COILS
 */
CSK_API csk_status csk_coil_maps(csk_array *maps, const csk_space *image,
                                 int coils) CSK_MUST_CHECK;

/**
 * Multiply the complex @p image (1 to 3 axes) by exp(i phi), phi a smooth random field named by
 * @p seed: a quadratic polynomial and four waves of at most one period along an axis,
 * scaled so that its largest and smallest value differ by 3 radians.
 */
CSK_API csk_status csk_smooth_phase(csk_array *image, uint64_t seed) CSK_MUST_CHECK;

#endif
