/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/posterior.h"
#include "cli/scan.h"

#include <stdio.h>

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

/* An axis too many is most likely that of the coils, which only some files name. */
static csk_status check_image(const cli_call *call, const cli_scan *scan,
                              const csk_model *model)
{
    const recon_opts *o = call->opts;
    const csk_status err =
        csk_model_fits(model, csk_linop_domain(scan->is.A), o->prior);
    char why[512], doubt[512];

    if (!err || !scan->maybe_coils)
        return err;
    (void)snprintf(why, sizeof(why), "%s", csk_error_message());
    return csk_fail(err, "%s; %s", why,
                    cli_scan_doubt(scan, cli_arg_of(call, 0), doubt, sizeof(doubt)));
}

static csk_status read_inputs(const cli_call *call, cli_scan *scan, cli_prior *prior)
{
    const recon_opts *o = call->opts;
    csk_status err = cli_posterior_prior(call, prior, o->prior, &o->recon);

    if (!err)
        err = cli_scan_read(call, scan, cli_arg_of(call, 0), o->coils, o->mask);
    if (!err)
        err = cli_bad_input(call, check_image(call, scan, prior->model));
    return err;
}

static csk_status run(const cli_call *call)
{
    const recon_opts *o = call->opts;
    cli_prior prior = { .model = NULL };
    cli_scan scan = { .is = { .A = NULL } };
    double eta = 0.;
    const double start = cli_seconds();
    csk_status err = read_inputs(call, &scan, &prior);

    if (!err)
        err = cli_bad_input(call, cli_scan_noise(call, &scan, o->noise, &eta));
    if (!err) {
        cli_put_shape(call, "image", &scan.is.image);
        cli_put_int(call, "coils", scan.is.coils);
        cli_put_real(call, "acceleration",
                     (double)csk_space_size(&scan.is.image) / (double)scan.is.samples,
                     3, NULL);
        err = cli_posterior_run(call, scan.is.A, scan.is.b, eta, &prior, &o->recon,
                                cli_seconds() - start);
    }
    cli_scan_clear(&scan);
    cli_prior_clear(&prior);
    return err;
}

static csk_status plan(const cli_call *call, cli_plan *out)
{
    const recon_opts *o = call->opts;
    cli_prior prior = { .model = NULL };
    cli_scan scan = { .is = { .A = NULL } };
    csk_status err = read_inputs(call, &scan, &prior);

    if (!err)
        err = cli_posterior_plan(scan.is.A, &prior, &o->recon, out);
    cli_scan_clear(&scan);
    cli_prior_clear(&prior);
    return err;
}

static const cli_arg args[] = {
    { .name = "SCAN",
      .help =
          "k-space: [coil][y][x], of one coil [y][x] or [1][y][x], zero where not measured" },
    { .name = "DIR",
      .help =
          "new directory for naive, mean, magnitude, std, q05, q95, samples, report.json",
      .role = CLI_OUTPUT_DIR },
    { .name = NULL },
};

static const cli_example examples[] = {
    { "recon scan.cfl --coils scan-coils.cfl --prior head.csk --samples 4 --levels 16 "
      "--out rec/",
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
        "  naive      the naive estimate\n"
        "  mean       mean of the complex samples\n"
        "  magnitude  mean of the samples' magnitude: what to look at, and to measure with\n"
        "             csk metric where the reference has the noise of a scan; where it has none,\n"
        "             as in simulations, the mean is nearer, whose background has less\n"
        "  std        standard deviation of the samples' magnitude, per pixel; of one sample\n"
        "             there is none, nor quantiles\n"
        "  q05 q95    quantiles of the samples' magnitude (type 6: position p (N + 1); of N < 19\n"
        "             samples the extremes, which hold (N - 1) / (N + 1): 88 % with 16, 33 % with 2)\n"
        "  samples    all samples, [sample][y][x]\n"
        "\n"
        "and report.json: noise level, prior, R, sigma, schedule, step size, score evaluations,\n"
        "operator applications, residual norm and what the noise level predicts for it, how\n"
        "like the training images the samples are, seconds per stage. seconds_sampling_prior is\n"
        "the part of the sampling spent in the prior, seconds_sampling_operator the rest: the\n"
        "operator, the linear solves with it, random numbers.\n"
        "\n"
        "k-space is that of the unitary, centred Fourier transform: frequency 0 and the middle of\n"
        "the image are at entry floor(n/2) of their axes, as fftshift puts them.\n"
        "\n"
        "Data of any scale and images of any size will do; the orientation must be that of the\n"
        "training images where these had one. A warning says when the samples are unlike them\n"
        "(csk help priors).\n"
        "\n"
        "With a learned prior, samples keep noise of the size that the data have, as scans do;\n"
        "--denoise-samples takes it out: the image is then nearer to a noiseless truth, not to\n"
        "a noisy reference.\n"
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
