/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/reshape.h"
#include "cs/vec.h"
#include "tests/support/tst.h"

#include <math.h>

/* An array whose entries are their own position. */
static csk_array ramp(csk_field field, int rank, const int64_t *dim)
{
    const csk_space space = csk_space_make(field, rank, dim);
    csk_array a = { .data = NULL };

    tst_ok(csk_array_init(&a, &space));
    for (int64_t i = 0; i < csk_space_len(&space); i++)
        a.data[i] = (float)i;
    return a;
}

static float at3(const csk_array *a, int64_t i, int64_t j, int64_t k)
{
    return a->data[((i * a->space.dim[1]) + j) * a->space.dim[2] + k];
}

START_TEST(pick_takes_one_index_of_any_axis)
{
    csk_array a = ramp(CSK_REAL, 3, (int64_t[]){ 2, 3, 4 });

    for (int axis = 0; axis < 3; axis++) {
        for (int64_t n = 0; n < a.space.dim[axis]; n++) {
            csk_array b = { .data = NULL };
            tst_ok(csk_array_pick(&b, &a, axis, n));
            ck_assert_int_eq(b.space.rank, 2);
            for (int64_t p = 0; p < b.space.dim[0]; p++) {
                for (int64_t q = 0; q < b.space.dim[1]; q++) {
                    const float want = axis == 0   ? at3(&a, n, p, q)
                                       : axis == 1 ? at3(&a, p, n, q)
                                                   : at3(&a, p, q, n);
                    ck_assert_float_eq(b.data[p * b.space.dim[1] + q], want);
                }
            }
            csk_array_clear(&b);
        }
    }
    csk_array_clear(&a);
}
END_TEST

START_TEST(pick_keeps_the_names_of_the_others)
{
    csk_array a = ramp(CSK_COMPLEX, 3, (int64_t[]){ 2, 3, 4 }), b = { .data = NULL };

    tst_ok(csk_array_pick(&b, &a, 1, 2)); /* z y x without y */
    ck_assert_int_eq(b.space.axis[0], CSK_AXIS_Z);
    ck_assert_int_eq(b.space.axis[1], CSK_AXIS_X);
    ck_assert_int_eq(b.space.dim[2], 0);
    ck_assert_float_eq(b.data[1], 17.f); /* imaginary part of [0][2][0] */
    csk_array_clear(&b);
    csk_array_clear(&a);
}
END_TEST

START_TEST(pick_of_a_line_leaves_one_entry)
{
    csk_array a = ramp(CSK_REAL, 1, (int64_t[]){ 5 }), b = { .data = NULL };

    tst_ok(csk_array_pick(&b, &a, 0, 3));
    ck_assert_int_eq(b.space.rank, 1);
    ck_assert_int_eq(b.space.dim[0], 1);
    ck_assert_float_eq(b.data[0], 3.f);
    csk_array_clear(&b);
    csk_array_clear(&a);
}
END_TEST

START_TEST(mean_of_any_axis)
{
    csk_array a = ramp(CSK_COMPLEX, 3, (int64_t[]){ 2, 3, 4 }), b = { .data = NULL };

    for (int axis = 0; axis < 3;
         axis++) { /* of a ramp: its first entry and half the way */
        const float step = axis == 0 ? 24.f : axis == 1 ? 8.f : 2.f;
        csk_array first = { .data = NULL };

        tst_ok(csk_array_mean(&b, &a, axis));
        tst_ok(csk_array_pick(&first, &a, axis, 0));
        ck_assert(csk_space_equal(&b.space, &first.space));
        for (int64_t i = 0; i < csk_space_len(&b.space); i++)
            ck_assert_float_eq(
                b.data[i], first.data[i] + .5f * step * (float)(a.space.dim[axis] - 1));
        csk_array_clear(&first);
        csk_array_clear(&b);
    }
    csk_array_clear(&a);
}
END_TEST

START_TEST(range_is_half_open)
{
    csk_array a = ramp(CSK_REAL, 2, (int64_t[]){ 3, 4 }), b = { .data = NULL };

    tst_ok(csk_array_range(&b, &a, 1, 1, 3));
    ck_assert_int_eq(b.space.dim[1], 2);
    ck_assert_float_eq(b.data[0], 1.f);
    ck_assert_float_eq(b.data[1], 2.f);
    ck_assert_float_eq(b.data[4], 9.f);
    csk_array_clear(&b);
    ck_assert_int_eq(csk_array_range(&b, &a, 1, 3, 3), CSK_ERR_ARG);
    ck_assert_int_eq(csk_array_range(&b, &a, 1, -1, 3), CSK_ERR_ARG);
    ck_assert_int_eq(csk_array_range(&b, &a, 1, 0, 5), CSK_ERR_ARG);
    ck_assert_int_eq(csk_array_pick(&b, &a, 0, 3), CSK_ERR_ARG);
    ck_assert_int_eq(csk_array_pick(&b, &a, 0, -1), CSK_ERR_ARG);
    ck_assert_ptr_null(b.data);
    csk_array_clear(&a);
}
END_TEST

/* The impulse at the centre of the transform stays there, for every pair of parities. */
START_TEST(recentre_keeps_the_centre)
{
    for (int64_t n = 1; n <= 6; n++) {
        for (int64_t m = 1; m <= 7; m++) {
            const csk_space s = csk_space_make(CSK_COMPLEX, 2, (int64_t[]){ n, n + 1 });
            const int64_t dim[] = { m, m };
            csk_array a = { .data = NULL }, b = { .data = NULL };

            tst_ok(csk_array_init(&a, &s));
            a.data[2 * ((n / 2) * (n + 1) + (n + 1) / 2)] = 1.f;
            tst_ok(csk_array_recentre(&b, &a, dim));
            ck_assert_float_eq(b.data[2 * ((m / 2) * m + m / 2)], 1.f);
            ck_assert_double_eq(csk_norm(2 * m * m, b.data), 1.);
            csk_array_clear(&a);
            csk_array_clear(&b);
        }
    }
}
END_TEST

START_TEST(crop_undoes_pad)
{
    csk_array a = ramp(CSK_COMPLEX, 3, (int64_t[]){ 2, 5, 4 });
    csk_array big = { .data = NULL }, back = { .data = NULL };

    tst_ok(csk_array_recentre(&big, &a, (int64_t[]){ 2, 8, 9 }));
    ck_assert_double_eq_tol(csk_norm(2 * 2 * 8 * 9, big.data), csk_norm(80, a.data),
                            1e-9);
    tst_ok(csk_array_recentre(&back, &big, a.space.dim));
    ck_assert_mem_eq(a.data, back.data, 80 * sizeof(float));
    csk_array_clear(&a);
    csk_array_clear(&big);
    csk_array_clear(&back);
}
END_TEST

START_TEST(recentre_refuses_nonsense)
{
    csk_array a = ramp(CSK_REAL, 2, (int64_t[]){ 2, 2 }), b = { .data = NULL };

    ck_assert_int_eq(csk_array_recentre(&b, &a, (int64_t[]){ 2, 0 }), CSK_ERR_ARG);
    ck_assert_int_eq(csk_array_recentre(&b, &a, (int64_t[]){ INT64_MAX, 4 }),
                     CSK_ERR_ARG);
    csk_array_clear(&a);
}
END_TEST

START_TEST(half_size_is_the_mean_of_blocks)
{
    csk_array a = ramp(CSK_REAL, 2, (int64_t[]){ 5, 7 }), b = { .data = NULL };

    tst_ok(csk_array_shrink(&b, &a, (double[]){ .5, .5 }));
    ck_assert_int_eq(b.space.dim[0], 2); /* the odd row and column are cut */
    ck_assert_int_eq(b.space.dim[1], 3);
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 3; j++) {
            const float *p = a.data + 2 * i * 7 + 2 * j;
            ck_assert_float_eq(b.data[3 * i + j], (p[0] + p[1] + p[7] + p[8]) / 4.f);
        }
    }
    csk_array_clear(&a);
    csk_array_clear(&b);
}
END_TEST

/* Overlaps of 1.5 entries: weights 1 and 1/2, then 1/2 and 1. */
START_TEST(other_factors_weigh_by_area)
{
    csk_array a = ramp(CSK_COMPLEX, 1, (int64_t[]){ 6 }), b = { .data = NULL };

    tst_ok(csk_array_shrink(&b, &a, (double[]){ 2. / 3. }));
    ck_assert_int_eq(b.space.dim[0], 4);
    ck_assert_float_eq_tol(b.data[0], (0.f + .5f * 2.f) / 1.5f, 1e-6f);
    ck_assert_float_eq_tol(b.data[1], (1.f + .5f * 3.f) / 1.5f, 1e-6f);
    ck_assert_float_eq_tol(b.data[2], (.5f * 2.f + 4.f) / 1.5f, 1e-6f);
    csk_array_clear(&a);
    csk_array_clear(&b);
}
END_TEST

START_TEST(shrink_keeps_a_constant)
{
    static const double factors[] = { 1., .9, .7, .5, 1. / 3., .21, .1 };
    const csk_space s = csk_space_make(CSK_REAL, 3, (int64_t[]){ 30, 31, 29 });
    csk_array a = { .data = NULL }, b = { .data = NULL };
    const double f = factors[_i];

    tst_ok(csk_array_init(&a, &s));
    for (int64_t i = 0; i < csk_space_size(&s); i++)
        a.data[i] = 3.f;
    tst_ok(csk_array_shrink(&b, &a, (double[]){ f, f, f }));
    ck_assert_int_eq(b.space.dim[0], (int64_t)floor(30 * f + 1e-9));
    for (int64_t i = 0; i < csk_space_size(&b.space); i++)
        ck_assert_float_eq_tol(b.data[i], 3.f, 1e-6f);
    csk_array_clear(&a);
    csk_array_clear(&b);
}
END_TEST

START_TEST(shrink_refuses_what_leaves_nothing)
{
    csk_array a = ramp(CSK_REAL, 2, (int64_t[]){ 3, 2 }), b = { .data = NULL };

    ck_assert_int_eq(csk_array_shrink(&b, &a, (double[]){ 1., .4 }), CSK_ERR_ARG);
    ck_assert_int_eq(csk_array_shrink(&b, &a, (double[]){ 1.1, 1. }), CSK_ERR_ARG);
    ck_assert_int_eq(csk_array_shrink(&b, &a, (double[]){ 1., 0. }), CSK_ERR_ARG);
    ck_assert_int_eq(csk_array_shrink(&b, &a, (double[]){ (double)NAN, 1. }),
                     CSK_ERR_ARG);
    ck_assert_ptr_null(b.data);
    csk_array_clear(&a);
}
END_TEST

START_TEST(flip_reverses_and_undoes_itself)
{
    for (int axis = 0; axis < 3; axis++) {
        csk_array a = ramp(CSK_COMPLEX, 3, (int64_t[]){ 3, 4, 5 });
        const int64_t stride[] = { 40, 10, 2 };
        const int64_t end = (a.space.dim[axis] - 1) * stride[axis];

        csk_array_flip(&a, axis);
        ck_assert_float_eq(a.data[0], (float)end);
        ck_assert_float_eq(a.data[1], (float)end + 1.f);
        ck_assert_float_eq(a.data[end], 0.f);
        csk_array_flip(&a, axis);
        for (int64_t i = 0; i < 120; i++)
            ck_assert_float_eq(a.data[i], (float)i);
        csk_array_clear(&a);
    }
}
END_TEST

START_TEST(parts_put_together_the_number)
{
    csk_array a = ramp(CSK_COMPLEX, 1, (int64_t[]){ 4 }), part[4] = { 0 };

    a.data[4] = -3.f; /* entry 2 is -3 + 4i */
    a.data[5] = 4.f;
    a.data[0] = -0.f;
    a.data[1] = -0.f;
    for (int k = 0; k < 4; k++) {
        tst_ok(csk_array_part(&part[k], &a, (csk_part)k));
        ck_assert_int_eq(part[k].space.field, CSK_REAL);
    }
    ck_assert_float_eq(part[CSK_PART_MAGNITUDE].data[2], 5.f);
    ck_assert_float_eq(part[CSK_PART_REAL].data[2], -3.f);
    ck_assert_float_eq(part[CSK_PART_IMAGINARY].data[2], 4.f);
    ck_assert_float_eq_tol(part[CSK_PART_PHASE].data[2], atan2f(4.f, -3.f), 1e-6f);
    ck_assert_float_eq(part[CSK_PART_PHASE].data[0], 0.f);
    for (int k = 0; k < 4; k++)
        csk_array_clear(&part[k]);
    csk_array_clear(&a);
}
END_TEST

START_TEST(parts_of_real_arrays)
{
    csk_array a = ramp(CSK_REAL, 1, (int64_t[]){ 2 }), b = { .data = NULL };

    a.data[1] = -2.f;
    tst_ok(csk_array_part(&b, &a, CSK_PART_MAGNITUDE));
    ck_assert_float_eq(b.data[1], 2.f);
    csk_array_clear(&b);
    tst_ok(csk_array_part(&b, &a, CSK_PART_IMAGINARY));
    ck_assert_float_eq(b.data[1], 0.f);
    csk_array_clear(&b);
    tst_ok(csk_array_part(&b, &a, CSK_PART_PHASE));
    ck_assert_float_eq(b.data[0], 0.f);
    ck_assert_float_eq_tol(b.data[1], 3.1415927f, 1e-6f);
    csk_array_clear(&b);
    csk_array_clear(&a);
}
END_TEST

static csk_status everything(void)
{
    const csk_space s = csk_space_make(CSK_COMPLEX, 2, (int64_t[]){ 8, 8 });
    csk_array a = { .data = NULL }, b = a, c = a, d = a, e = a;
    csk_status err = csk_array_init(&a, &s);

    if (!err)
        err = csk_array_shrink(&b, &a, (double[]){ .5, .7 });
    if (!err)
        err = csk_array_recentre(&c, &b, (int64_t[]){ 7, 3 });
    if (!err)
        err = csk_array_pick(&d, &c, 1, 1);
    if (!err)
        err = csk_array_part(&e, &d, CSK_PART_MAGNITUDE);
    csk_array_clear(&a);
    csk_array_clear(&b);
    csk_array_clear(&c);
    csk_array_clear(&d);
    csk_array_clear(&e);
    return err;
}

START_TEST(lack_of_memory_is_reported)
{
    tst_out_of_memory(everything);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("reshape");
    TCase *t = tcase_create("core");

    tcase_add_test(t, pick_takes_one_index_of_any_axis);
    tcase_add_test(t, pick_keeps_the_names_of_the_others);
    tcase_add_test(t, pick_of_a_line_leaves_one_entry);
    tcase_add_test(t, mean_of_any_axis);
    tcase_add_test(t, range_is_half_open);
    tcase_add_test(t, recentre_keeps_the_centre);
    tcase_add_test(t, crop_undoes_pad);
    tcase_add_test(t, recentre_refuses_nonsense);
    tcase_add_test(t, half_size_is_the_mean_of_blocks);
    tcase_add_test(t, other_factors_weigh_by_area);
    tcase_add_loop_test(t, shrink_keeps_a_constant, 0, 7);
    tcase_add_test(t, shrink_refuses_what_leaves_nothing);
    tcase_add_test(t, flip_reverses_and_undoes_itself);
    tcase_add_test(t, parts_put_together_the_number);
    tcase_add_test(t, parts_of_real_arrays);
    tcase_add_test(t, lack_of_memory_is_reported);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
