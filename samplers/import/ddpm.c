/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The U-Net of DDPM: Ho, Jain, Abbeel, NeurIPS 2020, in two layouts: that of pytorch_diffusion
 * (also DDRM's and CompVis's checkpoints) and that of diffusers' UNet2DModel. Both hold the same
 * network; the names of modules differ, and diffusers counts the way up from the coarsest level.
 */
#include "samplers/import/import_priv.h"

enum { LEVELS = 16, BLOCKS = 16, GROUPS = 32 };

static const double eps = 1e-6;

typedef enum side { DOWN, MID, UP } side;

typedef struct ddpm {
    importer *im;
    bool diffusers;
    int levels;
    int v, embedding, h, channels;
    int skip[LEVELS * BLOCKS], skip_channels[LEVELS * BLOCKS], skips;
} ddpm;

/* -- names ---------------------------------------------------------------------------- */

static import_text level_name(const ddpm *u, side s, int level)
{
    if (s == MID)
        return csk_import_name("%s", u->diffusers ? "mid_block" : "mid");
    if (u->diffusers)
        return csk_import_name("%s_blocks.%d", s == UP ? "up" : "down",
                               s == UP ? u->levels - 1 - level : level);
    return csk_import_name("%s.%d", s == UP ? "up" : "down", level);
}

static import_text block_name(const ddpm *u, side s, int level, int k)
{
    const import_text at = level_name(u, s, level);

    if (u->diffusers)
        return csk_import_name("%.60s.resnets.%d", at.s, k);
    return s == MID ? csk_import_name("mid.block_%d", k + 1)
                    : csk_import_name("%.60s.block.%d", at.s, k);
}

static import_text attention_name(const ddpm *u, side s, int level, int k)
{
    const import_text at = level_name(u, s, level);

    if (u->diffusers)
        return csk_import_name("%.60s.attentions.%d", at.s, k);
    return s == MID ? csk_import_name("mid.attn_%d", k + 1)
                    : csk_import_name("%.60s.attn.%d", at.s, k);
}

/* Of two names the one that the layout uses. */
static import_text either(const ddpm *u, const char *module, const char *here,
                          const char *in_diffusers)
{
    return csk_import_name("%.80s.%s", module, u->diffusers ? in_diffusers : here);
}

static bool has(const ddpm *u, const char *module, const char *member)
{
    return csk_import_has(u->im, csk_import_name("%.80s.%s", module, member).s);
}

/* -- modules -------------------------------------------------------------------------- */

static void res_block(ddpm *u, side s, int level, int k)
{
    const import_text at = block_name(u, s, level, k);
    const import_text skip = either(u, at.s, "nin_shortcut", "conv_shortcut");
    import_block b = {
        { csk_import_name("%.80s.norm1", at.s), csk_import_name("%.80s.norm2", at.s) },
        { csk_import_name("%.80s.conv1", at.s), csk_import_name("%.80s.conv2", at.s) },
        either(u, at.s, "temb_proj", "time_emb_proj"),
        skip,
        u->channels,
        0,
        GROUPS,
        eps,
        1.,
        0,
        false
    };

    b.out =
        csk_import_side(u->im, csk_import_name("%.80s.weight", b.conv[0].s).s, 4, 0);
    u->h = csk_import_res_block(u->im, u->h, u->v, u->embedding, &b);
    u->channels = b.out;
}

/* diffusers has changed the names of the maps once. */
static import_text map_name(const ddpm *u, const char *at, const char *here,
                            const char *old, const char *now)
{
    return either(u, at, here, has(u, at, "query.weight") ? old : now);
}

static void attention(ddpm *u, side s, int level, int k)
{
    const import_text at = attention_name(u, s, level, k);
    const csk_import_opts *o = u->im->opts;
    const int each = o->head_channels ? o->head_channels : u->channels;
    const import_attention a = { either(u, at.s, "norm", "group_norm"),
                                 map_name(u, at.s, "q", "query", "to_q"),
                                 map_name(u, at.s, "k", "key", "to_k"),
                                 map_name(u, at.s, "v", "value", "to_v"),
                                 map_name(u, at.s, "proj_out", "proj_attn", "to_out.0"),
                                 u->channels,
                                 GROUPS,
                                 o->heads ? o->heads
                                 : each   ? u->channels / each
                                          : 1,
                                 false,
                                 eps,
                                 1. };

    u->h = csk_import_attention_block(u->im, u->h, &a);
}

static void block(ddpm *u, side s, int level, int k)
{
    const import_text at = attention_name(u, s, level, k);

    res_block(u, s, level, k);
    if (has(u, at.s, "norm.weight") || has(u, at.s, "group_norm.weight"))
        attention(u, s, level, k);
}

static bool has_block(const ddpm *u, side s, int level, int k)
{
    return k < BLOCKS && has(u, block_name(u, s, level, k).s, "conv1.weight");
}

static void push(ddpm *u)
{
    if (u->skips < LEVELS * BLOCKS) {
        u->skip[u->skips] = u->h;
        u->skip_channels[u->skips++] = u->channels;
    }
}

/* Half as large: a convolution with stride 2 after one row and column of zeros, or means. */
static void down(ddpm *u, int level)
{
    static const int border[4] = { 0, 1, 0, 1 };
    const import_text at = level_name(u, DOWN, level);
    const import_text conv = either(u, at.s, "downsample.conv", "downsamplers.0.conv");

    if (has(u, conv.s, "weight")) {
        u->h = csk_graph_border(&u->im->graph, u->h, "zero", border);
        u->h = csk_import_conv(u->im, u->h, conv.s, u->channels, u->channels, 3, 2, 0);
    } else {
        u->h = csk_graph_unary(&u->im->graph, "downsample", u->h);
    }
    push(u);
}

static void up(ddpm *u, int level)
{
    const import_text at = level_name(u, UP, level);
    const import_text conv = either(u, at.s, "upsample.conv", "upsamplers.0.conv");

    u->h = csk_graph_unary(&u->im->graph, "upsample", u->h);
    if (has(u, conv.s, "weight"))
        u->h = csk_import_conv(u->im, u->h, conv.s, u->channels, u->channels, 3, 1, -1);
}

static void level_up(ddpm *u, int level)
{
    for (int k = 0; has_block(u, UP, level, k) && !u->im->err; k++) {
        if (u->skips == 0) {
            import_fail(u->im, CSK_ERR_FORMAT,
                        "%s: \"%s\" has no block on the way down to be joined with",
                        u->im->what, block_name(u, UP, level, k).s);
            return;
        }
        u->skips--;
        u->h = csk_graph_concat(&u->im->graph, u->h, u->skip[u->skips]);
        u->channels += u->skip_channels[u->skips];
        block(u, UP, level, k);
    }
    if (level > 0)
        up(u, level);
}

static void embed(ddpm *u)
{
    importer *im = u->im;
    csk_graph *g = &im->graph;
    const char *const first = u->diffusers ? "time_embedding.linear_1" : "temb.dense.0";
    const char *const second =
        u->diffusers ? "time_embedding.linear_2" : "temb.dense.1";
    const import_text weight = csk_import_name("%s.weight", first);
    const int features = csk_import_side(im, weight.s, 2, 1);
    json_t *with =
        json_pack("{s:s, s:i, s:i, s:s, s:i}", "kind", "sinusoidal", "channels",
                  features, "max_period", 10000, "order", "sin_cos", "shift", 1);

    u->embedding = csk_import_side(im, weight.s, 2, 0);
    u->v = csk_graph_node(g, "noise_embedding", NULL, with, 0, NULL);
    u->v = csk_import_linear(im, u->v, first, features, u->embedding);
    u->v = csk_graph_unary(g, "silu", u->v);
    u->v = csk_import_linear(im, u->v, second, u->embedding, u->embedding);
    u->v = csk_graph_unary(g, "silu", u->v);
}

static void way_down(ddpm *u)
{
    push(u);
    for (int level = 0; level < u->levels && !u->im->err; level++) {
        for (int k = 0; has_block(u, DOWN, level, k) && !u->im->err; k++) {
            block(u, DOWN, level, k);
            push(u);
        }
        if (level < u->levels - 1)
            down(u, level);
    }
}

static int unet(importer *im)
{
    ddpm u = { .im = im,
               .diffusers = csk_import_has(im, "time_embedding.linear_1.weight") };
    const int in = csk_import_side(im, "conv_in.weight", 4, 1);
    const char *const norm = u.diffusers ? "conv_norm_out" : "norm_out";

    while (u.levels < LEVELS && has_block(&u, DOWN, u.levels, 0))
        u.levels++;
    embed(&u);
    u.channels = csk_import_side(im, "conv_in.weight", 4, 0);
    u.h = csk_import_conv(im, CSK_GRAPH_INPUT, "conv_in", in, u.channels, 3, 1, -1);
    way_down(&u);
    res_block(&u, MID, 0, 0);
    attention(&u, MID, 0, 0);
    res_block(&u, MID, 0, 1);
    for (int level = u.levels - 1; level >= 0 && !im->err; level--)
        level_up(&u, level);
    u.h = csk_import_group_norm(im, u.h, norm, u.channels, GROUPS, eps);
    u.h = csk_graph_unary(&im->graph, "silu", u.h);
    csk_import_vp(im, in, u.levels ? 1 << (u.levels - 1) : 1, im->opts->beta_first,
                  im->opts->beta_last, im->opts->timesteps);
    return csk_import_conv(im, u.h, "conv_out", u.channels, in, 3, 1, -1);
}

static int walk(importer *im)
{
    return csk_import_has(im, "gt.frequencies") ? csk_import_ddpm_plain(im) : unet(im);
}

static const char *const probes[] = { "temb.dense.0.weight",
                                      "time_embedding.linear_1.weight",
                                      "gt.frequencies", NULL };

const import_class csk_import_ddpm = { probes, CSK_IMPORT_SIGNED, walk };
