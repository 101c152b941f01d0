/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/net/net.h"
#include "samplers/train/unet.h"
#include "tests/support/tst_file.h"
#include "tests/support/tst_net.h"

#include <math.h>
#include <string.h>

/* Counted from the description in the header. */
static int64_t count(const csk_unet *u)
{
    const int64_t e = u->embedding;
    int64_t sum = 8 * e + e + e * e + e; /* the embedding */

    for (int s = 0; s < u->scales; s++) {
        const int64_t c = u->channels[s];
        const int64_t blocks = s < u->scales - 1 ? 2 * u->blocks : u->middle;
        sum += blocks * (2 * (9 * c * c + c) + 2 * c * e + 2 * c);
        if (s < u->scales - 1) {
            const int64_t d = u->channels[s + 1];
            sum += 4 * c * d + d + 4 * c * d + 4 * c; /* down, up */
        }
        if (s == u->scales - 1 && u->attention)
            sum += 3 * c * c + 3 * c + c * c + c;
    }
    return sum + 2 * 9 * u->field_channels * u->channels[0] + u->channels[0] +
           u->field_channels;
}

static csk_net *build(const csk_unet *u, uint64_t seed)
{
    csk_tensors weights = { .item = NULL };
    char *graph = NULL;
    csk_net *net = NULL;

    tst_ok(csk_unet_build(&graph, &weights, u, seed));
    tst_ok(csk_net_parse(&net, graph, &weights, "unet"));
    csk_tensors_clear(&weights);
    csk_free(graph);
    return net;
}

START_TEST(presets_have_the_weights_they_should)
{
    /* In millions, what the noise level takes included. */
    static const double million[CSK_UNET_PRESETS] = { .038, 1.68, 3.13, 9.85 };

    for (int i = 0; i < CSK_UNET_PRESETS; i++) {
        for (int channels = 1; channels <= 2; channels++) {
            csk_unet u = csk_unet_preset(i, channels);
            u.attention = channels == 2;
            csk_net *net = build(&u, 1);
            ck_assert_int_eq(csk_net_parameters(net), count(&u));
            ck_assert_int_eq(csk_net_inputs(net), channels);
            ck_assert_int_eq(csk_net_outputs(net), channels);
            ck_assert_int_eq(csk_net_multiple(net), 1 << (u.scales - 1));
            ck_assert(csk_net_uses_sigma(net));
            u.attention = false;
            ck_assert_double_eq_tol((double)count(&u) / 1e6, million[i],
                                    .02 * million[i]);
            csk_net_free(net);
        }
    }
    ck_assert_ptr_null(csk_unet_names[CSK_UNET_PRESETS]);
}
END_TEST

/* The last convolution is zero: F = 0, and D is c_skip y. A seed is its weights. */
START_TEST(begins_at_zero)
{
    const csk_unet u = csk_unet_preset(0, 2);
    csk_net *net = build(&u, 5), *same = build(&u, 5), *other = build(&u, 6);
    const size_t bytes = (size_t)csk_net_parameters(net) * sizeof(float);
    csk_net_plan *p = NULL;

    tst_ok(csk_net_plan_new(&p, net,
                            &(csk_net_shape){ .batch = 1, .height = 16, .width = 16 }));
    float *x = tst_normal(512, 1, 0), *y = tst_normal(512, 2, 0);
    float *work = csk_alloc(csk_net_plan_work_len(p), sizeof(*work));
    csk_net_forward(p, y, x, &(double){ .1 }, NULL, work);
    ck_assert(csk_norm(512, y) == 0.);
    ck_assert_mem_eq(csk_net_weights(net), csk_net_weights(same), bytes);
    ck_assert(memcmp(csk_net_weights(net), csk_net_weights(other), bytes) != 0);
    csk_free(x), csk_free(y), csk_free(work);
    csk_net_plan_free(p);
    csk_net_free(net), csk_net_free(same), csk_net_free(other);
}
END_TEST

/* As csk_unet_build(); what is zero there becomes what others have. */
static void build_alive(char **graph, csk_tensors *weights, const csk_unet *u)
{
    tst_ok(csk_unet_build(graph, weights, u, 1));
    for (int i = 0; i < weights->count; i++) {
        csk_tensor *t = &weights->item[i];
        const int64_t n = csk_tensor_size(t);
        if (t->rank == 4 && csk_norm(n, t->data) == 0.) {
            float *z = tst_normal(n, 3, (uint32_t)i);
            csk_axpby(n, sqrt(1. / (double)(n / t->dim[0])), z, 0., t->data);
            csk_free(z);
        }
    }
}

static tst_map widened(int side, const float *x)
{
    tst_map m = tst_map_new(1, 2, side, side);

    for (int64_t i = 0; i < tst_map_size(&m); i++)
        m.data[i] = (double)x[i];
    return m;
}

/*
 * The whole net with attention, against plain loops in double: what it makes of an image, and
 * its derivatives along random directions of the image and of each tensor of weights.
 */
START_TEST(is_what_is_described_with_its_derivatives)
{
    enum { SIDE = 16, LEN = 2 * SIDE * SIDE };
    const double sigma = .3;
    csk_unet u = csk_unet_preset(0, 2);
    csk_tensors weights = { .item = NULL }, gradient = { .item = NULL },
                along = { .item = NULL };
    char *graph = NULL;
    csk_net *net = NULL;
    csk_net_plan *p = NULL;
    float *x = tst_normal(LEN, 1, 0), *dx = tst_normal(LEN, 2, 0),
          *gy = tst_normal(LEN, 4, 0);
    float y[LEN], gx[LEN];

    u.attention = true;
    build_alive(&graph, &weights, &u);
    tst_ok(csk_net_parse(&net, graph, &weights, "unet"));
    tst_ok(csk_net_plan_new(&p, net,
                            &(csk_net_shape){ .batch = 1,
                                              .height = SIDE,
                                              .width = SIDE,
                                              .derivative = CSK_NET_WEIGHTS }));
    float *work = csk_alloc(csk_net_plan_work_len(p), sizeof(*work));
    float *gw = csk_alloc(csk_net_parameters(net), sizeof(*gw));
    csk_net_forward(p, y, x, &sigma, NULL, work);
    csk_net_backward(p, gx, gw, gy, work);

    tst_net *plain = tst_net_new(graph, &weights);
    tst_map in = widened(SIDE, x), way = widened(SIDE, dx), out = widened(SIDE, gy);
    tst_map want = tst_net_eval(plain, &in, &sigma, NULL);
    double far = 0., size = 0.;
    for (int i = 0; i < LEN; i++) {
        far += pow((double)y[i] - want.data[i], 2.);
        size += pow(want.data[i], 2.);
    }
    ck_assert_double_le(sqrt(far / size), 1e-5);
    ck_assert_double_eq_tol(
        csk_dot(LEN, gx, dx),
        tst_net_slope(plain, &in, &sigma, NULL, out.data, way.data, &weights, NULL),
        1e-4 * csk_norm(LEN, gx));

    tst_ok(csk_net_export(net, gw, &gradient));
    tst_ok(csk_net_export(net, gw, &along));
    for (int i = 0; i < along.count; i++)
        csk_zero(csk_tensor_size(&along.item[i]), along.item[i].data);
    const double all = csk_norm(csk_net_parameters(net), gw);
    for (int i = 0; i < gradient.count; i++) {
        const csk_tensor *g = &gradient.item[i];
        const int64_t n = csk_tensor_size(g);
        float *z = tst_normal(n, 5, (uint32_t)i);
        csk_copy(n, z, along.item[i].data);
        ck_assert_msg(fabs(csk_dot(n, g->data, z) - tst_net_slope(plain, &in, &sigma,
                                                                  NULL, out.data, NULL,
                                                                  &weights, &along)) <=
                          1e-4 * (csk_norm(n, g->data) + .01 * all),
                      "derivative by %s", g->name);
        csk_zero(n, along.item[i].data);
        csk_free(z);
    }
    tst_net_free(plain);
    csk_free(in.data), csk_free(way.data), csk_free(out.data), csk_free(want.data);
    csk_free(x), csk_free(dx), csk_free(gy), csk_free(gw), csk_free(work),
        csk_free(graph);
    csk_tensors_clear(&weights), csk_tensors_clear(&gradient),
        csk_tensors_clear(&along);
    csk_net_plan_free(p);
    csk_net_free(net);
}
END_TEST

/* Through all blocks of the largest preset the signal keeps its order of magnitude. */
START_TEST(signal_neither_dies_nor_grows)
{
    csk_unet u = csk_unet_preset(2, 1);
    csk_tensors weights = { .item = NULL };
    char *graph = NULL;
    csk_net *net = NULL;
    csk_net_plan *p = NULL;

    build_alive(&graph, &weights, &u);
    tst_ok(csk_net_parse(&net, graph, &weights, "unet"));
    tst_ok(csk_net_plan_new(&p, net,
                            &(csk_net_shape){ .batch = 1, .height = 32, .width = 32 }));
    float *x = tst_normal(1024, 1, 0), *y = tst_normal(1024, 2, 0);
    float *work = csk_alloc(csk_net_plan_work_len(p), sizeof(*work));
    csk_net_forward(p, y, x, &(double){ .1 }, NULL, work);
    const double gain = csk_norm(1024, y) / csk_norm(1024, x);
    ck_assert_double_ge(gain, .1);
    ck_assert_double_le(gain, 10.);
    csk_free(x), csk_free(y), csk_free(work), csk_free(graph);
    csk_tensors_clear(&weights);
    csk_net_plan_free(p);
    csk_net_free(net);
}
END_TEST

START_TEST(refuses)
{
    csk_tensors weights = { .item = NULL };
    csk_unet u = csk_unet_preset(0, 2);
    char *graph = NULL;

    u.channels[1] = 24;
    tst_fails(csk_unet_build(&graph, &weights, &u, 1), CSK_ERR_ARG, "multiples of 16");
    u = csk_unet_preset(0, 2);
    u.scales = CSK_UNET_SCALES + 1;
    tst_fails(csk_unet_build(&graph, &weights, &u, 1), CSK_ERR_ARG, "7 scales");
    ck_assert_ptr_null(graph);
    ck_assert_int_eq(weights.count, 0);
}
END_TEST

static csk_status build_and_drop(void)
{
    csk_tensors weights = { .item = NULL };
    const csk_unet u = csk_unet_preset(0, 2);
    char *graph = NULL;
    const csk_status err = csk_unet_build(&graph, &weights, &u, 1);

    csk_tensors_clear(&weights);
    csk_free(graph);
    return err;
}

START_TEST(survives_out_of_memory)
{
    tst_out_of_memory(build_and_drop);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("net_unet");
    TCase *t = tcase_create("core");

    tcase_add_test(t, presets_have_the_weights_they_should);
    tcase_add_test(t, begins_at_zero);
    tcase_add_test(t, is_what_is_described_with_its_derivatives);
    tcase_add_test(t, signal_neither_dies_nor_grows);
    tcase_add_test(t, refuses);
    tcase_add_test(t, survives_out_of_memory);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
