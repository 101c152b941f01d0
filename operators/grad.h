/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/grad.h  Finite differences. */
#ifndef CSK_OPERATORS_GRAD_H
#define CSK_OPERATORS_GRAD_H

#include "cs/linop.h"

/**
 * Forward differences along the axes whose bits are set, periodic:
 * y[a][j] = x[j + e_a] - x[j]. Codomain [axes set][...space...]. ||A||^2 <= 4 (axes set).
 */
CSK_API csk_status csk_linop_grad(csk_linop **out, const csk_space *space,
                                  unsigned axes) CSK_MUST_CHECK;

#endif
