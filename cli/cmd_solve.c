/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb solve: its options and which form of it is meant. */
#include "cli/solve.h"

#include <limits.h>

static const char *const methods[] = { "zero-filled", "cg-sense", "l1-wavelet", "tv",
                                       "lsq",         "lasso",    NULL };

#define S solve_opts
/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_CHOICE(S, method, "method", SOLVE_L1_WAVELET, methods, "what is minimised, see above"),
    CSK_OPT_TEXT(S, coils,  "coils",  "FILE", "coil sensitivities of SCAN, [coil][y][x]"),
    CSK_OPT_TEXT(S, mask,   "mask",   "FILE", "where SCAN was measured (default: where it is not 0)"),
    CSK_OPT_TEXT(S, matrix, "matrix", "FILE", "A: Matrix Market, or an array [row][column]"),
    CSK_OPT_TEXT(S, data,   "data",   "FILE", "b: one number for each row of A"),
    CSK_OPT_TEXT(S, lambda, "lambda", "WEIGHT", "0.3, or 0.05x to mean 0.05 lambda_max (0.001x is more like a scan), or auto (the default; not for lasso)"),
    CSK_OPT_GROUP(S, automatic, csk_lambda_params),
    CSK_OPT_REAL(S, noise,  "noise",  0, 0, 1e30, "ETA", "standard deviation of the noise in each real number; 0: estimate it"),
    CSK_OPT_TEXT(S, wavelet, "wavelet", "NAME", "haar, db2 .. db8, sym2 .. sym8; db2 unless given"),
    CSK_OPT_INT (S, levels, "levels", 4, 1, 32, "N", "levels of the wavelet transform"),
    CSK_OPT_FLAG(S, random_shift, "random-shift", 1, "shift the wavelet grid at random in each iteration"),
    CSK_OPT_INT (S, settle, "settle", 0, 0, INT_MAX, "N", "no shift in the last N of the iterations: a lower objective, a worse image"),
    CSK_OPT_REAL(S, ridge,  "ridge",  0, 0, 1e30, "WEIGHT", "of 1/2 |x|^2, for cg-sense and lsq"),
    CSK_OPT_INT (S, max_iter, "max-iter", 0, 0, INT_MAX, "N", "iterations at most; 0: 30 for cg-sense, 100 for l1-wavelet, 300 for tv"),
    CSK_OPT_REAL(S, tol,    "tol",    0, 0, .5, "REL", "stop at this relative change; 0: 1e-4 for l1-wavelet, 2e-5 for tv; cg-sense: of the residual, 1e-5"),
    CSK_OPT_FLAG(S, strict, "strict", 0, "exit code 4 if stopped at max-iter; the output is written"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

/* What belongs to other methods is refused, not ignored. */
static csk_status check_options(const cli_call *call, const solve_opts *o)
{
    const bool scan = o->method < SOLVE_LSQ, l1 = o->method == SOLVE_L1_WAVELET;
    const bool weighted = l1 || o->method == SOLVE_TV;
    const bool automatic = weighted && (!o->lambda || o->lambda[0] == 'a');
    const bool iterates = o->method != SOLVE_ZERO_FILLED;
    static const char of_scans[] = "--method zero-filled, cg-sense, l1-wavelet or tv";
    static const char of_l1[] = "--method l1-wavelet";
    const cli_reader readers[] = {
        { "coils", scan, of_scans },
        { "mask", scan, of_scans },
        { "noise", scan, of_scans },
        { "lambda", weighted || o->method == SOLVE_LASSO,
          "--method l1-wavelet, tv or lasso" },
        { "lambda-rule", automatic, "--lambda auto with l1-wavelet or tv" },
        { "lambda-points", automatic, "--lambda auto with l1-wavelet or tv" },
        { "wavelet", l1, of_l1 },
        { "levels", l1, of_l1 },
        { "random-shift", l1, of_l1 },
        { "settle", l1 && o->random_shift, "--method l1-wavelet with random shifts" },
        { "ridge", o->method == SOLVE_CG_SENSE || o->method == SOLVE_LSQ,
          "--method cg-sense or lsq" },
        { "max-iter", iterates, "a method that iterates" },
        { "tol", iterates, "a method that iterates" },
        { "strict", iterates && o->method != SOLVE_LSQ, "a method that iterates" },
        { NULL, false, NULL },
    };

    return cli_check_readers(call, readers);
}

static csk_status run(const cli_call *call)
{
    const solve_opts *o = call->opts;
    const bool with_matrix = o->method >= SOLVE_LSQ;
    const char *scan = cli_arg_of(call, SOLVE_SCAN_ARG), *method = methods[o->method];
    csk_lambda weight;

    if (o->lambda) {
        const csk_status err = csk_lambda_parse(&weight, o->lambda);
        if (err)
            return err;
    }
    if (with_matrix && (!o->matrix || !o->data))
        return csk_fail(CSK_ERR_ARG, "method %s needs --matrix and --data", method);
    if (with_matrix && scan)
        return csk_fail(CSK_ERR_ARG,
                        "method %s solves with --matrix, one argument too many, '%s'",
                        method, scan);
    if (!with_matrix && (o->matrix || o->data))
        return csk_fail(CSK_ERR_ARG,
                        "--matrix and --data go with --method lsq or lasso, not %s",
                        method);
    if (!with_matrix && !scan)
        return csk_fail(CSK_ERR_ARG,
                        "the argument SCAN is missing; see 'csk solve --help'");
    const csk_status err = check_options(call, o);
    if (err)
        return err;
    return with_matrix ? solve_matrix(call) : solve_scan(call);
}

static const cli_arg args[] = {
    { "SCAN",
      "k-space [coil][y][x], of one coil [y][x] or [1][y][x], 0 where it was not measured",
      .count = CLI_OPTIONAL },
    { "OUT", "the solution", .role = CLI_OUTPUT },
    { .name = NULL },
};

static const cli_example examples[] = {
    { "solve scan.cfl --coils scan-coils.cfl --method zero-filled zero-filled.npy",
      "the image with nothing put in place of what was not measured" },
    { "solve scan.cfl --coils scan-coils.cfl --method cg-sense cg.npy",
      "least squares, stopped early" },
    { "solve scan.cfl --coils scan-coils.cfl --method l1-wavelet --lambda auto --noise "
      "0.01 l1.npy",
      "compressed sensing, the weight chosen from the data" },
    { "solve scan.cfl --coils scan-coils.cfl --method tv --lambda 0.001x --noise 0.01 "
      "tv.npy",
      "total variation" },
    { "solve --matrix A.npy --data y.npy --method lsq --ridge 0.1 x.npy",
      "regularised least squares" },
    { "solve --matrix A.npy --data y.npy --method lasso --lambda 0.1x lasso.npy",
      "a sparse vector, certified by its duality gap" },
    { NULL, NULL },
};

static const char *const refs[] = {
    "Pruessmann, Weiger, Boernert, Boesiger, Magn. Reson. Med. 46 (2001) 638-651 (cg-sense)",
    "Lustig, Donoho, Pauly, Magn. Reson. Med. 58 (2007) 1182-1195 (l1-wavelet)",
    "Rudin, Osher, Fatemi, Physica D 60 (1992) 259-268 (tv)",
    "Friedman, Hastie, Tibshirani, J. Stat. Softw. 33 (2010) 1-22 (lasso)",
    "Ramani, Blu, Unser, IEEE Trans. Image Process. 17 (2008) 1540-1554 (lambda auto)",
    NULL,
};

const cli_cmd cmd_solve = {
    .name = "solve",
    .brief = "reconstruct by classical methods",
    .about =
        "With the measurement b = A x + noise of a SCAN, where A is the sampled Fourier "
        "transform behind the coil sensitivities, unitary and centred (frequency 0 and the middle of "
        "the image are at entry floor(n/2) of their axes, as fftshift puts them):\n\n"
        "  zero-filled  x = A* b\n"
        "  cg-sense     1/2 |A x - b|^2 + ridge/2 |x|^2 by conjugate gradients\n"
        "  l1-wavelet   1/2 |A x - b|^2 + lambda |W x|_1 by FISTA\n"
        "  tv           1/2 |A x - b|^2 + lambda sum |grad x| by PDHG\n\n"
        "and with --matrix and --data, and no SCAN:\n\n"
        "  lsq          1/2 |A x - b|^2 + ridge/2 |x|^2 by factorisation\n"
        "  lasso        1/2 |A x - b|^2 + lambda |x|_1 by coordinate descent\n\n"
        "cg-sense stops after 30 iterations, with a ridge, too, unless --max-iter says "
        "otherwise; without a ridge that is what regularises it.\n\n"
        "lambda_max is the weight above which nothing is left: max |A* b| for lasso, "
        "max |W A* b| for l1-wavelet; "
        "for tv an upper bound, the largest vector of the field of least energy whose "
        "divergence is A*(b - A c), c the best constant image. auto minimises Stein's "
        "unbiased estimate of the error of A x, or meets the noise level (--lambda-rule "
        "discrepancy).\n\n"
        "Random shifts of the wavelet grid avoid its blocks, but have no exact minimum: "
        "--no-random-shift gives a certified one, and its gap. Ctrl-C writes the image "
        "as far as it is; while lambda is searched for there is none.",
    .args = args,
    .params = params,
    .opts_size = sizeof(solve_opts),
    .threads = true,
    .examples = examples,
    .refs = refs,
    .run = run,
};
