/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/summary.h"
#include "tests/support/tst.h"

#include <math.h>

/* 19 samples: positions .05 * 20 = 1 and .95 * 20 = 19 are the smallest and the largest. */
START_TEST(matches_sorted_samples)
{
    enum { N = 19, PIXELS = 5 };
    const csk_space space = csk_space_make(CSK_REAL, 1, &(int64_t){ PIXELS });
    csk_array mean = { 0 }, sd = { 0 }, low = { 0 }, high = { 0 }, same = { 0 };
    csk_summary *s;

    tst_ok(csk_summary_new(&s, &space, N, .05));
    for (int k = 0; k < N; k++) {
        float x[PIXELS];
        for (int i = 0; i < PIXELS; i++)
            x[i] = (float)((k * 7) % N) * (float)(i + 1) -
                   3.f; /* a permutation of 0..18 */
        tst_ok(csk_summary_add(s, x));
    }
    ck_assert_int_eq(csk_summary_count(s), N);
    tst_ok(csk_summary_mean(s, &mean));
    tst_ok(csk_summary_magnitude(s, &same));
    tst_ok(csk_summary_std(s, &sd));
    tst_ok(csk_summary_quantiles(s, &low, &high));
    for (int i = 0; i < PIXELS; i++) {
        const double unit = i + 1;
        ck_assert_double_eq_tol(mean.data[i], 9. * unit - 3., 1e-5);
        ck_assert_float_eq(same.data[i], mean.data[i]); /* real: no modulus is taken */
        /* sum over k of (k - 9)^2 is 570 */
        ck_assert_double_eq_tol(sd.data[i], unit * sqrt(570. / 18.), 1e-5);
        ck_assert_double_eq_tol(low.data[i], -3., 1e-5);
        ck_assert_double_eq_tol(high.data[i], 18. * unit - 3., 1e-4);
    }
    float x[PIXELS] = { 0 };
    ck_assert_int_eq(csk_summary_add(s, x), CSK_ERR_ARG);
    csk_array_clear(&mean), csk_array_clear(&sd), csk_array_clear(&same);
    csk_array_clear(&low), csk_array_clear(&high);
    csk_summary_free(s);
}
END_TEST

/* Between positions: 9 samples, tail .25: position 2.5, half way from the 2nd to the 3rd. */
START_TEST(interpolates_between_samples)
{
    const csk_space space = csk_space_make(CSK_REAL, 1, &(int64_t){ 1 });
    csk_array low = { 0 }, high = { 0 };
    csk_summary *s;

    tst_ok(csk_summary_new(&s, &space, 9, .25));
    for (int k = 8; k >= 0; k--)
        tst_ok(csk_summary_add(s, &(float){ (float)(k * k) }));
    tst_ok(csk_summary_quantiles(s, &low, &high));
    ck_assert_double_eq_tol(low.data[0], 2.5, 1e-6);   /* 1 and 4 */
    ck_assert_double_eq_tol(high.data[0], 42.5, 1e-6); /* 49 and 36 */
    csk_array_clear(&low), csk_array_clear(&high);
    csk_summary_free(s);
}
END_TEST

/* Opposite complex samples cancel in the mean, and do not in the mean magnitude. */
START_TEST(magnitude_does_not_cancel)
{
    const csk_space space = csk_space_make(CSK_COMPLEX, 1, &(int64_t){ 2 });
    csk_array mean = { 0 }, magnitude = { 0 };
    csk_summary *s;

    tst_ok(csk_summary_new(&s, &space, 2, .05));
    tst_ok(csk_summary_add(s, (float[]){ 3.f, 4.f, 0.f, 1.f }));
    tst_ok(csk_summary_add(s, (float[]){ -3.f, -4.f, 0.f, 3.f }));
    tst_ok(csk_summary_mean(s, &mean));
    tst_ok(csk_summary_magnitude(s, &magnitude));
    ck_assert_int_eq(magnitude.space.field, CSK_REAL);
    ck_assert_float_eq(mean.data[0], 0.f);
    ck_assert_float_eq(mean.data[1], 0.f);
    ck_assert_float_eq(magnitude.data[0], 5.f);
    ck_assert_float_eq(magnitude.data[1], 2.f);
    csk_array_clear(&mean), csk_array_clear(&magnitude);
    csk_summary_free(s);
}
END_TEST

/* P(new draw inside the extremes of 16) = 15/17; checked over many pixels. */
START_TEST(holds_what_it_promises)
{
    enum { N = 16, PIXELS = 40000 };
    const csk_space space = csk_space_make(CSK_COMPLEX, 1, &(int64_t){ PIXELS });
    csk_array low = { 0 }, high = { 0 };
    csk_summary *s;
    int inside = 0;

    tst_ok(csk_summary_new(&s, &space, N, .05));
    for (uint32_t k = 0; k < N; k++) {
        float *x = tst_normal(2 * PIXELS, 3, k);
        tst_ok(csk_summary_add(s, x));
        csk_free(x);
    }
    tst_ok(csk_summary_quantiles(s, &low, &high));
    float *x = tst_normal(2 * PIXELS, 3, N), *v = csk_alloc(PIXELS, sizeof(*v));
    csk_modulus(PIXELS, 2, x, v);
    for (int i = 0; i < PIXELS; i++)
        inside += v[i] >= low.data[i] && v[i] <= high.data[i];
    /* five standard errors: a false alarm once in a million */
    const double p = 15. / 17.;
    ck_assert_double_eq_tol(inside / (double)PIXELS, p,
                            5. * sqrt(p * (1. - p) / PIXELS));
    csk_free(x), csk_free(v);
    csk_array_clear(&low), csk_array_clear(&high);
    csk_summary_free(s);
}
END_TEST

START_TEST(refuses_bad_arguments)
{
    const csk_space space = csk_space_make(CSK_REAL, 1, &(int64_t){ 3 });
    csk_array out = { 0 }, other = { 0 };
    csk_summary *s = NULL;

    ck_assert_int_eq(csk_summary_new(&s, &space, 0, .05), CSK_ERR_ARG);
    ck_assert_int_eq(csk_summary_new(&s, &space, 4, .5), CSK_ERR_ARG);
    ck_assert_int_eq(csk_summary_new(&s, &space, 4, 0.), CSK_ERR_ARG);
    ck_assert_ptr_null(s);
    tst_ok(csk_summary_new(&s, &space, 4, .1));
    ck_assert_int_eq(csk_summary_mean(s, &out), CSK_ERR_ARG);
    ck_assert_int_eq(csk_summary_magnitude(s, &out), CSK_ERR_ARG);
    ck_assert_int_eq(csk_summary_quantiles(s, &out, &other), CSK_ERR_ARG);
    ck_assert_ptr_null(out.data);
    csk_summary_free(s);
    csk_summary_free(NULL);
}
END_TEST

static csk_status build(void)
{
    const csk_space space = csk_space_make(CSK_REAL, 1, &(int64_t){ 3 });
    csk_array low = { 0 }, high = { 0 };
    csk_summary *s;
    csk_status err = csk_summary_new(&s, &space, 4, .1);

    if (err)
        return err;
    err = csk_summary_add(s, (float[]){ 1.f, 2.f, 3.f });
    if (!err)
        err = csk_summary_quantiles(s, &low, &high);
    csk_array_clear(&low);
    csk_array_clear(&high);
    csk_summary_free(s);
    return err;
}

START_TEST(survives_a_full_heap)
{
    tst_out_of_memory(build);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("summary");
    TCase *t = tcase_create("core");

    tcase_add_test(t, matches_sorted_samples);
    tcase_add_test(t, interpolates_between_samples);
    tcase_add_test(t, magnitude_does_not_cancel);
    tcase_add_test(t, holds_what_it_promises);
    tcase_add_test(t, refuses_bad_arguments);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
