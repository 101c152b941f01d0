/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DRUNet: Zhang et al., IEEE Trans. Pattern Anal. Mach. Intell. 44 (2022) 6360, KAIR's UNetRes:
 * residual blocks "m_downL.B.res", strided 2x2 convolutions down, transposed ones up, skip
 * connections that add, and a map of the noise level as a last channel of the input.
 */
#include "samplers/import/import_priv.h"

enum { LEVELS = 3, BLOCKS = 100 };

static int residual_blocks(importer *im, int h, const char *stage, int first,
                           int channels)
{
    for (int i = first; !im->err && i < BLOCKS; i++) {
        const import_text res = csk_import_name("%s.%d.res", stage, i);

        if (!csk_import_has(im, csk_import_name("%s.0.weight", res.s).s))
            break;
        int r = csk_import_conv(im, h, csk_import_name("%s.0", res.s).s, channels,
                                channels, 3, 1, -1);
        r = csk_graph_unary(&im->graph, "relu", r);
        r = csk_import_conv(im, r, csk_import_name("%s.2", res.s).s, channels, channels,
                            3, 1, -1);
        h = csk_graph_add(&im->graph, h, r, 1.);
    }
    return h;
}

/* Number of the module of a stage that is no residual block: the strided one. */
static int last_of(const importer *im, const char *stage)
{
    int i = 0;

    while (i < BLOCKS &&
           csk_import_has(im, csk_import_name("%s.%d.res.0.weight", stage, i).s))
        i++;
    return i;
}

static int down(importer *im, int h, int level, int *channels)
{
    const import_text stage = csk_import_name("m_down%d", level);
    const import_text strided = csk_import_name("%s.%d", stage.s, last_of(im, stage.s));

    h = residual_blocks(im, h, stage.s, 0, *channels);
    const int out =
        csk_import_side(im, csk_import_name("%s.weight", strided.s).s, 4, 0);
    h = csk_import_conv(im, h, strided.s, *channels, out, 2, 2, 0);
    *channels = out;
    return h;
}

static int up(importer *im, int h, int level, int in, int out)
{
    const import_text stage = csk_import_name("m_up%d", level);
    const import_text wide = csk_import_name("%s.0", stage.s);
    const import_text bias = csk_import_name("%s.bias", wide.s);
    const int64_t dim[4] = { in, out, 2, 2 };
    const bool biased = csk_import_has(im, bias.s);

    csk_import_keep(im, csk_import_name("%s.weight", wide.s).s, 4, dim);
    if (biased)
        csk_import_keep(im, bias.s, 1, dim + 1);
    h = csk_graph_conv_transpose(&im->graph, h, wide.s, biased, 2, 0);
    return residual_blocks(im, h, stage.s, 1, out);
}

static int walk(importer *im)
{
    csk_graph *g = &im->graph;

    im->few_biases = true; /* published without */
    const int in = csk_import_side(im, "m_head.weight", 4, 1);
    int channels[LEVELS + 1] = { csk_import_side(im, "m_head.weight", 4, 0) };
    int skip[LEVELS + 1], c = channels[0];

    if (!im->err && in != 2 && in != 4)
        import_fail(
            im, CSK_ERR_FORMAT,
            "%s: tensor \"%sm_head.weight\" reads %d channels, expected 2 (grey) "
            "or 4 (colour)",
            im->what, im->prefix, in);
    int h = csk_graph_concat(g, CSK_GRAPH_INPUT, csk_graph_noise_map(g, 1.));
    skip[0] = h = csk_import_conv(im, h, "m_head", in, c, 3, 1, -1);
    for (int i = 1; i <= LEVELS; i++) {
        skip[i] = h = down(im, h, i, &c);
        channels[i] = c;
    }
    h = residual_blocks(im, h, "m_body", 0, c);
    for (int i = LEVELS; i > 0; i--) {
        h = csk_graph_add(g, h, skip[i], 1.);
        h = up(im, h, i, channels[i], channels[i - 1]);
    }
    h = csk_graph_add(g, h, skip[0], 1.);
    im->facts.channels = in - 1;
    im->facts.multiple = 1 << LEVELS;
    im->facts.sigma[0] = IMPORT_LOWEST;
    im->facts.sigma[1] = im->opts->sigma_high > 0. ? im->opts->sigma_high : 50. / 255.;
    im->facts.preconditioning = "direct";
    return csk_import_conv(im, h, "m_tail", channels[0], in - 1, 3, 1, -1);
}

static const char *const probes[] = { "m_head.weight", NULL };

const import_class csk_import_drunet = { probes, CSK_IMPORT_UNIT, walk };
