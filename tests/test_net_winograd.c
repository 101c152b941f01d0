/* SPDX-License-Identifier: BSD-3-Clause */
/* Weights transformed for Winograd's algorithm: by the definition, and as oneDNN reads them. */
#include "cs/mem.h"
#include "samplers/net/plan_priv.h"
#include "samplers/net/winograd_priv.h"
#include "tests/support/tst.h"
#include "tests/support/tst_net_case.h"

#if __has_include(<oneapi/dnnl/dnnl_version.h>)
#include <oneapi/dnnl/dnnl_version.h>
#endif

#define COUNT(list) (int)(sizeof(list) / sizeof((list)[0]))

enum { SIDE = NET_WINOGRAD_SIDE, BLOCK = 16 };

/* G of winograd_priv.h from its points; the last row is the one at infinity. */
static void rows_of_g(double g[SIDE][3])
{
    static const double point[SIDE - 1] = { 0., .625, -.625, 1.5, -1.5 };

    for (int i = 0; i < SIDE - 1; i++) {
        double n = 1.;

        for (int j = 0; j < SIDE - 1; j++)
            n /= j == i ? 1. : point[i] - point[j];
        for (int k = 0; k < 3; k++)
            g[i][k] = n * (k == 0 ? 1. : k == 1 ? point[i] : point[i] * point[i]);
    }
    g[SIDE - 1][0] = g[SIDE - 1][1] = 0.;
    g[SIDE - 1][2] = 1.;
}

static double transformed(const float *tap, bool turned, int y, int x)
{
    double g[SIDE][3], sum = 0.;

    rows_of_g(g);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++)
            sum += g[y][i] * g[x][j] * (double)tap[turned ? 8 - 3 * i - j : 3 * i + j];
    }
    return sum;
}

/* [out / group][6][6][in / group][out group][in group][16][16] */
static int64_t place(const net_winograd *w, int o, int i, int y, int x)
{
    const int ob = o / BLOCK, ib = i / BLOCK;
    int64_t at = ob / w->out_group;

    at = (at * SIDE + y) * SIDE + x;
    at = at * (w->in / BLOCK / w->in_group) + ib / w->in_group;
    at = at * w->out_group + ob % w->out_group;
    at = at * w->in_group + ib % w->in_group;
    at = at * BLOCK + i % BLOCK;
    return at * BLOCK + o % BLOCK;
}

static const net_winograd orders[] = {
    { 16, 16, 1, 1 }, { 32, 64, 1, 2 }, { 64, 32, 4, 1 },
    { 64, 48, 2, 3 }, { 32, 32, 2, 2 },
};

START_TEST(is_the_definition)
{
    const net_winograd *w = &orders[_i / 2];
    const bool turned = _i % 2;
    const int64_t pairs = (int64_t)w->in * w->out;
    float *dense = tst_normal(9 * pairs, 3, 0);
    float *to = csk_alloc(SIDE * SIDE * pairs, sizeof(*to));

    ck_assert_ptr_nonnull(to);
    csk_net_winograd_pack(w, to, dense, turned);
    for (int o = 0; o < w->out; o++) {
        for (int i = 0; i < w->in; i++) {
            const int64_t from =
                turned ? (int64_t)i * w->out + o : (int64_t)o * w->in + i;

            for (int k = 0; k < SIDE * SIDE; k++) {
                const double want =
                    transformed(dense + 9 * from, turned, k / SIDE, k % SIDE);
                const double got = (double)to[place(w, o, i, k / SIDE, k % SIDE)];
                ck_assert_double_eq_tol(got, want, 2e-6);
            }
        }
    }
    csk_free(dense);
    csk_free(to);
}
END_TEST

/* Shapes for which oneDNN 2.6 groups all blocks of channels, some of them, and one by one. */
static const tst_net_case convolutions[] = {
    { "32 to 32", 2, 32, 12, 12, "out = conv x weight=w bias=b", "w 32 32 3 3, b 32" },
    { "32 to 32, rectified", 2, 32, 12, 12, "a = conv x weight=w bias=b; out = relu a",
      "w 32 32 3 3, b 32" },
    { "64 to 48", 4, 64, 12, 12, "out = conv x weight=w bias=b", "w 48 64 3 3, b 48" },
    { "256 to 16", 4, 256, 8, 8, "out = conv x weight=w", "w 16 256 3 3" },
    { "48 to 32 and back", 2, 48, 16, 16,
      "a = conv x weight=wa bias=ba; r = silu a; c = conv r weight=wb bias=bb;"
      "out = add c,x",
      "wa 32 48 3 3, ba 32, wb 48 32 3 3, bb 48" },
    { "pad 0 and pad 2", 2, 32, 12, 12,
      "a = conv x weight=wa pad=0; out = conv a weight=wb pad=2 bias=b",
      "wa 32 32 3 3, wb 32 32 3 3, b 32" },
    { "20 to 40 to 20", 2, 20, 12, 12,
      "a = conv x weight=wa; r = silu a; out = conv r weight=wb",
      "wa 40 20 3 3, wb 20 40 3 3" },
};

/* Of these, forwards and by the data; none of a pad of 2. */
static const int transformed_passes[COUNT(convolutions)] = { 2, 2, 2, 2, 4, 2, 4 };

/* Version 2 has it for AVX-512; later ones show no weights. */
static bool has_the_kernel(void)
{
#if defined(DNNL_VERSION_MAJOR) && DNNL_VERSION_MAJOR == 2
    return csk_net_can(CSK_NET_DNNL, CSK_NET_BF16);
#else
    return false;
#endif
}

/* How many convolutions, forwards and by the data, take weights that we have transformed. */
static int count_transformed(const tst_net_case *c, const csk_net_shape *way)
{
    csk_net *net = tst_net_parsed(c);
    csk_net_shape shape = *way;
    csk_net_plan *plan;
    int count = 0;

    shape.batch = c->batch;
    shape.height = c->height;
    shape.width = c->width;
    shape.derivative = CSK_NET_WEIGHTS;
    tst_ok(csk_net_plan_new(&plan, net, &shape));
    for (int v = 1; v <= net->nodes; v++) {
        const net_conv *conv = plan->step[v].conv;

        count += conv ? (conv->transformed & 1) + (conv->transformed >> 1 & 1) : 0;
    }
    csk_net_plan_free(plan);
    csk_net_free(net);
    return count;
}

START_TEST(is_what_the_library_reads)
{
    const tst_net_case *c = &convolutions[_i];
    const csk_net_shape way = { .backend = CSK_NET_DNNL, .part = c->batch };

    if (!csk_net_can(way.backend, way.precision))
        return; /* built without oneDNN: there is nothing to read them */
    if (has_the_kernel())
        ck_assert_int_eq(count_transformed(c, &way), transformed_passes[_i]);
    tst_net_check_forward(c, &way);
    tst_net_check_backward(c, &way);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net_winograd");
    TCase *core = tcase_create("core");

    tcase_add_loop_test(core, is_the_definition, 0, 2 * COUNT(orders));
    tcase_add_loop_test(core, is_what_the_library_reads, 0, COUNT(convolutions));
    suite_add_tcase(suite, core);
    return tst_main(suite);
}
