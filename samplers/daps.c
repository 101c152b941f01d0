/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/daps.h"
#include "cs/power.h"
#include "cs/vec.h"
#include "samplers/chain_priv.h"
#include "samplers/descent_priv.h"

#include <limits.h>
#include <math.h>

static const char *const data_words[] = { "langevin", "exact", NULL };

#define S csk_daps_opts
/* clang-format off */
const csk_param csk_daps_params[] = {
    CSK_OPT_INT (S, levels,    "daps-levels",    200, 1, 1000000, "N", "noise levels of daps"),
    CSK_OPT_INT (S, ode_steps, "daps-ode-steps", 5,   1, 1000000, "N", "steps of its probability flow, a level"),
    CSK_OPT_CHOICE(S, data,    "daps-data", CSK_DAPS_LANGEVIN, data_words, "how it samples given the data"),
    CSK_OPT_INT (S, steps,     "daps-steps",     100, 1, 1000000, "N", "Langevin steps of that, a level"),
    CSK_OPT_REAL(S, step,      "daps-step",      1,   1e-9, 2,    "H", "first step, as a multiple of the inverse of the curvature"),
    CSK_OPT_REAL(S, decay,     "daps-decay",     .01, 1e-6, 1,    "DELTA", "last step over the first, with many levels"),
    CSK_OPT_REAL(S, noise,     "daps-noise",     .2,   1e-6, 1e6,  "FACTOR", "noise level of its data term over the true one"),
    CSK_OPT_REAL(S, last,      "daps-t-min",     0,   0, 1e9,     "T", "last noise level, 0: 0.1 for langevin, t-min for exact"),
    CSK_OPT_REAL(S, cg_tol,    "daps-cg-tol",    1e-3, 1e-7, .5,  "REL", "accuracy of the linear solves of exact"),
    CSK_OPT_INT (S, cg_iter,   "daps-cg-iter",   50,  1, INT_MAX, "N", "iterations of those at most"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_daps_opts csk_daps_defaults(void)
{
    csk_daps_opts o = { .range = csk_descent_defaults() };

    csk_param_defaults(csk_daps_params, &o);
    o.range.spacing = CSK_SPACING_KARRAS;
    return o;
}

typedef struct daps {
    const csk_daps_opts *o;
    double norm;   /* ||A||, for the Langevin steps */
    double bottom; /* where the flow ends */
    double s;      /* noise level of the data term */
    double t, next;
} daps;

/* Level k of ode_steps + 1 from t to bottom, as Karras has them with rho = 7. */
static double flow_level(const daps *p, int k)
{
    const double a = pow(p->t, 1. / 7.), b = pow(p->bottom, 1. / 7.);

    return pow(a + (b - a) * k / p->o->ode_steps, 7.);
}

/* x := the probability flow from x at level t, Euler steps x += (t' - t) (x - D) / t. */
static csk_status flow(csk_walk *w, float *x, const daps *p)
{
    const int64_t all = w->chains * w->n;

    if (!(p->t > p->bottom * (1. + 1e-9))) {
        const csk_status err = csk_walk_denoise(w, w->d, x, p->t);

        if (!err)
            csk_copy(all, w->d, x);
        return err;
    }
    for (int k = 0; k < p->o->ode_steps; k++) {
        const double here = k ? flow_level(p, k) : p->t;
        const double keep = flow_level(p, k + 1) / here;
        const csk_status err = csk_walk_denoise(w, w->d, x, here);

        if (err)
            return err;
        csk_axpby(all, 1. - keep, w->d, keep, x);
    }
    return CSK_OK;
}

/* x := z after `steps` Langevin steps from z0, which is in x. */
static void langevin(csk_walk *w, float *x, int c, csk_lane s, const daps *p)
{
    const csk_daps_opts *o = p->o;
    const double fit = 1. / (p->s * p->s), near = 1. / (p->t * p->t);
    const double ratio = (double)w->level / w->levels.count;
    const double h =
        o->step * (1. - (1. - o->decay) * ratio) / (p->norm * p->norm * fit + near);
    float *z0 = w->d + c * w->n;

    csk_copy(w->n, x, z0);
    for (int j = 0; j < o->steps; j++) {
        const uint32_t draw = (uint32_t)w->level * (uint32_t)o->steps + (uint32_t)j;

        csk_linop_apply(w->post.A, s.res, x, s.work);
        csk_axpby(w->m, 1., w->post.b, -1., s.res);
        csk_linop_adjoint(w->post.A, s.rhs, s.res, s.work);
        csk_axpby(w->n, h * fit, s.rhs, 1. - h * near, x);
        csk_axpby(w->n, h * near, z0, 1., x);
        csk_walk_noise(w, x, c, CSK_FOR_WHITE, draw, sqrt(2. * h), s.move);
    }
    w->applied[c] += 2 * (int64_t)o->steps;
}

/* x := (A*A/s^2 + 1/r^2)^-1 (A* (b + s e1)/s^2 + (z0 + r e2)/r^2), z0 in x, r = t. */
static void exact(csk_walk *w, float *x, int c, csk_lane s, const daps *p)
{
    const double fit = 1. / (p->s * p->s), near = 1. / (p->t * p->t);

    csk_draw(w->run, c, false, CSK_FOR_DATA_WHITE, (uint32_t)w->level, w->m, s.res);
    csk_axpby(w->m, fit, w->post.b, 1. / p->s, s.res);
    csk_linop_adjoint(w->post.A, s.rhs, s.res, s.work);
    csk_axpby(w->n, near, x, 1., s.rhs);
    csk_walk_noise(w, s.rhs, c, CSK_FOR_WHITE, (uint32_t)w->level, 1. / p->t, s.move);
    w->applied[c]++;
    const int64_t applied = csk_chain_solve(w->post.A, fit, near, x, s.rhs,
                                            p->o->cg_tol, p->o->cg_iter, s.work);
    if (applied < 0)
        csk_walk_lose(x);
    else
        w->applied[c] += applied;
}

static void advance(csk_walk *w, float *x, int c, csk_lane s, const void *user)
{
    const daps *p = user;

    if (p->o->data == CSK_DAPS_EXACT)
        exact(w, x, c, s, p);
    else
        langevin(w, x, c, s, p);
    csk_walk_noise(w, x, c, CSK_FOR_DIFFUSION, (uint32_t)w->level, p->next, s.move);
}

static csk_status step(csk_walk *w, float *x, double t, double next, const void *user)
{
    daps p = *(const daps *)user;

    p.t = t;
    p.next = next;
    const csk_status err = flow(w, x, &p);
    if (!err)
        csk_walk_chains(w, x, advance, &p);
    return err;
}

/* Where annealing ends. */
static csk_descent annealing(const csk_daps_opts *o)
{
    csk_descent range = o->range;

    if (o->last > 0.)
        range.t_min = o->last;
    else if (o->data == CSK_DAPS_LANGEVIN)
        range.t_min = fmax(.1, csk_schedule_end(o->range.t_min));
    return range;
}

csk_status csk_daps(float *x, const csk_posterior *post, int chains, const float *x0,
                    csk_rng run, const csk_daps_opts *opts, double *residual,
                    csk_run_info *info)
{
    const csk_daps_opts o = opts ? *opts : csk_daps_defaults();
    const csk_descent range = annealing(&o);
    daps p = { .o = &o, .s = o.noise * post->noise_std };
    csk_walk w = { .what = NULL };
    double top;
    csk_status err = csk_param_check(csk_daps_params, &o);

    if (!err)
        err = csk_walk_begin(&w, "daps", x, post, chains, x0, run, &range, o.levels,
                             false);
    if (!err && o.data == CSK_DAPS_LANGEVIN)
        err = csk_power_bound(&p.norm, post->A);
    if (!err) {
        csk_prior_sigma_range(post->prior, &p.bottom, &top);
        p.bottom = fmax(p.bottom, csk_schedule_end(o.range.t_min));
        err = csk_walk_down(&w, x, step, &p, &o.monitor);
    }
    return csk_walk_end(&w, x, err, residual, info);
}
