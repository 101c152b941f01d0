/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/posterior.h"
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

#define S cli_posterior_opts
/* clang-format off */
const csk_param cli_posterior_params[] = {
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

cli_posterior_opts cli_posterior_defaults(void)
{
    cli_posterior_opts o = { .wavelet = NULL };

    csk_param_defaults(cli_posterior_params, &o);
    return o;
}

void cli_posterior_clear(cli_posterior *p)
{
    csk_array_clear(&p->naive);
    csk_array_clear(&p->mean);
    csk_array_clear(&p->std);
    csk_array_clear(&p->low);
    csk_array_clear(&p->high);
    csk_array_clear(&p->samples);
    csk_recover_info_clear(&p->info);
    *p = (cli_posterior){ .unit = 0. };
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
static csk_status bright_level(double *level, const csk_array *x)
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
               : csk_fail(CSK_ERR_NUMERIC,
                          "the naive estimate is zero: nothing was measured");
}

static csk_status summarise(cli_posterior *p, const csk_space *image, int samples,
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

/* All chains, a batch at a time; a chain's noise does not know of its batch. */
static csk_status sample(const cli_call *call, cli_posterior *p,
                         const csk_posterior *post, const float *x0,
                         const cli_posterior_opts *o)
{
    const int64_t n = csk_linop_cols(post->A);
    csk_recover_opts r = o->recover;
    double square = 0., residual[BATCH];
    csk_status err = CSK_OK;

    r.langevin.monitor = cli_monitor(call, "posterior");
    for (int done = 0; done < o->samples && !err; done += BATCH) {
        const int count = o->samples - done < BATCH ? o->samples - done : BATCH;
        const csk_rng run = { call->seed, (uint32_t)(done * STREAMS), 0 };
        const csk_run_info before = p->info.langevin, diffused = p->info.diffusion;

        csk_recover_info_clear(&p->info);
        err = csk_recover(p->samples.data + done * n, post, count, x0, p->radius, run,
                          &r, residual, &p->info);
        p->info.langevin.evaluations += before.evaluations;
        p->info.langevin.applications += before.applications;
        p->info.diffusion.evaluations += diffused.evaluations;
        for (int k = 0; k < count && !err; k++)
            square += residual[k] * residual[k];
    }
    p->residual = sqrt(square / o->samples);
    return err;
}

/* In the units of the prior: data, noise and naive estimate are divided by p->unit. */
static csk_status run_in_prior_units(const cli_call *call, cli_posterior *p,
                                     const naive *s, const float *b,
                                     const csk_wavelet_model *model,
                                     const cli_posterior_opts *o)
{
    const csk_linop *A = s->A;
    const csk_space *image = csk_linop_domain(A);
    const int64_t n = csk_linop_cols(A), m = csk_linop_rows(A);
    float *block = csk_alloc(csk_pad(m) + csk_pad(n), sizeof(*block));
    const csk_space stack = csk_space_stack(image, CSK_AXIS_SAMPLE, o->samples);
    csk_prior *prior = NULL;

    if (!block)
        return CSK_ERR_NOMEM;
    float *const scaled = block, *const x0 = scaled + csk_pad(m);
    csk_axpby(m, 1. / p->unit, b, 0., scaled);
    csk_axpby(n, 1. / p->unit, p->naive.data, 0., x0);
    csk_status err =
        csk_prior_wavelet(&prior, image, model, 1., (csk_wavelet_shift)o->shift);
    csk_posterior post = { A, scaled, p->eta / p->unit, prior, NULL, 0. };

    double start = cli_seconds();
    p->radius = o->radius / p->unit;
    if (!err && !(o->radius > 0.) && !(o->recover.sigma > 0.)) {
        naive unit_naive = *s;
        unit_naive.fista.lambda /= p->unit;
        unit_naive.fista.monitor = cli_monitor(call, "radius");
        err = csk_radius_simulate(&p->radius, &post, solve_naive, &unit_naive, o->draws,
                                  o->delta, (csk_rng){ call->seed, 1u << 30, 0 });
    }
    p->seconds_radius = cli_seconds() - start;

    start = cli_seconds();
    if (!err)
        err = csk_array_init(&p->samples, &stack);
    if (!err)
        err = sample(call, p, &post, x0, o);
    p->seconds_sampling = cli_seconds() - start;

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

csk_status cli_posterior_run(const cli_call *call, cli_posterior *p, const csk_linop *A,
                             const float *b, double eta, const csk_wavelet_model *model,
                             const cli_posterior_opts *o, cli_naive_ready_fn *ready)
{
    const csk_space *image = csk_linop_domain(A);
    naive s = { .A = A, .fista = csk_fista_defaults() };
    csk_prox *g = NULL;

    *p = (cli_posterior){ .eta = eta };
    p->expected = eta * sqrt((double)csk_linop_rows(A));
    csk_status err = csk_prox_wavelet_l1(&g, image, (1u << image->rank) - 1u,
                                         o->wavelet ? o->wavelet : "db2", 4, true);
    s.g = g;
    s.fista.lambda = o->lambda * eta;
    s.fista.max_iter = o->naive_iter;
    s.fista.monitor = cli_monitor(call, "naive estimate");

    const double start = cli_seconds();
    if (!err)
        err = csk_array_init(&p->naive, image);
    if (!err)
        err = solve_naive(&s, p->naive.data, b);
    p->seconds_naive = cli_seconds() - start;
    if (!err && ready)
        err = ready(call, &p->naive);
    if (!err)
        err = bright_level(&p->unit, &p->naive);
    if (!err) {
        p->unit = o->unit > 0. ? o->unit : p->unit / model->scale;
        err = run_in_prior_units(call, p, &s, b, model, o);
    }
    if (!err)
        err = summarise(p, image, o->samples, o->tail);
    csk_prox_free(g);
    return err;
}
