/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The gain costs K exponentials a scalar, made side by side with a polynomial. A table of the
 * gain over log u (64 entries an octave) for each band and sigma was no faster: 36864 complex
 * scalars in 13 bands, K = 5, one thread of a Zen 3, AVX2: 0.14 ms this way, 0.10 ms to fill
 * the tables and 0.08 ms to look up.
 */
#include "cs/simd_priv.h"
#include "samplers/scale_mixture_priv.h"

#include <math.h>
#include <string.h>

enum { LANES = 32 };

csk_scale_mixture csk_scale_mixture_at(int K, int width, const double *weight,
                                       const double *variance, double s2)
{
    csk_scale_mixture m = { .K = K };
    const double last = variance[K - 1] + s2;
    const double log_last = log(fmax(weight[K - 1], 1e-300)) - .5 * width * log(last);

    /* Differences, so that a float holds them well where several components compete. */
    for (int k = 0; k < K; k++) {
        const double V = variance[k] + s2;
        const double log_w = log(fmax(weight[k], 1e-300)) - .5 * width * log(V);

        m.a[k] = (float)(log_w - log_last);
        m.b[k] = (float)(.5 / V - .5 / last);
        m.gain[k] = (float)(variance[k] / V);
    }
    return m;
}

/* exp(t) for t <= 0, relative error below 2e-7; exp(-87) for all below. */
static inline float exp_negative(float t)
{
    const float round =
        0x1.8p23f; /* added, it leaves the nearest integer in the low bits */
    t = t > -87.f ? t : -87.f;
    const float shifted = t * 1.44269504f + round;
    const float f = t * 1.44269504f - (shifted - round); /* in [-1/2, 1/2] */

    float p = 1.535336188e-4f; /* 2^f, Cephes (Moshier), exp2f */
    p = p * f + 1.339887440e-3f;
    p = p * f + 9.618437358e-3f;
    p = p * f + 5.550332472e-2f;
    p = p * f + 2.402264791e-1f;
    p = p * f + 6.931472029e-1f;
    p = p * f + 1.f;

    uint32_t n, bits;
    memcpy(&n, &shifted, sizeof(n));
    memcpy(&bits, &p, sizeof(bits));
    bits += n << 23; /* times 2^n; the offset of `round` leaves by the top */
    memcpy(&p, &bits, sizeof(p));
    return p;
}

/* fmaxf() is a call: it must treat NaN in a way of its own. */
static inline float larger(float x, float y)
{
    return x > y ? x : y;
}

/* The largest exponent of each lane; that of the last component is 0. */
static inline void largest(const csk_scale_mixture *m, const float *u, float *top)
{
    const float a0 = m->a[0], b0 = m->b[0];

    for (int j = 0; j < LANES; j++)
        top[j] = larger(a0 - b0 * u[j], 0.f);
    for (int k = 1; k < m->K - 1; k++) {
        const float a = m->a[k], b = m->b[k];

        for (int j = 0; j < LANES; j++)
            top[j] = larger(a - b * u[j], top[j]);
    }
}

/* Sums start with the last component: gcc fills arrays with zeros by a slow `rep stos`. */
CSK_HOT static void gain_lanes(const csk_scale_mixture *m, const float *u, float *gain)
{
    const float last = m->gain[m->K - 1];
    float top[LANES], sum[LANES], num[LANES];

    largest(m, u, top);
    for (int j = 0; j < LANES; j++) {
        sum[j] = exp_negative(-top[j]);
        num[j] = sum[j] * last;
    }
    for (int k = 0; k < m->K - 1; k++) {
        const float a = m->a[k], b = m->b[k], g = m->gain[k];

        for (int j = 0; j < LANES; j++) {
            const float e = exp_negative(a - b * u[j] - top[j]);
            sum[j] += e;
            num[j] += e * g;
        }
    }
    for (int j = 0; j < LANES; j++)
        gain[j] = num[j] / sum[j];
}

/* u := |c|^2 of up to LANES scalars, 0 beyond. */
static inline void squares(int width, int64_t n, const float *c, float *u)
{
    for (int64_t j = n; j < LANES; j++)
        u[j] = 0.f;
    if (width == 1) {
        for (int64_t j = 0; j < n; j++)
            u[j] = c[j] * c[j];
    } else {
        for (int64_t j = 0; j < n; j++)
            u[j] = c[2 * j] * c[2 * j] + c[2 * j + 1] * c[2 * j + 1];
    }
}

CSK_HOT static void shrink_lanes(const csk_scale_mixture *m, int width, int64_t n,
                                 float *c)
{
    float u[LANES], gain[LANES];

    squares(width, n, c, u);
    gain_lanes(m, u, gain);
    if (width == 1) {
        for (int64_t j = 0; j < n; j++)
            c[j] *= gain[j];
    } else {
        for (int64_t j = 0; j < n; j++) {
            c[2 * j] *= gain[j];
            c[2 * j + 1] *= gain[j];
        }
    }
}

void csk_scale_mixture_shrink(const csk_scale_mixture *m, int width, int64_t n,
                              float *c)
{
    for (int64_t at = 0; at < n; at += LANES)
        shrink_lanes(m, width, n - at < LANES ? n - at : LANES, c + at * width);
}

/* -- derivative ------------------------------------------------------------------- */

/* gain and its derivative by u: r_k' = -r_k (b_k - sum r b), so gain' = -Cov_r(b, gain). */
CSK_HOT static void bend_lanes(const csk_scale_mixture *m, const float *u, float *gain,
                               float *bend)
{
    const int last = m->K - 1;
    float top[LANES], sum[LANES], mean_g[LANES], mean_b[LANES], cov[LANES];
    float e[CSK_MIXTURE_MAX][LANES];

    largest(m, u, top);
    for (int j = 0; j < LANES; j++) {
        e[last][j] = exp_negative(-top[j]);
        sum[j] = e[last][j];
        mean_g[j] = e[last][j] * m->gain[last];
        mean_b[j] = e[last][j] * m->b[last];
    }
    for (int k = 0; k < last; k++) {
        const float a = m->a[k], b = m->b[k], g = m->gain[k];

        for (int j = 0; j < LANES; j++) {
            const float ej = exp_negative(a - b * u[j] - top[j]);
            e[k][j] = ej;
            sum[j] += ej;
            mean_g[j] += ej * g;
            mean_b[j] += ej * b;
        }
    }
    for (int j = 0; j < LANES; j++) {
        mean_g[j] /= sum[j];
        mean_b[j] /= sum[j];
    }
    for (int k = 0; k < m->K; k++) {
        const float b = m->b[k], g = m->gain[k];

        for (int j = 0; j < LANES; j++) {
            const float c = e[k][j] / sum[j] * ((b - mean_b[j]) * (g - mean_g[j]));
            cov[j] = k ? cov[j] + c : c;
        }
    }
    for (int j = 0; j < LANES; j++) {
        gain[j] = mean_g[j];
        bend[j] = -cov[j];
    }
}

CSK_HOT static void derivative_lanes(const csk_scale_mixture *m, int width, int64_t n,
                                     const float *c, float *v)
{
    float u[LANES], gain[LANES], bend[LANES];

    squares(width, n, c, u);
    bend_lanes(m, u, gain, bend);
    if (width == 1) {
        for (int64_t j = 0; j < n; j++)
            v[j] = (gain[j] + 2.f * bend[j] * u[j]) * v[j];
    } else {
        for (int64_t j = 0; j < n; j++) {
            const float re = c[2 * j], im = c[2 * j + 1];
            const float along = 2.f * bend[j] * (re * v[2 * j] + im * v[2 * j + 1]);

            v[2 * j] = gain[j] * v[2 * j] + along * re;
            v[2 * j + 1] = gain[j] * v[2 * j + 1] + along * im;
        }
    }
}

void csk_scale_mixture_derivative(const csk_scale_mixture *m, int width, int64_t n,
                                  const float *c, float *v)
{
    for (int64_t at = 0; at < n; at += LANES)
        derivative_lanes(m, width, n - at < LANES ? n - at : LANES, c + at * width,
                         v + at * width);
}

/* -- density ------------------------------------------------------------------------ */

double csk_scale_mixture_logp(int K, int width, const double *weight,
                              const double *variance, double s2, int64_t n,
                              const float *c)
{
    const double two_pi = 6.283185307179586;
    double a[CSK_MIXTURE_MAX], b[CSK_MIXTURE_MAX], logp = 0.;

    for (int k = 0; k < K; k++) {
        const double V = variance[k] + s2;
        a[k] = log(weight[k]) - .5 * width * log(two_pi * V);
        b[k] = .5 / V;
    }
    for (int64_t j = 0; j < n; j++) {
        double u = 0., top = -INFINITY, sum = 0.;

        for (int i = 0; i < width; i++)
            u += (double)c[j * width + i] * (double)c[j * width + i];
        for (int k = 0; k < K; k++)
            top = fmax(top, a[k] - b[k] * u);
        for (int k = 0; k < K; k++)
            sum += exp(a[k] - b[k] * u - top);
        logp += top + log(sum);
    }
    return logp;
}
