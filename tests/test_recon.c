/* SPDX-License-Identifier: BSD-3-Clause */
/* Algorithm 3 from data to statistics, on a small scan. */
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "operators/coil.h"
#include "operators/mask.h"
#include "operators/scan.h"
#include "operators/sense.h"
#include "samplers/recon.h"
#include "tests/support/tst.h"
#include "tests/support/tst_model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SIDE = 40, N = SIDE * SIDE, COILS = 4 };
#define ETA .02

/* A disc with discs in it, and a smooth phase. */
static csk_array image_of(uint64_t seed)
{
    const csk_space space = TST_COMPLEX(SIDE, SIDE);
    csk_array a = { .data = NULL };
    float u[4 * 8];

    tst_ok(csk_array_init(&a, &space));
    csk_rng_uniform((csk_rng){ seed, 0, 0 }, 4 * 8, u);
    for (int i = 0; i < N; i++) {
        const double x = (i % SIDE - SIDE / 2) * 2. / SIDE;
        const double y = (i / SIDE - SIDE / 2) * 2. / SIDE;

        a.data[2 * i] = hypot(x, y) < .85 ? .5f : 0.f;
        for (int k = 0; k < 8 && hypot(x, y) < .85; k++) {
            const float *c = u + 4 * k;
            if (hypot(x - c[0] + .5, y - c[1] + .5) < .05 + .25 * (double)c[2])
                a.data[2 * i] += .4f * (c[3] - .5f);
        }
    }
    tst_ok(csk_smooth_phase(&a, seed));
    return a;
}

typedef struct problem {
    csk_array truth;
    csk_scan scan;
    csk_model *model;
} problem;

static problem make_problem(void)
{
    const csk_mask_opts how = { CSK_MASK_POISSON, 2.5, 12 };
    problem p = { .truth = image_of(1) };
    csk_array maps = { .data = NULL }, kspace = maps, example[3];
    const csk_array *list[3];
    uint8_t mask[N];
    csk_linop *A;
    csk_wavelet_fit_opts fit = csk_wavelet_fit_defaults();
    csk_wavelet_model wavelet = { .axes = 0 };

    tst_ok(csk_coil_maps(&maps, &p.truth.space, COILS));
    tst_ok(csk_array_init(&kspace, &maps.space));
    tst_ok(csk_mask_make(mask, &p.truth.space, &how, 1));
    tst_ok(csk_linop_sense(&A, &maps.space, maps.data, NULL));
    float *work = csk_alloc(csk_linop_work_len(A), sizeof(*work));
    float *noise = tst_normal(csk_space_len(&kspace.space), 3, 0);
    csk_linop_apply(A, kspace.data, p.truth.data, work);
    csk_axpby(csk_space_len(&kspace.space), ETA, noise, 1., kspace.data);
    tst_ok(csk_scan_init(&p.scan, &kspace, &maps, mask, N));
    for (int k = 0; k < 3; k++) {
        example[k] = image_of(10 + (uint64_t)k);
        list[k] = &example[k];
    }
    fit.levels = 3;
    tst_ok(csk_wavelet_fit(&wavelet, 3, list, &fit, 1));
    tst_ok(csk_model_of_wavelet(&p.model, &wavelet));
    for (int k = 0; k < 3; k++)
        csk_array_clear(&example[k]);
    csk_linop_unref(A);
    csk_array_clear(&maps), csk_array_clear(&kspace);
    csk_free(work), csk_free(noise);
    return p;
}

static void clear_problem(problem *p)
{
    csk_array_clear(&p->truth);
    csk_scan_clear(&p->scan);
    csk_model_free(p->model);
}

static csk_status recon(csk_recon *r, const problem *p, const csk_recon_opts *o)
{
    return csk_recon_run(r, p->scan.A, p->scan.b, ETA, p->model, 1, o);
}

/* The residual of the samples is what the noise level predicts, and the mean is better than the
 * naive estimate; intervals hold the truth. */
START_TEST(recovers_and_knows_how_well)
{
    problem p = make_problem();
    csk_recon r = { .unit = 0. };
    int covered = 0, inside = 0;

    tst_ok(recon(&r, &p, NULL));
    ck_assert_double_eq_tol(r.residual / r.expected, 1., .05);
    ck_assert_double_lt(tst_distance(2 * N, r.mean.data, p.truth.data),
                        .95 * tst_distance(2 * N, r.naive.data, p.truth.data));
    ck_assert_double_eq_tol(csk_distance(2 * N, r.naive.data, p.truth.data), r.radius,
                            .5 * r.radius);
    for (int i = 0; i < N; i++) {
        const double m =
            hypot((double)p.truth.data[2 * i], (double)p.truth.data[2 * i + 1]);
        if (m < .1)
            continue;
        inside++;
        covered += m >= (double)r.low.data[i] && m <= (double)r.high.data[i];
    }
    /* extremes of 16 samples: 88 % if they are ideal; the prior errs on the wide side */
    ck_assert_double_gt(covered, .8 * inside);
    csk_recon_clear(&r);
    clear_problem(&p);
}
END_TEST

/* 3 samples: a pair and a half. */
START_TEST(threads_change_no_bit)
{
    problem p = make_problem();
    csk_recon_opts o = csk_recon_defaults();
    csk_recon one = { .unit = 0. }, many = one;

    o.samples = 3;
    o.method.recover.levels = 5;
    tst_set_threads(1);
    tst_ok(recon(&one, &p, &o));
    for (int threads = 2; threads <= 7; threads += 5) {
        tst_set_threads(threads);
        tst_ok(recon(&many, &p, &o));
        ck_assert_mem_eq(one.samples.data, many.samples.data, 6 * N * sizeof(float));
        ck_assert_mem_eq(one.naive.data, many.naive.data, 2 * N * sizeof(float));
        ck_assert_mem_eq(one.mean.data, many.mean.data, 2 * N * sizeof(float));
        ck_assert_mem_eq(one.std.data, many.std.data, N * sizeof(float));
        ck_assert_mem_eq(one.low.data, many.low.data, N * sizeof(float));
        ck_assert_mem_eq(one.high.data, many.high.data, N * sizeof(float));
        csk_recon_clear(&many);
    }
    tst_set_threads(1);
    csk_recon_clear(&one);
    clear_problem(&p);
}
END_TEST

/* A convex regulariser: differences of neighbours, for levels .01 to @p hi. */
static csk_model *learned_model(double hi)
{
    csk_tensors t = { .count = 0 };
    csk_tensor *made;
    csk_model *m;
    char card[600];

    (void)snprintf(
        card, sizeof(card),
        "{\"csk\": \"prior\", \"version\": 1, \"kind\": \"ridge\", \"field\": \"complex\", "
        "\"axes\": 2, \"scale\": 1.0, \"sigma\": [0.01, %g], \"score_norm\": {\"images\": 3, "
        "\"sigma\": [0.05], \"mean\": [0.9], \"std\": [0.1], \"correlation\": [0], "
        "\"correlation_std\": [0.1]}}",
        hi);
    tst_ok(csk_tensors_add(&t, "weight", 3, (int64_t[]){ 2, 3, 3 }, &made));
    made->data[4] = made->data[9 + 4] = .3f;
    made->data[5] = made->data[9 + 7] = -.3f;
    tst_ok(csk_tensors_add(&t, "slope", 2, (int64_t[]){ 2, 4 }, &made));
    for (int i = 0; i < 8; i++)
        made->data[i] = .5f;
    tst_ok(csk_tensors_add(&t, "log_scale", 2, (int64_t[]){ 2, 2 }, NULL));
    tst_ok(csk_tensors_add(&t, "log_gain", 2, (int64_t[]){ 2, 2 }, NULL));
    tst_ok(csk_tensors_set_card(&t, card));
    tst_ok(csk_model_of_tensors(&m, &t, "learned"));
    return m;
}

/* Data in other units give the same samples in those units: the same bits for powers of two. */
START_TEST(scale_does_not_matter)
{
    static const double factors[] = { 4., 1. / 1024., 1024., 1e-3, 1e3 };
    const double f = factors[_i % 5];
    const bool exact = _i % 5 < 3;
    problem p = make_problem();
    csk_recon_opts o = csk_recon_defaults();
    csk_recon one = { .unit = 0. }, many = one;

    if (_i >= 5) {
        csk_model_free(p.model);
        p.model = learned_model(1.);
    }
    o.samples = 2;
    o.method.recover.levels = 5;
    tst_ok(recon(&one, &p, &o));
    csk_scale(csk_linop_rows(p.scan.A), f, p.scan.b);
    tst_ok(csk_recon_run(&many, p.scan.A, p.scan.b, f * ETA, p.model, 1, &o));
    csk_scale(4 * N, 1. / f, many.samples.data);
    csk_scale(N, 1. / f, many.std.data);
    if (exact) {
        ck_assert_mem_eq(many.samples.data, one.samples.data, 4 * N * sizeof(float));
        ck_assert_mem_eq(many.std.data, one.std.data, N * sizeof(float));
        ck_assert_double_eq(many.radius, f * one.radius);
        ck_assert_double_eq(many.unit, f * one.unit);
    } else {
        ck_assert_double_le(tst_distance(4 * N, many.samples.data, one.samples.data),
                            1e-4);
        ck_assert_double_eq_tol(many.radius, f * one.radius, 1e-4 * many.radius);
        ck_assert_double_eq_tol(many.unit, f * one.unit, 1e-5 * many.unit);
    }
    csk_recon_clear(&one), csk_recon_clear(&many);
    clear_problem(&p);
}
END_TEST

/* What a learned prior changes: no draws for the radius, fewer levels, the noise at the beginning
 * and at the end; held within its levels. */
START_TEST(suits_a_learned_prior)
{
    problem p = make_problem();
    csk_recon_opts o = csk_recon_defaults();
    csk_recon r = { .unit = 0. };
    const bool narrow = _i == 1; /* it knows less noise than is wanted */

    csk_model_free(p.model);
    p.model = learned_model(narrow ? .06 : 2.);
    o.samples = 2;
    o.floor = narrow ? 10. : 1.25;
    tst_ok(recon(&r, &p, &o));
    ck_assert_str_eq(r.radius_from, "draws near the naive estimate");
    ck_assert_int_eq(r.radius_evaluations, 11 * o.draws);
    ck_assert_int_eq(r.info.count, CSK_RECON_LEARNED_LEVELS);
    const double first = r.info.stages[0].smoothing;
    const double last = r.info.stages[r.info.count - 1].smoothing;
    /* A ridge prior stops at the noise of the data (a network would at .015), or where it ends. */
    ck_assert_double_eq_tol(last, narrow ? .06 : 1.25 * ETA / r.unit, 1e-9);
    ck_assert_double_ge(last, .02);
    ck_assert_double_eq_tol(first, r.info.sigma / r.unit, 1e-9);
    ck_assert_double_ge(r.sigma_wanted / r.unit, .2 * (1. - 1e-12));
    ck_assert_double_eq_tol(r.info.sigma, narrow ? .06 * r.unit : r.sigma_wanted, 1e-9);
    ck_assert_int_eq(r.info.langevin.evaluations, 2 * 2 * CSK_RECON_LEARNED_LEVELS);
    ck_assert(!r.ancestral); /* the image is complex */
    ck_assert_double_eq(r.info.langevin.step, CSK_RECON_LEARNED_STEP);
    ck_assert_int_eq(r.mismatch.expected.count, 1);
    ck_assert_int_eq(r.mismatch_evaluations, 2);
    ck_assert(isfinite(r.mismatch.norm[0]) && r.mismatch.norm[0] > 0.);
    ck_assert(r.prior_seconds[CSK_RECON_SAMPLING] > 0.);
    ck_assert(r.prior_seconds[CSK_RECON_NAIVE] == 0.);
    csk_recon_clear(&r);
    clear_problem(&p);
}
END_TEST

/* What is given is taken: the radius, the noise, the levels, another sampler. */
START_TEST(does_as_told_with_a_learned_prior)
{
    problem p = make_problem();
    csk_recon_opts o = csk_recon_defaults();
    csk_recon r = { .unit = 0. };

    csk_model_free(p.model);
    p.model = learned_model(2.);
    o.samples = 1;
    o.floor = 0.;
    o.method.recover.levels = 3;
    o.method.recover.sigma = .05;
    tst_ok(recon(&r, &p, &o));
    ck_assert_str_eq(r.radius_from, "not needed");
    ck_assert_int_eq(r.info.count, 3);
    ck_assert_double_eq_tol(r.info.stages[0].smoothing, .05, 1e-12);
    ck_assert_double_eq_tol(r.info.stages[2].smoothing, .01, 1e-12); /* its lowest */
    csk_recon_clear(&r);
    o.method.recover.sigma = 0.;
    o.radius = 1e-3;
    tst_ok(recon(&r, &p, &o));
    ck_assert_str_eq(r.radius_from, "given");
    ck_assert_double_eq_tol(r.radius, 1e-3, 1e-12);
    csk_recon_clear(&r);
    o = csk_recon_defaults();
    o.samples = 1;
    o.method.method = CSK_METHOD_DIFFPIR;
    tst_ok(recon(&r, &p, &o));
    ck_assert_int_eq(r.info.count, 0);
    ck_assert_int_gt(r.info.langevin.evaluations, 0);
    csk_recon_clear(&r);
    clear_problem(&p);
}
END_TEST

typedef struct witness {
    csk_recon_stage seen[8];
    int count, stop_at; /* < 0: never */
} witness;

static csk_status watch(void *user, csk_recon_stage stage, const csk_recon *so_far)
{
    witness *w = user;

    w->seen[w->count++] = stage;
    ck_assert((so_far->naive.data != NULL) == (stage >= CSK_RECON_RADIUS));
    return w->count - 1 == w->stop_at ? csk_fail(CSK_ERR_ABORTED, "enough") : CSK_OK;
}

START_TEST(stages_come_in_order_and_can_end_it)
{
    problem p = make_problem();
    csk_recon_opts o = csk_recon_defaults();
    csk_recon r = { .unit = 0. };
    witness w = { .stop_at = _i - 1 };

    o.samples = 1;
    o.method.recover.levels = 1;
    o.stage = watch;
    o.user = &w;
    const csk_status err = recon(&r, &p, &o);
    ck_assert_int_eq(err, _i ? CSK_ERR_ABORTED : CSK_OK);
    ck_assert_int_eq(w.count, _i ? _i : 5);
    for (int k = 0; k < w.count; k++)
        ck_assert_int_eq(w.seen[k], k);
    ck_assert((r.naive.data != NULL) == (_i != 1)); /* what was finished is kept */
    csk_recon_clear(&r);
    clear_problem(&p);
}
END_TEST

START_TEST(refuses_bad_arguments)
{
    problem p = make_problem();
    csk_recon_opts o = csk_recon_defaults();
    csk_recon r = { .unit = 0. };

    o.samples = 0;
    ck_assert_int_eq(recon(&r, &p, &o), CSK_ERR_ARG);
    o = csk_recon_defaults();
    o.wavelet = "db99";
    ck_assert_int_eq(recon(&r, &p, &o), CSK_ERR_ARG);
    ck_assert_int_eq(csk_recon_run(&r, p.scan.A, p.scan.b, 0., p.model, 1, NULL),
                     CSK_ERR_ARG);
    csk_recon_clear(&r);
    o = csk_recon_defaults();
    o.samples = 1;
    csk_wavelet_model line = tst_wavelet_model(CSK_COMPLEX, 1, "haar", 1, 1);
    csk_model *other, *right = p.model;
    tst_ok(csk_model_of_wavelet(&other, &line));
    p.model = other;
    ck_assert_int_eq(recon(&r, &p, &o), CSK_ERR_SHAPE);
    csk_recon_clear(&r);
    csk_model_free(other);
    p.model = other = learned_model(.019); /* one level, or nearly so */
    ck_assert_int_eq(recon(&r, &p, &o), CSK_ERR_UNSUPPORTED);
    ck_assert(strstr(csk_error_message(), "a range of levels"));
    csk_recon_clear(&r);
    csk_model_free(other);
    p.model = right;
    o.denoise_samples = true;
    o.method.recover.tether = CSK_TETHER_KEEP;
    ck_assert_int_eq(recon(&r, &p, &o), CSK_ERR_ARG);
    csk_recon_clear(&r);
    o = csk_recon_defaults();
    o.samples = 1;
    o.unit = 1e-36;
    ck_assert_int_eq(recon(&r, &p, &o), CSK_ERR_NUMERIC);
    ck_assert(strstr(csk_error_message(), "unit"));
    csk_recon_clear(&r);
    o.unit = 0.;
    csk_zero(csk_linop_rows(p.scan.A), p.scan.b);
    ck_assert_int_eq(recon(&r, &p, &o), CSK_ERR_NUMERIC);
    csk_recon_clear(&r);
    clear_problem(&p);
}
END_TEST

static problem common; /* of the test below */

static csk_status small_run(void)
{
    csk_recon_opts o = csk_recon_defaults();
    csk_recon r = { .unit = 0. };

    o.samples = 1;
    o.method.recover.levels = 1;
    o.naive_iter = 2;
    o.draws = 1;
    const csk_status err = recon(&r, &common, &o);
    csk_recon_clear(&r);
    return err;
}

START_TEST(survives_a_full_heap)
{
    common = make_problem();
    tst_out_of_memory(small_run);
    clear_problem(&common);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("recon");
    TCase *t = tcase_create("core");

    tcase_set_timeout(t, 120.);
    tcase_add_test(t, recovers_and_knows_how_well);
    tcase_add_test(t, threads_change_no_bit);
    tcase_add_loop_test(t, scale_does_not_matter, 0, 10);
    tcase_add_loop_test(t, suits_a_learned_prior, 0, 2);
    tcase_add_test(t, does_as_told_with_a_learned_prior);
    tcase_add_loop_test(t, stages_come_in_order_and_can_end_it, 0, 6);
    tcase_add_test(t, refuses_bad_arguments);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
