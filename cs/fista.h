/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/fista.h
 * Accelerated proximal gradient for
 *
 *     minimise  P(x) = 1/2 ||A x - b||^2 + lambda g(x).
 *
 * [1] Beck, Teboulle, SIAM J. Imaging Sci. 2 (2009) 183-202.
 * [2] O'Donoghue, Candes, Found. Comput. Math. 15 (2015) 715-732 (restart).
 *
 * Certificate. With the step tau, u = prox(z - tau A*(A z - b)) and G = (z - u) / tau,
 * every x' satisfies ([1], Lemma 2.3, for a general step)
 *
 *     P(u) - P(x') <= <G, z - x'> - (tau - L tau^2 / 2) ||G||^2,    L >= ||A||^2.
 *
 * The run's gap is the right side, maximised over all x' with ||x' - z|| <= ||u||, and
 * divided by 1/2 ||b||^2: no such x' has an objective lower by more. It is exact
 * mathematics for a convex g whose prox is exact and the same at each draw, up to
 * rounding of G (about 1e-7 ||x|| / tau).
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
    double step;   /**< gradient step; 0: 1 / csk_power_bound(A)^2 */
    double tol;    /**< stop at this relative change of x; 0: never */
    int max_iter;
    bool restart;   /**< drop the momentum when it points uphill [2] */
    bool objective; /**< compute P(x) at the end */
    csk_monitor monitor;
    double gap; /**< stop when the certificate falls to this; 0: never */
    int settle; /**< a regulariser with random shifts does without them in the last so many
                     iterations before max_iter: a lower P(x), a worse image */
} csk_fista_opts;

CSK_API extern const csk_param csk_fista_params[];

/** The defaults of ::csk_fista_params and no monitor. */
CSK_API csk_fista_opts csk_fista_defaults(void);

/**
 * The monitor sees the residual at the extrapolated point z. Where A has a normal of its
 * own it comes from <z, A*A z> - 2 <z, A*b> + ||b||^2 and is good to about 3e-4 ||b||;
 * what @p info holds in the end is measured at x with one more A.
 *
 * @param x     in: first guess (zero is fine); out: the last iterate
 * @param A     forward operator
 * @param b     data, a vector of A's codomain
 * @param g     regulariser on A's domain; its draw is the number of the iteration, from 0 (see settle)
 * @param opts  NULL: the defaults
 * @param info  filled in on every return; may be NULL
 * @return CSK_OK also when max_iter is reached; CSK_ERR_SHAPE if g lives elsewhere;
 *         CSK_ERR_NUMERIC if the data or an iterate are not finite; the monitor's status
 *         if that ended the run
 */
CSK_API csk_status csk_fista(float *x, const csk_linop *A, const float *b,
                             const csk_prox *g, const csk_fista_opts *opts,
                             csk_run_info *info) CSK_MUST_CHECK;

#endif
