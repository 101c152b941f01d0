/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/coil.h"
#include "tests/support/tst.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

static const struct {
    int coils;
    csk_space image;
} cases[] = {
    { 1, TST_REAL(9) },        { 3, TST_COMPLEX(17) },    { 8, TST_REAL(24, 20) },
    { 5, TST_COMPLEX(7, 30) }, { 12, TST_REAL(8, 9, 5) }, { 2, TST_REAL(1, 1) },
    { 4, TST_REAL(1, 4, 4) },
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

/* B_x - i B_y at p of the loop the header describes: Biot and Savart's sum, B += dl x r / r^3. */
static void loop_sum(double turn, double height, const double p[3], double B[2])
{
    enum { PARTS = 400 };
    const double c = cos(2. * pi * turn), s = sin(2. * pi * turn);

    B[0] = B[1] = 0.;
    for (int k = 0; k < PARTS; k++) {
        const double t = 2. * pi * (k + .5) / PARTS, u = .5 * cos(t), v = .5 * sin(t);
        const double wire[3] = { 1.6 * c - u * s, 1.6 * s + u * c, height + v };
        /* inwards is the normal: the tangent turns from e_z to e_phi */
        const double dl[3] = { -v * s, v * c, -u };
        const double r[3] = { p[0] - wire[0], p[1] - wire[1], p[2] - wire[2] };
        const double w = pow(r[0] * r[0] + r[1] * r[1] + r[2] * r[2], -1.5) / PARTS;

        B[0] += w * (dl[1] * r[2] - dl[2] * r[1]);
        B[1] -= w * (dl[2] * r[0] - dl[0] * r[2]);
    }
}

START_TEST(sum_of_squares_is_one)
{
    const int64_t n = csk_space_size(&cases[_i].image);
    csk_array s = { .data = NULL };

    tst_ok(csk_coil_maps(&s, &cases[_i].image, cases[_i].coils));
    ck_assert_int_eq(s.space.field, CSK_COMPLEX);
    ck_assert_int_eq(s.space.rank, cases[_i].image.rank + 1);
    ck_assert_int_eq(s.space.dim[0], cases[_i].coils);
    ck_assert_int_eq(csk_space_size(&s.space), n * cases[_i].coils);
    ck_assert_int_eq(csk_space_find(&s.space, CSK_AXIS_COIL), 0);
    for (int64_t i = 0; i < n; i++) {
        double power = 0.;
        for (int64_t c = 0; c < cases[_i].coils; c++)
            power += csk_dot(2, s.data + 2 * (c * n + i), s.data + 2 * (c * n + i));
        ck_assert_double_eq_tol(power, 1., 1e-6);
    }
    csk_array_clear(&s);
}
END_TEST

/* Against the sum over short wires, normalised in the same way. */
static void compare(const csk_array *s, int coils, const double *turn,
                    const double *height)
{
    const int64_t nx = s->space.dim[s->space.rank - 1];
    const int64_t ny = s->space.dim[s->space.rank - 2];
    const int64_t nz = s->space.rank == 4 ? s->space.dim[1] : 1, n = nx * ny * nz;
    const double unit = fmax(fmax((double)nx, (double)ny), (double)nz) / 2.;

    for (int64_t i = 0; i < n; i++) {
        const double p[3] = { (double)(i % nx - nx / 2) / unit,
                              (double)(i / nx % ny - ny / 2) / unit,
                              (double)(i / nx / ny - nz / 2) / unit };
        double B[12][2], power = 0.;

        for (int c = 0; c < coils; c++) {
            loop_sum(turn[c], height[c], p, B[c]);
            power += B[c][0] * B[c][0] + B[c][1] * B[c][1];
        }
        for (int c = 0; c < coils; c++) {
            for (int k = 0; k < 2; k++)
                ck_assert_double_eq_tol(s->data[2 * (c * n + i) + k],
                                        B[c][k] / sqrt(power), 2e-6);
        }
    }
}

START_TEST(plane_is_biot_and_savart)
{
    const csk_space image = TST_REAL(13, 16);
    const double turn[3] = { 0., 1. / 3., 2. / 3. }, height[3] = { 0. };
    csk_array s = { .data = NULL };

    tst_ok(csk_coil_maps(&s, &image, 3));
    compare(&s, 3, turn, height);
    csk_array_clear(&s);
}
END_TEST

/* Ten loops: two rings of five, the second turned by half a loop. */
START_TEST(volume_is_biot_and_savart)
{
    const csk_space image = TST_REAL(6, 8, 7);
    double turn[10], height[10];
    csk_array s = { .data = NULL };

    for (int c = 0; c < 10; c++) {
        turn[c] = (c % 5 + .5 * (c / 5)) / 5.;
        height[c] = 6. / 4. * (c < 5 ? -.25 : .25);
    }
    tst_ok(csk_coil_maps(&s, &image, 10));
    compare(&s, 10, turn, height);
    csk_array_clear(&s);
}
END_TEST

/* A quarter turn of a square image about its centre makes of one loop the next. */
START_TEST(turns_with_the_loops)
{
    enum { N = 15, C = N / 2 };
    const csk_space image = TST_REAL(N, N);
    csk_array s = { .data = NULL };

    tst_ok(csk_coil_maps(&s, &image, 4));
    for (int y = -C; y <= C; y++) {
        for (int x = -C; x <= C; x++) {
            const float *from = s.data + 2 * ((y + C) * N + x + C);
            const float *to = s.data + 2 * (N * N + (x + C) * N - y + C);
            /* (x, y) -> (-y, x), and B turns along: B_x - i B_y gains the factor -i */
            ck_assert_double_eq_tol(to[0], from[1], 1e-6);
            ck_assert_double_eq_tol(to[1], -from[0], 1e-6);
        }
    }
    csk_array_clear(&s);
}
END_TEST

START_TEST(is_smooth_and_strongest_nearby)
{
    enum { N = 64 };
    const csk_space image = TST_REAL(N, N);
    csk_array s = { .data = NULL };

    tst_ok(csk_coil_maps(&s, &image, 8));
    for (int64_t i = 0; i < 8 * N * N; i++) {
        if (i % N != 0)
            ck_assert_double_lt(hypot((double)s.data[2 * i] - s.data[2 * i - 2],
                                      (double)s.data[2 * i + 1] - s.data[2 * i - 1]),
                                .1);
    }
    const float *right = s.data + 2 * (N / 2 * N + N - 1), *left = right - 2 * (N - 1);
    ck_assert_double_gt(hypotf(right[0], right[1]), 4. * hypotf(left[0], left[1]));
    csk_array_clear(&s);
}
END_TEST

START_TEST(bits_do_not_depend_on_threads)
{
    const csk_space image = TST_REAL(50, 41);
    csk_array one = { .data = NULL }, many = { .data = NULL };

    tst_set_threads(1);
    tst_ok(csk_coil_maps(&one, &image, 6));
    tst_set_threads(7);
    tst_ok(csk_coil_maps(&many, &image, 6));
    ck_assert_mem_eq(one.data, many.data, csk_space_len(&one.space) * sizeof(float));
    csk_array_clear(&one);
    csk_array_clear(&many);
}
END_TEST

/* -- phase --------------------------------------------------------------------- */

static csk_array ones(const csk_space *space)
{
    csk_array a;

    tst_ok(csk_array_init(&a, space));
    for (int64_t i = 0; i < csk_space_size(space); i++)
        a.data[2 * i] = 2.f;
    return a;
}

/* The modulus stays; along a path no step is large and the extremes are 3 radians apart. */
START_TEST(phase_is_smooth)
{
    enum { N = 48 };
    const csk_space image = TST_COMPLEX(N, N);
    csk_array a = ones(&image);
    double phi = 0., low = 0., high = 0.;

    tst_ok(csk_smooth_phase(&a, 5));
    for (int k = 1; k < N * N; k++) { /* boustrophedon: neighbours follow each other */
        const int y = k / N, x = y % 2 ? N - 1 - k % N : k % N;
        const int last = k - 1, ly = last / N,
                  lx = ly % 2 ? N - 1 - last % N : last % N;
        const float *z = a.data + 2 * (y * N + x), *w = a.data + 2 * (ly * N + lx);
        const double re = (double)z[0] * w[0] + (double)z[1] * w[1];
        const double im = (double)z[1] * w[0] - (double)z[0] * w[1];

        ck_assert_double_eq_tol(hypotf(z[0], z[1]), 2., 1e-6);
        ck_assert_double_lt(fabs(atan2(im, re)), .5);
        phi += atan2(im, re);
        low = fmin(low, phi);
        high = fmax(high, phi);
    }
    ck_assert_double_eq_tol(high - low, 3., 1e-4);
    csk_array_clear(&a);
}
END_TEST

START_TEST(phase_is_named_by_its_seed)
{
    const csk_space image = TST_COMPLEX(4, 5, 6);
    csk_array a = ones(&image), b = ones(&image), c = ones(&image);

    tst_ok(csk_smooth_phase(&a, 1));
    tst_ok(csk_smooth_phase(&b, 1));
    tst_ok(csk_smooth_phase(&c, 2));
    ck_assert_mem_eq(a.data, b.data, 240 * sizeof(float));
    ck_assert_double_gt(tst_distance(240, a.data, c.data), .1);
    csk_array_clear(&a), csk_array_clear(&b), csk_array_clear(&c);
}
END_TEST

START_TEST(refuses_bad_arguments)
{
    const csk_space image = TST_REAL(4, 4), deep = TST_REAL(2, 2, 2, 2);
    csk_array s = { .data = NULL }, real, long_one;

    ck_assert_int_eq(csk_coil_maps(&s, &image, 0), CSK_ERR_ARG);
    ck_assert_int_eq(csk_coil_maps(&s, &image, CSK_MAX_COILS + 1), CSK_ERR_ARG);
    ck_assert_int_eq(csk_coil_maps(&s, &deep, 4), CSK_ERR_SHAPE);
    ck_assert_int_eq(csk_coil_maps(&s, &(csk_space)TST_REAL(0, 4), 4), CSK_ERR_ARG);
    ck_assert_ptr_null(s.data);
    tst_ok(csk_array_init(&real, &image));
    tst_ok(csk_array_init(&long_one, &deep));
    ck_assert_int_eq(csk_smooth_phase(&real, 1), CSK_ERR_ARG);
    ck_assert_int_eq(csk_smooth_phase(&long_one, 1), CSK_ERR_SHAPE);
    csk_array_clear(&real), csk_array_clear(&long_one);
}
END_TEST

static csk_status build(void)
{
    const csk_space image = TST_REAL(3, 4);
    csk_array s = { .data = NULL };
    const csk_status err = csk_coil_maps(&s, &image, 2);

    csk_array_clear(&s);
    return err;
}

START_TEST(survives_a_full_heap)
{
    tst_out_of_memory(build);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("coil");
    TCase *t = tcase_create("core");

    tcase_set_timeout(t, 30);
    tcase_add_loop_test(t, sum_of_squares_is_one, 0, CASES);
    tcase_add_test(t, plane_is_biot_and_savart);
    tcase_add_test(t, volume_is_biot_and_savart);
    tcase_add_test(t, turns_with_the_loops);
    tcase_add_test(t, is_smooth_and_strongest_nearby);
    tcase_add_test(t, bits_do_not_depend_on_threads);
    tcase_add_test(t, phase_is_smooth);
    tcase_add_test(t, phase_is_named_by_its_seed);
    tcase_add_test(t, refuses_bad_arguments);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
