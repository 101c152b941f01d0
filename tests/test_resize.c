/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/resize.h"
#include "tests/support/tst.h"

#include <float.h>
#include <math.h>

static const double tol = 100. * FLT_EPSILON;

static const struct {
    csk_space space;
    int64_t factor[CSK_MAX_RANK];
} cases[] = {
    { TST_REAL(1), { 1 } },
    { TST_REAL(12), { 3 } },
    { TST_COMPLEX(34), { 17 } },
    { TST_REAL(6, 8), { 2, 4 } },
    { TST_COMPLEX(9, 5), { 3, 1 } },
    { TST_REAL(7, 10), { 1, 10 } },
    { TST_REAL(4, 6, 10), { 2, 3, 5 } },
    { TST_COMPLEX(3, 4, 6), { 1, 2, 2 } },
    { TST_REAL(2, 4, 1, 6), { 2, 2, 1, 3 } },
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

START_TEST(is_linear_with_its_adjoint_and_resolvent)
{
    csk_linop *A;

    tst_ok(csk_linop_block_average(&A, &cases[_i].space, cases[_i].factor));
    ck_assert(csk_linop_has_normal(A) && csk_linop_has_resolvent(A));
    tst_linop(A, tol);
    csk_linop_unref(A);
}
END_TEST

/* A A* = I / B, and a constant attains the norm B^(-1/2). */
START_TEST(is_a_scaled_isometry)
{
    csk_linop *A;
    double B = 1.;

    tst_ok(csk_linop_block_average(&A, &cases[_i].space, cases[_i].factor));
    for (int i = 0; i < cases[_i].space.rank; i++)
        B *= (double)cases[_i].factor[i];
    ck_assert_double_eq_tol(csk_linop_norm_bound(A), 1. / sqrt(B), 1e-12);

    const int64_t m = csk_linop_rows(A), n = csk_linop_cols(A);
    float *y = tst_normal(m, 1, 0), *x = csk_alloc(n, sizeof(*x));
    float *back = csk_alloc(m, sizeof(*back));
    float *work = csk_alloc(csk_linop_work_len(A), sizeof(*work));
    csk_linop_adjoint(A, x, y, work);
    csk_linop_apply(A, back, x, work);
    csk_scale(m, B, back);
    ck_assert_double_le(tst_distance(m, back, y), tol);
    csk_linop_unref(A);
    csk_free(x), csk_free(y), csk_free(back), csk_free(work);
}
END_TEST

/* The mean of the ramp i + 10 j + 100 k over a block is the ramp at its centre. */
START_TEST(averages_a_ramp)
{
    enum { N0 = 4, N1 = 6, N2 = 8, N = N0 * N1 * N2 };
    static const int64_t f[3] = { 2, 3, 4 };
    const csk_space space = TST_COMPLEX(N0, N1, N2);
    float x[2 * N], y[2 * N];
    csk_linop *A;

    for (int i = 0; i < N; i++) {
        x[2 * i] = (float)(i % N2 + 10 * (i / N2 % N1) + 100 * (i / N2 / N1));
        x[2 * i + 1] = -2.f * x[2 * i];
    }
    tst_ok(csk_linop_block_average(&A, &space, f));
    ck_assert(csk_space_equal(csk_linop_codomain(A), &(csk_space)TST_COMPLEX(2, 2, 2)));
    csk_linop_apply(A, y, x, NULL);
    for (int j = 0; j < 8; j++) {
        const double want =
            (j % 2 * 4. + 1.5) + 10. * (j / 2 % 2 * 3. + 1.) + 100. * (j / 4 * 2. + .5);

        ck_assert_double_eq_tol(y[2 * j], want, 1e-4);
        ck_assert_double_eq_tol(y[2 * j + 1], -2. * want, 2e-4);
    }
    csk_linop_unref(A);
}
END_TEST

/* On what is constant in the blocks 1 / (a/B + b), on what has mean 0 in each 1 / b. */
START_TEST(resolvent_knows_both_eigenspaces)
{
    static const int64_t f[2] = { 2, 2 };
    const csk_space space = TST_REAL(4, 4);
    const double a = 3., b = .5;
    _Alignas(CSK_ALIGN) float work[64];
    float flat[16], wiggle[16], z[16];
    csk_linop *A;

    for (int i = 0; i < 16; i++) {
        flat[i] = 1.f;
        wiggle[i] = i % 2 ? -1.f : 1.f;
    }
    tst_ok(csk_linop_block_average(&A, &space, f));
    csk_linop_resolvent(A, z, flat, a, b, work);
    for (int i = 0; i < 16; i++)
        ck_assert_double_eq_tol(z[i], 1. / (a / 4. + b), 1e-6);
    csk_linop_resolvent(A, z, wiggle, a, b, work);
    for (int i = 0; i < 16; i++)
        ck_assert_double_eq_tol(z[i], wiggle[i] / b, 1e-6);
    csk_linop_unref(A);
}
END_TEST

START_TEST(does_not_depend_on_threads)
{
    static const int64_t f[3] = { 1, 4, 2 };
    const csk_space space = TST_COMPLEX(3, 100, 102);
    csk_linop *A;

    tst_ok(csk_linop_block_average(&A, &space, f));
    tst_linop_threads(A);
    csk_linop_unref(A);
}
END_TEST

START_TEST(rejects_bad_arguments)
{
    static const int64_t bad[][2] = { { 1, 3 }, { 0, 1 }, { 2, -2 }, { 12, 1 } };
    const csk_space space = TST_REAL(6, 4), empty = TST_REAL(0, 4);
    csk_linop *A = NULL;

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(csk_linop_block_average(&A, &space, bad[i]), CSK_ERR_SHAPE);
    ck_assert_str_eq(csk_error_message(),
                     "block average: dimension 0 is 6, not a multiple of 12");
    ck_assert_int_eq(csk_linop_block_average(&A, &empty, bad[0]), CSK_ERR_ARG);
    ck_assert_ptr_null(A);
}
END_TEST

static csk_status build(void)
{
    csk_linop *A = NULL;
    csk_status err = csk_linop_block_average(&A, &cases[6].space, cases[6].factor);

    csk_linop_unref(A);
    return err;
}

START_TEST(survives_out_of_memory)
{
    tst_out_of_memory(build);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("resize");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, is_linear_with_its_adjoint_and_resolvent, 0, CASES);
    tcase_add_loop_test(t, is_a_scaled_isometry, 0, CASES);
    tcase_add_test(t, averages_a_ramp);
    tcase_add_test(t, resolvent_knows_both_eigenspaces);
    tcase_add_test(t, does_not_depend_on_threads);
    tcase_add_test(t, rejects_bad_arguments);
    tcase_add_test(t, survives_out_of_memory);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
