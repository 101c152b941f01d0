/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "samplers/train/adam_priv.h"
#include "tests/support/tst.h"

#include <math.h>
#include <string.h>

/* Under a constant gradient both moments are exact, and each step is the rate. */
START_TEST(constant_gradient)
{
    float w[3] = { 1.f, -2.f, .5f }, m[3] = { 0.f }, v[3] = { 0.f };
    const float g[3] = { .3f, -7.f, 1e-3f };
    const csk_adam a = { 3, w, m, v, NULL };

    for (int k = 1; k <= 50; k++)
        csk_adam_step(&a, k, .01, g, 1., 0.);
    ck_assert_double_eq_tol((double)w[0], .5, 1e-5);
    ck_assert_double_eq_tol((double)w[1], -1.5, 1e-5);
    ck_assert_double_eq_tol((double)w[2], 0.,
                            2e-5); /* epsilon is 1e-5 of this gradient */
}
END_TEST

/* The recursion in double, as the paper writes it, on f = sum h (w - c)^2 / 2. */
START_TEST(follows_the_paper_on_a_quadratic)
{
    enum { N = 5 };
    static const double h[N] = { .1, 1., 3., 10., 100. },
                        c[N] = { 1., -1., .5, 2., 0. };
    double w[N] = { 0. }, m[N] = { 0. }, v[N] = { 0. }, average[N] = { 0. };
    float fw[N] = { 0.f }, fm[N] = { 0.f }, fv[N] = { 0.f }, fa[N] = { 0.f }, g[N];
    const csk_adam a = { N, fw, fm, fv, fa };

    for (int k = 1; k <= 2000; k++) {
        const double rate = .05 * (1. - k / 2001.);
        for (int i = 0; i < N; i++) {
            const double d = h[i] * (w[i] - c[i]);
            g[i] = (float)(2. * h[i] * ((double)fw[i] - c[i]));
            m[i] = .9 * m[i] + .1 * d;
            v[i] = .99 * v[i] + .01 * d * d;
            w[i] -= rate * (m[i] / (1. - pow(.9, k))) /
                    (sqrt(v[i] / (1. - pow(.99, k))) + 1e-8);
            average[i] = .98 * average[i] + .02 * w[i];
        }
        csk_adam_step(&a, k, rate, g, .5, .98);
        if (k == 20) {
            for (int i = 0; i < N; i++) {
                ck_assert_double_eq_tol((double)fw[i], w[i], 1e-4);
                ck_assert_double_eq_tol((double)fa[i], average[i], 1e-4);
            }
        }
    }
    for (int i = 0; i < N; i++) {
        ck_assert_double_eq_tol((double)fw[i], c[i], 2e-3);
        ck_assert_double_eq_tol((double)fa[i], c[i], 2e-3);
    }
}
END_TEST

enum { MANY = 50000 };

static csk_status three_steps(void *user, void *out)
{
    float *w = out, *m = csk_alloc(2 * MANY, sizeof(*m));
    const csk_adam a = { MANY, w, m, m + MANY, NULL };

    ck_assert_ptr_nonnull(m);
    for (int k = 1; k <= 3; k++)
        csk_adam_step(&a, k, .1, user, 1., 0.);
    csk_free(m);
    return CSK_OK;
}

START_TEST(same_bits_on_all_threads)
{
    float *g = tst_normal(MANY, 1, 0);

    tst_same_bits(MANY * sizeof(float), three_steps, g);
    csk_free(g);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("adam");
    TCase *t = tcase_create("core");

    tcase_add_test(t, constant_gradient);
    tcase_add_test(t, follows_the_paper_on_a_quadratic);
    tcase_add_test(t, same_bits_on_all_threads);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
