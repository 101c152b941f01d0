/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/null_space_priv.h  Noise from the null space of windows of k-space. */
#ifndef CSK_OPERATORS_NULL_SPACE_PRIV_H
#define CSK_OPERATORS_NULL_SPACE_PRIV_H

#include "cs/status.h"

#include <stdint.h>

/* k-space as planes [coil][plane][y][x]; planes of a volume are k-spaces of their own. */
typedef struct csk_planes {
    int64_t coils, planes, ny, nx;
    const float *data;
    uint8_t *sampled; /* [plane][y][x] */
} csk_planes;

/**
 * Standard deviation of the noise in each real number; INFINITY if there is no fully sampled
 * block, or no null space in it.
 *
 * @param points  out: of the block in a plane
 */
csk_status csk_null_space_noise(double *eta, int64_t *points,
                                const csk_planes *k) CSK_MUST_CHECK;

#endif
