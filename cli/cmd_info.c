/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cs/format.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const csk_param params[] = { CSK_OPT_END };

static void axis_names(char *out, size_t room, const csk_space *s)
{
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; i < s->rank && used < room; i++) {
        const char *name = csk_axis_name(s->axis[i]);
        used += (size_t)snprintf(out + used, room - used, "%s%s", i ? " " : "",
                                 *name ? name : "-");
    }
}

/* Drop what is not finite; returns how many are left. */
static int64_t keep_finite(int64_t n, float *m)
{
    int64_t left = 0;

    for (int64_t i = 0; i < n; i++) {
        if (isfinite(m[i]))
            m[left++] = m[i];
    }
    return left;
}

/* Mean and standard deviation, two passes. */
static void moments(int64_t n, const float *m, double *mean, double *sd)
{
    double sum = 0., squares = 0.;

    for (int64_t i = 0; i < n; i++)
        sum += m[i];
    *mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++)
        squares += (m[i] - *mean) * (m[i] - *mean);
    *sd = n > 1 ? sqrt(squares / (double)(n - 1)) : 0.;
}

/* Statistics of the numbers themselves if they are real, else of magnitudes. */
static csk_status put_values(const cli_call *call, const csk_array *a)
{
    const int width = (int)a->space.field;
    const int64_t n = csk_space_size(&a->space);
    csk_space space = a->space;
    csk_array m = { .data = NULL };
    int64_t zeros = 0;
    double mean, sd;

    space.field = CSK_REAL;
    const csk_status err = csk_array_init(&m, &space);
    if (err)
        return err;
    if (width == 1)
        csk_copy(n, a->data, m.data);
    else
        csk_modulus(n, width, a->data, m.data);
    for (int64_t i = 0; i < n; i++)
        zeros += m.data[i] == 0.f;
    const int64_t finite = keep_finite(n, m.data);
    cli_put_text(call, "values", width == 1 ? "as they are" : "magnitudes");
    if (finite > 0) {
        moments(finite, m.data, &mean, &sd);
        cli_put_real(call, "minimum", csk_quantile(finite, m.data, 0.), -1, NULL);
        cli_put_real(call, "maximum", csk_quantile(finite, m.data, 1.), -1, NULL);
        cli_put_real(call, "mean", mean, -1, NULL);
        cli_put_real(call, "std", sd, -1, NULL);
        cli_put_real(call, "median", csk_quantile(finite, m.data, .5), -1, NULL);
        cli_put_real(call, "percentile_1", csk_quantile(finite, m.data, .01), -1, NULL);
        cli_put_real(call, "percentile_99", csk_quantile(finite, m.data, .99), -1,
                     NULL);
    }
    cli_put_int(call, "not_finite", n - finite);
    cli_put_int(call, "zeros", zeros);
    csk_array_clear(&m);
    return CSK_OK;
}

/* A damaged note is no reason to say nothing of the file. */
static void put_provenance(const cli_call *call, const char *path)
{
    char *note;

    if (csk_read_note(&note, path))
        cli_say(call, "no provenance: %s", csk_error_message());
    else if (note)
        cli_put_json(call, "provenance", note);
    csk_free(note);
}

/* A prior is no array, but there is a verb that describes it. */
static csk_status refuse_prior(const cli_call *call, const char *path)
{
    csk_model *m = NULL;

    if (csk_model_read(&m, path))
        return CSK_OK;
    csk_model_free(m);
    return cli_bad_input(
        call,
        csk_fail(CSK_ERR_FORMAT, "%s: is a prior; csk prior info describes it", path));
}

static csk_status describe(const cli_call *call, const char *path)
{
    const csk_format *format = csk_format_of(path);
    csk_array a = { .data = NULL };
    char axes[80];
    csk_status err = format ? CSK_OK : refuse_prior(call, path);

    if (!err)
        err = cli_read(call, &a, path, 0);
    if (err)
        return err;
    axis_names(axes, sizeof(axes), &a.space);
    cli_begin_block(call, "files");
    cli_put_text(call, "file", path);
    cli_put_text(call, "format",
                 format                   ? format->about
                 : strcmp(path, "-") == 0 ? "standard input"
                                          : "BART pair");
    cli_put_text(call, "field", a.space.field == CSK_REAL ? "real" : "complex");
    cli_put_shape(call, "shape", &a.space);
    cli_put_text(call, "axes", axes);
    err = put_values(call, &a);
    if (strcmp(path, "-") != 0)
        put_provenance(call, path);
    cli_end_row(call);
    csk_array_clear(&a);
    return err;
}

static csk_status run(const cli_call *call)
{
    csk_status err = CSK_OK;

    for (int i = 0; i < call->args[0].n && !err; i++)
        err = describe(call, call->args[0].v[i]);
    return err;
}

static const cli_arg args[] = {
    { "FILE", "files to describe", .count = CLI_MANY },
    { .name = NULL },
};

static const cli_example examples[] = {
    { "info head.npy scan.cfl", "two files at once" },
    { "info --json head.npy", "for a script" },
    { NULL, NULL },
};

const cli_cmd cmd_info = {
    .name = "info",
    .brief = "say what is in a file",
    .about =
        "Shape, field and names of axes, the range and distribution of the values "
        "(magnitudes, where they are complex), how many are zero or not finite, and the "
        "provenance where there is one.",
    .args = args,
    .params = params,
    .examples = examples,
    .run = run,
};
