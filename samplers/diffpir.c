/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/diffpir.h"
#include "cs/vec.h"
#include "samplers/chain_priv.h"
#include "samplers/descent_priv.h"

#include <limits.h>
#include <math.h>

#define S csk_diffpir_opts
/* clang-format off */
const csk_param csk_diffpir_params[] = {
    CSK_OPT_INT (S, levels,  "diffpir-levels",  100,  1, 1000000, "N",       "noise levels of diffpir"),
    CSK_OPT_REAL(S, lambda,  "diffpir-lambda",  1,    1e-9, 1e9,  "LAMBDA",  "weight of the denoised image against the data"),
    CSK_OPT_REAL(S, zeta,    "diffpir-zeta",    .1,   0, 1,       "ZETA",    "share of fresh noise at every level"),
    CSK_OPT_REAL(S, cg_tol,  "diffpir-cg-tol",  1e-3, 1e-7, .5,   "REL",     "accuracy of its linear solves"),
    CSK_OPT_INT (S, cg_iter, "diffpir-cg-iter", 50,   1, INT_MAX, "N",       "iterations of those at most"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_diffpir_opts csk_diffpir_defaults(void)
{
    csk_diffpir_opts o = { .range = csk_descent_defaults() };

    csk_param_defaults(csk_diffpir_params, &o);
    return o;
}

typedef struct move {
    const csk_diffpir_opts *o;
    double t, next;
} move;

static void advance(csk_walk *w, float *x, int c, csk_lane s, const void *user)
{
    const move *p = user;
    const csk_diffpir_opts *o = p->o;
    const double fit = 1. / (w->post.noise_std * w->post.noise_std);
    const double near = o->lambda / (p->t * p->t);
    const double keep = p->next / p->t * sqrt(1. - o->zeta);
    const float *d = w->d + c * w->n;

    csk_copy(w->n, w->back, s.rhs);
    csk_axpby(w->n, near, d, fit, s.rhs);
    csk_copy(w->n, d, s.move);
    const int64_t applied = csk_chain_solve(w->post.A, fit, near, s.move, s.rhs,
                                            o->cg_tol, o->cg_iter, s.work);
    if (applied < 0) {
        csk_walk_lose(x);
        return;
    }
    w->applied[c] += applied;
    csk_axpby(w->n, 1. - keep, s.move, keep, x);
    csk_walk_noise(w, x, c, CSK_FOR_DIFFUSION, (uint32_t)w->level,
                   p->next * sqrt(o->zeta), s.move);
}

static csk_status step(csk_walk *w, float *x, double t, double next, const void *user)
{
    const move p = { user, t, next };
    const csk_status err = csk_walk_denoise(w, w->d, x, t);

    if (!err)
        csk_walk_chains(w, x, advance, &p);
    return err;
}

csk_status csk_diffpir(float *x, const csk_posterior *post, int chains, const float *x0,
                       csk_rng run, const csk_diffpir_opts *opts, double *residual,
                       csk_run_info *info)
{
    const csk_diffpir_opts o = opts ? *opts : csk_diffpir_defaults();
    csk_walk w = { .what = NULL };
    csk_status err = csk_param_check(csk_diffpir_params, &o);

    if (!err)
        err = csk_walk_begin(&w, "diffpir", x, post, chains, x0, run, &o.range,
                             o.levels, false);
    if (!err) {
        csk_walk_back(&w);
        err = csk_walk_down(&w, x, step, &o, &o.monitor);
    }
    return csk_walk_end(&w, x, err, residual, info);
}
