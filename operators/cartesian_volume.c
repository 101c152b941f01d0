/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/cartesian_priv.h"

/* Pixels of a task: borders that do not depend on the number of threads. */
enum { TASK = 1 << 13 };

static int64_t task_len(int64_t n, int64_t at)
{
    return n - at < TASK ? n - at : TASK;
}

/* volume := map .* x */
static void load(const csk_cartesian *e, float *volume, const float *x,
                 const float *map)
{
    const int64_t n = csk_space_size(&e->image);
    const int threads = csk_line_threads(2 * n);

#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
    for (int64_t at = 0; at < n; at += TASK)
        csk_load_coil(task_len(n, at), volume + 2 * at, map ? map + 2 * at : NULL,
                      x + 2 * at);
}

/* x += conj(map) .* volume; fresh: x := */
static void add(const csk_cartesian *e, float *x, const float *volume, const float *map,
                bool fresh)
{
    const int64_t n = csk_space_size(&e->image);
    const int threads = csk_line_threads(2 * n);

#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
    for (int64_t at = 0; at < n; at += TASK)
        csk_add_coil(task_len(n, at), x + 2 * at, map ? map + 2 * at : NULL,
                     volume + 2 * at, fresh);
}

static void weigh(const csk_cartesian *e, float *volume, float off, float on)
{
    const int64_t n = csk_space_size(&e->image);
    const int threads = csk_line_threads(2 * n);

#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
    for (int64_t at = 0; at < n; at += TASK)
        csk_weigh(task_len(n, at), volume + 2 * at, e->kept + at, off, on);
}

/* In place along all axes, or along those that are not flat. */
static void transform(const csk_cartesian *e, bool inverse, bool centred, float *volume,
                      float *scratch)
{
    for (int a = 0; a < e->image.rank; a++) {
        if (centred ? e->lines[a].n > 0 : !e->flat[a])
            csk_axis_pass(&e->lines[a], &e->image, a, inverse, centred, 1.f, volume,
                          volume, scratch);
    }
}

static float *scratch_after(const csk_cartesian *e, float *work)
{
    return work + csk_pad(csk_space_len(&e->image));
}

void csk_volume_forward(const csk_cartesian *e, int coils, const float *maps, float *y,
                        const float *x, float *work)
{
    for (int c = 0; c < coils; c++) {
        float *to = y + 2 * c * e->samples;

        load(e, work, x, csk_map_at(e, maps, c, 0));
        transform(e, false, true, work, scratch_after(e, work));
        for (int64_t k = 0; k < e->samples; k++) {
            const int64_t at = e->place[k];

            to[2 * k] = e->scale * work[2 * at];
            to[2 * k + 1] = e->scale * work[2 * at + 1];
        }
    }
}

void csk_volume_adjoint(const csk_cartesian *e, int coils, const float *maps, float *x,
                        const float *y, float *work)
{
    for (int c = 0; c < coils; c++) {
        const float *from = y + 2 * c * e->samples;

        csk_zero(csk_space_len(&e->image), work);
        for (int64_t k = 0; k < e->samples; k++) {
            const int64_t at = e->place[k];

            work[2 * at] = e->scale * from[2 * k];
            work[2 * at + 1] = e->scale * from[2 * k + 1];
        }
        transform(e, true, true, work, scratch_after(e, work));
        add(e, x, work, csk_map_at(e, maps, c, 0), c == 0);
    }
}

void csk_volume_filter(const csk_cartesian *e, int coils, const float *maps, float *z,
                       const float *x, float off, float on, float *work)
{
    for (int c = 0; c < coils; c++) {
        load(e, work, x, csk_map_at(e, maps, c, 0));
        transform(e, false, false, work, scratch_after(e, work));
        weigh(e, work, off, on);
        transform(e, true, false, work, scratch_after(e, work));
        add(e, z, work, csk_map_at(e, maps, c, 0), c == 0);
    }
}
