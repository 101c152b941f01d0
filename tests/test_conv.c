/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/conv.h"
#include "tests/support/tst.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double tol = 200. * FLT_EPSILON;

/* Odd, even, prime and unit sizes, kernels up to the full size. */
static const struct {
    csk_space space, kernel;
} cases[] = {
    { TST_REAL(1), TST_REAL(1) },
    { TST_REAL(2), TST_REAL(2) },
    { TST_COMPLEX(17), TST_REAL(5) },
    { TST_REAL(12), TST_REAL(12) },
    { TST_REAL(9, 16), TST_REAL(3, 4) },
    { TST_COMPLEX(8, 15), TST_REAL(8, 1) },
    { TST_REAL(1, 13), TST_REAL(1, 13) },
    { TST_REAL(4, 3, 7), TST_REAL(2, 3, 5) },
    { TST_COMPLEX(3, 6, 5), TST_REAL(1, 3, 3) },
    { TST_REAL(2, 2, 3, 5), TST_REAL(1, 2, 3, 2) },
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static csk_linop *make(const csk_space *space, const csk_space *ks, const float *kernel)
{
    csk_linop *A;

    tst_ok(csk_linop_conv(&A, space, ks, kernel));
    return A;
}

static csk_linop *make_random(const csk_space *space, const csk_space *ks)
{
    float *kernel = tst_normal(csk_space_len(ks), 9, 0);
    csk_linop *A = make(space, ks, kernel);

    csk_free(kernel);
    return A;
}

START_TEST(is_linear_with_its_adjoint_and_resolvent)
{
    csk_linop *A = make_random(&cases[_i].space, &cases[_i].kernel);

    ck_assert(csk_linop_has_normal(A) && csk_linop_has_resolvent(A));
    tst_linop(A, tol);
    csk_linop_unref(A);
}
END_TEST

/* The index of @p at moved by the offset of kernel index @p k, around the ends. */
static int64_t source(const csk_space *s, const csk_space *ks, int64_t at, int64_t k)
{
    int64_t from = 0, stride = 1;

    for (int i = s->rank - 1; i >= 0; i--) {
        const int64_t n = s->dim[i], c = ks->dim[i] / 2;

        from += (at % n - (k % ks->dim[i] - c) + n) % n * stride;
        at /= n, k /= ks->dim[i], stride *= n;
    }
    return from;
}

/* y[j] = sum_k kernel[k] x[j - (k - c)], term by term. */
START_TEST(matches_the_definition)
{
    const csk_space *s = &cases[_i].space, *ks = &cases[_i].kernel;
    const int64_t n = csk_space_size(s), width = (int64_t)s->field;
    float *x = tst_normal(n * width, 1, 0),
          *kernel = tst_normal(csk_space_len(ks), 9, 0);
    float *y = csk_alloc(n * width, sizeof(*y)),
          *want = csk_alloc(n * width, sizeof(*y));
    csk_linop *A = make(s, ks, kernel);
    float *work = csk_alloc(csk_linop_work_len(A), sizeof(*work));

    csk_linop_apply(A, y, x, work);
    for (int64_t j = 0; j < n; j++) {
        for (int64_t k = 0; k < csk_space_size(ks); k++) {
            const int64_t from = source(s, ks, j, k);

            for (int64_t c = 0; c < width; c++)
                want[j * width + c] += kernel[k] * x[from * width + c];
        }
    }
    ck_assert_double_le(tst_distance(n * width, y, want), tol);
    csk_linop_unref(A);
    csk_free(x), csk_free(kernel), csk_free(y), csk_free(want), csk_free(work);
}
END_TEST

/* 1 at the kernel's centre is the identity, 2 one step after it doubles and moves. */
START_TEST(delta_is_identity_and_shift)
{
    enum { N0 = 6, N1 = 7, N = N0 * N1 };
    const csk_space space = TST_REAL(N0, N1), ks = TST_REAL(2, 3);
    _Alignas(CSK_ALIGN) float work[4 * N];
    float *x = tst_normal(N, 1, 0), y[N];
    csk_linop *I = make(&space, &ks, (const float[]){ 0, 0, 0, 0, 1, 0 });
    csk_linop *S = make(&space, &ks, (const float[]){ 0, 0, 0, 0, 0, 2 });

    ck_assert_int_le(csk_linop_work_len(I), 4 * N);
    csk_linop_apply(I, y, x, work);
    ck_assert_double_le(tst_distance(N, y, x), tol);
    csk_linop_apply(S, y, x, work);
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol(y[i / N1 * N1 + (i + 1) % N1], 2. * x[i], 1e-5);
    csk_linop_unref(I), csk_linop_unref(S);
    csk_free(x);
}
END_TEST

/* |H(k)| = |1 + e^(-2 pi i k / n)| has its maximum 2 at k = 0; with -1, at k = n / 2. */
START_TEST(bound_is_the_largest_modulus)
{
    const csk_space even = TST_REAL(16), odd = TST_COMPLEX(15), ks = TST_REAL(2);
    csk_linop *sum = make(&even, &ks, (const float[]){ 1, 1 });
    csk_linop *difference = make(&even, &ks, (const float[]){ -1, 1 });
    csk_linop *odd_difference = make(&odd, &ks, (const float[]){ -1, 1 });

    ck_assert_double_eq_tol(csk_linop_norm_bound(sum), 2., 1e-6);
    ck_assert_double_eq_tol(csk_linop_norm_bound(difference), 2., 1e-6);
    ck_assert_double_eq_tol(csk_linop_norm_bound(odd_difference),
                            2. * cos(3.14159265358979 / 30.), 1e-6);
    csk_linop_unref(sum), csk_linop_unref(difference), csk_linop_unref(odd_difference);
}
END_TEST

/* Slices of larger arrays lie anywhere; the bits do not depend on where. */
START_TEST(does_not_depend_on_alignment)
{
    const csk_space *space = &cases[_i].space;
    const int64_t n = csk_space_len(space);
    csk_linop *A = make_random(space, &cases[_i].kernel);
    float *x = tst_normal(n, 1, 0), *y = csk_alloc(n, sizeof(*y));
    float *x1 = csk_alloc(n + 1, sizeof(*x1)), *y1 = csk_alloc(n + 1, sizeof(*y1));
    float *work = csk_alloc(csk_linop_work_len(A), sizeof(*work));

    csk_copy(n, x, x1 + 1);
    csk_linop_apply(A, y, x, work);
    csk_linop_apply(A, y1 + 1, x1 + 1, work);
    ck_assert_mem_eq(y, y1 + 1, (size_t)n * sizeof(*y));
    ck_assert_mem_eq(x, x1 + 1, (size_t)n * sizeof(*x)); /* the input is kept */
    csk_linop_unref(A);
    csk_free(x), csk_free(y), csk_free(x1), csk_free(y1), csk_free(work);
}
END_TEST

START_TEST(does_not_depend_on_threads)
{
    const csk_space space = TST_COMPLEX(160, 150), real = TST_REAL(20, 41, 50);
    const csk_space kernel = TST_REAL(7, 7), cube = TST_REAL(3, 3, 3);
    csk_linop *A = make_random(&space, &kernel), *B = make_random(&real, &cube);

    tst_linop_threads(A);
    tst_linop_threads(B);
    csk_linop_unref(A), csk_linop_unref(B);
}
END_TEST

START_TEST(rejects_bad_arguments)
{
    static const float ones[6] = { 1, 1, 1, 1, 1, 1 };
    const csk_space plane = TST_REAL(4, 5);
    const csk_space line = TST_REAL(5), wide = TST_REAL(1, 6),
                    complex = TST_COMPLEX(1, 2);
    const csk_space empty = TST_REAL(0, 1), point = TST_REAL(1, 1);
    csk_linop *A = NULL;

    ck_assert_int_eq(csk_linop_conv(&A, &plane, &line, ones), CSK_ERR_SHAPE);
    ck_assert_int_eq(csk_linop_conv(&A, &plane, &wide, ones), CSK_ERR_SHAPE);
    ck_assert_str_eq(csk_error_message(),
                     "conv: along axis 1 the kernel has 6 points, the space 5");
    ck_assert_int_eq(csk_linop_conv(&A, &plane, &complex, ones), CSK_ERR_ARG);
    ck_assert_int_eq(csk_linop_conv(&A, &plane, &empty, ones), CSK_ERR_ARG);
    ck_assert_int_eq(csk_linop_conv(&A, &empty, &point, ones), CSK_ERR_ARG);
    ck_assert_int_eq(csk_linop_conv(&A, &plane, &point, &(float){ INFINITY }),
                     CSK_ERR_NUMERIC);
    ck_assert_ptr_null(A);
}
END_TEST

/* Sum 1, falls as it should, the same from both sides, as large as there is room for. */
START_TEST(gaussian_kernel_is_one)
{
    static const csk_space spaces[] = { TST_REAL(200, 200), TST_COMPLEX(40, 7),
                                        TST_REAL(1, 90), TST_REAL(8, 9, 10) };
    static const int64_t sides[][3] = { { 61, 61 }, { 39, 7 }, { 1, 61 }, { 7, 9, 9 } };
    const csk_space *s = &spaces[_i];
    csk_array k = { .data = NULL };
    double sum = 0.;

    tst_ok(csk_kernel_gauss(&k, s, 3.));
    const int64_t n = csk_space_size(&k.space), last = k.space.dim[s->rank - 1];
    ck_assert_int_eq(k.space.field, CSK_REAL);
    for (int i = 0; i < s->rank; i++)
        ck_assert_int_eq(k.space.dim[i], sides[_i][i]);
    for (int64_t i = 0; i < n; i++) {
        sum += (double)k.data[i];
        ck_assert_float_eq(k.data[i], k.data[n - 1 - i]);
    }
    ck_assert_double_eq_tol(sum, 1., 1e-6);
    const float *centre = k.data + n / 2;
    for (int64_t j = 0; j <= last / 2; j++)
        ck_assert_double_eq_tol(centre[j] / centre[0], exp(-(double)(j * j) / 18.),
                                1e-6);
    csk_array_clear(&k);
}
END_TEST

START_TEST(gaussian_kernel_refuses_no_width)
{
    const csk_space space = TST_REAL(8, 8);
    csk_array k = { .data = NULL };

    ck_assert_int_eq(csk_kernel_gauss(&k, &space, 0.), CSK_ERR_ARG);
    ck_assert_int_eq(csk_kernel_gauss(&k, &space, NAN), CSK_ERR_ARG);
    ck_assert_int_eq(csk_kernel_gauss(&k, &space, 1e7), CSK_ERR_ARG);
    ck_assert_ptr_null(k.data);
}
END_TEST

static csk_status build(void)
{
    static const float ones[3] = { 1, 1, 1 };
    const csk_space ks = TST_REAL(1, 3);
    csk_linop *A = NULL, *B = NULL;

    csk_status err = csk_linop_conv(&A, &(csk_space)TST_REAL(4, 5), &ks, ones);
    if (!err)
        err = csk_linop_conv(&B, &(csk_space)TST_COMPLEX(4, 5), &ks, ones);
    csk_linop_unref(A), csk_linop_unref(B);
    csk_array k = { .data = NULL };
    if (!err)
        err = csk_kernel_gauss(&k, &(csk_space)TST_REAL(4, 5), 1.);
    csk_array_clear(&k);
    return err;
}

START_TEST(survives_out_of_memory)
{
    tst_out_of_memory(build);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("conv");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, is_linear_with_its_adjoint_and_resolvent, 0, CASES);
    tcase_add_loop_test(t, matches_the_definition, 0, CASES);
    tcase_add_test(t, delta_is_identity_and_shift);
    tcase_add_test(t, bound_is_the_largest_modulus);
    tcase_add_loop_test(t, does_not_depend_on_alignment, 0, CASES);
    tcase_add_test(t, does_not_depend_on_threads);
    tcase_add_test(t, rejects_bad_arguments);
    tcase_add_loop_test(t, gaussian_kernel_is_one, 0, 4);
    tcase_add_test(t, gaussian_kernel_refuses_no_width);
    tcase_add_test(t, survives_out_of_memory);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
