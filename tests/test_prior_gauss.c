/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/prior_gauss.h"
#include "samplers/prior_impl.h"
#include "tests/support/tst.h"
#include "tests/support/tst_prior.h"

#include <math.h>
#include <string.h>

enum { N = 12 };
static const csk_space line = TST_REAL(N);
static const csk_space image = TST_COMPLEX(2, 3); /* as many floats */

/* Variances .1 .. 1.2 around means of both signs. */
static csk_prior *diagonal(const csk_space *space)
{
    float mean[N], variance[N];
    csk_prior *p;

    for (int i = 0; i < N; i++) {
        mean[i] = (float)(i % 5) - 2.f;
        variance[i] = .1f * (float)(i + 1);
    }
    tst_ok(csk_prior_gauss(&p, space, mean, variance));
    return p;
}

static csk_prior *dense(const csk_space *space, const tst_gmm *g)
{
    csk_prior *p;

    tst_ok(csk_prior_gauss_dense(&p, space, g->mean, g->covariance));
    return p;
}

START_TEST(is_a_prior)
{
    static const double sigma[] = { .01, .1, 1., 30. };
    tst_gmm g = tst_gmm_random(1, N, 1., 3);
    const csk_space *space = _i % 2 ? &image : &line;
    csk_prior *p = _i / 2 ? dense(space, &g) : diagonal(space);

    ck_assert_str_eq(csk_prior_name(p), "gauss");
    tst_prior(p, 4, sigma, 1e-3);
    tst_prior_batch(p);
    csk_prior_unref(p);
    tst_gmm_clear(&g);
}
END_TEST

/* Long enough to run on several threads, with blocks that end anywhere. */
START_TEST(long_vectors_give_the_same_bits)
{
    enum { LONG = 2 * 16384 + 77 };
    const csk_space space = TST_REAL(LONG);
    float *variance = tst_normal(LONG, 1, 0);
    csk_prior *p;

    for (int i = 0; i < LONG; i++)
        variance[i] = variance[i] * variance[i] + .01f;
    tst_ok(csk_prior_gauss(&p, &space, NULL, variance));
    tst_prior_batch(p);
    csk_prior_unref(p);
    csk_free(variance);
}
END_TEST

START_TEST(dense_is_large_enough_for_threads)
{
    enum { LARGE = 96 };
    const csk_space space = TST_REAL(LARGE);
    tst_gmm g = tst_gmm_random(1, LARGE, 1., 5);
    csk_prior *p = dense(&space, &g);

    tst_prior_batch(p);

    /* The decomposition, too. */
    float *x = tst_normal(LARGE, 2, 0), d[2][LARGE];
    float *work = csk_alloc(csk_prior_work_len(p, 1), sizeof(*work));
    csk_prior_unref(p);
    for (int k = 0; k < 2; k++) {
        tst_set_threads(k ? 7 : 1);
        p = dense(&space, &g);
        tst_ok(csk_prior_denoise(p, 1, d[k], x, &(double){ .3 }, NULL, work));
        csk_prior_unref(p);
    }
    ck_assert_mem_eq(d[0], d[1], sizeof(d[0]));
    csk_free(x), csk_free(work);
    tst_gmm_clear(&g);
}
END_TEST

/* E[X | X + sigma n = x] is the posterior mean for A = I. */
START_TEST(matches_the_closed_form)
{
    static const double sigmas[] = { 0., 1e-3, .2, 5., 1e3 };
    const double sigma = sigmas[_i];
    tst_gmm g = tst_gmm_random(1, N, 1., 3);
    csk_prior *p = dense(&line, &g);
    double eye[N * N] = { 0. }, logp;
    float *x = tst_normal(N, 2, 0), d[N];
    float *work = csk_alloc(csk_prior_work_len(p, 1), sizeof(*work));

    for (int i = 0; i < N; i++)
        eye[i * N + i] = 1.;
    tst_gmm q = tst_gmm_posterior(&g, N, eye, x, sigma);
    tst_ok(csk_prior_denoise(p, 1, d, x, &sigma, NULL, work));
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol(d[i], q.mean[i], 1e-6);
    tst_ok(csk_prior_logp(p, 1, &logp, x, &sigma, NULL, work));
    ck_assert_double_eq_tol(logp, tst_gmm_logp(&g, x, sigma), 1e-9 * fabs(logp));
    csk_prior_unref(p);
    csk_free(x), csk_free(work);
    tst_gmm_clear(&g), tst_gmm_clear(&q);
}
END_TEST

START_TEST(diagonal_is_dense_with_a_diagonal)
{
    const double sigma = .7;
    csk_prior *p = diagonal(&line), *q;
    double mean[N], S[N * N] = { 0. }, logp[2];
    float *x = tst_normal(N, 4, 0), d[2][N];

    for (int i = 0; i < N; i++) {
        mean[i] = i % 5 - 2;
        S[i * N + i] = .1f * (float)(i + 1);
    }
    tst_ok(csk_prior_gauss_dense(&q, &line, mean, S));
    float *work = csk_alloc(csk_prior_work_len(q, 1), sizeof(*work));
    tst_ok(csk_prior_denoise(p, 1, d[0], x, &sigma, NULL, NULL));
    tst_ok(csk_prior_denoise(q, 1, d[1], x, &sigma, NULL, work));
    tst_ok(csk_prior_logp(p, 1, logp, x, &sigma, NULL, NULL));
    tst_ok(csk_prior_logp(q, 1, logp + 1, x, &sigma, NULL, work));
    ck_assert_double_le(tst_distance(N, d[0], d[1]), 1e-7);
    ck_assert_double_eq_tol(logp[0], logp[1], 1e-9);
    double length = 0.;
    for (int i = 0; i < N; i++)
        length += mean[i] * mean[i];
    ck_assert_double_eq_tol(csk_prior_spread(p), sqrt(.1 * N) + sqrt(length), 1e-6);
    ck_assert_double_eq_tol(csk_prior_spread(q), sqrt(.1 * N) + sqrt(length), 1e-6);
    csk_prior_unref(p), csk_prior_unref(q);
    csk_free(x), csk_free(work);
}
END_TEST

/*
 * Means and covariances of 4096 draws within 5 standard errors: 90 comparisons with a false
 * alarm of 6e-7 each, 5e-5 together.
 */
START_TEST(samples_have_the_right_moments)
{
    enum { DRAWS = 4096 };
    tst_gmm g = tst_gmm_random(1, N, 1., 9);
    csk_prior *p = dense(&line, &g);
    float *x = csk_alloc(DRAWS * N, sizeof(*x));
    float *work = csk_alloc(csk_prior_work_len(p, DRAWS), sizeof(*work));
    csk_rng *names = csk_alloc(DRAWS, sizeof(*names));

    for (int k = 0; k < DRAWS; k++)
        names[k] = (csk_rng){ 1, 0, (uint32_t)k };
    tst_ok(csk_prior_sample(p, DRAWS, x, names, work));
    for (int i = 0; i < N; i++) {
        double sum = 0.;
        for (int k = 0; k < DRAWS; k++)
            sum += x[k * N + i] - g.mean[i];
        ck_assert_double_le(fabs(sum) / DRAWS,
                            5. * sqrt(g.covariance[i * N + i] / DRAWS));
        for (int j = 0; j <= i; j++) {
            const double S = g.covariance[i * N + j];
            double cov = 0.;
            for (int k = 0; k < DRAWS; k++)
                cov += (x[k * N + i] - g.mean[i]) * (x[k * N + j] - g.mean[j]) / DRAWS;
            const double var =
                (g.covariance[i * N + i] * g.covariance[j * N + j] + S * S) / DRAWS;
            ck_assert_double_le(fabs(cov - S), 5. * sqrt(var));
        }
    }
    csk_prior_unref(p);
    csk_free(x), csk_free(work), csk_free(names);
    tst_gmm_clear(&g);
}
END_TEST

/* 3072 standardised floats of a diagonal prior: mean and variance within 5 standard errors, 1e-6. */
START_TEST(diagonal_samples_have_the_right_moments)
{
    enum { DRAWS = 256 };
    csk_prior *p = diagonal(&image);
    double m1 = 0., m2 = 0.;

    for (int k = 0; k < DRAWS; k++) {
        float x[N];
        tst_ok(csk_prior_sample(p, 1, x, &(csk_rng){ 2, 0, (uint32_t)k }, NULL));
        for (int i = 0; i < N; i++) {
            const double z = ((double)x[i] - (i % 5 - 2)) / sqrt(.1 * (i + 1));
            m1 += z / (DRAWS * N);
            m2 += z * z / (DRAWS * N);
        }
    }
    ck_assert_double_le(fabs(m1), 5. / sqrt(DRAWS * N));
    ck_assert_double_le(fabs(m2 - 1.), 5. * sqrt(2. / (DRAWS * N)));
    csk_prior_unref(p);
}
END_TEST

/* S = u u^T: all mass on a line, which the denoiser projects on and samples stay on. */
START_TEST(singular_covariance_is_a_subspace)
{
    double mean[N] = { 0. }, S[N * N], u[N], along = 0., size = 0., logp;
    const double sigma = .5;
    float *x = tst_normal(N, 6, 0), y[N];
    csk_prior *p;

    for (int i = 0; i < N; i++) {
        u[i] = 1. + i;
        along += u[i] * x[i];
        size += u[i] * u[i];
        for (int j = 0; j < N; j++)
            S[i * N + j] = (1. + i) * (1. + j);
    }
    tst_ok(csk_prior_gauss_dense(&p, &line, mean, S));
    float *work = csk_alloc(csk_prior_work_len(p, 1), sizeof(*work));
    tst_ok(csk_prior_denoise(p, 1, y, x, &sigma, NULL, work));
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol(y[i], u[i] * along / (size + .25), 1e-6);
    tst_ok(csk_prior_sample(p, 1, y, &(csk_rng){ 1, 1, 1 }, work));
    for (int i = 1; i < N; i++)
        ck_assert_double_eq_tol(y[i] / u[i], y[0], 1e-5);

    tst_ok(csk_prior_logp(p, 1, &logp, x, &sigma, NULL, work));
    ck_assert(isfinite(logp));
    ck_assert_int_eq(csk_prior_logp(p, 1, &logp, x, &(double){ 0. }, NULL, work),
                     CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(),
                     "gauss: no density at sigma 0, the covariance is singular");
    tst_ok(csk_prior_denoise(p, 1, y, x, &(double){ 0. }, NULL, work));
    ck_assert_mem_eq(y, x, sizeof(y));
    tst_ok(csk_prior_vjp(p, 1, y, x, x, &(double){ 0. }, NULL, work));
    ck_assert_mem_eq(y, x, sizeof(y));
    csk_prior_unref(p);
    csk_free(x), csk_free(work);
}
END_TEST

START_TEST(rejects_bad_arguments)
{
    float variance[N], mean[N] = { 0.f };
    double S[N * N] = { 0. }, m[N] = { 0. };
    csk_prior *p = NULL;

    for (int i = 0; i < N; i++) {
        variance[i] = 1.f;
        S[i * N + i] = 1.;
    }
    variance[3] = 0.f;
    ck_assert_int_eq(csk_prior_gauss(&p, &line, NULL, variance), CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(), "gauss: variance[3] is 0, expected > 0");
    variance[3] = NAN;
    ck_assert_int_eq(csk_prior_gauss(&p, &line, NULL, variance), CSK_ERR_ARG);
    variance[3] = 1.f;
    mean[2] = INFINITY;
    ck_assert_int_eq(csk_prior_gauss(&p, &line, mean, variance), CSK_ERR_NUMERIC);
    ck_assert_int_eq(csk_prior_gauss(&p, &(csk_space){ 0 }, NULL, variance),
                     CSK_ERR_ARG);
    ck_assert_int_eq(csk_prior_gauss_dense(&p, &(csk_space){ 0 }, m, S), CSK_ERR_ARG);

    S[1] = .5;
    ck_assert_int_eq(csk_prior_gauss_dense(&p, &line, m, S), CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(),
                     "gauss: the covariance is not symmetric at [1][0]");
    S[1] = S[N] = 2.;
    ck_assert_int_eq(csk_prior_gauss_dense(&p, &line, m, S), CSK_ERR_ARG);
    ck_assert_str_eq(
        csk_error_message(),
        "gauss: the covariance is not positive semidefinite: eigenvalue -1");
    S[1] = NAN;
    ck_assert_int_eq(csk_prior_gauss_dense(&p, &line, m, S), CSK_ERR_NUMERIC);
    S[1] = S[N] = 0.;
    m[4] = NAN;
    ck_assert_int_eq(csk_prior_gauss_dense(&p, &line, m, S), CSK_ERR_NUMERIC);
    ck_assert_str_eq(csk_error_message(), "gauss: mean[4] is nan");
    const csk_space huge = TST_REAL(1 << 20);
    ck_assert_int_eq(csk_prior_gauss_dense(&p, &huge, m, S), CSK_ERR_ARG);
    ck_assert_ptr_null(p);

    p = diagonal(&line);
    ck_assert_int_eq(
        csk_prior_denoise(p, 1, variance, variance, &(double){ -1. }, NULL, NULL),
        CSK_ERR_ARG);
    csk_prior_unref(p);
}
END_TEST

static csk_status keep(const csk_prior *p, int batch, float *d, const float *x,
                       const double *sigma, const csk_rng *names, float *work)
{
    (void)sigma, (void)names, (void)work;
    csk_copy(batch * csk_space_len(csk_prior_space(p)), x, d);
    return CSK_OK;
}

/* What a class does not have is refused by name, and so is a sigma out of its range. */
START_TEST(missing_capabilities_are_named)
{
    static const csk_prior_class only_denoises = { .name = "bare", .denoise = keep };
    float x[N] = { 1.f }, d[N];
    const csk_rng name = { 1, 1, 1 };
    double lo, hi, sigma = 1., logp;

    csk_prior *p = csk_prior_new(sizeof(*p), &only_denoises, &line);
    ck_assert_ptr_nonnull(p);
    p->sigma_min = .5;
    p->sigma_max = 2.;
    csk_prior_sigma_range(p, &lo, &hi);
    ck_assert_double_eq(lo, .5);
    ck_assert_double_eq(hi, 2.);
    ck_assert(csk_space_equal(csk_prior_space(p), &line));
    ck_assert_int_eq(csk_prior_work_len(p, 3), 0);
    tst_ok(csk_prior_score(p, 1, d, x, &sigma, &name, NULL));
    ck_assert_double_eq(d[0], 0.);

    ck_assert_int_eq(csk_prior_logp(p, 1, &logp, x, &sigma, &name, NULL),
                     CSK_ERR_UNSUPPORTED);
    ck_assert_str_eq(csk_error_message(), "the bare prior has no log density");
    ck_assert_int_eq(csk_prior_sample(p, 1, d, &name, NULL), CSK_ERR_UNSUPPORTED);
    ck_assert_int_eq(csk_prior_vjp(p, 1, d, x, x, &sigma, &name, NULL),
                     CSK_ERR_UNSUPPORTED);
    sigma = 2.5;
    ck_assert_int_eq(csk_prior_score(p, 1, d, x, &sigma, &name, NULL), CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(), "bare: sigma is 2.5, not in 0.5..2");
    sigma = NAN;
    ck_assert_int_eq(csk_prior_denoise(p, 1, d, x, &sigma, &name, NULL), CSK_ERR_ARG);
    csk_prior_unref(csk_prior_ref(p));
    csk_prior_unref(p);
    csk_prior_unref(NULL);
}
END_TEST

static csk_status build(void)
{
    static const float variance[N] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
    double mean[N] = { 0. }, S[N * N] = { 0. };
    csk_prior *p = NULL, *q = NULL;

    for (int i = 0; i < N; i++)
        S[i * N + i] = 1. + i;
    csk_status err = csk_prior_gauss(&p, &line, NULL, variance);
    if (!err)
        err = csk_prior_gauss_dense(&q, &line, mean, S);
    csk_prior_unref(p);
    csk_prior_unref(q);
    return err;
}

START_TEST(survives_out_of_memory)
{
    tst_out_of_memory(build);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("prior_gauss");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, is_a_prior, 0, 4);
    tcase_add_test(t, long_vectors_give_the_same_bits);
    tcase_add_test(t, dense_is_large_enough_for_threads);
    tcase_add_loop_test(t, matches_the_closed_form, 0, 5);
    tcase_add_test(t, diagonal_is_dense_with_a_diagonal);
    tcase_add_test(t, samples_have_the_right_moments);
    tcase_add_test(t, diagonal_samples_have_the_right_moments);
    tcase_add_test(t, singular_covariance_is_a_subspace);
    tcase_add_test(t, rejects_bad_arguments);
    tcase_add_test(t, missing_capabilities_are_named);
    tcase_add_test(t, survives_out_of_memory);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
