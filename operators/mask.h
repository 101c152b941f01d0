/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/mask.h  Undersampling patterns for Cartesian k-space. */
#ifndef CSK_OPERATORS_MASK_H
#define CSK_OPERATORS_MASK_H

#include "cs/param.h"
#include "cs/space.h"

typedef enum csk_mask_kind {
    CSK_MASK_POISSON,    /**< variable-density Poisson disc in the last two axes */
    CSK_MASK_UNIFORM1D,  /**< equidistant lines of the last axis but one */
    CSK_MASK_GAUSSIAN1D, /**< lines at random, Gaussian density around the centre */
    CSK_MASK_RANDOM,     /**< points, uniform density */
} csk_mask_kind;

typedef struct csk_mask_opts {
    int kind;     /**< csk_mask_kind */
    double accel; /**< acceleration R: pixels / samples, centre included */
    int acs; /**< side of the fully sampled centre (lines for 1-D kinds); 0: none */
} csk_mask_opts;

CSK_API extern const csk_param csk_mask_params[];
CSK_API csk_mask_opts csk_mask_defaults(void);

/**
 * Fill @p mask (csk_space_size(space) bytes, 0 or 1) with a pattern of [y][x], the last two
 * axes; every plane of the axes before them gets a pattern of its own. An image of one axis
 * counts as [y] with a single x. k-space is centred: zero frequency at floor(n/2).
 *
 * - poisson: no two samples p, q are closer than min(r_p, r_q) pixels, centre excepted. The
 *   radius is r = 1/2 + slope rho + u: rho is the distance from the centre, 1 at the end of
 *   an axis; u, drawn for each pixel in (-1/4, 1/4), makes up for the coarse distances of a
 *   grid; the slope follows from the acceleration. Darts in random order: Cook, ACM Trans.
 *   Graph. 5 (1986) 51; variable density: Vasanawala et al., IEEE ISBI (2011) 1039.
 * - uniform1d: lines along x, their distance even to within one; the seed shifts them. With
 *   acs = 0 and R a divisor of the axis, every R-th line. The central lines count towards the
 *   acceleration: the other ones are further apart than R.
 * - gaussian1d: lines along x drawn without replacement, density of standard deviation n/6.
 * - random: points of uniform density.
 *
 * Each plane has round(pixels / accel) samples, exactly (1-D kinds: lines likewise).
 * CSK_ERR_ARG if that is less than the centre, with the largest acceleration that is possible.
 * Equal seeds, equal masks, everywhere: the arithmetic is in integers.
 */
CSK_API csk_status csk_mask_make(uint8_t *mask, const csk_space *space,
                                 const csk_mask_opts *opts,
                                 uint64_t seed) CSK_MUST_CHECK;

#endif
