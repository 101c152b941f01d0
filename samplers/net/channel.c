/* SPDX-License-Identifier: BSD-3-Clause */
/* Film and group norm: an affine map of each channel. */
#include "cs/mem.h"
#include "samplers/net/run_priv.h"

#include <math.h>

/* p = 1 + v[:C], q = v[C:], or p = 1, q = v; returns the coefficients' place in the scratch. */
static float *film_coefficients(const net_pass *c, int channels, int width,
                                const float *v)
{
    const int64_t rows = (int64_t)c->p->is.batch * channels;
    float *p = net_scratch(c), *q = p + csk_pad(rows);

    for (int n = 0; n < c->p->is.batch; n++) {
        for (int k = 0; k < channels; k++) {
            const float *row = v + (int64_t)n * width;

            p[(int64_t)n * channels + k] = width > channels ? 1.F + row[k] : 1.F;
            q[(int64_t)n * channels + k] = row[width - channels + k];
        }
    }
    return p;
}

void csk_net_film(const net_pass *c, const net_node *n, net_act f, const net_image *y)
{
    const net_image a = net_image_at(c, n->from[0]);
    const int width = net_channels(c->p->net, n->from[1]);
    const float *p =
        film_coefficients(c, a.channels, width, net_vector_at(c, n->from[1]));

    csk_net_affine(f, y, &a, p, p + csk_pad((int64_t)a.batch * a.channels), a.channels);
}

void csk_net_film_back(const net_pass *c, const net_node *n, net_act f, int v)
{
    const net_step *s = &c->p->step[v];
    const net_image gy = net_slope_at(c, v), a = net_image_at(c, n->from[0]);
    const int width = net_channels(c->p->net, n->from[1]);
    const int64_t rows = (int64_t)a.batch * a.channels;
    const float *p =
        film_coefficients(c, a.channels, width, net_vector_at(c, n->from[1]));
    const float *q = p + csk_pad(rows);
    double(*sums)[2] = (double(*)[2])(
        void *)((char *)net_scratch(c) + 2 * csk_pad(rows) * (int64_t)sizeof(float));
    float *gv = net_vector_slope(c, n->from[1]);
    const net_image ga =
        c->p->step[n->from[0]].wants ? net_slope_at(c, n->from[0]) : gy;
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
static void group_stats(const net_pass *c, const net_node *n, const net_image *a,
                        float *stats)
{
    double(*sums)[2] = net_scratch(c);
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

static float gain_of(const net_pass *c, const net_node *n, int channel)
{
    return n->weight < 0 ? 1.F : c->p->net->weights[n->weight + channel];
}

void csk_net_group_norm(const net_pass *c, const net_node *n, int v, const net_image *y)
{
    const net_image a = net_image_at(c, n->from[0]);
    const int64_t rows = (int64_t)a.batch * a.channels;
    const int each = a.channels / n->groups, kept = c->p->step[v].kept;
    float *room = (float *)net_scratch(c) + 4 * rows; /* behind the sums */
    float *stats = kept >= 0 ? net_at(c, kept) : room, *p = room + csk_pad(2 * rows);
    float *q = p + csk_pad(rows);

    group_stats(c, n, &a, stats);
    for (int64_t i = 0; i < rows; i++) {
        const int k = (int)(i % a.channels);
        const float *s = stats + 2 * (i / a.channels * n->groups + k / each);
        const float *b = net_weight(c, n->bias);

        p[i] = gain_of(c, n, k) * s[1];
        q[i] = (b ? b[k] : 0.F) - p[i] * s[0];
    }
    csk_net_affine(NET_ACT_NONE, y, &a, p, q, a.channels);
}

/*
 * With z = (a - mean) r and y = w z + b: ga = r (w g - mean(w g) - z mean(w g z)), means over the
 * group, which is p g + q a + t.
 */
void csk_net_group_norm_back(const net_pass *c, const net_node *n, int v)
{
    const net_image gy = net_slope_at(c, v), a = net_image_at(c, n->from[0]);
    const int64_t rows = (int64_t)a.batch * a.channels;
    const int each = a.channels / n->groups;
    const double count = (double)each * a.h * a.w;
    const float *stats = net_at(c, c->p->step[v].kept);
    double(*sums)[2] = net_scratch(c);
    float *p = (float *)net_scratch(c) + 4 * rows, *q = p + csk_pad(rows),
          *t = q + csk_pad(rows);
    float *gw = net_weight_slope(c, n->weight), *gb = net_weight_slope(c, n->bias);

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
        const net_image ga = net_slope_at(c, n->from[0]);
        csk_net_blend(&ga, &gy, &a, p, q, t, c->p->step[v].adds & 1u);
    }
}
