/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/recover.h"
#include "cs/mem.h"
#include "cs/power.h"
#include "cs/vec.h"
#include "samplers/names_priv.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* Its square is a number, and one over that. */
#define LEAST_SIGMA 1e-30

static const char *const orders[] = { "paper", "interleaved", NULL };
static const char *const tethers[] = { "keep", "release", NULL };
static const char *const smoothings[] = { "fixed", "joint", NULL };
static const char *const schedules[] = { "geometric", "karras", "admissible", NULL };

#define S csk_recover_opts
/* clang-format off */
const csk_param csk_recover_params[] = {
    CSK_OPT_CHOICE(S, order,     "order",     CSK_ORDER_INTERLEAVED, orders,     "diffusion then Langevin, or both together"),
    CSK_OPT_CHOICE(S, tether,    "tether",    CSK_TETHER_RELEASE,    tethers,    "keep the naive estimate in the target, or not"),
    CSK_OPT_CHOICE(S, smoothing, "smoothing", CSK_SMOOTHING_FIXED,   smoothings, "of the prior during order = paper"),
    CSK_OPT_CHOICE(S, schedule,  "schedule",  CSK_LEVELS_GEOMETRIC,  schedules,  "of the Langevin levels"),
    CSK_OPT_INT (S, levels,    "levels",    0,   0, 1000000, "N",     "Langevin levels, 0 for what suits the prior: 40, learned ones 26"),
    CSK_OPT_INT (S, steps,     "steps",     2,   1, 1000000, "N",     "Langevin steps a level"),
    CSK_OPT_INT (S, max_steps, "max-steps", 100000, 1, INT_MAX, "N",  "refuse schedules longer than this"),
    CSK_OPT_REAL(S, sigma,     "sigma",     0,   0, 1e9,     "SIGMA", "noise added to the naive estimate, in the units of the prior, 0 for kappa R / sqrt(d)"),
    CSK_OPT_REAL(S, kappa,     "kappa",     3,   1e-3, 1e3,  "KAPPA", "that noise over the naive estimate's error; learned priors, unless R is given: but .2 of their scale at least, .35 with ancestral transitions"),
    CSK_OPT_REAL(S, eta_first, "eta-first", 0,   0, 1e9,     "ETA",   "first noise level of order = paper, in the units of the prior, 0 for |A| sigma"),
    CSK_OPT_GROUP(S, admissible, csk_admissible_params),
    CSK_OPT_GROUP(S, diffusion, csk_diffusion_params),
    CSK_OPT_GROUP(S, langevin, csk_langevin_params),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_recover_opts csk_recover_defaults(void)
{
    csk_recover_opts o = { .langevin = { .monitor = { 0 } } };

    csk_param_defaults(csk_recover_params, &o);
    return o;
}

void csk_recover_info_clear(csk_recover_info *info)
{
    csk_free(info->stages);
    *info = (csk_recover_info){ .stages = NULL };
}

/* 1 over the first two thirds of the levels, then down to 0 at the last. */
static double released(int i, int count)
{
    const double u = count > 1 ? (double)i / (count - 1) : 1.;

    return u < 2. / 3. ? 1. : fmax(3. * (1. - u), 0.);
}

static csk_status levels_of(csk_schedule *s, const csk_recover_opts *o, double hi,
                            double lo)
{
    const int levels = o->levels ? o->levels : CSK_RECOVER_LEVELS;

    return o->schedule == CSK_LEVELS_KARRAS
               ? csk_schedule_karras(s, levels, hi, lo, o->diffusion.rho)
               : csk_schedule_geometric(s, levels, hi, lo);
}

/* The last smoothing. The prior sees the tether, if the target keeps it or begins with it. */
static double last_smoothing(const csk_posterior *post, double sigma,
                             const csk_recover_opts *o)
{
    const bool seen =
        post->tether && (o->order == CSK_ORDER_PAPER || o->tether == CSK_TETHER_KEEP);

    return csk_diffusion_bottom(post->prior, o->diffusion.t_min,
                                seen ? sigma : INFINITY);
}

static csk_status admissible(csk_schedule *s, const csk_posterior *post, double sigma,
                             double norm, const csk_recover_opts *o)
{
    csk_admissible p = o->admissible;

    p.eta = post->noise_std;
    p.norm = norm;
    p.m = (double)csk_linop_rows(post->A);
    p.d = (double)csk_linop_cols(post->A);
    if (post->tether)
        p.alpha = 1. / (2. * sigma * sigma);
    const csk_status err = csk_schedule_admissible(s, &p);
    if (err || s->count < 2)
        return err;
    s->count--; /* at the first level the sample is the diffusion's */
    memmove(s->level, s->level + 1, (size_t)s->count * sizeof(*s->level));
    memmove(s->time, s->time + 1, (size_t)s->count * sizeof(*s->time));
    return CSK_OK;
}

/*
 * Langevin time T in steps. The Euler step is h / (lambda + |A|^2/eta^2) of that time; behind
 * a preconditioner a step moves the directions that the data leave alone by h / lambda.
 */
static double steps_for(double T, const csk_recover_opts *o, double lambda, double norm,
                        double eta)
{
    const double rate = o->langevin.kernel == CSK_LANGEVIN_EULER
                            ? lambda + norm * norm / (eta * eta)
                            : lambda;

    return ceil(T * rate /
                (o->langevin.step > 0. ? o->langevin.step : CSK_LANGEVIN_STEP));
}

static csk_status fill(csk_stage *g, const csk_schedule *s, const csk_posterior *post,
                       double sigma, double norm, const csk_recover_opts *o)
{
    const bool paper = o->order == CSK_ORDER_PAPER;
    const double t_min = last_smoothing(post, sigma, o);
    const double near = post->tether ? 1. / (sigma * sigma) : 0.;
    double total = 0.;

    for (int i = 0; i < s->count; i++) {
        const double u = s->count > 1 ? (double)i / (s->count - 1) : 1.;
        const double joint = sigma * pow(t_min / sigma, u);
        const bool fixed = o->smoothing == CSK_SMOOTHING_FIXED || joint < t_min;

        g[i].noise_std = paper ? s->level[i] : post->noise_std;
        g[i].smoothing = !paper ? s->level[i] : (fixed ? t_min : joint);
        g[i].tether_weight = 0.;
        if (post->tether && o->tether == CSK_TETHER_KEEP)
            g[i].tether_weight = 1.;
        else if (post->tether && paper)
            g[i].tether_weight = released(i, s->count);

        double steps = o->steps;
        if (s->time)
            steps = steps_for(s->time[i], o,
                              1. / (g[i].smoothing * g[i].smoothing) +
                                  near * g[i].tether_weight,
                              norm, g[i].noise_std);
        total += steps;
        if (total > o->max_steps)
            return csk_fail(
                CSK_ERR_ARG,
                "the schedule asks for more than %d Langevin steps (level %d "
                "of %d alone for %g); see max-steps",
                o->max_steps, i + 1, s->count, steps);
        g[i].steps = (int)steps;
    }
    return CSK_OK;
}

csk_status csk_recover_check(const csk_recover_opts *o, bool tethered)
{
    const int kernel = o->langevin.kernel;

    if (o->order == CSK_ORDER_INTERLEAVED && o->schedule == CSK_LEVELS_ADMISSIBLE)
        return csk_fail(CSK_ERR_ARG, "an admissible schedule needs order = paper");
    if (o->langevin.transition != CSK_TRANSITION_ANCESTRAL)
        return CSK_OK;
    if (kernel != CSK_LANGEVIN_LM && kernel != CSK_LANGEVIN_PRECOND)
        return csk_fail(CSK_ERR_ARG, "transition = ancestral needs kernel = lm or "
                                     "precond");
    if (o->order == CSK_ORDER_PAPER &&
        (tethered || o->smoothing == CSK_SMOOTHING_FIXED))
        return csk_fail(CSK_ERR_ARG,
                        "transition = ancestral needs order = interleaved%s",
                        tethered ? "" : " or smoothing = joint");
    if (tethered && o->tether == CSK_TETHER_KEEP)
        return csk_fail(CSK_ERR_ARG, "transition = ancestral needs tether = release");
    return CSK_OK;
}

/*
 * The Langevin stages. @p sigma is the width of the tether, or the first smoothing where there is
 * none; @p norm is ||A||. csk_free() them.
 */
static csk_status make_stages(csk_stage **stages, int *count, const csk_posterior *post,
                              double sigma, double norm, const csk_recover_opts *o)
{
    csk_schedule s = { .count = 0 };
    csk_stage *g = NULL;
    double least, most;
    csk_status err = csk_recover_check(o, post->tether != NULL);

    if (err)
        return err;
    const double last = last_smoothing(post, sigma, o);
    csk_prior_sigma_range(post->prior, &least, &most); /* the most may be infinite */
    if (!(sigma >= LEAST_SIGMA))
        return csk_fail(CSK_ERR_ARG, "sigma is %g, expected at least %g", sigma,
                        LEAST_SIGMA);
    if (post->tether && o->order == CSK_ORDER_PAPER && !(sigma > last))
        return csk_fail(
            CSK_ERR_ARG,
            "sigma is %g, expected above t-min, %g: order = paper falls from "
            "the one to the other",
            sigma, last);
    if (post->tether && o->tether == CSK_TETHER_KEEP && !(sigma > least))
        return csk_fail(
            CSK_ERR_ARG,
            "sigma is %g, expected above %g, the least noise that the prior "
            "knows, to keep a tether",
            sigma, least);
    if (last > most)
        return csk_fail(CSK_ERR_ARG, "t-min is %g, but the prior was made for %g..%g",
                        last, least, most);
    if (o->order == CSK_ORDER_INTERLEAVED) {
        err = levels_of(&s, o, fmax(sigma, last), last);
    } else if (o->schedule == CSK_LEVELS_ADMISSIBLE) {
        err = admissible(&s, post, sigma, norm, o);
    } else {
        const double first = o->eta_first > 0. ? o->eta_first : norm * sigma;
        err = levels_of(&s, o, fmax(first, post->noise_std), post->noise_std);
    }
    if (err)
        return err;
    g = csk_alloc(s.count, sizeof(*g));
    err = g ? fill(g, &s, post, sigma, norm, o) : CSK_ERR_NOMEM;
    if (err) {
        csk_free(g);
    } else {
        *stages = g;
        *count = s.count;
    }
    csk_schedule_clear(&s);
    return err;
}

/* Diffusion where the order wants it first, then the stages. @p sigma as in make_stages(). */
static csk_status run_stages(float *x, const csk_posterior *post, int chains,
                             double sigma, csk_rng run, const csk_recover_opts *o,
                             double *residual, csk_recover_info *info)
{
    const int64_t n = csk_linop_cols(post->A);
    double norm = csk_linop_norm_bound(post->A);
    csk_recover_info done = { .sigma = sigma };
    csk_status err = csk_param_check(csk_recover_params, o);

    if (!err)
        err = csk_posterior_check(post);
    if (!err && !isfinite(norm))
        err = csk_power_norm(&norm, post->A, 1e-3, 500, run.seed);
    if (!err)
        err = make_stages(&done.stages, &done.count, post, sigma, norm, o);
    if (err)
        goto out;

    if (o->order == CSK_ORDER_PAPER) {
        csk_diffusion_opts d = o->diffusion;

        d.denoise = false; /* the Langevin stages start at t_min */
        d.t_min = last_smoothing(post, sigma, o);
        d.antithetic = o->langevin.antithetic;
        d.monitor = o->langevin.monitor;
        err = csk_diffusion(x, post, chains, run, &d, &done.diffusion);
    } else if (post->tether) {
        csk_copy(chains * n, post->tether, x);
    } else {
        for (int c = 0; c < chains; c++) {
            csk_draw(run, c, o->langevin.antithetic, CSK_FOR_START, 1, n, x + c * n);
            csk_scale(n, sigma, x + c * n);
        }
    }
    if (!err)
        err = csk_langevin(x, post, chains, done.stages, done.count, run, &o->langevin,
                           residual, &done.langevin);
out:
    if (info)
        *info = done;
    else
        csk_recover_info_clear(&done);
    return err;
}

csk_status csk_sample_posterior(float *x, const csk_posterior *post, int chains,
                                csk_rng run, const csk_recover_opts *opts,
                                double *residual, csk_recover_info *info)
{
    const csk_recover_opts o = opts ? *opts : csk_recover_defaults();
    csk_posterior free_post = *post;

    free_post.tether = NULL;
    return run_stages(x, &free_post, chains,
                      csk_diffusion_top(post->prior, &o.diffusion), run, &o, residual,
                      info);
}

csk_status csk_sample_near(float *x, const csk_posterior *post, int chains, csk_rng run,
                           const csk_recover_opts *opts, double *residual,
                           csk_recover_info *info)
{
    const csk_recover_opts o = opts ? *opts : csk_recover_defaults();

    if (info)
        *info = (csk_recover_info){ .stages = NULL };
    if (!post->tether)
        return csk_fail(CSK_ERR_ARG, "csk_sample_near needs a tether");
    return run_stages(x, post, chains, post->tether_std, run, &o, residual, info);
}

csk_status csk_recover(float *x, const csk_posterior *post, int chains, const float *x0,
                       double radius, csk_rng run, const csk_recover_opts *opts,
                       double *residual, csk_recover_info *info)
{
    const csk_recover_opts o = opts ? *opts : csk_recover_defaults();
    const int64_t n = csk_linop_cols(post->A);
    const double wanted = o.sigma > 0. ? o.sigma : o.kappa * radius / sqrt((double)n);
    double lo, hi;

    if (info)
        *info = (csk_recover_info){ .stages = NULL };
    csk_prior_sigma_range(post->prior, &lo, &hi);
    const double sigma = wanted > hi ? hi : wanted; /* NaN stays */
    if (!(sigma > 0. && isfinite(sigma)))
        return csk_fail(CSK_ERR_ARG,
                        "recover: neither sigma nor a radius above 0 is given");
    if (chains < 1)
        return csk_fail(CSK_ERR_ARG, "recover: %d chains, expected at least 1", chains);
    float *tether = csk_alloc(chains * n, sizeof(*tether));
    if (!tether)
        return CSK_ERR_NOMEM;
    for (int c = 0; c < chains; c++) {
        csk_draw(run, c, o.langevin.antithetic, CSK_FOR_START, 0, n, tether + c * n);
        csk_axpby(n, 1., x0, sigma, tether + c * n);
    }
    csk_posterior near = *post;
    near.tether = tether;
    near.tether_std = sigma;
    const csk_status err = csk_sample_near(x, &near, chains, run, &o, residual, info);
    csk_free(tether);
    return err;
}
