/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/net/run_priv.h"

#include <math.h>

/*
 * log: with c = log(sigma)/4 (Karras et al. 2022, table 1), m = channels/2 and the frequencies
 * w_k = (pi/2) 4^(k/(m-1)): cos(w_k c), then sin(w_k c). One period of the highest covers
 * 1.7 decades of sigma: with faster waves the training is less stable and learns more slowly.
 * sinusoidal: w_k = max_period^(-k/(m - shift)) of the time step (Vaswani et al. 2017; DDPM).
 * fourier: w_k = 2 pi f_k of factor log(sigma) + offset (Song et al. 2021), or of the time step.
 */
static void embed(const net_node *node, float *y, double sigma, double step,
                  const float *frequency)
{
    const double pi = 3.14159265358979323846;
    const int m = node->channels / 2;

    for (int k = 0; k < m; k++) {
        double t, w;

        if (node->mode == NET_EMBED_LOG) {
            t = log(sigma) / 4.;
            w = pi / 2. * pow(4., m > 1 ? (double)k / (m - 1) : 0.);
        } else if (node->mode == NET_EMBED_SINUSOIDAL) {
            t = step;
            w = pow(node->max_period, -(double)k / (m - node->shifted));
        } else {
            t = node->gain * (node->of_step ? step : log(sigma)) + node->offset;
            w = 2. * pi * (double)frequency[k];
        }
        y[node->sin_first ? m + k : k] = (float)cos(w * t);
        y[node->sin_first ? k : m + k] = (float)sin(w * t);
    }
}

static void linear(int rows, int out, int in, float *y, const float *w, const float *b,
                   const float *v)
{
    for (int n = 0; n < rows; n++) {
        for (int o = 0; o < out; o++) {
            const float *row = w + (int64_t)o * in, *from = v + (int64_t)n * in;
            float sum = b ? b[o] : 0.F;

            for (int i = 0; i < in; i++)
                sum += row[i] * from[i];
            y[(int64_t)n * out + o] = sum;
        }
    }
}

static void linear_back(int rows, int out, int in, float *gv, float *gw, float *gb,
                        const float *gy, const float *w, const float *v, bool add)
{
    for (int64_t i = 0; gv && !add && i < (int64_t)rows * in; i++)
        gv[i] = 0.F;
    for (int n = 0; n < rows; n++) {
        for (int o = 0; o < out; o++) {
            const float g = gy[(int64_t)n * out + o];
            const float *from = v + (int64_t)n * in;

            for (int i = 0; gv && i < in; i++)
                gv[(int64_t)n * in + i] += g * w[(int64_t)o * in + i];
            for (int i = 0; gw && i < in; i++)
                gw[(int64_t)o * in + i] += g * from[i];
            if (gb)
                gb[o] += g;
        }
    }
}

void csk_net_vector_forward(const net_pass *c, const net_node *n, int v)
{
    const int batch = c->p->is.batch;
    float *y = net_vector_at(c, v);

    if (n->op == NET_NOISE_EMBEDDING) {
        for (int i = 0; i < batch; i++)
            embed(n, y + (int64_t)i * n->channels, c->sigma[i],
                  c->step ? c->step[i] : c->sigma[i], net_weight(c, n->weight));
        return;
    }
    const float *a = net_vector_at(c, n->from[0]);
    if (n->op == NET_LINEAR) {
        linear(batch, n->channels, net_channels(c->p->net, n->from[0]), y,
               net_weight(c, n->weight), net_weight(c, n->bias), a);
        return;
    }
    const float *b = n->inputs > 1 ? net_vector_at(c, n->from[1]) : a;
    const float gain = (float)n->gain;
    for (int64_t i = 0; i < (int64_t)batch * n->channels; i++)
        y[i] = n->op == NET_ADD     ? gain * (a[i] + b[i])
               : n->op == NET_SCALE ? gain * a[i]
                                    : csk_net_activation(net_act_of(n->op), a[i]);
}

void csk_net_vector_backward(const net_pass *c, const net_node *n, int v)
{
    const net_step *s = &c->p->step[v];
    const int batch = c->p->is.batch;
    const float *gy = net_vector_slope(c, v);

    if (n->op == NET_LINEAR) {
        linear_back(batch, n->channels, net_channels(c->p->net, n->from[0]),
                    net_vector_slope(c, n->from[0]), net_weight_slope(c, n->weight),
                    net_weight_slope(c, n->bias), gy, net_weight(c, n->weight),
                    net_vector_at(c, n->from[0]), s->adds & 1u);
        return;
    }
    for (int k = 0; k < n->inputs; k++) {
        float *ga = net_vector_slope(c, n->from[k]);
        const net_act f = net_act_of(n->op);

        if (!ga || s->passes >> k & 1u)
            continue;
        for (int64_t i = 0; i < (int64_t)batch * n->channels; i++) {
            /* Of relu what it made does as well as what it read. */
            const float g =
                f == NET_ACT_NONE ? (float)n->gain * gy[i]
                : f == NET_ACT_RELU
                    ? gy[i] * csk_net_activation_slope(f, net_vector_at(c, v)[i])
                    : gy[i] *
                          csk_net_activation_slope(f, net_vector_at(c, n->from[k])[i]);
            ga[i] = s->adds >> k & 1u ? ga[i] + g : g;
        }
    }
}
