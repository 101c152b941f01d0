/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of solvers and operators do not reach: order statistics, places of NaN. */
#include "cs/mem.h"
#include "cs/vec.h"
#include "tests/support/tst.h"

#include <math.h>
#include <stdlib.h>

static int rising(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* Values of many kinds: distinct, tied, sorted, falling, infinite. */
static float value(int kind, int64_t i, float normal)
{
    switch (kind) {
    case 0:
        return normal;
    case 1:
        return roundf(2.f * normal);
    case 2:
        return (float)i;
    case 3:
        return -(float)i;
    default:
        return i % 3 ? normal : (i % 2 ? INFINITY : -INFINITY);
    }
}

START_TEST(selection_is_sorting)
{
    static const int64_t sizes[] = { 1, 2, 3, 10, 101 };

    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        const int64_t n = sizes[s];
        float *x = tst_normal(n, 3, (uint32_t)_i), *sorted = csk_alloc(n, sizeof(*x));
        float *y = csk_alloc(n, sizeof(*y));

        for (int64_t i = 0; i < n; i++)
            sorted[i] = x[i] = value(_i, i, x[i]);
        qsort(sorted, (size_t)n, sizeof(*sorted), rising);
        for (int64_t k = 0; k < n; k++) {
            csk_copy(n, x, y);
            ck_assert_float_eq(csk_select(n, y, k), sorted[k]);
            for (int64_t i = 0; i < n; i++)
                ck_assert(i < k ? y[i] <= y[k] : y[i] >= y[k]);
            qsort(y, (size_t)n, sizeof(*y), rising); /* the same numbers */
            for (int64_t i = 0; i < n; i++)
                ck_assert(y[i] == sorted[i]); /* -0 is 0 */
        }
        csk_free(x), csk_free(sorted), csk_free(y);
    }
}
END_TEST

START_TEST(quantiles_lie_between)
{
    float x[4] = { 3.f, 1.f, 10.f, 2.f }, one = 5.f;

    ck_assert_double_eq(csk_quantile(4, x, 0.), 1.);
    ck_assert_double_eq(csk_quantile(4, x, 1.), 10.);
    ck_assert_double_eq(csk_quantile(4, x, .5), 2.5);
    ck_assert_double_eq_tol(csk_quantile(4, x, .9), 3. + .7 * 7., 1e-12);
    ck_assert_double_eq(csk_quantile(1, &one, .3), 5.);
}
END_TEST

START_TEST(not_finite_is_found)
{
    float x[6] = { 0.f, -1.f, 3.f, -4.f, 0.f, 2.f };

    ck_assert_int_eq(csk_first_not_finite(6, x), -1);
    ck_assert_double_eq(csk_max_modulus(3, 2, x), 5.);
    ck_assert_double_eq(csk_max_modulus(6, 1, x), 4.);
    x[5] = NAN;
    ck_assert_int_eq(csk_first_not_finite(6, x), 5);
    ck_assert(isnan(csk_max_modulus(6, 1, x)));
    ck_assert(isnan(csk_max_modulus(3, 2, x)));
    x[2] = -INFINITY;
    ck_assert_int_eq(csk_first_not_finite(6, x), 2);
}
END_TEST

/* b = 0 forgets what was there, which a product would not. */
START_TEST(axpby_forgets)
{
    const float x[2] = { 1.f, 2.f };
    float y[2] = { NAN, INFINITY };

    csk_axpby(2, 3., x, 0., y);
    ck_assert_float_eq(y[0], 3.f);
    ck_assert_float_eq(y[1], 6.f);
    csk_axpby(2, -1., x, 2., y);
    ck_assert_float_eq(y[0], 5.f);
    ck_assert_float_eq(y[1], 10.f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vec");
    TCase *cases = tcase_create("core");

    tcase_add_loop_test(cases, selection_is_sorting, 0, 5);
    tcase_add_test(cases, quantiles_lie_between);
    tcase_add_test(cases, not_finite_is_found);
    tcase_add_test(cases, axpby_forgets);
    suite_add_tcase(suite, cases);
    return tst_main(suite);
}
