/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plain network of the "minimal DDPM" exercise on MNIST: blocks of a convolution, a layer
 * norm over channels and pixels, and GELU; an embedding of the time added after the first; one
 * last convolution. The layer norms make it one of images of one size.
 *
 * Features of the time are sin(f t) and cos(f t) - 1 of t = step / (T - 1): the -1 goes into
 * the bias of the linear map after it. Its images are x - 1/2.
 */
#include "samplers/import/import_priv.h"

#include <math.h>
#include <string.h>

enum { LAYERS = 100, LINEARS = 16 };

static const double eps = 1e-5;

static int layer_norm(importer *im, int h, const char *module, int channels)
{
    const import_text weight = csk_import_name("%s.weight", module);
    const import_text bias = csk_import_name("%s.bias", module);
    const int64_t dim[3] = { channels, im->facts.size[0], im->facts.size[1] };
    json_t *with = json_pack("{s:s, s:s}", "weight", weight.s, "bias", bias.s);

    csk_import_keep(im, weight.s, 3, dim);
    csk_import_keep(im, bias.s, 3, dim);
    h = csk_graph_node(&im->graph, "group_norm", NULL,
                       json_pack("{s:i, s:f}", "groups", 1, "eps", eps), 1, &h);
    return csk_graph_node(&im->graph, "affine", module, with, 1, &h);
}

/* -- the embedding of the time ------------------------------------------------------ */

/* sum of the weights of the cosines is taken from the bias. */
static void first_linear(importer *im, int64_t out, int64_t frequencies)
{
    const int64_t dim[2] = { out, 2 * frequencies };
    const csk_tensor *w = csk_import_need(im, "gt.time_embed.0.weight", 2, dim);
    const csk_tensor *b = csk_import_need(im, "gt.time_embed.0.bias", 1, dim);
    float *bias;

    csk_import_keep(im, "gt.time_embed.0.weight", 2, dim);
    bias = csk_import_new(im, "gt.time_embed.0.bias", 1, dim);
    for (int64_t i = 0; bias && i < out; i++) {
        double sum = 0.;
        for (int64_t k = frequencies; k < dim[1]; k++)
            sum += (double)w->data[i * dim[1] + k];
        bias[i] = (float)((double)b->data[i] - sum);
    }
}

static int features_of_time(importer *im, int timesteps)
{
    const double turn = 6.283185307179586;
    const int64_t count = csk_import_side(im, "gt.frequencies", 1, 0);
    json_t *with =
        json_pack("{s:s, s:s, s:s, s:f}", "kind", "fourier", "of", "step", "weight",
                  "gt.frequencies", "factor", 1. / (turn * (timesteps - 1)));

    csk_import_keep(im, "gt.frequencies", 1, &count);
    first_linear(im, csk_import_side(im, "gt.time_embed.0.weight", 2, 0), count);
    return csk_graph_node(&im->graph, "noise_embedding", NULL, with, 0, NULL);
}

static int embed(importer *im, int timesteps, int channels)
{
    int v = features_of_time(im, timesteps);
    int in = csk_import_side(im, "gt.time_embed.0.weight", 2, 0);

    v = csk_graph_linear(&im->graph, v, "gt.time_embed.0", true);
    for (int i = 2; i < LINEARS && !im->err; i += 2) {
        const import_text module = csk_import_name("gt.time_embed.%d", i);
        const import_text weight = csk_import_name("%s.weight", module.s);

        if (!csk_import_has(im, weight.s))
            break;
        const int out = csk_import_side(im, weight.s, 2, 0);
        v = csk_graph_unary(&im->graph, "gelu", v);
        v = csk_import_linear(im, v, module.s, in, out);
        in = out;
    }
    if (in != channels)
        import_fail(im, CSK_ERR_FORMAT,
                    "%s: the embedding of the time has %d channels, expected %d",
                    im->what, in, channels);
    return v;
}

/* -- the diffusion -------------------------------------------------------------------- */

/* "beta_t" must be linear in the step, as vp describes it; "alpha_t" follows from it. */
static int read_betas(importer *im, double *first, double *last)
{
    const int64_t count = csk_import_side(im, "beta_t", 1, 0);
    const csk_tensor *t = csk_import_need(im, "beta_t", 1, &count);

    csk_import_ignore(im, "alpha_t");
    if (!t || count < 2) {
        import_fail(im, CSK_ERR_FORMAT, "%s: tensor \"beta_t\" has no two steps",
                    im->what);
        return 2;
    }
    *first = t->data[0];
    *last = t->data[count - 1];
    for (int64_t i = 0; i < count; i++) {
        const double line = *first + (*last - *first) * (double)i / (double)(count - 1);
        if (!(fabs(t->data[i] - line) < 1e-5 * *last) || !(line > 0. && line < 1.))
            import_fail(
                im, CSK_ERR_UNSUPPORTED,
                "%s: tensor \"beta_t\" is not linear between 0 and 1 at step %lld",
                im->what, (long long)i);
    }
    return (int)count;
}

/* -- the whole ------------------------------------------------------------------------ */

static int block(importer *im, int h, int k, int in, int *out)
{
    const import_text conv = csk_import_name("gt.blocks.%d.net.0", k);
    const import_text weight = csk_import_name("%s.weight", conv.s);

    *out = csk_import_side(im, weight.s, 4, 0);
    h = csk_import_conv(im, h, conv.s, in, *out, csk_import_side(im, weight.s, 4, 2), 1,
                        -1);
    h = layer_norm(im, h, csk_import_name("gt.blocks.%d.net.1", k).s, *out);
    return csk_graph_unary(&im->graph, "gelu", h);
}

int csk_import_ddpm_plain(importer *im)
{
    double first = .5, last = .5;
    const int timesteps = read_betas(im, &first, &last);
    const int in = csk_import_side(im, "gt.blocks.0.net.0.weight", 4, 1);
    int channels = in, h = CSK_GRAPH_INPUT, k = 0;

    if (im->opts->range == CSK_IMPORT_PUBLISHED) {
        im->facts.offset = -.5;
        im->facts.factor = 1.;
    }
    for (int i = 0; i < 2; i++)
        im->facts.size[i] = csk_import_side(im, "gt.blocks.0.net.1.weight", 3, 1 + i);
    for (; k < LAYERS && !im->err; k++) {
        if (!csk_import_has(im, csk_import_name("gt.blocks.%d.net.0.weight", k).s))
            break;
        h = block(im, h, k, channels, &channels);
        if (k == 0)
            h = csk_graph_film(&im->graph, h, embed(im, timesteps, channels));
    }
    const import_text module = csk_import_name("gt.blocks.%d", k);
    const int kernel =
        csk_import_side(im, csk_import_name("%s.weight", module.s).s, 4, 2);
    h = csk_import_conv(im, h, module.s, channels, in, kernel, 1, -1);
    csk_import_vp(im, in, 1, first, last, timesteps);
    return h;
}
