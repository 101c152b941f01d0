/* SPDX-License-Identifier: BSD-3-Clause */
/* A pass through a plan, and where its steps find what they need. Never installed. */
#ifndef CSK_SAMPLERS_NET_RUN_PRIV_H
#define CSK_SAMPLERS_NET_RUN_PRIV_H

#include "samplers/net/plan_priv.h"

/* One pass. */
typedef struct net_pass {
    const csk_net_plan *p;
    char *work;
    const double *sigma, *step; /* of the forward pass */
    float *gx, *gw;             /* of the backward pass */
} net_pass;

static inline void *net_at(const net_pass *c, int buffer)
{
    return c->work + c->p->buffer[buffer].at;
}

static inline void *net_scratch(const net_pass *c)
{
    return c->work + c->p->arena;
}

static inline net_image net_image_at(const net_pass *c, int value)
{
    net_image a = net_shape_of(c->p, value);

    a.at = net_at(c, c->p->step[value].data);
    return a;
}

static inline net_image net_slope_at(const net_pass *c, int value)
{
    net_image a = net_shape_of(c->p, value);

    a.at = net_at(c, c->p->step[value].grad);
    return a;
}

static inline float *net_vector_at(const net_pass *c, int value)
{
    return net_at(c, c->p->step[value].data);
}

/* The derivative by a vector; NULL if it is not wanted. */
static inline float *net_vector_slope(const net_pass *c, int value)
{
    return c->p->step[value].wants ? net_at(c, c->p->step[value].grad) : NULL;
}

static inline const float *net_weight(const net_pass *c, int64_t offset)
{
    return offset < 0 ? NULL : c->p->net->weights + offset;
}

static inline float *net_weight_slope(const net_pass *c, int64_t offset)
{
    return offset < 0 || !c->gw ? NULL : c->gw + offset;
}

/* net_channel.c: film and group norm, an affine map of each channel; f on top of film. */
void csk_net_film(const net_pass *c, const net_node *n, net_act f, const net_image *y);
void csk_net_film_back(const net_pass *c, const net_node *n, net_act f, int v);
void csk_net_group_norm(const net_pass *c, const net_node *n, int v,
                        const net_image *y);
void csk_net_group_norm_back(const net_pass *c, const net_node *n, int v);

/* net_vector.c: the step that makes vector v. */
void csk_net_vector_forward(const net_pass *c, const net_node *n, int v);
void csk_net_vector_backward(const net_pass *c, const net_node *n, int v);

#endif
