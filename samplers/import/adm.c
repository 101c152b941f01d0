/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ADM: Dhariwal, Nichol, NeurIPS 2021, guided-diffusion's UNetModel; FFHQ-256 of DPS is one.
 *
 * "output_blocks.N" that end with something that doubles the size tell the number of residual
 * blocks a level; what halves it in "input_blocks" is then known by its place. Scale and
 * shift or plain addition of the embedding, attention and learned variances are read from
 * shapes; the channels of the variances are dropped.
 */
#include "samplers/import/import_priv.h"

#include <math.h>
#include <string.h>

enum { BLOCKS = 128, GROUPS = 32, HEAD = 64 };

static const double eps = 1e-5;

typedef struct adm {
    importer *im;
    int v, embedding; /* the embedding after its SiLU, and its length */
    int h, channels;
    int skip[BLOCKS], skip_channels[BLOCKS], skips;
} adm;

static void res_block(adm *u, const char *module, int up)
{
    import_block b = { { csk_import_name("%s.in_layers.0", module),
                         csk_import_name("%s.out_layers.0", module) },
                       { csk_import_name("%s.in_layers.2", module),
                         csk_import_name("%s.out_layers.3", module) },
                       csk_import_name("%s.emb_layers.1", module),
                       csk_import_name("%s.skip_connection", module),
                       u->channels,
                       0,
                       GROUPS,
                       eps,
                       1.,
                       up,
                       false };

    b.out = csk_import_side(u->im, csk_import_name("%s.weight", b.conv[0].s).s, 4, 0);
    u->h = csk_import_res_block(u->im, u->h, u->v, u->embedding, &b);
    u->channels = b.out;
}

static void attention(adm *u, const char *module)
{
    const csk_import_opts *o = u->im->opts;
    const int each = o->head_channels ? o->head_channels : HEAD;
    const import_attention a = { csk_import_name("%s.norm", module),
                                 csk_import_name("%s.qkv", module),
                                 { "" },
                                 { "" },
                                 csk_import_name("%s.proj_out", module),
                                 u->channels,
                                 GROUPS,
                                 o->heads ? o->heads : u->channels / each,
                                 !o->new_order,
                                 eps,
                                 1. };

    u->h = csk_import_attention_block(u->im, u->h, &a);
}

static bool is_res(const adm *u, const char *module)
{
    return csk_import_has(u->im, csk_import_name("%s.in_layers.0.weight", module).s);
}

/* A convolution after doubling. */
static bool is_wide(const adm *u, const char *module)
{
    return csk_import_has(u->im, csk_import_name("%s.conv.weight", module).s);
}

static void attention_if_any(adm *u, const char *module)
{
    if (csk_import_has(u->im, csk_import_name("%s.qkv.weight", module).s))
        attention(u, module);
}

static void push(adm *u)
{
    if (u->skips < BLOCKS) {
        u->skip[u->skips] = u->h;
        u->skip_channels[u->skips++] = u->channels;
    }
}

static void input_block(adm *u, int n, bool down)
{
    const import_text first = csk_import_name("input_blocks.%d.0", n);

    if (down && !is_res(u, first.s))
        u->h = csk_import_conv(u->im, u->h, csk_import_name("%s.op", first.s).s,
                               u->channels, u->channels, 3, 2, 1);
    else
        res_block(u, first.s, down ? -1 : 0);
    attention_if_any(u, csk_import_name("input_blocks.%d.1", n).s);
    push(u);
}

/* Where the submodule of an output block that doubles the size is; 0: nowhere. */
static int doubling(const adm *u, int n)
{
    for (int k = 1; k <= 2; k++) {
        const import_text module = csk_import_name("output_blocks.%d.%d", n, k);
        if (is_res(u, module.s) || is_wide(u, module.s))
            return k;
    }
    return 0;
}

static void output_block(adm *u, int n)
{
    const int at = doubling(u, n);
    const import_text wide = csk_import_name("output_blocks.%d.%d", n, at);

    if (u->skips == 0) {
        import_fail(u->im, CSK_ERR_FORMAT,
                    "%s: \"output_blocks.%d\" has no input block", u->im->what, n);
        return;
    }
    u->skips--;
    u->h = csk_graph_concat(&u->im->graph, u->h, u->skip[u->skips]);
    u->channels += u->skip_channels[u->skips];
    res_block(u, csk_import_name("output_blocks.%d.0", n).s, 0);
    attention_if_any(u, csk_import_name("output_blocks.%d.1", n).s);
    if (at && is_res(u, wide.s)) {
        res_block(u, wide.s, 1);
    } else if (at) {
        u->h = csk_graph_unary(&u->im->graph, "upsample", u->h);
        u->h = csk_import_conv(u->im, u->h, csk_import_name("%s.conv", wide.s).s,
                               u->channels, u->channels, 3, 1, -1);
    }
}

/* Output blocks, and how many of them make a level. */
static int count_blocks(const adm *u, int *level)
{
    int n = 0;

    *level = 0;
    for (; n < BLOCKS && is_res(u, csk_import_name("output_blocks.%d.0", n).s); n++) {
        if (*level == 0 && doubling(u, n))
            *level = n + 1;
    }
    if (*level == 0)
        *level = n;
    return n;
}

static void embed(adm *u, int features)
{
    importer *im = u->im;
    csk_graph *g = &im->graph;
    json_t *with =
        json_pack("{s:s, s:i, s:i, s:s, s:i}", "kind", "sinusoidal", "channels",
                  features, "max_period", 10000, "order", "cos_sin", "shift", 0);

    u->embedding = csk_import_side(im, "time_embed.0.weight", 2, 0);
    u->v = csk_graph_node(g, "noise_embedding", NULL, with, 0, NULL);
    u->v = csk_import_linear(im, u->v, "time_embed.0", features, u->embedding);
    u->v = csk_graph_unary(g, "silu", u->v);
    u->v = csk_import_linear(im, u->v, "time_embed.2", u->embedding, u->embedding);
    u->v = csk_graph_unary(g, "silu", u->v);
}

/* The last convolution, without the rows that make variances. */
static void last_conv(adm *u, int channels)
{
    importer *im = u->im;
    const int rows = csk_import_side(im, "out.2.weight", 4, 0);
    const int64_t has[4] = { rows, u->channels, 3, 3 };
    const int64_t makes[4] = { channels, u->channels, 3, 3 };
    const csk_tensor *w = csk_import_need(im, "out.2.weight", 4, has);
    const csk_tensor *b = csk_import_need(im, "out.2.bias", 1, has);
    float *weight = csk_import_new(im, "out.2.weight", 4, makes);
    float *bias = csk_import_new(im, "out.2.bias", 1, makes);

    if (rows != channels && rows != 2 * channels)
        import_fail(
            im, CSK_ERR_FORMAT,
            "%s: tensor \"%sout.2.weight\" makes %d channels, expected %d or, with "
            "variances, %d",
            im->what, im->prefix, rows, channels, 2 * channels);
    if (!im->err) {
        memcpy(weight, w->data, (size_t)(channels * makes[1] * 9) * sizeof(float));
        memcpy(bias, b->data, (size_t)channels * sizeof(float));
    }
    u->h = csk_graph_conv(&im->graph, u->h, "out.2", true, 1, -1);
}

static int walk(importer *im)
{
    adm u = { .im = im };
    const int in = csk_import_side(im, "input_blocks.0.0.weight", 4, 1);
    const int features = csk_import_side(im, "time_embed.0.weight", 2, 1);
    int level;
    const int blocks = count_blocks(&u, &level);

    if (csk_import_has(im, "label_emb.weight"))
        import_fail(im, CSK_ERR_UNSUPPORTED,
                    "%s: depends on a class (tensor \"label_emb.weight\"); csk imports "
                    "unconditional networks",
                    im->what);
    embed(&u, features);
    u.channels = csk_import_side(im, "input_blocks.0.0.weight", 4, 0);
    u.h = csk_import_conv(im, CSK_GRAPH_INPUT, "input_blocks.0.0", in, u.channels, 3, 1,
                          -1);
    push(&u);
    for (int n = 1; n < blocks && !im->err; n++)
        input_block(&u, n, n % level == 0);
    res_block(&u, "middle_block.0", 0);
    attention(&u, "middle_block.1");
    res_block(&u, "middle_block.2", 0);
    for (int n = 0; n < blocks && !im->err; n++)
        output_block(&u, n);
    u.h = csk_import_group_norm(im, u.h, "out.0", u.channels, GROUPS, eps);
    u.h = csk_graph_unary(&im->graph, "silu", u.h);
    last_conv(&u, in);
    csk_import_vp(im, in, 1 << (level ? (blocks - 1) / level : 0), im->opts->beta_first,
                  im->opts->beta_last, im->opts->timesteps);
    return u.h;
}

static const char *const probes[] = { "time_embed.0.weight", NULL };

const import_class csk_import_adm = { probes, CSK_IMPORT_SIGNED, walk };
