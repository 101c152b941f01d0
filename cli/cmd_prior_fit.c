/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/slices.h"
#include "samplers/prior_wavelet.h"

static const char *const kinds[] = { "wavelet", NULL };

typedef struct fit_opts {
    int kind;
    csk_wavelet_fit_opts wavelet;
} fit_opts;

/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_CHOICE(fit_opts, kind, "kind", 0, kinds, "kind of prior"),
    CSK_OPT_GROUP(fit_opts, wavelet, csk_wavelet_fit_params),
    CSK_OPT_END,
};
/* clang-format on */

static const char *field_name(csk_field field)
{
    return field == CSK_REAL ? "real" : "complex";
}

/* The images are finite and not zero: what is left of CSK_ERR_NUMERIC is their size. */
static csk_status fit(csk_wavelet_model *m, const cli_slices *t, const cli_call *call)
{
    const fit_opts *o = call->opts;
    const csk_status err =
        csk_wavelet_fit(m, t->count, t->list, &o->wavelet, call->seed);

    if (err != CSK_ERR_NUMERIC)
        return err;
    return csk_fail(err,
                    "%s%s: the values are too large or too small to learn from; 'csk "
                    "convert --scale 1' changes that",
                    call->args[0].v[0], t->files > 1 ? " and the others" : "");
}

static csk_status fit_run(const cli_call *call)
{
    const char *path = cli_arg_of(call, 1);
    const double start = cli_seconds();
    csk_wavelet_model m = { .weight = NULL };
    cli_slices t = { .file = NULL };
    csk_status err = cli_slices_read(call, &t, &call->args[0]);

    if (!err)
        err = fit(&m, &t, call);
    if (!err) {
        const char *note = cli_provenance(call);
        cli_catch_signals();
        err = note ? cli_wrote(call, path, csk_wavelet_model_write(&m, path, note))
                   : cli_no_memory();
    }
    if (!err) {
        cli_put_int(call, "images", t.count);
        cli_put_text(call, "field", field_name(m.field));
        cli_put_text(call, "wavelet", m.family);
        cli_put_int(call, "levels", m.levels);
        cli_put_int(call, "components", m.components);
        cli_put_real(call, "scale", m.scale, -1, NULL);
        cli_put_real(call, "seconds", cli_seconds() - start, 2, NULL);
    }
    csk_wavelet_model_clear(&m);
    cli_slices_clear(&t);
    return err;
}

static const cli_arg fit_args[] = {
    { "IMAGE", "images [y][x], or stacks of them [n][y][x], real or complex",
      .count = CLI_MANY },
    { "PRIOR", "the prior, any name; .csk is usual", .role = CLI_OUTPUT,
      .is_prior = true },
    { .name = NULL },
};

static const cli_example fit_examples[] = {
    { "prior fit --kind wavelet scan-truth.npy -o head.csk", "from one complex image" },
    { "prior fit head.npy --no-phase --levels 3 --shifts 2 -o grey.csk",
      "of real images" },
    { NULL, NULL },
};

static const char *const refs[] = {
    "Wainwright, Simoncelli, Adv. Neural Inf. Process. Syst. 12 (1999) 855-861",
    NULL,
};

const cli_cmd cmd_prior_fit = {
    .name = "prior fit",
    .brief = "learn a prior from example images",
    .about =
        "The prior of kind wavelet is a Gaussian scale mixture for the coefficients of "
        "each subband of an orthonormal wavelet transform, fitted by expectation "
        "maximisation. It can be used for images of any size that are as finely "
        "resolved as the examples; their scale is adapted.\n\n"
        "Real examples get a smooth random phase unless --no-phase is given, and the "
        "prior is then one of complex images, as MRI needs it. Images may differ in "
        "size. Slices that are zero everywhere are left out.",
    .args = fit_args,
    .params = params,
    .opts_size = sizeof(fit_opts),
    .threads = true,
    .examples = fit_examples,
    .refs = refs,
    .run = fit_run,
};
