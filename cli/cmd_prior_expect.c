/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs prior expect and prior check. */
#include "cli/prior_arg.h"
#include "cli/slices.h"
#include "cli/state.h"

#include <stdlib.h>

typedef struct expect_opts {
    bool phase;
} expect_opts;

/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_FLAG(expect_opts, phase, "phase", 1, "give real images a smooth random phase where the prior is complex"),
    CSK_OPT_END,
};
/* clang-format on */

/* -- prior expect -------------------------------------------------------------------- */

typedef struct source {
    const csk_model *model;
} source;

static csk_status make_prior(void *user, csk_prior **out, const csk_space *space)
{
    const source *from = user;
    const csk_model_opts none = { .shift = CSK_SHIFT_NONE };

    return csk_model_prior(out, space, from->model, 1., &none);
}

static csk_status learn(csk_score_norm *s, const cli_slices *t, const csk_model *m,
                        const cli_call *call)
{
    const expect_opts *o = call->opts;
    csk_array *seen = calloc((size_t)t->count + 1, sizeof(*seen));
    const csk_array **list = calloc((size_t)t->count + 1, sizeof(const csk_array *));
    csk_status err = CSK_OK;
    double lo, hi;

    if (!seen || !list) {
        free(seen);
        free((void *)list);
        return cli_no_memory();
    }
    for (int k = 0; k < t->count && !err; k++) {
        err =
            cli_slice_seen(&seen[k], t->list[k], m, o->phase, call->seed + (uint64_t)k);
        list[k] = &seen[k];
    }
    csk_model_sigma(m, &lo, &hi);
    if (!err && t->count < 2)
        err = csk_fail(CSK_ERR_ARG,
                       "%s: one image that is not zero, at least two are needed",
                       cli_arg_of(call, 1));
    if (!err)
        err = csk_score_norm_learn(s, make_prior, &(source){ m }, t->count, list, lo,
                                   hi, csk_model_scale(m), call->seed);
    for (int k = 0; k < t->count; k++)
        csk_array_clear(&seen[k]);
    free(seen);
    free((void *)list);
    return err;
}

/* With n images the spread is known to a part 1/sqrt(2 n - 2): a quarter. */
enum { FEW = 8 };

static csk_status run(const cli_call *call)
{
    const char *path = cli_arg_of(call, 2);
    cli_prior p = { .model = NULL };
    cli_slices t = { .file = NULL };
    csk_score_norm s = { .count = 0 };
    csk_status err = cli_prior_read(call, &p, cli_arg_of(call, 0));
    char *line =
        cli_command_text(call->cmd->name, call->state->argc, call->state->argv);

    if (!err && !line)
        err = cli_no_memory();
    if (!err)
        err = cli_slices_read(call, &t, &call->args[1]);
    if (!err)
        err = cli_bad_input(call, learn(&s, &t, p.model, call));
    if (!err)
        err = csk_model_set_score_norm(p.model, &s, line);
    cli_catch_signals();
    if (!err)
        err = cli_wrote(call, path, csk_model_write(p.model, path));
    if (!err && s.images < FEW)
        cli_say(
            call,
            "%d images say little of how much such images differ: warnings from this "
            "card may be wrong",
            s.images);
    if (!err) {
        cli_put_int(call, "images", s.images);
        cli_put_score_norm(call, &s);
    }
    free(line);
    cli_slices_clear(&t);
    cli_prior_clear(&p);
    return err;
}

static const cli_arg args[] = {
    { "PRIOR", "a name or a file: csk help priors", .role = CLI_INPUT },
    { "IMAGE",
      "images [y][x] or stacks of them that it was not trained on, but might have been",
      .count = CLI_MANY },
    { "OUT", "the prior with a card that knows them", .role = CLI_OUTPUT,
      .is_prior = true },
    { .name = NULL },
};

static const cli_example examples[] = {
    { "prior expect head.csk stack.npy -o known.csk", "from the slices of a volume" },
    { NULL, NULL },
};

const cli_cmd cmd_prior_expect = {
    .name = "prior expect",
    .brief = "let a prior know what images of its kind are like",
    .about =
        "Images that were held out from the training are noised and denoised at a few "
        "noise levels. How large the score is, and how the error of the denoiser "
        "correlates with it, are averaged and kept in the card of the prior "
        "(score_norm). csk recon compares its samples with that and warns where they are "
        "unlike. At least two images are needed, thirty say more. They are scaled to the "
        "unit of the prior as csk recon scales its data.",
    .args = args,
    .params = params,
    .opts_size = sizeof(expect_opts),
    .threads = true,
    .examples = examples,
    .run = run,
};

/* -- prior check --------------------------------------------------------------------- */

static csk_status check_one(const cli_call *call, const csk_model *m,
                            const cli_slices *t, int number)
{
    const expect_opts *o = call->opts;
    csk_array seen = { .data = NULL };
    csk_prior *prior = NULL;
    csk_mismatch found;
    csk_status err = cli_slice_seen(&seen, t->list[number], m, o->phase,
                                    call->seed + (uint64_t)number);

    if (!err)
        err = make_prior(&(source){ m }, &prior, &seen.space);
    if (!err)
        err = csk_mismatch_check(&found, csk_model_score_norm(m), prior, 1, seen.data,
                                 (csk_rng){ call->seed, (uint32_t)number * 8u, 0 });
    csk_prior_unref(prior);
    csk_array_clear(&seen);
    if (err)
        return err;
    const int k = found.level;
    int64_t slice;
    const int file = cli_slice_origin(t, number, &slice);
    cli_begin_row(call, "images");
    cli_put_int(call, "image", number);
    cli_put_real(call, "deviation", found.deviation, 2, NULL);
    cli_put_text(call, "of", found.by_correlation ? "correlation" : "score_norm");
    cli_put_real(call, "sigma", found.expected.sigma[k], -1, NULL);
    cli_put_real(call, "measured",
                 found.by_correlation ? found.correlation[k] : found.norm[k], 4, NULL);
    cli_put_real(call, "expected",
                 found.by_correlation ? found.expected.correlation[k]
                                      : found.expected.mean[k],
                 4, NULL);
    cli_put_text(call, "file", call->args[1].v[file]);
    cli_put_int(call, "slice", slice);
    cli_put_flag(call, "unlike", found.deviation > CSK_MISMATCH_WARN);
    cli_end_row(call);
    return CSK_OK;
}

static csk_status check_run(const cli_call *call)
{
    cli_prior p = { .model = NULL };
    cli_slices t = { .file = NULL };
    csk_status err = cli_prior_read(call, &p, cli_arg_of(call, 0));

    if (!err && !csk_model_score_norm(p.model)->count)
        err = cli_bad_input(call, csk_fail(CSK_ERR_UNSUPPORTED,
                                           "%s: its card does not say what to expect; "
                                           "'csk prior expect' finds out",
                                           p.path));
    if (!err)
        err = cli_slices_read(call, &t, &call->args[1]);
    for (int k = 0; k < t.count && !err; k++)
        err = cli_bad_input(call, check_one(call, p.model, &t, k));
    cli_slices_clear(&t);
    cli_prior_clear(&p);
    return err;
}

static const cli_arg check_args[] = {
    { "PRIOR", "a name or a file, with score_norm in its card", .role = CLI_INPUT },
    { "IMAGE", "images [y][x] or stacks of them, all real or all complex",
      .count = CLI_MANY },
    { .name = NULL },
};

static const cli_example check_examples[] = {
    { "prior check known.csk scan-truth.npy",
      "is this image like those of the training?" },
    { NULL, NULL },
};

const cli_cmd cmd_prior_check = {
    .name = "prior check",
    .brief = "say whether images are like those a prior was trained on",
    .about =
        "Noises and denoises the images, in single precision and as they lie, and "
        "prints the largest deviation from what the card expects, in standard "
        "deviations over held-out images, with the statistic and the noise level "
        "at which it is. Above 5 an image is unlike, and csk recon warns; the exit code is 0 "
        "all the same. slice counts the images of a stack from 0, in the order of the "
        "file and with those that are zero.",
    .args = check_args,
    .params = params,
    .opts_size = sizeof(expect_opts),
    .threads = true,
    .examples = check_examples,
    .run = check_run,
};
