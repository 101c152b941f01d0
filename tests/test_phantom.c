/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/vec.h"
#include "datasets/phantom.h"
#include "tests/support/tst.h"

#include <math.h>
#include <stdlib.h>

static const double pi = 3.14159265358979323846;

static double sum(const csk_array *a)
{
    double s = 0.;

    for (int64_t i = 0; i < csk_space_len(&a->space); i++)
        s += a->data[i];
    return s;
}

/* The integral of a sum of ellipses is known: sum value pi a b. */
START_TEST(shepp_logan_has_its_integral)
{
    const csk_space s = csk_space_make(CSK_REAL, 2, (int64_t[]){ 192, 256 });
    const double want = pi * (1. * .69 * .92 - .8 * .6624 * .874 - .2 * .11 * .31 -
                              .2 * .16 * .41 + .1 * .21 * .25 + .2 * .046 * .046 +
                              .1 * .046 * .023 + .1 * .023 * .023 + .1 * .023 * .046);
    csk_array a = { .data = NULL };

    tst_ok(csk_phantom_shepp_logan(&a, &s));
    ck_assert_double_eq_tol(sum(&a) * 4. / (192. * 192.), want, 2e-4);
    csk_array_clear(&a);
}
END_TEST

START_TEST(shepp_logan_3d_has_its_integral)
{
    const csk_space s = csk_space_make(CSK_REAL, 3, (int64_t[]){ 48, 48, 48 });
    csk_array a = { .data = NULL };
    const double want =
        4. / 3. * pi *
        (1. * .69 * .92 * .81 - .8 * .6624 * .874 * .78 - .2 * .11 * .31 * .22 -
         .2 * .16 * .41 * .28 + .1 * .21 * .25 * .41 + .2 * .046 * .046 * .05 +
         .1 * .046 * .023 * .05 + .1 * .023 * .023 * .02 + .1 * .023 * .046 * .02);

    tst_ok(csk_phantom_shepp_logan(&a, &s));
    ck_assert_double_eq_tol(sum(&a) * 8. / (48. * 48. * 48.), want, 1e-3 * want);
    csk_array_clear(&a);
}
END_TEST

/* The skull is 1, the brain .2, the outside 0; the two dark ventricles 0. */
START_TEST(shepp_logan_stands_upright)
{
    const csk_space s = csk_space_make(CSK_REAL, 2, (int64_t[]){ 200, 200 });
    csk_array a = { .data = NULL };

    tst_ok(csk_phantom_shepp_logan(&a, &s));
    ck_assert_float_eq(a.data[0], 0.f);
    ck_assert_float_eq_tol(a.data[150 * 200 + 130], .2f, 1e-6f);
    ck_assert_float_eq_tol(a.data[9 * 200 + 100], 1.f, 1e-6f); /* top of the skull */
    ck_assert_float_eq_tol(a.data[65 * 200 + 100], .3f,
                           1e-6f); /* y = .35: above centre */
    ck_assert_float_eq_tol(a.data[100 * 200 + 122], .0f, 1e-6f); /* x = .22 */
    csk_array_clear(&a);
}
END_TEST

START_TEST(disk_has_its_area_and_is_symmetric)
{
    const csk_space s = csk_space_make(CSK_REAL, 2, (int64_t[]){ 61, 61 });
    csk_array a = { .data = NULL };

    tst_ok(csk_phantom_disk(&a, &s, .8));
    ck_assert_double_eq_tol(sum(&a), pi * .64 / 4. * 61. * 61., 2.);
    for (int64_t i = 0; i < 61 * 61; i++)
        ck_assert_float_eq(a.data[i], a.data[61 * 61 - 1 - i]);
    csk_array_clear(&a);
}
END_TEST

START_TEST(sparse_has_the_number_asked_for)
{
    const int64_t n = 200;
    const csk_space s = csk_space_make(CSK_COMPLEX, 1, &n);

    for (int64_t k = 1; k <= n; k += 199 / 3) {
        csk_array a = { .data = NULL }, b = a, c = a;
        int64_t count = 0;

        tst_ok(csk_phantom_sparse(&a, &s, k, 5));
        tst_ok(csk_phantom_sparse(&b, &s, k, 5));
        tst_ok(csk_phantom_sparse(&c, &s, k, 6));
        for (int64_t i = 0; i < n; i++)
            count += a.data[2 * i] != 0.f && a.data[2 * i + 1] != 0.f;
        ck_assert_int_eq(count, k);
        ck_assert_mem_eq(a.data, b.data, (size_t)(2 * n) * sizeof(float));
        ck_assert_double_gt(tst_distance(2 * n, a.data, c.data), 0.);
        csk_array_clear(&a);
        csk_array_clear(&b);
        csk_array_clear(&c);
    }
}
END_TEST

/* 4000 draws of 1 in 8: each place 500 times, standard deviation 21; 6 of those. */
START_TEST(sparse_favours_no_place)
{
    const int64_t n = 8;
    const csk_space s = csk_space_make(CSK_REAL, 1, &n);
    int count[8] = { 0 };

    for (uint64_t seed = 0; seed < 2000; seed++) {
        csk_array a = { .data = NULL };
        tst_ok(csk_phantom_sparse(&a, &s, 2, seed));
        for (int i = 0; i < 8; i++)
            count[i] += a.data[i] != 0.f;
        csk_array_clear(&a);
    }
    for (int i = 0; i < 8; i++)
        ck_assert_int_le(abs(count[i] - 500), 126);
}
END_TEST

START_TEST(gaussian_has_unit_columns)
{
    for (int f = CSK_REAL; f <= CSK_COMPLEX; f++) {
        const csk_space s = csk_space_make((csk_field)f, 2, (int64_t[]){ 200, 300 });
        csk_array a = { .data = NULL };

        tst_ok(csk_phantom_gaussian(&a, &s, 3));
        const double squares = csk_dot(csk_space_len(&s), a.data, a.data);
        ck_assert_double_eq_tol(squares / 300., 1., .03); /* 5 standard deviations */
        csk_array_clear(&a);
    }
}
END_TEST

START_TEST(refuses_nonsense)
{
    const csk_space line = csk_space_make(CSK_REAL, 1, (int64_t[]){ 8 });
    const csk_space four = csk_space_make(CSK_REAL, 4, (int64_t[]){ 2, 2, 2, 2 });
    csk_array a = { .data = NULL };

    ck_assert_int_eq(csk_phantom_shepp_logan(&a, &line), CSK_ERR_ARG);
    ck_assert_int_eq(csk_phantom_shepp_logan(&a, &four), CSK_ERR_ARG);
    ck_assert_int_eq(csk_phantom_disk(&a, &line, 0.), CSK_ERR_ARG);
    ck_assert_int_eq(csk_phantom_sparse(&a, &line, 0, 1), CSK_ERR_ARG);
    ck_assert_int_eq(csk_phantom_sparse(&a, &line, 9, 1), CSK_ERR_ARG);
    ck_assert_int_eq(csk_phantom_gaussian(&a, &line, 1), CSK_ERR_ARG);
    ck_assert_ptr_null(a.data);
}
END_TEST

static csk_status everything(void)
{
    const csk_space s = csk_space_make(CSK_REAL, 2, (int64_t[]){ 8, 8 });
    csk_array a = { .data = NULL }, b = a, c = a;
    csk_status err = csk_phantom_shepp_logan(&a, &s);

    if (!err)
        err = csk_phantom_sparse(&b, &s, 3, 1);
    if (!err)
        err = csk_phantom_gaussian(&c, &s, 1);
    csk_array_clear(&a);
    csk_array_clear(&b);
    csk_array_clear(&c);
    return err;
}

START_TEST(lack_of_memory_is_reported)
{
    tst_out_of_memory(everything);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("phantom");
    TCase *t = tcase_create("core");

    tcase_add_test(t, shepp_logan_has_its_integral);
    tcase_add_test(t, shepp_logan_3d_has_its_integral);
    tcase_add_test(t, shepp_logan_stands_upright);
    tcase_add_test(t, disk_has_its_area_and_is_symmetric);
    tcase_add_test(t, sparse_has_the_number_asked_for);
    tcase_add_test(t, sparse_favours_no_place);
    tcase_add_test(t, gaussian_has_unit_columns);
    tcase_add_test(t, refuses_nonsense);
    tcase_add_test(t, lack_of_memory_is_reported);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
