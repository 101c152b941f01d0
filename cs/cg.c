/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/cg.h"
#include "cs/mem.h"
#include "cs/pass_priv.h"
#include "cs/vec.h"

#include <limits.h>
#include <math.h>

#define S csk_cg_opts
/* clang-format off */
const csk_param csk_cg_params[] = {
    CSK_OPT_REAL(S, ridge,    "ridge",    0,    0, INFINITY, "WEIGHT", "weight of 1/2 |x|^2"),
    CSK_OPT_REAL(S, tol,      "tol",      1e-5, 0, 1,        "REL",    "stop at this residual of the normal equations, relative to A*y"),
    CSK_OPT_INT (S, max_iter, "max-iter", 100,  1, INT_MAX,  "N",      "iterations at most"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_cg_opts csk_cg_defaults(void)
{
    csk_cg_opts o = { .monitor = { 0 } };

    csk_param_defaults(csk_cg_params, &o);
    return o;
}

/* The system M x = rhs, M = a A*A + b I, and where its iteration stands. */
typedef struct cg {
    const csk_linop *A;
    int64_t n;
    double a, b;
    float *x;
    float *res; /* rhs - M x, by recurrence */
    float *dir; /* p */
    float *Bp;  /* A*A p */
    float *work;
    double rr; /* ||res||^2 */
    double alpha, beta, pp;
    int64_t applications;
} cg;

/* <p, A*A p> and <p, p>. */
static void curvature(const void *args, int64_t at, int64_t len, double sum[CSK_SUMS])
{
    const cg *c = args;

    sum[0] = csk_chunk_dot(len, c->dir + at, c->Bp + at);
    sum[1] = csk_chunk_dot(len, c->dir + at, c->dir + at);
}

/* res -= alpha M p; sum ||res||^2. */
static void reduce_residual(const void *args, int64_t at, int64_t len,
                            double sum[CSK_SUMS])
{
    const cg *c = args;
    const float ka = (float)(c->alpha * c->a), kb = (float)(c->alpha * c->b);
    const float *restrict p = c->dir + at, *restrict q = c->Bp + at;
    float *restrict r = c->res + at;

    for (int64_t i = 0; i < len; i++)
        r[i] -= ka * q[i] + kb * p[i];
    sum[0] = csk_chunk_dot(len, r, r);
}

/* x += alpha p; p := res + beta p. */
static void advance(const void *args, int64_t at, int64_t len, double sum[CSK_SUMS])
{
    const cg *c = args;
    const float alpha = (float)c->alpha, beta = (float)c->beta;
    const float *restrict r = c->res + at;
    float *restrict x = c->x + at, *restrict p = c->dir + at;

    (void)sum;
    for (int64_t i = 0; i < len; i++) {
        x[i] += alpha * p[i];
        p[i] = r[i] + beta * p[i];
    }
}

/* Three vectors beside x, then the operator's scratch. */
int64_t csk_cg_work_len(const csk_linop *A)
{
    return 3 * csk_pad(csk_linop_cols(A)) + csk_linop_work_len(A);
}

/* res := rhs - M x, p := res. A first guess of zero saves the product. */
static void start(cg *c, const csk_linop *A, double a, double b, float *x,
                  const float *rhs, float *work)
{
    const int64_t n = csk_linop_cols(A);

    *c = (cg){ .A = A, .n = n, .a = a, .b = b, .x = x, .res = work };
    c->dir = c->res + csk_pad(n);
    c->Bp = c->dir + csk_pad(n);
    c->work = c->Bp + csk_pad(n);

    csk_copy(n, rhs, c->res);
    if (csk_norm(n, x) != 0.) {
        csk_linop_normal(A, c->Bp, x, c->work);
        c->applications += 2;
        csk_axpby(n, -a, c->Bp, 1., c->res);
        csk_axpby(n, -b, x, 1., c->res);
    }
    csk_copy(n, c->res, c->dir);
    c->rr = csk_dot(n, c->res, c->res);
}

/* One iteration; 0 once rounding leaves nothing to gain, negative if not finite. */
static int step(cg *c)
{
    double sum[CSK_SUMS];

    csk_linop_normal(c->A, c->Bp, c->dir, c->work);
    c->applications += 2;
    csk_pass(c->n, curvature, c, sum);
    const double pMp = c->a * sum[0] + c->b * sum[1];
    c->pp = sum[1];
    if (!isfinite(pMp) || !isfinite(c->rr))
        return -1;
    if (pMp <= 0.)
        return 0;

    const double before = c->rr;
    c->alpha = before / pMp;
    csk_pass(c->n, reduce_residual, c, sum);
    c->rr = sum[0];
    c->beta = c->rr / before;
    csk_pass(c->n, advance, c, sum);
    return isfinite(c->rr) ? 1 : -1;
}

int csk_cg_solve(const csk_linop *A, double a, double b, float *x, const float *r,
                 double tol, int max_iter, float *work)
{
    const double norm = csk_norm(csk_linop_cols(A), r);
    cg c;

    if (norm == 0.) {
        csk_zero(csk_linop_cols(A), x);
        return 0;
    }
    start(&c, A, a, b, x, r, work);
    if (!isfinite(norm) || !isfinite(c.rr))
        return -1;
    for (int iter = 0; iter < max_iter; iter++) {
        if (sqrt(c.rr) <= tol * norm || c.rr == 0.)
            return iter;
        const int went = step(&c);
        if (went <= 0)
            return went < 0 ? -1 : iter;
    }
    return max_iter;
}

/*
 * ||A x - y||^2 without A: rhs = A*y and res = rhs - M x, a = 1, give
 * <x, A*A x> = <x, rhs> - <x, res> - b <x, x>.
 */
static double residual(const cg *c, const float *rhs, double yy, double xx)
{
    const double square =
        yy - csk_dot(c->n, c->x, rhs) - csk_dot(c->n, c->x, c->res) - c->b * xx;

    return sqrt(fmax(square, 0.));
}

static csk_status iterate(cg *c, const csk_cg_opts *o, const float *rhs, double yy,
                          csk_run_info *run)
{
    const double goal = o->tol * csk_norm(c->n, rhs);

    run->stop = CSK_STOP_MAX_ITER;
    while (run->iter < o->max_iter && sqrt(c->rr) > goal) {
        const int went = step(c);
        if (went < 0)
            return csk_fail(CSK_ERR_NUMERIC, "cg: not finite at iteration %d",
                            run->iter + 1);
        if (went == 0)
            break;
        run->iter++;
        run->step = c->alpha;
        if (!o->monitor.call)
            continue;

        const double xx = csk_dot(c->n, c->x, c->x);
        const csk_progress p = {
            .what = "cg",
            .iter = run->iter,
            .max_iter = o->max_iter,
            .residual = residual(c, rhs, yy, xx),
            .change = c->alpha * sqrt(c->pp / xx),
            .x = c->x,
            .len = c->n,
        };
        const csk_status err = csk_monitor_report(&o->monitor, &p);
        if (err) {
            run->stop = CSK_STOP_MONITOR;
            return err;
        }
    }
    if (run->iter < o->max_iter || sqrt(c->rr) <= goal)
        run->stop = CSK_STOP_CONVERGED;
    return CSK_OK;
}

csk_status csk_cg(float *x, const csk_linop *A, const float *y, const csk_cg_opts *opts,
                  csk_run_info *info)
{
    const csk_cg_opts o = opts ? *opts : csk_cg_defaults();
    const int64_t n = csk_linop_cols(A), m = csk_linop_rows(A);
    csk_run_info run = { .residual = NAN, .objective = NAN, .gap = NAN };
    float *block = NULL;
    csk_status err = csk_param_check(csk_cg_params, &o);

    if (!err)
        err = csk_require_finite("cg", "data", m, y);
    if (!err)
        err = csk_require_finite("cg", "first guess", n, x);
    if (err)
        goto out;
    block = csk_alloc(csk_pad(n) + csk_pad(m) + csk_cg_work_len(A), sizeof(*block));
    if (!block) {
        err = CSK_ERR_NOMEM;
        goto out;
    }
    float *const rhs = block;
    float *const res = rhs + csk_pad(n);
    float *const work = res + csk_pad(m);
    const double yy = csk_dot(m, y, y);
    cg c;

    csk_linop_adjoint(A, rhs, y, work);
    const double size = csk_norm(n, rhs);
    if (!isfinite(size)) {
        err = csk_fail(CSK_ERR_NUMERIC, "cg: A*y is beyond single precision");
        goto out;
    }
    if (size == 0.)
        csk_zero(n, x); /* then no first guess is nearer than the solution */
    start(&c, A, 1., o.ridge, x, rhs, work);
    err = iterate(&c, &o, rhs, yy, &run);
    run.applications = c.applications + 1;
    if (err && run.stop != CSK_STOP_MONITOR)
        goto out;

    /* What is reported in the end is measured, not carried along by recurrence. */
    const double xx = csk_dot(n, x, x);
    csk_linop_apply(A, res, x, c.work);
    csk_axpby(m, -1., y, 1., res);
    csk_linop_adjoint(A, rhs, res, c.work);
    csk_axpby(n, o.ridge, x, 1., rhs); /* the gradient */
    run.applications += 2;
    run.residual = csk_norm(m, res);
    run.change = run.iter && xx > 0. ? c.alpha * sqrt(c.pp / xx) : 0.;
    run.objective = .5 * (run.residual * run.residual + o.ridge * xx);
    if (o.ridge > 0.)
        run.gap = yy > 0. ? csk_dot(n, rhs, rhs) / (o.ridge * yy) : 0.;
    if (!isfinite(run.objective))
        err = csk_fail(CSK_ERR_NUMERIC, "cg: the result is not finite");

out:
    csk_free(block);
    if (info)
        *info = run;
    return err;
}
