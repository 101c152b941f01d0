/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * With a Gaussian prior DAPS is affine in its noise, so that the law of what it draws is a
 * recursion; what holds of every sampler is in test_method.c.
 */
#include "cs/mem.h"
#include "cs/power.h"
#include "samplers/daps.h"
#include "tests/support/tst.h"
#include "tests/support/tst_line.h"

#include <math.h>

#if defined(__SANITIZE_ADDRESS__)
#define CHAINS 400 /* sanitizers look at the code, not at the statistics */
#else
#define CHAINS 4000
#endif

/* The flow from level t to bottom in `steps` Euler steps on the grid of Karras with rho = 7. */
static void flow(tst_law *law, int i, double t, double bottom, int steps)
{
    double a, b;

    if (t <= bottom) {
        tst_line_denoiser(i, t, &a, &b);
        tst_law_step(law, a, b, 0.);
        return;
    }
    for (int k = 0; k < steps; k++) {
        const double p = pow(t, 1. / 7.), q = pow(bottom, 1. / 7.);
        const double here = pow(p + (q - p) * k / steps, 7.);
        const double next = pow(p + (q - p) * (k + 1) / steps, 7.);

        tst_line_denoiser(i, here, &a, &b);
        tst_law_step(law, next / here + (1. - next / here) * a, (1. - next / here) * b,
                     0.);
    }
}

/* z0 stays while z moves: the Langevin steps are z := keep z + (1 - keep) target + noise. */
static void langevin(tst_law *law, int i, const csk_daps_opts *o, double ratio,
                     double s, double r, double norm)
{
    const double fit = 1. / (s * s), near = 1. / (r * r), g = tst_line_gain[i];
    const double h =
        o->step * (1. - (1. - o->decay) * ratio) / (norm * norm * fit + near);
    const double rate = h * (g * g * fit + near), keep = 1. - rate;
    const double from_z0 = pow(keep, o->steps), moved = 1. - from_z0;
    const double noise = 2. * h * (1. - from_z0 * from_z0) / (1. - keep * keep);

    /* from z0: z = z0 keep^n + (1 - keep^n) (fit g b + near z0) / (g^2 fit + near) */
    tst_law_step(law, from_z0 + moved * near / (g * g * fit + near),
                 moved * g * fit * tst_line_data[i] / (g * g * fit + near),
                 sqrt(noise));
}

static void exact(tst_law *law, int i, double s, double r)
{
    const double fit = 1. / (s * s), near = 1. / (r * r), g = tst_line_gain[i];
    const double total = g * g * fit + near;

    tst_law_step(law, near / total, g * fit * tst_line_data[i] / total,
                 sqrt(1. / total));
}

static tst_law law_of(int i, const csk_daps_opts *o, const tst_line *p)
{
    csk_descent annealing = o->range;
    csk_schedule levels;
    tst_law law = { 0., 0. };
    double norm;

    tst_ok(csk_power_bound(&norm, p->A));
    annealing.t_min = o->last;
    tst_ok(csk_descent_levels(&levels, &annealing, o->levels, p->prior));
    law.variance = levels.level[0] * levels.level[0];
    for (int k = 0; k < levels.count; k++) {
        const double t = levels.level[k], s = o->noise * p->post.noise_std;

        flow(&law, i, t, o->range.t_min, o->ode_steps);
        if (o->data == CSK_DAPS_EXACT)
            exact(&law, i, s, t);
        else
            langevin(&law, i, o, (double)k / levels.count, s, t, norm);
        tst_law_step(&law, 1., 0., k + 1 < levels.count ? levels.level[k + 1] : 0.);
    }
    csk_schedule_clear(&levels);
    return law;
}

static const struct {
    int data, levels, ode_steps, steps;
    double last, noise;
} cases[] = {
    { CSK_DAPS_LANGEVIN, 12, 5, 20, .1, 1. },
    { CSK_DAPS_LANGEVIN, 5, 1, 7, .3, .5 },
    { CSK_DAPS_EXACT, 15, 4, 1, .05, 1. },
    { CSK_DAPS_EXACT, 8, 2, 1, .01, 1. }, /* the flow ends where annealing does */
};

START_TEST(law_is_that_of_the_recursion)
{
    tst_line p = tst_line_new();
    float *x = csk_alloc(CHAINS * TST_LINE, sizeof(*x));
    csk_daps_opts o = csk_daps_defaults();
    tst_law want[TST_LINE];

    o.data = cases[_i].data;
    o.levels = cases[_i].levels;
    o.ode_steps = cases[_i].ode_steps;
    o.steps = cases[_i].steps;
    o.last = cases[_i].last;
    o.noise = cases[_i].noise;
    o.range.t_max = 6.;
    o.range.t_min = .01;
    o.cg_tol = 1e-6;
    tst_ok(csk_daps(x, &p.post, CHAINS, NULL, (csk_rng){ 32, 0, 0 }, &o, NULL, NULL));
    for (int i = 0; i < TST_LINE; i++)
        want[i] = law_of(i, &o, &p);
    tst_line_compare(x, CHAINS, want, "daps");
    csk_free(x);
    tst_line_clear(&p);
}
END_TEST

/*
 * Many levels, exact draws, the flow in many steps: its marginals anneal to the posterior only
 * if p(x0 | x_t) were N(z0, r^2). For a Gaussian prior its variance is t^2 v/(t^2 + v) < r^2, and
 * the samples come out too wide where the data are weak. What holds: the mean is within the
 * posterior's spread of it, and where the data decide (coordinate 3) both are right to 5 %.
 */
START_TEST(is_near_the_posterior_where_the_data_decide)
{
    tst_line p = tst_line_new();
    csk_daps_opts o = csk_daps_defaults();

    o.data = CSK_DAPS_EXACT;
    o.noise = 1.;
    o.levels = 200;
    o.ode_steps = 20;
    o.last = .01;
    o.range.t_min = .001;
    const tst_law got = law_of(3, &o, &p), want = tst_line_posterior(3);
    ck_assert_double_eq_tol(got.mean, want.mean, .05 * fabs(want.mean));
    ck_assert_double_eq_tol(got.variance / want.variance, 1., .05);
    for (int i = 0; i < TST_LINE; i++) {
        const tst_law law = law_of(i, &o, &p), post = tst_line_posterior(i);
        ck_assert_double_le(fabs(law.mean - post.mean), sqrt(post.variance));
    }
    tst_line_clear(&p);
}
END_TEST

/* last = 0: .1 for langevin, range.t_min for exact; seen in the count of evaluations. */
START_TEST(last_level_has_a_default)
{
    enum { LEVELS = 4, STEPS = 3 };
    tst_line p = tst_line_new();
    csk_daps_opts o = csk_daps_defaults();
    float x[TST_LINE];
    csk_run_info info;

    ck_assert_int_eq(o.range.spacing, CSK_SPACING_KARRAS);
    o.levels = LEVELS;
    o.ode_steps = STEPS;
    o.steps = 2;
    tst_ok(csk_daps(x, &p.post, 1, NULL, (csk_rng){ 1, 0, 0 }, &o, NULL, &info));
    ck_assert_int_eq(info.evaluations, LEVELS * STEPS);
    ck_assert_int_eq(info.applications, 2 * LEVELS * 2 + 1);
    o.data = CSK_DAPS_EXACT;
    tst_ok(csk_daps(x, &p.post, 1, NULL, (csk_rng){ 1, 0, 0 }, &o, NULL, &info));
    ck_assert_int_eq(info.evaluations, (LEVELS - 1) * STEPS + 1);
    tst_line_clear(&p);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("daps");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, law_is_that_of_the_recursion, 0, 4);
    tcase_add_test(t, is_near_the_posterior_where_the_data_decide);
    tcase_add_test(t, last_level_has_a_default);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
