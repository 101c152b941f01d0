/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "operators/wavelet.h"

/* W is orthonormal, so prox_{t |W .|_1} = W^T prox_{t |.|_1} W; so it is with S W S^-1. */
typedef struct wavelet_l1 {
    csk_prox base;
    csk_wavelet *w;
    csk_prox *l1;
    bool random_shift;
} wavelet_l1;

static void l1_apply(const csk_prox *g, float *x, double t, uint32_t draw, float *work)
{
    const wavelet_l1 *p = (const wavelet_l1 *)g;
    float *c = work, *rest = work + csk_pad(csk_space_len(&g->space));
    int64_t shift[CSK_MAX_RANK] = { 0 };

    if (p->random_shift && draw != CSK_PROX_PLAIN)
        csk_wavelet_random_shift(p->w, 0, 0, draw, shift);
    csk_wavelet_forward(p->w, c, x, shift, rest);
    csk_prox_apply(p->l1, c, t, draw, rest);
    csk_wavelet_inverse(p->w, x, c, shift, rest);
}

static double l1_value(const csk_prox *g, const float *x, float *work)
{
    const wavelet_l1 *p = (const wavelet_l1 *)g;
    float *c = work, *rest = work + csk_pad(csk_space_len(&g->space));

    csk_wavelet_forward(p->w, c, x, NULL, rest);
    return csk_prox_value(p->l1, c, rest);
}

static void l1_destroy(csk_prox *g)
{
    wavelet_l1 *p = (wavelet_l1 *)g;

    csk_prox_free(p->l1);
    csk_wavelet_free(p->w);
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
    csk_wavelet *w = NULL;
    csk_prox *l1 = NULL;
    csk_status err = csk_wavelet_new(&w, space, axes, family, levels);

    if (!err)
        err = csk_prox_l1(&l1, space);
    wavelet_l1 *g = err ? NULL : csk_alloc(1, sizeof(*g));
    if (!g) {
        csk_prox_free(l1);
        csk_wavelet_free(w);
        return err ? err : CSK_ERR_NOMEM;
    }
    g->base.cls = &wavelet_l1_class;
    g->base.space = *space;
    g->base.work_len = csk_pad(csk_space_len(space)) + csk_wavelet_work_len(w);
    g->w = w;
    g->l1 = l1;
    g->random_shift = random_shift;
    *out = &g->base;
    return CSK_OK;
}
