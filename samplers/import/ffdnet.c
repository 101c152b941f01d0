/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FFDNet: Zhang et al., IEEE Trans. Image Process. 27 (2018) 4608, in KAIR's layout: the image
 * as 4 C channels of half the size and a map of the noise level, 3x3 convolutions "model.N"
 * with a ReLU between any two, and back to full size.
 *
 * csk lays the channels out as (dy, dx, c) where the published weights have (c, dy, dx), and
 * the map, which goes through the same rearrangement, has four channels, of which one has
 * weights.
 */
#include "samplers/import/import_priv.h"

#include <string.h>

enum { LAYERS = 1000, SPOTS = 4, AREA = 9 };

/* Inputs (c, spot), map -> (spot, c + map). */
static void first_weights(importer *im, int channels, int features)
{
    const int before = SPOTS * channels + 1, after = SPOTS * (channels + 1);
    const int64_t has[4] = { features, before, 3, 3 },
                  makes[4] = { features, after, 3, 3 };
    const csk_tensor *t = csk_import_need(im, "model.0.weight", 4, has);
    float *to = t ? csk_import_new(im, "model.0.weight", 4, makes) : NULL;

    for (int k = 0; to && k < features; k++) {
        for (int i = 0; i < after; i++) {
            const int spot = i / (channels + 1), c = i % (channels + 1);
            const int from = c < channels ? c * SPOTS + spot : before - 1;

            if (c < channels || spot == 0)
                memcpy(to + ((int64_t)k * after + i) * AREA,
                       t->data + ((int64_t)k * before + from) * AREA,
                       AREA * sizeof(float));
        }
    }
}

/* Outputs (c, spot) -> (spot, c), of a weight or a bias whose rows have @p row numbers. */
static void last_rows(importer *im, const char *name, int rank, const int64_t *dim)
{
    const csk_tensor *t = csk_import_need(im, name, rank, dim);
    float *to = t ? csk_import_new(im, name, rank, dim) : NULL;

    if (!to)
        return;
    const int64_t row = csk_tensor_size(t) / dim[0], channels = dim[0] / SPOTS;
    for (int64_t i = 0; i < dim[0]; i++)
        memcpy(to + i * row, t->data + (i % channels * SPOTS + i / channels) * row,
               (size_t)row * sizeof(float));
}

static int first(importer *im, int channels, int features)
{
    const int64_t dim = features;
    csk_graph *g = &im->graph;
    int x = csk_graph_concat(g, CSK_GRAPH_INPUT, csk_graph_noise_map(g, 1.));

    x = csk_graph_shuffle(g, "space_to_depth", x, 2);
    first_weights(im, channels, features);
    csk_import_keep(im, "model.0.bias", 1, &dim);
    return csk_graph_conv(g, x, "model.0", true, 1, -1);
}

static int last(importer *im, int h, const char *module, int features, int channels)
{
    const int64_t dim[4] = { SPOTS * (int64_t)channels, features, 3, 3 };

    last_rows(im, csk_import_name("%s.weight", module).s, 4, dim);
    last_rows(im, csk_import_name("%s.bias", module).s, 1, dim);
    h = csk_graph_conv(&im->graph, h, module, true, 1, -1);
    return csk_graph_shuffle(&im->graph, "depth_to_space", h, 2);
}

static int walk(importer *im)
{
    const int in = csk_import_side(im, "model.0.weight", 4, 1);
    const int features = csk_import_side(im, "model.0.weight", 4, 0);
    const int channels = (in - 1) / SPOTS;

    if (!im->err && in != SPOTS + 1 && in != 3 * SPOTS + 1)
        import_fail(
            im, CSK_ERR_FORMAT,
            "%s: tensor \"%smodel.0.weight\" reads %d channels, expected 5 (grey) or "
            "13 (colour)",
            im->what, im->prefix, in);
    int h = first(im, channels, features);
    int i = 2;
    for (; !im->err && i < LAYERS &&
           csk_import_has(im, csk_import_name("model.%d.weight", i + 2).s);
         i += 2) {
        h = csk_graph_unary(&im->graph, "relu", h);
        h = csk_import_conv(im, h, csk_import_name("model.%d", i).s, features, features,
                            3, 1, -1);
    }
    h = csk_graph_unary(&im->graph, "relu", h);
    im->facts.channels = channels;
    im->facts.multiple = 2;
    im->facts.sigma[0] = IMPORT_LOWEST;
    im->facts.sigma[1] = im->opts->sigma_high > 0. ? im->opts->sigma_high : 75. / 255.;
    im->facts.preconditioning = "direct";
    return last(im, h, csk_import_name("model.%d", i).s, features, channels);
}

static const char *const probes[] = { "model.0.weight", NULL };

const import_class csk_import_ffdnet = { probes, CSK_IMPORT_UNIT, walk };
