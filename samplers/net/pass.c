/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Passes over images, a tile at a time: a tile is brought to float, worked on in the first
 * cache and written back, so that every kernel exists once for both types.
 */
#include "cs/simd_priv.h"
#include "samplers/net/image_priv.h"

#include <math.h>
#include <string.h>

enum { TILE = 1024 }; /* floats, whole blocks */

/* -- activations ------------------------------------------------------------------ */

/* exp(t), relative error below 3e-7; held at the ends of its range. */
CSK_HOT_INLINE float exponential(float t)
{
    const float limit = 87.F;

    t = t > limit ? limit : t < -limit ? -limit : t;
    const float z = t * 1.44269504F;
    const float k = floorf(z + .5F);
    const float f = z - k;     /* in -1/2 .. 1/2: t = (k + f) log 2 */
    float p = 1.535336188e-4F; /* 2^f, Cephes (Moshier), exp2f */
    p = p * f + 1.339887440e-3F;
    p = p * f + 9.618437357e-3F;
    p = p * f + 5.550332548e-2F;
    p = p * f + 2.402264791e-1F;
    p = p * f + 6.931472028e-1F;
    p = p * f + 1.F;
    union {
        uint32_t u;
        float f;
    } scale = { .u = (uint32_t)((int32_t)k + 127) << 23 };
    return p * scale.f;
}

CSK_HOT_INLINE float value_of(net_act f, float u)
{
    switch (f) {
    case NET_ACT_RELU:
        return u > 0.F ? u : 0.F;
    case NET_ACT_SILU:
        return u / (1.F + exponential(-u));
    case NET_ACT_GELU:
        return .5F * u * (1.F + erff(u * .707106781F));
    case NET_ACT_STUDENT:
        return .5F * log1pf(u * u);
    default:
        return u;
    }
}

CSK_HOT_INLINE float slope_of(net_act f, float u)
{
    switch (f) {
    case NET_ACT_RELU:
        return u > 0.F ? 1.F : 0.F;
    case NET_ACT_SILU: {
        const float s = 1.F / (1.F + exponential(-u));
        return s * (1.F + u * (1.F - s));
    }
    case NET_ACT_GELU:
        return .5F * (1.F + erff(u * .707106781F)) +
               u * .398942280F * expf(-.5F * u * u);
    case NET_ACT_STUDENT:
        return u / (1.F + u * u);
    default:
        return 1.F;
    }
}

float csk_net_activation(net_act f, float u)
{
    return value_of(f, u);
}

float csk_net_activation_slope(net_act f, float u)
{
    return slope_of(f, u);
}

/* -- tiles -------------------------------------------------------------------------- */

/* A kernel's tile: y from a, b and the 16 coefficients of p, q, r. */
typedef struct tile {
    float *y;
    const float *a, *b;
    const float *p, *q, *r; /* [16] */
    double *sums;           /* [16][2] */
    net_act f;
    float gain;
    bool add;
    int len;
} tile;

typedef void kernel(const tile *t);

CSK_HOT_INLINE void activate(const tile *t, net_act f)
{
    for (int i = 0; i < t->len; i++)
        t->y[i] = value_of(f, t->a[i]);
}

CSK_HOT static void activate_tile(const tile *t)
{
    switch (t->f) { /* each a loop of its own */
    case NET_ACT_RELU:
        activate(t, NET_ACT_RELU);
        break;
    case NET_ACT_SILU:
        activate(t, NET_ACT_SILU);
        break;
    case NET_ACT_GELU:
        activate(t, NET_ACT_GELU);
        break;
    case NET_ACT_STUDENT:
        activate(t, NET_ACT_STUDENT);
        break;
    default:
        activate(t, NET_ACT_NONE);
    }
}

CSK_HOT_INLINE void activate_back(const tile *t, net_act f)
{
    for (int i = 0; i < t->len; i++) {
        const float g = t->a[i] * slope_of(f, t->b[i]);
        t->y[i] = t->add ? t->y[i] + g : g;
    }
}

CSK_HOT static void activate_back_tile(const tile *t)
{
    switch (t->f) {
    case NET_ACT_RELU:
        activate_back(t, NET_ACT_RELU);
        break;
    case NET_ACT_SILU:
        activate_back(t, NET_ACT_SILU);
        break;
    case NET_ACT_GELU:
        activate_back(t, NET_ACT_GELU);
        break;
    case NET_ACT_STUDENT:
        activate_back(t, NET_ACT_STUDENT);
        break;
    default:
        activate_back(t, NET_ACT_NONE);
    }
}

CSK_HOT static void add_tile(const tile *t)
{
    for (int i = 0; i < t->len; i++)
        t->y[i] = t->gain * (t->a[i] + t->b[i]);
}

CSK_HOT static void scale_tile(const tile *t)
{
    for (int i = 0; i < t->len; i++)
        t->y[i] = t->add ? t->y[i] + t->gain * t->a[i] : t->gain * t->a[i];
}

CSK_HOT_INLINE void affine(const tile *t, net_act f)
{
    for (int i = 0; i < t->len; i += NET_BLOCK) {
        for (int k = 0; k < NET_BLOCK; k++)
            t->y[i + k] = value_of(f, t->p[k] * t->a[i + k] + t->q[k]);
    }
}

CSK_HOT static void affine_tile(const tile *t)
{
    switch (t->f) {
    case NET_ACT_RELU:
        affine(t, NET_ACT_RELU);
        break;
    case NET_ACT_SILU:
        affine(t, NET_ACT_SILU);
        break;
    case NET_ACT_GELU:
        affine(t, NET_ACT_GELU);
        break;
    case NET_ACT_STUDENT:
        affine(t, NET_ACT_STUDENT);
        break;
    default:
        affine(t, NET_ACT_NONE);
    }
}

/* a is the derivative, b the image; the sums of a tile in float, of all in double. */
CSK_HOT_INLINE void affine_back(const tile *t, net_act f)
{
    float one[NET_BLOCK] = { 0 }, two[NET_BLOCK] = { 0 };

    for (int i = 0; i < t->len; i += NET_BLOCK) {
        for (int k = 0; k < NET_BLOCK; k++) {
            const float b = t->b[i + k];
            const float g = t->a[i + k] * slope_of(f, t->p[k] * b + t->q[k]);

            one[k] += g;
            two[k] += g * b;
            t->y[i + k] = t->add ? t->y[i + k] + g * t->p[k] : g * t->p[k];
        }
    }
    for (int k = 0; k < NET_BLOCK; k++) {
        t->sums[2 * k] += (double)one[k];
        t->sums[2 * k + 1] += (double)two[k];
    }
}

CSK_HOT static void affine_back_tile(const tile *t)
{
    switch (t->f) {
    case NET_ACT_RELU:
        affine_back(t, NET_ACT_RELU);
        break;
    case NET_ACT_SILU:
        affine_back(t, NET_ACT_SILU);
        break;
    case NET_ACT_GELU:
        affine_back(t, NET_ACT_GELU);
        break;
    case NET_ACT_STUDENT:
        affine_back(t, NET_ACT_STUDENT);
        break;
    default:
        affine_back(t, NET_ACT_NONE);
    }
}

CSK_HOT static void blend_tile(const tile *t)
{
    for (int i = 0; i < t->len; i += NET_BLOCK) {
        for (int k = 0; k < NET_BLOCK; k++) {
            const float g = t->p[k] * t->a[i + k] + t->q[k] * t->b[i + k] + t->r[k];
            t->y[i + k] = t->add ? t->y[i + k] + g : g;
        }
    }
}

CSK_HOT static void up_tile(float *y, const uint16_t *a, int len)
{
    for (int i = 0; i < len; i++)
        y[i] = net_up(a[i]);
}

CSK_HOT static void down_tile(uint16_t *y, const float *a, int len)
{
    for (int i = 0; i < len; i++)
        y[i] = net_down(a[i]);
}

/* The tile as floats: itself, or a copy in `room`. */
static const float *bring(float *room, const net_image *a, int64_t at, int len)
{
    if (!a->bf16)
        return (const float *)a->at + at;
    up_tile(room, (const uint16_t *)a->at + at, len);
    return room;
}

/*
 * Apply `k` to floats first .. first + len - 1 of the images; y is read where with->add, and is
 * NULL where only sums are wanted.
 */
static void run_tile(kernel *k, const tile *with, const net_image *y,
                     const net_image *a, const net_image *b, int64_t first, int len)
{
#ifdef __clang_analyzer__ /* which does not know that len is a multiple of 16 */
    float room[3][TILE] = { { 0.F } };
#else
    _Alignas(64) float room[3][TILE];
#endif
    tile t = *with;

    t.len = len;
    t.a = bring(room[0], a, first, len);
    t.b = b ? bring(room[1], b, first, len) : t.a;
    t.add = with->add && y;
    t.y = !y || y->bf16 ? room[2] : (float *)y->at + first;
    if (t.add && y->bf16)
        up_tile(room[2], (const uint16_t *)y->at + first, len);
    k(&t);
    if (y && y->bf16)
        down_tile((uint16_t *)y->at + first, room[2], len);
}

/* Kernels that know no channels. */
static void everywhere(kernel *k, const tile *with, const net_image *y,
                       const net_image *a, const net_image *b)
{
    const int64_t n = net_image_len(y), tiles = (n + TILE - 1) / TILE;

#pragma omp parallel for schedule(static) if (tiles > 16)
    for (int64_t i = 0; i < tiles; i++) {
        const int64_t first = i * TILE;

        run_tile(k, with, y, a, b, first, n - first < TILE ? (int)(n - first) : TILE);
    }
}

/* 16 coefficients of block `block` of image n; 0 beyond the channels, `preset` if there are none. */
static const float *lanes(float *room, const float *of, int step, int n, int block,
                          int channels, float preset)
{
    for (int k = 0; k < NET_BLOCK; k++) {
        const int c = block * NET_BLOCK + k;
        room[k] = c >= channels ? 0.F : of ? of[(int64_t)n * step + c] : preset;
    }
    return room;
}

/* Coefficients of kernels that know channels. */
typedef struct coefficients {
    const float *p, *q, *r;
    int step;
    double (*sums)[2];
} coefficients;

static void block_of_channels(kernel *k, const tile *with, const coefficients *c,
                              const net_image *y, const net_image *a,
                              const net_image *b, int n, int block)
{
    float p[NET_BLOCK], q[NET_BLOCK], r[NET_BLOCK];
    double sums[2 * NET_BLOCK] = { 0 };
    const int64_t plane = net_plane(a);
    const int64_t start = ((int64_t)n * net_blocks(a) + block) * plane;
    tile t = *with;

    t.p = lanes(p, c->p, c->step, n, block, a->channels, 1.F);
    t.q = lanes(q, c->q, c->step, n, block, a->channels, 0.F);
    t.r = lanes(r, c->r, c->step, n, block, a->channels, 0.F);
    t.sums = sums;
    for (int64_t at = 0; at < plane; at += TILE)
        run_tile(k, &t, y, a, b, start + at,
                 plane - at < TILE ? (int)(plane - at) : TILE);
    if (c->sums) {
        const int first = block * NET_BLOCK;
        const int count =
            a->channels - first < NET_BLOCK ? a->channels - first : NET_BLOCK;
        memcpy(c->sums + (int64_t)n * a->channels + first, sums,
               (size_t)count * sizeof(*c->sums));
    }
}

/* The order of sums depends on the size of the image alone. */
static void by_channel(kernel *k, const tile *with, const coefficients *c,
                       const net_image *y, const net_image *a, const net_image *b)
{
    const int blocks = net_blocks(a), jobs = a->batch * blocks;

#pragma omp parallel for schedule(static) if (net_image_len(a) > 16 * TILE)
    for (int i = 0; i < jobs; i++)
        block_of_channels(k, with, c, y, a, b, i / blocks, i % blocks);
}

/* -- passes --------------------------------------------------------------------------- */

void csk_net_activate(net_act f, const net_image *y, const net_image *a)
{
    everywhere(activate_tile, &(tile){ .f = f }, y, a, NULL);
}

void csk_net_activate_back(net_act f, const net_image *ga, const net_image *gy,
                           const net_image *a, bool add)
{
    everywhere(activate_back_tile, &(tile){ .f = f, .add = add }, ga, gy, a);
}

void csk_net_add(const net_image *y, double gain, const net_image *a,
                 const net_image *b)
{
    everywhere(add_tile, &(tile){ .gain = (float)gain }, y, a, b);
}

void csk_net_scale(const net_image *y, double gain, const net_image *a, bool add)
{
    everywhere(scale_tile, &(tile){ .gain = (float)gain, .add = add }, y, a, NULL);
}

void csk_net_affine(net_act f, const net_image *y, const net_image *a, const float *p,
                    const float *q, int step)
{
    by_channel(affine_tile, &(tile){ .f = f },
               &(coefficients){ .p = p, .q = q, .step = step }, y, a, NULL);
}

void csk_net_affine_back(net_act f, const net_image *ga, double (*sums)[2],
                         const net_image *gy, const net_image *a, const float *p,
                         const float *q, int step, bool add)
{
    by_channel(affine_back_tile, &(tile){ .f = f, .add = add },
               &(coefficients){ .p = p, .q = q, .step = step, .sums = sums }, ga, gy,
               a);
}

void csk_net_blend(const net_image *ga, const net_image *gy, const net_image *a,
                   const float *p, const float *q, const float *r, bool add)
{
    by_channel(blend_tile, &(tile){ .add = add },
               &(coefficients){ .p = p, .q = q, .r = r, .step = a->channels }, ga, gy,
               a);
}

void csk_net_sums(double (*sums)[2], const net_image *a, const net_image *b)
{
    by_channel(affine_back_tile, &(tile){ .f = NET_ACT_NONE },
               &(coefficients){ .sums = sums }, NULL, a, b);
}
