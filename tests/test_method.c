/* SPDX-License-Identifier: BSD-3-Clause */
/* What holds of every posterior sampler, through the one call that runs them all. */
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/matrix.h"
#include "operators/sample.h"
#include "samplers/method.h"
#include "samplers/prior_gauss.h"
#include "samplers/prior_impl.h"
#include "tests/support/tst.h"
#include "tests/support/tst_line.h"

#include <math.h>
#include <string.h>

enum { METHODS = CSK_METHOD_PLAIN + 1, CHAINS = 3, LEVELS = 6, SIDE = 96 };

static csk_method_opts quick(int method)
{
    csk_method_opts o = csk_method_defaults();

    o.method = method;
    o.recover.levels = LEVELS, o.recover.steps = 2;
    o.recover.langevin.antithetic = false;
    o.dps.levels = o.diffpir.levels = o.daps.levels = o.ald.levels = LEVELS;
    o.daps.ode_steps = 4, o.daps.steps = 3;
    o.ald.steps = 2;
    return o;
}

/* Inpainting of a plane, large enough for threads in vectors, prior and operator. */
typedef struct plane {
    csk_linop *A;
    csk_prior *prior;
    float *b;
    csk_posterior post;
    csk_method_opts o;
} plane;

static csk_status make_plane(plane *p, int64_t side)
{
    const csk_space space = TST_REAL(side, side);
    const int64_t n = side * side;
    uint8_t *mask = csk_alloc(n, sizeof(*mask));
    float *variance = csk_alloc(n, sizeof(*variance));
    csk_status err = mask && variance ? CSK_OK : CSK_ERR_NOMEM;

    *p = (plane){ .A = NULL };
    for (int64_t i = 0; i < n && !err; i++) {
        mask[i] = i % 3 == 0;
        variance[i] = .2f + (float)(i % 7);
    }
    if (!err)
        err = csk_linop_sample(&p->A, &space, mask, n);
    if (!err)
        err = csk_prior_gauss(&p->prior, &space, NULL, variance);
    if (!err && !(p->b = csk_alloc(csk_linop_rows(p->A), sizeof(*p->b))))
        err = CSK_ERR_NOMEM;
    if (!err) {
        csk_rng_normal((csk_rng){ 3, 0, 0 }, csk_linop_rows(p->A), p->b);
        p->post = (csk_posterior){ p->A, p->b, .1, p->prior, NULL, 0. };
    }
    csk_free(mask);
    csk_free(variance);
    return err;
}

static void clear_plane(plane *p)
{
    csk_prior_unref(p->prior);
    csk_linop_unref(p->A);
    csk_free(p->b);
}

static csk_status sample_plane(void *user, void *out)
{
    const plane *p = user;

    return csk_sample(out, &p->post, CHAINS, NULL, 0., (csk_rng){ 5, 0, 0 }, &p->o,
                      NULL, NULL);
}

START_TEST(threads_do_not_change_a_bit)
{
    plane p;

    tst_ok(make_plane(&p, SIDE));
    p.o = quick(_i);
    tst_same_bits(CHAINS * SIDE * SIDE * sizeof(float), sample_plane, &p);
    clear_plane(&p);
}
END_TEST

/* Chain k of many is chain k alone, and another seed is another sample. */
START_TEST(chains_are_named)
{
    tst_line p = tst_line_new();
    const csk_method_opts o = quick(_i);
    float all[CHAINS * TST_LINE], one[TST_LINE], other[TST_LINE];

    tst_ok(csk_sample(all, &p.post, CHAINS, tst_line_data, 1., (csk_rng){ 6, 0, 0 }, &o,
                      NULL, NULL));
    tst_ok(csk_sample(one, &p.post, 1, tst_line_data, 1., (csk_rng){ 6, 8, 0 }, &o,
                      NULL, NULL));
    ck_assert_mem_eq(one, all + TST_LINE, sizeof(one));
    tst_ok(csk_sample(other, &p.post, 1, tst_line_data, 1., (csk_rng){ 7, 8, 0 }, &o,
                      NULL, NULL));
    for (int i = 0; i < TST_LINE; i++) {
        ck_assert(isfinite(one[i]));
        ck_assert(one[i] != other[i]);
    }
    tst_line_clear(&p);
}
END_TEST

/* As the headers say: evaluations and applications a chain, those of the end included. */
START_TEST(counts_are_as_documented)
{
    static const struct {
        int64_t evaluations, applications, once;
    } want[METHODS] = {
        { LEVELS * 2, LEVELS * 2 * 2 + 1, 0 },
        { LEVELS * 2, LEVELS * 2 + 1, 0 },
        { LEVELS, 1, 1 },
        { LEVELS * 4, LEVELS * 3 * 2 + 1, 0 },
        { LEVELS * 2, LEVELS * 2 * 2 + 1, 0 },
        { LEVELS * 2, LEVELS * 2 * 2 + 1, 0 },
    };
    plane p;
    csk_recover_info info;
    double residual[CHAINS];

    tst_ok(make_plane(&p, 8));
    const csk_method_opts o = quick(_i);
    const int64_t n = csk_linop_cols(p.A), m = csk_linop_rows(p.A);
    float *x = csk_alloc(CHAINS * n + m, sizeof(*x)), *y = x + CHAINS * n;
    float *x0 = tst_normal(n, 2, 0), *work = csk_alloc(csk_linop_work_len(p.A) + 1, 4);
    tst_ok(csk_sample(x, &p.post, CHAINS, x0, 1., (csk_rng){ 8, 0, 0 }, &o, residual,
                      &info));
    ck_assert_int_eq(info.langevin.evaluations, CHAINS * want[_i].evaluations);
    ck_assert_int_eq(info.langevin.applications,
                     CHAINS * want[_i].applications + want[_i].once);
    ck_assert_int_eq(csk_method_evaluations(&o), want[_i].evaluations);
    ck_assert_int_eq(info.langevin.stop, CSK_STOP_MAX_ITER);
    for (int c = 0; c < CHAINS; c++) { /* what is reported is ||b - A x|| */
        csk_linop_apply(p.A, y, x + c * n, work);
        ck_assert_double_eq_tol(residual[c], csk_distance(m, y, p.b), 1e-6);
    }
    ck_assert_double_eq(info.langevin.residual, residual[0]);
    csk_recover_info_clear(&info);
    csk_free(x), csk_free(x0), csk_free(work);
    clear_plane(&p);
}
END_TEST

typedef struct watch {
    int calls, stop_at;
    char what[16];
} watch;

static csk_status look(void *user, const csk_progress *p)
{
    watch *w = user;

    ck_assert_int_eq(p->iter, ++w->calls);
    ck_assert_int_le(p->iter, p->max_iter);
    ck_assert_int_eq(p->len, CHAINS * TST_LINE);
    ck_assert(isfinite(p->x[0]));
    (void)strncpy(w->what, p->what, sizeof(w->what) - 1);
    return w->calls == w->stop_at ? CSK_ERR_ABORTED : CSK_OK;
}

START_TEST(monitor_sees_and_ends_the_run)
{
    static const char *const what[METHODS] = { "langevin", "dps",      "diffpir",
                                               "daps",     "langevin", "langevin" };
    static const int steps[METHODS] = { 2 * LEVELS, LEVELS,     LEVELS,
                                        LEVELS,     2 * LEVELS, 2 * LEVELS };
    tst_line p = tst_line_new();
    csk_method_opts o = quick(_i);
    float x[CHAINS * TST_LINE];
    csk_recover_info info;
    watch w = { .stop_at = 0 };

    o.recover.langevin.monitor = (csk_monitor){ look, &w };
    tst_ok(csk_sample(x, &p.post, CHAINS, tst_line_data, 1., (csk_rng){ 9, 0, 0 }, &o,
                      NULL, NULL));
    ck_assert_int_eq(w.calls, steps[_i]);
    ck_assert_str_eq(w.what, what[_i]);
    w = (watch){ .stop_at = 3 };
    ck_assert_int_eq(csk_sample(x, &p.post, CHAINS, tst_line_data, 1.,
                                (csk_rng){ 9, 0, 0 }, &o, NULL, &info),
                     CSK_ERR_ABORTED);
    ck_assert_int_eq(w.calls, 3);
    ck_assert_int_eq(info.langevin.stop, CSK_STOP_MONITOR);
    ck_assert_int_eq(info.langevin.iter, 3);
    csk_recover_info_clear(&info);
    tst_line_clear(&p);
}
END_TEST

/* A tether is csk_sample_near()'s; the other samplers do not look at it. */
START_TEST(tether_is_ignored)
{
    tst_line p = tst_line_new();
    const csk_method_opts o = quick(_i);
    float x[TST_LINE], y[TST_LINE];

    tst_ok(csk_sample(x, &p.post, 1, NULL, 0., (csk_rng){ 6, 0, 0 }, &o, NULL, NULL));
    p.post.tether = tst_line_data;
    p.post.tether_std = .01;
    tst_ok(csk_sample(y, &p.post, 1, NULL, 0., (csk_rng){ 6, 0, 0 }, &o, NULL, NULL));
    ck_assert_mem_eq(x, y, sizeof(x));
    tst_line_clear(&p);
}
END_TEST

static csk_status nowhere(const csk_prior *p, int batch, float *d, const float *x,
                          const double *sigma, const csk_rng *names, float *work)
{
    (void)x, (void)sigma, (void)names, (void)work;
    for (int64_t i = 0; i < batch * csk_space_len(csk_prior_space(p)); i++)
        d[i] = NAN;
    return CSK_OK;
}

START_TEST(refuses_what_it_cannot_do)
{
    static const csk_prior_class lost = { .name = "lost", .denoise = nowhere };
    const csk_space space = TST_REAL(TST_LINE);
    tst_line p = tst_line_new();
    csk_method_opts o = quick(_i);
    const csk_rng run = { 1, 0, 0 };
    float x[TST_LINE];
    csk_recover_info info;

    ck_assert_int_eq(csk_sample(x, &p.post, 0, x, 1., run, &o, NULL, &info),
                     CSK_ERR_ARG);
    csk_recover_info_clear(&info);
    p.post.noise_std = 0.;
    ck_assert_int_eq(csk_sample(x, &p.post, 1, NULL, 1., run, &o, NULL, NULL),
                     CSK_ERR_ARG);
    p.post.noise_std = .3;

    o.recover.diffusion.t_min = 50., o.recover.diffusion.t_max = 40.;
    if (_i != CSK_METHOD_LANGEVIN && _i != CSK_METHOD_PLAIN) {
        ck_assert_int_eq(csk_sample(x, &p.post, 1, NULL, 1., run, &o, NULL, NULL),
                         CSK_ERR_ARG);
        ck_assert_str_eq(csk_error_message(), "the noise levels fall from t-max to "
                                              "t-min: 40 is not above 50");
    }
    o = quick(_i);
    o.dps.scale = -1., o.diffpir.zeta = 2., o.daps.step = 3., o.ald.step = 0.;
    if (_i != CSK_METHOD_LANGEVIN)
        ck_assert_int_eq(csk_sample(x, &p.post, 1, NULL, 1., run, &o, NULL, NULL),
                         CSK_ERR_ARG);

    o = quick(_i);
    csk_prior *bad = csk_prior_new(sizeof(*bad), &lost, &space);
    ck_assert_ptr_nonnull(bad);
    bad->spread = 1.;
    p.post.prior = bad;
    ck_assert_int_eq(csk_sample(x, &p.post, 1, NULL, 1., run, &o, NULL, NULL),
                     _i == CSK_METHOD_DPS ? CSK_ERR_UNSUPPORTED : CSK_ERR_NUMERIC);
    csk_prior_unref(bad);
    tst_line_clear(&p);
}
END_TEST

/* A prior for levels in .5 .. 2 is asked for no others. */
static csk_status within(const csk_prior *p, int batch, float *d, const float *x,
                         const double *sigma, const csk_rng *names, float *work)
{
    (void)sigma, (void)names, (void)work;
    csk_copy(batch * csk_space_len(csk_prior_space(p)), x, d);
    csk_scale(batch * csk_space_len(csk_prior_space(p)), .5, d);
    return CSK_OK;
}

START_TEST(levels_stay_in_the_range_of_the_prior)
{
    static const csk_prior_class narrow = { .name = "narrow", .denoise = within };
    static const int methods[] = { CSK_METHOD_DIFFPIR, CSK_METHOD_DAPS, CSK_METHOD_ALD,
                                   CSK_METHOD_PLAIN };
    const csk_space space = TST_REAL(TST_LINE);
    tst_line p = tst_line_new();
    const csk_method_opts o = quick(methods[_i]);
    float x[TST_LINE];

    csk_prior *prior = csk_prior_new(sizeof(*prior), &narrow, &space);
    ck_assert_ptr_nonnull(prior);
    prior->spread = 1.;
    prior->sigma_min = .5, prior->sigma_max = 2.;
    p.post.prior = prior;
    tst_ok(csk_sample(x, &p.post, 1, NULL, 0., (csk_rng){ 1, 0, 0 }, &o, NULL, NULL));
    csk_prior_unref(prior);
    tst_line_clear(&p);
}
END_TEST

/* Every name once, and found in the struct that the call reads. */
START_TEST(options_do_not_collide)
{
    static const char *const names[] = { "sampler",        "levels",    "h-is-none",
                                         "dps-scale",      "t-max",     "diffpir-zeta",
                                         "daps-ode-steps", "ald-levels" };
    csk_method_opts o = csk_method_defaults();
    void *base;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const csk_param *e = csk_param_find(csk_method_params, &o, names[i], &base);
        ck_assert_msg((e != NULL) == (i != 2), "%s", names[i]);
    }
    tst_ok(csk_param_set(csk_method_params, &o, "dps-scale", "0.25"));
    ck_assert_double_eq(o.dps.scale, .25);
    tst_ok(csk_param_set(csk_method_params, &o, "sampler", "daps"));
    ck_assert_str_eq(csk_method_name((csk_method)o.method), "daps");
    ck_assert_str_eq(csk_method_name(CSK_METHOD_LANGEVIN), "langevin");
    for (const csk_param *g = csk_method_params; g->type; g++) {
        for (const csk_param *e = g->sub; e && e->type; e++) {
            int found = 0;
            if (e->type == CSK_PARAM_GROUP)
                continue;
            for (const csk_param *h = csk_method_params; h->type; h++) {
                for (const csk_param *f = h->sub; f && f->type; f++)
                    found += f->name && strcmp(f->name, e->name) == 0;
            }
            ck_assert_msg(found == 1, "%s is there %d times", e->name, found);
        }
    }
}
END_TEST

/* With one level ALD is plain Langevin: the two words agree. */
START_TEST(plain_is_one_level)
{
    tst_line p = tst_line_new();
    csk_method_opts o = quick(CSK_METHOD_PLAIN);
    float x[TST_LINE], y[TST_LINE];

    tst_ok(csk_sample(x, &p.post, 1, NULL, 0., (csk_rng){ 6, 0, 0 }, &o, NULL, NULL));
    o.method = CSK_METHOD_ALD;
    o.ald.steps = 2 * LEVELS;
    o.ald.levels = 1;
    tst_ok(csk_sample(y, &p.post, 1, NULL, 0., (csk_rng){ 6, 0, 0 }, &o, NULL, NULL));
    ck_assert_mem_eq(x, y, sizeof(x));
    for (o.method = CSK_METHOD_ALD; o.method <= CSK_METHOD_PLAIN; o.method++) {
        o.ald.levels = 53300, o.ald.steps = 80581; /* 2^32 + 4 together */
        ck_assert_int_eq(
            csk_sample(x, &p.post, 1, NULL, 0., (csk_rng){ 6, 0, 0 }, &o, NULL, NULL),
            CSK_ERR_ARG);
        ck_assert(strstr(csk_error_message(), "4294967300 steps"));
    }
    tst_line_clear(&p);
}
END_TEST

/* Diffusion before Langevin is counted, too. */
START_TEST(diffusion_is_counted)
{
    tst_line p = tst_line_new();
    csk_method_opts o = quick(CSK_METHOD_LANGEVIN);
    float x[TST_LINE];
    csk_recover_info info;

    o.recover.order = CSK_ORDER_PAPER;
    o.recover.diffusion.levels = 5;
    for (int k = 0; k < 2; k++) {
        o.recover.diffusion.method = k ? CSK_DIFFUSION_HEUN : CSK_DIFFUSION_ANCESTRAL;
        tst_ok(
            csk_sample(x, &p.post, 1, NULL, 0., (csk_rng){ 6, 0, 0 }, &o, NULL, &info));
        ck_assert_int_eq(csk_method_evaluations(&o),
                         info.langevin.evaluations + info.diffusion.evaluations);
        csk_recover_info_clear(&info);
    }
    tst_line_clear(&p);
}
END_TEST

static int method_on_full_heap;

static csk_status build(void)
{
    plane p;
    float x[2 * 16];
    const float x0[16] = { 0.f };
    csk_status err = make_plane(&p, 4);

    p.o = quick(method_on_full_heap);
    if (!err)
        err = csk_sample(x, &p.post, 2, x0, 1., (csk_rng){ 5, 0, 0 }, &p.o, NULL, NULL);
    clear_plane(&p);
    return err;
}

START_TEST(survives_a_full_heap)
{
    method_on_full_heap = _i;
    tst_out_of_memory(build);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("method");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, threads_do_not_change_a_bit, 0, METHODS);
    tcase_add_loop_test(t, chains_are_named, 0, METHODS);
    tcase_add_loop_test(t, counts_are_as_documented, 0, METHODS);
    tcase_add_loop_test(t, monitor_sees_and_ends_the_run, 0, METHODS);
    tcase_add_loop_test(t, tether_is_ignored, 0, METHODS);
    tcase_add_loop_test(t, refuses_what_it_cannot_do, 0, METHODS);
    tcase_add_loop_test(t, levels_stay_in_the_range_of_the_prior, 0, 4);
    tcase_add_test(t, options_do_not_collide);
    tcase_add_test(t, plain_is_one_level);
    tcase_add_test(t, diffusion_is_counted);
    tcase_add_loop_test(t, survives_a_full_heap, 0, METHODS);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
