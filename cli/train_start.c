/* SPDX-License-Identifier: BSD-3-Clause */
/* How a training begins: anew, from a prior, or where a checkpoint left it. */
#include "cli/train.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

void train_job_clear(train_job *j)
{
    train_engine_clear(&j->engine);
    train_images_clear(&j->images);
    train_origin_clear(&j->origin);
    free(j->checkpoint);
}

/* What it is that is trained, as cards call it. */
const char *train_job_arch(const train_job *j)
{
    return j->origin.arch ? j->origin.arch : train_arch_names[j->o->arch];
}

csk_status train_job_begin(train_job *j)
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

/* -- what it takes ----------------------------------------------------------------------------- */

/* Seconds of a step: the least of a few, after one that warms up. */
static csk_status time_step(train_job *j, double *seconds)
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

static double pixels(const train_job *j, int images)
{
    double sum = 0.;

    for (int i = 0; i < images; i++)
        sum += (double)csk_space_size(&j->images.image[i].space);
    return sum;
}

/* Seconds of the validation of a pixel, from the image that has the most of them. */
static csk_status time_validation(train_job *j, double *seconds)
{
    const csk_array *largest = j->images.image;
    csk_train_score score;

    for (int i = 1; i < j->images.images; i++) {
        const csk_array *a = &j->images.image[i];
        if (csk_space_size(&a->space) > csk_space_size(&largest->space))
            largest = a;
    }
    const double start = cli_seconds();
    const csk_status err =
        train_engine_assess(&j->engine, &score, 1, largest, j->call->seed, NULL);
    *seconds = (cli_seconds() - start) / (double)csk_space_size(&largest->space);
    return err;
}

/* A checkpoint is a copy of the state. */
static csk_status hold_checkpoint(const train_job *j)
{
    csk_tensors to = { .item = NULL };
    const csk_status err = train_engine_save(&j->engine, &to);

    csk_tensors_clear(&to);
    return err;
}

csk_status train_job_measure(train_job *j, train_cost *cost)
{
    double pixel = 0.;
    csk_status err = time_step(j, &cost->step);

    if (!err)
        err = time_validation(j, &pixel);
    if (!err)
        err = hold_checkpoint(j);
    cost->look = pixel * pixels(j, j->images.few);
    cost->end = pixel * pixels(j, j->images.images);
    return err;
}

double train_job_seconds(const train_job *j, const train_cost *cost, int steps)
{
    return cost->step * steps + cost->look * ceil((double)steps / j->o->every) +
           cost->end;
}

/* The steps that the time is enough for; the training begins anew. */
static csk_status choose_steps(train_job *j)
{
    const double seconds = 60. * j->o->minutes;
    train_cost cost;
    csk_status err = train_job_measure(j, &cost);

    if (err)
        return err;
    const double steps =
        (seconds - cost.end - cost.look) / (cost.step + cost.look / j->o->every);
    j->opts.steps = (int)fmin(fmax(steps, 1.), 1e9);
    cli_say(j->call, "%d steps of %.3g s in %g minutes", j->opts.steps, cost.step,
            j->o->minutes);
    train_engine_clear(&j->engine);
    return train_job_begin(j);
}

/* -- going on ---------------------------------------------------------------------------------- */

static csk_status bad_checkpoint(const train_job *j, const char *what)
{
    return cli_bad_input(j->call,
                         csk_fail(CSK_ERR_FORMAT,
                                  "%s: \"%s\" is missing: it is no checkpoint of "
                                  "csk train",
                                  j->checkpoint, what));
}

static csk_status restore(train_job *j, const csk_tensors *from, const json_t *card)
{
    const json_t *training = json_object_get(card, "training");
    const json_t *steps = json_object_get(training, "steps");

    const json_int_t scheduled = json_integer_value(steps);

    if (!json_is_integer(steps))
        return bad_checkpoint(j, "steps");
    if (scheduled < 1 || scheduled > INT_MAX)
        return cli_bad_input(
            j->call, csk_fail(CSK_ERR_FORMAT, "%s: \"steps\" is %lld, not in 1..%d",
                              j->checkpoint, (long long)scheduled, INT_MAX));
    csk_status err = train_same(j->call, card, j->checkpoint);
    if (err)
        return err;
    if (j->o->minutes > 0. || !cli_given(j->call, "steps"))
        j->opts.steps = (int)scheduled;
    j->before = json_number_value(json_object_get(training, "seconds"));

    err = train_engine_resume(&j->engine, j->o, &j->opts, j->images.patches,
                              j->call->seed, from, card, j->checkpoint);
    if (err)
        return cli_bad_input(j->call, err);
    const int done = train_engine_done(&j->engine);
    if (j->opts.steps < done)
        return csk_fail(CSK_ERR_ARG, "%s has done %d steps already, --steps is %d",
                        j->checkpoint, done, j->opts.steps);
    if (j->opts.steps != scheduled)
        cli_say(j->call, "the schedule now ends at step %d, not %lld", j->opts.steps,
                (long long)scheduled);
    return CSK_OK;
}

static csk_status go_on(train_job *j)
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

csk_status train_job_start(train_job *j)
{
    const bool there = access(j->checkpoint, F_OK) == 0;
    const double scale = csk_patches_scale(j->images.patches);
    csk_status err;

    if (there && j->o->resume)
        return go_on(j);
    if (there && !j->call->force)
        return csk_fail(CSK_ERR_ARG,
                        "%s is there: --resume goes on from it, --force begins anew",
                        j->checkpoint);
    if (j->o->resume)
        cli_say(j->call, "there is no %s: this is the beginning", j->checkpoint);
    err = train_job_begin(j);
    if (!err && j->o->minutes > 0.)
        err = choose_steps(j);
    if (!err && !(scale > .05 && scale < 3.9))
        cli_say(j->call,
                "in their unit a hundredth of what the images show is above %.3g, and "
                "the noise levels, up to %g, are for images of about 1: see --unit",
                scale, j->opts.sigma_max);
    if (!err && j->opts.warmup >= j->opts.steps)
        cli_say(
            j->call,
            "the rate rises over %d steps, and there are %d: it stays below --rate; "
            "see --warmup",
            j->opts.warmup, j->opts.steps);
    return err;
}
