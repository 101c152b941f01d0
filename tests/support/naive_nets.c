/* SPDX-License-Identifier: BSD-3-Clause */
/* The denoisers: DnCNN, FFDNet, DRUNet, total deep variation; and DDPM's plain network. */
#include "tests/support/naive_nets.h"

#include <math.h>
#include <string.h>

/* Convolutions "model.0", "model.2", ... with a ReLU in between. */
static naive chain(naive h, int layers, int features, int out)
{
    for (int i = 0; i < layers; i++) {
        h = naive_conv(h, naive_text("model.%d", 2 * i).s,
                       i < layers - 1 ? features : out, 3, 1, 1, true);
        if (i < layers - 1)
            h = naive_apply(h, naive_relu);
    }
    return h;
}

naive naive_dncnn(naive x, int layers, int features)
{
    return chain(x, layers, features, x.c);
}

naive naive_ffdnet(naive x, double sigma, int layers, int features)
{
    const naive a = naive_unshuffle(x, 2);

    return naive_shuffle(
        chain(naive_concat(a, naive_constant(a, sigma)), layers, features, a.c), 2);
}

/* -- DRUNet ----------------------------------------------------------------------------- */

static naive res_blocks(naive h, const char *stage, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        naive r =
            naive_conv(h, naive_text("%s.%d.res.0", stage, i).s, h.c, 3, 1, 1, false);
        r = naive_conv(naive_apply(r, naive_relu),
                       naive_text("%s.%d.res.2", stage, i).s, h.c, 3, 1, 1, false);
        h = naive_add(h, r, 1.);
    }
    return h;
}

naive naive_drunet(naive x, double sigma, const int features[4], int blocks)
{
    naive skip[4];

    skip[0] = naive_conv(naive_concat(x, naive_constant(x, sigma)), "m_head",
                         features[0], 3, 1, 1, false);
    for (int i = 1; i < 4; i++) {
        const naive_name stage = naive_text("m_down%d", i);
        const naive h = res_blocks(skip[i - 1], stage.s, 0, blocks);
        skip[i] = naive_conv(h, naive_text("%s.%d", stage.s, blocks).s, features[i], 2,
                             2, 0, false);
    }
    naive h = res_blocks(skip[3], "m_body", 0, blocks);
    for (int i = 3; i > 0; i--) {
        const naive_name stage = naive_text("m_up%d", i);
        h = naive_conv_transpose(naive_add(h, skip[i], 1.),
                                 naive_text("%s.0", stage.s).s, features[i - 1], 2, 2,
                                 false);
        h = res_blocks(h, stage.s, 1, blocks);
    }
    return naive_conv(naive_add(h, skip[0], 1.), "m_tail", x.c, 3, 1, 1, false);
}

/* -- total deep variation ------------------------------------------------------------------ */

static double student(double x)
{
    return .5 * log(1. + x * x);
}

static naive mirror_conv(naive a, const char *module, int out)
{
    return naive_conv(naive_pad(a, 1, 1, true), module, out, 3, 1, 0, false);
}

static naive micro(naive x, const char *module)
{
    naive h = mirror_conv(x, naive_text("%s.conv1", module).s, x.c);

    h = mirror_conv(naive_apply(h, student), naive_text("%s.conv2", module).s, x.c);
    return naive_add(x, h, 1.);
}

/* The binomial blur of the kernels is done to the image here: with stride 1, before or after. */
static naive blur(naive a, int before, int after)
{
    static const double tap[5] = { 1. / 16., 4. / 16., 6. / 16., 4. / 16., 1. / 16. };
    const naive p = naive_pad(a, before, after, false);
    const naive y = naive_new(a.c, p.h - 4, p.w - 4);

    for (int64_t i = 0; y.x && i < (int64_t)y.c * y.h * y.w; i++) {
        const int64_t c = i / y.w / y.h, row = i / y.w % y.h, col = i % y.w;
        for (int k = 0; k < 25; k++)
            y.x[i] += tap[k / 5] * tap[k % 5] *
                      p.x[(c * p.h + row + k / 5) * p.w + col + k % 5];
    }
    return y;
}

static naive coarser(naive a, const char *module)
{
    /* Seven by seven with symmetric borders of three: blurred first, then three by three. */
    return naive_conv(blur(naive_pad(a, 3, 3, true), 0, 0), module, a.c, 3, 2, 0,
                      false);
}

/* Add what lies in the border of `p` onto the image inside, mirrored. */
static naive fold(naive p, int border, int h, int w)
{
    const naive y = naive_new(p.c, h, w);

    for (int64_t i = 0; y.x && i < (int64_t)p.c * p.h * p.w; i++) {
        int row = (int)(i / p.w % p.h) - border, col = (int)(i % p.w) - border;

        row = row < 0 ? -1 - row : row >= h ? 2 * h - 1 - row : row;
        col = col < 0 ? -1 - col : col >= w ? 2 * w - 1 - col : col;
        y.x[(i / p.w / p.h * h + row) * w + col] += p.x[i];
    }
    return y;
}

static naive finer(naive a, const char *module)
{
    const naive up = naive_conv_transpose(a, module, a.c, 3, 2, false);

    return fold(blur(up, 4, 4), 3, 2 * a.h, 2 * a.w);
}

static void macro(naive *h, const char *m, bool first)
{
    for (int i = 0; i < 2; i++) {
        h[i] = micro(h[i], naive_text("%s.mb.%d.0", m, i).s);
        const naive d = coarser(h[i], naive_text("%s.conv_down.%d", m, i).s);
        h[i + 1] = first ? d : naive_add(h[i + 1], d, 1.);
    }
    h[2] = micro(h[2], naive_text("%s.mb.2.0", m).s);
    for (int i = 1; i >= 0; i--) {
        const naive u = finer(h[i + 1], naive_text("%s.conv_up.%d", m, i).s);
        h[i] = micro(naive_add(h[i], u, 1.), naive_text("%s.mb.%d.1", m, i).s);
    }
}

double naive_tdv(naive x, int features, int macros)
{
    naive h[3] = { mirror_conv(x, "R.K1", features) };
    double sum = 0.;

    for (int m = 0; m < macros; m++)
        macro(h, naive_text("R.mb.%d", m).s, m == 0);
    const naive e = naive_conv(h[0], "R.KN", 1, 1, 1, 0, false);
    for (int64_t i = 0; i < (int64_t)e.h * e.w; i++)
        sum += e.x[i] / features;
    return sum;
}

/* -- the plain network ------------------------------------------------------------------------- */

static naive time_features(double time, int frequencies)
{
    const int64_t n = frequencies;
    const float *f = naive_weight("gt.frequencies", 1, &n);
    naive v = naive_new(2 * frequencies, 1, 1);

    for (int k = 0; k < frequencies; k++) {
        v.x[k] = sin(time * (double)f[k]);
        v.x[frequencies + k] = cos(time * (double)f[k]) - 1.;
    }
    return v;
}

static naive layer_norm(naive a, const char *module)
{
    const int64_t n = (int64_t)a.c * a.h * a.w, dim[3] = { a.c, a.h, a.w };
    const float *w = naive_weight(naive_text("%s.weight", module).s, 3, dim);
    const float *b = naive_weight(naive_text("%s.bias", module).s, 3, dim);
    const naive y = naive_new(a.c, a.h, a.w);
    double mean = 0., var = 0.;

    for (int64_t i = 0; i < n; i++)
        mean += a.x[i] / (double)n;
    for (int64_t i = 0; i < n; i++)
        var += (a.x[i] - mean) * (a.x[i] - mean) / (double)n;
    for (int64_t i = 0; i < n; i++)
        y.x[i] = (a.x[i] - mean) / sqrt(var + 1e-5) * (double)w[i] + (double)b[i];
    return y;
}

naive naive_plain(naive x, double time, const int *features, int blocks,
                  int frequencies)
{
    static const int width = 128;
    naive v = time_features(time, frequencies), h = x;

    for (int i = 0; i < 4; i++) {
        v = naive_linear(v, naive_text("gt.time_embed.%d", 2 * i).s,
                         i < 3 ? width : features[0]);
        if (i < 3)
            v = naive_apply(v, naive_gelu);
    }
    for (int k = 0; k < blocks; k++) {
        h = naive_conv(h, naive_text("gt.blocks.%d.net.0", k).s, features[k], 7, 1, 3,
                       true);
        h = layer_norm(h, naive_text("gt.blocks.%d.net.1", k).s);
        h = naive_apply(h, naive_gelu);
        if (k == 0)
            h = naive_add(h, v, 1.);
    }
    return naive_conv(h, naive_text("gt.blocks.%d", blocks).s, x.c, 3, 1, 1, true);
}
