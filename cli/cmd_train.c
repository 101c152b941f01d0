/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/train.h"
#include "cs/format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define S train_opts
/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_CHOICE(S, arch,      "arch",      1, train_arch_names, "network, or ridge: a convex regulariser"),
    CSK_OPT_FLAG  (S, attention, "attention", 0,                 "self-attention at the coarsest scale"),
    CSK_OPT_INT   (S, filters,   "filters",   48, 1, 256, "N",    "ridge: filters"),
    CSK_OPT_INT   (S, side,      "side",      13, 3, 31, "N",     "ridge: side of a filter, odd"),
    CSK_OPT_GROUP (S, train,     csk_train_params),
    CSK_OPT_REAL  (S, minutes,   "minutes",   0, 0, 1e6, "M",     "as many steps as take M minutes here; 0: see --steps"),
    CSK_OPT_GROUP (S, patch,     csk_patch_params),
    CSK_OPT_TEXT  (S, mix,       "mix",       "LIST",  "WORD=SHARE,...: shares of the patches from files with WORD in their names"),
    CSK_OPT_TEXT  (S, validate,  "validate",  "WORDS", "hold out files with one of WORDS in their names; commas between"),
    CSK_OPT_INT   (S, every,     "every",     2000, 1, 1 << 30, "N", "steps between two validations"),
    CSK_OPT_REAL  (S, save,      "save",      10, 0, 1e6, "M",    "minutes between two checkpoints"),
    CSK_OPT_FLAG  (S, resume,    "resume",    0,                  "go on from the checkpoint, if there is one"),
    CSK_OPT_TEXT  (S, from,      "from",      "PRIOR", "begin with the weights of this network: a name of csk prior list, or a file"),
    CSK_OPT_TEXT  (S, name,      "name",      "NAME",  "for the card: what the prior is called"),
    CSK_OPT_TEXT  (S, licence,   "licence",   "TEXT",  "for the card: licence of the model"),
    CSK_OPT_TEXT  (S, about,     "about",     "TEXT",  "for the card: what it is for"),
    CSK_OPT_TEXT  (S, data,      "data",      "TEXT",  "for the card: what the images are, and their licence"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

/* A training and all that belongs to it. */
typedef struct job {
    const cli_call *call;
    const train_opts *o;
    train_images images;
    char *checkpoint;    /* its name */
    train_origin origin; /* --from */
    train_engine engine;
    csk_train_opts opts; /* with the number of steps that was chosen */
    double before;       /* seconds spent by earlier runs */
    double start, saved;
    int first; /* step at which this run began */
} job;

static void job_clear(job *j)
{
    train_engine_clear(&j->engine);
    train_images_clear(&j->images);
    train_origin_clear(&j->origin);
    free(j->checkpoint);
}

/* -- beginning ------------------------------------------------------------------------------- */

/* What it is that is trained, as cards call it. */
static const char *arch_of(const job *j)
{
    return j->origin.arch ? j->origin.arch : train_arch_names[j->o->arch];
}

static csk_status begin(job *j)
{
    const bool complex = csk_patches_channels(j->images.patches) == 2;
    const csk_status err = j->o->from ? train_origin_fits(&j->origin, complex) : CSK_OK;

    if (err)
        return err;
    if (j->o->from)
        return train_engine_from(&j->engine, &j->opts, j->images.patches, j->call->seed,
                                 &j->origin);
    return train_engine_begin(&j->engine, j->o, &j->opts, j->images.patches,
                              j->call->seed);
}

/* Seconds of a step: the least of a few, after one that warms up. */
static csk_status time_step(job *j, double *seconds)
{
    csk_status err = train_engine_run(&j->engine, 1, NULL, NULL);

    *seconds = INFINITY;
    for (int k = 2; k <= 6 && !err; k++) {
        const double start = cli_seconds();
        err = train_engine_run(&j->engine, k, NULL, NULL);
        *seconds = fmin(*seconds, cli_seconds() - start);
    }
    return err;
}

/* The steps that the time is enough for; the training begins anew. */
static csk_status choose_steps(job *j)
{
    double seconds;
    csk_status err = time_step(j, &seconds);

    if (err)
        return err;
    j->opts.steps = (int)fmin(fmax(j->o->minutes * 60. / seconds, 1.), 1e9);
    cli_say(j->call, "%d steps of %.3g s in %g minutes", j->opts.steps, seconds,
            j->o->minutes);
    train_engine_clear(&j->engine);
    return begin(j);
}

/* -- going on ---------------------------------------------------------------------------------- */

static csk_status bad_checkpoint(const job *j, const char *what)
{
    return cli_bad_input(j->call,
                         csk_fail(CSK_ERR_FORMAT,
                                  "%s: \"%s\" is missing: it is no checkpoint of "
                                  "csk train",
                                  j->checkpoint, what));
}

static csk_status restore(job *j, const csk_tensors *from, const json_t *card)
{
    const json_t *training = json_object_get(card, "training");
    const json_t *steps = json_object_get(training, "steps");

    if (!json_is_integer(steps))
        return bad_checkpoint(j, "steps");
    csk_status err = train_same(j->call, card, j->checkpoint);
    if (err)
        return err;
    if (j->o->minutes > 0. || !cli_given(j->call, "steps"))
        j->opts.steps = (int)json_integer_value(steps);
    else if (j->opts.steps != (int)json_integer_value(steps))
        cli_say(j->call, "the schedule now ends at step %d, not %d", j->opts.steps,
                (int)json_integer_value(steps));
    j->before = json_number_value(json_object_get(training, "seconds"));

    err = train_engine_resume(&j->engine, j->o, &j->opts, j->images.patches,
                              j->call->seed, from, card, j->checkpoint);
    const int done = err ? 0 : train_engine_done(&j->engine);
    if (j->opts.steps < done)
        return csk_fail(CSK_ERR_ARG, "%s has done %d steps already, --steps is %d",
                        j->checkpoint, done, j->opts.steps);
    return cli_bad_input(j->call, err);
}

static csk_status go_on(job *j)
{
    csk_tensors from = { .item = NULL };
    csk_status err = csk_tensors_read(&from, j->checkpoint);

    if (err)
        return cli_bad_input(j->call, err);
    json_t *card = from.card ? json_loads(from.card, 0, NULL) : NULL;
    err = card ? restore(j, &from, card) : bad_checkpoint(j, "card");
    json_decref(card);
    csk_tensors_clear(&from);
    return err;
}

static csk_status start(job *j)
{
    const bool there = access(j->checkpoint, F_OK) == 0;
    csk_status err;

    if (there && j->o->resume)
        return go_on(j);
    if (there && !j->call->force)
        return csk_fail(CSK_ERR_ARG,
                        "%s is there: --resume goes on from it, --force begins anew",
                        j->checkpoint);
    if (j->o->resume)
        cli_say(j->call, "there is no %s: this is the beginning", j->checkpoint);
    err = begin(j);
    return !err && j->o->minutes > 0. ? choose_steps(j) : err;
}

/* -- what is written ---------------------------------------------------------------------------- */

static double spent(const job *j)
{
    return j->before + cli_seconds() - j->start;
}

static csk_status set_card(const job *j, csk_tensors *to, const csk_train_score *score,
                           double seconds)
{
    const train_state s = {
        .call = j->call,
        .opts = j->o,
        .images = &j->images,
        .arch = arch_of(j),
        .origin = &j->origin,
        .graph = j->engine.graph,
        .multiple = train_engine_multiple(&j->engine),
        .parameters = train_engine_parameters(&j->engine),
        .done = train_engine_done(&j->engine),
        .steps = j->opts.steps,
        .seconds = seconds,
        .bf16 = train_engine_is_bf16(&j->engine),
        .score = score,
    };
    char *text = train_card(&s);
    const csk_status err = text ? csk_tensors_set_card(to, text) : cli_no_memory();

    free(text);
    return err;
}

static csk_status save(job *j, const csk_train_score *score)
{
    csk_tensors to = { .item = NULL };
    csk_status err = train_engine_save(&j->engine, &to);

    if (!err)
        err = set_card(j, &to, score, spent(j));
    if (!err)
        err = csk_tensors_write(&to, j->checkpoint);
    csk_tensors_clear(&to);
    j->saved = cli_seconds();
    return err;
}

static csk_status write_model(const job *j, const csk_train_score *score)
{
    const char *path = cli_arg_of(j->call, 1);
    csk_tensors to = { .item = NULL };
    csk_status err = train_engine_export(&j->engine, &to);

    if (!err)
        err = set_card(j, &to, score, NAN);
    if (!err)
        err = cli_wrote(j->call, path, csk_tensors_write(&to, path));
    csk_tensors_clear(&to);
    return err;
}

/* -- the loop ------------------------------------------------------------------------------------- */

/* A few of the images for a look on the way, all of them in the end. */
static csk_status assess(job *j, csk_train_score *score, bool all)
{
    const int few = j->images.images < 4 ? j->images.images : 4;
    const csk_monitor monitor = cli_monitor(j->call, "validation");

    return train_engine_assess(&j->engine, score, all ? j->images.images : few,
                               j->images.image, j->call->seed, &monitor);
}

static void say_progress(const job *j, double loss, const csk_train_score *score)
{
    const int done = train_engine_done(&j->engine);
    const double seconds = cli_seconds() - j->start;
    const double rate = (done - j->first) / fmax(seconds, 1e-9);
    const double left = (j->opts.steps - done) / fmax(rate, 1e-9) / 60.;

    cli_say(
        j->call,
        "step %d of %d: loss %.4f; noise reduced by %.2f %.2f %.2f %.2f %.2f %.2f dB; "
        "%.1f patches a second, %.0f min left",
        done, j->opts.steps, loss, score->gain[0], score->gain[1], score->gain[2],
        score->gain[3], score->gain[4], score->gain[5], rate * j->opts.batch, left);
}

/* To the next validation, in short runs between which a checkpoint may be due. */
static csk_status advance(job *j, int until, double *loss)
{
    double sum = 0.;
    int counted = 0;
    csk_status err = CSK_OK;

    while (train_engine_done(&j->engine) < until && !err) {
        const int before = train_engine_done(&j->engine);
        const int next = before + 20 < until ? before + 20 : until;
        const csk_monitor monitor = cli_monitor(j->call, "training");
        double mean = 0.;

        err = train_engine_run(&j->engine, next, &mean, &monitor);
        const int steps = train_engine_done(&j->engine) - before;
        sum += steps > 0 ? mean * steps : 0.;
        counted += steps;
        if (!err && cli_seconds() - j->saved > j->o->save * 60.)
            err = save(j, NULL);
    }
    *loss = sum / counted;
    return err;
}

static csk_status loop(job *j)
{
    csk_status err = CSK_OK;

    while (train_engine_done(&j->engine) < j->opts.steps && !err) {
        const int done = train_engine_done(&j->engine);
        const int next = done - done % j->o->every + j->o->every;
        const bool last = next >= j->opts.steps;
        csk_train_score score;
        double loss = NAN;

        err = advance(j, last ? j->opts.steps : next, &loss);
        if (!err)
            err = assess(j, &score, false);
        if (!err)
            say_progress(j, loss, &score);
    }
    return err;
}

/* A denoiser that adds noise has learned nothing. */
static void warn_of_divergence(const job *j, const csk_train_score *score)
{
    for (int k = 0; k < CSK_TRAIN_LEVELS; k++) {
        if (!(score->gain[k] > -1.) && csk_train_levels[k] >= j->opts.sigma_min &&
            csk_train_levels[k] <= j->opts.sigma_max) {
            cli_say(
                j->call,
                "at noise %g the prior adds noise (%.3g dB): the training diverged, or "
                "an image has values far above the others",
                csk_train_levels[k], -score->gain[k]);
            return;
        }
    }
}

static void report(const job *j, const csk_train_score *score)
{
    cli_put_text(j->call, "network", arch_of(j));
    cli_put_int(j->call, "parameters", train_engine_parameters(&j->engine));
    cli_put_text(j->call, "field",
                 csk_patches_channels(j->images.patches) == 2 ? "complex" : "real");
    cli_put_real(j->call, "scale", csk_patches_scale(j->images.patches), -1, NULL);
    cli_put_int(j->call, "files", j->images.files);
    cli_put_int(j->call, "held_out", j->images.held_files);
    cli_put_int(j->call, "steps", train_engine_done(&j->engine));
    cli_put_real(j->call, "seconds", spent(j), 1, NULL);
    for (int k = 0; k < CSK_TRAIN_LEVELS; k++) {
        cli_begin_row(j->call, "levels");
        cli_put_real(j->call, "sigma", csk_train_levels[k], 2, NULL);
        cli_put_real(j->call, "psnr", score->psnr[k], 2, NULL);
        cli_put_real(j->call, "noise_reduction", score->gain[k], 2, NULL);
        cli_put_real(j->call, "score_norm", score->norm[k], 3, NULL);
        cli_end_row(j->call);
    }
}

static csk_status work(job *j)
{
    csk_train_score score;
    csk_status err = start(j);

    if (err)
        return err;
    j->start = j->saved = cli_seconds();
    j->first = train_engine_done(&j->engine);
    err = loop(j);
    if (!err)
        err = assess(j, &score, true);
    if (err == CSK_ERR_ABORTED) {
        const csk_status saved = save(j, NULL);
        if (saved)
            return saved;
        cli_say(j->call, "%s holds step %d; --resume goes on from it", j->checkpoint,
                train_engine_done(&j->engine));
    }
    if (!err)
        err = save(j, &score);
    if (!err)
        err = write_model(j, &score);
    if (!err) {
        warn_of_divergence(j, &score);
        report(j, &score);
    }
    return err;
}

/* A forgotten -o makes the last image the output: an image is never written over. */
static csk_status check_output(const cli_call *call)
{
    const char *path = cli_arg_of(call, 1);
    const csk_format *format = csk_format_of(path);
    struct stat out, in;

    if (strcmp(path, "-") == 0)
        return csk_fail(CSK_ERR_ARG,
                        "the prior goes to a file, not to standard output");
    if (format)
        return csk_fail(CSK_ERR_ARG, "%s: %s is an image's suffix; -o names the prior",
                        path, format->suffix);
    for (int i = 0; i < call->args[0].n && stat(path, &out) == 0; i++) {
        if (stat(call->args[0].v[i], &in) == 0 && in.st_dev == out.st_dev &&
            in.st_ino == out.st_ino)
            return csk_fail(CSK_ERR_ARG, "%s is an image to learn from, not the output",
                            path);
    }
    return CSK_OK;
}

/* A network has other options than a ridge regulariser. */
static csk_status check_options(const cli_call *call)
{
    const train_opts *o = call->opts;
    const bool network = o->from || o->arch != CSK_UNET_PRESETS;
    const cli_reader readers[] = {
        { "attention", network, "a network" }, { "ema", network, "a network" },
        { "clip", network, "a network" },      { "noise", network, "a network" },
        { "precision", network, "a network" }, { "filters", !network, "--arch ridge" },
        { "side", !network, "--arch ridge" },  { NULL, false, NULL },
    };
    const csk_status err = cli_check_readers(call, readers);

    return err ? err : check_output(call);
}

static csk_status prepare(job *j)
{
    const csk_status bad = check_options(j->call);

    if (bad)
        return bad;
    j->opts = j->o->train;
    j->checkpoint = cli_concat(cli_arg_of(j->call, 1), ".checkpoint");
    if (!j->checkpoint)
        return cli_no_memory();
    const csk_status err =
        j->o->from ? train_origin_read(&j->origin, j->call, j->o) : CSK_OK;
    return err ? err : train_images_read(&j->images, j->call);
}

static csk_status run(const cli_call *call)
{
    job j = { .call = call, .o = call->opts };
    csk_status err = prepare(&j);

    if (!err)
        err = work(&j);
    job_clear(&j);
    return err;
}

static csk_status plan(const cli_call *call, cli_plan *out)
{
    job j = { .call = call, .o = call->opts };
    double seconds = 0.;
    csk_status err = prepare(&j);

    if (!err)
        err = begin(&j);
    if (!err)
        err = time_step(&j, &seconds);
    if (!err) {
        out->seconds = j.o->minutes > 0. ? 60. * j.o->minutes : seconds * j.opts.steps;
        out->bytes = train_engine_bytes(&j.engine);
        for (int i = 0; i < j.images.files; i++)
            out->bytes += 4 * csk_space_len(&j.images.file[i].space);
        for (int i = 0; i < j.images.held_files; i++)
            out->bytes += 4 * csk_space_len(&j.images.held[i].space);
        out->note = "measured on a few steps";
    }
    job_clear(&j);
    return err;
}

static const cli_arg args[] = {
    { "IMAGE", "images [y][x], or stacks of them [...][y][x], real or complex",
      .count = CLI_MANY },
    { "PRIOR", "the prior, any name; .csk is usual", .role = CLI_OUTPUT,
      .any_suffix = true },
    { .name = NULL },
};

static const cli_example examples[] = {
    { "train head.npy --arch unet-xs --patch 16 --steps 20 -o tiny.csk",
      "a network far too small, not trained for long" },
    { "train head.npy --arch unet-xs --patch 16 --steps 40 --resume --force -o tiny.csk",
      "on from there" },
    { "train head.npy --from ./tiny.csk --patch 16 --steps 10 -o mine.csk",
      "a network that there is, on other images" },
    { "train head.npy --arch ridge --filters 4 --side 5 --patch 16 --steps 5 -o convex.csk",
      "a convex ridge regulariser" },
    { NULL, NULL },
};

static const char *const refs[] = {
    "Vincent, Neural Comput. 23 (2011) 1661-1674",
    "Karras, Aittala, Aila, Laine, NeurIPS 2022, arXiv:2206.00364",
    "Kingma, Ba, ICLR 2015, arXiv:1412.6980",
    "Goujon, Neumayer, Bohra, Ducotterd, Unser, IEEE Trans. Comput. Imaging 9 (2023) 782",
    NULL,
};

const cli_cmd cmd_train = {
    .name = "train",
    .brief = "train a network or a convex regulariser as a prior",
    .about =
        "The prior is a U-Net that removes noise of any level between --sigma-min and "
        "--sigma-max: trained so, it is the score of the distribution of the images. "
        "Examples are patches at random places, magnified, mirrored, transposed, with "
        "another contrast and intensity, and, unless --no-phase is given, with a smooth "
        "random phase: the prior is then one of complex images, as MRI needs it.\n\n"
        "With --arch ridge it is a convex ridge regulariser instead: --filters filters with "
        "learned convex potentials, a prior whose density is known and log-concave at every "
        "noise level.\n\n"
        "Images of a file are in the unit of its 99.9th percentile, or of --unit; noise "
        "levels are in these units, too.\n\n"
        "--from begins with the weights of a network that csk has trained, for images of "
        "your own. --kernel sinc shrinks images as if they had been measured in k-space on "
        "the smaller grid: nothing of the band is lost, and edges ring.\n\n"
        "Every few minutes and at Ctrl-C the state goes to PRIOR.checkpoint, from which "
        "--resume goes on, and which is itself a prior. The bits are those of a run that "
        "was not stopped. With another --steps the schedule ends there.\n\n"
        "Validation is on files that --validate holds out: the decibels by which noise "
        "of levels 0.01, 0.02, 0.05, 0.1, 0.2 and 0.5 is reduced. Without it the images "
        "are those of the training, which flatters.",
    .args = args,
    .params = params,
    .opts_size = sizeof(train_opts),
    .threads = true,
    .examples = examples,
    .refs = refs,
    .run = run,
    .plan = plan,
};
