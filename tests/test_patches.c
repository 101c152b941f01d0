/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/train/patches.h"
#include "tests/support/tst_file.h"
#include "tests/support/tst_patches.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static float ramp(int64_t y, int64_t x)
{
    return .1f + .002f * (float)y + .003f * (float)x;
}

static float chessboard(int64_t y, int64_t x)
{
    return (y + x) % 2 ? 1.f : .5f;
}

static float blot(int64_t y, int64_t x)
{
    return expf(-.02f * (float)((y - 5) * (y - 5)) - .1f * (float)((x - 9) * (x - 9)));
}

/* -- the window ---------------------------------------------------------------------- */

START_TEST(whole_image_is_itself)
{
    csk_array a = tst_patches_image(16, 16, blot);
    const csk_patch_opts o = tst_patches_still(16);
    csk_patches *p;

    tst_ok(csk_patches_new(&p, 1, &a, NULL, &o));
    ck_assert_int_eq(csk_patches_channels(p), 1);
    float *x = tst_patches_draw(p, 1, 2);
    ck_assert_double_le(tst_distance(256, x, a.data), 1e-6);
    ck_assert_mem_eq(x, x + 256, 256 * sizeof(*x));
    csk_free(x);
    csk_patches_free(p);
    csk_array_clear(&a);
}
END_TEST

/* A plane stays a plane, within 2 %, with slopes divided by the magnification. */
START_TEST(magnified_plane)
{
    static const double zooms[] = { .5, .8, 1., 1.6 };
    csk_array a = tst_patches_image(90, 80, ramp);
    csk_patch_opts o = tst_patches_still(16);
    csk_patches *p;

    for (int k = 0; k < 4; k++) {
        o.zoom_min = o.zoom_max = zooms[k];
        tst_ok(csk_patches_new(&p, 1, &a, NULL, &o));
        float *x = tst_patches_draw(p, 3, 20);
        for (int n = 0; n < 20; n++) {
            const float *q = x + 256 * n;
            for (int i = 4; i < 11; i++) { /* away from borders of the image */
                for (int j = 4; j < 11; j++) {
                    const double dy = (double)(q[16 * i + 16 + j] - q[16 * i + j]);
                    const double dx = (double)(q[16 * i + j + 1] - q[16 * i + j]);
                    ck_assert_double_eq_tol(dy, .002 / zooms[k], 4e-5 / zooms[k]);
                    ck_assert_double_eq_tol(dx, .003 / zooms[k], 6e-5 / zooms[k]);
                }
            }
        }
        csk_free(x);
        csk_patches_free(p);
    }
    csk_array_clear(&a);
}
END_TEST

/* The slopes of a plane tell how an axis was magnified: by ratios up to the aspect, either way. */
START_TEST(axes_differ_by_the_aspect)
{
    enum { N = 16, COUNT = 200 };
    csk_array a = tst_patches_image(90, 80, ramp);
    csk_patch_opts o = tst_patches_still(N);
    csk_patches *p;
    double least = 1e9, most = 0.;

    o.zoom_min = .5;
    o.zoom_max = 2.;
    o.aspect = 1.5;
    tst_ok(csk_patches_new(&p, 1, &a, NULL, &o));
    float *x = tst_patches_draw(p, 3, COUNT);
    for (int k = 0; k < COUNT; k++) {
        const float *q = x + k * N * N + 7 * N + 7;
        const double dy = (double)(q[N] - q[0]) / .002,
                     dx = (double)(q[1] - q[0]) / .003;
        least = fmin(least, dx / dy);
        most = fmax(most, dx / dy);
    }
    ck_assert_double_eq_tol(least, 1. / 1.5, .05);
    ck_assert_double_eq_tol(most, 1.5, .1);
    csk_free(x);
    csk_patches_free(p);
    csk_array_clear(&a);
}
END_TEST

/* The finest structure is averaged where the image shrinks by 2, not aliased. */
START_TEST(nothing_is_aliased)
{
    csk_array a = tst_patches_image(64, 64, chessboard);
    csk_patch_opts o = tst_patches_still(16);
    csk_patches *p;

    o.zoom_min = o.zoom_max = .5;
    tst_ok(csk_patches_new(&p, 1, &a, NULL, &o));
    float *x = tst_patches_draw(p, 1, 10);
    for (int i = 0; i < 10 * 256; i++)
        ck_assert_double_eq_tol((double)x[i], .75, .01);
    csk_free(x);
    csk_patches_free(p);
    csk_array_clear(&a);
}
END_TEST

/* Waves of the shrunk image along y, of 0.8 and of 1.4 times what its grid can hold. */
static float held(int64_t y, int64_t x)
{
    (void)x;
    return 1.f + .5f * cosf(.4f * 3.14159265f * (float)y);
}

static float too_fine(int64_t y, int64_t x)
{
    (void)x;
    return 1.f + .5f * cosf(.7f * 3.14159265f * (float)y);
}

/* The amplitudes, over 0.5, that a wave has after the image was shrunk by 2: their range. */
static void what_is_left(float (*wave)(int64_t y, int64_t x), int kernel, double gain,
                         double *least, double *most)
{
    enum { N = 32, COUNT = 64 };
    csk_array a = tst_patches_image(128, 128, wave);
    csk_patch_opts o = tst_patches_still(N);
    csk_patches *p;

    o.zoom_min = o.zoom_max = .5;
    o.kernel = kernel;
    o.edge_gain = gain;
    tst_ok(csk_patches_new(&p, 1, &a, NULL, &o));
    float *x = tst_patches_draw(p, 1, COUNT);
    *least = 1e9;
    *most = 0.;
    for (int k = 0; k < COUNT; k++) {
        double sum = 0.;
        for (int i = 0; i < N * N; i++)
            sum += pow((double)x[k * N * N + i] - 1., 2.);
        *least = fmin(*least, sqrt(2. * sum / (N * N)) / .5);
        *most = fmax(*most, sqrt(2. * sum / (N * N)) / .5);
    }
    csk_free(x);
    csk_patches_free(p);
    csk_array_clear(&a);
}

/* As wide a band as the grid holds, and no more; Keys' kernel takes a part of it. */
START_TEST(sinc_keeps_the_band)
{
    double least, most;

    what_is_left(held, CSK_PATCH_SINC, 1., &least, &most);
    ck_assert_double_ge(least, .97);
    ck_assert_double_le(most, 1.03);
    what_is_left(too_fine, CSK_PATCH_SINC, 1., &least, &most);
    ck_assert_double_le(least, .01);
    ck_assert_double_le(most, .1); /* where the image is mirrored, a wave is none */
    what_is_left(held, CSK_PATCH_CUBIC, 1., &least, &most);
    ck_assert_double_le(most, .8);
}
END_TEST

/* At 0.8 of the band sin^2 is 0.905: gains from 1 - 0.603 to 2.81, within what 64 draws reach. */
START_TEST(edge_of_k_space_gains_and_loses)
{
    double least, most;

    what_is_left(held, CSK_PATCH_SINC, 3., &least, &most);
    ck_assert_double_ge(least, .38);
    ck_assert_double_le(least, .46);
    ck_assert_double_ge(most, 2.5);
    ck_assert_double_le(most, 2.9);
}
END_TEST

static float step_of_brightness(int64_t y, int64_t x)
{
    (void)y;
    return x < 48 ? 0.f : 1.f;
}

/* Pixels that are exactly 0 of a step that was shrunk and rings. */
static int zeros_of_step(bool phase)
{
    enum { N = 32 };
    csk_array a = tst_patches_image(96, 96, step_of_brightness);
    csk_patch_opts o = tst_patches_still(N);
    csk_patches *p;
    int zeros = 0;

    o.zoom_min = o.zoom_max = 1. / 3.;
    o.kernel = CSK_PATCH_SINC;
    o.phase = phase;
    tst_ok(csk_patches_new(&p, 1, &a, NULL, &o));
    float *x = tst_patches_draw(p, 1, 1);
    for (int i = 0; i < N * N; i++)
        zeros += x[i] == 0.f && (!phase || x[N * N + i] == 0.f);
    csk_free(x);
    csk_patches_free(p);
    csk_array_clear(&a);
    return zeros;
}

/* A magnitude does not go below 0; what is measured in k-space rings through it. */
START_TEST(rings_through_zero_with_a_phase)
{
    ck_assert_int_ge(zeros_of_step(false), zeros_of_step(true) + 2 * 32);
}
END_TEST

/* The eight symmetries of a square, each about as often. */
START_TEST(mirrors_and_transposes)
{
    enum { N = 16, COUNT = 800 };
    csk_array a = tst_patches_image(N, N, blot);
    csk_patch_opts o = tst_patches_still(N);
    csk_patches *p;
    int seen[8] = { 0 };

    o.flip = true;
    tst_ok(csk_patches_new(&p, 1, &a, NULL, &o));
    float *x = tst_patches_draw(p, 1, COUNT);
    for (int n = 0; n < COUNT; n++) {
        int found = -1;
        for (int k = 0; k < 8; k++) {
            double worst = 0.;
            for (int i = 0; i < N * N; i++) {
                int y = i / N, z = i % N;
                if (k & 4) {
                    const int t = y;
                    y = z, z = t;
                }
                y = k & 1 ? N - 1 - y : y;
                z = k & 2 ? N - 1 - z : z;
                worst =
                    fmax(worst, fabs((double)(x[n * N * N + i] - a.data[y * N + z])));
            }
            if (worst < 1e-5)
                found = k;
        }
        ck_assert_int_ge(found, 0);
        seen[found]++;
    }
    for (int k = 0; k < 8; k++) /* 100 +- 5 standard deviations */
        ck_assert_int_le(abs(seen[k] - 100), 47);
    csk_free(x);
    csk_patches_free(p);
    csk_array_clear(&a);
}
END_TEST

/* -- values ---------------------------------------------------------------------------- */

START_TEST(intensity_and_gamma)
{
    csk_array a = tst_patches_image(20, 20, tst_patches_one);
    csk_patch_opts o = tst_patches_still(8);
    csk_patches *p;
    double least = INFINITY, most = 0.;

    o.intensity_min = .5;
    o.intensity_max = 1.25;
    tst_ok(csk_patches_new(&p, 1, &a, NULL, &o));
    float *x = tst_patches_draw(p, 1, 400);
    for (int n = 0; n < 400; n++) {
        const double factor = csk_norm(64, x + 64 * n) / csk_norm(64, x);
        least = fmin(least, factor);
        most = fmax(most, factor);
    }
    ck_assert_double_ge(most / least, 2.4);
    ck_assert_double_le(most / least, 2.51);
    csk_free(x);
    csk_patches_free(p);

    /* 1^g = 1: the exponent leaves the unit where it is. */
    o = tst_patches_still(8);
    o.gamma_min = .75;
    o.gamma_max = 1.35;
    tst_ok(csk_patches_new(&p, 1, &a, NULL, &o));
    x = tst_patches_draw(p, 1, 50);
    for (int i = 0; i < 50 * 64; i++)
        ck_assert_double_eq_tol((double)x[i], 1., 1e-5);
    csk_free(x);
    csk_patches_free(p);

    /* Half of the patches are bent; a range of one exponent is that one: (1/2)^2. */
    o.unit = 2.;
    o.gamma_min = o.gamma_max = 2.;
    tst_ok(csk_patches_new(&p, 1, &a, NULL, &o));
    x = tst_patches_draw(p, 1, 400);
    int bent = 0;
    for (int n = 0; n < 400; n++) {
        const double v = (double)x[64 * n];
        ck_assert(fabs(v - .5) < 1e-5 || fabs(v - .25) < 1e-5);
        bent += v < .3;
    }
    ck_assert_int_le(abs(bent - 200), 50); /* 5 standard deviations */
    csk_free(x);
    csk_patches_free(p);
    csk_array_clear(&a);
}
END_TEST

/* -- choices ---------------------------------------------------------------------------- */

START_TEST(shares_of_the_files)
{
    enum { COUNT = 2000 };
    csk_array a[2] = { tst_patches_image(20, 20, tst_patches_one),
                       tst_patches_image(40, 20, tst_patches_one) };
    const csk_patch_opts o = tst_patches_still(8);
    csk_patches *p;

    csk_scale(800, .5, a[1].data);
    for (int by_weight = 0; by_weight < 2; by_weight++) {
        int first = 0;
        tst_ok(csk_patches_new(&p, 2, a, by_weight ? (double[]){ 9., 1. } : NULL, &o));
        float *x = tst_patches_draw(p, 1, COUNT);
        for (int n = 0; n < COUNT; n++)
            first += x[64 * n] > .75f;
        /* 5 standard deviations */
        ck_assert_double_eq_tol((double)first / COUNT, by_weight ? .9 : 1. / 3., .053);
        csk_free(x);
        csk_patches_free(p);
    }
    csk_array_clear(&a[0]), csk_array_clear(&a[1]);
}
END_TEST

/* Half of the image is nothing: few of the windows that see nothing are kept. */
static float half(int64_t y, int64_t x)
{
    return y < 100 || x < 0 ? 0.f : 1.f;
}

START_TEST(empty_windows_are_rare)
{
    enum { COUNT = 500 };
    csk_array a = tst_patches_image(200, 16, half);
    csk_patch_opts o = tst_patches_still(8);
    csk_patches *p;

    for (int k = 0; k < 2; k++) {
        int empty = 0;
        o.empty = k ? 1. : 0.;
        tst_ok(csk_patches_new(&p, 1, &a, NULL, &o));
        float *x = tst_patches_draw(p, 1, COUNT);
        for (int n = 0; n < COUNT; n++)
            empty += csk_norm(64, x + 64 * n) == 0.;
        if (k)
            ck_assert_double_eq_tol(empty / (double)COUNT, .48, .12);
        else
            ck_assert_int_eq(empty, 0);
        csk_free(x);
        csk_patches_free(p);
    }
    csk_array_clear(&a);
}
END_TEST

/* Each file in its own unit, its 99.9th percentile; the scale is that of all. */
START_TEST(units_and_scale)
{
    csk_array a[2] = { tst_patches_image(50, 50, tst_patches_one),
                       tst_patches_image(50, 50, tst_patches_one) };
    csk_patch_opts o = tst_patches_still(8);
    csk_patches *p;

    csk_scale(2500, 200., a[0].data);
    csk_scale(2500, 3., a[1].data);
    a[0].data[77] = 1e4f; /* an outlier is none of the 0.1 % */
    o.unit = 0.;
    tst_ok(csk_patches_new(&p, 2, a, NULL, &o));
    ck_assert_double_eq_tol(csk_patches_unit(p, 0), 200., 1e-3);
    ck_assert_double_eq_tol(csk_patches_unit(p, 1), 3., 1e-5);
    ck_assert_double_eq_tol(csk_patches_scale(p), 1., 2e-3);
    csk_patches_free(p);
    csk_array_clear(&a[0]), csk_array_clear(&a[1]);
}
END_TEST

static csk_status draw_some(void *user, void *out)
{
    csk_patches *p = user;
    float *x = tst_patches_draw(p, 7, 12);

    memcpy(out, x, 12 * 2 * 16 * 16 * sizeof(*x));
    csk_free(x);
    return CSK_OK;
}

START_TEST(a_patch_is_its_number)
{
    enum { LEN = 2 * 16 * 16 };
    csk_array a[2] = { tst_patches_image(40, 30, blot),
                       tst_patches_image(30, 50, ramp) };
    csk_patch_opts o = csk_patch_defaults();
    csk_patches *p;
    float single[LEN];

    o.size = 16;
    o.rough_phase = .3;
    tst_ok(csk_patches_new(&p, 2, a, NULL, &o));
    tst_same_bits(12 * LEN * sizeof(float), draw_some, p);
    float *x = tst_patches_draw(p, 7, 12), *other = tst_patches_draw(p, 8, 12);
    float *work = csk_alloc(csk_patches_work_len(p, 1), sizeof(*work));
    csk_patches_draw(p, 7, 9, 1, single, work);
    ck_assert_mem_eq(single, x + 9 * LEN, sizeof(single));
    ck_assert_double_ge(tst_distance(LEN, x, other), .01);
    ck_assert_double_ge(tst_distance(LEN, x, x + LEN), .01);
    csk_free(x), csk_free(other), csk_free(work);
    csk_patches_free(p);
    csk_array_clear(&a[0]), csk_array_clear(&a[1]);
}
END_TEST

/* Images smaller than the window are continued by mirroring. */
START_TEST(small_images)
{
    csk_array a = tst_patches_image(5, 7, tst_patches_one);
    csk_patch_opts o = tst_patches_still(32);
    csk_patches *p;

    o.zoom_min = .5;
    o.zoom_max = 1.6;
    tst_ok(csk_patches_new(&p, 1, &a, NULL, &o));
    float *x = tst_patches_draw(p, 1, 20);
    for (int i = 0; i < 20 * 32 * 32; i++)
        ck_assert_double_eq_tol((double)x[i], 1., 1e-5);
    csk_free(x);
    csk_patches_free(p);
    csk_array_clear(&a);
}
END_TEST

START_TEST(complex_images)
{
    const csk_space s = csk_space_make(CSK_COMPLEX, 3, (int64_t[]){ 2, 8, 8 });
    csk_patch_opts o = tst_patches_still(8);
    csk_patches *p;
    csk_array a;

    tst_ok(csk_array_init(&a, &s));
    for (int i = 0; i < 128; i++) {
        a.data[2 * i] = 3.f;
        a.data[2 * i + 1] = -4.f;
    }
    o.unit = 0.;
    tst_ok(csk_patches_new(&p, 1, &a, NULL, &o));
    ck_assert_int_eq(csk_patches_channels(p), 2);
    ck_assert_double_eq_tol(csk_patches_unit(p, 0), 5., 1e-6);
    float *x = tst_patches_draw(p, 1, 1);
    for (int i = 0; i < 64; i++) {
        ck_assert_double_eq_tol((double)x[i], .6, 1e-6);
        ck_assert_double_eq_tol((double)x[64 + i], -.8, 1e-6);
    }
    csk_free(x);
    csk_patches_free(p);
    csk_array_clear(&a);
}
END_TEST

START_TEST(refuses)
{
    csk_array a = tst_patches_image(20, 20, tst_patches_one),
              small = tst_patches_image(3, 20, tst_patches_one);
    csk_patch_opts o = tst_patches_still(8);
    csk_patches *p = NULL;

    tst_fails(csk_patches_new(&p, 0, &a, NULL, &o), CSK_ERR_ARG, "0 files");
    tst_fails(csk_patches_new(&p, 1, &small, NULL, &o), CSK_ERR_SHAPE, "at least 4x4");
    tst_fails(csk_patches_new(&p, 1, &a, (double[]){ 0. }, &o), CSK_ERR_ARG,
              "the weights are all 0");
    tst_fails(csk_patches_new(&p, 1, &a, (double[]){ -1. }, &o), CSK_ERR_ARG,
              "weight 0 is -1");
    o.zoom_min = 2.;
    tst_fails(csk_patches_new(&p, 1, &a, NULL, &o), CSK_ERR_ARG,
              "zoom-min 2 is above zoom-max 1");
    o = tst_patches_still(7);
    tst_fails(csk_patches_new(&p, 1, &a, NULL, &o), CSK_ERR_ARG, "patch");
    o = tst_patches_still(8);
    a.data[33] = NAN;
    tst_fails(csk_patches_new(&p, 1, &a, NULL, &o), CSK_ERR_NUMERIC,
              "float 33 of file 0 is nan");
    csk_zero(400, a.data);
    tst_fails(csk_patches_new(&p, 1, &a, NULL, &o), CSK_ERR_NUMERIC,
              "file 0 is zero everywhere");
    ck_assert_ptr_null(p);
    csk_array_clear(&a), csk_array_clear(&small);
}
END_TEST

static const csk_array *the_image;

static csk_status make_and_drop(void)
{
    csk_patches *p;
    const csk_status err = csk_patches_new(&p, 1, the_image, NULL, NULL);

    if (!err)
        csk_patches_free(p);
    return err;
}

START_TEST(survives_out_of_memory)
{
    csk_array a = tst_patches_image(8, 8, tst_patches_one);

    the_image = &a;
    tst_out_of_memory(make_and_drop);
    csk_array_clear(&a);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("patches");
    TCase *t = tcase_create("core");

    tcase_add_test(t, whole_image_is_itself);
    tcase_add_test(t, magnified_plane);
    tcase_add_test(t, axes_differ_by_the_aspect);
    tcase_add_test(t, nothing_is_aliased);
    tcase_add_test(t, sinc_keeps_the_band);
    tcase_add_test(t, edge_of_k_space_gains_and_loses);
    tcase_add_test(t, rings_through_zero_with_a_phase);
    tcase_add_test(t, mirrors_and_transposes);
    tcase_add_test(t, intensity_and_gamma);
    tcase_add_test(t, shares_of_the_files);
    tcase_add_test(t, empty_windows_are_rare);
    tcase_add_test(t, units_and_scale);
    tcase_add_test(t, a_patch_is_its_number);
    tcase_add_test(t, small_images);
    tcase_add_test(t, complex_images);
    tcase_add_test(t, refuses);
    tcase_add_test(t, survives_out_of_memory);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
