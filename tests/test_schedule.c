/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/schedule.h"
#include "tests/support/tst.h"

#include <math.h>

START_TEST(geometric_and_karras_end_where_told)
{
    csk_schedule s;

    tst_ok(csk_schedule_geometric(&s, 5, 16., 1.));
    for (int i = 0; i < 5; i++)
        ck_assert_double_eq_tol(s.level[i], pow(2., 4 - i), 1e-12);
    csk_schedule_clear(&s);
    tst_ok(csk_schedule_geometric(&s, 1, 16., 1.));
    ck_assert_double_eq_tol(s.level[0], 1., 1e-12);
    csk_schedule_clear(&s);

    tst_ok(csk_schedule_karras(&s, 4, 80., .002, 7.));
    ck_assert_double_eq_tol(s.level[0], 80., 1e-9);
    ck_assert_double_eq_tol(s.level[3], .002, 1e-9);
    /* one third of the way in t^(1/7), by hand */
    const double a = pow(80., 1. / 7.), b = pow(.002, 1. / 7.);
    ck_assert_double_eq_tol(s.level[1], pow(a + (b - a) / 3., 7.), 1e-9);
    csk_schedule_clear(&s);
}
END_TEST

/* To the last bit: a prior may be made for no level beyond. */
START_TEST(levels_stay_in_their_range)
{
    for (int k = 0; k < 400; k++) {
        const double lo = .001 + .0001 * k, hi = 1. + .01 * k, rho = 1. + .02 * k;
        csk_schedule s[2];

        tst_ok(csk_schedule_geometric(&s[0], 9, hi, lo));
        tst_ok(csk_schedule_karras(&s[1], 9, hi, lo, rho));
        for (int j = 0; j < 2; j++) {
            ck_assert_double_eq(s[j].level[0], hi);
            ck_assert_double_eq(s[j].level[8], lo);
            for (int i = 1; i < 9; i++)
                ck_assert_double_lt(s[j].level[i], s[j].level[i - 1]);
            csk_schedule_clear(&s[j]);
        }
    }
}
END_TEST

START_TEST(refuses_what_does_not_fall)
{
    csk_schedule s;

    ck_assert_int_eq(csk_schedule_geometric(&s, 0, 2., 1.), CSK_ERR_ARG);
    ck_assert_int_eq(csk_schedule_geometric(&s, 3, 1., 2.), CSK_ERR_ARG);
    ck_assert_int_eq(csk_schedule_geometric(&s, 3, NAN, 1.), CSK_ERR_ARG);
    ck_assert_int_eq(csk_schedule_geometric(&s, 3, 1., 0.), CSK_ERR_ARG);
    ck_assert_int_eq(csk_schedule_karras(&s, 3, 2., 1., 0.), CSK_ERR_ARG);
    ck_assert_ptr_null(s.level);
}
END_TEST

/* The three conditions of Definition D.1, level by level, and that no level is wasted. */
START_TEST(admissible_meets_its_definition)
{
    static const struct {
        double eta, norm, m, d, r_local, alpha, lambda;
    } cases[] = {
        { 1., 1., 4., 8., 1., 1., 10. },
        { .5, .3, 10., 10., 2., 4., 10. },
        { 2., 1., 1., 1., .1, .5, 100. },
        { 5., 2., 20., 50., 0., 10., 5. },
    };
    const int k = _i;
    csk_admissible p = csk_admissible_defaults();
    csk_schedule s;

    p.eta = cases[k].eta, p.norm = cases[k].norm, p.m = cases[k].m, p.d = cases[k].d;
    p.r_local = cases[k].r_local, p.alpha = cases[k].alpha, p.lambda = cases[k].lambda;
    tst_ok(csk_schedule_admissible(&s, &p));
    ck_assert_int_ge(s.count, 2);
    ck_assert_double_eq(s.level[s.count - 1], p.eta);
    ck_assert_double_eq(s.time[0], 0.);
    ck_assert_double_ge(s.level[0], p.lambda * p.norm / p.eps * sqrt(p.d / p.alpha));
    ck_assert_double_lt(s.level[1], p.lambda * p.norm / p.eps * sqrt(p.d / p.alpha));
    for (int i = 0; i + 1 < s.count; i++) {
        const double ratio = s.level[i] / s.level[i + 1];
        const double gamma = ratio * ratio - 1.;
        const double T = s.time[i + 1]; /* spent at the level that is come to */
        const double drift =
            pow(p.norm, 4.) * (T * T * p.m + T * p.r_local * p.r_local);

        ck_assert_double_gt(gamma, 0.);
        ck_assert_double_le(gamma, 1. + 1e-9);
        ck_assert_double_eq_tol(
            T, p.c_time * (p.m * gamma + log(p.lambda / p.eps)) / p.alpha, 1e-6 * T);
        /* the definition has the larger level on the right, the construction the smaller */
        ck_assert_double_le(drift * p.c_close * gamma * gamma, pow(s.level[i], 4.));
        const double more = fmin(1.0001 * gamma, 1.);
        const double T2 = p.c_time * (p.m * more + log(p.lambda / p.eps)) / p.alpha;
        const double drift2 =
            pow(p.norm, 4.) * (T2 * T2 * p.m + T2 * p.r_local * p.r_local);
        ck_assert(more >= 1. - 1e-9 ||
                  drift2 * p.c_close * more * more > pow(s.level[i + 1], 4.));
    }
    csk_schedule_clear(&s);
}
END_TEST

START_TEST(admissible_says_when_it_is_too_long)
{
    csk_admissible p = csk_admissible_defaults();
    csk_schedule s;

    p.eta = 1e-3;
    p.m = 1e4;
    p.max_levels = 50;
    ck_assert_int_eq(csk_schedule_admissible(&s, &p), CSK_ERR_ARG);
    ck_assert_ptr_null(s.level);
    p.eta = 0.;
    ck_assert_int_eq(csk_schedule_admissible(&s, &p), CSK_ERR_ARG);
    p = csk_admissible_defaults();
    p.alpha = NAN;
    ck_assert_int_eq(csk_schedule_admissible(&s, &p), CSK_ERR_ARG);
}
END_TEST

static csk_status build(void)
{
    const csk_admissible p = csk_admissible_defaults();
    csk_schedule s;
    const csk_status err = csk_schedule_admissible(&s, &p);

    csk_schedule_clear(&s);
    return err;
}

START_TEST(survives_a_full_heap)
{
    tst_out_of_memory(build);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("schedule");
    TCase *t = tcase_create("core");

    tcase_add_test(t, geometric_and_karras_end_where_told);
    tcase_add_test(t, levels_stay_in_their_range);
    tcase_add_test(t, refuses_what_does_not_fall);
    tcase_add_loop_test(t, admissible_meets_its_definition, 0, 4);
    tcase_add_test(t, admissible_says_when_it_is_too_long);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
