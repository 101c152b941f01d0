/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Both directions and all axes end in one kernel, which combines L contiguous rows into two.
 * Across rows of the image they are these rows. Along the last axis they are the even and the
 * odd samples of one line, pulled apart into scratch, at L/2 offsets; the scratch stays in the
 * first-level cache.
 */
#include "cs/mem.h"
#include "cs/simd_priv.h"
#include "operators/wavelet_priv.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    TAPS = CSK_WAVELET_TAPS,
    SERIAL =
        1 << 16, /* floats below which a parallel region costs more than it saves */
    PARTS = 32,  /* pieces of a larger pass */
};

void csk_wavelet_set_taps(csk_wavelet_taps *taps, int length, const double *h)
{
    const int half = length / 2;
    double sum = 0., moment = 0.;

    taps->length = length;
    for (int j = 0; j < length; j++) {
        taps->low[j] = (float)h[j];
        taps->high[j] = (float)((j & 1 ? -1. : 1.) * h[length - 1 - j]);
        sum += h[j];
        moment += j * h[j];
    }
    for (int t = 0; t < half; t++) {
        taps->even[t] = taps->low[2 * t];
        taps->odd[t] = taps->low[2 * t + 1];
        taps->even[half + t] = taps->high[2 * t];
        taps->odd[half + t] = taps->high[2 * t + 1];
    }
    taps->offset = 2 * (int)lround((moment / sum - .5) / 2.);
}

/* -- kernels ------------------------------------------------------------------ */

CSK_HOT_INLINE void combine_fixed(const int taps, int64_t lo, int64_t hi,
                                  const float *const *in, const float *a,
                                  const float *b, float *outA, float *outB)
{
    const float *row[TAPS];
    float at[TAPS], bt[TAPS];

    for (int t = 0; t < taps; t++) {
        row[t] = in[t];
        at[t] = a[t];
        bt[t] = b[t];
    }
#pragma omp simd
    for (int64_t i = lo; i < hi; i++) {
        float sumA = 0.f, sumB = 0.f;

#pragma GCC unroll 16
        for (int t = 0; t < taps; t++) {
            sumA += at[t] * row[t][i];
            sumB += bt[t] * row[t][i];
        }
        outA[i] = sumA;
        outB[i] = sumB;
    }
}

/* outA[i] = sum_t a[t] in[t][i], outB[i] = sum_t b[t] in[t][i], lo <= i < hi. */
CSK_HOT static void combine(int taps, int64_t lo, int64_t hi, const float *const *in,
                            const float *a, const float *b, float *outA, float *outB)
{
    switch (
        taps) { /* a number of taps that the compiler knows is worth a factor of ten */
    case 2:
        combine_fixed(2, lo, hi, in, a, b, outA, outB);
        break;
    case 4:
        combine_fixed(4, lo, hi, in, a, b, outA, outB);
        break;
    case 6:
        combine_fixed(6, lo, hi, in, a, b, outA, outB);
        break;
    case 8:
        combine_fixed(8, lo, hi, in, a, b, outA, outB);
        break;
    case 10:
        combine_fixed(10, lo, hi, in, a, b, outA, outB);
        break;
    case 12:
        combine_fixed(12, lo, hi, in, a, b, outA, outB);
        break;
    case 14:
        combine_fixed(14, lo, hi, in, a, b, outA, outB);
        break;
    default:
        assert(taps == 16);
        combine_fixed(16, lo, hi, in, a, b, outA, outB);
        break;
    }
}

/* Pairs (even, odd) of scalars pulled apart; a complex one moves as a whole. */
CSK_HOT static void split(int64_t pairs, int64_t width, const float *x, float *even,
                          float *odd)
{
    if (width == 1) {
#pragma omp simd
        for (int64_t i = 0; i < pairs; i++) {
            even[i] = x[2 * i];
            odd[i] = x[2 * i + 1];
        }
    } else {
#pragma omp simd
        for (int64_t i = 0; i < pairs; i++) {
            memcpy(even + 2 * i, x + 4 * i, 2 * sizeof(float));
            memcpy(odd + 2 * i, x + 4 * i + 2, 2 * sizeof(float));
        }
    }
}

CSK_HOT static void join(int64_t pairs, int64_t width, const float *even,
                         const float *odd, float *x)
{
    if (width == 1) {
#pragma omp simd
        for (int64_t i = 0; i < pairs; i++) {
            x[2 * i] = even[i];
            x[2 * i + 1] = odd[i];
        }
    } else {
#pragma omp simd
        for (int64_t i = 0; i < pairs; i++) {
            memcpy(x + 4 * i, even + 2 * i, 2 * sizeof(float));
            memcpy(x + 4 * i + 2, odd + 2 * i, 2 * sizeof(float));
        }
    }
}

static void copy(int64_t floats, const float *from, float *to)
{
    memcpy(to, from, (size_t)floats * sizeof(*to));
}

/* -- along lines --------------------------------------------------------------- */

/* Copies the last @p before scalars of n in front of x, the first @p after behind. */
static void wrap_around(float *x, int64_t n, int64_t before, int64_t after,
                        int64_t width)
{
    copy(before * width, x + (n - before) * width, x - before * width);
    copy(after * width, x, x + n * width);
}

/*
 * Samples at, at + 1, ... of a line, @p count of them, go to the even and odd ones (out) or
 * come from there.
 */
static void split_run(int64_t at, int64_t count, int64_t width, const float *x,
                      float *even, float *odd)
{
    if (count > 0 && at % 2 == 1) {
        copy(width, x, odd + at / 2 * width);
        at++, count--, x += width;
    }
    split(count / 2, width, x, even + at / 2 * width, odd + at / 2 * width);
    if (count % 2 == 1)
        copy(width, x + (count - 1) * width, even + (at + count) / 2 * width);
}

static void join_run(int64_t at, int64_t count, int64_t width, const float *even,
                     const float *odd, float *x)
{
    if (count > 0 && at % 2 == 1) {
        copy(width, odd + at / 2 * width, x);
        at++, count--, x += width;
    }
    join(count / 2, width, even + at / 2 * width, odd + at / 2 * width, x);
    if (count % 2 == 1)
        copy(width, even + (at + count) / 2 * width, x + (count - 1) * width);
}

static int64_t line_room(int64_t n, int64_t width)
{
    return csk_pad((4 * (n - n / 2) + 2 * TAPS) * width);
}

/* Sample 0 of the line is sample @p first of @p image, a circle of n. */
static void analyse_line(const csk_wavelet_taps *taps, int64_t n, int64_t first,
                         int64_t width, const float *image, float *low, float *high,
                         float *scratch)
{
    const int half = taps->length / 2, d = taps->offset / 2;
    const int64_t pairs = n / 2;
    float *even = scratch + d * width, *odd = even + (pairs + half) * width;
    const float *rows[TAPS];

    split_run(0, n - first, width, image + first * width, even, odd);
    split_run(n - first, first, width, image, even, odd);
    if (n % 2 == 1)
        copy(width, even + pairs * width, low + pairs * width);
    wrap_around(even, pairs, d, half - 1 - d, width);
    wrap_around(odd, pairs, d, half - 1 - d, width);
    for (int t = 0; t < half; t++) {
        rows[2 * t] = even + (t - d) * width;
        rows[2 * t + 1] = odd + (t - d) * width;
    }
    combine(taps->length, 0, pairs * width, rows, taps->low, taps->high, low, high);
}

static void synthesise_line(const csk_wavelet_taps *taps, int64_t n, int64_t first,
                            int64_t width, float *image, const float *low,
                            const float *high, float *scratch)
{
    const int half = taps->length / 2, d = taps->offset / 2, before = half - 1 - d;
    const int64_t pairs = n / 2;
    float *l = scratch + before * width, *h = l + (pairs + half) * width;
    float *even = h + (pairs + half) * width, *odd = even + (pairs + 1) * width;
    const float *rows[TAPS];

    copy(pairs * width, low, l);
    copy(pairs * width, high, h);
    wrap_around(l, pairs, before, d, width);
    wrap_around(h, pairs, before, d, width);
    for (int t = 0; t < half; t++) {
        rows[t] = l + (d - t) * width;
        rows[half + t] = h + (d - t) * width;
    }
    combine(taps->length, 0, pairs * width, rows, taps->even, taps->odd, even, odd);
    if (n % 2 == 1)
        copy(width, low + pairs * width, even + pairs * width);
    join_run(0, n - first, width, even, odd, image + first * width);
    join_run(n - first, first, width, even, odd, image);
}

/* -- over a box ---------------------------------------------------------------- */

/* A pass in one of its directions: the other two pointers are NULL. */
typedef struct job {
    const csk_wavelet_pass *p;
    const float *image_in, *bands_in, *corner_in;
    float *image_out, *bands_out, *corner_out;
} job;

static int64_t low_len(const csk_wavelet_pass *p, int axis)
{
    return p->dim[axis] - p->dim[axis] / 2;
}

/* Lines are for scalars that are too short to be rows. */
static bool along_lines(const csk_wavelet_pass *p)
{
    return p->axis == p->rank - 1 && p->width <= 2;
}

/* Axes that a line, or the rows of a unit, do not run over. */
static bool is_outer(const csk_wavelet_pass *p, int axis)
{
    return axis != p->axis && (axis != p->rank - 1 || along_lines(p));
}

static int64_t outer_size(const csk_wavelet_pass *p)
{
    int64_t size = 1;

    for (int i = 0; i < p->rank; i++)
        size *= is_outer(p, i) ? p->dim[i] : 1;
    return size;
}

typedef struct place {
    int64_t image, bands; /* in floats */
    bool in_corner;       /* as far as the outer axes tell */
} place;

static place outer_place(const csk_wavelet_pass *p, int64_t k)
{
    place at = { 0, 0, true };

    for (int i = p->rank - 1; i >= 0; i--) {
        if (!is_outer(p, i))
            continue;
        const int64_t here = k % p->dim[i];
        const int64_t moved = here + p->first[i];

        k /= p->dim[i];
        at.bands += here * p->stride[i];
        at.image += (moved < p->dim[i] ? moved : moved - p->dim[i]) * p->stride[i];
        if ((p->split >> i & 1u) && here >= low_len(p, i))
            at.in_corner = false;
    }
    return at;
}

static void run_lines(const job *j, int64_t lo, int64_t hi, float *scratch)
{
    const csk_wavelet_pass *p = j->p;
    const int64_t n = p->dim[p->axis], first = p->first[p->axis];
    const int64_t high = low_len(p, p->axis) * p->width;

    for (int64_t k = lo; k < hi; k++) {
        const place at = outer_place(p, k);

        if (j->image_in)
            analyse_line(p->taps, n, first, p->width, j->image_in + at.image,
                         (at.in_corner ? j->corner_out : j->bands_out) + at.bands,
                         j->bands_out + at.bands + high, scratch);
        else
            synthesise_line(p->taps, n, first, p->width, j->image_out + at.image,
                            (at.in_corner ? j->corner_in : j->bands_in) + at.bands,
                            j->bands_in + at.bands + high, scratch);
    }
}

/* Row k of a circle of n, which may be up to n outside. */
static inline int64_t around(int64_t k, int64_t n)
{
    return k < 0 ? k + n : (k < n ? k : k - n);
}

/* Output pair q of the rows at one outer place, floats lo .. hi - 1. */
static void analyse_rows(const job *j, place at, int64_t q, int64_t lo, int64_t hi,
                         float *low_out)
{
    const csk_wavelet_pass *p = j->p;
    const int64_t n = p->dim[p->axis], pairs = n / 2, s = p->stride[p->axis];
    const int64_t first = p->first[p->axis];
    const float *in = j->image_in + at.image;
    float *low = low_out + at.bands + q * s;
    const float *rows[TAPS];

    if (lo == hi)
        return;
    if (q == pairs) { /* the one without partner */
        copy(hi - lo, in + around(first + n - 1, n) * s + lo, low + lo);
        return;
    }
    for (int t = 0; t < p->taps->length; t++)
        rows[t] =
            in + around(first + around(2 * q + t - p->taps->offset, 2 * pairs), n) * s;
    combine(p->taps->length, lo, hi, rows, p->taps->low, p->taps->high, low,
            j->bands_out + at.bands + (low_len(p, p->axis) + q) * s);
}

static void synthesise_rows(const job *j, place at, int64_t q, int64_t lo, int64_t hi,
                            const float *low_in)
{
    const csk_wavelet_pass *p = j->p;
    const int half = p->taps->length / 2;
    const int64_t n = p->dim[p->axis], pairs = n / 2, s = p->stride[p->axis];
    const int64_t first = p->first[p->axis];
    const float *low = low_in + at.bands;
    const float *high = j->bands_in + at.bands + low_len(p, p->axis) * s;
    float *even = j->image_out + at.image + around(first + 2 * q, n) * s;
    const float *rows[TAPS] = { NULL };

    if (lo == hi)
        return;
    if (q == pairs) {
        copy(hi - lo, low + pairs * s + lo, even + lo);
        return;
    }
    for (int t = 0; t < half; t++) {
        const int64_t k = around(q - t + p->taps->offset / 2, pairs);

        rows[t] = low + k * s;
        rows[half + t] = high + k * s;
    }
    combine(p->taps->length, lo, hi, rows, p->taps->even, p->taps->odd, even,
            j->image_out + at.image + around(first + 2 * q + 1, n) * s);
}

static void run_rows(const job *j, int64_t lo, int64_t hi)
{
    const csk_wavelet_pass *p = j->p;
    const int last = p->rank - 1;
    const int64_t units = low_len(p, p->axis);
    const bool whole = p->axis == last;
    const int64_t row = whole ? p->width : p->dim[last] * p->width;
    const int64_t low_row =
        whole || !(p->split >> last & 1u) ? row : low_len(p, last) * p->width;
    const bool apart = j->corner_in != j->bands_in || j->corner_out != j->bands_out;

    for (int64_t u = lo; u < hi; u++) {
        const place at = outer_place(p, u / units);
        const int64_t q = u % units;
        const int64_t corner = apart && at.in_corner ? low_row : 0;

        if (j->image_in) {
            analyse_rows(j, at, q, 0, corner, j->corner_out);
            analyse_rows(j, at, q, corner, row, j->bands_out);
        } else {
            synthesise_rows(j, at, q, 0, corner, j->corner_in);
            synthesise_rows(j, at, q, corner, row, j->bands_in);
        }
    }
}

int64_t csk_wavelet_pass_work(const csk_wavelet_pass *p)
{
    const int64_t lines = outer_size(p);

    return (lines < PARTS ? lines : PARTS) * line_room(p->dim[p->axis], p->width);
}

static void run(const job *j, float *work)
{
    const csk_wavelet_pass *p = j->p;
    const bool lines = along_lines(p);
    const int64_t outer = outer_size(p);
    const int64_t units = lines ? outer : outer * low_len(p, p->axis);
    const int64_t room = line_room(p->dim[p->axis], p->width);
    int64_t floats = p->width;

    for (int i = 0; i < p->rank; i++)
        floats *= p->dim[i];
    const int64_t parts = floats < SERIAL ? 1 : (units < PARTS ? units : PARTS);

#pragma omp parallel for schedule(static) if (parts > 1)
    for (int64_t part = 0; part < parts; part++) {
        const int64_t lo = units * part / parts, hi = units * (part + 1) / parts;

        if (lines)
            run_lines(j, lo, hi, work + part * room);
        else
            run_rows(j, lo, hi);
    }
}

void csk_wavelet_analyse(const csk_wavelet_pass *p, const float *image, float *bands,
                         float *corner, float *work)
{
    const job j = {
        .p = p, .image_in = image, .bands_out = bands, .corner_out = corner
    };

    run(&j, work);
}

void csk_wavelet_synthesise(const csk_wavelet_pass *p, float *image, const float *bands,
                            const float *corner, float *work)
{
    const job j = {
        .p = p, .image_out = image, .bands_in = bands, .corner_in = corner
    };

    run(&j, work);
}
