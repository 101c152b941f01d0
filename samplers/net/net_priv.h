/* SPDX-License-Identifier: BSD-3-Clause */
/* What a net is made of; shared by its parser, its plans and its kernels. Never installed. */
#ifndef CSK_SAMPLERS_NET_NET_PRIV_H
#define CSK_SAMPLERS_NET_NET_PRIV_H

#include "samplers/net/net.h"

enum {
    NET_BLOCK = 16, /* channels that lie side by side */
    NET_FROM = 16,  /* values a node may read */
    NET_TAPS = 16,
    NET_SIDE = 1 << 20, /* the longest side and the most channels of an image */
};

typedef enum net_op {
    NET_CONV,
    NET_CONV_TRANSPOSE,
    NET_DEPTH_TO_SPACE,
    NET_SPACE_TO_DEPTH,
    NET_PIXEL_SHUFFLE,
    NET_PIXEL_UNSHUFFLE,
    NET_PAD,
    NET_CROP,
    NET_FOLD,
    NET_UPSAMPLE,
    NET_DOWNSAMPLE,
    NET_FIR,
    NET_GROUP_NORM,
    NET_AFFINE,
    NET_RELU,
    NET_SILU,
    NET_GELU,
    NET_STUDENT,
    NET_ADD,
    NET_SCALE,
    NET_CONCAT,
    NET_NOISE_MAP,
    NET_NOISE_EMBEDDING,
    NET_LINEAR,
    NET_FILM,
    NET_ATTENTION,
    NET_OPS
} net_op;

typedef enum net_pad_mode {
    NET_PAD_ZERO,
    NET_PAD_SYMMETRIC,
    NET_PAD_REFLECT
} net_pad_mode;

typedef enum net_embedding {
    NET_EMBED_LOG,        /* own nets: of log(sigma) / 4 */
    NET_EMBED_SINUSOIDAL, /* of the time step */
    NET_EMBED_FOURIER,    /* of log(sigma) or the time step, frequencies are weights */
} net_embedding;

/* Value 0 is the input, value k + 1 what node k makes. */
typedef struct net_node {
    char *name;
    net_op op;
    int inputs, from[NET_FROM];
    bool vector;  /* what it makes is a vector */
    int channels; /* of what it makes */
    int kernel, stride, pad;
    int factor, groups, heads;
    int sides
        [4]; /* pad, crop, fold: top, bottom, left, right; affine: height, -, width, - */
    int mode; /* net_pad_mode, net_embedding */
    double eps, gain, offset;
    int taps, up, down, fir_pad[2];
    float tap[NET_TAPS];
    double max_period;
    bool sin_first, shifted, of_step;
    int64_t weight, bias; /* in the vector of weights; -1: none */
} net_node;

/* One tensor of the vector of weights. */
typedef struct net_tensor {
    char *name;
    int rank;
    int64_t dim[4];
    int64_t at, len;
} net_tensor;

struct csk_net {
    int inputs, nodes, output, multiple;
    int size[2]; /* height and width of the only images it takes; 0: any */
    bool uses_sigma;
    net_node *node;
    int tensors;
    net_tensor *tensor;
    int64_t parameters;
    float *weights;
};

static inline int net_channels(const csk_net *net, int value)
{
    return value ? net->node[value - 1].channels : net->inputs;
}

static inline bool net_is_vector(const csk_net *net, int value)
{
    return value && net->node[value - 1].vector;
}

/* Channels rounded up to whole blocks. */
static inline int net_padded(int channels)
{
    return (channels + NET_BLOCK - 1) / NET_BLOCK * NET_BLOCK;
}

/*
 * Height and width of every value for an input of h[0] x w[0]; 0 x 0 of vectors. -1 if all
 * fit together, else the node where they do not.
 */
int csk_net_sizes(const csk_net *net, int *h, int *w);

#endif
