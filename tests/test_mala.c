/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The adjusted Langevin kernel: that its target is stationary is checked against exact posteriors,
 * quadrature, and another sampler in double precision. Chains are independent samples.
 */
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/combine.h"
#include "operators/sample.h"
#include "samplers/langevin.h"
#include "samplers/prior_gauss.h"
#include "samplers/prior_gmm.h"
#include "samplers/prior_impl.h"
#include "samplers/prior_ridge.h"
#include "tests/support/tst.h"
#include "tests/support/tst_prior.h"
#include "tests/support/tst_ridge.h"

#include <math.h>
#include <string.h>

static csk_langevin_opts options(double h)
{
    csk_langevin_opts o = csk_langevin_defaults();

    o.kernel = CSK_LANGEVIN_MALA;
    o.step = h;
    o.antithetic = false;
    return o;
}

/* Chains that start from spread * (standard normal); csk_free() them. */
static float *sample(const csk_posterior *post, int chains, double spread,
                     csk_stage stage, double h, csk_run_info *info)
{
    const int64_t n = csk_linop_cols(post->A);
    const csk_langevin_opts o = options(h);
    float *x = tst_normal(chains * n, 61, 0);

    csk_scale(chains * n, spread, x);
    tst_ok(
        csk_langevin(x, post, chains, &stage, 1, (csk_rng){ 3, 0, 0 }, &o, NULL, info));
    return x;
}

/* Mean and variance of coordinate i over the chains. */
static void moments(int chains, int64_t n, const float *x, int64_t i, double *mean,
                    double *variance)
{
    double sum = 0., square = 0.;

    for (int c = 0; c < chains; c++)
        sum += (double)x[c * n + i] / chains;
    for (int c = 0; c < chains; c++)
        square += pow((double)x[c * n + i] - sum, 2.) / (chains - 1);
    *mean = sum;
    *variance = square;
}

/*
 * A Gaussian, half of it measured, with and without tether: precision
 * 1/(s^2 + t^2) + [measured]/eta^2 with 1/s^2 = 1/tau^2 + w/width^2. 6144 numbers a half: five standard
 * errors are 9 %, where the same step without adjustment is wrong by a factor of 2.5 and more.
 */
START_TEST(is_exact_on_a_gaussian)
{
    enum { N = 12, CHAINS = 1024 };
    const csk_space space = TST_REAL(N);
    const double tau = 1., t = .8, eta = .5, width = .7, w = .6;
    uint8_t mask[N] = { 0 };
    float variance[N], b[N / 2], *tether = tst_normal((int64_t)CHAINS * N, 62, 0);
    csk_linop *A;
    csk_prior *prior;
    csk_run_info info;

    for (int i = 0; i < N; i++) {
        variance[i] = (float)(tau * tau);
        mask[i] = i < N / 2;
    }
    for (int i = 0; i < N / 2; i++)
        b[i] = .3f * (float)i - 1.f;
    tst_ok(csk_linop_sample(&A, &space, mask, N));
    tst_ok(csk_prior_gauss(&prior, &space, NULL, variance));
    const csk_posterior post = { A, b, eta, prior, _i ? tether : NULL, width };
    const csk_stage stage = { t, eta, _i ? w : 0., 120 };
    float *x = sample(&post, CHAINS, 1., stage, 1.2, &info);

    ck_assert_double_gt(info.acceptance, .3);
    ck_assert_double_lt(info.acceptance, .999);
    ck_assert_int_eq(info.evaluations, CHAINS * 121);
    const double s2 = 1. / (1. / (tau * tau) + (_i ? w / (width * width) : 0.));
    for (int half = 0; half < 2; half++) {
        const double data = half ? 0. : 1. / (eta * eta);
        const double q = 1. / (s2 + t * t) + data;
        double sum = 0., square = 0.;

        for (int c = 0; c < CHAINS; c++) {
            for (int i = half * N / 2; i < (half + 1) * N / 2; i++) {
                const double near =
                    _i ? s2 * w / (width * width) * (double)tether[c * N + i] : 0.;
                const double mean =
                    (near / (s2 + t * t) + (half ? 0. : data * (double)b[i])) / q;
                const double d = (double)x[c * N + i] - mean;
                sum += d;
                square += d * d;
            }
        }
        const int count = CHAINS * N / 2;
        ck_assert_double_le(fabs(sum / count), 5. * sqrt(1. / q / count));
        ck_assert_double_eq_tol(q * square / count, 1., 5. * sqrt(2. / count));
    }
    csk_free(x), csk_free(tether);
    csk_prior_unref(prior);
    csk_linop_unref(A);
}
END_TEST

/* A mixture whose components overlap: mean and variance of the exact posterior. */
START_TEST(is_exact_on_a_mixture)
{
    enum { N = 2, CHAINS = 4096 };
    const csk_space space = TST_REAL(N);
    const double t = .4, eta = .6, eye[N * N] = { 1., 0., 0., 1. };
    const float b[N] = { .4f, -.2f };
    tst_gmm g = tst_gmm_random(3, N, 1., 9);
    csk_linop *A;
    csk_prior *prior;
    csk_run_info info;
    double mean[N], cov[N * N];

    tst_ok(csk_prior_gmm(&prior, &space, g.K, g.weight, g.mean, g.covariance));
    tst_ok(csk_linop_identity(&A, &space));
    const csk_posterior post = { A, b, eta, prior, NULL, 0. };
    float *x = sample(&post, CHAINS, 1., (csk_stage){ t, eta, 0., 100 }, .8, &info);

    for (int k = 0; k < g.K; k++) { /* the smoothed prior */
        for (int i = 0; i < N; i++)
            g.covariance[k * N * N + i * (N + 1)] += t * t;
    }
    tst_gmm exact = tst_gmm_posterior(&g, N, eye, b, eta);
    tst_gmm_moments(&exact, mean, cov);
    for (int i = 0; i < N; i++) {
        double m, v;
        moments(CHAINS, N, x, i, &m, &v);
        ck_assert_double_le(fabs(m - mean[i]), 5. * sqrt(cov[i * (N + 1)] / CHAINS));
        ck_assert_double_eq_tol(v / cov[i * (N + 1)], 1., 5. * sqrt(2. / CHAINS));
    }
    csk_free(x);
    tst_gmm_clear(&g), tst_gmm_clear(&exact);
    csk_prior_unref(prior);
    csk_linop_unref(A);
}
END_TEST

/* log p(x | tether) belongs to the denoiser: grad = (D - x)/t^2, by differences. */
START_TEST(conditional_density_has_the_score)
{
    enum { N = 4 };
    const csk_space space = TST_REAL(N);
    const double t = .5, weight = .7, h = 1e-2;
    tst_gmm g = tst_gmm_random(2, N, .5, 4);
    float *x = tst_normal(N, 63, 0), *tether = tst_normal(N, 63, 1), d[N];
    float b[N] = { 0.f };
    csk_linop *A;
    csk_prior *prior;

    tst_ok(csk_prior_gmm(&prior, &space, g.K, g.weight, g.mean, g.covariance));
    tst_ok(csk_linop_identity(&A, &space));
    const csk_posterior post = { A, b, 1., prior, _i ? tether : NULL, .9 };
    float *work = csk_alloc(csk_conditional_work_len(&post, 1), sizeof(*work));
    tst_ok(csk_conditional_denoise(&post, 1, d, x, t, weight, NULL, work));
    for (int i = 0; i < N; i++) {
        const float middle = x[i];
        double high, low;

        x[i] = middle + (float)h;
        tst_ok(csk_conditional_logp(&post, 1, &high, x, t, weight, NULL, work));
        x[i] = middle - (float)h;
        tst_ok(csk_conditional_logp(&post, 1, &low, x, t, weight, NULL, work));
        x[i] = middle;
        ck_assert_double_eq_tol((high - low) / (2. * h),
                                ((double)d[i] - (double)x[i]) / (t * t), 2e-3);
    }
    csk_free(x), csk_free(tether), csk_free(work);
    tst_gmm_clear(&g);
    csk_prior_unref(prior);
    csk_linop_unref(A);
}
END_TEST

/* -- ridge ------------------------------------------------------------------------- */

typedef struct picture {
    int64_t height, width, n;
    double sigma, eta;
    csk_tensors model;
    tst_ridge reference;
    csk_prior *prior;
    csk_linop *A;
    uint8_t mask[64];
    float b[64];
    int64_t measured;
    csk_posterior post;
} picture;

/* Every third pixel is not measured. */
static void paint(picture *p, int64_t height, int64_t width)
{
    const csk_space space = csk_space_make(CSK_REAL, 2, (int64_t[]){ height, width });

    *p = (picture){ .height = height, .width = width, .n = height * width };
    p->sigma = .1;
    p->eta = .3;
    p->model = tst_ridge_model(CSK_REAL, 4, 3, 5, 3);
    p->reference = tst_ridge_of(CSK_REAL, &p->model);
    tst_ok(csk_prior_ridge(&p->prior, &space, &p->model, 1.));
    for (int64_t i = 0; i < p->n; i++) {
        p->mask[i] = i % 3 != 1;
        if (p->mask[i])
            p->b[p->measured++] = .1f * (float)(i % 5) + (i % width > 3 ? .8f : 0.f);
    }
    tst_ok(csk_linop_sample(&p->A, &space, p->mask, p->n));
    p->post = (csk_posterior){ p->A, p->b, p->eta, p->prior, NULL, 0. };
}

static void wash(picture *p)
{
    csk_linop_unref(p->A);
    csk_prior_unref(p->prior);
    csk_tensors_clear(&p->model);
    tst_ridge_clear(&p->reference);
}

/* -log of the target in double precision, and its gradient. */
static double energy(const picture *p, const double *x, double *g)
{
    double sum = tst_ridge_energy(&p->reference, p->height, p->width, x, p->sigma, g);
    int64_t k = 0;

    for (int64_t i = 0; i < p->n; i++) {
        if (!p->mask[i])
            continue;
        const double r = (x[i] - (double)p->b[k++]) / p->eta;
        sum += .5 * r * r;
        if (g)
            g[i] += r / p->eta;
    }
    return sum;
}

/* Three pixels: moments by quadrature over a cube of +-2 about the data, 41 points an axis. */
START_TEST(samples_a_ridge_posterior_by_quadrature)
{
    enum { CHAINS = 1024, POINTS = 41 };
    picture p;
    csk_run_info info;
    double total = 0., mean[3] = { 0. }, square[3] = { 0. };

    paint(&p, 1, 3);
    ck_assert_int_eq(p.n, 3);
    for (int i = 0; i < POINTS * POINTS * POINTS; i++) {
        const int at[3] = { i % POINTS, i / POINTS % POINTS, i / POINTS / POINTS };
        double x[3];

        for (int k = 0; k < 3; k++)
            x[k] = .1 + 1.8 * (at[k] - POINTS / 2) / (POINTS / 2);
        const double weight = exp(-energy(&p, x, NULL));
        total += weight;
        for (int k = 0; k < 3; k++) {
            mean[k] += weight * x[k];
            square[k] += weight * x[k] * x[k];
        }
    }
    float *x =
        sample(&p.post, CHAINS, .3, (csk_stage){ p.sigma, p.eta, 0., 120 }, .8, &info);
    for (int k = 0; k < 3; k++) {
        double m, v;
        const double variance = square[k] / total - pow(mean[k] / total, 2.);

        moments(CHAINS, 3, x, k, &m, &v);
        ck_assert_double_le(fabs(m - mean[k] / total), 5. * sqrt(variance / CHAINS));
        ck_assert_double_eq_tol(v / variance, 1., 5. * sqrt(3. / CHAINS));
    }
    csk_free(x);
    wash(&p);
}
END_TEST

/* One step of Hamiltonian Monte Carlo in double precision; whether it moved. */
static bool hamiltonian(const picture *p, double *x, const float *momentum, float u,
                        double step, int leaps)
{
    double y[64], v[64], g[64], before, after;

    before = energy(p, x, g);
    for (int64_t i = 0; i < p->n; i++) {
        y[i] = x[i];
        v[i] = (double)momentum[i];
        before += .5 * v[i] * v[i];
    }
    for (int k = 0; k < leaps; k++) {
        for (int64_t i = 0; i < p->n; i++) {
            v[i] -= .5 * step * g[i];
            y[i] += step * v[i];
        }
        (void)energy(p, y, g);
        for (int64_t i = 0; i < p->n; i++)
            v[i] -= .5 * step * g[i];
    }
    after = energy(p, y, NULL);
    for (int64_t i = 0; i < p->n; i++)
        after += .5 * v[i] * v[i];
    if (!(log((double)u) < before - after))
        return false;
    memcpy(x, y, (size_t)p->n * sizeof(*x));
    return true;
}

/*
 * 8 x 8 pixels against Hamiltonian Monte Carlo in double precision, as many chains of it, of
 * changing length, so that no direction returns to where it was each time; and Stein's identity
 * E <x, grad U> = n, which needs no other sampler.
 */
START_TEST(samples_a_ridge_posterior_of_an_image)
{
    enum { CHAINS = 128, ROUNDS = 60, LEAPS = 7 };
    picture p;
    csk_run_info info;
    float *other, momentum[64], u;
    double variances[2] = { 0. }, virial = 0.;
    int moved = 0;

    paint(&p, 8, 8);
    float *x =
        sample(&p.post, CHAINS, .5, (csk_stage){ p.sigma, p.eta, 0., 300 }, .45, &info);
    ck_assert_double_gt(info.acceptance, .3);
    other = tst_normal(CHAINS * p.n, 64, 0);
    for (int c = 0; c < CHAINS; c++) {
        double y[64];

        for (int64_t i = 0; i < p.n; i++)
            y[i] = .5 * (double)other[c * p.n + i];
        for (int k = 0; k < ROUNDS; k++) {
            const csk_rng r = { 65, (uint32_t)c, (uint32_t)(2 * k) };
            csk_rng_normal(r, p.n, momentum);
            csk_rng_uniform((csk_rng){ r.seed, r.stream, r.draw + 1 }, 1, &u);
            moved += hamiltonian(&p, y, momentum, u, .08, 1 + k % LEAPS);
        }
        for (int64_t i = 0; i < p.n; i++)
            other[c * p.n + i] = (float)y[i];
    }
    ck_assert_int_gt(moved, CHAINS * ROUNDS / 2);
    for (int64_t i = 0; i < p.n; i++) {
        double m[2], v[2];

        moments(CHAINS, p.n, x, i, &m[0], &v[0]);
        moments(CHAINS, p.n, other, i, &m[1], &v[1]);
        ck_assert_double_le(fabs(m[0] - m[1]), 5. * sqrt((v[0] + v[1]) / CHAINS));
        variances[0] += v[0];
        variances[1] += v[1];
    }
    ck_assert_double_eq_tol(variances[0] / variances[1], 1., .15);
    for (int c = 0; c < CHAINS; c++) {
        double y[64], g[64];

        for (int64_t i = 0; i < p.n; i++)
            y[i] = (double)x[c * p.n + i];
        (void)energy(&p, y, g);
        for (int64_t i = 0; i < p.n; i++)
            virial += y[i] * g[i] / CHAINS;
    }
    ck_assert_double_eq_tol(virial / (double)p.n, 1., .1);
    csk_free(x), csk_free(other);
    wash(&p);
}
END_TEST

/* -- what it shares with the other kernels --------------------------------------------- */

static csk_status run(void *user, void *out)
{
    const picture *p = user;
    const csk_langevin_opts o = options(.5);
    const csk_stage stages[] = { { .3, .6, 0., 5 }, { .1, .3, 0., 5 } };

    csk_rng_normal((csk_rng){ 66, 0, 0 }, 3 * p->n, out);
    return csk_langevin(out, &p->post, 3, stages, 2, (csk_rng){ 7, 0, 0 }, &o, NULL,
                        NULL);
}

START_TEST(chains_and_threads_change_nothing)
{
    picture p;
    float many[3 * 64], one[64];
    const csk_langevin_opts o = options(.5);
    const csk_stage stages[] = { { .3, .6, 0., 5 }, { .1, .3, 0., 5 } };

    paint(&p, 8, 8);
    tst_same_bits(sizeof(many), run, &p);
    tst_ok(run(&p, many));
    float *start = tst_normal(3 * p.n, 66, 0);
    csk_copy(p.n, start + 2 * p.n, one);
    tst_ok(csk_langevin(one, &p.post, 1, stages, 2, (csk_rng){ 7, 2 * 8, 0 }, &o, NULL,
                        NULL)); /* CSK_PURPOSES streams a chain */
    ck_assert_mem_eq(one, many + 2 * p.n, sizeof(one));
    csk_free(start);
    wash(&p);
}
END_TEST

static csk_status copy(const csk_prior *p, int batch, float *d, const float *x,
                       const double *sigma, const csk_rng *names, float *work)
{
    (void)sigma, (void)names, (void)work;
    csk_copy(batch * csk_space_len(&p->space), x, d);
    return CSK_OK;
}

START_TEST(needs_a_density)
{
    static const csk_prior_class cls = { .name = "copy", .denoise = copy };
    const csk_space space = TST_REAL(4);
    const csk_langevin_opts o = options(.5);
    const csk_stage stage = { 1., 1., 0., 1 };
    float x[4] = { 0.f }, b[4] = { 0.f };
    csk_linop *A;
    csk_prior *prior = csk_prior_new(sizeof(*prior), &cls, &space);

    tst_ok(csk_linop_identity(&A, &space));
    const csk_posterior post = { A, b, 1., prior, NULL, 0. };
    ck_assert_int_eq(
        csk_langevin(x, &post, 1, &stage, 1, (csk_rng){ 1, 0, 0 }, &o, NULL, NULL),
        CSK_ERR_UNSUPPORTED);
    ck_assert_str_eq(csk_error_message(), "the copy prior has no log density");
    csk_prior_unref(prior);
    csk_linop_unref(A);
}
END_TEST

static csk_status build(void)
{
    const csk_langevin_opts o = options(.5);

    return tst_langevin(&o);
}

START_TEST(survives_a_full_heap)
{
    tst_out_of_memory(build);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("mala");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, is_exact_on_a_gaussian, 0, 2);
    tcase_add_test(t, is_exact_on_a_mixture);
    tcase_add_loop_test(t, conditional_density_has_the_score, 0, 2);
    tcase_add_test(t, samples_a_ridge_posterior_by_quadrature);
    tcase_add_test(t, samples_a_ridge_posterior_of_an_image);
    tcase_add_test(t, chains_and_threads_change_nothing);
    tcase_add_test(t, needs_a_density);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
