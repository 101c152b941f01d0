/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/lambda.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/combine.h"
#include "tests/support/tst.h"

#include <math.h>
#include <string.h>

/* -- parsing --------------------------------------------------------------------- */

static const struct {
    const char *text;
    int kind;
    double value;
} good[] = {
    { "0.3", CSK_LAMBDA_ABSOLUTE, .3 },    { "1e-12", CSK_LAMBDA_ABSOLUTE, 1e-12 },
    { "0.05x", CSK_LAMBDA_RELATIVE, .05 }, { "2x", CSK_LAMBDA_RELATIVE, 2. },
    { "auto", CSK_LAMBDA_AUTO, 0. },
};

START_TEST(understands)
{
    csk_lambda l = { -1, -1. };

    tst_ok(csk_lambda_parse(&l, good[_i].text));
    ck_assert_int_eq(l.kind, good[_i].kind);
    ck_assert(l.value == good[_i].value);
}
END_TEST

static const char *const bad[] = { "",      "x",    "0",     "0x",   "-1",    "-0.1x",
                                   "nan",   "nanx", "inf",   "infx", "1e999", "0.1y",
                                   "0.1xx", "Auto", "auto ", "0.1 x" };

START_TEST(refuses)
{
    csk_lambda l = { -1, -1. };

    ck_assert_int_eq(csk_lambda_parse(&l, bad[_i]), CSK_ERR_ARG);
    ck_assert(strstr(csk_error_message(), "lambda: '"));
    ck_assert_int_eq(l.kind, -1); /* untouched */
}
END_TEST

/* -- denoising: A = I, g = l1, solved by one soft threshold ------------------------ */

enum { N = 4000, EVERY = 20 }; /* one value in EVERY is not zero */

/* Everything is in units of @p unit: no choice may depend on it. */
typedef struct denoising {
    double unit;
    csk_linop *A;
    csk_prox *g;
    float *truth, *b, *x;
    csk_lambda_problem p;
} denoising;

static csk_status threshold(void *user, float *x, const float *b, double lambda)
{
    const denoising *d = user;

    csk_copy(N, b, x);
    csk_prox_apply(d->g, x, lambda, 0, NULL);
    return CSK_OK;
}

static const csk_space space = TST_REAL(N);

static void make(denoising *d, double unit)
{
    *d = (denoising){ .unit = unit };
    tst_ok(csk_linop_identity(&d->A, &space));
    tst_ok(csk_prox_l1(&d->g, &space));
    d->truth = tst_normal(N, 3, 0);
    d->b = tst_normal(N, 3, 1);
    d->x = csk_alloc(N, sizeof(float));
    for (int i = 0; i < N; i++)
        d->truth[i] = i % EVERY ? 0.f : (float)(5. * unit * d->truth[i]);
    csk_axpby(N, 1., d->truth, unit, d->b); /* the noise level is the unit */
    d->p = (csk_lambda_problem){ d->A,      d->b, unit, csk_max_modulus(N, 1, d->b),
                                 threshold, d };
}

static void clear(denoising *d)
{
    csk_linop_unref(d->A);
    csk_prox_free(d->g);
    csk_free(d->truth);
    csk_free(d->b);
    csk_free(d->x);
}

static double error_at(denoising *d, double lambda)
{
    (void)threshold(d, d->x, d->b, lambda);
    const double e = csk_distance(N, d->x, d->truth);
    return e * e;
}

static const double units[] = { 1., 1e-9, 1e9 };
enum { UNITS = sizeof(units) / sizeof(units[0]) };

START_TEST(sure_is_near_the_oracle)
{
    denoising d;
    csk_lambda_info info;
    double lambda, oracle = INFINITY;

    make(&d, units[_i]);
    tst_ok(csk_lambda_auto(&lambda, d.x, &d.p, NULL, &info));
    const double e = csk_distance(N, d.x, d.truth), chosen = e * e;
    for (int k = 0; k < 135; k++) /* down to a thousandth */
        oracle = fmin(oracle, error_at(&d, d.p.lambda_max * pow(.95, k)));
    ck_assert_msg(chosen <= 1.5 * oracle, "error %g, the best is %g", chosen, oracle);
    /* x is the solution at lambda, and what was tried says so too. */
    ck_assert(fabs(error_at(&d, lambda) - chosen) < 1e-6 * chosen);
    int best = 0;
    for (int k = 1; k < info.tried; k++)
        best = info.risk[k] < info.risk[best] ? k : best;
    ck_assert(info.lambda[best] == lambda);
    ck_assert(info.lambda[0] == d.p.lambda_max / 2.);
    /* The estimate of the risk: its standard error is about unit^2 sqrt(2 N) = 89. */
    ck_assert_msg(fabs(info.risk[best] - chosen) < 4. * 89. * d.unit * d.unit,
                  "risk %g, error %g", info.risk[best], chosen);
    clear(&d);
}
END_TEST

START_TEST(discrepancy_meets_the_noise)
{
    csk_lambda_opts o = csk_lambda_defaults();
    denoising d;
    csk_lambda_info info;
    double lambda;

    make(&d, units[_i]);
    o.rule = CSK_LAMBDA_DISCREPANCY;
    tst_ok(csk_lambda_auto(&lambda, d.x, &d.p, &o, &info));
    const double ratio = csk_distance(N, d.x, d.b) / (sqrt((double)N) * d.unit);
    ck_assert_msg(fabs(ratio - 1.) < .05, "residual is %g of what it should be", ratio);
    for (int k = 0; k < info.tried; k++)
        ck_assert(isnan(info.risk[k]));
    clear(&d);
}
END_TEST

START_TEST(equal_seeds_equal_bits)
{
    csk_lambda_opts o = csk_lambda_defaults();
    csk_lambda_info info[3];
    denoising d;
    double lambda;

    make(&d, 1.);
    for (int k = 0; k < 3; k++) {
        o.seed = k == 2 ? 8 : 7;
        tst_ok(csk_lambda_auto(&lambda, d.x, &d.p, &o, &info[k]));
    }
    ck_assert_int_eq(info[0].tried, info[1].tried);
    for (int k = 0; k < info[0].tried; k++)
        ck_assert(info[0].risk[k] == info[1].risk[k]);
    ck_assert(info[0].risk[0] != info[2].risk[0]); /* another probe */
    clear(&d);
}
END_TEST

/* -- failures ----------------------------------------------------------------------- */

START_TEST(rejects_bad_problems)
{
    const double numbers[] = { 0., -1., NAN, INFINITY };
    csk_lambda_opts o = csk_lambda_defaults();
    denoising d;
    double lambda = -1.;

    make(&d, 1.);
    d.x[0] = 7.f;
    for (int k = 0; k < 4; k++) {
        csk_lambda_problem p = d.p;
        p.noise_std = numbers[k];
        ck_assert_int_eq(csk_lambda_auto(&lambda, d.x, &p, NULL, NULL), CSK_ERR_ARG);
        p = d.p;
        p.lambda_max = numbers[k];
        ck_assert_int_eq(csk_lambda_auto(&lambda, d.x, &p, NULL, NULL),
                         CSK_ERR_NUMERIC);
    }
    o.points = 1;
    ck_assert_int_eq(csk_lambda_auto(&lambda, d.x, &d.p, &o, NULL), CSK_ERR_ARG);
    o.points = 2;
    o.rule = 2;
    ck_assert_int_eq(csk_lambda_auto(&lambda, d.x, &d.p, &o, NULL), CSK_ERR_ARG);
    ck_assert(lambda == -1.);
    ck_assert(d.x[0] == 7.f);
    clear(&d);
}
END_TEST

/* The solver's failure at the given call comes back. */
typedef struct failing {
    denoising d;
    int calls, fail_at;
    csk_status with; /* CSK_OK: it returns NaN instead */
} failing;

static csk_status fail_then(void *user, float *x, const float *b, double lambda)
{
    failing *f = user;
    const csk_status err = threshold(&f->d, x, b, lambda);

    if (++f->calls != f->fail_at)
        return err;
    x[0] = NAN;
    return f->with;
}

START_TEST(passes_failures_on)
{
    failing f;
    double lambda = -1.;

    make(&f.d, 1.);
    f.d.p.solve = fail_then;
    f.d.p.user = &f;
    for (f.fail_at = 1; f.fail_at <= 6; f.fail_at++) {
        for (int k = 0; k < 2; k++) {
            f.calls = 0;
            f.with = k ? CSK_ERR_ABORTED : CSK_OK;
            ck_assert_int_eq(csk_lambda_auto(&lambda, f.d.x, &f.d.p, NULL, NULL),
                             k ? CSK_ERR_ABORTED : CSK_ERR_NUMERIC);
            ck_assert_int_le(f.calls - f.fail_at, 1);
        }
    }
    ck_assert(lambda == -1.);
    clear(&f.d);
}
END_TEST

static denoising shared;

static csk_status choose(void)
{
    double lambda;

    return csk_lambda_auto(&lambda, shared.x, &shared.p, NULL, NULL);
}

START_TEST(memory)
{
    make(&shared, 1.);
    tst_out_of_memory(choose);
    ck_assert_int_eq(tst_count_allocations(choose), 1);
    clear(&shared);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lambda");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, understands, 0, sizeof(good) / sizeof(good[0]));
    tcase_add_loop_test(t, refuses, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_loop_test(t, sure_is_near_the_oracle, 0, UNITS);
    tcase_add_loop_test(t, discrepancy_meets_the_noise, 0, UNITS);
    tcase_add_test(t, equal_seeds_equal_bits);
    tcase_add_test(t, rejects_bad_problems);
    tcase_add_test(t, passes_failures_on);
    tcase_add_test(t, memory);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
