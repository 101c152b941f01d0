/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/bench_dnnl.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(CSK_HAVE_DNNL)
#if defined(__GNUC__) &&                                                               \
    !defined(__clang__) /* of its headers, which know full arrays only */
#pragma GCC diagnostic ignored "-Wstringop-overread"
#endif
#include <oneapi/dnnl/dnnl.h>
#endif

#if defined(CSK_HAVE_DNNL) && DNNL_VERSION_MAJOR == 2

enum { KINDS = 3, MOST = 64 }; /* forward, by the weights, by the input */

/* One convolution: primitives, and the memory that they read and write. */
typedef struct layer {
    dnnl_memory_desc_t x, b, y; /* blocked */
    dnnl_memory_desc_t w[KINDS];
    dnnl_primitive_t run[KINDS];
    dnnl_memory_t mx, my, mdx, mdy, mb, mw[KINDS];
} layer;

struct bench_raw {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_data_type_t type;
    bool training;
    int count, winograd, blocks;
    layer at[MOST];
    struct {
        void *data;
        size_t bytes;
        int use; /* see shared() */
    } block[8 * MOST];
};

static void check(dnnl_status_t status, const char *what)
{
    if (status != dnnl_success) {
        (void)fprintf(stderr, "oneDNN: %s: error %d\n", what, (int)status);
        exit(EXIT_FAILURE);
    }
}
#define CHECK(call) check(call, #call)

static int blocks_of_16(int channels)
{
    return (channels + 15) / 16 * 16;
}

static dnnl_memory_desc_t describe(const int dim[4], dnnl_data_type_t type,
                                   dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t md;
    const dnnl_dims_t dims = { dim[0], dim[1], dim[2], dim[3] };

    CHECK(dnnl_memory_desc_init_by_tag(&md, tag == dnnl_x ? 1 : 4, dims, type, tag));
    return md;
}

/* Normal numbers: bfloat16 is the upper half of a float. */
static void *random_numbers(size_t bytes, bool bf16)
{
    const int64_t floats = (int64_t)(bytes / sizeof(float)) + 1;
    float *data = bench_alloc(floats, sizeof(*data));

    csk_rng_normal((csk_rng){ .seed = 1 }, floats, data);
    for (int64_t i = 0; i < floats; i++)
        data[i] *= .05F;
    for (int64_t i = 0; i < floats && bf16; i++) {
        uint16_t half[2];

        memcpy(half, &data[i], sizeof(half));
        half[0] = half[1];
        memcpy(&data[i], half, sizeof(half));
    }
    return data;
}

/*
 * Memory for a use: what one layer writes the next one reads. Of images that are not kept there
 * are two for each size; uses below 0 are nobody else's.
 */
static dnnl_memory_t shared(bench_raw *raw, const dnnl_memory_desc_t *md, int use)
{
    const size_t bytes = dnnl_memory_desc_get_size(md);
    dnnl_memory_t memory;
    int i = 0;

    while (i < raw->blocks &&
           (use < 0 || raw->block[i].use != use || raw->block[i].bytes != bytes))
        i++;
    if (i == raw->blocks) {
        raw->block[i].data = random_numbers(bytes, md->data_type == dnnl_bf16);
        raw->block[i].bytes = bytes;
        raw->block[i].use = use;
        raw->blocks++;
    }
    CHECK(dnnl_memory_create(&memory, md, raw->engine, raw->block[i].data));
    return memory;
}

static dnnl_memory_t own(bench_raw *raw, const dnnl_memory_desc_t *md)
{
    return shared(raw, md, -1);
}

/* A primitive and the format of the weights that it wants; false: there is none. */
static bool create(bench_raw *raw, layer *l, int kind, const bench_conv *c,
                   dnnl_alg_kind_t algorithm)
{
    const int pad = c->kernel == 2 ? 0 : (c->kernel - 1) / 2;
    const dnnl_dims_t strides = { c->stride, c->stride }, pads = { pad, pad };
    const int dim[4] = { blocks_of_16(c->out), blocks_of_16(c->in), c->kernel,
                         c->kernel };
    const dnnl_memory_desc_t w =
        describe(dim, kind == 1 ? dnnl_f32 : raw->type, dnnl_format_tag_any);
    dnnl_convolution_desc_t d;
    dnnl_primitive_desc_t pd;

    if (kind == 0)
        CHECK(dnnl_convolution_forward_desc_init(&d, dnnl_forward_training, algorithm,
                                                 &l->x, &w, &l->b, &l->y, strides, pads,
                                                 pads));
    else if (kind == 1)
        CHECK(dnnl_convolution_backward_weights_desc_init(
            &d, algorithm, &l->x, &w, &l->b, &l->y, strides, pads, pads));
    else
        CHECK(dnnl_convolution_backward_data_desc_init(&d, algorithm, &l->x, &w, &l->y,
                                                       strides, pads, pads));
    if (dnnl_primitive_desc_create(&pd, &d, NULL, raw->engine, NULL) != dnnl_success)
        return false;
    l->w[kind] = *dnnl_primitive_desc_query_md(
        pd, kind == 1 ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
    CHECK(dnnl_primitive_create(&l->run[kind], pd));
    CHECK(dnnl_primitive_desc_destroy(pd));
    return true;
}

static void execute(const bench_raw *raw, const layer *l, int kind)
{
    const dnnl_exec_arg_t forward[] = { { DNNL_ARG_SRC, l->mx },
                                        { DNNL_ARG_WEIGHTS, l->mw[0] },
                                        { DNNL_ARG_BIAS, l->mb },
                                        { DNNL_ARG_DST, l->my } };
    const dnnl_exec_arg_t weights[] = { { DNNL_ARG_SRC, l->mx },
                                        { DNNL_ARG_DIFF_DST, l->mdy },
                                        { DNNL_ARG_DIFF_WEIGHTS, l->mw[1] },
                                        { DNNL_ARG_DIFF_BIAS, l->mb } };
    const dnnl_exec_arg_t input[] = { { DNNL_ARG_DIFF_DST, l->mdy },
                                      { DNNL_ARG_WEIGHTS, l->mw[2] },
                                      { DNNL_ARG_DIFF_SRC, l->mdx } };
    const dnnl_exec_arg_t *const args[] = { forward, weights, input };

    CHECK(dnnl_primitive_execute(l->run[kind], raw->stream, kind == 2 ? 3 : 4,
                                 args[kind]));
}

static double seconds(const bench_raw *raw, const layer *l, int kind)
{
    double t[9];

    for (int i = 0; i < 9; i++) {
        t[i] = bench_now();
        execute(raw, l, kind);
        CHECK(dnnl_stream_wait(raw->stream));
        t[i] = bench_now() - t[i];
    }
    return bench_median(9, t);
}

/* Winograd's algorithm where the library has it and it is faster. */
static void choose(bench_raw *raw, layer *l, int kind, const bench_conv *c)
{
    layer other = *l;

    if (c->kernel != 3 || !create(raw, &other, kind, c, dnnl_convolution_winograd))
        return;
    other.mw[kind] = own(raw, &other.w[kind]);
    layer *slower = &other;
    if (seconds(raw, &other, kind) < seconds(raw, l, kind)) {
        const layer direct = *l;

        *l = other;
        other = direct; /* which is the slower one then */
        raw->winograd++;
    }
    CHECK(dnnl_memory_destroy(slower->mw[kind]));
    CHECK(dnnl_primitive_destroy(slower->run[kind]));
}

static bool layer_init(bench_raw *raw, layer *l, const bench_conv *c, bool last)
{
    const int x[4] = { c->batch, blocks_of_16(c->in), c->height, c->width };
    const int y[4] = { c->batch, blocks_of_16(c->out), c->height / c->stride,
                       c->width / c->stride };
    const int kinds = !raw->training ? 1 : l == raw->at ? 2 : KINDS;

    l->x = describe(x, raw->type, dnnl_aBcd16b);
    l->y = describe(y, raw->type, dnnl_aBcd16b);
    l->b = describe((int[4]){ y[1] }, dnnl_f32, dnnl_x);
    for (int kind = 0; kind < kinds; kind++) {
        if (!create(raw, l, kind, c, dnnl_convolution_direct))
            return false;
        l->mw[kind] = own(raw, &l->w[kind]);
    }
    const int i = (int)(l - raw->at);
    const int reads = raw->training ? 2 + i : i % 2;
    const int writes = raw->training ? 3 + i : (i + 1) % 2;

    l->mx = shared(raw, &l->x, i == 0 ? -1 : reads);
    l->my = shared(raw, &l->y, last ? -1 : writes);
    l->mb = own(raw, &l->b);
    if (raw->training) { /* derivatives are not kept */
        l->mdx = shared(raw, &l->x, i % 2);
        l->mdy = shared(raw, &l->y, (i + 1) % 2);
    }
    for (int kind = 0; kind < kinds; kind++)
        choose(raw, l, kind, c);
    return true;
}

bench_raw *bench_raw_new(int count, const bench_conv *conv, bool bf16, bool training)
{
    bench_raw *raw = bench_alloc(1, sizeof(*raw));

    raw->type = bf16 ? dnnl_bf16 : dnnl_f32;
    raw->training = training;
    CHECK(dnnl_engine_create(&raw->engine, dnnl_cpu, 0));
    CHECK(dnnl_stream_create(&raw->stream, raw->engine, dnnl_stream_default_flags));
    for (int i = 0; i < count && i < MOST; i++) {
        raw->count++;
        if (!layer_init(raw, &raw->at[i], &conv[i], i == count - 1)) {
            bench_raw_free(raw);
            return NULL;
        }
    }
    return raw;
}

void bench_raw_free(bench_raw *raw)
{
    if (!raw)
        return;
    for (int i = 0; i < raw->count; i++) {
        layer *l = &raw->at[i];
        dnnl_memory_t memory[] = { l->mx, l->my, l->mdx, l->mdy, l->mb };

        for (size_t k = 0; k < sizeof(memory) / sizeof(memory[0]); k++)
            (void)dnnl_memory_destroy(memory[k]);
        for (int k = 0; k < KINDS; k++) {
            (void)dnnl_memory_destroy(l->mw[k]);
            (void)dnnl_primitive_destroy(l->run[k]);
        }
    }
    (void)dnnl_stream_destroy(raw->stream);
    (void)dnnl_engine_destroy(raw->engine);
    for (int i = 0; i < raw->blocks; i++)
        csk_free(raw->block[i].data);
    csk_free(raw);
}

void bench_raw_run(void *raw_)
{
    const bench_raw *raw = raw_;

    for (int i = 0; i < raw->count; i++)
        execute(raw, &raw->at[i], 0);
    for (int i = raw->count - 1; i >= 0 && raw->training; i--) {
        execute(raw, &raw->at[i], 1);
        if (i > 0)
            execute(raw, &raw->at[i], 2);
    }
    CHECK(dnnl_stream_wait(raw->stream));
}

int bench_raw_winograd(const bench_raw *raw)
{
    return raw->winograd;
}

#else

bench_raw *bench_raw_new(int count, const bench_conv *conv, bool bf16, bool training)
{
    (void)count, (void)conv, (void)bf16, (void)training;
    return NULL;
}

void bench_raw_free(bench_raw *raw)
{
    (void)raw;
}

void bench_raw_run(void *raw)
{
    (void)raw;
}

int bench_raw_winograd(const bench_raw *raw)
{
    (void)raw;
    return 0;
}

#endif
