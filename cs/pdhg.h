/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/pdhg.h
 * Primal-dual hybrid gradient for
 *
 *     minimise_x  P(x) = 1/2 ||A x - b||^2 + lambda h(K x),
 *
 * h a norm, given by the projection onto the dual ball; K = gradient and h = |.|_{2,1} is
 * total variation. The data term enters by its gradient, so A*A is never inverted. One
 * iteration, relaxed by rho:
 *
 *     v = x - tau A*(A x - b),    d = proj(u + sigma K (v - tau K* u)),
 *     x += rho (v - tau K* d - x),    u += rho (d - u),
 *
 * which converges for tau < 2/L, sigma tau ||K||^2 <= 1, rho < 2 - tau L / 2 with
 * L = ||A||^2 [3, 4]. It needs one A*A, K and K* an iteration like Condat's form [2] and
 * may take longer steps. tau is set to balance primal and dual moves, at iterations 10, 20,
 * 40, ... 640 and never again; the method with constant steps starts there.
 *
 * [1] Chambolle, Pock, J. Math. Imaging Vis. 40 (2011) 120.
 * [2] Condat, J. Optim. Theory Appl. 158 (2013) 460; Vu, Adv. Comput. Math. 38 (2013) 667.
 * [3] Loris, Verhoeven, Inverse Problems 27 (2011) 125007; Chen, Huang, Zhang, Inverse
 *     Problems 29 (2013) 025011.
 * [4] Condat, Kitahara, Contreras, Hirabayashi, SIAM Review 65 (2023) 375 (relaxation).
 *
 * Certificate. For any x, u in the dual ball, e = A*(A x - b) + K* u, and any x',
 *
 *     P(x) - P(x') <= <e, x - x'> + lambda h(K x) - <u, K x>.
 *
 * The run's gap is the right side, maximised over all x' with ||x' - x|| <= ||x||, divided
 * by 1/2 ||b||^2: no such x' has an objective lower by more. It holds for every A, singular
 * ones too, where the Fenchel dual would be infeasible at every iterate. Rounding keeps
 * it above about 1e-6.
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
    double
        gap; /**< stop when the certificate, taken every 20th time, is this; 0: never */
} csk_pdhg_opts;

CSK_API extern const csk_param csk_pdhg_params[];
CSK_API csk_pdhg_opts csk_pdhg_defaults(void);

/**
 * @param x  first guess and result
 * @param K  from the domain of A
 * @param h_dual  prox of lambda's conjugate: its apply(u, t = lambda) projects onto the
 *                dual ball of radius lambda (csk_prox_tv_dual()); on the codomain of K
 * @param info  filled in on every return, may be NULL; step is the last tau; objective,
 *              residual and gap are measured at the end
 * @return CSK_OK also when max_iter is reached; CSK_ERR_SHAPE if the spaces do not fit;
 *         CSK_ERR_NUMERIC if the data or an iterate are not finite; the monitor's status
 *         if that ended the run
 */
CSK_API csk_status csk_pdhg(float *x, const csk_linop *A, const float *b,
                            const csk_linop *K, const csk_prox *h_dual,
                            const csk_pdhg_opts *opts,
                            csk_run_info *info) CSK_MUST_CHECK;

#endif
