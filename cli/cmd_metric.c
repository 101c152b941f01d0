/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cs/mem.h"
#include "cs/metric.h"

typedef struct metric_opts {
    bool complex_difference;
    const char *region;
    double peak;
} metric_opts;

/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_FLAG(metric_opts, complex_difference, "complex", 0, "compare complex numbers, not magnitudes, in NMSE, NRMSE and PSNR"),
    CSK_OPT_TEXT(metric_opts, region, "region", "FILE", "count only where this mask is not 0"),
    CSK_OPT_REAL(metric_opts, peak, "peak", 0, 0, 1e30, "P", "of PSNR and SSIM; 0: the largest magnitude of the reference in the region"),
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

static csk_status run(const cli_call *call)
{
    const metric_opts *o = call->opts;
    csk_array reference = { .data = NULL };
    uint8_t *region = NULL;
    int64_t len = 0;
    csk_status err =
        cli_read(call, &reference, cli_arg_of(call, 0), CLI_FINITE | CLI_NOT_ZERO);

    if (!err && o->region)
        err = cli_read_mask(call, &region, &len, o->region, &reference.space,
                            cli_arg_of(call, 0));
    if (!err && region && len != csk_space_size(&reference.space))
        err = cli_bad_input(call, csk_fail(CSK_ERR_SHAPE, "%s has fewer axes than %s",
                                           o->region, cli_arg_of(call, 0)));
    const csk_metric_opts how = { o->complex_difference, o->peak, region };
    for (int i = 0; i < call->args[1].n && !err; i++)
        err = compare(call, &reference, call->args[1].v[i], &how);
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
        "'csk help metrics' has every detail.",
    .args = args,
    .params = params,
    .opts_size = sizeof(metric_opts),
    .examples = examples,
    .refs = refs,
    .run = run,
};
