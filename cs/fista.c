/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/fista.h"
#include "cs/mem.h"
#include "cs/pass_priv.h"
#include "cs/power.h"
#include "cs/vec.h"

#include <limits.h>
#include <math.h>

#define S csk_fista_opts
/* clang-format off */
const csk_param csk_fista_params[] = {
    CSK_OPT_REAL(S, lambda,    "lambda",    1e-3, 0, INFINITY, "WEIGHT", "weight of the regulariser"),
    CSK_OPT_REAL(S, step,      "step",      0,    0, INFINITY, "TAU",    "gradient step, 0 to derive it from the norm of A"),
    CSK_OPT_REAL(S, tol,       "tol",       1e-4, 0, 1,        "REL",    "stop at this relative change, 0 never"),
    CSK_OPT_REAL(S, gap,       "gap",       0,    0, 1,        "REL",    "stop at this bound of the excess over the minimum, 0 never"),
    CSK_OPT_INT (S, max_iter,  "max-iter",  100,  1, INT_MAX,  "N",      "iterations at most"),
    CSK_OPT_FLAG(S, restart,   "restart",   1,                           "restart the momentum when it points uphill"),
    CSK_OPT_INT (S, settle,    "settle",    0,    0, INT_MAX,  "N",      "last iterations, of max-iter, without random shifts"),
    CSK_OPT_FLAG(S, objective, "objective", 1,                           "compute the objective in the end"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_fista_opts csk_fista_defaults(void)
{
    csk_fista_opts o = { .monitor = { 0 } };

    csk_param_defaults(csk_fista_params, &o);
    return o;
}

typedef struct fista {
    const csk_linop *A;
    const csk_prox *g;
    const float *b;
    int64_t n, m;
    float *x;    /* the iterate x_k */
    float *next; /* x_{k+1} */
    float *z;    /* the extrapolated point */
    float *grad; /* A*A z, or A*(A z - b) */
    float *rhs;  /* A*b, if A has a normal of its own; else NULL */
    float *res;  /* A z - b */
    float *work;
    double bound; /* L^(1/2) >= ||A|| */
    double tau, t, beta, bb;
    int64_t applications;
} fista;

/* next := z - tau (grad - rhs); sums <z, grad> and <z, rhs>. */
static void descend_normal(const void *args, int64_t at, int64_t len,
                           double sum[CSK_SUMS])
{
    const fista *f = args;
    const float tau = (float)f->tau;
    const float *restrict z = f->z + at, *restrict grad = f->grad + at;
    const float *restrict rhs = f->rhs + at;
    float *restrict next = f->next + at;

    for (int64_t i = 0; i < len; i++)
        next[i] = z[i] - tau * (grad[i] - rhs[i]);
    sum[0] = csk_chunk_dot(len, z, grad);
    sum[1] = csk_chunk_dot(len, z, rhs);
}

/* next := z - tau grad. */
static void descend(const void *args, int64_t at, int64_t len, double sum[CSK_SUMS])
{
    const fista *f = args;
    const float tau = (float)f->tau;
    const float *restrict z = f->z + at, *restrict grad = f->grad + at;
    float *restrict next = f->next + at;

    (void)sum;
    for (int64_t i = 0; i < len; i++)
        next[i] = z[i] - tau * grad[i];
}

/* res -= b; sum ||res||^2. */
static void subtract_data(const void *args, int64_t at, int64_t len,
                          double sum[CSK_SUMS])
{
    const fista *f = args;
    const float *restrict b = f->b + at;
    float *restrict r = f->res + at;

    for (int64_t i = 0; i < len; i++)
        r[i] -= b[i];
    sum[0] = csk_chunk_dot(len, r, r);
}

/*
 * With the move d = next - x: sums ||d||^2, ||next||^2, <z - next, d>, ||z - next||^2;
 * then z := next + beta d.
 */
static void extrapolate(const void *args, int64_t at, int64_t len, double sum[CSK_SUMS])
{
    const fista *f = args;
    const float beta = (float)f->beta;
    const float *restrict x = f->x + at, *restrict next = f->next + at;
    float *restrict z = f->z + at;
    float d[CSK_CHUNK], back[CSK_CHUNK];

    for (int64_t i = 0; i < len; i++) {
        d[i] = next[i] - x[i];
        back[i] = z[i] - next[i];
        z[i] = next[i] + beta * d[i];
    }
    sum[0] = csk_chunk_dot(len, d, d);
    sum[1] = csk_chunk_dot(len, next, next);
    sum[2] = csk_chunk_dot(len, back, d);
    sum[3] = csk_chunk_dot(len, back, back);
}

/* next := z - tau A*(A z - b), the argument of the prox; returns ||A z - b||. */
static double gradient_step(fista *f)
{
    double sum[CSK_SUMS], square;

    if (f->rhs) {
        csk_linop_normal(f->A, f->grad, f->z, f->work);
        csk_pass(f->n, descend_normal, f, sum);
        square = sum[0] - 2. * sum[1] + f->bb;
        square = square < 0. ? 0. : square; /* rounding; NaN stays */
    } else {
        csk_linop_apply(f->A, f->res, f->z, f->work);
        csk_pass(f->m, subtract_data, f, sum);
        square = sum[0];
        csk_linop_adjoint(f->A, f->grad, f->res, f->work);
        csk_pass(f->n, descend, f, sum);
    }
    f->applications += 2;
    return sqrt(square);
}

/* The excess of P(next) over any x' with ||x' - z|| <= ||next||, relative. */
static double certificate(const fista *f, double gg, double uu)
{
    const double G = sqrt(gg) / f->tau;
    const double curved = f->tau - .5 * f->bound * f->bound * f->tau * f->tau;
    const double excess = G * sqrt(uu) - curved * G * G;

    return f->bb > 0. ? fmax(excess, 0.) / (.5 * f->bb) : 0.;
}

static double momentum(double t)
{
    return (1. + sqrt(1. + 4. * t * t)) / 2.;
}

static csk_status iterate(fista *f, const csk_fista_opts *o, csk_run_info *run)
{
    double sum[CSK_SUMS];

    run->stop = CSK_STOP_MAX_ITER;
    while (run->iter < o->max_iter) {
        /* x_{k+1} := prox(z - tau A*(A z - b))  [1, 4.1] */
        run->residual = gradient_step(f);
        csk_prox_apply(f->g, f->next, f->tau * o->lambda,
                       run->iter < o->max_iter - o->settle ? (uint32_t)run->iter
                                                           : CSK_PROX_PLAIN,
                       f->work);

        /* z := x_{k+1} + (t - 1) / t_next (x_{k+1} - x_k)  [1, 4.2, 4.3] */
        const double t_next = momentum(f->t);
        f->beta = (f->t - 1.) / t_next;
        f->t = t_next;
        csk_pass(f->n, extrapolate, f, sum);
        if (o->restart && sum[2] > 0.) { /* uphill [2]: as after a first iteration */
            csk_copy(f->n, f->next, f->z);
            f->t = momentum(1.);
        }
        float *const old = f->x;
        f->x = f->next;
        f->next = old;

        run->iter++;
        run->change = sum[1] > 0. ? sqrt(sum[0] / sum[1]) : 0.;
        run->gap = certificate(f, sum[3], sum[1]);
        if (!isfinite(run->residual) || !isfinite(sum[1]))
            return csk_fail(CSK_ERR_NUMERIC,
                            "fista: not finite at iteration %d, step %g", run->iter,
                            f->tau);

        const csk_progress p = { "fista",     run->iter, o->max_iter, run->residual,
                                 run->change, f->x,      f->n };
        const csk_status err = csk_monitor_report(&o->monitor, &p);
        if (err) {
            run->stop = CSK_STOP_MONITOR;
            return err;
        }
        if ((o->tol > 0. && run->change <= o->tol) ||
            (o->gap > 0. && run->gap <= o->gap)) {
            run->stop = CSK_STOP_CONVERGED;
            break;
        }
    }
    return CSK_OK;
}

static csk_status check(const csk_linop *A, const float *x, const float *b,
                        const csk_prox *g, const csk_fista_opts *o)
{
    csk_status err = csk_param_check(csk_fista_params, o);

    if (!err && !csk_space_equal(&g->space, csk_linop_domain(A)))
        err = csk_fail(CSK_ERR_SHAPE, "fista: %s is not on the domain of %s",
                       g->cls->name, csk_linop_name(A));
    if (!err)
        err = csk_require_finite("fista", "data", csk_linop_rows(A), b);
    if (!err)
        err = csk_require_finite("fista", "first guess", csk_linop_cols(A), x);
    return err;
}

/* One block holds all vectors: nothing is allocated in the loop. */
static float *lay_out(fista *f)
{
    const bool normal = csk_linop_has_normal(f->A);
    const int64_t n = csk_pad(f->n), m = csk_pad(f->m);
    const int64_t wa = csk_linop_work_len(f->A), wg = f->g->work_len;
    float *block =
        csk_alloc((normal ? 4 : 3) * n + m + (wa > wg ? wa : wg), sizeof(*block));

    if (!block)
        return NULL;
    f->next = block;
    f->z = f->next + n;
    f->grad = f->z + n;
    f->rhs = normal ? f->grad + n : NULL;
    f->res = f->grad + (normal ? 2 : 1) * n;
    f->work = f->res + m;
    return block;
}

csk_status csk_fista(float *x, const csk_linop *A, const float *b, const csk_prox *g,
                     const csk_fista_opts *opts, csk_run_info *info)
{
    const csk_fista_opts o = opts ? *opts : csk_fista_defaults();
    csk_run_info run = { .residual = NAN, .objective = NAN, .gap = NAN };
    fista f = { .A = A,
                .g = g,
                .b = b,
                .n = csk_linop_cols(A),
                .m = csk_linop_rows(A),
                .x = x,
                .t = 1. };
    float *block = NULL;
    csk_status err = check(A, x, b, g, &o);

    if (!err)
        err = csk_power_bound(&f.bound, A);
    if (err)
        goto out;
    f.tau = o.step > 0. ? o.step : f.bound > 0. ? 1. / (f.bound * f.bound) : 1.;
    f.bb = csk_dot(f.m, b, b);
    block = lay_out(&f);
    if (!block) {
        err = CSK_ERR_NOMEM;
        goto out;
    }

    if (f.rhs) {
        csk_linop_adjoint(A, f.rhs, b, f.work);
        f.applications++;
    }
    csk_copy(f.n, x, f.z);
    run.step = f.tau;
    err = iterate(&f, &o, &run);
    if (f.x != x)
        csk_copy(f.n, f.x, x);
    if (!err || run.stop == CSK_STOP_MONITOR) {
        csk_linop_apply(A, f.res, x, f.work);
        f.applications++;
        run.residual = csk_distance(f.m, f.res, b);
        if (o.objective)
            run.objective = .5 * run.residual * run.residual +
                            o.lambda * csk_prox_value(g, x, f.work);
    }
    run.applications = f.applications;

out:
    csk_free(block);
    if (info)
        *info = run;
    return err;
}
