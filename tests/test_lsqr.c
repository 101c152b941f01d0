/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/cg.h"
#include "cs/lsqr.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "tests/support/dense.h"
#include "tests/support/tst.h"

#include <math.h>

static const struct {
    csk_field field;
    int64_t rows, cols;
    double damp;
} cases[] = {
    { CSK_REAL, 30, 12, 0. },    { CSK_REAL, 12, 30, .5 }, { CSK_COMPLEX, 25, 11, .3 },
    { CSK_COMPLEX, 11, 25, 0. }, { CSK_REAL, 1, 1, 0. },
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

/* Damped or not, tall or wide (least norm), real or complex: CG finds the same x. */
START_TEST(equals_cg)
{
    csk_linop *A = tst_gaussian(cases[_i].field, cases[_i].rows, cases[_i].cols, 1,
                                _i % 2 ? TST_NORMAL : TST_PLAIN);
    const int64_t n = csk_linop_cols(A), m = csk_linop_rows(A);
    float *b = tst_normal(m, 2, 0), *x = tst_normal(n, 2, 1);
    float *want = csk_alloc(n, sizeof(*want)), *Ax = csk_alloc(m, sizeof(*Ax));
    csk_lsqr_opts o = csk_lsqr_defaults();
    csk_cg_opts c = csk_cg_defaults();
    csk_lsqr_info info;

    o.damp = cases[_i].damp;
    c.ridge = o.damp * o.damp;
    c.tol = 1e-6;
    tst_ok(csk_cg(want, A, b, &c, NULL));
    tst_ok(csk_lsqr(x, A, b, &o, &info)); /* the first guess is ignored */
    ck_assert_double_le(tst_distance(n, x, want), 1e-4);
    ck_assert_int_eq(info.run.stop, CSK_STOP_CONVERGED);
    ck_assert_int_eq(info.rule, cases[_i].damp == 0. && m <= n ? CSK_LSQR_COMPATIBLE
                                                               : CSK_LSQR_LEAST);

    csk_linop_apply(A, Ax, x, NULL);
    const double r = csk_distance(m, Ax, b), size = csk_norm(n, x);
    ck_assert_double_eq_tol(info.run.residual, r, 1e-5);
    ck_assert_double_eq_tol(info.run.objective,
                            .5 * (r * r + o.damp * o.damp * size * size), 1e-4);
    ck_assert_double_le(info.gradient, 1e-4);
    ck_assert_int_eq(info.run.applications, 2 * info.run.iter + 3);
    csk_free(b), csk_free(x), csk_free(want), csk_free(Ax);
    csk_linop_unref(A);
}
END_TEST

/* Diagonal A with known singular values. */
START_TEST(estimates_norm_and_condition)
{
    enum { N = 8 };
    float a[N * N] = { 0.f }, b[N], x[N];
    double frobenius = 0.;
    csk_lsqr_opts o = csk_lsqr_defaults();
    csk_lsqr_info info;
    csk_linop *A;

    for (int i = 0; i < N; i++) {
        a[i * N + i] = 1.f + (float)i;
        frobenius += (double)a[i * N + i] * (double)a[i * N + i];
        b[i] = 1.f;
    }
    tst_ok(tst_dense(&A, CSK_REAL, N, N, a, TST_PLAIN));
    o.max_iter = N;
    o.atol = o.btol = 0.;
    tst_ok(csk_lsqr(x, A, b, &o, &info));
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol((double)x[i], 1. / (1. + i), 1e-4);
    /* The bidiagonal has the norm of A after N steps; the condition is Frobenius-like. */
    ck_assert_double_eq_tol(info.norm, sqrt(frobenius), .01 * info.norm);
    ck_assert_double_ge(info.cond, 8.);
    ck_assert_double_le(info.cond, 8. * N);

    o.cond = 5.;
    tst_ok(csk_lsqr(x, A, b, &o, &info));
    ck_assert_int_eq(info.rule, CSK_LSQR_CONDITION);
    ck_assert_int_lt(info.run.iter, N);
    csk_linop_unref(A);
}
END_TEST

typedef struct seen {
    const csk_linop *A;
    const float *b;
    float last[64];
    int calls, stop_at;
} seen;

/* What the recurrences say of residual and change is true of x. */
static csk_status watch(void *user, const csk_progress *p)
{
    seen *s = user;
    float Ax[64];

    csk_linop_apply(s->A, Ax, p->x, NULL);
    ck_assert_double_eq_tol(p->residual, csk_distance(csk_linop_rows(s->A), Ax, s->b),
                            1e-4);
    ck_assert_double_eq_tol(
        p->change, csk_distance(p->len, p->x, s->last) / csk_norm(p->len, p->x), 1e-4);
    csk_copy(p->len, p->x, s->last);
    ck_assert_str_eq(p->what, "lsqr");
    ck_assert_int_eq(p->iter, ++s->calls);
    return p->iter == s->stop_at ? CSK_ERR_ABORTED : CSK_OK;
}

START_TEST(monitor_sees_and_ends)
{
    csk_linop *A = tst_gaussian(CSK_COMPLEX, 20, 10, 9, TST_PLAIN);
    float *b = tst_normal(40, 10, 0), x[20];
    seen s = { .A = A, .b = b, .stop_at = 5 };
    csk_lsqr_opts o = csk_lsqr_defaults();
    csk_lsqr_info info;

    o.damp = _i * .7;
    o.atol = o.btol = 0.;
    o.monitor = (csk_monitor){ watch, &s };
    ck_assert_int_eq(csk_lsqr(x, A, b, &o, &info), CSK_ERR_ABORTED);
    ck_assert_int_eq(info.run.stop, CSK_STOP_MONITOR);
    ck_assert_int_eq(info.rule, CSK_LSQR_NONE);
    ck_assert_int_eq(info.run.iter, 5);
    csk_free(b);
    csk_linop_unref(A);
}
END_TEST

START_TEST(degenerate_problems)
{
    const float zeros[6] = { 0.f }, row[3] = { 1.f, 2.f, 2.f };
    const float b[3] = { 1.f, 2.f, 3.f };
    float x[3] = { 7.f, 7.f, 7.f };
    csk_linop *Z, *A;
    csk_lsqr_info info;

    tst_ok(tst_dense(&Z, CSK_REAL, 3, 2, zeros, TST_PLAIN));
    tst_ok(csk_lsqr(x, Z, b, NULL, &info)); /* A = 0 */
    ck_assert_int_eq(info.rule, CSK_LSQR_ZERO);
    ck_assert_double_eq(csk_norm(2, x), 0.);
    ck_assert_double_eq_tol(info.run.residual, sqrt(14.), 1e-6);

    tst_ok(tst_dense(&A, CSK_REAL, 1, 3, row, TST_PLAIN));
    tst_ok(csk_lsqr(x, A, zeros, NULL, &info)); /* b = 0 */
    ck_assert_int_eq(info.rule, CSK_LSQR_ZERO);
    ck_assert_double_eq(csk_norm(3, x), 0.);

    tst_ok(csk_lsqr(x, A, b, NULL, &info)); /* one row: done in one step */
    ck_assert_int_eq(info.run.iter, 1);
    for (int i = 0; i < 3; i++)
        ck_assert_double_eq_tol((double)x[i], (double)row[i] / 9., 1e-6);
    csk_linop_unref(Z);
    csk_linop_unref(A);
}
END_TEST

START_TEST(reports_what_is_wrong)
{
    const float a[4] = { 1.f, NAN, 0.f, 1.f };
    float b[2] = { 1.f, NAN }, x[2];
    csk_linop *A;
    csk_lsqr_opts o = csk_lsqr_defaults();
    csk_lsqr_info info;

    tst_ok(tst_dense(&A, CSK_REAL, 2, 2, a, TST_PLAIN));
    ck_assert_int_eq(csk_lsqr(x, A, b, NULL, &info), CSK_ERR_NUMERIC);
    ck_assert_str_eq(csk_error_message(), "lsqr: data: float 1 is nan");
    b[1] = 1.f;
    ck_assert_int_eq(csk_lsqr(x, A, b, NULL, &info), CSK_ERR_NUMERIC);
    ck_assert_str_eq(csk_error_message(), "lsqr: not finite at iteration 1");
    o.damp = -1.;
    ck_assert_int_eq(csk_lsqr(x, A, b, &o, NULL), CSK_ERR_ARG);
    csk_linop_unref(A);
}
END_TEST

static csk_status run(int iterations)
{
    csk_linop *A = NULL;
    csk_lsqr_opts o = csk_lsqr_defaults();
    float x[300], b[300];

    for (int i = 0; i < 300; i++)
        b[i] = (float)(i % 7);
    csk_status err = tst_two_taps(&A, CSK_REAL, 300, .9f, TST_PLAIN);
    o.atol = o.btol = 0.;
    o.max_iter = iterations;
    if (!err)
        err = csk_lsqr(x, A, b, &o, NULL);
    csk_linop_unref(A);
    return err;
}

START_TEST(memory)
{
    tst_solver_memory(run);
}
END_TEST

typedef struct job {
    const csk_linop *A;
    const float *b;
    csk_lsqr_opts opts;
} job;

static csk_status solve(void *user, void *x)
{
    const job *j = user;

    return csk_lsqr(x, j->A, j->b, &j->opts, NULL);
}

START_TEST(same_bits_for_any_threads)
{
    enum { N = 50001 };
    csk_linop *A;
    float *b = tst_normal(2 * N, 11, 0);
    csk_lsqr_opts o = csk_lsqr_defaults();

    tst_ok(tst_two_taps(&A, CSK_COMPLEX, N, .5f, TST_PLAIN));
    o.max_iter = 5;
    tst_same_bits(2 * N * sizeof(float), solve, &(job){ A, b, o });
    csk_free(b);
    csk_linop_unref(A);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lsqr");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, equals_cg, 0, CASES);
    tcase_add_test(t, estimates_norm_and_condition);
    tcase_add_loop_test(t, monitor_sees_and_ends, 0, 2);
    tcase_add_test(t, degenerate_problems);
    tcase_add_test(t, reports_what_is_wrong);
    tcase_add_test(t, memory);
    tcase_add_test(t, same_bits_for_any_threads);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
