/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/sample.h  Keep some scalars: k-space samples, observed pixels. */
#ifndef CSK_OPERATORS_SAMPLE_H
#define CSK_OPERATORS_SAMPLE_H

#include "cs/linop.h"

/**
 * Keep the scalars of @p space where @p mask is not 0, in row-major order. The adjoint
 * puts them back and fills the rest with 0. ||A|| = 1, A A* = I.
 *
 * @param mask      mask_len bytes, copied; covers the last axes of @p space and is
 *                  repeated over the first ones (a mask [y][x] for data [coil][y][x])
 * @param mask_len  divides csk_space_size(space)
 *
 * Codomain: [repeats][kept], or [kept] without repeats. CSK_ERR_ARG if nothing is kept.
 */
CSK_API csk_status csk_linop_sample(csk_linop **out, const csk_space *space,
                                    const uint8_t *mask,
                                    int64_t mask_len) CSK_MUST_CHECK;

#endif
