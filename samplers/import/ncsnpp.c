/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NCSN++ and DDPM++: Song et al., ICLR 2021, score_sde_pytorch, whose modules are numbered in
 * the order of use. A residual block whose 1x1 convolution "Conv_2" keeps the number of
 * channels is one that resamples; the first whose input is wider than what came before begins
 * the way up. Numbers without tensors are resampling without weights.
 *
 * A checkpoint's "ema.shadow_params" are taken instead of the weights themselves.
 *
 * Fourier features of log sigma mean variance exploding (NCSN++), scaled by sigma; sinusoidal
 * ones of the time step variance preserving (DDPM++).
 */
#include "samplers/import/import_priv.h"

#include <math.h>
#include <string.h>

enum { SKIPS = 128, MODULES = 1000 };

static const double eps = 1e-6;

typedef struct ncsnpp {
    importer *im;
    int at; /* number of the next module */
    int v, embedding, image;
    int h, channels, downs;
    int in_pyramid, in_channels; /* progressive input: the image, smaller and smaller */
    int out_pyramid;             /* progressive output; -1: none yet */
    int skip[SKIPS], skip_channels[SKIPS], skips;
} ncsnpp;

static import_text module_of(int at, const char *member)
{
    return csk_import_name("all_modules.%d%s", at, member);
}

static bool has(const ncsnpp *u, int at, const char *member)
{
    return csk_import_has(u->im, module_of(at, member).s);
}

static bool is_res(const ncsnpp *u, int at)
{
    return has(u, at, ".GroupNorm_1.weight");
}

static bool is_attention(const ncsnpp *u, int at)
{
    return has(u, at, ".NIN_3.W");
}

static bool is_norm(const ncsnpp *u, int at)
{
    return csk_import_rank(u->im, module_of(at, ".weight").s) == 1;
}

static double skip_scale(const ncsnpp *u)
{
    return u->im->opts->rescale ? sqrt(.5) : 1.;
}

static int inputs_of(const ncsnpp *u, int at)
{
    return csk_import_side(u->im, module_of(at, ".Conv_0.weight").s, 4, 1);
}

static int outputs_of(const ncsnpp *u, int at)
{
    return csk_import_side(u->im, module_of(at, ".Conv_0.weight").s, 4, 0);
}

static void res_block(ncsnpp *u, int up)
{
    const int at = u->at++;
    const import_block b = { { module_of(at, ".GroupNorm_0"),
                               module_of(at, ".GroupNorm_1") },
                             { module_of(at, ".Conv_0"), module_of(at, ".Conv_1") },
                             module_of(at, ".Dense_0"),
                             module_of(at, ".Conv_2"),
                             u->channels,
                             outputs_of(u, at),
                             0,
                             eps,
                             skip_scale(u),
                             up,
                             u->im->opts->fir };

    u->h = csk_import_res_block(u->im, u->h, u->v, u->embedding, &b);
    u->channels = b.out;
}

static void attention(ncsnpp *u)
{
    const int at = u->at++;
    const import_attention a = { module_of(at, ".GroupNorm_0"),
                                 module_of(at, ".NIN_0"),
                                 module_of(at, ".NIN_1"),
                                 module_of(at, ".NIN_2"),
                                 module_of(at, ".NIN_3"),
                                 u->channels,
                                 0,
                                 1,
                                 false,
                                 eps,
                                 skip_scale(u) };

    u->h = csk_import_attention_block(u->im, u->h, &a);
}

static void push(ncsnpp *u)
{
    if (u->skips < SKIPS) {
        u->skip[u->skips] = u->h;
        u->skip_channels[u->skips++] = u->channels;
    }
}

/* -- the smaller images of a progressive input -------------------------------------- */

/* A strided convolution of the image so far, to which the features are added. */
static void input_residual(ncsnpp *u)
{
    static const int border[4] = { 0, 1, 0, 1 };
    importer *im = u->im;
    const int at = u->at++;
    const bool fir = has(u, at, ".Conv2d_0.weight");
    const import_text conv = module_of(at, fir ? ".Conv2d_0" : ".Conv_0");
    int p = u->in_pyramid;

    if (fir) {
        json_t *with = json_pack("{s:[ffff], s:i, s:i, s:[ii]}", "taps", .125, .375,
                                 .375, .125, "up", 1, "down", 1, "pad", 2, 2);
        p = csk_graph_node(&im->graph, "fir", NULL, with, 1, &p);
    } else {
        p = csk_graph_border(&im->graph, p, "zero", border);
    }
    p = csk_import_conv(im, p, conv.s, u->in_channels, u->channels, 3, 2, 0);
    u->h = u->in_pyramid = csk_graph_add(&im->graph, p, u->h, skip_scale(u));
    u->in_channels = u->channels;
}

/* A 1x1 convolution of the smaller image, added to the features or put in front of them. */
static void input_skip(ncsnpp *u)
{
    importer *im = u->im;
    const int at = u->at + 1; /* the number before it is the resampling */
    const import_text conv = module_of(at, ".Conv");
    const bool sum = inputs_of(u, at + 1) == u->channels;

    u->at += 2;
    u->in_pyramid = csk_import_resample(im, u->in_pyramid, -1, im->opts->fir);
    const int p =
        csk_import_conv(im, u->in_pyramid, conv.s, u->image, u->channels, 1, 1, -1);
    u->h = sum ? csk_graph_add(&im->graph, p, u->h, 1.)
               : csk_graph_concat(&im->graph, p, u->h);
    u->channels *= sum ? 1 : 2;
}

static void down(ncsnpp *u)
{
    res_block(u, -1);
    u->downs++;
    if (has(u, u->at, ".Conv2d_0.weight") ||
        (has(u, u->at, ".Conv_0.weight") && !is_res(u, u->at)))
        input_residual(u);
    else if (has(u, u->at + 1, ".Conv.weight"))
        input_skip(u);
}

/* -- the way down and the way up ------------------------------------------------------ */

/* Number of the first module of the way up: its input is wider than what came before. */
static int way_up(const ncsnpp *u)
{
    int channels = u->channels;

    for (int at = u->at; at < MODULES && !u->im->err; at++) {
        if (has(u, at,
                ".Conv.weight")) { /* the channels tell whether it adds or widens */
            channels = inputs_of(u, at + 1);
        } else if (is_res(u, at)) {
            if (inputs_of(u, at) != channels)
                return at;
            channels = outputs_of(u, at);
        }
    }
    import_fail(u->im, CSK_ERR_FORMAT,
                "%s: no tensor \"all_modules.N.Conv_0.weight\" begins the way up",
                u->im->what);
    return 0;
}

static void go_down(ncsnpp *u, int end)
{
    push(u);
    while (u->at < end && !u->im->err) {
        const bool halves =
            has(u, u->at, ".Conv_2.weight") && outputs_of(u, u->at) == u->channels;
        if (halves) {
            down(u);
        } else {
            res_block(u, 0);
            if (is_attention(u, u->at) && u->at < end)
                attention(u);
        }
        push(u);
    }
}

/* A norm, SiLU and the convolution that makes an image. */
static int image_of(ncsnpp *u)
{
    importer *im = u->im;
    int h = csk_import_group_norm(im, u->h, module_of(u->at, "").s, u->channels,
                                  import_groups(0, u->channels), eps);

    h = csk_graph_unary(&im->graph, "silu", h);
    h = csk_import_conv(im, h, module_of(u->at + 1, "").s, u->channels, u->image, 3, 1,
                        -1);
    u->at += 2;
    return h;
}

/* An image of this size, added to the coarser one, where there is one. */
static void output_skip(ncsnpp *u)
{
    if (u->out_pyramid < 0) {
        u->out_pyramid = image_of(u);
        return;
    }
    const int coarse = csk_import_resample(u->im, u->out_pyramid, 1, u->im->opts->fir);
    u->out_pyramid = csk_graph_add(&u->im->graph, coarse, image_of(u), 1.);
}

static void wider_block(ncsnpp *u)
{
    if (u->skips == 0) {
        import_fail(u->im, CSK_ERR_FORMAT,
                    "%s: \"all_modules.%d\" has no block before "
                    "it to be joined with",
                    u->im->what, u->at);
        return;
    }
    u->skips--;
    u->h = csk_graph_concat(&u->im->graph, u->h, u->skip[u->skips]);
    u->channels += u->skip_channels[u->skips];
    res_block(u, 0);
}

/* The next module of the way up; false: there is none. */
static bool step_up(ncsnpp *u)
{
    if (is_res(u, u->at) && inputs_of(u, u->at) == u->channels)
        res_block(u, 1);
    else if (is_res(u, u->at))
        wider_block(u);
    else if (is_attention(u, u->at))
        attention(u);
    else if (is_norm(u, u->at))
        output_skip(u);
    else if (is_norm(u, u->at + 1) && u->out_pyramid >= 0)
        u->at++; /* the number of the resampling */
    else
        return false;
    return !u->im->err;
}

/* -- the embedding ---------------------------------------------------------------------- */

static int fourier(ncsnpp *u)
{
    importer *im = u->im;
    const int64_t dim = csk_import_side(im, "all_modules.0.W", 1, 0);
    json_t *with =
        json_pack("{s:s, s:s}", "kind", "fourier", "weight", "all_modules.0.W");
    const double factor = im->facts.factor;

    csk_import_keep(im, "all_modules.0.W", 1, &dim);
    if (with &&
        factor != 1. && /* the features are of sigma in the units of the images */
        json_object_set_new(with, "offset", json_real(-log(factor)))) {
        json_decref(with);
        with = NULL;
    }
    u->at = 1;
    return csk_graph_node(&im->graph, "noise_embedding", NULL, with, 0, NULL);
}

static void embed(ncsnpp *u, bool of_sigma)
{
    importer *im = u->im;
    csk_graph *g = &im->graph;
    const import_text first = module_of(of_sigma, ".weight");
    const int features = csk_import_side(im, first.s, 2, 1);

    u->embedding = csk_import_side(im, first.s, 2, 0);
    if (of_sigma)
        u->v = fourier(u);
    else
        u->v = csk_graph_node(
            g, "noise_embedding", NULL,
            json_pack("{s:s, s:i, s:i, s:s, s:i}", "kind", "sinusoidal", "channels",
                      features, "max_period", 10000, "order", "sin_cos", "shift", 1),
            0, NULL);
    for (int i = 0; i < 2; i++) {
        u->v = csk_import_linear(im, u->v, module_of(u->at++, "").s,
                                 i ? u->embedding : features, u->embedding);
        u->v = csk_graph_unary(g, "silu", u->v);
    }
}

/* The noise levels of the training are stored, the largest first. */
static void exploding(importer *im)
{
    const int count =
        csk_import_rank(im, "sigmas") == 1 ? csk_import_side(im, "sigmas", 1, 0) : 0;
    const int64_t dim = count;
    const csk_tensor *t = count > 1 ? csk_import_need(im, "sigmas", 1, &dim) : NULL;
    import_facts *f = &im->facts;

    f->sigma[0] = t ? fmin((double)t->data[0], (double)t->data[count - 1]) : .01;
    f->sigma[1] = t ? fmax((double)t->data[0], (double)t->data[count - 1]) : 50.;
    if (im->opts->sigma_high > 0.)
        f->sigma[1] = im->opts->sigma_high;
    f->preconditioning = "ve";
}

static int walk(importer *im)
{
    static const char *const fixed[] = { "sigmas", "all_modules.0.W", NULL };
    ncsnpp u = { .im = im, .out_pyramid = -1, .in_pyramid = CSK_GRAPH_INPUT };
    const bool of_sigma = csk_import_has(im, "all_modules.0.W");

    csk_import_averages(im, "ema.shadow_params", fixed);
    csk_import_ignore(im, "sigmas");
    embed(&u, of_sigma);
    const import_text first = module_of(u.at, ".weight");
    u.image = u.in_channels = csk_import_side(im, first.s, 4, 1);
    u.channels = csk_import_side(im, first.s, 4, 0);
    u.h = csk_import_conv(im, CSK_GRAPH_INPUT, module_of(u.at++, "").s, u.image,
                          u.channels, 3, 1, -1);
    go_down(&u, way_up(&u) - 3);
    res_block(&u, 0);
    attention(&u);
    res_block(&u, 0);
    while (!im->err && step_up(&u))
        ;
    if (of_sigma)
        exploding(im);
    else
        csk_import_vp(im, u.image, 0, im->opts->beta_first, im->opts->beta_last,
                      im->opts->timesteps);
    im->facts.channels = u.image;
    im->facts.multiple = 1 << u.downs;
    return u.out_pyramid;
}

static const char *const probes[] = { "all_modules.1.weight", NULL };

const import_class csk_import_ncsnpp = { probes, CSK_IMPORT_SIGNED, walk };
