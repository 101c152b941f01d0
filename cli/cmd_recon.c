/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
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
    CSK_OPT_TEXT(S, prior, "prior", "FILE", "prior, as csk prior fit writes it"),
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
    static const char *const labels[] = { "naive estimate", "radius", "posterior" };
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

static void report(const cli_call *call, const cli_scan *scan, const csk_recon *p,
                   const stages *s, double seconds_reading)
{
    const recon_opts *o = call->opts;
    const csk_stage *g = p->info.stages;
    const int last = p->info.count - 1;
    int64_t steps = 0;

    for (int k = 0; k <= last; k++)
        steps += g[k].steps;
    cli_put_shape(call, "image", &scan->is.image);
    cli_put_int(call, "coils", scan->is.coils);
    cli_put_real(call, "acceleration",
                 (double)csk_space_size(&scan->is.image) / (double)scan->is.samples, 3,
                 NULL);
    cli_put_int(call, "samples", o->recon.samples);
    cli_put_real(call, "unit", p->unit, -1, NULL);
    cli_put_real(call, "radius", p->radius, -1, NULL);
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
    cli_put_real(call, "seconds_reading", seconds_reading, 2, "s");
    cli_put_real(call, "seconds_naive",
                 s->start[CSK_RECON_RADIUS] - s->start[CSK_RECON_NAIVE], 2, "s");
    cli_put_real(call, "seconds_radius",
                 s->start[CSK_RECON_SAMPLING] - s->start[CSK_RECON_RADIUS], 2, "s");
    cli_put_real(call, "seconds_sampling",
                 s->start[CSK_RECON_DONE] - s->start[CSK_RECON_SAMPLING], 2, "s");
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

static csk_status read_inputs(const cli_call *call, cli_scan *scan,
                              csk_wavelet_model *model)
{
    const recon_opts *o = call->opts;

    if (!o->prior)
        return csk_fail(CSK_ERR_ARG, "--prior is missing; csk prior fit makes one");
    csk_status err = cli_scan_read(call, scan, cli_arg_of(call, 0), o->coils, o->mask);
    if (!err)
        err = cli_input(call, o->prior);
    if (!err)
        err = cli_bad_input(call, csk_wavelet_model_read(model, o->prior));
    if (!err && (model->axes != scan->is.image.rank || model->field != CSK_COMPLEX))
        err = cli_bad_input(
            call, csk_fail(CSK_ERR_SHAPE,
                           "%s: describes %s images of %d axes, the scan has "
                           "complex ones of %d",
                           o->prior, model->field == CSK_COMPLEX ? "complex" : "real",
                           model->axes, scan->is.image.rank));
    return err;
}

static csk_status run(const cli_call *call)
{
    const recon_opts *o = call->opts;
    csk_wavelet_model model = { .weight = NULL };
    cli_scan scan = { .is = { .A = NULL } };
    csk_recon p = { .unit = 0. };
    csk_recon_opts opts = o->recon;
    stages s = { .call = call };
    double eta = 0.;
    const double start = cli_seconds();
    csk_status err = read_inputs(call, &scan, &model);

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
        err = csk_recon_run(&p, scan.is.A, scan.is.b, eta, &model, call->seed, &opts);
    if (!err)
        err = write_rest(call, &p);
    if (!err) {
        report(call, &scan, &p, &s, reading);
        err = write_report(call, &p);
    }
    csk_recon_clear(&p);
    cli_scan_clear(&scan);
    csk_wavelet_model_clear(&model);
    return err;
}

/* Three applications of A*A and the count of steps say how long it takes. */
static csk_status plan(const cli_call *call, cli_plan *out)
{
    const recon_opts *o = call->opts;
    csk_wavelet_model model = { .weight = NULL };
    cli_scan scan = { .is = { .A = NULL } };
    csk_status err = read_inputs(call, &scan, &model);

    if (!err) {
        const int64_t n = csk_linop_cols(scan.is.A), m = csk_linop_rows(scan.is.A);
        const int64_t chains = o->recon.samples < 16 ? o->recon.samples : 16;
        float *block =
            csk_alloc(2 * csk_pad(n) + csk_linop_work_len(scan.is.A), sizeof(*block));

        if (!block) {
            err = CSK_ERR_NOMEM;
        } else {
            double best = INFINITY;
            for (int k = 0; k < 3; k++) {
                const double start = cli_seconds();
                csk_linop_normal(scan.is.A, block + csk_pad(n), block,
                                 block + 2 * csk_pad(n));
                best = fmin(best, cli_seconds() - start);
            }
            const csk_recover_opts *r = &o->recon.recover;
            /* a step costs about seven normal operators: the solve, the score, the noise */
            out->seconds = best * (o->recon.naive_iter * (1. + o->recon.draws) +
                                   7. * o->recon.samples * r->levels * r->steps);
            out->bytes = 4 * (o->recon.samples * n + chains * (7 * n + m) +
                              3 * csk_linop_work_len(scan.is.A) + 6 * n + 4 * m);
            csk_free(block);
        }
    }
    cli_scan_clear(&scan);
    csk_wavelet_model_clear(&model);
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
        "and report.json: noise level, R, sigma, schedule, step size, score evaluations,\n"
        "operator applications, residual norm and what the noise level predicts for it,\n"
        "seconds per stage. Samples come in antithetic pairs unless --no-antithetic is given.\n"
        "The arrays have the same bytes for the same seed, whatever the number of threads.",
    .args = args,
    .params = params,
    .opts_size = sizeof(recon_opts),
    .threads = true,
    .examples = examples,
    .refs = refs,
    .run = run,
    .plan = plan,
};
