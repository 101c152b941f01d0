/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/simd_priv.h"
#include "cs/vec.h"
#include "operators/cartesian_priv.h"

#include <math.h>

/* -- kernels ------------------------------------------------------------------------ */

CSK_HOT static void multiply(int64_t n, float *out, const float *a, const float *b)
{
    for (int64_t i = 0; i < n; i++) {
        const float re = a[2 * i] * b[2 * i] - a[2 * i + 1] * b[2 * i + 1];
        const float im = a[2 * i] * b[2 * i + 1] + a[2 * i + 1] * b[2 * i];

        out[2 * i] = re;
        out[2 * i + 1] = im;
    }
}

/* out := conj(a) b */
CSK_HOT static void multiply_conjugate(int64_t n, float *out, const float *a,
                                       const float *b)
{
    for (int64_t i = 0; i < n; i++) {
        out[2 * i] = a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1];
        out[2 * i + 1] = a[2 * i] * b[2 * i + 1] - a[2 * i + 1] * b[2 * i];
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

CSK_HOT void csk_weigh(int64_t n, float *z, const uint8_t *kept, float off, float on)
{
    for (int64_t i = 0; i < n; i++) {
        const float w = kept[i] ? on : off;

        z[2 * i] *= w;
        z[2 * i + 1] *= w;
    }
}

void csk_load_coil(int64_t n, float *out, const float *s, const float *x)
{
    if (s)
        multiply(n, out, s, x);
    else
        csk_copy(2 * n, x, out);
}

void csk_add_coil(int64_t n, float *x, const float *s, const float *z, bool fresh)
{
    if (!s)
        csk_axpby(2 * n, 1., z, fresh ? 0. : 1., x);
    else if (fresh)
        multiply_conjugate(n, x, s, z);
    else
        add_conjugate(n, x, s, z);
}

/* -- construction ------------------------------------------------------------------- */

/* Complex numbers in the k-space buffer. */
static int64_t buffer_size(const csk_cartesian *e)
{
    return e->planar ? csk_plane_batches(e) * CSK_LINES * e->lines[0].pitch
                     : csk_space_size(&e->image);
}

/* Where the k-space point with row-major index i, zero frequency at the centre, lies in a
 * buffer with zero frequency first. */
static int64_t position(const csk_cartesian *e, int64_t i)
{
    int64_t at = 0, unit = 1, coordinate = 0;

    for (int a = e->image.rank - 1; a >= 0; a--) {
        const int64_t n = e->image.dim[a], c = e->lines[a].n ? csk_centre(n) : 0;

        coordinate = (i % n + n - c) % n;
        if (e->planar) /* turned round */
            at = a == 1 ? coordinate * e->lines[0].pitch : at + coordinate;
        else
            at += coordinate * unit;
        unit *= n;
        i /= n;
    }
    return at;
}

/* Whether every point has the neighbour's value along the axis. */
static bool is_flat(const csk_space *image, const uint8_t *mask, int axis)
{
    int64_t stride = 1;

    for (int a = axis + 1; a < image->rank; a++)
        stride *= image->dim[a];
    for (int64_t i = 0; mask && i < csk_space_size(image); i++) {
        if (i / stride % image->dim[axis] > 0 && !mask[i] != !mask[i - stride])
            return false;
    }
    return true;
}

/* Samples by batches of columns, row-major within: a counting sort. */
static void sort_samples(csk_cartesian *e, const uint8_t *mask)
{
    const int64_t n = csk_space_size(&e->image), batches = csk_plane_batches(e);
    const int64_t step = CSK_LINES * e->lines[0].pitch;

    for (int64_t i = 0; i < n; i++) {
        if (!mask || mask[i])
            e->first[position(e, i) / step + 1]++;
    }
    for (int64_t b = 0; b < batches; b++)
        e->first[b + 1] += e->first[b];
    for (int64_t i = 0, k = 0; i < n; i++) {
        if (mask && !mask[i])
            continue;
        const int64_t at = position(e, i);
        const int64_t to = e->first[at / step]++;
        e->place[to] = (int32_t)(at % step);
        e->sample[to] = (int32_t)k++;
    }
    for (int64_t b = batches; b > 0; b--) /* each is now where the next began */
        e->first[b] = e->first[b - 1];
    e->first[0] = 0;
}

csk_status csk_cartesian_init(csk_cartesian *e, const csk_space *image, unsigned axes,
                              const uint8_t *mask)
{
    const int64_t n = csk_space_size(image);
    csk_status err = CSK_OK;
    double all = 1., active = 1.;

    *e = (csk_cartesian){ .image = *image, .planar = image->rank == 2 && axes == 3u };
    if (image->field != CSK_COMPLEX)
        return csk_fail(CSK_ERR_ARG, "k-space: the image must be complex");
    if (axes == 0 || axes >> image->rank)
        return csk_fail(CSK_ERR_ARG, "k-space: axes %#x, expected some of the %d", axes,
                        image->rank);
    if (n > INT32_MAX)
        return csk_fail(CSK_ERR_UNSUPPORTED, "k-space: %lld points are too many",
                        (long long)n);
    for (int64_t i = 0; i < n; i++)
        e->samples += !mask || mask[i];
    if (e->samples == 0)
        return csk_fail(CSK_ERR_ARG, "k-space: the mask keeps nothing");
    for (int a = 0; a < image->rank && !err; a++) {
        e->flat[a] = !(axes >> a & 1u) || is_flat(image, mask, a);
        active *= e->flat[a] ? 1. : (double)image->dim[a];
        if (axes >> a & 1u) {
            all *= (double)image->dim[a];
            err = csk_lines_init(&e->lines[a], image->dim[a]);
        }
    }
    e->scale = (float)(1. / sqrt(all));
    e->gain = (float)(1. / active);
    if (err)
        goto fail;

    err = CSK_ERR_NOMEM;
    e->kept = csk_alloc(buffer_size(e), 1);
    e->place = csk_alloc(e->samples, sizeof(*e->place));
    if (!e->kept || !e->place)
        goto fail;
    if (e->planar) {
        e->sample = csk_alloc(e->samples, sizeof(*e->sample));
        e->first = csk_alloc(csk_plane_batches(e) + 1, sizeof(*e->first));
        if (!e->sample || !e->first)
            goto fail;
        sort_samples(e, mask);
    }
    for (int64_t i = 0, k = 0; i < n; i++) {
        if (mask && !mask[i])
            continue;
        e->kept[position(e, i)] = 1;
        if (!e->planar)
            e->place[k++] = (int32_t)i;
    }
    return CSK_OK;

fail:
    csk_cartesian_clear(e);
    return err;
}

void csk_cartesian_clear(csk_cartesian *e)
{
    for (int a = 0; a < CSK_MAX_RANK; a++)
        csk_lines_clear(&e->lines[a]);
    csk_free(e->kept);
    csk_free(e->place);
    csk_free(e->sample);
    csk_free(e->first);
    *e = (csk_cartesian){ .samples = 0 };
}

/* The k-space buffer, and two batches of lines for each thread. */
int64_t csk_cartesian_work_len(const csk_cartesian *e)
{
    int64_t most = 0;

    for (int a = 0; a < e->image.rank; a++) {
        const int64_t len = e->lines[a].n ? csk_axis_work_len(&e->lines[a]) : 0;
        most = len > most ? len : most;
    }
    return csk_pad(2 * buffer_size(e)) + most;
}

/* -- planes or not ---------------------------------------------------------------------- */

void csk_cartesian_forward(const csk_cartesian *e, int coils, const float *maps,
                           float *y, const float *x, float *work)
{
    (e->planar ? csk_plane_forward : csk_volume_forward)(e, coils, maps, y, x, work);
}

void csk_cartesian_adjoint(const csk_cartesian *e, int coils, const float *maps,
                           float *x, const float *y, float *work)
{
    (e->planar ? csk_plane_adjoint : csk_volume_adjoint)(e, coils, maps, x, y, work);
}

void csk_cartesian_filter(const csk_cartesian *e, int coils, const float *maps,
                          float *z, const float *x, const double *ab, float *work)
{
    const double off = ab ? 1. / ab[1] : 0., on = ab ? 1. / (ab[0] + ab[1]) : 1.;

    (e->planar ? csk_plane_filter : csk_volume_filter)(
        e, coils, maps, z, x, (float)(off * (double)e->gain),
        (float)(on * (double)e->gain), work);
}
