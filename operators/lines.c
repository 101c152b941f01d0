/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
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
    if (n > INT_MAX / CSK_LINES)
        return csk_fail(CSK_ERR_UNSUPPORTED, "fft: an axis of %lld points is too long",
                        (long long)n);

    const int points = (int)n, pitch = (int)l->pitch;
    fftwf_complex *tmp = csk_alloc(CSK_LINES * l->pitch, sizeof(*tmp));
    if (!tmp)
        return CSK_ERR_NOMEM;
    csk_fftw_lock();
    l->forward = fftwf_plan_many_dft(1, &points, CSK_LINES, tmp, NULL, 1, pitch, tmp,
                                     NULL, 1, pitch, FFTW_FORWARD, FFTW_ESTIMATE);
    l->backward = fftwf_plan_many_dft(1, &points, CSK_LINES, tmp, NULL, 1, pitch, tmp,
                                      NULL, 1, pitch, FFTW_BACKWARD, FFTW_ESTIMATE);
    csk_fftw_unlock();
    csk_free(tmp);
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

void csk_lines_run(const csk_lines *l, bool inverse, float *buf)
{
    fftwf_complex *z = (fftwf_complex *)buf;

    fftwf_execute_dft(inverse ? l->backward : l->forward, z, z);
}

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

/* Where lines are: @p inner neighbours lie side by side, @p outer blocks further apart. */
typedef struct layout {
    int64_t n, inner, outer;
} layout;

static void one_batch(const csk_lines *l, const layout *g, int64_t first, int64_t count,
                      bool inverse, int64_t centre, float scale, float *out,
                      const float *in, float *buf)
{
    int64_t at[CSK_LINES];

    for (int64_t i = 0; i < count; i++)
        at[i] = (first + i) / g->inner * g->n * g->inner + (first + i) % g->inner;
    for (int64_t j = 0, from = centre; j < g->n;
         j++, from = from + 1 == g->n ? 0 : from + 1) {
        for (int64_t i = 0; i < count; i++)
            memcpy(buf + 2 * (i * l->pitch + j), in + 2 * (at[i] + from * g->inner),
                   2 * sizeof(*buf));
    }
    csk_lines_run(l, inverse, buf);
    for (int64_t j = 0, to = centre; j < g->n; j++, to = to + 1 == g->n ? 0 : to + 1) {
        for (int64_t i = 0; i < count; i++) {
            float *z = out + 2 * (at[i] + to * g->inner);
            const float *b = buf + 2 * (i * l->pitch + j);

            z[0] = scale * b[0];
            z[1] = scale * b[1];
        }
    }
}

void csk_axis_pass(const csk_lines *l, const csk_space *space, int axis, bool inverse,
                   bool centred, float scale, float *out, const float *in, float *work)
{
    layout g = { l->n, 1, 1 };

    for (int i = 0; i < axis; i++)
        g.outer *= space->dim[i];
    for (int i = axis + 1; i < space->rank; i++)
        g.inner *= space->dim[i];
    const int64_t lines = g.outer * g.inner;
    const int64_t batches = (lines + CSK_LINES - 1) / CSK_LINES;
    const int64_t centre = centred ? csk_centre(l->n) : 0;
    const int threads = csk_line_threads(2 * lines * l->n);

#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
    for (int64_t b = 0; b < batches; b++) {
        const int64_t first = b * CSK_LINES;
        const int64_t left = lines - first;
        float *buf = work + csk_line_thread() * csk_lines_len(l);

        if (left < CSK_LINES) /* the missing lines must not hold NaN, which is slow */
            memset(buf, 0, (size_t)csk_lines_len(l) * sizeof(*buf));
        one_batch(l, &g, first, left < CSK_LINES ? left : CSK_LINES, inverse, centre,
                  scale, out, in, buf);
    }
}
