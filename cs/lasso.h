/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/lasso.h
 * The lasso with an explicit matrix, in double precision:
 *
 *     minimise_x  P(x) = 1/2 ||A x - b||^2 + lambda sum_j |x_j|,
 *
 * real or complex (then |x_j| is the modulus), A dense or sparse.
 *
 * Cyclic coordinate descent [1] on a working set that grows around the support [3]; columns
 * that can be proved to be outside of every solution's support are dropped for good [2].
 *
 * Certificate. For any a with |A^H a|_j <= lambda, D(a) = 1/2 ||b||^2 - 1/2 ||b - a||^2 is
 * below the minimum of P. a = s (b - A x) with the best admissible s; the run's gap is
 * (P(x) - max D) / (1/2 ||b||^2) over all a tried, measured with all columns.
 *
 * [1] Friedman, Hastie, Tibshirani, J. Stat. Softw. 33 (2010) 1.
 * [2] Ndiaye, Fercoq, Gramfort, Salmon, J. Mach. Learn. Res. 18 (2017) 128 (Gap Safe).
 * [3] Massias, Gramfort, Salmon, ICML 2018 (Celer).
 */
#ifndef CSK_CS_LASSO_H
#define CSK_CS_LASSO_H

#include "cs/matrix.h"
#include "cs/param.h"
#include "cs/run.h"

typedef struct csk_lasso_opts {
    double lambda;       /**< > 0; csk_lasso_lambda_max() and above give x = 0 */
    double gap;          /**< stop at this relative duality gap */
    int max_iter;        /**< passes over a working set */
    csk_monitor monitor; /**< after each look at the columns; its x is NULL, the iterate
                              being in doubles, and iter counts the passes */
} csk_lasso_opts;

CSK_API extern const csk_param csk_lasso_params[];
CSK_API csk_lasso_opts csk_lasso_defaults(void);

/** max_j |A^H b|_j, the least lambda with solution 0; CSK_ERR_NUMERIC if not finite. */
CSK_API csk_status csk_lasso_lambda_max(double *lambda_max, const csk_matrix *A,
                                        const double *b) CSK_MUST_CHECK;

/**
 * @param x     in: first guess, such as the solution for a larger lambda; out: the result,
 *              also when the monitor ended the run
 * @param b     one scalar a row
 * @param info  filled in on every return, may be NULL; iter: passes; applications: of the
 *              whole A or A^H; change: NaN
 * @return CSK_OK also when max_iter is reached; CSK_ERR_ARG if lambda is 0 (cs/lsq.h does
 *         that) or the sparse structure contradicts itself; CSK_ERR_NUMERIC if A, b or x
 *         hold what is not finite; the monitor's status if that ended the run
 */
CSK_API csk_status csk_lasso(double *x, const csk_matrix *A, const double *b,
                             const csk_lasso_opts *opts,
                             csk_run_info *info) CSK_MUST_CHECK;

#endif
