/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/pdhg.h
 * Primal-dual hybrid gradient for  minimise_x 1/2 ||A x - b||^2 + lambda h(K x),
 * h given by the proximal map of its conjugate; K = gradient and h = |.|_{2,1} is
 * total variation.
 *
 * [1] Chambolle, Pock, J. Math. Imaging Vis. 40 (2011) 120.
 * [2] Condat, J. Optim. Theory Appl. 158 (2013) 460; Vu, Adv. Comput. Math. 38 (2013) 667:
 *     the smooth data term enters by its gradient.
 */
#ifndef CSK_CS_PDHG_H
#define CSK_CS_PDHG_H

#include "cs/linop.h"
#include "cs/param.h"
#include "cs/prox.h"
#include "cs/run.h"

typedef struct csk_pdhg_opts {
    double lambda; /**< weight of h(K x) */
    double tol;    /**< stop at this relative change of x; 0: never */
    int max_iter;
    csk_monitor monitor;
} csk_pdhg_opts;

CSK_API extern const csk_param csk_pdhg_params[];
CSK_API csk_pdhg_opts csk_pdhg_defaults(void);

/**
 * @param x  first guess and result
 * @param K  from the domain of A
 * @param h_dual  prox of lambda's conjugate: its apply(u, t = lambda) projects onto the
 *                dual ball of radius lambda (csk_prox_tv_dual()); on the codomain of K
 * @param info  gap: the relative duality-based certificate where it can be computed
 */
CSK_API csk_status csk_pdhg(float *x, const csk_linop *A, const float *b,
                            const csk_linop *K, const csk_prox *h_dual,
                            const csk_pdhg_opts *opts, csk_run_info *info) CSK_MUST_CHECK;

#endif
