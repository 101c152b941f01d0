/* SPDX-License-Identifier: BSD-3-Clause */
/* The nodes of tst_net that look at neighbours or move pixels. */
#include "cs/mem.h"
#include "tests/support/tst.h"
#include "tests/support/tst_net_priv.h"

#include <string.h>

typedef struct spot {
    int b, c, y, x;
} spot;

/* Where the number @p i of an image lies. */
static spot spot_of(const tst_map *m, int64_t i)
{
    const int64_t plane = (int64_t)m->height * m->width, map = i / plane;

    return (spot){ .b = (int)(map / m->channels),
                   .c = (int)(map % m->channels),
                   .y = (int)(i % plane / m->width),
                   .x = (int)(i % m->width) };
}

static void fill_bias(const tst_node *n, tst_map *out)
{
    const tst_weight *bias = tst_node_weight(n, "bias");

    for (int64_t i = 0; i < tst_map_size(out); i++)
        out->data[i] = bias ? bias->data[spot_of(out, i).c] : 0.;
}

/*
 * One weight at (dy, dx) of a kernel between two planes: with small [h][w] and large [H][W],
 * small[y][x] pairs with large[y stride + dy][x stride + dx]. A convolution reads the large one,
 * its transpose writes to it.
 */
static void tap(const tst_map *small, double *at, const tst_map *large, double *of,
                double weight, int stride, int dy, int dx, bool transpose)
{
    for (int y = 0; y < small->height; y++) {
        const int v = y * stride + dy;

        if (v < 0 || v >= large->height)
            continue;
        double *row = at + (int64_t)y * small->width;
        double *other = of + (int64_t)v * large->width;

        for (int x = 0; x < small->width; x++) {
            const int u = x * stride + dx;

            if (u < 0 || u >= large->width)
                continue;
            if (transpose)
                other[u] += weight * row[x];
            else
                row[x] += weight * other[u];
        }
    }
}

/* All weights [small channels][large channels][k][k]. */
static void taps(const tst_map *small, const tst_map *large, const tst_weight *w,
                 int stride, int pad, bool transpose)
{
    const int k = w->dim[2];
    const double *weight = w->data;

    ck_assert_int_eq(w->dim[0], small->channels);
    ck_assert_int_eq(w->dim[1], large->channels);
    for (int c = 0; c < small->channels; c++) {
        for (int i = 0; i < large->channels; i++) {
            for (int t = 0; t < k * k; t++, weight++) {
                for (int b = 0; b < small->batch; b++)
                    tap(small, tst_map_at(small, b, c, 0, 0), large,
                        tst_map_at(large, b, i, 0, 0), *weight, stride, t / k - pad,
                        t % k - pad, transpose);
            }
        }
    }
}

tst_map tst_net_conv(const tst_node *n)
{
    const tst_map *a = n->from[0];
    const tst_weight *w = tst_node_weight(n, "weight");
    const int k = w->dim[2], stride = tst_node_integer(n, "stride", 1);
    const int pad = tst_node_integer(n, "pad", (k - 1) / 2);
    tst_map out =
        tst_map_new(a->batch, w->dim[0], (a->height + 2 * pad - k) / stride + 1,
                    (a->width + 2 * pad - k) / stride + 1);

    fill_bias(n, &out);
    taps(&out, a, w, stride, pad, false);
    return out;
}

tst_map tst_net_conv_transpose(const tst_node *n)
{
    const tst_map *a = n->from[0];
    const tst_weight *w = tst_node_weight(n, "weight");
    const int k = w->dim[2], stride = tst_node_integer(n, "stride", 1);
    const int pad = tst_node_integer(n, "pad", 0);
    tst_map out =
        tst_map_new(a->batch, w->dim[1], (a->height - 1) * stride - 2 * pad + k,
                    (a->width - 1) * stride - 2 * pad + k);

    fill_bias(n, &out);
    taps(a, &out, w, stride, pad, true);
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
    for (int64_t i = 0; i < tst_map_size(&out); i++) {
        const spot p = spot_of(&out, i);

        out.data[i] =
            tst_map_get(a, p.b, deep_channel(p.c, p.y % r, p.x % r, r, channels, pixel),
                        p.y / r, p.x / r);
    }
    return out;
}

static tst_map to_depth(const tst_node *n, bool pixel)
{
    const tst_map *a = n->from[0];
    const int r = tst_node_integer(n, "factor", 0);
    tst_map out =
        tst_map_new(a->batch, a->channels * r * r, a->height / r, a->width / r);

    ck_assert(a->height % r == 0 && a->width % r == 0);
    for (int64_t i = 0; i < tst_map_size(a); i++) {
        const spot p = spot_of(a, i);

        *tst_map_at(&out, p.b,
                    deep_channel(p.c, p.y % r, p.x % r, r, a->channels, pixel), p.y / r,
                    p.x / r) = a->data[i];
    }
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

    for (int64_t i = 0; i < tst_map_size(&out); i++) {
        const spot p = spot_of(&out, i);

        out.data[i] = tst_map_get(a, p.b, p.c, within(p.y, f.top, a->height, &f),
                                  within(p.x, f.left, a->width, &f));
    }
    return out;
}

tst_map tst_net_crop(const tst_node *n)
{
    const frame f = frame_of(n);
    const tst_map *a = n->from[0];
    tst_map out = tst_map_new(a->batch, a->channels, a->height - f.top - f.bottom,
                              a->width - f.left - f.right);

    for (int64_t i = 0; i < tst_map_size(&out); i++) {
        const spot p = spot_of(&out, i);

        out.data[i] = tst_map_get(a, p.b, p.c, p.y + f.top, p.x + f.left);
    }
    return out;
}

/* The adjoint of pad: what pad would have copied from a pixel is added to it. */
tst_map tst_net_fold(const tst_node *n)
{
    const frame f = frame_of(n);
    const tst_map *a = n->from[0];
    tst_map out = tst_map_new(a->batch, a->channels, a->height - f.top - f.bottom,
                              a->width - f.left - f.right);

    for (int64_t i = 0; i < tst_map_size(a); i++) {
        const spot p = spot_of(a, i);
        const int v = within(p.y, f.top, out.height, &f);
        const int u = within(p.x, f.left, out.width, &f);

        if (v >= 0 && u >= 0)
            *tst_map_at(&out, p.b, p.c, v, u) += a->data[i];
    }
    return out;
}

/* -- other scales ----------------------------------------------------------- */

tst_map tst_net_upsample(const tst_node *n)
{
    const tst_map *a = n->from[0];
    tst_map out = tst_map_new(a->batch, a->channels, 2 * a->height, 2 * a->width);

    for (int64_t i = 0; i < tst_map_size(&out); i++) {
        const spot p = spot_of(&out, i);

        out.data[i] = tst_map_get(a, p.b, p.c, p.y / 2, p.x / 2);
    }
    return out;
}

tst_map tst_net_downsample(const tst_node *n)
{
    const tst_map *a = n->from[0];
    tst_map out = tst_map_new(a->batch, a->channels, a->height / 2, a->width / 2);

    for (int64_t i = 0; i < tst_map_size(&out); i++) {
        const spot p = spot_of(&out, i);

        for (int k = 0; k < 4; k++)
            out.data[i] +=
                tst_map_get(a, p.b, p.c, 2 * p.y + k / 2, 2 * p.x + k % 2) / 4.;
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

    for (int64_t i = 0; i < tst_map_size(&out); i++) {
        const spot p = spot_of(&out, i);

        for (int k = 0; k < T * T; k++) {
            const int v = p.y * down + k / T - before, u = p.x * down + k % T - before;

            if (v >= 0 && u >= 0 && v % up == 0 && u % up == 0)
                out.data[i] += tst_map_get(a, p.b, p.c, v / up, u / up) *
                               tst_node_item(n, "taps", T - 1 - k / T) *
                               tst_node_item(n, "taps", T - 1 - k % T);
        }
    }
    return out;
}
