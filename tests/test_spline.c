/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/rng.h"
#include "samplers/ridge/spline.h"
#include "tests/support/tst.h"

#include <math.h>

enum { M = 7, N = 203 };

static const double scale = 2.5, gain = .6;
static const float slope[M] = { .9f, .3f, 0.f, 0.f, .5f, 1.f, .25f };
static float offset[M];
static double energy[M];

static csk_spline make(void)
{
    csk_spline_fill(M, slope, offset, energy);
    return (csk_spline){ M, slope, offset, energy };
}

/* Numbers that reach all intervals and beyond; every seventh is 0. */
static float *numbers(uint32_t stream)
{
    float *x = tst_normal(N, 41, stream);

    for (int i = 0; i < N; i++)
        x[i] = i % 7 ? 2.f * x[i] : 0.f;
    return x;
}

static double modulus(double x, double y)
{
    return sqrt(x * x + y * y);
}

/* phi and, by the same sum, Psi. */
static double phi(double t, const double *b, double *integral)
{
    double sum = 0., area = 0.;

    for (int m = 0; m < M && t > m; m++) {
        const double in = m + 1 < M ? fmin(t - m, 1.) : t - m;
        area += sum * in + .5 * b[m] * in * in;
        sum += b[m] * in;
    }
    if (integral)
        *integral = area;
    return sum;
}

static void slopes(double b[M])
{
    for (int m = 0; m < M; m++)
        b[m] = (double)slope[m];
}

START_TEST(gradient_and_energy_are_the_formula)
{
    const csk_spline s = make();
    float *re = numbers(0), *im = _i ? numbers(1) : NULL;
    float *gre = numbers(0), *gim = _i ? numbers(1) : NULL;
    double b[M], want = 0.;

    slopes(b);
    csk_spline_gradient(&s, (float)scale, (float)gain, N, gre, gim);
    for (int i = 0; i < N; i++) {
        const double r = modulus((double)re[i], im ? (double)im[i] : 0.);
        double area;
        const double f = phi(scale * r, b, &area);
        const double by = r > 0. ? gain * f / (scale * r) : 0.;

        ck_assert_double_eq_tol((double)gre[i], by * (double)re[i], 1e-6);
        if (im)
            ck_assert_double_eq_tol((double)gim[i], by * (double)im[i], 1e-6);
        want += gain / (scale * scale) * area;
    }
    ck_assert_double_eq_tol(csk_spline_energy(&s, scale, gain, N, re, im), want,
                            1e-6 * want);
    csk_free(re), csk_free(im), csk_free(gre), csk_free(gim);
}
END_TEST

/* The potential of z in double precision. */
static double potential(double x, double y)
{
    double b[M], area;

    slopes(b);
    (void)phi(scale * modulus(x, y), b, &area);
    return gain / (scale * scale) * area;
}

/* By second differences of the potential, away from the knots where it has none. */
START_TEST(hessian_is_the_second_derivative)
{
    const csk_spline s = make();
    const double h = 1e-4;
    float *re = numbers(0), *im = _i ? numbers(1) : NULL;
    float *vre = tst_normal(N, 42, 0), *vim = _i ? tst_normal(N, 42, 1) : NULL;
    float *hre = tst_normal(N, 42, 0), *him = _i ? tst_normal(N, 42, 1) : NULL;
    int checked = 0;

    csk_spline_hessian(&s, (float)scale, (float)gain, N, re, im, hre, him);
    for (int i = 0; i < N; i++) {
        const double x = (double)re[i], y = im ? (double)im[i] : 0.;
        const double u = (double)vre[i], v = im ? (double)vim[i] : 0.;
        const double t = scale * modulus(x, y);

        if (t == 0. || fabs(t - round(t)) < .01)
            continue;
        checked++;
        const double form = u * (double)hre[i] + (im ? v * (double)him[i] : 0.);
        const double want = (potential(x + h * u, y + h * v) - 2. * potential(x, y) +
                             potential(x - h * u, y - h * v)) /
                            (h * h);
        ck_assert_double_eq_tol(form, want, 1e-5 * (1. + u * u + v * v));
        ck_assert_double_ge(form, -1e-6);
        ck_assert_double_le(form, gain * (u * u + v * v) * (1. + 1e-5));
    }
    ck_assert_int_gt(checked, N / 2);
    csk_free(re), csk_free(im), csk_free(vre), csk_free(vim), csk_free(hre),
        csk_free(him);
}
END_TEST

/* <v, a(z)> in double precision, for slopes b. */
static double product(const double *b, double a, double g, const float *re,
                      const float *im, const float *vre, const float *vim)
{
    double sum = 0.;

    for (int i = 0; i < N; i++) {
        const double x = (double)re[i], y = im ? (double)im[i] : 0.;
        const double along = x * (double)vre[i] + (im ? y * (double)vim[i] : 0.);
        const double t = a * modulus(x, y);

        sum += t > 0. ? g * phi(t, b, NULL) / t * along : 0.;
    }
    return sum;
}

START_TEST(learns_by_the_derivative)
{
    const csk_spline s = make();
    const double h = 1e-6;
    float *re = numbers(0), *im = _i ? numbers(1) : NULL;
    float *vre = tst_normal(N, 42, 0), *vim = _i ? tst_normal(N, 42, 1) : NULL;
    double got[M] = { 0. }, logs[2] = { 0. }, b[M];

    csk_spline_learn(&s, scale, gain, N, re, im, vre, vim, got, logs);
    slopes(b);
    for (int m = 0; m < M; m++) {
        const double middle = b[m];

        b[m] = middle + h;
        const double high = product(b, scale, gain, re, im, vre, vim);
        b[m] = middle - h;
        const double low = product(b, scale, gain, re, im, vre, vim);
        b[m] = middle;
        ck_assert_double_eq_tol(got[m], (high - low) / (2. * h), 1e-4);
    }
    const double by_scale = (product(b, scale * exp(h), gain, re, im, vre, vim) -
                             product(b, scale * exp(-h), gain, re, im, vre, vim)) /
                            (2. * h);
    ck_assert_double_eq_tol(logs[0], by_scale, 1e-3);
    ck_assert_double_eq_tol(logs[1], product(b, scale, gain, re, im, vre, vim), 1e-4);
    csk_free(re), csk_free(im), csk_free(vre), csk_free(vim);
}
END_TEST

START_TEST(extremes)
{
    const csk_spline s = make();
    float re[4] = { 1e30f, -1e-30f, NAN, INFINITY }, im[4] = { 0.f };

    csk_spline_gradient(&s, 1.f, 1.f, 4, re, NULL);
    ck_assert(isfinite(re[0]) && isfinite(re[1]) && isnan(re[2]));
    ck_assert_float_eq_tol(re[0] / 1e30f, .25f, 1e-6f);
    re[0] = 1e-30f;
    csk_spline_hessian(&s, 1.f, 1.f, 1, re, im, re + 1, im + 1);
    ck_assert(isfinite(re[1]) && isfinite(im[1]));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("spline");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, gradient_and_energy_are_the_formula, 0, 2);
    tcase_add_loop_test(t, hessian_is_the_second_derivative, 0, 2);
    tcase_add_loop_test(t, learns_by_the_derivative, 0, 2);
    tcase_add_test(t, extremes);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
