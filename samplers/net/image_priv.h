/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Images in blocks of 16 channels, [batch][channels / 16][h][w][16], and what is done to them
 * besides convolutions. Channels beyond the true ones are zero and stay so. Images are float
 * or bfloat16, the arithmetic is float. Never installed.
 */
#ifndef CSK_SAMPLERS_NET_IMAGE_PRIV_H
#define CSK_SAMPLERS_NET_IMAGE_PRIV_H

#include "samplers/net/net_priv.h"

typedef struct net_image {
    void *at;
    int batch, channels, h, w;
    bool bf16;
} net_image;

static inline int net_blocks(const net_image *a)
{
    return net_padded(a->channels) / NET_BLOCK;
}

/* Floats of one block of one image. */
static inline int64_t net_plane(const net_image *a)
{
    return (int64_t)a->h * a->w * NET_BLOCK;
}

/* Floats, padded channels included. */
static inline int64_t net_image_len(const net_image *a)
{
    return (int64_t)a->batch * net_blocks(a) * net_plane(a);
}

static inline size_t net_image_bytes(const net_image *a)
{
    return (size_t)net_image_len(a) * (a->bf16 ? 2 : 4);
}

/* -- net_pass.c: pixel by pixel --------------------------------------------------- */

typedef enum net_act {
    NET_ACT_NONE,
    NET_ACT_RELU,
    NET_ACT_SILU,
    NET_ACT_GELU,
    NET_ACT_STUDENT
} net_act;

/* y := f(a). */
void csk_net_activate(net_act f, const net_image *y, const net_image *a);
/* ga := (or, `add`, +=) gy f'(a); of relu `a` may be what it made. */
void csk_net_activate_back(net_act f, const net_image *ga, const net_image *gy,
                           const net_image *a, bool add);

/* y := gain (a + b); b NULL: gain a. y may be a or b. */
void csk_net_add(const net_image *y, double gain, const net_image *a,
                 const net_image *b);
/* y := (or +=) gain a. */
void csk_net_scale(const net_image *y, double gain, const net_image *a, bool add);

/*
 * y[n][c] := f(p[n][c] a[n][c] + q[n][c]); p, q: [batch][channels], p NULL: 1, rows `step`
 * floats apart.
 */
void csk_net_affine(net_act f, const net_image *y, const net_image *a, const float *p,
                    const float *q, int step);
/*
 * With u = p a + q and g = gy f'(u): ga := (or +=) g p (ga NULL: not wanted), and
 * sums[n][c] = { sum g, sum g a } over the pixels.
 */
void csk_net_affine_back(net_act f, const net_image *ga, double (*sums)[2],
                         const net_image *gy, const net_image *a, const float *p,
                         const float *q, int step, bool add);
/* ga := (or +=) p gy + q a + r, coefficients [batch][channels]. */
void csk_net_blend(const net_image *ga, const net_image *gy, const net_image *a,
                   const float *p, const float *q, const float *r, bool add);
/* sums[n][c] = { sum a, sum a b } over the pixels. */
void csk_net_sums(double (*sums)[2], const net_image *a, const net_image *b);

/* The activation of one number and its derivative. */
float csk_net_activation(net_act f, float u);
float csk_net_activation_slope(net_act f, float u);

/* -- net_move.c: from place to place ----------------------------------------------- */

/* In and out of blocks; `x` is [batch][channels][h][w]. */
void csk_net_enter(const net_image *y, const float *x);
void csk_net_leave(float *x, const net_image *a);

/* depth_to_space and its like, pad, crop, upsample: y := (or +=) a moved as the node says. */
void csk_net_move(const net_node *node, const net_image *y, const net_image *a,
                  bool add);
/* The transpose: ga := (or +=) gy moved back. */
void csk_net_move_back(const net_node *node, const net_image *ga, const net_image *gy,
                       bool add);

/* Channels y0 ... of y := (or +=) channels a0 ... of a, `count` of them. */
void csk_net_copy(const net_image *y, int y0, const net_image *a, int a0, int count,
                  bool add);
/* Channel 0 := value[n]. */
void csk_net_fill(const net_image *y, const float *value);

/* -- net_filter.c ------------------------------------------------------------------ */

/* Mean of 2 x 2 pixels, and separable filters; back as above. */
void csk_net_downsample(const net_image *y, const net_image *a);
void csk_net_downsample_back(const net_image *ga, const net_image *gy, bool add);
void csk_net_fir(const net_node *node, const net_image *y, const net_image *a);
void csk_net_fir_back(const net_node *node, const net_image *ga, const net_image *gy,
                      bool add);

/* y := w a + b, a factor and an offset ([channels][h][w]) for each number; b NULL: 0. */
void csk_net_map(const net_image *y, const net_image *a, const float *w,
                 const float *b);
/* ga := (or +=) w gy, gw += gy a, gb += gy, the latter summed over the batch; NULL: not wanted. */
void csk_net_map_back(const net_image *ga, float *gw, float *gb, const net_image *gy,
                      const net_image *a, const float *w, bool add);

/* -- net_attention.c ---------------------------------------------------------------- */

size_t csk_net_attention_len(const net_image *y, int heads,
                             bool back); /* bytes of work */
void csk_net_attention(const net_image *y, const net_image *qkv, int heads, void *work);
void csk_net_attention_back(const net_image *gqkv, const net_image *gy,
                            const net_image *qkv, int heads, bool add, void *work);

/* -- bfloat16 ----------------------------------------------------------------------- */

static inline float net_up(uint16_t h)
{
    union {
        uint32_t u;
        float f;
    } v = { .u = (uint32_t)h << 16 };

    return v.f;
}

/* To nearest, ties to even; NaN stays NaN as far as its upper bits say so. */
static inline uint16_t net_down(float f)
{
    union {
        float f;
        uint32_t u;
    } v = { .f = f };

    return (uint16_t)((v.u + 0x7fffu + (v.u >> 16 & 1u)) >> 16);
}

static inline float net_get(const net_image *a, int64_t i)
{
    return a->bf16 ? net_up(((const uint16_t *)a->at)[i]) : ((const float *)a->at)[i];
}

static inline void net_put(const net_image *a, int64_t i, float v)
{
    if (a->bf16)
        ((uint16_t *)a->at)[i] = net_down(v);
    else
        ((float *)a->at)[i] = v;
}

#endif
