/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/recon.h"
#include "cs/fista.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/wavelet.h"
#include "samplers/bright.h"
#include "samplers/prior_net.h"
#include "samplers/prior_timed.h"
#include "samplers/radius.h"
#include "samplers/summary.h"

#include <math.h>

/* Chains that run at once: enough for the threads, few enough for the memory (floats). */
enum { BATCH = 16, STREAMS = 8 /* of a chain: samplers/diffusion.h */ };
static const int64_t most_work = 1 << 28;

/* Streams of random numbers beyond those of all samples. */
enum { RADIUS_STREAM = 1 << 30, MISMATCH_STREAM = 3 << 29, FINAL_STREAM = 7 << 28 };

/*
 * A draw near the naive estimate keeps what that has missed at large scales, so the radius is
 * too small: by 3 at R = 8 along one axis. With a learned prior the noise is no less than this
 * part of the scale, and no more than KEPT of it is left at the end.
 */
#define LEAST_SIGMA .2
#define KEPT        .015

/* Samplers go down through the noise levels: highest over lowest must be at least this. */
#define LEAST_RANGE 2.

/* Detail of the image that the naive estimate may lack, over the scale: where draws near it
 * begin. What it is matters little (docs/algorithms.md). */
#define NEAR .1

static const char *const shifts[] = { "none", "chain", "step", NULL };
static const char *const precisions[] = { "f32", "auto", "bf16", NULL };

#define S csk_recon_opts
/* clang-format off */
const csk_param csk_recon_params[] = {
    CSK_OPT_INT (S, samples, "samples", 16, 1, 65536, "N",        "posterior samples"),
    CSK_OPT_CHOICE(S, shift, "shift", CSK_SHIFT_STEP, shifts,     "cycle shift of the wavelet prior: none, one a chain, a new one at every step"),
    CSK_OPT_CHOICE(S, precision, "precision", CSK_PRIOR_AUTO, precisions, "of a network's images; auto: bf16 where processor and network allow it"),
    CSK_OPT_FLAG(S, turn,    "turn",    1,                            "networks trained so: turn and mirror the image at random at every step"),
    CSK_OPT_REAL(S, tail,    "tail",    .05, 1e-6, .499, "P",     "quantiles at P and 1 - P"),
    CSK_OPT_REAL(S, unit,    "unit",    0,  0, 1e30, "FACTOR",    "size of the data over that of the training images, 0 to find it"),
    CSK_OPT_REAL(S, lambda,  "naive-lambda", .7, 1e-6, 1e6, "L",  "l1 weight of the naive estimate over the noise level"),
    CSK_OPT_INT (S, naive_iter, "naive-iter", 60, 1, 100000, "N", "iterations of the naive estimate"),
    CSK_OPT_TEXT(S, wavelet, "naive-wavelet", "NAME",             "wavelet of the naive estimate (default db2)"),
    CSK_OPT_REAL(S, radius,  "radius",  0,  0, 1e30, "R",         "error of the naive estimate, 0 to simulate it under the prior"),
    CSK_OPT_INT (S, draws,   "radius-draws", 2, 1, 1000, "N",     "simulations for the radius"),
    CSK_OPT_REAL(S, delta,   "delta",   .1, 1e-6, .999, "P",      "probability that the naive estimate is further off than the radius"),
    CSK_OPT_REAL(S, floor,   "t-floor", 1.25, 0, 1e6, "C",        "learned priors: t-min is at least C times the noise level, up to .015 of the scale"),
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

/* The naive estimate as a function of the data, for the radius, too. */
typedef struct naive {
    const csk_linop *A;
    const csk_prox *g;
    csk_fista_opts fista;
} naive;

static csk_status solve_naive(void *user, float *x, const float *b)
{
    const naive *s = user;

    return csk_fista(x, s->A, b, s->g, &s->fista, NULL);
}

static csk_status find_unit(csk_recon *p, double eta)
{
    const csk_status err = csk_bright_level(&p->unit, &p->naive.space, p->naive.data);

    if (err != CSK_ERR_NUMERIC)
        return err;
    return csk_fail(
        CSK_ERR_NUMERIC,
        "the naive estimate is zero: the data are, or the noise level of %g is "
        "above them",
        eta);
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

/* What all stages need. */
typedef struct run {
    csk_recon *p;
    naive solver;
    const float *b;
    double eta;
    const csk_model *model;
    csk_prior *prior; /* timed */
    uint64_t seed;
    csk_recon_opts o;
} run;

/* Where the noise level falls: csk_transition of this run. */
static bool is_ancestral(const run *r)
{
    const csk_langevin_opts *l = &r->o.method.recover.langevin;

    return l->transition == CSK_TRANSITION_ANCESTRAL &&
           (l->kernel == CSK_LANGEVIN_LM || l->kernel == CSK_LANGEVIN_PRECOND);
}

static bool is_learned(const run *r)
{
    return csk_model_wavelet(r->model) == NULL;
}

/* What the options leave open and the prior decides; the unit is known. */
static void settle(run *r)
{
    csk_recover_opts *o = &r->o.method.recover;
    csk_langevin_opts *l = &o->langevin;

    if (!is_learned(r))
        return;
    if (!o->levels)
        o->levels = CSK_RECON_LEARNED_LEVELS;
    if (l->transition == CSK_TRANSITION_AUTO && l->kernel == CSK_LANGEVIN_LM &&
        csk_linop_domain(r->solver.A)->field == CSK_REAL)
        l->transition = CSK_TRANSITION_ANCESTRAL;
    if (l->step == 0. && l->kernel == CSK_LANGEVIN_LM)
        l->step = is_ancestral(r) ? CSK_RECON_ANCESTRAL_STEP : CSK_RECON_LEARNED_STEP;
    if (r->o.method.method == CSK_METHOD_LANGEVIN)
        o->diffusion.t_min =
            fmax(o->diffusion.t_min, fmin(r->o.floor * r->eta / r->p->unit,
                                          KEPT * csk_model_scale(r->model)));
}

static csk_status begin(const run *r, csk_recon_stage stage)
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

/* An even number, as antithetic chains are pairs. */
static int batch_of(const run *r)
{
    int batch = BATCH;

    while (batch > 2 && csk_prior_work_len(r->prior, batch) > most_work)
        batch -= 2;
    return batch;
}

/* All chains, a batch at a time; a chain's noise does not know of its batch. */
static csk_status sample(const run *r, const csk_posterior *post, const float *x0)
{
    csk_recon *p = r->p;
    const int64_t n = csk_linop_cols(post->A);
    const int samples = r->o.samples, batch = batch_of(r);
    double square = 0., residual[BATCH];
    csk_status err = CSK_OK;

    for (int done = 0; done < samples && !err; done += batch) {
        const int count = samples - done < batch ? samples - done : batch;
        const csk_rng name = { r->seed, (uint32_t)(done * STREAMS), 0 };
        const csk_run_info before = p->info.langevin, diffused = p->info.diffusion;

        csk_recover_info_clear(&p->info);
        err = csk_sample(p->samples.data + done * n, post, count, x0, p->radius, name,
                         &r->o.method, residual, &p->info);
        p->info.langevin.evaluations += before.evaluations;
        p->info.langevin.applications += before.applications;
        p->info.diffusion.evaluations += diffused.evaluations;
        for (int k = 0; k < count && !err; k++)
            square += residual[k] * residual[k];
    }
    p->residual = sqrt(square / samples);
    return err;
}

/* Under the prior if it can be drawn from, else near the naive estimate. */
static csk_status simulate_radius(const run *r, const csk_posterior *post,
                                  const float *x0)
{
    const csk_recon_opts *o = &r->o;
    const csk_rng name = { r->seed, RADIUS_STREAM, 0 };
    csk_recon *p = r->p;
    naive solver = r->solver;
    csk_run_info info = { .evaluations = 0 };

    solver.fista.lambda /= p->unit;
    p->radius_from = "draws of the prior";
    csk_status err = csk_radius_simulate(&p->radius, post, solve_naive, &solver,
                                         o->draws, o->delta, name);
    if (err == CSK_ERR_UNSUPPORTED) {
        p->radius_from = "draws near the naive estimate";
        err = csk_radius_near(&p->radius, post, x0, NEAR * csk_model_scale(r->model),
                              solve_naive, &solver, o->draws, o->delta, name, &info);
    }
    p->radius_evaluations = info.evaluations;
    return err;
}

/* A few of the samples, which are in the units of the prior. */
static csk_status check_samples(const run *r)
{
    const csk_score_norm *expected = csk_model_score_norm(r->model);
    const int count =
        r->o.samples < CSK_RECON_CHECKED ? r->o.samples : CSK_RECON_CHECKED;
    csk_recon *p = r->p;

    if (!expected->count)
        return CSK_OK;
    p->mismatch_evaluations = (int64_t)count * expected->count;
    return csk_mismatch_check(&p->mismatch, expected, r->prior, count, p->samples.data,
                              (csk_rng){ r->seed, MISMATCH_STREAM, 0 });
}

/* D(x, t): the mean of what a sample at the last smoothing t may be without it (Tweedie). */
static csk_status denoise_all(const run *r)
{
    csk_recon *p = r->p;
    const int64_t n = csk_space_len(csk_prior_space(r->prior));
    const int batch = batch_of(r);
    double level[BATCH];
    csk_rng names[BATCH];
    csk_status err = CSK_OK;

    if (!r->o.denoise_samples || p->info.count < 1)
        return CSK_OK;
    const int64_t room = csk_pad(batch * n); /* workspaces are aligned */
    float *block =
        csk_alloc(room + csk_prior_work_len(r->prior, batch), sizeof(*block));
    if (!block)
        return CSK_ERR_NOMEM;
    for (int done = 0; done < r->o.samples && !err; done += batch) {
        const int count = r->o.samples - done < batch ? r->o.samples - done : batch;
        float *x = p->samples.data + done * n;

        for (int k = 0; k < count; k++) {
            level[k] = p->info.stages[p->info.count - 1].smoothing;
            names[k] = (csk_rng){ r->seed, FINAL_STREAM, (uint32_t)(done + k) };
        }
        err = csk_prior_denoise(r->prior, count, block, x, level, names, block + room);
        if (!err)
            csk_copy(count * n, block, x);
        p->info.langevin.evaluations += count;
    }
    csk_free(block);
    return err;
}

/* The radius, and the noise for the naive estimate, which recover() then takes as given. */
static csk_status find_sigma(run *r, const csk_posterior *post, const float *x0)
{
    csk_recover_opts *o = &r->o.method.recover;
    csk_recon *p = r->p;
    csk_status err = CSK_OK;

    p->radius = r->o.radius / p->unit;
    p->radius_from = r->o.radius > 0. ? "given" : "not needed";
    if (r->o.method.method != CSK_METHOD_LANGEVIN)
        return CSK_OK;
    p->sigma_wanted = o->sigma;
    if (o->sigma > 0.)
        return CSK_OK;
    if (!(r->o.radius > 0.))
        err = simulate_radius(r, post, x0);
    p->sigma_wanted = o->kappa * p->radius / sqrt((double)csk_linop_cols(post->A));
    if (is_learned(r) && !(r->o.radius > 0.))
        p->sigma_wanted =
            fmax(p->sigma_wanted, LEAST_SIGMA * csk_model_scale(r->model));
    o->sigma = p->sigma_wanted;
    return err;
}

/* Data and naive estimate are in the units of the prior here, p->radius before and after, too. */
static csk_status simulate_and_sample(run *r, const csk_posterior *post,
                                      const float *x0)
{
    csk_status err = begin(r, CSK_RECON_RADIUS);

    if (!err)
        err = find_sigma(r, post, x0);
    if (!err)
        err = begin(r, CSK_RECON_SAMPLING);
    if (!err)
        err = sample(r, post, x0);
    if (!err)
        err = begin(r, CSK_RECON_CHECKING);
    if (!err)
        err = check_samples(r);
    return err ? err : denoise_all(r);
}

/* The prior knows the training images: data, noise and naive estimate are divided by p->unit. */
static csk_status run_in_prior_units(run *r)
{
    csk_recon *p = r->p;
    const csk_linop *A = r->solver.A;
    const csk_space stack =
        csk_space_stack(csk_linop_domain(A), CSK_AXIS_SAMPLE, r->o.samples);
    const int64_t n = csk_linop_cols(A), m = csk_linop_rows(A);
    float *block = csk_alloc(csk_pad(m) + csk_pad(n), sizeof(*block));

    if (!block)
        return CSK_ERR_NOMEM;
    float *const scaled = block, *const x0 = scaled + csk_pad(m);
    csk_axpby(m, 1. / p->unit, r->b, 0., scaled);
    csk_axpby(n, 1. / p->unit, p->naive.data, 0., x0);
    const csk_posterior post = {
        .A = A, .b = scaled, .noise_std = r->eta / p->unit, .prior = r->prior
    };
    csk_status err = csk_array_init(&p->samples, &stack);
    if (!err)
        err = simulate_and_sample(r, &post, x0);
    if (!err) {
        csk_scale(csk_space_len(&p->samples.space), p->unit, p->samples.data);
        p->radius *= p->unit;
        p->residual *= p->unit;
        p->info.sigma *= p->unit;
        p->sigma_wanted *= p->unit;
        p->sigma_min *= p->unit;
        p->sigma_max *= p->unit;
    }
    csk_free(block);
    return err;
}

static csk_status check_levels(const csk_recon *p, const csk_model *model)
{
    if (p->sigma_max >= LEAST_RANGE * p->sigma_min)
        return CSK_OK;
    return csk_fail(CSK_ERR_UNSUPPORTED,
                    "the %s prior removes noise of the one level %.4g; samples need "
                    "one that knows a range of levels",
                    csk_model_kind(model), p->sigma_max);
}

/* The prior, and an l1 norm for the naive estimate: all that may not fit the data. */
static csk_status prepare(run *r, csk_prox **g)
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
        err = check_levels(r->p, r->model);
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
    run r = { .p = p,
              .solver = { A, NULL, csk_fista_defaults() },
              .b = b,
              .eta = eta,
              .model = model,
              .seed = seed,
              .o = opts ? *opts : csk_recon_defaults() };

    *p = (csk_recon){ .expected = eta * sqrt((double)csk_linop_rows(A)) };
    csk_status err = prepare(&r, &g);
    if (!err)
        err = begin(&r, CSK_RECON_NAIVE);
    if (!err)
        err = csk_array_init(&p->naive, image);
    if (!err)
        err = solve_naive(&r.solver, p->naive.data, b);
    if (!err)
        err = find_unit(p, eta);
    if (!err) {
        p->unit = r.o.unit > 0. ? r.o.unit : p->unit / csk_model_scale(model);
        settle(&r);
        p->ancestral = is_ancestral(&r);
        err = run_in_prior_units(&r);
    }
    if (!err)
        err = summarise(p, image, r.o.samples, r.o.tail);
    if (!err)
        err = begin(&r, CSK_RECON_DONE);
    csk_prior_unref(r.prior);
    csk_prox_free(g);
    return err;
}
