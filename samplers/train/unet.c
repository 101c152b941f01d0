/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/train/unet.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const csk_unet_names[CSK_UNET_PRESETS + 1] = { "unet-xs", "unet-s",
                                                           "unet-m", "unet-l", NULL };

csk_unet csk_unet_preset(int i, int field_channels)
{
    static const csk_unet preset[] = {
        { .scales = 2,
          .channels = { 16, 32 },
          .blocks = 1,
          .middle = 1,
          .embedding = 32 },
        { .scales = 4,
          .channels = { 32, 64, 128, 128 },
          .blocks = 1,
          .middle = 2,
          .embedding = 64 },
        { .scales = 4,
          .channels = { 32, 64, 128, 128 },
          .blocks = 2,
          .middle = 4,
          .embedding = 64 },
        { .scales = 4,
          .channels = { 64, 128, 192, 256 },
          .blocks = 2,
          .middle = 4,
          .embedding = 64 },
    };
    csk_unet u = preset[i];

    u.field_channels = field_channels;
    return u;
}

/* Cosines and sines of the noise level's logarithm that the embedding begins with. */
enum { WAVES = 8, NAME = 40, STREAM_WEIGHTS = 0x756e6574 };

/* The graph as it grows. After a failure nothing more is done. */
typedef struct builder {
    json_t *nodes;
    csk_tensors *weights;
    uint64_t seed;
    uint32_t tensors;    /* numbers the random vectors */
    char embedded[NAME]; /* the value that blocks map to their films */
    int embedding;
    csk_status err;
} builder;

static void no_room(builder *b)
{
    b->err = csk_fail(CSK_ERR_NOMEM, "unet: no memory for its graph");
}

/* Owns @p more (NULL: nothing to add), members of the node besides name, op and from. */
static void add_node(builder *b, const char *name, const char *op, const char *from,
                     const char *second, json_t *more)
{
    json_t *node =
        b->err ? NULL
               : json_pack("{s:s, s:s, s:[s]}", "name", name, "op", op, "from", from);

    if (node && second &&
        json_array_append_new(json_object_get(node, "from"), json_string(second)))
        b->err = CSK_ERR_NOMEM;
    if (node && more && json_object_update(node, more))
        b->err = CSK_ERR_NOMEM;
    json_decref(more);
    if (b->err || !node || json_array_append(b->nodes, node))
        no_room(b);
    json_decref(node);
}

/* Normal numbers of variance gain / inputs; a gain of 0: zeros. */
static void add_tensor(builder *b, const char *name, int rank, const int64_t *dim,
                       double gain)
{
    csk_tensor *t;
    int64_t inputs = 1;

    if (b->err)
        return;
    b->err = csk_tensors_add(b->weights, name, rank, dim, &t);
    if (b->err || gain == 0.)
        return;
    for (int i = 1; i < rank; i++)
        inputs *= dim[i];
    const int64_t len = inputs * dim[0];
    csk_rng_normal((csk_rng){ b->seed, STREAM_WEIGHTS, b->tensors++ }, len, t->data);
    csk_scale(len, sqrt(gain / (double)inputs), t->data);
}

/* Weight and bias of the node @p name, as members of the node. */
static json_t *weights(builder *b, const char *name, int rank, const int64_t *dim,
                       double gain)
{
    char weight[NAME + 8], bias[NAME + 8];

    (void)snprintf(weight, sizeof(weight), "%s.weight", name);
    (void)snprintf(bias, sizeof(bias), "%s.bias", name);
    add_tensor(b, weight, rank, dim, gain);
    add_tensor(b, bias, 1, dim, 0.);
    return json_pack("{s:s, s:s}", "weight", weight, "bias", bias);
}

static void conv(builder *b, const char *name, const char *from, int in, int out,
                 int kernel, int stride, double gain)
{
    const int64_t dim[4] = { out, in, kernel, kernel };
    json_t *more = weights(b, name, 4, dim, gain);

    if (more && stride > 1)
        (void)json_object_set_new(more, "stride", json_integer(stride));
    if (more && stride > 1)
        (void)json_object_set_new(more, "pad", json_integer(0));
    add_node(b, name, "conv", from, NULL, more);
}

static void linear(builder *b, const char *name, const char *from, int in, int out,
                   double gain)
{
    const int64_t dim[2] = { out, in };

    add_node(b, name, "linear", from, NULL, weights(b, name, 2, dim, gain));
}

/* @p at, the name of the value at hand, becomes that of the block's result. */
static void block(builder *b, char at[NAME], const char *stem, int channels)
{
    static const char *const part[] = {
        "conv1", "vector", "film", "act", "conv2", "sum"
    };
    char name[6][NAME];

    for (int i = 0; i < 6; i++)
        (void)snprintf(name[i], NAME, "%.24s.%s", stem, part[i]);
    conv(b, name[0], at, channels, channels, 3, 1, 1.);
    linear(b, name[1], b->embedded, b->embedding, 2 * channels, .1);
    add_node(b, name[2], "film", name[0], name[1], NULL);
    add_node(b, name[3], "silu", name[2], NULL, NULL);
    conv(b, name[4], name[3], channels, channels, 3, 1, 0.);
    add_node(b, name[5], "add", at, name[4], NULL);
    (void)snprintf(at, NAME, "%s", name[5]);
}

static void blocks(builder *b, char at[NAME], const char *stem, int count, int channels)
{
    char name[NAME];

    for (int k = 0; k < count; k++) {
        (void)snprintf(name, NAME, "%.16s.%d", stem, k);
        block(b, at, name, channels);
    }
}

static void attend(builder *b, char at[NAME], int channels)
{
    const int heads = channels >= 32 && channels % 32 == 0 ? channels / 32 : 1;

    conv(b, "attention.qkv", at, channels, 3 * channels, 1, 1, 1.);
    add_node(b, "attention.mix", "attention", "attention.qkv", NULL,
             json_pack("{s:i}", "heads", heads));
    conv(b, "attention.out", "attention.mix", channels, channels, 1, 1, 0.);
    add_node(b, "attention.sum", "add", at, "attention.out", NULL);
    (void)snprintf(at, NAME, "attention.sum");
}

/* From "x" alone, since an embedding reads no value but has to be given one. */
static void embed(builder *b, int length)
{
    json_t *node = json_pack("{s:s, s:s, s:s, s:i}", "name", "noise", "op",
                             "noise_embedding", "kind", "log", "channels", WAVES);

    b->embedding = length;
    (void)snprintf(b->embedded, NAME, "noise.act2");
    if (!node || json_array_append_new(b->nodes, node))
        no_room(b);
    linear(b, "noise.linear1", "noise", WAVES, length, 2.);
    add_node(b, "noise.act1", "silu", "noise.linear1", NULL, NULL);
    linear(b, "noise.linear2", "noise.act1", length, length, 2.);
    add_node(b, b->embedded, "silu", "noise.linear2", NULL, NULL);
}

static void go_down(builder *b, const csk_unet *u, char at[NAME],
                    char skip[CSK_UNET_SCALES][NAME])
{
    char name[NAME];

    for (int s = 0; s < u->scales - 1; s++) {
        (void)snprintf(name, NAME, "down.%d", s);
        blocks(b, at, name, u->blocks, u->channels[s]);
        memcpy(skip[s], at, NAME);
        (void)snprintf(name, NAME, "down.%d.conv", s);
        conv(b, name, at, u->channels[s], u->channels[s + 1], 2, 2, 1.);
        memcpy(at, name, NAME);
    }
}

static void go_up(builder *b, const csk_unet *u, char at[NAME],
                  char skip[CSK_UNET_SCALES][NAME])
{
    char up[NAME], spread[NAME], sum[NAME], stem[NAME];

    for (int s = u->scales - 2; s >= 0; s--) {
        (void)snprintf(up, NAME, "up.%d.conv", s);
        (void)snprintf(spread, NAME, "up.%d.space", s);
        (void)snprintf(sum, NAME, "up.%d.skip", s);
        (void)snprintf(stem, NAME, "up.%d", s);
        conv(b, up, at, u->channels[s + 1], 4 * u->channels[s], 1, 1, .5);
        add_node(b, spread, "depth_to_space", up, NULL,
                 json_pack("{s:i}", "factor", 2));
        add_node(b, sum, "add", spread, skip[s], NULL);
        memcpy(at, sum, NAME);
        blocks(b, at, stem, u->blocks, u->channels[s]);
    }
}

static void build(builder *b, const csk_unet *u)
{
    char skip[CSK_UNET_SCALES][NAME] = { "" };
    char at[NAME] = "in";

    embed(b, u->embedding);
    conv(b, "in", "x", u->field_channels, u->channels[0], 3, 1, 1.);
    go_down(b, u, at, skip);
    blocks(b, at, "middle", u->middle, u->channels[u->scales - 1]);
    if (u->attention)
        attend(b, at, u->channels[u->scales - 1]);
    go_up(b, u, at, skip);
    conv(b, "out", at, u->channels[0], u->field_channels, 3, 1, 0.);
}

static csk_status check(const csk_unet *u)
{
    bool good = u->field_channels >= 1 && u->field_channels <= 4 && u->scales >= 1 &&
                u->scales <= CSK_UNET_SCALES && u->blocks >= 0 && u->blocks <= 16 &&
                u->middle >= 0 && u->middle <= 16 && u->embedding >= 1 &&
                u->embedding <= 1024;

    for (int s = 0; s < u->scales && good; s++)
        good =
            u->channels[s] >= 16 && u->channels[s] <= 1024 && u->channels[s] % 16 == 0;
    return good ? CSK_OK
                : csk_fail(
                      CSK_ERR_ARG,
                      "unet: %d scales, %d blocks, %d channels first: numbers out of "
                      "range; channels are multiples of 16",
                      u->scales, u->blocks, u->channels[0]);
}

csk_status csk_unet_build(char **graph, csk_tensors *tensors, const csk_unet *u,
                          uint64_t seed)
{
    builder b = { .nodes = NULL, .weights = tensors, .seed = seed, .err = check(u) };

    if (b.err)
        return b.err;
    json_t *root = json_pack("{s:i, s:s, s:[]}", "input", u->field_channels, "output",
                             "out", "nodes");
    b.nodes = json_object_get(root, "nodes");
    if (b.nodes)
        build(&b, u);
    else
        no_room(&b);
    char *text = b.err ? NULL : json_dumps(root, JSON_COMPACT);
    json_decref(root);
    if (!b.err && !text)
        no_room(&b);
    if (!b.err) {
        const size_t len = strlen(text) + 1;
        char *copy = csk_alloc((int64_t)len, 1);
        if (copy)
            *graph = memcpy(copy, text, len);
        else
            b.err = CSK_ERR_NOMEM;
    }
    free(text);
    return b.err;
}
