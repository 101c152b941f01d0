/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/simd_priv.h"
#include "cs/vec.h"
#include "operators/cartesian_priv.h"

#include <math.h>
#include <string.h>

/* -- construction ------------------------------------------------------------- */

static bool planar(const csk_cartesian *e)
{
    return e->image.rank <= 2;
}

/* Columns of the turned buffer, a whole number of batches. */
static int64_t columns(const csk_cartesian *e)
{
    return (e->nx + CSK_LINES - 1) / CSK_LINES * CSK_LINES;
}

/* Complex numbers in the k-space buffer. */
static int64_t buffer_size(const csk_cartesian *e)
{
    return planar(e) ? columns(e) * e->column->pitch : csk_space_size(&e->image);
}

/* Position in the buffer of the k-space point with row-major index i, zero frequency first. */
static int64_t position(const csk_cartesian *e, int64_t i, bool centred)
{
    int64_t at = 0, unit = 1, coordinate[3] = { 0 };

    for (int a = e->image.rank - 1; a >= 0; a--) {
        const int64_t n = e->image.dim[a];
        const int64_t c = centred ? n - csk_centre(n) : 0;

        coordinate[a] = (i % n + c) % n;
        i /= n;
    }
    if (planar(e)) {
        const int64_t y = e->image.rank == 2 ? coordinate[0] : 0;
        return coordinate[e->image.rank - 1] * e->column->pitch + y;
    }
    for (int a = e->image.rank - 1; a >= 0; a--) {
        at += coordinate[a] * unit;
        unit *= e->image.dim[a];
    }
    return at;
}

csk_status csk_cartesian_init(csk_cartesian *e, const csk_space *image,
                              const uint8_t *mask)
{
    const int64_t n = csk_space_size(image);
    csk_status err = CSK_OK;

    *e = (csk_cartesian){ .image = *image, .scale = (float)(1. / sqrt((double)n)) };
    if (image->field != CSK_COMPLEX || image->rank > 3)
        return csk_fail(CSK_ERR_ARG,
                        "k-space: the image must be complex, of 1 to 3 axes");
    e->nx = image->dim[image->rank - 1];
    e->ny = image->rank == 2 ? image->dim[0] : 1;
    for (int64_t i = 0; i < n; i++)
        e->samples += !mask || mask[i];
    if (e->samples == 0)
        return csk_fail(CSK_ERR_ARG, "k-space: the mask keeps nothing");

    /* One row more than the image has where there is one axis: a transform of length 1. */
    const int axes = image->rank == 1 ? 2 : image->rank;
    for (int a = 0; a < axes && !err; a++)
        err = csk_lines_init(&e->lines[a], image->rank == 1 && a == 0 ? 1
                                           : image->rank == 1         ? image->dim[0]
                                                                      : image->dim[a]);
    if (err)
        goto fail;
    e->row = &e->lines[axes - 1];
    e->column = &e->lines[axes - 2];
    err = CSK_ERR_NOMEM;
    e->index = csk_alloc(e->samples, sizeof(*e->index));
    e->weight = csk_alloc(buffer_size(e), sizeof(*e->weight));
    e->used = csk_alloc(columns(e) / CSK_LINES, sizeof(*e->used));
    if (!e->index || !e->weight || !e->used)
        goto fail;
    for (int64_t i = 0, k = 0; i < n; i++) {
        if (mask && !mask[i])
            continue;
        const int64_t at = position(e, i, true);
        e->index[k++] = at;
        e->weight[at] = (float)(1. / (double)n);
        if (planar(e))
            e->used[at / e->column->pitch / CSK_LINES] = true;
    }
    return CSK_OK;

fail:
    csk_cartesian_clear(e);
    return err;
}

void csk_cartesian_clear(csk_cartesian *e)
{
    for (int a = 0; a < 3; a++)
        csk_lines_clear(&e->lines[a]);
    csk_free(e->index);
    csk_free(e->weight);
    csk_free(e->used);
    *e = (csk_cartesian){ .samples = 0 };
}

/* The k-space buffer, an image for three axes, and a batch of lines for each thread. */
int64_t csk_cartesian_work_len(const csk_cartesian *e)
{
    int64_t batch = 0;

    for (int a = 0; a < 3; a++) {
        const int64_t len = e->lines[a].n ? csk_lines_len(&e->lines[a]) : 0;
        batch = len > batch ? len : batch;
    }
    return csk_pad(2 * buffer_size(e)) + CSK_LINE_THREADS * batch;
}

/* -- two dimensions -------------------------------------------------------------- */

/* out := a b, or conj(a) b, complex */
CSK_HOT static void multiply(int64_t n, float *out, const float *a, const float *b)
{
    for (int64_t i = 0; i < n; i++) {
        const float re = a[2 * i] * b[2 * i] - a[2 * i + 1] * b[2 * i + 1];
        const float im = a[2 * i] * b[2 * i + 1] + a[2 * i + 1] * b[2 * i];
        out[2 * i] = re;
        out[2 * i + 1] = im;
    }
}

/* out += conj(a) b */
CSK_HOT static void add_conjugate(int64_t n, float *out, const float *a, const float *b)
{
    for (int64_t i = 0; i < n; i++) {
        out[2 * i] += a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1];
        out[2 * i + 1] += a[2 * i] * b[2 * i + 1] - a[2 * i + 1] * b[2 * i];
    }
}

CSK_HOT static void scale_points(int64_t n, float *z, const float *gain)
{
    for (int64_t i = 0; i < n; i++) {
        z[2 * i] *= gain[i];
        z[2 * i + 1] *= gain[i];
    }
}

/* As scale_points, with one gain where w is 0 and another elsewhere. */
CSK_HOT static void scale_two(int64_t n, float *z, const float *w, float off, float on)
{
    for (int64_t i = 0; i < n; i++) {
        const float g = w[i] > 0.f ? on : off;

        z[2 * i] *= g;
        z[2 * i + 1] *= g;
    }
}

/* Eight lines of n complex numbers <-> n groups of eight; tr[k] is pitch apart. */
static void turn_out(float *tr, int64_t pitch, const float *buf, int64_t buf_pitch,
                     int64_t n, int64_t count)
{
    for (int64_t k = 0; k < n; k++) {
        float *to = tr + 2 * k * pitch;

        if (count == CSK_LINES) {
            for (int l = 0; l < CSK_LINES; l++)
                memcpy(to + 2 * l, buf + 2 * (l * buf_pitch + k), 2 * sizeof(*to));
        } else {
            for (int64_t l = 0; l < count; l++)
                memcpy(to + 2 * l, buf + 2 * (l * buf_pitch + k), 2 * sizeof(*to));
        }
    }
}

static void turn_in(float *buf, int64_t buf_pitch, const float *tr, int64_t pitch,
                    int64_t n, int64_t count)
{
    for (int64_t k = 0; k < n; k++) {
        const float *from = tr + 2 * k * pitch;

        if (count == CSK_LINES) {
            for (int l = 0; l < CSK_LINES; l++)
                memcpy(buf + 2 * (l * buf_pitch + k), from + 2 * l, 2 * sizeof(*buf));
        } else {
            for (int64_t l = 0; l < count; l++)
                memcpy(buf + 2 * (l * buf_pitch + k), from + 2 * l, 2 * sizeof(*buf));
        }
    }
}

/* to := map .* row, with index 0 of the transform at the centre of the row if asked. */
static void load_row(const csk_cartesian *e, float *to, const float *row,
                     const float *map, int64_t centre)
{
    const int64_t first = e->nx - centre;

    if (map) {
        multiply(first, to, map + 2 * centre, row + 2 * centre);
        multiply(centre, to + 2 * first, map, row);
    } else {
        csk_copy(2 * first, row + 2 * centre, to);
        csk_copy(2 * centre, row, to + 2 * first);
    }
}

/* row += conj(map) .* from, the inverse of load_row(). */
static void add_row(const csk_cartesian *e, float *row, const float *from,
                    const float *map, int64_t centre)
{
    const int64_t first = e->nx - centre;

    if (map) {
        add_conjugate(first, row + 2 * centre, map + 2 * centre, from);
        add_conjugate(centre, row, map, from + 2 * first);
    } else {
        csk_axpby(2 * first, 1., from, 1., row + 2 * centre);
        csk_axpby(2 * centre, 1., from + 2 * first, 1., row);
    }
}

typedef struct plane {
    const csk_cartesian *e;
    int64_t cy, cx; /* centres, or 0 */
    float *turned;  /* [columns][pitch] */
    float *scratch; /* a batch a thread */
    int threads;
} plane;

static float *batch_of(const plane *p)
{
    return p->scratch + csk_line_thread() * csk_lines_len(p->e->row);
}

/* Position q along y holds image row (q + cy) mod ny. */
static int64_t row_at(const plane *p, int64_t q)
{
    const int64_t r = q + p->cy;

    return r < p->e->ny ? r : r - p->e->ny;
}

/* The "omp for" loops below belong to the caller's parallel region; each ends in a barrier. */

static void rows_forward(const plane *p, const float *x, const float *map)
{
    const csk_cartesian *e = p->e;
    float *buf = batch_of(p);

#pragma omp for schedule(static)
    for (int64_t b = 0; b < e->ny; b += CSK_LINES) {
        const int64_t count = e->ny - b < CSK_LINES ? e->ny - b : CSK_LINES;

        for (int64_t l = 0; l < CSK_LINES; l++) {
            float *line = buf + 2 * l * e->row->pitch;
            const int64_t at = l < count ? 2 * row_at(p, b + l) * e->nx : 0;

            if (l < count)
                load_row(e, line, x + at, map ? map + at : NULL, p->cx);
            else
                csk_zero(2 * e->nx, line);
        }
        csk_lines_run(e->row, false, buf);
        turn_out(p->turned + 2 * b, e->column->pitch, buf, e->row->pitch, e->nx, count);
    }
}

static void rows_adjoint(const plane *p, float *x, const float *map)
{
    const csk_cartesian *e = p->e;
    float *buf = batch_of(p);

#pragma omp for schedule(static)
    for (int64_t b = 0; b < e->ny; b += CSK_LINES) {
        const int64_t count = e->ny - b < CSK_LINES ? e->ny - b : CSK_LINES;

        if (count < CSK_LINES)
            csk_zero(csk_lines_len(e->row), buf);
        turn_in(buf, e->row->pitch, p->turned + 2 * b, e->column->pitch, e->nx, count);
        csk_lines_run(e->row, true, buf);
        for (int64_t l = 0; l < count; l++) {
            const int64_t at = 2 * row_at(p, b + l) * e->nx;

            add_row(e, x + at, buf + 2 * l * e->row->pitch, map ? map + at : NULL,
                    p->cx);
        }
    }
}

/* The columns of the buffer beyond the image stay zero, so that no NaN slows FFTW down. */
static void clear_spare_columns(const plane *p)
{
    const csk_cartesian *e = p->e;

    csk_zero(2 * (columns(e) - e->nx) * e->column->pitch,
             p->turned + 2 * e->nx * e->column->pitch);
}

static plane make_plane(const csk_cartesian *e, bool centred, float *work)
{
    return (plane){ .e = e,
                    .cy = centred ? csk_centre(e->ny) : 0,
                    .cx = centred ? csk_centre(e->nx) : 0,
                    .turned = work,
                    .scratch = work + csk_pad(2 * buffer_size(e)),
                    .threads = csk_line_threads(2 * e->nx * e->ny) };
}

static const float *map_of(const csk_cartesian *e, const float *maps, int c)
{
    return maps ? maps + c * csk_space_len(&e->image) : NULL;
}

static void plane_forward(const csk_cartesian *e, int coils, const float *maps,
                          float *y, const float *x, float *work)
{
    const plane p = make_plane(e, true, work);
    const int64_t step = CSK_LINES * e->column->pitch;

    clear_spare_columns(&p);
#pragma omp parallel num_threads(p.threads) if (p.threads > 1)
    for (int c = 0; c < coils; c++) {
        rows_forward(&p, x, map_of(e, maps, c));
#pragma omp for schedule(static)
        for (int64_t b = 0; b < columns(e) / CSK_LINES; b++) {
            if (e->used[b])
                csk_lines_run(e->column, false, p.turned + 2 * b * step);
        }
        float *to = y + 2 * c * e->samples;
#pragma omp for schedule(static)
        for (int64_t k = 0; k < e->samples; k++) {
            to[2 * k] = e->scale * p.turned[2 * e->index[k]];
            to[2 * k + 1] = e->scale * p.turned[2 * e->index[k] + 1];
        }
    }
}

static void plane_adjoint(const csk_cartesian *e, int coils, const float *maps,
                          float *x, const float *y, float *work)
{
    const plane p = make_plane(e, true, work);
    const int64_t step = CSK_LINES * e->column->pitch;

    csk_zero(csk_space_len(&e->image), x);
    csk_zero(2 * buffer_size(e), p.turned);
#pragma omp parallel num_threads(p.threads) if (p.threads > 1)
    for (int c = 0; c < coils; c++) {
        const float *from = y + 2 * c * e->samples;

        if (c > 0) { /* what the last coil's transform left between the samples */
#pragma omp for schedule(static)
            for (int64_t b = 0; b < columns(e) / CSK_LINES; b++) {
                if (e->used[b])
                    csk_zero(2 * step, p.turned + 2 * b * step);
            }
        }
#pragma omp for schedule(static)
        for (int64_t k = 0; k < e->samples; k++) {
            p.turned[2 * e->index[k]] = e->scale * from[2 * k];
            p.turned[2 * e->index[k] + 1] = e->scale * from[2 * k + 1];
        }
#pragma omp for schedule(static)
        for (int64_t b = 0; b < columns(e) / CSK_LINES; b++) {
            if (e->used[b])
                csk_lines_run(e->column, true, p.turned + 2 * b * step);
        }
        rows_adjoint(&p, x, map_of(e, maps, c));
    }
}

static void plane_filter(const csk_cartesian *e, int coils, const float *maps, float *z,
                         const float *x, const double *ab, float *work)
{
    const plane p = make_plane(e, false, work);
    const int64_t step = CSK_LINES * e->column->pitch;
    const double n = (double)(e->nx * e->ny);
    const float off = ab ? (float)(1. / ab[1] / n) : 0.f;
    const float on = ab ? (float)(1. / (ab[0] + ab[1]) / n) : 0.f;

    csk_zero(csk_space_len(&e->image), z);
    clear_spare_columns(&p);
#pragma omp parallel num_threads(p.threads) if (p.threads > 1)
    for (int c = 0; c < coils; c++) {
        rows_forward(&p, x, map_of(e, maps, c));
#pragma omp for schedule(static)
        for (int64_t b = 0; b < columns(e) / CSK_LINES; b++) {
            float *batch = p.turned + 2 * b * step;

            if (!ab && !e->used[b]) {
                csk_zero(2 * step, batch);
                continue;
            }
            csk_lines_run(e->column, false, batch);
            if (ab)
                scale_two(step, batch, e->weight + b * step, off, on);
            else
                scale_points(step, batch, e->weight + b * step);
            csk_lines_run(e->column, true, batch);
        }
        rows_adjoint(&p, z, map_of(e, maps, c));
    }
}

/* -- three dimensions: axis by axis ----------------------------------------------- */

static void volume_transform(const csk_cartesian *e, bool inverse, bool centred,
                             float *volume, float *scratch)
{
    for (int a = 0; a < 3; a++)
        csk_axis_pass(&e->lines[a], &e->image, a, inverse, centred, 1.f, volume, volume,
                      scratch);
}

/* Position without centring -> with: the samples' index has the zero frequency first. */
static void volume_load(const csk_cartesian *e, float *volume, const float *x,
                        const float *map)
{
    const int64_t n = csk_space_size(&e->image);

    if (map)
        multiply(n, volume, map, x);
    else
        csk_copy(2 * n, x, volume);
}

static void volume_add(const csk_cartesian *e, float *x, const float *volume,
                       const float *map)
{
    const int64_t n = csk_space_size(&e->image);

    if (map)
        add_conjugate(n, x, map, volume);
    else
        csk_axpby(2 * n, 1., volume, 1., x);
}

/*
 * The transform is centred in space only: csk_axis_pass() centres both sides, so k-space is read
 * at the centred position of the sample.
 */
static int64_t centred_index(const csk_cartesian *e, int64_t at)
{
    int64_t out = 0, unit = 1;

    for (int a = 2; a >= 0; a--) {
        const int64_t n = e->image.dim[a];
        out += (at % n + csk_centre(n)) % n * unit;
        unit *= n;
        at /= n;
    }
    return out;
}

static void volume_forward(const csk_cartesian *e, int coils, const float *maps,
                           float *y, const float *x, float *work)
{
    float *scratch = work + csk_pad(2 * buffer_size(e));

    for (int c = 0; c < coils; c++) {
        volume_load(e, work, x, map_of(e, maps, c));
        volume_transform(e, false, true, work, scratch);
        for (int64_t k = 0; k < e->samples; k++) {
            const int64_t at = centred_index(e, e->index[k]);
            y[2 * (c * e->samples + k)] = e->scale * work[2 * at];
            y[2 * (c * e->samples + k) + 1] = e->scale * work[2 * at + 1];
        }
    }
}

static void volume_adjoint(const csk_cartesian *e, int coils, const float *maps,
                           float *x, const float *y, float *work)
{
    float *scratch = work + csk_pad(2 * buffer_size(e));

    csk_zero(csk_space_len(&e->image), x);
    for (int c = 0; c < coils; c++) {
        csk_zero(2 * buffer_size(e), work);
        for (int64_t k = 0; k < e->samples; k++) {
            const int64_t at = centred_index(e, e->index[k]);
            work[2 * at] = e->scale * y[2 * (c * e->samples + k)];
            work[2 * at + 1] = e->scale * y[2 * (c * e->samples + k) + 1];
        }
        volume_transform(e, true, true, work, scratch);
        volume_add(e, x, work, map_of(e, maps, c));
    }
}

static void volume_filter(const csk_cartesian *e, int coils, const float *maps,
                          float *z, const float *x, const double *ab, float *work)
{
    const int64_t size = buffer_size(e);
    float *scratch = work + csk_pad(2 * size);

    csk_zero(csk_space_len(&e->image), z);
    for (int c = 0; c < coils; c++) {
        volume_load(e, work, x, map_of(e, maps, c));
        volume_transform(e, false, false, work, scratch);
        if (ab)
            scale_two(size, work, e->weight, (float)(1. / ab[1] / (double)size),
                      (float)(1. / (ab[0] + ab[1]) / (double)size));
        else
            scale_points(size, work, e->weight);
        volume_transform(e, true, false, work, scratch);
        volume_add(e, z, work, map_of(e, maps, c));
    }
}

/* -- either ------------------------------------------------------------------------- */

void csk_cartesian_forward(const csk_cartesian *e, int coils, const float *maps,
                           float *y, const float *x, float *work)
{
    (planar(e) ? plane_forward : volume_forward)(e, coils, maps, y, x, work);
}

void csk_cartesian_adjoint(const csk_cartesian *e, int coils, const float *maps,
                           float *x, const float *y, float *work)
{
    (planar(e) ? plane_adjoint : volume_adjoint)(e, coils, maps, x, y, work);
}

void csk_cartesian_filter(const csk_cartesian *e, int coils, const float *maps,
                          float *z, const float *x, const double *ab, float *work)
{
    (planar(e) ? plane_filter : volume_filter)(e, coils, maps, z, x, ab, work);
}
