/* SPDX-License-Identifier: BSD-3-Clause */
/** @file cli/train.h  The parts of csk train: images, the card of the model. */
#ifndef CSK_CLI_TRAIN_H
#define CSK_CLI_TRAIN_H

#include "cli/prior_arg.h"
#include "samplers/ridge/train.h"
#include "samplers/train/train.h"
#include "samplers/train/unet.h"

#include <jansson.h>

typedef struct train_opts {
    int arch; /**< of train_arch_names[] */
    bool attention;
    int filters, side; /**< of a ridge regulariser */
    csk_train_opts train;
    csk_patch_opts patch;
    const char *mix, *validate;
    double minutes, save;
    int every;
    bool resume;
    const char *from;
    const char *name, *licence, *about, *data;
} train_opts;

/* -- train_origin.c ---- */

/** The prior whose weights a training begins with; a zeroed struct is none. */
typedef struct train_origin {
    cli_prior prior;
    csk_tensors weights;
    json_t *card;
    const char *arch; /**< as its card says; NULL: none */
} train_origin;

/**
 * Read what --from names: a network that csk train has trained, of the --arch and the
 * --sigma-data of the call.
 */
csk_status train_origin_read(train_origin *from, const cli_call *call,
                             const train_opts *o) CSK_MUST_CHECK;
/** CSK_ERR_SHAPE unless its images are complex or real as those of the training are. */
csk_status train_origin_fits(const train_origin *from, bool complex) CSK_MUST_CHECK;
void train_origin_clear(train_origin *from);

/* -- train_engine.c ---- */

/** Those of csk_unet_names[], then "ridge". */
extern const char *const train_arch_names[CSK_UNET_PRESETS + 2];

/** What is trained, and its state; a zeroed struct is nothing. */
typedef struct train_engine {
    char *graph; /**< of the net: from csk_alloc(); NULL: ridge */
    csk_net *net;
    csk_train *train;
    csk_ridge_train *ridge; /**< NULL: a network */
    double sigma_data;
} train_engine;

/** @p e is nothing before and, after a failure, to be cleared. */
csk_status train_engine_begin(train_engine *e, const train_opts *o,
                              const csk_train_opts *t, const csk_patches *patches,
                              uint64_t seed) CSK_MUST_CHECK;
/** The same with the network of @p origin. */
csk_status train_engine_from(train_engine *e, const csk_train_opts *t,
                             const csk_patches *patches, uint64_t seed,
                             const train_origin *origin) CSK_MUST_CHECK;
/** Go on where train_engine_save() was; what @p e was before is dropped. */
csk_status train_engine_resume(train_engine *e, const train_opts *o,
                               const csk_train_opts *t, const csk_patches *patches,
                               uint64_t seed, const csk_tensors *from,
                               const json_t *card, const char *what) CSK_MUST_CHECK;
void train_engine_clear(train_engine *e);

csk_status train_engine_run(train_engine *e, int until, double *loss,
                            const csk_monitor *monitor) CSK_MUST_CHECK;
int train_engine_done(const train_engine *e);
int64_t train_engine_parameters(const train_engine *e);
bool train_engine_is_bf16(const train_engine *e);
int train_engine_multiple(const train_engine *e);

/** The tensors of the model; of the model and of what is needed to go on. */
csk_status train_engine_export(const train_engine *e, csk_tensors *to) CSK_MUST_CHECK;
csk_status train_engine_save(const train_engine *e, csk_tensors *to) CSK_MUST_CHECK;

csk_status train_engine_assess(const train_engine *e, csk_train_score *score, int count,
                               const csk_array *images, uint64_t seed,
                               const csk_monitor *monitor) CSK_MUST_CHECK;

/* -- train_images.c ---- */

/** What the files hold: those to learn from and those that are held out. */
typedef struct train_images {
    csk_array *file; /**< to learn from */
    const char **path;
    double *weight;
    int files;
    csk_array *held; /**< held out */
    const char **held_path;
    int held_files;
    csk_patches *patches;
    csk_array *image; /**< [y][x] to assess the model on, in its units */
    int images;
    int few; /**< so many of them on the way */
} train_images;

/** Read and sort the files, and make the patches and the images for the assessment. */
csk_status train_images_read(train_images *t, const cli_call *call) CSK_MUST_CHECK;
void train_images_clear(train_images *t);

/* -- train_card.c ---- */

/** What is known of a training when its card is written. */
typedef struct train_state {
    const cli_call *call;
    const train_opts *opts;
    const train_images *images;
    const char *arch;           /**< "unet-s" */
    const train_origin *origin; /**< nothing: its prior.name is NULL */
    const char *graph;          /**< NULL: a ridge regulariser */
    int multiple;
    int64_t parameters;
    int done, steps;
    double seconds; /**< of all runs together; NaN: not for the card */
    bool bf16;
    const csk_train_score *score; /**< NULL: not yet assessed */
} train_state;

/** The card as JSON text; NULL if no memory. free() it. */
char *train_card(const train_state *s);

/**
 * The options that determine a step, the seed and the inputs, as they stand in a card and
 * must stand in it when the training goes on. New reference; NULL if no memory.
 */
json_t *train_identity(const cli_call *call);

/** CSK_ERR_ARG, naming what differs, unless the card's identity is this call's. */
csk_status train_same(const cli_call *call, const json_t *card,
                      const char *path) CSK_MUST_CHECK;

/* -- train_start.c, train_loop.c ---- */

/** A training and all that belongs to it. */
typedef struct train_job {
    const cli_call *call;
    const train_opts *o;
    train_images images;
    char *checkpoint;    /**< its name */
    train_origin origin; /**< of --from */
    train_engine engine;
    csk_train_opts opts; /**< with the number of steps that was chosen */
    double before;       /**< seconds spent by earlier runs */
    double start, saved;
    int first; /**< step at which this run began */
    bool
        broken; /**< the last validation found a divergence: checkpoints stay as they are */
} train_job;

void train_job_clear(train_job *j);

/** What it is that is trained, as cards call it. */
const char *train_job_arch(const train_job *j);

/** The engine at step 0. */
csk_status train_job_begin(train_job *j) CSK_MUST_CHECK;

/** Seconds that the parts of a training take. */
typedef struct train_cost {
    double step;
    double look; /**< a validation on the way */
    double end;  /**< that in the end */
} train_cost;

/**
 * Measure, after train_job_begin(), a few steps and the validation of the largest image; all that
 * a training holds at once has been held then.
 */
csk_status train_job_measure(train_job *j, train_cost *cost) CSK_MUST_CHECK;

/** Seconds of a training of so many steps. */
double train_job_seconds(const train_job *j, const train_cost *cost, int steps);

/** The engine at step 0 or, with --resume, where the checkpoint is; the number of steps. */
csk_status train_job_start(train_job *j) CSK_MUST_CHECK;

/** Start, train to the end, write the prior and put the results. */
csk_status train_job_work(train_job *j) CSK_MUST_CHECK;

#endif
