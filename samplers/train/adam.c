/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/simd_priv.h"
#include "samplers/train/adam_priv.h"

#include <math.h>

enum { BLOCK = 1 << 14 };
static const double beta1 = .9, beta2 = .99, epsilon = 1e-8;

typedef struct factors {
    float mean, square; /* of the old moments */
    float rate, root, epsilon;
    float scale, keep;
} factors;

CSK_HOT static void move(factors f, int64_t n, const float *g, float *w, float *m,
                         float *v)
{
    for (int64_t i = 0; i < n; i++) {
        const float d = f.scale * g[i];

        m[i] = f.mean * m[i] + (1.f - f.mean) * d;
        v[i] = f.square * v[i] + (1.f - f.square) * d * d;
        w[i] -= f.rate * m[i] / (sqrtf(v[i]) * f.root + f.epsilon);
    }
}

CSK_HOT static void follow(float keep, int64_t n, const float *w, float *average)
{
    for (int64_t i = 0; i < n; i++)
        average[i] += (1.f - keep) * (w[i] - average[i]);
}

void csk_adam_step(const csk_adam *a, int step, double rate, const float *gradient,
                   double scale, double decay)
{
    const factors f = {
        .mean = (float)beta1,
        .square = (float)beta2,
        .rate = (float)(rate / (1. - pow(beta1, step))),
        .root = (float)(1. / sqrt(1. - pow(beta2, step))),
        .epsilon = (float)epsilon,
        .scale = (float)scale,
        .keep = (float)decay,
    };
    const int64_t blocks = (a->n + BLOCK - 1) / BLOCK;

#pragma omp parallel for schedule(static)
    for (int64_t b = 0; b < blocks; b++) {
        const int64_t at = b * BLOCK;
        const int64_t n = a->n - at < BLOCK ? a->n - at : BLOCK;

        move(f, n, gradient + at, a->weights + at, a->mean + at, a->square + at);
        if (a->average)
            follow(f.keep, n, a->weights + at, a->average + at);
    }
}

double csk_adam_rate(double most, int steps, int warmup, int step)
{
    static const double pi = 3.14159265358979323846, last = .01;
    const double at = fmin((double)step / steps, 1.);
    const double rise = step < warmup ? (step + 1.) / (warmup + 1.) : 1.;

    return most * rise * (last + (1. - last) * .5 * (1. + cos(pi * at)));
}
