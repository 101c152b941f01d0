/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the files of tst_net: a node, what it reads, and its functions. */
#ifndef CSK_TESTS_SUPPORT_TST_NET_PRIV_H
#define CSK_TESTS_SUPPORT_TST_NET_PRIV_H

#include "tests/support/tst_net.h"

#include <jansson.h>
#include <stdbool.h>

enum { TST_NODE_INPUTS = 8 };

/* Numbers of the file in double. */
typedef struct tst_weight {
    const char *name; /* the tensor's */
    int rank;
    int dim[CSK_TENSOR_RANK];
    double *data;
} tst_weight;

struct tst_net {
    json_t *graph;
    int count;
    tst_weight *weight;
};

typedef struct tst_node {
    const tst_net *net;
    const json_t *json;
    int count;
    const tst_map *from[TST_NODE_INPUTS];
    const tst_map *x; /* the net's input */
    const double *sigma, *step;
} tst_node;

double tst_node_number(const tst_node *n, const char *key, double otherwise);
int tst_node_integer(const tst_node *n, const char *key, int otherwise);
const char *tst_node_text(const tst_node *n, const char *key, const char *otherwise);
/* Entry @p i of a list of numbers. */
double tst_node_item(const tst_node *n, const char *key, int i);
/* The tensor that the node calls @p key; NULL if it calls none. */
const tst_weight *tst_node_weight(const tst_node *n, const char *key);

/* A number of @p m; 0 outside of the image. */
double tst_map_get(const tst_map *m, int batch, int channel, int y, int x);
double *tst_map_at(const tst_map *m, int batch, int channel, int y, int x);
/* Of the size of @p m, but with @p channels. */
tst_map tst_map_like(const tst_map *m, int channels);

typedef tst_map tst_op(const tst_node *n);

tst_op tst_net_conv, tst_net_conv_transpose, tst_net_fir;
tst_op tst_net_depth_to_space, tst_net_space_to_depth;
tst_op tst_net_pixel_shuffle, tst_net_pixel_unshuffle;
tst_op tst_net_pad, tst_net_crop, tst_net_fold, tst_net_upsample, tst_net_downsample;
tst_op tst_net_affine;
tst_op tst_net_relu, tst_net_silu, tst_net_gelu, tst_net_student;
tst_op tst_net_add, tst_net_scale, tst_net_concat, tst_net_film, tst_net_group_norm;
tst_op tst_net_linear, tst_net_noise_map, tst_net_noise_embedding, tst_net_attention;

#endif
