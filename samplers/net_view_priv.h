/* SPDX-License-Identifier: BSD-3-Clause */
/* How a network sees an image: turned, moved, in planes, with a border. Never installed. */
#ifndef CSK_SAMPLERS_NET_VIEW_PRIV_H
#define CSK_SAMPLERS_NET_VIEW_PRIV_H

#include "cs/rng.h"

#include <stdbool.h>
#include <stdint.h>

/* Images of h x w and planes (channels, or real and imaginary part), and the network's own size. */
typedef struct csk_net_view {
    bool interleaved; /* parts of complex numbers lie side by side */
    bool turn;        /* the image at random before the network sees it */
    int cell;         /* pixels along one of the network's coarsest; moves are less */
    int planes, h, w, padded_h, padded_w;
} csk_net_view;

/* How an image stands before the network; all zeros but the cosine: as it is. */
typedef struct csk_net_pose {
    int way;         /* one of the eight to turn and mirror it */
    int down, right; /* the network's first pixel is so far in; cyclic */
    float cos, sin;  /* the phase that it gets, of interleaved ones */
} csk_net_pose;

static inline int64_t csk_net_view_len(const csk_net_view *v)
{
    return (int64_t)v->planes * v->h * v->w;
}

static inline int64_t csk_net_view_padded_len(const csk_net_view *v)
{
    return (int64_t)v->planes * v->padded_h * v->padded_w;
}

/*
 * By the noise of @p name: one of the eight ways (four, unless square) and, of complex images, a
 * phase and a move of less than a cell each way. Real ones are not moved: what leaves at one end
 * enters at the other, which is a seam in a photograph, and none in an image made from k-space,
 * which is periodic. As it is without a name, or where the view does not turn.
 */
csk_net_pose csk_net_view_pose(const csk_net_view *v, const csk_rng *name);

/* to := gain x + offset, posed, in planes, continued by mirroring. */
void csk_net_view_enter(const csk_net_view *v, const csk_net_pose *pose, float *to,
                        const float *x, float gain, float offset);

/* x := a x + what b from + c, in the network's planes, is without pose and border. */
void csk_net_view_leave(const csk_net_view *v, const csk_net_pose *pose, float *x,
                        const float *from, float a, float b, float c);

/* The transpose of leave with a = 0, b = 1: what was cropped gets zeros. */
void csk_net_view_enter_slope(const csk_net_view *v, const csk_net_pose *pose,
                              float *to, const float *slope);

/* The transpose of enter: g := a slope + b from, mirrored pixels added to their source. */
void csk_net_view_leave_slope(const csk_net_view *v, const csk_net_pose *pose, float *g,
                              const float *slope, const float *from, float a, float b);

#endif
