/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/wavelet.h"
#include "tests/support/tst.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const families[] = { "haar", "db1",  "db2",  "db3",  "db4",  "db5",
                                        "db6",  "db7",  "db8",  "sym2", "sym3", "sym4",
                                        "sym5", "sym6", "sym7", "sym8" };
enum { FAMILIES = sizeof(families) / sizeof(families[0]) };

static const struct {
    unsigned axes;
    csk_space space;
} cases[] = {
    { 1, { CSK_COMPLEX, 1, { 1 }, { 0 } } },
    { 1, { CSK_REAL, 1, { 64 }, { 0 } } },
    { 1, { CSK_COMPLEX, 1, { 37 }, { 0 } } },
    { 3, { CSK_COMPLEX, 2, { 32, 48 }, { 0 } } },
    { 3, { CSK_REAL, 2, { 31, 45 }, { 0 } } },
    { 3, { CSK_COMPLEX, 2, { 7, 64 }, { 0 } } },
    { 1, { CSK_REAL, 2, { 40, 3 }, { 0 } } },
    { 2, { CSK_COMPLEX, 2, { 3, 40 }, { 0 } } },
    { 7, { CSK_REAL, 3, { 16, 17, 18 }, { 0 } } },
    { 6, { CSK_COMPLEX, 3, { 3, 20, 33 }, { 0 } } },
    { 5, { CSK_REAL, 3, { 16, 3, 22 }, { 0 } } },
    { 3, { CSK_REAL, 3, { 16, 20, 2 }, { 0 } } },
    { 3, { CSK_COMPLEX, 2, { 256, 192 }, { 0 } } },
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

START_TEST(is_linear_with_its_adjoint)
{
    csk_linop *A;

    tst_ok(csk_linop_wavelet(&A, &cases[_i / 2].space, cases[_i / 2].axes,
                             _i % 2 ? "sym4" : "db3", 3));
    tst_linop(A, 200. * FLT_EPSILON);
    tst_linop_threads(A);
    csk_linop_unref(A);
}
END_TEST

/* W^T W = I and |W x| = |x|, with any shift, and the shift is the one documented. */
START_TEST(is_orthonormal_and_shifts)
{
    const csk_space *space = &cases[_i].space;
    const int64_t n = csk_space_len(space);
    float *x = tst_normal(n, 1, 0), *c = csk_alloc(n, sizeof(*c));
    float *back = csk_alloc(n, sizeof(*back)), *moved = csk_alloc(n, sizeof(*moved));
    float *want = csk_alloc(n, sizeof(*want));
    csk_wavelet *w;

    tst_ok(csk_wavelet_new(&w, space, cases[_i].axes, "sym4", 4));
    float *work = csk_alloc(csk_wavelet_work_len(w), sizeof(*work));
    for (int64_t s = -3; s <= 5; s += 4) {
        int64_t shift[CSK_MAX_RANK] = { 0 };
        for (int i = 0; i < space->rank; i++)
            shift[i] = s * (i + 1);
        csk_wavelet_forward(w, c, x, shift, work);
        csk_wavelet_inverse(w, back, c, shift, work);
        ck_assert_double_le(tst_distance(n, back, x), 1e-5);
        ck_assert_double_eq_tol(csk_norm(n, c), csk_norm(n, x), 1e-5 * csk_norm(n, x));

        for (int64_t p = 0; p < csk_space_size(space);
             p++) { /* (S x)[j] = x[j - shift] */
            int64_t rest = p, from = 0, unit = 1;
            for (int i = space->rank - 1; i >= 0; i--) {
                const int64_t d = space->dim[i], j = rest % d;
                const bool moves = (cases[_i].axes >> i & 1u) && d >= 8; /* of sym4 */
                from += (moves ? ((j - shift[i]) % d + d) % d : j) * unit;
                unit *= d, rest /= d;
            }
            memcpy(moved + p * (int)space->field, x + from * (int)space->field,
                   space->field * sizeof(*x));
        }
        csk_wavelet_forward(w, want, moved, NULL, work);
        ck_assert_double_le(tst_distance(n, c, want), 1e-6);
    }
    csk_wavelet_free(w);
    csk_free(x), csk_free(c), csk_free(back), csk_free(moved), csk_free(want),
        csk_free(work);
}
END_TEST

/* The bands are boxes that tile the array. */
START_TEST(bands_tile_the_array)
{
    const csk_space *space = &cases[_i].space;
    const int64_t n = csk_space_size(space);
    uint8_t *seen = csk_alloc(n, 1);
    csk_wavelet *w;

    tst_ok(csk_wavelet_new(&w, space, cases[_i].axes, "db2", 4));
    ck_assert_int_eq(csk_wavelet_band(w, 0)->detail, 0);
    ck_assert_int_le(csk_wavelet_levels(w), 4);
    for (int k = 0; k < csk_wavelet_bands(w); k++) {
        const csk_band *b = csk_wavelet_band(w, k);
        int64_t size = 1;
        for (int i = 0; i < space->rank; i++)
            size *= b->dim[i];
        for (int64_t p = 0; p < size; p++) {
            int64_t rest = p, at = 0, unit = 1;
            for (int i = space->rank - 1; i >= 0; i--) {
                at += (b->offset[i] + rest % b->dim[i]) * unit;
                rest /= b->dim[i], unit *= space->dim[i];
            }
            ck_assert_int_eq(seen[at]++, 0);
        }
        if (k > 0)
            ck_assert_int_ge(csk_wavelet_band(w, k - 1)->level, b->level);
    }
    for (int64_t p = 0; p < n; p++)
        ck_assert_int_eq(seen[p], 1);
    csk_free(seen);
    csk_wavelet_free(w);
}
END_TEST

/* db_N and sym_N have N vanishing moments: a polynomial of degree N - 1 has no detail inside. */
START_TEST(details_ignore_polynomials)
{
    enum { LEN = 128 };
    const char *name = families[_i];
    const int N = name[0] == 'h' ? 1 : name[strlen(name) - 1] - '0';
    const csk_space space = csk_space_make(CSK_REAL, 1, &(int64_t){ LEN });
    float x[LEN], c[LEN];
    csk_linop *A;

    tst_ok(csk_linop_wavelet(&A, &space, 1, name, 1));
    float *work = csk_alloc(csk_linop_work_len(A), sizeof(*work));
    for (int i = 0; i < LEN; i++)
        x[i] = (float)pow((i - LEN / 2) / (LEN / 2.), N - 1);
    csk_linop_apply(A, c, x, work);
    int away = 0;
    for (int k = N; k < LEN / 2 - N; k++) { /* away from where the period wraps */
        ck_assert_double_eq_tol(c[LEN / 2 + k], 0., 3e-7);
        if (name[0] == 's') /* nearly symmetric: the approximation stays in place */
            ck_assert_double_eq_tol(
                c[k], sqrt(2.) * pow((2. * k - LEN / 2) / (LEN / 2.), N - 1), .15);
        away++;
    }
    ck_assert_int_gt(away, 20);
    for (int i = 0; i < LEN; i++) /* one degree more is not ignored */
        x[i] = (float)pow((i - LEN / 2) / 4., N);
    csk_linop_apply(A, c, x, work);
    ck_assert_double_gt(fabs((double)c[LEN / 2 + LEN / 4]), 1e-3);
    csk_free(work);
    csk_linop_unref(A);
}
END_TEST

/* Haar by hand: two levels of 1-D. */
START_TEST(haar_is_sums_and_differences)
{
    const csk_space space = csk_space_make(CSK_REAL, 1, &(int64_t){ 4 });
    const float x[4] = { 1.f, 3.f, 2.f, 8.f };
    float c[4];
    csk_linop *A;

    tst_ok(csk_linop_wavelet(&A, &space, 1, "haar", 2));
    float *work = csk_alloc(csk_linop_work_len(A), sizeof(*work));
    csk_linop_apply(A, c, x, work);
    const double r = sqrt(.5);
    ck_assert_double_eq_tol(c[0], 7., 1e-6); /* sum / 2 */
    ck_assert_double_eq_tol(c[1], ((1. + 3.) - (2. + 8.)) / 2., 1e-6);
    ck_assert_double_eq_tol(c[2], (1. - 3.) * r, 1e-6);
    ck_assert_double_eq_tol(c[3], (2. - 8.) * r, 1e-6);
    csk_free(work);
    csk_linop_unref(A);
}
END_TEST

START_TEST(random_shifts_are_named)
{
    const csk_space space = csk_space_make(CSK_REAL, 2, (int64_t[]){ 64, 64 });
    int64_t a[CSK_MAX_RANK], b[CSK_MAX_RANK];
    int seen[2][16] = { { 0 } };
    csk_wavelet *w;

    tst_ok(csk_wavelet_new(&w, &space, 3, "db2", 4));
    for (uint32_t draw = 0; draw < 800; draw++) {
        csk_wavelet_random_shift(w, 7, 3, draw, a);
        csk_wavelet_random_shift(w, 7, 3, draw, b);
        for (int i = 0; i < 2; i++) {
            ck_assert_int_eq(a[i], b[i]);
            ck_assert(a[i] >= 0 && a[i] < 16);
            seen[i][a[i]]++;
        }
    }
    for (int i = 0; i < 32; i++) /* 50 expected, sd 6.8: five of them */
        ck_assert_int_le(abs(seen[i / 16][i % 16] - 50), 35);
    csk_wavelet_free(w);
}
END_TEST

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

START_TEST(refuses_bad_arguments)
{
    const csk_space space = csk_space_make(CSK_REAL, 2, (int64_t[]){ 8, 8 });
    csk_wavelet *w = NULL;
    csk_linop *A = NULL;
    csk_prox *g = NULL;

    ck_assert_int_eq(csk_wavelet_new(&w, &space, 3, "db99", 2), CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(),
                     "wavelet 'db99' is not one of haar, db1 .. db8, sym2 .. sym8");
    ck_assert_int_eq(csk_wavelet_new(&w, &space, 0, "db2", 2), CSK_ERR_ARG);
    ck_assert_int_eq(csk_wavelet_new(&w, &space, 4, "db2", 2), CSK_ERR_ARG);
    ck_assert_int_eq(csk_wavelet_new(&w, &space, 3, "db2", 0), CSK_ERR_ARG);
    ck_assert_int_eq(csk_linop_wavelet(&A, &space, 3, "db2", 99), CSK_ERR_ARG);
    ck_assert_int_eq(csk_prox_wavelet_l1(&g, &space, 3, "?", 1, true), CSK_ERR_ARG);
    ck_assert(!w && !A && !g);
}
END_TEST

static csk_status build_linop(void)
{
    const csk_space space = csk_space_make(CSK_REAL, 2, (int64_t[]){ 8, 8 });
    csk_linop *A = NULL;
    const csk_status err = csk_linop_wavelet(&A, &space, 3, "db2", 2);

    csk_linop_unref(A);
    return err;
}

static csk_status build_prox(void)
{
    const csk_space space = csk_space_make(CSK_REAL, 2, (int64_t[]){ 8, 8 });
    csk_prox *g = NULL;
    const csk_status err = csk_prox_wavelet_l1(&g, &space, 3, "db2", 2, true);

    csk_prox_free(g);
    return err;
}

START_TEST(survives_a_full_heap)
{
    tst_out_of_memory(build_linop);
    tst_out_of_memory(build_prox);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("wavelet");
    TCase *t = tcase_create("core");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, is_linear_with_its_adjoint, 0, 2 * CASES);
    tcase_add_loop_test(t, is_orthonormal_and_shifts, 0, CASES);
    tcase_add_loop_test(t, bands_tile_the_array, 0, CASES);
    tcase_add_loop_test(t, details_ignore_polynomials, 0, FAMILIES);
    tcase_add_test(t, haar_is_sums_and_differences);
    tcase_add_test(t, random_shifts_are_named);
    tcase_add_loop_test(t, prox_is_optimal, 0, CASES);
    tcase_add_test(t, cycle_spinning_denoises);
    tcase_add_test(t, refuses_bad_arguments);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
