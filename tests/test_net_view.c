/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/net_view_priv.h"
#include "tests/support/tst.h"

#include <math.h>

enum { CELL = 4, NAMES = 400 };

static const csk_net_view views[] = {
    { true, true, CELL, 2, 6, 6, 6, 6 },    /* complex, square */
    { true, true, CELL, 2, 6, 5, 8, 8 },    /* with a border */
    { true, true, CELL, 2, 3, 1, 4, 4 },    /* smaller than a cell */
    { false, true, CELL, 1, 6, 6, 8, 8 },   /* real */
    { false, true, CELL, 3, 5, 7, 16, 16 }, /* colours; mirrored more than once */
};

/* The transposes, under every way: <E x, u> = <x, E* u>, <L u, x> = <u, L* x>. */
START_TEST(has_transposes)
{
    const csk_net_view *v = &views[_i];
    const int64_t n = csk_net_view_len(v), m = csk_net_view_padded_len(v);
    float *x = tst_normal(n, 1, 0), *u = tst_normal(m, 1, 1);
    float *there = csk_alloc(m, sizeof(*there)), *back = csk_alloc(n, sizeof(*back));

    for (uint32_t draw = 0; draw < 20; draw++) {
        const csk_net_pose pose = csk_net_view_pose(v, &(csk_rng){ 1, 2, draw });
        const double size = csk_norm(n, x) * csk_norm(m, u);

        csk_net_view_enter(v, &pose, there, x, 1.F, 0.F);
        csk_net_view_leave_slope(v, &pose, back, x, u, 0.F, 1.F);
        ck_assert_double_eq_tol(csk_dot(m, there, u), csk_dot(n, x, back), 1e-6 * size);

        csk_net_view_leave(v, &pose, back, u, 0.F, 1.F, 0.F);
        csk_net_view_enter_slope(v, &pose, there, x);
        ck_assert_double_eq_tol(csk_dot(n, back, x), csk_dot(m, u, there), 1e-6 * size);
    }
    csk_free(x), csk_free(u), csk_free(there), csk_free(back);
}
END_TEST

/* What enters leaves as it was, and what the network sees in its crop has the same norm. */
START_TEST(undoes_itself)
{
    const csk_net_view *v = &views[_i];
    const int64_t n = csk_net_view_len(v), m = csk_net_view_padded_len(v);
    float *x = tst_normal(n, 1, 0), *y = csk_alloc(n, sizeof(*y));
    float *there = csk_alloc(m, sizeof(*there));

    for (uint32_t draw = 0; draw < 20; draw++) {
        const csk_net_pose pose = csk_net_view_pose(v, &(csk_rng){ 1, 2, draw });

        csk_net_view_enter(v, &pose, there, x, 2.F, 3.F);
        csk_net_view_leave(v, &pose, y, there, 0.F, .5F, -1.5F);
        ck_assert_double_lt(csk_distance(n, x, y), 1e-5 * csk_norm(n, x));
        csk_net_view_enter(v, &pose, there, x, 2.F, 0.F);
        csk_copy(n, x, y);
        csk_net_view_leave(v, &pose, y, there, -1.F, .5F, 0.F);
        ck_assert_double_lt(csk_norm(n, y), 1e-5 * csk_norm(n, x));
        csk_net_view_enter_slope(v, &pose, there, x);
        ck_assert_double_eq_tol(csk_norm(m, there), csk_norm(n, x),
                                1e-5 * csk_norm(n, x));
    }
    csk_free(x), csk_free(y), csk_free(there);
}
END_TEST

/* Two pixels down, one to the right, times i: (a + ib) i = -b + ia. */
START_TEST(moves_and_dephases)
{
    enum { H = 3, W = 4 };
    const csk_net_view v = { true, true, CELL, 2, H, W, H, W };
    const csk_net_pose pose = { .down = 2, .right = 1, .cos = 0.F, .sin = 1.F };
    float *x = tst_normal(2 * H * W, 1, 0), *to = csk_alloc(2 * H * W, sizeof(*to));

    csk_net_view_enter(&v, &pose, to, x, 1.F, 0.F);
    for (int i = 0; i < H * W; i++) {
        const int from = (i / W + 2) % H * W + (i % W + 1) % W;

        ck_assert_float_eq(to[i], -x[2 * from + 1]);
        ck_assert_float_eq(to[H * W + i], x[2 * from]);
    }
    csk_free(x), csk_free(to);
}
END_TEST

/* Upside down, then one pixel down in the image, with a border: row y is row (h - 1 - y + 1) mod h. */
START_TEST(turns_before_it_moves)
{
    enum { H = 3, W = 2, PADDED = 4 };
    const csk_net_view v = { true, true, CELL, 2, H, W, PADDED, PADDED };
    const csk_net_pose pose = { .way = 1, .down = 1, .cos = 1.F };
    float *x = tst_normal(2 * H * W, 1, 0);
    float *to = csk_alloc(2 * PADDED * PADDED, sizeof(*to));

    csk_net_view_enter(&v, &pose, to, x, 1.F, 0.F);
    for (int y = 0; y < PADDED; y++) {
        for (int k = 0; k < PADDED; k++) {
            const int row = (H - (y < H ? y : 2 * H - 1 - y)) % H;
            const int column = k < W ? k : 2 * W - 1 - k;

            for (int part = 0; part < 2; part++)
                ck_assert_float_eq(to[(part * PADDED + y) * PADDED + k],
                                   x[2 * (row * W + column) + part]);
        }
    }
    csk_free(x), csk_free(to);
}
END_TEST

/*
 * Of NAMES poses each way, and of complex images each move, is met: one of 8 is missed with a
 * probability of 8 (7/8)^400 < 1e-21. The mean phase factor has the standard deviation
 * 1/sqrt(2 NAMES) in each part: five of them, 6e-7.
 */
START_TEST(poses_differ)
{
    const csk_net_view *v = &views[_i];
    int ways[8] = { 0 }, down[CELL] = { 0 }, right[CELL] = { 0 };
    double cosine = 0., sine = 0.;

    for (uint32_t draw = 0; draw < NAMES; draw++) {
        const csk_net_pose pose = csk_net_view_pose(v, &(csk_rng){ 1, 2, draw });

        ways[pose.way]++;
        down[pose.down]++;
        right[pose.right]++;
        cosine += (double)pose.cos / NAMES;
        sine += (double)pose.sin / NAMES;
        ck_assert_double_eq_tol(hypot((double)pose.cos, (double)pose.sin), 1., 1e-6);
    }
    for (int k = 0; k < 8; k++)
        ck_assert_int_eq(ways[k] > 0, k < 4 || v->h == v->w);
    for (int k = 1; k < CELL; k++) {
        ck_assert_int_eq(down[k] > 0, v->interleaved && k < v->h);
        ck_assert_int_eq(right[k] > 0, v->interleaved && k < v->w);
    }
    if (v->interleaved) {
        ck_assert_double_lt(fabs(cosine), 5. / sqrt(2. * NAMES));
        ck_assert_double_lt(fabs(sine), 5. / sqrt(2. * NAMES));
    } else {
        ck_assert_double_eq_tol(cosine, 1., 1e-12);
    }
}
END_TEST

START_TEST(stands_as_it_is)
{
    csk_net_view v = views[_i];

    for (int named = 0; named < 2; named++) {
        v.turn = !named;
        const csk_net_pose pose =
            csk_net_view_pose(&v, named ? &(csk_rng){ 1, 2, 3 } : NULL);

        ck_assert_int_eq(pose.way, 0);
        ck_assert_int_eq(pose.down, 0);
        ck_assert_int_eq(pose.right, 0);
        ck_assert_float_eq(pose.cos, 1.F);
        ck_assert_float_eq(pose.sin, 0.F);
    }
}
END_TEST

int main(void)
{
    enum { VIEWS = sizeof(views) / sizeof(*views) };
    Suite *s = suite_create("net_view");
    TCase *core = tcase_create("core");

    tcase_add_loop_test(core, has_transposes, 0, VIEWS);
    tcase_add_loop_test(core, undoes_itself, 0, VIEWS);
    tcase_add_test(core, moves_and_dephases);
    tcase_add_test(core, turns_before_it_moves);
    tcase_add_loop_test(core, poses_differ, 0, VIEWS);
    tcase_add_loop_test(core, stands_as_it_is, 0, VIEWS);
    suite_add_tcase(s, core);
    return tst_main(s);
}
