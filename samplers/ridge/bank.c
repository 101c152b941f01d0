/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "samplers/ridge/bank_priv.h"

#include <assert.h>
#include <string.h>

enum { ROWS = CSK_TILE_SETS };

csk_status csk_bank_init(csk_bank *b, int filters, int side)
{
    const int blocks = (filters + CSK_BANK_BLOCK - 1) / CSK_BANK_BLOCK;
    const int64_t all = (int64_t)blocks * CSK_BANK_BLOCK;
    csk_bank new = { .filters = filters, .blocks = blocks, .side = side };

    assert(filters > 0 && side > 0 && side % 2 && side <= CSK_BANK_SIDE_MOST);
    new.tile = csk_tile_best();
    new.forward = csk_alloc(all * side * side, sizeof(*new.forward));
    new.back = csk_alloc(all * ROWS * (side + ROWS - 1) * side, sizeof(*new.back));
    if (!new.forward || !new.back) {
        csk_bank_clear(&new);
        return CSK_ERR_NOMEM;
    }
    *b = new;
    return CSK_OK;
}

void csk_bank_clear(csk_bank *b)
{
    csk_free(b->forward);
    csk_free(b->back);
    *b = (csk_bank){ .filters = 0 };
}

/* Set s computes a row s further down: its weights start s rows later. */
static void set_back(const csk_bank *b, int c, const float *w)
{
    const int side = b->side, taps = side * side;
    float *to = b->back + (int64_t)c * ROWS * (side + ROWS - 1) * side;

    for (int s = 0; s < ROWS; s++, to += (side + ROWS - 1) * side) {
        for (int i = 0; i < taps; i++)
            to[s * side + i] = w[taps - 1 - i];
    }
}

void csk_bank_set(csk_bank *b, const float *weights)
{
    const int taps = b->side * b->side;

    memcpy(b->forward, weights, (size_t)b->filters * taps * sizeof(*weights));
    for (int c = 0; c < b->filters; c++)
        set_back(b, c, weights + (int64_t)c * taps);
}

/* -- planes ------------------------------------------------------------------------ */

static int64_t round_up(int64_t n, int64_t unit)
{
    return (n + unit - 1) / unit * unit;
}

csk_bank_shape csk_bank_shape_of(int side, int planes, int64_t height, int64_t width)
{
    const int64_t rows = round_up(height + side - 1, ROWS);
    csk_bank_shape s = { .height = height, .width = width };

    s.side = side;
    s.planes = planes;
    s.stride = round_up(round_up(width + side - 1, 16) + side - 1, 16);
    s.padded = rows * s.stride;
    s.response = (rows + side - 1) * s.stride;
    s.first = (side - 1) * (s.stride + 1);
    return s;
}

static int64_t mirror(int64_t i, int64_t n)
{
    while (i < 0 || i >= n)
        i = i < 0 ? -1 - i : 2 * n - 1 - i;
    return i;
}

void csk_bank_load(const csk_bank_shape *s, float *padded, const float *v)
{
    const int64_t half = s->side / 2, width = s->width, planes = s->planes;

#pragma omp parallel for schedule(static) if (s->padded > 1 << 14)
    for (int64_t y = 0; y < s->height + 2 * half; y++) {
        const float *from = v + mirror(y - half, s->height) * width * planes;

        for (int64_t p = 0; p < planes; p++) {
            float *to = padded + p * s->padded + y * s->stride;

            for (int64_t x = 0; x < width; x++)
                to[half + x] = from[x * planes + p];
            for (int64_t x = 0; x < half; x++) {
                to[x] = from[mirror(x - half, width) * planes + p];
                to[half + width + x] = from[mirror(width + x, width) * planes + p];
            }
        }
    }
}

static void fold_plane(const csk_bank_shape *s, float *padded)
{
    const int64_t half = s->side / 2, width = s->width;
    const int64_t rows = s->height + 2 * half;

    for (int64_t y = 0; y < rows; y++) {
        float *row = padded + y * s->stride, *middle = row + half;

        for (int64_t x = 0; x < half; x++) {
            middle[mirror(x - half, width)] += row[x];
            middle[mirror(width + x, width)] += middle[width + x];
        }
    }
    for (int64_t y = 0; y < rows; y++) {
        const int64_t to = mirror(y - half, s->height) + half;

        for (int64_t x = 0; x < width && to != y; x++)
            padded[to * s->stride + half + x] += padded[y * s->stride + half + x];
    }
}

void csk_bank_fold(const csk_bank_shape *s, float *v, float keep, float scale,
                   float *padded)
{
    const int64_t half = s->side / 2, width = s->width, planes = s->planes;

    for (int64_t p = 0; p < planes; p++)
        fold_plane(s, padded + p * s->padded);
#pragma omp parallel for schedule(static) if (s->padded > 1 << 14)
    for (int64_t y = 0; y < s->height; y++) {
        for (int64_t p = 0; p < planes; p++) {
            const float *from = padded + p * s->padded + (y + half) * s->stride + half;
            float *to = v + y * width * planes + p;

            for (int64_t x = 0; x < width; x++)
                to[x * planes] = keep * to[x * planes] + scale * from[x];
        }
    }
}

/* -- filters ----------------------------------------------------------------------- */

void csk_bank_row(const csk_bank *b, const csk_bank_shape *s, int k, int64_t y,
                  float *response, const float *padded)
{
    const int side = b->side, taps = side * side;
    const int64_t over = round_up(s->width, 16) - s->width;
    csk_tile_job job = { side, side, s->width, s->stride, taps, NULL, NULL, { NULL } };

    job.w = b->forward + (int64_t)k * CSK_BANK_BLOCK * taps;
    for (int p = 0; p < s->planes; p++) {
        job.in = padded + p * s->padded + y * s->stride;
        for (int c = 0; c < CSK_BANK_BLOCK; c++)
            job.out[c] =
                response + (c * s->planes + p) * s->response + s->first + y * s->stride;
        b->tile->correlate(&job);
        for (int c = 0; c < CSK_BANK_BLOCK; c++)
            memset(job.out[c] + s->width, 0, (size_t)over * sizeof(float));
    }
}

void csk_bank_back(const csk_bank *b, const csk_bank_shape *s, int k, int64_t y,
                   float *padded, const float *response)
{
    const int side = b->side, rows = side + ROWS - 1;
    csk_tile_job job = { rows,      side,        s->width + side - 1,
                         s->stride, rows * side, NULL,
                         NULL,      { NULL } };

    for (int p = 0; p < s->planes; p++) {
        for (int r = 0; r < ROWS; r++)
            job.out[r] = padded + p * s->padded + (y + r) * s->stride;
        for (int c = 0; c < CSK_BANK_BLOCK; c++) {
            job.in = response + (c * s->planes + p) * s->response + y * s->stride;
            job.w = b->back + ((int64_t)k * CSK_BANK_BLOCK + c) * ROWS * job.between;
            b->tile->accumulate(&job);
        }
    }
}
