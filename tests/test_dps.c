/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPS samples no known law: what holds is that without its pull it is the prior's diffusion,
 * that every step is that of the paper in its own variables, and which way it goes. What holds
 * of every sampler is in test_method.c.
 */
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/matrix.h"
#include "samplers/dps.h"
#include "samplers/names_priv.h"
#include "samplers/prior_gmm.h"
#include "tests/support/tst.h"
#include "tests/support/tst_line.h"
#include "tests/support/tst_prior.h"

#include <math.h>

enum { CHAINS = 5, LEVELS = 25 };

/* levels - 1 ancestral steps and a last one of the denoiser: the same bits. */
START_TEST(without_a_pull_it_is_the_diffusion)
{
    tst_line p = tst_line_new();
    const csk_posterior prior_alone = { .prior = p.prior };
    csk_dps_opts o = csk_dps_defaults();
    csk_diffusion_opts d = csk_diffusion_defaults();
    float x[CHAINS * TST_LINE], want[CHAINS * TST_LINE];
    const csk_rng run = { 41, 0, 0 };

    o.levels = LEVELS;
    o.scale = 0.;
    d.levels = LEVELS - 1;
    tst_ok(csk_dps(x, &p.post, CHAINS, NULL, run, &o, NULL, NULL));
    tst_ok(csk_diffusion(want, &prior_alone, CHAINS, run, &d, NULL));
    ck_assert_mem_eq(x, want, sizeof(x));
    tst_line_clear(&p);
}
END_TEST

typedef struct levels {
    double *level;
    int count;
} levels;

/*
 * Algorithm 1 of the paper as it stands there, in x_vp = x_t / sqrt(1 + (t/u)^2) of images
 * divided by u, for a Gaussian prior with diagonal covariance; its noise is the sampler's.
 */
static void as_in_the_paper(double *out, const csk_dps_opts *o, const levels *l,
                            const tst_line *p, csk_rng run)
{
    const double u = o->unit;
    double x[TST_LINE];
    float n[TST_LINE];

    csk_rng_normal(csk_name(run, 0, CSK_FOR_START, 1), TST_LINE, n);
    for (int i = 0; i < TST_LINE; i++)
        x[i] = l->level[0] / u * (double)n[i] / hypot(1., l->level[0] / u);
    for (int k = 0; k < l->count; k++) {
        const double t = l->level[k] / u;
        const double s = k + 1 < l->count ? l->level[k + 1] / u : 0.;
        const double abar = 1. / (1. + t * t), next = 1. / (1. + s * s);
        const double alpha = abar / next, beta = 1. - alpha;
        double d[TST_LINE], r[TST_LINE], norm = 0.;

        for (int i = 0; i < TST_LINE; i++) { /* line 4, in units of u */
            const double v = tst_line_variance[i] / (u * u), m = tst_line_mean[i] / u;
            d[i] = m + v / (v + t * t) * (x[i] / sqrt(abar) - m);
            r[i] = tst_line_data[i] / u - tst_line_gain[i] * d[i];
            norm += r[i] * r[i];
        }
        norm = sqrt(norm);
        csk_rng_normal(csk_name(run, 0, CSK_FOR_DIFFUSION, (uint32_t)k), TST_LINE, n);
        for (int i = 0; i < TST_LINE; i++) { /* lines 6, 7 */
            const double v = tst_line_variance[i] / (u * u);
            const double slope = v / (v + t * t) / sqrt(abar); /* dD / dx_vp */
            const double sd = sqrt(beta * (1. - next) / (1. - abar));

            x[i] = sqrt(alpha) * (1. - next) / (1. - abar) * x[i] +
                   sqrt(next) * beta / (1. - abar) * d[i] + sd * (double)n[i] +
                   o->scale * slope * tst_line_gain[i] * r[i] / norm;
        }
    }
    for (int i = 0; i < TST_LINE; i++)
        out[i] = u * x[i];
    (void)p;
}

START_TEST(steps_are_those_of_the_paper)
{
    tst_line p = tst_line_new();
    csk_dps_opts o = csk_dps_defaults();
    csk_schedule s;
    float x[TST_LINE];
    double want[TST_LINE];
    const csk_rng run = { 42, 0, 0 };

    o.levels = LEVELS;
    o.scale = .05;
    o.unit = _i ? .5 : 1.;
    tst_ok(csk_dps(x, &p.post, 1, NULL, run, &o, NULL, NULL));
    tst_ok(csk_descent_levels(&s, &o.range, o.levels, p.prior));
    as_in_the_paper(want, &o, &(levels){ s.level, s.count }, &p, run);
    for (int i = 0; i < TST_LINE; i++)
        ck_assert_double_eq_tol(x[i], want[i], 1e-4);
    csk_schedule_clear(&s);
    tst_line_clear(&p);
}
END_TEST

/* A mixture and a dense matrix: x = D + scale u sqrt(1 + t^2/u^2) J^T A^T r / |r| at one level. */
START_TEST(one_level_is_its_formula)
{
    enum { N = 5, M = 3 };
    const csk_space space = TST_REAL(N);
    const csk_rng run = { 43, 8, 0 };
    const double t = .7, scale = 1.3, u = .9;
    tst_gmm g = tst_gmm_random(3, N, 1., 9);
    float *b = tst_normal(M, 5, 0), *noise = tst_normal(N, 6, 0), x0[N], at[N];
    double value[M * N];
    const csk_matrix matrix = { CSK_REAL, M, N, NULL, NULL, value };
    csk_dps_opts o = csk_dps_defaults();
    csk_linop *A;
    csk_prior *prior;
    float x[N], d[N], r[M], v[N], pull[N];

    for (int i = 0; i < M * N; i++)
        value[i] = sin(1. + i);
    tst_ok(csk_linop_matrix(&A, &matrix));
    tst_ok(csk_prior_gmm(&prior, &space, g.K, g.weight, g.mean, g.covariance));
    const csk_posterior post = { A, b, .1, prior, NULL, 0. };
    float *work = csk_alloc(csk_prior_vjp_work_len(prior, 1) +
                                csk_pad(csk_linop_work_len(A)) + 16,
                            sizeof(*work));
    csk_copy(N, noise, x0);
    csk_rng_normal(csk_name(run, 0, CSK_FOR_START, 1), N, at);
    csk_axpby(N, 1., x0, t, at);

    tst_ok(csk_prior_denoise(prior, 1, d, at, &t, NULL, work));
    csk_linop_apply(A, r, d, work);
    csk_axpby(M, 1., b, -1., r);
    csk_scale(M, 1. / csk_norm(M, r), r);
    csk_linop_adjoint(A, v, r, work);
    tst_ok(csk_prior_vjp(prior, 1, pull, v, at, &t, NULL, work));
    csk_axpby(N, scale * u * sqrt(1. + t * t / (u * u)), pull, 1., d);

    o.levels = 1;
    o.scale = scale;
    o.unit = u;
    o.range.t_min = t;
    tst_ok(csk_dps(x, &post, 1, x0, run, &o, NULL, NULL));
    ck_assert_double_le(tst_distance(N, x, d), 1e-6);
    csk_prior_unref(prior);
    csk_linop_unref(A);
    csk_free(work), csk_free(b), csk_free(noise);
    tst_gmm_clear(&g);
}
END_TEST

/* The pull is towards the data: over 200 chains the misfit falls as its scale grows. */
START_TEST(the_misfit_falls_with_the_scale)
{
    enum { MANY = 200 };
    static const double scale[] = { 0., .01, .03 };
    tst_line p = tst_line_new();
    csk_dps_opts o = csk_dps_defaults();
    float *x = csk_alloc(MANY * TST_LINE, sizeof(*x));
    double residual[MANY], before = INFINITY;

    o.levels = 100;
    for (int k = 0; k < 3; k++) {
        double mean = 0.;

        o.scale = scale[k];
        tst_ok(
            csk_dps(x, &p.post, MANY, NULL, (csk_rng){ 44, 0, 0 }, &o, residual, NULL));
        for (int c = 0; c < MANY; c++)
            mean += residual[c] / MANY;
        ck_assert_double_lt(mean, .9 * before);
        before = mean;
    }
    csk_free(x);
    tst_line_clear(&p);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("dps");
    TCase *t = tcase_create("core");

    tcase_add_test(t, without_a_pull_it_is_the_diffusion);
    tcase_add_loop_test(t, steps_are_those_of_the_paper, 0, 2);
    tcase_add_test(t, one_level_is_its_formula);
    tcase_add_test(t, the_misfit_falls_with_the_scale);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
