/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The description of a network (samplers/net/net.h, docs/priors.md), built node by node.
 *
 *     csk_graph g = csk_graph_new();
 *     int h = csk_graph_conv(&g, CSK_GRAPH_INPUT, "in", true, 1, -1);
 *     h = csk_graph_unary(&g, "silu", h);
 *     h = csk_graph_conv(&g, h, "out", true, 1, -1);
 *     json_t *graph = csk_graph_finish(&g, 2, h);
 *
 * A value is a number: the input is 0, nodes count from 1 in the order in which they are added.
 * Where memory ran out, the graph is empty from then on and csk_graph_finish() gives NULL:
 * nothing in between needs a check. What a value holds, and whether the weights exist, is the
 * caller's business.
 */
#ifndef CSK_SAMPLERS_NET_GRAPH_PRIV_H
#define CSK_SAMPLERS_NET_GRAPH_PRIV_H

#include <jansson.h>
#include <stdbool.h>

enum { CSK_GRAPH_INPUT = 0 };

typedef struct csk_graph {
    json_t *nodes; /* NULL: no memory */
} csk_graph;

csk_graph csk_graph_new(void);

/* Throw away what was built; after csk_graph_finish() it does nothing. */
void csk_graph_clear(csk_graph *g);

/* {"input": inputs, "output": ..., "nodes": [...]}, owned by the caller; NULL: no memory.
 * @p g is empty afterwards. */
json_t *csk_graph_finish(csk_graph *g, int inputs, int output);

/*
 * Append any node.
 *
 * name  unique; NULL: the operation and a number
 * with  further members, as json_pack() makes them; taken over; NULL: no memory for them
 */
int csk_graph_node(csk_graph *g, const char *op, const char *name, json_t *with,
                   int count, const int *from);

/* With weights PREFIX.weight and, if @p bias, PREFIX.bias; the node's name is PREFIX. */
int csk_graph_conv(csk_graph *g, int a, const char *prefix, bool bias, int stride,
                   int pad /* -1: (k - 1) / 2 */);
int csk_graph_conv_transpose(csk_graph *g, int a, const char *prefix, bool bias,
                             int stride, int pad);
int csk_graph_linear(csk_graph *g, int v, const char *prefix, bool bias);
int csk_graph_group_norm(csk_graph *g, int a, const char *prefix, int groups,
                         double eps);

/* Without weights or attributes: "relu", "silu", "gelu", "student", "upsample", "downsample". */
int csk_graph_unary(csk_graph *g, const char *op, int a);
int csk_graph_concat(csk_graph *g, int a, int b);
int csk_graph_film(csk_graph *g, int a, int v);
int csk_graph_add(csk_graph *g, int a, int b, double scale); /* scale (a + b) */
int csk_graph_scale(csk_graph *g, int a, double factor);
int csk_graph_noise_map(csk_graph *g, double factor);
int csk_graph_attention(csk_graph *g, int qkv, int heads);

/* "depth_to_space", "space_to_depth", "pixel_shuffle", "pixel_unshuffle" */
int csk_graph_shuffle(csk_graph *g, const char *op, int a, int factor);

/* "pad" with @p mode, or "crop" with NULL; size is top, bottom, left, right. */
int csk_graph_border(csk_graph *g, int a, const char *mode, const int size[4]);

#endif
