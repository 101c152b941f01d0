/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/tst_net_session.h"
#include "cs/mem.h"
#include "tests/support/tst.h"

#include <string.h>

/* Two scales, skips by concatenation, the noise level in every block, attention below. */
static const tst_net_case unet = {
    "unet",
    2,
    2,
    8,
    12,
    "e = noise_embedding kind=sinusoidal channels=16; l = linear e weight=l.w bias=l.b;"
    "s = silu l; v = linear s weight=v.w bias=v.b; vv = linear s weight=vv.w;"
    "h = conv x weight=h.w bias=h.b;"
    "n1 = group_norm h groups=4 eps=1e-5 weight=n1.w bias=n1.b; f1 = film n1,vv;"
    "s1 = silu f1; c1 = conv s1 weight=c1.w bias=c1.b; r1 = add c1,h scale=0.7071;"
    "d = conv r1 weight=d.w bias=d.b stride=2; f2 = film d,v;"
    "n2 = group_norm f2 groups=1 eps=1e-5 weight=n2.w; q = conv n2 weight=q.w bias=q.b;"
    "t = attention q heads=2; p = conv t weight=p.w; r2 = add p,f2;"
    "u = conv r2 weight=u.w bias=u.b; y = depth_to_space u factor=2;"
    "j = concat y,r1; c3 = conv j weight=c3.w bias=c3.b; s3 = silu c3;"
    "out = conv s3 weight=out.w bias=out.b",
    "l.w 12 16, l.b 12, v.w 18 12, v.b 18, vv.w 16 12, h.w 8 2 3 3, h.b 8, n1.w 8, n1.b 8,"
    "c1.w 8 8 3 3, c1.b 8, d.w 18 8 3 3, d.b 18, n2.w 18, q.w 54 18 1 1, q.b 54, p.w 18 18 1 1,"
    "u.w 20 18 1 1, u.b 20, c3.w 8 13 3 3, c3.b 8, out.w 2 8 3 3, out.b 2"
};

/* Additive skips, a noise map: the net of samplers/train in small. */
static const tst_net_case additive = {
    "additive",
    3,
    2,
    8,
    6,
    "m = noise_map factor=1; i = concat x,m; h = conv i weight=h.w bias=h.b;"
    "a = conv h weight=a.w bias=a.b; r = relu a; b = conv r weight=b.w bias=b.b;"
    "k = add b,h; d = conv k weight=d.w stride=2 pad=0; c = conv d weight=c.w bias=c.b;"
    "g = gelu c; e = conv g weight=e.w; z = add e,d; w = conv z weight=u.w;"
    "y = depth_to_space w factor=2; j = add y,k; out = conv j weight=out.w",
    "h.w 20 3 3 3, h.b 20, a.w 20 20 3 3, a.b 20, b.w 20 20 3 3, b.b 20, d.w 34 20 2 2,"
    "c.w 34 34 3 3, c.b 34, e.w 34 34 3 3, u.w 80 34 1 1, out.w 2 20 3 3"
};

/* As FFDNet: at half the size inside. */
static const tst_net_case halves = {
    "halves",
    1,
    1,
    10,
    6,
    "u = pixel_unshuffle x factor=2; n = noise_map factor=1; m = downsample n;"
    "c = concat u,m; a = conv c weight=a.w bias=a.b; r = relu a;"
    "b = conv r weight=b.w bias=b.b; s = relu b; d = conv s weight=d.w bias=d.b;"
    "out = pixel_shuffle d factor=2",
    "a.w 24 5 3 3, a.b 24, b.w 24 24 3 3, b.b 24, d.w 4 24 3 3, d.b 4"
};

/* As TDV: an energy with one map, whose gradient is what matters. */
static const tst_net_case energy = {
    "energy",
    1,
    1,
    8,
    8,
    "p = pad x size=[2,2,2,2] mode=symmetric; k = conv p weight=k.w pad=0;"
    "a = conv k weight=a.w; s = student a; b = conv s weight=b.w; r = add k,b;"
    "d = conv r weight=d.w stride=2; c = conv d weight=c.w; t = student c;"
    "f = conv t weight=f.w; g = add d,f; u = conv_transpose g weight=u.w stride=2 pad=1;"
    "j = concat u,r; m = conv j weight=m.w; h = student m; out = conv h weight=o.w",
    "k.w 20 1 5 5, a.w 20 20 3 3, b.w 20 20 3 3, d.w 20 20 3 3, c.w 20 20 3 3,"
    "f.w 20 20 3 3, u.w 20 20 4 4, m.w 20 40 1 1, o.w 1 20 1 1"
};

/* Layers of whole blocks of 16 channels inside, and a batch of several parts of several images. */
static const tst_net_case blocks = {
    "blocks",
    6,
    1,
    12,
    12,
    "m = noise_map factor=1; i = concat x,m; h = conv i weight=h.w bias=h.b;"
    "r = silu h; a = conv r weight=a.w bias=a.b; s = silu a; b = conv s weight=b.w bias=b.b;"
    "k = add b,h; out = conv k weight=out.w",
    "h.w 32 2 3 3, h.b 32, a.w 48 32 3 3, a.b 48, b.w 32 48 3 3, b.b 32, out.w 1 32 3 3"
};

const tst_net_case *const tst_nets[TST_NETS] = { &unet, &additive, &halves, &energy,
                                                 &blocks };

/* -- one plan and its memory ------------------------------------------------ */

csk_status tst_session_plan(tst_session *s, const csk_net_shape *way)
{
    csk_net_shape shape = *way;

    shape.batch = s->c->batch;
    shape.height = s->c->height;
    shape.width = s->c->width;
    shape.derivative = CSK_NET_WEIGHTS;
    return csk_net_plan_new(&s->plan, s->net, &shape);
}

tst_session tst_session_new(const tst_net_case *c, const csk_net_shape *way)
{
    const int64_t pixels = (int64_t)c->batch * c->height * c->width;
    tst_session s = { .c = c, .net = tst_net_parsed(c) };

    tst_ok(tst_session_plan(&s, way));
    s.n = pixels * csk_net_inputs(s.net);
    s.m = pixels * csk_net_outputs(s.net);
    s.k = csk_net_parameters(s.net);
    s.x = tst_normal(s.n, 7, 0);
    s.gy = tst_normal(s.m, 7, 1);
    s.work = csk_alloc(csk_net_plan_work_len(s.plan), sizeof(*s.work));
    ck_assert_ptr_nonnull(s.work);
    return s;
}

void tst_session_end(tst_session *s)
{
    csk_net_plan_free(s->plan);
    csk_net_free(s->net);
    csk_free(s->x), csk_free(s->gy), csk_free(s->work);
}

int64_t tst_session_results(const tst_session *s)
{
    return csk_pad(s->m) + csk_pad(s->n) + csk_pad(s->k);
}

void tst_session_forward(const tst_session *s, float *y, float *work)
{
    csk_net_forward(s->plan, y, s->x, tst_net_sigma(), tst_net_step(), work);
}

void tst_session_run(const tst_session *s, float *out, float *work)
{
    float *gx = out + csk_pad(s->m);

    tst_session_forward(s, out, work);
    csk_net_backward(s->plan, gx, gx + csk_pad(s->n), s->gy, work);
}

float *tst_session_run_new(const tst_session *s, float *work)
{
    float *out = csk_alloc(tst_session_results(s), sizeof(*out));

    ck_assert_ptr_nonnull(out);
    tst_session_run(s, out, work);
    return out;
}

bool tst_net_same(int64_t n, const float *a, const float *b)
{
    return memcmp(a, b, (size_t)n * sizeof(*a)) == 0;
}
