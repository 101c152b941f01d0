/* SPDX-License-Identifier: BSD-3-Clause */
/** @file datasets/phantom.h  Synthetic images and signals. For the program and for tests. */
#ifndef CSK_DATASETS_PHANTOM_H
#define CSK_DATASETS_PHANTOM_H

#include "cs/array.h"

/**
 * The head phantom of Shepp and Logan, IEEE Trans. Nucl. Sci. 21 (1974) 21, with the
 * contrast of Toft ("modified"; values 0 .. 1), 2-D or 3-D. The 3-D ellipsoids are those of
 * Kak and Slaney with the same contrast, turned about z only.
 *
 * The shortest axis of @p space spans -1 .. 1, the image is centred; row 0 is the top of
 * the head (y = 1), x grows along a row, z with the slice. A pixel holds the mean over its
 * area (sampled finely), so that edges are not jagged. @p out: empty; real.
 */
csk_status csk_phantom_shepp_logan(csk_array *out,
                                   const csk_space *space) CSK_MUST_CHECK;

/**
 * 1 inside a disc (ball) of @p radius times half the shortest axis, 0 outside, the edge
 * averaged as above; 1-D to 3-D. 0 < radius.
 */
csk_status csk_phantom_disk(csk_array *out, const csk_space *space,
                            double radius) CSK_MUST_CHECK;

/**
 * @p nonzeros standard normal numbers (each real number of a complex space) at positions
 * drawn uniformly without repetition, zeros elsewhere. 1 <= nonzeros <= size.
 */
csk_status csk_phantom_sparse(csk_array *out, const csk_space *space, int64_t nonzeros,
                              uint64_t seed) CSK_MUST_CHECK;

/**
 * A sensing matrix, rank 2: independent normal entries of variance 1 / rows, so that
 * columns have length 1 on average.
 */
csk_status csk_phantom_gaussian(csk_array *out, const csk_space *space,
                                uint64_t seed) CSK_MUST_CHECK;

#endif
