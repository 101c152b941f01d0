/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Annealed Langevin dynamics with a Gaussian prior is affine in its noise: the law of what it
 * draws is a recursion. What holds of every sampler is in test_method.c.
 */
#include "cs/mem.h"
#include "cs/power.h"
#include "samplers/ald.h"
#include "tests/support/tst.h"
#include "tests/support/tst_line.h"

#include <math.h>

#if defined(__SANITIZE_ADDRESS__)
#define CHAINS 400 /* sanitizers look at the code, not at the statistics */
#else
#define CHAINS 4000
#endif

static tst_law law_of(int i, const csk_ald_opts *o, const tst_line *p)
{
    const double g = tst_line_gain[i];
    double norm, bound = csk_linop_norm_bound(p->A);
    csk_schedule s;
    tst_law law = { 0., 0. };

    tst_ok(csk_power_bound(&norm, p->A));
    if (!isfinite(bound)) /* what the Euler step uses */
        tst_ok(csk_power_norm(&bound, p->A, 1e-3, 500, 33));
    tst_ok(csk_descent_levels(&s, &o->range, o->levels, p->prior));
    law.variance = s.level[0] * s.level[0];
    for (int k = 0; k < s.count; k++) {
        const double t = s.level[k], gamma = norm * t;
        const double var = gamma * gamma + p->post.noise_std * p->post.noise_std;
        const double h = o->step / (1. / (t * t) + bound * bound / var);
        double a, b;

        tst_line_denoiser(i, t, &a, &b);
        for (int j = 0; j < o->steps; j++)
            tst_law_step(&law, 1. + h * ((a - 1.) / (t * t) - g * g / var),
                         h * (b / (t * t) + g * tst_line_data[i] / var), sqrt(2. * h));
    }
    csk_schedule_clear(&s);
    return law;
}

START_TEST(law_is_that_of_the_recursion)
{
    tst_line p = tst_line_new();
    float *x = csk_alloc(CHAINS * TST_LINE, sizeof(*x));
    csk_ald_opts o = csk_ald_defaults();
    tst_law want[TST_LINE];

    o.levels = _i ? 1 : 12;
    o.steps = _i ? 40 : 3;
    o.range.t_max = 6.;
    o.range.t_min = _i ? .3 : .05;
    tst_ok(csk_ald(x, &p.post, CHAINS, NULL, (csk_rng){ 33, 0, 0 }, &o, NULL, NULL));
    for (int i = 0; i < TST_LINE; i++)
        want[i] = law_of(i, &o, &p);
    tst_line_compare(x, CHAINS, want, _i ? "plain" : "ald");
    csk_free(x);
    tst_line_clear(&p);
}
END_TEST

/*
 * Many levels and small steps: the posterior, whose prior is smoothed by t_min, and whose noise
 * is enlarged by ||A|| t_min. By the recursion, without sampling.
 */
START_TEST(tends_to_the_posterior)
{
    tst_line p = tst_line_new();
    csk_ald_opts o = csk_ald_defaults();

    o.levels = 400;
    o.steps = 100;
    o.step = .1;
    o.range.t_max = 6.;
    o.range.t_min = .02;
    for (int i = 0; i < TST_LINE; i++) {
        const tst_law got = law_of(i, &o, &p), want = tst_line_posterior(i);
        ck_assert_double_eq_tol(got.mean, want.mean, .05 * sqrt(want.variance));
        ck_assert_double_eq_tol(got.variance / want.variance, 1., .08);
    }
    tst_line_clear(&p);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("ald");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, law_is_that_of_the_recursion, 0, 2);
    tcase_add_test(t, tends_to_the_posterior);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
