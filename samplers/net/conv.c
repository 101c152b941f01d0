/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "samplers/net/conv_priv.h"
#include "samplers/net/net_priv.h"

#include <string.h>

static int64_t dense_len(const net_conv *c)
{
    return (int64_t)c->out * c->in * c->is.kernel * c->is.kernel;
}

static bool whole_blocks(const net_conv *c)
{
    return c->in == c->is.in && c->out == c->is.out;
}

void *csk_net_conv_alloc(size_t bytes, const net_conv_shape *shape)
{
    net_conv *c = csk_alloc(1, bytes);

    if (!c)
        return NULL;
    c->is = *shape;
    c->in = net_padded(shape->in);
    c->out = net_padded(shape->out);
    c->padded = whole_blocks(c) ? NULL : csk_alloc(dense_len(c), sizeof(float));
    c->bias = csk_alloc(c->out, sizeof(float));
    if ((c->padded || whole_blocks(c)) && c->bias)
        return c;
    csk_free(c->padded);
    csk_free(c->bias);
    csk_free(c);
    return NULL;
}

void csk_net_conv_free(net_conv *c)
{
    if (!c)
        return;
    if (c->cls)
        c->cls->destroy(c);
    csk_free(c->padded);
    csk_free(c->bias);
    csk_free(c);
}

void csk_net_conv_pack(net_conv *c, const float *weight, const float *bias)
{
    const int area = c->is.kernel * c->is.kernel, in = c->is.in * area;

    for (int o = 0; o < c->is.out; o++) {
        if (c->padded)
            memcpy(c->padded + (int64_t)o * c->in * area, weight + (int64_t)o * in,
                   (size_t)in * sizeof(*weight));
        c->bias[o] = bias ? bias[o] : 0.F;
    }
    c->cls->pack(c, c->padded ? c->padded : weight);
}

size_t csk_net_conv_weights_len(const net_conv *c)
{
    const int64_t dense = whole_blocks(c) ? 0 : csk_pad(dense_len(c));

    return (size_t)(dense + csk_pad(c->out)) * sizeof(float) + c->work_len;
}

void csk_net_conv_weights(const net_conv *c, float *gw, float *gb, const void *x,
                          const void *gy, void *work)
{
    const int area = c->is.kernel * c->is.kernel, in = c->is.in * area;
    float *bias = work, *dense = bias + csk_pad(c->out);

    if (whole_blocks(c)) {
        c->cls->weights(c, gw, bias, x, gy, dense);
    } else {
        memset(dense, 0, (size_t)dense_len(c) * sizeof(float));
        c->cls->weights(c, dense, bias, x, gy, dense + csk_pad(dense_len(c)));
        for (int o = 0; o < c->is.out; o++)
            for (int i = 0; i < in; i++)
                gw[(int64_t)o * in + i] += dense[(int64_t)o * c->in * area + i];
    }
    for (int o = 0; o < c->is.out && gb; o++)
        gb[o] += bias[o];
}
