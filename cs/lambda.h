/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/lambda.h
 * The weight of a regulariser: given as a number, relative to the smallest one whose solution
 * is zero, or chosen from the data.
 *
 * [1] Morozov, Soviet Math. Dokl. 7 (1966) 414 (discrepancy).
 * [2] Stein, Ann. Stat. 9 (1981) 1135; Ramani, Blu, Unser, IEEE TIP 17 (2008) 1540
 *     (Monte-Carlo SURE).
 */
#ifndef CSK_CS_LAMBDA_H
#define CSK_CS_LAMBDA_H

#include "cs/linop.h"
#include "cs/param.h"
#include "cs/prox.h"

typedef enum csk_lambda_kind {
    CSK_LAMBDA_ABSOLUTE, /**< "0.3" */
    CSK_LAMBDA_RELATIVE, /**< "0.05x": times lambda_max */
    CSK_LAMBDA_AUTO,     /**< "auto" */
} csk_lambda_kind;

typedef struct csk_lambda {
    int kind;     /**< csk_lambda_kind */
    double value; /**< > 0 unless auto */
} csk_lambda;

/** Parse @p text; CSK_ERR_ARG says what is understood. */
CSK_API csk_status csk_lambda_parse(csk_lambda *out, const char *text) CSK_MUST_CHECK;

typedef enum csk_lambda_rule {
    CSK_LAMBDA_SURE,        /**< least unbiased estimate of the error of A x [2] */
    CSK_LAMBDA_DISCREPANCY, /**< ||A x - b|| = sqrt(m) noise_std [1]; smooths more */
} csk_lambda_rule;

typedef struct csk_lambda_opts {
    int rule; /**< csk_lambda_rule */
    int points; /**< weights tried, from the largest down by halves; the best is refined */
    uint64_t seed; /**< of the probe of SURE */
} csk_lambda_opts;

CSK_API extern const csk_param csk_lambda_params[];
CSK_API csk_lambda_opts csk_lambda_defaults(void);

/** x := argmin 1/2 ||A x - b||^2 + lambda g(x), from @p x as first guess. */
typedef csk_status csk_lambda_solve_fn(void *user, float *x, const float *b,
                                       double lambda);

typedef struct csk_lambda_problem {
    const csk_linop *A;
    const float *b;
    double noise_std;  /**< per float of b, > 0 */
    double lambda_max; /**< the path starts at half of it */
    csk_lambda_solve_fn *solve;
    void *user;
} csk_lambda_problem;

typedef struct csk_lambda_info {
    int tried;
    double lambda[64], residual[64], risk[64]; /**< risk: SURE, NaN with discrepancy */
} csk_lambda_info;

/**
 * Choose lambda: walk lambda_max/2, lambda_max/4, ... with warm starts, stop when the criterion
 * has passed its best, then look between (golden section of the neighbours, in the logarithm).
 *
 * @param lambda  out: the choice
 * @param x       out: the solution there; in: ignored
 */
CSK_API csk_status csk_lambda_auto(double *lambda, float *x,
                                   const csk_lambda_problem *p,
                                   const csk_lambda_opts *opts,
                                   csk_lambda_info *info) CSK_MUST_CHECK;

#endif
