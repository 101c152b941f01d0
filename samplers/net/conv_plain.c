/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Convolutions without oneDNN: what a strip of pixels sees is gathered into the rows of a
 * matrix, which BLAS multiplies with the weights of 16 output channels at a time.
 */
#include "cs/blas_priv.h"
#include "cs/mem.h"
#include "samplers/net/conv_priv.h"
#include "samplers/net/net_priv.h"

#include <cblas.h>
#include <string.h>

enum { STRIP_FLOATS = 1 << 18 }; /* of the gathered matrix: 1 MiB */

typedef struct plain_conv {
    net_conv base;
    int columns; /* kernel^2 times input channels */
    int strip;   /* pixels at a time */
    float
        *packed; /* [out / 16][columns][16], columns ordered (block, dy, dx, channel) */
} plain_conv;

/* Some of the pixels of y, one after the other. */
typedef struct strip {
    int first, count;
} strip;

static int strips_of(const plain_conv *c)
{
    const int64_t pixels = (int64_t)c->base.is.oh * c->base.is.ow;

    return (int)((pixels + c->strip - 1) / c->strip);
}

static strip strip_at(const plain_conv *c, int k)
{
    const int first = k * c->strip, left = c->base.is.oh * c->base.is.ow - first;

    return (strip){ first, left < c->strip ? left : c->strip };
}

/* Gather (or with `back` scatter and add) what pixels first .. first + n - 1 see of image x. */
static void gather(const plain_conv *c, float *rows, float *x, int first, int n,
                   bool back)
{
    const net_conv_shape *is = &c->base.is;
    const int64_t plane = (int64_t)is->h * is->w * NET_BLOCK;
    const int blocks = c->base.in / NET_BLOCK;

    for (int p = first; p < first + n; p++) {
        const int top = p / is->ow * is->stride - is->pad;
        const int left = p % is->ow * is->stride - is->pad;

        for (int b = 0; b < blocks; b++) {
            for (int dy = 0; dy < is->kernel; dy++) {
                for (int dx = 0; dx < is->kernel; dx++, rows += NET_BLOCK) {
                    const int y = top + dy, z = left + dx;
                    const bool inside = y >= 0 && y < is->h && z >= 0 && z < is->w;
                    float *at =
                        inside ? x + b * plane + ((int64_t)y * is->w + z) * NET_BLOCK
                               : NULL;
                    if (back && inside) {
                        for (int k = 0; k < NET_BLOCK; k++)
                            at[k] += rows[k];
                    } else if (!back && inside) {
                        memcpy(rows, at, NET_BLOCK * sizeof(float));
                    } else if (!back) {
                        memset(rows, 0, NET_BLOCK * sizeof(float));
                    }
                }
            }
        }
    }
}

static void finish(float *y, int64_t n, const float *before, bool relu)
{
    for (int64_t i = 0; i < n; i++) {
        const float v = y[i] + (before ? before[i] : 0.F);
        y[i] = relu && v < 0.F ? 0.F : v;
    }
}

static void forward(const net_conv *base, void *y, const void *x, void *work)
{
    const plain_conv *c = (const plain_conv *)base;
    const net_conv_shape *is = &base->is;
    const int pixels = is->oh * is->ow;
    float *rows = work, *before = rows + csk_pad((int64_t)c->strip * c->columns);
    const int single = csk_blas_single();

    for (int n = 0; n < is->batch; n++) {
        float *image = (float *)x + (int64_t)n * base->in * is->h * is->w;

        for (int s = 0; s < strips_of(c); s++) {
            const strip t = strip_at(c, s);

            gather(c, rows, image, t.first, t.count, false);
            for (int o = 0; o < base->out; o += NET_BLOCK) {
                float *to = (float *)y + ((int64_t)n * base->out + o) * pixels +
                            (int64_t)t.first * NET_BLOCK;
                const int64_t len = (int64_t)t.count * NET_BLOCK;

                if (is->sum)
                    memcpy(before, to, (size_t)len * sizeof(float));
                for (int64_t i = 0; i < len; i++)
                    to[i] = base->bias[o + i % NET_BLOCK];
                cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, t.count,
                            NET_BLOCK, c->columns, 1.F, rows, c->columns,
                            c->packed + (int64_t)o * c->columns, NET_BLOCK, 1.F, to,
                            NET_BLOCK);
                finish(to, len, is->sum ? before : NULL, is->relu);
            }
        }
    }
    csk_blas_restore(single);
}

static void data(const net_conv *base, void *gx, const void *gy, void *work)
{
    const plain_conv *c = (const plain_conv *)base;
    const net_conv_shape *is = &base->is;
    const int pixels = is->oh * is->ow;
    const int64_t plane = (int64_t)base->in * is->h * is->w;
    float *rows = work;
    const int single = csk_blas_single();

    memset(gx, 0, (size_t)(is->batch * plane) * sizeof(float));
    for (int n = 0; n < is->batch; n++) {
        for (int s = 0; s < strips_of(c); s++) {
            const strip t = strip_at(c, s);

            for (int o = 0; o < base->out; o += NET_BLOCK) {
                const float *from = (const float *)gy +
                                    ((int64_t)n * base->out + o) * pixels +
                                    (int64_t)t.first * NET_BLOCK;
                cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, t.count,
                            c->columns, NET_BLOCK, 1.F, from, NET_BLOCK,
                            c->packed + (int64_t)o * c->columns, NET_BLOCK,
                            o ? 1.F : 0.F, rows, c->columns);
            }
            gather(c, rows, (float *)gx + n * plane, t.first, t.count, true);
        }
    }
    csk_blas_restore(single);
}

/* Where column k of the gathered matrix is in a row [in][kernel][kernel] of the weights. */
static int64_t place_of(const plain_conv *c, int k)
{
    const int area = c->base.is.kernel * c->base.is.kernel;
    const int lane = k % NET_BLOCK, tap = k / NET_BLOCK % area;
    const int block = k / NET_BLOCK / area;

    return (int64_t)(block * NET_BLOCK + lane) * area + tap;
}

static void weights(const net_conv *base, float *gw, float *gb, const void *x,
                    const void *gy, void *work)
{
    const plain_conv *c = (const plain_conv *)base;
    const net_conv_shape *is = &base->is;
    const int pixels = is->oh * is->ow;
    float *rows = work, *sum = rows + csk_pad((int64_t)c->strip * c->columns);
    const int single = csk_blas_single();

    memset(sum, 0, (size_t)base->out * (size_t)c->columns * sizeof(float));
    memset(gb, 0, (size_t)base->out * sizeof(float));
    for (int n = 0; n < is->batch; n++) {
        float *image = (float *)x + (int64_t)n * base->in * is->h * is->w;

        for (int s = 0; s < strips_of(c); s++) {
            const strip t = strip_at(c, s);

            gather(c, rows, image, t.first, t.count, false);
            for (int o = 0; o < base->out; o += NET_BLOCK) {
                const float *from = (const float *)gy +
                                    ((int64_t)n * base->out + o) * pixels +
                                    (int64_t)t.first * NET_BLOCK;
                cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, c->columns,
                            NET_BLOCK, t.count, 1.F, rows, c->columns, from, NET_BLOCK,
                            1.F, sum + (int64_t)o * c->columns, NET_BLOCK);
                for (int64_t i = 0; i < (int64_t)t.count * NET_BLOCK; i++)
                    gb[o + i % NET_BLOCK] += from[i];
            }
        }
    }
    for (int o = 0; o < base->out; o++) {
        const float *from = sum + (int64_t)(o / NET_BLOCK) * NET_BLOCK * c->columns;

        for (int k = 0; k < c->columns; k++)
            gw[(int64_t)o * c->columns + place_of(c, k)] +=
                from[(int64_t)k * NET_BLOCK + o % NET_BLOCK];
    }
    csk_blas_restore(single);
}

static void pack(net_conv *base, const float *dense)
{
    plain_conv *c = (plain_conv *)base;

    for (int o = 0; o < base->out; o++) {
        float *to = c->packed + (int64_t)(o / NET_BLOCK) * NET_BLOCK * c->columns;

        for (int k = 0; k < c->columns; k++)
            to[(int64_t)k * NET_BLOCK + o % NET_BLOCK] =
                dense[(int64_t)o * c->columns + place_of(c, k)];
    }
}

static void destroy(net_conv *base)
{
    csk_free(((plain_conv *)base)->packed);
}

static const net_conv_class class = { forward, data, weights, NULL, pack, destroy };

csk_status csk_net_conv_plain(net_conv **out, const net_conv_shape *shape)
{
    *out = NULL;
    if (shape->bf16)
        return csk_fail(CSK_ERR_UNSUPPORTED, "bfloat16 needs oneDNN");
    plain_conv *c = csk_net_conv_alloc(sizeof(*c), shape);
    if (!c)
        return CSK_ERR_NOMEM;
    c->base.cls = &class;
    c->columns = c->base.in * shape->kernel * shape->kernel;
    c->strip = STRIP_FLOATS / c->columns + 1;
    c->packed = csk_alloc((int64_t)c->base.out * c->columns, sizeof(float));
    if (!c->packed) {
        csk_net_conv_free(&c->base);
        return CSK_ERR_NOMEM;
    }
    int64_t len = csk_pad((int64_t)c->strip * NET_BLOCK);
    if (shape->weights && len < (int64_t)c->base.out * c->columns)
        len = (int64_t)c->base.out * c->columns;
    c->base.work_len =
        (size_t)(csk_pad((int64_t)c->strip * c->columns) + csk_pad(len)) *
        sizeof(float);
    *out = &c->base;
    return CSK_OK;
}
