/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole networks against an evaluation in double; what a network says of itself. */
#include "cs/mem.h"
#include "cs/vec.h"
#include "tests/support/tst.h"
#include "tests/support/tst_net_session.h"

static const tst_net_case plain = {
    "plain", 1, 3, 4, 6, "out = conv x weight=w bias=b", "w 5 3 3 3, b 5"
};

/* -- against the reference -------------------------------------------------- */

START_TEST(whole_nets)
{
    csk_net_shape way;

    if (!tst_net_way(_i, &way))
        return;
    for (int i = 0; i < TST_NETS; i++) {
        tst_net_check_forward(tst_nets[i], &way);
        tst_net_check_backward(tst_nets[i], &way);
    }
}
END_TEST

/* -- weights ------------------------------------------------------------------ */

/* The same net comes from its own export; a vector is exported by the same names. */
START_TEST(export_round_trip)
{
    for (int i = 0; i < TST_NETS; i++) {
        char *graph = tst_net_graph(tst_nets[i]);
        csk_tensors given = { 0 }, out = { 0 };
        csk_net *net = tst_net_parsed(tst_nets[i]), *again;
        const int64_t k = csk_net_parameters(net);
        int64_t sum = 0;

        tst_net_tensors(&given, tst_nets[i]->tensors, 1);
        tst_ok(csk_net_export(net, NULL, &out));
        ck_assert_int_eq(out.count, given.count);
        for (int j = 0; j < out.count; j++) {
            const csk_tensor *a = &out.item[j], *b = csk_tensors_find(&given, a->name);

            ck_assert_msg(b && a->rank == b->rank, "%s", a->name);
            for (int r = 0; r < a->rank; r++)
                ck_assert_int_eq(a->dim[r], b->dim[r]);
            ck_assert_msg(tst_net_same(csk_tensor_size(a), a->data, b->data), "%s",
                          a->name);
            sum += csk_tensor_size(a);
        }
        ck_assert_int_eq(sum, k);
        tst_ok(csk_net_parse(&again, graph, &out, "export"));
        ck_assert(tst_net_same(k, csk_net_weights(again), csk_net_weights(net)));
        ck_assert_int_eq(csk_net_export(net, NULL, &out), CSK_ERR_ARG); /* twice */
        csk_net_free(net), csk_net_free(again), csk_free(graph);
        csk_tensors_clear(&given), csk_tensors_clear(&out);
    }
}
END_TEST

START_TEST(export_of_a_vector)
{
    csk_net *net = tst_net_parsed(&plain);
    const int64_t k = csk_net_parameters(net);
    float *vector = tst_normal(k, 9, 0);
    csk_tensors out = { 0 };

    ck_assert_int_eq(k, 5 * 3 * 9 + 5);
    tst_ok(csk_net_export(net, vector, &out));
    csk_copy(k, vector, csk_net_weights(net));
    csk_free(vector);
    for (int i = 0; i < out.count; i++) {
        csk_tensors own = { 0 };

        tst_ok(csk_net_export(net, NULL, &own));
        ck_assert_str_eq(own.item[i].name, out.item[i].name);
        ck_assert(tst_net_same(csk_tensor_size(&out.item[i]), out.item[i].data,
                               own.item[i].data));
        csk_tensors_clear(&own);
    }
    csk_tensors_clear(&out);
    csk_net_free(net);
}
END_TEST

/* -- what a net says of itself ---------------------------------------------- */

START_TEST(facts)
{
    const struct {
        const tst_net_case *c;
        int inputs, outputs, multiple;
        bool sigma;
    } rows[] = {
        { tst_nets[TST_UNET], 2, 2, 2, true },
        { tst_nets[TST_ADDITIVE], 2, 2, 2, true },
        { tst_nets[TST_HALVES], 1, 1, 2, true },
        { tst_nets[TST_ENERGY], 1, 1, 2, false },
        { tst_nets[TST_BLOCKS], 1, 1, 1, true },
        { &plain, 3, 5, 1, false },
    };
    static const tst_net_case thrice = {
        "thrice",
        1,
        1,
        24,
        24,
        "a = conv x weight=w stride=2; b = downsample a; c = space_to_depth b factor=3;"
        "d = depth_to_space c factor=3; e = upsample d; out = upsample e",
        "w 1 1 3 3"
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        csk_net *net = tst_net_parsed(rows[i].c);

        ck_assert_int_eq(csk_net_inputs(net), rows[i].inputs);
        ck_assert_int_eq(csk_net_outputs(net), rows[i].outputs);
        ck_assert_int_eq(csk_net_multiple(net), rows[i].multiple);
        ck_assert_int_eq(csk_net_uses_sigma(net), rows[i].sigma);
        csk_net_free(net);
    }
    csk_net *net = tst_net_parsed(&thrice);
    ck_assert_int_eq(csk_net_multiple(net), 12);
    csk_net_free(net);
}
END_TEST

START_TEST(sizes_that_do_not_fit)
{
    csk_net *net = tst_net_parsed(tst_nets[TST_UNET]);
    csk_net_plan *plan = NULL;

    ck_assert_int_eq(
        csk_net_plan_new(&plan, net,
                         &(csk_net_shape){ .batch = 1, .height = 7, .width = 8 }),
        CSK_ERR_SHAPE);
    ck_assert_int_eq(
        csk_net_plan_new(&plan, net,
                         &(csk_net_shape){ .batch = 1, .height = 8, .width = 9 }),
        CSK_ERR_SHAPE);
    ck_assert_ptr_null(plan);
    csk_net_free(net);
}
END_TEST

START_TEST(what_the_machine_cannot)
{
    ck_assert(csk_net_can(CSK_NET_PLAIN, CSK_NET_F32));
    ck_assert(csk_net_can(CSK_NET_PLAIN, CSK_NET_F32_DIRECT));
    ck_assert(csk_net_can(CSK_NET_AUTO, CSK_NET_F32));
    for (int i = 0; i < TST_NET_WAYS; i++) {
        csk_net_shape way;
        tst_session s = { .c = &plain, .net = tst_net_parsed(&plain) };

        if (!tst_net_way(i, &way)) {
            ck_assert_int_eq(tst_session_plan(&s, &way), CSK_ERR_UNSUPPORTED);
            ck_assert_ptr_null(s.plan);
        }
        csk_net_free(s.net);
    }
}
END_TEST

/* A net without noise level takes NULL; where a step is not given it is the level. */
START_TEST(noise_levels_left_out)
{
    const csk_net_shape way = { .backend = CSK_NET_AUTO };
    tst_session s = tst_session_new(&plain, &way);
    float *one = csk_alloc(s.m, sizeof(*one)), *two = csk_alloc(s.m, sizeof(*two));

    ck_assert(one && two);
    tst_session_forward(&s, one, s.work);
    csk_net_forward(s.plan, two, s.x, NULL, NULL, s.work);
    ck_assert(tst_net_same(s.m, one, two));
    csk_free(one), csk_free(two);
    tst_session_end(&s);

    s = tst_session_new(tst_nets[TST_UNET], &way);
    one = csk_alloc(s.m, sizeof(*one)), two = csk_alloc(s.m, sizeof(*two));
    ck_assert(one && two);
    csk_net_forward(s.plan, one, s.x, tst_net_sigma(), NULL, s.work);
    csk_net_forward(s.plan, two, s.x, tst_net_sigma(), tst_net_sigma(), s.work);
    ck_assert(tst_net_same(s.m, one, two));
    tst_session_forward(&s, two, s.work);
    ck_assert(!tst_net_same(s.m, one, two));
    csk_free(one), csk_free(two);
    tst_session_end(&s);
}
END_TEST

/* 2 multiplications and additions for every weight at every pixel. */
START_TEST(flops)
{
    static const tst_net_case c = { "flops",      2,  32,
                                    16,           20, "out = conv x weight=w",
                                    "w 64 32 3 3" };
    const csk_net_shape way = { .backend = CSK_NET_AUTO };
    tst_session s = tst_session_new(&c, &way);
    const double want = 2. * (64 * 32 * 9) * (2 * 16 * 20);

    ck_assert_double_ge(csk_net_plan_flops(s.plan), .99 * want);
    ck_assert_double_le(csk_net_plan_flops(s.plan), 1.05 * want);
    tst_session_end(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net");
    TCase *core = tcase_create("core");

    tcase_add_loop_test(core, whole_nets, 0, TST_NET_WAYS);
    tcase_add_test(core, export_round_trip);
    tcase_add_test(core, export_of_a_vector);
    tcase_add_test(core, facts);
    tcase_add_test(core, sizes_that_do_not_fit);
    tcase_add_test(core, what_the_machine_cannot);
    tcase_add_test(core, noise_levels_left_out);
    tcase_add_test(core, flops);
    suite_add_tcase(suite, core);
    return tst_main(suite);
}
