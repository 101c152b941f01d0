/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Convolutions by oneDNN. Images stay in blocks of 16 channels (nChw16c); weights take the
 * layout each primitive asks for, once. f32 asks for Winograd's algorithm by name, as the
 * automatic choice never takes it, and falls back to the direct one.
 *
 * Training in parts asks version 2 for the kernel of inference: it takes the weights transformed,
 * where that of training, which all other plans have, transforms them in every call, half of its
 * time for small images of many channels. The derivative by the data is then a convolution, too,
 * with the weights turned. (The library's own transform takes 4 ms for 128 to 128 channels, ours
 * 0.25.)
 */
#include "samplers/net/conv_priv.h"

#ifndef CSK_HAVE_DNNL

csk_status csk_net_conv_dnnl(net_conv **out, const net_conv_shape *shape)
{
    (void)shape;
    *out = NULL;
    return csk_fail(CSK_ERR_UNSUPPORTED, "this csk was built without oneDNN");
}

bool csk_net_conv_dnnl_can(bool bf16)
{
    (void)bf16;
    return false;
}

#else

#include "cs/mem.h"
#include "samplers/net/dnnl_priv.h"

enum { FORWARD, DATA, WEIGHTS, PASSES };

/* A primitive, and what it wants of the weights. */
typedef struct pass {
    dnnl_primitive_t run;
    dnnl_primitive_t reorder; /* dense to packed; of WEIGHTS dense += packed */
    net_md x, w, b, y, scratch;
    size_t scratch_len, w_len;
    void *packed;     /* of FORWARD and DATA; WEIGHTS has it in the scratch */
    bool transformed; /* packed as `order` says, not by the reorder; DATA: and turned */
    net_winograd order;
} pass;

typedef struct dnnl_conv {
    net_conv base;
    dnnl_engine_t engine;
    net_md dense;
    pass pass[PASSES];
} dnnl_conv;

static size_t padded(size_t bytes)
{
    return (bytes + CSK_ALIGN - 1) / CSK_ALIGN * CSK_ALIGN;
}

bool csk_net_conv_dnnl_can(bool bf16)
{
#if defined(__x86_64__) && defined(__GNUC__)
    return !bf16 || dnnl_get_effective_cpu_isa() >= dnnl_cpu_isa_avx512_core_bf16;
#else
    return !bf16;
#endif
}

/* -- making --------------------------------------------------------------------- */

static void clear_pass(pass *p)
{
    if (p->run)
        dnnl_primitive_destroy(p->run);
    if (p->reorder)
        dnnl_primitive_destroy(p->reorder);
    net_md_clear(&p->x);
    net_md_clear(&p->w);
    net_md_clear(&p->b);
    net_md_clear(&p->y);
    net_md_clear(&p->scratch);
    csk_free(p->packed);
}

static void destroy(net_conv *base)
{
    dnnl_conv *c = (dnnl_conv *)base;

    for (int k = 0; k < PASSES; k++)
        clear_pass(&c->pass[k]);
    net_md_clear(&c->dense);
    if (c->engine)
        dnnl_engine_destroy(c->engine);
}

/* The shape in whole blocks. */
static net_conv_shape in_blocks(const dnnl_conv *c)
{
    net_conv_shape s = c->base.is;

    s.in = c->base.in;
    s.out = c->base.out;
    return s;
}

/* The convolution that is the derivative by the data of one without a stride. */
static net_conv_shape turned(const dnnl_conv *c)
{
    const net_conv_shape s = in_blocks(c);
    net_conv_shape t = s;

    t.in = s.out, t.h = s.oh, t.w = s.ow;
    t.out = s.in, t.oh = s.h, t.ow = s.w;
    t.pad = s.kernel - 1 - s.pad;
    return t;
}

static dnnl_status_t describe(net_conv_mds *m, const net_conv_shape *is)
{
    const dnnl_data_type_t type = is->bf16 ? dnnl_bf16 : dnnl_f32;
    const dnnl_dims_t x = { is->batch, is->in, is->h, is->w };
    const dnnl_dims_t w = { is->out, is->in, is->kernel, is->kernel };
    const dnnl_dims_t b = { is->out };
    const dnnl_dims_t y = { is->batch, is->out, is->oh, is->ow };
    dnnl_status_t s = net_md_init(&m->x, 4, x, type, dnnl_aBcd16b);

    m->stride[0] = m->stride[1] = is->stride;
    m->pad_before[0] = m->pad_before[1] = is->pad;
    /* What a stride leaves over at the end is less padding there. */
    m->pad_after[0] = (is->oh - 1) * is->stride + is->kernel - is->h - is->pad;
    m->pad_after[1] = (is->ow - 1) * is->stride + is->kernel - is->w - is->pad;
    if (!s)
        s = net_md_init(&m->w, 4, w, type, dnnl_format_tag_any);
    if (!s)
        s = net_md_init(&m->b, 1, b, dnnl_f32, dnnl_a);
    if (!s)
        s = net_md_init(&m->y, 4, y, type, dnnl_aBcd16b);
    return s;
}

static void forget(net_conv_mds *m)
{
    net_md_clear(&m->x);
    net_md_clear(&m->w);
    net_md_clear(&m->b);
    net_md_clear(&m->y);
}

/* y := relu(y + ...) as asked for. */
static dnnl_status_t operations(dnnl_primitive_attr_t *attr, bool sum, bool relu)
{
    dnnl_post_ops_t ops = NULL;
    dnnl_status_t s = dnnl_primitive_attr_create(attr);

    if (!s && (sum || relu)) {
        s = dnnl_post_ops_create(&ops);
        if (!s && sum)
            s = net_post_sum(ops);
        if (!s && relu)
            s = net_post_relu(ops);
        if (!s)
            s = dnnl_primitive_attr_set_post_ops(*attr, ops);
        dnnl_post_ops_destroy(ops);
    }
    return s;
}

/* The same, with scratch from the caller. */
static dnnl_status_t attributes(dnnl_primitive_attr_t *attr, bool sum, bool relu)
{
    const dnnl_status_t s = operations(attr, sum, relu);

    return s ? s
             : dnnl_primitive_attr_set_scratchpad_mode(*attr,
                                                       dnnl_scratchpad_mode_user);
}

static dnnl_status_t pd_of(dnnl_primitive_desc_t *pd, int kind, dnnl_engine_t engine,
                           dnnl_alg_kind_t alg, const net_conv_mds *m,
                           dnnl_primitive_attr_t attr, dnnl_primitive_desc_t hint)
{
    switch (kind) {
    case FORWARD:
        return net_pd_forward(pd, engine, dnnl_forward_training, alg, m, attr);
    case DATA:
        return net_pd_data(pd, engine, alg, m, attr, hint);
    default:
        return net_pd_weights(pd, engine, alg, m, attr, hint);
    }
}

static bool wants_winograd(const net_conv_shape *is)
{
    return is->winograd && !is->bf16 && is->kernel == 3;
}

/* Winograd where it is wanted and there, else direct. Backward passes ask for a forward one. */
static dnnl_status_t choose(dnnl_primitive_desc_t *pd, const dnnl_conv *c, int kind,
                            const net_conv_mds *m, const net_conv_mds *forwards)
{
    const net_conv_shape *is = &c->base.is;
    const bool winograd = wants_winograd(is);
    dnnl_primitive_attr_t attr = NULL, plain = NULL;
    dnnl_status_t s =
        attributes(&attr, kind == FORWARD && is->sum, kind == FORWARD && is->relu);

    if (!s)
        s = attributes(&plain, false, false);
    for (int direct = winograd ? 0 : 1; direct < 2 && !s; direct++) {
        const dnnl_alg_kind_t alg =
            direct ? dnnl_convolution_direct : dnnl_convolution_winograd;
        dnnl_primitive_desc_t hint = NULL;
        dnnl_status_t got = dnnl_success;

        if (kind != FORWARD)
            got = net_pd_forward(&hint, c->engine, dnnl_forward_training, alg, forwards,
                                 plain);
        if (!got)
            got = pd_of(pd, kind, c->engine, alg, m, attr, hint);
        if (hint)
            dnnl_primitive_desc_destroy(hint);
        if (!got)
            break;
        *pd = NULL;
        if (direct)
            s = got;
    }
    if (plain)
        dnnl_primitive_attr_destroy(plain);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    return s;
}

/* Winograd with weights that we transform; *pd stays NULL where the library has none. */
static dnnl_status_t choose_transformed(dnnl_primitive_desc_t *pd, pass *p, int kind,
                                        const dnnl_conv *c)
{
    const net_conv_shape *is = &c->base.is;
    const net_conv_shape shape = kind == FORWARD ? in_blocks(c) : turned(c);
    dnnl_primitive_attr_t attr = NULL;
    net_conv_mds m;

    if (kind == WEIGHTS || !is->transform || !wants_winograd(is) || is->stride != 1)
        return dnnl_success;
    memset(&m, 0, sizeof(m));
    dnnl_status_t s = describe(&m, &shape);
    if (!s)
        s = attributes(&attr, kind == FORWARD && is->sum, kind == FORWARD && is->relu);
    if (kind == DATA)
        net_md_clear(&m.b);
    if (!s && net_pd_forward(pd, c->engine, dnnl_forward_inference,
                             dnnl_convolution_winograd, &m, attr))
        *pd = NULL; /* no such kernel is no error */
    if (*pd && !net_winograd_of(&p->order, *pd)) {
        dnnl_primitive_desc_destroy(*pd);
        *pd = NULL;
    }
    p->transformed = *pd;
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    forget(&m);
    return s;
}

static dnnl_status_t query(pass *p, int kind, const_dnnl_primitive_desc_t pd)
{
    static const dnnl_query_t x[] = { dnnl_query_src_md, dnnl_query_diff_src_md,
                                      dnnl_query_src_md };
    static const dnnl_query_t w[] = { dnnl_query_weights_md, dnnl_query_weights_md,
                                      dnnl_query_diff_weights_md };
    static const dnnl_query_t y[] = { dnnl_query_dst_md, dnnl_query_diff_dst_md,
                                      dnnl_query_diff_dst_md };
    const int runs = p->transformed ? FORWARD : kind;
    dnnl_status_t s = net_md_query(&p->x, pd, x[runs]);

    if (!s)
        s = net_md_query(&p->w, pd, w[runs]);
    if (!s)
        s = net_md_query(&p->y, pd, y[runs]);
    if (!s)
        s = net_md_query(&p->scratch, pd, dnnl_query_scratchpad_md);
    if (!s) {
        p->scratch_len = padded(dnnl_memory_desc_get_size(NET_MD(p->scratch)));
        p->w_len = padded(dnnl_memory_desc_get_size(NET_MD(p->w)));
    }
    return s;
}

static dnnl_status_t make_reorder(pass *p, int kind, const dnnl_conv *c)
{
    const bool back = kind == WEIGHTS;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_status_t s = operations(&attr, back, false);

    if (!s)
        s = dnnl_reorder_primitive_desc_create(
            &pd, back ? NET_MD(p->w) : NET_MD(c->dense), c->engine,
            back ? NET_MD(c->dense) : NET_MD(p->w), c->engine, attr);
    if (!s)
        s = dnnl_primitive_create(&p->reorder, pd);
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    return s;
}

/* The description of a pass, Winograd or direct, whose weights the library packs. */
static dnnl_status_t choose_reordered(dnnl_primitive_desc_t *pd, int kind,
                                      const dnnl_conv *c)
{
    const net_conv_shape shape = in_blocks(c);
    net_conv_mds m, forwards;

    memset(&m, 0, sizeof(m));
    memset(&forwards, 0, sizeof(forwards));
    dnnl_status_t s = describe(&m, &shape);
    if (!s)
        s = describe(&forwards, &shape);
    if (!s && kind == WEIGHTS) { /* derivatives of the weights are sums: float */
        const dnnl_dims_t w = { shape.out, shape.in, shape.kernel, shape.kernel };
        net_md_clear(&m.w);
        s = net_md_init(&m.w, 4, w, dnnl_f32, dnnl_format_tag_any);
    }
    if (!s)
        s = choose(pd, c, kind, &m, &forwards);
    forget(&m);
    forget(&forwards);
    return s;
}

static dnnl_status_t make_pass(dnnl_conv *c, int kind)
{
    const dnnl_dims_t b = { c->base.out };
    pass *p = &c->pass[kind];
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t s = choose_transformed(&pd, p, kind, c);

    if (!s && !pd)
        s = choose_reordered(&pd, kind, c);
    if (!s)
        s = query(p, kind, pd);
    if (kind == WEIGHTS) /* as many numbers as without an order */
        c->base.ordered = c->base.is.ordered && !c->base.padded && !s &&
                          dnnl_memory_desc_get_size(NET_MD(p->w)) ==
                              dnnl_memory_desc_get_size(NET_MD(c->dense));
    if (!s)
        s = net_md_init(&p->b, 1, b, dnnl_f32, dnnl_a);
    if (!s)
        s = dnnl_primitive_create(&p->run, pd);
    if (p->transformed)
        c->base.transformed |= 1U << kind;
    else if (!s)
        s = make_reorder(p, kind, c);
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    return s;
}

/* -- running -------------------------------------------------------------------- */

typedef struct argument {
    int is;
    const net_md *md;
    const void *at;
} argument;

/* The few words that oneDNN allocates for each argument are taken for granted. */
static void execute(const dnnl_conv *c, dnnl_primitive_t run, int n, const argument *a)
{
    dnnl_exec_arg_t args[5];
    dnnl_stream_t stream = NULL;

    dnnl_stream_create(&stream, c->engine, dnnl_stream_default_flags);
    for (int i = 0; i < n; i++) {
        args[i].arg = a[i].is;
        dnnl_memory_create(&args[i].memory, NET_MD(*a[i].md), c->engine,
                           (void *)a[i].at);
    }
    dnnl_primitive_execute(run, stream, n, args);
    dnnl_stream_wait(stream);
    for (int i = 0; i < n; i++)
        dnnl_memory_destroy(args[i].memory);
    dnnl_stream_destroy(stream);
}

static void forward(const net_conv *base, void *y, const void *x, void *work)
{
    const dnnl_conv *c = (const dnnl_conv *)base;
    const pass *p = &c->pass[FORWARD];

    execute(c, p->run, 5,
            (const argument[]){ { DNNL_ARG_SRC, &p->x, x },
                                { DNNL_ARG_WEIGHTS, &p->w, p->packed },
                                { DNNL_ARG_BIAS, &p->b, base->bias },
                                { DNNL_ARG_DST, &p->y, y },
                                { DNNL_ARG_SCRATCHPAD, &p->scratch, work } });
}

static void data(const net_conv *base, void *gx, const void *gy, void *work)
{
    const dnnl_conv *c = (const dnnl_conv *)base;
    const pass *p = &c->pass[DATA];
    const bool t = p->transformed;

    execute(c, p->run, 4,
            (const argument[]){
                { t ? DNNL_ARG_DST : DNNL_ARG_DIFF_SRC, t ? &p->y : &p->x, gx },
                { DNNL_ARG_WEIGHTS, &p->w, p->packed },
                { t ? DNNL_ARG_SRC : DNNL_ARG_DIFF_DST, t ? &p->x : &p->y, gy },
                { DNNL_ARG_SCRATCHPAD, &p->scratch, work } });
}

static void dense(const net_conv *base, float *to, const float *from)
{
    const dnnl_conv *c = (const dnnl_conv *)base;
    const pass *p = &c->pass[WEIGHTS];

    execute(c, p->reorder, 2,
            (const argument[]){ { DNNL_ARG_FROM, &p->w, from },
                                { DNNL_ARG_TO, &c->dense, to } });
}

static void weights(const net_conv *base, float *gw, float *gb, const void *x,
                    const void *gy, void *work)
{
    const dnnl_conv *c = (const dnnl_conv *)base;
    const pass *p = &c->pass[WEIGHTS];
    char *scratch = (char *)work + (base->ordered ? 0 : p->w_len);

    execute(
        c, p->run, 5,
        (const argument[]){ { DNNL_ARG_SRC, &p->x, x },
                            { DNNL_ARG_DIFF_DST, &p->y, gy },
                            { DNNL_ARG_DIFF_WEIGHTS, &p->w, base->ordered ? gw : work },
                            { DNNL_ARG_DIFF_BIAS, &p->b, gb },
                            { DNNL_ARG_SCRATCHPAD, &p->scratch, scratch } });
    if (!base->ordered)
        dense(base, gw, work);
}

static void pack(net_conv *base, const float *from)
{
    const dnnl_conv *c = (const dnnl_conv *)base;

    for (int kind = FORWARD; kind <= DATA; kind++) {
        const pass *p = &c->pass[kind];

        if (p->run && p->transformed)
            csk_net_winograd_pack(&p->order, p->packed, from, kind == DATA);
        else if (p->run)
            execute(c, p->reorder, 2,
                    (const argument[]){ { DNNL_ARG_FROM, &c->dense, from },
                                        { DNNL_ARG_TO, &p->w, p->packed } });
    }
}

static const net_conv_class class = { forward, data, weights, dense, pack, destroy };

csk_status csk_net_conv_dnnl(net_conv **out, const net_conv_shape *shape)
{
    const bool wanted[PASSES] = { shape->forward, shape->data, shape->weights };
    dnnl_conv *c = csk_net_conv_alloc(sizeof(*c), shape);
    csk_status err = CSK_OK;

    *out = NULL;
    if (!c)
        return CSK_ERR_NOMEM;
    const dnnl_dims_t w = { c->base.out, c->base.in, shape->kernel, shape->kernel };
    dnnl_status_t s = dnnl_engine_create(&c->engine, dnnl_cpu, 0);
    c->base.cls = &class;
    if (!s)
        s = net_md_init(&c->dense, 4, w, dnnl_f32, dnnl_abcd);
    for (int k = 0; k < PASSES && !s && !err; k++) {
        pass *p = &c->pass[k];

        if (!wanted[k])
            continue;
        s = make_pass(c, k);
        if (!s && k != WEIGHTS) {
            p->packed = csk_alloc((int64_t)p->w_len, 1);
            err = p->packed ? CSK_OK : CSK_ERR_NOMEM;
        }
        const bool reordered = k == WEIGHTS && !c->base.ordered;
        const size_t need = p->scratch_len + (reordered ? p->w_len : 0);
        if (need > c->base.work_len)
            c->base.work_len = need;
    }
    if (!err && s)
        err =
            s == dnnl_out_of_memory
                ? csk_fail(CSK_ERR_NOMEM, "oneDNN is out of memory")
                : csk_fail(CSK_ERR_UNSUPPORTED,
                           "oneDNN (status %d) has no convolution %d x %d, stride %d, "
                           "of %d to %d channels of %d x %d",
                           (int)s, shape->kernel, shape->kernel, shape->stride,
                           shape->in, shape->out, shape->h, shape->w);
    if (err)
        csk_net_conv_free(&c->base);
    else
        *out = &c->base;
    return err;
}

#endif
