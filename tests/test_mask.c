/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "operators/mask.h"
#include "tests/support/tst.h"

#include <math.h>
#include <string.h>

enum { KINDS = CSK_MASK_RANDOM + 1 };

static bool is_lines(int kind)
{
    return kind == CSK_MASK_UNIFORM1D || kind == CSK_MASK_GAUSSIAN1D;
}

static uint8_t *make(const csk_space *space, int kind, double accel, int acs,
                     uint64_t seed)
{
    const csk_mask_opts o = { .kind = kind, .accel = accel, .acs = acs };
    uint8_t *mask = csk_alloc(csk_space_size(space), 1);

    memset(mask, 7, (size_t)csk_space_size(space)); /* whatever it held is forgotten */
    tst_ok(csk_mask_make(mask, space, &o, seed));
    return mask;
}

static int64_t count(const uint8_t *mask, int64_t n)
{
    int64_t kept = 0;

    for (int64_t i = 0; i < n; i++) {
        ck_assert_int_le(mask[i], 1);
        kept += mask[i];
    }
    return kept;
}

static const struct {
    csk_space space;
    int64_t planes, ny, nx;
    double accel;
    int acs;
} cases[] = {
    { TST_REAL(64, 48), 1, 64, 48, 4., 12 },   { TST_REAL(31, 37), 1, 31, 37, 1.3, 5 },
    { TST_REAL(40, 40), 1, 40, 40, 1., 24 },   { TST_REAL(33, 64), 1, 33, 64, 2., 0 },
    { TST_REAL(100), 1, 100, 1, 5., 8 },       { TST_REAL(1, 50), 1, 1, 50, 1., 3 },
    { TST_REAL(3, 30, 20), 3, 30, 20, 3., 4 }, { TST_REAL(80, 81), 1, 80, 81, 11.7, 6 },
    { TST_REAL(16, 16), 1, 16, 16, 16., 1 },   { TST_REAL(5, 400), 1, 5, 400, 5., 1 },
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

START_TEST(meets_its_count_and_centre)
{
    const int64_t ny = cases[_i].ny, nx = cases[_i].nx, acs = cases[_i].acs;

    for (int kind = 0; kind < KINDS; kind++) {
        uint8_t *mask = make(&cases[_i].space, kind, cases[_i].accel, cases[_i].acs, 1);

        for (int64_t k = 0; k < cases[_i].planes; k++) {
            const uint8_t *m = mask + k * ny * nx;
            const double want = is_lines(kind)
                                    ? (double)nx * round((double)ny / cases[_i].accel)
                                    : round((double)(ny * nx) / cases[_i].accel);

            ck_assert_double_eq((double)count(m, ny * nx), want);
            for (int64_t y = 0; y < ny; y++) {
                for (int64_t x = 0; x < nx; x++) {
                    const bool in_y =
                        y >= ny / 2 - acs / 2 && y < ny / 2 - acs / 2 + acs;
                    const bool in_x =
                        x >= nx / 2 - acs / 2 && x < nx / 2 - acs / 2 + acs;

                    if (in_y && (in_x || is_lines(kind)))
                        ck_assert_int_eq(m[y * nx + x], 1);
                    if (is_lines(kind))
                        ck_assert_int_eq(m[y * nx + x], m[y * nx]);
                }
            }
        }
        csk_free(mask);
    }
}
END_TEST

START_TEST(is_named_by_its_seed)
{
    const csk_space space = TST_REAL(2, 60, 50);

    for (int kind = 0; kind < KINDS; kind++) {
        uint8_t *a = make(&space, kind, 5., 6, 1), *b = make(&space, kind, 5., 6, 1);
        uint8_t *c = make(&space, kind, 5., 6, 2);

        ck_assert_mem_eq(a, b, 6000);
        if (kind != CSK_MASK_UNIFORM1D) { /* which has few shifts */
            ck_assert_int_ne(memcmp(a, c, 6000), 0);
            ck_assert_int_ne(memcmp(a, a + 3000, 3000), 0);
        }
        csk_free(a), csk_free(b), csk_free(c);
    }
}
END_TEST

/* The same bytes on every machine: FNV-1a of a mask of each kind. */
START_TEST(is_the_same_everywhere)
{
    static const uint64_t want[KINDS] = { UINT64_C(0xa9df1938562096ef),
                                          UINT64_C(0x4110af113ebcd3a5),
                                          UINT64_C(0x8c4873a387b193a5),
                                          UINT64_C(0x5663ff57e17a0325) };
    const csk_space space = TST_REAL(57, 64);
    uint8_t *mask = make(&space, _i, 4., 8, 12345);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (int i = 0; i < 57 * 64; i++)
        hash = (hash ^ mask[i]) * UINT64_C(0x100000001b3);
    ck_assert_msg(hash == want[_i], "0x%016llx", (unsigned long long)hash);
    csk_free(mask);
}
END_TEST

/* -- Poisson disc ----------------------------------------------------------------- */

/* Distance to the nearest other sample. */
static double nearest(const uint8_t *mask, int n, int y, int x)
{
    double best = INFINITY;

    for (int v = y - 16; v <= y + 16; v++) {
        for (int u = x - 16; u <= x + 16; u++) {
            if (v < 0 || v >= n || u < 0 || u >= n || (v == y && u == x) ||
                !mask[v * n + u])
                continue;
            best = fmin(best, hypot(v - y, u - x));
        }
    }
    return best;
}

/*
 * In rings away from the centre: fewer samples the further out, and no two of them closer than
 * half of (area / samples)^(1/2). At random, 54 % of them would be: 1 - exp(-pi / 4).
 */
START_TEST(poisson_keeps_its_distance)
{
    enum { N = 144, RINGS = 4 };
    static const double accel[] = { 4., 8., 15. };
    const csk_space space = TST_REAL(N, N);
    uint8_t *mask = make(&space, CSK_MASK_POISSON, accel[_i], 16, 3);
    double area[RINGS] = { 0. }, samples[RINGS] = { 0. }, least[RINGS];

    for (int k = 0; k < RINGS; k++)
        least[k] = INFINITY;
    for (int y = 0; y < N; y++) {
        for (int x = 0; x < N; x++) {
            const int ring = (int)((hypot(y - N / 2, x - N / 2) / (N / 2) - .4) / .15);

            if (ring < 0 || ring >= RINGS)
                continue;
            area[ring]++;
            if (!mask[y * N + x])
                continue;
            samples[ring]++;
            least[ring] = fmin(least[ring], nearest(mask, N, y, x));
        }
    }
    for (int k = 0; k < RINGS; k++) {
        ck_assert_double_ge(least[k], .5 * sqrt(area[k] / samples[k]));
        if (k > 0)
            ck_assert_double_lt(samples[k] / area[k], samples[k - 1] / area[k - 1]);
    }
    csk_free(mask);
}
END_TEST

/* The first samples around the centre are complete without being asked for. */
START_TEST(poisson_is_dense_at_the_centre)
{
    enum { N = 96 };
    const csk_space space = TST_REAL(N, N);
    uint8_t *mask = make(&space, CSK_MASK_POISSON, 6., 0, 9);

    for (int y = N / 2 - 1; y <= N / 2 + 1; y++)
        ck_assert_int_ge(count(mask + y * N + N / 2 - 1, 3), 2);
    csk_free(mask);
}
END_TEST

/* -- lines -------------------------------------------------------------------------- */

START_TEST(uniform_lines_are_equidistant)
{
    static const struct {
        int64_t ny;
        double accel;
    } of[] = { { 96, 4. }, { 101, 3.7 }, { 64, 1.5 } };
    const int64_t ny = of[_i].ny;
    const csk_space space = TST_REAL(of[_i].ny, 3);

    for (uint64_t seed = 0; seed < 20; seed++) {
        uint8_t *mask = make(&space, CSK_MASK_UNIFORM1D, of[_i].accel, 0, seed);
        const int64_t lines = (int64_t)round((double)ny / of[_i].accel);
        int64_t last = -1;

        for (int64_t y = 0; y < ny; y++) {
            if (!mask[3 * y])
                continue;
            if (last >= 0) {
                ck_assert_int_ge(y - last, ny / lines);
                ck_assert_int_le(y - last, (ny + lines - 1) / lines);
            }
            last = y;
        }
        ck_assert_int_ge(last, ny - (ny + lines - 1) / lines);
        csk_free(mask);
    }
}
END_TEST

/*
 * Few lines of many over 400 seeds: mean 0 and standard deviation n/6, cut at 3 deviations.
 * 2400 draws of variance 0.973 (in deviations, after the cut): 5 standard errors, so that a right
 * program fails for fewer than one set of seeds in 500,000.
 */
START_TEST(gaussian_lines_have_their_density)
{
    enum { N = 600, SEEDS = 400, LINES = 6 };
    const csk_space space = TST_REAL(N);
    double mean = 0., square = 0.;

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        uint8_t *mask = make(&space, CSK_MASK_GAUSSIAN1D, (double)N / LINES, 0, seed);

        for (int y = 0; y < N; y++) {
            const double t = 6. * (y - N / 2) / N;
            mean += mask[y] * t / (SEEDS * LINES);
            square += mask[y] * t * t / (SEEDS * LINES);
        }
        csk_free(mask);
    }
    ck_assert_double_eq_tol(mean, 0., 5. * sqrt(.973 / (SEEDS * LINES)));
    ck_assert_double_eq_tol(square, .973, 5. * sqrt(1.75 / (SEEDS * LINES)));
}
END_TEST

/* Counts in 64 cells: chi-square of 63 degrees of freedom, 5 deviations (1e-5 or rarer). */
START_TEST(random_points_are_uniform)
{
    enum { N = 160, CELL = N / 8 };
    const csk_space space = TST_REAL(N, N);
    uint8_t *mask = make(&space, CSK_MASK_RANDOM, 8., 0, 4);
    const double want = N * N / 8. / 64.;
    double cell[64] = { 0. }, chi2 = 0.;

    for (int i = 0; i < N * N; i++)
        cell[i / N / CELL * 8 + i % N / CELL] += mask[i];
    for (int k = 0; k < 64; k++)
        chi2 += (cell[k] - want) * (cell[k] - want) / want * 8. / 7.;
    ck_assert_double_lt(chi2, 63. + 5. * sqrt(126.));
    ck_assert_double_gt(chi2, 63. - 5. * sqrt(126.));
    csk_free(mask);
}
END_TEST

/* -- arguments -------------------------------------------------------------------------- */

START_TEST(refuses_what_cannot_be)
{
    const csk_space space = TST_REAL(64, 64), wide = TST_REAL(1, 1 << 25);
    uint8_t mask[64 * 64];
    csk_mask_opts o = { .kind = CSK_MASK_POISSON, .accel = 8., .acs = 24 };

    ck_assert_int_eq(csk_mask_make(mask, &space, &o, 1), CSK_ERR_ARG);
    ck_assert_str_eq(
        csk_error_message(),
        "mask: accel is 8, acs is 24, but a centre of 576 in 4096 allows at most 7.111");
    o.kind = CSK_MASK_UNIFORM1D;
    ck_assert_int_eq(csk_mask_make(mask, &space, &o, 1), CSK_ERR_ARG);
    ck_assert_str_eq(
        csk_error_message(),
        "mask: accel is 8, acs is 24, but a centre of 24 in 64 allows at most 2.667");
    o.acs = 0;
    o.accel = 1000.;
    ck_assert_int_eq(csk_mask_make(mask, &space, &o, 1), CSK_ERR_ARG);
    o.accel = .5;
    ck_assert_int_eq(csk_mask_make(mask, &space, &o, 1), CSK_ERR_ARG);
    o = csk_mask_defaults();
    o.kind = KINDS;
    ck_assert_int_eq(csk_mask_make(mask, &space, &o, 1), CSK_ERR_ARG);
    ck_assert_int_eq(csk_mask_make(mask, &wide, NULL, 1), CSK_ERR_ARG);
    ck_assert_int_eq(csk_mask_make(mask, &(csk_space)TST_REAL(0), NULL, 1),
                     CSK_ERR_ARG);
}
END_TEST

START_TEST(options_have_names)
{
    csk_mask_opts o = csk_mask_defaults();

    ck_assert_int_eq(o.kind, CSK_MASK_POISSON);
    ck_assert_double_eq(o.accel, 4.);
    ck_assert_int_eq(o.acs, 24);
    tst_ok(csk_param_set(csk_mask_params, &o, "kind", "gaussian1d"));
    ck_assert_int_eq(o.kind, CSK_MASK_GAUSSIAN1D);
    tst_ok(csk_param_set(csk_mask_params, &o, "kind", "random"));
    ck_assert_int_eq(o.kind, CSK_MASK_RANDOM);
    ck_assert_int_eq(csk_param_set(csk_mask_params, &o, "kind", "spiral"), CSK_ERR_ARG);
}
END_TEST

static csk_status build(void)
{
    const csk_space space = TST_REAL(8, 8);
    uint8_t mask[64];
    csk_status err = CSK_OK;

    for (int kind = 0; kind < KINDS && !err; kind++)
        err = csk_mask_make(mask, &space,
                            &(csk_mask_opts){ .kind = kind, .accel = 2., .acs = 2 }, 1);
    return err;
}

START_TEST(survives_a_full_heap)
{
    tst_out_of_memory(build);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("mask");
    TCase *t = tcase_create("core");

    tcase_set_timeout(t, 30);
    tcase_add_loop_test(t, meets_its_count_and_centre, 0, CASES);
    tcase_add_test(t, is_named_by_its_seed);
    tcase_add_loop_test(t, is_the_same_everywhere, 0, KINDS);
    tcase_add_loop_test(t, poisson_keeps_its_distance, 0, 3);
    tcase_add_test(t, poisson_is_dense_at_the_centre);
    tcase_add_loop_test(t, uniform_lines_are_equidistant, 0, 3);
    tcase_add_test(t, gaussian_lines_have_their_density);
    tcase_add_test(t, random_points_are_uniform);
    tcase_add_test(t, refuses_what_cannot_be);
    tcase_add_test(t, options_have_names);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
