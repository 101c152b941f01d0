/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/solve.h"

#include <math.h>

void solve_put_run(const cli_call *call, const csk_run_info *info)
{
    cli_put_int(call, "iterations", info->iter);
    cli_put_text(call, "stopped", csk_stop_name(info->stop));
    if (isfinite(info->gap))
        cli_put_real(call, "gap", info->gap, -1, NULL);
}

void solve_put_lambda(const cli_call *call, double lambda, double lambda_max,
                      const char *chosen)
{
    cli_put_real(call, "lambda", lambda, -1, NULL);
    if (lambda_max > 0.)
        cli_put_real(call, "lambda_relative", lambda / lambda_max, -1, NULL);
    cli_put_text(call, "lambda_from", chosen);
}
