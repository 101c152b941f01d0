/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/net/graph_priv.h"

#include <stdio.h>

enum { NAME = 160 };

csk_graph csk_graph_new(void)
{
    return (csk_graph){ json_array() };
}

void csk_graph_clear(csk_graph *g)
{
    json_decref(g->nodes);
    g->nodes = NULL;
}

static const char *name_of(const csk_graph *g, int value)
{
    const json_t *node =
        value == CSK_GRAPH_INPUT ? NULL : json_array_get(g->nodes, (size_t)value - 1);

    return node ? json_string_value(json_object_get(node, "name")) : "x";
}

json_t *csk_graph_finish(csk_graph *g, int inputs, int output)
{
    /* "O" adds a reference, whether it succeeds or not is seen in the result. */
    json_t *graph = g->nodes ? json_pack("{s:i, s:s, s:O}", "input", inputs, "output",
                                         name_of(g, output), "nodes", g->nodes)
                             : NULL;

    csk_graph_clear(g);
    return graph;
}

static json_t *names_of(const csk_graph *g, int count, const int *from)
{
    json_t *list = json_array();

    for (int i = 0; i < count && list; i++) {
        if (json_array_append_new(list, json_string(name_of(g, from[i])))) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

int csk_graph_node(csk_graph *g, const char *op, const char *name, json_t *with,
                   int count, const int *from)
{
    const int value = (int)json_array_size(g->nodes) + 1;
    char made[NAME];
    json_t *names = names_of(g, count, from);
    json_t *node = NULL;

    (void)snprintf(made, sizeof(made), "%s%d", op, value);
    if (names && with)
        node = json_pack("{s:s, s:s, s:O}", "name", name ? name : made, "op", op,
                         "from", names);
    if (!node || json_object_update(node, with) || json_array_append(g->nodes, node))
        csk_graph_clear(g);
    json_decref(names);
    json_decref(with);
    json_decref(node);
    return value;
}

/* Members "weight" and, if @p bias, "bias". */
static json_t *weights_of(const char *prefix, bool bias)
{
    char weight[NAME], offset[NAME];

    (void)snprintf(weight, sizeof(weight), "%s.weight", prefix);
    (void)snprintf(offset, sizeof(offset), "%s.bias", prefix);
    return json_pack("{s:s, s:s*}", "weight", weight, "bias", bias ? offset : NULL);
}

/* Set a member if both exist; else NULL, and nothing is leaked. */
static json_t *with(json_t *members, const char *key, json_t *value)
{
    if (json_object_set_new(members, key, value)) {
        json_decref(members);
        members = NULL;
    }
    return members;
}

static int one(csk_graph *g, const char *op, const char *name, json_t *members, int a)
{
    return csk_graph_node(g, op, name, members, 1, &a);
}

int csk_graph_conv(csk_graph *g, int a, const char *prefix, bool bias, int stride,
                   int pad)
{
    json_t *members = weights_of(prefix, bias);

    if (stride != 1)
        members = with(members, "stride", json_integer(stride));
    if (pad >= 0)
        members = with(members, "pad", json_integer(pad));
    return one(g, "conv", prefix, members, a);
}

int csk_graph_conv_transpose(csk_graph *g, int a, const char *prefix, bool bias,
                             int stride, int pad)
{
    json_t *members = with(weights_of(prefix, bias), "stride", json_integer(stride));

    return one(g, "conv_transpose", prefix, with(members, "pad", json_integer(pad)), a);
}

int csk_graph_linear(csk_graph *g, int v, const char *prefix, bool bias)
{
    return one(g, "linear", prefix, weights_of(prefix, bias), v);
}

int csk_graph_group_norm(csk_graph *g, int a, const char *prefix, int groups,
                         double eps)
{
    json_t *members = with(weights_of(prefix, true), "groups", json_integer(groups));

    return one(g, "group_norm", prefix, with(members, "eps", json_real(eps)), a);
}

int csk_graph_unary(csk_graph *g, const char *op, int a)
{
    return one(g, op, NULL, json_object(), a);
}

int csk_graph_concat(csk_graph *g, int a, int b)
{
    return csk_graph_node(g, "concat", NULL, json_object(), 2, (int[]){ a, b });
}

int csk_graph_film(csk_graph *g, int a, int v)
{
    return csk_graph_node(g, "film", NULL, json_object(), 2, (int[]){ a, v });
}

int csk_graph_add(csk_graph *g, int a, int b, double scale)
{
    json_t *members = json_object();

    if (scale != 1.)
        members = with(members, "scale", json_real(scale));
    return csk_graph_node(g, "add", NULL, members, 2, (int[]){ a, b });
}

int csk_graph_scale(csk_graph *g, int a, double factor)
{
    return one(g, "scale", NULL, json_pack("{s:f}", "factor", factor), a);
}

int csk_graph_noise_map(csk_graph *g, double factor)
{
    return csk_graph_node(g, "noise_map", NULL, json_pack("{s:f}", "factor", factor), 0,
                          NULL);
}

int csk_graph_attention(csk_graph *g, int qkv, int heads)
{
    return one(g, "attention", NULL, json_pack("{s:i}", "heads", heads), qkv);
}

int csk_graph_shuffle(csk_graph *g, const char *op, int a, int factor)
{
    return one(g, op, NULL, json_pack("{s:i}", "factor", factor), a);
}

int csk_graph_border(csk_graph *g, int a, const char *mode, const int size[4])
{
    json_t *members =
        json_pack("{s:[iiii]}", "size", size[0], size[1], size[2], size[3]);

    if (mode)
        members = with(members, "mode", json_string(mode));
    return one(g, mode ? "pad" : "crop", NULL, members, a);
}
