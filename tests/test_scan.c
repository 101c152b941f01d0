/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/coil.h"
#include "operators/fft.h"
#include "operators/scan.h"
#include "operators/sense.h"
#include "tests/support/tst.h"

#include <math.h>

enum { ROWS = 9, COLS = 10, N = ROWS * COLS, COILS = 3 };

/* Random k-space [coil][y][x], zero where the mask is. */
static csk_array kspace_of(const uint8_t *mask, int coils)
{
    csk_space space = csk_space_make(CSK_COMPLEX, 3, (int64_t[]){ coils, ROWS, COLS });
    csk_array a = { .data = NULL };

    space.axis[0] = CSK_AXIS_COIL;
    tst_ok(csk_array_init(&a, &space));
    float *x = tst_normal(csk_space_len(&space), 5, 0);
    for (int64_t i = 0; i < csk_space_len(&space); i++)
        a.data[i] = mask[i / 2 % N] ? x[i] : 0.f;
    csk_free(x);
    return a;
}

static csk_array maps_of(int coils)
{
    const csk_space image = TST_COMPLEX(ROWS, COLS);
    csk_array maps = { .data = NULL };

    tst_ok(csk_coil_maps(&maps, &image, coils));
    return maps;
}

static void chequer(uint8_t mask[N])
{
    for (int i = 0; i < N; i++)
        mask[i] = (i / COLS + i % COLS) % 2 == 0;
}

/* A* b is that of the operator on the whole k-space: b is in the order that A expects. */
START_TEST(gathers_what_was_measured)
{
    uint8_t mask[N];
    csk_scan s = { .A = NULL };
    csk_linop *full;

    chequer(mask);
    csk_array k = kspace_of(mask, COILS), maps = maps_of(COILS);
    tst_ok(csk_scan_init(&s, &k, &maps, _i ? mask : NULL, N));
    ck_assert_int_eq(s.coils, COILS);
    ck_assert_int_eq(s.samples, N / 2);
    ck_assert_int_eq(csk_linop_rows(s.A), 2 * COILS * (N / 2));
    ck_assert(csk_space_equal(&s.image, csk_linop_domain(s.A)));
    tst_ok(csk_linop_sense(&full, &maps.space, maps.data, NULL));
    float x[2 * N], y[2 * N];
    float *work = csk_alloc(csk_linop_work_len(s.A) + csk_linop_work_len(full), 4);
    csk_linop_adjoint(s.A, x, s.b, work);
    csk_linop_adjoint(full, y, k.data, work);
    ck_assert_double_le(tst_distance(2 * N, x, y), 1e-6);
    csk_linop_unref(full);
    csk_scan_clear(&s);
    csk_array_clear(&k), csk_array_clear(&maps), csk_free(work);
}
END_TEST

/* One coil without maps, with an axis of its own and without. */
START_TEST(one_coil_needs_no_maps)
{
    uint8_t mask[N];
    csk_scan s = { .A = NULL };
    csk_linop *F;
    float x[2 * N], y[2 * N];

    chequer(mask);
    csk_array k = kspace_of(mask, 1);
    if (_i) {
        k.space = csk_space_make(CSK_COMPLEX, 2, (int64_t[]){ ROWS, COLS });
        k.space.axis[0] = CSK_AXIS_Y;
    }
    tst_ok(csk_scan_init(&s, &k, NULL, NULL, 0));
    ck_assert_int_eq(s.coils, 1);
    ck_assert_int_eq(s.image.rank, 2);
    tst_ok(csk_linop_fft(&F, &s.image, 3));
    float *work = csk_alloc(csk_linop_work_len(s.A) + csk_linop_work_len(F), 4);
    csk_linop_adjoint(s.A, x, s.b, work);
    csk_linop_adjoint(F, y, k.data, work);
    ck_assert_double_le(tst_distance(2 * N, x, y), 1e-6);
    csk_linop_unref(F);
    csk_scan_clear(&s);
    csk_array_clear(&k), csk_free(work);
}
END_TEST

/* A mask of the plane is that of every plane of a volume. */
START_TEST(a_mask_is_repeated_over_the_first_axes)
{
    enum { PLANES = 3 };
    uint8_t plane[N], volume[PLANES * N];
    csk_array k = { .data = NULL };
    const csk_space space = TST_COMPLEX(PLANES, ROWS, COLS);
    csk_scan s = { .A = NULL }, same = s;

    chequer(plane);
    for (int i = 0; i < PLANES * N; i++)
        volume[i] = plane[i % N];
    k.space = space;
    k.data = tst_normal(2 * PLANES * N, 4, 0);
    tst_ok(csk_scan_init(&s, &k, NULL, plane, N));
    tst_ok(csk_scan_init(&same, &k, NULL, volume, PLANES * N));
    ck_assert_int_eq(s.samples, PLANES * N / 2);
    ck_assert_int_eq(csk_linop_rows(s.A), csk_linop_rows(same.A));
    ck_assert_mem_eq(s.b, same.b, sizeof(float) * PLANES * N);
    csk_scan_clear(&s), csk_scan_clear(&same);
    ck_assert_int_eq(csk_scan_init(&s, &k, NULL, volume, N + 1), CSK_ERR_SHAPE);
    ck_assert_int_eq(csk_scan_init(&s, &k, NULL, volume, 2 * PLANES * N),
                     CSK_ERR_SHAPE);
    ck_assert_ptr_null(s.A);
    csk_array_clear(&k);
}
END_TEST

START_TEST(refuses_what_does_not_fit)
{
    uint8_t mask[N] = { 0 };
    csk_scan s = { .A = NULL };
    csk_array none = kspace_of(mask, COILS);

    chequer(mask);
    csk_array k = kspace_of(mask, COILS), maps = maps_of(COILS), fewer = maps_of(2);
    ck_assert_int_eq(csk_scan_init(&s, &none, &maps, NULL, 0), CSK_ERR_NUMERIC);
    ck_assert_int_eq(csk_scan_init(&s, &k, &fewer, NULL, 0), CSK_ERR_SHAPE);
    ck_assert_int_eq(csk_scan_init(&s, &k, NULL, NULL, 0), CSK_ERR_SHAPE);
    k.space.field = CSK_REAL;
    ck_assert_int_eq(csk_scan_init(&s, &k, &maps, NULL, 0), CSK_ERR_SHAPE);
    k.space = csk_space_make(CSK_COMPLEX, 1, (int64_t[]){ COILS * N });
    ck_assert_int_eq(csk_scan_init(&s, &k, &maps, NULL, 0), CSK_ERR_SHAPE);
    ck_assert_ptr_null(s.A);
    csk_array_clear(&k), csk_array_clear(&maps), csk_array_clear(&fewer);
    csk_array_clear(&none);
}
END_TEST

static csk_array whole, sensitivities; /* of the test below */

static csk_status build(void)
{
    csk_scan s = { .A = NULL };
    const csk_status err = csk_scan_init(&s, &whole, &sensitivities, NULL, 0);

    csk_scan_clear(&s);
    return err;
}

START_TEST(survives_a_full_heap)
{
    uint8_t mask[N];

    chequer(mask);
    whole = kspace_of(mask, COILS);
    sensitivities = maps_of(COILS);
    tst_out_of_memory(build);
    csk_array_clear(&whole), csk_array_clear(&sensitivities);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("scan");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, gathers_what_was_measured, 0, 2);
    tcase_add_loop_test(t, one_coil_needs_no_maps, 0, 2);
    tcase_add_test(t, a_mask_is_repeated_over_the_first_axes);
    tcase_add_test(t, refuses_what_does_not_fit);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
