/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Against a Gaussian prior N(0, T^2 I), D = g x_t with g = T^2 / (T^2 + s^2): for an image whose
 * floats all have size c, over N floats,
 *
 *     norm         -> (1 - g) sqrt(c^2 + s^2) / s
 *     correlation  -> -(c^2 - g (c^2 + s^2)) / sqrt(E (x - g x_t)^2  (c^2 + s^2)),
 *     E (x - g x_t)^2 = (1 - g)^2 c^2 + g^2 s^2,
 *
 * with scatter below 1 / sqrt(N) each.
 */
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/mismatch.h"
#include "samplers/prior_gauss.h"
#include "tests/support/tst.h"
#include "tests/support/tst_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 64, N = SIDE * SIDE };
#define T 1.5

static csk_status make_prior(void *user, csk_prior **out, const csk_space *space)
{
    const int64_t n = csk_space_len(space);
    float *variance = csk_alloc(n, sizeof(*variance));

    (void)user;
    if (!variance)
        return CSK_ERR_NOMEM;
    for (int64_t i = 0; i < n; i++)
        variance[i] = (float)(T * T);
    const csk_status err = csk_prior_gauss(out, space, NULL, variance);
    csk_free(variance);
    return err;
}

/* Signs at random, size c; the first @p background rows are zero. */
static csk_array image_of(const csk_space *space, double c, uint64_t seed,
                          int background)
{
    csk_array a = { .data = NULL };
    const int64_t n = csk_space_len(space), row = n / space->dim[0];

    tst_ok(csk_array_init(&a, space));
    csk_rng_normal((csk_rng){ seed, 5, 0 }, n, a.data);
    for (int64_t i = 0; i < n; i++)
        a.data[i] = i < background * row ? 0.f : (float)copysign(c, (double)a.data[i]);
    return a;
}

static double expected_norm(double c, double s)
{
    return s * sqrt(c * c + s * s) / (T * T + s * s);
}

static double expected_correlation(double c, double s)
{
    const double g = T * T / (T * T + s * s);

    return -(c * c - g * (c * c + s * s)) /
           sqrt(((1. - g) * (1. - g) * c * c + g * g * s * s) * (c * c + s * s));
}

/* Matched (c = T: correlation 0), too bright, too dark; real and complex. 24 numbers within five
 * standard deviations: a false alarm at 1e-5, and the seeds are fixed. */
START_TEST(measures_what_the_formula_says)
{
    static const double size[] = { T, 3., .5 };
    static const double sigma[] = { .2, 1. };
    const csk_space space =
        _i % 2 ? (csk_space)TST_COMPLEX(SIDE, SIDE) : (csk_space)TST_REAL(SIDE, SIDE);
    const double c = size[_i / 2], tol = 5. / sqrt((double)csk_space_len(&space));
    csk_array a = image_of(&space, c, 1, 0);
    double norm[2], correlation[2];
    csk_prior *p;

    tst_ok(make_prior(NULL, &p, &space));
    tst_ok(csk_mismatch_measure(norm, correlation, p, 2, sigma, a.data,
                                (csk_rng){ 1, 0, 0 }));
    for (int i = 0; i < 2; i++) {
        ck_assert_double_eq_tol(norm[i], expected_norm(c, sigma[i]), tol);
        ck_assert_double_eq_tol(correlation[i], expected_correlation(c, sigma[i]), tol);
    }
    csk_prior_unref(p);
    csk_array_clear(&a);
}
END_TEST

/* The object alone counts: three quarters of background change nothing but the scatter. */
START_TEST(background_does_not_count)
{
    const csk_space space = TST_REAL(4 * SIDE, SIDE);
    csk_array a = image_of(&space, 3., 2, 3 * SIDE);
    const double sigma = .5;
    double norm, correlation;
    csk_prior *p;

    tst_ok(make_prior(NULL, &p, &space));
    tst_ok(csk_mismatch_measure(&norm, &correlation, p, 1, &sigma, a.data,
                                (csk_rng){ 1, 0, 0 }));
    ck_assert_double_eq_tol(norm, expected_norm(3., sigma), 5. / SIDE);
    ck_assert_double_eq_tol(correlation, expected_correlation(3., sigma), 5. / SIDE);
    csk_zero(csk_space_len(&space), a.data);
    ck_assert_int_eq(csk_mismatch_measure(&norm, &correlation, p, 1, &sigma, a.data,
                                          (csk_rng){ 1, 0, 0 }),
                     CSK_ERR_NUMERIC);
    csk_prior_unref(p);
    csk_array_clear(&a);
}
END_TEST

START_TEST(levels_stay_within_the_prior)
{
    double s[CSK_MISMATCH_LEVELS];

    ck_assert_int_eq(csk_mismatch_levels(s, 0., INFINITY, 2.), 4);
    ck_assert_double_eq_tol(s[0], .1, 1e-12);
    ck_assert_double_eq_tol(s[1], .2, 1e-12);
    ck_assert_double_eq_tol(s[3], .8, 1e-12);
    ck_assert_int_eq(csk_mismatch_levels(s, .1, .1, 1.),
                     1); /* a network of one level */
    ck_assert_double_eq(s[0], .1);
    ck_assert_int_eq(csk_mismatch_levels(s, .004, .1, 1.), 4);
    ck_assert_double_eq(s[3], .1);
    ck_assert_int_eq(csk_mismatch_levels(s, 3., 9., 1.), 1);
    ck_assert_double_eq(s[0], 3.);
    ck_assert_int_eq(csk_mismatch_levels(s, .001, .002, 1.), 1);
    ck_assert_double_eq(s[0], .002);
}
END_TEST

enum { IMAGES = 12 };

/* Images of the prior, of two sizes; one is empty. */
static void held_out(csk_array *a, const csk_array **list)
{
    for (int k = 0; k < IMAGES; k++) {
        const csk_space space = csk_space_make(
            CSK_COMPLEX, 2, (int64_t[]){ k % 2 ? SIDE : SIDE / 2, SIDE });

        tst_ok(csk_array_init(&a[k], &space));
        if (k != 3)
            csk_rng_normal((csk_rng){ (uint64_t)k, 9, 0 }, csk_space_len(&space),
                           a[k].data);
        csk_scale(csk_space_len(&space), T, a[k].data);
        list[k] = &a[k];
    }
}

START_TEST(learns_mean_and_spread)
{
    csk_array a[IMAGES];
    const csk_array *list[IMAGES];
    csk_score_norm s;
    double sum = 0., square = 0.;

    held_out(a, list);
    tst_ok(csk_score_norm_learn(&s, make_prior, NULL, IMAGES, list, .01, .1, 1., 4));
    ck_assert_int_eq(s.images, IMAGES - 1);
    ck_assert_int_eq(s.count, 4);
    for (int k = 0; k < IMAGES; k++) {
        double norm[CSK_MISMATCH_LEVELS], correlation[CSK_MISMATCH_LEVELS];
        csk_prior *p;

        if (k == 3)
            continue;
        tst_ok(make_prior(NULL, &p, &a[k].space));
        tst_ok(csk_mismatch_measure(norm, correlation, p, s.count, s.sigma, a[k].data,
                                    (csk_rng){ 4, (uint32_t)(8 * k), 0 }));
        sum += correlation[2];
        square += correlation[2] * correlation[2];
        csk_prior_unref(p);
    }
    const double n = IMAGES - 1, mean = sum / n;
    ck_assert_double_eq_tol(s.correlation[2], mean, 1e-12);
    ck_assert_double_eq_tol(s.correlation_std[2],
                            sqrt((square - n * mean * mean) / (n - 1.)), 1e-9);
    ck_assert_int_eq(
        csk_score_norm_learn(&s, make_prior, NULL, 1, list, .01, .1, 1., 4),
        CSK_ERR_ARG);
    for (int k = 0; k < IMAGES; k++)
        csk_array_clear(&a[k]);
}
END_TEST

/* Images of the prior pass, images three times as large or as small do not. */
START_TEST(tells_likes_from_others)
{
    static const double factor[] = { 1., 3., 1. / 3. };
    const csk_space space = TST_COMPLEX(SIDE, SIDE);
    csk_array a[IMAGES];
    const csk_array *list[IMAGES];
    csk_score_norm s;
    csk_mismatch m;
    csk_prior *p;

    held_out(a, list);
    tst_ok(csk_score_norm_learn(&s, make_prior, NULL, IMAGES, list, .5, 1., 1., 4));
    float *x = tst_normal(2 * 2 * N, 77, 0);
    csk_scale(2 * 2 * N, T * factor[_i], x);
    tst_ok(make_prior(NULL, &p, &space));
    tst_ok(csk_mismatch_check(&m, &s, p, 2, x, (csk_rng){ 8, 0, 0 }));
    ck_assert_int_eq(m.deviation > CSK_MISMATCH_WARN, _i > 0);
    ck_assert_int_eq(m.expected.count, s.count);
    csk_prior_unref(p);
    csk_free(x);
    for (int k = 0; k < IMAGES; k++)
        csk_array_clear(&a[k]);
}
END_TEST

START_TEST(comes_back_from_a_card)
{
    const csk_score_norm s = { .count = 2,
                               .images = 40,
                               .sigma = { .1, 1. / 3. },
                               .mean = { .9, 1. },
                               .std = { 1e-3, 0. },
                               .correlation = { -1e-17, .5 },
                               .correlation_std = { 2., 1e-300 } };
    csk_score_norm back;
    char *text, *card;

    tst_ok(csk_score_norm_text(&text, &s));
    card = malloc(strlen(text) + 100);
    ck_assert_ptr_nonnull(card);
    (void)snprintf(card, strlen(text) + 100, "{\"score_norm\": %s}", text);
    tst_ok(csk_score_norm_parse(&back, card, "card"));
    ck_assert_int_eq(back.count, 2);
    ck_assert_int_eq(back.images, 40);
    ck_assert_mem_eq(back.sigma, s.sigma, sizeof(s.sigma));
    ck_assert_mem_eq(back.mean, s.mean, sizeof(s.mean));
    ck_assert_mem_eq(back.std, s.std, sizeof(s.std));
    ck_assert_mem_eq(back.correlation, s.correlation, sizeof(s.correlation));
    ck_assert_mem_eq(back.correlation_std, s.correlation_std,
                     sizeof(s.correlation_std));
    tst_ok(csk_score_norm_parse(&back, "{\"score_norm\": null}", "card"));
    ck_assert_int_eq(back.count, 0);
    tst_ok(csk_score_norm_parse(&back, "{\"score_norm\": {\"mean\": [1]}}", "card"));
    ck_assert_int_eq(back.count, 0);
    tst_fails(
        csk_score_norm_parse(&back, "{\"score_norm\": {\"correlation\": 3}}", "card"),
        CSK_ERR_FORMAT, "card: \"images\" is missing");
    csk_free(text);
    free(card);
}
END_TEST

typedef struct job {
    const csk_prior *p;
    const float *x;
} job;

static csk_status measure(void *user, void *out)
{
    static const double sigma[] = { .1, .4 };
    const job *j = user;
    double *v = out;

    return csk_mismatch_measure(v, v + 2, j->p, 2, sigma, j->x, (csk_rng){ 1, 0, 0 });
}

START_TEST(threads_change_no_bit)
{
    const csk_space space = TST_COMPLEX(200, 300);
    float *x = tst_normal(csk_space_len(&space), 1, 1);
    csk_prior *p;

    tst_ok(make_prior(NULL, &p, &space));
    tst_same_bits(4 * sizeof(double), measure, &(job){ p, x });
    csk_prior_unref(p);
    csk_free(x);
}
END_TEST

static csk_status learn_a_little(void)
{
    static float data[2][64];
    const csk_space space = TST_REAL(8, 8);
    csk_array a[2] = { { space, data[0] }, { space, data[1] } };
    const csk_array *list[] = { &a[0], &a[1] };
    csk_score_norm s;
    csk_mismatch m;
    csk_prior *p = NULL;
    char *text = NULL;

    for (int i = 0; i < 64; i++)
        data[0][i] = data[1][i] = (float)(i % 3);
    csk_status err =
        csk_score_norm_learn(&s, make_prior, NULL, 2, list, .01, .1, 1., 1);
    if (!err)
        err = make_prior(NULL, &p, &space);
    if (!err)
        err = csk_mismatch_check(&m, &s, p, 1, data[0], (csk_rng){ 1, 0, 0 });
    if (!err)
        err = csk_score_norm_text(&text, &s);
    csk_free(text);
    csk_prior_unref(p);
    return err;
}

START_TEST(survives_a_full_heap)
{
    tst_out_of_memory(learn_a_little);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("mismatch");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, measures_what_the_formula_says, 0, 6);
    tcase_add_test(t, background_does_not_count);
    tcase_add_test(t, levels_stay_within_the_prior);
    tcase_add_test(t, learns_mean_and_spread);
    tcase_add_loop_test(t, tells_likes_from_others, 0, 3);
    tcase_add_test(t, comes_back_from_a_card);
    tcase_add_test(t, threads_change_no_bit);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
