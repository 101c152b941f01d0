/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One chain of many independent coordinates: each float is its own one-dimensional Gaussian
 * problem, so that a variance over coordinates is measured to sqrt(2/N).
 */
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/combine.h"
#include "operators/sample.h"
#include "samplers/langevin.h"
#include "samplers/prior_gauss.h"
#include "tests/support/tst.h"
#include "tests/support/tst_prior.h"

#include <math.h>
#include <string.h>

enum { N = 8192 };

static const double tau = 1., eta = .4, t = .8;

typedef struct problem {
    csk_linop *A;
    csk_prior *prior;
    float *b;
    csk_posterior post;
} problem;

/* The first half of the coordinates is measured, the other half is silent. */
static problem make(void)
{
    const csk_space space = csk_space_make(CSK_REAL, 1, &(int64_t){ N });
    problem p = { .A = NULL };
    uint8_t mask[N] = { 0 };
    float *variance = csk_alloc(N, sizeof(*variance));

    memset(mask, 1, N / 2);
    for (int i = 0; i < N; i++)
        variance[i] = (float)(tau * tau);
    tst_ok(csk_linop_sample(&p.A, &space, mask, N));
    tst_ok(csk_prior_gauss(&p.prior, &space, NULL, variance));
    p.b = tst_normal(N / 2, 11, 0);
    p.post = (csk_posterior){ p.A, p.b, eta, p.prior, NULL, 0. };
    csk_free(variance);
    return p;
}

static void drop(problem *p)
{
    csk_free(p->b);
    csk_prior_unref(p->prior);
    csk_linop_unref(p->A);
}

/* Mean square of x - gain b over one half. */
static double spread(const float *x, const float *b, double gain)
{
    double sum = 0.;

    for (int i = 0; i < N / 2; i++) {
        const double d = (double)x[i] - (b ? gain * (double)b[i] : 0.);
        sum += d * d;
    }
    return sum / (N / 2);
}

static const struct {
    int kernel;
    double h;
} kernel_cases[] = {
    { CSK_LANGEVIN_LM, .2 },      { CSK_LANGEVIN_LM, .7 },
    { CSK_LANGEVIN_LM, 1.3 },     { CSK_LANGEVIN_PRECOND, .2 },
    { CSK_LANGEVIN_PRECOND, .7 }, { CSK_LANGEVIN_EULER, .5 },
};

/*
 * lm: variance 1/q whatever h; the plain steps: (1/q) / (1 - h q P/2), P the preconditioner.
 * Tolerance five standard errors, N/2 coordinates: 5 sqrt(2/4096) = 11 %, where the plain step
 * at h = .7 is 36 % off. False alarm: 12 checks at 6e-7.
 */
START_TEST(has_the_variance_it_promises)
{
    problem p = make();
    float *x = tst_normal(N, 12, 0);
    csk_langevin_opts o = csk_langevin_defaults();
    const csk_stage stage = { t, eta, 0., kernel_cases[_i].h < .4 ? 400 : 120 };

    o.kernel = kernel_cases[_i].kernel;
    o.step = kernel_cases[_i].h;
    tst_ok(
        csk_langevin(x, &p.post, 1, &stage, 1, (csk_rng){ 5, 0, 0 }, &o, NULL, NULL));

    for (int measured = 0; measured < 2; measured++) {
        const double data = measured ? 1. / (eta * eta) : 0.;
        const double q = 1. / (tau * tau + t * t) + data;
        const double P = o.kernel == CSK_LANGEVIN_EULER
                             ? 1. / (1. / (t * t) + 1. / (eta * eta))
                             : 1. / (1. / (t * t) + data);
        const double want = o.kernel == CSK_LANGEVIN_LM
                                ? 1. / q
                                : 1. / (q * (1. - o.step * P * q / 2.));
        const double got =
            measured ? spread(x, p.b, data / q) : spread(x + N / 2, NULL, 0.);
        ck_assert_msg(fabs(got / want - 1.) < 5. * sqrt(2. / (N / 2)),
                      "measured %d: variance %g, expected %g", measured, got, want);
    }
    csk_free(x);
    drop(&p);
}
END_TEST

/*
 * One ancestral step from smoothing t to s, of x ~ N(0, V): with k = t^2 / (tau^2 + t^2) and
 * D - x = -k x the variance is in closed form. Levels near to each other shorten the step of the
 * data. Five standard errors, as above.
 */
START_TEST(has_the_variance_of_an_ancestral_step)
{
    const bool precond = _i % 2;
    problem p = make();
    float *x = tst_normal(N, 13, 0);
    csk_langevin_opts o = csk_langevin_defaults();
    const double s = _i < 2 ? .5 : .92 * t, V = 1.;
    const double h = _i < 2 ? .7 : 4. * (1. - .92 * .92);
    const csk_stage stages[] = { { t, eta, 0., 0 }, { s, eta, 0., 1 } };

    o.kernel = precond ? CSK_LANGEVIN_PRECOND : CSK_LANGEVIN_LM;
    o.transition = CSK_TRANSITION_ANCESTRAL;
    o.step = _i < 2 ? .7 : 1.2;
    tst_ok(
        csk_langevin(x, &p.post, 1, stages, 2, (csk_rng){ 6, 0, 0 }, &o, NULL, NULL));

    const double delta = 1. / (s * s) - 1. / (t * t), k = t * t / (tau * tau + t * t);
    const double white =
        precond ? 2. * h : h; /* lm: half of it is of the step before */
    for (int measured = 0; measured < 2; measured++) {
        const double data = measured ? 1. / (eta * eta) : 0.;
        const double P = 1. / (1. / (s * s) + data);
        const double kept = 1. - P * (delta * k + h * data);
        const double want = kept * kept * V + P * P * (delta + white * data);
        const double got =
            measured ? spread(x, p.b, P * h * data) : spread(x + N / 2, NULL, 0.);
        ck_assert_msg(fabs(got / want - 1.) < 5. * sqrt(2. / (N / 2)),
                      "measured %d: variance %g, expected %g", measured, got, want);
    }
    csk_free(x);
    drop(&p);
}
END_TEST

/* Levels that fall by a factor of 80, two steps each: the variance over that of the target, of what is
 * not measured or of what is. */
static double variance_after_descent(int transition, int levels, bool measured)
{
    enum { MOST = 64 };
    problem p = make();
    float *x = tst_normal(N, 14, 0);
    csk_langevin_opts o = csk_langevin_defaults();
    const double top = 8., bottom = .1;
    csk_stage stages[MOST];

    for (int k = 0; k < levels; k++)
        stages[k] =
            (csk_stage){ top * pow(bottom / top, k / (levels - 1.)), eta, 0., 2 };
    csk_scale(N, sqrt(tau * tau + top * top), x);
    o.transition = transition;
    o.step = 1.5;
    tst_ok(csk_langevin(x, &p.post, 1, stages, levels, (csk_rng){ 7, 0, 0 }, &o, NULL,
                        NULL));
    const double data = measured ? 1. / (eta * eta) : 0.;
    const double q = 1. / (tau * tau + bottom * bottom) + data;
    const double got =
        measured ? spread(x, p.b, data / q) : spread(x + N / 2, NULL, 0.);
    csk_free(x);
    drop(&p);
    return got * q;
}

START_TEST(falls_faster_by_ancestral_steps)
{
    const double plain = variance_after_descent(CSK_TRANSITION_NONE, 8, false);
    const double ancestral = variance_after_descent(CSK_TRANSITION_ANCESTRAL, 8, false);

    /* 1.38 and .97 here: five standard errors are .15 and .11 */
    ck_assert_double_gt(plain, 1.2);
    ck_assert_double_lt(fabs(ancestral - 1.), .15);
    ck_assert_double_lt(fabs(ancestral - 1.), plain - 1.);
    ck_assert_double_eq(plain, variance_after_descent(CSK_TRANSITION_AUTO, 8, false));
}
END_TEST

/* Its second step reckons with what x holds of earlier draws, or many levels would be too narrow. */
START_TEST(keeps_its_width_over_many_levels)
{
    static const int levels[] = { 16, 32, 64 };

    for (int k = 0; k < 3; k++) {
        for (int measured = 0; measured < 2; measured++) {
            const double ratio =
                variance_after_descent(CSK_TRANSITION_ANCESTRAL, levels[k], measured);
            /* 1.03 to 1.08 and .84 to .91 here, of which .11 would be five standard errors;
             * with the newest draw alone .72 to .84 and .63 to .71 */
            ck_assert_msg(ratio > (measured ? .73 : .9) && ratio < 1.19,
                          "%d levels, measured %d: %g", levels[k], measured, ratio);
        }
    }
}
END_TEST

/* With a tether the smoothed conditional prior has variance s^2 + t^2, s^-2 = tau^-2 + w/width^2. */
START_TEST(obeys_the_tether)
{
    problem p = make();
    float *x = tst_normal(N, 13, 0), *tether = tst_normal(N, 14, 0);
    csk_langevin_opts o = csk_langevin_defaults();
    const double width = .6, w = .5;
    const csk_stage stage = { t, eta, w, 150 };

    p.post.tether = tether;
    p.post.tether_std = width;
    tst_ok(
        csk_langevin(x, &p.post, 1, &stage, 1, (csk_rng){ 6, 0, 0 }, &o, NULL, NULL));
    const double s2 = 1. / (1. / (tau * tau) + w / (width * width));
    const double v = s2 + t * t;
    double sum = 0.;
    for (int i = N / 2; i < N; i++) {
        const double d = (double)x[i] - s2 * w / (width * width) * (double)tether[i];
        sum += d * d;
    }
    ck_assert_double_eq_tol(sum / (N / 2) / v, 1., 5. * sqrt(2. / (N / 2)));
    csk_free(x), csk_free(tether);
    drop(&p);
}
END_TEST

/*
 * The variance dip, Lemma F.1 of Xun, Gupta, Price: plain Langevin from X_0 ~ p leaves the
 * prior's law in between. p = N(0,1), A = 1; averaged over y the variance at time T is
 * 1 - 2/(1+eta^2) e^{-aT} (1 - e^{-aT}), a = (1+eta^2)/eta^2. Small Euler steps; four standard
 * errors and the O(h) bias.
 */
START_TEST(shows_the_variance_dip)
{
    enum { COORDINATES = 65536, STEPS = 60 };
    const csk_space space = csk_space_make(CSK_REAL, 1, &(int64_t){ COORDINATES });
    const double noise = .5, small = 1e-3;
    csk_linop *A;
    csk_prior *prior;
    float *variance = csk_alloc(COORDINATES, sizeof(*variance));
    float *truth = tst_normal(COORDINATES, 1, 0), *n = tst_normal(COORDINATES, 1, 1);
    float *x = tst_normal(COORDINATES, 1, 2);
    csk_langevin_opts o = csk_langevin_defaults();

    for (int i = 0; i < COORDINATES; i++)
        variance[i] = 1.f;
    tst_ok(csk_linop_identity(&A, &space));
    tst_ok(csk_prior_gauss(&prior, &space, NULL, variance));
    csk_axpby(COORDINATES, noise, n, 1., truth); /* now y */
    const csk_posterior post = { A, truth, noise, prior, NULL, 0. };

    /* h / (1/t^2 + 1/eta^2) of time a step: choose h for the time of the minimum */
    const double a = (1. + noise * noise) / (noise * noise);
    const double T = log(2.) / a;
    o.kernel = CSK_LANGEVIN_EULER;
    o.step = T / STEPS * (1. / (.1 * .1) + 1. / (noise * noise));
    const csk_stage stage = { .1, noise, 0., STEPS };
    tst_ok(csk_langevin(x, &post, 1, &stage, 1, (csk_rng){ 8, 0, 0 }, &o, NULL, NULL));

    /* smoothing by .1 turns the prior's variance into 1.01: 1 % of the rates */
    const double want = 1. - 1. / (2. * (1. + noise * noise));
    const double got = csk_dot(COORDINATES, x, x) / COORDINATES;
    ck_assert_double_eq_tol(got, want,
                            4. * want * sqrt(2. / COORDINATES) + .01 + small);
    ck_assert_double_lt(got, .75); /* far from the 1 at both ends */
    csk_free(variance), csk_free(truth), csk_free(n), csk_free(x);
    csk_prior_unref(prior);
    csk_linop_unref(A);
}
END_TEST

START_TEST(chain_k_of_many_is_chain_k_alone)
{
    problem p = make();
    float *many = csk_alloc(3 * N, sizeof(*many)), *x0 = tst_normal(N, 15, 0);
    const csk_stage stages[] = { { t, 3. * eta, 0., 4 }, { t / 2, eta, 0., 4 } };
    double residual[3];
    csk_run_info info;

    for (int c = 0; c < 3; c++)
        csk_copy(N, x0, many + c * N);
    tst_ok(csk_langevin(many, &p.post, 3, stages, 2, (csk_rng){ 7, 0, 0 }, NULL,
                        residual, &info));
    ck_assert_int_eq(info.iter, 8);
    ck_assert_int_eq(info.evaluations, 24);
    ck_assert_int_eq(info.stop, CSK_STOP_MAX_ITER);
    ck_assert_double_eq(info.residual, residual[0]);
    tst_ok(csk_langevin(x0, &p.post, 1, stages, 2, (csk_rng){ 7, 2 * 8, 0 }, NULL, NULL,
                        NULL)); /* CSK_PURPOSES streams a chain */
    ck_assert_mem_eq(x0, many + 2 * N, N * sizeof(*x0));
    ck_assert_mem_ne(many, many + N, N * sizeof(*x0));
    csk_free(many), csk_free(x0);
    drop(&p);
}
END_TEST

static csk_status stop_at_three(void *user, const csk_progress *now)
{
    (void)user;
    return now->iter == 3 ? csk_fail(CSK_ERR_ABORTED, "enough") : CSK_OK;
}

START_TEST(obeys_its_monitor)
{
    problem p = make();
    float *x = tst_normal(N, 15, 0);
    csk_langevin_opts o = csk_langevin_defaults();
    const csk_stage stage = { t, eta, 0., 10 };
    csk_run_info info;

    o.monitor.call = stop_at_three;
    ck_assert_int_eq(
        csk_langevin(x, &p.post, 1, &stage, 1, (csk_rng){ 1, 0, 0 }, &o, NULL, &info),
        CSK_ERR_ABORTED);
    ck_assert_int_eq(info.iter, 3);
    ck_assert_int_eq(info.stop, CSK_STOP_MONITOR);
    csk_free(x);
    drop(&p);
}
END_TEST

START_TEST(refuses_bad_stages)
{
    problem p = make();
    float *x = tst_normal(N, 15, 0);
    static const csk_stage bad[][2] = {
        { { 0., 1., 0., 1 }, { 1., 1., 0., 1 } },  /* no smoothing */
        { { 1., .5, 0., 1 }, { 1., .6, 0., 1 } },  /* eta rises */
        { { 1., .5, 0., 1 }, { 1., .1, 0., 1 } },  /* below the noise */
        { { 1., .5, 1.5, 1 }, { 1., .5, 0., 1 } }, /* tether weight */
        { { 1., .5, 0., -1 }, { 1., .5, 0., 1 } },
        { { NAN, .5, 0., 1 }, { 1., .5, 0., 1 } },
    };

    for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
        ck_assert_int_eq(csk_langevin(x, &p.post, 1, bad[k], 2, (csk_rng){ 1, 0, 0 },
                                      NULL, NULL, NULL),
                         CSK_ERR_ARG);
    const csk_stage good = { t, eta, 0., 1 };
    ck_assert_int_eq(
        csk_langevin(x, &p.post, 0, &good, 1, (csk_rng){ 1, 0, 0 }, NULL, NULL, NULL),
        CSK_ERR_ARG);
    p.post.noise_std = 0.;
    ck_assert_int_eq(
        csk_langevin(x, &p.post, 1, &good, 1, (csk_rng){ 1, 0, 0 }, NULL, NULL, NULL),
        CSK_ERR_ARG);
    p.post.noise_std = eta;
    p.b[5] = NAN;
    ck_assert_int_eq(
        csk_langevin(x, &p.post, 1, &good, 1, (csk_rng){ 1, 0, 0 }, NULL, NULL, NULL),
        CSK_ERR_NUMERIC);
    csk_free(x);
    drop(&p);
}
END_TEST

START_TEST(says_so_when_it_diverges)
{
    problem p = make();
    float *x = tst_normal(N, 15, 0);
    const csk_stage stage = { t, eta, 0., 1 };

    x[7] = INFINITY;
    ck_assert_int_eq(
        csk_langevin(x, &p.post, 1, &stage, 1, (csk_rng){ 1, 0, 0 }, NULL, NULL, NULL),
        CSK_ERR_NUMERIC);
    csk_free(x);
    drop(&p);
}
END_TEST

static csk_status build(void)
{
    return tst_langevin(NULL);
}

START_TEST(survives_a_full_heap)
{
    tst_out_of_memory(build);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("langevin");
    TCase *tc = tcase_create("core");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, has_the_variance_it_promises, 0,
                        sizeof(kernel_cases) / sizeof(kernel_cases[0]));
    tcase_add_loop_test(tc, has_the_variance_of_an_ancestral_step, 0, 4);
    tcase_add_test(tc, falls_faster_by_ancestral_steps);
    tcase_add_test(tc, keeps_its_width_over_many_levels);
    tcase_add_test(tc, obeys_the_tether);
    tcase_add_test(tc, shows_the_variance_dip);
    tcase_add_test(tc, chain_k_of_many_is_chain_k_alone);
    tcase_add_test(tc, obeys_its_monitor);
    tcase_add_test(tc, refuses_bad_stages);
    tcase_add_test(tc, says_so_when_it_diverges);
    tcase_add_test(tc, survives_a_full_heap);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
