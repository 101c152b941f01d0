/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/simd_priv.h"
#include "cs/vec.h"
#include "samplers/train/patches.h"
#include "samplers/train/patches_priv.h"

#include <math.h>

/* -- resampling ----------------------------------------------------------------------- */

/*
 * The sinc is half way down at this share of the band, and at 0.99 it takes a tenth of the
 * amplitude: k-space is full up to where it ends.
 */
static const double cut = 1.04;
/*
 * A side of each kernel, in pixels of the coarser grid, one more for weighted(). With 16 zeros
 * the sinc rings as far as one sees.
 */
enum {
    ZEROS = 16,
    CUBIC_REACH = 3,
    SINC_REACH = ZEROS + 1,
    MOST_TAPS = 2 * SINC_REACH * 16 + 2
};

/* Keys' kernel, a = -1/2. */
static double cubic(double t)
{
    const double a = fabs(t);

    if (a < 1.)
        return (1.5 * a - 2.5) * a * a + 1.;
    return a < 2. ? ((-.5 * a + 2.5) * a - 4.) * a + 2. : 0.;
}

static double sinc(double t)
{
    static const double pi = 3.14159265358979323846;

    return t == 0. ? 1. : sin(pi * t) / (pi * t);
}

/* Windowed as Lanczos does. */
static double long_sinc(double at)
{
    const double t = at * cut;

    return fabs(t) < ZEROS ? sinc(t) * sinc(t / ZEROS) : 0.;
}

static double kernel(int kind, double t)
{
    return kind == CSK_PATCH_SINC ? long_sinc(t) : cubic(t);
}

/*
 * The kernel whose spectrum is that one's times 1 + (gain - 1) sin^2(pi f / 2), f from 0 to 1 at
 * the edge of the band.
 */
static double weighted(int kind, double t, double gain)
{
    const double a = gain - 1.;

    if (a == 0.)
        return kernel(kind, t);
    return (1. + a / 2.) * kernel(kind, t) -
           a / 4. * (kernel(kind, t - 1.) + kernel(kind, t + 1.));
}

/* Samples on each side of a place that have a weight. */
static double reach_of(int kind, double step)
{
    return (kind == CSK_PATCH_SINC ? SINC_REACH : CUBIC_REACH) * fmax(1., fabs(step));
}

static int taps_of(int kind, double step)
{
    return (int)ceil(2. * reach_of(kind, step)) + 1;
}

/* The weights of pixel @p i and the first of the samples they belong to. */
static int64_t taps(int kind, const csk_patch_axis *a, int i, float weight[MOST_TAPS])
{
    const double at = a->first + i * a->step, stretch = fmax(1., fabs(a->step));
    const int64_t start = (int64_t)ceil(at - reach_of(kind, a->step));
    const int n = taps_of(kind, a->step);
    double value[MOST_TAPS], sum = 0.;

    for (int t = 0; t < n; t++)
        sum += value[t] = weighted(kind, ((double)(start + t) - at) / stretch, a->gain);
    for (int t = 0; t < n; t++)
        weight[t] = (float)(value[t] / sum);
    return start;
}

CSK_HOT void csk_patch_add_row(int64_t n, float w, const float *row, float *sum)
{
    for (int64_t i = 0; i < n; i++)
        sum[i] += w * row[i];
}

/*
 * Rows of @p n floats, of which @p rows holds number @p base and those behind, combined to one
 * row for each pixel of the axis.
 */
static void combine(int kind, const csk_patch_axis *a, const float *rows, int64_t base,
                    int64_t n, float *out)
{
    const int count = taps_of(kind, a->step);
    float weight[MOST_TAPS] = { 0.f };

    for (int i = 0; i < a->size; i++) {
        const int64_t start = taps(kind, a, i, weight);
        float *sum = out + i * n;

        csk_zero(n, sum);
        for (int t = 0; t < count; t++) {
            const int64_t k = csk_patch_mirror(start + t, a->length);
            if (weight[t] != 0.f)
                csk_patch_add_row(n, weight[t], rows + (k - base) * n, sum);
        }
    }
}

/* The samples lo .. hi - 1 that the pixels of an axis need, mirrored ones included. */
static void range(int kind, const csk_patch_axis *a, int64_t *lo, int64_t *hi)
{
    const double last = a->first + (a->size - 1) * a->step;
    const double reach = reach_of(kind, a->step) + 1.;
    const int64_t from = (int64_t)floor(fmin(a->first, last) - reach);
    const int64_t to = (int64_t)ceil(fmax(a->first, last) + reach) + 1;

    *lo = from > 0 ? from : 0;
    *hi = to < a->length ? to : a->length;
}

/* Columns that a window can have. */
static int64_t most_columns(int kind, int size, double zoom)
{
    const double step = 1. / zoom;

    return (int64_t)ceil((size - 1) * step + 2. * reach_of(kind, step)) + 5;
}

int64_t csk_window_work_len(int kind, int size, double zoom)
{
    const int64_t most = most_columns(kind, size, zoom);
    const int64_t resampling = csk_pad(4 * size * most) + csk_pad(2 * most * most);
    const int64_t waves = csk_pad((1 + 2 * CSK_PHASE_WAVES) * size);
    const int64_t twist = csk_pad(2 * size * size);
    const int64_t phase = waves > twist ? waves : twist;

    return resampling > phase ? resampling : phase;
}

/* out[x][y] := in[y][x] of @p in with @p width floats a pixel, of which the first is taken. */
static void transpose(int64_t rows, int64_t cols, int width, const float *in,
                      float *out)
{
    for (int64_t y = 0; y < rows; y++) {
        for (int64_t x = 0; x < cols; x++)
            out[x * rows + y] = in[(y * cols + x) * width];
    }
}

void csk_patch_transpose(int n, float *x)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            const float t = x[i * n + j];
            x[i * n + j] = x[j * n + i];
            x[j * n + i] = t;
        }
    }
}

static void cut_negative(int64_t n, float *x)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = x[i] > 0.f ? x[i] : 0.f;
}

/* |x|^gamma of pixels of @p width floats, sign or phase kept. */
static void bend(int64_t pixels, int width, float *x, double gamma)
{
    const float g = (float)gamma;

    if (width == 1) {
        for (int64_t i = 0; i < pixels; i++)
            x[i] = copysignf(powf(fabsf(x[i]), g), x[i]);
        return;
    }
    for (int64_t i = 0; i < pixels; i++) {
        float *z = x + 2 * i;
        const float power = z[0] * z[0] + z[1] * z[1];
        const float f = power > 0.f ? powf(power, .5f * (g - 1.f)) : 0.f;

        z[0] *= f;
        z[1] *= f;
    }
}

/* The window's pixels, rows lo[0] .. hi[0] - 1 and columns lo[1] .. hi[1] - 1, in their unit. */
static void take(const csk_window *w, const int64_t lo[2], const int64_t hi[2],
                 float *out)
{
    const int64_t n = (hi[1] - lo[1]) * w->width;

    for (int64_t y = lo[0]; y < hi[0]; y++) {
        const float *row = w->image + (y * w->x.length + lo[1]) * w->width;
        csk_axpby(n, (double)w->scale, row, 0., out + (y - lo[0]) * n);
    }
    if (w->gamma != 1.)
        bend((hi[0] - lo[0]) * (hi[1] - lo[1]), w->width, out, w->gamma);
}

void csk_window_resample(const csk_window *w, float *out, int channels, float *work)
{
    const int size = w->y.size;
    const int64_t pixels = (int64_t)size * size;
    int64_t lo[2], hi[2];

    range(w->kernel, &w->y, &lo[0], &hi[0]);
    range(w->kernel, &w->x, &lo[1], &hi[1]);
    const int64_t cols = hi[1] - lo[1];
    float *turned = work + size * cols * w->width;
    float *taken = work + csk_pad(2 * size * cols * w->width);

    take(w, lo, hi, taken);
    combine(w->kernel, &w->y, taken, lo[0], cols * w->width, work);
    for (int c = 0; c < channels; c++) {
        float *plane = out + c * pixels;
        if (c >= w->width) {
            csk_zero(pixels, plane);
            continue;
        }
        transpose(size, cols, w->width, work + c, turned);
        combine(w->kernel, &w->x, turned, lo[1], size, plane);
        if (!w->transpose)
            csk_patch_transpose(size, plane);
        if (w->positive)
            cut_negative(pixels, plane);
    }
}
