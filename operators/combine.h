/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/combine.h  Operators made of operators. Each keeps references of its parts. */
#ifndef CSK_OPERATORS_COMBINE_H
#define CSK_OPERATORS_COMBINE_H

#include "cs/linop.h"

/** A = I. */
CSK_API csk_status csk_linop_identity(csk_linop **out,
                                      const csk_space *space) CSK_MUST_CHECK;

/** A = factor B. */
CSK_API csk_status csk_linop_scaled(csk_linop **out, csk_linop *B,
                                    double factor) CSK_MUST_CHECK;

/** A = sum_i B_i; equal domains and codomains. count >= 1. */
CSK_API csk_status csk_linop_sum(csk_linop **out, int count,
                                 csk_linop *const *B) CSK_MUST_CHECK;

/** A x = (B_0 x, B_1 x, ...): equal domains and fields; codomain [sum of sizes]. */
CSK_API csk_status csk_linop_stack(csk_linop **out, int count,
                                   csk_linop *const *B) CSK_MUST_CHECK;

/** A = B*. */
CSK_API csk_status csk_linop_adjoint_of(csk_linop **out, csk_linop *B) CSK_MUST_CHECK;

#endif
