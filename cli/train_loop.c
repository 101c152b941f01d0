/* SPDX-License-Identifier: BSD-3-Clause */
/* The steps of a training, the checkpoints on the way and the prior at the end. */
#include "cli/train.h"

#include <math.h>
#include <stdlib.h>

static double spent(const train_job *j)
{
    return j->before + cli_seconds() - j->start;
}

static csk_status set_card(const train_job *j, csk_tensors *to,
                           const csk_train_score *score, double seconds)
{
    const train_state s = {
        .call = j->call,
        .opts = j->o,
        .images = &j->images,
        .arch = train_job_arch(j),
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

static csk_status save(train_job *j, const csk_train_score *score)
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

static csk_status write_model(const train_job *j, const csk_train_score *score)
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

/* How far level @p k is from those of the training, as a factor; 1: it is one. */
static double beyond(const train_job *j, int k)
{
    const double level = csk_train_levels[k];

    return fmax(fmax(j->opts.sigma_min / level, level / j->opts.sigma_max), 1.);
}

/* The level at which the least noise is removed, of those of the training or the nearest. */
static int worst_level(const train_job *j, const csk_train_score *score)
{
    int worst = 0;

    for (int k = 1; k < CSK_TRAIN_LEVELS; k++) {
        const double here = beyond(j, k), there = beyond(j, worst);
        if (here < there || /* NaN is worst */
            (here == there && !(score->gain[k] >= score->gain[worst])))
            worst = k;
    }
    return worst;
}

/* Does the prior add a hundred times the noise, or give no numbers? */
static bool is_broken(const train_job *j, const csk_train_score *score)
{
    const int k = worst_level(j, score);

    return !(score->gain[k] > -20.);
}

/* A few of the images for a look on the way, all of them in the end. */
static csk_status assess(train_job *j, csk_train_score *score, bool all)
{
    const csk_monitor monitor = cli_monitor(j->call, "validation");

    return train_engine_assess(&j->engine, score,
                               all ? j->images.images : j->images.few, j->images.image,
                               j->call->seed, &monitor);
}

static void say_progress(const train_job *j, double loss, const csk_train_score *score)
{
    const int done = train_engine_done(&j->engine);
    const double seconds = cli_seconds() - j->start;
    const double rate = (done - j->first) / fmax(seconds, 1e-9);
    const double left = (j->opts.steps - done) / fmax(rate, 1e-9) / 60.;

    cli_say(
        j->call,
        "step %d of %d: loss %.4g; noise reduced by %.2f %.2f %.2f %.2f %.2f %.2f dB; "
        "%.1f patches a second, %.0f min left",
        done, j->opts.steps, loss, score->gain[0], score->gain[1], score->gain[2],
        score->gain[3], score->gain[4], score->gain[5], rate * j->opts.batch, left);
}

/* To the next validation, in short runs between which a checkpoint may be due. */
static csk_status advance(train_job *j, int until, double *loss)
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
        if (!err && !j->broken && cli_seconds() - j->saved > j->o->save * 60.)
            err = save(j, NULL);
    }
    *loss = sum / counted;
    return err;
}

static csk_status loop(train_job *j)
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
        if (!err) {
            say_progress(j, loss, &score);
            j->broken = is_broken(j, &score);
        }
    }
    return err;
}

/* A denoiser that adds noise has learned nothing; one that adds a hundred times as much is none. */
static csk_status check_divergence(const train_job *j, const csk_train_score *score)
{
    const int k = worst_level(j, score);
    const double gain = score->gain[k];

    if (isnan(gain))
        return csk_fail(
            CSK_ERR_NUMERIC,
            "the training diverged: at noise %g the prior gives no numbers; "
            "try a lower --rate, or another --unit",
            csk_train_levels[k]);
    if (is_broken(j, score))
        return csk_fail(CSK_ERR_NUMERIC,
                        "the training diverged: at noise %g the prior adds noise (%.3g "
                        "dB); try a lower --rate, or a longer --warmup",
                        csk_train_levels[k], -gain);
    if (gain < -1.)
        cli_say(
            j->call,
            "at noise %g the prior adds noise (%.3g dB): the training was too short "
            "or diverged, or an image has values far above the others",
            csk_train_levels[k], -gain);
    return CSK_OK;
}

static void report(const train_job *j, const csk_train_score *score)
{
    cli_put_text(j->call, "network", train_job_arch(j));
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
        cli_put_real(j->call, "psnr", score->psnr[k], 2, "dB");
        cli_put_real(j->call, "noise_reduction", score->gain[k], 2, "dB");
        cli_put_real(j->call, "score_norm", score->norm[k], 3, NULL);
        cli_end_row(j->call);
    }
}

csk_status train_job_work(train_job *j)
{
    csk_train_score score;
    csk_status err = train_job_start(j);

    if (err)
        return err;
    j->start = j->saved = cli_seconds();
    j->first = train_engine_done(&j->engine);
    err = loop(j);
    if (!err)
        err = assess(j, &score, true);
    if (err == CSK_ERR_ABORTED && j->broken) {
        cli_say(j->call, "the training diverged: its state is not written to %s",
                j->checkpoint);
    } else if (err == CSK_ERR_ABORTED) {
        csk_status saved = save(j, NULL);
        if (!saved)
            saved = cli_keep(j->call, j->checkpoint);
        if (saved)
            return saved;
        cli_say(j->call, "%s holds step %d; --resume goes on from it", j->checkpoint,
                train_engine_done(&j->engine));
    }
    if (!err) /* before the checkpoint, which holds what can be gone on from */
        err = check_divergence(j, &score);
    if (!err)
        err = save(j, &score);
    if (!err)
        err = write_model(j, &score);
    if (!err)
        report(j, &score);
    return err;
}
