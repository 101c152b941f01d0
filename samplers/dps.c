/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/dps.h"
#include "cs/vec.h"
#include "samplers/descent_priv.h"

#include <limits.h>
#include <math.h>

#define S csk_dps_opts
/* clang-format off */
const csk_param csk_dps_params[] = {
    CSK_OPT_INT (S, levels, "dps-levels", 1000, 1, 1000000, "N", "noise levels of dps"),
    CSK_OPT_REAL(S, scale,  "dps-scale", 1, 0, 1e9, "ZETA",      "step of dps towards the data; what suits is larger with fewer levels"),
    CSK_OPT_REAL(S, unit,   "dps-unit",  1, 1e-30, 1e30, "U",    "half the range of the images, in the prior's units: .5 for images of 0 to 1"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_dps_opts csk_dps_defaults(void)
{
    csk_dps_opts o = { .range = csk_descent_defaults() };

    csk_param_defaults(csk_dps_params, &o);
    return o;
}

/* v := A* r / ||r||, r = b - A D; where the data are met exactly there is no way to go. */
static void misfit(csk_walk *w, float *x, int c, csk_lane s, const void *user)
{
    float *v = w->v + c * w->n;

    (void)x, (void)user;
    csk_linop_apply(w->post.A, s.res, w->d + c * w->n, s.work);
    csk_axpby(w->m, 1., w->post.b, -1., s.res);
    w->residual[c] = csk_norm(w->m, s.res);
    csk_scale(w->m, w->residual[c] > 0. ? 1. / w->residual[c] : 0., s.res);
    csk_linop_adjoint(w->post.A, v, s.res, s.work);
    w->applied[c] += 2;
}

typedef struct move {
    double t, next, along;
} move;

/* The ancestral step, then `along` times J^T v, which is in g. */
static void advance(csk_walk *w, float *x, int c, csk_lane s, const void *user)
{
    const move *p = user;
    const double keep = p->next / p->t * (p->next / p->t);

    csk_axpby(w->n, 1. - keep, w->d + c * w->n, keep, x);
    csk_walk_noise(w, x, c, CSK_FOR_DIFFUSION, (uint32_t)w->level,
                   p->next * sqrt(1. - keep), s.move);
    csk_axpby(w->n, p->along, w->g + c * w->n, 1., x);
}

static csk_status step(csk_walk *w, float *x, double t, double next, const void *user)
{
    const csk_dps_opts *o = user;
    const double u = o->unit;
    const move p = { t, next, o->scale * u * hypot(1., t / u) * hypot(1., next / u) };
    csk_status err = csk_walk_denoise(w, w->d, x, t);

    if (err)
        return err;
    csk_walk_chains(w, x, misfit, NULL);
    err = csk_walk_vjp(w, x, t);
    if (!err)
        csk_walk_chains(w, x, advance, &p);
    return err;
}

csk_status csk_dps(float *x, const csk_posterior *post, int chains, const float *x0,
                   csk_rng run, const csk_dps_opts *opts, double *residual,
                   csk_run_info *info)
{
    const csk_dps_opts o = opts ? *opts : csk_dps_defaults();
    csk_walk w = { .what = NULL };
    csk_status err = csk_param_check(csk_dps_params, &o);

    if (!err)
        err = csk_walk_begin(&w, "dps", x, post, chains, x0, run, &o.range, o.levels,
                             true);
    if (!err)
        err = csk_walk_down(&w, x, step, &o, &o.monitor);
    return csk_walk_end(&w, x, err, residual, info);
}
