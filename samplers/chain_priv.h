/* SPDX-License-Identifier: BSD-3-Clause */
/** @file samplers/chain_priv.h  What samplers that move one chain a thread share. */
#ifndef CSK_SAMPLERS_CHAIN_PRIV_H
#define CSK_SAMPLERS_CHAIN_PRIV_H

#include "cs/linop.h"

/** Threads worth having for @p chains chains. */
int csk_chain_threads(int chains);

/** Number of the calling thread among them. */
int csk_chain_thread(void);

/** Floats of workspace for apply, adjoint, resolvent and csk_chain_solve(). */
int64_t csk_chain_work_len(const csk_linop *A);

/**
 * z := (a A*A + b I)^{-1} r, in closed form or by conjugate gradients from @p z.
 *
 * @return applications of A and A*; negative if a number was not finite
 */
int64_t csk_chain_solve(const csk_linop *A, double a, double b, float *z,
                        const float *r, double tol, int max_iter, float *work);

#endif
