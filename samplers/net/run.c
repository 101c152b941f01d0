/* SPDX-License-Identifier: BSD-3-Clause */
/* Forward and backward passes: the steps of a plan in their order. */
#include "samplers/net/run_priv.h"

#include <string.h>

/* -- images, forwards ----------------------------------------------------------------------- */

static void conv(const net_pass *c, const net_node *n, int v, const net_image *y)
{
    const net_conv *k = c->p->step[v].conv;
    const net_image a = net_image_at(c, n->from[0]);

    if (n->op == NET_CONV) {
        k->cls->forward(k, y->at, a.at, net_scratch(c));
        return;
    }
    k->cls->data(k, y->at, a.at, net_scratch(c));
    if (n->bias >= 0)
        csk_net_affine(NET_ACT_NONE, y, y, NULL, net_weight(c, n->bias), 0);
}

static void concat(const net_pass *c, const net_node *n, const net_image *y)
{
    int to = 0;

    if (n->channels % NET_BLOCK)
        memset(y->at, 0, net_image_bytes(y));
    for (int i = 0; i < n->inputs; i++) {
        const net_image a = net_image_at(c, n->from[i]);
        csk_net_copy(y, to, &a, 0, a.channels, false);
        to += a.channels;
    }
}

static void noise_map(const net_pass *c, const net_node *n, const net_image *y)
{
    float *value = net_scratch(c);

    for (int i = 0; i < y->batch; i++)
        value[i] = (float)(n->gain * c->sigma[i]);
    csk_net_fill(y, value);
}

static void image_forward(const net_pass *c, int v)
{
    const net_step *s = &c->p->step[v];
    const net_node *n = &c->p->net->node[v - 1], *r = net_reads(c->p, v);
    const net_image y = net_image_at(c, s->writes);
    const net_image a = net_image_at(c, r->from[0]);

    switch (n->op) {
    case NET_CONV:
    case NET_CONV_TRANSPOSE:
        conv(c, n, v, &y);
        break;
    case NET_DOWNSAMPLE:
        csk_net_downsample(&y, &a);
        break;
    case NET_FIR:
        csk_net_fir(n, &y, &a);
        break;
    case NET_GROUP_NORM:
        csk_net_group_norm(c, n, v, &y);
        break;
    case NET_RELU:
    case NET_SILU:
    case NET_GELU:
    case NET_STUDENT:
        if (s->film)
            csk_net_film(c, r, net_act_of(n->op), &y);
        else
            csk_net_activate(net_act_of(n->op), &y, &a);
        break;
    case NET_FILM:
        csk_net_film(c, n, NET_ACT_NONE, &y);
        break;
    case NET_ADD: {
        const net_image b = net_image_at(c, n->from[1]);
        csk_net_add(&y, n->gain, &a, &b);
        break;
    }
    case NET_SCALE:
        csk_net_scale(&y, n->gain, &a, false);
        break;
    case NET_CONCAT:
        concat(c, n, &y);
        break;
    case NET_NOISE_MAP:
        noise_map(c, n, &y);
        break;
    case NET_ATTENTION:
        if (n->channels % NET_BLOCK)
            memset(y.at, 0, net_image_bytes(&y));
        csk_net_attention(&y, &a, n->heads, net_scratch(c));
        break;
    case NET_FOLD:
        csk_net_move_back(n, &y, &a, false);
        break;
    case NET_AFFINE:
        csk_net_map(&y, &a, net_weight(c, n->weight), net_weight(c, n->bias));
        break;
    default:
        csk_net_move(n, &y, &a, false);
        break;
    }
}

void csk_net_plan_forward(const csk_net_plan *plan, float *y, const float *x,
                          const double *sigma, const double *step, float *work)
{
    const net_pass c = {
        .p = plan, .work = (char *)work, .sigma = sigma, .step = step
    };
    const net_image in = net_image_at(&c, 0);

    csk_net_enter(&in, x);
    for (int v = 1; v <= plan->net->nodes; v++) {
        const net_step *s = &plan->step[v];

        if (!s->live || s->absorbed)
            continue;
        if (net_is_vector(plan->net, v))
            csk_net_vector_forward(&c, &plan->net->node[v - 1], v);
        else
            image_forward(&c, v);
    }
    const net_image out = net_image_at(&c, plan->net->output);
    csk_net_leave(y, &out);
}

/* -- images, backwards ------------------------------------------------------------------------ */

/* The derivative by what a convolution read; by way of the scratch where it is added. */
static void conv_data_back(const net_pass *c, const net_node *n, int v)
{
    const net_step *s = &c->p->step[v];
    const net_conv *k = s->conv;
    const net_image gy = net_slope_at(c, v), ga = net_slope_at(c, n->from[0]);
    net_image to = ga;
    char *rest = net_scratch(c);

    if (s->adds & 1u) {
        to.at = rest;
        rest += net_bytes_padded((int64_t)net_image_bytes(&ga));
    }
    if (n->op == NET_CONV)
        k->cls->data(k, to.at, gy.at, rest);
    else
        k->cls->forward(k, to.at, gy.at, rest);
    if (s->adds & 1u)
        csk_net_scale(&ga, 1., &to, true);
}

static void conv_back(const net_pass *c, const net_node *n, int v)
{
    const net_image gy = net_slope_at(c, v);
    float *gw = net_weight_slope(c, n->weight), *gb = net_weight_slope(c, n->bias);

    if (gw) {
        const net_image a = net_image_at(c, n->from[0]);
        const bool transpose = n->op == NET_CONV_TRANSPOSE;
        double(*sums)[2] = net_scratch(c);

        if (transpose)
            csk_net_conv_weights(c->p->step[v].conv, gw, NULL, gy.at, a.at,
                                 net_scratch(c));
        else
            csk_net_conv_weights(c->p->step[v].conv, gw, gb, a.at, gy.at,
                                 net_scratch(c));
        if (transpose && gb) {
            csk_net_sums(sums, &gy, &gy);
            for (int64_t i = 0; i < (int64_t)gy.batch * gy.channels; i++)
                gb[i % gy.channels] += (float)sums[i][0];
        }
    }
    if (c->p->step[n->from[0]].wants && (n->from[0] > 0 || c->gx))
        conv_data_back(c, n, v);
}

static void concat_back(const net_pass *c, const net_node *n, int v)
{
    const net_image gy = net_slope_at(c, v);
    int from = 0;

    for (int i = 0; i < n->inputs; i++) {
        const int channels = net_channels(c->p->net, n->from[i]);

        if (c->p->step[n->from[i]].wants) {
            const net_image ga = net_slope_at(c, n->from[i]);
            const bool add = c->p->step[v].adds >> i & 1u;

            if (!add && channels % NET_BLOCK)
                memset(ga.at, 0, net_image_bytes(&ga));
            csk_net_copy(&ga, 0, &gy, from, channels, add);
        }
        from += channels;
    }
}

static void sum_back(const net_pass *c, const net_node *n, int v)
{
    const net_step *s = &c->p->step[v];
    const net_image gy = net_slope_at(c, v);

    for (int i = 0; i < n->inputs; i++) {
        if (c->p->step[n->from[i]].wants && !(s->passes >> i & 1u)) {
            const net_image ga = net_slope_at(c, n->from[i]);
            csk_net_scale(&ga, n->gain, &gy, s->adds >> i & 1u);
        }
    }
}

static void activate_back(const net_pass *c, const net_node *n, int v)
{
    const net_image gy = net_slope_at(c, v), ga = net_slope_at(c, n->from[0]);
    const net_image a = net_image_at(c, n->op == NET_RELU ? v : n->from[0]);

    csk_net_activate_back(net_act_of(n->op), &ga, &gy, &a, c->p->step[v].adds & 1u);
}

static void map_back(const net_pass *c, const net_node *n, int v)
{
    const net_image gy = net_slope_at(c, v), a = net_image_at(c, n->from[0]);
    const bool wanted = c->p->step[n->from[0]].wants;
    const net_image ga = wanted ? net_slope_at(c, n->from[0]) : gy;

    csk_net_map_back(wanted ? &ga : NULL, net_weight_slope(c, n->weight),
                     net_weight_slope(c, n->bias), &gy, &a, net_weight(c, n->weight),
                     c->p->step[v].adds & 1u);
}

static void image_backward(const net_pass *c, int v)
{
    const net_step *s = &c->p->step[v];
    const net_node *n = &c->p->net->node[v - 1], *r = net_reads(c->p, v);
    const bool add = s->adds & 1u;

    switch (n->op) {
    case NET_CONV:
    case NET_CONV_TRANSPOSE:
        conv_back(c, n, v);
        return;
    case NET_GROUP_NORM:
        csk_net_group_norm_back(c, n, v);
        return;
    case NET_AFFINE:
        map_back(c, n, v);
        return;
    case NET_FILM:
        csk_net_film_back(c, n, NET_ACT_NONE, v);
        return;
    case NET_CONCAT:
        concat_back(c, n, v);
        return;
    case NET_ADD:
    case NET_SCALE:
        sum_back(c, n, v);
        return;
    case NET_RELU:
    case NET_SILU:
    case NET_GELU:
    case NET_STUDENT:
        if (s->film)
            csk_net_film_back(c, r, net_act_of(n->op), v);
        else
            activate_back(c, n, v);
        return;
    default:
        break;
    }
    if (!c->p->step[n->from[0]].wants || n->op == NET_NOISE_MAP)
        return;
    const net_image gy = net_slope_at(c, v), ga = net_slope_at(c, n->from[0]);
    switch (n->op) {
    case NET_DOWNSAMPLE:
        csk_net_downsample_back(&ga, &gy, add);
        break;
    case NET_FIR:
        csk_net_fir_back(n, &ga, &gy, add);
        break;
    case NET_ATTENTION: {
        const net_image qkv = net_image_at(c, n->from[0]);
        if (!add && qkv.channels % NET_BLOCK)
            memset(ga.at, 0, net_image_bytes(&ga));
        csk_net_attention_back(&ga, &gy, &qkv, n->heads, add, net_scratch(c));
        break;
    }
    case NET_FOLD:
        csk_net_move(n, &ga, &gy, add);
        break;
    default:
        csk_net_move_back(n, &ga, &gy, add);
        break;
    }
}

void csk_net_plan_backward(const csk_net_plan *plan, float *gx, float *gw,
                           const float *gy, float *work)
{
    const net_pass c = { .p = plan, .work = (char *)work, .gx = gx, .gw = gw };
    const net_image out = net_slope_at(&c, plan->net->output);

    csk_net_enter(&out, gy);
    for (int v = plan->net->nodes; v > 0; v--) {
        const net_step *s = &plan->step[v];
        const net_node *n = &plan->net->node[v - 1];

        if (!s->wants || s->grad < 0 || (s->absorbed && n->op == NET_FILM))
            continue;
        if (n->vector)
            csk_net_vector_backward(&c, n, v);
        else
            image_backward(&c, v);
    }
    if (gx && plan->step[0].grad >= 0) {
        const net_image in = net_slope_at(&c, 0);
        csk_net_leave(gx, &in);
    }
}
