/* SPDX-License-Identifier: BSD-3-Clause */
/* Forward and backward passes: the steps of a plan in their order. */
#include "cs/mem.h"
#include "samplers/net_plan_priv.h"
#include "samplers/net_vector_priv.h"

#include <math.h>
#include <string.h>

/* One pass. */
typedef struct pass {
    const csk_net_plan *p;
    char *work;
    const double *sigma, *step; /* of the forward pass */
    float *gx, *gw;             /* of the backward pass */
} pass;

static void *at(const pass *c, int buffer)
{
    return c->work + c->p->buffer[buffer].at;
}

static void *scratch(const pass *c)
{
    return c->work + c->p->arena;
}

static net_image image(const pass *c, int value)
{
    net_image a = net_shape_of(c->p, value);

    a.at = at(c, c->p->step[value].data);
    return a;
}

static net_image slope(const pass *c, int value)
{
    net_image a = net_shape_of(c->p, value);

    a.at = at(c, c->p->step[value].grad);
    return a;
}

static float *vector(const pass *c, int value)
{
    return at(c, c->p->step[value].data);
}

/* The derivative by a vector; NULL if it is not wanted. */
static float *vector_slope(const pass *c, int value)
{
    return c->p->step[value].wants ? at(c, c->p->step[value].grad) : NULL;
}

static const float *weight(const pass *c, int64_t offset)
{
    return offset < 0 ? NULL : c->p->net->weights + offset;
}

static float *weight_slope(const pass *c, int64_t offset)
{
    return offset < 0 || !c->gw ? NULL : c->gw + offset;
}

/* -- film and group norm: an affine map of each channel --------------------------------- */

/* p = 1 + v[:C], q = v[C:], or p = 1, q = v; returns the coefficients' place in the scratch. */
static float *film_coefficients(const pass *c, int channels, int width, const float *v)
{
    const int64_t rows = (int64_t)c->p->is.batch * channels;
    float *p = scratch(c), *q = p + csk_pad(rows);

    for (int n = 0; n < c->p->is.batch; n++) {
        for (int k = 0; k < channels; k++) {
            const float *row = v + (int64_t)n * width;

            p[(int64_t)n * channels + k] = width > channels ? 1.F + row[k] : 1.F;
            q[(int64_t)n * channels + k] = row[width - channels + k];
        }
    }
    return p;
}

static void film(const pass *c, const net_node *n, net_act f, const net_image *y)
{
    const net_image a = image(c, n->from[0]);
    const int width = net_channels(c->p->net, n->from[1]);
    const float *p = film_coefficients(c, a.channels, width, vector(c, n->from[1]));

    csk_net_affine(f, y, &a, p, p + csk_pad((int64_t)a.batch * a.channels), a.channels);
}

static void film_back(const pass *c, const net_node *n, net_act f, int v)
{
    const net_step *s = &c->p->step[v];
    const net_image gy = slope(c, v), a = image(c, n->from[0]);
    const int width = net_channels(c->p->net, n->from[1]);
    const int64_t rows = (int64_t)a.batch * a.channels;
    const float *p = film_coefficients(c, a.channels, width, vector(c, n->from[1]));
    const float *q = p + csk_pad(rows);
    double(*sums)[2] = (double(*)[2])(
        void *)((char *)scratch(c) + 2 * csk_pad(rows) * (int64_t)sizeof(float));
    float *gv = vector_slope(c, n->from[1]);
    const net_image ga = c->p->step[n->from[0]].wants ? slope(c, n->from[0]) : gy;
    const bool wanted = c->p->step[n->from[0]].wants;

    csk_net_affine_back(f, wanted ? &ga : NULL, sums, &gy, &a, p, q, a.channels,
                        s->adds & 1u);
    if (!gv)
        return;
    for (int i = 0; i < a.batch; i++) {
        for (int k = 0; k < a.channels; k++) {
            const double *sum = sums[(int64_t)i * a.channels + k];
            float *row = gv + (int64_t)i * width, *shift = row + width - a.channels;
            const bool add = s->adds >> 1 & 1u;

            shift[k] = (add ? shift[k] : 0.F) + (float)sum[0];
            if (width > a.channels)
                row[k] = (add ? row[k] : 0.F) + (float)sum[1];
        }
    }
}

/* Mean and 1 / standard deviation of each group of each image, into `stats`. */
static void group_stats(const pass *c, const net_node *n, const net_image *a,
                        float *stats)
{
    double(*sums)[2] = scratch(c);
    const int each = a->channels / n->groups;
    const double count = (double)each * a->h * a->w;

    csk_net_sums(sums, a, a);
    for (int i = 0; i < a->batch * n->groups; i++) {
        double one = 0., two = 0.;

        for (int k = 0; k < each; k++) {
            one += sums[i * each + k][0];
            two += sums[i * each + k][1];
        }
        const double mean = one / count, variance = two / count - mean * mean;
        stats[2 * i] = (float)mean;
        stats[2 * i + 1] = (float)(1. / sqrt((variance > 0. ? variance : 0.) + n->eps));
    }
}

static float gain_of(const pass *c, const net_node *n, int channel)
{
    return n->weight < 0 ? 1.F : c->p->net->weights[n->weight + channel];
}

static void group_norm(const pass *c, const net_node *n, int v, const net_image *y)
{
    const net_image a = image(c, n->from[0]);
    const int64_t rows = (int64_t)a.batch * a.channels;
    const int each = a.channels / n->groups, kept = c->p->step[v].kept;
    float *room = (float *)scratch(c) + 4 * rows; /* behind the sums */
    float *stats = kept >= 0 ? at(c, kept) : room, *p = room + csk_pad(2 * rows);
    float *q = p + csk_pad(rows);

    group_stats(c, n, &a, stats);
    for (int64_t i = 0; i < rows; i++) {
        const int k = (int)(i % a.channels);
        const float *s = stats + 2 * (i / a.channels * n->groups + k / each);
        const float *b = weight(c, n->bias);

        p[i] = gain_of(c, n, k) * s[1];
        q[i] = (b ? b[k] : 0.F) - p[i] * s[0];
    }
    csk_net_affine(NET_ACT_NONE, y, &a, p, q, a.channels);
}

/*
 * With z = (a - mean) r and y = w z + b: ga = r (w g - mean(w g) - z mean(w g z)), means over the
 * group, which is p g + q a + t.
 */
static void group_norm_back(const pass *c, const net_node *n, int v)
{
    const net_image gy = slope(c, v), a = image(c, n->from[0]);
    const int64_t rows = (int64_t)a.batch * a.channels;
    const int each = a.channels / n->groups;
    const double count = (double)each * a.h * a.w;
    const float *stats = at(c, c->p->step[v].kept);
    double(*sums)[2] = scratch(c);
    float *p = (float *)scratch(c) + 4 * rows, *q = p + csk_pad(rows),
          *t = q + csk_pad(rows);
    float *gw = weight_slope(c, n->weight), *gb = weight_slope(c, n->bias);

    csk_net_sums(sums, &gy, &a);
    for (int64_t i = 0; i < (int64_t)a.batch * n->groups; i++) {
        const double mean = (double)stats[2 * i], r = (double)stats[2 * i + 1];
        double one = 0., two = 0.;

        for (int64_t k = i * each; k < (i + 1) * each; k++) {
            const int channel = (int)(k % a.channels);
            const double z = (sums[k][1] - mean * sums[k][0]) * r; /* sum of g z */

            one += (double)gain_of(c, n, channel) * sums[k][0];
            two += (double)gain_of(c, n, channel) * z;
            if (gw)
                gw[channel] += (float)z;
            if (gb)
                gb[channel] += (float)sums[k][0];
        }
        for (int64_t k = i * each; k < (i + 1) * each; k++) {
            p[k] = (float)((double)gain_of(c, n, (int)(k % a.channels)) * r);
            q[k] = (float)(-r * r * two / count);
            t[k] = (float)(-r * one / count + r * r * mean * two / count);
        }
    }
    if (c->p->step[n->from[0]].wants) {
        const net_image ga = slope(c, n->from[0]);
        csk_net_blend(&ga, &gy, &a, p, q, t, c->p->step[v].adds & 1u);
    }
}

/* -- vectors ----------------------------------------------------------------------------- */

static void vector_forward(const pass *c, const net_node *n, int v)
{
    const int batch = c->p->is.batch;
    float *y = vector(c, v);

    if (n->op == NET_NOISE_EMBEDDING) {
        for (int i = 0; i < batch; i++)
            csk_net_embed(n, y + (int64_t)i * n->channels, c->sigma[i],
                          c->step ? c->step[i] : c->sigma[i], weight(c, n->weight));
        return;
    }
    const float *a = vector(c, n->from[0]);
    if (n->op == NET_LINEAR) {
        csk_net_linear(batch, n->channels, net_channels(c->p->net, n->from[0]), y,
                       weight(c, n->weight), weight(c, n->bias), a);
        return;
    }
    const float *b = n->inputs > 1 ? vector(c, n->from[1]) : a;
    const float gain = (float)n->gain;
    for (int64_t i = 0; i < (int64_t)batch * n->channels; i++)
        y[i] = n->op == NET_ADD     ? gain * (a[i] + b[i])
               : n->op == NET_SCALE ? gain * a[i]
                                    : csk_net_activation(net_act_of(n->op), a[i]);
}

static void vector_backward(const pass *c, const net_node *n, int v)
{
    const net_step *s = &c->p->step[v];
    const int batch = c->p->is.batch;
    const float *gy = vector_slope(c, v);

    if (n->op == NET_LINEAR) {
        csk_net_linear_back(batch, n->channels, net_channels(c->p->net, n->from[0]),
                            vector_slope(c, n->from[0]), weight_slope(c, n->weight),
                            weight_slope(c, n->bias), gy, weight(c, n->weight),
                            vector(c, n->from[0]), s->adds & 1u);
        return;
    }
    for (int k = 0; k < n->inputs; k++) {
        float *ga = vector_slope(c, n->from[k]);
        const net_act f = net_act_of(n->op);

        if (!ga || s->passes >> k & 1u)
            continue;
        for (int64_t i = 0; i < (int64_t)batch * n->channels; i++) {
            /* Of relu what it made does as well as what it read. */
            const float g =
                f == NET_ACT_NONE ? (float)n->gain * gy[i]
                : f == NET_ACT_RELU
                    ? gy[i] * csk_net_activation_slope(f, vector(c, v)[i])
                    : gy[i] * csk_net_activation_slope(f, vector(c, n->from[k])[i]);
            ga[i] = s->adds >> k & 1u ? ga[i] + g : g;
        }
    }
}

/* -- images, forwards ----------------------------------------------------------------------- */

static void conv(const pass *c, const net_node *n, int v, const net_image *y)
{
    const net_conv *k = c->p->step[v].conv;
    const net_image a = image(c, n->from[0]);

    if (n->op == NET_CONV) {
        k->cls->forward(k, y->at, a.at, scratch(c));
        return;
    }
    k->cls->data(k, y->at, a.at, scratch(c));
    if (n->bias >= 0)
        csk_net_affine(NET_ACT_NONE, y, y, NULL, weight(c, n->bias), 0);
}

static void concat(const pass *c, const net_node *n, const net_image *y)
{
    int to = 0;

    if (n->channels % NET_BLOCK)
        memset(y->at, 0, net_image_bytes(y));
    for (int i = 0; i < n->inputs; i++) {
        const net_image a = image(c, n->from[i]);
        csk_net_copy(y, to, &a, 0, a.channels, false);
        to += a.channels;
    }
}

static void noise_map(const pass *c, const net_node *n, const net_image *y)
{
    float *value = scratch(c);

    for (int i = 0; i < y->batch; i++)
        value[i] = (float)(n->gain * c->sigma[i]);
    csk_net_fill(y, value);
}

static void image_forward(const pass *c, int v)
{
    const net_step *s = &c->p->step[v];
    const net_node *n = &c->p->net->node[v - 1], *r = net_reads(c->p, v);
    const net_image y = image(c, s->writes);
    const net_image a = image(c, r->from[0]);

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
        group_norm(c, n, v, &y);
        break;
    case NET_RELU:
    case NET_SILU:
    case NET_GELU:
    case NET_STUDENT:
        if (s->film)
            film(c, r, net_act_of(n->op), &y);
        else
            csk_net_activate(net_act_of(n->op), &y, &a);
        break;
    case NET_FILM:
        film(c, n, NET_ACT_NONE, &y);
        break;
    case NET_ADD: {
        const net_image b = image(c, n->from[1]);
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
        csk_net_attention(&y, &a, n->heads, scratch(c));
        break;
    case NET_FOLD:
        csk_net_move_back(n, &y, &a, false);
        break;
    case NET_AFFINE:
        csk_net_map(&y, &a, weight(c, n->weight), weight(c, n->bias));
        break;
    default:
        csk_net_move(n, &y, &a, false);
        break;
    }
}

void csk_net_forward(const csk_net_plan *plan, float *y, const float *x,
                     const double *sigma, const double *step, float *work)
{
    const pass c = { .p = plan, .work = (char *)work, .sigma = sigma, .step = step };
    const net_image in = image(&c, 0);

    csk_net_enter(&in, x);
    for (int v = 1; v <= plan->net->nodes; v++) {
        const net_step *s = &plan->step[v];

        if (!s->live || s->absorbed)
            continue;
        if (net_is_vector(plan->net, v))
            vector_forward(&c, &plan->net->node[v - 1], v);
        else
            image_forward(&c, v);
    }
    const net_image out = image(&c, plan->net->output);
    csk_net_leave(y, &out);
}

/* -- images, backwards ------------------------------------------------------------------------ */

/* The derivative by what a convolution read; by way of the scratch where it is added. */
static void conv_data_back(const pass *c, const net_node *n, int v)
{
    const net_step *s = &c->p->step[v];
    const net_conv *k = s->conv;
    const net_image gy = slope(c, v), ga = slope(c, n->from[0]);
    net_image to = ga;
    char *rest = scratch(c);

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

static void conv_back(const pass *c, const net_node *n, int v)
{
    const net_image gy = slope(c, v);
    float *gw = weight_slope(c, n->weight), *gb = weight_slope(c, n->bias);

    if (gw) {
        const net_image a = image(c, n->from[0]);
        const bool transpose = n->op == NET_CONV_TRANSPOSE;
        double(*sums)[2] = scratch(c);

        if (transpose)
            csk_net_conv_weights(c->p->step[v].conv, gw, NULL, gy.at, a.at, scratch(c));
        else
            csk_net_conv_weights(c->p->step[v].conv, gw, gb, a.at, gy.at, scratch(c));
        if (transpose && gb) {
            csk_net_sums(sums, &gy, &gy);
            for (int64_t i = 0; i < (int64_t)gy.batch * gy.channels; i++)
                gb[i % gy.channels] += (float)sums[i][0];
        }
    }
    if (c->p->step[n->from[0]].wants && (n->from[0] > 0 || c->gx))
        conv_data_back(c, n, v);
}

static void concat_back(const pass *c, const net_node *n, int v)
{
    const net_image gy = slope(c, v);
    int from = 0;

    for (int i = 0; i < n->inputs; i++) {
        const int channels = net_channels(c->p->net, n->from[i]);

        if (c->p->step[n->from[i]].wants) {
            const net_image ga = slope(c, n->from[i]);
            const bool add = c->p->step[v].adds >> i & 1u;

            if (!add && channels % NET_BLOCK)
                memset(ga.at, 0, net_image_bytes(&ga));
            csk_net_copy(&ga, 0, &gy, from, channels, add);
        }
        from += channels;
    }
}

static void sum_back(const pass *c, const net_node *n, int v)
{
    const net_step *s = &c->p->step[v];
    const net_image gy = slope(c, v);

    for (int i = 0; i < n->inputs; i++) {
        if (c->p->step[n->from[i]].wants && !(s->passes >> i & 1u)) {
            const net_image ga = slope(c, n->from[i]);
            csk_net_scale(&ga, n->gain, &gy, s->adds >> i & 1u);
        }
    }
}

static void activate_back(const pass *c, const net_node *n, int v)
{
    const net_image gy = slope(c, v), ga = slope(c, n->from[0]);
    const net_image a = image(c, n->op == NET_RELU ? v : n->from[0]);

    csk_net_activate_back(net_act_of(n->op), &ga, &gy, &a, c->p->step[v].adds & 1u);
}

static void map_back(const pass *c, const net_node *n, int v)
{
    const net_image gy = slope(c, v), a = image(c, n->from[0]);
    const bool wanted = c->p->step[n->from[0]].wants;
    const net_image ga = wanted ? slope(c, n->from[0]) : gy;

    csk_net_map_back(wanted ? &ga : NULL, weight_slope(c, n->weight),
                     weight_slope(c, n->bias), &gy, &a, weight(c, n->weight),
                     c->p->step[v].adds & 1u);
}

static void image_backward(const pass *c, int v)
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
        group_norm_back(c, n, v);
        return;
    case NET_AFFINE:
        map_back(c, n, v);
        return;
    case NET_FILM:
        film_back(c, n, NET_ACT_NONE, v);
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
            film_back(c, r, net_act_of(n->op), v);
        else
            activate_back(c, n, v);
        return;
    default:
        break;
    }
    if (!c->p->step[n->from[0]].wants || n->op == NET_NOISE_MAP)
        return;
    const net_image gy = slope(c, v), ga = slope(c, n->from[0]);
    switch (n->op) {
    case NET_DOWNSAMPLE:
        csk_net_downsample_back(&ga, &gy, add);
        break;
    case NET_FIR:
        csk_net_fir_back(n, &ga, &gy, add);
        break;
    case NET_ATTENTION: {
        const net_image qkv = image(c, n->from[0]);
        if (!add && qkv.channels % NET_BLOCK)
            memset(ga.at, 0, net_image_bytes(&ga));
        csk_net_attention_back(&ga, &gy, &qkv, n->heads, add, scratch(c));
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

void csk_net_backward(const csk_net_plan *plan, float *gx, float *gw, const float *gy,
                      float *work)
{
    const pass c = { .p = plan, .work = (char *)work, .gx = gx, .gw = gw };
    const net_image out = slope(&c, plan->net->output);

    csk_net_enter(&out, gy);
    for (int v = plan->net->nodes; v > 0; v--) {
        const net_step *s = &plan->step[v];
        const net_node *n = &plan->net->node[v - 1];

        if (!s->wants || s->grad < 0 || (s->absorbed && n->op == NET_FILM))
            continue;
        if (n->vector)
            vector_backward(&c, n, v);
        else
            image_backward(&c, v);
    }
    if (gx && plan->step[0].grad >= 0) {
        const net_image in = slope(&c, 0);
        csk_net_leave(gx, &in);
    }
}
