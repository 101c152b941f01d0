/* SPDX-License-Identifier: BSD-3-Clause */
/* Pixels and channels from place to place. */
#include "samplers/net/image_priv.h"

#include <string.h>

/* -- the ends of a net ---------------------------------------------------------------- */

void csk_net_enter(const net_image *y, const float *x)
{
    const int blocks = net_blocks(y), jobs = y->batch * blocks;
    const int64_t pixels = (int64_t)y->h * y->w;

#pragma omp parallel for schedule(static) if (jobs > 1 && pixels > 4096)
    for (int i = 0; i < jobs; i++) {
        const int n = i / blocks, first = i % blocks * NET_BLOCK;
        const int64_t to = (int64_t)i * net_plane(y);

        for (int64_t p = 0; p < pixels; p++) {
            for (int k = 0; k < NET_BLOCK; k++) {
                const int c = first + k;
                net_put(y, to + p * NET_BLOCK + k,
                        c < y->channels ? x[((int64_t)n * y->channels + c) * pixels + p]
                                        : 0.F);
            }
        }
    }
}

void csk_net_leave(float *x, const net_image *a)
{
    const int64_t pixels = (int64_t)a->h * a->w;
    const int jobs = a->batch * a->channels;

#pragma omp parallel for schedule(static) if (jobs > 1 && pixels > 4096)
    for (int i = 0; i < jobs; i++) {
        const int n = i / a->channels, c = i % a->channels;
        const int64_t from =
            ((int64_t)n * net_blocks(a) + c / NET_BLOCK) * net_plane(a) + c % NET_BLOCK;

        for (int64_t p = 0; p < pixels; p++)
            x[i * pixels + p] = net_get(a, from + p * NET_BLOCK);
    }
}

/* -- where an element comes from ------------------------------------------------------ */

typedef struct place {
    int c, y, x;
} place;

/* Where a side's position i of the larger image lies in the one inside; -1: nowhere. */
static int mirrored(int mode, int i, int n)
{
    const int edge = mode == NET_PAD_SYMMETRIC ? 0 : 1;

    if (i >= 0 && i < n)
        return i;
    if (mode == NET_PAD_ZERO)
        return -1;
    return i < 0 ? -i - 1 + edge : 2 * n - 1 - edge - i;
}

/* (r, r, C) or (C, r, r): the channel of depth, and of where it goes. */
static int deep(net_op op, int c, int dy, int dx, int r, int channels)
{
    return op == NET_DEPTH_TO_SPACE || op == NET_SPACE_TO_DEPTH
               ? (dy * r + dx) * channels + c
               : (c * r + dy) * r + dx;
}

static place shallow(net_op op, int c, int r, int channels)
{
    if (op == NET_SPACE_TO_DEPTH)
        return (place){ c % channels, c / channels / r, c / channels % r };
    return (place){ c / (r * r), c / r % r, c % r };
}

/* The source of element (c, y, x) of what the node makes from `a`; y = -1: zero. */
static place source_of(const net_node *n, const net_image *to, const net_image *a,
                       int c, int y, int x)
{
    const int r = n->factor;

    switch (n->op) {
    case NET_DEPTH_TO_SPACE:
    case NET_PIXEL_SHUFFLE:
        return (place){ deep(n->op, c, y % r, x % r, r, to->channels), y / r, x / r };
    case NET_SPACE_TO_DEPTH:
    case NET_PIXEL_UNSHUFFLE: {
        const place s = shallow(n->op, c, r, a->channels);
        return (place){ s.c, y * r + s.y, x * r + s.x };
    }
    case NET_UPSAMPLE:
        return (place){ c, y / 2, x / 2 };
    case NET_CROP:
        return (place){ c, y + n->sides[0], x + n->sides[2] };
    default: { /* NET_PAD */
        const int up = mirrored(n->mode, y - n->sides[0], a->h);
        const int left = mirrored(n->mode, x - n->sides[2], a->w);
        return (place){ c, left < 0 ? -1 : up, left };
    }
    }
}

static int64_t index_of(const net_image *a, int n, int c, int y, int x)
{
    return ((int64_t)n * net_blocks(a) + c / NET_BLOCK) * net_plane(a) +
           ((int64_t)y * a->w + x) * NET_BLOCK + c % NET_BLOCK;
}

/* Whether the 16 channels of a block stay together, in order. */
static bool whole_blocks(const net_node *n, const net_image *to, const net_image *a)
{
    switch (n->op) {
    case NET_DEPTH_TO_SPACE:
        return to->channels % NET_BLOCK == 0;
    case NET_SPACE_TO_DEPTH:
        return a->channels % NET_BLOCK == 0;
    case NET_PIXEL_SHUFFLE:
    case NET_PIXEL_UNSHUFFLE:
        return false;
    default:
        return true;
    }
}

/* -- moving ---------------------------------------------------------------------------- */

/* y[i ...] := or += a[j ...], `len` channels; j < 0: 0. */
static void put_lanes(const net_image *y, int64_t i, const net_image *a, int64_t j,
                      int len, bool add)
{
    const size_t size = y->bf16 ? 2 : 4;

    if (!add && j >= 0) {
        memcpy((char *)y->at + (size_t)i * size, (const char *)a->at + (size_t)j * size,
               (size_t)len * size);
        return;
    }
    for (int k = 0; k < len; k++) {
        const float v = j >= 0 ? net_get(a, j + k) : 0.F;
        net_put(y, i + k, add ? net_get(y, i + k) + v : v);
    }
}

typedef enum direction { GATHER, GATHER_AND_ADD, SCATTER } direction;

/* One row of one block of the node's image, gathered, or scattered and added to `a`. */
static void move_row(const net_node *node, const net_image *y, const net_image *a,
                     int n, int block, int row, direction d)
{
    const int first = block * NET_BLOCK, left = y->channels - first;
    const int count = left < NET_BLOCK ? left : NET_BLOCK;
    const int together = whole_blocks(node, y, a) ? count : 1;

    for (int x = 0; x < y->w; x++) {
        for (int k = 0; k < count; k += together) {
            const place s = source_of(node, y, a, first + k, row, x);
            const int64_t i = index_of(y, n, first + k, row, x);
            const int64_t j = s.y < 0 ? -1 : index_of(a, n, s.c, s.y, s.x);

            if (d != SCATTER)
                put_lanes(y, i, a, j, together, d == GATHER_AND_ADD);
            else if (j >= 0)
                put_lanes(a, j, y, i, together, true);
        }
        if (d == GATHER && count < NET_BLOCK) {
            for (int k = count; k < NET_BLOCK; k++)
                net_put(y, index_of(y, n, first, row, x) + k, 0.F);
        }
    }
}

/* One row of one block of the fine image, whose columns dx, dx + r, ... lie together in the coarse. */
static void weave_row(const net_node *node, const net_image *fine,
                      const net_image *coarse, int n, int c, int row, bool into_fine)
{
    const size_t size = NET_BLOCK * (fine->bf16 ? 2 : 4);
    const int r = node->factor;

    for (int dx = 0; dx < r; dx++) {
        const int depth = deep(NET_DEPTH_TO_SPACE, c, row % r, dx, r, fine->channels);
        char *f =
            (char *)fine->at + (size_t)index_of(fine, n, c, row, dx) / NET_BLOCK * size;
        char *d = (char *)coarse->at +
                  (size_t)index_of(coarse, n, depth, row / r, 0) / NET_BLOCK * size;

        for (int x = 0; x < coarse->w; x++) {
            char *to =
                into_fine ? f + (size_t)x * (size_t)r * size : d + (size_t)x * size;
            char *from =
                into_fine ? d + (size_t)x * size : f + (size_t)x * (size_t)r * size;
            memcpy(to, from, size);
        }
    }
}

/* Depth to space and back where blocks stay whole: most of a net's time in this file. */
static void weave(const net_node *node, const net_image *fine, const net_image *coarse,
                  bool into_fine)
{
    const int blocks = net_blocks(fine), rows = fine->batch * blocks * fine->h;

#pragma omp parallel for schedule(static) if (net_image_len(fine) > 16384)
    for (int i = 0; i < rows; i++)
        weave_row(node, fine, coarse, i / fine->h / blocks,
                  i / fine->h % blocks * NET_BLOCK, i % fine->h, into_fine);
}

static bool weaves(const net_node *node, const net_image *y, const net_image *a)
{
    return (node->op == NET_DEPTH_TO_SPACE || node->op == NET_SPACE_TO_DEPTH) &&
           whole_blocks(node, y, a);
}

void csk_net_move(const net_node *node, const net_image *y, const net_image *a,
                  bool add)
{
    const int blocks = net_blocks(y), rows = y->batch * blocks * y->h;
    const bool up = node->op == NET_DEPTH_TO_SPACE;

    if (!add && weaves(node, y, a)) {
        weave(node, up ? y : a, up ? a : y, up);
        return;
    }
#pragma omp parallel for schedule(static) if (net_image_len(y) > 16384)
    for (int i = 0; i < rows; i++)
        move_row(node, y, a, i / y->h / blocks, i / y->h % blocks, i % y->h,
                 add ? GATHER_AND_ADD : GATHER);
}

void csk_net_move_back(const net_node *node, const net_image *ga, const net_image *gy,
                       bool add)
{
    const int blocks = net_blocks(gy), jobs = gy->batch * blocks;
    const bool up = node->op == NET_DEPTH_TO_SPACE;

    if (!add && weaves(node, gy, ga)) {
        weave(node, up ? gy : ga, up ? ga : gy, !up);
        return;
    }
    if (!add)
        memset(ga->at, 0, net_image_bytes(ga));
        /* Rows of one block may meet in one pixel; blocks do not. */
#pragma omp parallel for schedule(static) if (net_image_len(gy) > 16384)
    for (int i = 0; i < jobs; i++) {
        for (int row = 0; row < gy->h; row++)
            move_row(node, gy, ga, i / blocks, i % blocks, row, SCATTER);
    }
}

void csk_net_copy(const net_image *y, int y0, const net_image *a, int a0, int count,
                  bool add)
{
    const int pixels = y->h * y->w;

#pragma omp parallel for schedule(static) if (net_image_len(y) > 16384)
    for (int n = 0; n < y->batch; n++) {
        for (int c = 0; c < count;) {
            const int i = y0 + c, j = a0 + c; /* as many as lie side by side in both */
            int len = NET_BLOCK - (i % NET_BLOCK > j % NET_BLOCK ? i : j) % NET_BLOCK;

            len = len < count - c ? len : count - c;
            const int64_t to = index_of(y, n, i, 0, 0), from = index_of(a, n, j, 0, 0);
            for (int p = 0; p < pixels; p++)
                put_lanes(y, to + (int64_t)p * NET_BLOCK, a,
                          from + (int64_t)p * NET_BLOCK, len, add);
            c += len;
        }
    }
}

void csk_net_fill(const net_image *y, const float *value)
{
    memset(y->at, 0, net_image_bytes(y));
    for (int n = 0; n < y->batch; n++) {
        const int64_t at = index_of(y, n, 0, 0, 0);

        for (int p = 0; p < y->h * y->w; p++)
            net_put(y, at + (int64_t)p * NET_BLOCK, value[n]);
    }
}
