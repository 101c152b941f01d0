/* SPDX-License-Identifier: BSD-3-Clause */
/* The phase that training gives its patches. */
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "samplers/train/patches.h"
#include "samplers/train/patches_priv.h"
#include "tests/support/tst_patches.h"

#include <math.h>
#include <stdlib.h>

/* |x| is what it was; from pixel to pixel the phase turns by a third of a radian at most. */
START_TEST(phase_is_smooth)
{
    enum { N = 64, COUNT = 50 };
    csk_array a = tst_patches_image(N, N, tst_patches_one);
    csk_patch_opts o = tst_patches_still(N);
    csk_patches *p;
    double turned = 0.;

    o.phase = true;
    tst_ok(csk_patches_new(&p, 1, &a, NULL, &o));
    ck_assert_int_eq(csk_patches_channels(p), 2);
    float *x = tst_patches_draw(p, 1, COUNT);
    for (int n = 0; n < COUNT; n++) {
        const float *re = x + 2 * n * N * N, *im = re + N * N;
        for (int i = 0; i < N * N; i++) {
            ck_assert_double_eq_tol(hypot((double)re[i], (double)im[i]), 1., 1e-5);
            if (i % N == N - 1)
                continue;
            const double cross = (double)(re[i] * im[i + 1] - im[i] * re[i + 1]);
            const double dot = (double)(re[i] * re[i + 1] + im[i] * im[i + 1]);
            const double turn = fabs(atan2(cross, dot));
            ck_assert_double_le(turn, .35);
            turned += turn;
        }
    }
    ck_assert_double_ge(turned / (COUNT * N * (N - 1)), .005); /* and turn it does */
    csk_free(x);
    csk_patches_free(p);
    csk_array_clear(&a);
}
END_TEST

/* Patches with a rough phase of at most @p most. */
static float *draw_rough(const csk_array *a, int size, double most, int count)
{
    csk_patch_opts o = tst_patches_still(size);
    csk_patches *p;

    o.phase = true;
    o.empty = 1.;
    o.rough_phase = most;
    tst_ok(csk_patches_new(&p, 1, a, NULL, &o));
    float *x = tst_patches_draw(p, 1, count);
    csk_patches_free(p);
    return x;
}

/*
 * The phase between the two, less its mean over the patch (the filter turns a constant image as a
 * whole): its variance is most^2 E u^2 = most^2 / 3. The mean of 1000 patches of twelve waves has a
 * standard deviation of 4 % of it.
 */
START_TEST(rough_phase_has_its_size)
{
    enum { N = 32, COUNT = 1000 };
    const double most = .2;
    csk_array a = tst_patches_image(N, N, tst_patches_one);
    double sum = 0., finest = 0.;
    float *rough = draw_rough(&a, N, most, COUNT);
    float *smooth = draw_rough(&a, N, 0., COUNT);

    for (int n = 0; n < COUNT; n++) {
        const float *re = rough + 2 * n * N * N, *im = re + N * N;
        const float *re0 = smooth + 2 * n * N * N, *im0 = re0 + N * N;
        double phase[N * N], mean = 0.;

        for (int i = 0; i < N * N; i++) {
            phase[i] = atan2((double)(im[i] * re0[i] - re[i] * im0[i]),
                             (double)(re[i] * re0[i] + im[i] * im0[i]));
            mean += phase[i] / (N * N);
        }
        for (int i = 0; i < N * N; i++)
            sum += (phase[i] - mean) * (phase[i] - mean);
        for (int i = 1; i < N * N; i++)
            finest +=
                i % N ? (phase[i] - phase[i - 1]) * (phase[i] - phase[i - 1]) : 0.;
    }
    ck_assert_double_eq_tol(sum / (COUNT * N * N), most * most / 3., .06 * most * most);
    /* What changes from pixel to pixel is not the smooth phase: a twentieth of the variance or more. */
    ck_assert_double_ge(finest, .05 * sum);
    csk_free(rough);
    csk_free(smooth);
    csk_array_clear(&a);
}
END_TEST

static float dot(int64_t y, int64_t x)
{
    return y == 20 && x == 17 ? 1.f : 0.f;
}

/*
 * A dot gets a cross, four pixels long, of the filter's taps: a quarter turn off, so that the dot stays,
 * and the sum of their squares is most^2 / 3 on average, within 5 standard deviations.
 */
START_TEST(rough_phase_follows_edges)
{
    enum { N = 40, COUNT = 2000 };
    const double most = .3;
    csk_array a = tst_patches_image(N, N, dot);
    double sum = 0.;
    float *rough = draw_rough(&a, N, most, COUNT);

    for (int n = 0; n < COUNT; n++) {
        const float *re = rough + 2 * n * N * N, *im = re + N * N;

        for (int i = 0; i < N * N; i++) {
            const double m = hypot((double)re[i], (double)im[i]);
            const int y = i / N - 20, x = i % N - 17;

            if (y == 0 && x == 0)
                ck_assert_double_eq_tol(m, 1., 1e-5);
            else if ((y == 0 && abs(x) <= 4) || (x == 0 && abs(y) <= 4))
                sum += m * m;
            else
                ck_assert_double_le(m, 1e-6);
        }
    }
    /* var of u^2 v, v of the taps: below (most^2 / 3)^2 1.5 each */
    ck_assert_double_eq_tol(sum / COUNT, most * most / 3.,
                            5. * most * most / 3. * sqrt(1.5 / COUNT));
    csk_free(rough);
    csk_array_clear(&a);
}
END_TEST

/* It is a quarter turn off: x + i K x. A real image keeps its real part, i times it has i times the result. */
START_TEST(rough_phase_is_a_quarter_turn_off)
{
    enum { N = 16, PIXELS = N * N };
    float u[CSK_TWIST_RANDOM], x[2 * PIXELS] = { 0.f }, turned[2 * PIXELS] = { 0.f };
    float work[2 * PIXELS], dots[PIXELS];

    csk_rng_uniform((csk_rng){ 1, 2, 3 }, CSK_TWIST_RANDOM, u);
    csk_rng_uniform((csk_rng){ 4, 5, 6 }, PIXELS, dots);
    csk_copy(PIXELS, dots, x);
    csk_copy(PIXELS, dots, turned + PIXELS);
    csk_patch_twist(N, .3, x, u, work);
    csk_patch_twist(N, .3, turned, u, work);
    ck_assert_mem_eq(x, dots, sizeof(dots));
    ck_assert_mem_eq(turned + PIXELS, dots, sizeof(dots));
    ck_assert_double_ge(csk_norm(PIXELS, x + PIXELS), .05 * csk_norm(PIXELS, x));
    for (int i = 0; i < PIXELS; i++)
        ck_assert_float_eq(turned[i], -x[PIXELS + i]);
}
END_TEST

/* Windows that need less room than their phase. */
START_TEST(rough_phase_of_large_windows)
{
    enum { N = 64, COUNT = 4 };
    csk_array a = tst_patches_image(12, 12, tst_patches_one);
    csk_patch_opts o = csk_patch_defaults();
    csk_patches *p;

    o.size = N;
    o.zoom_min = o.zoom_max = 16.;
    o.rough_phase = .1;
    tst_ok(csk_patches_new(&p, 1, &a, NULL, &o));
    float *x = tst_patches_draw(p, 1, COUNT);
    for (int64_t i = 0; i < 2 * COUNT * N * N; i++)
        ck_assert(fabsf(x[i]) < 10.f);
    csk_free(x);
    csk_patches_free(p);
    csk_array_clear(&a);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("patches_phase");
    TCase *t = tcase_create("core");

    tcase_add_test(t, phase_is_smooth);
    tcase_add_test(t, rough_phase_has_its_size);
    tcase_add_test(t, rough_phase_follows_edges);
    tcase_add_test(t, rough_phase_is_a_quarter_turn_off);
    tcase_add_test(t, rough_phase_of_large_windows);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
