/* SPDX-License-Identifier: BSD-3-Clause */
/* On two real numbers, x ~ N(0, tau^2 I): the error of each naive solver has a Rayleigh law. */
#include "cs/vec.h"
#include "operators/combine.h"
#include "samplers/prior_gauss.h"
#include "samplers/prior_impl.h"
#include "samplers/radius.h"
#include "tests/support/tst.h"

#include <math.h>

static const csk_space space = TST_REAL(2);
static const double tau = 3., eta = .5;

static csk_posterior make(csk_linop **A, csk_prior **prior)
{
    const float variance[2] = { (float)(tau * tau), (float)(tau * tau) };

    tst_ok(csk_linop_identity(A, &space));
    tst_ok(csk_prior_gauss(prior, &space, NULL, variance));
    return (csk_posterior){ *A, NULL, eta, *prior, NULL, 0. };
}

/* x0 := b, whose error is the noise. */
static csk_status trust(void *user, float *x, const float *b)
{
    (void)user;
    ck_assert(x[0] == 0.f &&
              x[1] == 0.f); /* a start that knows nothing of the draw before */
    csk_copy(2, b, x);
    return CSK_OK;
}

/* x0 := 0, whose error is the image. */
static csk_status ignore(void *user, float *x, const float *b)
{
    (void)user;
    (void)b;
    csk_zero(2, x);
    return CSK_OK;
}

static csk_status refuse(void *user, float *x, const float *b)
{
    (void)x;
    (void)b;
    return --*(int *)user ? CSK_OK : csk_fail(CSK_ERR_NUMERIC, "no more");
}

/*
 * The (1 - delta)-quantile q of |n| over 4000 draws scatters by sqrt(delta (1 - delta) / 4000) /
 * (q delta): 5 of that, six checks, a false alarm at 4e-6.
 */
START_TEST(is_the_quantile_of_the_error)
{
    static const double deltas[] = { .5, .1, .02 };
    enum { DRAWS = 4000 };
    csk_linop *A;
    csk_prior *prior;
    const csk_posterior post = make(&A, &prior);
    const double delta = deltas[_i], q = sqrt(-2. * log(delta));
    const double scatter = sqrt(delta * (1. - delta) / DRAWS) / (q * delta);
    double noise, image, again;

    tst_ok(csk_radius_simulate(&noise, &post, trust, NULL, DRAWS, delta,
                               (csk_rng){ 1, 0, 0 }));
    tst_ok(csk_radius_simulate(&image, &post, ignore, NULL, DRAWS, delta,
                               (csk_rng){ 2, 0, 0 }));
    tst_ok(csk_radius_simulate(&again, &post, ignore, NULL, DRAWS, delta,
                               (csk_rng){ 2, 0, 0 }));
    ck_assert_double_eq_tol(noise / eta, q, 5. * scatter);
    ck_assert_double_eq_tol(image / tau, q, 5. * scatter);
    ck_assert_double_eq(image, again);
    csk_prior_unref(prior);
    csk_linop_unref(A);
}
END_TEST

static csk_status no_denoiser(const csk_prior *p, int batch, float *d, const float *x,
                              const double *sigma, const csk_rng *names, float *work)
{
    (void)p, (void)batch, (void)d, (void)x, (void)sigma, (void)names, (void)work;
    return CSK_OK;
}

START_TEST(reports_what_is_wrong)
{
    static const csk_prior_class silent = { .name = "silent", .denoise = no_denoiser };
    const csk_rng run = { 1, 0, 0 };
    csk_linop *A;
    csk_prior *prior;
    csk_posterior post = make(&A, &prior);
    double radius = 7.;
    int calls = 2;

    ck_assert_int_eq(csk_radius_simulate(&radius, &post, trust, NULL, 0, .1, run),
                     CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(), "radius: 0 draws, failure probability 0.1");
    ck_assert_int_eq(csk_radius_simulate(&radius, &post, trust, NULL, 1, 0., run),
                     CSK_ERR_ARG);
    ck_assert_int_eq(csk_radius_simulate(&radius, &post, trust, NULL, 1, 1., run),
                     CSK_ERR_ARG);
    ck_assert_int_eq(csk_radius_simulate(&radius, &post, trust, NULL, 1, NAN, run),
                     CSK_ERR_ARG);
    ck_assert_int_eq(csk_radius_simulate(&radius, &post, refuse, &calls, 9, .1, run),
                     CSK_ERR_NUMERIC);
    ck_assert_int_eq(calls, 0); /* the second call was the last */
    csk_prior_unref(prior);

    prior = csk_prior_new(sizeof(*prior), &silent, &space);
    ck_assert_ptr_nonnull(prior);
    post.prior = prior;
    ck_assert_int_eq(csk_radius_simulate(&radius, &post, trust, NULL, 1, .1, run),
                     CSK_ERR_UNSUPPORTED);
    ck_assert_double_eq(radius, 7.);
    csk_prior_unref(prior);
    csk_linop_unref(A);
}
END_TEST

static csk_status simulate(void)
{
    const float variance[2] = { 1.f, 1.f };
    csk_linop *A = NULL;
    csk_prior *prior = NULL;
    double radius;
    csk_status err = csk_linop_identity(&A, &space);

    if (!err)
        err = csk_prior_gauss(&prior, &space, NULL, variance);
    if (!err) {
        const csk_posterior post = { A, NULL, eta, prior, NULL, 0. };
        err = csk_radius_simulate(&radius, &post, trust, NULL, 3, .1,
                                  (csk_rng){ 1, 0, 0 });
        if (!err)
            err = csk_radius_near(&radius, &post, variance, 1., trust, NULL, 1, .1,
                                  (csk_rng){ 1, 0, 0 }, NULL);
    }
    csk_prior_unref(prior);
    csk_linop_unref(A);
    return err;
}

START_TEST(survives_a_full_heap)
{
    tst_out_of_memory(simulate);
}
END_TEST

/*
 * Draws near x0 = (20, 0) at level L = .5 under x ~ N(0, 3^2): x has the mean m = 20 g and the
 * variance g L^2 + g^2 L^2, g = 9/(9 + L^2), since the tether is x0 + L n. The median of |x - 0| is
 * then m within a few L/sqrt(draws), and that of the noise alone what it was before.
 */
START_TEST(draws_near_the_naive_estimate)
{
    static const float x0[2] = { 20.f, 0.f };
    const double L = .5, g = 9. / (9. + L * L);
    enum { DRAWS = 400 };
    csk_linop *A;
    csk_prior *prior;
    const csk_posterior post = make(&A, &prior);
    csk_run_info info;
    double R;

    tst_ok(csk_radius_near(&R, &post, x0, L, ignore, NULL, DRAWS, .5,
                           (csk_rng){ 1, 0, 0 }, &info));
    ck_assert_double_eq_tol(R, 20. * g, 5. * 1.25 * sqrt(2.) * L / sqrt(DRAWS) + .01);
    ck_assert_int_eq(info.evaluations, 11 * DRAWS);
    tst_ok(csk_radius_near(&R, &post, x0, L, trust, NULL, DRAWS, .5,
                           (csk_rng){ 1, 0, 0 }, NULL));
    ck_assert_double_eq_tol(R, eta * sqrt(2. * log(2.)),
                            5. * eta * .5 / (sqrt(2. * log(2.)) * .5 * sqrt(DRAWS)));
    csk_linop_unref(A);
    csk_prior_unref(prior);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("radius");
    TCase *cases = tcase_create("core");

    tcase_add_loop_test(cases, is_the_quantile_of_the_error, 0, 3);
    tcase_add_test(cases, draws_near_the_naive_estimate);
    tcase_add_test(cases, reports_what_is_wrong);
    tcase_add_test(cases, survives_a_full_heap);
    suite_add_tcase(suite, cases);
    return tst_main(suite);
}
