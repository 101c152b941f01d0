/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/fista.h"
#include "cs/lasso.h"
#include "cs/mem.h"
#include "tests/support/dense.h"
#include "tests/support/matrices.h"
#include "tests/support/tst.h"

#include <math.h>
#include <string.h>

/* [sparse or dense][real or complex][tall, wide]. */
enum { SHAPES = 2, KINDS = 2 * 2 * SHAPES };

static csk_matrix make(int kind)
{
    const csk_field field = kind / SHAPES % 2 ? CSK_COMPLEX : CSK_REAL;
    const int64_t rows = kind % SHAPES ? 40 : 60, cols = kind % SHAPES ? 300 : 30;

    return kind / SHAPES / 2 ? tst_sparse_matrix(field, rows, cols, .3, 3)
                             : tst_dense_matrix(field, rows, cols, 3);
}

static double modulus(const csk_matrix *A, const double *v, int64_t j)
{
    return A->field == CSK_COMPLEX ? hypot(v[2 * j], v[2 * j + 1]) : fabs(v[j]);
}

/*
 * How far A^H(b - A x) is from lambda times the subdifferential at x, over lambda. What
 * rounds to zero counts as zero.
 */
static double violation(const csk_matrix *A, const double *b, const double *x,
                        double lambda)
{
    const int64_t w = (int64_t)A->field;
    double *r = csk_alloc(A->rows * w, sizeof(*r)),
           *g = csk_alloc(A->cols * w, sizeof(*g));
    double worst = 0.;

    csk_matrix_apply(A, false, r, x);
    for (int64_t i = 0; i < A->rows * w; i++)
        r[i] = b[i] - r[i];
    csk_matrix_apply(A, true, g, r);
    for (int64_t j = 0; j < A->cols; j++) {
        const double size = modulus(A, x, j);
        double off = fmax(modulus(A, g, j) - lambda, 0.);

        if (size > 0.) {
            double square = 0.;
            for (int64_t c = 0; c < w; c++)
                square += pow(g[j * w + c] - lambda * x[j * w + c] / size, 2.);
            off = sqrt(square);
        }
        worst = fmax(worst, off / lambda);
    }
    csk_free(r), csk_free(g);
    return worst;
}

START_TEST(solution_is_optimal)
{
    csk_matrix A = make(_i);
    const int64_t m = A.rows * (int64_t)A.field, n = A.cols * (int64_t)A.field;
    double *b = tst_normal_double(m, 5), *x = csk_alloc(n, sizeof(*x)), top = 0.;
    csk_lasso_opts o = csk_lasso_defaults();
    csk_run_info info;

    tst_ok(csk_lasso_lambda_max(&top, &A, b));
    o.gap = 1e-12;
    for (int k = 0; k < 3; k++) { /* a warm-started path */
        o.lambda = .5 * pow(3., -k) * top;
        tst_ok(csk_lasso(x, &A, b, &o, &info));
        ck_assert_int_eq(info.stop, CSK_STOP_CONVERGED);
        ck_assert_double_le(info.gap, 1e-12);
        ck_assert_double_ge(info.gap, 0.);
        ck_assert_double_le(violation(&A, b, x, o.lambda), 1e-4);
    }
    /* Warm-started at the solution, one look is enough. */
    tst_ok(csk_lasso(x, &A, b, &o, &info));
    ck_assert_int_eq(info.iter, 0);
    ck_assert_int_eq(info.applications, 2);
    csk_free(b), csk_free(x);
    csk_matrix_clear(&A);
}
END_TEST

/* What FISTA finds on the same matrix in floats. */
START_TEST(equals_fista)
{
    const csk_field field = _i ? CSK_COMPLEX : CSK_REAL;
    enum { M = 20, N = 50 };
    const int w = (int)field;
    csk_matrix A = tst_dense_matrix(field, M, N, 4);
    double *b = tst_normal_double(M * w, 5), x[2 * N] = { 0. }, y[2 * N];
    float a[2 * M * N], fb[2 * M], fx[2 * N] = { 0.f };
    csk_lasso_opts o = csk_lasso_defaults();
    csk_fista_opts f = csk_fista_defaults();
    csk_run_info exact, info;
    csk_linop *op;
    csk_prox *l1;

    for (int i = 0; i < M; i++) {
        for (int j = 0; j < N; j++) {
            for (int c = 0; c < w; c++)
                a[(i * N + j) * w + c] = (float)A.value[(j * M + i) * w + c];
        }
    }
    for (int i = 0; i < M * w; i++)
        fb[i] = (float)b[i];
    tst_ok(tst_dense(&op, field, M, N, a, TST_PLAIN));
    tst_ok(csk_prox_l1(&l1, csk_linop_domain(op)));
    o.lambda = f.lambda = .2;
    o.gap = 1e-12;
    f.tol = 1e-7;
    f.max_iter = 5000;
    tst_ok(csk_lasso(x, &A, b, &o, &exact));
    tst_ok(csk_fista(fx, op, fb, l1, &f, &info));
    for (int i = 0; i < N * w; i++)
        y[i] = (double)fx[i];
    ck_assert_double_le(tst_distance_double(N * w, y, x), 1e-4);
    ck_assert_double_eq_tol(info.objective, exact.objective, 1e-5 * exact.objective);
    csk_free(b);
    csk_matrix_clear(&A);
    csk_prox_free(l1);
    csk_linop_unref(op);
}
END_TEST

START_TEST(lambda_max_is_where_the_solution_vanishes)
{
    csk_matrix A = make(_i);
    const int64_t m = A.rows * (int64_t)A.field, n = A.cols * (int64_t)A.field;
    double *b = tst_normal_double(m, 5), *x = tst_normal_double(n, 6), top = 0.;
    csk_lasso_opts o = csk_lasso_defaults();

    tst_ok(csk_lasso_lambda_max(&top, &A, b));
    o.lambda = top * (1. + 1e-9);
    tst_ok(csk_lasso(x, &A, b, &o, NULL));
    for (int64_t i = 0; i < n; i++)
        ck_assert_double_eq_tol(x[i], 0., 1e-3);
    o.lambda = .99 * top;
    o.gap = 1e-9;
    memset(x, 0, (size_t)n * sizeof(*x));
    tst_ok(csk_lasso(x, &A, b, &o, NULL));
    double sum = 0.;
    for (int64_t i = 0; i < n; i++)
        sum += fabs(x[i]);
    ck_assert_double_gt(sum, 0.);
    csk_free(b), csk_free(x);
    csk_matrix_clear(&A);
}
END_TEST

/* Stopped at any pass, the gap is a bound of the excess. */
START_TEST(gap_is_a_bound)
{
    csk_matrix A = make(_i);
    const int64_t m = A.rows * (int64_t)A.field, n = A.cols * (int64_t)A.field;
    double *b = tst_normal_double(m, 5), *x = csk_alloc(n, sizeof(*x)), top = 0.,
           bb = 0.;
    csk_lasso_opts o = csk_lasso_defaults();
    csk_run_info best, info;

    for (int64_t i = 0; i < m; i++)
        bb += b[i] * b[i];
    tst_ok(csk_lasso_lambda_max(&top, &A, b));
    o.lambda = .1 * top;
    o.gap = 1e-13;
    tst_ok(csk_lasso(x, &A, b, &o, &best));
    for (o.max_iter = 1; o.max_iter < 40; o.max_iter *= 2) {
        memset(x, 0, (size_t)n * sizeof(*x));
        tst_ok(csk_lasso(x, &A, b, &o, &info));
        ck_assert_int_le(info.iter, o.max_iter);
        ck_assert_double_le((info.objective - best.objective) / (.5 * bb),
                            info.gap + 1e-12);
    }
    csk_free(b), csk_free(x);
    csk_matrix_clear(&A);
}
END_TEST

/* An orthogonal A (a permutation): soft thresholding; and columns of zeros. */
START_TEST(diagonal_is_soft_thresholding)
{
    csk_matrix A;
    double b[6] = { 3., 4., .3, .4, -2., 0. };
    double x[10] = { [3] = 7., [8] = 5. };
    const double want[3] = { 1. - 1. / 5., 0., .5 };
    csk_lasso_opts o = csk_lasso_defaults();

    tst_ok(csk_matrix_sparse(&A, CSK_COMPLEX, 3, 5, 3));
    for (int j = 0; j < 3; j++) {
        A.row[j] = j;
        A.value[2 * j] = 1.;
    }
    A.start[1] = 0; /* columns 0 and 4 are empty */
    for (int j = 2; j <= 5; j++)
        A.start[j] = j - 1 < 3 ? j - 1 : 3;
    o.lambda = 1.;
    tst_ok(csk_lasso(x, &A, b, &o, NULL));
    for (int j = 0; j < 3; j++) {
        ck_assert_double_eq_tol(x[2 + 2 * j], want[j] * b[2 * j], 1e-12);
        ck_assert_double_eq_tol(x[3 + 2 * j], want[j] * b[2 * j + 1], 1e-12);
    }
    ck_assert_double_eq(x[0], 0.);
    ck_assert_double_eq(x[8], 0.);
    csk_matrix_clear(&A);
}
END_TEST

/* Twins may share their weight in any way; the objective is that of one. */
START_TEST(repeated_columns_are_no_trouble)
{
    csk_matrix A = tst_dense_matrix(CSK_REAL, 20, 6, 4);
    double *b = tst_normal_double(20, 5), x[6] = { 0. };
    csk_lasso_opts o = csk_lasso_defaults();
    csk_run_info both, one;

    memcpy(A.value + 100, A.value, 20 * sizeof(double));
    o.lambda = .3;
    o.gap = 1e-12;
    tst_ok(csk_lasso(x, &A, b, &o, &both));
    memset(A.value + 100, 0, 20 * sizeof(double));
    tst_ok(csk_lasso(x, &A, b, &o, &one));
    ck_assert_int_eq(both.stop, CSK_STOP_CONVERGED);
    ck_assert_double_eq_tol(both.objective, one.objective, 1e-9 * one.objective);
    ck_assert_double_eq(x[5], 0.);
    csk_free(b);
    csk_matrix_clear(&A);
}
END_TEST

START_TEST(zero_data_give_zero)
{
    csk_matrix A = make(_i);
    const int64_t m = A.rows * (int64_t)A.field, n = A.cols * (int64_t)A.field;
    double *b = csk_alloc(m, sizeof(*b)), *x = tst_normal_double(n, 6), top = 1.;
    csk_lasso_opts o = csk_lasso_defaults();
    csk_run_info info;

    tst_ok(csk_lasso_lambda_max(&top, &A, b));
    ck_assert_double_eq(top, 0.);
    o.lambda = 1.;
    memset(x, 0, (size_t)n * sizeof(*x));
    tst_ok(csk_lasso(x, &A, b, &o, &info));
    ck_assert_double_eq(info.gap, 0.);
    ck_assert_double_eq(info.objective, 0.);
    ck_assert_int_eq(info.iter, 0);
    csk_free(b), csk_free(x);
    csk_matrix_clear(&A);
}
END_TEST

START_TEST(reports_what_is_wrong)
{
    csk_matrix A = tst_dense_matrix(CSK_REAL, 4, 3, 4);
    double b[4] = { 1., 1., 1., 1. }, x[3] = { 0. }, top = -1.;
    csk_lasso_opts o = csk_lasso_defaults();
    csk_run_info info;

    o.lambda = 0.;
    ck_assert_int_eq(csk_lasso(x, &A, b, &o, &info), CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(), "lasso: lambda is 0: that is least squares");
    ck_assert_int_eq(info.stop, CSK_STOP_NONE);
    o.lambda = -1.;
    ck_assert_int_eq(csk_lasso(x, &A, b, &o, NULL), CSK_ERR_ARG);
    x[1] = NAN;
    ck_assert_int_eq(csk_lasso(x, &A, b, NULL, NULL), CSK_ERR_NUMERIC);
    ck_assert_str_eq(csk_error_message(), "lasso: first guess: number 1 is nan");
    x[1] = 0.;
    b[0] = INFINITY;
    ck_assert_int_eq(csk_lasso(x, &A, b, NULL, NULL), CSK_ERR_NUMERIC);
    ck_assert_int_eq(csk_lasso_lambda_max(&top, &A, b), CSK_ERR_NUMERIC);
    ck_assert_double_eq(top, -1.);
    b[0] = 1.;
    x[0] = 1e300; /* its square is not finite */
    A.value[0] = 1e300;
    ck_assert_int_eq(csk_lasso(x, &A, b, NULL, NULL), CSK_ERR_NUMERIC);
    A.value[0] = NAN;
    ck_assert_int_eq(csk_lasso(x, &A, b, NULL, NULL), CSK_ERR_NUMERIC);
    csk_matrix_clear(&A);
}
END_TEST

static csk_status stop_after_one(void *user, const csk_progress *p)
{
    (void)user;
    ck_assert_str_eq(p->what, "lasso");
    ck_assert(isfinite(p->residual));
    return p->iter > 0 ? CSK_ERR_ABORTED : CSK_OK;
}

START_TEST(monitor_sees_and_ends)
{
    csk_matrix A = make(_i);
    double *b = tst_normal_double(A.rows * (int64_t)A.field, 5), x[600] = { 0. };
    csk_lasso_opts o = csk_lasso_defaults();
    csk_run_info info;

    o.lambda = .05;
    o.gap = 0.;
    o.monitor.call = stop_after_one;
    ck_assert_int_eq(csk_lasso(x, &A, b, &o, &info), CSK_ERR_ABORTED);
    ck_assert_int_eq(info.stop, CSK_STOP_MONITOR);
    ck_assert(isfinite(info.gap));

    /* What is told is of the x that is left. */
    const int64_t m = A.rows * (int64_t)A.field;
    double *r = csk_alloc(m, sizeof(*r)), square = 0.;
    csk_matrix_apply(&A, false, r, x);
    for (int64_t i = 0; i < m; i++)
        square += (b[i] - r[i]) * (b[i] - r[i]);
    ck_assert_double_eq_tol(info.residual, sqrt(square), 1e-9);
    csk_free(r);
    csk_free(b);
    csk_matrix_clear(&A);
}
END_TEST

static csk_status run(int iterations)
{
    csk_matrix A;
    double x[3] = { 0. }, b[4] = { 1., 2., 3., 4. }, top;
    csk_lasso_opts o = csk_lasso_defaults();
    csk_status err = csk_matrix_dense(&A, CSK_REAL, 4, 3);

    for (int i = 0; !err && i < 12; i++)
        A.value[i] = cos((double)(i * i));
    o.lambda = .01;
    o.gap = 0.;
    o.max_iter = iterations;
    if (!err)
        err = csk_lasso_lambda_max(&top, &A, b);
    if (!err)
        err = csk_lasso(x, &A, b, &o, NULL);
    csk_matrix_clear(&A);
    return err;
}

START_TEST(memory)
{
    tst_solver_memory(run);
}
END_TEST

typedef struct job {
    const csk_matrix *A;
    const double *b;
    csk_lasso_opts opts;
} job;

static csk_status solve(void *user, void *x)
{
    const job *j = user;

    return csk_lasso(x, j->A, j->b, &j->opts, NULL);
}

START_TEST(same_bits_for_any_threads)
{
    const csk_field field = _i % 2 ? CSK_COMPLEX : CSK_REAL;
    csk_matrix A = _i / 2 ? tst_sparse_matrix(field, 150, 700, .4, 3)
                          : tst_dense_matrix(field, 150, 300, 3);
    double *b = tst_normal_double(300, 5);
    csk_lasso_opts o = csk_lasso_defaults();

    o.lambda = .8;
    tst_same_bits((size_t)(A.cols * (int64_t)field) * sizeof(double), solve,
                  &(job){ &A, b, o });
    csk_free(b);
    csk_matrix_clear(&A);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lasso");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, solution_is_optimal, 0, KINDS);
    tcase_add_loop_test(t, equals_fista, 0, 2);
    tcase_add_loop_test(t, lambda_max_is_where_the_solution_vanishes, 0, KINDS);
    tcase_add_loop_test(t, gap_is_a_bound, 0, KINDS);
    tcase_add_test(t, diagonal_is_soft_thresholding);
    tcase_add_test(t, repeated_columns_are_no_trouble);
    tcase_add_loop_test(t, zero_data_give_zero, 0, KINDS);
    tcase_add_test(t, reports_what_is_wrong);
    tcase_add_loop_test(t, monitor_sees_and_ends, 0, KINDS);
    tcase_add_test(t, memory);
    tcase_add_loop_test(t, same_bits_for_any_threads, 0, 4);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
