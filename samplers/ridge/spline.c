/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/ridge/spline.h"
#include "cs/simd_priv.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stddef.h>

void csk_spline_fill(int intervals, const float *slope, float *offset, double *energy)
{
    double start = 0., sum = 0.; /* phi and Psi at the knot */

    for (int m = 0; m < intervals; m++) {
        const double b = (double)slope[m], end = m + 1.;

        /* As rounded: Psi is continuous and its derivative is what the gradient uses. */
        offset[m] = (float)(start - b * m);
        energy[m] = sum - m * (.5 * b * m + (double)offset[m]);
        sum = end * (.5 * b * end + (double)offset[m]) + energy[m];
        start += b;
    }
}

/* The interval of t >= 0; that of NaN is the last. */
CSK_HOT_INLINE int interval(float t, float last)
{
    return (int)(t < last ? t : last);
}

CSK_HOT static void gradient_real(const float *restrict b, const float *restrict a,
                                  float last, float scale, float gain, int64_t n,
                                  float *restrict re)
{
    for (int64_t j = 0; j < n; j++) {
        const float t = fabsf(re[j]) * scale;
        const int m = interval(t, last);

        re[j] *= gain * (b[m] + a[m] / fmaxf(t, FLT_MIN));
    }
}

CSK_HOT static void gradient_complex(const float *restrict b, const float *restrict a,
                                     float last, float scale, float gain, int64_t n,
                                     float *restrict re, float *restrict im)
{
    for (int64_t j = 0; j < n; j++) {
        const float t = sqrtf(re[j] * re[j] + im[j] * im[j]) * scale;
        const int m = interval(t, last);
        const float f = gain * (b[m] + a[m] / fmaxf(t, FLT_MIN));

        re[j] *= f;
        im[j] *= f;
    }
}

void csk_spline_gradient(const csk_spline *s, float scale, float gain, int64_t n,
                         float *re, float *im)
{
    const float last = (float)(s->intervals - 1);

    if (im)
        gradient_complex(s->slope, s->offset, last, scale, gain, n, re, im);
    else
        gradient_real(s->slope, s->offset, last, scale, gain, n, re);
}

static double modulus(const float *re, const float *im, int64_t j)
{
    const double x = (double)re[j], y = im ? (double)im[j] : 0.;

    return sqrt(x * x + y * y);
}

double csk_spline_energy(const csk_spline *s, double scale, double gain, int64_t n,
                         const float *re, const float *im)
{
    const double last = s->intervals - 1;
    double sum = 0.;

    for (int64_t j = 0; j < n; j++) {
        const double t = scale * modulus(re, im, j);
        const int m = (int)(t < last ? t : last);

        sum += (.5 * (double)s->slope[m] * t + (double)s->offset[m]) * t + s->energy[m];
    }
    return gain / (scale * scale) * sum;
}

CSK_HOT static void hessian_real(const float *restrict b, float last, float scale,
                                 float gain, int64_t n, const float *restrict re,
                                 float *restrict v)
{
    for (int64_t j = 0; j < n; j++)
        v[j] *= gain * b[interval(fabsf(re[j]) * scale, last)];
}

CSK_HOT static void hessian_complex(const float *restrict b, const float *restrict a,
                                    float last, float scale, float gain, int64_t n,
                                    const float *restrict re, const float *restrict im,
                                    float *restrict vre, float *restrict vim)
{
    for (int64_t j = 0; j < n; j++) {
        const float r = sqrtf(re[j] * re[j] + im[j] * im[j]), t = r * scale;
        const int m = interval(t, last);
        const float one = 1.f / fmaxf(r, FLT_MIN), x = re[j] * one, y = im[j] * one;
        const float across = gain * (b[m] + a[m] / fmaxf(t, FLT_MIN));
        const float along = (gain * b[m] - across) * (x * vre[j] + y * vim[j]);

        vre[j] = across * vre[j] + along * x;
        vim[j] = across * vim[j] + along * y;
    }
}

void csk_spline_hessian(const csk_spline *s, float scale, float gain, int64_t n,
                        const float *re, const float *im, float *vre, float *vim)
{
    const float last = (float)(s->intervals - 1);

    if (im)
        hessian_complex(s->slope, s->offset, last, scale, gain, n, re, im, vre, vim);
    else
        hessian_real(s->slope, last, scale, gain, n, re, vre);
}

void csk_spline_learn(const csk_spline *s, double scale, double gain, int64_t n,
                      const float *re, const float *im, const float *vre,
                      const float *vim, double *slope, double logs[2])
{
    const float last = (float)(s->intervals - 1);
    float whole[CSK_SPLINE_MOST] = { 0.f }; /* of those that lie behind the interval */
    double value = 0., rise = 0.;

    assert(s->intervals <= CSK_SPLINE_MOST);
    for (int64_t j = 0; j < n; j++) {
        const float r = im ? sqrtf(re[j] * re[j] + im[j] * im[j]) : fabsf(re[j]);
        const float t = r * (float)scale;
        const int m = interval(t, last);
        const float along =
            (re[j] * vre[j] + (im ? im[j] * vim[j] : 0.f)) / fmaxf(r, FLT_MIN);

        whole[m] += along;
        slope[m] += gain / scale * (double)(along * (t - (float)m));
        value += (double)(along * (s->offset[m] + s->slope[m] * t));
        rise += (double)(along * s->slope[m] * t);
    }
    double behind = 0.;
    for (int m = s->intervals - 1; m >= 0; m--) {
        slope[m] += gain / scale * behind;
        behind += (double)whole[m];
    }
    logs[0] += gain / scale * (rise - value);
    logs[1] += gain / scale * value;
}
