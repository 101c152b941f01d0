/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/cartesian_priv.h"

typedef struct plane {
    const csk_cartesian *e;
    const csk_lines *row, *column;
    int64_t ny, nx;
    int64_t cy, cx;     /* centres, or 0 */
    int64_t batches;    /* of columns */
    int64_t step;       /* floats from one batch of columns to the next */
    float *turned;      /* [column][y]: rows transformed */
    float *scratch;     /* two batches a thread */
    int64_t room;       /* floats of a batch there */
    bool rows, columns; /* transform them */
    int threads;
} plane;

static plane make_plane(const csk_cartesian *e, bool centred, float *work)
{
    const csk_lines *row = &e->lines[1], *column = &e->lines[0];
    const int64_t batches = csk_plane_batches(e), step = csk_lines_len(column);
    const plane p = { .e = e,
                      .row = row,
                      .column = column,
                      .ny = column->n,
                      .nx = row->n,
                      .cy = centred ? csk_centre(column->n) : 0,
                      .cx = centred ? csk_centre(row->n) : 0,
                      .batches = batches,
                      .step = step,
                      .turned = work,
                      .scratch = work + csk_pad(batches * step),
                      .room = step > csk_lines_len(row) ? step : csk_lines_len(row),
                      .rows = centred || !e->flat[1],
                      .columns = centred || !e->flat[0],
                      .threads = csk_line_threads(2 * row->n * column->n) };

    /* The columns of the buffer beyond the image stay zero, so that no NaN slows FFTW down. */
    csk_zero(batches * step - 2 * p.nx * column->pitch,
             p.turned + 2 * p.nx * column->pitch);
    return p;
}

static float *scratch_of(const plane *p)
{
    return p->scratch + csk_line_thread() * 2 * p->room;
}

/* Position q along y holds image row (q + cy) mod ny. */
static int64_t row_at(const plane *p, int64_t q)
{
    const int64_t r = q + p->cy;

    return r < p->ny ? r : r - p->ny;
}

/* The "omp for" loops below belong to the caller's parallel region; each ends in a barrier. */

/* turned := rows of map .* x, transformed; the image's centre comes first. */
static void rows_forward(const plane *p, const float *x, const float *map)
{
    const int64_t rest = p->nx - p->cx;
    float *raw = scratch_of(p), *done = raw + p->room;

#pragma omp for schedule(static)
    for (int64_t b = 0; b < p->ny; b += CSK_LINES) {
        const int64_t count = p->ny - b < CSK_LINES ? p->ny - b : CSK_LINES;

        for (int64_t l = 0; l < CSK_LINES; l++) {
            float *line = raw + 2 * l * p->row->pitch;
            const int64_t at = l < count ? 2 * row_at(p, b + l) * p->nx : 0;

            if (l >= count) {
                csk_zero(2 * p->nx, line);
                continue;
            }
            csk_load_coil(rest, line, map ? map + at + 2 * p->cx : NULL,
                          x + at + 2 * p->cx);
            csk_load_coil(p->cx, line + 2 * rest, map ? map + at : NULL, x + at);
        }
        if (p->rows)
            csk_lines_run(p->row, false, done, raw);
        csk_turn(p->turned + 2 * b, p->column->pitch, p->rows ? done : raw,
                 p->row->pitch, count, p->nx);
    }
}

/* x += conj(map) .* rows of turned, transformed back; fresh: x := */
static void rows_adjoint(const plane *p, float *x, const float *map, bool fresh)
{
    const int64_t rest = p->nx - p->cx;
    float *raw = scratch_of(p), *done = raw + p->room;

#pragma omp for schedule(static)
    for (int64_t b = 0; b < p->ny; b += CSK_LINES) {
        const int64_t count = p->ny - b < CSK_LINES ? p->ny - b : CSK_LINES;

        if (count < CSK_LINES)
            csk_zero(csk_lines_len(p->row), raw);
        csk_turn(raw, p->row->pitch, p->turned + 2 * b, p->column->pitch, p->nx, count);
        if (p->rows)
            csk_lines_run(p->row, true, done, raw);
        for (int64_t l = 0; l < count; l++) {
            const int64_t at = 2 * row_at(p, b + l) * p->nx;
            const float *line = (p->rows ? done : raw) + 2 * l * p->row->pitch;

            csk_add_coil(rest, x + at + 2 * p->cx, map ? map + at + 2 * p->cx : NULL,
                         line, fresh);
            csk_add_coil(p->cx, x + at, map ? map + at : NULL, line + 2 * rest, fresh);
        }
    }
}

void csk_plane_forward(const csk_cartesian *e, int coils, const float *maps, float *y,
                       const float *x, float *work)
{
    const plane p = make_plane(e, true, work);

#pragma omp parallel num_threads(p.threads) if (p.threads > 1)
    for (int c = 0; c < coils; c++) {
        float *to = y + 2 * c * e->samples, *done = scratch_of(&p);

        rows_forward(&p, x, csk_map_at(e, maps, c, 0));
#pragma omp for schedule(static)
        for (int64_t b = 0; b < p.batches; b++) {
            if (e->first[b] < e->first[b + 1])
                csk_lines_run(p.column, false, done, p.turned + b * p.step);
            for (int32_t k = e->first[b]; k < e->first[b + 1]; k++) {
                const float *from = done + 2 * (int64_t)e->place[k];

                to[2 * (int64_t)e->sample[k]] = e->scale * from[0];
                to[2 * (int64_t)e->sample[k] + 1] = e->scale * from[1];
            }
        }
    }
}

void csk_plane_adjoint(const csk_cartesian *e, int coils, const float *maps, float *x,
                       const float *y, float *work)
{
    const plane p = make_plane(e, true, work);

#pragma omp parallel num_threads(p.threads) if (p.threads > 1)
    for (int c = 0; c < coils; c++) {
        const float *from = y + 2 * c * e->samples;
        float *raw = scratch_of(&p);

#pragma omp for schedule(static)
        for (int64_t b = 0; b < p.batches; b++) {
            if (e->first[b] == e->first[b + 1]) {
                if (c == 0) /* and nothing changes it */
                    csk_zero(p.step, p.turned + b * p.step);
                continue;
            }
            csk_zero(p.step, raw);
            for (int32_t k = e->first[b]; k < e->first[b + 1]; k++) {
                float *to = raw + 2 * (int64_t)e->place[k];

                to[0] = e->scale * from[2 * (int64_t)e->sample[k]];
                to[1] = e->scale * from[2 * (int64_t)e->sample[k] + 1];
            }
            csk_lines_run(p.column, true, p.turned + b * p.step, raw);
        }
        rows_adjoint(&p, x, csk_map_at(e, maps, c, 0), c == 0);
    }
}

void csk_plane_filter(const csk_cartesian *e, int coils, const float *maps, float *z,
                      const float *x, float off, float on, float *work)
{
    const plane p = make_plane(e, false, work);

#pragma omp parallel num_threads(p.threads) if (p.threads > 1)
    for (int c = 0; c < coils; c++) {
        float *done = scratch_of(&p);

        rows_forward(&p, x, csk_map_at(e, maps, c, 0));
#pragma omp for schedule(static)
        for (int64_t b = 0; b < p.batches; b++) {
            const uint8_t *kept = e->kept + b * p.step / 2;
            float *batch = p.turned + b * p.step;

            if (off == 0.f && e->first[b] == e->first[b + 1]) {
                csk_zero(p.step, batch);
                continue;
            }
            if (p.columns)
                csk_lines_run(p.column, false, done, batch);
            csk_weigh(p.step / 2, p.columns ? done : batch, kept, off, on);
            if (p.columns)
                csk_lines_run(p.column, true, batch, done);
        }
        rows_adjoint(&p, z, csk_map_at(e, maps, c, 0), c == 0);
    }
}
