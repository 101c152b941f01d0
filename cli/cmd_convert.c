/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cs/mem.h"
#include "cs/reshape.h"
#include "cs/rng.h"
#include "cs/vec.h"

#include <math.h>
#include <string.h>

typedef struct convert_opts {
    const char *slice, *crop, *resample, *pad, *flip;
    bool magnitude, real, imaginary, phase;
    const char *mean, *scale, *replace;
    double add, noise;
    bool clip;
} convert_opts;

/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_TEXT(convert_opts, replace, "replace", "X", "put X in place of NaN and infinity, which are refused otherwise"),
    CSK_OPT_TEXT(convert_opts, slice, "slice", "AXIS=I", "one index of an axis (z=180), or a range without its end (z=10:200); several with commas"),
    CSK_OPT_TEXT(convert_opts, crop, "crop", "N,...", "cut the last axes to these lengths, about the centre"),
    CSK_OPT_TEXT(convert_opts, resample, "resample", "F", "shrink the axes x, y, z by F, 0 < F <= 1; y=F,x=G for one by one"),
    CSK_OPT_TEXT(convert_opts, pad, "pad", "N,...", "fill the last axes with zeros to these lengths, about the centre"),
    CSK_OPT_TEXT(convert_opts, flip, "flip", "AXIS", "reverse an axis; several with commas"),
    CSK_OPT_FLAG(convert_opts, magnitude, "magnitude", 0, "keep the magnitude"),
    CSK_OPT_FLAG(convert_opts, real, "real", 0, "keep the real part"),
    CSK_OPT_FLAG(convert_opts, imaginary, "imaginary", 0, "keep the imaginary part"),
    CSK_OPT_FLAG(convert_opts, phase, "phase", 0, "keep the phase, in radians"),
    CSK_OPT_TEXT(convert_opts, mean, "mean", "AXIS", "take the mean over an axis"),
    CSK_OPT_TEXT(convert_opts, scale, "scale", "X", "multiply so that the largest magnitude is X; none: leave it (the default)"),
    CSK_OPT_REAL(convert_opts, add, "add", 0, -1e30, 1e30, "X", "add X to every value, of complex ones to the real part"),
    CSK_OPT_REAL(convert_opts, noise, "noise", 0, 0, 1e30, "SIGMA", "add normal noise of this standard deviation to every real number; see --seed"),
    CSK_OPT_FLAG(convert_opts, clip, "clip", 0, "at last move what is below 0 to 0 and above 1 to 1, as PNG needs it"),
    CSK_OPT_END,
};
/* clang-format on */

static csk_status replace_not_finite(csk_array *a, const cli_call *call,
                                     const char *text)
{
    const int64_t n = csk_space_len(&a->space);
    int64_t count = 0;
    double value;
    const csk_status err = cli_parse_numbers(&value, 1, text, "replace");

    if (err)
        return err;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(a->data[i])) {
            a->data[i] = (float)value;
            count++;
        }
    }
    cli_put_int(call, "replaced", count);
    return CSK_OK;
}

static csk_status take_part(csk_array *a, const convert_opts *o)
{
    const struct {
        bool wanted;
        csk_part part;
    } list[] = {
        { o->magnitude, CSK_PART_MAGNITUDE },
        { o->real, CSK_PART_REAL },
        { o->imaginary, CSK_PART_IMAGINARY },
        { o->phase, CSK_PART_PHASE },
    };
    csk_array b = { .data = NULL };

    for (int i = 0; i < 4; i++) {
        if (!list[i].wanted)
            continue;
        const csk_status err = csk_array_part(&b, a, list[i].part);
        if (err)
            return err;
        csk_array_clear(a);
        *a = b;
        return CSK_OK;
    }
    return CSK_OK;
}

static csk_status average(csk_array *a, const char *name)
{
    csk_array b = { .data = NULL };
    int axis = 0;
    csk_status err = cli_find_axis(&axis, &a->space, name, "mean");

    if (!err)
        err = csk_array_mean(&b, a, axis);
    if (err)
        return err;
    csk_array_clear(a);
    *a = b;
    return CSK_OK;
}

static csk_status clip(csk_array *a)
{
    const int64_t n = csk_space_len(&a->space);

    if (a->space.field == CSK_COMPLEX)
        return csk_fail(CSK_ERR_ARG,
                        "--clip is for real images; see --magnitude and --real");
    for (int64_t i = 0; i < n; i++)
        a->data[i] = fminf(fmaxf(a->data[i], 0.f), 1.f);
    return CSK_OK;
}

static csk_status add_noise(csk_array *a, const cli_call *call, double sigma)
{
    const int64_t n = csk_space_len(&a->space);
    float *noise = csk_alloc(n, sizeof(*noise));

    if (!noise)
        return CSK_ERR_NOMEM;
    csk_rng_normal((csk_rng){ call->seed, 0, 0 }, n, noise);
    csk_axpby(n, sigma, noise, 1., a->data);
    csk_free(noise);
    return CSK_OK;
}

static void add_constant(csk_array *a, double value)
{
    const int64_t n = csk_space_len(&a->space);

    for (int64_t i = 0; i < n; i += a->space.field)
        a->data[i] = (float)(a->data[i] + value);
}

static csk_status rescale(csk_array *a, const cli_call *call, double largest)
{
    const int width = (int)a->space.field;
    const int64_t n = csk_space_size(&a->space);
    const double now = csk_max_modulus(n, width, a->data);

    if (now == 0.)
        return csk_fail(CSK_ERR_NUMERIC,
                        "%s: all %lld values are zero, which no scale changes",
                        cli_arg_of(call, 0), (long long)n);
    for (int64_t i = 0; i < width * n;
         i++) /* the factor may be more than a float holds */
        a->data[i] = (float)(a->data[i] * (largest / now));
    const double then = csk_max_modulus(n, width, a->data);
    if (!(then > 0.) || !isfinite(then))
        return csk_fail(
            CSK_ERR_NUMERIC,
            "%s: its values, up to %g, scaled to %g are not what a float holds",
            cli_arg_of(call, 0), now, largest);
    cli_put_real(call, "scaled_by", largest / now, -1, NULL);
    return CSK_OK;
}

static csk_status check_options(const convert_opts *o, double *scale)
{
    csk_status err = CSK_OK;

    *scale = 0.;
    if (o->magnitude + o->real + o->imaginary + o->phase > 1)
        return csk_fail(CSK_ERR_ARG,
                        "only one of --magnitude, --real, --imaginary, --phase");
    if (o->scale && strcmp(o->scale, "none") != 0) {
        err = cli_parse_numbers(scale, 1, o->scale, "scale");
        if (!err && *scale <= 0.)
            err = csk_fail(CSK_ERR_ARG, "scale is %g, not above 0", *scale);
    }
    return err;
}

static csk_status change(csk_array *a, const cli_call *call, double scale)
{
    const convert_opts *o = call->opts;
    csk_status err = CSK_OK;

    if (o->replace)
        err = replace_not_finite(a, call, o->replace);
    if (!err && o->slice)
        err = cli_slice(a, o->slice);
    if (!err && o->crop)
        err = cli_recentre(a, o->crop, false);
    if (!err && o->resample)
        err = cli_resample(a, o->resample);
    if (!err && o->pad)
        err = cli_recentre(a, o->pad, true);
    if (!err && o->flip)
        err = cli_flip(a, o->flip);
    if (!err)
        err = take_part(a, o);
    if (!err && o->mean)
        err = average(a, o->mean);
    if (!err && scale > 0.)
        err = rescale(a, call, scale);
    if (!err && o->add != 0.)
        add_constant(a, o->add);
    if (!err && o->noise > 0.)
        err = add_noise(a, call, o->noise);
    if (!err && o->clip)
        err = clip(a);
    return err;
}

static csk_status run(const cli_call *call)
{
    const convert_opts *o = call->opts;
    csk_array a = { .data = NULL };
    double scale;
    csk_status err = check_options(o, &scale);

    if (!err)
        err = cli_read(call, &a, cli_arg_of(call, 0), o->replace ? 0 : CLI_FINITE);
    if (!err)
        err = change(&a, call, scale);
    if (!err && csk_first_not_finite(csk_space_len(&a.space), a.data) >= 0)
        err = csk_fail(CSK_ERR_NUMERIC,
                       "%s: what the options make of it is more than a float holds",
                       cli_arg_of(call, 0));
    if (!err)
        err = cli_write(call, &a, cli_arg_of(call, 1));
    if (!err) {
        cli_put_text(call, "field", a.space.field == CSK_REAL ? "real" : "complex");
        cli_put_shape(call, "shape", &a.space);
    }
    csk_array_clear(&a);
    return err;
}

static const cli_arg args[] = {
    { "INPUT", "file to read", .role = CLI_INPUT },
    { "OUTPUT", "file to write; its ending selects the format", .role = CLI_OUTPUT },
    { .name = NULL },
};

static const cli_example examples[] = {
    { "convert head.npy head.png", "a picture" },
    { "convert head.npy --resample 0.5 --pad 96,96 --flip y small.cfl",
      "half the size, in a frame of zeros, upside down, for BART" },
    { "convert head.npy --noise 0.1 --seed 3 noisy.npy", "a noisy image" },
    { "convert /usr/share/mricron/templates/ch2better.nii.gz --slice z=180 --resample 0.5 "
      "--pad 192,192 --scale 1 brain.npy",
      "an axial slice of the 0.5 mm Colin27 head (Debian: mricron-data) at 1 mm" },
    { NULL, NULL },
};

const cli_cmd cmd_convert = {
    .name = "convert",
    .brief = "read any format, write any format, cut and scale on the way",
    .about =
        "The steps are done in this order, whatever the order of the options: replace, "
        "slice, crop, resample, pad, flip, one part of complex numbers, mean, scale, add, noise, clip.\n\n"
        "Axes have the names x (the last), y, z (before it), coil, time, ... as the file "
        "says; numbers count axes from 0, for --slice those of the input, then those that are left. --resample takes the mean over the area that a "
        "new pixel covers, so 0.5 is the mean of 2x2 blocks and an odd row at the end is "
        "cut. --crop and --pad keep the centre, entry floor(n/2), where the Fourier "
        "transform has it.",
    .args = args,
    .params = params,
    .opts_size = sizeof(convert_opts),
    .examples = examples,
    .run = run,
};
