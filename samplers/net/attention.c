/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Self-attention between the pixels of an image, head by head:
 *
 *     y = v p^T,   p[i] = softmax_j(q[:, i] . k[:, j] / sqrt(d)),   q, k, v: [d][pixels].
 *
 * Vaswani et al., NIPS 2017, equation 1.
 */
#include "cs/blas_priv.h"
#include "cs/mem.h"
#include "samplers/net/image_priv.h"

#include <cblas.h>
#include <math.h>

/* One head in float, plane by plane. */
typedef struct head {
    int d, n;
    float *q, *k, *v, *y; /* [d][n] */
    float *p;             /* [n][n] */
    float *gq, *gk, *gv, *gp;
} head;

static int64_t head_len(int d, int64_t n, bool back)
{
    return (back ? 7 : 4) * csk_pad(d * n) + (back ? 2 : 1) * csk_pad(n * n);
}

size_t csk_net_attention_len(const net_image *y, int heads, bool back)
{
    return (size_t)head_len(y->channels / heads, (int64_t)y->h * y->w, back) *
           sizeof(float);
}

static head head_at(float *work, int d, int n, bool back)
{
    const int64_t dn = csk_pad((int64_t)d * n), nn = csk_pad((int64_t)n * n);
    head h = { .d = d, .n = n, .q = work };

    h.k = h.q + dn;
    h.v = h.k + dn;
    h.y = h.v + dn;
    h.p = h.y + dn;
    if (back) {
        h.gq = h.p + nn;
        h.gk = h.gq + dn;
        h.gv = h.gk + dn;
        h.gp = h.gv + dn;
    }
    return h;
}

static int64_t at(const net_image *a, int n, int c)
{
    return ((int64_t)n * net_blocks(a) + c / NET_BLOCK) * net_plane(a) + c % NET_BLOCK;
}

/* d channels from c on, as planes. */
static void take(float *to, const net_image *a, int n, int c, int d)
{
    const int pixels = a->h * a->w;

    for (int i = 0; i < d; i++) {
        for (int p = 0; p < pixels; p++)
            to[(int64_t)i * pixels + p] =
                net_get(a, at(a, n, c + i) + (int64_t)p * NET_BLOCK);
    }
}

static void give(const net_image *a, int n, int c, int d, const float *from, bool add)
{
    const int pixels = a->h * a->w;

    for (int i = 0; i < d; i++) {
        for (int p = 0; p < pixels; p++) {
            const int64_t to = at(a, n, c + i) + (int64_t)p * NET_BLOCK;
            const float v = from[(int64_t)i * pixels + p];
            net_put(a, to, add ? net_get(a, to) + v : v);
        }
    }
}

static void softmax(float *row, int n)
{
    float top = row[0];
    double sum = 0.;

    for (int j = 1; j < n; j++)
        top = row[j] > top ? row[j] : top;
    for (int j = 0; j < n; j++) {
        row[j] = expf(row[j] - top);
        sum += (double)row[j];
    }
    for (int j = 0; j < n; j++)
        row[j] = (float)((double)row[j] / sum);
}

/* q, k, v of head number `i` of image n of qkv, and p. */
static void attend(const head *h, const net_image *qkv, int n, int i)
{
    const int c = qkv->channels / 3;

    take(h->q, qkv, n, i * h->d, h->d);
    take(h->k, qkv, n, c + i * h->d, h->d);
    take(h->v, qkv, n, 2 * c + i * h->d, h->d);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, h->n, h->n, h->d,
                1.F / sqrtf((float)h->d), h->q, h->n, h->k, h->n, 0.F, h->p, h->n);
    for (int r = 0; r < h->n; r++)
        softmax(h->p + (int64_t)r * h->n, h->n);
}

void csk_net_attention(const net_image *y, const net_image *qkv, int heads, void *work)
{
    const int d = y->channels / heads;
    const head h = head_at(work, d, y->h * y->w, false);
    const int before = csk_blas_single();

    for (int n = 0; n < y->batch; n++) {
        for (int i = 0; i < heads; i++) {
            attend(&h, qkv, n, i);
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, d, h.n, h.n, 1.F, h.v,
                        h.n, h.p, h.n, 0.F, h.y, h.n);
            give(y, n, i * d, d, h.y, false);
        }
    }
    csk_blas_restore(before);
}

/* gq, gk, gv of one head from h->y, the derivative by what it made. */
static void attend_back(const head *h)
{
    const int n = h->n, d = h->d;
    const float scale = 1.F / sqrtf((float)d);

    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, d, n, n, 1.F, h->y, n, h->p,
                n, 0.F, h->gv, n);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n, n, d, 1.F, h->y, n, h->v, n,
                0.F, h->gp, n);
    for (int r = 0; r < n; r++) { /* through the softmax */
        const float *p = h->p + (int64_t)r * n;
        float *g = h->gp + (int64_t)r * n;
        double dot = 0.;

        for (int j = 0; j < n; j++)
            dot += (double)p[j] * (double)g[j];
        for (int j = 0; j < n; j++)
            g[j] = p[j] * (g[j] - (float)dot);
    }
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, d, n, n, scale, h->k, n, h->gp,
                n, 0.F, h->gq, n);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, d, n, n, scale, h->q, n,
                h->gp, n, 0.F, h->gk, n);
}

void csk_net_attention_back(const net_image *gqkv, const net_image *gy,
                            const net_image *qkv, int heads, bool add, void *work)
{
    const int c = gy->channels, d = c / heads;
    const head h = head_at(work, d, gy->h * gy->w, true);
    const int before = csk_blas_single();

    for (int n = 0; n < gy->batch; n++) {
        for (int i = 0; i < heads; i++) {
            attend(&h, qkv, n, i);
            take(h.y, gy, n, i * d, d);
            attend_back(&h);
            give(gqkv, n, i * d, d, h.gq, add);
            give(gqkv, n, c + i * d, d, h.gk, add);
            give(gqkv, n, 2 * c + i * d, d, h.gv, add);
        }
    }
    csk_blas_restore(before);
}
