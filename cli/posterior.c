/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/posterior.h"
#include "cli/results.h"
#include "cs/mem.h"
#include "cs/vec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* When the stages began, and what they show. */
typedef struct stages {
    const cli_call *call;
    double start[CSK_RECON_DONE + 1];
    cli_results results;
} stages;

/* The naive estimate is written as soon as it is there, unless it would replace another. */
static csk_status on_stage(void *user, csk_recon_stage stage, const csk_recon *so_far)
{
    static const char *const labels[] = { "naive estimate", "radius", "posterior",
                                          "check" };
    stages *s = user;

    s->start[stage] = cli_seconds();
    if (stage < CSK_RECON_DONE) /* the same monitor under another name */
        (void)cli_monitor(s->call, labels[stage]);
    return stage == CSK_RECON_RADIUS && !s->results.replaces
               ? cli_results_write(&s->results, &so_far->naive, "naive.npy")
               : CSK_OK;
}

/* The mean of real images is also the mean of what is looked at: one file is enough. */
static csk_status write_rest(const cli_results *to, const csk_recon *p)
{
    csk_status err = cli_results_write(to, &p->mean, "mean.npy");

    if (!err && p->mean.space.field == CSK_COMPLEX)
        err = cli_results_write(to, &p->magnitude, "magnitude.npy");
    if (p->samples.space.dim[0] == 1) {
        cli_say(to->call, "one sample has no spread: no std, q05, q95");
        return err ? err : cli_results_write(to, &p->samples, "samples.npy");
    }
    if (!err)
        err = cli_results_write(to, &p->std, "std.npy");
    if (!err)
        err = cli_results_write(to, &p->low, "q05.npy");
    if (!err)
        err = cli_results_write(to, &p->high, "q95.npy");
    if (!err)
        err = cli_results_write(to, &p->samples, "samples.npy");
    return err;
}

/* Samples that miss the data by so much are none of the posterior. */
#define DIVERGED 100.

/* The largest value of a real image, and in *lowest the least; 0 for complex ones. */
static double real_range(const csk_array *a, double *lowest)
{
    const int64_t n = a->space.field == CSK_REAL ? csk_space_len(&a->space) : 0;
    double most = n > 0 ? a->data[0] : 0.;

    *lowest = most;
    for (int64_t i = 1; i < n; i++) {
        most = fmax(most, a->data[i]);
        *lowest = fmin(*lowest, a->data[i]);
    }
    return most;
}

/* Most real priors are of photographs, which are not negative, and know no others. "" if not. */
static const char *doubt_negative(const csk_recon *p, char *text, size_t room)
{
    double lowest;
    const double highest = real_range(&p->naive, &lowest);

    text[0] = '\0';
    if (lowest < -.1 * highest)
        (void)snprintf(
            text, room,
            "; the naive estimate falls to %.3g, and most priors' images are "
            "not negative: csk convert --add",
            lowest);
    return text;
}

static csk_status check_samples(const csk_recon *p)
{
    const double ratio = p->residual / p->expected;
    char negative[256];

    if (ratio < DIVERGED)
        return CSK_OK;
    return csk_fail(
        CSK_ERR_NUMERIC,
        "the sampling diverged: the samples miss the data by %.3g times what the noise "
        "predicts: operator, noise level or prior do not fit, or it was too short%s",
        ratio, doubt_negative(p, negative, sizeof(negative)));
}

static csk_status write_all(cli_results *to, const csk_recon *p)
{
    csk_status err = check_samples(p);

    if (!err && to->replaces)
        err = cli_results_stage(to);
    if (!err && to->replaces)
        err = cli_results_write(to, &p->naive, "naive.npy");
    return err ? err : write_rest(to, p);
}

/* The schedule, which other samplers do not have. */
static void report_langevin(const cli_call *call, const csk_recon_opts *o,
                            const csk_recon *p)
{
    const csk_stage *g = p->info.stages;
    const int last = p->info.count - 1;
    int64_t steps = 0;

    if (last < 0)
        return;
    for (int k = 0; k <= last; k++)
        steps += g[k].steps;
    cli_put_real(call, "radius", p->radius, -1, NULL);
    cli_put_text(call, "radius_from", p->radius_from);
    cli_put_real(call, "sigma", p->info.sigma, -1, NULL);
    cli_put_int(call, "levels", p->info.count);
    cli_put_int(call, "steps_a_level", g[last].steps);
    cli_put_int(call, "steps", steps);
    cli_put_real(call, "first_smoothing", g[0].smoothing * p->unit, -1, NULL);
    cli_put_real(call, "last_smoothing", g[last].smoothing * p->unit, -1, NULL);
    cli_put_real(call, "first_noise_level", g[0].noise_std * p->unit, -1, NULL);
    cli_put_real(call, "step_size", p->info.langevin.step, -1, NULL);
    cli_put_text(call, "transition", p->ancestral ? "ancestral" : "none");
    if (p->sigma_wanted > p->info.sigma * 1.000001)
        cli_say(call,
                "the prior was made for noise up to %.4g: the naive estimate gets that "
                "instead of %.4g",
                p->sigma_max, p->sigma_wanted);
    if (o->method.recover.order == CSK_ORDER_INTERLEAVED && last > 0 &&
        g[0].smoothing <= g[last].smoothing)
        cli_say(call,
                "all %d levels are alike: the noise that they begin with, %.4g, is not "
                "above that of the last",
                p->info.count, g[0].smoothing * p->unit);
}

/* Beyond this, either way, the residual is not what the noise level predicts. */
#define OFF 1.2

static void warn_of_residual(const cli_call *call, csk_method method,
                             const csk_recon *p)
{
    const bool own = method == CSK_METHOD_LANGEVIN;
    const double ratio = p->residual / p->expected;
    char negative[256];

    if (ratio > OFF)
        cli_say(
            call,
            "the samples miss the data by %.2f times what the noise level predicts: the "
            "operator (coil sensitivities, mask, transform, blur) or the noise level does not fit the "
            "data, or the sampling was too short%s%s",
            ratio, own ? "" : ", or this sampler needs other settings for such data",
            doubt_negative(p, negative, sizeof(negative)));
    else if (ratio < 1. / OFF)
        cli_say(
            call,
            "the samples follow the data too closely, at %.2f of the distance that the "
            "noise level predicts: they hold noise of the data, or the noise level is too "
            "high%s",
            ratio, own ? "" : ", or this sampler needs other settings for such data");
}

static void report_sampling(const cli_call *call, const csk_recon_opts *o,
                            const csk_recon *p)
{
    cli_put_text(call, "sampler", csk_method_name((csk_method)o->method.method));
    cli_put_int(call, "samples", o->samples);
    cli_put_real(call, "unit", p->unit, -1, NULL);
    report_langevin(call, o, p);
    cli_put_int(call, "score_evaluations",
                p->info.langevin.evaluations + p->info.diffusion.evaluations);
    cli_put_int(call, "score_evaluations_besides",
                p->radius_evaluations + p->mismatch_evaluations);
    cli_put_int(call, "operator_applications", p->info.langevin.applications);
    cli_put_real(call, "residual_norm", p->residual, -1, NULL);
    cli_put_real(call, "residual_norm_expected", p->expected, -1, NULL);
    cli_put_real(call, "residual_ratio", p->residual / p->expected, 4, NULL);
    warn_of_residual(call, (csk_method)o->method.method, p);
}

/* What is not the prior's during the sampling is the operator's: A, the solves with it, noise. */
static void report_seconds(const cli_call *call, const csk_recon *p, const stages *s,
                           double reading)
{
    const double *at = s->start;
    const double sampling = at[CSK_RECON_CHECKING] - at[CSK_RECON_SAMPLING];
    const double prior = p->prior_seconds[CSK_RECON_SAMPLING];

    cli_put_real(call, "seconds_reading", reading, 2, "s");
    cli_put_real(call, "seconds_naive", at[CSK_RECON_RADIUS] - at[CSK_RECON_NAIVE], 2,
                 "s");
    cli_put_real(call, "seconds_radius", at[CSK_RECON_SAMPLING] - at[CSK_RECON_RADIUS],
                 2, "s");
    cli_put_real(call, "seconds_sampling", sampling, 2, "s");
    cli_put_real(call, "seconds_sampling_prior", prior, 2, "s");
    cli_put_real(call, "seconds_sampling_operator", sampling - prior, 2, "s");
    cli_put_real(call, "seconds_checking", at[CSK_RECON_DONE] - at[CSK_RECON_CHECKING],
                 2, "s");
}

static void report_mismatch(const cli_call *call, const csk_recon *p,
                            const cli_prior *prior)
{
    const csk_mismatch *m = &p->mismatch;
    const csk_score_norm *e = &m->expected;

    if (!e->count)
        return;
    for (int i = 0; i < e->count; i++) {
        cli_begin_detail(call, "mismatch");
        cli_put_real(call, "sigma", e->sigma[i] * p->unit, -1, NULL);
        cli_put_real(call, "score_norm", m->norm[i], 4, NULL);
        cli_put_real(call, "score_norm_expected", e->mean[i], 4, NULL);
        cli_put_real(call, "score_norm_std", e->std[i], 4, NULL);
        cli_put_real(call, "correlation", m->correlation[i], 4, NULL);
        cli_put_real(call, "correlation_expected", e->correlation[i], 4, NULL);
        cli_put_real(call, "correlation_std", e->correlation_std[i], 4, NULL);
        cli_end_row(call);
    }
    cli_put_real(call, "mismatch_deviation", m->deviation, 2, NULL);
    if (m->deviation > CSK_MISMATCH_WARN)
        cli_say(
            call,
            "the image is unlike those that '%s' was trained on, or the levels were too "
            "few: at noise %.3g of the prior, %.3g of the data, the %s is off by %.1f "
            "standard deviations; see csk prior info %s",
            prior->name, e->sigma[m->level], e->sigma[m->level] * p->unit,
            m->by_correlation ? "correlation of error and score" : "score norm",
            m->deviation, prior->path);
}

/* All that was said, and every level of the schedule. */
static csk_status write_report(const cli_results *to, const csk_recon *p)
{
    const cli_call *call = to->call;

    for (int k = 0; k < p->info.count; k++) {
        const csk_stage *g = &p->info.stages[k];

        cli_begin_detail(call, "schedule");
        cli_put_real(call, "smoothing", g->smoothing * p->unit, -1, NULL);
        cli_put_real(call, "noise_level", g->noise_std * p->unit, -1, NULL);
        cli_put_real(call, "tether_weight", g->tether_weight, -1, NULL);
        cli_put_int(call, "steps", g->steps);
        cli_end_row(call);
    }
    char *json = cli_report_json(call);
    char *path = cli_join(to->dir, "report.json");
    const csk_status err =
        json && path ? cli_write_file(call, path, json, strlen(json)) : CSK_ERR_NOMEM;

    free(json);
    free(path);
    return err;
}

/* -- the verbs recon and restore ---------------------------------------------------------------- */

csk_status cli_posterior_run(const cli_call *call, const csk_linop *A, const float *b,
                             double eta, const cli_prior *prior,
                             const csk_recon_opts *given, double seconds_reading)
{
    csk_recon p = { .unit = 0. };
    csk_recon_opts opts = *given;
    stages s = { .call = call };
    csk_status err = cli_results_open(&s.results, call, cli_arg_of(call, 1));

    opts.method.recover.langevin.monitor = cli_monitor(call, NULL);
    opts.stage = on_stage;
    opts.user = &s;
    if (!err)
        err = csk_recon_run(&p, A, b, eta, prior->model, call->seed, &opts);
    if (err == CSK_ERR_NUMERIC) /* options are in range: it is the data */
        err = csk_fail(err, "%s: %s", cli_arg_of(call, 0), csk_error_message());
    if (!err)
        err = write_all(&s.results, &p);
    if (!err) {
        cli_put_text(call, "prior", prior->name);
        cli_put_text(call, "prior_kind", csk_model_kind(prior->model));
        cli_put_text(call, "prior_sha256", prior->hash);
        if (strcmp(csk_model_kind(prior->model), "network") == 0)
            cli_put_text(call, "precision", p.bf16 ? "bf16" : "f32");
        report_sampling(call, given, &p);
        report_mismatch(call, &p, prior);
        report_seconds(call, &p, &s, seconds_reading);
        err = write_report(&s.results, &p);
    }
    if (!err)
        err = cli_results_commit(&s.results);
    cli_results_clear(&s.results);
    csk_recon_clear(&p);
    return err;
}

/* Seconds of A*A and of the denoiser, each once. */
static csk_status time_parts(const csk_linop *A, const csk_prior *prior, double *normal,
                             double *denoise)
{
    const int64_t n = csk_pad(csk_linop_cols(A));
    const int64_t linop = csk_linop_work_len(A), work = csk_prior_work_len(prior, 1);
    float *block = csk_alloc(2 * n + (linop > work ? linop : work), sizeof(*block));
    double lo, hi;
    csk_status err = block ? CSK_OK : CSK_ERR_NOMEM;

    csk_prior_sigma_range(prior, &lo, &hi);
    const double level = fmin(fmax(.1, lo), hi);
    *normal = *denoise = INFINITY;
    for (int k = 0; k < 3 && !err; k++) {
        const csk_rng name = { 0, 0, 0 };
        const double start = cli_seconds();

        csk_linop_normal(A, block + n, block, block + 2 * n);
        const double middle = cli_seconds();
        err =
            csk_prior_denoise(prior, 1, block + n, block, &level, &name, block + 2 * n);
        *normal = fmin(*normal, middle - start);
        *denoise = fmin(*denoise, cli_seconds() - middle);
    }
    csk_free(block);
    return err;
}

/* Held twice: as read, and as the network has them. */
static int64_t weights_of(const csk_model *model)
{
    const csk_tensors *t = csk_model_tensors(model);
    int64_t sum = 0;

    for (int i = 0; t && i < t->count; i++)
        sum += csk_tensor_size(&t->item[i]);
    return sum;
}

/* Three applications of A*A and of the denoiser and the count of steps say how long it takes. */
csk_status cli_posterior_plan(const csk_linop *A, const cli_prior *read,
                              const csk_recon_opts *o, cli_plan *out)
{
    csk_method_opts method = o->method;
    csk_prior *prior = NULL;
    double normal = 0., denoise = 0.;
    const bool simulates = method.method == CSK_METHOD_LANGEVIN &&
                           method.recover.sigma == 0. && o->radius == 0.;
    csk_status err = csk_model_prior(
        &prior, csk_linop_domain(A), read->model, 1.,
        &(csk_model_opts){ .shift = o->shift, .precision = o->precision });

    if (!err)
        err = time_parts(A, prior, &normal, &denoise);
    if (!err) {
        const int64_t n = csk_linop_cols(A), m = csk_linop_rows(A);
        const int64_t chains = o->samples < 16 ? o->samples : 16;
        if (!method.recover.levels && !csk_model_wavelet(read->model))
            method.recover.levels = CSK_RECON_LEARNED_LEVELS;
        const double steps =
            (double)o->samples * (double)csk_method_evaluations(&method);

        /* a step costs about five normal operators besides the score: the solve, the noise */
        out->seconds = normal * (o->naive_iter * (1. + (simulates ? o->draws : 0))) +
                       (5. * normal + denoise) * steps;
        out->bytes =
            4 * (o->samples * n + chains * (7 * n + m) +
                 csk_prior_work_len(prior, (int)chains) + 3 * csk_linop_work_len(A) +
                 6 * n + 4 * m + 2 * weights_of(read->model));
    }
    csk_prior_unref(prior);
    return err;
}
