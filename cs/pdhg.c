/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/pdhg.h"
#include "cs/mem.h"
#include "cs/pass_priv.h"
#include "cs/power.h"
#include "cs/vec.h"

#include <limits.h>
#include <math.h>

#define S csk_pdhg_opts
/* clang-format off */
const csk_param csk_pdhg_params[] = {
    CSK_OPT_REAL(S, lambda,   "lambda",   1e-3, 0, INFINITY, "WEIGHT", "weight of the regulariser"),
    CSK_OPT_REAL(S, tol,      "tol",      2e-5, 0, 1,        "REL",    "stop at this relative change, 0 never"),
    CSK_OPT_REAL(S, gap,      "gap",      0,    0, 1,        "REL",    "stop at this bound of the excess over the minimum, 0 never"),
    CSK_OPT_INT (S, max_iter, "max-iter", 300,  1, INT_MAX,  "N",      "iterations at most"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_pdhg_opts csk_pdhg_defaults(void)
{
    csk_pdhg_opts o = { .monitor = { 0 } };

    csk_param_defaults(csk_pdhg_params, &o);
    return o;
}

/* tau L stays between these; beyond 1/2 the loss in rho outweighs the gain. */
static const double tau_least = 1e-3, tau_most = .5;

/* Steps change at 10, 20, ..., LAST_TUNING; the gap is computed every GAP_EVERY times. */
enum { FIRST_TUNING = 10, LAST_TUNING = 640, GAP_EVERY = 20 };

typedef struct pdhg {
    const csk_linop *A, *K;
    const csk_prox *h;
    const float *b;
    int64_t n, m, k; /* floats of x, b and u */
    float *x;
    float *v;    /* the gradient step from x */
    float *bar;  /* v - tau K*u, then K*d */
    float *grad; /* A*A x, or A*(A x - b) */
    float *rhs;  /* A*b, if A has a normal of its own; else NULL */
    float *Ktu;
    float *res; /* A x - b */
    float *u, *d, *Kx;
    float *work;
    double lambda, L, K2; /* squared norm bounds */
    double tau, sigma, rho;
    double bb;
    int64_t applications;
} pdhg;

/* v := x - tau (grad - rhs), bar := v - tau K*u; sums <x, grad> and <x, rhs>. */
static void descend(const void *args, int64_t at, int64_t len, double sum[CSK_SUMS])
{
    const pdhg *p = args;
    const float tau = (float)p->tau;
    const float *restrict x = p->x + at, *restrict grad = p->grad + at;
    const float *restrict Ktu = p->Ktu + at;
    float *restrict v = p->v + at, *restrict bar = p->bar + at;

    if (p->rhs) {
        const float *restrict rhs = p->rhs + at;
        for (int64_t i = 0; i < len; i++)
            v[i] = x[i] - tau * (grad[i] - rhs[i]);
        sum[0] = csk_chunk_dot(len, x, grad);
        sum[1] = csk_chunk_dot(len, x, rhs);
    } else {
        for (int64_t i = 0; i < len; i++)
            v[i] = x[i] - tau * grad[i];
    }
    for (int64_t i = 0; i < len; i++)
        bar[i] = v[i] - tau * Ktu[i];
}

/* d := u + sigma d. */
static void ascend(const void *args, int64_t at, int64_t len, double sum[CSK_SUMS])
{
    const pdhg *p = args;
    const float sigma = (float)p->sigma;
    const float *restrict u = p->u + at;
    float *restrict d = p->d + at;

    (void)sum;
    for (int64_t i = 0; i < len; i++)
        d[i] = u[i] + sigma * d[i];
}

/* u += rho (d - u); sum ||d - u||^2. */
static void relax_dual(const void *args, int64_t at, int64_t len, double sum[CSK_SUMS])
{
    const pdhg *p = args;
    const float rho = (float)p->rho;
    const float *restrict d = p->d + at;
    float *restrict u = p->u + at;
    float move[CSK_CHUNK];

    for (int64_t i = 0; i < len; i++) {
        move[i] = d[i] - u[i];
        u[i] += rho * move[i];
    }
    sum[0] = csk_chunk_dot(len, move, move);
}

/* x += rho (v - tau K*d - x), K*u along with u; sums ||move||^2 and ||x||^2. */
static void relax_primal(const void *args, int64_t at, int64_t len,
                         double sum[CSK_SUMS])
{
    const pdhg *p = args;
    const float tau = (float)p->tau, rho = (float)p->rho;
    const float *restrict v = p->v + at, *restrict Ktd = p->bar + at;
    float *restrict x = p->x + at, *restrict Ktu = p->Ktu + at;
    float move[CSK_CHUNK];

    for (int64_t i = 0; i < len; i++) {
        move[i] = v[i] - tau * Ktd[i] - x[i];
        x[i] += rho * move[i];
        Ktu[i] += rho * (Ktd[i] - Ktu[i]);
    }
    sum[0] = csk_chunk_dot(len, move, move);
    sum[1] = csk_chunk_dot(len, x, x);
}

/* The data term's gradient into grad (plus rhs); returns ||A x - b|| unless rhs hides it. */
static double gradient(pdhg *p)
{
    p->applications += 2;
    if (p->rhs) {
        csk_linop_normal(p->A, p->grad, p->x, p->work);
        return NAN;
    }
    csk_linop_apply(p->A, p->res, p->x, p->work);
    csk_axpby(p->m, -1., p->b, 1., p->res);
    csk_linop_adjoint(p->A, p->grad, p->res, p->work);
    return csk_norm(p->m, p->res);
}

static void set_steps(pdhg *p, double tau)
{
    p->tau = fmin(fmax(tau, tau_least / p->L), tau_most / p->L);
    p->sigma = 1. / (p->tau * p->K2);
    p->rho = .97 * (2. - .5 * p->tau * p->L);
}

/* Moves of equal size in the metric of the method, ||dx||^2 / tau = ||du||^2 / sigma. */
static void balance(pdhg *p, int iter, double dx2, double du2)
{
    bool due = false;

    for (int k = FIRST_TUNING; k <= LAST_TUNING; k *= 2)
        due = due || iter == k;
    if (due && dx2 > 0. && du2 > 0.)
        set_steps(p, sqrt(p->tau * sqrt(dx2 / (p->K2 * du2))));
}

/*
 * lambda h(v) = <proj(s v), v> in the limit of large s. Vectors shorter than 1e-7 of the
 * largest float lose part of their share, which is below the rounding of the sum. Uses d.
 */
static double norm_term(pdhg *p, const float *v)
{
    const double peak = csk_max_modulus(p->k, 1, v);

    if (!(peak > 0.))
        return peak; /* 0, or NaN */
    csk_axpby(p->k, fmin(1e7 * p->lambda / peak, 1e30), v, 0., p->d);
    csk_prox_apply(p->h, p->d, p->lambda, 0, p->work);
    return csk_dot(p->k, p->d, v);
}

/* Residual, objective and gap at (x, u); uses all scratch, keeps x, u and K*u. */
static void certify(pdhg *p, csk_run_info *run)
{
    csk_linop_apply(p->A, p->res, p->x, p->work);
    csk_axpby(p->m, -1., p->b, 1., p->res);
    run->residual = csk_norm(p->m, p->res);
    csk_linop_adjoint(p->A, p->grad, p->res, p->work);
    p->applications += 2;

    /* Relaxation may have taken u out of the ball. */
    csk_copy(p->k, p->u, p->d);
    csk_prox_apply(p->h, p->d, p->lambda, 0, p->work);
    csk_linop_adjoint(p->K, p->bar, p->d, p->work);
    csk_axpby(p->n, 1., p->bar, 1., p->grad); /* e */
    csk_linop_apply(p->K, p->Kx, p->x, p->work);
    const double paired = csk_dot(p->k, p->d, p->Kx);
    const double term = norm_term(p, p->Kx);
    const double excess =
        csk_norm(p->n, p->grad) * csk_norm(p->n, p->x) + fmax(term - paired, 0.);

    run->objective = .5 * run->residual * run->residual + term;
    run->gap = p->bb > 0. ? excess / (.5 * p->bb) : 0.;
}

static csk_status iterate(pdhg *p, const csk_pdhg_opts *o, csk_run_info *run)
{
    double sum[CSK_SUMS], du[CSK_SUMS];

    run->stop = CSK_STOP_MAX_ITER;
    while (run->iter < o->max_iter) {
        const double residual = gradient(p);
        csk_pass(p->n, descend, p, sum);
        const double square = sum[0] - 2. * sum[1] + p->bb;
        run->residual = p->rhs ? sqrt(square < 0. ? 0. : square) : residual;

        csk_linop_apply(p->K, p->d, p->bar, p->work);
        csk_pass(p->k, ascend, p, du);
        csk_prox_apply(p->h, p->d, p->lambda, (uint32_t)run->iter, p->work);
        csk_linop_adjoint(p->K, p->bar, p->d, p->work);
        csk_pass(p->k, relax_dual, p, du);
        csk_pass(p->n, relax_primal, p, sum);

        run->iter++;
        run->step = p->tau;
        run->change = sum[1] > 0. ? sqrt(sum[0] / sum[1]) : 0.;
        if (!isfinite(run->residual) || !isfinite(sum[1]) || !isfinite(du[0]))
            return csk_fail(CSK_ERR_NUMERIC, "pdhg: not finite at iteration %d",
                            run->iter);

        const csk_progress report = { "pdhg",        run->iter,   o->max_iter,
                                      run->residual, run->change, p->x,
                                      p->n };
        const csk_status err = csk_monitor_report(&o->monitor, &report);
        if (err) {
            run->stop = CSK_STOP_MONITOR;
            return err;
        }
        if (o->gap > 0. && run->iter % GAP_EVERY == 0)
            certify(p, run);
        if ((o->tol > 0. && run->change <= o->tol) ||
            (o->gap > 0. && run->gap <= o->gap)) {
            run->stop = CSK_STOP_CONVERGED;
            break;
        }
        balance(p, run->iter, sum[0], du[0]);
    }
    return CSK_OK;
}

static csk_status check(const csk_linop *A, const float *x, const float *b,
                        const csk_linop *K, const csk_prox *h, const csk_pdhg_opts *o)
{
    csk_status err = csk_param_check(csk_pdhg_params, o);

    if (!err && !csk_space_equal(csk_linop_domain(A), csk_linop_domain(K)))
        err = csk_fail(CSK_ERR_SHAPE, "pdhg: %s and %s differ in domain",
                       csk_linop_name(A), csk_linop_name(K));
    if (!err && !csk_space_equal(&h->space, csk_linop_codomain(K)))
        err = csk_fail(CSK_ERR_SHAPE, "pdhg: %s is not on the codomain of %s",
                       h->cls->name, csk_linop_name(K));
    if (!err)
        err = csk_require_finite("pdhg", "data", csk_linop_rows(A), b);
    if (!err)
        err = csk_require_finite("pdhg", "first guess", csk_linop_cols(A), x);
    return err;
}

/* One block holds all vectors: nothing is allocated in the loop. */
static float *lay_out(pdhg *p)
{
    const bool normal = csk_linop_has_normal(p->A);
    const int64_t n = csk_pad(p->n), m = csk_pad(p->m), k = csk_pad(p->k);
    const int64_t wA = csk_linop_work_len(p->A), wK = csk_linop_work_len(p->K);
    const int64_t wh = p->h->work_len;
    const int64_t most = wA > wK ? wA : wK;
    float *block = csk_alloc((normal ? 5 : 4) * n + m + 3 * k + (most > wh ? most : wh),
                             sizeof(*block));

    if (!block)
        return NULL;
    p->v = block;
    p->bar = p->v + n;
    p->grad = p->bar + n;
    p->Ktu = p->grad + n;
    p->rhs = normal ? p->Ktu + n : NULL;
    p->res = p->Ktu + (normal ? 2 : 1) * n;
    p->u = p->res + m;
    p->d = p->u + k;
    p->Kx = p->d + k;
    p->work = p->Kx + k;
    return block;
}

/* Squared norm bounds; an operator of zeros is bounded by anything. */
static csk_status bounds(pdhg *p)
{
    double A = 0., K = 0.;
    csk_status err = csk_power_bound(&A, p->A);

    if (!err)
        err = csk_power_bound(&K, p->K);
    p->L = A > 0. ? A * A : 1.;
    p->K2 = K > 0. ? K * K : 1.;
    return err;
}

csk_status csk_pdhg(float *x, const csk_linop *A, const float *b, const csk_linop *K,
                    const csk_prox *h_dual, const csk_pdhg_opts *opts,
                    csk_run_info *info)
{
    const csk_pdhg_opts o = opts ? *opts : csk_pdhg_defaults();
    csk_run_info run = { .residual = NAN, .objective = NAN, .gap = NAN };
    pdhg p = { .A = A,
               .K = K,
               .h = h_dual,
               .b = b,
               .n = csk_linop_cols(A),
               .m = csk_linop_rows(A),
               .k = csk_linop_rows(K),
               .x = x,
               .lambda = o.lambda };
    float *block = NULL;
    csk_status err = check(A, x, b, K, h_dual, &o);

    if (!err)
        err = bounds(&p);
    if (err)
        goto out;
    block = lay_out(&p);
    if (!block) {
        err = CSK_ERR_NOMEM;
        goto out;
    }

    p.bb = csk_dot(p.m, b, b);
    if (p.rhs) {
        csk_linop_adjoint(A, p.rhs, b, p.work);
        p.applications++;
    }
    set_steps(&p, .25 / p.L);
    err = iterate(&p, &o, &run);
    if (!err || run.stop == CSK_STOP_MONITOR)
        certify(&p, &run);
    run.applications = p.applications;

out:
    csk_free(block);
    if (info)
        *info = run;
    return err;
}
