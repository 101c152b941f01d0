/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/fista.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "operators/combine.h"
#include "operators/wavelet.h"
#include "tests/support/tst.h"

#include <math.h>
#include <string.h>

static const struct {
    unsigned axes;
    csk_space space;
} cases[] = {
    { 1, { CSK_COMPLEX, 1, { 1 }, { 0 } } },
    { 1, { CSK_REAL, 1, { 64 }, { 0 } } },
    { 3, { CSK_REAL, 2, { 31, 45 }, { 0 } } },
    { 3, { CSK_COMPLEX, 2, { 32, 48 }, { 0 } } },
    { 6, { CSK_COMPLEX, 3, { 3, 20, 33 }, { 0 } } },
    { 5, { CSK_REAL, 3, { 16, 3, 22 }, { 0 } } },
    { 3, { CSK_COMPLEX, 2, { 192, 256 }, { 0 } } }, /* on several threads */
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

/*
 * u = prox_{t g}(x) iff (x - u)/t is a subgradient: in the transform, of modulus at most 1, and
 * c/|c| where c is not 0.
 */
START_TEST(prox_is_optimal)
{
    const csk_space *space = &cases[_i].space;
    const int64_t n = csk_space_len(space);
    const int width = (int)space->field;
    const double t = .7;
    float *x = tst_normal(n, 5, 0), *u = csk_alloc(n, sizeof(*u));
    float *cu = csk_alloc(n, sizeof(*cu)), *cs = csk_alloc(n, sizeof(*cs));
    csk_prox *g;
    csk_linop *W;
    double sum = 0.;

    tst_ok(csk_prox_wavelet_l1(&g, space, cases[_i].axes, "db2", 3, false));
    tst_ok(csk_linop_wavelet(&W, space, cases[_i].axes, "db2", 3));
    float *work = csk_alloc(g->work_len, sizeof(*work));
    csk_copy(n, x, u);
    csk_prox_apply(g, u, t, 0, work);
    csk_linop_apply(W, cu, u, work);
    csk_axpby(n, -1., u, 1., x);
    csk_linop_apply(W, cs, x, work);
    for (int64_t i = 0; i < n; i += width) {
        const double re = (double)cu[i], im = width == 2 ? (double)cu[i + 1] : 0.;
        const double sr = (double)cs[i] / t,
                     si = width == 2 ? (double)cs[i + 1] / t : 0.;
        const double m = hypot(re, im);

        sum += m;
        ck_assert_double_le(hypot(sr, si), 1. + 1e-5);
        if (m > 1e-3)
            ck_assert_double_le(hypot(sr - re / m, si - im / m), 2e-3);
    }
    ck_assert_double_eq_tol(csk_prox_value(g, u, work), sum, 1e-5 * sum + 1e-9);
    csk_prox_free(g);
    csk_linop_unref(W);
    csk_free(x), csk_free(u), csk_free(cu), csk_free(cs), csk_free(work);
}
END_TEST

/* Spinning: each call is the prox of a shifted transform; its mean over shifts denoises better. */
START_TEST(cycle_spinning_denoises)
{
    enum { SIDE = 64, LEN = SIDE * SIDE };
    const csk_space space = csk_space_make(CSK_REAL, 2, (int64_t[]){ SIDE, SIDE });
    float *noise = tst_normal(LEN, 8, 0), *clean = csk_alloc(LEN, sizeof(*clean));
    float *one = csk_alloc(LEN, sizeof(*one)), *mean = csk_alloc(LEN, sizeof(*mean));
    csk_prox *still, *spun;

    for (int i = 0; i < LEN; i++) /* a disc */
        clean[i] = hypot(i % SIDE - 30.3, (double)(i / SIDE) - 33.1) < 19. ? 1.f : 0.f;
    tst_ok(csk_prox_wavelet_l1(&still, &space, 3, "haar", 4, false));
    tst_ok(csk_prox_wavelet_l1(&spun, &space, 3, "haar", 4, true));
    float *work = csk_alloc(still->work_len, sizeof(*work));
    csk_axpby(LEN, .2, noise, 0., noise);
    csk_axpby(LEN, 1., clean, 1., noise);
    csk_copy(LEN, noise, one);
    csk_prox_apply(still, one, .3, 0, work);
    for (uint32_t draw = 0; draw < 32; draw++) {
        float *u = csk_alloc(LEN, sizeof(*u));
        csk_copy(LEN, noise, u);
        csk_prox_apply(spun, u, .3, draw, work);
        csk_axpby(LEN, 1. / 32., u, 1., mean);
        csk_free(u);
    }
    ck_assert_double_lt(csk_distance(LEN, one, clean),
                        .7 * csk_distance(LEN, noise, clean));
    ck_assert_double_lt(csk_distance(LEN, mean, clean),
                        .85 * csk_distance(LEN, one, clean));
    csk_prox_free(still), csk_prox_free(spun);
    csk_free(noise), csk_free(clean), csk_free(one), csk_free(mean), csk_free(work);
}
END_TEST

/*
 * FISTA (Beck, Teboulle 2009) fills in the pixels that a mask hides and denoises the others. A
 * shift drawn anew each iteration takes away the traces of the grid.
 */
static double fill_in(bool random_shift)
{
    enum { SIDE = 64, LEN = 2 * SIDE * SIDE, ITER = 150 };
    const csk_space space = csk_space_make(CSK_COMPLEX, 2, (int64_t[]){ SIDE, SIDE });
    float *seen = csk_alloc(LEN / 2, sizeof(*seen)),
          *clean = csk_alloc(LEN, sizeof(*seen));
    float *b = tst_normal(LEN, 12, 0), *x = csk_alloc(LEN, sizeof(*x));
    float *y = csk_alloc(LEN, sizeof(*y)), *old = csk_alloc(LEN, sizeof(*old));
    double momentum = 1.;
    csk_prox *g;

    tst_ok(csk_prox_wavelet_l1(&g, &space, 3, "db2", 4, random_shift));
    float *work = csk_alloc(g->work_len, sizeof(*work));
    csk_rng_uniform((csk_rng){ .seed = 13 }, LEN / 2, seen);
    for (int i = 0; i < LEN / 2; i++) { /* a disc with a phase */
        const double dx = i % SIDE - 30.3, dy = (double)(i / SIDE) - 33.1;
        const double m = hypot(dx, dy) < 19. ? 1. : 0., phase = .04 * (dx + dy);
        clean[2 * i] = (float)(m * cos(phase));
        clean[2 * i + 1] = (float)(m * sin(phase));
    }
    for (int i = 0; i < LEN; i++)
        b[i] = seen[i / 2] < .6f ? clean[i] + .05f * b[i] : 0.f;
    for (uint32_t k = 0; k < ITER; k++) {
        const double next = .5 + sqrt(.25 + momentum * momentum);

        csk_copy(LEN, x, old);
        for (int i = 0; i < LEN; i++)
            x[i] = seen[i / 2] < .6f ? b[i] : y[i];
        csk_prox_apply(g, x, .06, k, work);
        csk_copy(LEN, x, y);
        csk_axpby(LEN, -(momentum - 1.) / next, old, 1. + (momentum - 1.) / next, y);
        momentum = next;
    }
    const double error = csk_distance(LEN, x, clean) / csk_norm(LEN, clean);
    ck_assert_double_lt(error, .3 * csk_distance(LEN, b, clean) / csk_norm(LEN, clean));
    csk_prox_free(g);
    csk_free(seen), csk_free(clean), csk_free(b), csk_free(x), csk_free(y);
    csk_free(old), csk_free(work);
    return error;
}

/* A plain draw has no shift; FISTA uses it for its last iterations, and P(x) is lower for it. */
START_TEST(plain_draw_has_no_shift)
{
    enum { SIDE = 32, LEN = 2 * SIDE * SIDE };
    const csk_space space = csk_space_make(CSK_COMPLEX, 2, (int64_t[]){ SIDE, SIDE });
    float *b = tst_normal(LEN, 21, 0), *x = csk_alloc(2 * LEN, sizeof(*x)),
          *y = x + LEN;
    csk_prox *spun, *plain;
    csk_linop *I;
    csk_fista_opts o = csk_fista_defaults();
    csk_run_info throughout, settled;

    tst_ok(csk_prox_wavelet_l1(&spun, &space, 3, "db2", 3, true));
    tst_ok(csk_prox_wavelet_l1(&plain, &space, 3, "db2", 3, false));
    tst_ok(csk_linop_identity(&I, &space));
    float *work = csk_alloc(spun->work_len, sizeof(*work));
    csk_copy(LEN, b, x), csk_copy(LEN, b, y);
    csk_prox_apply(spun, x, .5, CSK_PROX_PLAIN, work);
    csk_prox_apply(plain, y, .5, 3, work);
    ck_assert_mem_eq(x, y, LEN * sizeof(*x));
    csk_copy(LEN, b, x);
    csk_prox_apply(spun, x, .5, 3, work);
    ck_assert_double_gt(tst_distance(LEN, x, y), .01);

    o.lambda = .5;
    o.tol = 0.;
    o.max_iter = 20;
    csk_zero(LEN, x), csk_zero(LEN, y);
    tst_ok(csk_fista(x, I, b, spun, &o, &throughout));
    o.settle = 5;
    tst_ok(csk_fista(y, I, b, spun, &o, &settled));
    ck_assert_double_lt(settled.objective, .99 * throughout.objective);
    csk_prox_free(spun), csk_prox_free(plain);
    csk_linop_unref(I);
    csk_free(b), csk_free(x), csk_free(work);
}
END_TEST

START_TEST(spinning_helps_fista)
{
    ck_assert_double_lt(fill_in(true), .85 * fill_in(false));
}
END_TEST

START_TEST(threads_change_no_bit)
{
    csk_prox *g;

    tst_ok(csk_prox_wavelet_l1(&g, &cases[CASES - 1].space, cases[CASES - 1].axes,
                               "sym4", 3, true));
    const int64_t n = csk_space_len(&cases[CASES - 1].space);
    float *x = tst_normal(n, 9, 0), *one = csk_alloc(n, sizeof(*one));
    float *many = csk_alloc(n, sizeof(*many)),
          *work = csk_alloc(g->work_len, sizeof(*x));
    double value = 0.;
    for (int threads = 1; threads <= 7; threads += threads == 1 ? 1 : 5) {
        float *u = threads == 1 ? one : many;
        tst_set_threads(threads);
        csk_copy(n, x, u);
        csk_prox_apply(g, u, .4, 5, work);
        const double v = csk_prox_value(g, u, work);
        if (threads == 1)
            value = v;
        ck_assert(memcmp(one, u, (size_t)n * sizeof(*u)) == 0 && v == value);
    }
    tst_set_threads(1);
    csk_prox_free(g);
    csk_free(x), csk_free(one), csk_free(many), csk_free(work);
}
END_TEST

START_TEST(refuses_bad_arguments)
{
    const csk_space space = csk_space_make(CSK_REAL, 2, (int64_t[]){ 8, 8 });
    csk_prox *g = NULL;

    ck_assert_int_eq(csk_prox_wavelet_l1(&g, &space, 3, "?", 1, true), CSK_ERR_ARG);
    ck_assert_int_eq(csk_prox_wavelet_l1(&g, &space, 0, "db2", 1, true), CSK_ERR_ARG);
    ck_assert_int_eq(csk_prox_wavelet_l1(&g, &space, 3, "db2", 0, true), CSK_ERR_ARG);
    ck_assert_ptr_null(g);
}
END_TEST

static csk_status build_prox(void)
{
    const csk_space space = csk_space_make(CSK_REAL, 2, (int64_t[]){ 8, 8 });
    csk_prox *g = NULL;
    const csk_status err = csk_prox_wavelet_l1(&g, &space, 3, "db2", 2, true);

    csk_prox_free(g);
    return err;
}

/* apply and value allocate nothing. */
static csk_status use_prox(void)
{
    static float x[64], work[4096];
    const csk_space space = csk_space_make(CSK_REAL, 2, (int64_t[]){ 8, 8 });
    csk_prox *g = NULL;
    const csk_status err = csk_prox_wavelet_l1(&g, &space, 3, "db2", 2, true);

    if (err)
        return err;
    ck_assert_int_le(g->work_len, 4096);
    csk_prox_apply(g, x, .1, 3, work);
    ck_assert_double_eq(csk_prox_value(g, x, work), 0.);
    csk_prox_free(g);
    return CSK_OK;
}

START_TEST(allocates_only_when_built)
{
    tst_out_of_memory(build_prox);
    ck_assert_int_gt(tst_count_allocations(build_prox), 0);
    ck_assert_int_eq(tst_count_allocations(use_prox),
                     tst_count_allocations(build_prox));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("wavelet_prox");
    TCase *t = tcase_create("core");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, prox_is_optimal, 0, CASES);
    tcase_add_test(t, cycle_spinning_denoises);
    tcase_add_test(t, plain_draw_has_no_shift);
    tcase_add_test(t, spinning_helps_fista);
    tcase_add_test(t, threads_change_no_bit);
    tcase_add_test(t, refuses_bad_arguments);
    tcase_add_test(t, allocates_only_when_built);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
