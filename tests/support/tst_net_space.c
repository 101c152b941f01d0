/* SPDX-License-Identifier: BSD-3-Clause */
/* The nodes of tst_net that look at neighbours or move pixels. */
#include "cs/mem.h"
#include "tests/support/tst.h"
#include "tests/support/tst_net_priv.h"

#include <string.h>

/* Every pixel of an image in turn. */
#define EACH(m, b, c, y, x)                                                            \
    for (int b = 0; b < (m).batch; b++)                                                \
        for (int c = 0; c < (m).channels; c++)                                         \
            for (int y = 0; y < (m).height; y++)                                       \
                for (int x = 0; x < (m).width; x++)

static double bias(const tst_node *n, int channel)
{
    const tst_weight *b = tst_node_weight(n, "bias");

    return b ? b->data[channel] : 0.;
}

tst_map tst_net_conv(const tst_node *n)
{
    const tst_map *a = n->from[0];
    const tst_weight *w = tst_node_weight(n, "weight");
    const int in = w->dim[1], k = w->dim[2];
    const int stride = tst_node_integer(n, "stride", 1);
    const int pad = tst_node_integer(n, "pad", (k - 1) / 2);
    tst_map out =
        tst_map_new(a->batch, w->dim[0], (a->height + 2 * pad - k) / stride + 1,
                    (a->width + 2 * pad - k) / stride + 1);

    ck_assert_int_eq(in, a->channels);
    EACH(out, b, o, y, x)
    {
        const double *at = w->data + (int64_t)o * in * k * k;
        double sum = bias(n, o);

        for (int i = 0; i < in; i++) {
            for (int dy = 0; dy < k; dy++) {
                for (int dx = 0; dx < k; dx++)
                    sum += *at++ * tst_map_get(a, b, i, y * stride + dy - pad,
                                               x * stride + dx - pad);
            }
        }
        *tst_map_at(&out, b, o, y, x) = sum;
    }
    return out;
}

/* Every pixel of the input is spread. */
tst_map tst_net_conv_transpose(const tst_node *n)
{
    const tst_map *a = n->from[0];
    const tst_weight *w = tst_node_weight(n, "weight");
    const int outs = w->dim[1], k = w->dim[2];
    const int stride = tst_node_integer(n, "stride", 1);
    const int pad = tst_node_integer(n, "pad", 0);
    tst_map out = tst_map_new(a->batch, outs, (a->height - 1) * stride - 2 * pad + k,
                              (a->width - 1) * stride - 2 * pad + k);

    ck_assert_int_eq(w->dim[0], a->channels);
    EACH(out, b, o, y, x)
    *tst_map_at(&out, b, o, y, x) = bias(n, o);
    EACH(*a, b, i, y, x)
    {
        const double *at = w->data + (int64_t)i * outs * k * k;

        for (int o = 0; o < outs; o++) {
            for (int dy = 0; dy < k; dy++) {
                for (int dx = 0; dx < k; dx++, at++) {
                    const int v = y * stride + dy - pad, u = x * stride + dx - pad;

                    if (v >= 0 && v < out.height && u >= 0 && u < out.width)
                        *tst_map_at(&out, b, o, v, u) +=
                            *at * tst_map_get(a, b, i, y, x);
                }
            }
        }
    }
    return out;
}

/* -- shuffles --------------------------------------------------------------- */

/* Where in the deep image out[c][y r + dy][x r + dx] lies: PyTorch's order or ours. */
static int deep_channel(int c, int dy, int dx, int r, int channels, bool pixel)
{
    return pixel ? (c * r + dy) * r + dx : (dy * r + dx) * channels + c;
}

static tst_map to_space(const tst_node *n, bool pixel)
{
    const tst_map *a = n->from[0];
    const int r = tst_node_integer(n, "factor", 0), channels = a->channels / (r * r);
    tst_map out = tst_map_new(a->batch, channels, a->height * r, a->width * r);

    ck_assert_int_eq(a->channels % (r * r), 0);
    EACH(out, b, c, y, x)
    *tst_map_at(&out, b, c, y, x) = tst_map_get(
        a, b, deep_channel(c, y % r, x % r, r, channels, pixel), y / r, x / r);
    return out;
}

static tst_map to_depth(const tst_node *n, bool pixel)
{
    const tst_map *a = n->from[0];
    const int r = tst_node_integer(n, "factor", 0);
    tst_map out =
        tst_map_new(a->batch, a->channels * r * r, a->height / r, a->width / r);

    ck_assert(a->height % r == 0 && a->width % r == 0);
    EACH(*a, b, c, y, x)
    *tst_map_at(&out, b, deep_channel(c, y % r, x % r, r, a->channels, pixel), y / r,
                x / r) = tst_map_get(a, b, c, y, x);
    return out;
}

tst_map tst_net_depth_to_space(const tst_node *n)
{
    return to_space(n, false);
}

tst_map tst_net_space_to_depth(const tst_node *n)
{
    return to_depth(n, false);
}

tst_map tst_net_pixel_shuffle(const tst_node *n)
{
    return to_space(n, true);
}

tst_map tst_net_pixel_unshuffle(const tst_node *n)
{
    return to_depth(n, true);
}

/* -- borders ---------------------------------------------------------------- */

/* Index @p i beyond [0, n) seen in a mirror: with the edge twice, or once. */
static int mirror(int i, int n, bool twice)
{
    if (i < 0)
        i = twice ? -1 - i : -i;
    if (i >= n)
        i = twice ? 2 * n - 1 - i : 2 * n - 2 - i;
    if (i < 0 || i >= n)
        ck_abort_msg("the border is larger than the image");
    return i;
}

typedef struct frame {
    int top, bottom, left, right;
    bool zero, twice;
} frame;

static frame frame_of(const tst_node *n)
{
    const char *mode = tst_node_text(n, "mode", "zero");
    const frame f = { .top = (int)tst_node_item(n, "size", 0),
                      .bottom = (int)tst_node_item(n, "size", 1),
                      .left = (int)tst_node_item(n, "size", 2),
                      .right = (int)tst_node_item(n, "size", 3),
                      .zero = strcmp(mode, "zero") == 0,
                      .twice = strcmp(mode, "symmetric") == 0 };

    ck_assert(f.zero || f.twice || strcmp(mode, "reflect") == 0);
    return f;
}

/* Row @p y of the framed image is this row of the @p n within; -1 is none. */
static int within(int y, int before, int n, const frame *f)
{
    y -= before;
    if (f->zero)
        return y >= 0 && y < n ? y : -1;
    return mirror(y, n, f->twice);
}

tst_map tst_net_pad(const tst_node *n)
{
    const frame f = frame_of(n);
    const tst_map *a = n->from[0];
    tst_map out = tst_map_new(a->batch, a->channels, a->height + f.top + f.bottom,
                              a->width + f.left + f.right);

    EACH(out, b, c, y, x)
    *tst_map_at(&out, b, c, y, x) = tst_map_get(
        a, b, c, within(y, f.top, a->height, &f), within(x, f.left, a->width, &f));
    return out;
}

tst_map tst_net_crop(const tst_node *n)
{
    const frame f = frame_of(n);
    const tst_map *a = n->from[0];
    tst_map out = tst_map_new(a->batch, a->channels, a->height - f.top - f.bottom,
                              a->width - f.left - f.right);

    EACH(out, b, c, y, x)
    *tst_map_at(&out, b, c, y, x) = tst_map_get(a, b, c, y + f.top, x + f.left);
    return out;
}

/* The adjoint of pad: what pad would have copied from a pixel is added to it. */
tst_map tst_net_fold(const tst_node *n)
{
    const frame f = frame_of(n);
    const tst_map *a = n->from[0];
    tst_map out = tst_map_new(a->batch, a->channels, a->height - f.top - f.bottom,
                              a->width - f.left - f.right);

    EACH(*a, b, c, y, x)
    {
        const int v = within(y, f.top, out.height, &f);
        const int u = within(x, f.left, out.width, &f);

        if (v >= 0 && u >= 0)
            *tst_map_at(&out, b, c, v, u) += tst_map_get(a, b, c, y, x);
    }
    return out;
}

/* -- other scales ----------------------------------------------------------- */

tst_map tst_net_upsample(const tst_node *n)
{
    const tst_map *a = n->from[0];
    tst_map out = tst_map_new(a->batch, a->channels, 2 * a->height, 2 * a->width);

    EACH(out, b, c, y, x)
    *tst_map_at(&out, b, c, y, x) = tst_map_get(a, b, c, y / 2, x / 2);
    return out;
}

tst_map tst_net_downsample(const tst_node *n)
{
    const tst_map *a = n->from[0];
    tst_map out = tst_map_new(a->batch, a->channels, a->height / 2, a->width / 2);

    EACH(out, b, c, y, x)
    {
        for (int k = 0; k < 4; k++)
            *tst_map_at(&out, b, c, y, x) +=
                tst_map_get(a, b, c, 2 * y + k / 2, 2 * x + k % 2) / 4.;
    }
    return out;
}

/*
 * upfirdn2d as its authors define it, in one step: the sample at j of the image with zeros
 * inserted and borders added is in[(j - before) / up] where that is a whole number, and
 * out[i] = sum_k sample[i down + k] taps[T - 1 - k].
 */
tst_map tst_net_fir(const tst_node *n)
{
    const tst_map *a = n->from[0];
    const int T = (int)json_array_size(json_object_get(n->json, "taps"));
    const int up = tst_node_integer(n, "up", 1), down = tst_node_integer(n, "down", 1);
    const int before = (int)tst_node_item(n, "pad", 0);
    const int both = before + (int)tst_node_item(n, "pad", 1);
    tst_map out =
        tst_map_new(a->batch, a->channels, (a->height * up + both - T) / down + 1,
                    (a->width * up + both - T) / down + 1);

    EACH(out, b, c, y, x)
    {
        for (int k = 0; k < T * T; k++) {
            const int v = y * down + k / T - before, u = x * down + k % T - before;

            if (v >= 0 && u >= 0 && v % up == 0 && u % up == 0)
                *tst_map_at(&out, b, c, y, x) +=
                    tst_map_get(a, b, c, v / up, u / up) *
                    tst_node_item(n, "taps", T - 1 - k / T) *
                    tst_node_item(n, "taps", T - 1 - k % T);
        }
    }
    return out;
}
