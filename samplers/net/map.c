/* SPDX-License-Identifier: BSD-3-Clause */
/* A factor and an offset for every number of an image, as a layer norm over pixels has them. */
#include "samplers/net/image_priv.h"

/* Of channel k of block b at pixel p: its place among the weights; -1: padding. */
static int64_t weight_at(const net_image *a, int block, int64_t pixel, int k)
{
    const int channel = block * NET_BLOCK + k;

    return channel < a->channels ? (int64_t)channel * a->h * a->w + pixel : -1;
}

void csk_net_map(const net_image *y, const net_image *a, const float *w, const float *b)
{
    const int blocks = net_blocks(a), jobs = a->batch * blocks;
    const int64_t pixels = (int64_t)a->h * a->w;

#pragma omp parallel for schedule(static) if (net_image_len(a) > 16384)
    for (int i = 0; i < jobs; i++) {
        for (int64_t p = 0; p < pixels; p++) {
            for (int k = 0; k < NET_BLOCK; k++) {
                const int64_t from = weight_at(a, i % blocks, p, k);
                const int64_t at = (int64_t)i * net_plane(a) + p * NET_BLOCK + k;
                const float offset = from >= 0 && b ? b[from] : 0.F;

                net_put(y, at, from >= 0 ? net_get(a, at) * w[from] + offset : 0.F);
            }
        }
    }
}

/* The weights' derivatives of one block, image after image. */
static void weights_back(float *gw, float *gb, const net_image *gy, const net_image *a,
                         int block)
{
    const int blocks = net_blocks(a);
    const int64_t pixels = (int64_t)a->h * a->w;

    for (int n = 0; n < a->batch; n++) {
        const int64_t first = ((int64_t)n * blocks + block) * net_plane(a);

        for (int64_t i = 0; i < pixels * NET_BLOCK; i++) {
            const int64_t to = weight_at(a, block, i / NET_BLOCK, (int)(i % NET_BLOCK));
            const float g = net_get(gy, first + i);

            if (to >= 0 && gw)
                gw[to] += g * net_get(a, first + i);
            if (to >= 0 && gb)
                gb[to] += g;
        }
    }
}

void csk_net_map_back(const net_image *ga, float *gw, float *gb, const net_image *gy,
                      const net_image *a, const float *w, bool add)
{
    const int blocks = net_blocks(gy);

    if (gw || gb) {
#pragma omp parallel for schedule(static) if (net_image_len(gy) > 16384)
        for (int block = 0; block < blocks; block++)
            weights_back(gw, gb, gy, a, block);
    }
    if (!ga)
        return;
#pragma omp parallel for schedule(static) if (net_image_len(gy) > 16384)
    for (int i = 0; i < gy->batch * blocks; i++) {
        for (int64_t p = 0; p < net_plane(gy); p++) {
            const int64_t from =
                weight_at(gy, i % blocks, p / NET_BLOCK, (int)(p % NET_BLOCK));
            const int64_t at = (int64_t)i * net_plane(gy) + p;
            const float g = from >= 0 ? net_get(gy, at) * w[from] : 0.F;

            net_put(ga, at, add ? net_get(ga, at) + g : g);
        }
    }
}
