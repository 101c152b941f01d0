/* SPDX-License-Identifier: BSD-3-Clause */
/* Means of 2 x 2 pixels and separable filters, channel by channel. */
#include "samplers/net/image_priv.h"

#include <string.h>

/* sum += gain a[j ...] for the 16 channels of a block. */
static void gather_block(float *sum, float gain, const net_image *a, int64_t j)
{
    for (int k = 0; k < NET_BLOCK; k++)
        sum[k] += gain * net_get(a, j + k);
}

/* y[i ...] += gain a[j ...]. */
static void add_block(const net_image *y, int64_t i, float gain, const net_image *a,
                      int64_t j)
{
    for (int k = 0; k < NET_BLOCK; k++)
        net_put(y, i + k, net_get(y, i + k) + gain * net_get(a, j + k));
}

/*
 * The 2-D filter of node->tap between image `up` (before zeros go in and pixels go out) and
 * `down` (after): down[y] = sum_t tap[T - 1 - t] v[y D + t - pad], v the image with zeros between.
 */
static void filter(const net_node *f, const net_image *coarse, const net_image *fine,
                   int job, bool back)
{
    const int64_t from = job * net_plane(fine), to = job * net_plane(coarse);

    for (int y = 0; y < coarse->h; y++) {
        for (int x = 0; x < coarse->w; x++) {
            const int64_t i = to + ((int64_t)y * coarse->w + x) * NET_BLOCK;
            float sum[NET_BLOCK] = { 0.f };

            for (int t = 0; t < f->taps; t++) {
                const int v = y * f->down + t - f->fir_pad[0];
                if (v < 0 || v % f->up || v / f->up >= fine->h)
                    continue;
                for (int s = 0; s < f->taps; s++) {
                    const int u = x * f->down + s - f->fir_pad[0];
                    if (u < 0 || u % f->up || u / f->up >= fine->w)
                        continue;
                    const int64_t j =
                        from + ((int64_t)(v / f->up) * fine->w + u / f->up) * NET_BLOCK;
                    const float gain =
                        f->tap[f->taps - 1 - t] * f->tap[f->taps - 1 - s];
                    if (back)
                        add_block(fine, j, gain, coarse, i);
                    else
                        gather_block(sum, gain, fine, j);
                }
            }
            for (int k = 0; k < NET_BLOCK && !back; k++) /* rounded once */
                net_put(coarse, i + k, sum[k]);
        }
    }
}

static void filter_all(const net_node *f, const net_image *made, const net_image *read,
                       bool back, bool add)
{
    const net_image *out = back ? read : made;
    const int jobs = made->batch * net_blocks(made);

    if (back && !add)
        memset(out->at, 0, net_image_bytes(out));
#pragma omp parallel for schedule(static) if (net_image_len(made) > 16384)
    for (int i = 0; i < jobs; i++)
        filter(f, made, read, i, back);
}

void csk_net_fir(const net_node *node, const net_image *y, const net_image *a)
{
    filter_all(node, y, a, false, false);
}

void csk_net_fir_back(const net_node *node, const net_image *ga, const net_image *gy,
                      bool add)
{
    filter_all(node, gy, ga, true, add);
}

static const net_node mean = {
    .op = NET_FIR, .taps = 2, .tap = { .5F, .5F }, .up = 1, .down = 2
};

void csk_net_downsample(const net_image *y, const net_image *a)
{
    csk_net_fir(&mean, y, a);
}

void csk_net_downsample_back(const net_image *ga, const net_image *gy, bool add)
{
    csk_net_fir_back(&mean, ga, gy, add);
}
