/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/simd_priv.h"
#include "cs/vec.h"
#include "operators/fftw_lock.h"
#include "operators/lines_priv.h"

#include <fftw3.h>
#include <limits.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

csk_status csk_lines_init(csk_lines *l, int64_t n)
{
    *l = (csk_lines){ .n = n, .pitch = (n + CSK_LINES - 1) / CSK_LINES * CSK_LINES };
    if (l->pitch % 64 ==
        0) /* rows a multiple of 512 bytes apart share few sets of a cache */
        l->pitch += CSK_LINES;
    if (n > INT_MAX / CSK_LINES)
        return csk_fail(CSK_ERR_UNSUPPORTED, "fft: an axis of %lld points is too long",
                        (long long)n);

    const int points = (int)n, pitch = (int)l->pitch;
    fftwf_complex *in = csk_alloc(2 * CSK_LINES * l->pitch, sizeof(*in));
    if (!in)
        return CSK_ERR_NOMEM;
    fftwf_complex *out = in + CSK_LINES * l->pitch;
    csk_fftw_lock();
    l->forward = fftwf_plan_many_dft(1, &points, CSK_LINES, in, NULL, 1, pitch, out,
                                     NULL, 1, pitch, FFTW_FORWARD, FFTW_ESTIMATE);
    l->backward = fftwf_plan_many_dft(1, &points, CSK_LINES, in, NULL, 1, pitch, out,
                                      NULL, 1, pitch, FFTW_BACKWARD, FFTW_ESTIMATE);
    csk_fftw_unlock();
    csk_free(in);
    if (!l->forward || !l->backward) {
        csk_lines_clear(l);
        return csk_fail(CSK_ERR_UNSUPPORTED, "FFTW has no plan for %d points", points);
    }
    return CSK_OK;
}

void csk_lines_clear(csk_lines *l)
{
    csk_fftw_lock();
    if (l->forward)
        fftwf_destroy_plan(l->forward);
    if (l->backward)
        fftwf_destroy_plan(l->backward);
    csk_fftw_unlock();
    *l = (csk_lines){ .n = 0 };
}

int64_t csk_lines_len(const csk_lines *l)
{
    return csk_pad(2 * CSK_LINES * l->pitch);
}

void csk_lines_run(const csk_lines *l, bool inverse, float *out, const float *in)
{
    /* Plans out of place preserve the input; FFTW's prototype lacks the const. */
    fftwf_execute_dft(inverse ? l->backward : l->forward, (fftwf_complex *)in,
                      (fftwf_complex *)out);
}

/* -- transposition --------------------------------------------------------------- */

/* A complex float is moved as one double: no arithmetic, so that any bits are safe. */
typedef double pair __attribute__((vector_size(16)));

static inline void turn_2x2(float *to, int64_t to_pitch, const float *from,
                            int64_t from_pitch)
{
    pair a, b;

    memcpy(&a, from, sizeof(a));
    memcpy(&b, from + 2 * from_pitch, sizeof(b));
    const pair low = { a[0], b[0] }, high = { a[1], b[1] };
    memcpy(to, &low, sizeof(low));
    memcpy(to + 2 * to_pitch, &high, sizeof(high));
}

static inline void turn_one(float *to, int64_t to_pitch, const float *from,
                            int64_t from_pitch, int64_t r, int64_t c)
{
    memcpy(to + 2 * (c * to_pitch + r), from + 2 * (r * from_pitch + c),
           2 * sizeof(*to));
}

/* As csk_turn(), the longer way outermost, so that the shorter one stays in the cache. */
static void turn_long(float *to, int64_t to_pitch, const float *from,
                      int64_t from_pitch, int64_t rows, int64_t cols)
{
    for (int64_t r = 0; r + 2 <= rows; r += 2) {
        for (int64_t c = 0; c + 2 <= cols; c += 2)
            turn_2x2(to + 2 * (c * to_pitch + r), to_pitch,
                     from + 2 * (r * from_pitch + c), from_pitch);
    }
}

static void turn_wide(float *to, int64_t to_pitch, const float *from,
                      int64_t from_pitch, int64_t rows, int64_t cols)
{
    for (int64_t c = 0; c + 2 <= cols; c += 2) {
        for (int64_t r = 0; r + 2 <= rows; r += 2)
            turn_2x2(to + 2 * (c * to_pitch + r), to_pitch,
                     from + 2 * (r * from_pitch + c), from_pitch);
    }
}

void csk_turn(float *to, int64_t to_pitch, const float *from, int64_t from_pitch,
              int64_t rows, int64_t cols)
{
    (rows < cols ? turn_wide : turn_long)(to, to_pitch, from, from_pitch, rows, cols);
    for (int64_t c = 0; rows % 2 == 1 && c < cols; c++)
        turn_one(to, to_pitch, from, from_pitch, rows - 1, c);
    for (int64_t r = 0; cols % 2 == 1 && r < rows; r++)
        turn_one(to, to_pitch, from, from_pitch, r, cols - 1);
}

/* -- threads ----------------------------------------------------------------------- */

int csk_line_threads(int64_t floats)
{
#ifdef _OPENMP
    const int all = omp_get_max_threads();

    if (floats < 1 << 14 || omp_in_parallel())
        return 1;
    return all < CSK_LINE_THREADS ? all : CSK_LINE_THREADS;
#else
    (void)floats;
    return 1;
#endif
}

int csk_line_thread(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

/* -- all lines along an axis --------------------------------------------------------- */

/*
 * Lines along an axis: @p inner neighbours lie side by side, @p outer blocks of them follow each
 * other. A batch is of one block.
 */
typedef struct layout {
    int64_t n, inner, outer, batches; /* batches in a block */
} layout;

/* Lines first .. first + count - 1 of a block at @p in, rotated so that index centre comes first. */
static void gather(const csk_lines *l, const layout *g, int64_t count, int64_t centre,
                   float *lines, const float *in)
{
    const int64_t rest = g->n - centre;

    csk_turn(lines, l->pitch, in + 2 * centre * g->inner, g->inner, rest, count);
    csk_turn(lines + 2 * rest, l->pitch, in, g->inner, centre, count);
}

static void scatter(const csk_lines *l, const layout *g, int64_t count, int64_t centre,
                    float *out, const float *lines)
{
    const int64_t rest = g->n - centre;

    csk_turn(out + 2 * centre * g->inner, g->inner, lines, l->pitch, count, rest);
    csk_turn(out, g->inner, lines + 2 * rest, l->pitch, count, centre);
}

/* The same for @p count whole lines that follow each other. */
static void load(const csk_lines *l, int64_t count, int64_t centre, float *lines,
                 const float *in)
{
    const int64_t rest = l->n - centre;

    for (int64_t i = 0; i < count; i++) {
        csk_copy(2 * rest, in + 2 * (i * l->n + centre), lines + 2 * i * l->pitch);
        csk_copy(2 * centre, in + 2 * i * l->n, lines + 2 * (i * l->pitch + rest));
    }
}

static void store(const csk_lines *l, int64_t count, int64_t centre, float *out,
                  const float *lines)
{
    const int64_t rest = l->n - centre;

    for (int64_t i = 0; i < count; i++) {
        csk_copy(2 * rest, lines + 2 * i * l->pitch, out + 2 * (i * l->n + centre));
        csk_copy(2 * centre, lines + 2 * (i * l->pitch + rest), out + 2 * i * l->n);
    }
}

int64_t csk_axis_work_len(const csk_lines *l)
{
    return CSK_LINE_THREADS * 2 * csk_lines_len(l);
}

CSK_HOT static void scale_batch(int64_t n, float a, float *x)
{
    for (int64_t i = 0; i < n; i++)
        x[i] *= a;
}

void csk_axis_pass(const csk_lines *l, const csk_space *space, int axis, bool inverse,
                   bool centred, float scale, float *out, const float *in, float *work)
{
    layout g = { l->n, 1, 1, 0 };

    for (int i = 0; i < axis; i++)
        g.outer *= space->dim[i];
    for (int i = axis + 1; i < space->rank; i++)
        g.inner *= space->dim[i];
    const bool whole =
        g.inner == 1; /* then the blocks are lines, and batches span them */
    const int64_t lines = whole ? g.outer : g.inner, len = csk_lines_len(l);
    const int64_t centre = centred ? csk_centre(l->n) : 0;
    const int threads = csk_line_threads(2 * g.inner * g.outer * l->n);
    g.batches = (lines + CSK_LINES - 1) / CSK_LINES;

#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
    for (int64_t b = 0; b < (whole ? 1 : g.outer) * g.batches; b++) {
        const int64_t first = b % g.batches * CSK_LINES, left = lines - first;
        const int64_t count = left < CSK_LINES ? left : CSK_LINES;
        const int64_t at =
            2 * (whole ? first * l->n : b / g.batches * l->n * g.inner + first);
        float *raw = work + csk_line_thread() * 2 * len, *done = raw + len;

        if (count < CSK_LINES) /* the missing lines must not hold NaN, which is slow */
            csk_zero(len, raw);
        if (whole)
            load(l, count, centre, raw, in + at);
        else
            gather(l, &g, count, centre, raw, in + at);
        csk_lines_run(l, inverse, done, raw);
        if (scale != 1.f)
            scale_batch(len, scale, done);
        if (whole)
            store(l, count, centre, out + at, done);
        else
            scatter(l, &g, count, centre, out + at, done);
    }
}
