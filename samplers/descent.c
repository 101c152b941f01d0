/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/descent.h"
#include "cs/mem.h"
#include "samplers/chain_priv.h"
#include "samplers/descent_priv.h"

#include <math.h>

static const char *const spacings[] = { "geometric", "karras", NULL };

#define S csk_descent
/* clang-format off */
const csk_param csk_descent_params[] = {
    CSK_OPT_CHOICE(S, spacing, "spacing", 0, spacings,      "spacing of the noise levels"),
    CSK_OPT_REAL(S, t_max, "t-max", 0,    0,    1e9, "T",   "first noise level, 0: ten times the spread of the prior"),
    CSK_OPT_REAL(S, t_min, "t-min", 0, 0, 1e9, "T",   "last noise level, in the units of the prior; 0: 0.001, of a wavelet prior times the size of its images"),
    CSK_OPT_REAL(S, rho,   "rho",   7,    .1,   1e3, "RHO", "exponent of the Karras spacing"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_descent csk_descent_defaults(void)
{
    csk_descent d;

    csk_param_defaults(csk_descent_params, &d);
    return d;
}

csk_status csk_descent_levels(csk_schedule *s, const csk_descent *d, int count,
                              const csk_prior *prior)
{
    double lo, hi;
    csk_status err = csk_param_check(csk_descent_params, d);

    if (err)
        return err;
    csk_prior_sigma_range(prior, &lo, &hi);
    const double top =
        d->t_max > 0. ? d->t_max : fmin(10. * csk_prior_spread(prior), hi);
    const double bottom = fmax(csk_schedule_end(d->t_min), lo);
    if (top > hi) /* hi may be infinite */
        return csk_fail(CSK_ERR_ARG, "t-max is %g, not in %g..%g", top, lo, hi);
    if (bottom > hi)
        return csk_fail(CSK_ERR_ARG, "t-min is %g, not in %g..%g", bottom, lo, hi);
    if (count > 1 && !(top > bottom))
        return csk_fail(CSK_ERR_ARG,
                        "the noise levels fall from t-max to t-min: %g is not above %g",
                        top, bottom);
    return d->spacing == CSK_SPACING_KARRAS
               ? csk_schedule_karras(s, count, fmax(top, bottom), bottom, d->rho)
               : csk_schedule_geometric(s, count, fmax(top, bottom), bottom);
}

/* -- the walk ---------------------------------------------------------------------- */

static int64_t lane_len(const csk_walk *w)
{
    return csk_pad(w->m) + 2 * csk_pad(w->n) + csk_pad(csk_chain_work_len(w->post.A));
}

static csk_lane lane_of(const csk_walk *w, int thread)
{
    csk_lane s = { .res = w->pool + thread * lane_len(w) };

    s.rhs = s.res + csk_pad(w->m);
    s.move = s.rhs + csk_pad(w->n);
    s.work = s.move + csk_pad(w->n);
    return s;
}

/* Everything the run needs, in one go; nothing is allocated later. */
static csk_status make_room(csk_walk *w, bool vjp)
{
    const csk_prior *prior = w->post.prior;
    const int64_t all = csk_pad(w->chains * w->n);
    int64_t work = csk_pad(csk_prior_work_len(prior, w->chains));

    if (vjp && csk_prior_vjp_work_len(prior, w->chains) > work)
        work = csk_pad(csk_prior_vjp_work_len(prior, w->chains));
    w->block =
        csk_alloc((vjp ? 3 : 1) * all + csk_pad(w->n) + work + w->threads * lane_len(w),
                  sizeof(*w->block));
    w->names = csk_alloc(w->chains, sizeof(*w->names));
    w->sigma = csk_alloc(w->chains, sizeof(*w->sigma));
    w->residual = csk_alloc(w->chains, sizeof(*w->residual));
    w->applied = csk_alloc(w->chains, sizeof(*w->applied));
    if (!w->block || !w->names || !w->sigma || !w->residual || !w->applied)
        return CSK_ERR_NOMEM;
    for (int c = 0; c < w->chains; c++)
        w->residual[c] = NAN;
    w->d = w->block;
    w->v = w->d + (vjp ? all : 0);
    w->g = w->v + (vjp ? all : 0);
    w->back = w->g + all;
    w->prior_work = w->back + csk_pad(w->n);
    w->pool = w->prior_work + work;
    return CSK_OK;
}

static void first_state(csk_walk *w, float *x, int c, csk_lane s, const void *x0)
{
    if (x0)
        csk_copy(w->n, x0, x);
    else
        csk_zero(w->n, x);
    csk_walk_noise(w, x, c, CSK_FOR_START, 1, w->levels.level[0], s.move);
}

csk_status csk_walk_begin(csk_walk *w, const char *what, float *x,
                          const csk_posterior *post, int chains, const float *x0,
                          csk_rng run, const csk_descent *range, int levels, bool vjp)
{
    csk_status err;

    *w = (csk_walk){ .what = what, .post = *post, .chains = chains, .run = run };
    w->done = (csk_run_info){ .stop = CSK_STOP_MAX_ITER, .residual = NAN, .gap = NAN };
    w->post.tether = NULL;
    if (chains < 1)
        return csk_fail(CSK_ERR_ARG, "%s: %d chains, expected at least 1", what,
                        chains);
    err = csk_posterior_check(&w->post);
    if (!err)
        err = csk_descent_levels(&w->levels, range, levels, post->prior);
    if (err)
        return err;
    w->n = csk_linop_cols(post->A);
    w->m = csk_linop_rows(post->A);
    w->threads = csk_chain_threads(chains);
    err = make_room(w, vjp);
    if (!err)
        csk_walk_chains(w, x, first_state, x0);
    return err;
}

void csk_walk_chains(csk_walk *w, float *x, csk_chain_fn *fn, const void *user)
{
#pragma omp parallel for schedule(static) num_threads(w->threads) if (w->threads > 1)
    for (int c = 0; c < w->chains; c++)
        fn(w, x + c * w->n, c, lane_of(w, csk_chain_thread()), user);
}

static void set_level(csk_walk *w, double t)
{
    for (int c = 0; c < w->chains; c++)
        w->sigma[c] = t;
    w->done.evaluations += w->chains;
}

csk_status csk_walk_denoise(csk_walk *w, float *d, const float *x, double t)
{
    for (int c = 0; c < w->chains; c++)
        w->names[c] = csk_name(w->run, c, CSK_FOR_PRIOR, w->evaluated);
    w->evaluated++;
    set_level(w, t);
    return csk_prior_denoise(w->post.prior, w->chains, d, x, w->sigma, w->names,
                             w->prior_work);
}

csk_status csk_walk_vjp(csk_walk *w, const float *x, double t)
{
    set_level(w, t);
    return csk_prior_vjp(w->post.prior, w->chains, w->g, w->v, x, w->sigma, w->names,
                         w->prior_work);
}

void csk_walk_back(csk_walk *w)
{
    csk_linop_adjoint(w->post.A, w->back, w->post.b, lane_of(w, 0).work);
    w->applied[0]++;
}

/* A chain that is lost ends the run. */
static csk_status check_chains(const csk_walk *w, const float *x)
{
    for (int c = 0; c < w->chains; c++) {
        if (!isfinite(csk_norm(w->n, x + c * w->n)))
            return csk_fail(CSK_ERR_NUMERIC, "%s: chain %d diverged at noise level %g",
                            w->what, c, w->levels.level[w->level]);
    }
    return CSK_OK;
}

csk_status csk_walk_down(csk_walk *w, float *x, csk_level_fn *step, const void *user,
                         const csk_monitor *monitor)
{
    for (w->level = 0; w->level < w->levels.count; w->level++) {
        const int i = w->level;
        const double next = i + 1 < w->levels.count ? w->levels.level[i + 1] : 0.;

        csk_status err = step(w, x, w->levels.level[i], next, user);
        if (!err)
            err = check_chains(w, x);
        if (err)
            return err;
        w->done.iter++;
        const csk_progress p = { w->what,         w->done.iter, w->levels.count,
                                 w->residual[0],  NAN,          x,
                                 w->chains * w->n };
        err = csk_monitor_report(monitor, &p);
        if (err) {
            w->done.stop = CSK_STOP_MONITOR;
            return err;
        }
    }
    return CSK_OK;
}

static void final_residual(csk_walk *w, float *x, int c, csk_lane s, const void *user)
{
    (void)user;
    csk_linop_apply(w->post.A, s.res, x, s.work);
    w->residual[c] = csk_distance(w->m, s.res, w->post.b);
    w->applied[c]++;
}

csk_status csk_walk_end(csk_walk *w, float *x, csk_status err, double *residual,
                        csk_run_info *info)
{
    if (!err)
        csk_walk_chains(w, x, final_residual, NULL);
    for (int c = 0; c < w->chains && w->applied && w->residual; c++) {
        w->done.applications += w->applied[c];
        if (!err && residual)
            residual[c] = w->residual[c];
    }
    if (!err && w->residual)
        w->done.residual = w->residual[0];
    csk_schedule_clear(&w->levels);
    csk_free(w->block);
    csk_free(w->names);
    csk_free(w->sigma);
    csk_free(w->residual);
    csk_free(w->applied);
    if (info)
        *info = w->done;
    return err;
}
