/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/vec.h"
#include "samplers/net_view_priv.h"

#include <math.h>

/* Position i of a row of n pixels that is mirrored at its ends again and again. */
static int mirror(int i, int n)
{
    const int period = i % (2 * n);

    return period < n ? period : 2 * n - 1 - period;
}

/* Rows of images that are not square stay rows. */
enum { UPSIDE_DOWN = 1, MIRRORED = 2, TRANSPOSED = 4, WAYS = 8 };

csk_net_pose csk_net_view_pose(const csk_net_view *v, const csk_rng *name)
{
    csk_net_pose pose = { .cos = 1.F };
    float u[4];

    if (!v->turn || !name)
        return pose;
    csk_rng_uniform(*name, 4, u);
    pose.way = (int)(u[0] * WAYS) % WAYS;
    if (v->h != v->w)
        pose.way &= ~TRANSPOSED;
    if (v->interleaved) {
        pose.cos = cosf(6.2831853F * u[1]);
        pose.sin = sinf(6.2831853F * u[1]);
        pose.down = (int)(u[2] * (float)v->cell) % v->cell % v->h;
        pose.right = (int)(u[3] * (float)v->cell) % v->cell % v->w;
    }
    return pose;
}

/* Where the network's element (plane, y, x) is in an image: parts of complex numbers lie side by
 * side. */
static int64_t place(const csk_net_view *v, const csk_net_pose *pose, int plane, int y,
                     int x)
{
    const int across = pose->way & TRANSPOSED ? y : x;

    y = pose->way & TRANSPOSED ? x : y;
    y = pose->way & UPSIDE_DOWN ? v->h - 1 - y : y;
    x = pose->way & MIRRORED ? v->w - 1 - across : across;
    y += pose->down < v->h - y ? pose->down : pose->down - v->h;
    x += pose->right < v->w - x ? pose->right : pose->right - v->w;
    return v->interleaved ? 2 * ((int64_t)y * v->w + x) + plane
                          : ((int64_t)plane * v->h + y) * v->w + x;
}

/* What the network sees of the image at its own (plane, y, x). */
static float seen(const csk_net_view *v, const csk_net_pose *pose, const float *image,
                  int plane, int y, int x)
{
    const float *at = image + place(v, pose, plane, y, x);

    if (!v->interleaved)
        return *at;
    return plane ? pose->cos * at[0] + pose->sin * at[-1]
                 : pose->cos * at[0] - pose->sin * at[1];
}

/* What the image gets, at @p plane, of the network's planes at their position @p i. */
static float shown(const csk_net_view *v, const csk_net_pose *pose, const float *planes,
                   int plane, int64_t i)
{
    const int64_t each = (int64_t)v->padded_h * v->padded_w;
    const float *at = planes + plane * each + i;

    if (!v->interleaved)
        return *at;
    return plane ? pose->cos * at[0] - pose->sin * at[-each]
                 : pose->cos * at[0] + pose->sin * at[each];
}

void csk_net_view_enter(const csk_net_view *v, const csk_net_pose *pose, float *to,
                        const float *x, float gain, float offset)
{
#pragma omp parallel for schedule(static) if (csk_net_view_padded_len(v) > 65536)
    for (int row = 0; row < v->planes * v->padded_h; row++) {
        const int plane = row / v->padded_h, y = mirror(row % v->padded_h, v->h);
        float *at = to + (int64_t)row * v->padded_w;

        for (int k = 0; k < v->padded_w; k++)
            at[k] = gain * seen(v, pose, x, plane, y, k < v->w ? k : mirror(k, v->w)) +
                    offset;
    }
}

void csk_net_view_leave(const csk_net_view *v, const csk_net_pose *pose, float *x,
                        const float *from, float a, float b, float c)
{
#pragma omp parallel for schedule(static) if (csk_net_view_padded_len(v) > 65536)
    for (int row = 0; row < v->planes * v->h; row++) {
        const int plane = row / v->h, y = row % v->h;
        const float constant = !v->interleaved ? c
                                               : c * (plane ? pose->cos - pose->sin
                                                            : pose->cos + pose->sin);

        for (int k = 0; k < v->w; k++) {
            float *to = x + place(v, pose, plane, y, k);
            *to = (a == 0.F ? 0.F : a * *to) +
                  b * shown(v, pose, from, plane, (int64_t)y * v->padded_w + k) +
                  constant;
        }
    }
}

void csk_net_view_enter_slope(const csk_net_view *v, const csk_net_pose *pose,
                              float *to, const float *slope)
{
    csk_zero(csk_net_view_padded_len(v), to);
    for (int plane = 0; plane < v->planes; plane++) {
        for (int y = 0; y < v->h; y++) {
            for (int k = 0; k < v->w; k++)
                to[((int64_t)plane * v->padded_h + y) * v->padded_w + k] =
                    seen(v, pose, slope, plane, y, k);
        }
    }
}

void csk_net_view_leave_slope(const csk_net_view *v, const csk_net_pose *pose, float *g,
                              const float *slope, const float *from, float a, float b)
{
    csk_axpby(csk_net_view_len(v), (double)a, slope, 0., g);
    for (int row = 0; row < v->planes * v->padded_h; row++) {
        const int plane = row / v->padded_h, y = mirror(row % v->padded_h, v->h);
        const int64_t first = (int64_t)(row % v->padded_h) * v->padded_w;

        for (int k = 0; k < v->padded_w; k++)
            g[place(v, pose, plane, y, mirror(k, v->w))] +=
                b * shown(v, pose, from, plane, first + k);
    }
}
