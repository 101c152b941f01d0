/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/json_text.h"
#include "cli/train.h"

#include <stdlib.h>

#define S train_opts
/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_CHOICE(S, arch,      "arch",      1, train_arch_names, "network, or ridge: a convex regulariser"),
    CSK_OPT_FLAG  (S, attention, "attention", 0,                 "self-attention at the coarsest scale"),
    CSK_OPT_INT   (S, filters,   "filters",   48, 1, 256, "N",    "ridge: filters"),
    CSK_OPT_INT   (S, side,      "side",      13, 3, 31, "N",     "ridge: side of a filter, odd"),
    CSK_OPT_GROUP (S, train,     csk_train_params),
    CSK_OPT_REAL  (S, minutes,   "minutes",   0, 0, 1e6, "M",     "as many steps as take M minutes, validation included, by a measurement that comes first; 0: see --steps"),
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

/* A network has other options than a ridge regulariser. */
static csk_status check_options(const cli_call *call)
{
    const train_opts *o = call->opts;
    const bool network = o->from || o->arch != CSK_UNET_PRESETS;
    const cli_reader readers[] = {
        { "attention", network, "a network" },
        { "ema", network, "a network" },
        { "clip", network, "a network" },
        { "noise", network, "a network" },
        { "precision", network, "a network" },
        { "filters", !network, "--arch ridge" },
        { "side", !network, "--arch ridge" },
        { "rough-phase", o->patch.phase, "--phase" },
        { NULL, false, NULL },
    };

    const struct {
        const char *name, *text;
    } card[] = {
        { "name", o->name },
        { "about", o->about },
        { "licence", o->licence },
        { "data", o->data },
    };
    csk_status err = cli_check_readers(call, readers);

    for (int i = 0; i < 4 && !err; i++)
        err = cli_check_utf8(card[i].name, card[i].text);
    return err;
}

static csk_status prepare(train_job *j)
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
    train_job j = { .call = call, .o = call->opts };
    csk_status err = prepare(&j);

    if (!err)
        err = train_job_work(&j);
    train_job_clear(&j);
    return err;
}

static csk_status plan(const cli_call *call, cli_plan *out)
{
    train_job j = { .call = call, .o = call->opts };
    train_cost cost;
    csk_status err = prepare(&j);

    if (!err)
        err = train_job_begin(&j);
    if (!err)
        err = train_job_measure(&j, &cost);
    if (!err) {
        out->seconds = j.o->minutes > 0. ? 60. * j.o->minutes
                                         : train_job_seconds(&j, &cost, j.opts.steps);
        out->bytes = cli_peak_bytes();
        out->note = "measured on a few steps and the validation of an image";
    }
    train_job_clear(&j);
    return err;
}

static const cli_arg args[] = {
    { "IMAGE", "images [y][x], or stacks of them [...][y][x], real or complex",
      .count = CLI_MANY },
    { "PRIOR", "the prior, any name; .csk is usual", .role = CLI_OUTPUT,
      .is_prior = true },
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
        "the smaller grid: nothing of the band is lost, and edges ring. --rough-phase 0.15 gives "
        "them a phase as rough as that of measured images, in which a train of echoes, blood "
        "and fat leave their marks.\n\n"
        "Every few minutes and at Ctrl-C the state goes to PRIOR.checkpoint, from which "
        "--resume goes on, and which is itself a prior. The weights are bit for bit those "
        "of a run that was not stopped. With another --steps the schedule ends there.\n\n"
        "Validation is on files that --validate holds out: the decibels by which noise "
        "of levels 0.01, 0.02, 0.05, 0.1, 0.2 and 0.5 is reduced, on the way for four of the "
        "images, in the end for 24 at most. Without it the images "
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
