/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/simd_priv.h"
#include "samplers/net/image_priv.h"
#include "samplers/net/winograd_priv.h"

enum { TAPS = 9, SIDE = NET_WINOGRAD_SIDE };

/* One number for each of 16 channels that are made. */
typedef struct lanes {
    float at[NET_BLOCK];
} lanes;

/* u := G (a, b, c). */
CSK_HOT_INLINE void transform(lanes u[SIDE], const lanes *a, const lanes *b,
                              const lanes *c)
{
    static const float p = .625F, q = 1.5F; /* the points, and N of each pair */
    static const float np = (float)(1. / (2. * .390625 * (.390625 - 2.25)));
    static const float nq = (float)(1. / (2. * 2.25 * (2.25 - .390625)));
    static const float n0 = (float)(1. / (.390625 * 2.25));

    for (int k = 0; k < NET_BLOCK; k++) {
        const float even_p = np * (a->at[k] + p * p * c->at[k]);
        const float odd_p = np * p * b->at[k];
        const float even_q = nq * (a->at[k] + q * q * c->at[k]);
        const float odd_q = nq * q * b->at[k];

        u[0].at[k] = n0 * a->at[k];
        u[1].at[k] = even_p + odd_p;
        u[2].at[k] = even_p - odd_p;
        u[3].at[k] = even_q + odd_q;
        u[4].at[k] = even_q - odd_q;
        u[5].at[k] = c->at[k];
    }
}

/* One channel that is read, for 16 that are made: taps [3][3] to [6][6], `stride` floats apart. */
CSK_HOT static void pack_lanes(float *to, size_t stride, const lanes *tap)
{
    lanes column[3][SIDE], row[SIDE];

    for (int x = 0; x < 3; x++)
        transform(column[x], &tap[x], &tap[3 + x], &tap[6 + x]);
    for (int y = 0; y < SIDE; y++) {
        transform(row, &column[0][y], &column[1][y], &column[2][y]);
        for (int x = 0; x < SIDE; x++)
            *(lanes *)(to + (size_t)(y * SIDE + x) * stride) = row[x];
    }
}

/* All that 16 channels are made from. */
static void pack_block(const net_winograd *w, float *to, const float *dense,
                       bool turned, int block)
{
    const size_t per_lane = (size_t)TAPS * (turned ? 1 : (size_t)w->in);
    const size_t per_input = (size_t)TAPS * (turned ? (size_t)w->out : 1);
    const size_t group = (size_t)w->out_group * w->in_group * NET_BLOCK * NET_BLOCK;
    const size_t plane = (size_t)w->in / NET_BLOCK / w->in_group * group;
    float *first = to + (size_t)(block / w->out_group) * SIDE * SIDE * plane;

    dense += (size_t)block * NET_BLOCK * per_lane;
    for (int i = 0; i < w->in; i++) {
        const int chunk = i / NET_BLOCK / w->in_group;
        const int within = block % w->out_group * w->in_group * NET_BLOCK +
                           i % (w->in_group * NET_BLOCK);
        lanes tap[TAPS];

        for (int k = 0; k < TAPS; k++) {
            for (int l = 0; l < NET_BLOCK; l++)
                tap[turned ? TAPS - 1 - k : k].at[l] =
                    dense[(size_t)l * per_lane + (size_t)i * per_input + (size_t)k];
        }
        pack_lanes(first + (size_t)chunk * group + (size_t)within * NET_BLOCK, plane,
                   tap);
    }
}

void csk_net_winograd_pack(const net_winograd *w, float *to, const float *dense,
                           bool turned)
{
    const int blocks = w->out / NET_BLOCK;

    for (int b = 0; b < blocks; b++)
        pack_block(w, to, dense, turned, b);
}
