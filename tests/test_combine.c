/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/linop_impl.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/combine.h"
#include "operators/conv.h"
#include "operators/grad.h"
#include "tests/support/tst.h"

#include <float.h>
#include <math.h>

static const double tol = 100. * FLT_EPSILON;

static const csk_space spaces[] = {
    TST_REAL(1),       TST_COMPLEX(17),    TST_REAL(6, 9),
    TST_COMPLEX(5, 8), TST_REAL(2, 13, 4), TST_COMPLEX(3, 1, 10),
};
enum { SPACES = sizeof(spaces) / sizeof(spaces[0]) };

/* Convolution along the last axis with (1, 2, ...), a square operator. */
static csk_linop *blur(const csk_space *space)
{
    static const float kernel[] = { 1.f, 2.f, 3.f, 4.f, 5.f };
    csk_space line = csk_space_make(CSK_REAL, space->rank, space->dim);
    csk_linop *A;

    for (int i = 0; i < line.rank; i++)
        line.dim[i] = i < line.rank - 1 ? 1 : line.dim[i] < 5 ? line.dim[i] : 5;
    tst_ok(csk_linop_conv(&A, space, &line, kernel));
    return A;
}

/* An operator without normal and resolvent of its own: the identity plus a blur. */
static csk_linop *plain(const csk_space *space)
{
    csk_linop *parts[2], *A;

    tst_ok(csk_linop_identity(&parts[0], space));
    parts[1] = blur(space);
    tst_ok(csk_linop_sum(&A, 2, parts));
    csk_linop_unref(parts[0]), csk_linop_unref(parts[1]);
    ck_assert(!csk_linop_has_normal(A) && !csk_linop_has_resolvent(A));
    return A;
}

static csk_linop *gradient(const csk_space *space)
{
    csk_linop *A;

    tst_ok(csk_linop_grad(&A, space, (1u << space->rank) - 1u));
    return A;
}

/* Check y = A x against @p want, made of what the parts give. */
static void same(const csk_linop *A, const float *x, const float *want)
{
    const int64_t m = csk_linop_rows(A);
    float *y = csk_alloc(m, sizeof(*y));
    float *work = csk_alloc(csk_linop_work_len(A), sizeof(*work));

    csk_linop_apply(A, y, x, work);
    ck_assert_double_le(tst_distance(m, y, want), tol);
    csk_free(y), csk_free(work);
}

static float *applied(const csk_linop *A, const float *x)
{
    float *y = csk_alloc(csk_linop_rows(A), sizeof(*y));
    float *work = csk_alloc(csk_linop_work_len(A), sizeof(*work));

    csk_linop_apply(A, y, x, work);
    csk_free(work);
    return y;
}

START_TEST(identity_is_identity)
{
    const csk_space *space = &spaces[_i];
    float *x = tst_normal(csk_space_len(space), 1, 0);
    csk_linop *A;

    tst_ok(csk_linop_identity(&A, space));
    tst_linop(A, tol);
    same(A, x, x);
    ck_assert_double_eq(csk_linop_norm_bound(A), 1.);
    ck_assert(csk_linop_has_normal(A) && csk_linop_has_resolvent(A));
    ck_assert_int_eq(csk_linop_work_len(A), 0);
    csk_linop_unref(A);
    csk_free(x);
}
END_TEST

START_TEST(scaled_multiplies)
{
    const csk_space *space = &spaces[_i];
    csk_linop *parts[] = { plain(space), blur(space), gradient(space) };
    float *x = tst_normal(csk_space_len(space), 1, 0);

    for (int k = 0; k < (csk_space_len(space) > 1 ? 3 : 2); k++) {
        csk_linop *B = parts[k], *A;
        float *want = applied(B, x);

        csk_scale(csk_linop_rows(B), -2.5, want);
        tst_ok(csk_linop_scaled(&A, B, -2.5));
        tst_linop(A, tol);
        same(A, x, want);
        ck_assert_double_eq_tol(csk_linop_norm_bound(A), 2.5 * csk_linop_norm_bound(B),
                                1e-12);
        ck_assert_int_eq(csk_linop_has_normal(A), csk_linop_has_normal(B));
        ck_assert_int_eq(csk_linop_has_resolvent(A), csk_linop_has_resolvent(B));
        csk_linop_unref(A);
        csk_free(want);
    }
    for (int k = 0; k < 3; k++)
        csk_linop_unref(parts[k]);
    csk_free(x);
}
END_TEST

START_TEST(scaled_by_zero_is_zero)
{
    csk_linop *B = plain(&spaces[2]), *A;
    float *x = tst_normal(csk_linop_cols(B), 1, 0);

    B->norm_bound = INFINITY; /* as of an operator that knows none */
    tst_ok(csk_linop_scaled(&A, B, 0.));
    ck_assert_double_eq(csk_linop_norm_bound(A), 0.);
    float *y = applied(A, x);
    ck_assert_double_eq(csk_norm(csk_linop_rows(A), y), 0.);
    csk_linop_unref(A), csk_linop_unref(B);
    csk_free(x), csk_free(y);
}
END_TEST

/* I + 2 I - blur + blur = 3 I. */
START_TEST(sum_adds)
{
    const csk_space *space = &spaces[_i];
    const int64_t n = csk_space_len(space);
    float *x = tst_normal(n, 1, 0);
    csk_linop *part[4], *A;

    tst_ok(csk_linop_identity(&part[0], space));
    tst_ok(csk_linop_scaled(&part[1], part[0], 2.));
    part[2] = blur(space);
    tst_ok(csk_linop_scaled(&part[3], part[2], -1.));

    tst_ok(csk_linop_sum(&A, 2, part));
    tst_linop(A, tol);
    ck_assert_double_eq(csk_linop_norm_bound(A), 3.);
    csk_linop_unref(A);

    tst_ok(csk_linop_sum(&A, 1, part + 2));
    tst_linop(A, tol);
    csk_linop_unref(A);

    tst_ok(csk_linop_sum(&A, 4, part));
    float *y = applied(A, x);
    csk_axpby(n, -3., x, 1., y);
    ck_assert_double_le(csk_norm(n, y), tol * csk_linop_norm_bound(A) * csk_norm(n, x));
    csk_linop_unref(A);
    csk_free(x), csk_free(y);
    for (int k = 0; k < 4; k++)
        csk_linop_unref(part[k]);
}
END_TEST

START_TEST(stack_puts_one_after_the_other)
{
    const csk_space *space = &spaces[_i];
    const int64_t n = csk_space_len(space);
    float *x = tst_normal(n, 1, 0);
    csk_linop *part[3] = { plain(space), gradient(space), NULL }, *A;

    tst_ok(csk_linop_identity(&part[2], space));
    tst_ok(csk_linop_stack(&A, 3, part));
    tst_linop(A, tol);
    ck_assert(csk_linop_has_normal(A));
    ck_assert_int_eq(csk_linop_codomain(A)->rank, 1);
    ck_assert_int_eq(csk_linop_codomain(A)->field, space->field);

    float *y = applied(A, x), *at = y;
    double squares = 0.;
    for (int k = 0; k < 3; k++) {
        float *want = applied(part[k], x);
        const int64_t m = csk_linop_rows(part[k]);

        ck_assert_mem_eq(at, want, (size_t)m * sizeof(*at));
        squares += pow(csk_linop_norm_bound(part[k]), 2.);
        at += m;
        csk_free(want);
    }
    ck_assert_int_eq(at - y, csk_linop_rows(A));
    ck_assert_double_eq_tol(csk_linop_norm_bound(A), sqrt(squares), 1e-9);
    csk_linop_unref(A);

    tst_ok(csk_linop_stack(&A, 1, part)); /* no part has a normal, nor has the stack */
    ck_assert(!csk_linop_has_normal(A));
    tst_linop(A, tol);
    csk_linop_unref(A);
    csk_free(x), csk_free(y);
    for (int k = 0; k < 3; k++)
        csk_linop_unref(part[k]);
}
END_TEST

START_TEST(adjoint_swaps)
{
    const csk_space *space = &spaces[_i];
    csk_linop *B = _i == 0 ? plain(space) : gradient(space), *A, *back;
    const int64_t n = csk_linop_cols(B), m = csk_linop_rows(B);
    float *y = tst_normal(m, 1, 0), *want = csk_alloc(n, sizeof(*want));
    float *work = csk_alloc(csk_linop_work_len(B), sizeof(*work));

    tst_ok(csk_linop_adjoint_of(&A, B));
    tst_linop(A, tol);
    csk_linop_adjoint(B, want, y, work);
    same(A, y, want);
    ck_assert(csk_space_equal(csk_linop_domain(A), csk_linop_codomain(B)));
    ck_assert(csk_space_equal(csk_linop_codomain(A), csk_linop_domain(B)));
    ck_assert_double_eq(csk_linop_norm_bound(A), csk_linop_norm_bound(B));

    tst_ok(csk_linop_adjoint_of(&back, A));
    ck_assert_ptr_eq(back, B);
    csk_linop_unref(A), csk_linop_unref(B);
    tst_linop(back, tol); /* alive by the reference that it got */
    csk_linop_unref(back);
    csk_free(y), csk_free(want), csk_free(work);
}
END_TEST

/* grad . blur: the outer one has a normal of its own; grad . (I + blur) . blur: and so on. */
START_TEST(chain_keeps_the_normal_of_the_outer)
{
    const csk_space *space = &spaces[_i];
    csk_linop *G = gradient(space), *B = blur(space), *P = plain(space), *A, *C;

    if (csk_linop_norm_bound(G) > 0.) {
        tst_ok(csk_linop_chain(&A, G, P));
        ck_assert(csk_linop_has_normal(A));
        tst_linop(A, tol);
        tst_ok(csk_linop_chain(&C, A, B));
        ck_assert(csk_linop_has_normal(C));
        tst_linop(C, tol);
        csk_linop_unref(A), csk_linop_unref(C);
    }
    tst_ok(csk_linop_chain(&A, P, B));
    ck_assert(!csk_linop_has_normal(A));
    tst_linop(A, tol);
    csk_linop_unref(A), csk_linop_unref(G), csk_linop_unref(B), csk_linop_unref(P);
}
END_TEST

START_TEST(does_not_depend_on_threads)
{
    const csk_space space = TST_COMPLEX(200, 211);
    csk_linop *part[2] = { blur(&space), gradient(&space) }, *A;

    tst_ok(csk_linop_stack(&A, 2, part));
    tst_linop_threads(A);
    csk_linop_unref(A);
    tst_ok(csk_linop_scaled(&A, part[0], .3));
    tst_linop_threads(A);
    csk_linop_unref(A), csk_linop_unref(part[0]), csk_linop_unref(part[1]);
}
END_TEST

START_TEST(rejects_what_does_not_fit)
{
    const csk_space empty = TST_REAL(0);
    csk_linop *I2, *I3, *C3, *G3, *A = NULL;

    ck_assert_int_eq(csk_linop_identity(&A, &empty), CSK_ERR_ARG);
    tst_ok(csk_linop_identity(&I2, &(csk_space)TST_REAL(2)));
    tst_ok(csk_linop_identity(&I3, &(csk_space)TST_REAL(3)));
    tst_ok(csk_linop_identity(&C3, &(csk_space)TST_COMPLEX(3)));
    tst_ok(csk_linop_grad(&G3, csk_linop_domain(I3), 1));
    csk_linop *const domains[] = { I2, I3 }, *const fields[] = { I3, C3 };
    csk_linop *const codomains[] = { I3, G3 };

    ck_assert_int_eq(csk_linop_sum(&A, 0, domains), CSK_ERR_ARG);
    ck_assert_int_eq(csk_linop_stack(&A, -1, domains), CSK_ERR_ARG);
    ck_assert_int_eq(csk_linop_sum(&A, 2, domains), CSK_ERR_SHAPE);
    ck_assert_str_eq(csk_error_message(),
                     "sum: operator 1 (identity) takes real 3, but operator 0 "
                     "(identity) takes real 2");
    ck_assert_int_eq(csk_linop_sum(&A, 2, codomains), CSK_ERR_SHAPE);
    ck_assert_str_eq(csk_error_message(),
                     "sum: operator 1 (grad) gives real 1x3, not real 3");
    ck_assert_int_eq(csk_linop_stack(&A, 2, fields), CSK_ERR_SHAPE);
    ck_assert_int_eq(csk_linop_scaled(&A, I2, (double)NAN), CSK_ERR_ARG);
    ck_assert_int_eq(csk_linop_scaled(&A, I2, INFINITY), CSK_ERR_ARG);
    ck_assert_int_eq(csk_linop_chain(&A, I2, I3), CSK_ERR_SHAPE);
    ck_assert_ptr_null(A);
    csk_linop_unref(I2), csk_linop_unref(I3), csk_linop_unref(C3), csk_linop_unref(G3);
}
END_TEST

/* No operator of the library goes from complex to real, so one is bent to that. */
START_TEST(stack_refuses_mixed_fields)
{
    const csk_space space = TST_COMPLEX(4);
    csk_linop *part[2], *A = NULL;

    tst_ok(csk_linop_identity(&part[0], &space));
    tst_ok(csk_linop_identity(&part[1], &space));
    part[1]->codomain = csk_space_make(CSK_REAL, 1, &(int64_t){ 8 });
    ck_assert_int_eq(csk_linop_stack(&A, 2, part), CSK_ERR_SHAPE);
    ck_assert_str_eq(csk_error_message(),
                     "stack: operators 1 (identity) and 0 "
                     "(identity) differ in real or complex output");
    part[1]->codomain = csk_space_make(CSK_COMPLEX, 1, &(int64_t){ INT64_MAX / 64 });
    ck_assert_int_eq(csk_linop_stack(&A, 2, part), CSK_ERR_ARG);
    ck_assert_ptr_null(A);
    csk_linop_unref(part[0]), csk_linop_unref(part[1]);
}
END_TEST

static csk_status build_all(void)
{
    const csk_space space = TST_REAL(6, 4);
    csk_linop *made[6] = { NULL };

    csk_status err = csk_linop_identity(&made[0], &space);
    if (!err)
        err = csk_linop_scaled(&made[1], made[0], 2.);
    if (!err)
        err = csk_linop_sum(&made[2], 2, made);
    if (!err)
        err = csk_linop_stack(&made[3], 3, made);
    if (!err)
        err = csk_linop_adjoint_of(&made[4], made[3]);
    if (!err)
        err = csk_linop_chain(&made[5], made[3], made[4]);
    for (int i = 0; i < 6; i++)
        csk_linop_unref(made[i]);
    return err;
}

START_TEST(survives_out_of_memory)
{
    tst_out_of_memory(build_all);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("combine");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, identity_is_identity, 0, SPACES);
    tcase_add_loop_test(t, scaled_multiplies, 0, SPACES);
    tcase_add_test(t, scaled_by_zero_is_zero);
    tcase_add_loop_test(t, sum_adds, 0, SPACES);
    tcase_add_loop_test(t, stack_puts_one_after_the_other, 0, SPACES);
    tcase_add_loop_test(t, adjoint_swaps, 0, SPACES);
    tcase_add_loop_test(t, chain_keeps_the_normal_of_the_outer, 0, SPACES);
    tcase_add_test(t, does_not_depend_on_threads);
    tcase_add_test(t, rejects_what_does_not_fit);
    tcase_add_test(t, stack_refuses_mixed_fields);
    tcase_add_test(t, survives_out_of_memory);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
