/* SPDX-License-Identifier: BSD-3-Clause */
/* The U-Nets of diffusion models: DDPM's, ADM's, NCSN++'s. */
#include "tests/support/naive_nets.h"
#include "tests/support/tst.h"

#include <math.h>

enum { SKIPS = 64 };

/* What all of them carry through. */
typedef struct way {
    naive v, h, skip[SKIPS];
    int skips;
} way;

static void push(way *u)
{
    ck_assert_int_lt(u->skips, SKIPS);
    u->skip[u->skips++] = u->h;
}

static void pop(way *u)
{
    ck_assert_int_gt(u->skips, 0);
    u->h = naive_concat(u->h, u->skip[--u->skips]);
}

static naive embed(naive v, const char *first, const char *second, int width)
{
    v = naive_apply(naive_linear(v, first, width), naive_silu);
    return naive_apply(naive_linear(v, second, width), naive_silu);
}

/* -- DDPM ------------------------------------------------------------------------------- */

static naive ddpm_block(const way *u, const char *at, int out, bool ho)
{
    const naive x = u->h;
    naive h = naive_apply(naive_group_norm(x, naive_text("%s.norm1", at).s, 32, 1e-6),
                          naive_silu);

    h = naive_conv(h, naive_text("%s.conv1", at).s, out, 3, 1, 1, true);
    h = naive_add(
        h,
        naive_linear(
            u->v, naive_text("%s.%s", at, ho ? "temb_proj" : "time_emb_proj").s, out),
        1.);
    h = naive_apply(naive_group_norm(h, naive_text("%s.norm2", at).s, 32, 1e-6),
                    naive_silu);
    h = naive_conv(h, naive_text("%s.conv2", at).s, out, 3, 1, 1, true);
    if (x.c == out)
        return naive_add(x, h, 1.);
    return naive_add(
        naive_conv(x, naive_text("%s.%s", at, ho ? "nin_shortcut" : "conv_shortcut").s,
                   out, 1, 1, 0, true),
        h, 1.);
}

/* diffusers keeps the maps of attention as matrices. */
static naive map_of(naive a, const char *module, bool matrix)
{
    const int64_t dim[4] = { a.c, a.c, 1, 1 };

    if (matrix)
        (void)naive_weight(naive_text("%s.weight", module).s, 2, dim);
    if (!matrix)
        return naive_conv(a, module, a.c, 1, 1, 0, true);
    const float *w = naive_weight(naive_text("%s.weight", module).s, 2, dim);
    const float *b = naive_weight(naive_text("%s.bias", module).s, 1, dim);
    const naive y = naive_new(a.c, a.h, a.w);
    const int64_t n = (int64_t)a.h * a.w;
    for (int64_t i = 0; i < a.c * n; i++) {
        y.x[i] = (double)b[i / n];
        for (int64_t c = 0; c < a.c; c++)
            y.x[i] += (double)w[i / n * a.c + c] * a.x[c * n + i % n];
    }
    return y;
}

static naive ddpm_attention(naive x, const char *at, naive_layout layout)
{
    static const char *const names[3][5] = {
        { "norm", "q", "k", "v", "proj_out" },
        { "group_norm", "to_q", "to_k", "to_v", "to_out.0" },
        { "group_norm", "query", "key", "value", "proj_attn" },
    };
    const char *const *name = names[layout];
    const naive h = naive_group_norm(x, naive_text("%s.%s", at, name[0]).s, 32, 1e-6);
    naive part[3];

    for (int i = 0; i < 3; i++)
        part[i] = map_of(h, naive_text("%s.%s", at, name[1 + i]).s, layout != NAIVE_HO);
    const naive y = naive_attention(part[0], part[1], part[2], 1);
    return naive_add(
        x, map_of(y, naive_text("%s.%s", at, name[4]).s, layout != NAIVE_HO), 1.);
}

static void ddpm_unit(way *u, const char *level, int k, int out, naive_layout layout,
                      bool attention)
{
    const bool ho = layout == NAIVE_HO;

    u->h = ddpm_block(u, naive_text(ho ? "%s.block.%d" : "%s.resnets.%d", level, k).s,
                      out, ho);
    if (attention)
        u->h = ddpm_attention(
            u->h, naive_text(ho ? "%s.attn.%d" : "%s.attentions.%d", level, k).s,
            layout);
}

static void ddpm_middle(way *u, naive_layout layout)
{
    const bool ho = layout == NAIVE_HO;

    u->h = ddpm_block(u, ho ? "mid.block_1" : "mid_block.resnets.0", u->h.c, ho);
    u->h = ddpm_attention(u->h, ho ? "mid.attn_1" : "mid_block.attentions.0", layout);
    u->h = ddpm_block(u, ho ? "mid.block_2" : "mid_block.resnets.1", u->h.c, ho);
}

naive naive_ddpm(naive x, double step, naive_layout layout, int features, int levels,
                 const int *times, unsigned attention)
{
    const bool ho = layout == NAIVE_HO;
    way u = { .v = embed(naive_embedding(step, features, 1, true),
                         ho ? "temb.dense.0" : "time_embedding.linear_1",
                         ho ? "temb.dense.1" : "time_embedding.linear_2",
                         4 * features) };

    u.h = naive_conv(x, "conv_in", features, 3, 1, 1, true);
    push(&u);
    for (int i = 0; i < levels; i++) {
        const naive_name level = naive_text(ho ? "down.%d" : "down_blocks.%d", i);
        for (int k = 0; k < 2; k++) {
            ddpm_unit(&u, level.s, k, times[i] * features, layout, attention >> i & 1u);
            push(&u);
        }
        if (i == levels - 1)
            break;
        u.h = naive_conv(
            naive_pad(u.h, 0, 1, false),
            naive_text("%s.%s", level.s, ho ? "downsample.conv" : "downsamplers.0.conv")
                .s,
            u.h.c, 3, 2, 0, true);
        push(&u);
    }
    ddpm_middle(&u, layout);
    for (int i = levels - 1; i >= 0; i--) {
        const naive_name level =
            naive_text(ho ? "up.%d" : "up_blocks.%d", ho ? i : levels - 1 - i);
        for (int k = 0; k < 3; k++) {
            pop(&u);
            ddpm_unit(&u, level.s, k, times[i] * features, layout, attention >> i & 1u);
        }
        if (i > 0)
            u.h = naive_conv(
                naive_twice(u.h),
                naive_text("%s.%s", level.s, ho ? "upsample.conv" : "upsamplers.0.conv")
                    .s,
                u.h.c, 3, 1, 1, true);
    }
    u.h = naive_group_norm(u.h, ho ? "norm_out" : "conv_norm_out", 32, 1e-6);
    return naive_conv(naive_apply(u.h, naive_silu), "conv_out", x.c, 3, 1, 1, true);
}

/* -- ADM ----------------------------------------------------------------------------------- */

static void adm_block(way *u, const char *at, int out, int up, const naive_adm_opts *o)
{
    naive x = u->h;
    naive h = naive_group_norm(x, naive_text("%s.in_layers.0", at).s, 32, 1e-5);

    h = naive_apply(h, naive_silu);
    if (up) {
        h = up > 0 ? naive_twice(h) : naive_half(h);
        x = up > 0 ? naive_twice(x) : naive_half(x);
    }
    h = naive_conv(h, naive_text("%s.in_layers.2", at).s, out, 3, 1, 1, true);
    const naive v = naive_linear(u->v, naive_text("%s.emb_layers.1", at).s,
                                 o->scale_shift ? 2 * out : out);
    if (!o->scale_shift)
        h = naive_add(h, v, 1.);
    h = naive_group_norm(h, naive_text("%s.out_layers.0", at).s, 32, 1e-5);
    if (o->scale_shift)
        h = naive_modulate(h, v);
    h = naive_conv(naive_apply(h, naive_silu), naive_text("%s.out_layers.3", at).s, out,
                   3, 1, 1, true);
    if (x.c != out)
        x = naive_conv(x, naive_text("%s.skip_connection", at).s, out, 1, 1, 0, true);
    u->h = naive_add(x, h, 1.);
}

/* A convolution along one axis, kernel 1: weights [out][in][1]. */
static naive pointwise(naive a, const char *module, int out)
{
    const int64_t dim[3] = { out, a.c, 1 }, n = (int64_t)a.h * a.w;
    const float *w = naive_weight(naive_text("%s.weight", module).s, 3, dim);
    const float *b = naive_weight(naive_text("%s.bias", module).s, 1, dim);
    const naive y = naive_new(out, a.h, a.w);

    for (int64_t i = 0; y.x && i < out * n; i++) {
        y.x[i] = (double)b[i / n];
        for (int64_t c = 0; c < a.c; c++)
            y.x[i] += (double)w[i / n * a.c + c] * a.x[c * n + i % n];
    }
    return y;
}

/* Head by head: legacy order has q, k, v of a head side by side. */
static naive adm_heads(naive qkv, int heads, bool new_order)
{
    const int c = qkv.c / 3, each = c / heads;
    naive all = naive_new(0, qkv.h, qkv.w);

    for (int i = 0; i < heads; i++) {
        naive part[3];
        for (int j = 0; j < 3; j++)
            part[j] = naive_slice(
                qkv, new_order ? j * c + i * each : (3 * i + j) * each, each);
        const naive one = naive_attention(part[0], part[1], part[2], 1);
        all = i ? naive_concat(all, one) : one;
    }
    return all;
}

static void adm_attention(way *u, const char *at, const naive_adm_opts *o)
{
    naive h = naive_group_norm(u->h, naive_text("%s.norm", at).s, 32, 1e-5);

    h = pointwise(h, naive_text("%s.qkv", at).s, 3 * h.c);
    h = adm_heads(h, u->h.c / o->head_channels, o->new_order);
    u->h = naive_add(u->h, pointwise(h, naive_text("%s.proj_out", at).s, h.c), 1.);
}

static void adm_down(way *u, int n, const naive_adm_opts *o)
{
    if (o->resample_blocks)
        adm_block(u, naive_text("input_blocks.%d.0", n).s, u->h.c, -1, o);
    else
        u->h = naive_conv(u->h, naive_text("input_blocks.%d.0.op", n).s, u->h.c, 3, 2,
                          1, true);
    push(u);
}

static void adm_up(way *u, const char *at, const naive_adm_opts *o)
{
    if (o->resample_blocks)
        adm_block(u, at, u->h.c, 1, o);
    else
        u->h = naive_conv(naive_twice(u->h), naive_text("%s.conv", at).s, u->h.c, 3, 1,
                          1, true);
}

static void adm_way_up(way *u, const naive_adm_opts *o)
{
    int n = 0;

    for (int i = o->levels - 1; i >= 0; i--) {
        for (int k = 0; k <= o->blocks; k++, n++) {
            int part = 1;

            pop(u);
            adm_block(u, naive_text("output_blocks.%d.0", n).s,
                      o->times[i] * o->features, 0, o);
            if (o->attention >> i & 1u)
                adm_attention(u, naive_text("output_blocks.%d.%d", n, part++).s, o);
            if (i > 0 && k == o->blocks)
                adm_up(u, naive_text("output_blocks.%d.%d", n, part).s, o);
        }
    }
}

naive naive_adm(naive x, double step, const naive_adm_opts *o)
{
    way u = { .v = embed(naive_embedding(step, o->features, 0, false), "time_embed.0",
                         "time_embed.2", 4 * o->features) };
    int n = 1;

    u.h = naive_conv(x, "input_blocks.0.0", o->times[0] * o->features, 3, 1, 1, true);
    push(&u);
    for (int i = 0; i < o->levels; i++) {
        for (int k = 0; k < o->blocks; k++, n++) {
            adm_block(&u, naive_text("input_blocks.%d.0", n).s,
                      o->times[i] * o->features, 0, o);
            if (o->attention >> i & 1u)
                adm_attention(&u, naive_text("input_blocks.%d.1", n).s, o);
            push(&u);
        }
        if (i < o->levels - 1)
            adm_down(&u, n++, o);
    }
    adm_block(&u, "middle_block.0", u.h.c, 0, o);
    adm_attention(&u, "middle_block.1", o);
    adm_block(&u, "middle_block.2", u.h.c, 0, o);
    adm_way_up(&u, o);
    u.h = naive_apply(naive_group_norm(u.h, "out.0", 32, 1e-5), naive_silu);
    return naive_slice(
        naive_conv(u.h, "out.2", o->variances ? 2 * x.c : x.c, 3, 1, 1, true), 0, x.c);
}
