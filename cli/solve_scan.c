/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/scan.h"
#include "cli/solve.h"
#include "cs/cg.h"
#include "cs/fista.h"
#include "cs/mem.h"
#include "cs/pdhg.h"
#include "cs/vec.h"
#include "operators/fft.h"
#include "operators/grad.h"
#include "operators/wavelet.h"

#include <math.h>

enum { WIDTH = 2 }; /* floats of a complex number */

typedef struct job job;

typedef csk_status solver(job *j, float *x, const float *b, double lambda);

struct job {
    const cli_call *call;
    const solve_opts *o;
    cli_scan scan;
    csk_array image; /* the result */
    unsigned axes;
    int64_t n, m; /* floats of image and data */
    double eta;   /* 0: not known */

    csk_prox *g;  /* of the image, or dual */
    csk_linop *K; /* TV: the gradient */
    double lambda_max, lambda;
    solver *solve;
    csk_monitor monitor;
    int max_iter, settle;
    double tol;
    csk_run_info info; /* of the last run */
    bool searching;    /* for the weight: no image is worth keeping yet */
};

/* -- the weight above which nothing is left --------------------------------------- */

/* max |W A* b|: from there on the solution is 0 (with no shift of the transform). */
static csk_status l1_lambda_max(job *j)
{
    const char *family = j->o->wavelet ? j->o->wavelet : "db2";
    csk_linop *W = NULL;
    csk_status err =
        csk_linop_wavelet(&W, &j->scan.is.image, j->axes, family, j->o->levels);

    if (err)
        return err;
    int64_t work_len = csk_linop_work_len(W);
    if (work_len < csk_linop_work_len(j->scan.is.A))
        work_len = csk_linop_work_len(j->scan.is.A);
    float *block = csk_alloc(2 * csk_pad(j->n) + work_len, sizeof(*block));
    if (block) {
        float *x = block, *c = x + csk_pad(j->n), *work = c + csk_pad(j->n);
        csk_linop_adjoint(j->scan.is.A, x, j->scan.is.b, work);
        csk_linop_apply(W, c, x, work);
        j->lambda_max = csk_max_modulus(j->n / WIDTH, WIDTH, c);
    }
    csk_free(block);
    csk_linop_unref(W);
    return block ? CSK_OK : CSK_ERR_NOMEM;
}

/* r := A*(b - A c) for the constant image c that fits b best; y: two vectors of data. */
static void subtract_constant(const job *j, float *r, float *y, float *work)
{
    const csk_linop *A = j->scan.is.A;
    double power, re = 0., im = 0.;
    float *rest = y + csk_pad(j->m);

    csk_zero(j->n, r);
    for (int64_t i = 0; i < j->n; i += WIDTH)
        r[i] = 1.f;
    csk_linop_apply(A, y, r, work);
    power = csk_dot(j->m, y, y);
    for (int64_t i = 0; i < j->m; i += WIDTH) { /* <A 1, b> */
        const double yr = y[i], yi = y[i + 1], br = j->scan.is.b[i],
                     bi = j->scan.is.b[i + 1];
        re += yr * br + yi * bi;
        im += yr * bi - yi * br;
    }
    if (power > 0.) {
        re /= power;
        im /= power;
    }
    for (int64_t i = 0; i < j->m; i += WIDTH) {
        const double yr = y[i], yi = y[i + 1];
        rest[i] = (float)(j->scan.is.b[i] - (re * yr - im * yi));
        rest[i + 1] = (float)(j->scan.is.b[i + 1] - (re * yi + im * yr));
    }
    csk_linop_adjoint(A, r, rest, work);
}

/* z := (K*K)^+ z for the periodic gradient K, which the Fourier transform diagonalises. */
static void invert_laplacian(const csk_space *s, const csk_linop *F, float *z, float *f,
                             float *work)
{
    const double pi = acos(-1.);

    csk_linop_apply(F, f, z, work);
    for (int64_t i = 0; i < csk_space_size(s); i++) {
        double eigenvalue = 0.;
        int64_t at = i;

        for (int a = s->rank - 1; a >= 0; a--) {
            const int64_t k = at % s->dim[a] - s->dim[a] / 2;
            const double root = 2. * sin(pi * (double)k / (double)s->dim[a]);
            eigenvalue += root * root;
            at /= s->dim[a];
        }
        const double gain = eigenvalue > 0. ? 1. / eigenvalue : 0.;
        f[WIDTH * i] = (float)(f[WIDTH * i] * gain);
        f[WIDTH * i + 1] = (float)(f[WIDTH * i + 1] * gain);
    }
    csk_linop_adjoint(F, z, f, work);
}

/* The largest length of a vector in the field u of gradients, [axes][...image...]. */
static double longest(const float *u, int64_t floats, int axes)
{
    double most = 0.;

    for (int64_t i = 0; i < floats; i += WIDTH) {
        double power = 0.;
        for (int a = 0; a < axes; a++) {
            const float *c = u + a * floats + i;
            power += (double)c[0] * c[0] + (double)c[1] * c[1];
        }
        most = fmax(most, power);
    }
    return sqrt(most);
}

/*
 * The constant c that fits best is the solution if some u with |u| <= lambda everywhere has
 * K* u = r = A*(b - A c). u = K (K*K)^+ r is the one of least energy; its largest vector
 * bounds from above the least lambda that would do.
 */
static csk_status tv_lambda_max(job *j)
{
    const csk_linop *A = j->scan.is.A;
    csk_linop *F = NULL;
    csk_status err = csk_linop_fft(&F, &j->scan.is.image, j->axes);

    if (err)
        return err;
    int64_t work_len = csk_linop_work_len(A);
    if (work_len < csk_linop_work_len(F))
        work_len = csk_linop_work_len(F);
    if (work_len < csk_linop_work_len(j->K))
        work_len = csk_linop_work_len(j->K);
    const int64_t rows = csk_linop_rows(j->K);
    float *block =
        csk_alloc(2 * csk_pad(j->n) + 2 * csk_pad(j->m) + csk_pad(rows) + work_len,
                  sizeof(*block));
    if (block) {
        float *z = block, *f = z + csk_pad(j->n), *y = f + csk_pad(j->n),
              *u = y + 2 * csk_pad(j->m), *work = u + csk_pad(rows);
        subtract_constant(j, z, y, work);
        invert_laplacian(&j->scan.is.image, F, z, f, work);
        csk_linop_apply(j->K, u, z, work);
        j->lambda_max = longest(u, j->n, j->scan.is.image.rank);
    }
    csk_free(block);
    csk_linop_unref(F);
    return block ? CSK_OK : CSK_ERR_NOMEM;
}

/* -- the methods ------------------------------------------------------------------- */

static csk_status solve_l1(job *j, float *x, const float *b, double lambda)
{
    csk_fista_opts o = csk_fista_defaults();

    o.lambda = lambda;
    o.monitor = j->monitor;
    if (j->max_iter)
        o.max_iter = j->max_iter;
    if (j->tol > 0.)
        o.tol = j->tol;
    o.settle = j->settle;
    return csk_fista(x, j->scan.is.A, b, j->g, &o, &j->info);
}

static csk_status solve_tv(job *j, float *x, const float *b, double lambda)
{
    csk_pdhg_opts o = csk_pdhg_defaults();

    o.lambda = lambda;
    o.monitor = j->monitor;
    if (j->max_iter)
        o.max_iter = j->max_iter;
    if (j->tol > 0.)
        o.tol = j->tol;
    return csk_pdhg(x, j->scan.is.A, b, j->K, j->g, &o, &j->info);
}

static csk_status prepare_l1(job *j)
{
    const char *family = j->o->wavelet ? j->o->wavelet : "db2";
    const csk_status err = csk_prox_wavelet_l1(
        &j->g, &j->scan.is.image, j->axes, family, j->o->levels, j->o->random_shift);

    j->solve = solve_l1;
    return err ? err : l1_lambda_max(j);
}

static csk_status prepare_tv(job *j)
{
    csk_status err = csk_linop_grad(&j->K, &j->scan.is.image, j->axes);

    if (!err)
        err = csk_prox_tv_dual(&j->g, csk_linop_codomain(j->K));
    j->solve = solve_tv;
    return err ? err : tv_lambda_max(j);
}

static csk_status zero_filled(job *j)
{
    const csk_linop *A = j->scan.is.A;
    float *block = csk_alloc(csk_pad(j->m) + csk_linop_work_len(A), sizeof(*block));

    if (!block)
        return CSK_ERR_NOMEM;
    float *work = block + csk_pad(j->m);
    csk_linop_adjoint(A, j->image.data, j->scan.is.b, work);
    csk_linop_apply(A, block, j->image.data, work);
    j->info.residual = csk_distance(j->m, block, j->scan.is.b);
    csk_free(block);
    return CSK_OK;
}

static csk_status cg_sense(job *j)
{
    csk_cg_opts o = csk_cg_defaults();

    o.ridge = j->o->ridge;
    o.max_iter = j->o->max_iter ? j->o->max_iter : 30;
    if (j->o->tol > 0.)
        o.tol = j->o->tol;
    o.monitor = cli_monitor(j->call, NULL);
    return csk_cg(j->image.data, j->scan.is.A, j->scan.is.b, &o, &j->info);
}

/* -- the weight ---------------------------------------------------------------------- */

/* One solution of the search, to the accuracy that tells weights apart. */
static csk_status try_weight(void *user, float *x, const float *b, double lambda)
{
    job *j = user;

    return j->solve(j, x, b, lambda);
}

static csk_status search(job *j)
{
    enum { ITERATIONS = 50 };
    csk_lambda_opts o = j->o->automatic;
    const csk_lambda_problem p = { j->scan.is.A,  j->scan.is.b, j->eta,
                                   j->lambda_max, try_weight,   j };
    csk_lambda_info tried;

    o.seed = j->call->seed;
    j->searching = true;
    j->monitor = cli_monitor(j->call, "lambda");
    j->max_iter = ITERATIONS;
    if (j->o->max_iter && j->o->max_iter < ITERATIONS)
        j->max_iter = j->o->max_iter;
    const csk_status err = csk_lambda_auto(&j->lambda, j->image.data, &p, &o, &tried);
    j->searching = err != CSK_OK;
    for (int i = 0; i < tried.tried && !err; i++)
        cli_detail(j->call, "lambda %.4e: residual %.4e, risk %.4e", tried.lambda[i],
                   tried.residual[i], tried.risk[i]);
    return err;
}

static csk_status regularised(job *j)
{
    static const char *const chosen[] = { "given", "relative to lambda_max", "auto" };
    csk_lambda weight;
    csk_status err = csk_lambda_parse(&weight, j->o->lambda ? j->o->lambda : "auto");

    if (!err)
        err = j->o->method == SOLVE_TV ? prepare_tv(j) : prepare_l1(j);
    if (err)
        return err;
    j->lambda = weight.value;
    if (weight.kind == CSK_LAMBDA_RELATIVE)
        j->lambda *= j->lambda_max;
    else if (weight.kind == CSK_LAMBDA_AUTO)
        err = search(j);
    if (!err) {
        j->monitor = cli_monitor(j->call, NULL);
        j->max_iter = j->o->max_iter;
        j->settle = j->o->settle;
        j->tol = j->o->tol;
        err = j->solve(j, j->image.data, j->scan.is.b, j->lambda);
    }
    if (j->lambda > 0.)
        solve_put_lambda(j->call, j->lambda, j->lambda_max, chosen[weight.kind]);
    return err;
}

/* -- the verb -------------------------------------------------------------------------- */

/* Only an automatic weight cannot do without the noise level. */
static csk_status find_noise(job *j)
{
    const bool needed =
        j->o->method >= SOLVE_L1_WAVELET && (!j->o->lambda || j->o->lambda[0] == 'a');
    const csk_status err = cli_scan_noise(j->call, &j->scan, j->o->noise, &j->eta);

    if (!err || needed || err == CSK_ERR_NOMEM)
        return cli_bad_input(j->call, err);
    cli_detail(j->call, "the noise level is not known: %s", csk_error_message());
    j->eta = 0.;
    return CSK_OK;
}

/* A residual so many times what the noise level predicts, and that share of the data, is no
 * question of the weight or of early stopping. */
#define FAR   3.
#define SHARE .1

static void report(const job *j, double seconds)
{
    const cli_call *call = j->call;
    csk_run_info info = j->info;

    if (j->o->method != SOLVE_ZERO_FILLED) {
        /* the certificate is one of a fixed g */
        if (j->o->method == SOLVE_L1_WAVELET && j->o->random_shift)
            info.gap = NAN;
        solve_put_run(call, &info);
        cli_put_real(call, "objective", info.objective, -1, NULL);
    }
    cli_put_real(call, "residual", info.residual, -1, NULL);
    if (j->eta > 0.)
        cli_put_real(call, "expected_residual", sqrt((double)j->m) * j->eta, -1, NULL);
    cli_put_real(call, "seconds", seconds, 2, NULL);
    const bool chosen = j->o->lambda && j->o->lambda[0] != 'a';
    if (j->o->method != SOLVE_ZERO_FILLED && !chosen && j->eta > 0. &&
        info.residual > FAR * sqrt((double)j->m) * j->eta &&
        info.residual > SHARE * csk_norm(j->m, j->scan.is.b))
        cli_say(
            call,
            "the image misses the data by %.3g times what the noise level predicts: "
            "the coil sensitivities, the mask, the transform (csk solve --help) or the "
            "weight does not fit them",
            info.residual / (sqrt((double)j->m) * j->eta));
    if (csk_norm(j->n, j->image.data) == 0.)
        cli_say(call, "the image is zero everywhere: the weight leaves nothing of the "
                      "data; see --lambda and --noise");
    /* CG is meant to be stopped early, and random shifts keep x moving. */
    const bool expected = j->o->method == SOLVE_CG_SENSE ||
                          (j->o->method == SOLVE_L1_WAVELET && j->o->random_shift);
    if (!expected || j->o->strict)
        cli_stopped(call, &info, j->o->strict);
}

static csk_status solve_it(job *j)
{
    switch (j->o->method) {
    case SOLVE_ZERO_FILLED:
        return zero_filled(j);
    case SOLVE_CG_SENSE:
        return cg_sense(j);
    default:
        return regularised(j);
    }
}

/* Options are in range: if numbers are not finite it is for the scan. */
static csk_status named(const job *j, csk_status err)
{
    if (err != CSK_ERR_NUMERIC)
        return err;
    return cli_bad_input(j->call,
                         csk_fail(err, "%s: %s", cli_arg_of(j->call, SOLVE_SCAN_ARG),
                                  csk_error_message()));
}

static csk_status start(job *j)
{
    const solve_opts *o = j->o;
    char shape[96], doubt[512];
    csk_status err = cli_scan_read(
        j->call, &j->scan, cli_arg_of(j->call, SOLVE_SCAN_ARG), o->coils, o->mask);

    if (err)
        return err;
    if (j->scan.maybe_coils)
        cli_say(j->call, "the image is a volume, %s, of one coil; %s",
                csk_space_text(&j->scan.is.image, shape, sizeof(shape)),
                cli_scan_doubt(&j->scan, cli_arg_of(j->call, SOLVE_SCAN_ARG), doubt,
                               sizeof(doubt)));
    j->axes = (1u << j->scan.is.image.rank) - 1u;
    j->n = csk_linop_cols(j->scan.is.A);
    j->m = csk_linop_rows(j->scan.is.A);
    if (csk_norm(j->m, j->scan.is.b) == 0.)
        return cli_bad_input(j->call,
                             csk_fail(CSK_ERR_NUMERIC,
                                      "%s: all %lld values that the mask selects "
                                      "are zero",
                                      cli_arg_of(j->call, SOLVE_SCAN_ARG),
                                      (long long)(j->m / WIDTH)));
    err = find_noise(j);
    return err ? err : csk_array_init(&j->image, &j->scan.is.image);
}

csk_status solve_scan(const cli_call *call)
{
    const double begin = cli_seconds();
    job j = { .call = call, .o = call->opts, .info = { .gap = NAN } };
    csk_status err = start(&j);

    if (!err)
        err = named(&j, solve_it(&j));
    if (!err || (err == CSK_ERR_ABORTED && !j.searching)) {
        const csk_status wrote =
            cli_write(call, &j.image, cli_arg_of(call, SOLVE_OUT_ARG));
        if (wrote)
            err = wrote;
        else
            report(&j, cli_seconds() - begin);
    }
    csk_array_clear(&j.image);
    csk_prox_free(j.g);
    csk_linop_unref(j.K);
    cli_scan_clear(&j.scan);
    return err;
}
