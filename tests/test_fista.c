/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/fista.h"
#include "cs/linop_impl.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "tests/support/dense.h"
#include "tests/support/tst.h"

#include <math.h>

static const struct {
    csk_field field;
    tst_kind kind;
    int64_t rows, cols;
} cases[] = {
    { CSK_REAL, TST_PLAIN, 40, 20 },
    { CSK_REAL, TST_NORMAL, 20, 50 },
    { CSK_COMPLEX, TST_PLAIN, 25, 50 },
    { CSK_COMPLEX, TST_NORMAL, 30, 15 },
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

/* A, b and l1 of one case, with lambda at a tenth of where the solution vanishes. */
typedef struct problem {
    csk_linop *A;
    csk_prox *l1;
    float *b, *x;
    int64_t n, m;
    double lambda_max;
} problem;

static problem make(int i)
{
    problem p = { .A = tst_gaussian(cases[i].field, cases[i].rows, cases[i].cols, 1,
                                    cases[i].kind) };

    p.n = csk_linop_cols(p.A);
    p.m = csk_linop_rows(p.A);
    p.b = tst_normal(p.m, 2, 0);
    p.x = csk_alloc(p.n, sizeof(float));
    tst_ok(csk_prox_l1(&p.l1, csk_linop_domain(p.A)));
    csk_linop_adjoint(p.A, p.x, p.b, NULL);
    p.lambda_max = csk_max_modulus(p.n / (int)cases[i].field, (int)cases[i].field, p.x);
    csk_zero(p.n, p.x);
    return p;
}

static void clear(problem *p)
{
    csk_free(p->b), csk_free(p->x);
    csk_prox_free(p->l1);
    csk_linop_unref(p->A);
}

/*
 * How far -A*(A x - b) is from lambda times the subdifferential of l1 at x: the largest
 * distance over the scalars, relative to lambda.
 */
static double violation(const problem *p, double lambda)
{
    const int w = (int)csk_linop_domain(p->A)->field;
    float *res = csk_alloc(p->m, sizeof(*res)), *g = csk_alloc(p->n, sizeof(*g));
    double worst = 0.;

    csk_linop_apply(p->A, res, p->x, NULL);
    csk_axpby(p->m, -1., p->b, 1., res);
    csk_linop_adjoint(p->A, g, res, NULL);
    for (int64_t i = 0; i < p->n; i += w) {
        const double xr = (double)p->x[i], xi = w == 2 ? (double)p->x[i + 1] : 0.;
        const double gr = (double)g[i], gi = w == 2 ? (double)g[i + 1] : 0.;
        const double r = hypot(xr, xi);
        const double off = r > 0. ? hypot(gr + lambda * xr / r, gi + lambda * xi / r)
                                  : fmax(hypot(gr, gi) - lambda, 0.);
        worst = fmax(worst, off / lambda);
    }
    csk_free(res), csk_free(g);
    return worst;
}

START_TEST(lasso_is_optimal)
{
    problem p = make(_i);
    csk_fista_opts o = csk_fista_defaults();
    csk_run_info info;

    o.lambda = .1 * p.lambda_max;
    o.tol = 1e-7;
    o.max_iter = 5000;
    tst_ok(csk_fista(p.x, p.A, p.b, p.l1, &o, &info));
    ck_assert_int_eq(info.stop, CSK_STOP_CONVERGED);
    ck_assert_double_le(violation(&p, o.lambda), 1e-3);
    ck_assert_double_le(info.gap, 1e-4);

    float *Ax = csk_alloc(p.m, sizeof(*Ax));
    csk_linop_apply(p.A, Ax, p.x, NULL);
    const double r = csk_distance(p.m, Ax, p.b);
    ck_assert_double_eq_tol(info.residual, r, 1e-6 * r);
    ck_assert_double_eq_tol(info.objective,
                            .5 * r * r + o.lambda * csk_prox_value(p.l1, p.x, NULL),
                            1e-6 * r * r);
    ck_assert_int_eq(info.applications,
                     2 * info.iter + 1 + (cases[_i].kind == TST_NORMAL));
    csk_free(Ax);
    clear(&p);
}
END_TEST

/* From lambda_max on the solution is 0, below it is not. */
START_TEST(lambda_max_is_where_the_solution_vanishes)
{
    problem p = make(_i);
    csk_fista_opts o = csk_fista_defaults();

    o.lambda = 1.001 * p.lambda_max;
    o.max_iter = 2000;
    csk_rng_normal((csk_rng){ 3, 0, 0 }, p.n, p.x);
    tst_ok(csk_fista(p.x, p.A, p.b, p.l1, &o, NULL));
    ck_assert_double_eq(csk_norm(p.n, p.x), 0.);
    o.lambda = .95 * p.lambda_max;
    tst_ok(csk_fista(p.x, p.A, p.b, p.l1, &o, NULL));
    ck_assert_double_gt(csk_norm(p.n, p.x), 0.);
    clear(&p);
}
END_TEST

/* Stopped anywhere, the gap bounds the excess over the minimum (which is near). */
START_TEST(gap_is_a_bound)
{
    problem p = make(_i);
    csk_fista_opts o = csk_fista_defaults();
    csk_run_info best, info;

    o.lambda = .2 * p.lambda_max;
    o.tol = 1e-7;
    o.max_iter = 5000;
    tst_ok(csk_fista(p.x, p.A, p.b, p.l1, &o, &best));
    o.tol = 0.;
    for (int iter = 5; iter <= 40; iter += 5) {
        csk_zero(p.n, p.x);
        o.max_iter = iter;
        tst_ok(csk_fista(p.x, p.A, p.b, p.l1, &o, &info));
        const double excess =
            (info.objective - best.objective) / (.5 * csk_dot(p.m, p.b, p.b));
        ck_assert_double_le(excess, info.gap + 1e-6);
    }
    o.gap = 1e-3;
    o.max_iter = 5000;
    csk_zero(p.n, p.x);
    tst_ok(csk_fista(p.x, p.A, p.b, p.l1, &o, &info));
    ck_assert_int_eq(info.stop, CSK_STOP_CONVERGED);
    ck_assert_double_le(info.gap, 1e-3);
    clear(&p);
}
END_TEST

/* A = 1: one step lands on the soft threshold of b. */
START_TEST(identity_is_done_in_one_step)
{
    enum { N = 33 };
    csk_linop *A;
    csk_prox *l1;
    float *b = tst_normal(N, 4, 0), x[N] = { 0 };
    csk_fista_opts o = csk_fista_defaults();

    tst_ok(tst_two_taps(&A, CSK_REAL, N, 0.f, TST_NORMAL));
    tst_ok(csk_prox_l1(&l1, csk_linop_domain(A)));
    o.lambda = .4;
    o.max_iter = 1;
    tst_ok(csk_fista(x, A, b, l1, &o, NULL));
    csk_prox_apply(l1, b, .4, 0, NULL);
    ck_assert_double_le(tst_distance(N, x, b), 1e-6);
    csk_free(b);
    csk_prox_free(l1);
    csk_linop_unref(A);
}
END_TEST

/* Ill-conditioned and strongly convex: with restart the rate is linear [2]. */
START_TEST(restart_pays)
{
    enum { N = 200 };
    csk_linop *A;
    csk_prox *none;
    float *b = tst_normal(N, 5, 0), x[N] = { 0 };
    csk_fista_opts o = csk_fista_defaults();
    csk_run_info with, without;

    tst_ok(tst_two_taps(&A, CSK_REAL, N, .95f, TST_PLAIN));
    tst_ok(csk_prox_zero(&none, csk_linop_domain(A)));
    o.tol = 0.;
    o.gap = 1e-5;
    o.max_iter = 5000;
    tst_ok(csk_fista(x, A, b, none, &o, &with));
    o.restart = false;
    csk_zero(N, x);
    tst_ok(csk_fista(x, A, b, none, &o, &without));
    ck_assert_int_lt(2 * with.iter, without.iter);
    csk_free(b);
    csk_prox_free(none);
    csk_linop_unref(A);
}
END_TEST

typedef struct record {
    const problem *p;
    double lambda, last;
    int rises, calls, stop_at;
} record;

static csk_status watch(void *user, const csk_progress *p)
{
    record *r = user;
    float Ax[128];

    csk_linop_apply(r->p->A, Ax, p->x, NULL);
    const double d = csk_distance(r->p->m, Ax, r->p->b);
    const double now = .5 * d * d + r->lambda * csk_prox_value(r->p->l1, p->x, NULL);
    r->rises += now > r->last * (1. + 1e-6);
    r->last = now;
    ck_assert_int_eq(p->iter, ++r->calls);
    return p->iter == r->stop_at ? CSK_ERR_ABORTED : CSK_OK;
}

/* A rise of the objective is what a restart answers: never two in a row, so few. */
START_TEST(monitor_sees_the_objective_fall)
{
    problem p = make(_i);
    record r = { &p, .1 * p.lambda_max, INFINITY, 0, 0, 60 };
    csk_fista_opts o = csk_fista_defaults();
    csk_run_info info;

    o.lambda = r.lambda;
    o.tol = 0.;
    o.monitor = (csk_monitor){ watch, &r };
    ck_assert_int_eq(csk_fista(p.x, p.A, p.b, p.l1, &o, &info), CSK_ERR_ABORTED);
    ck_assert_int_eq(info.stop, CSK_STOP_MONITOR);
    ck_assert_int_eq(info.iter, 60);
    ck_assert_int_le(r.rises, 6);
    ck_assert_double_eq_tol(info.objective, r.last, 1e-5 * r.last);
    clear(&p);
}
END_TEST

/* Both ways to the gradient, and a step found by power iteration, agree. */
START_TEST(normal_and_plain_agree)
{
    enum { N = 60 };
    csk_linop *plain, *normal;
    csk_prox *l1;
    float *b = tst_normal(2 * N, 6, 0), x[2 * N] = { 0 }, y[2 * N] = { 0 };
    csk_fista_opts o = csk_fista_defaults();
    csk_run_info info;

    tst_ok(tst_two_taps(&plain, CSK_COMPLEX, N, .6f, TST_PLAIN));
    tst_ok(tst_two_taps(&normal, CSK_COMPLEX, N, .6f, TST_NORMAL));
    tst_ok(csk_prox_l1(&l1, csk_linop_domain(plain)));
    o.lambda = .3;
    o.tol = 1e-7;
    o.max_iter = 1000;
    plain->norm_bound = INFINITY;
    tst_ok(csk_fista(x, plain, b, l1, &o, &info));
    ck_assert_double_eq_tol(info.step, 1. / 2.56, .05);
    tst_ok(csk_fista(y, normal, b, l1, &o, NULL));
    ck_assert_double_le(tst_distance(2 * N, x, y), 1e-4);
    csk_free(b);
    csk_prox_free(l1);
    csk_linop_unref(plain);
    csk_linop_unref(normal);
}
END_TEST

START_TEST(degenerate_problems)
{
    const float zeros[6] = { 0.f };
    float b[3] = { 1.f, 2.f, 3.f }, x[2] = { 5.f, -5.f };
    csk_fista_opts o = csk_fista_defaults();
    csk_run_info info;
    csk_linop *A;
    csk_prox *l1;

    tst_ok(tst_dense(&A, CSK_REAL, 3, 2, zeros, TST_PLAIN));
    tst_ok(csk_prox_l1(&l1, csk_linop_domain(A)));
    o.lambda = 10.;
    tst_ok(csk_fista(x, A, b, l1, &o, &info)); /* A = 0 */
    ck_assert_double_eq(csk_norm(2, x), 0.);
    ck_assert_double_eq_tol(info.residual, sqrt(14.), 1e-6);
    csk_linop_unref(A);

    A = tst_gaussian(CSK_REAL, 3, 2, 8, TST_PLAIN);
    tst_ok(csk_fista(x, A, zeros, l1, &o, &info)); /* b = 0 */
    ck_assert_double_eq(csk_norm(2, x), 0.);
    ck_assert_double_eq(info.gap, 0.);
    csk_linop_unref(A);
    csk_prox_free(l1);
}
END_TEST

START_TEST(reports_what_is_wrong)
{
    csk_linop *A = tst_gaussian(CSK_REAL, 4, 3, 9, TST_PLAIN);
    const csk_space elsewhere = *csk_linop_codomain(A);
    float b[4] = { 1.f, 1.f, 1.f, 1.f }, x[3] = { 0.f };
    csk_fista_opts o = csk_fista_defaults();
    csk_run_info info;
    csk_prox *l1, *other;

    tst_ok(csk_prox_l1(&l1, csk_linop_domain(A)));
    tst_ok(csk_prox_l1(&other, &elsewhere));
    ck_assert_int_eq(csk_fista(x, A, b, other, &o, &info), CSK_ERR_SHAPE);
    ck_assert_str_eq(csk_error_message(), "fista: l1 is not on the domain of dense");
    ck_assert_int_eq(info.stop, CSK_STOP_NONE);
    o.lambda = -1.;
    ck_assert_int_eq(csk_fista(x, A, b, l1, &o, NULL), CSK_ERR_ARG);

    o = csk_fista_defaults();
    o.step = 1e6; /* far beyond 2 / ||A||^2 */
    o.restart = false;
    o.max_iter = 10000;
    ck_assert_int_eq(csk_fista(x, A, b, l1, &o, &info), CSK_ERR_NUMERIC);
    csk_zero(3, x);
    x[1] = NAN;
    ck_assert_int_eq(csk_fista(x, A, b, l1, NULL, &info), CSK_ERR_NUMERIC);
    ck_assert_str_eq(csk_error_message(), "fista: first guess: float 1 is nan");
    x[1] = 0.f;
    b[3] = INFINITY;
    ck_assert_int_eq(csk_fista(x, A, b, l1, NULL, &info), CSK_ERR_NUMERIC);
    csk_prox_free(l1);
    csk_prox_free(other);
    csk_linop_unref(A);
}
END_TEST

static csk_status run(int iterations)
{
    csk_linop *A = NULL;
    csk_prox *l1 = NULL;
    csk_fista_opts o = csk_fista_defaults();
    float x[300] = { 0 }, b[300];

    for (int i = 0; i < 300; i++)
        b[i] = (float)(i % 7);
    csk_status err = tst_two_taps(&A, CSK_REAL, 300, .9f, TST_NORMAL);
    if (!err)
        err = csk_prox_l1(&l1, csk_linop_domain(A));
    o.tol = 0.;
    o.max_iter = iterations;
    if (!err)
        err = csk_fista(x, A, b, l1, &o, NULL);
    csk_prox_free(l1);
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
    const csk_prox *g;
    csk_fista_opts opts;
} job;

static csk_status solve(void *user, void *x)
{
    const job *j = user;

    return csk_fista(x, j->A, j->b, j->g, &j->opts, NULL);
}

START_TEST(same_bits_for_any_threads)
{
    enum { N = 50001 };
    csk_linop *A;
    csk_prox *l1;
    float *b = tst_normal(2 * N, 11, 0);
    csk_fista_opts o = csk_fista_defaults();

    tst_ok(tst_two_taps(&A, CSK_COMPLEX, N, .5f, _i ? TST_NORMAL : TST_PLAIN));
    tst_ok(csk_prox_l1(&l1, csk_linop_domain(A)));
    o.max_iter = 5;
    o.lambda = .3;
    tst_same_bits(2 * N * sizeof(float), solve, &(job){ A, b, l1, o });
    csk_free(b);
    csk_prox_free(l1);
    csk_linop_unref(A);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("fista");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, lasso_is_optimal, 0, CASES);
    tcase_add_loop_test(t, lambda_max_is_where_the_solution_vanishes, 0, CASES);
    tcase_add_loop_test(t, gap_is_a_bound, 0, CASES);
    tcase_add_test(t, identity_is_done_in_one_step);
    tcase_add_test(t, restart_pays);
    tcase_add_loop_test(t, monitor_sees_the_objective_fall, 0, CASES);
    tcase_add_test(t, normal_and_plain_agree);
    tcase_add_test(t, degenerate_problems);
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
