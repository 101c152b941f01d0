/* SPDX-License-Identifier: BSD-3-Clause */
/* The card of a model that csk has trained: docs/priors.md says what its members mean. */
#include "cli/json_text.h"
#include "cli/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- what may not change when a training goes on ------------------------------------------ */

/* Options that change no step, that may change on the way, or (from) whose file is an input. */
static const char *const idle[] = { "steps", "minutes", "save",    "every", "resume",
                                    "from",  "name",    "licence", "about", "data" };

static bool is_idle(const char *option)
{
    for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++) {
        if (strcmp(option, idle[i]) == 0)
            return true;
    }
    return false;
}

json_t *train_identity(const cli_call *call)
{
    const char *note = cli_provenance(call);
    json_t *all = note ? json_loads(note, 0, NULL) : NULL;
    json_t *options = json_object_get(all, "options");

    for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]) && options; i++)
        (void)json_object_del(options, idle[i]);
    json_t *identity =
        options ? json_pack("{s:O, s:O, s:O, s:i}", "seed",
                            json_object_get(all, "seed"), "options", options, "inputs",
                            json_object_get(all, "inputs"), "files", call->args[0].n)
                : NULL;
    json_decref(all);
    return identity;
}

/* The first member of @p a that @p b has not or not so; NULL: none. */
static const char *first_missing(json_t *a, json_t *b)
{
    const char *key;
    json_t *value;

    json_object_foreach(a, key, value)
    {
        if (!is_idle(key) && !json_equal(value, json_object_get(b, key)))
            return key;
    }
    return NULL;
}

static bool has_value(json_t *all, const json_t *wanted)
{
    const char *key;
    json_t *value;

    json_object_foreach(all, key, value)
    {
        if (json_equal(value, wanted))
            return true;
    }
    return false;
}

/* The first file of @p a whose content is none of @p b: paths may be spelled in another way. */
static const char *first_other(json_t *a, json_t *b)
{
    const char *key;
    json_t *value;

    json_object_foreach(a, key, value)
    {
        if (!has_value(b, value))
            return key;
    }
    return json_object_size(a) == json_object_size(b) ? NULL : "number of them";
}

static csk_status compare(json_t *now, json_t *then, const char *path)
{
    const char *differs;

    if (!json_is_object(then))
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: its card has no \"identity\": it is no "
                        "checkpoint of csk train",
                        path);
    /* Options that csk has learned since then are not among those it began with. */
    differs = first_missing(json_object_get(then, "options"),
                            json_object_get(now, "options"));
    if (differs)
        return csk_fail(CSK_ERR_ARG,
                        "%s was begun with another --%s; it can only go on as it began",
                        path, differs);
    differs =
        first_other(json_object_get(now, "inputs"), json_object_get(then, "inputs"));
    if (differs)
        return csk_fail(CSK_ERR_ARG,
                        "%s was begun with other images (%s); it can only go on with "
                        "the same",
                        path, differs);
    const json_t *files = json_object_get(then, "files");
    if (files && !json_equal(files, json_object_get(now, "files")))
        return csk_fail(CSK_ERR_ARG, "%s was begun with %d files, not %d", path,
                        (int)json_integer_value(files),
                        (int)json_integer_value(json_object_get(now, "files")));
    if (!json_equal(json_object_get(now, "seed"), json_object_get(then, "seed")))
        return csk_fail(CSK_ERR_ARG, "%s was begun with another --seed", path);
    return CSK_OK;
}

csk_status train_same(const cli_call *call, const json_t *card, const char *path)
{
    json_t *now = train_identity(call);
    const csk_status err =
        now ? compare(now,
                      json_object_get(json_object_get(card, "training"), "identity"),
                      path)
            : cli_no_memory();

    json_decref(now);
    return err;
}

/* -- the card ------------------------------------------------------------------------------ */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static json_t *names(int n, const char *const *path)
{
    json_t *list = json_array();

    for (int i = 0; i < n && list; i++)
        (void)json_array_append_new(list, cli_json_text(base_name(path[i])));
    return list;
}

/* Of 4 significant digits: a card is read by people. */
static json_t *numbers(const double *x)
{
    json_t *list = json_array();

    for (int k = 0; k < CSK_TRAIN_LEVELS && list; k++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "%.4g", x[k]);
        (void)json_array_append_new(
            list, json_real(isfinite(x[k]) ? strtod(text, NULL) : 0.));
    }
    return list;
}

static json_t *training(const train_state *s)
{
    const train_opts *o = s->opts;
    const train_images *t = s->images;
    const char *note = cli_provenance(s->call);
    json_t *all = note ? json_loads(note, 0, NULL) : NULL;
    json_t *one =
        json_pack("{s:s*, s:{s:o, s:o}, s:i, s:i, s:I, s:s, s:O*, s:o}", "data",
                  o->data, "split", "train", names(t->files, t->path), "held out",
                  names(t->held_files, t->held_path), "steps", s->steps, "done",
                  s->done, "patches", (json_int_t)s->done * o->train.batch, "precision",
                  s->bf16 ? "bf16" : "f32", "command", json_object_get(all, "command"),
                  "identity", train_identity(s->call));

    json_decref(all);
    if (one && s->origin->prior.name)
        (void)json_object_set_new(one, "from",
                                  json_pack("{s:s, s:s}", "name", s->origin->prior.name,
                                            "sha256", s->origin->prior.hash));
    /* Equal trainings make equal models; how long they took is in the checkpoint. */
    if (one && isfinite(s->seconds))
        (void)json_object_set_new(one, "seconds", json_real(floor(s->seconds)));
    return one;
}

static json_t *metrics(const train_state *s)
{
    const csk_train_score *x = s->score;

    return json_pack("{s:b, s:i, s:o, s:o, s:o}", "held_out", s->images->held_files > 0,
                     "images", s->images->images, "sigma", numbers(csk_train_levels),
                     "psnr", numbers(x->psnr), "noise_reduction", numbers(x->gain));
}

static json_t *norms(const train_state *s)
{
    return json_pack("{s:o, s:o, s:o}", "sigma", numbers(csk_train_levels), "mean",
                     numbers(s->score->norm), "std", numbers(s->score->norm_std));
}

/* What csk_prior_net_opts.turn takes for granted: of complex images any constant phase, too. */
static bool is_symmetric(const train_state *s)
{
    const bool complex = csk_patches_channels(s->images->patches) == 2;

    return s->opts->patch.flip && (!complex || s->opts->patch.phase);
}

/* Members that describe the prior itself. Ridge has no network: no preconditioning, no graph. */
static json_t *head(const train_state *s)
{
    const train_opts *o = s->opts;
    const bool ridge = !s->graph;
    json_t *card = json_pack(
        "{s:s, s:i, s:s, s:s*, s:s, s:i, s:i, s:{s:f, s:f}, s:f, s:[f, f], s:i, s:s, s:f, "
        "s:s, s:I, s:s*, s:s*, s:s*}",
        "csk", "prior", "version", 1, "kind", ridge ? "ridge" : "network", "name",
        o->name, "field",
        csk_patches_channels(s->images->patches) == 2 ? "complex" : "real", "axes", 2,
        "channels", 1, "range", "offset", 0., "factor", 1., "scale",
        csk_patches_scale(s->images->patches), "sigma", o->train.sigma_min,
        o->train.sigma_max, "multiple", s->multiple, "preconditioning",
        ridge ? "none" : "edm", "sigma_data", o->train.sigma_data, "architecture",
        ridge ? "ridge" : s->arch, "parameters", (json_int_t)s->parameters, "about",
        o->about, "licence", o->licence, "symmetry",
        !ridge && is_symmetric(s) ? "square" : NULL);

    if (!ridge && json_object_set_new(card, "graph", json_loads(s->graph, 0, NULL))) {
        json_decref(card);
        return NULL;
    }
    return card;
}

char *train_card(const train_state *s)
{
    json_t *card = head(s);
    char *text = NULL;

    if (card) {
        const char *note;
        (void)json_object_set_new(card, "training", training(s));
        if (s->score) {
            (void)json_object_set_new(card, "metrics", metrics(s));
            (void)json_object_set_new(card, "score_norm", norms(s));
        }
        note = cli_provenance(s->call);
        (void)json_object_set_new(card, "provenance",
                                  note ? json_loads(note, 0, NULL) : json_null());
        text = json_dumps(card, JSON_COMPACT | JSON_REAL_PRECISION(15));
    }
    json_decref(card);
    return text;
}
