/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/fista.h
 * Accelerated proximal gradient for
 *
 *     minimise  1/2 ||A x - b||^2 + lambda g(x).
 *
 * [1] Beck, Teboulle, SIAM J. Imaging Sci. 2 (2009) 183-202.
 * [2] O'Donoghue, Candes, Found. Comput. Math. 15 (2015) 715-732 (restart).
 */
#ifndef CSK_CS_FISTA_H
#define CSK_CS_FISTA_H

#include "cs/linop.h"
#include "cs/param.h"
#include "cs/prox.h"
#include "cs/run.h"

#include <stdbool.h>

typedef struct csk_fista_opts {
    double lambda; /**< weight of g, in the units of |A* b| */
    double step;   /**< gradient step; 0: 1 / csk_linop_norm_bound(A)^2 */
    double tol;    /**< stop at this relative change of x; 0: never */
    int max_iter;
    bool restart; /**< drop the momentum when it points uphill [2] */
    bool objective; /**< compute the objective at the end (one more A) */
    csk_monitor monitor;
} csk_fista_opts;

CSK_API extern const csk_param csk_fista_params[];

/** The defaults of ::csk_fista_params and no monitor. */
CSK_API csk_fista_opts csk_fista_defaults(void);

/**
 * @param x     in: first guess (zero is fine); out: the last iterate
 * @param A     forward operator
 * @param b     data, a vector of A's codomain
 * @param g     regulariser
 * @param opts  NULL: the defaults
 * @param info  filled in on every return; may be NULL
 * @return CSK_OK also when max_iter is reached; CSK_ERR_ARG if the step is 0 and
 *         A has no norm bound; CSK_ERR_NUMERIC if an iterate is not finite; the
 *         monitor's status if that ended the run
 */
CSK_API csk_status csk_fista(float *x, const csk_linop *A, const float *b,
                             const csk_prox *g, const csk_fista_opts *opts,
                             csk_run_info *info) CSK_MUST_CHECK;

#endif
