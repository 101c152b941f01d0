/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/lsqr.h
 * LSQR: damped least squares
 *
 *     minimise_x  ||A x - b||^2 + damp^2 ||x||^2
 *
 * by Golub-Kahan bidiagonalisation. In exact arithmetic the iterates are those of
 * csk_cg() on the normal equations with ridge = damp^2; they bear ill-conditioned A
 * better, and the rules below tell what was reached.
 *
 * [1] Paige, Saunders, ACM Trans. Math. Softw. 8 (1982) 43-71.
 */
#ifndef CSK_CS_LSQR_H
#define CSK_CS_LSQR_H

#include "cs/linop.h"
#include "cs/param.h"
#include "cs/run.h"

typedef struct csk_lsqr_opts {
    double damp; /**< >= 0; 1/2 damp^2 ||x||^2 is the ridge of csk_cg_opts */
    double atol; /**< relative error of A that is tolerated */
    double btol; /**< relative error of b that is tolerated */
    double cond; /**< stop when the condition number passes this; 0: never */
    int max_iter;
    csk_monitor monitor; /**< sees the recurrence's residual */
} csk_lsqr_opts;

CSK_API extern const csk_param csk_lsqr_params[];
CSK_API csk_lsqr_opts csk_lsqr_defaults(void);

/** Which rule of [1], section 6, ended the run. */
typedef enum csk_lsqr_rule {
    CSK_LSQR_NONE = 0,   /**< none: max_iter, monitor or an error */
    CSK_LSQR_ZERO,       /**< A*b = 0, x = 0 is exact */
    CSK_LSQR_COMPATIBLE, /**< ||r|| <= btol ||b|| + atol ||A|| ||x|| */
    CSK_LSQR_LEAST,      /**< ||A* r|| <= atol ||A|| ||r||, r with the damped rows */
    CSK_LSQR_CONDITION,  /**< the condition number passed its limit */
} csk_lsqr_rule;

typedef struct csk_lsqr_info {
    csk_run_info
        run; /**< residual ||A x - b|| and objective 1/2 (||A x - b||^2 + damp^2
                           ||x||^2), both measured at the end; no gap */
    csk_lsqr_rule rule;
    double norm;     /**< estimate of the Frobenius norm of [A; damp I], from below */
    double cond;     /**< estimate of its condition number, from below */
    double gradient; /**< ||A*(A x - b) + damp^2 x||, measured at the end */
} csk_lsqr_info;

/**
 * @param x     out: the result; its content is ignored, since only from 0 the limit is
 *              the solution of least norm. To refine x0 (damp = 0), solve for A x0 - b.
 * @param info  filled in on every return; may be NULL
 * @return CSK_OK also when max_iter is reached; CSK_ERR_NUMERIC if the data or an iterate
 *         are not finite; the monitor's status if that ended the run
 */
CSK_API csk_status csk_lsqr(float *x, const csk_linop *A, const float *b,
                            const csk_lsqr_opts *opts,
                            csk_lsqr_info *info) CSK_MUST_CHECK;

#endif
