/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inner loops of a bank of filters, blocked for registers: see tile.c. Rows of planes start
 * anywhere and are read up to CSK_TILE_OVER floats behind their end. Never installed.
 */
#ifndef CSK_SAMPLERS_RIDGE_TILE_PRIV_H
#define CSK_SAMPLERS_RIDGE_TILE_PRIV_H

#include <stdint.h>

enum { CSK_TILE_SETS = 4, CSK_TILE_OVER = 32 };

/*
 * out[s][x] (+)= sum over r < rows, k < taps of w[s][r * taps + k] in[r * stride + x + k],
 * for s < CSK_TILE_SETS and x < n; up to 15 more floats of out are written, too.
 */
typedef struct csk_tile_job {
    int rows, taps;
    int64_t n, stride, between; /* of the planes; floats between two sets of weights */
    const float *in, *w;
    float *out[CSK_TILE_SETS];
} csk_tile_job;

typedef struct csk_tile {
    void (*correlate)(const csk_tile_job *job);  /* out := */
    void (*accumulate)(const csk_tile_job *job); /* out += */
    /*
     * d[s][k] += sum over y < rows, x < n of a[s][y * stride + x] v[y * stride + x + k] for
     * s < 2, k < taps. Up to 15 numbers behind the n of a row of a must be zero.
     */
    void (*outer)(int rows, int taps, int64_t n, int64_t stride, const float *a0,
                  const float *a1, const float *v, float *d0, float *d1);
} csk_tile;

/* Those for this processor. */
const csk_tile *csk_tile_best(void);

#endif
