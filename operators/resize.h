/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/resize.h  Block averages: the forward model of super-resolution. */
#ifndef CSK_OPERATORS_RESIZE_H
#define CSK_OPERATORS_RESIZE_H

#include "cs/linop.h"

/**
 * y = mean over blocks of @p factor[i] scalars along axis i; every dimension must be a
 * multiple of its factor. With B = prod factor: A A* = I / B, ||A|| = B^(-1/2); the
 * resolvent is closed form.
 */
CSK_API csk_status csk_linop_block_average(csk_linop **out, const csk_space *space,
                                           const int64_t *factor) CSK_MUST_CHECK;

#endif
