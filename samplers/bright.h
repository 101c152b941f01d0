/* SPDX-License-Identifier: BSD-3-Clause */
/** @file samplers/bright.h  How bright an image is: the unit in which priors know images. */
#ifndef CSK_SAMPLERS_BRIGHT_H
#define CSK_SAMPLERS_BRIGHT_H

#include "cs/array.h"

/**
 * The 99th percentile of |x| among pixels above a tenth of the largest: what is compared with a
 * model's scale, the same of what is above 0 in its training images, whose background is 0 where
 * that of an estimate is small. One bright pixel changes it little, the background not at all.
 *
 * @param x  csk_space_len(space) floats
 * @return CSK_ERR_NUMERIC if @p x is zero or not finite
 */
CSK_API csk_status csk_bright_level(double *level, const csk_space *space,
                                    const float *x) CSK_MUST_CHECK;

#endif
