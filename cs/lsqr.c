/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/lsqr.h"
#include "cs/lsqr_priv.h"
#include "cs/mem.h"
#include "cs/pass_priv.h"
#include "cs/vec.h"

#include <limits.h>
#include <math.h>

#define S csk_lsqr_opts
/* clang-format off */
const csk_param csk_lsqr_params[] = {
    CSK_OPT_REAL(S, damp,     "damp",     0,    0, INFINITY, "WEIGHT", "weight of |x|, as a row under A"),
    CSK_OPT_REAL(S, atol,     "atol",     1e-6, 0, 1,        "REL",    "relative error of A that is tolerated"),
    CSK_OPT_REAL(S, btol,     "btol",     1e-6, 0, 1,        "REL",    "relative error of the data that is tolerated"),
    CSK_OPT_REAL(S, cond,     "cond",     0,    0, INFINITY, "LIMIT",  "stop at this condition number, 0 never"),
    CSK_OPT_INT (S, max_iter, "max-iter", 100,  1, INT_MAX,  "N",      "iterations at most"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_lsqr_opts csk_lsqr_defaults(void)
{
    csk_lsqr_opts o = { .monitor = { 0 } };

    csk_param_defaults(csk_lsqr_params, &o);
    return o;
}

/* -- scalars ---------------------------------------------------------------- */

void csk_lsqr_start(csk_lsqr_scalars *s, double damp, double beta, double alpha)
{
    *s = (csk_lsqr_scalars){
        .damp = damp,
        .norm_b = beta,
        .rhobar = alpha,
        .phibar = beta,
        .c2 = -1.,
        .norm_r = beta,
        .norm_whole = beta,
        .norm_gradient = alpha * beta,
    };
}

void csk_lsqr_rotate(csk_lsqr_scalars *s, double alpha_before, double beta,
                     double alpha)
{
    s->square_A += alpha_before * alpha_before + beta * beta + s->damp * s->damp;

    /* Eliminate the damping, then the subdiagonal. */
    const double rhobar = hypot(s->rhobar, s->damp);
    const double psi = s->damp / rhobar * s->phibar;
    const double phibar = s->rhobar / rhobar * s->phibar;
    const double rho = hypot(rhobar, beta);
    const double cosine = rhobar / rho, sine = beta / rho;
    const double theta = sine * alpha, phi = cosine * phibar;

    s->rho = rho;
    s->rhobar = -cosine * alpha;
    s->phibar = sine * phibar;
    s->along = phi / rho;
    s->back = -theta / rho;
    s->damped += psi * psi;
    s->norm_whole = hypot(s->phibar, sqrt(s->damped));
    s->norm_gradient = alpha * fabs(sine * phi);

    /* A rotation from the right makes R lower bidiagonal, and ||x|| = ||z||. */
    const double delta = s->s2 * rho, gammabar = -s->c2 * rho;
    const double rest = phi - delta * s->z;
    const double gamma = hypot(gammabar, theta);

    s->norm_x = hypot(sqrt(s->xx), rest / gammabar);
    s->c2 = gammabar / gamma;
    s->s2 = theta / gamma;
    s->z = rest / gamma;
    s->xx += s->z * s->z;
}

void csk_lsqr_estimate(csk_lsqr_scalars *s, double ww)
{
    const double damped = s->damp * s->norm_x;

    s->square_D += ww / (s->rho * s->rho);
    s->norm_r = sqrt(fmax(s->norm_whole * s->norm_whole - damped * damped, 0.));
    s->change = s->norm_x > 0. ? fabs(s->along) * sqrt(ww) / s->norm_x : 0.;
}

double csk_lsqr_condition(const csk_lsqr_scalars *s)
{
    return sqrt(s->square_A * s->square_D);
}

csk_lsqr_rule csk_lsqr_judge(const csk_lsqr_scalars *s, const csk_lsqr_opts *o)
{
    const double norm = sqrt(s->square_A);

    if (s->norm_whole <= o->btol * s->norm_b + o->atol * norm * s->norm_x)
        return CSK_LSQR_COMPATIBLE;
    if (s->norm_gradient <= o->atol * norm * s->norm_whole)
        return CSK_LSQR_LEAST;
    if (o->cond > 0. && csk_lsqr_condition(s) >= o->cond)
        return CSK_LSQR_CONDITION;
    return CSK_LSQR_NONE;
}

/* -- vectors ---------------------------------------------------------------- */

/*
 * u and v are kept unnormalised (beta u and alpha v in the paper's letters), so that no
 * pass is spent on dividing by the norms.
 */
typedef struct lsqr {
    const csk_linop *A;
    int64_t n, m;
    float *x, *u, *Av, *v, *Atu, *w, *work;
    double alpha, beta; /* ||v||, ||u|| */
    double a, b;        /* coefficients of the next pass */
    csk_lsqr_scalars s;
    int64_t applications;
} lsqr;

/* y := a y_new - b y; returns ||y||^2. */
static double combine(int64_t len, double a, const float *restrict fresh, double b,
                      float *restrict y)
{
    const float fa = (float)a, fb = (float)b;

    for (int64_t i = 0; i < len; i++)
        y[i] = fa * fresh[i] - fb * y[i];
    return csk_chunk_dot(len, y, y);
}

/* u := a Av - b u; sum ||u||^2. */
static void next_u(const void *args, int64_t at, int64_t len, double sum[CSK_SUMS])
{
    const lsqr *q = args;

    sum[0] = combine(len, q->a, q->Av + at, q->b, q->u + at);
}

/* v := a Atu - b v; sum ||v||^2. */
static void next_v(const void *args, int64_t at, int64_t len, double sum[CSK_SUMS])
{
    const lsqr *q = args;

    sum[0] = combine(len, q->a, q->Atu + at, q->b, q->v + at);
}

/* Sum ||w||^2; x += along w, w := a v + back w. */
static void move(const void *args, int64_t at, int64_t len, double sum[CSK_SUMS])
{
    const lsqr *q = args;
    const float along = (float)q->s.along, back = (float)q->s.back, a = (float)q->a;
    const float *restrict v = q->v + at;
    float *restrict x = q->x + at, *restrict w = q->w + at;

    sum[0] = csk_chunk_dot(len, w, w);
    for (int64_t i = 0; i < len; i++) {
        x[i] += along * w[i];
        w[i] = a * v[i] + back * w[i];
    }
}

static double inverse(double x)
{
    return x > 0. ? 1. / x : 0.;
}

/* Steps 3 to 6 of the paper. */
static void step(lsqr *q)
{
    const double before = q->alpha;
    double sum[CSK_SUMS];

    csk_linop_apply(q->A, q->Av, q->v, q->work);
    q->a = 1. / q->alpha;
    q->b = q->alpha / q->beta;
    csk_pass(q->m, next_u, q, sum);
    q->beta = sqrt(sum[0]);

    csk_linop_adjoint(q->A, q->Atu, q->u, q->work);
    q->a = inverse(q->beta);
    q->b = q->beta / q->alpha;
    csk_pass(q->n, next_v, q, sum);
    q->alpha = q->beta > 0. ? sqrt(sum[0]) : 0.;
    q->applications += 2;

    csk_lsqr_rotate(&q->s, before, q->beta, q->alpha);
    q->a = inverse(q->alpha);
    csk_pass(q->n, move, q, sum);
    csk_lsqr_estimate(&q->s, sum[0]);
}

static csk_status iterate(lsqr *q, const csk_lsqr_opts *o, csk_lsqr_info *info)
{
    csk_run_info *run = &info->run;

    if (q->alpha == 0.) {
        info->rule = CSK_LSQR_ZERO;
        run->stop = CSK_STOP_CONVERGED;
        return CSK_OK;
    }
    run->stop = CSK_STOP_MAX_ITER;
    while (run->iter < o->max_iter) {
        step(q);
        run->iter++;
        run->change = q->s.change;
        if (!isfinite(q->alpha) || !isfinite(q->s.norm_x))
            return csk_fail(CSK_ERR_NUMERIC, "lsqr: not finite at iteration %d",
                            run->iter);

        const csk_progress p = { "lsqr",      run->iter, o->max_iter, q->s.norm_r,
                                 run->change, q->x,      q->n };
        const csk_status err = csk_monitor_report(&o->monitor, &p);
        if (err) {
            run->stop = CSK_STOP_MONITOR;
            return err;
        }
        info->rule = csk_lsqr_judge(&q->s, o);
        if (info->rule != CSK_LSQR_NONE) {
            run->stop = CSK_STOP_CONVERGED;
            break;
        }
    }
    return CSK_OK;
}

/* Residual, objective and gradient at x, measured. Uses u and Atu. */
static void measure(lsqr *q, const float *b, double damp, csk_lsqr_info *info)
{
    const double size = csk_norm(q->n, q->x);

    csk_linop_apply(q->A, q->u, q->x, q->work);
    csk_axpby(q->m, -1., b, 1., q->u);
    csk_linop_adjoint(q->A, q->Atu, q->u, q->work);
    csk_axpby(q->n, damp * damp, q->x, 1., q->Atu);
    q->applications += 2;
    info->run.residual = csk_norm(q->m, q->u);
    info->run.objective =
        .5 * (info->run.residual * info->run.residual + damp * damp * size * size);
    info->gradient = csk_norm(q->n, q->Atu);
}

csk_status csk_lsqr(float *x, const csk_linop *A, const float *b,
                    const csk_lsqr_opts *opts, csk_lsqr_info *info)
{
    const csk_lsqr_opts o = opts ? *opts : csk_lsqr_defaults();
    csk_lsqr_info out = { .run = { .residual = NAN, .objective = NAN, .gap = NAN },
                          .gradient = NAN };
    lsqr q = { .A = A, .n = csk_linop_cols(A), .m = csk_linop_rows(A), .x = x };
    float *block = NULL;
    csk_status err = csk_param_check(csk_lsqr_params, &o);

    if (!err)
        err = csk_require_finite("lsqr", "data", q.m, b);
    if (err)
        goto out;
    block = csk_alloc(2 * csk_pad(q.m) + 3 * csk_pad(q.n) + csk_linop_work_len(A),
                      sizeof(*block));
    if (!block) {
        err = CSK_ERR_NOMEM;
        goto out;
    }
    q.u = block;
    q.Av = q.u + csk_pad(q.m);
    q.v = q.Av + csk_pad(q.m);
    q.Atu = q.v + csk_pad(q.n);
    q.w = q.Atu + csk_pad(q.n);
    q.work = q.w + csk_pad(q.n);

    /* beta u = b, alpha v = A* u, w = v, x = 0 */
    csk_zero(q.n, x);
    csk_copy(q.m, b, q.u);
    q.beta = csk_norm(q.m, q.u);
    csk_linop_adjoint(A, q.v, q.u, q.work);
    csk_scale(q.n, inverse(q.beta), q.v);
    q.alpha = csk_norm(q.n, q.v);
    csk_axpby(q.n, inverse(q.alpha), q.v, 0., q.w);
    q.applications = 1;
    csk_lsqr_start(&q.s, o.damp, q.beta, q.alpha);

    err = iterate(&q, &o, &out);
    if (!err || out.run.stop == CSK_STOP_MONITOR)
        measure(&q, b, o.damp, &out);
    out.norm = sqrt(q.s.square_A);
    out.cond = csk_lsqr_condition(&q.s);
    out.run.applications = q.applications;

out:
    csk_free(block);
    if (info)
        *info = out;
    return err;
}
