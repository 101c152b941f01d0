/* SPDX-License-Identifier: BSD-3-Clause */
/** @file cli/solve.h  The two forms of the verb solve. */
#ifndef CSK_CLI_SOLVE_H
#define CSK_CLI_SOLVE_H

#include "cli/cli.h"
#include "cs/lambda.h"

typedef enum solve_method {
    SOLVE_ZERO_FILLED,
    SOLVE_CG_SENSE,
    SOLVE_L1_WAVELET,
    SOLVE_TV,
    SOLVE_LSQ, /**< this and what follows: with a matrix */
    SOLVE_LASSO,
} solve_method;

typedef struct solve_opts {
    int method; /**< solve_method */
    const char *coils, *mask, *matrix, *data;
    const char *lambda; /**< NULL: auto */
    csk_lambda_opts automatic;
    double noise; /**< 0: estimate it */
    const char *wavelet;
    int levels;
    bool random_shift;
    int settle;
    double ridge;
    int max_iter; /**< 0: the method's own */
    double tol;   /**< 0: the method's own */
    bool strict;
} solve_opts;

enum { SOLVE_SCAN_ARG, SOLVE_OUT_ARG };

/** From a scan to an image. */
csk_status solve_scan(const cli_call *call) CSK_MUST_CHECK;

/** From a matrix and data to a vector. */
csk_status solve_matrix(const cli_call *call) CSK_MUST_CHECK;

/** Iterations, why it ended, and the gap if it is known. */
void solve_put_run(const cli_call *call, const csk_run_info *info);

/** Weight, weight / lambda_max and who chose it. */
void solve_put_lambda(const cli_call *call, double lambda, double lambda_max,
                      const char *chosen);

#endif
