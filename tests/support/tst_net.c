/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "tests/support/tst.h"
#include "tests/support/tst_net_priv.h"

#include <string.h>

static const struct {
    const char *name;
    tst_op *run;
} ops[] = {
    { "conv", tst_net_conv },
    { "conv_transpose", tst_net_conv_transpose },
    { "fir", tst_net_fir },
    { "depth_to_space", tst_net_depth_to_space },
    { "space_to_depth", tst_net_space_to_depth },
    { "pixel_shuffle", tst_net_pixel_shuffle },
    { "pixel_unshuffle", tst_net_pixel_unshuffle },
    { "pad", tst_net_pad },
    { "crop", tst_net_crop },
    { "fold", tst_net_fold },
    { "upsample", tst_net_upsample },
    { "downsample", tst_net_downsample },
    { "relu", tst_net_relu },
    { "silu", tst_net_silu },
    { "gelu", tst_net_gelu },
    { "student", tst_net_student },
    { "add", tst_net_add },
    { "scale", tst_net_scale },
    { "affine", tst_net_affine },
    { "concat", tst_net_concat },
    { "film", tst_net_film },
    { "group_norm", tst_net_group_norm },
    { "linear", tst_net_linear },
    { "noise_map", tst_net_noise_map },
    { "noise_embedding", tst_net_noise_embedding },
    { "attention", tst_net_attention },
};

/* -- images ----------------------------------------------------------------- */

int64_t tst_map_size(const tst_map *m)
{
    return (int64_t)m->batch * m->channels * m->height * m->width;
}

tst_map tst_map_new(int batch, int channels, int height, int width)
{
    tst_map m = { batch, channels, height, width, NULL };

    ck_assert_int_gt(tst_map_size(&m), 0);
    m.data = csk_alloc(tst_map_size(&m), sizeof(*m.data));
    ck_assert_ptr_nonnull(m.data);
    return m;
}

tst_map tst_map_like(const tst_map *m, int channels)
{
    return tst_map_new(m->batch, channels, m->height, m->width);
}

/* No ck_assert() here: each of them writes to the program that runs the tests. */
double *tst_map_at(const tst_map *m, int batch, int channel, int y, int x)
{
    const int64_t plane = (int64_t)batch * m->channels + channel;

    if (batch >= m->batch || channel >= m->channels || y >= m->height || x >= m->width)
        ck_abort_msg("[%d][%d][%d][%d] outside", batch, channel, y, x);
    return m->data + (plane * m->height + y) * m->width + x;
}

double tst_map_get(const tst_map *m, int batch, int channel, int y, int x)
{
    const bool inside = y >= 0 && y < m->height && x >= 0 && x < m->width;

    return inside ? *tst_map_at(m, batch, channel, y, x) : 0.;
}

/* -- what a node says ------------------------------------------------------- */

double tst_node_number(const tst_node *n, const char *key, double otherwise)
{
    const json_t *value = json_object_get(n->json, key);

    return value ? json_number_value(value) : otherwise;
}

int tst_node_integer(const tst_node *n, const char *key, int otherwise)
{
    return (int)tst_node_number(n, key, otherwise);
}

const char *tst_node_text(const tst_node *n, const char *key, const char *otherwise)
{
    const json_t *value = json_object_get(n->json, key);

    return value ? json_string_value(value) : otherwise;
}

double tst_node_item(const tst_node *n, const char *key, int i)
{
    const json_t *list = json_object_get(n->json, key);

    ck_assert_msg(i < (int)json_array_size(list), "%s[%d]", key, i);
    return json_number_value(json_array_get(list, (size_t)i));
}

const tst_weight *tst_node_weight(const tst_node *n, const char *key)
{
    const char *name = tst_node_text(n, key, NULL);

    if (!name)
        return NULL;
    for (int i = 0; i < n->net->count; i++) {
        if (strcmp(n->net->weight[i].name, name) == 0)
            return &n->net->weight[i];
    }
    ck_abort_msg("no tensor %s", name);
    return NULL;
}

/* -- nets ------------------------------------------------------------------- */

tst_net *tst_net_new(const char *graph, const csk_tensors *weights)
{
    tst_net *net = csk_alloc(1, sizeof(*net));
    json_error_t error;

    ck_assert_ptr_nonnull(net);
    net->graph = json_loads(graph, 0, &error);
    ck_assert_msg(net->graph != NULL, "%s in %s", error.text, graph);
    net->count = weights->count;
    net->weight = csk_alloc(net->count + 1, sizeof(*net->weight));
    for (int i = 0; i < net->count; i++) {
        const csk_tensor *t = &weights->item[i];
        tst_weight *w = &net->weight[i];

        w->name = t->name;
        w->rank = t->rank;
        for (int k = 0; k < t->rank; k++)
            w->dim[k] = (int)t->dim[k];
        w->data = csk_alloc(csk_tensor_size(t), sizeof(*w->data));
        ck_assert_ptr_nonnull(w->data);
    }
    tst_net_move(net, weights, 0., weights);
    return net;
}

void tst_net_free(tst_net *net)
{
    for (int i = 0; i < net->count; i++)
        csk_free(net->weight[i].data);
    csk_free(net->weight);
    json_decref(net->graph);
    csk_free(net);
}

void tst_net_move(tst_net *net, const csk_tensors *at, double h,
                  const csk_tensors *along)
{
    for (int i = 0; i < net->count; i++) {
        const csk_tensor *a = csk_tensors_find(at, net->weight[i].name);
        const csk_tensor *d = csk_tensors_find(along, net->weight[i].name);

        ck_assert(a && d);
        for (int64_t j = 0; j < csk_tensor_size(a); j++)
            net->weight[i].data[j] = a->data[j] + h * d->data[j];
    }
}

/* The value that the node calls @p name: before it, or the input. */
static const tst_map *find(const json_t *nodes, const tst_map *value, int before,
                           const char *name, const tst_map *x)
{
    if (strcmp(name, "x") == 0)
        return x;
    for (int i = 0; i < before; i++) {
        const json_t *node = json_array_get(nodes, (size_t)i);

        if (strcmp(json_string_value(json_object_get(node, "name")), name) == 0)
            return &value[i];
    }
    ck_abort_msg("no value %s", name);
    return NULL;
}

static tst_map run(const tst_node *n)
{
    const char *op = tst_node_text(n, "op", "");

    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        if (strcmp(op, ops[i].name) == 0)
            return ops[i].run(n);
    }
    ck_abort_msg("no op %s", op);
    return (tst_map){ 0 };
}

tst_map tst_net_eval(const tst_net *net, const tst_map *x, const double *sigma,
                     const double *step)
{
    const json_t *nodes = json_object_get(net->graph, "nodes");
    const int count = (int)json_array_size(nodes);
    tst_map *value = csk_alloc(count, sizeof(*value)), y;

    ck_assert_ptr_nonnull(value);
    for (int i = 0; i < count; i++) {
        tst_node n = {
            .net = net, .x = x, .sigma = sigma, .step = step ? step : sigma
        };

        n.json = json_array_get(nodes, (size_t)i);
        const json_t *from = json_object_get(n.json, "from");
        n.count = (int)json_array_size(from);
        ck_assert_int_le(n.count, TST_NODE_INPUTS);
        for (int k = 0; k < n.count; k++) {
            const json_t *name = json_array_get(from, (size_t)k);
            n.from[k] = find(nodes, value, i, json_string_value(name), x);
        }
        value[i] = run(&n);
    }
    const char *out = json_string_value(json_object_get(net->graph, "output"));
    const tst_map *last = find(nodes, value, count, out, x);
    y = tst_map_like(last, last->channels);
    memcpy(y.data, last->data, (size_t)tst_map_size(&y) * sizeof(*y.data));
    for (int i = 0; i < count; i++)
        csk_free(value[i].data);
    csk_free(value);
    return y;
}

double tst_net_slope(tst_net *net, const tst_map *x, const double *sigma,
                     const double *step, const double *gy, const double *dx,
                     const csk_tensors *weights, const csk_tensors *dw)
{
    const double h = 1e-6;
    tst_map moved = tst_map_like(x, x->channels);
    double slope = 0.;

    for (int side = -1; side <= 1; side += 2) {
        for (int64_t i = 0; i < tst_map_size(x); i++)
            moved.data[i] = x->data[i] + (dx ? side * h * dx[i] : 0.);
        if (dw)
            tst_net_move(net, weights, side * h, dw);
        tst_map y = tst_net_eval(net, &moved, sigma, step);
        for (int64_t i = 0; i < tst_map_size(&y); i++)
            slope += side * gy[i] * y.data[i] / (2. * h);
        csk_free(y.data);
    }
    if (dw)
        tst_net_move(net, weights, 0., dw);
    csk_free(moved.data);
    return slope;
}
