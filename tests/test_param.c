/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/param.h"
#include "cs/run.h"
#include "tests/support/tst.h"

#include <math.h>
#include <stdbool.h>

typedef struct inner {
    double weight;
} inner;

typedef struct outer {
    bool fast;
    int count, colour;
    double size;
    const char *name;
    inner inner;
} outer;

static const char *const colours[] = { "red", "green", NULL };

/* clang-format off */
static const csk_param inner_params[] = {
    CSK_OPT_REAL(inner, weight, "weight", .5, 0, 1, "W", "of the inner struct"),
    CSK_OPT_END,
};
static const csk_param params[] = {
    CSK_OPT_FLAG(outer, fast, "fast", 1, "a flag"),
    CSK_OPT_INT(outer, count, "count", 3, 1, 10, "N", "a whole number"),
    CSK_OPT_CHOICE(outer, colour, "colour", 1, colours, "a word"),
    CSK_OPT_REAL(outer, size, "size", 2.5, -4, 1e30, "SIZE", "a number"),
    CSK_OPT_TEXT(outer, name, "name", "NAME", "a text"),
    CSK_OPT_GROUP(outer, inner, inner_params),
    CSK_OPT_END,
};
/* clang-format on */

static outer defaults(void)
{
    outer o = { .name = "before" };

    csk_param_defaults(params, &o);
    return o;
}

START_TEST(fills_in_defaults)
{
    const outer o = defaults();

    ck_assert(o.fast && o.count == 3 && o.colour == 1 && !o.name);
    ck_assert_double_eq(o.size, 2.5);
    ck_assert_double_eq(o.inner.weight, .5);
    tst_ok(csk_param_check(params, &o));
}
END_TEST

START_TEST(sets_by_name)
{
    outer o = defaults();
    void *base = NULL;

    tst_ok(csk_param_set(params, &o, "fast", "0"));
    tst_ok(csk_param_set(params, &o, "count", "10"));
    tst_ok(csk_param_set(params, &o, "colour", "red"));
    tst_ok(csk_param_set(params, &o, "size", "-2.5e-1"));
    tst_ok(csk_param_set(params, &o, "name", "any"));
    tst_ok(csk_param_set(params, &o, "weight", "1"));
    ck_assert(!o.fast && o.count == 10 && o.colour == 0);
    ck_assert_double_eq(o.size, -.25);
    ck_assert_str_eq(o.name, "any");
    ck_assert_double_eq(o.inner.weight, 1.);
    ck_assert_ptr_eq(csk_param_find(params, &o, "weight", &base), inner_params);
    ck_assert_ptr_eq(base, &o.inner);
    ck_assert_ptr_null(csk_param_find(params, &o, "height", &base));
}
END_TEST

/* What is wrong, and what is said; nothing is changed. */
static const struct {
    const char *name, *text, *message;
} faults[] = {
    { "height", "1", "there is no option height" },
    { "count", "", "count: '' is not a number" },
    { "count", "3x", "count: '3x' is not a number" },
    { "count", "2.5", "count: '2.5' is not a whole number" },
    { "count", "0", "count is 0, not in 1..10" },
    { "count", "nan", "count is nan, not in 1..10" },
    { "fast", "2", "fast is 2, not in 0..1" },
    { "size", "1e999", "size is inf, not in -4..1e+30" },
    { "size", "-5", "size is -5, not in -4..1e+30" },
    { "colour", "blue", "colour: 'blue' is not one of red, green" },
    { "weight", "1.5", "weight is 1.5, not in 0..1" },
};

START_TEST(refuses_what_does_not_fit)
{
    outer o = defaults();

    ck_assert_int_eq(csk_param_set(params, &o, faults[_i].name, faults[_i].text),
                     CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(), faults[_i].message);
    ck_assert(o.fast && o.count == 3 && o.colour == 1 && o.size == 2.5 &&
              o.inner.weight == .5);
}
END_TEST

START_TEST(checks_a_struct)
{
    outer o = defaults();

    o.colour = 2;
    ck_assert_int_eq(csk_param_check(params, &o), CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(), "colour is choice 2 of 2");
    o = defaults();
    o.inner.weight = NAN;
    ck_assert_int_eq(csk_param_check(params, &o), CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(), "weight is nan, not in 0..1");
}
END_TEST

START_TEST(names_the_end_of_a_run)
{
    ck_assert_str_eq(csk_stop_name(CSK_STOP_NONE), "not started");
    ck_assert_str_eq(csk_stop_name(CSK_STOP_CONVERGED), "converged");
    ck_assert_str_eq(csk_stop_name(CSK_STOP_MAX_ITER), "stopped at max-iter");
    ck_assert_str_eq(csk_stop_name(CSK_STOP_MONITOR), "stopped on request");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("param");
    TCase *cases = tcase_create("core");

    tcase_add_test(cases, fills_in_defaults);
    tcase_add_test(cases, sets_by_name);
    tcase_add_loop_test(cases, refuses_what_does_not_fit, 0,
                        sizeof(faults) / sizeof(faults[0]));
    tcase_add_test(cases, checks_a_struct);
    tcase_add_test(cases, names_the_end_of_a_run);
    suite_add_tcase(suite, cases);
    return tst_main(suite);
}
