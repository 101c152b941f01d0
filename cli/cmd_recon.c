/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/prior_arg.h"
#include "cli/scan.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/recon.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct recon_opts {
    const char *coils, *mask, *prior;
    double noise;
    csk_recon_opts recon;
} recon_opts;

#define S recon_opts
/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_TEXT(S, coils, "coils", "FILE", "coil sensitivities; needed with several coils"),
    CSK_OPT_TEXT(S, mask,  "mask",  "FILE", "sampling pattern; without it, measured is what is not exactly 0"),
    CSK_OPT_TEXT(S, prior, "prior", "NAME", "prior: a name of csk prior list, or a file (csk help priors)"),
    CSK_OPT_REAL(S, noise, "noise", 0, 0, 1e30, "ETA", "standard deviation of the noise in each real number, 0 to estimate it"),
    CSK_OPT_GROUP(S, recon, csk_recon_params),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

static csk_status write_one(const cli_call *call, const csk_array *a, const char *name)
{
    char *path = cli_join(cli_arg_of(call, 1), name);
    const csk_status err = path ? cli_write(call, a, path) : CSK_ERR_NOMEM;

    free(path);
    return err;
}

/* When the stages began, and what they show. */
typedef struct stages {
    const cli_call *call;
    double start[CSK_RECON_DONE + 1];
} stages;

/* The naive estimate is written as soon as it is there. */
static csk_status on_stage(void *user, csk_recon_stage stage, const csk_recon *so_far)
{
    static const char *const labels[] = { "naive estimate", "radius", "posterior",
                                          "check" };
    stages *s = user;

    s->start[stage] = cli_seconds();
    if (stage < CSK_RECON_DONE) /* the same monitor under another name */
        (void)cli_monitor(s->call, labels[stage]);
    return stage == CSK_RECON_RADIUS ? write_one(s->call, &so_far->naive, "naive.npy")
                                     : CSK_OK;
}

static csk_status write_rest(const cli_call *call, const csk_recon *p)
{
    csk_status err = write_one(call, &p->mean, "mean.npy");

    if (!err)
        err = write_one(call, &p->std, "std.npy");
    if (!err)
        err = write_one(call, &p->low, "q05.npy");
    if (!err)
        err = write_one(call, &p->high, "q95.npy");
    if (!err)
        err = write_one(call, &p->samples, "samples.npy");
    return err;
}

/* With --force, what an earlier run left: an interrupted one would mix with it. */
static csk_status remove_old(const cli_call *call)
{
    static const char *const names[] = { "naive.npy",  "mean.npy", "std.npy",
                                         "q05.npy",    "q95.npy",  "samples.npy",
                                         "report.json" };
    csk_status err = CSK_OK;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !err; i++) {
        char *path = cli_join(cli_arg_of(call, 1), names[i]);
        if (!path)
            err = cli_no_memory();
        else if (remove(path) != 0 && errno != ENOENT)
            err = csk_fail(CSK_ERR_IO, "%s: %s", path, strerror(errno));
        free(path);
    }
    return err;
}

static void report_sampling(const cli_call *call, const csk_recon *p)
{
    const recon_opts *o = call->opts;
    const csk_stage *g = p->info.stages;
    const int last = p->info.count - 1;
    int64_t steps = 0;

    for (int k = 0; k <= last; k++)
        steps += g[k].steps;
    cli_put_int(call, "samples", o->recon.samples);
    cli_put_real(call, "unit", p->unit, -1, NULL);
    cli_put_real(call, "radius", p->radius, -1, NULL);
    cli_put_text(call, "radius_from", p->radius_from);
    cli_put_real(call, "sigma", p->info.sigma, -1, NULL);
    cli_put_int(call, "levels", p->info.count);
    cli_put_int(call, "steps_a_level", g[last].steps);
    cli_put_int(call, "steps", steps);
    cli_put_real(call, "first_smoothing", g[0].smoothing * p->unit, -1, NULL);
    cli_put_real(call, "last_smoothing", g[last].smoothing * p->unit, -1, NULL);
    cli_put_real(call, "first_noise_level", g[0].noise_std * p->unit, -1, NULL);
    cli_put_real(call, "step_size", o->recon.recover.langevin.step, -1, NULL);
    cli_put_int(call, "score_evaluations",
                p->info.langevin.evaluations + p->info.diffusion.evaluations);
    cli_put_int(call, "operator_applications", p->info.langevin.applications);
    cli_put_real(call, "residual_norm", p->residual, -1, NULL);
    cli_put_real(call, "residual_norm_expected", p->expected, -1, NULL);
    cli_put_real(call, "residual_ratio", p->residual / p->expected, 4, NULL);
    if (p->sigma_wanted > p->info.sigma * 1.000001)
        cli_say(call,
                "the prior was made for noise up to %.4g: the naive estimate gets that "
                "instead of %.4g",
                p->sigma_max, p->sigma_wanted);
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

static void report_mismatch(const cli_call *call, const csk_recon *p, const char *prior)
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
        cli_say(call,
                "the image is unlike those that '%s' was trained on: at noise %.3g the "
                "%s is off by %.1f standard deviations; see csk prior info %s",
                prior, e->sigma[m->level] * p->unit,
                m->by_correlation ? "correlation of error and score" : "score norm",
                m->deviation, prior);
}

static void report(const cli_call *call, const cli_scan *scan, const cli_prior *prior,
                   const csk_recon *p, const stages *s, double seconds_reading)
{
    cli_put_shape(call, "image", &scan->is.image);
    cli_put_int(call, "coils", scan->is.coils);
    cli_put_real(call, "acceleration",
                 (double)csk_space_size(&scan->is.image) / (double)scan->is.samples, 3,
                 NULL);
    cli_put_text(call, "prior", prior->name);
    cli_put_text(call, "prior_kind", csk_model_kind(prior->model));
    cli_put_text(call, "prior_sha256", prior->hash);
    report_sampling(call, p);
    report_mismatch(call, p, prior->name);
    report_seconds(call, p, s, seconds_reading);
}

/* All that was said, and every level of the schedule. */
static csk_status write_report(const cli_call *call, const csk_recon *p)
{
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
    char *path = cli_join(cli_arg_of(call, 1), "report.json");
    const csk_status err =
        json && path ? cli_write_file(call, path, json, strlen(json)) : CSK_ERR_NOMEM;

    free(json);
    free(path);
    return err;
}

static csk_status read_inputs(const cli_call *call, cli_scan *scan, cli_prior *prior)
{
    const recon_opts *o = call->opts;
    csk_status err = cli_prior_read(call, prior, o->prior);

    if (!err)
        err = cli_scan_read(call, scan, cli_arg_of(call, 0), o->coils, o->mask);
    if (!err)
        err = cli_bad_input(
            call, csk_model_fits(prior->model, csk_linop_domain(scan->is.A), o->prior));
    return err;
}

static csk_status run(const cli_call *call)
{
    const recon_opts *o = call->opts;
    cli_prior prior = { .model = NULL };
    cli_scan scan = { .is = { .A = NULL } };
    csk_recon p = { .unit = 0. };
    csk_recon_opts opts = o->recon;
    stages s = { .call = call };
    double eta = 0.;
    const double start = cli_seconds();
    csk_status err = read_inputs(call, &scan, &prior);

    opts.recover.langevin.monitor = cli_monitor(call, NULL);
    opts.stage = on_stage;
    opts.user = &s;
    if (!err)
        err = cli_bad_input(call, cli_scan_noise(call, &scan, o->noise, &eta));
    const double reading = cli_seconds() - start;
    if (!err)
        err = cli_make_dir(call, cli_arg_of(call, 1));
    if (!err && call->force)
        err = remove_old(call);
    if (!err)
        err = csk_recon_run(&p, scan.is.A, scan.is.b, eta, prior.model, call->seed,
                            &opts);
    if (!err)
        err = write_rest(call, &p);
    if (!err) {
        report(call, &scan, &prior, &p, &s, reading);
        err = write_report(call, &p);
    }
    csk_recon_clear(&p);
    cli_scan_clear(&scan);
    cli_prior_clear(&prior);
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

/* Three applications of A*A and of the denoiser and the count of steps say how long it takes. */
static csk_status plan(const cli_call *call, cli_plan *out)
{
    const recon_opts *o = call->opts;
    const csk_recover_opts *r = &o->recon.recover;
    cli_prior read = { .model = NULL };
    cli_scan scan = { .is = { .A = NULL } };
    csk_prior *prior = NULL;
    double normal = 0., denoise = 0.;
    csk_status err = read_inputs(call, &scan, &read);
    const csk_linop *A = scan.is.A;

    if (!err)
        err = csk_model_prior(&prior, csk_linop_domain(A), read.model, 1., NULL);
    if (!err)
        err = time_parts(A, prior, &normal, &denoise);
    if (!err) {
        const int64_t n = csk_linop_cols(A), m = csk_linop_rows(A);
        const int64_t chains = o->recon.samples < 16 ? o->recon.samples : 16;
        const int levels = r->levels                       ? r->levels
                           : csk_model_wavelet(read.model) ? CSK_RECOVER_LEVELS
                                                           : CSK_RECON_LEARNED_LEVELS;
        const double steps = (double)o->recon.samples * levels * r->steps;

        /* a step costs about five normal operators besides the score: the solve, the noise */
        out->seconds = normal * (o->recon.naive_iter * (1. + o->recon.draws)) +
                       (5. * normal + denoise) * steps;
        out->bytes = 4 * (o->recon.samples * n + chains * (7 * n + m) +
                          csk_prior_work_len(prior, (int)chains) +
                          3 * csk_linop_work_len(A) + 6 * n + 4 * m);
    }
    csk_prior_unref(prior);
    cli_scan_clear(&scan);
    cli_prior_clear(&read);
    return err;
}

static const cli_arg args[] = {
    { .name = "SCAN", .help = "k-space: [coil][y][x], zero where not measured" },
    { .name = "DIR",
      .help = "new directory for naive, mean, std, q05, q95, samples and report.json",
      .role = CLI_OUTPUT_DIR },
    { .name = NULL },
};

static const cli_example examples[] = {
    { "recon scan.cfl --coils scan-coils.cfl --prior head.csk --samples 4 --levels 8 --out "
      "rec/",
      "four posterior samples, quickly" },
    { NULL, NULL },
};

static const char *const refs[] = {
    "Xun, Gupta, Price, NeurIPS 2025, arXiv:2510.26324",
    "Leimkuhler, Matthews, arXiv:1102.4139",
    NULL,
};

const cli_cmd cmd_recon = {
    .name = "recon",
    .brief = "sample the posterior of a scan: image, uncertainty, samples",
    .about =
        "Algorithm 3 of Xun, Gupta and Price: a naive estimate (l1-wavelet) is noised, a\n"
        "diffusion prior and Langevin dynamics carry the noised image to the posterior. Writes\n"
        "into DIR, as .npy:\n"
        "\n"
        "  naive    the naive estimate\n"
        "  mean     mean of the complex samples; look at its magnitude\n"
        "  std      standard deviation of the samples' magnitude, per pixel\n"
        "  q05 q95  quantiles of the samples' magnitude (type 6: position p (N + 1); of 16\n"
        "           samples these are the extremes, which hold 88 %)\n"
        "  samples  all samples, [sample][y][x]\n"
        "\n"
        "and report.json: noise level, prior, R, sigma, schedule, step size, score evaluations,\n"
        "operator applications, residual norm and what the noise level predicts for it, how\n"
        "like the training images the samples are, seconds per stage. seconds_sampling_prior is\n"
        "the part of the sampling spent in the prior, seconds_sampling_operator the rest: the\n"
        "operator, the linear solves with it, random numbers.\n"
        "\n"
        "Data of any scale and images of any size will do; the orientation must be that of the\n"
        "training images where these had one. A warning says when the samples are unlike them\n"
        "(csk help priors).\n"
        "\n"
        "Samples come in antithetic pairs unless --no-antithetic is given. The arrays have the\n"
        "same bytes for the same seed, whatever the number of threads.",
    .args = args,
    .params = params,
    .opts_size = sizeof(recon_opts),
    .threads = true,
    .examples = examples,
    .refs = refs,
    .run = run,
    .plan = plan,
};
