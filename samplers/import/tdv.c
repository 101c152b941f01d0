/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Total deep variation: Kobler, Effland, Kunisch, Pock, CVPR 2020, in the layout of VLOGroup's
 * code. The energy is a sum over pixels of KN N(K1 x) / features, N a chain of macro blocks,
 * each a small U-Net on as many scales; a micro block is x + conv2(log(1 + conv1(x)^2) / 2). All
 * convolutions pad symmetrically. Those between scales are 3x3 kernels convolved with a stored
 * 5x5 blur, which makes 7x7, with stride 2; the ones upwards are adjoints, the padding
 * ("fold") included.
 */
#include "samplers/import/import_priv.h"

#include <string.h>

enum { SCALES = 8, MACROS = 100, KERNEL = 3, BLUR = 5, WIDE = KERNEL + BLUR - 1 };

static int padded_conv(importer *im, int a, const char *module, int in, int out)
{
    static const int size[4] = { 1, 1, 1, 1 };

    a = csk_graph_border(&im->graph, a, "symmetric", size);
    return csk_import_conv(im, a, module, in, out, KERNEL, 1, 0);
}

static int micro_block(importer *im, int x, const char *module, int channels)
{
    int h =
        padded_conv(im, x, csk_import_name("%s.conv1", module).s, channels, channels);

    h = csk_graph_unary(&im->graph, "student", h);
    h = padded_conv(im, h, csk_import_name("%s.conv2", module).s, channels, channels);
    return csk_graph_add(&im->graph, x, h, 1.);
}

/* One 3x3 kernel, zero outside, correlated with the blur. */
static void blur(float *wide, const float *kernel, const float *by)
{
    for (int i = 0; i < WIDE * WIDE; i++) {
        double sum = 0.;
        for (int j = 0; j < BLUR * BLUR; j++) {
            const int y = i / WIDE + j / BLUR - (BLUR - 1);
            const int x = i % WIDE + j % BLUR - (BLUR - 1);
            if (y >= 0 && y < KERNEL && x >= 0 && x < KERNEL)
                sum += (double)kernel[y * KERNEL + x] * by[j];
        }
        wide[i] = (float)sum;
    }
}

/* Weights between the scales: [coarse][fine][7][7]. */
static void blurred_weights(importer *im, const char *module, int coarse, int fine)
{
    const int64_t has[4] = { coarse, fine, KERNEL, KERNEL };
    const int64_t makes[4] = { coarse, fine, WIDE, WIDE };
    const int64_t kernel[4] = { 1, 1, BLUR, BLUR };
    const import_text name = csk_import_name("%s.weight", module);
    const csk_tensor *t = csk_import_need(im, name.s, 4, has);
    const csk_tensor *by =
        csk_import_need(im, csk_import_name("%s.blur", module).s, 4, kernel);
    float *to = by ? csk_import_new(im, name.s, 4, makes) : NULL;

    for (int64_t i = 0; to && i < (int64_t)coarse * fine; i++)
        blur(to + i * WIDE * WIDE, t->data + i * KERNEL * KERNEL, by->data);
}

static int down(importer *im, int a, const char *module, int fine, int coarse)
{
    static const int size[4] = { 3, 3, 3, 3 };

    blurred_weights(im, module, coarse, fine);
    a = csk_graph_border(&im->graph, a, "symmetric", size);
    return csk_graph_conv(&im->graph, a, module, false, 2, 0);
}

/* The adjoint of down(): of 2 n + 6 padded rows the last gets nothing. */
static int up(importer *im, int a, const char *module, int fine, int coarse)
{
    json_t *with =
        json_pack("{s:s, s:[iiii]}", "mode", "symmetric", "size", 3, 2, 3, 2);

    blurred_weights(im, module, coarse, fine);
    a = csk_graph_conv_transpose(&im->graph, a, module, false, 2, 0);
    return csk_graph_node(&im->graph, "fold", NULL, with, 1, &a);
}

/* A scale of the first macro block has no features yet: h < 0. */
static void macro_block(importer *im, int *h, const char *module, int scales,
                        const int *channels)
{
    for (int i = 0; i < scales - 1; i++) {
        h[i] = micro_block(im, h[i], csk_import_name("%s.mb.%d.0", module, i).s,
                           channels[i]);
        const int d = down(im, h[i], csk_import_name("%s.conv_down.%d", module, i).s,
                           channels[i], channels[i + 1]);
        h[i + 1] = h[i + 1] < 0 ? d : csk_graph_add(&im->graph, h[i + 1], d, 1.);
    }
    h[scales - 1] = micro_block(im, h[scales - 1],
                                csk_import_name("%s.mb.%d.0", module, scales - 1).s,
                                channels[scales - 1]);
    for (int i = scales - 2; i >= 0; i--) {
        const int u = up(im, h[i + 1], csk_import_name("%s.conv_up.%d", module, i).s,
                         channels[i], channels[i + 1]);
        h[i] = csk_graph_add(&im->graph, h[i], u, 1.);
        h[i] = micro_block(im, h[i], csk_import_name("%s.mb.%d.1", module, i).s,
                           channels[i]);
    }
}

/* Scales of the macro blocks, and the channels of each. */
static int read_scales(importer *im, int *channels)
{
    int scales = 1;

    channels[0] = csk_import_side(im, "R.K1.weight", 4, 0);
    while (!im->err && scales < SCALES) {
        const import_text name =
            csk_import_name("R.mb.0.conv_down.%d.weight", scales - 1);
        if (!csk_import_has(im, name.s))
            break;
        channels[scales++] = csk_import_side(im, name.s, 4, 0);
    }
    return scales;
}

/* A number that is stored with any rank. */
static double scalar(importer *im, const char *name)
{
    const int64_t one[CSK_TENSOR_RANK] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    const int rank = csk_import_rank(im, name);
    const csk_tensor *t = csk_import_need(im, name, rank < 0 ? 0 : rank, one);

    return t ? (double)t->data[0] : 0.;
}

/* "mask" is a constant of the training, of ones. */
static void ignore_masks(importer *im)
{
    const char *const last = ".mask";

    for (int i = 0; i < im->from->count; i++) {
        const char *dot = strrchr(im->from->item[i].name, '.');
        if (dot && strcmp(dot, last) == 0)
            im->used[i] = true;
    }
}

static void set_facts(importer *im, int scales)
{
    const double sigma = im->opts->sigma > 0. ? im->opts->sigma : 25. / 255.;
    import_facts *f = &im->facts;

    f->multiple = 1 << (scales - 1);
    f->sigma[0] =
        .4 * sigma; /* the published range of the rescaling: 10 to 50 for 25 */
    f->sigma[1] = 2. * sigma;
    f->preconditioning = "tdv";
    f->more = json_pack("{s:i, s:f, s:f, s:f}", "steps", im->opts->steps, "T",
                        scalar(im, "T"), "lambda", scalar(im, "lmbda"),
                        "sigma_reference", sigma);
}

static int walk(importer *im)
{
    int channels[SCALES], h[SCALES];

    im->few_biases = true;
    const int scales = read_scales(im, channels), features = channels[0];
    const int in = csk_import_side(im, "R.K1.weight", 4, 1);

    im->facts.channels = in;
    for (int i = 0; i < SCALES; i++)
        h[i] = -1;
    h[0] = padded_conv(im, CSK_GRAPH_INPUT, "R.K1", in, features);
    for (int m = 0; m < MACROS && !im->err; m++) {
        const import_text module = csk_import_name("R.mb.%d", m);
        if (!csk_import_has(im, csk_import_name("%s.mb.0.0.conv1.weight", module.s).s))
            break;
        macro_block(im, h, module.s, scales, channels);
    }
    h[0] = csk_import_conv(im, h[0], "R.KN", features, 1, 1, 1, -1);
    set_facts(im, scales);
    ignore_masks(im);
    return csk_graph_scale(&im->graph, h[0], im->err ? 1. : 1. / features);
}

static const char *const probes[] = { "R.K1.weight", NULL };

const import_class csk_import_tdv = { probes, CSK_IMPORT_UNIT, walk };
