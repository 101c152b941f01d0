/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bank of filters on images that go on beyond their ends as in a mirror:
 *
 *     z_c[y][x] = sum over i, j < K of w_c[i][j] (P v)[y + i][x + j],   c < filters,
 *
 * P v the image with K/2 mirrored pixels on each side (-1 is 0, -2 is 1, ...; any image size).
 * The adjoint is the adjoint of all that: what falls outside is folded back.
 *
 * An image is cut up into planes of floats, one or two (real and imaginary part), which the
 * filters see alike. Never installed.
 */
#ifndef CSK_SAMPLERS_RIDGE_BANK_PRIV_H
#define CSK_SAMPLERS_RIDGE_BANK_PRIV_H

#include "cs/status.h"
#include "samplers/ridge/tile_priv.h"

#include <stdint.h>

enum { CSK_BANK_SIDE_MOST = 31, CSK_BANK_BLOCK = CSK_TILE_SETS };

typedef struct csk_bank {
    int filters, blocks, side; /* blocks: of CSK_BANK_BLOCK filters */
    const csk_tile *tile;
    float *forward; /* [4 blocks][side^2]; zeros behind the last filter */
    float *back; /* [4 blocks][4][side + 3][side]: turned by 180 degrees, for 4 rows */
} csk_bank;

csk_status csk_bank_init(csk_bank *b, int filters, int side) CSK_MUST_CHECK;
void csk_bank_clear(csk_bank *b);
/* Take over weights [filters][side][side]. */
void csk_bank_set(csk_bank *b, const float *weights);

/* The planes of an image of height x width: rows of `stride` floats. */
typedef struct csk_bank_shape {
    int64_t height, width, stride;
    int64_t padded;   /* floats of a plane of P v and of what is folded back */
    int64_t response; /* floats of a plane of z, which has zeros around it */
    int64_t first;    /* where z[0][0] is in it */
    int side, planes;
} csk_bank_shape;

csk_bank_shape csk_bank_shape_of(int side, int planes, int64_t height, int64_t width);

/*
 * padded[plane] := P v of the real (planes 1) or interleaved (planes 2) image v. Planes must have
 * been zeroed once: what lies between and behind rows stays as it is.
 */
void csk_bank_load(const csk_bank_shape *s, float *padded, const float *v);
/* v := keep v + scale P* (padded); padded is folded in place. */
void csk_bank_fold(const csk_bank_shape *s, float *v, float keep, float scale,
                   float *padded);

/* Row y of z for the filters of block k: response[4][planes]. Zeros behind the last filter. */
void csk_bank_row(const csk_bank *b, const csk_bank_shape *s, int k, int64_t y,
                  float *response, const float *padded);
/* Rows y .. y + 3 of padded, y = 0, 4, ..., += the adjoint applied to block k. */
void csk_bank_back(const csk_bank *b, const csk_bank_shape *s, int k, int64_t y,
                   float *padded, const float *response);

#endif
