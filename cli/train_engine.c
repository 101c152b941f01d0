/* SPDX-License-Identifier: BSD-3-Clause */
/* What csk train trains: a network or a ridge regulariser, with one set of verbs. */
#include "cli/train.h"
#include "cs/mem.h"

#include <stdlib.h>
#include <string.h>

const char *const train_arch_names[] = { "unet-xs", "unet-s", "unet-m",
                                         "unet-l",  "ridge",  NULL };
_Static_assert(sizeof(train_arch_names) / sizeof(train_arch_names[0]) ==
                   CSK_UNET_PRESETS + 2,
               "the presets of csk_unet_names[], then ridge");

static csk_status begin_ridge(train_engine *e, const train_opts *o,
                              const csk_train_opts *t, const csk_patches *patches,
                              uint64_t seed)
{
    csk_ridge_train_opts r = csk_ridge_train_defaults();

    r.filters = o->filters;
    r.side = o->side;
    r.steps = t->steps;
    r.batch = t->batch;
    r.warmup = t->warmup;
    r.rate = t->rate;
    r.sigma_min = t->sigma_min;
    r.sigma_max = t->sigma_max;
    r.sigma_data = t->sigma_data;
    return csk_ridge_train_new(&e->ridge, patches, &r, seed);
}

csk_status train_engine_begin(train_engine *e, const train_opts *o,
                              const csk_train_opts *t, const csk_patches *patches,
                              uint64_t seed)
{
    csk_tensors weights = { .item = NULL };

    e->sigma_data = t->sigma_data;
    if (o->arch == CSK_UNET_PRESETS)
        return begin_ridge(e, o, t, patches, seed);
    csk_unet u = csk_unet_preset(o->arch, csk_patches_channels(patches));
    u.attention = o->attention;
    csk_status err = csk_unet_build(&e->graph, &weights, &u, seed);
    if (!err)
        err = csk_net_parse(&e->net, e->graph, &weights, train_arch_names[o->arch]);
    csk_tensors_clear(&weights);
    return err ? err : csk_train_new(&e->train, e->net, patches, t, seed);
}

/* The network that a card describes, with the weights of its file, to be trained. */
static csk_status begin_of_card(train_engine *e, const csk_train_opts *t,
                                const csk_patches *patches, uint64_t seed,
                                const csk_tensors *from, const json_t *card,
                                const char *what)
{
    const json_t *graph = json_object_get(card, "graph");
    char *text = json_is_object(graph) ? json_dumps(graph, JSON_COMPACT) : NULL;
    const size_t len = text ? strlen(text) + 1 : 0;

    if (!json_is_object(graph))
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: \"graph\" is missing: csk train did not write it", what);
    e->sigma_data = t->sigma_data;
    e->graph = text ? csk_alloc((int64_t)len, 1) : NULL;
    if (e->graph)
        memcpy(e->graph, text, len);
    free(text);
    if (!e->graph)
        return cli_no_memory();
    const csk_status err = csk_net_parse(&e->net, e->graph, from, what);
    return err ? err : csk_train_new(&e->train, e->net, patches, t, seed);
}

csk_status train_engine_from(train_engine *e, const csk_train_opts *t,
                             const csk_patches *patches, uint64_t seed,
                             const train_origin *origin)
{
    return begin_of_card(e, t, patches, seed, &origin->weights, origin->card,
                         origin->prior.path);
}

csk_status train_engine_resume(train_engine *e, const train_opts *o,
                               const csk_train_opts *t, const csk_patches *patches,
                               uint64_t seed, const csk_tensors *from,
                               const json_t *card, const char *what)
{
    train_engine_clear(e);
    if (o->arch == CSK_UNET_PRESETS) {
        const csk_status err = begin_ridge(e, o, t, patches, seed);
        e->sigma_data = t->sigma_data;
        return err ? err : csk_ridge_train_load(e->ridge, from, what);
    }
    const csk_status err = begin_of_card(e, t, patches, seed, from, card, what);
    return err ? err : csk_train_load(e->train, from, what);
}

void train_engine_clear(train_engine *e)
{
    csk_train_free(e->train);
    csk_net_free(e->net);
    csk_free(e->graph);
    csk_ridge_train_free(e->ridge);
    *e = (train_engine){ .net = NULL };
}

csk_status train_engine_run(train_engine *e, int until, double *loss,
                            const csk_monitor *monitor)
{
    return e->ridge ? csk_ridge_train_run(e->ridge, until, loss, monitor)
                    : csk_train_run(e->train, until, loss, monitor);
}

int train_engine_done(const train_engine *e)
{
    return e->ridge ? csk_ridge_train_done(e->ridge) : csk_train_done(e->train);
}

int64_t train_engine_parameters(const train_engine *e)
{
    return e->ridge ? csk_ridge_train_parameters(e->ridge) : csk_net_parameters(e->net);
}

bool train_engine_is_bf16(const train_engine *e)
{
    return !e->ridge && csk_train_is_bf16(e->train);
}

int train_engine_multiple(const train_engine *e)
{
    return e->ridge ? 1 : csk_net_multiple(e->net);
}

csk_status train_engine_export(const train_engine *e, csk_tensors *to)
{
    return e->ridge ? csk_ridge_train_export(e->ridge, NULL, to)
                    : csk_net_export(e->net, csk_train_average(e->train), to);
}

csk_status train_engine_save(const train_engine *e, csk_tensors *to)
{
    if (!e->ridge)
        return csk_train_save(e->train, to);
    const csk_status err = csk_ridge_train_export(e->ridge, NULL, to);
    return err ? err : csk_ridge_train_save(e->ridge, to);
}

csk_status train_engine_assess(const train_engine *e, csk_train_score *score, int count,
                               const csk_array *images, uint64_t seed,
                               const csk_monitor *monitor)
{
    return e->ridge
               ? csk_ridge_train_assess(score, e->ridge, count, images, seed, monitor)
               : csk_train_assess(score, e->net, csk_train_average(e->train), count,
                                  images, e->sigma_data, seed, monitor);
}
