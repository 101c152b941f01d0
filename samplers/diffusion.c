/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/diffusion.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/names_priv.h"

#include <limits.h>
#include <math.h>

static const char *const methods[] = { "ancestral", "heun", NULL };
static const char *const spacings[] = { "geometric", "karras", NULL };

#define S csk_diffusion_opts
/* clang-format off */
const csk_param csk_diffusion_params[] = {
    CSK_OPT_CHOICE(S, method,  "diffusion", 0, methods,            "how the diffusion is discretised"),
    CSK_OPT_CHOICE(S, spacing, "spacing",   0, spacings,           "spacing of its noise levels"),
    CSK_OPT_INT (S, levels, "diffusion-levels", 48, 1, 1000000, "N", "noise levels of the diffusion"),
    CSK_OPT_REAL(S, t_max, "t-max", 0,    0,    1e9, "T",     "first noise level of an unconditional diffusion, 0: ten times the spread of the prior"),
    CSK_OPT_REAL(S, t_min, "t-min", 0, 0, 1e9, "T",     "last noise level, in the units of the prior; 0: 0.001, of a wavelet prior times the size of its images"),
    CSK_OPT_REAL(S, rho,   "rho",   7,    .1,   1e3, "RHO",   "exponent of the Karras spacing"),
    CSK_OPT_REAL(S, churn, "churn", 0,    0,    1e6, "CHURN", "noise put back by Heun's method, over all steps"),
    CSK_OPT_FLAG(S, denoise, "final-denoise", 1,              "end with one step of the denoiser"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_diffusion_opts csk_diffusion_defaults(void)
{
    csk_diffusion_opts o = { .monitor = { 0 } };

    csk_param_defaults(csk_diffusion_params, &o);
    return o;
}

double csk_diffusion_top(const csk_prior *prior, const csk_diffusion_opts *opts)
{
    double lo, hi;

    csk_prior_sigma_range(prior, &lo, &hi);
    return fmin(opts->t_max > 0. ? opts->t_max : 10. * csk_prior_spread(prior), hi);
}

double csk_diffusion_bottom(const csk_prior *prior, double t_min, double tether_std)
{
    double lo, hi;

    csk_prior_sigma_range(prior, &lo, &hi);
    const double rest = lo > 0. ? 1. / (lo * lo) - 1. / (tether_std * tether_std) : 0.;
    if (lo > 0. && rest > 0. && isfinite(tether_std)) /* tau = lo, and a rounding */
        lo = (1. + 1e-9) / sqrt(rest);
    return fmax(csk_schedule_end(t_min), lo);
}

/* What one run carries from step to step. */
typedef struct reverse {
    const csk_posterior *post;
    int chains;
    int64_t n; /* floats a chain */
    double
        weight; /* of the tether in the denoiser: 0 where the start already is the tether */
    csk_rng run;
    bool antithetic;
    uint32_t draw;      /* vectors of noise used so far */
    uint32_t evaluated; /* calls of the prior so far */
    csk_rng *names;
    float *d, *noise, *work;
} reverse;

static csk_status denoise(reverse *r, float *d, const float *x, double t)
{
    for (int i = 0; i < r->chains; i++)
        r->names[i] = csk_name(r->run, i, CSK_FOR_PRIOR, r->evaluated);
    r->evaluated++;
    return csk_conditional_denoise(r->post, r->chains, d, x, t, r->weight, r->names,
                                   r->work);
}

/* x += scale n, one stream a chain */
static void add_noise(reverse *r, float *x, double scale)
{
    for (int i = 0; i < r->chains; i++) {
        csk_draw(r->run, i, r->antithetic, CSK_FOR_DIFFUSION, r->draw, r->n, r->noise);
        csk_axpby(r->n, scale, r->noise, 1., x + i * r->n);
    }
    r->draw++;
}

/* x_{t'} given x_t and x = D: a Gaussian between the two [2, equation 7, with VE variances] */
static csk_status ancestral_step(reverse *r, float *x, double t, double next)
{
    const double keep = next / t * (next / t);
    const csk_status err = denoise(r, r->d, x, t);

    if (err)
        return err;
    csk_axpby(r->chains * r->n, 1. - keep, r->d, keep, x);
    add_noise(r, x, next * sqrt(1. - keep));
    return CSK_OK;
}

/* [3, Algorithm 2, lines 4 to 11]; slope is (x - D) / t */
static csk_status heun_step(reverse *r, float *x, float *slope, double t, double next,
                            double gamma)
{
    const int64_t len = r->chains * r->n;
    double least, most;
    csk_prior_sigma_range(r->post->prior, &least, &most);
    const double raised = fmax(t, fmin(t * (1. + gamma), most));

    if (raised > t)
        add_noise(r, x, sqrt(raised * raised - t * t));
    csk_status err = denoise(r, slope, x, raised);
    if (err)
        return err;
    csk_axpby(len, 1. / raised, x, -1. / raised, slope);
    csk_axpby(len, next - raised, slope, 1., x); /* Euler */
    err = denoise(r, r->d, x, next);
    if (err)
        return err;
    /* x_hat + (t' - t_hat)/2 (slope + slope'), written from the Euler point */
    csk_axpby(len, 1. / next, x, -1. / next, r->d);
    csk_axpby(len, -1., slope, 1., r->d);
    csk_axpby(len, .5 * (next - raised), r->d, 1., x);
    return CSK_OK;
}

/* The first state and level; sets the tether's weight. */
static double start(reverse *r, float *x, const csk_diffusion_opts *o)
{
    const csk_posterior *post = r->post;

    if (post->tether) {
        csk_copy(r->chains * r->n, post->tether, x);
        if (o->method == CSK_DIFFUSION_ANCESTRAL)
            return post->tether_std;
        r->weight = 1.;
    } else {
        csk_zero(r->chains * r->n, x);
    }
    const double t =
        post->tether ? 10. * post->tether_std : csk_diffusion_top(post->prior, o);
    for (int i = 0; i < r->chains; i++) {
        csk_draw(r->run, i, r->antithetic, CSK_FOR_START, 1, r->n, r->noise);
        csk_axpby(r->n, t, r->noise, 1., x + i * r->n);
    }
    return t;
}

static csk_status levels_of(csk_schedule *s, const csk_diffusion_opts *o, double top,
                            double bottom)
{
    if (!(top > bottom))
        return csk_fail(CSK_ERR_ARG, "diffusion: t-min is %g, expected less than %g",
                        bottom, top);
    return o->spacing == CSK_SPACING_KARRAS
               ? csk_schedule_karras(s, o->levels + 1, top, bottom, o->rho)
               : csk_schedule_geometric(s, o->levels + 1, top, bottom);
}

csk_status csk_diffusion(float *x, const csk_posterior *post, int chains, csk_rng run,
                         const csk_diffusion_opts *opts, csk_run_info *info)
{
    const csk_diffusion_opts o = opts ? *opts : csk_diffusion_defaults();
    const int64_t n = csk_space_len(csk_prior_space(post->prior));
    const int64_t len = csk_pad(chains * n);
    csk_run_info done = { .stop = CSK_STOP_MAX_ITER, .residual = NAN, .gap = NAN };
    csk_schedule levels = { .count = 0 };
    csk_status err = csk_param_check(csk_diffusion_params, &o);
    reverse r = {
        .post = post, .chains = chains, .n = n, .run = run, .antithetic = o.antithetic
    };
    float *block = NULL;

    if (err)
        goto out;
    r.names = csk_alloc(chains, sizeof(*r.names));
    block = csk_alloc(2 * len + csk_pad(n) + csk_conditional_work_len(post, chains),
                      sizeof(*block));
    if (!r.names || !block) {
        err = CSK_ERR_NOMEM;
        goto out;
    }
    r.d = block;
    float *const slope = r.d + len;
    r.noise = slope + len;
    r.work = r.noise + csk_pad(n);

    const double top = start(&r, x, &o);
    const double bottom = csk_diffusion_bottom(
        post->prior, o.t_min, r.weight > 0. ? post->tether_std : INFINITY);
    err = levels_of(&levels, &o, top, bottom);
    if (err)
        goto out;
    const double gamma = fmin(o.churn / o.levels, sqrt(2.) - 1.); /* [3, line 4] */
    while (done.iter < o.levels) {
        const double t = levels.level[done.iter], next = levels.level[done.iter + 1];

        err = o.method == CSK_DIFFUSION_HEUN ? heun_step(&r, x, slope, t, next, gamma)
                                             : ancestral_step(&r, x, t, next);
        if (err)
            goto out;
        done.iter++;
        if (!isfinite(csk_norm(chains * n, x))) {
            err = csk_fail(CSK_ERR_NUMERIC, "diffusion: diverged at noise level %g",
                           next);
            goto out;
        }
        const csk_progress p = { "diffusion", done.iter, o.levels,  NAN,
                                 NAN,         x,         chains * n };
        err = csk_monitor_report(&o.monitor, &p);
        if (err) {
            done.stop = CSK_STOP_MONITOR;
            goto out;
        }
    }
    if (o.denoise) {
        err = denoise(&r, r.d, x, bottom);
        if (!err)
            csk_copy(chains * n, r.d, x);
    }
out:
    done.evaluations = (int64_t)r.evaluated * chains;
    csk_schedule_clear(&levels);
    csk_free(block);
    csk_free(r.names);
    if (info)
        *info = done;
    return err;
}
