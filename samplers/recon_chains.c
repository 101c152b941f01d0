/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/prior_timed.h"
#include "samplers/radius.h"
#include "samplers/recon_priv.h"

#include <math.h>

/* Chains that run at once: enough for the threads, few enough for the memory (floats). */
enum { BATCH = 16, STREAMS = 8 /* of a chain: samplers/diffusion.h */ };
static const int64_t most_work = 1 << 28;

/* Streams of random numbers beyond those of all samples. */
enum { RADIUS_STREAM = 1 << 30, MISMATCH_STREAM = 3 << 29, FINAL_STREAM = 7 << 28 };

/*
 * A draw near the naive estimate keeps what that has missed at large scales, so the radius is
 * too small: by 3 at R = 8 along one axis. With a learned prior the noise is no less than this
 * part of the scale; with ancestral transitions more, as they forget where they began later.
 */
#define LEAST_SIGMA           .2
#define LEAST_SIGMA_ANCESTRAL .35

/* As the option sigma has it. */
#define MOST_SIGMA 1e9

/* Detail of the image that the naive estimate may lack, over the scale: where draws near it
 * begin. What it is matters little (docs/algorithms.md). */
#define NEAR .1

/* An even number, as antithetic chains are pairs. */
static int batch_of(const csk_recon_job *r)
{
    int batch = BATCH;

    while (batch > 2 && csk_prior_work_len(r->prior, batch) > most_work)
        batch -= 2;
    return batch;
}

/* All chains, a batch at a time; a chain's noise does not know of its batch. */
static csk_status sample(const csk_recon_job *r, const csk_posterior *post,
                         const float *x0)
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
static csk_status simulate_radius(const csk_recon_job *r, const csk_posterior *post,
                                  const float *x0)
{
    const csk_recon_opts *o = &r->o;
    const csk_rng name = { r->seed, RADIUS_STREAM, 0 };
    csk_recon *p = r->p;
    csk_naive solver = r->solver;
    csk_run_info info = { .evaluations = 0 };

    solver.fista.lambda /= p->unit;
    p->radius_from = "draws of the prior";
    csk_status err = csk_radius_simulate(&p->radius, post, csk_naive_solve, &solver,
                                         o->draws, o->delta, name);
    if (err == CSK_ERR_UNSUPPORTED) {
        p->radius_from = "draws near the naive estimate";
        err =
            csk_radius_near(&p->radius, post, x0, NEAR * csk_model_scale(r->model),
                            csk_naive_solve, &solver, o->draws, o->delta, name, &info);
    }
    p->radius_evaluations = info.evaluations;
    return err;
}

/* A few of the samples, which are in the units of the prior. */
static csk_status check_samples(const csk_recon_job *r)
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

/* The residual of the samples as they are now. */
static csk_status measure_residual(const csk_recon_job *r, const csk_posterior *post)
{
    csk_recon *p = r->p;
    const int64_t n = csk_linop_cols(post->A), m = csk_linop_rows(post->A);
    float *block = csk_alloc(csk_pad(m) + csk_linop_work_len(post->A), sizeof(*block));
    double square = 0.;

    if (!block)
        return CSK_ERR_NOMEM;
    for (int k = 0; k < r->o.samples; k++) {
        csk_linop_apply(post->A, block, p->samples.data + k * n, block + csk_pad(m));
        square += pow(csk_distance(m, block, post->b), 2.);
    }
    csk_free(block);
    p->residual = sqrt(square / r->o.samples);
    p->info.langevin.applications += r->o.samples;
    return CSK_OK;
}

/* D(x, t): the mean of what a sample at the last smoothing t may be without it (Tweedie). */
static csk_status denoise_all(const csk_recon_job *r, const csk_posterior *post)
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
    return err ? err : measure_residual(r, post);
}

/* The radius, and the noise for the naive estimate, which recover() then takes as given. */
static csk_status find_sigma(csk_recon_job *r, const csk_posterior *post,
                             const float *x0)
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
    if (csk_recon_is_learned(r) && !(r->o.radius > 0.))
        p->sigma_wanted =
            fmax(p->sigma_wanted, (p->ancestral ? LEAST_SIGMA_ANCESTRAL : LEAST_SIGMA) *
                                      csk_model_scale(r->model));
    o->sigma = p->sigma_wanted;
    if (!err && !(o->sigma <= MOST_SIGMA))
        err =
            csk_fail(CSK_ERR_NUMERIC,
                     "the naive estimate is %.3g from the truth in the units of the "
                     "prior: the unit of the data, %.3g, or the noise level, %.3g, is "
                     "not theirs",
                     p->radius, p->unit, r->eta);
    return err;
}

/* Data and naive estimate are in the units of the prior here, p->radius before and after, too. */
static csk_status simulate_and_sample(csk_recon_job *r, const csk_posterior *post,
                                      const float *x0)
{
    csk_status err = csk_recon_begin(r, CSK_RECON_RADIUS);

    if (!err)
        err = find_sigma(r, post, x0);
    if (!err)
        err = csk_recon_begin(r, CSK_RECON_SAMPLING);
    if (!err)
        err = sample(r, post, x0);
    if (!err)
        err = csk_recon_begin(r, CSK_RECON_CHECKING);
    if (!err)
        err = check_samples(r);
    return err ? err : denoise_all(r, post);
}

csk_status csk_recon_chains(csk_recon_job *r)
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
