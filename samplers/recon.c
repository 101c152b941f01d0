/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/recon.h"
#include "cs/fista.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/wavelet.h"
#include "samplers/radius.h"
#include "samplers/summary.h"

#include <math.h>

/* Chains that run at once: enough for the threads, few enough for the memory. */
enum { BATCH = 16, STREAMS = 8 /* of a chain: samplers/diffusion.h */ };

static const char *const shifts[] = { "none", "chain", "step", NULL };

#define S csk_recon_opts
/* clang-format off */
const csk_param csk_recon_params[] = {
    CSK_OPT_INT (S, samples, "samples", 16, 1, 65536, "N",        "posterior samples"),
    CSK_OPT_CHOICE(S, shift, "shift", CSK_SHIFT_STEP, shifts,     "cycle shift of the wavelet prior: none, one a chain, a new one at every step"),
    CSK_OPT_REAL(S, tail,    "tail",    .05, 1e-6, .499, "P",     "quantiles at P and 1 - P"),
    CSK_OPT_REAL(S, unit,    "unit",    0,  0, 1e30, "FACTOR",    "size of the data over that of the training images, 0 to find it"),
    CSK_OPT_REAL(S, lambda,  "naive-lambda", .7, 1e-6, 1e6, "L",  "l1 weight of the naive estimate over the noise level"),
    CSK_OPT_INT (S, naive_iter, "naive-iter", 60, 1, 100000, "N", "iterations of the naive estimate"),
    CSK_OPT_TEXT(S, wavelet, "naive-wavelet", "NAME",             "wavelet of the naive estimate (default db2)"),
    CSK_OPT_REAL(S, radius,  "radius",  0,  0, 1e30, "R",         "error of the naive estimate, 0 to simulate it under the prior"),
    CSK_OPT_INT (S, draws,   "radius-draws", 2, 1, 1000, "N",     "simulations for the radius"),
    CSK_OPT_REAL(S, delta,   "delta",   .1, 1e-6, .999, "P",      "probability that the naive estimate is further off than the radius"),
    CSK_OPT_GROUP(S, recover, csk_recover_params),
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

/* The 99th percentile of |x| among pixels above a tenth of the largest. */
static csk_status bright_level(double *level, const csk_array *x, double eta)
{
    const int64_t n = csk_space_size(&x->space);
    float *m = csk_alloc(n, sizeof(*m));
    int64_t kept = 0;

    if (!m)
        return CSK_ERR_NOMEM;
    csk_modulus(n, (int)x->space.field, x->data, m);
    const double top = csk_max_modulus(n, 1, m);
    for (int64_t i = 0; i < n; i++) {
        if ((double)m[i] > .1 * top)
            m[kept++] = m[i];
    }
    *level = kept ? csk_quantile(kept, m, .99) : 0.;
    csk_free(m);
    return *level > 0. && isfinite(*level)
               ? CSK_OK
               : csk_fail(
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
    const csk_wavelet_model *model;
    uint64_t seed;
    const csk_recon_opts *o;
} run;

static csk_status begin(const run *r, csk_recon_stage stage)
{
    return r->o->stage ? r->o->stage(r->o->user, stage, r->p) : CSK_OK;
}

/* All chains, a batch at a time; a chain's noise does not know of its batch. */
static csk_status sample(const run *r, const csk_posterior *post, const float *x0)
{
    csk_recon *p = r->p;
    const int64_t n = csk_linop_cols(post->A);
    const int samples = r->o->samples;
    double square = 0., residual[BATCH];
    csk_status err = CSK_OK;

    for (int done = 0; done < samples && !err; done += BATCH) {
        const int count = samples - done < BATCH ? samples - done : BATCH;
        const csk_rng name = { r->seed, (uint32_t)(done * STREAMS), 0 };
        const csk_run_info before = p->info.langevin, diffused = p->info.diffusion;

        csk_recover_info_clear(&p->info);
        err = csk_recover(p->samples.data + done * n, post, count, x0, p->radius, name,
                          &r->o->recover, residual, &p->info);
        p->info.langevin.evaluations += before.evaluations;
        p->info.langevin.applications += before.applications;
        p->info.diffusion.evaluations += diffused.evaluations;
        for (int k = 0; k < count && !err; k++)
            square += residual[k] * residual[k];
    }
    p->residual = sqrt(square / samples);
    return err;
}

/* Data and naive estimate are in the units of the prior here, p->radius before and after, too. */
static csk_status simulate_and_sample(const run *r, const csk_posterior *post,
                                      const float *x0)
{
    const csk_recon_opts *o = r->o;
    csk_recon *p = r->p;
    csk_status err = begin(r, CSK_RECON_RADIUS);

    p->radius = o->radius / p->unit;
    if (!err && !(o->radius > 0.) && !(o->recover.sigma > 0.)) {
        naive solver = r->solver;

        solver.fista.lambda /= p->unit;
        err = csk_radius_simulate(&p->radius, post, solve_naive, &solver, o->draws,
                                  o->delta, (csk_rng){ r->seed, 1u << 30, 0 });
    }
    if (!err)
        err = begin(r, CSK_RECON_SAMPLING);
    return err ? err : sample(r, post, x0);
}

/* The prior knows the training images: data, noise and naive estimate are divided by p->unit. */
static csk_status run_in_prior_units(const run *r)
{
    csk_recon *p = r->p;
    const csk_linop *A = r->solver.A;
    const csk_space *image = csk_linop_domain(A);
    const csk_space stack = csk_space_stack(image, CSK_AXIS_SAMPLE, r->o->samples);
    const int64_t n = csk_linop_cols(A), m = csk_linop_rows(A);
    float *block = csk_alloc(csk_pad(m) + csk_pad(n), sizeof(*block));
    csk_prior *prior = NULL;

    if (!block)
        return CSK_ERR_NOMEM;
    float *const scaled = block, *const x0 = scaled + csk_pad(m);
    csk_axpby(m, 1. / p->unit, r->b, 0., scaled);
    csk_axpby(n, 1. / p->unit, p->naive.data, 0., x0);
    csk_status err =
        csk_prior_wavelet(&prior, image, r->model, 1., (csk_wavelet_shift)r->o->shift);
    const csk_posterior post = {
        .A = A, .b = scaled, .noise_std = r->eta / p->unit, .prior = prior
    };
    if (!err)
        err = csk_array_init(&p->samples, &stack);
    if (!err)
        err = simulate_and_sample(r, &post, x0);
    if (!err) {
        csk_scale(csk_space_len(&p->samples.space), p->unit, p->samples.data);
        p->radius *= p->unit;
        p->residual *= p->unit;
        p->info.sigma *= p->unit;
    }
    csk_prior_unref(prior);
    csk_free(block);
    return err;
}

csk_status csk_recon_run(csk_recon *p, const csk_linop *A, const float *b, double eta,
                         const csk_wavelet_model *model, uint64_t seed,
                         const csk_recon_opts *opts)
{
    const csk_recon_opts o = opts ? *opts : csk_recon_defaults();
    const csk_space *image = csk_linop_domain(A);
    csk_prox *g = NULL;
    run r = { p, { A, NULL, csk_fista_defaults() }, b, eta, model, seed, &o };
    csk_status err = csk_param_check(csk_recon_params, &o);

    if (!err && !(eta > 0. && isfinite(eta)))
        err =
            csk_fail(CSK_ERR_ARG, "recon: the noise is %g, expected more than 0", eta);
    if (!err && (model->axes != image->rank || model->field != image->field))
        err =
            csk_fail(CSK_ERR_SHAPE,
                     "recon: the prior describes %s images of %d axes, the scan has %s "
                     "ones of %d",
                     model->field == CSK_COMPLEX ? "complex" : "real", model->axes,
                     image->field == CSK_COMPLEX ? "complex" : "real", image->rank);
    if (!err)
        err = csk_prox_wavelet_l1(&g, image, (1u << image->rank) - 1u,
                                  o.wavelet ? o.wavelet : "db2", 4, true);
    *p = (csk_recon){ .expected = eta * sqrt((double)csk_linop_rows(A)) };
    r.solver.g = g;
    r.solver.fista.lambda = o.lambda * eta;
    r.solver.fista.max_iter = o.naive_iter;
    r.solver.fista.monitor = o.recover.langevin.monitor;

    if (!err)
        err = begin(&r, CSK_RECON_NAIVE);
    if (!err)
        err = csk_array_init(&p->naive, image);
    if (!err)
        err = solve_naive(&r.solver, p->naive.data, b);
    if (!err)
        err = bright_level(&p->unit, &p->naive, eta);
    if (!err) {
        p->unit = o.unit > 0. ? o.unit : p->unit / model->scale;
        err = run_in_prior_units(&r);
    }
    if (!err)
        err = summarise(p, image, o.samples, o.tail);
    if (!err)
        err = begin(&r, CSK_RECON_DONE);
    csk_prox_free(g);
    return err;
}
