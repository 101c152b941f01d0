/* SPDX-License-Identifier: BSD-3-Clause */
/* Plans of networks: threads, what is kept where, memory, new weights. */
#include "cs/mem.h"
#include "cs/vec.h"
#include "tests/support/tst.h"
#include "tests/support/tst_file.h"
#include "tests/support/tst_net_session.h"

#include <pthread.h>

static tst_net_case larger(const tst_net_case *c)
{
    tst_net_case large = *c;

    large.height = 48;
    large.width = 40;
    return large;
}

typedef struct setting {
    const tst_net_case *c;
    const csk_net_shape *way;
} setting;

/*
 * All of it, so that packing is seen, too. But without parts of ours oneDNN adds the derivatives by
 * the weights in as many as there are threads: they are left out.
 */
static csk_status run_threads(void *user, void *out)
{
    const setting *set = user;
    tst_session s = tst_session_new(set->c, set->way);

    tst_session_run(&s, out, s.work);
    if (set->way->backend == CSK_NET_DNNL && !set->way->part)
        csk_zero(s.k, (float *)out + csk_pad(s.m) + csk_pad(s.n));
    tst_session_end(&s);
    return CSK_OK;
}

START_TEST(same_bits_on_any_number_of_threads)
{
    csk_net_shape way;

    if (!tst_net_way(_i, &way))
        return;
    for (int i = 0; i < TST_NETS; i++) {
        const tst_net_case large = larger(tst_nets[i]);
        tst_session s = tst_session_new(&large, &way);
        const size_t bytes = (size_t)tst_session_results(&s) * sizeof(float);

        tst_session_end(&s);
        tst_same_bits(bytes, run_threads, &(setting){ &large, &way });
    }
}
END_TEST

/* On two threads it is the same bits again and again, with the same plan and another. */
START_TEST(same_bits_again)
{
    csk_net_shape way;

    if (!tst_net_way(_i, &way))
        return;
    tst_set_threads(2);
    for (int i = 0; i < TST_NETS; i++) {
        const tst_net_case large = larger(tst_nets[i]);
        tst_session s = tst_session_new(&large, &way);
        float *want = tst_session_run_new(&s, s.work);
        float *again = tst_session_run_new(&s, s.work);

        csk_net_plan_free(s.plan);
        tst_ok(tst_session_plan(&s, &way));
        float *other = tst_session_run_new(&s, s.work);
        ck_assert(tst_net_same(tst_session_results(&s), again, want));
        ck_assert(tst_net_same(tst_session_results(&s), other, want));
        csk_free(want), csk_free(again), csk_free(other);
        tst_session_end(&s);
    }
    tst_set_threads(1);
}
END_TEST

/* -- parts of several images -------------------------------------------------------------- */

/* y, gx and gw are what they are without parts, and the same bits on any number of threads. */
START_TEST(parts_of_several_images)
{
    static const int parts[] = { 2, 3, 6 };
    csk_net_shape way;

    if (!tst_net_way(_i, &way))
        return;
    const tst_net_case *c = tst_nets[TST_BLOCKS];
    const double tol = way.precision == CSK_NET_BF16 ? .03 : 2e-5;
    way.part = 0;
    tst_session s = tst_session_new(c, &way);
    float *want = tst_session_run_new(&s, s.work);
    for (int i = 0; i < 3; i++) {
        way.part = parts[i];
        tst_session in_parts = tst_session_new(c, &way);
        float *got = tst_session_run_new(&in_parts, in_parts.work);
        const int64_t gx = csk_pad(s.m), gw = gx + csk_pad(s.n);

        ck_assert_double_le(tst_distance(s.m, got, want), tol);
        ck_assert_double_le(tst_distance(s.n, got + gx, want + gx), tol);
        ck_assert_double_le(tst_distance(s.k, got + gw, want + gw), tol);
        ck_assert_double_eq(csk_net_plan_flops(in_parts.plan),
                            csk_net_plan_flops(s.plan));
        tst_same_bits((size_t)tst_session_results(&s) * sizeof(float), run_threads,
                      &(setting){ c, &way });
        csk_free(got);
        tst_session_end(&in_parts);
    }
    csk_free(want);
    tst_session_end(&s);
}
END_TEST

START_TEST(refuses_parts_that_are_left_over)
{
    csk_net_shape way;
    tst_session s = { .c = tst_nets[TST_BLOCKS] };

    if (!tst_net_way(_i, &way))
        return;
    s.net = tst_net_parsed(s.c);
    way.part = 4;
    tst_fails(tst_session_plan(&s, &way), CSK_ERR_SHAPE, "a batch of 6 in parts of 4");
    way.part = -1;
    tst_fails(tst_session_plan(&s, &way), CSK_ERR_SHAPE, "a batch of 6 in parts of -1");
    ck_assert_ptr_null(s.plan);
    csk_net_free(s.net);
}
END_TEST

/* 6 images of 12 x 12: 9 taps, a multiplication and an addition, for every pair of channels. */
START_TEST(counts_operations)
{
    csk_net_shape way;

    if (!tst_net_way(_i, &way))
        return;
    way.part = way.part ? 2 : 0;
    tst_session s = tst_session_new(tst_nets[TST_BLOCKS], &way);
    ck_assert_double_eq(csk_net_plan_flops(s.plan),
                        6. * 12 * 12 * 9 * 2 * (2 * 32 + 2 * 32 * 48 + 32));
    tst_session_end(&s);
}
END_TEST

static void *run_often(void *user)
{
    tst_session *s = user;

    for (int i = 0; i < 3; i++) {
        csk_zero(tst_session_results(s), s->gy + csk_pad(s->m));
        tst_session_run(s, s->gy + csk_pad(s->m), s->work);
    }
    return NULL;
}

/* Two threads share a plan: each has its own work and results. */
START_TEST(a_plan_is_shared)
{
    csk_net_shape way;
    pthread_t thread[2];
    tst_session own[2];

    if (!tst_net_way(_i, &way))
        return;
    tst_session s = tst_session_new(tst_nets[TST_UNET], &way);
    float *want = tst_session_run_new(&s, s.work);
    for (int i = 0; i < 2; i++) {
        own[i] = s;
        own[i].work = csk_alloc(csk_net_plan_work_len(s.plan), sizeof(float));
        own[i].gy = csk_alloc(csk_pad(s.m) + tst_session_results(&s), sizeof(float));
        ck_assert(own[i].work && own[i].gy);
        csk_copy(s.m, s.gy, own[i].gy);
        ck_assert_int_eq(pthread_create(&thread[i], NULL, run_often, &own[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
        ck_assert(
            tst_net_same(tst_session_results(&s), own[i].gy + csk_pad(s.m), want));
        csk_free(own[i].gy), csk_free(own[i].work);
    }
    csk_free(want);
    tst_session_end(&s);
}
END_TEST

/* What backward() needs lies in work: another forward pass does not disturb. */
START_TEST(work_holds_the_state)
{
    csk_net_shape way;

    if (!tst_net_way(_i, &way))
        return;
    tst_session s = tst_session_new(tst_nets[TST_UNET], &way);
    float *want = tst_session_run_new(&s, s.work),
          *got = csk_alloc(tst_session_results(&s), sizeof(*got));
    float *other = csk_alloc(csk_net_plan_work_len(s.plan), sizeof(*other));
    float *x = s.x, *zero = csk_alloc(s.n, sizeof(*zero));
    float *y = csk_alloc(s.m, sizeof(*y));

    ck_assert(got && other && zero && y);
    tst_session_forward(&s, got, s.work);
    s.x = zero;
    tst_session_forward(&s, y, other);
    float *gx = got + csk_pad(s.m);
    csk_net_backward(s.plan, gx, gx + csk_pad(s.n), s.gy, s.work);
    ck_assert(tst_net_same(tst_session_results(&s), got, want));
    s.x = x;
    csk_free(want), csk_free(got), csk_free(other), csk_free(zero), csk_free(y);
    tst_session_end(&s);
}
END_TEST

static const tst_net_case *memory_case;
static csk_net_shape memory_way;
static int memory_runs;
static char *memory_graph;
static csk_tensors memory_weights;

static csk_status parse_and_plan(void)
{
    tst_session s = { .c = memory_case };
    csk_status err = csk_net_parse(&s.net, memory_graph, &memory_weights, "memory");

    if (err)
        return err;
    err = tst_session_plan(&s, &memory_way);
    if (!err) {
        s.work = csk_alloc(csk_net_plan_work_len(s.plan), sizeof(*s.work));
        err = s.work ? CSK_OK : CSK_ERR_NOMEM;
        csk_net_plan_free(s.plan);
    }
    csk_free(s.work);
    csk_net_free(s.net);
    return err;
}

START_TEST(full_heap)
{
    if (!tst_net_way(_i, &memory_way))
        return;
    for (int i = 0; i < TST_NETS; i++) {
        memory_case = tst_nets[i];
        memory_graph = tst_net_graph(memory_case);
        tst_net_tensors(&memory_weights, memory_case->tensors, 1);
        tst_out_of_memory(parse_and_plan);
        csk_free(memory_graph);
        csk_tensors_clear(&memory_weights);
    }
}
END_TEST

static csk_status evaluate(void)
{
    tst_session s = tst_session_new(memory_case, &memory_way);
    float *out = csk_alloc(tst_session_results(&s), sizeof(*out));

    for (int i = 0; i < memory_runs && out; i++)
        tst_session_run(&s, out, s.work);
    tst_session_end(&s);
    csk_free(out);
    return out ? CSK_OK : CSK_ERR_NOMEM;
}

START_TEST(evaluation_allocates_nothing)
{
    if (!tst_net_way(_i, &memory_way))
        return;
    for (int i = 0; i < TST_NETS; i++) {
        memory_case = tst_nets[i];
        memory_runs = 1;
        const int64_t once = tst_count_allocations(evaluate);
        memory_runs = 3;
        ck_assert_int_eq(tst_count_allocations(evaluate), once);
    }
}
END_TEST

/* -- weights ---------------------------------------------------------------- */

START_TEST(update_packs_anew)
{
    csk_net_shape way;

    if (!tst_net_way(_i, &way))
        return;
    for (int i = 0; i < TST_NETS; i++) {
        tst_session s = tst_session_new(tst_nets[i], &way);
        float *before = tst_session_run_new(&s, s.work);

        csk_scale(s.k, -.5, csk_net_weights(s.net));
        csk_net_plan_update(s.plan);
        float *got = tst_session_run_new(&s, s.work);
        csk_net_plan_free(s.plan);
        tst_ok(tst_session_plan(&s, &way));
        float *want = tst_session_run_new(&s, s.work);
        ck_assert(tst_net_same(tst_session_results(&s), got, want));
        ck_assert_double_gt(tst_distance(s.m, before, want), .1);
        csk_free(before), csk_free(got), csk_free(want);
        tst_session_end(&s);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        same_bits_on_any_number_of_threads,
        same_bits_again,
        a_plan_is_shared,
        work_holds_the_state,
        full_heap,
        evaluation_allocates_nothing,
        update_packs_anew,
        parts_of_several_images,
        refuses_parts_that_are_left_over,
        counts_operations,
    };
    Suite *suite = suite_create("net_plan");
    TCase *core = tcase_create("core");

    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        tcase_add_loop_test(core, tests[i], 0, TST_NET_WAYS);
    suite_add_tcase(suite, core);
    return tst_main(suite);
}
