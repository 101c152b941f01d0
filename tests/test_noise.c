/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/format.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "operators/coil.h"
#include "operators/fft.h"
#include "operators/mask.h"
#include "operators/noise.h"
#include "tests/support/tst.h"

#include <math.h>
#include <stdio.h>

/* A head of ellipses, largest value 1, with texture inside so that k-space has no holes. */
static csk_array head(int64_t n)
{
    static const double ellipse[][5] = { /* value, half axes y x, centre y x */
                                         { 1., .85, .7, 0., 0. },
                                         { -.5, .8, .64, 0., 0. },
                                         { .3, .3, .2, -.2, .25 },
                                         { .2, .2, .3, .35, -.1 },
                                         { -.4, .15, .1, 0., -.3 }
    };
    const csk_space space = TST_COMPLEX(n, n);
    csk_array a;
    float *texture = tst_normal(n * n, 11, 0);

    tst_ok(csk_array_init(&a, &space));
    for (int64_t i = 0; i < n * n; i++) {
        const double y = 2. * (double)(i / n - n / 2) / (double)n;
        const double x = 2. * (double)(i % n - n / 2) / (double)n;

        for (size_t k = 0; k < sizeof(ellipse) / sizeof(ellipse[0]); k++) {
            const double *e = ellipse[k];
            if (pow((y - e[3]) / e[1], 2.) + pow((x - e[4]) / e[2], 2.) < 1.)
                a.data[2 * i] += (float)e[0];
        }
        if (a.data[2 * i] > 0.f)
            a.data[2 * i] += .05f * texture[i];
    }
    tst_ok(csk_smooth_phase(&a, 3));
    csk_free(texture);
    return a;
}

/* Multi-coil k-space of the image, sampled, with noise of strength eta. */
static csk_array scan(const csk_array *image, int coils, const csk_mask_opts *opts,
                      double eta, uint64_t seed)
{
    const int64_t n = csk_space_size(&image->space);
    csk_array maps = { .data = NULL }, k;
    uint8_t *mask = csk_alloc(n, 1);
    csk_linop *F;

    tst_ok(csk_coil_maps(&maps, &image->space, coils));
    tst_ok(csk_array_init(&k, &maps.space));
    tst_ok(csk_mask_make(mask, &image->space, opts, 1));
    tst_ok(csk_linop_fft(&F, &maps.space, 6u));
    for (int64_t i = 0; i < coils * n; i++) {
        float *s = maps.data + 2 * i;
        const float *z = image->data + 2 * (i % n);
        const float re = s[0] * z[0] - s[1] * z[1];

        s[1] = s[0] * z[1] + s[1] * z[0];
        s[0] = re;
    }
    float *work = csk_alloc(csk_linop_work_len(F), sizeof(*work));
    float *noise = tst_normal(2 * coils * n, seed, 0);
    csk_linop_apply(F, k.data, maps.data, work);
    for (int64_t i = 0; i < 2 * coils * n; i++)
        k.data[i] = mask[i / 2 % n] ? k.data[i] + (float)eta * noise[i] : 0.f;
    csk_linop_unref(F);
    csk_array_clear(&maps);
    csk_free(mask), csk_free(work), csk_free(noise);
    return k;
}

/* Relative error allowed for each case; the estimates themselves scatter by 1 % to 5 %. */
static const struct {
    double eta, error;
    int64_t n;
    csk_mask_opts mask;
    int coils;
    bool null;
} cases[] = {
    { .003, .05, 80, { CSK_MASK_POISSON, 4., 20 }, 8, true },
    { .01, .05, 64, { CSK_MASK_GAUSSIAN1D, 3., 16 }, 4, true },
    { .01, .12, 72, { CSK_MASK_POISSON, 3., 24 }, 1, true },
    { .5, .05, 64, { CSK_MASK_RANDOM, 2., 0 }, 4, false },
    { .01, .05, 64, { CSK_MASK_RANDOM, 4., 16 }, 20, true },
    /* blocks larger than the 24x24 that are looked at */
    { .01, .05, 96, { CSK_MASK_POISSON, 2., 48 }, 4, true },
    { .003, .05, 96, { CSK_MASK_GAUSSIAN1D, 2., 40 }, 6, true },
};

START_TEST(finds_the_noise_it_was_given)
{
    csk_array image = head(cases[_i].n);
    csk_array k = scan(&image, cases[_i].coils, &cases[_i].mask, cases[_i].eta, 5);
    const char *method = NULL;
    double eta = 0.;

    tst_ok(csk_noise_estimate(&eta, &method, &k));
    ck_assert_double_eq_tol(eta / cases[_i].eta, 1., cases[_i].error);
    ck_assert_str_eq(method, cases[_i].null ? "null space of a fully sampled block"
                                            : "outer k-space");
    csk_array_clear(&image), csk_array_clear(&k);
}
END_TEST

/* Nothing but noise; without coil axis; volumes; rows. The same bits on any threads. */
START_TEST(finds_pure_noise)
{
    const csk_space spaces[] = { TST_COMPLEX(24, 20), TST_COMPLEX(3, 18, 20),
                                 TST_COMPLEX(900), TST_COMPLEX(1, 1, 60) };

    for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
        csk_array k = { .space = spaces[i],
                        .data = tst_normal(csk_space_len(&spaces[i]), 3, 0) };
        double eta = 0., again = 0.;

        tst_set_threads(1);
        tst_ok(csk_noise_estimate(&eta, NULL, &k));
        ck_assert_double_eq_tol(eta, 1., i == 3 ? .25 : .1);
        if (i > 0) {
            csk_array_clear(&k);
            continue;
        }
        tst_set_threads(7);
        tst_ok(csk_noise_estimate(&again, NULL, &k));
        ck_assert_double_eq(eta, again);
        for (int64_t j = 0; j < csk_space_len(&spaces[i]); j++)
            k.data[j] *= 1024.f;
        tst_ok(csk_noise_estimate(&again, NULL, &k));
        ck_assert_double_eq_tol(again / 1024., eta, 1e-9);
        csk_array_clear(&k);
    }
}
END_TEST

/* Signal everywhere and no null space: the bound from the outer samples, not zero or NaN. */
START_TEST(falls_back_without_a_null_space)
{
    const csk_space space = TST_COMPLEX(24, 24);
    csk_array k;
    double eta = 0.;

    tst_ok(csk_array_init(&k, &space));
    csk_rng_normal((csk_rng){ .seed = 2 }, 2 * 576, k.data);
    for (int64_t i = 0; i < 2 * 576; i++) {
        const double y = (double)(i / 2 / 24 - 12), x = (double)(i / 2 % 24 - 12);
        k.data[i] *= (float)exp(-.4 * hypot(y, x));
    }
    tst_ok(csk_noise_estimate(&eta, NULL, &k));
    ck_assert(isfinite(eta) && eta >= 0.);
    csk_array_clear(&k);
}
END_TEST

START_TEST(real_data_is_sane)
{
    static const struct {
        const char *path;
        double low, high;
    } files[] = {
        { TST_DATA "/kspace/larson_knee_coronal_fs_1ch_ksp.cfl", 8e-4, 1.3e-3 },
        { TST_DATA "/kspace/sigpy_brain_t1_8ch_poisson_ksp.cfl", 5e-3, 3e-2 },
    };
    csk_array k = { .data = NULL };
    double eta = 0.;

    if (csk_read(&k, files[_i].path)) {
        (void)printf("skipped, as it cannot be read: %s\n", files[_i].path);
        return;
    }
    tst_ok(csk_noise_estimate(&eta, NULL, &k));
    ck_assert_double_ge(eta, files[_i].low);
    ck_assert_double_le(eta, files[_i].high);
    csk_array_clear(&k);
}
END_TEST

START_TEST(refuses_what_has_no_noise)
{
    const csk_space space = TST_COMPLEX(8, 8), real = TST_REAL(8, 8);
    csk_array k, r;
    double eta = 7.;

    tst_ok(csk_array_init(&k, &space));
    tst_ok(csk_array_init(&r, &real));
    ck_assert_int_eq(csk_noise_estimate(&eta, NULL, &k), CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(), "noise: all of k-space is zero");
    ck_assert_int_eq(csk_noise_estimate(&eta, NULL, &r), CSK_ERR_ARG);
    k.data[21] = NAN;
    ck_assert_int_eq(csk_noise_estimate(&eta, NULL, &k), CSK_ERR_NUMERIC);
    ck_assert_str_eq(csk_error_message(), "noise: sample 10 of k-space is not finite");
    k.data[21] = 1.f;
    k.space.axis[1] = CSK_AXIS_COIL;
    ck_assert_int_eq(csk_noise_estimate(&eta, NULL, &k), CSK_ERR_SHAPE);
    k.space.dim[0] = 0;
    ck_assert_int_eq(csk_noise_estimate(&eta, NULL, &k), CSK_ERR_ARG);
    ck_assert_double_eq(eta, 7.);
    csk_array_clear(&k), csk_array_clear(&r);
}
END_TEST

static csk_status build(void)
{
    const csk_space space = TST_COMPLEX(14, 14);
    csk_array k;
    double eta;
    csk_status err = csk_array_init(&k, &space);

    if (!err) {
        csk_rng_normal((csk_rng){ .seed = 2 }, 2 * 196, k.data);
        err = csk_noise_estimate(&eta, NULL, &k);
    }
    csk_array_clear(&k);
    return err;
}

START_TEST(survives_a_full_heap)
{
    tst_out_of_memory(build);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("noise");
    TCase *t = tcase_create("core");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, finds_the_noise_it_was_given, 0,
                        sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(t, finds_pure_noise);
    tcase_add_test(t, falls_back_without_a_null_space);
    tcase_add_loop_test(t, real_data_is_sane, 0, 2);
    tcase_add_test(t, refuses_what_has_no_noise);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
