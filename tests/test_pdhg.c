/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/linop_impl.h"
#include "cs/mem.h"
#include "cs/pdhg.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "tests/support/dense.h"
#include "tests/support/tst.h"

#include <math.h>

/* x_{i+1} - x_i over n scalars, with free ends; codomain [1][n - 1]. */
static csk_linop *differences(csk_field field, int64_t n)
{
    const int w = (int)field;
    float *a = csk_alloc((n - 1) * n * w, sizeof(*a));
    csk_linop *K;

    for (int64_t i = 0; i < n - 1; i++) {
        a[(i * n + i) * w] = -1.f;
        a[(i * n + i + 1) * w] = 1.f;
    }
    tst_ok(tst_dense(&K, field, n - 1, n, a, TST_PLAIN));
    K->codomain = csk_space_make(field, 2, (const int64_t[]){ 1, n - 1 });
    csk_free(a);
    return K;
}

/* Steps with noise: what TV is for. */
static float *steps(int64_t len, double noise, uint64_t seed)
{
    float *b = tst_normal(len, seed, 0);

    csk_scale(len, noise, b);
    for (int64_t i = 0; i < len; i++)
        b[i] += i < len / 3 ? 1.f : i < len / 2 ? -1.f : .25f;
    return b;
}

/*
 * The taut string. In one dimension with A = 1 the dual is the running sum
 * u_k = sum_{i <= k} (x_i - b_i); x is the solution if and only if |u| <= lambda,
 * u ends in 0, and u_k = lambda sign(x_{k+1} - x_k) at every jump. Returns the largest
 * violation relative to lambda.
 */
static double off_the_taut_string(int64_t n, const float *x, const float *b,
                                  double lambda)
{
    double u = 0., worst = 0.;

    for (int64_t i = 0; i < n; i++) {
        u += (double)x[i] - (double)b[i];
        const double jump = i + 1 < n ? (double)x[i + 1] - (double)x[i] : 0.;
        worst = fmax(worst, (fabs(u) - lambda) / lambda);
        if (i + 1 == n)
            worst = fmax(worst, fabs(u) / lambda);
        else if (fabs(jump) > 1e-3)
            worst = fmax(worst, fabs(u - copysign(lambda, jump)) / lambda);
    }
    return worst;
}

START_TEST(denoising_finds_the_taut_string)
{
    enum { N = 40 };
    const double lambdas[] = { .05, .5, 3. };
    csk_linop *A, *K = differences(CSK_REAL, N);
    csk_prox *ball;
    float *b = steps(N, .3, 1), x[N] = { 0 };
    csk_pdhg_opts o = csk_pdhg_defaults();
    csk_run_info info;

    tst_ok(tst_two_taps(&A, CSK_REAL, N, 0.f, _i % 2 ? TST_NORMAL : TST_PLAIN));
    tst_ok(csk_prox_tv_dual(&ball, csk_linop_codomain(K)));
    o.lambda = lambdas[_i / 2];
    o.tol = 0.;
    o.max_iter = 3000;
    tst_ok(csk_pdhg(x, A, b, K, ball, &o, &info));
    ck_assert_double_le(off_the_taut_string(N, x, b, o.lambda), 2e-3);
    ck_assert_double_le(info.gap, 1e-4);

    const double r = csk_distance(N, x, b);
    double tv = 0.;
    for (int i = 0; i + 1 < N; i++)
        tv += fabs((double)x[i + 1] - (double)x[i]);
    ck_assert_double_eq_tol(info.residual, r, 1e-5 * r);
    ck_assert_double_eq_tol(info.objective, .5 * r * r + o.lambda * tv, 1e-4);
    csk_free(b);
    csk_prox_free(ball);
    csk_linop_unref(A);
    csk_linop_unref(K);
}
END_TEST

/* A wide complex A, hence singular A*A: optimality by the certificate, which is a proof. */
START_TEST(singular_problem_is_certified)
{
    enum { N = 24, M = 14 };
    csk_linop *A = tst_gaussian(CSK_COMPLEX, M, N, 2, _i ? TST_NORMAL : TST_PLAIN);
    csk_linop *K = differences(CSK_COMPLEX, N);
    csk_prox *ball;
    float *truth = steps(2 * N, 0., 3), b[2 * M], x[2 * N] = { 0 }, y[2 * N] = { 0 };
    csk_pdhg_opts o = csk_pdhg_defaults();
    csk_run_info best, info;

    tst_ok(csk_prox_tv_dual(&ball, csk_linop_codomain(K)));
    csk_linop_apply(A, b, truth, NULL);
    o.lambda = .02;
    o.tol = 0.;
    o.max_iter = 5000;
    tst_ok(csk_pdhg(x, A, b, K, ball, &o, &best));
    ck_assert_double_le(best.gap, 1e-4);
    ck_assert_double_le(tst_distance(2 * N, x, truth), .1); /* recovers the steps */

    /* Stopped anywhere, the gap bounds the excess over this near-minimum. */
    for (int iter = 5; iter < 200; iter = 2 * iter + 1) {
        o.max_iter = iter;
        csk_zero(2 * N, y);
        tst_ok(csk_pdhg(y, A, b, K, ball, &o, &info));
        ck_assert_double_le((info.objective - best.objective) /
                                (.5 * csk_dot(2 * M, b, b)),
                            info.gap + 1e-5);
    }

    /* And it may end the run. */
    o.gap = 1e-2;
    o.max_iter = 5000;
    csk_zero(2 * N, y);
    tst_ok(csk_pdhg(y, A, b, K, ball, &o, &info));
    ck_assert_int_eq(info.stop, CSK_STOP_CONVERGED);
    ck_assert_double_le(info.gap, 1e-2);
    ck_assert_int_lt(info.iter, 5000);
    csk_free(truth);
    csk_prox_free(ball);
    csk_linop_unref(A);
    csk_linop_unref(K);
}
END_TEST

/* Norm bounds by power iteration, equal results. */
START_TEST(needs_no_norm_bounds)
{
    enum { N = 30 };
    csk_linop *A, *K = differences(CSK_REAL, N);
    csk_prox *ball;
    float *b = steps(N, .2, 4), x[N] = { 0 }, y[N] = { 0 };
    csk_pdhg_opts o = csk_pdhg_defaults();

    tst_ok(tst_two_taps(&A, CSK_REAL, N, .4f, TST_NORMAL));
    tst_ok(csk_prox_tv_dual(&ball, csk_linop_codomain(K)));
    o.lambda = .2;
    o.tol = 0.;
    o.max_iter = 2000;
    tst_ok(csk_pdhg(x, A, b, K, ball, &o, NULL));
    A->norm_bound = K->norm_bound = INFINITY;
    tst_ok(csk_pdhg(y, A, b, K, ball, &o, NULL));
    ck_assert_double_le(tst_distance(N, x, y), 1e-3);
    csk_free(b);
    csk_prox_free(ball);
    csk_linop_unref(A);
    csk_linop_unref(K);
}
END_TEST

START_TEST(degenerate_problems)
{
    enum { N = 6 };
    const float zeros[N * N] = { 0.f };
    csk_linop *A, *Z, *K = differences(CSK_REAL, N);
    csk_prox *ball;
    float b[N] = { 1.f, 2.f, 1.f, 0.f, 1.f, 1.f }, x[N] = { 0 };
    csk_pdhg_opts o = csk_pdhg_defaults();
    csk_run_info info;

    tst_ok(tst_two_taps(&A, CSK_REAL, N, 0.f, TST_PLAIN));
    tst_ok(tst_dense(&Z, CSK_REAL, N, N, zeros, TST_PLAIN));
    tst_ok(csk_prox_tv_dual(&ball, csk_linop_codomain(K)));

    o.lambda = 100.; /* then the answer is the mean */
    o.tol = 0.;
    o.max_iter = 2000;
    tst_ok(csk_pdhg(x, A, b, K, ball, &o, NULL));
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol((double)x[i], 1., 1e-3);

    o.lambda = 0.;
    o.max_iter = 100;
    tst_ok(csk_pdhg(x, A, b, K, ball, &o, &info)); /* no regulariser: x = b */
    ck_assert_double_le(tst_distance(N, x, b), 1e-5);
    ck_assert_double_le(info.gap, 1e-4);

    o.lambda = 1.;
    tst_ok(csk_pdhg(x, A, zeros, K, ball, NULL, &info)); /* b = 0 */
    ck_assert_double_eq(info.gap, 0.);
    tst_ok(csk_pdhg(x, Z, b, K, ball, &o, &info)); /* A = 0 */
    ck_assert_double_eq_tol(info.residual, csk_norm(N, b), 1e-6);
    csk_prox_free(ball);
    csk_linop_unref(A);
    csk_linop_unref(Z);
    csk_linop_unref(K);
}
END_TEST

typedef struct seen {
    int calls, stop_at;
} seen;

static csk_status watch(void *user, const csk_progress *p)
{
    seen *s = user;

    ck_assert_str_eq(p->what, "pdhg");
    ck_assert_int_eq(p->iter, ++s->calls);
    ck_assert(isfinite(p->residual) && isfinite(p->change));
    return p->iter == s->stop_at ? CSK_ERR_ABORTED : CSK_OK;
}

START_TEST(monitor_sees_and_ends)
{
    enum { N = 30 };
    csk_linop *A, *K = differences(CSK_REAL, N);
    csk_prox *ball;
    float *b = steps(N, .2, 4), x[N] = { 0 };
    seen s = { 0, 7 };
    csk_pdhg_opts o = csk_pdhg_defaults();
    csk_run_info info;

    tst_ok(tst_two_taps(&A, CSK_REAL, N, .4f, _i ? TST_NORMAL : TST_PLAIN));
    tst_ok(csk_prox_tv_dual(&ball, csk_linop_codomain(K)));
    o.monitor = (csk_monitor){ watch, &s };
    ck_assert_int_eq(csk_pdhg(x, A, b, K, ball, &o, &info), CSK_ERR_ABORTED);
    ck_assert_int_eq(info.stop, CSK_STOP_MONITOR);
    ck_assert_int_eq(info.iter, 7);
    ck_assert(isfinite(info.gap));
    csk_free(b);
    csk_prox_free(ball);
    csk_linop_unref(A);
    csk_linop_unref(K);
}
END_TEST

START_TEST(reports_what_is_wrong)
{
    csk_linop *A, *K = differences(CSK_REAL, 5), *L = differences(CSK_REAL, 6);
    csk_linop *bad;
    csk_prox *ball, *other;
    const float nan[25] = { NAN };
    float b[5] = { 1.f, 1.f, 1.f, 1.f, 1.f }, x[5] = { 0 };
    csk_pdhg_opts o = csk_pdhg_defaults();
    csk_run_info info;

    tst_ok(tst_two_taps(&A, CSK_REAL, 5, 0.f, TST_PLAIN));
    tst_ok(tst_dense(&bad, CSK_REAL, 5, 5, nan, TST_PLAIN));
    bad->norm_bound = 1.;
    tst_ok(csk_prox_tv_dual(&ball, csk_linop_codomain(K)));
    tst_ok(csk_prox_tv_dual(&other, csk_linop_codomain(L)));
    ck_assert_int_eq(csk_pdhg(x, A, b, L, other, &o, &info), CSK_ERR_SHAPE);
    ck_assert_str_eq(csk_error_message(), "pdhg: two-taps and dense differ in domain");
    ck_assert_int_eq(csk_pdhg(x, A, b, K, other, &o, &info), CSK_ERR_SHAPE);
    ck_assert_str_eq(csk_error_message(),
                     "pdhg: tv-dual is not on the codomain of dense");
    ck_assert_int_eq(csk_pdhg(x, bad, b, K, ball, &o, &info), CSK_ERR_NUMERIC);
    ck_assert_str_eq(csk_error_message(), "pdhg: not finite at iteration 1");
    csk_zero(5, x);
    o.max_iter = 0;
    ck_assert_int_eq(csk_pdhg(x, A, b, K, ball, &o, &info), CSK_ERR_ARG);
    x[0] = NAN;
    ck_assert_int_eq(csk_pdhg(x, A, b, K, ball, NULL, &info), CSK_ERR_NUMERIC);
    b[2] = NAN;
    ck_assert_int_eq(csk_pdhg(x, A, b, K, ball, NULL, &info), CSK_ERR_NUMERIC);
    ck_assert_str_eq(csk_error_message(), "pdhg: data: float 2 is nan");
    csk_prox_free(ball);
    csk_prox_free(other);
    csk_linop_unref(A);
    csk_linop_unref(bad);
    csk_linop_unref(K);
    csk_linop_unref(L);
}
END_TEST

/* K = A: both are two-taps on [n], the ball has one component. */
static csk_status run(int iterations)
{
    const csk_space field = csk_space_make(CSK_REAL, 2, (const int64_t[]){ 1, 300 });
    csk_linop *A = NULL, *K = NULL;
    csk_prox *ball = NULL;
    csk_pdhg_opts o = csk_pdhg_defaults();
    float x[300] = { 0 }, b[300];

    for (int i = 0; i < 300; i++)
        b[i] = (float)(i % 7);
    csk_status err = tst_two_taps(&A, CSK_REAL, 300, .9f, TST_NORMAL);
    if (!err)
        err = tst_two_taps(&K, CSK_REAL, 300, -1.f, TST_PLAIN);
    if (!err)
        K->codomain = field;
    if (!err)
        err = csk_prox_tv_dual(&ball, &field);
    o.tol = 0.;
    o.gap = 1e-12;
    o.max_iter = iterations;
    if (!err)
        err = csk_pdhg(x, A, b, K, ball, &o, NULL);
    csk_prox_free(ball);
    csk_linop_unref(A);
    csk_linop_unref(K);
    return err;
}

START_TEST(memory)
{
    tst_solver_memory(run);
}
END_TEST

typedef struct job {
    const csk_linop *A, *K;
    const float *b;
    const csk_prox *ball;
    csk_pdhg_opts opts;
} job;

static csk_status solve(void *user, void *x)
{
    const job *j = user;

    return csk_pdhg(x, j->A, j->b, j->K, j->ball, &j->opts, NULL);
}

START_TEST(same_bits_for_any_threads)
{
    enum { N = 50001 };
    const csk_space field = csk_space_make(CSK_COMPLEX, 2, (const int64_t[]){ 1, N });
    csk_linop *A, *K;
    csk_prox *ball;
    float *b = tst_normal(2 * N, 11, 0);
    csk_pdhg_opts o = csk_pdhg_defaults();

    tst_ok(tst_two_taps(&A, CSK_COMPLEX, N, .5f, _i ? TST_NORMAL : TST_PLAIN));
    tst_ok(tst_two_taps(&K, CSK_COMPLEX, N, -1.f, TST_PLAIN));
    K->codomain = field;
    tst_ok(csk_prox_tv_dual(&ball, &field));
    o.max_iter = 12;
    o.lambda = .3;
    tst_same_bits(2 * N * sizeof(float), solve, &(job){ A, K, b, ball, o });
    csk_free(b);
    csk_prox_free(ball);
    csk_linop_unref(A);
    csk_linop_unref(K);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("pdhg");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, denoising_finds_the_taut_string, 0, 6);
    tcase_add_loop_test(t, singular_problem_is_certified, 0, 2);
    tcase_add_test(t, needs_no_norm_bounds);
    tcase_add_test(t, degenerate_problems);
    tcase_add_loop_test(t, monitor_sees_and_ends, 0, 2);
    tcase_add_test(t, reports_what_is_wrong);
    tcase_add_test(t, memory);
    tcase_add_loop_test(t, same_bits_for_any_threads, 0, 2);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
