/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/cg.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "tests/support/dense.h"
#include "tests/support/tst.h"

#include <math.h>

static const struct {
    csk_field field;
    tst_kind kind;
    int64_t rows, cols;
} cases[] = {
    { CSK_REAL, TST_PLAIN, 30, 12 },    { CSK_REAL, TST_NORMAL, 30, 12 },
    { CSK_COMPLEX, TST_PLAIN, 25, 11 }, { CSK_COMPLEX, TST_NORMAL, 11, 25 },
    { CSK_REAL, TST_PLAIN, 1, 1 },
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

/* x with (a A*A + b I) x = r by elimination, in doubles, rounded at the end. */
static void solve_exactly(const csk_linop *A, double a, double b, const float *r,
                          float *x)
{
    const csk_field field = csk_linop_domain(A)->field;
    const int w = (int)field;
    const int64_t n = csk_linop_cols(A) / w;
    double *M = csk_alloc(n * n * w, sizeof(*M)), *v = csk_alloc(n * w, sizeof(*v));
    float *e = csk_alloc(n * w, sizeof(*e)), *col = csk_alloc(n * w, sizeof(*col));
    float *work = csk_alloc(csk_linop_work_len(A), sizeof(*work));

    for (int64_t j = 0; j < n; j++) {
        csk_zero(n * w, e);
        e[j * w] = 1.f;
        csk_linop_normal(A, col, e, work);
        for (int64_t i = 0; i < n; i++) {
            for (int c = 0; c < w; c++)
                M[(i * n + j) * w + c] = a * (double)col[i * w + c];
            M[(i * n + j) * w] += i == j ? b : 0.;
        }
    }
    for (int64_t i = 0; i < n * w; i++)
        v[i] = (double)r[i];
    ck_assert(tst_solve(field, n, M, v));
    for (int64_t i = 0; i < n * w; i++)
        x[i] = (float)v[i];
    csk_free(M), csk_free(v), csk_free(e), csk_free(col), csk_free(work);
}

START_TEST(solve_equals_elimination)
{
    csk_linop *A = tst_gaussian(cases[_i].field, cases[_i].rows, cases[_i].cols, 1,
                                cases[_i].kind);
    const int64_t n = csk_linop_cols(A);
    float *r = tst_normal(n, 2, 0), *x = tst_normal(n, 2, 1);
    float *want = csk_alloc(n, sizeof(*want));
    float *work = csk_alloc(csk_cg_work_len(A), sizeof(*work));

    solve_exactly(A, 2.5, .3, r, want);
    const int cold = csk_cg_solve(A, 2.5, .3, x, r, 1e-6, 200, work);
    ck_assert_int_ge(cold, 1);
    ck_assert_int_lt(cold, 200);
    ck_assert_double_le(tst_distance(n, x, want), 1e-5);

    /* The solution as first guess is left alone. */
    ck_assert_int_eq(csk_cg_solve(A, 2.5, .3, want, r, 1e-4, 200, work), 0);

    csk_zero(n, r);
    ck_assert_int_eq(csk_cg_solve(A, 2.5, .3, x, r, 1e-6, 200, work), 0);
    ck_assert_double_eq(csk_norm(n, x), 0.);
    csk_free(r), csk_free(x), csk_free(want), csk_free(work);
    csk_linop_unref(A);
}
END_TEST

START_TEST(ridge_regression)
{
    csk_linop *A = tst_gaussian(cases[_i].field, cases[_i].rows, cases[_i].cols, 3,
                                cases[_i].kind);
    const int64_t n = csk_linop_cols(A), m = csk_linop_rows(A);
    float *y = tst_normal(m, 4, 0), *x = csk_alloc(n, sizeof(*x));
    float *Ax = csk_alloc(m, sizeof(*Ax)), *rhs = csk_alloc(n, sizeof(*rhs));
    float *want = csk_alloc(n, sizeof(*want));
    csk_cg_opts o = csk_cg_defaults();
    csk_run_info info;

    o.ridge = .2;
    o.tol = 1e-6;
    tst_ok(csk_cg(x, A, y, &o, &info));
    csk_linop_adjoint(A, rhs, y, NULL);
    solve_exactly(A, 1., .2, rhs, want);
    ck_assert_double_le(tst_distance(n, x, want), 1e-5);
    ck_assert_int_eq(info.stop, CSK_STOP_CONVERGED);
    ck_assert_int_eq(info.applications, 2 * info.iter + 3);

    csk_linop_apply(A, Ax, x, NULL);
    ck_assert_double_eq_tol(info.residual, csk_distance(m, Ax, y), 1e-5);
    ck_assert_double_le(info.gap, 1e-9);

    /* Stopped early, the gap still bounds the excess of the objective. */
    const double best = info.objective;
    csk_zero(n, x);
    o.max_iter = 1;
    tst_ok(csk_cg(x, A, y, &o, &info));
    ck_assert_double_le(info.objective - best,
                        (info.gap + 1e-6) * .5 * csk_dot(m, y, y));
    csk_free(y), csk_free(x), csk_free(Ax), csk_free(rhs), csk_free(want);
    csk_linop_unref(A);
}
END_TEST

/* From 0, x stays in the range of A*: x = A* w with A A* w = y. */
START_TEST(underdetermined_gives_the_least_norm)
{
    enum { M = 8, N = 20 };
    csk_linop *A = tst_gaussian(CSK_COMPLEX, M, N, 5, TST_PLAIN);
    float *y = tst_normal(2 * M, 6, 0), x[2 * N] = { 0 }, want[2 * N];
    float e[2 * N], col[2 * M], w[2 * M];
    double G[2 * M * M], v[2 * M];
    csk_cg_opts o = csk_cg_defaults();

    /* G = A A*, column by column. */
    for (int j = 0; j < M; j++) {
        csk_zero(2 * M, w);
        w[2 * j] = 1.f;
        csk_linop_adjoint(A, e, w, NULL);
        csk_linop_apply(A, col, e, NULL);
        for (int i = 0; i < M; i++) {
            G[2 * (i * M + j)] = (double)col[2 * i];
            G[2 * (i * M + j) + 1] = (double)col[2 * i + 1];
        }
    }
    for (int i = 0; i < 2 * M; i++)
        v[i] = (double)y[i];
    ck_assert(tst_solve(CSK_COMPLEX, M, G, v));
    for (int i = 0; i < 2 * M; i++)
        w[i] = (float)v[i];
    csk_linop_adjoint(A, want, w, NULL);

    o.tol = 1e-6;
    csk_run_info info;
    tst_ok(csk_cg(x, A, y, &o, &info));
    ck_assert_double_le(tst_distance(2 * N, x, want), 1e-4);
    ck_assert(isnan(info.gap));
    csk_free(y);
    csk_linop_unref(A);
}
END_TEST

START_TEST(zero_data_give_zero)
{
    csk_linop *A = tst_gaussian(CSK_REAL, 6, 4, 7, TST_PLAIN);
    float x[4] = { 1.f, 2.f, 3.f, 4.f };
    const float y[6] = { 0.f };
    csk_run_info info;

    tst_ok(csk_cg(x, A, y, NULL, &info));
    ck_assert_double_eq(csk_norm(4, x), 0.);
    ck_assert_int_eq(info.iter, 0);
    ck_assert_int_eq(info.stop, CSK_STOP_CONVERGED);
    csk_linop_unref(A);
}
END_TEST

START_TEST(an_operator_of_zeros_is_no_failure)
{
    const float a[6] = { 0.f }, y[3] = { 1.f, 2.f, 3.f };
    float x[2] = { 0.f };
    csk_linop *A;
    csk_run_info info;

    tst_ok(tst_dense(&A, CSK_REAL, 3, 2, a, TST_PLAIN));
    tst_ok(csk_cg(x, A, y, NULL, &info));
    ck_assert_double_eq(csk_norm(2, x), 0.);
    ck_assert_double_eq_tol(info.residual, sqrt(14.), 1e-6);
    csk_linop_unref(A);
}
END_TEST

START_TEST(reports_what_is_not_finite)
{
    csk_linop *A = tst_gaussian(CSK_REAL, 6, 4, 8, TST_PLAIN), *N;
    const float a[4] = { 1.f, 0.f, 0.f, NAN };
    float x[4] = { 0.f }, y[6] = { 1.f, NAN, 0.f }, work[256];
    csk_run_info info;

    ck_assert_int_eq(csk_cg(x, A, y, NULL, &info), CSK_ERR_NUMERIC);
    ck_assert_str_eq(csk_error_message(), "cg: data: float 1 is nan");
    ck_assert_int_eq(info.stop, CSK_STOP_NONE);
    y[1] = 0.f;
    x[3] = INFINITY;
    ck_assert_int_eq(csk_cg(x, A, y, NULL, &info), CSK_ERR_NUMERIC);
    x[3] = 0.f;
    y[0] = NAN;
    ck_assert_int_lt(csk_cg_solve(A, 1., 1., x, y, 1e-6, 10, work), 0);

    tst_ok(tst_dense(&N, CSK_REAL, 2, 2, a, TST_PLAIN));
    y[0] = y[1] = 1.f;
    ck_assert_int_eq(csk_cg(x, N, y, NULL, &info), CSK_ERR_NUMERIC);
    ck_assert_int_lt(csk_cg_solve(N, 1., 1., x, y, 1e-6, 10, work), 0);
    csk_linop_unref(A);
    csk_linop_unref(N);
}
END_TEST

typedef struct seen {
    const csk_linop *A;
    const float *y;
    int calls, stop_at;
} seen;

/* The residual by recurrence is the true one. */
static csk_status watch(void *user, const csk_progress *p)
{
    seen *s = user;
    float Ax[64];

    csk_linop_apply(s->A, Ax, p->x, NULL);
    ck_assert_double_eq_tol(p->residual, csk_distance(csk_linop_rows(s->A), Ax, s->y),
                            1e-4);
    ck_assert_int_eq(p->iter, ++s->calls);
    ck_assert_str_eq(p->what, "cg");
    return p->iter == s->stop_at ? CSK_ERR_ABORTED : CSK_OK;
}

START_TEST(monitor_sees_and_ends)
{
    csk_linop *A = tst_gaussian(CSK_COMPLEX, 20, 10, 9, TST_NORMAL);
    float *y = tst_normal(40, 10, 0), x[20] = { 0 };
    seen s = { A, y, 0, 4 };
    csk_cg_opts o = csk_cg_defaults();
    csk_run_info info;

    o.ridge = .1;
    o.tol = 0.;
    o.monitor = (csk_monitor){ watch, &s };
    ck_assert_int_eq(csk_cg(x, A, y, &o, &info), CSK_ERR_ABORTED);
    ck_assert_int_eq(info.stop, CSK_STOP_MONITOR);
    ck_assert_int_eq(info.iter, 4);
    ck_assert_double_gt(csk_norm(20, x), 0.);
    csk_free(y);
    csk_linop_unref(A);
}
END_TEST

static csk_status run(int iterations)
{
    csk_linop *A = NULL;
    csk_cg_opts o = csk_cg_defaults();
    float x[300] = { 0 }, y[300];

    for (int i = 0; i < 300; i++)
        y[i] = (float)(i % 7);
    csk_status err = tst_two_taps(&A, CSK_REAL, 300, .9f, TST_PLAIN);
    o.tol = 0.;
    o.max_iter = iterations;
    if (!err)
        err = csk_cg(x, A, y, &o, NULL);
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
    const float *y;
    csk_cg_opts opts;
} job;

static csk_status solve(void *user, void *x)
{
    const job *j = user;

    return csk_cg(x, j->A, j->y, &j->opts, NULL);
}

START_TEST(same_bits_for_any_threads)
{
    enum { N = 50001 };
    csk_linop *A;
    float *y = tst_normal(2 * N, 11, 0);
    csk_cg_opts o = csk_cg_defaults();

    tst_ok(tst_two_taps(&A, CSK_COMPLEX, N, .5f, TST_NORMAL));
    o.max_iter = 5;
    tst_same_bits(2 * N * sizeof(float), solve, &(job){ A, y, o });
    csk_free(y);
    csk_linop_unref(A);
}
END_TEST

START_TEST(rejects_bad_options)
{
    csk_linop *A = tst_gaussian(CSK_REAL, 2, 2, 12, TST_PLAIN);
    float x[2] = { 0 }, y[2] = { 1.f, 1.f };
    csk_cg_opts o = csk_cg_defaults();

    o.ridge = -1.;
    ck_assert_int_eq(csk_cg(x, A, y, &o, NULL), CSK_ERR_ARG);
    csk_linop_unref(A);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("cg");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, solve_equals_elimination, 0, CASES);
    tcase_add_loop_test(t, ridge_regression, 0, CASES);
    tcase_add_test(t, underdetermined_gives_the_least_norm);
    tcase_add_test(t, zero_data_give_zero);
    tcase_add_test(t, an_operator_of_zeros_is_no_failure);
    tcase_add_test(t, reports_what_is_not_finite);
    tcase_add_test(t, monitor_sees_and_ends);
    tcase_add_test(t, memory);
    tcase_add_test(t, same_bits_for_any_threads);
    tcase_add_test(t, rejects_bad_options);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
