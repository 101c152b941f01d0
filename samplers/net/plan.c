/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/blas_priv.h"
#include "cs/mem.h"
#include "samplers/net/plan_priv.h"

#include <stdlib.h>

enum {
    LARGEST = 1 << 30
}; /* floats of one value: beyond it, sums of sizes are not safe */

bool csk_net_can(int backend, int precision)
{
    const bool bf16 = precision == CSK_NET_BF16;

    return (backend != CSK_NET_PLAIN && csk_net_conv_dnnl_can(bf16)) ||
           (backend != CSK_NET_DNNL && !bf16);
}

/* Whether only one node has these weights, and they are aligned. */
static bool alone(const csk_net_plan *p, int64_t weight)
{
    int count = 0;

    for (int i = 0; i < p->net->nodes; i++)
        count += p->net->node[i].weight == weight;
    return count == 1 && weight % (CSK_ALIGN / (int64_t)sizeof(float)) == 0;
}

/* The convolution that runs forwards in this node; a transposed one runs it backwards. */
static net_conv_shape conv_shape(const csk_net_plan *p, int v)
{
    const net_node *n = &p->net->node[v - 1];
    const net_step *to = &p->step[v], *from = &p->step[n->from[0]];
    const bool transpose = n->op == NET_CONV_TRANSPOSE;
    const net_step *x = transpose ? to : from, *y = transpose ? from : to;
    const int made = n->channels, read = net_channels(p->net, n->from[0]);
    const bool back = p->step[v].wants && p->step[n->from[0]].wants;

    return (net_conv_shape){
        .batch = p->is.batch,
        .in = transpose ? made : read,
        .out = transpose ? read : made,
        .h = x->h,
        .w = x->w,
        .oh = y->h,
        .ow = y->w,
        .kernel = n->kernel,
        .stride = n->stride,
        .pad = n->pad,
        .bf16 = p->is.precision == CSK_NET_BF16,
        .winograd = p->is.precision == CSK_NET_F32,
        /* On several threads oneDNN's choices for these, and with them the bits, vary. */
        .transform = p->is.part && p->is.derivative == CSK_NET_WEIGHTS,
        .ordered = p->is.part && alone(p, n->weight),
        .relu = to->relu,
        .sum = to->sum,
        .forward = !transpose || back,
        .data = transpose || back,
        .weights = p->is.derivative == CSK_NET_WEIGHTS && p->step[v].wants,
    };
}

static csk_status make_conv(csk_net_plan *p, int v)
{
    const net_conv_shape s = conv_shape(p, v);
    csk_status err = CSK_ERR_UNSUPPORTED;

    p->flops +=
        2. * s.batch * s.oh * (double)s.ow * s.in * (double)s.out * s.kernel * s.kernel;
    if (p->is.backend != CSK_NET_PLAIN && csk_net_conv_dnnl_can(s.bf16))
        err = csk_net_conv_dnnl(&p->step[v].conv, &s);
    if (err == CSK_ERR_UNSUPPORTED && p->is.backend != CSK_NET_DNNL)
        err = csk_net_conv_plain(&p->step[v].conv, &s);
    return err;
}

static void need(csk_net_plan *p, size_t bytes)
{
    if ((int64_t)bytes > p->scratch)
        p->scratch = net_bytes_padded((int64_t)bytes);
}

/* Scratch of one step, forwards and backwards. */
static void add_scratch(csk_net_plan *p, int v)
{
    const net_node *n = &p->net->node[v - 1];
    const net_step *s = &p->step[v];
    const net_image y = net_shape_of(p, v);
    const bool back = s->wants && p->is.derivative != CSK_NET_NONE;
    const size_t rows = (size_t)p->is.batch * (size_t)n->channels;

    if (s->conv) {
        const net_image a = net_shape_of(p, n->from[0]);
        need(p, s->conv->work_len + (back ? net_image_bytes(&a) + 64 : 0));
        if (s->conv->is.weights)
            need(p, csk_net_conv_weights_len(s->conv) + 4 * rows * sizeof(double) + 64);
    }
    if (n->op == NET_ATTENTION)
        need(p, csk_net_attention_len(&y, n->heads, back));
    /* Sums and coefficients of film and group norm: two doubles, three floats a channel. */
    if (!n->vector)
        need(p, rows * (2 * sizeof(double) + 6 * sizeof(float)) + 256);
}

static csk_status sizes(csk_net_plan *p, const csk_net_shape *shape)
{
    const int values = p->net->nodes + 1, m = p->net->multiple;
    int *size = csk_alloc(2 * (int64_t)values, sizeof(*size));
    csk_status err = CSK_OK;

    if (!size)
        return CSK_ERR_NOMEM;
    size[0] = shape->height;
    size[values] = shape->width;
    if (p->net->size[0] &&
        (shape->height != p->net->size[0] || shape->width != p->net->size[1]))
        err = csk_fail(CSK_ERR_SHAPE, "net: an image of %d x %d, expected %d x %d",
                       shape->height, shape->width, p->net->size[0], p->net->size[1]);
    else if (shape->height < 1 || shape->width < 1 || shape->height % m ||
             shape->width % m || csk_net_sizes(p->net, size, size + values) >= 0)
        err =
            csk_fail(CSK_ERR_SHAPE,
                     "net: an image of %d x %d, expected multiples of %d, large enough "
                     "for every layer",
                     shape->height, shape->width, m);
    for (int v = 0; v < values && !err; v++) {
        p->step[v].h = size[v];
        p->step[v].w = size[values + v];
        const double floats = (double)shape->batch *
                              net_padded(net_channels(p->net, v)) * size[v] *
                              size[values + v];
        if (floats > LARGEST)
            err = csk_fail(
                CSK_ERR_SHAPE,
                "net: %g numbers in one layer are too many; take smaller images or "
                "a smaller batch",
                floats);
    }
    csk_free(size);
    return err;
}

static csk_status build_steps(csk_net_plan *p)
{
    csk_status err = sizes(p, &p->is);

    if (!err)
        err = csk_net_plan_lay(p);
    for (int v = 1; v <= p->net->nodes && !err; v++) {
        const net_op op = p->net->node[v - 1].op;

        if (!p->step[v].live)
            continue;
        if (op == NET_CONV || op == NET_CONV_TRANSPOSE)
            err = make_conv(p, v);
        if (!err)
            add_scratch(p, v);
    }
    return err;
}

/* What is evaluated on one thread is made on one: oneDNN counts them now. */
static csk_status build(csk_net_plan *p)
{
    const int before = p->is.part ? csk_blas_single() : 0;
    const csk_status err = build_steps(p);

    if (p->is.part)
        csk_blas_restore(before);
    return err;
}

csk_status csk_net_plan_new(csk_net_plan **out, const csk_net *net,
                            const csk_net_shape *shape)
{
    if (shape->batch < 1)
        return csk_fail(CSK_ERR_SHAPE, "net: a batch of %d", shape->batch);
    if (shape->part < 0 || (shape->part > 0 && shape->batch % shape->part))
        return csk_fail(CSK_ERR_SHAPE, "net: a batch of %d in parts of %d",
                        shape->batch, shape->part);
    if (!csk_net_can(shape->backend, shape->precision))
        return csk_fail(CSK_ERR_UNSUPPORTED,
                        "net: this build or this processor has no %s",
                        shape->precision == CSK_NET_BF16 ? "bfloat16" : "oneDNN");
    csk_net_plan *p = csk_alloc(1, sizeof(*p));
    if (!p)
        return CSK_ERR_NOMEM;
    p->net = net;
    p->is = *shape;
    p->is.batch = shape->part ? shape->part : shape->batch;
    p->parts = shape->batch / p->is.batch;
    p->step = csk_alloc((int64_t)net->nodes + 1, sizeof(*p->step));
    const csk_status err = p->step ? build(p) : CSK_ERR_NOMEM;
    if (err) {
        csk_net_plan_free(p);
        return err;
    }
    csk_net_plan_update(p);
    *out = p;
    return CSK_OK;
}

void csk_net_plan_free(csk_net_plan *p)
{
    if (!p)
        return;
    for (int v = 0; p->step && v <= p->net->nodes; v++)
        csk_net_conv_free(p->step[v].conv);
    csk_free(p->step);
    csk_free(p->buffer);
    csk_free(p);
}

void csk_net_plan_update(csk_net_plan *p)
{
#pragma omp parallel for schedule(dynamic)
    for (int v = 1; v <= p->net->nodes; v++) {
        const net_node *n = &p->net->node[v - 1];

        if (p->step[v].conv) /* a transposed one adds its bias by itself */
            csk_net_conv_pack(
                p->step[v].conv, p->net->weights + n->weight,
                n->bias >= 0 && n->op == NET_CONV ? p->net->weights + n->bias : NULL);
    }
}

double csk_net_plan_flops(const csk_net_plan *p)
{
    return p->flops * p->parts;
}
