/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/vec.h"
#include "samplers/net_view_priv.h"

/* Position i of a row of n pixels that is mirrored at its ends again and again. */
static int mirror(int i, int n)
{
    const int period = i % (2 * n);

    return period < n ? period : 2 * n - 1 - period;
}

/* Rows of images that are not square stay rows. */
enum { UPSIDE_DOWN = 1, MIRRORED = 2, TRANSPOSED = 4, WAYS = 8 };

int csk_net_view_way(const csk_net_view *v, const csk_rng *name)
{
    float u;

    if (!v->turn || !name)
        return 0;
    csk_rng_uniform(*name, 1, &u);
    const int way = (int)(u * WAYS) % WAYS;
    return v->h == v->w ? way : way & ~TRANSPOSED;
}

/* Where the network's element (plane, y, x) is in an image: parts of complex numbers lie side by
 * side. */
static int64_t place(const csk_net_view *v, int way, int plane, int y, int x)
{
    const int across = way & TRANSPOSED ? y : x;

    y = way & TRANSPOSED ? x : y;
    y = way & UPSIDE_DOWN ? v->h - 1 - y : y;
    x = way & MIRRORED ? v->w - 1 - across : across;
    return v->interleaved ? 2 * ((int64_t)y * v->w + x) + plane
                          : ((int64_t)plane * v->h + y) * v->w + x;
}

void csk_net_view_enter(const csk_net_view *v, int way, float *to, const float *x,
                        float gain, float offset)
{
#pragma omp parallel for schedule(static) if (csk_net_view_padded_len(v) > 65536)
    for (int row = 0; row < v->planes * v->padded_h; row++) {
        const int plane = row / v->padded_h, y = mirror(row % v->padded_h, v->h);
        float *at = to + (int64_t)row * v->padded_w;

        for (int k = 0; k < v->padded_w; k++)
            at[k] = gain * x[place(v, way, plane, y, k < v->w ? k : mirror(k, v->w))] +
                    offset;
    }
}

void csk_net_view_leave(const csk_net_view *v, int way, float *x, const float *from,
                        float a, float b, float c)
{
#pragma omp parallel for schedule(static) if (csk_net_view_padded_len(v) > 65536)
    for (int row = 0; row < v->planes * v->h; row++) {
        const int plane = row / v->h, y = row % v->h;
        const float *at = from + ((int64_t)plane * v->padded_h + y) * v->padded_w;

        for (int k = 0; k < v->w; k++) {
            float *to = x + place(v, way, plane, y, k);
            *to = (a == 0.F ? 0.F : a * *to) + b * at[k] + c;
        }
    }
}

void csk_net_view_enter_slope(const csk_net_view *v, int way, float *to,
                              const float *slope)
{
    csk_zero(csk_net_view_padded_len(v), to);
    for (int plane = 0; plane < v->planes; plane++) {
        for (int y = 0; y < v->h; y++) {
            for (int k = 0; k < v->w; k++)
                to[((int64_t)plane * v->padded_h + y) * v->padded_w + k] =
                    slope[place(v, way, plane, y, k)];
        }
    }
}

void csk_net_view_leave_slope(const csk_net_view *v, int way, float *g,
                              const float *slope, const float *from, float a, float b)
{
    csk_axpby(csk_net_view_len(v), (double)a, slope, 0., g);
    for (int row = 0; row < v->planes * v->padded_h; row++) {
        const int plane = row / v->padded_h, y = mirror(row % v->padded_h, v->h);
        const float *at = from + (int64_t)row * v->padded_w;

        for (int k = 0; k < v->padded_w; k++)
            g[place(v, way, plane, y, mirror(k, v->w))] += b * at[k];
    }
}
