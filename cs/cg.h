/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/cg.h
 * Conjugate gradients for the shifted normal equations
 *
 *     (a A*A + b I) x = r,    a > 0, b >= 0,
 *
 * hence for ridge regression: r = A* y, a = 1, b = ridge minimises
 * 1/2 ||A x - y||^2 + ridge/2 ||x||^2. Hestenes, Stiefel, J. Res. NBS 49 (1952) 409.
 */
#ifndef CSK_CS_CG_H
#define CSK_CS_CG_H

#include "cs/linop.h"
#include "cs/param.h"
#include "cs/run.h"

/** Floats of workspace for csk_cg_solve(). */
CSK_API int64_t csk_cg_work_len(const csk_linop *A);

/**
 * The bare iteration, for those who call it inside loops: allocates nothing, cannot
 * fail, reentrant.
 *
 * @param x     in: first guess; out: solution
 * @param r     right-hand side, domain of A; not x
 * @param tol   stop when ||residual|| <= tol ||r||; the residual is the recurrence's,
 *              which in single precision parts from the true one near 1e-7 cond(M)
 * @param work  csk_cg_work_len() floats aligned to CSK_ALIGN
 * @return iterations done, 0 with x = 0 if r = 0; negative if a number was not finite,
 *         x is then useless
 */
CSK_API int csk_cg_solve(const csk_linop *A, double a, double b, float *x,
                         const float *r, double tol, int max_iter, float *work);

typedef struct csk_cg_opts {
    double ridge; /**< weight of 1/2 ||x||^2 */
    double tol;   /**< stop at this relative residual of the normal equations */
    int max_iter;
    csk_monitor monitor;
} csk_cg_opts;

CSK_API extern const csk_param csk_cg_params[];
CSK_API csk_cg_opts csk_cg_defaults(void);

/**
 * Minimise 1/2 ||A x - y||^2 + ridge/2 ||x||^2. @p x is first guess and result. With
 * ridge = 0 and first guess 0 the limit is the minimiser of least norm.
 *
 * @param info  residual, objective and gap are measured at the end (one A, one A*). With
 *              ridge > 0 the gap is ||gradient||^2 / (2 ridge), a bound of the excess of
 *              the objective over its minimum, relative to 1/2 ||y||^2; else NaN.
 *
 * CSK_ERR_NUMERIC if an iterate is not finite; the monitor's status if that ended it.
 */
CSK_API csk_status csk_cg(float *x, const csk_linop *A, const float *y,
                          const csk_cg_opts *opts, csk_run_info *info) CSK_MUST_CHECK;

#endif
