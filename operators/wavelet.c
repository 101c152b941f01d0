/* SPDX-License-Identifier: BSD-3-Clause */
#include "operators/wavelet.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "operators/wavelet_priv.h"

#include <string.h>

enum {
    MAX_LEVELS = 32,
    MAX_BANDS = 1 + 7 * MAX_LEVELS,
};

struct csk_wavelet {
    csk_space space;
    unsigned axes;
    csk_wavelet_taps taps;
    /*
     * The passes see fewer axes: neighbours that are never split are one, and those at the end
     * part of the scalar, so that the last axis is one that is split. Which of theirs is an
     * axis of the space; -1: none, it is never split.
     */
    int view[CSK_MAX_RANK];
    int levels;
    csk_wavelet_pass level[MAX_LEVELS];
    int64_t pass_work;
    int bands;
    csk_band band[MAX_BANDS];
};

/* -- the transform ------------------------------------------------------------- */

static void set_first(const csk_wavelet *w, csk_wavelet_pass *p, const int64_t *shift)
{
    for (int i = 0; i < w->space.rank; i++) {
        const int v = w->view[i];

        if (v >= 0) {
            const int64_t back = -(shift[i] % p->dim[v]);
            p->first[v] = back < 0 ? back + p->dim[v] : back;
        }
    }
}

/*
 * A level runs from the last axis to the first, between two buffers. Its last pass leaves the
 * details where they belong and what is split further in a buffer.
 */
void csk_wavelet_forward(const csk_wavelet *w, float *c, const float *x,
                         const int64_t *shift, float *work)
{
    const int64_t len = csk_space_len(&w->space);
    float *a = work, *b = a + csk_pad(len), *scratch = b + csk_pad(len);
    const float *from = x;

    if (w->levels == 0)
        csk_copy(len, x, c);
    for (int l = 0; l < w->levels; l++) {
        csk_wavelet_pass p = w->level[l];

        if (l == 0 && shift)
            set_first(w, &p, shift);
        for (p.axis = p.rank - 1; p.axis >= 0; p.axis--) {
            if (!(p.split >> p.axis & 1u))
                continue;
            const bool last = !(p.split & ((1u << p.axis) - 1u));
            float *other = from == a ? b : a;
            float *to = last ? c : other;
            float *corner = last && l + 1 < w->levels ? other : to;

            csk_wavelet_analyse(&p, from, to, corner, scratch);
            memset(p.first, 0, sizeof(p.first));
            from = corner;
        }
    }
}

void csk_wavelet_inverse(const csk_wavelet *w, float *x, const float *c,
                         const int64_t *shift, float *work)
{
    const int64_t len = csk_space_len(&w->space);
    float *a = work, *b = a + csk_pad(len), *scratch = b + csk_pad(len);
    const float *corner = c;

    if (w->levels == 0)
        csk_copy(len, c, x);
    for (int l = w->levels - 1; l >= 0; l--) {
        const float *from = c;
        csk_wavelet_pass p = w->level[l];

        for (p.axis = 0; p.axis < p.rank; p.axis++) {
            if (!(p.split >> p.axis & 1u))
                continue;
            const bool last = l == 0 && !(p.split >> (p.axis + 1));
            float *to = last ? x : (corner == a ? b : a);

            if (last && shift)
                set_first(w, &p, shift);
            csk_wavelet_synthesise(&p, to, from, corner, scratch);
            from = corner = to;
        }
    }
}

/* -- construction ---------------------------------------------------------------- */

/* What all levels have in common; they split axes of the set @p split. */
static void plan_view(csk_wavelet *w, unsigned split, csk_wavelet_pass *p)
{
    const csk_space *s = &w->space;
    int last = s->rank - 1;
    bool joins = false;
    int64_t stride;

    p->taps = &w->taps;
    p->width = (int64_t)s->field;
    for (; !(split >> last & 1u); last--)
        p->width *= s->dim[last];
    for (int i = 0; i < s->rank; i++)
        w->view[i] = -1;
    for (int i = 0; i <= last; i++) {
        if (split >> i & 1u) {
            w->view[i] = p->rank;
            p->split |= 1u << p->rank;
            p->dim[p->rank++] = s->dim[i];
        } else if (joins) {
            p->dim[p->rank - 1] *= s->dim[i];
        } else {
            p->dim[p->rank++] = s->dim[i];
        }
        joins = !(split >> i & 1u);
    }
    stride = p->width;
    for (int i = p->rank - 1; i >= 0; i--) {
        p->stride[i] = stride;
        stride *= p->dim[i];
    }
}

static unsigned long_enough(const csk_wavelet_pass *p, unsigned split)
{
    for (int i = 0; i < p->rank; i++) {
        if (p->dim[i] < p->taps->length)
            split &= ~(1u << i);
    }
    return split;
}

static void plan_levels(csk_wavelet *w, int levels)
{
    csk_wavelet_pass p = { 0 };
    unsigned split = 0;

    for (int i = 0; i < w->space.rank; i++) {
        if ((w->axes >> i & 1u) && w->space.dim[i] >= w->taps.length)
            split |= 1u << i;
    }
    if (!split)
        return;
    plan_view(w, split, &p);
    for (p.axis = 0; p.axis < p.rank; p.axis++) {
        const int64_t need = csk_wavelet_pass_work(&p);
        w->pass_work = need > w->pass_work ? need : w->pass_work;
    }
    while (w->levels < levels && p.split) {
        w->level[w->levels++] = p;
        for (int i = 0; i < p.rank; i++)
            p.dim[i] -= p.split >> i & 1u ? p.dim[i] / 2 : 0;
        p.split = long_enough(&p, p.split);
    }
}

/* One band of a level: high along the axes @p detail, low along the others that it splits. */
static csk_band band_of(const csk_wavelet *w, int level, unsigned detail)
{
    csk_band b = { .level = level, .detail = detail };
    for (int i = 0; i < w->space.rank; i++) {
        const int v = w->view[i];

        if (level == 0 || v < 0) {
            b.dim[i] = w->space.dim[i];
            continue;
        }
        const csk_wavelet_pass *p = &w->level[level - 1];
        const int64_t n = p->dim[v], high = p->split >> v & 1u ? n / 2 : 0;
        b.dim[i] = detail >> i & 1u ? high : n - high;
        b.offset[i] = detail >> i & 1u ? n - high : 0;
    }
    return b;
}

static void list_bands(csk_wavelet *w)
{
    w->band[w->bands++] = band_of(w, w->levels, 0);
    for (int l = w->levels; l >= 1; l--) {
        unsigned split = 0;

        for (int i = 0; i < w->space.rank; i++)
            split |= w->view[i] >= 0 && (w->level[l - 1].split >> w->view[i] & 1u)
                         ? 1u << i
                         : 0u;
        for (unsigned detail = 1; detail <= split; detail++) {
            if (!(detail & ~split))
                w->band[w->bands++] = band_of(w, l, detail);
        }
    }
}

csk_status csk_wavelet_new(csk_wavelet **out, const csk_space *space, unsigned axes,
                           const char *family, int levels)
{
    const double *tap;
    int length, count = 0;
    csk_status err = csk_space_check(space, "wavelet");

    if (!err)
        err = csk_wavelet_filter(family, &length, &tap);
    if (err)
        return err;
    for (int i = 0; i < CSK_MAX_RANK; i++)
        count += (int)(axes >> i & 1u);
    if (axes >> space->rank || count < 1 || count > 3)
        return csk_fail(CSK_ERR_ARG, "wavelet: axes %#x, expected 1 to 3 of the %d",
                        axes, space->rank);
    if (levels < 1 || levels > MAX_LEVELS)
        return csk_fail(CSK_ERR_ARG, "wavelet: levels is %d, not in 1..%d", levels,
                        MAX_LEVELS);

    csk_wavelet *w = csk_alloc(1, sizeof(*w));
    if (!w)
        return CSK_ERR_NOMEM;
    w->space = *space;
    w->axes = axes;
    csk_wavelet_set_taps(&w->taps, length, tap);
    plan_levels(w, levels);
    list_bands(w);
    *out = w;
    return CSK_OK;
}

void csk_wavelet_free(csk_wavelet *w)
{
    csk_free(w);
}

const csk_space *csk_wavelet_space(const csk_wavelet *w)
{
    return &w->space;
}

int64_t csk_wavelet_work_len(const csk_wavelet *w)
{
    return 2 * csk_pad(csk_space_len(&w->space)) + w->pass_work;
}

int csk_wavelet_bands(const csk_wavelet *w)
{
    return w->bands;
}

const csk_band *csk_wavelet_band(const csk_wavelet *w, int k)
{
    return &w->band[k];
}

int csk_wavelet_levels(const csk_wavelet *w)
{
    return w->levels;
}

void csk_wavelet_random_shift(const csk_wavelet *w, uint64_t seed, uint32_t stream,
                              uint32_t draw, int64_t *shift)
{
    float u[CSK_MAX_RANK];
    const double range = (double)((int64_t)1 << w->levels);

    csk_rng_uniform((csk_rng){ seed, stream, draw }, CSK_MAX_RANK, u);
    for (int i = 0; i < w->space.rank; i++)
        shift[i] = w->axes >> i & 1u ? (int64_t)(range * (double)u[i]) : 0;
}
