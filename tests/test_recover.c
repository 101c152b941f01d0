/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Algorithms 1 to 3 against posteriors in closed form: 4000 chains in a few dimensions. What
 * the samplers target is smoothed by t_min, and so is the reference: a prior covariance S
 * becomes S + t_min^2 I (and, with a tether, that of X given the tether).
 *
 * Mean and covariance are compared entry by entry, to five standard errors of 4000 samples
 * plus the stated bias of the discretisation. With about 200 comparisons in this file the
 * chance of a false alarm is 1e-4; the seeds are fixed.
 */
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/matrix.h"
#include "samplers/prior_gmm.h"
#include "samplers/recover.h"
#include "tests/support/tst.h"

#include <math.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define CHAINS 400 /* sanitizers look at the code, not at the statistics */
#else
#define CHAINS 4000
#endif
enum { D = 3, M = 2, MOST = 2 };

/* -- the exact answer, in double ------------------------------------------- */

/* Gauss-Jordan with pivoting: A := A^-1; returns log |det A|. */
static double invert(double A[D][D], int n)
{
    double B[D][D] = { { 0. } }, logdet = 0.;

    for (int i = 0; i < n; i++)
        B[i][i] = 1.;
    for (int c = 0; c < n; c++) {
        int best = c;
        for (int r = c + 1; r < n; r++)
            best = fabs(A[r][c]) > fabs(A[best][c]) ? r : best;
        for (int j = 0; j < n; j++) {
            const double a = A[c][j], b = B[c][j];
            A[c][j] = A[best][j], A[best][j] = a;
            B[c][j] = B[best][j], B[best][j] = b;
        }
        const double pivot = A[c][c];
        logdet += log(fabs(pivot));
        for (int j = 0; j < n; j++)
            A[c][j] /= pivot, B[c][j] /= pivot;
        for (int r = 0; r < n; r++) {
            const double f = r == c ? 0. : A[r][c];
            for (int j = 0; j < n; j++)
                A[r][j] -= f * A[c][j], B[r][j] -= f * B[c][j];
        }
    }
    memcpy(A, B, sizeof(B));
    return logdet;
}

typedef struct mixture {
    int K;
    double w[MOST], mean[MOST][D], cov[MOST][D][D];
} mixture;

/* Condition on b = G x + n, n ~ N(0, var I): one row of G at a time. */
static void observe(mixture *p, const double *g, double b, double var)
{
    double logw[MOST], top = -INFINITY, sum = 0.;

    for (int k = 0; k < p->K; k++) {
        double Sg[D] = { 0. }, v = var, r = b;

        for (int i = 0; i < D; i++) {
            for (int j = 0; j < D; j++)
                Sg[i] += p->cov[k][i][j] * g[j];
        }
        for (int i = 0; i < D; i++)
            v += g[i] * Sg[i], r -= g[i] * p->mean[k][i];
        logw[k] = log(p->w[k]) - .5 * log(v) - .5 * r * r / v;
        top = fmax(top, logw[k]);
        for (int i = 0; i < D; i++) {
            p->mean[k][i] += Sg[i] * r / v;
            for (int j = 0; j < D; j++)
                p->cov[k][i][j] -= Sg[i] * Sg[j] / v;
        }
    }
    for (int k = 0; k < p->K; k++)
        sum += exp(logw[k] - top);
    for (int k = 0; k < p->K; k++)
        p->w[k] = exp(logw[k] - top) / sum;
}

static void smooth(mixture *p, double t)
{
    for (int k = 0; k < p->K; k++) {
        for (int i = 0; i < D; i++)
            p->cov[k][i][i] += t * t;
    }
}

static void moments(const mixture *p, double mean[D], double cov[D][D])
{
    memset(mean, 0, D * sizeof(double));
    memset(cov, 0, D * D * sizeof(double));
    for (int k = 0; k < p->K; k++) {
        for (int i = 0; i < D; i++)
            mean[i] += p->w[k] * p->mean[k][i];
    }
    for (int k = 0; k < p->K; k++) {
        for (int i = 0; i < D; i++) {
            for (int j = 0; j < D; j++)
                cov[i][j] +=
                    p->w[k] * (p->cov[k][i][j] +
                               (p->mean[k][i] - mean[i]) * (p->mean[k][j] - mean[j]));
        }
    }
}

/* @p bias: of the discretisation, as a share of the standard deviations. */
static void compare(const float *x, const mixture *exact, double bias, const char *what)
{
    double want[D], cov[D][D], mean[D] = { 0. }, got[D][D] = { { 0. } };
    double fourth[D][D] = { { 0. } };

    moments(exact, want, cov);
    for (int c = 0; c < CHAINS; c++) {
        for (int i = 0; i < D; i++)
            mean[i] += (double)x[c * D + i] / CHAINS;
    }
    for (int c = 0; c < CHAINS; c++) {
        for (int i = 0; i < D; i++) {
            for (int j = 0; j < D; j++) {
                const double u =
                    ((double)x[c * D + i] - want[i]) * ((double)x[c * D + j] - want[j]);
                got[i][j] += u / CHAINS;
                fourth[i][j] += u * u / CHAINS;
            }
        }
    }
    for (int i = 0; i < D; i++) {
        const double sd = sqrt(cov[i][i]);
        ck_assert_msg(fabs(mean[i] - want[i]) <= 5. * sd / sqrt(CHAINS) + bias * sd,
                      "%s: mean[%d] is %g, exact %g, sd %g", what, i, mean[i], want[i],
                      sd);
        for (int j = 0; j < D; j++) {
            const double se =
                sqrt(fmax(fourth[i][j] - got[i][j] * got[i][j], 0.) / CHAINS);
            ck_assert_msg(fabs(got[i][j] - cov[i][j]) <=
                              5. * se + bias * sqrt(cov[i][i] * cov[j][j]),
                          "%s: cov[%d][%d] is %g, exact %g, standard error %g", what, i,
                          j, got[i][j], cov[i][j], se);
        }
    }
}

/* -- the problem ------------------------------------------------------------ */

static const double G[M][D] = { { 1., .5, -.3 }, { -.2, .8, .6 } };
static const float data[M] = { .7f, -.4f };
static const double noise = .5;

static const mixture gaussian = {
    .K = 1,
    .w = { 1. },
    .mean = { { .5, -.2, .1 } },
    .cov = { { { 1., .3, .1 }, { .3, .8, -.2 }, { .1, -.2, .6 } } },
};

static const mixture two = {
    .K = 2,
    .w = { .6, .4 },
    .mean = { { 1., .3, -.5 }, { -.9, -.6, .4 } },
    .cov = { { { .3, .1, 0. }, { .1, .25, .05 }, { 0., .05, .3 } },
             { { .25, -.08, 0. }, { -.08, .3, 0. }, { 0., 0., .2 } } },
};

typedef struct problem {
    csk_linop *A;
    csk_prior *prior;
    csk_posterior post;
} problem;

static problem make(const mixture *p)
{
    const csk_space space = csk_space_make(CSK_REAL, 1, &(int64_t){ D });
    double column_major[M * D];
    csk_matrix A = { CSK_REAL, M, D, NULL, NULL, column_major };
    problem out;

    for (int i = 0; i < M; i++) {
        for (int j = 0; j < D; j++)
            column_major[j * M + i] = G[i][j];
    }
    tst_ok(csk_linop_matrix(&out.A, &A));
    tst_ok(csk_prior_gmm(&out.prior, &space, p->K, p->w, &p->mean[0][0],
                         &p->cov[0][0][0]));
    out.post = (csk_posterior){ out.A, data, noise, out.prior, NULL, 0. };
    return out;
}

static void drop(problem *p)
{
    csk_prior_unref(p->prior);
    csk_linop_unref(p->A);
}

/* p(x | tether)? smoothed by t, given the data. */
static mixture posterior(const mixture *prior, const float *tether, double width,
                         double t)
{
    mixture p = *prior;

    for (int i = 0; i < D && tether; i++) {
        double unit[D] = { 0. };
        unit[i] = 1.;
        observe(&p, unit, (double)tether[i], width * width);
    }
    smooth(&p, t);
    for (int i = 0; i < M; i++)
        observe(&p, G[i], (double)data[i], noise * noise);
    return p;
}

/* One tether for all chains, so that all sample one posterior. */
static float *same_tether(void)
{
    static const float at[D] = { .4f, .1f, -.3f };
    float *tether = csk_alloc(CHAINS * D, sizeof(*tether));

    for (int c = 0; c < CHAINS; c++)
        csk_copy(D, at, tether + c * D);
    return tether;
}

static const struct {
    const char *name;
    int kernel;
    double step, bias;
    int levels, steps;
} kernel_cases[] = {
    /* Euler's variance is off by h q P/2 <= h/2 */
    { "euler", CSK_LANGEVIN_EULER, .15, .075, 8, 30 },
    { "precond", CSK_LANGEVIN_PRECOND, .15, .075, 8, 30 },
    { "lm", CSK_LANGEVIN_LM, .9, .01, 8, 10 },
};

static csk_recover_opts settings(int k)
{
    csk_recover_opts o = csk_recover_defaults();

    o.order = CSK_ORDER_PAPER;
    o.levels = kernel_cases[k].levels;
    o.steps = kernel_cases[k].steps;
    o.langevin.kernel = kernel_cases[k].kernel;
    o.langevin.step = kernel_cases[k].step;
    o.langevin.antithetic =
        false;                /* the standard errors are those of independent chains */
    o.langevin.cg_tol = 1e-4; /* exact after three iterations, up to rounding */
    o.langevin.cg_iter = 4;
    o.diffusion.levels = 60;
    o.diffusion.t_min =
        .4; /* well below the prior's spread; the reference is smoothed alike */
    return o;
}

START_TEST(algorithm_1_samples_the_posterior)
{
    const mixture *prior = _i < 3 ? &gaussian : &two;
    problem p = make(prior);
    float *x = csk_alloc(CHAINS * D, sizeof(*x));
    csk_recover_opts o = settings(_i % 3);
    csk_recover_info info;

    tst_ok(csk_sample_posterior(x, &p.post, CHAINS, (csk_rng){ 21, 0, 0 }, &o, NULL,
                                &info));
    const mixture exact = posterior(prior, NULL, 0., o.diffusion.t_min);
    compare(x, &exact, kernel_cases[_i % 3].bias, kernel_cases[_i % 3].name);
    ck_assert_int_eq(info.count, o.levels);
    ck_assert_double_eq_tol(info.stages[info.count - 1].noise_std, noise, 1e-9);
    ck_assert_double_gt(info.stages[0].noise_std, noise);
    csk_recover_info_clear(&info);
    csk_free(x);
    drop(&p);
}
END_TEST

/* tether = keep: the target holds the tether; release: it does not. */
START_TEST(algorithm_2_samples_the_posterior_near_a_point)
{
    const int k = _i % 3;
    const mixture *prior = _i < 6 ? &gaussian : &two;
    problem p = make(prior);
    float *x = csk_alloc(CHAINS * D, sizeof(*x)), *tether = same_tether();
    csk_recover_opts o = settings(k);
    const double width = .8;

    o.tether = (_i / 3) % 2 ? CSK_TETHER_RELEASE : CSK_TETHER_KEEP;
    p.post.tether = tether;
    p.post.tether_std = width;
    tst_ok(csk_sample_near(x, &p.post, CHAINS, (csk_rng){ 22, 0, 0 }, &o, NULL, NULL));
    const bool keep = o.tether == CSK_TETHER_KEEP;
    const mixture exact =
        posterior(prior, keep ? tether : NULL, width, o.diffusion.t_min);
    compare(x, &exact, kernel_cases[k].bias + (keep ? 0. : .03), kernel_cases[k].name);
    csk_free(x), csk_free(tether);
    drop(&p);
}
END_TEST

/*
 * Interleaved, in the paper's order with joint smoothing, and interleaved with ancestral
 * transitions: the same last target.
 */
START_TEST(orders_share_their_target)
{
    const mixture *prior = _i % 2 ? &two : &gaussian;
    problem p = make(prior);
    float *x = csk_alloc(CHAINS * D, sizeof(*x));
    csk_recover_opts o = settings(2);
    const float x0[D] = { .4f, .1f, -.3f };
    csk_recover_info info;
    double *residual = csk_alloc(CHAINS, sizeof(*residual));

    o.order = _i % 4 < 2 ? CSK_ORDER_INTERLEAVED : CSK_ORDER_PAPER;
    o.smoothing = _i % 4 < 2 ? CSK_SMOOTHING_FIXED : CSK_SMOOTHING_JOINT;
    o.schedule = _i % 2 ? CSK_LEVELS_KARRAS : CSK_LEVELS_GEOMETRIC;
    o.langevin.transition = _i < 4 ? CSK_TRANSITION_NONE : CSK_TRANSITION_ANCESTRAL;
    o.sigma = 1.5;
    tst_ok(csk_recover(x, &p.post, CHAINS, x0, 0., (csk_rng){ 23, 0, 0 }, &o, residual,
                       &info));
    const mixture exact = posterior(prior, NULL, 0., o.diffusion.t_min);
    compare(x, &exact, .03, "order");
    ck_assert_double_eq(info.sigma, 1.5);
    for (int c = 0; c < CHAINS; c += 997) { /* what is reported is ||b - A x|| */
        float y[M], *work = csk_alloc(csk_linop_work_len(p.A) + 1, sizeof(*work));
        csk_linop_apply(p.A, y, x + c * D, work);
        ck_assert_double_eq_tol(residual[c], csk_distance(M, y, data), 1e-6);
        csk_free(work);
    }
    csk_recover_info_clear(&info);
    csk_free(residual), csk_free(x);
    drop(&p);
}
END_TEST

/* Diffusion alone: p(x) and p(x | tether), ancestral and Heun. */
START_TEST(diffusion_draws_from_the_prior)
{
    const mixture *prior = _i % 2 ? &two : &gaussian;
    const bool tethered = (_i / 2) % 2;
    problem p = make(prior);
    float *x = csk_alloc(CHAINS * D, sizeof(*x)), *tether = same_tether();
    csk_diffusion_opts o = csk_diffusion_defaults();
    const double width = .8;
    csk_run_info info;

    o.method = _i / 4 ? CSK_DIFFUSION_HEUN : CSK_DIFFUSION_ANCESTRAL;
    o.spacing = _i / 4 ? CSK_SPACING_KARRAS : CSK_SPACING_GEOMETRIC;
    o.levels = _i / 4 ? 30 : 120;
    o.churn = _i == 6 ? 10. : 0.;
    o.t_max = _i % 4 < 2 ? 20. : 0.;
    o.t_min = .01;
    if (tethered) {
        p.post.tether = tether;
        p.post.tether_std = width;
    }
    tst_ok(csk_diffusion(x, &p.post, CHAINS, (csk_rng){ 24, 0, 0 }, &o, &info));
    mixture exact = *prior;
    for (int i = 0; i < D && tethered; i++) {
        double unit[D] = { 0. };
        unit[i] = 1.;
        observe(&exact, unit, (double)tether[i], width * width);
    }
    compare(x, &exact, .03, tethered ? "conditional diffusion" : "diffusion");
    ck_assert_int_eq(info.iter, o.levels);
    ck_assert_int_eq(info.evaluations,
                     (int64_t)CHAINS * ((_i / 4 ? 2 : 1) * o.levels + 1));
    csk_free(x), csk_free(tether);
    drop(&p);
}
END_TEST

/* An admissible schedule on a well-conditioned problem, end to end. */
START_TEST(admissible_schedule_runs)
{
    problem p = make(&gaussian);
    float *x = csk_alloc(CHAINS * D, sizeof(*x)), *tether = same_tether();
    csk_recover_opts o = settings(2);
    csk_recover_info info;

    o.schedule = CSK_LEVELS_ADMISSIBLE;
    o.tether = CSK_TETHER_KEEP;
    o.admissible.eps = .5;
    o.admissible.lambda = 2.;
    o.admissible.r_local = .1;
    o.admissible.c_close = .1;
    o.admissible.c_time = .3;
    p.post.tether = tether;
    p.post.tether_std = .8;
    tst_ok(csk_sample_near(x, &p.post, CHAINS, (csk_rng){ 25, 0, 0 }, &o, NULL, &info));
    const mixture exact = posterior(&gaussian, tether, .8, o.diffusion.t_min);
    compare(x, &exact, .02, "admissible");
    ck_assert_int_gt(info.count, 1);
    csk_recover_info_clear(&info);

    o.max_steps = 3;
    ck_assert_int_eq(
        csk_sample_near(x, &p.post, CHAINS, (csk_rng){ 25, 0, 0 }, &o, NULL, NULL),
        CSK_ERR_ARG);
    o.order = CSK_ORDER_INTERLEAVED;
    ck_assert_int_eq(
        csk_sample_near(x, &p.post, CHAINS, (csk_rng){ 25, 0, 0 }, &o, NULL, NULL),
        CSK_ERR_ARG);
    csk_free(x), csk_free(tether);
    drop(&p);
}
END_TEST

/*
 * In pairs with opposite noise every chain is still a sample, and on a Gaussian, where the map
 * from noise to sample is linear, the two errors cancel: the mean of a pair is the posterior's.
 */
START_TEST(antithetic_pairs_cancel)
{
    problem p = make(&gaussian);
    float *x = csk_alloc(CHAINS * D, sizeof(*x));
    csk_recover_opts o = settings(2);
    const float x0[D] = { .4f, .1f, -.3f };
    double want[D], cov[D][D], square[D] = { 0. };

    o.order = CSK_ORDER_INTERLEAVED;
    o.levels = 10, o.steps = 12; /* long enough to forget x0 */
    o.sigma = .8;
    o.langevin.antithetic = true;
    tst_ok(
        csk_recover(x, &p.post, CHAINS, x0, 0., (csk_rng){ 26, 0, 0 }, &o, NULL, NULL));
    const mixture exact = posterior(&gaussian, NULL, 0., o.diffusion.t_min);
    moments(&exact, want, cov);
    for (int c = 0; c < CHAINS; c += 2) {
        for (int i = 0; i < D; i++) {
            const double a = (double)x[c * D + i] - want[i];
            const double b = (double)x[(c + 1) * D + i] - want[i];

            ck_assert_double_le(fabs(a + b), .02 * sqrt(cov[i][i]));
            square[i] += a * a / (CHAINS / 2);
        }
    }
    for (int i = 0; i < D; i++) /* five standard errors over the pairs */
        ck_assert_double_eq_tol(square[i] / cov[i][i], 1.,
                                5. * sqrt(2. / (CHAINS / 2)));
    csk_free(x);
    drop(&p);
}
END_TEST

START_TEST(refuses_bad_arguments)
{
    problem p = make(&gaussian);
    float x[2 * D] = { 0.f };
    const float x0[D] = { 0.f };
    csk_recover_opts o = csk_recover_defaults();
    const csk_rng run = { 1, 0, 0 };

    ck_assert_int_eq(csk_recover(x, &p.post, 1, x0, 0., run, NULL, NULL, NULL),
                     CSK_ERR_ARG);
    ck_assert_int_eq(csk_recover(x, &p.post, 1, x0, NAN, run, NULL, NULL, NULL),
                     CSK_ERR_ARG);
    ck_assert_int_eq(csk_recover(x, &p.post, 0, x0, 1., run, NULL, NULL, NULL),
                     CSK_ERR_ARG);
    ck_assert_int_eq(csk_sample_near(x, &p.post, 1, run, NULL, NULL, NULL),
                     CSK_ERR_ARG);
    o.diffusion.t_min = 100.;
    o.order = CSK_ORDER_PAPER;
    ck_assert_int_eq(csk_sample_posterior(x, &p.post, 1, run, &o, NULL, NULL),
                     CSK_ERR_ARG);
    o = csk_recover_defaults();
    o.levels = -1;
    ck_assert_int_eq(csk_sample_posterior(x, &p.post, 1, run, &o, NULL, NULL),
                     CSK_ERR_ARG);

    /* kappa R / sqrt(d) */
    csk_recover_info info;
    o = csk_recover_defaults();
    o.kappa = 2.;
    tst_ok(csk_recover(x, &p.post, 1, x0, 3., run, &o, NULL, &info));
    ck_assert_double_eq_tol(info.sigma, 6. / sqrt(D), 1e-12);
    csk_recover_info_clear(&info);

    /* What fails at once leaves nothing behind that is not there. */
    info.stages = (csk_stage *)x;
    ck_assert_int_eq(csk_recover(x, &p.post, 1, x0, NAN, run, &o, NULL, &info),
                     CSK_ERR_ARG);
    ck_assert_ptr_null(info.stages);
    info.stages = (csk_stage *)x;
    ck_assert_int_eq(csk_sample_near(x, &p.post, 1, run, &o, NULL, &info), CSK_ERR_ARG);
    ck_assert_ptr_null(info.stages);

    /* Nowhere to fall to; ancestral steps are for the interleaved order. */
    o = csk_recover_defaults();
    o.order = CSK_ORDER_PAPER;
    o.sigma = csk_schedule_end(o.diffusion.t_min);
    ck_assert_int_eq(csk_recover(x, &p.post, 1, x0, 1., run, &o, NULL, NULL),
                     CSK_ERR_ARG);
    ck_assert(strstr(csk_error_message(), "expected above t-min"));
    for (o.order = CSK_ORDER_PAPER; o.order <= CSK_ORDER_INTERLEAVED; o.order++) {
        o.sigma = 1e-300; /* its square is 0 */
        ck_assert_int_eq(csk_recover(x, &p.post, 1, x0, 1., run, &o, NULL, NULL),
                         CSK_ERR_ARG);
        ck_assert(strstr(csk_error_message(), "sigma is 1e-300, expected at least"));
    }
    o.order = CSK_ORDER_PAPER;
    o.smoothing = CSK_SMOOTHING_JOINT;
    o.langevin.transition = CSK_TRANSITION_ANCESTRAL;
    ck_assert_int_eq(csk_recover_check(&o, true), CSK_ERR_ARG);
    tst_ok(csk_recover_check(&o, false));
    drop(&p);
}
END_TEST

static csk_status build(void)
{
    static const double mean[D], cov[D * D] = { 1., 0., 0., 0., 1., 0., 0., 0., 1. };
    const csk_space space = csk_space_make(CSK_REAL, 1, &(int64_t){ D });
    double value[M * D] = { 1., 0., 0., 1., 1., 1. };
    const csk_matrix matrix = { CSK_REAL, M, D, NULL, NULL, value };
    const float x0[D] = { 0.f };
    float x[2 * D];
    csk_recover_opts o = csk_recover_defaults();
    csk_linop *A;
    csk_prior *prior = NULL;

    o.order = CSK_ORDER_PAPER;
    o.levels = 2, o.steps = 1, o.diffusion.levels = 2;
    csk_status err = csk_linop_matrix(&A, &matrix);
    if (err)
        return err;
    err = csk_prior_gmm(&prior, &space, 1, &(double){ 1. }, mean, cov);
    if (!err) {
        const csk_posterior post = { A, data, noise, prior, NULL, 0. };
        err = csk_recover(x, &post, 2, x0, 1., (csk_rng){ 1, 0, 0 }, &o, NULL, NULL);
    }
    csk_prior_unref(prior);
    csk_linop_unref(A);
    return err;
}

START_TEST(survives_a_full_heap)
{
    tst_out_of_memory(build);
}
END_TEST

/* The reference itself: conditioning by rows equals the textbook inverse. */
START_TEST(the_reference_is_right)
{
    mixture p = posterior(&gaussian, NULL, 0., 0.);
    double S[D][D], H[D][D], mean[D] = { 0. };

    memcpy(S, gaussian.cov[0], sizeof(S));
    (void)invert(S, D);
    for (int i = 0; i < D; i++) {
        for (int j = 0; j < D; j++) {
            H[i][j] = S[i][j];
            for (int m = 0; m < M; m++)
                H[i][j] += G[m][i] * G[m][j] / (noise * noise);
        }
    }
    (void)invert(H, D);
    for (int i = 0; i < D; i++) {
        for (int j = 0; j < D; j++) {
            double rhs = 0.;
            for (int k = 0; k < D; k++)
                rhs += S[j][k] * gaussian.mean[0][k];
            for (int m = 0; m < M; m++)
                rhs += G[m][j] * (double)data[m] / (noise * noise);
            mean[i] += H[i][j] * rhs;
            ck_assert_double_eq_tol(p.cov[0][i][j], H[i][j], 1e-12);
        }
        ck_assert_double_eq_tol(p.mean[0][i], mean[i], 1e-12);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("recover");
    TCase *t = tcase_create("core");

    tcase_set_timeout(t, 240);
    tcase_add_test(t, the_reference_is_right);
    tcase_add_loop_test(t, algorithm_1_samples_the_posterior, 0, 6);
    tcase_add_loop_test(t, algorithm_2_samples_the_posterior_near_a_point, 0, 12);
    tcase_add_loop_test(t, orders_share_their_target, 0, 6);
    tcase_add_loop_test(t, diffusion_draws_from_the_prior, 0, 8);
    tcase_add_test(t, admissible_schedule_runs);
    tcase_add_test(t, antithetic_pairs_cancel);
    tcase_add_test(t, refuses_bad_arguments);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
