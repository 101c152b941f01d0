/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "operators/fft.h"
#include "operators/sample.h"
#include "operators/sense.h"
#include "tests/support/tst.h"

#include <float.h>
#include <math.h>

/* [coil][...image...] */
static const csk_space cases[] = {
    { CSK_COMPLEX, 2, { 3, 17 }, { 0 } },
    { CSK_COMPLEX, 3, { 1, 16, 24 }, { 0 } },
    { CSK_COMPLEX, 3, { 4, 13, 18 }, { 0 } },
    { CSK_COMPLEX, 3, { 2, 1, 9 }, { 0 } },
    { CSK_COMPLEX, 3, { 3, 96, 100 }, { 0 } },
    { CSK_COMPLEX, 4, { 2, 5, 6, 7 }, { 0 } },
    { CSK_COMPLEX, 4, { 2, 16, 24, 25 }, { 0 } },
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

/* Blocks of columns without samples, too, so that skipping them is tried. */
static uint8_t *some_mask(int64_t n, int64_t nx)
{
    uint8_t *mask = csk_alloc(n, 1);
    float *u = csk_alloc(n, sizeof(*u));

    csk_rng_uniform((csk_rng){ 3, 0, 0 }, n, u);
    for (int64_t i = 0; i < n; i++)
        mask[i] = (u[i] < .5f && i % nx < nx / 2 + 1) || i == n / 2;
    csk_free(u);
    return mask;
}

START_TEST(is_linear_with_its_adjoint)
{
    const int64_t n = csk_space_size(&cases[_i]) / cases[_i].dim[0];
    float *maps = tst_normal(csk_space_len(&cases[_i]), 7, 0);
    uint8_t *mask = some_mask(n, cases[_i].dim[cases[_i].rank - 1]);
    csk_linop *A;

    tst_ok(csk_linop_sense(&A, &cases[_i], maps, mask));
    tst_linop(A, 300. * FLT_EPSILON);
    tst_linop_threads(A);
    csk_linop_unref(A);
    tst_ok(csk_linop_sense(&A, &cases[_i], maps, NULL));
    tst_linop(A, 300. * FLT_EPSILON);
    csk_linop_unref(A);
    const int64_t nx = cases[_i].dim[cases[_i].rank - 1];
    for (int64_t i = 0; i < n; i++) /* lines along x, the first one always */
        mask[i] = i < nx || mask[i - i % nx];
    tst_ok(csk_linop_sense(&A, &cases[_i], maps, mask));
    tst_linop(A, 300. * FLT_EPSILON);
    tst_linop_threads(A);
    csk_linop_unref(A);
    csk_free(maps), csk_free(mask);
}
END_TEST

/* Coil by coil: multiply, transform, sample. */
START_TEST(equals_its_parts)
{
    const int coils = (int)cases[_i].dim[0];
    csk_space image =
        csk_space_make(CSK_COMPLEX, cases[_i].rank - 1, cases[_i].dim + 1);
    const int64_t n = csk_space_size(&image);
    float *maps = tst_normal(2 * coils * n, 7, 0), *x = tst_normal(2 * n, 8, 0);
    uint8_t *mask = some_mask(n, image.dim[image.rank - 1]);
    float *cx = csk_alloc(2 * n, sizeof(*cx));
    csk_linop *A, *F, *S, *SF;

    tst_ok(csk_linop_sense(&A, &cases[_i], maps, mask));
    tst_ok(csk_linop_fft(&F, &image, (1u << image.rank) - 1u));
    tst_ok(csk_linop_sample(&S, &image, mask, n));
    tst_ok(csk_linop_chain(&SF, S, F));
    const int64_t m = csk_linop_rows(A), each = csk_linop_rows(SF);
    ck_assert_int_eq(m, coils * each);
    float *y = csk_alloc(m, sizeof(*y)), *want = csk_alloc(m, sizeof(*want));
    float *wa = csk_alloc(csk_linop_work_len(A), sizeof(*wa));
    float *wb = csk_alloc(csk_linop_work_len(SF), sizeof(*wb));
    csk_linop_apply(A, y, x, wa);
    for (int c = 0; c < coils; c++) {
        const float *s = maps + 2 * c * n;
        for (int64_t i = 0; i < n; i++) {
            cx[2 * i] = s[2 * i] * x[2 * i] - s[2 * i + 1] * x[2 * i + 1];
            cx[2 * i + 1] = s[2 * i] * x[2 * i + 1] + s[2 * i + 1] * x[2 * i];
        }
        csk_linop_apply(SF, want + c * each, cx, wb);
    }
    ck_assert_double_le(tst_distance(m, y, want), 2e-6);
    ck_assert_int_eq(csk_space_find(csk_linop_codomain(A), CSK_AXIS_COIL), 0);
    csk_free(maps), csk_free(x), csk_free(mask), csk_free(cx), csk_free(y),
        csk_free(want);
    csk_free(wa), csk_free(wb);
    csk_linop_unref(A), csk_linop_unref(F), csk_linop_unref(S), csk_linop_unref(SF);
}
END_TEST

START_TEST(refuses_bad_arguments)
{
    const csk_space real = csk_space_make(CSK_REAL, 2, (int64_t[]){ 2, 4 });
    const csk_space flat = csk_space_make(CSK_COMPLEX, 1, (int64_t[]){ 8 });
    const csk_space good = csk_space_make(CSK_COMPLEX, 2, (int64_t[]){ 2, 4 });
    const float maps[16] = { 1.f };
    const uint8_t none[4] = { 0 };
    csk_linop *A = NULL;

    ck_assert_int_eq(csk_linop_sense(&A, &real, maps, NULL), CSK_ERR_SHAPE);
    ck_assert_int_eq(csk_linop_sense(&A, &flat, maps, NULL), CSK_ERR_SHAPE);
    ck_assert_int_eq(csk_linop_sense(&A, &good, maps, none), CSK_ERR_ARG);
    ck_assert_ptr_null(A);
}
END_TEST

static csk_status build(void)
{
    const csk_space space = csk_space_make(CSK_COMPLEX, 3, (int64_t[]){ 2, 3, 4 });
    const float maps[48] = { 1.f };
    csk_linop *A = NULL;
    const csk_status err = csk_linop_sense(&A, &space, maps, NULL);

    csk_linop_unref(A);
    return err;
}

START_TEST(survives_a_full_heap)
{
    tst_out_of_memory(build);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("sense");
    TCase *t = tcase_create("core");

    tcase_set_timeout(t, 30);
    tcase_add_loop_test(t, is_linear_with_its_adjoint, 0, CASES);
    tcase_add_loop_test(t, equals_its_parts, 0, CASES);
    tcase_add_test(t, refuses_bad_arguments);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
