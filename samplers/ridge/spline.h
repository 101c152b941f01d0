/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/ridge/spline.h
 * Convex potentials whose derivative is a linear spline:
 *
 *     phi(t) = sum_m slope_m clip(t - m, 0, 1),   t >= 0,  m = 0 .. intervals - 1,
 *     Psi(r) = integral of phi from 0 to r,
 *
 * the last interval without end. With slope_m >= 0 phi rises, phi(0) = 0, hence Psi rises
 * and is convex, and so is z -> Psi(|z|) on the line and on the complex plane.
 *
 * A channel has a scale and a gain: its potential is gain / scale^2 Psi(scale |z|), of gradient
 * gain phi(t)/t z at t = scale |z|, and of curvature at most gain max slope.
 *
 * Numbers z come as a real vector, or as two: real and imaginary parts. NaN comes out as NaN.
 */
#ifndef CSK_SAMPLERS_RIDGE_SPLINE_H
#define CSK_SAMPLERS_RIDGE_SPLINE_H

#include "cs/attr.h"

#include <stdint.h>

enum { CSK_SPLINE_MOST = 256 }; /**< intervals */

/** phi(t) = slope[m] t + offset[m] and Psi(t) = slope[m] t^2/2 + offset[m] t + energy[m]. */
typedef struct csk_spline {
    int intervals;
    const float *slope, *offset; /* [intervals]; borrowed */
    const double *energy;
} csk_spline;

/** offset and energy of slope. */
CSK_API void csk_spline_fill(int intervals, const float *slope, float *offset,
                             double *energy);

/** z := the gradient at z; im is NULL for real z. */
CSK_API void csk_spline_gradient(const csk_spline *s, float scale, float gain,
                                 int64_t n, float *re, float *im);

/** The sum of the potentials. */
CSK_API double csk_spline_energy(const csk_spline *s, double scale, double gain,
                                 int64_t n, const float *re, const float *im);

/**
 * v := H(z) v with the Hessian H of the potential at z: gain phi'(t) along z and
 * gain phi(t)/t across it. At a knot phi' is the slope behind it.
 */
CSK_API void csk_spline_hessian(const csk_spline *s, float scale, float gain, int64_t n,
                                const float *re, const float *im, float *vre,
                                float *vim);

/**
 * The derivatives of <v, a(z)>, a the gradient above, by what makes the potential.
 *
 * @param slope  [intervals] += the derivative by each slope
 * @param logs   [2] += by log scale, by log gain
 */
CSK_API void csk_spline_learn(const csk_spline *s, double scale, double gain, int64_t n,
                              const float *re, const float *im, const float *vre,
                              const float *vim, double *slope, double logs[2]);

#endif
