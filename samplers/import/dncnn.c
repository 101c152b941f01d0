/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DnCNN: Zhang et al., IEEE Trans. Image Process. 26 (2017) 3142, in KAIR's layout: "model.N"
 * are 3x3 convolutions with a ReLU between any two, the batch norms merged into them. A first
 * one that reads one channel more than the last makes is an FDnCNN, which knows the noise
 * level from a map and makes the image instead of the noise.
 */
#include "samplers/import/import_priv.h"

enum { LAYERS = 1000 };

/* Number of the convolution that follows number @p at; -1: none. */
static int next_of(const importer *im, int at)
{
    for (int i = at + 1; i < at + 4; i++) {
        if (csk_import_has(im, csk_import_name("model.%d.weight", i).s))
            return i;
    }
    return -1;
}

static int layers(importer *im, int x, int in, int *out)
{
    int h = x, channels = in;

    for (int i = 0; i >= 0 && i < LAYERS && !im->err; i = next_of(im, i)) {
        const import_text module = csk_import_name("model.%d", i);
        const int makes =
            csk_import_side(im, csk_import_name("%s.weight", module.s).s, 4, 0);

        if (h != x)
            h = csk_graph_unary(&im->graph, "relu", h);
        h = csk_import_conv(im, h, module.s, channels, makes, 3, 1, -1);
        channels = makes;
    }
    *out = channels;
    return h;
}

static int walk(importer *im)
{
    const int in = csk_import_side(im, "model.0.weight", 4, 1);
    const bool map = in == 2 || in == 4;
    const double sigma = im->opts->sigma > 0. ? im->opts->sigma : 25. / 255.;
    const double high = im->opts->sigma_high > 0. ? im->opts->sigma_high : 75. / 255.;
    int out, x = CSK_GRAPH_INPUT;

    if (!map && im->opts->sigma_high > 0.)
        import_fail(
            im, CSK_ERR_ARG,
            "%s: sigma-high does nothing here: without a map of the noise as input "
            "the network knows one level, sigma",
            im->what);
    if (map && im->opts->sigma > 0.)
        import_fail(
            im, CSK_ERR_ARG,
            "%s: sigma does nothing here: the network has a map of the noise as "
            "input and knows levels up to sigma-high",
            im->what);
    if (map)
        x = csk_graph_concat(&im->graph, x, csk_graph_noise_map(&im->graph, 1.));
    const int h = layers(im, x, in, &out);

    if (out != in - map)
        import_fail(im, CSK_ERR_FORMAT,
                    "%s: the network makes %d channels of %d, expected as many or one "
                    "less",
                    im->what, out, in);
    im->facts.channels = out;
    im->facts.multiple = 1;
    im->facts.sigma[0] = map ? IMPORT_LOWEST : sigma;
    im->facts.sigma[1] = map ? high : sigma;
    im->facts.preconditioning = map ? "direct" : "residual";
    return h;
}

static const char *const probes[] = { "model.0.weight", NULL };

const import_class csk_import_dncnn = { probes, CSK_IMPORT_UNIT, walk };
