/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cs/vec.h"
#include "samplers/prior_wavelet.h"

#include <stdlib.h>

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

/* The files, and the slices they hold: a slice borrows the data of its file. */
typedef struct training {
    csk_array *file;
    int files;
    csk_array *slice;
    const csk_array **list; /**< pointers to the slices */
    int slices;
} training;

static void training_clear(training *t)
{
    for (int i = 0; i < t->files; i++)
        csk_array_clear(&t->file[i]);
    free(t->file);
    free(t->slice);
    free((void *)t->list);
    *t = (training){ .file = NULL };
}

static csk_status read_files(training *t, const cli_call *call)
{
    const cli_values *paths = &call->args[0];
    csk_status err = CSK_OK;

    t->file = calloc((size_t)paths->n, sizeof(*t->file));
    if (!t->file)
        return cli_no_memory();
    t->files = paths->n;
    for (int i = 0; i < paths->n && !err; i++) {
        const csk_space *s = &t->file[i].space;

        err = cli_read(call, &t->file[i], paths->v[i], CLI_FINITE | CLI_NOT_ZERO);
        if (!err && s->rank != 2 && s->rank != 3)
            err = csk_fail(
                CSK_ERR_SHAPE,
                "%s has %d axes, expected an image (2) or a stack of images (3)",
                paths->v[i], s->rank);
        else if (!err && s->field != t->file[0].space.field)
            err = csk_fail(CSK_ERR_SHAPE, "%s is %s, but %s is not", paths->v[i],
                           s->field == CSK_REAL ? "real" : "complex", paths->v[0]);
    }
    return cli_bad_input(call, err);
}

static int64_t slices_of(const csk_array *file)
{
    return file->space.rank == 3 ? file->space.dim[0] : 1;
}

/* Slices that are zero everywhere, as at the ends of a head, teach nothing. */
static csk_status find_slices(training *t)
{
    int64_t most = 1;

    for (int i = 0; i < t->files; i++)
        most += slices_of(&t->file[i]);
    t->slice = calloc((size_t)most, sizeof(*t->slice));
    t->list = calloc((size_t)most, sizeof(const csk_array *));
    if (!t->slice || !t->list)
        return cli_no_memory();
    for (int i = 0; i < t->files; i++) {
        const csk_space *whole = &t->file[i].space;
        const csk_space space =
            csk_space_make(whole->field, 2, whole->dim + whole->rank - 2);
        const int64_t n = csk_space_len(&space);

        for (int64_t k = 0; k < slices_of(&t->file[i]); k++) {
            float *data = t->file[i].data + k * n;
            if (csk_max_modulus(n, 1, data) == 0.)
                continue;
            t->slice[t->slices] = (csk_array){ space, data };
            t->list[t->slices] = &t->slice[t->slices];
            t->slices++;
        }
    }
    return CSK_OK;
}

static const char *field_name(csk_field field)
{
    return field == CSK_REAL ? "real" : "complex";
}

/* The images are finite and not zero: what is left of CSK_ERR_NUMERIC is their size. */
static csk_status fit(csk_wavelet_model *m, const training *t, const cli_call *call)
{
    const fit_opts *o = call->opts;
    const csk_status err =
        csk_wavelet_fit(m, t->slices, t->list, &o->wavelet, call->seed);

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
    training t = { .file = NULL };
    csk_status err = read_files(&t, call);

    if (!err)
        err = find_slices(&t);
    if (!err)
        err = fit(&m, &t, call);
    if (!err) {
        const char *note = cli_provenance(call);
        err = note ? cli_wrote(call, path, csk_wavelet_model_write(&m, path, note))
                   : cli_no_memory();
    }
    if (!err) {
        cli_put_int(call, "images", t.slices);
        cli_put_text(call, "field", field_name(m.field));
        cli_put_text(call, "wavelet", m.family);
        cli_put_int(call, "levels", m.levels);
        cli_put_int(call, "components", m.components);
        cli_put_real(call, "scale", m.scale, -1, NULL);
        cli_put_real(call, "seconds", cli_seconds() - start, 2, NULL);
    }
    csk_wavelet_model_clear(&m);
    training_clear(&t);
    return err;
}

static const cli_arg fit_args[] = {
    { "IMAGE", "images [y][x], or stacks of them [n][y][x], real or complex",
      .count = CLI_MANY },
    { "PRIOR", "the prior, any name; .csk is usual", .role = CLI_OUTPUT,
      .any_suffix = true },
    { .name = NULL },
};

static const cli_example fit_examples[] = {
    { "prior fit --kind wavelet scan-truth.npy -o head.csk", "from one complex image" },
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
