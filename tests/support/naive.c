/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/naive.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "tests/support/tst.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 4000 };

static struct {
    csk_tensors *weights;
    uint32_t seed, made;
    bool dry;
    double *image[IMAGES];
    int images;
} now;

naive_name naive_text(const char *fmt, ...)
{
    naive_name t;
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(t.s, sizeof(t.s), fmt, args);
    va_end(args);
    return t;
}

void naive_begin(csk_tensors *weights, uint32_t seed, bool dry)
{
    now.weights = weights;
    now.seed = seed;
    now.made = 0;
    now.dry = dry;
}

void naive_end(void)
{
    for (int i = 0; i < now.images; i++)
        free(now.image[i]);
    now.images = 0;
}

naive naive_new(int c, int h, int w)
{
    naive a = { c, h, w, NULL };

    if (now.dry)
        return a;
    a.x = calloc((size_t)c * (size_t)h * (size_t)w, sizeof(double));
    ck_assert_ptr_nonnull(a.x);
    ck_assert_int_lt(now.images, IMAGES);
    now.image[now.images++] = a.x;
    return a;
}

static int64_t size_of(naive a)
{
    return a.x ? (int64_t)a.c * a.h * a.w : 0;
}

static double *at(naive a, int c, int y, int x)
{
    return &a.x[((int64_t)c * a.h + y) * a.w + x];
}

static bool inside(naive a, int y, int x)
{
    return y >= 0 && y < a.h && x >= 0 && x < a.w;
}

naive naive_input(int c, int h, int w, float *copy)
{
    const naive a = naive_new(c, h, w);
    float *x = tst_normal(size_of(a) ? size_of(a) : 1, now.seed, UINT32_MAX);

    for (int64_t i = 0; i < size_of(a); i++) {
        a.x[i] = (double)x[i];
        if (copy)
            copy[i] = x[i];
    }
    csk_free(x);
    return a;
}

/* -- weights ------------------------------------------------------------------------ */

/* About what keeps a signal's size: N(0, 1 / inputs); vectors are near 1/2. */
static void fill(csk_tensor *t)
{
    const int64_t n = csk_tensor_size(t);
    float *x = tst_normal(n, now.seed, now.made++);
    const double rows = t->rank > 1 ? (double)t->dim[0] : 0.;
    const double scale = rows > 0. ? sqrt(rows / (double)n) : .3;

    for (int64_t i = 0; i < n; i++)
        t->data[i] = (float)(scale * (double)x[i] + (rows > 0. ? 0. : .5));
    csk_free(x);
}

const float *naive_weight(const char *name, int rank, const int64_t *dim)
{
    const csk_tensor *t = csk_tensors_find(now.weights, name);

    if (!t) {
        csk_tensor *made;

        tst_ok(csk_tensors_add(now.weights, name, rank, dim, &made));
        if (!now.dry)
            fill(made);
        t = made;
    }
    ck_assert_int_eq(t->rank, rank);
    for (int i = 0; i < rank; i++)
        ck_assert_int_eq(t->dim[i], dim[i]);
    return now.dry ? NULL : t->data;
}

static const float *weight_of(const char *module, int rank, const int64_t *dim)
{
    return naive_weight(naive_text("%s.weight", module).s, rank, dim);
}

static const float *bias_of(const char *module, int64_t out)
{
    return naive_weight(naive_text("%s.bias", module).s, 1, &out);
}

/* -- layers --------------------------------------------------------------------------- */

/* One number: the kernel of channel o, its first pixel on (y, x). */
static double correlate(naive a, const float *w, int kernel, int y, int x)
{
    double sum = 0.;

    for (int c = 0; c < a.c; c++) {
        for (int i = 0; i < kernel; i++) {
            for (int j = 0; j < kernel; j++) {
                if (inside(a, y + i, x + j))
                    sum += (double)w[(c * kernel + i) * kernel + j] *
                           *at(a, c, y + i, x + j);
            }
        }
    }
    return sum;
}

naive naive_conv(naive a, const char *module, int out, int kernel, int stride, int pad,
                 bool bias)
{
    const int64_t dim[4] = { out, a.c, kernel, kernel };
    const float *w = weight_of(module, 4, dim), *b = bias ? bias_of(module, out) : NULL;
    const naive y = naive_new(out, (a.h + 2 * pad - kernel) / stride + 1,
                              (a.w + 2 * pad - kernel) / stride + 1);

    for (int64_t i = 0; i < size_of(y); i++) {
        const int o = (int)(i / y.w / y.h), row = (int)(i / y.w % y.h);

        y.x[i] = (b ? (double)b[o] : 0.) +
                 correlate(a, w + (int64_t)o * a.c * kernel * kernel, kernel,
                           row * stride - pad, (int)(i % y.w) * stride - pad);
    }
    return y;
}

naive naive_conv_transpose(naive a, const char *module, int out, int kernel, int stride,
                           bool bias)
{
    const int64_t dim[4] = { a.c, out, kernel, kernel };
    const float *w = weight_of(module, 4, dim), *b = bias ? bias_of(module, out) : NULL;
    const naive y =
        naive_new(out, (a.h - 1) * stride + kernel, (a.w - 1) * stride + kernel);

    for (int64_t i = 0; b && i < size_of(y); i++)
        y.x[i] = (double)b[i / y.w / y.h];
    for (int64_t i = 0; i < size_of(a) * out * kernel * kernel; i++) {
        const int v = (int)(i % kernel), u = (int)(i / kernel % kernel);
        const int o = (int)(i / kernel / kernel % out);
        const int64_t from = i / kernel / kernel / out;
        const int c = (int)(from / a.w / a.h), row = (int)(from / a.w % a.h);

        *at(y, o, row * stride + u, (int)(from % a.w) * stride + v) +=
            a.x[from] * (double)w[(((int64_t)c * out + o) * kernel + u) * kernel + v];
    }
    return y;
}

naive naive_linear(naive a, const char *module, int out)
{
    const int64_t dim[2] = { out, a.c };
    const float *w = weight_of(module, 2, dim), *b = bias_of(module, out);
    const naive y = naive_new(out, 1, 1);

    for (int64_t o = 0; o < size_of(y); o++) {
        y.x[o] = (double)b[o];
        for (int c = 0; c < a.c; c++)
            y.x[o] += (double)w[o * a.c + c] * a.x[c];
    }
    return y;
}

naive naive_group_norm(naive a, const char *module, int groups, double eps)
{
    const int64_t c = a.c;
    const float *w = weight_of(module, 1, &c), *b = bias_of(module, c);
    const naive y = naive_new(a.c, a.h, a.w);
    const int64_t len = size_of(a) / groups, plane = (int64_t)a.h * a.w;

    for (int g = 0; g < groups && a.x; g++) {
        double mean = 0., var = 0.;

        for (int64_t i = g * len; i < (g + 1) * len; i++)
            mean += a.x[i] / (double)len;
        for (int64_t i = g * len; i < (g + 1) * len; i++)
            var += (a.x[i] - mean) * (a.x[i] - mean) / (double)len;
        for (int64_t i = g * len; i < (g + 1) * len; i++)
            y.x[i] = (a.x[i] - mean) / sqrt(var + eps) * (double)w[i / plane] +
                     (double)b[i / plane];
    }
    return y;
}

naive naive_apply(naive a, double (*f)(double))
{
    const naive y = naive_new(a.c, a.h, a.w);

    for (int64_t i = 0; y.x && i < size_of(a); i++)
        y.x[i] = f(a.x[i]);
    return y;
}

double naive_relu(double x)
{
    return x > 0. ? x : 0.;
}

double naive_silu(double x)
{
    return x / (1. + exp(-x));
}

double naive_gelu(double x)
{
    return .5 * x * (1. + erf(x / sqrt(2.)));
}

naive naive_add(naive a, naive b, double scale)
{
    const naive y = naive_new(a.c, a.h, a.w);
    const bool vector = b.h == 1 && b.w == 1;

    ck_assert_int_eq(a.c, b.c);
    ck_assert(vector || (a.h == b.h && a.w == b.w));
    for (int64_t i = 0; y.x && i < size_of(a); i++)
        y.x[i] = scale * (a.x[i] + b.x[vector ? i / a.w / a.h : i]);
    return y;
}

naive naive_modulate(naive a, naive v)
{
    const naive y = naive_new(a.c, a.h, a.w);

    ck_assert_int_eq(2 * a.c, v.c);
    for (int64_t i = 0; y.x && i < size_of(a); i++) {
        const int64_t c = i / a.w / a.h;
        y.x[i] = a.x[i] * (1. + v.x[c]) + v.x[a.c + c];
    }
    return y;
}

naive naive_concat(naive a, naive b)
{
    const naive y = naive_new(a.c + b.c, a.h, a.w);

    ck_assert(a.h == b.h && a.w == b.w);
    for (int64_t i = 0; i < size_of(y); i++)
        y.x[i] = i < size_of(a) ? a.x[i] : b.x[i - size_of(a)];
    return y;
}

naive naive_constant(naive like, double value)
{
    const naive y = naive_new(1, like.h, like.w);

    for (int64_t i = 0; i < size_of(y); i++)
        y.x[i] = value;
    return y;
}

/* -- pixels ----------------------------------------------------------------------------- */

/* Copy between an image and its shuffled form. */
static void weave(naive wide, naive deep, int r, bool to_wide)
{
    for (int64_t i = 0; i < size_of(wide); i++) {
        const int c = (int)(i / wide.w / wide.h), y = (int)(i / wide.w % wide.h);
        const int x = (int)(i % wide.w);
        double *d = at(deep, (c * r + y % r) * r + x % r, y / r, x / r);

        if (to_wide)
            wide.x[i] = *d;
        else
            *d = wide.x[i];
    }
}

naive naive_unshuffle(naive a, int factor)
{
    const naive y = naive_new(a.c * factor * factor, a.h / factor, a.w / factor);

    weave(a, y, factor, false);
    return y;
}

naive naive_shuffle(naive a, int factor)
{
    const naive y = naive_new(a.c / factor / factor, a.h * factor, a.w * factor);

    weave(y, a, factor, true);
    return y;
}

static int mirrored(int i, int n)
{
    return i < 0 ? -1 - i : i >= n ? 2 * n - 1 - i : i;
}

naive naive_pad(naive a, int before, int after, bool symmetric)
{
    const naive y = naive_new(a.c, a.h + before + after, a.w + before + after);

    for (int64_t i = 0; i < size_of(y); i++) {
        const int c = (int)(i / y.w / y.h), row = (int)(i / y.w % y.h) - before;
        const int col = (int)(i % y.w) - before;

        if (symmetric)
            y.x[i] = *at(a, c, mirrored(row, a.h), mirrored(col, a.w));
        else if (inside(a, row, col))
            y.x[i] = *at(a, c, row, col);
    }
    return y;
}

naive naive_twice(naive a)
{
    const naive y = naive_new(a.c, 2 * a.h, 2 * a.w);

    for (int64_t i = 0; i < size_of(y); i++)
        y.x[i] =
            *at(a, (int)(i / y.w / y.h), (int)(i / y.w % y.h) / 2, (int)(i % y.w) / 2);
    return y;
}

naive naive_half(naive a)
{
    const naive y = naive_new(a.c, a.h / 2, a.w / 2);

    for (int64_t i = 0; i < size_of(y); i++) {
        for (int k = 0; k < 4; k++)
            y.x[i] +=
                .25 * *at(a, (int)(i / y.w / y.h), 2 * (int)(i / y.w % y.h) + k / 2,
                          2 * (int)(i % y.w) + k % 2);
    }
    return y;
}

/* Zeros between the pixels, zeros around, the filter (symmetric), every down-th pixel. */
naive naive_fir(naive a, double gain, int up, int down, int before, int after)
{
    static const double taps[4] = { 1., 3., 3., 1. };
    const int high = a.h * up + before + after - 3,
              wide = a.w * up + before + after - 3;
    const naive y = naive_new(a.c, (high + down - 1) / down, (wide + down - 1) / down);

    for (int64_t i = 0; i < size_of(y); i++) {
        const int c = (int)(i / y.w / y.h), row = (int)(i / y.w % y.h) * down - before;
        const int col = (int)(i % y.w) * down - before;

        for (int k = 0; k < 16; k++) {
            const int v = row + k / 4, u = col + k % 4;
            if (v % up == 0 && u % up == 0 && inside(a, v / up, u / up))
                y.x[i] +=
                    gain * gain * taps[k / 4] * taps[k % 4] * *at(a, c, v / up, u / up);
        }
    }
    return y;
}

/* -- attention and embedding ------------------------------------------------------------ */

/* Row p of softmax(q k / sqrt(c)) of one head, into `row`. */
static void attend(double *row, naive q, naive k, int first, int c, int64_t p)
{
    const int64_t n = (int64_t)q.h * q.w;
    double sum = 0., most = -1e300;

    for (int64_t s = 0; s < n; s++) {
        row[s] = 0.;
        for (int i = first; i < first + c; i++)
            row[s] += q.x[i * n + p] * k.x[i * n + s] / sqrt((double)c);
        most = fmax(most, row[s]);
    }
    for (int64_t s = 0; s < n; s++)
        sum += row[s] = exp(row[s] - most);
    for (int64_t s = 0; s < n; s++)
        row[s] /= sum;
}

naive naive_attention(naive q, naive k, naive v, int heads)
{
    const int64_t n = (int64_t)q.h * q.w;
    const naive y = naive_new(q.c, q.h, q.w), row = naive_new(1, q.h, q.w);
    const int each = q.c / heads;

    for (int64_t i = 0; y.x && i < heads * n; i++) {
        const int first = (int)(i / n) * each;

        attend(row.x, q, k, first, each, i % n);
        for (int c = first; c < first + each; c++) {
            for (int64_t s = 0; s < n; s++)
                y.x[c * n + i % n] += row.x[s] * v.x[c * n + s];
        }
    }
    return y;
}

naive naive_slice(naive a, int first, int count)
{
    const naive y = naive_new(count, a.h, a.w);

    if (y.x)
        memcpy(y.x, at(a, first, 0, 0), (size_t)size_of(y) * sizeof(double));
    return y;
}

naive naive_embedding(double t, int channels, int shift, bool sin_first)
{
    const naive y = naive_new(channels, 1, 1);
    const int half = channels / 2;

    for (int k = 0; y.x && k < half; k++) {
        const double phase = t * exp(-log(10000.) * k / (half - shift));
        y.x[k] = sin_first ? sin(phase) : cos(phase);
        y.x[half + k] = sin_first ? cos(phase) : sin(phase);
    }
    return y;
}
