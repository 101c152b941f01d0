/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/recon.h"
#include "cs/vec.h"
#include "operators/wavelet.h"
#include "samplers/bright.h"
#include "samplers/prior_net.h"
#include "samplers/prior_timed.h"
#include "samplers/recon_priv.h"
#include "samplers/summary.h"

#include <math.h>
#include <string.h>

/* No more noise than this part of a learned prior's scale is left at the end. */
#define KEPT       .015
#define KEPT_RIDGE .15

static const char *const shifts[] = { "none", "chain", "step", NULL };
static const char *const precisions[] = { "f32", "auto", "bf16", NULL };

#define S csk_recon_opts
/* clang-format off */
const csk_param csk_recon_params[] = {
    CSK_OPT_INT (S, samples, "samples", 16, 1, 65536, "N",        "posterior samples"),
    CSK_OPT_CHOICE(S, shift, "shift", CSK_SHIFT_STEP, shifts,     "cycle shift of the wavelet prior: none, one a chain, a new one at every step"),
    CSK_OPT_CHOICE(S, precision, "precision", CSK_PRIOR_AUTO, precisions, "of a network's images; auto: bf16 where processor and network allow it"),
    CSK_OPT_FLAG(S, turn,    "turn",    1,                            "networks trained so: turn and mirror the image at random at every step, complex ones also move it and rotate its phase"),
    CSK_OPT_REAL(S, tail,    "tail",    .05, 1e-6, .499, "P",     "quantiles at P and 1 - P"),
    CSK_OPT_REAL(S, unit,    "unit",    0,  0, 1e30, "FACTOR",    "size of the data over that of the training images, 0 to find it"),
    CSK_OPT_REAL(S, lambda,  "naive-lambda", .7, 1e-6, 1e6, "L",  "l1 weight of the naive estimate over the noise level"),
    CSK_OPT_INT (S, naive_iter, "naive-iter", 60, 1, 100000, "N", "iterations of the naive estimate"),
    CSK_OPT_TEXT(S, wavelet, "naive-wavelet", "NAME",             "wavelet of the naive estimate (default db2)"),
    CSK_OPT_REAL(S, radius,  "radius",  0,  0, 1e30, "R",         "error of the naive estimate, 0 to simulate it under the prior"),
    CSK_OPT_INT (S, draws,   "radius-draws", 2, 1, 1000, "N",     "simulations for the radius; fewer than 1/P - 1 cannot hold the probability P of --delta"),
    CSK_OPT_REAL(S, delta,   "delta",   .1, 1e-6, .999, "P",      "probability that the naive estimate is further off than the radius"),
    CSK_OPT_REAL(S, floor,   "t-floor", 1.25, 0, 1e6, "C",        "learned priors: t-min is at least C times the noise level, up to .015 of the scale, .15 for ridge"),
    CSK_OPT_FLAG(S, denoise_samples, "denoise-samples", 0, "langevin: take the noise of the last level out of the samples"),
    CSK_OPT_GROUP(S, method, csk_method_params),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_recon_opts csk_recon_defaults(void)
{
    csk_recon_opts o = { .wavelet = NULL };

    csk_param_defaults(csk_recon_params, &o);
    return o;
}

void csk_recon_clear(csk_recon *p)
{
    csk_array_clear(&p->naive);
    csk_array_clear(&p->mean);
    csk_array_clear(&p->magnitude);
    csk_array_clear(&p->std);
    csk_array_clear(&p->low);
    csk_array_clear(&p->high);
    csk_array_clear(&p->samples);
    csk_recover_info_clear(&p->info);
    *p = (csk_recon){ .unit = 0. };
}

csk_status csk_naive_solve(void *user, float *x, const float *b)
{
    const csk_naive *s = user;

    return csk_fista(x, s->A, b, s->g, &s->fista, NULL);
}

static csk_status find_unit(csk_recon *p, double eta, double lambda)
{
    const csk_status err = csk_bright_level(&p->unit, &p->naive.space, p->naive.data);

    if (err != CSK_ERR_NUMERIC)
        return err;
    return csk_fail(
        CSK_ERR_NUMERIC,
        "the naive estimate is zero: the data are, or the noise level of %g times "
        "naive-lambda, %g, is above them",
        eta, lambda);
}

/* Single precision holds the data in the units of the prior and in their own. */
static csk_status check_unit(const csk_recon_job *r)
{
    static const double least = 1e-30, most = 1e30;
    const double unit = r->p->unit, eta = r->eta / unit;

    if (unit >= least && unit <= most && eta >= least && eta <= most)
        return CSK_OK;
    return csk_fail(CSK_ERR_NUMERIC,
                    "the unit of the data is %.3g and their noise %.3g of it, expected "
                    "%g to %g of both",
                    unit, eta, least, most);
}

static csk_status summarise(csk_recon *p, const csk_space *image, int samples,
                            double tail)
{
    const int64_t n = csk_space_len(image);
    csk_summary *s;
    csk_status err = csk_summary_new(&s, image, samples, tail);

    if (err)
        return err;
    for (int k = 0; k < samples && !err; k++)
        err = csk_summary_add(s, p->samples.data + k * n);
    if (!err)
        err = csk_summary_mean(s, &p->mean);
    if (!err)
        err = csk_summary_magnitude(s, &p->magnitude);
    if (!err)
        err = csk_summary_std(s, &p->std);
    if (!err)
        err = csk_summary_quantiles(s, &p->low, &p->high);
    csk_summary_free(s);
    return err;
}

/* What the transition auto means with a learned prior: measured, see docs/algorithms.md. */
static bool suits_ancestral(const csk_recon_job *r)
{
    const csk_recover_opts *o = &r->o.method.recover;

    return csk_linop_domain(r->solver.A)->field == CSK_REAL &&
           o->order == CSK_ORDER_INTERLEAVED && o->tether == CSK_TETHER_RELEASE &&
           o->langevin.kernel == CSK_LANGEVIN_LM;
}

bool csk_recon_is_learned(const csk_recon_job *r)
{
    return csk_model_wavelet(r->model) == NULL;
}

/*
 * A network's levels are one density, smoothed: below a share of its scale they hardly differ. Those of a
 * ridge prior are each the best of its kind for its noise, the stronger the lower: far below the
 * noise of the data it outweighs them (docs/priors.md).
 */
static double last_smoothing(const csk_recon_job *r)
{
    const bool ridge = strcmp(csk_model_kind(r->model), "ridge") == 0;
    const double most = (ridge ? KEPT_RIDGE : KEPT) * csk_model_scale(r->model);

    return fmin(r->o.floor * r->eta / r->p->unit, fmin(most, r->p->sigma_max));
}

/* What the options leave open and the prior decides; the unit is known. */
static void settle(csk_recon_job *r)
{
    csk_recover_opts *o = &r->o.method.recover;
    csk_langevin_opts *l = &o->langevin;

    if (!csk_recon_is_learned(r)) {
        o->diffusion.t_min = csk_model_t_min(r->model, o->diffusion.t_min);
        return;
    }
    if (!o->levels)
        o->levels = CSK_RECON_LEARNED_LEVELS;
    if (l->transition == CSK_TRANSITION_AUTO && suits_ancestral(r))
        l->transition = CSK_TRANSITION_ANCESTRAL;
    if (l->step == 0. && l->kernel == CSK_LANGEVIN_LM)
        l->step = l->transition == CSK_TRANSITION_ANCESTRAL ? CSK_RECON_ANCESTRAL_STEP
                                                            : CSK_RECON_LEARNED_STEP;
    if (r->o.method.method == CSK_METHOD_LANGEVIN)
        o->diffusion.t_min =
            fmax(csk_schedule_end(o->diffusion.t_min), last_smoothing(r));
}

csk_status csk_recon_begin(const csk_recon_job *r, csk_recon_stage stage)
{
    double before = 0.;

    for (int k = 0; k + 1 < (int)stage; k++)
        before += r->p->prior_seconds[k];
    if (stage > 0 && r->prior) {
        csk_prior_timed_read(r->prior, &r->p->prior_seconds[stage - 1], NULL);
        r->p->prior_seconds[stage - 1] -= before;
    }
    return r->o.stage ? r->o.stage(r->o.user, stage, r->p) : CSK_OK;
}

/* The prior, and an l1 norm for the naive estimate: all that may not fit the data. */
static csk_status prepare(csk_recon_job *r, csk_prox **g)
{
    const csk_space *image = csk_linop_domain(r->solver.A);
    const csk_model_opts how = { .shift = r->o.shift,
                                 .precision = r->o.precision,
                                 .turn = r->o.turn };
    csk_prior *bare = NULL;
    csk_status err = csk_param_check(csk_recon_params, &r->o);

    if (!err && !(r->eta > 0. && isfinite(r->eta)))
        err = csk_fail(CSK_ERR_ARG, "recon: the noise is %g, expected more than 0",
                       r->eta);
    if (!err && r->o.method.method == CSK_METHOD_LANGEVIN)
        err = csk_recover_check(&r->o.method.recover, true);
    if (!err && r->o.denoise_samples && r->o.method.recover.tether == CSK_TETHER_KEEP)
        err = csk_fail(CSK_ERR_ARG, "denoise-samples needs tether = release");
    if (!err)
        err = csk_model_fits(r->model, image, "recon: the prior");
    if (!err)
        err = csk_prox_wavelet_l1(g, image, (1u << image->rank) - 1u,
                                  r->o.wavelet ? r->o.wavelet : "db2", 4, true);
    if (!err)
        err = csk_model_prior(&bare, image, r->model, 1., &how);
    if (!err)
        err = csk_prior_timed(&r->prior, bare);
    if (!err) {
        csk_prior_sigma_range(bare, &r->p->sigma_min, &r->p->sigma_max);
        err = csk_model_samples(r->model, "recon: the prior");
    }
    r->p->bf16 = bare && csk_prior_net_is_bf16(bare);
    csk_prior_unref(bare);
    r->solver.g = *g;
    r->solver.fista.lambda = r->o.lambda * r->eta;
    r->solver.fista.max_iter = r->o.naive_iter;
    r->solver.fista.monitor = r->o.method.recover.langevin.monitor;
    return err;
}

csk_status csk_recon_run(csk_recon *p, const csk_linop *A, const float *b, double eta,
                         const csk_model *model, uint64_t seed,
                         const csk_recon_opts *opts)
{
    const csk_space *image = csk_linop_domain(A);
    csk_prox *g = NULL;
    csk_recon_job r = { .p = p,
                        .solver = { A, NULL, csk_fista_defaults() },
                        .b = b,
                        .eta = eta,
                        .model = model,
                        .seed = seed,
                        .o = opts ? *opts : csk_recon_defaults() };

    *p = (csk_recon){ .expected = eta * sqrt((double)csk_linop_rows(A)) };
    csk_status err = prepare(&r, &g);
    if (!err)
        err = csk_recon_begin(&r, CSK_RECON_NAIVE);
    if (!err)
        err = csk_array_init(&p->naive, image);
    if (!err)
        err = csk_naive_solve(&r.solver, p->naive.data, b);
    if (!err)
        err = find_unit(p, eta, r.o.lambda);
    if (!err) {
        p->unit = r.o.unit > 0. ? r.o.unit : p->unit / csk_model_scale(model);
        err = check_unit(&r);
    }
    if (!err) {
        settle(&r);
        p->ancestral =
            r.o.method.recover.langevin.transition == CSK_TRANSITION_ANCESTRAL;
        err = csk_recon_chains(&r);
    }
    if (!err)
        err = summarise(p, image, r.o.samples, r.o.tail);
    if (!err)
        err = csk_recon_begin(&r, CSK_RECON_DONE);
    csk_prior_unref(r.prior);
    csk_prox_free(g);
    return err;
}
