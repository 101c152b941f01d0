/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "operators/fft.h"
#include "operators/sample.h"
#include "tests/support/tst.h"

#include <float.h>
#include <math.h>

/* Odd, even, prime and unit lengths; one, two and three axes. */
static const struct {
    unsigned axes;
    csk_space space;
} cases[] = {
    { 1, { CSK_COMPLEX, 1, { 1 }, { 0 } } },
    { 1, { CSK_COMPLEX, 1, { 64 }, { 0 } } },
    { 1, { CSK_COMPLEX, 1, { 37 }, { 0 } } },
    { 2, { CSK_COMPLEX, 2, { 3, 17 }, { 0 } } },
    { 1, { CSK_COMPLEX, 2, { 12, 9 }, { 0 } } },
    { 3, { CSK_COMPLEX, 2, { 12, 9 }, { 0 } } },
    { 6, { CSK_COMPLEX, 3, { 4, 16, 15 }, { 0 } } },
    { 7, { CSK_COMPLEX, 3, { 5, 6, 7 }, { 0 } } },
    { 3, { CSK_COMPLEX, 2, { 96, 128 }, { 0 } } },
    { 5, { CSK_COMPLEX, 3, { 5, 4, 9 }, { 0 } } },
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

START_TEST(is_linear_with_its_adjoint)
{
    csk_linop *A;

    tst_ok(csk_linop_fft(&A, &cases[_i].space, cases[_i].axes));
    tst_linop(A, 100. * FLT_EPSILON);
    tst_linop_threads(A);
    csk_linop_unref(A);
}
END_TEST

/* Against the sum in the header, directly. */
START_TEST(is_the_centred_sum)
{
    static const int sizes[] = { 1, 2, 5, 8, 12, 31 };
    const int n = sizes[_i], c = n / 2;
    const csk_space space = csk_space_make(CSK_COMPLEX, 1, &(int64_t){ n });
    float *x = tst_normal(2 * n, 1, 0), y[64];
    csk_linop *A;

    tst_ok(csk_linop_fft(&A, &space, 1));
    float *work = csk_alloc(csk_linop_work_len(A), sizeof(*work));
    csk_linop_apply(A, y, x, work);
    for (int k = 0; k < n; k++) {
        double re = 0., im = 0.;
        for (int j = 0; j < n; j++) {
            const double a = -2. * 3.14159265358979323846 * (j - c) * (k - c) / n;
            re += (double)x[2 * j] * cos(a) - (double)x[2 * j + 1] * sin(a);
            im += (double)x[2 * j] * sin(a) + (double)x[2 * j + 1] * cos(a);
        }
        ck_assert_double_eq_tol(y[2 * k], re / sqrt(n), 2e-6);
        ck_assert_double_eq_tol(y[2 * k + 1], im / sqrt(n), 2e-6);
    }
    csk_free(x), csk_free(work);
    csk_linop_unref(A);
}
END_TEST

/* A constant image is one point at the centre; an impulse at the centre is constant. */
START_TEST(has_its_zero_at_the_centre)
{
    const csk_space space = csk_space_make(CSK_COMPLEX, 2, (int64_t[]){ 6, 9 });
    float x[108] = { 0.f }, y[108];
    csk_linop *A;

    tst_ok(csk_linop_fft(&A, &space, 3));
    float *work = csk_alloc(csk_linop_work_len(A), sizeof(*work));
    x[2 * (3 * 9 + 4)] = 1.f;
    csk_linop_apply(A, y, x, work);
    for (int i = 0; i < 54; i++) {
        ck_assert_double_eq_tol(y[2 * i], 1. / sqrt(54.), 1e-6);
        ck_assert_double_eq_tol(y[2 * i + 1], 0., 1e-6);
    }
    csk_linop_apply(A, x, y, work);
    for (int i = 0; i < 54; i++)
        ck_assert_double_eq_tol(x[2 * i], i == 3 * 9 + 4 ? 1. : 0., 1e-6);
    csk_free(work);
    csk_linop_unref(A);
}
END_TEST

static uint8_t *half_a_mask(int64_t n)
{
    uint8_t *mask = csk_alloc(n, 1);
    float *u = csk_alloc(n, sizeof(*u));

    csk_rng_uniform((csk_rng){ 3, 0, 0 }, n, u);
    for (int64_t i = 0; i < n; i++)
        mask[i] = u[i] < .4f || i == 0;
    csk_free(u);
    return mask;
}

/* The masked transform is the transform, then the samples. Points, lines along each axis, all. */
static void check_masked(const csk_space *space, unsigned axes, const uint8_t *mask)
{
    const int64_t n = csk_space_size(space);
    csk_linop *A, *F, *S, *SF;

    tst_ok(csk_linop_masked_fft(&A, space, axes, mask));
    tst_ok(csk_linop_fft(&F, space, axes));
    tst_ok(csk_linop_sample(&S, space, mask, n));
    tst_ok(csk_linop_chain(&SF, S, F));
    tst_linop(A, 200. * FLT_EPSILON);
    tst_linop_threads(A);
    const int64_t m = csk_linop_rows(A);
    ck_assert_int_eq(m, csk_linop_rows(SF));
    float *x = tst_normal(2 * n, 1, 0), *y = csk_alloc(m, sizeof(*y));
    float *want = csk_alloc(m, sizeof(*want));
    float *wa = csk_alloc(csk_linop_work_len(A), sizeof(*wa));
    float *wb = csk_alloc(csk_linop_work_len(SF), sizeof(*wb));
    csk_linop_apply(A, y, x, wa);
    csk_linop_apply(SF, want, x, wb);
    ck_assert_double_le(tst_distance(m, y, want), 2e-6);
    csk_free(x), csk_free(y), csk_free(want), csk_free(wa), csk_free(wb);
    csk_linop_unref(A), csk_linop_unref(F), csk_linop_unref(S), csk_linop_unref(SF);
}

START_TEST(masked_equals_its_parts)
{
    const csk_space *space = &cases[_i].space;
    const int64_t n = csk_space_size(space);
    uint8_t *mask = half_a_mask(n), *lines = csk_alloc(n, 1);

    check_masked(space, (1u << space->rank) - 1u, mask);
    check_masked(space, cases[_i].axes, mask);
    for (int a = 0; a < space->rank; a++) {
        int64_t stride = 1;

        for (int b = a + 1; b < space->rank; b++)
            stride *= space->dim[b];
        for (int64_t i = 0; i < n; i++) /* the value at 0 along the axis */
            lines[i] = mask[i - i / stride % space->dim[a] * stride];
        check_masked(space, cases[_i].axes, lines);
    }
    for (int64_t i = 0; i < n; i++)
        lines[i] = 1;
    check_masked(space, cases[_i].axes, lines);
    csk_free(mask), csk_free(lines);
}
END_TEST

START_TEST(refuses_bad_arguments)
{
    const csk_space real = csk_space_make(CSK_REAL, 1, &(int64_t){ 8 });
    const csk_space line = csk_space_make(CSK_COMPLEX, 1, &(int64_t){ 8 });
    const uint8_t none[8] = { 0 };
    csk_linop *A = NULL;

    ck_assert_int_eq(csk_linop_fft(&A, &real, 1), CSK_ERR_ARG);
    ck_assert_int_eq(csk_linop_fft(&A, &line, 0), CSK_ERR_ARG);
    ck_assert_int_eq(csk_linop_fft(&A, &line, 2), CSK_ERR_ARG);
    ck_assert_int_eq(csk_linop_masked_fft(&A, &real, 1, NULL), CSK_ERR_ARG);
    ck_assert_int_eq(csk_linop_masked_fft(&A, &line, 1, none), CSK_ERR_ARG);
    ck_assert_ptr_null(A);
}
END_TEST

static csk_status build(void)
{
    const csk_space space = csk_space_make(CSK_COMPLEX, 2, (int64_t[]){ 4, 6 });
    csk_linop *A = NULL, *B = NULL;
    csk_status err = csk_linop_fft(&A, &space, 3);

    if (!err)
        err = csk_linop_masked_fft(&B, &space, 3, NULL);
    csk_linop_unref(A);
    csk_linop_unref(B);
    return err;
}

START_TEST(survives_a_full_heap)
{
    tst_out_of_memory(build);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("fft");
    TCase *t = tcase_create("core");

    tcase_set_timeout(t, 30);
    tcase_add_loop_test(t, is_linear_with_its_adjoint, 0, CASES);
    tcase_add_loop_test(t, is_the_centred_sum, 0, 6);
    tcase_add_test(t, has_its_zero_at_the_centre);
    tcase_add_loop_test(t, masked_equals_its_parts, 0, CASES);
    tcase_add_test(t, refuses_bad_arguments);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
