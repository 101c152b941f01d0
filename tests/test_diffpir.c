/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * With a Gaussian prior DiffPIR is affine in its noise, so that the law of what it draws is a
 * recursion; what holds of every sampler is in test_method.c.
 */
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/matrix.h"
#include "operators/sample.h"
#include "samplers/diffpir.h"
#include "samplers/prior_gmm.h"
#include "tests/support/tst.h"
#include "tests/support/tst_line.h"
#include "tests/support/tst_prior.h"

#include <math.h>

#if defined(__SANITIZE_ADDRESS__)
#define CHAINS 400 /* sanitizers look at the code, not at the statistics */
#else
#define CHAINS 4000
#endif

/* x' = z + t' (sqrt(1 - zeta) (x - z) / t + sqrt(zeta) n), z = (g b/eta^2 + near D) / (...) */
static tst_law law_of(int i, const csk_diffpir_opts *o, const tst_line *p, double x0)
{
    csk_schedule s;
    tst_law law = { x0, 0. };

    tst_ok(csk_descent_levels(&s, &o->range, o->levels, p->prior));
    law.variance = s.level[0] * s.level[0];
    for (int k = 0; k < s.count; k++) {
        const double t = s.level[k], next = k + 1 < s.count ? s.level[k + 1] : 0.;
        const double fit = 1. / (p->post.noise_std * p->post.noise_std);
        const double near = o->lambda / (t * t), g = tst_line_gain[i];
        const double keep = next / t * sqrt(1. - o->zeta);
        const double total = g * g * fit + near;
        double a, b;

        tst_line_denoiser(i, t, &a, &b);
        tst_law_step(&law, keep + (1. - keep) * near * a / total,
                     (1. - keep) * (g * tst_line_data[i] * fit + near * b) / total,
                     next * sqrt(o->zeta));
    }
    csk_schedule_clear(&s);
    return law;
}

static const struct {
    double lambda, zeta;
    int levels, spacing;
} cases[] = {
    { 1., .1, 30, CSK_SPACING_GEOMETRIC },
    { .25, 1., 12, CSK_SPACING_KARRAS },
    { 7., 0., 20, CSK_SPACING_GEOMETRIC },
    { 1., .5, 1, CSK_SPACING_GEOMETRIC },
};

START_TEST(law_is_that_of_the_recursion)
{
    static const float x0[TST_LINE] = { 3.f, -2.f, 1.f, 0.f, 4.f, .5f };
    tst_line p = tst_line_new();
    float *x = csk_alloc(CHAINS * TST_LINE, sizeof(*x));
    csk_diffpir_opts o = csk_diffpir_defaults();
    tst_law want[TST_LINE];

    o.lambda = cases[_i].lambda;
    o.zeta = cases[_i].zeta;
    o.levels = cases[_i].levels;
    o.range.spacing = cases[_i].spacing;
    o.range.t_max = 5.;
    o.range.t_min = .05;
    o.cg_tol = 1e-6;
    tst_ok(csk_diffpir(x, &p.post, CHAINS, _i % 2 ? x0 : NULL, (csk_rng){ 31, 0, 0 },
                       &o, NULL, NULL));
    for (int i = 0; i < TST_LINE; i++)
        want[i] = law_of(i, &o, &p, _i % 2 ? x0[i] : 0.);
    tst_line_compare(x, CHAINS, want, "diffpir");
    csk_free(x);
    tst_line_clear(&p);
}
END_TEST

/*
 * zeta = 0 and many levels: the map from the first state to the last one is deterministic.
 * A prior much wider than the noise leaves the data's answer, where there are data.
 */
START_TEST(approaches_the_data_where_they_decide)
{
    const csk_space space = TST_REAL(TST_LINE);
    const double value[4] = { 2., 0., 0., -1. };
    const csk_matrix matrix = { CSK_REAL, 2, 2, NULL, NULL, (double *)value };
    const csk_space two = TST_REAL(2);
    const float b[2] = { 3.f, 1.f };
    const double mean[2] = { 0. }, cov[4] = { 25., 0., 0., 25. };
    csk_diffpir_opts o = csk_diffpir_defaults();
    csk_linop *A;
    csk_prior *prior;
    float x[2];
    double residual;

    (void)space;
    tst_ok(csk_linop_matrix(&A, &matrix));
    tst_ok(csk_prior_gmm(&prior, &two, 1, &(double){ 1. }, mean, cov));
    const csk_posterior post = { A, b, .01, prior, NULL, 0. };
    o.cg_tol = 1e-6;
    tst_ok(csk_diffpir(x, &post, 1, NULL, (csk_rng){ 1, 0, 0 }, &o, &residual, NULL));
    ck_assert_double_eq_tol(x[0], 1.5, .02);
    ck_assert_double_eq_tol(x[1], -1., .02);
    ck_assert_double_le(residual, .05);
    csk_prior_unref(prior);
    csk_linop_unref(A);
}
END_TEST

/* An operator with a resolvent and the same one as a matrix, which has none: conjugate gradients. */
START_TEST(closed_form_and_iteration_agree)
{
    enum { N = 7, M = 4, C = 3 };
    static const uint8_t mask[N] = { 1, 0, 1, 1, 0, 0, 1 };
    const csk_space space = TST_REAL(N);
    tst_gmm g = tst_gmm_random(2, N, 1., 5);
    float *b = tst_normal(M, 4, 0), x[C * N], y[C * N];
    double value[M * N] = { 0. };
    const csk_matrix matrix = { CSK_REAL, M, N, NULL, NULL, value };
    csk_diffpir_opts o = csk_diffpir_defaults();
    csk_linop *closed, *iterated;
    csk_prior *prior;
    csk_run_info info;

    for (int i = 0, row = 0; i < N; i++) {
        if (mask[i])
            value[i * M + row++] = 1.;
    }
    tst_ok(csk_linop_sample(&closed, &space, mask, N));
    tst_ok(csk_linop_matrix(&iterated, &matrix));
    tst_ok(csk_prior_gmm(&prior, &space, g.K, g.weight, g.mean, g.covariance));
    ck_assert(csk_linop_has_resolvent(closed) && !csk_linop_has_resolvent(iterated));
    csk_posterior post = { closed, b, .1, prior, NULL, 0. };
    o.levels = 15;
    o.cg_tol = 1e-6;
    tst_ok(csk_diffpir(x, &post, C, NULL, (csk_rng){ 2, 0, 0 }, &o, NULL, &info));
    ck_assert_int_eq(info.applications, 1 + C);
    post.A = iterated;
    tst_ok(csk_diffpir(y, &post, C, NULL, (csk_rng){ 2, 0, 0 }, &o, NULL, &info));
    ck_assert_int_gt(info.applications, 1 + C + 2 * C * o.levels);
    ck_assert_double_le(tst_distance((int64_t)C * N, x, y), 1e-3);
    csk_prior_unref(prior);
    csk_linop_unref(closed), csk_linop_unref(iterated);
    csk_free(b);
    tst_gmm_clear(&g);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("diffpir");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, law_is_that_of_the_recursion, 0, 4);
    tcase_add_test(t, approaches_the_data_where_they_decide);
    tcase_add_test(t, closed_form_and_iteration_agree);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
