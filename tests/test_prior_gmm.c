/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/prior_gmm.h"
#include "tests/support/tst.h"
#include "tests/support/tst_prior.h"

#include <math.h>
#include <string.h>

enum { N = 6, K = 3 };
static const csk_space line = TST_REAL(N);
static const csk_space image = TST_COMPLEX(3);

static csk_prior *prior_of(const csk_space *space, const tst_gmm *g)
{
    csk_prior *p;

    tst_ok(csk_prior_gmm(&p, space, g->K, g->weight, g->mean, g->covariance));
    return p;
}

static float *work_for(const csk_prior *p, int batch)
{
    float *work = csk_alloc(csk_prior_work_len(p, batch), sizeof(*work));

    ck_assert_ptr_nonnull(work);
    return work;
}

/* Components that overlap, touch and stand apart. */
START_TEST(is_a_prior)
{
    static const double spread[] = { 0., .5, 4. };
    static const double sigma[] = { .01, .1, 1., 30. };
    tst_gmm g = tst_gmm_random(K, N, spread[_i], 3);
    csk_prior *p = prior_of(_i ? &line : &image, &g);

    ck_assert_str_eq(csk_prior_name(p), "gmm");
    tst_prior(p, 4, sigma, 1e-3);
    tst_prior_batch(p);
    csk_prior_unref(p);
    tst_gmm_clear(&g);
}
END_TEST

START_TEST(many_floats_give_the_same_bits)
{
    enum { LARGE = 64 };
    const csk_space space = TST_REAL(LARGE);
    tst_gmm g = tst_gmm_random(K, LARGE, .3, 5);
    csk_prior *p = prior_of(&space, &g);

    tst_prior_batch(p);
    csk_prior_unref(p);
    tst_gmm_clear(&g);
}
END_TEST

/* D = E[X | x], J = Cov[X | x] / sigma^2 and log p against the posterior for A = I. */
START_TEST(matches_the_closed_form)
{
    static const double sigmas[] = { 1e-2, .2, 1., 5., 1e3 };
    const double sigma = sigmas[_i];
    tst_gmm g = tst_gmm_random(K, N, .5, 3);
    csk_prior *p = prior_of(&line, &g);
    double eye[N * N] = { 0. }, mean[N], cov[N * N], logp;
    float *x = tst_normal(N, 2, 0), d[N], *work = work_for(p, 1);

    for (int i = 0; i < N; i++)
        eye[i * N + i] = 1.;
    tst_gmm q = tst_gmm_posterior(&g, N, eye, x, sigma);
    tst_gmm_moments(&q, mean, cov);
    tst_ok(csk_prior_denoise(p, 1, d, x, &sigma, NULL, work));
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol(d[i], mean[i], 1e-6);
    tst_ok(csk_prior_logp(p, 1, &logp, x, &sigma, NULL, work));
    ck_assert_double_eq_tol(logp, tst_gmm_logp(&g, x, sigma), 1e-9 * fabs(logp));
    for (int j = 0; j < N; j++) {
        float e[N] = { 0.f };
        e[j] = 1.f;
        tst_ok(csk_prior_vjp(p, 1, d, e, x, &sigma, NULL, work));
        for (int i = 0; i < N; i++)
            ck_assert_double_eq_tol(d[i], cov[i * N + j] / (sigma * sigma), 1e-6);
    }
    csk_prior_unref(p);
    csk_free(x), csk_free(work);
    tst_gmm_clear(&g), tst_gmm_clear(&q);
}
END_TEST

/* One dimension by quadrature: the definition of the denoiser and of the smoothed density. */
START_TEST(matches_quadrature)
{
    static const double weight[] = { 3., 1. }, mean[] = { -1., 2. },
                        var[] = { .25, .04 };
    static const double sigmas[] = { .1, .5, 2. };
    const double sigma = sigmas[_i], step = 1e-3;
    csk_prior *p;

    tst_ok(csk_prior_gmm(&p, &(csk_space)TST_REAL(1), 2, weight, mean, var));
    float *work = work_for(p, 1);
    for (int i = 0; i < 19; i++) {
        const float x = -3.f + .37f * (float)i;
        double sum = 0., first = 0., logp;
        float d;
        for (int j = 0; j < 16000; j++) {
            const double t = -8. + j * step;
            double f = 0.;
            for (int k = 0; k < 2; k++)
                f += weight[k] / 4. *
                     exp(-.5 * (t - mean[k]) * (t - mean[k]) / var[k]) /
                     sqrt(6.283185307179586 * var[k]);
            f *= exp(-.5 * (x - t) * (x - t) / (sigma * sigma)) /
                 (sigma * sqrt(6.283185307179586)) * step;
            sum += f;
            first += t * f;
        }
        tst_ok(csk_prior_denoise(p, 1, &d, &x, &sigma, NULL, work));
        tst_ok(csk_prior_logp(p, 1, &logp, &x, &sigma, NULL, work));
        ck_assert_double_eq_tol(d, first / sum, 1e-6);
        ck_assert_double_eq_tol(logp, log(sum), 1e-8);
    }
    csk_prior_unref(p);
    csk_free(work);
}
END_TEST

/*
 * 8192 draws: mean and covariance within 5 standard errors, those of the covariance from the
 * draws; 27 comparisons, false alarm 2e-5. Components that stand apart: their counts, 4e-6.
 */
START_TEST(samples_have_the_right_moments)
{
    enum { DRAWS = 8192 };
    tst_gmm g = tst_gmm_random(K, N, 4., 3);
    csk_prior *p = prior_of(&line, &g);
    float *x = csk_alloc(DRAWS * N, sizeof(*x)), *work = work_for(p, DRAWS);
    csk_rng *names = csk_alloc(DRAWS, sizeof(*names));
    double mean[N], S[N * N];
    int count[K] = { 0 };

    tst_gmm_moments(&g, mean, S);
    for (int b = 0; b < DRAWS; b++)
        names[b] = (csk_rng){ 1, (uint32_t)b, 0 };
    tst_ok(csk_prior_sample(p, DRAWS, x, names, work));
    for (int i = 0; i < N; i++) {
        double sum = 0.;
        for (int b = 0; b < DRAWS; b++)
            sum += x[b * N + i] - mean[i];
        ck_assert_double_le(fabs(sum) / DRAWS, 5. * sqrt(S[i * N + i] / DRAWS));
        for (int j = 0; j <= i; j++) {
            double m1 = 0., m2 = 0.;
            for (int b = 0; b < DRAWS; b++) {
                const double f = (x[b * N + i] - mean[i]) * (x[b * N + j] - mean[j]);
                m1 += f / DRAWS;
                m2 += f * f / DRAWS;
            }
            ck_assert_double_le(fabs(m1 - S[i * N + j]),
                                5. * sqrt((m2 - m1 * m1) / DRAWS));
        }
    }
    for (int b = 0; b < DRAWS; b++) {
        int best = 0;
        double least = INFINITY;
        for (int k = 0; k < K; k++) {
            double d = 0.;
            for (int i = 0; i < N; i++)
                d += pow(x[b * N + i] - g.mean[k * N + i], 2.);
            if (d < least) {
                least = d;
                best = k;
            }
        }
        count[best]++;
    }
    for (int k = 0; k < K; k++)
        ck_assert_double_le(fabs(count[k] - DRAWS * g.weight[k]),
                            5. * sqrt(DRAWS * g.weight[k] * (1. - g.weight[k])) + 1.);
    csk_prior_unref(p);
    csk_free(x), csk_free(work), csk_free(names);
    tst_gmm_clear(&g);
}
END_TEST

/* Far away the nearest component decides and nothing overflows; sigma = 0 leaves x alone. */
START_TEST(extremes_stay_finite)
{
    tst_gmm g = tst_gmm_random(K, N, 1., 3);
    csk_prior *p = prior_of(&line, &g);
    float x[N], d[N], *work = work_for(p, 1);
    double logp;

    for (int e = 0; e <= 12; e += 4) {
        for (int i = 0; i < N; i++)
            x[i] = powf(10.f, (float)e) * (float)(i + 1);
        for (int decade = -200; decade < 100; decade += 25) {
            const double sigma = pow(10., decade);
            tst_ok(csk_prior_denoise(p, 1, d, x, &sigma, NULL, work));
            ck_assert_int_eq(csk_first_not_finite(N, d), -1);
            tst_ok(csk_prior_vjp(p, 1, d, x, x, &sigma, NULL, work));
            ck_assert_int_eq(csk_first_not_finite(N, d), -1);
            tst_ok(csk_prior_logp(p, 1, &logp, x, &sigma, NULL, work));
            ck_assert(isfinite(logp));
        }
        tst_ok(csk_prior_denoise(p, 1, d, x, &(double){ 0. }, NULL, work));
        ck_assert_mem_eq(d, x, sizeof(d));
        tst_ok(csk_prior_vjp(p, 1, d, x, x, &(double){ 0. }, NULL, work));
        ck_assert_mem_eq(d, x, sizeof(d));
    }
    csk_prior_unref(p);
    csk_free(work);
    tst_gmm_clear(&g);
}
END_TEST

START_TEST(weights_need_not_sum_to_one)
{
    tst_gmm g = tst_gmm_random(K, N, .5, 3);
    csk_prior *p = prior_of(&line, &g), *q;
    float *x = tst_normal(N, 2, 0), *work = work_for(p, 1);
    double logp[2];

    for (int k = 0; k < K; k++)
        g.weight[k] *= 8.;
    q = prior_of(&line, &g);
    tst_ok(csk_prior_logp(p, 1, logp, x, &(double){ .1 }, NULL, work));
    tst_ok(csk_prior_logp(q, 1, logp + 1, x, &(double){ .1 }, NULL, work));
    ck_assert_double_eq_tol(logp[0], logp[1], 1e-12);
    csk_prior_unref(p), csk_prior_unref(q);
    csk_free(x), csk_free(work);
    tst_gmm_clear(&g);
}
END_TEST

/* Of the reference itself: two measurements, one after the other, are the two at once. */
START_TEST(exact_posterior_is_consistent)
{
    tst_gmm g = tst_gmm_random(K, N, .5, 3);
    float *rows = tst_normal(5 * N, 8, 0), *b = tst_normal(5, 8, 1);
    double A[5 * N];

    for (int i = 0; i < 5 * N; i++)
        A[i] = rows[i];
    tst_gmm once = tst_gmm_posterior(&g, 5, A, b, .3);
    tst_gmm half = tst_gmm_posterior(&g, 2, A, b, .3);
    tst_gmm both = tst_gmm_posterior(&half, 3, A + 2 * N, b + 2, .3);
    for (int i = 0; i < K * (1 + N + N * N); i++)
        ck_assert_double_eq_tol(both.weight[i], once.weight[i], 1e-11);

    /* x ~ N(0, 1), b = 2 x + n: N(2b/5, 1/5). */
    double m, v;
    tst_gmm one = tst_gmm_new(1, 1);
    one.weight[0] = one.covariance[0] = 1.;
    tst_gmm post = tst_gmm_posterior(&one, 1, &(double){ 2. }, &(float){ 3.f }, 1.);
    tst_gmm_moments(&post, &m, &v);
    ck_assert_double_eq_tol(m, 1.2, 1e-14);
    ck_assert_double_eq_tol(v, .2, 1e-14);
    csk_free(rows), csk_free(b);
    tst_gmm_clear(&g), tst_gmm_clear(&once), tst_gmm_clear(&half);
    tst_gmm_clear(&both), tst_gmm_clear(&one), tst_gmm_clear(&post);
}
END_TEST

START_TEST(rejects_bad_arguments)
{
    tst_gmm g = tst_gmm_random(K, N, 1., 3);
    csk_prior *p = NULL;
    double logp;

    ck_assert_int_eq(csk_prior_gmm(&p, &line, 0, g.weight, g.mean, g.covariance),
                     CSK_ERR_ARG);
    ck_assert_int_eq(
        csk_prior_gmm(&p, &(csk_space){ 0 }, K, g.weight, g.mean, g.covariance),
        CSK_ERR_ARG);
    g.weight[1] = 0.;
    ck_assert_int_eq(csk_prior_gmm(&p, &line, K, g.weight, g.mean, g.covariance),
                     CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(), "gmm: weight[1] is 0, expected > 0");
    g.weight[1] = 1.;
    g.covariance[2 * N * N] = NAN;
    ck_assert_int_eq(csk_prior_gmm(&p, &line, K, g.weight, g.mean, g.covariance),
                     CSK_ERR_NUMERIC);
    ck_assert_str_eq(csk_error_message(), "gmm: component 2: covariance[0][0] is nan");
    ck_assert_ptr_null(p);

    memset(g.covariance, 0, K * N * N * sizeof(*g.covariance)); /* points: no density */
    p = prior_of(&line, &g);
    float *work = work_for(p, 1), x[N] = { 0.f };
    ck_assert_int_eq(csk_prior_logp(p, 1, &logp, x, &(double){ 0. }, NULL, work),
                     CSK_ERR_ARG);
    tst_ok(csk_prior_logp(p, 1, &logp, x, &(double){ .1 }, NULL, work));
    csk_prior_unref(p);
    csk_free(work);
    tst_gmm_clear(&g);
}
END_TEST

static csk_status build(void)
{
    static const double weight[2] = { 1., 1. }, mean[4] = { 0. };
    static const double S[8] = { 1., 0., 0., 1., 2., 1., 1., 2. };
    csk_prior *p = NULL;
    const csk_status err =
        csk_prior_gmm(&p, &(csk_space)TST_COMPLEX(1), 2, weight, mean, S);

    csk_prior_unref(p);
    return err;
}

START_TEST(survives_out_of_memory)
{
    tst_out_of_memory(build);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("prior_gmm");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, is_a_prior, 0, 3);
    tcase_add_test(t, many_floats_give_the_same_bits);
    tcase_add_loop_test(t, matches_the_closed_form, 0, 5);
    tcase_add_loop_test(t, matches_quadrature, 0, 3);
    tcase_add_test(t, samples_have_the_right_moments);
    tcase_add_test(t, extremes_stay_finite);
    tcase_add_test(t, weights_need_not_sum_to_one);
    tcase_add_test(t, exact_posterior_is_consistent);
    tcase_add_test(t, rejects_bad_arguments);
    tcase_add_test(t, survives_out_of_memory);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
