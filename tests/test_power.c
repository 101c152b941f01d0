/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/linop_impl.h"
#include "cs/power.h"
#include "tests/support/dense.h"
#include "tests/support/tst.h"

#include <math.h>

/* |1 + c e^{i w}| is largest at w = 0: the norm is 1 + |c|, with a cluster below it. */
START_TEST(finds_a_known_norm_from_below)
{
    csk_linop *A;
    double norm = 0.;

    tst_ok(tst_two_taps(&A, _i ? CSK_COMPLEX : CSK_REAL, 32, .5f,
                        _i ? TST_NORMAL : TST_PLAIN));
    tst_ok(csk_power_norm(&norm, A, 1e-7, 2000, 1));
    ck_assert_double_le(norm, 1.5 * (1. + 1e-6));
    ck_assert_double_ge(norm, 1.5 * (1. - 1e-4));

    double again = 0., other = 0.;
    tst_ok(csk_power_norm(&again, A, 1e-2, 5, 7));
    tst_ok(csk_power_norm(&other, A, 1e-2, 5, 7));
    ck_assert_double_eq(again, other);
    ck_assert_double_lt(again, norm);
    csk_linop_unref(A);
}
END_TEST

START_TEST(zero_operator_has_norm_zero)
{
    const float a[6] = { 0.f };
    csk_linop *A;
    double norm = -1.;

    tst_ok(tst_dense(&A, CSK_REAL, 3, 2, a, TST_PLAIN));
    tst_ok(csk_power_norm(&norm, A, 1e-3, 100, 1));
    ck_assert_double_eq(norm, 0.);
    csk_linop_unref(A);
}
END_TEST

START_TEST(bound_falls_back_on_the_estimate)
{
    csk_linop *A = tst_gaussian(CSK_COMPLEX, 20, 30, 2, TST_PLAIN);
    double known = 0., estimate = 0.;

    tst_ok(csk_power_bound(&known, A));
    ck_assert_double_eq(known, csk_linop_norm_bound(A));
    A->norm_bound = INFINITY;
    tst_ok(csk_power_bound(&estimate, A));
    ck_assert_double_ge(estimate, known);
    ck_assert_double_le(estimate, 1.03 * known);
    csk_linop_unref(A);
}
END_TEST

START_TEST(reports_bad_operators_and_arguments)
{
    const float a[4] = { 1.f, NAN, 0.f, 1.f };
    double norm = -1.;
    csk_linop *A;

    tst_ok(tst_dense(&A, CSK_REAL, 2, 2, a, TST_PLAIN));
    A->norm_bound = INFINITY;
    ck_assert_int_eq(csk_power_norm(&norm, A, 1e-3, 10, 1), CSK_ERR_NUMERIC);
    ck_assert_str_eq(csk_error_message(),
                     "power iteration: dense gives what is not finite");
    ck_assert_int_eq(csk_power_bound(&norm, A), CSK_ERR_NUMERIC);
    ck_assert_int_eq(csk_power_norm(&norm, A, NAN, 10, 1), CSK_ERR_ARG);
    ck_assert_int_eq(csk_power_norm(&norm, A, 1e-3, 0, 1), CSK_ERR_ARG);
    ck_assert_double_eq(norm, -1.);
    csk_linop_unref(A);
}
END_TEST

static csk_status run(void)
{
    csk_linop *A = NULL;
    double norm;
    csk_status err = tst_two_taps(&A, CSK_REAL, 40, .5f, TST_PLAIN);

    if (!err)
        err = csk_power_norm(&norm, A, 1e-3, 10, 1);
    csk_linop_unref(A);
    return err;
}

START_TEST(survives_out_of_memory)
{
    tst_out_of_memory(run);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("power");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, finds_a_known_norm_from_below, 0, 2);
    tcase_add_test(t, zero_operator_has_norm_zero);
    tcase_add_test(t, bound_falls_back_on_the_estimate);
    tcase_add_test(t, reports_bad_operators_and_arguments);
    tcase_add_test(t, survives_out_of_memory);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
