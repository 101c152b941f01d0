/* SPDX-License-Identifier: BSD-3-Clause */
/* A plan: which step of a net computes what, where, and what is kept. Never installed. */
#ifndef CSK_SAMPLERS_NET_PLAN_PRIV_H
#define CSK_SAMPLERS_NET_PLAN_PRIV_H

#include "samplers/net/conv_priv.h"
#include "samplers/net/image_priv.h"

/* A piece of the workspace, in use from time `born` to time `dead`. */
typedef struct net_buffer {
    int64_t bytes, at;
    int born, dead;
} net_buffer;

/* A value of the net and, but for value 0, the node that makes it. */
typedef struct net_step {
    int h, w;
    bool live;     /* the output depends on it */
    bool wants;    /* its derivative is wanted */
    bool absorbed; /* another step does the work of this node's forward pass */
    int when;      /* the step at which the node reads: its own, or its absorber's */
    int writes; /* the value that is written: this one, or that of an absorbed node */
    int film; /* of an activation: the film node (as a value) it does as well; 0: none */
    int data, grad, kept; /* buffers; -1: none */
    unsigned adds;   /* bit i: the derivative by input i is added to what is there */
    unsigned passes; /* bit i: that derivative is this step's own, in place */
    net_conv *conv;
    bool sum, relu; /* of a convolution: what it absorbed */
} net_step;

struct csk_net_plan {
    const csk_net *net;
    csk_net_shape is;
    net_step *step; /* [nodes + 1] */
    net_buffer *buffer;
    int buffers;
    int parts;              /* the batch is so many of is.batch images */
    int64_t arena, scratch; /* bytes, of each part */
    double flops;
};

/* The inputs a step reads: its node's, or those of the film node it does as well. */
static inline const net_node *net_reads(const csk_net_plan *p, int value)
{
    const int film = p->step[value].film;

    return &p->net->node[(film ? film : value) - 1];
}

static inline net_act net_act_of(net_op op)
{
    switch (op) {
    case NET_RELU:
        return NET_ACT_RELU;
    case NET_SILU:
        return NET_ACT_SILU;
    case NET_GELU:
        return NET_ACT_GELU;
    case NET_STUDENT:
        return NET_ACT_STUDENT;
    default:
        return NET_ACT_NONE;
    }
}

static inline int64_t net_bytes_padded(int64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* The image of a value, without its place. */
static inline net_image net_shape_of(const csk_net_plan *p, int value)
{
    return (net_image){ NULL,
                        p->is.batch,
                        net_channels(p->net, value),
                        p->step[value].h,
                        p->step[value].w,
                        p->is.precision == CSK_NET_BF16 };
}

/* net_lay.c: what is live, who absorbs whom, and where everything lies. */
csk_status csk_net_plan_lay(csk_net_plan *p) CSK_MUST_CHECK;

/* run.c: the batch of a part, on all threads that there are; gw += */
void csk_net_plan_forward(const csk_net_plan *p, float *y, const float *x,
                          const double *sigma, const double *step, float *work);
void csk_net_plan_backward(const csk_net_plan *p, float *gx, float *gw, const float *gy,
                           float *work);

#endif
