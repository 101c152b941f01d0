/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/tst_ridge.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "tests/support/tst.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static float *add(csk_tensors *t, const char *name, int rank, int64_t a, int64_t b,
                  int64_t c)
{
    csk_tensor *v;

    tst_ok(csk_tensors_add(t, name, rank, (int64_t[]){ a, b, c }, &v));
    return v->data;
}

csk_tensors tst_ridge_model(csk_field field, int filters, int side, int intervals,
                            int knots)
{
    csk_tensors t = { .item = NULL };
    float *weight = add(&t, "weight", 3, filters, side, side);
    float *slope = add(&t, "slope", 2, filters, intervals, 0);
    float *scale = add(&t, "log_scale", 2, filters, knots, 0);
    float *gain = add(&t, "log_gain", 2, filters, knots, 0);
    const int taps = side * side;
    char card[256];

    csk_rng_normal((csk_rng){ 31, 0, 0 }, (int64_t)filters * taps, weight);
    csk_rng_uniform((csk_rng){ 31, 1, 0 }, (int64_t)filters * intervals, slope);
    csk_rng_normal((csk_rng){ 31, 2, 0 }, (int64_t)filters * knots, scale);
    csk_rng_normal((csk_rng){ 31, 3, 0 }, (int64_t)filters * knots, gain);
    for (int c = 0; c < filters; c++) {
        float *w = weight + (int64_t)c * taps, mean = 0.f;

        for (int i = 0; i < taps; i++)
            mean += w[i] / (float)taps;
        for (int i = 0; i < taps; i++)
            w[i] = .3f * (w[i] - mean) / (float)side;
        for (int k = 0; k < knots; k++) {
            float *a = scale + (int64_t)c * knots + k;
            *a = .2f * *a + 1.f - 4.6f * (float)k / (float)(knots - 1);
            gain[(int64_t)c * knots + k] *= .2f;
        }
    }
    (void)snprintf(card, sizeof(card),
                   "{\"csk\": \"prior\", \"version\": 1, \"kind\": \"ridge\", "
                   "\"field\": \"%s\", \"axes\": 2, \"scale\": 1.0, "
                   "\"sigma\": [0.01, 1.0]}",
                   field == CSK_REAL ? "real" : "complex");
    tst_ok(csk_tensors_set_card(&t, card));
    return t;
}

tst_ridge tst_ridge_of(csk_field field, const csk_tensors *model)
{
    static const char *const names[] = { "weight", "slope", "log_scale", "log_gain" };
    const csk_tensor *t[4];
    int64_t count = 0;

    for (int i = 0; i < 4; i++) {
        t[i] = csk_tensors_find(model, names[i]);
        ck_assert_ptr_nonnull(t[i]);
        count += csk_tensor_size(t[i]);
    }
    double *to = csk_alloc(count, sizeof(*to)), *at[4];
    ck_assert_ptr_nonnull(to);
    for (int i = 0; i < 4; i++) {
        at[i] = to;
        for (int64_t j = 0; j < csk_tensor_size(t[i]); j++)
            *to++ = (double)t[i]->data[j];
    }
    return (tst_ridge){ (int)field,
                        (int)t[0]->dim[0],
                        (int)t[0]->dim[1],
                        (int)t[1]->dim[1],
                        (int)t[2]->dim[1],
                        .01,
                        1.,
                        at[0],
                        at[1],
                        at[2],
                        at[3] };
}

void tst_ridge_clear(tst_ridge *r)
{
    csk_free(r->weight);
    *r = (tst_ridge){ .weight = NULL };
}

static int64_t mirror(int64_t i, int64_t n)
{
    while (i < 0 || i >= n)
        i = i < 0 ? -1 - i : 2 * n - 1 - i;
    return i;
}

/* phi(t), and Psi(t) into *integral. */
static double spline(const tst_ridge *r, const double *slope, double t,
                     double *integral)
{
    double phi = 0.;

    *integral = 0.;
    for (int m = 0; m < r->intervals; m++) {
        const double in = m + 1 < r->intervals ? fmin(t - m, 1.) : t - m;

        if (in <= 0.)
            break;
        *integral += phi * in + .5 * slope[m] * in * in;
        phi += slope[m] * in;
    }
    return phi;
}

static double at_level(const tst_ridge *r, const double *logs, int c, double sigma)
{
    const double u = log(sigma / r->lo) / log(r->hi / r->lo) * (r->knots - 1);
    const int k = (int)fmin(u, r->knots - 2);
    const double *v = logs + (int64_t)c * r->knots + k;

    return exp(v[0] + (u - k) * (v[1] - v[0]));
}

/* The potential of filter c at one pixel. */
static double one(const tst_ridge *r, int c, int64_t height, int64_t width, int64_t y,
                  int64_t x, const double *image, double sigma, double *g)
{
    const double *w = r->weight + (int64_t)c * r->side * r->side;
    const double scale = at_level(r, r->log_scale, c, sigma);
    const double gain = at_level(r, r->log_gain, c, sigma);
    const int half = r->side / 2;
    double z[2] = { 0. }, integral;

    for (int i = 0; i < r->side * r->side; i++) {
        const int64_t at = mirror(y + i / r->side - half, height) * width +
                           mirror(x + i % r->side - half, width);
        for (int p = 0; p < r->planes; p++)
            z[p] += w[i] * image[at * r->planes + p];
    }
    const double t = scale * sqrt(z[0] * z[0] + z[1] * z[1]);
    const double phi = spline(r, r->slope + (int64_t)c * r->intervals, t, &integral);
    for (int i = 0; g && t > 0. && i < r->side * r->side; i++) {
        const int64_t at = mirror(y + i / r->side - half, height) * width +
                           mirror(x + i % r->side - half, width);
        for (int p = 0; p < r->planes; p++)
            g[at * r->planes + p] += gain * phi / t * z[p] * w[i] / (sigma * sigma);
    }
    return gain / (scale * scale) * integral / (sigma * sigma);
}

double tst_ridge_energy(const tst_ridge *r, int64_t height, int64_t width,
                        const double *x, double sigma, double *g)
{
    double sum = 0.;

    if (g)
        memset(g, 0, (size_t)(height * width * r->planes) * sizeof(*g));
    for (int c = 0; c < r->filters; c++) {
        for (int64_t i = 0; i < height * width; i++)
            sum += one(r, c, height, width, i / width, i % width, x, sigma, g);
    }
    return sum;
}
