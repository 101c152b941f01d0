/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "samplers/net/conv_priv.h"
#include "samplers/net/net_priv.h"

static int64_t dense_len(const net_conv *c)
{
    return (int64_t)c->out * c->in * c->is.kernel * c->is.kernel;
}

void *csk_net_conv_alloc(size_t bytes, const net_conv_shape *shape)
{
    net_conv *c = csk_alloc(1, bytes);

    if (!c)
        return NULL;
    c->is = *shape;
    c->in = net_padded(shape->in);
    c->out = net_padded(shape->out);
    c->dense = csk_alloc(dense_len(c), sizeof(float));
    c->bias = csk_alloc(c->out, sizeof(float));
    if (c->dense && c->bias)
        return c;
    csk_free(c->dense);
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
    csk_free(c->dense);
    csk_free(c->bias);
    csk_free(c);
}

void csk_net_conv_pack(net_conv *c, const float *weight, const float *bias)
{
    const int area = c->is.kernel * c->is.kernel, in = c->is.in * area;

    for (int o = 0; o < c->is.out; o++) {
        float *to = c->dense + (int64_t)o * c->in * area;
        const float *from = weight + (int64_t)o * in;

        for (int i = 0; i < in; i++)
            to[i] = from[i];
        c->bias[o] = bias ? bias[o] : 0.F;
    }
    c->cls->pack(c);
}

size_t csk_net_conv_weights_len(const net_conv *c)
{
    return (size_t)(csk_pad(dense_len(c)) + csk_pad(c->out)) * sizeof(float) +
           c->work_len;
}

void csk_net_conv_weights(const net_conv *c, float *gw, float *gb, const void *x,
                          const void *gy, void *work)
{
    const int area = c->is.kernel * c->is.kernel, in = c->is.in * area;
    float *dense = work, *bias = dense + csk_pad(dense_len(c));

    c->cls->weights(c, dense, bias, x, gy, bias + csk_pad(c->out));
    for (int o = 0; o < c->is.out; o++) {
        const float *from = dense + (int64_t)o * c->in * area;
        float *to = gw + (int64_t)o * in;

        for (int i = 0; i < in; i++)
            to[i] += from[i];
        if (gb)
            gb[o] += bias[o];
    }
}
