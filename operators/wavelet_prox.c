/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/simd_priv.h"
#include "cs/vec.h"
#include "operators/wavelet.h"

#include <math.h>

typedef struct wavelet_l1 {
    csk_prox base;
    csk_wavelet *w;
    bool random_shift;
} wavelet_l1;

enum { BLOCK = 4096 };

CSK_HOT static void shrink_complex(int64_t n, float *c, float t)
{
    for (int64_t i = 0; i < n; i++) {
        const float re = c[2 * i], im = c[2 * i + 1];
        const float r = sqrtf(re * re + im * im);
        const float keep = r > t ? 1.f - t / r : 0.f;

        c[2 * i] = keep * re;
        c[2 * i + 1] = keep * im;
    }
}

CSK_HOT static void shrink_real(int64_t n, float *c, float t)
{
    for (int64_t i = 0; i < n; i++)
        c[i] = copysignf(fmaxf(fabsf(c[i]) - t, 0.f), c[i]);
}

/* Soft thresholding in the transform, which is orthonormal: the prox is exact. */
static void l1_apply(const csk_prox *g, float *x, double t, uint32_t draw, float *work)
{
    const wavelet_l1 *p = (const wavelet_l1 *)g;
    const int64_t n = csk_space_size(&g->space);
    const bool complex = g->space.field == CSK_COMPLEX;
    int64_t shift[CSK_MAX_RANK] = { 0 };
    float *c = work, *rest = work + csk_pad(csk_space_len(&g->space));

    if (p->random_shift)
        csk_wavelet_random_shift(p->w, 0, 0, draw, shift);
    csk_wavelet_forward(p->w, c, x, p->random_shift ? shift : NULL, rest);
#pragma omp parallel for schedule(static) if (n > 1 << 15)
    for (int64_t at = 0; at < n; at += BLOCK) {
        const int64_t len = n - at < BLOCK ? n - at : BLOCK;

        if (complex)
            shrink_complex(len, c + 2 * at, (float)t);
        else
            shrink_real(len, c + at, (float)t);
    }
    csk_wavelet_inverse(p->w, x, c, p->random_shift ? shift : NULL, rest);
}

static double l1_value(const csk_prox *g, const float *x, float *work)
{
    const wavelet_l1 *p = (const wavelet_l1 *)g;
    const int width = (int)g->space.field;
    const int64_t n = csk_space_size(&g->space);
    float *c = work, *rest = work + csk_pad(csk_space_len(&g->space));
    double sum = 0.;

    csk_wavelet_forward(p->w, c, x, NULL, rest);
    for (int64_t i = 0; i < n; i++)
        sum += width == 1 ? fabs((double)c[i])
                          : hypot((double)c[2 * i], (double)c[2 * i + 1]);
    return sum;
}

static void l1_destroy(csk_prox *g)
{
    csk_wavelet_free(((wavelet_l1 *)g)->w);
}

static const csk_prox_class wavelet_l1_class = {
    .name = "l1-wavelet",
    .apply = l1_apply,
    .value = l1_value,
    .destroy = l1_destroy,
};

csk_status csk_prox_wavelet_l1(csk_prox **out, const csk_space *space, unsigned axes,
                               const char *family, int levels, bool random_shift)
{
    csk_wavelet *w;
    const csk_status err = csk_wavelet_new(&w, space, axes, family, levels);

    if (err)
        return err;
    wavelet_l1 *g = csk_alloc(1, sizeof(*g));
    if (!g) {
        csk_wavelet_free(w);
        return CSK_ERR_NOMEM;
    }
    g->base.cls = &wavelet_l1_class;
    g->base.space = *space;
    g->base.work_len = csk_pad(csk_space_len(space)) + csk_wavelet_work_len(w);
    g->w = w;
    g->random_shift = random_shift;
    *out = &g->base;
    return CSK_OK;
}
