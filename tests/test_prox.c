/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/prox.h"
#include "cs/vec.h"
#include "tests/support/tst.h"

#include <math.h>
#include <string.h>

enum { KINDS = 8, LONG = 70001 };

static csk_space line(csk_field field, int64_t n)
{
    return csk_space_make(field, 1, &n);
}

/* All of them, real and complex; the last axis of a field of gradients is the image. */
static csk_status make(csk_prox **g, int kind, int64_t n)
{
    const csk_field field = kind % 2 ? CSK_COMPLEX : CSK_REAL;
    const int64_t dim[2] = { 2, (n + 1) / 2 };
    const csk_space vector = line(field, n), gradients = csk_space_make(field, 2, dim);

    switch (kind / 2) {
    case 0:
        return csk_prox_zero(g, &vector);
    case 1:
        return csk_prox_l1(g, &vector);
    case 2:
        return csk_prox_box(g, &vector, -.5, 1.25);
    default:
        return csk_prox_tv_dual(g, &gradients);
    }
}

/* <P x - P y, x - y> >= ||P x - P y||^2: true of every proximal map, and of no other. */
START_TEST(is_firmly_nonexpansive)
{
    csk_prox *g;

    tst_ok(make(&g, _i, 41));
    const int64_t n = csk_space_len(&g->space);
    float *x = tst_normal(n, 1, 0), *y = tst_normal(n, 1, 1);
    float *px = csk_alloc(n, sizeof(*px)), *py = csk_alloc(n, sizeof(*py));

    csk_copy(n, x, px);
    csk_copy(n, y, py);
    csk_prox_apply(g, px, .7, 0, NULL);
    csk_prox_apply(g, py, .7, 0, NULL);
    csk_axpby(n, -1., y, 1., x);
    csk_axpby(n, -1., py, 1., px);
    ck_assert_double_ge(csk_dot(n, px, x), csk_dot(n, px, px) * (1. - 1e-5));
    csk_free(x), csk_free(y), csk_free(px), csk_free(py);
    csk_prox_free(g);
}
END_TEST

static double moreau(const csk_prox *g, int64_t n, const float *u, const float *x,
                     double t)
{
    const double d = csk_distance(n, u, x);

    return .5 * d * d + t * csk_prox_value(g, u, NULL);
}

/* u = prox(x) minimises 1/2 |u - x|^2 + t g(u): no neighbour is lower. */
START_TEST(minimises)
{
    csk_prox *g;

    tst_ok(make(&g, _i, 20));
    const int64_t n = csk_space_len(&g->space);
    const double t = _i / 2 == 3 ? 1. : .4; /* the dual ball has value at t = 1 only */
    float *x = tst_normal(n, 2, 0), *u = csk_alloc(n, sizeof(*u));

    csk_copy(n, x, u);
    csk_prox_apply(g, u, t, 0, NULL);
    const double least = moreau(g, n, u, x, t);
    ck_assert(isfinite(least));
    for (uint32_t k = 0; k < 200; k++) {
        float *v = tst_normal(n, 3, k);
        csk_axpby(n, 1., u, k % 2 ? .1 : 1e-3, v);
        ck_assert_double_ge(moreau(g, n, v, x, t), least - 1e-5);
        csk_free(v);
    }
    csk_free(x), csk_free(u);
    csk_prox_free(g);
}
END_TEST

START_TEST(l1_is_soft_thresholding)
{
    const float in[6] = { 3.f, -4.f, 0.f, 0.f, .3f, .4f };
    const csk_space real = line(CSK_REAL, 6), complex = line(CSK_COMPLEX, 3);
    const float want_real[6] = { 2.f, -3.f, 0.f, 0.f, 0.f, 0.f };
    const float want_complex[6] = { 2.4f, -3.2f, 0.f, 0.f, 0.f, 0.f };
    csk_prox *r, *c;
    float x[6];

    tst_ok(csk_prox_l1(&r, &real));
    tst_ok(csk_prox_l1(&c, &complex));
    ck_assert_double_eq_tol(csk_prox_value(r, in, NULL), 7.7, 1e-6);
    ck_assert_double_eq_tol(csk_prox_value(c, in, NULL), 5.5, 1e-6);
    memcpy(x, in, sizeof(x));
    csk_prox_apply(r, x, 1., 0, NULL);
    ck_assert_double_le(tst_distance(6, x, want_real), 1e-6);
    memcpy(x, in, sizeof(x));
    csk_prox_apply(c, x, 1., 0, NULL);
    ck_assert_double_le(tst_distance(6, x, want_complex), 1e-6);

    /* A threshold of zero leaves zeros alone. */
    memcpy(x, in, sizeof(x));
    csk_prox_apply(c, x, 0., 0, NULL);
    ck_assert_double_eq(tst_distance(6, x, in), 0.);
    csk_prox_free(r);
    csk_prox_free(c);
}
END_TEST

/* Scale in, scale out, where squares of floats leave their range; NaN does not vanish. */
START_TEST(l1_holds_at_any_scale)
{
    const float scales[] = { 1e-30f, 1e-20f, 1.f, 1e20f, 1e30f };
    const csk_space space = line(CSK_COMPLEX, 1);
    csk_prox *g;

    tst_ok(csk_prox_l1(&g, &space));
    for (int k = 0; k < 5; k++) {
        float x[2] = { 3.f * scales[k], 4.f * scales[k] };

        csk_prox_apply(g, x, 2.5 * (double)scales[k], 0, NULL);
        ck_assert_double_eq_tol((double)(x[0] / scales[k]), 1.5, 1e-5);
        ck_assert_double_eq_tol((double)(x[1] / scales[k]), 2., 1e-5);
    }
    float x[2] = { NAN, 0.f };
    csk_prox_apply(g, x, 1., 0, NULL);
    ck_assert(isnan(x[0]));
    csk_prox_free(g);
}
END_TEST

START_TEST(box_clamps)
{
    const csk_space space = line(CSK_REAL, 4);
    float x[4] = { -2.f, .25f, 7.f, NAN };
    csk_prox *g = NULL;

    ck_assert_int_eq(csk_prox_box(&g, &space, 1., 0.), CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(), "box: 1..0 holds no number");
    ck_assert_int_eq(csk_prox_box(&g, &space, NAN, 0.), CSK_ERR_ARG);
    ck_assert_int_eq(csk_prox_box(&g, &space, INFINITY, INFINITY), CSK_ERR_ARG);
    ck_assert_ptr_null(g);

    tst_ok(csk_prox_box(&g, &space, 0., INFINITY));
    ck_assert(csk_prox_value(g, x, NULL) == INFINITY);
    csk_prox_apply(g, x, 9., 0, NULL);
    ck_assert(x[0] == 0.f && x[1] == .25f && x[2] == 7.f && isnan(x[3]));
    x[3] = 1.f;
    ck_assert_double_eq(csk_prox_value(g, x, NULL), 0.);
    csk_prox_free(g);
}
END_TEST

/* Components are the first axis: pixel 0 holds (3, 4), pixel 1 (0.1, 0), and (i, 0). */
START_TEST(tv_dual_projects_pixels)
{
    const int64_t dim[2] = { 2, 3 };
    const csk_space real = csk_space_make(CSK_REAL, 2, dim);
    const csk_space complex = csk_space_make(CSK_COMPLEX, 2, dim);
    float x[6] = { 3.f, .1f, 0.f, 4.f, 0.f, 0.f };
    float z[12] = { 3.f, 4.f, 0.f, 1.f, 0.f, 0.f, 0.f, 12.f, 0.f, 0.f, 0.f, 0.f };
    const float want[6] = { 1.2f, .1f, 0.f, 1.6f, 0.f, 0.f };
    csk_prox *r, *c;

    tst_ok(csk_prox_tv_dual(&r, &real));
    tst_ok(csk_prox_tv_dual(&c, &complex));
    ck_assert(csk_prox_value(r, x, NULL) == INFINITY);
    csk_prox_apply(r, x, 2., 0, NULL);
    ck_assert_double_le(tst_distance(6, x, want), 1e-6);
    csk_prox_apply(c, z, 1., 0, NULL);
    ck_assert_double_eq_tol((double)z[0], 3. / 13., 1e-6);
    ck_assert_double_eq_tol((double)z[7], 12. / 13., 1e-6);
    ck_assert_double_eq((double)z[3], 1.);
    ck_assert_double_eq(csk_prox_value(c, z, NULL), 0.);
    csk_prox_apply(c, z, 0., 0, NULL);
    ck_assert_double_eq(csk_norm(12, z), 0.);
    csk_prox_free(r);
    csk_prox_free(c);
}
END_TEST

START_TEST(same_bits_for_any_threads)
{
    const int threads[] = { 1, 2, 7 };
    csk_prox *g;
    float *x[3];
    double value[3];

    tst_ok(make(&g, _i, LONG));
    const int64_t n = csk_space_len(&g->space);
    for (int k = 0; k < 3; k++) {
        tst_set_threads(threads[k]);
        x[k] = tst_normal(n, 5, 0);
        csk_prox_apply(g, x[k], .3, 0, NULL);
        value[k] = csk_prox_value(g, x[k], NULL);
        ck_assert_mem_eq(x[k], x[0], n * sizeof(float));
        ck_assert_double_eq(value[k], value[0]);
    }
    tst_set_threads(1);
    csk_free(x[0]), csk_free(x[1]), csk_free(x[2]);
    csk_prox_free(g);
}
END_TEST

static int kind_now;

static csk_status build(void)
{
    csk_prox *g = NULL;
    const csk_status err = make(&g, kind_now, 8);

    csk_prox_free(g);
    return err;
}

START_TEST(survives_out_of_memory)
{
    kind_now = _i;
    tst_out_of_memory(build);
}
END_TEST

START_TEST(rejects_impossible_spaces)
{
    const csk_space empty = { .field = CSK_REAL, .rank = 1 };
    csk_prox *g = NULL;

    ck_assert_int_eq(csk_prox_l1(&g, &empty), CSK_ERR_ARG);
    ck_assert_int_eq(csk_prox_box(&g, &empty, 0., 1.), CSK_ERR_ARG);
    ck_assert_ptr_null(g);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("prox");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, is_firmly_nonexpansive, 0, KINDS);
    tcase_add_loop_test(t, minimises, 0, KINDS);
    tcase_add_test(t, l1_is_soft_thresholding);
    tcase_add_test(t, l1_holds_at_any_scale);
    tcase_add_test(t, box_clamps);
    tcase_add_test(t, tv_dual_projects_pixels);
    tcase_add_loop_test(t, same_bits_for_any_threads, 0, KINDS);
    tcase_add_loop_test(t, survives_out_of_memory, 0, KINDS);
    tcase_add_test(t, rejects_impossible_spaces);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
