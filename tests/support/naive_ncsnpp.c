/* SPDX-License-Identifier: BSD-3-Clause */
/* NCSN++ and DDPM++ of score_sde_pytorch, biggan blocks. */
#include "tests/support/naive_nets.h"
#include "tests/support/tst.h"

#include <math.h>

enum { SKIPS = 64 };

typedef struct ncsnpp {
    const naive_ncsnpp_opts *o;
    int m; /* number of the next module */
    naive v, h, skip[SKIPS];
    int skips;
    naive small; /* the image on the way down */
    naive image; /* the output on the way up; no channels: none yet */
} ncsnpp;

static naive_name module(const ncsnpp *u, int at, const char *part)
{
    (void)u;
    return naive_text("all_modules.%d%s", at, part);
}

static int groups_of(naive a)
{
    return a.c / 4 < 32 ? a.c / 4 : 32;
}

static naive twice(const ncsnpp *u, naive a)
{
    return u->o->fir ? naive_fir(a, 1. / 4., 2, 1, 2, 1) : naive_twice(a);
}

static naive half(const ncsnpp *u, naive a)
{
    return u->o->fir ? naive_fir(a, 1. / 8., 1, 2, 1, 1) : naive_half(a);
}

static double joined(const ncsnpp *u)
{
    return u->o->rescale ? 1. / sqrt(2.) : 1.;
}

static void block(ncsnpp *u, int out, int up)
{
    const int m = u->m++;
    naive x = u->h;
    naive h = naive_group_norm(x, module(u, m, ".GroupNorm_0").s, groups_of(x), 1e-6);

    h = naive_apply(h, naive_silu);
    if (up) {
        h = up > 0 ? twice(u, h) : half(u, h);
        x = up > 0 ? twice(u, x) : half(u, x);
    }
    h = naive_conv(h, module(u, m, ".Conv_0").s, out, 3, 1, 1, true);
    h = naive_add(h, naive_linear(u->v, module(u, m, ".Dense_0").s, out), 1.);
    h = naive_group_norm(h, module(u, m, ".GroupNorm_1").s, groups_of(h), 1e-6);
    h = naive_conv(naive_apply(h, naive_silu), module(u, m, ".Conv_1").s, out, 3, 1, 1,
                   true);
    if (x.c != out || up)
        x = naive_conv(x, module(u, m, ".Conv_2").s, out, 1, 1, 0, true);
    u->h = naive_add(x, h, joined(u));
}

/* Weights W [in][out] and b. */
static naive nin(naive a, const char *name)
{
    const int64_t dim[2] = { a.c, a.c }, n = (int64_t)a.h * a.w;
    const float *w = naive_weight(naive_text("%s.W", name).s, 2, dim);
    const float *b = naive_weight(naive_text("%s.b", name).s, 1, dim);
    const naive y = naive_new(a.c, a.h, a.w);

    for (int64_t i = 0; i < a.c * n; i++) {
        y.x[i] = (double)b[i / n];
        for (int64_t c = 0; c < a.c; c++)
            y.x[i] += (double)w[c * a.c + i / n] * a.x[c * n + i % n];
    }
    return y;
}

static void attention(ncsnpp *u)
{
    const int m = u->m++;
    const naive h =
        naive_group_norm(u->h, module(u, m, ".GroupNorm_0").s, groups_of(u->h), 1e-6);
    const naive q = nin(h, module(u, m, ".NIN_0").s);
    const naive k = nin(h, module(u, m, ".NIN_1").s);
    const naive v = nin(h, module(u, m, ".NIN_2").s);
    const naive y = nin(naive_attention(q, k, v, 1), module(u, m, ".NIN_3").s);

    u->h = naive_add(u->h, y, joined(u));
}

static void attention_at(ncsnpp *u, int level)
{
    if (u->o->attention >> level & 1u)
        attention(u);
}

static void push(ncsnpp *u)
{
    ck_assert_int_lt(u->skips, SKIPS);
    u->skip[u->skips++] = u->h;
}

static void input_residual(ncsnpp *u)
{
    const int m = u->m++;
    const naive p = u->o->fir ? naive_fir(u->small, 1. / 8., 1, 1, 2, 2)
                              : naive_pad(u->small, 0, 1, false);
    const naive c = naive_conv(p, module(u, m, u->o->fir ? ".Conv2d_0" : ".Conv_0").s,
                               u->h.c, 3, 2, 0, true);

    u->small = u->h = naive_add(c, u->h, joined(u));
}

static void input_skip(ncsnpp *u)
{
    const int m = u->m + 1;

    u->m += 2;
    u->small = half(u, u->small);
    u->h = naive_add(
        naive_conv(u->small, module(u, m, ".Conv").s, u->h.c, 1, 1, 0, true), u->h, 1.);
}

static void way_down(ncsnpp *u)
{
    const naive_ncsnpp_opts *o = u->o;

    push(u);
    for (int i = 0; i < o->levels; i++) {
        for (int k = 0; k < o->blocks; k++) {
            block(u, o->times[i] * o->features, 0);
            attention_at(u, i);
            push(u);
        }
        if (i == o->levels - 1)
            break;
        block(u, u->h.c, -1);
        if (o->input_residual)
            input_residual(u);
        else if (o->input_skip)
            input_skip(u);
        push(u);
    }
}

static naive image_of(ncsnpp *u, int channels)
{
    const int m = u->m;
    const naive h = naive_group_norm(u->h, module(u, m, "").s, groups_of(u->h), 1e-6);

    u->m += 2;
    return naive_conv(naive_apply(h, naive_silu), module(u, m + 1, "").s, channels, 3,
                      1, 1, true);
}

static void output_skip(ncsnpp *u, int channels)
{
    const bool first = u->image.c == 0;

    if (!first) {
        u->image = twice(u, u->image);
        u->m++;
    }
    const naive more = image_of(u, channels);
    u->image = first ? more : naive_add(u->image, more, 1.);
}

static void way_up(ncsnpp *u, int channels)
{
    const naive_ncsnpp_opts *o = u->o;

    for (int i = o->levels - 1; i >= 0; i--) {
        for (int k = 0; k <= o->blocks; k++) {
            u->h = naive_concat(u->h, u->skip[--u->skips]);
            block(u, o->times[i] * o->features, 0);
        }
        attention_at(u, i);
        if (o->output_skip)
            output_skip(u, channels);
        if (i > 0)
            block(u, u->h.c, 1);
    }
}

static naive fourier(double sigma, int features)
{
    const int64_t n = features;
    const float *w = naive_weight("all_modules.0.W", 1, &n);
    const naive v = naive_new(2 * features, 1, 1);

    for (int k = 0; k < features; k++) {
        const double phase = 2. * acos(-1.) * (double)w[k] * log(sigma);
        v.x[k] = sin(phase);
        v.x[features + k] = cos(phase);
    }
    return v;
}

naive naive_ncsnpp(naive x, double sigma, double step, const naive_ncsnpp_opts *o)
{
    ncsnpp u = { .o = o, .m = o->fourier, .small = x };

    u.v = o->fourier ? fourier(sigma, o->features)
                     : naive_embedding(step, o->features, 1, true);
    for (int i = 0; i < 2; i++) {
        u.v = naive_linear(u.v, module(&u, u.m++, "").s, 4 * o->features);
        u.v = naive_apply(u.v, naive_silu);
    }
    u.h = naive_conv(x, module(&u, u.m++, "").s, o->features, 3, 1, 1, true);
    way_down(&u);
    block(&u, u.h.c, 0);
    attention(&u);
    block(&u, u.h.c, 0);
    way_up(&u, x.c);
    return o->output_skip ? u.image : image_of(&u, x.c);
}
