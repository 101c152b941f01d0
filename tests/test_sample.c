/* SPDX-License-Identifier: BSD-3-Clause */
#include "operators/sample.h"
#include "tests/support/tst.h"

#include <float.h>

static const struct {
    csk_space space;
    int64_t mask_len;
} cases[] = {
    { { CSK_REAL, 1, { 7 }, { 0 } }, 7 },
    { { CSK_COMPLEX, 1, { 1 }, { 0 } }, 1 },
    { { CSK_COMPLEX, 2, { 3, 5 }, { 0 } }, 5 },
    { { CSK_REAL, 3, { 2, 3, 4 }, { 0 } }, 12 },
    { { CSK_COMPLEX, 3, { 2, 3, 4 }, { 0 } }, 24 },
};

START_TEST(is_linear_with_its_adjoint)
{
    uint8_t mask[24];
    csk_linop *A;

    for (int i = 0; i < 24; i++)
        mask[i] = i % 3 != 1;
    tst_ok(csk_linop_sample(&A, &cases[_i].space, mask, cases[_i].mask_len));
    tst_linop(A, 10. * FLT_EPSILON);
    csk_linop_unref(A);
}
END_TEST

START_TEST(keeps_in_order_and_repeats)
{
    const csk_space space = csk_space_make(CSK_REAL, 2, (int64_t[]){ 2, 4 });
    const uint8_t mask[4] = { 0, 1, 0, 1 };
    const float x[8] = { 0, 1, 2, 3, 4, 5, 6, 7 }, want[4] = { 1, 3, 5, 7 };
    float y[4];
    csk_linop *A;

    tst_ok(csk_linop_sample(&A, &space, mask, 4));
    csk_linop_apply(A, y, x, NULL);
    for (int i = 0; i < 4; i++)
        ck_assert_float_eq(y[i], want[i]);
    ck_assert_int_eq(csk_linop_codomain(A)->rank, 2);
    ck_assert_int_eq(csk_linop_codomain(A)->dim[1], 2);
    csk_linop_unref(A);
}
END_TEST

START_TEST(refuses_bad_arguments)
{
    const csk_space space = csk_space_make(CSK_REAL, 1, &(int64_t){ 6 });
    const uint8_t none[6] = { 0 };
    csk_linop *A = NULL;

    ck_assert_int_eq(csk_linop_sample(&A, &space, none, 6), CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(), "sample: the mask keeps nothing");
    ck_assert_int_eq(csk_linop_sample(&A, &space, none, 4), CSK_ERR_SHAPE);
    ck_assert_int_eq(csk_linop_sample(&A, &space, none, 0), CSK_ERR_SHAPE);
    ck_assert_ptr_null(A);
}
END_TEST

static csk_status build(void)
{
    const csk_space space = csk_space_make(CSK_REAL, 1, &(int64_t){ 3 });
    const uint8_t mask[3] = { 1, 0, 1 };
    csk_linop *A = NULL;
    const csk_status err = csk_linop_sample(&A, &space, mask, 3);

    csk_linop_unref(A);
    return err;
}

START_TEST(survives_a_full_heap)
{
    tst_out_of_memory(build);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("sample");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, is_linear_with_its_adjoint, 0,
                        sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(t, keeps_in_order_and_repeats);
    tcase_add_test(t, refuses_bad_arguments);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
