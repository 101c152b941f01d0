/* SPDX-License-Identifier: BSD-3-Clause */
/* How a network sees an image: turned, in planes, with a border. Never installed. */
#ifndef CSK_SAMPLERS_NET_VIEW_PRIV_H
#define CSK_SAMPLERS_NET_VIEW_PRIV_H

#include "cs/rng.h"

#include <stdbool.h>
#include <stdint.h>

/* Images of h x w and planes (channels, or real and imaginary part), and the network's own size. */
typedef struct csk_net_view {
    bool interleaved; /* parts of complex numbers lie side by side */
    bool turn;        /* the image at random before the network sees it */
    int planes, h, w, padded_h, padded_w;
} csk_net_view;

static inline int64_t csk_net_view_len(const csk_net_view *v)
{
    return (int64_t)v->planes * v->h * v->w;
}

static inline int64_t csk_net_view_padded_len(const csk_net_view *v)
{
    return (int64_t)v->planes * v->padded_h * v->padded_w;
}

/* One of the eight ways to turn and mirror an image, by the noise of @p name; 0: as it is. */
int csk_net_view_way(const csk_net_view *v, const csk_rng *name);

/* to := gain x + offset, in planes, continued by mirroring. */
void csk_net_view_enter(const csk_net_view *v, int way, float *to, const float *x,
                        float gain, float offset);

/* x := a x + b from + c, the network's planes cropped. */
void csk_net_view_leave(const csk_net_view *v, int way, float *x, const float *from,
                        float a, float b, float c);

/* The transpose of leave with a = 0, b = 1: what was cropped gets zeros. */
void csk_net_view_enter_slope(const csk_net_view *v, int way, float *to,
                              const float *slope);

/* The transpose of enter: g := a slope + b from, mirrored pixels added to their source. */
void csk_net_view_leave_slope(const csk_net_view *v, int way, float *g,
                              const float *slope, const float *from, float a, float b);

#endif
