/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Convolutions of images in blocks of 16 channels, the only part of a net with back ends:
 *
 *     y[n][o] = b[o] + sum_i w[o][i] * x[n][i]       (stride, zeros around x)
 *
 * and its derivatives. The transposed convolution is the derivative by the data. Never
 * installed.
 */
#ifndef CSK_SAMPLERS_NET_CONV_PRIV_H
#define CSK_SAMPLERS_NET_CONV_PRIV_H

#include "cs/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct net_conv_shape {
    int batch, in, out; /* channels as the weights have them */
    int h, w, oh, ow;   /* of x and of y */
    int kernel, stride, pad;
    bool bf16;      /* images; weights, biases and their derivatives are float */
    bool winograd;  /* where the back end has it */
    bool transform; /* and its weights transformed by pack(), not in every call */
    bool ordered;   /* weights() may use an order of its own: see net_conv.ordered */
    bool relu;      /* y := max(y, 0) in the same pass */
    bool sum;       /* y += instead of y := */
    bool forward, data, weights; /* what will be asked for */
} net_conv_shape;

typedef struct net_conv net_conv;

/* A back end. All functions take the scratch of work_len bytes. */
typedef struct net_conv_class {
    void (*forward)(const net_conv *c, void *y, const void *x, void *work);
    void (*data)(const net_conv *c, void *gx, const void *gy, void *work);
    /*
     * Padded to whole blocks: gb := [out] and gw += [out][in][k][k], or if c->ordered gw :=
     * as many numbers in some order, which dense() undoes: to += from.
     */
    void (*weights)(const net_conv *c, float *gw, float *gb, const void *x,
                    const void *gy, void *work);
    void (*dense)(const net_conv *c, float *to, const float *from);
    /* from c->bias and weights padded to whole blocks, [out][in][k][k] */
    void (*pack)(net_conv *c, const float *dense);
    void (*destroy)(net_conv *c);
} net_conv_class;

struct net_conv {
    const net_conv_class *cls;
    net_conv_shape is;
    int in, out;          /* channels, whole blocks */
    size_t work_len;      /* bytes, a multiple of 64 */
    float *bias;          /* [out] */
    bool ordered;         /* as the shape allows; all channels are whole blocks then */
    unsigned transformed; /* its weights are ours: bit 0 forwards, bit 1 by the data */
    float *padded;        /* room for pack(); NULL: all channels are whole blocks */
};

/* Back ends: on failure *out is NULL. csk_net_conv_dnnl() is CSK_ERR_UNSUPPORTED where there is none. */
csk_status csk_net_conv_plain(net_conv **out,
                              const net_conv_shape *shape) CSK_MUST_CHECK;
csk_status csk_net_conv_dnnl(net_conv **out,
                             const net_conv_shape *shape) CSK_MUST_CHECK;
bool csk_net_conv_dnnl_can(bool bf16);

/* For back ends: `bytes` of object with all but cls and work_len filled in; NULL if no memory. */
void *csk_net_conv_alloc(size_t bytes, const net_conv_shape *shape);

void csk_net_conv_free(net_conv *c);

/* Weights as the net has them; bias NULL: zeros. */
void csk_net_conv_pack(net_conv *c, const float *weight, const float *bias);

/* gw += and gb += (NULL: none), as the net has them; gw as weights() does if c->ordered. */
void csk_net_conv_weights(const net_conv *c, float *gw, float *gb, const void *x,
                          const void *gy, void *work);

/* Bytes of scratch for csk_net_conv_weights(). */
size_t csk_net_conv_weights_len(const net_conv *c);

#endif
