/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/simd_priv.h"
#include "cs/vec.h"
#include "samplers/train/patches_priv.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* -- the circle ----------------------------------------------------------------------- */

/*
 * exp(i a) for any moderate a: reduced to a quarter turn, then Taylor's polynomials; absolute
 * error below 1e-6, and the same on every libm.
 */
CSK_HOT_INLINE void circle(float a, float *c, float *s)
{
    const float turns = a * .63661977f; /* in quarters */
    const float nearest = floorf(turns + .5f);
    const int32_t quadrant = (int32_t)nearest;
    const float r = (turns - nearest) * 1.57079633f, z = r * r;
    const float sine =
        r + r * z * (-.16666667f + z * (.008333331f + z * -.00019840874f));
    const float cosine =
        1.f + z * (-.5f + z * (.041666638f + z * (-.0013888378f + z * .00002439045f)));
    const float x = (quadrant & 1) ? sine : cosine, y = (quadrant & 1) ? cosine : sine;

    *c = ((quadrant + 1) & 2) ? -x : x;
    *s = (quadrant & 2) ? -y : y;
}

CSK_HOT static void rotate_row(int64_t n, const float *phi, float *re, float *im)
{
    for (int64_t i = 0; i < n; i++) {
        const float a = re[i], b = im[i];
        float c, s;

        circle(phi[i], &c, &s);
        re[i] = a * c - b * s;
        im[i] = a * s + b * c;
    }
}

static double spread(float u, double most)
{
    return (2. * (double)u - 1.) * most;
}

/* Uniform, with this standard deviation. */
static double deviate(float u, double deviation)
{
    return spread(u, sqrt(3.) * deviation);
}

/* -- smooth, and rough ------------------------------------------------------------------ */

/* h cos(a y + b x + c) as products of what depends on x and on y. */
typedef struct wave {
    double y; /* phase from the middle of the patch to its end */
    double height;
} wave;

/*
 * A plane wave of @p fy, @p fx periods a patch and @p height radians, its offset from 0 to 1: its part
 * along x into @p cosine and @p sine.
 */
static wave plane_wave(int size, double fy, double fx, float offset, double height,
                       float *cosine, float *sine)
{
    for (int x = 0; x < size; x++) {
        const double at = spread((float)x / (float)(size - 1), 1.);
        const double a = pi * fx * at + pi * spread(offset, 1.);

        cosine[x] = (float)cos(a);
        sine[x] = (float)sin(a);
    }
    return (wave){ .y = pi * fy, .height = height };
}

/*
 * In radians, with y and x from -1 to 1 across the patch: a constant; slopes up to 2, second
 * order up to 1, waves of at most 1.25 periods a patch and up to 0.5, all of them times one
 * strength between 0 and 1, so that some patches are nearly real up to a constant. Where the phase
 * is rough, finer waves, too: as many in every octave from 1.25 to 16 periods a patch (or to what its
 * pixels can show), the finer the lower.
 */
void csk_patch_phase(int size, double rough, float *out, const float *u,
                     const float *finer, float *work)
{
    const double strength = (double)u[6];
    const double p0 = spread(u[0], pi), py = spread(u[1], 2. * strength),
                 px = spread(u[2], 2. * strength), pyy = spread(u[3], strength),
                 pyx = spread(u[4], strength), pxx = spread(u[5], strength);
    /* E 1/f^2 = (1 - r^-2) / (2 log r) / lowest^2 of f log-uniform from there to r times that. */
    const double lowest = 1.25, ratio = fmin(16., .5 * (size - 1)) / lowest;
    const double shape = sqrt(2. * log(ratio) / (1. - 1. / (ratio * ratio)));
    const int count = rough > 0. ? CSK_PHASE_WAVES : CSK_PHASE_SMOOTH;
    float *phi = work, *cosine = work + size, *sine = cosine + CSK_PHASE_WAVES * size;
    wave w[CSK_PHASE_WAVES];

    for (int k = 0; k < CSK_PHASE_SMOOTH; k++) {
        const float *v = u + 7 + 4 * k;

        w[k] = plane_wave(size, spread(v[0], 1.25), spread(v[1], 1.25), v[2],
                          .5 * strength * (double)v[3], cosine + k * size,
                          sine + k * size);
    }
    for (int k = CSK_PHASE_SMOOTH; k < count; k++, finer += 4) {
        const double times = pow(ratio, (double)finer[0]), f = lowest * times;
        const double direction = pi * (double)finer[1];

        w[k] = plane_wave(
            size, f * sin(direction), f * cos(direction), finer[2],
            deviate(finer[3], rough * sqrt(2. / CSK_PHASE_ROUGH) * shape / times),
            cosine + k * size, sine + k * size);
    }
    for (int i = 0; i < size; i++) {
        const double y = spread((float)i / (float)(size - 1), 1.);
        const float c0 = (float)(p0 + y * (py + y * pyy)), c1 = (float)(px + y * pyx),
                    c2 = (float)pxx;

        for (int j = 0; j < size; j++) {
            const float x = 2.f * (float)j / (float)(size - 1) - 1.f;
            phi[j] = c0 + x * (c1 + x * c2);
        }
        for (int k = 0; k < count; k++) {
            const double a = w[k].y * y;
            csk_patch_add_row(size, (float)(w[k].height * cos(a)), cosine + k * size,
                              phi);
            csk_patch_add_row(size, (float)(-w[k].height * sin(a)), sine + k * size,
                              phi);
        }
        rotate_row(size, phi, out + (int64_t)i * size,
                   out + ((int64_t)size + i) * size);
    }
}

/* -- errors of k-space ------------------------------------------------------------------ */

/* Taps on each side of a pixel, along each axis. */
enum { SIDE = CSK_TWIST_RANDOM / 4, TAPS = 2 * SIDE + 1 };

/*
 * None in the middle; the nearer the larger; on average the squares of those of both axes sum to that
 * of @p deviation.
 */
static void draw_taps(const float *u, double deviation, float tap[TAPS])
{
    double sum = 0.;

    for (int j = 1; j <= SIDE; j++)
        sum += 4. / (j * j);
    tap[SIDE] = 0.f;
    for (int j = 1; j <= SIDE; j++) {
        tap[SIDE - j] = (float)deviate(*u++, deviation / (j * sqrt(sum)));
        tap[SIDE + j] = (float)deviate(*u++, deviation / (j * sqrt(sum)));
    }
}

/* sum += a (tap * in) along the rows, the ends mirrored. */
static void filter_rows(int size, const float *tap, float a, const float *in,
                        float *sum)
{
    for (int i = 0; i < size; i++) {
        for (int j = 0; j < TAPS; j++)
            csk_patch_add_row(size, a * tap[j],
                              in + csk_patch_mirror(i + j - SIDE, size) * size,
                              sum + i * size);
    }
}

/* (a + i b) + i K (a + i b) = (a - K b) + i (b + K a), K the sum of a filter along each axis. */
void csk_patch_twist(int size, double rough, float *out, const float *u, float *work)
{
    const int64_t pixels = (int64_t)size * size;
    float *re = out, *im = out + pixels, *a = work, *b = work + pixels;
    float tap[TAPS];

    csk_copy(2 * pixels, out, work);
    for (int axis = 0; axis < 2; axis++) {
        draw_taps(u + 2 * SIDE * axis, rough, tap);
        filter_rows(size, tap, -1.f, b, re);
        filter_rows(size, tap, 1.f, a, im);
        for (int part = 0; part < 2; part++) {
            csk_patch_transpose(size, out + part * pixels);
            csk_patch_transpose(size, work + part * pixels);
        }
    }
}
