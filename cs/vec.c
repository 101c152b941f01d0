/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/vec.h"

#include <math.h>
#include <string.h>

/* One block is 32 KiB a vector: long enough to hide a loop's start, short enough for L1/L2. */
enum { BLOCK = 8192, MAX_PARTS = 64 };

/*
 * Shorter vectors are one thread's work, and are not even offered to OpenMP: a parallel region
 * that is refused still costs a microsecond when it is inside another one.
 */
enum { SHORT = 4 * BLOCK };

typedef double sum_fn(int64_t n, const float *x, const float *y);

/*
 * Sixteen lanes with an accumulator each, added pairwise at the end: a fixed order that
 * the compiler can keep in vector registers without -ffast-math.
 */
enum { LANES = 16 };

static double fold(const double *lane)
{
    double s = 0.;

    for (int j = 0; j < LANES; j++)
        s += lane[j];
    return s;
}

static double dot_block(int64_t n, const float *x, const float *y)
{
    double lane[LANES] = { 0. };
    int64_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        for (int j = 0; j < LANES; j++)
            lane[j] += (double)x[i + j] * (double)y[i + j];
    }
    for (int j = 0; i < n; i++, j++)
        lane[j] += (double)x[i] * (double)y[i];
    return fold(lane);
}

static double distance_block(int64_t n, const float *x, const float *y)
{
    double lane[LANES] = { 0. };
    int64_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        for (int j = 0; j < LANES; j++) {
            const double d = (double)x[i + j] - (double)y[i + j];
            lane[j] += d * d;
        }
    }
    for (int j = 0; i < n; i++, j++) {
        const double d = (double)x[i] - (double)y[i];
        lane[j] += d * d;
    }
    return fold(lane);
}

static double sum_part(int64_t n, const float *x, const float *y, sum_fn *block,
                       int64_t len, int64_t p)
{
    const int64_t end = (p + 1) * len < n ? (p + 1) * len : n;

    return p * len < end ? block(end - p * len, x + p * len, y + p * len) : 0.;
}

/* The split depends on n alone, and the partial sums are added in order. */
static double sum_in_order(int64_t n, const float *x, const float *y, sum_fn *block)
{
    double part[MAX_PARTS] = { 0. };
    const int64_t parts = n < BLOCK ? 1 : MAX_PARTS;
    const int64_t len = (n + parts - 1) / parts;

    if (n <= SHORT) {
        for (int64_t p = 0; p < parts; p++)
            part[p] = sum_part(n, x, y, block, len, p);
    } else {
#pragma omp parallel for schedule(static)
        for (int64_t p = 0; p < parts; p++)
            part[p] = sum_part(n, x, y, block, len, p);
    }

    double sum = 0.;
    for (int64_t p = 0; p < parts; p++)
        sum += part[p];
    return sum;
}

double csk_dot(int64_t n, const float *x, const float *y)
{
    return sum_in_order(n, x, y, dot_block);
}

double csk_norm(int64_t n, const float *x)
{
    return sqrt(csk_dot(n, x, x));
}

double csk_distance(int64_t n, const float *x, const float *y)
{
    return sqrt(sum_in_order(n, x, y, distance_block));
}

void csk_copy(int64_t n, const float *x, float *y)
{
    if (n > 0)
        memcpy(y, x, (size_t)n * sizeof(*y));
}

void csk_zero(int64_t n, float *x)
{
    if (n > 0)
        memset(x, 0, (size_t)n * sizeof(*x));
}

void csk_scale(int64_t n, double a, float *x)
{
    csk_axpby(n, 0., x, a, x);
}

static void axpby_block(int64_t n, float a, const float *x, float b, float *y)
{
    if (b == 0.f) {
        for (int64_t i = 0; i < n; i++)
            y[i] = a * x[i];
    } else if (a == 0.f) {
        for (int64_t i = 0; i < n; i++)
            y[i] = b * y[i];
    } else {
        for (int64_t i = 0; i < n; i++)
            y[i] = a * x[i] + b * y[i];
    }
}

void csk_axpby(int64_t n, double a, const float *x, double b, float *y)
{
    if (n <= SHORT) {
        axpby_block(n, (float)a, x, (float)b, y);
        return;
    }
#pragma omp parallel for schedule(static)
    for (int64_t at = 0; at < n; at += BLOCK)
        axpby_block(n - at < BLOCK ? n - at : BLOCK, (float)a, x + at, (float)b,
                    y + at);
}

void csk_modulus(int64_t n, int width, const float *x, float *m)
{
    if (width == 1) {
        for (int64_t i = 0; i < n; i++)
            m[i] = fabsf(x[i]);
    } else {
        for (int64_t i = 0; i < n; i++)
            m[i] = hypotf(x[2 * i], x[2 * i + 1]);
    }
}

double csk_max_modulus(int64_t n, int width, const float *x)
{
    float best = 0.f;

    for (int64_t i = 0; i < n; i++) {
        const float m = width == 1 ? fabsf(x[i]) : hypotf(x[2 * i], x[2 * i + 1]);
        if (!(m <= best))
            best = m;
        if (isnan(m))
            return (double)NAN;
    }
    return (double)best;
}

int64_t csk_first_not_finite(int64_t n, const float *x)
{
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return i;
    }
    return -1;
}

/* Hoare's selection: afterwards x[k] is in its sorted place, smaller before, larger after. */
float csk_select(int64_t n, float *x, int64_t k)
{
    int64_t lo = 0, hi = n - 1;

    while (lo < hi) {
        const float pivot = x[lo + (hi - lo) / 2];
        int64_t i = lo, j = hi;

        while (i <= j) {
            while (x[i] < pivot)
                i++;
            while (x[j] > pivot)
                j--;
            if (i <= j) {
                const float t = x[i];
                x[i++] = x[j];
                x[j--] = t;
            }
        }
        if (k <= j)
            hi = j;
        else if (k >= i)
            lo = i;
        else
            break;
    }
    return x[k];
}

double csk_quantile(int64_t n, float *x, double q)
{
    const double at = q * (double)(n - 1);
    const int64_t k = (int64_t)at;
    const double low = (double)csk_select(n, x, k);

    if (k + 1 >= n)
        return low;
    float high = x[k + 1];
    for (int64_t i = k + 2; i < n; i++)
        high = x[i] < high ? x[i] : high;
    return low + (at - (double)k) * ((double)high - low);
}
