/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cs/coverage.h"
#include "cs/mem.h"
#include "cs/metric.h"
#include "cs/vec.h"

typedef struct metric_opts {
    bool complex_difference;
    const char *region, *samples;
    double inside, peak, level, noise;
} metric_opts;

/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_FLAG(metric_opts, complex_difference, "complex", 0, "compare complex numbers, not magnitudes, in NMSE, NRMSE and PSNR"),
    CSK_OPT_TEXT(metric_opts, region, "region", "FILE", "count only where this mask is not 0"),
    CSK_OPT_REAL(metric_opts, inside, "inside", 0, 0, .999, "F", "count only where the reference is above F times its largest magnitude, such as 0.05 for the object; 0: everywhere"),
    CSK_OPT_REAL(metric_opts, peak, "peak", 0, 0, 1e30, "P", "of PSNR and SSIM; 0: the largest magnitude of the reference in the region"),
    CSK_OPT_TEXT(metric_opts, samples, "samples", "FILE", "posterior samples, [sample][y][x]: do their intervals hold the reference?"),
    CSK_OPT_REAL(metric_opts, level, "level", .9, .01, .999, "P", "of these intervals"),
    CSK_OPT_REAL(metric_opts, noise, "reference-noise", 0, 0, 1e30, "SIGMA", "standard deviation of the reference's own noise in each real number, as far as the samples cannot know it"),
    CSK_OPT_END,
};
/* clang-format on */

static csk_status compare(const cli_call *call, const csk_array *reference,
                          const char *path, const csk_metric_opts *how)
{
    csk_array x = { .data = NULL };
    csk_metrics m;
    csk_status err = cli_read(call, &x, path, CLI_FINITE);

    if (!err)
        err = cli_same_shape(&x.space, path, &reference->space, cli_arg_of(call, 0));
    if (!err)
        err = cli_bad_input(call, csk_metric(&m, &x, reference, how));
    csk_array_clear(&x);
    if (err)
        return err;
    cli_begin_row(call, "images");
    cli_put_text(call, "image", path);
    cli_put_real(call, "psnr", m.psnr, 2, "dB");
    cli_put_real(call, "ssim", m.ssim, 4, NULL);
    cli_put_real(call, "nmse", m.nmse, -1, NULL);
    cli_put_real(call, "nrmse", m.nrmse, -1, NULL);
    cli_end_row(call);
    if (call->verbose)
        cli_detail(call, "%s: peak %g, %lld values compared", path, m.peak,
                   (long long)m.count);
    return CSK_OK;
}

static csk_status cover(const cli_call *call, const csk_array *reference,
                        const uint8_t *region)
{
    const metric_opts *o = call->opts;
    const csk_coverage_opts how = { o->level, o->noise, region };
    csk_array samples = { .data = NULL };
    csk_coverage c;
    csk_status err = cli_read(call, &samples, o->samples, CLI_FINITE);

    if (!err)
        err = cli_bad_input(call, csk_coverage_of(&c, &samples, reference, &how));
    csk_array_clear(&samples);
    if (err)
        return err;
    cli_put_real(call, "coverage", 100. * c.fraction, 1, "%");
    cli_put_real(call, "spread", c.spread, -1, NULL);
    cli_put_real(call, "error", c.error, -1, NULL);
    return CSK_OK;
}

static csk_status read_region(const cli_call *call, uint8_t **region,
                              const csk_array *reference)
{
    const char *path = ((const metric_opts *)call->opts)->region;
    int64_t len = 0;
    csk_status err =
        cli_read_mask(call, region, &len, path, &reference->space, cli_arg_of(call, 0));

    if (!err && len != csk_space_size(&reference->space))
        err = cli_bad_input(call, csk_fail(CSK_ERR_SHAPE, "%s has fewer axes than %s",
                                           path, cli_arg_of(call, 0)));
    return err;
}

/* One where the reference is above @p share of its largest magnitude. */
static csk_status find_object(uint8_t **region, const csk_array *reference,
                              double share)
{
    const int64_t n = csk_space_size(&reference->space);
    const int width = (int)reference->space.field;
    float *modulus = csk_alloc(n, sizeof(*modulus));

    *region = csk_alloc(n, 1);
    if (!modulus || !*region) {
        csk_free(modulus);
        return CSK_ERR_NOMEM;
    }
    csk_modulus(n, width, reference->data, modulus);
    const double least = share * csk_max_modulus(n, 1, modulus);
    for (int64_t i = 0; i < n; i++)
        (*region)[i] = (double)modulus[i] > least;
    csk_free(modulus);
    return CSK_OK;
}

static csk_status run(const cli_call *call)
{
    const metric_opts *o = call->opts;
    csk_array reference = { .data = NULL };
    uint8_t *region = NULL;
    csk_status err = CSK_OK;

    if (o->region && o->inside > 0.)
        return csk_fail(CSK_ERR_ARG, "--region or --inside, not both");
    err = cli_read(call, &reference, cli_arg_of(call, 0), CLI_USABLE);
    if (!err && o->region)
        err = read_region(call, &region, &reference);
    if (!err && o->inside > 0.)
        err = find_object(&region, &reference, o->inside);
    const csk_metric_opts how = { o->complex_difference, o->peak, region };
    for (int i = 0; i < call->args[1].n && !err; i++)
        err = compare(call, &reference, call->args[1].v[i], &how);
    if (!err && o->samples)
        err = cover(call, &reference, region);
    csk_array_clear(&reference);
    csk_free(region);
    return err;
}

static const cli_arg args[] = {
    { "REFERENCE", "the true image", .role = CLI_INPUT },
    { "IMAGE", "images to compare with it", .count = CLI_MANY },
    { .name = NULL },
};

static const cli_example examples[] = {
    { "metric scan-truth.npy scan-truth.npy", "an image is what it is" },
    { "metric scan-truth.npy rec/magnitude.npy --inside 0.05 --samples rec/samples.npy",
      "inside the object, and do the intervals hold?" },
    { NULL, NULL },
};

static const char *const refs[] = {
    "Wang, Bovik, Sheikh, Simoncelli, IEEE Trans. Image Process. 13 (2004) 600-612",
    NULL,
};

const cli_cmd cmd_metric = {
    .name = "metric",
    .brief = "compare images with a reference: PSNR, SSIM, NMSE, NRMSE",
    .about =
        "For an image x and the reference r, both real or complex, over the N pixels of the "
        "region:\n\n"
        "  NMSE  = sum |x - r|^2 / sum |r|^2\n"
        "  NRMSE = sqrt(NMSE)\n"
        "  PSNR  = 10 log10( peak^2 / (sum |x - r|^2 / N) )   in dB\n"
        "  SSIM  = mean structural similarity of 7x7 windows, of magnitudes,\n"
        "          as scikit-image has it by default\n\n"
        "peak is the largest |r|. Of complex images magnitudes are compared unless "
        "--complex is given, of real ones the values with their signs. "
        "'csk help metrics' has every detail.\n\n"
        "With --samples, the share of the pixels (coverage) at which an interval of the N "
        "samples' values, or of complex samples' magnitudes, holds the reference:\n\n"
        "  m +- sqrt( t^2 s^2 (1 + 1/N) + z^2 SIGMA^2 )\n\n"
        "m and s are their mean and standard deviation, t and z the quantiles of Student's "
        "distribution (N - 1 degrees of freedom) and the normal one, SIGMA the "
        "--reference-noise: of a reference from a fully sampled scan with noise eta, of which "
        "the samples have seen the part 1/R, eta sqrt(1 - 1/R). Also their spread, the "
        "root mean square of s sqrt(1 + 1/N), and error, that of m - |r|.",
    .args = args,
    .params = params,
    .opts_size = sizeof(metric_opts),
    .examples = examples,
    .refs = refs,
    .run = run,
};
