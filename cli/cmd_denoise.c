/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cli/prior_arg.h"
#include "cs/mem.h"
#include "cs/vec.h"

#include <math.h>
#include <string.h>

typedef struct denoise_opts {
    const char *prior;
    double sigma, unit;
    int shifts;
} denoise_opts;

/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_TEXT(denoise_opts, prior,  "prior", "NAME",  "prior: a name of csk prior list, or a file (csk help priors)"),
    CSK_OPT_REAL(denoise_opts, sigma,  "sigma", 0, 0, 1e30, "SIGMA", "standard deviation of the noise in each real number, in the units of IMAGE; required"),
    CSK_OPT_REAL(denoise_opts, unit,   "unit",  1, 1e-30, 1e30, "FACTOR", "size of IMAGE over that of the training images"),
    CSK_OPT_INT (denoise_opts, shifts, "shifts", 16, 1, 4096, "N", "random cycle shifts over which a wavelet prior is averaged; 1: none"),
    CSK_OPT_END,
};
/* clang-format on */

typedef struct job {
    const cli_call *call;
    const denoise_opts *o;
    cli_prior from;
    csk_array image; /* all of them; denoised in place */
    csk_space one;   /* of a single image */
    csk_prior *prior;
    int shifts;
    int64_t evaluations;
    double moved; /* sum of squares of what changed */
} job;

static void job_clear(job *j)
{
    csk_prior_unref(j->prior);
    cli_prior_clear(&j->from);
    csk_array_clear(&j->image);
}

static csk_status read_inputs(job *j)
{
    const denoise_opts *o = j->o;
    const csk_space *s = &j->image.space;

    if (!(o->sigma > 0.))
        return csk_fail(CSK_ERR_ARG, "--sigma is missing: how noisy is the image?");
    csk_status err = cli_prior_read(j->call, &j->from, o->prior);
    if (!err)
        err = cli_read(j->call, &j->image, cli_arg_of(j->call, 0), CLI_FINITE);
    if (err)
        return err;
    const int axes = csk_model_axes(j->from.model);
    const int more = s->rank > axes ? s->rank - axes : 0;
    j->one = csk_space_make(s->field, s->rank - more, s->dim + more);
    return cli_bad_input(j->call, csk_model_fits(j->from.model, &j->one, j->o->prior));
}

static csk_status prepare(job *j)
{
    const bool wavelet = csk_model_wavelet(j->from.model) != NULL;

    j->shifts = wavelet ? j->o->shifts : 1;
    const csk_model_opts how = { .shift =
                                     j->shifts > 1 ? CSK_SHIFT_STEP : CSK_SHIFT_NONE };
    const csk_status err =
        csk_model_prior(&j->prior, &j->one, j->from.model, j->o->unit, &how);
    double lo, hi;

    if (err)
        return err;
    csk_prior_sigma_range(j->prior, &lo, &hi);
    if (j->o->sigma >= lo && j->o->sigma <= hi)
        return CSK_OK;
    return csk_fail(CSK_ERR_ARG,
                    "--sigma is %g, but %s was made for %.4g..%.4g, which --unit "
                    "multiplies",
                    j->o->sigma, j->from.path, lo, hi);
}

/* x := the mean of its denoised versions; @p block: two images and the prior's workspace. */
static csk_status denoise(job *j, uint32_t number, float *x, float *block)
{
    const int64_t n = csk_space_len(&j->one);
    float *const sum = block, *const d = sum + csk_pad(n), *const work = d + csk_pad(n);
    csk_status err = CSK_OK;

    csk_zero(n, sum);
    for (int k = 0; k < j->shifts && !err; k++) {
        const csk_rng name = { j->call->seed, number, (uint32_t)k };
        err = csk_prior_denoise(j->prior, 1, d, x, &j->o->sigma, &name, work);
        csk_axpby(n, 1. / j->shifts, d, 1., sum);
        j->evaluations++;
    }
    if (!err) {
        j->moved += csk_distance(n, sum, x) * csk_distance(n, sum, x);
        csk_copy(n, sum, x);
    }
    return err;
}

static csk_status denoise_all(job *j)
{
    const int64_t n = csk_space_len(&j->one);
    const int64_t count = csk_space_len(&j->image.space) / n;
    float *block =
        csk_alloc(2 * csk_pad(n) + csk_prior_work_len(j->prior, 1), sizeof(*block));
    csk_status err = block ? CSK_OK : CSK_ERR_NOMEM;

    for (int64_t k = 0; k < count && !err; k++)
        err = denoise(j, (uint32_t)k, j->image.data + k * n, block);
    csk_free(block);
    return err;
}

static csk_status run(const cli_call *call)
{
    job j = { .call = call, .o = call->opts };
    csk_status err = read_inputs(&j);

    if (!err)
        err = prepare(&j);
    const double start = cli_seconds();
    if (!err)
        err = denoise_all(&j);
    if (!err)
        err = csk_array_check_finite(&j.image, "the denoised image");
    if (!err)
        err = cli_prior_check_moved(
            call, &j.from, sqrt(j.moved / (double)csk_space_len(&j.image.space)),
            csk_norm(csk_space_len(&j.image.space), j.image.data) /
                sqrt((double)csk_space_len(&j.image.space)),
            j.o->sigma);
    const double seconds = cli_seconds() - start;
    if (!err)
        err = cli_write(call, &j.image, cli_arg_of(call, 1));
    if (!err) {
        cli_put_text(call, "kind", csk_model_kind(j.from.model));
        cli_put_shape(call, "images", &j.image.space);
        cli_put_real(call, "sigma_of_prior", j.o->sigma / j.o->unit, -1, NULL);
        cli_put_int(call, "score_evaluations", j.evaluations);
        cli_put_real(call, "seconds", seconds, 2, "s");
    }
    job_clear(&j);
    return err;
}

static const cli_arg args[] = {
    { "IMAGE",
      "noisy, real or complex as the prior is; axes before [y][x] number images",
      .role = CLI_INPUT },
    { "OUTPUT", "the images without the noise", .role = CLI_OUTPUT },
    { .name = NULL },
};

static const cli_example examples[] = {
    { "denoise scan-truth.npy --prior head.csk --sigma 0.05 -o clean.npy",
      "the complex image with less noise" },
    { NULL, NULL },
};

static const char *const refs[] = {
    "Coifman, Donoho, Translation-invariant de-noising, Lect. Notes Stat. 103 (1995) 125",
    NULL,
};

const cli_cmd cmd_denoise = {
    .name = "denoise",
    .brief = "take noise of a known level out of images, by a prior",
    .about =
        "Writes the mean of what the image may have been before the noise, as the prior "
        "has it: D(x) = E[X | X + SIGMA n = x], n standard normal in every real number. It is "
        "the denoiser of which recon and sample make their steps, and by Tweedie's formula the "
        "score of the prior is (D(x) - x) / SIGMA^2.\n\n"
        "A prior knows the size of its training images. An image that is FACTOR times as "
        "large has noise of SIGMA / FACTOR in the units of the prior. A wavelet prior is "
        "averaged over N random cycle shifts; other priors are asked once.",
    .args = args,
    .params = params,
    .opts_size = sizeof(denoise_opts),
    .threads = true,
    .examples = examples,
    .refs = refs,
    .run = run,
};
