/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/rng.h"
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
    { 2, { CSK_REAL, 2, { 2, 53 }, { 0 } } },
    { 5, { CSK_COMPLEX, 4, { 19, 2, 21, 3 }, { 0 } } },
    { 26, { CSK_REAL, 5, { 2, 9, 2, 8, 11 }, { 0 } } },
    { 3, { CSK_COMPLEX, 2, { 6, 5 }, { 0 } } }, /* shorter than most filters */
    { 3, { CSK_COMPLEX, 2, { 61, 59 }, { 0 } } },
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

/* Large enough for several threads: lines, wide rows, rows in three dimensions. */
static const struct {
    unsigned axes;
    csk_space space;
} large[] = {
    { 3, { CSK_COMPLEX, 2, { 256, 192 }, { 0 } } },
    { 1, { CSK_REAL, 2, { 311, 300 }, { 0 } } },
    { 7, { CSK_REAL, 3, { 41, 50, 47 }, { 0 } } },
};
enum { LARGE = sizeof(large) / sizeof(large[0]) };

static const char *const operator_families[] = { "haar", "db3", "sym4", "db8" };
enum { OPERATORS = sizeof(operator_families) / sizeof(operator_families[0]) };

START_TEST(is_linear_with_its_adjoint)
{
    const int k = _i / OPERATORS;
    csk_linop *A;

    tst_ok(csk_linop_wavelet(&A, &cases[k].space, cases[k].axes,
                             operator_families[_i % OPERATORS], 3));
    ck_assert_double_eq(csk_linop_norm_bound(A), 1.);
    ck_assert(csk_linop_has_normal(A) && csk_linop_has_resolvent(A));
    tst_linop(A, 200. * FLT_EPSILON);
    csk_linop_unref(A);
}
END_TEST

START_TEST(threads_change_no_bit)
{
    csk_linop *A;

    tst_ok(csk_linop_wavelet(&A, &large[_i].space, large[_i].axes, "db3", 3));
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
    static const int64_t shifts[] = { -3, 0, 1, 5, 1000003, INT64_MIN / 8 };
    for (size_t k = 0; k < sizeof(shifts) / sizeof(shifts[0]); k++) {
        const int64_t s = shifts[k];
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
        csk_wavelet_forward(w, want, x, shift, work); /* the inverse kept c */
        ck_assert_mem_eq(c, want, (size_t)n * sizeof(*c));
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

/* Filters of length 2N, orthonormal to even shifts, with N vanishing moments and no more. */
START_TEST(filters_are_those_of_daubechies)
{
    const char *name = families[_i];
    const int N = name[0] == 'h' ? 1 : name[strlen(name) - 1] - '0';
    int length = 0;
    const double *h = NULL;

    tst_ok(csk_wavelet_filter(name, &length, &h));
    ck_assert_int_eq(length, 2 * N);
    for (int k = 0; k < N; k++) {
        double sum = 0.;
        for (int j = 0; j + 2 * k < length; j++)
            sum += h[j] * h[j + 2 * k];
        ck_assert_double_eq_tol(sum, k == 0 ? 1. : 0., 1e-14);
    }
    for (int m = 0; m <= N; m++) {
        double sum = 0., scale = 0.;
        for (int j = 0; j < length; j++) { /* g[j] = (-1)^j h[L-1-j] */
            const double term = pow(j - N, m) * h[length - 1 - j];
            sum += j % 2 ? -term : term;
            scale += fabs(term);
        }
        if (m < N)
            ck_assert_double_le(fabs(sum), 1e-13 * scale);
        else
            ck_assert_double_gt(fabs(sum), 1e-3 * scale);
    }
}
END_TEST

/* The least distance to a mirror image of itself. */
static double asymmetry(const char *name)
{
    int length;
    const double *h;
    double least = 2.;

    tst_ok(csk_wavelet_filter(name, &length, &h));
    for (int mirror = 0; mirror <= 2 * length - 2; mirror++) {
        double sum = 0.;
        for (int j = 0; j < length; j++) {
            const int i = mirror - j;
            const bool inside = i >= 0 && i < length;
            const double d = h[j] - (inside ? h[i] : 0.);
            sum += d * d + (inside ? 0. : h[j] * h[j]);
        }
        least = fmin(least, sqrt(sum));
    }
    return least;
}

START_TEST(symlets_are_nearly_symmetric)
{
    static const char *const pair[][2] = {
        { "sym4", "db4" }, { "sym5", "db5" }, { "sym6", "db6" },
        { "sym7", "db7" }, { "sym8", "db8" },
    };

    for (size_t i = 0; i < sizeof(pair) / sizeof(pair[0]); i++)
        ck_assert_double_lt(asymmetry(pair[i][0]), .9 * asymmetry(pair[i][1]));
    ck_assert_double_lt(asymmetry("sym8"), .25);
    ck_assert_double_lt(asymmetry("haar"), 1e-15);
}
END_TEST

/* pywt.dwt(x, family, "periodization") of PyWavelets 1.1.1; its c is L/2 - 1, not ours. */
START_TEST(agrees_with_pywavelets)
{
    static const float x[16] = { -11.f, -1.f, 0.f, -8.f, -2.f, -5.f, 6.f, 8.f,
                                 1.f,   8.f,  6.f, -5.f, -2.f, -8.f, 0.f, -1.f };
    static const struct {
        const char *family;
        int64_t shift; /* L/2 - 1 - c */
        float c[16];
    } gold[] = {
        { "db2",
          1 - 0,
          { -9.908786f, -2.017295f, -7.433912f, 4.268025f, 5.716913f, 8.020901f,
            -5.880998f, -2.664342f, 1.758476f, -5.596795f, -5.596795f, 5.511352f,
            2.534933f, -5.596795f, -5.596795f, 5.511352f } },
        { "db5",
          4 - 0,
          { -2.533364f, -8.624427f, -2.396965f, -8.747644f, 2.108783f, 6.221890f,
            9.528290f, -5.456060f, 5.469974f, 3.882131f, -6.216576f, 0.812032f,
            5.703790f, 3.766618f, -7.177190f, 0.830289f } },
        { "sym4",
          3 - 4,
          { -3.850124f, -7.525924f, -1.180014f, 8.286518f, 8.982693f, -3.538276f,
            -5.484308f, -5.590060f, 8.817053f, -3.459464f, -3.324733f, -4.575760f,
            6.839498f, -3.004870f, -3.324733f, -5.038061f } },
        { "sym7",
          6 - 6,
          { -5.830595f, -4.132739f, -5.824041f, 0.663982f, 8.833892f, 7.329774f,
            -4.865654f, -6.074114f, 2.566952f, 3.360882f, 5.513042f, -7.200613f,
            2.179507f, 3.550786f, 5.984721f, -8.884209f } },
        { "db8",
          7 - 2,
          { -3.611052f, -2.988294f, -7.896849f, -2.705834f, -8.573893f, -0.489801f,
            5.533436f, 10.832792f, -2.650000f, 6.863908f, -3.472361f, -4.935538f,
            -2.451013f, 8.004013f, -3.729523f, -4.700553f } },
    };
    const csk_space space = csk_space_make(CSK_REAL, 1, &(int64_t){ 16 });

    for (size_t k = 0; k < sizeof(gold) / sizeof(gold[0]); k++) {
        float c[16];
        csk_wavelet *w;

        tst_ok(csk_wavelet_new(&w, &space, 1, gold[k].family, 1));
        float *work = csk_alloc(csk_wavelet_work_len(w), sizeof(*work));
        csk_wavelet_forward(w, c, x, &gold[k].shift, work);
        for (int i = 0; i < 16; i++)
            ck_assert_double_eq_tol((double)c[i], (double)gold[k].c[i], 5e-6);
        csk_wavelet_free(w);
        csk_free(work);
    }
}
END_TEST

/* A ramp: its approximation tells where the samples sit, within one pixel of 2k + 1/2. */
START_TEST(approximation_stays_in_place)
{
    enum { LEN = 128 };
    const csk_space space = csk_space_make(CSK_REAL, 1, &(int64_t){ LEN });
    float x[LEN], c[LEN];
    csk_linop *A;

    tst_ok(csk_linop_wavelet(&A, &space, 1, families[_i], 1));
    float *work = csk_alloc(csk_linop_work_len(A), sizeof(*work));
    for (int i = 0; i < LEN; i++)
        x[i] = (float)i;
    csk_linop_apply(A, c, x, work);
    for (int k = 8; k < LEN / 2 - 8; k++)
        ck_assert_double_le(fabs((double)c[k] / sqrt(2.) - (2. * k + .5)), 1.);
    csk_free(work);
    csk_linop_unref(A);
}
END_TEST

/* The same moments in the transform: a polynomial of degree N - 1 has no detail inside. */
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

START_TEST(refuses_bad_arguments)
{
    const csk_space space = csk_space_make(CSK_REAL, 2, (int64_t[]){ 8, 8 });
    csk_wavelet *w = NULL;
    csk_linop *A = NULL;

    ck_assert_int_eq(csk_wavelet_new(&w, &space, 3, "db99", 2), CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(),
                     "wavelet 'db99' is not one of haar, db1 .. db8, sym2 .. sym8");
    ck_assert_int_eq(csk_wavelet_new(&w, &space, 0, "db2", 2), CSK_ERR_ARG);
    ck_assert_int_eq(csk_wavelet_new(&w, &space, 4, "db2", 2), CSK_ERR_ARG);
    ck_assert_int_eq(csk_wavelet_new(&w, &space, 3, "db2", 0), CSK_ERR_ARG);
    ck_assert_int_eq(csk_linop_wavelet(&A, &space, 3, "db2", 99), CSK_ERR_ARG);
    ck_assert(!w && !A);
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

START_TEST(survives_a_full_heap)
{
    tst_out_of_memory(build_linop);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("wavelet");
    TCase *t = tcase_create("core");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, is_linear_with_its_adjoint, 0, CASES * OPERATORS);
    tcase_add_loop_test(t, threads_change_no_bit, 0, LARGE);
    tcase_add_loop_test(t, is_orthonormal_and_shifts, 0, CASES);
    tcase_add_loop_test(t, bands_tile_the_array, 0, CASES);
    tcase_add_loop_test(t, filters_are_those_of_daubechies, 0, FAMILIES);
    tcase_add_test(t, symlets_are_nearly_symmetric);
    tcase_add_test(t, agrees_with_pywavelets);
    tcase_add_loop_test(t, approximation_stays_in_place, 0, FAMILIES);
    tcase_add_loop_test(t, details_ignore_polynomials, 0, FAMILIES);
    tcase_add_test(t, haar_is_sums_and_differences);
    tcase_add_test(t, random_shifts_are_named);
    tcase_add_test(t, refuses_bad_arguments);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
