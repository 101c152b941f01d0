/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/grad.h"
#include "tests/support/tst.h"

#include <float.h>
#include <math.h>

static const double tol = 100. * FLT_EPSILON;
static const double pi = 3.14159265358979323846;

/* Odd, even, prime and unit lengths, all axes and some. */
static const struct {
    unsigned axes;
    csk_space space;
} cases[] = {
    { 1, TST_REAL(2) },           { 1, TST_COMPLEX(17) },
    { 3, TST_REAL(4, 9) },        { 2, TST_COMPLEX(6, 5) },
    { 1, TST_REAL(3, 8) },        { 7, TST_REAL(3, 4, 5) },
    { 5, TST_REAL(2, 7, 11) },    { 7, TST_COMPLEX(1, 13, 2) },
    { 12, TST_REAL(2, 3, 4, 5) },
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

START_TEST(is_linear_with_its_adjoint)
{
    csk_linop *A;

    tst_ok(csk_linop_grad(&A, &cases[_i].space, cases[_i].axes));
    tst_linop(A, tol);
    ck_assert(csk_linop_has_normal(A));
    csk_linop_unref(A);
}
END_TEST

/* The definition, index by index. */
START_TEST(takes_forward_differences)
{
    enum { N0 = 3, N1 = 4, N2 = 5, N = N0 * N1 * N2 };
    const csk_space space = TST_REAL(N0, N1, N2);
    float *x = tst_normal(N, 1, 0), y[2 * N];
    csk_linop *A;

    tst_ok(csk_linop_grad(&A, &space, 1u << 0 | 1u << 2));
    ck_assert_int_eq(csk_linop_codomain(A)->rank, 4);
    ck_assert_int_eq(csk_linop_codomain(A)->dim[0], 2);
    ck_assert_int_eq(csk_linop_codomain(A)->dim[3], N2);
    csk_linop_apply(A, y, x, NULL);
    for (int i = 0; i < N0; i++) {
        for (int j = 0; j < N1; j++) {
            for (int k = 0; k < N2; k++) {
                const int at = (i * N1 + j) * N2 + k;
                const int down = ((i + 1) % N0 * N1 + j) * N2 + k;
                const int right = (i * N1 + j) * N2 + (k + 1) % N2;

                ck_assert_float_eq(y[at], x[down] - x[at]);
                ck_assert_float_eq(y[N + at], x[right] - x[at]);
            }
        }
    }
    csk_linop_unref(A);
    csk_free(x);
}
END_TEST

START_TEST(annihilates_constants)
{
    const int64_t n = csk_space_len(&cases[_i].space);
    csk_linop *A;

    tst_ok(csk_linop_grad(&A, &cases[_i].space, cases[_i].axes));
    float *x = csk_alloc(n, sizeof(*x));
    float *y = csk_alloc(csk_linop_rows(A), sizeof(*y));
    for (int64_t i = 0; i < n; i++)
        x[i] = i % 2 && cases[_i].space.field == CSK_COMPLEX ? -.75f : 3.f;
    csk_linop_apply(A, y, x, NULL);
    ck_assert_double_eq(csk_norm(csk_linop_rows(A), y), 0.);
    csk_linop_unref(A);
    csk_free(x), csk_free(y);
}
END_TEST

/*
 * The wave of the highest frequency is a singular vector, and its singular value the
 * bound: exactly 2 sqrt(axes) for even lengths.
 */
START_TEST(bound_is_attained)
{
    const csk_space *space = &cases[_i].space;
    const int64_t n = csk_space_size(space), width = (int64_t)space->field;
    csk_linop *A;

    tst_ok(csk_linop_grad(&A, space, cases[_i].axes));
    const double bound = csk_linop_norm_bound(A);
    float *x = csk_alloc(n * width, sizeof(*x));
    float *y = csk_alloc(csk_linop_rows(A), sizeof(*y));
    for (int64_t i = 0; i < n; i++) {
        int64_t rest = i;
        double phase = 0.;

        for (int a = space->rank - 1; a >= 0; a--) {
            const int64_t d = space->dim[a];

            phase += 2. * pi * (double)(d / 2) * (double)(rest % d) / (double)d;
            rest /= d;
        }
        x[i * width] = (float)cos(phase);
        if (width == 2)
            x[i * width + 1] = (float)sin(phase);
    }
    csk_linop_apply(A, y, x, NULL);
    ck_assert_double_eq_tol(csk_norm(csk_linop_rows(A), y) / csk_norm(n * width, x),
                            bound, 1e-5);
    ck_assert_double_le(bound,
                        2. * sqrt((double)csk_linop_codomain(A)->dim[0]) + 1e-12);
    csk_linop_unref(A);
    csk_free(x), csk_free(y);
}
END_TEST

START_TEST(does_not_depend_on_threads)
{
    const csk_space space = TST_COMPLEX(7, 101, 103);
    csk_linop *A;

    tst_ok(csk_linop_grad(&A, &space, 7));
    tst_linop_threads(A);
    csk_linop_unref(A);
}
END_TEST

START_TEST(rejects_bad_arguments)
{
    const csk_space empty = TST_REAL(4, 0), plane = TST_REAL(4, 5);
    const csk_space full = TST_REAL(1, 1, 1, 1, 1, 1, 1, 2);
    const csk_space huge = TST_REAL(1 << 30, 1 << 27);
    csk_linop *A = NULL;

    ck_assert_int_eq(csk_linop_grad(&A, &empty, 1), CSK_ERR_ARG);
    ck_assert_int_eq(csk_linop_grad(&A, &plane, 0), CSK_ERR_ARG);
    ck_assert_int_eq(csk_linop_grad(&A, &plane, 4), CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(),
                     "grad: axes 0x4, but the space has 2 of them");
    ck_assert_int_eq(csk_linop_grad(&A, &full, 1), CSK_ERR_ARG);
    ck_assert_int_eq(csk_linop_grad(&A, &huge, 3), CSK_ERR_ARG);
    ck_assert_ptr_null(A);
}
END_TEST

static csk_status build(void)
{
    csk_linop *A = NULL;
    csk_status err = csk_linop_grad(&A, &cases[5].space, 7);

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
    Suite *s = suite_create("grad");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, is_linear_with_its_adjoint, 0, CASES);
    tcase_add_test(t, takes_forward_differences);
    tcase_add_loop_test(t, annihilates_constants, 0, CASES);
    tcase_add_loop_test(t, bound_is_attained, 0, CASES);
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
