/* SPDX-License-Identifier: BSD-3-Clause */
#include "operators/sample.h"
#include "cs/linop_impl.h"
#include "cs/mem.h"
#include "cs/vec.h"

typedef struct sample {
    csk_linop base;
    int64_t repeats, block; /* the mask covers block scalars and is repeated */
    int64_t kept;
    int64_t *index; /* index[k]: position in a block of sample k, increasing */
    uint8_t *mask;
} sample;

static void sample_apply(const csk_linop *A, float *y, const float *x, float *work)
{
    const sample *s = (const sample *)A;
    const int64_t width = (int64_t)A->domain.field;

    (void)work;
    for (int64_t r = 0; r < s->repeats; r++) {
        const float *from = x + r * s->block * width;
        float *to = y + r * s->kept * width;

        for (int64_t k = 0; k < s->kept; k++) {
            for (int64_t c = 0; c < width; c++)
                to[k * width + c] = from[s->index[k] * width + c];
        }
    }
}

static void sample_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    const sample *s = (const sample *)A;
    const int64_t width = (int64_t)A->domain.field;

    (void)work;
    csk_zero(csk_linop_cols(A), x);
    for (int64_t r = 0; r < s->repeats; r++) {
        float *to = x + r * s->block * width;
        const float *from = y + r * s->kept * width;

        for (int64_t k = 0; k < s->kept; k++) {
            for (int64_t c = 0; c < width; c++)
                to[s->index[k] * width + c] = from[k * width + c];
        }
    }
}

/* z := x times one factor where the mask is set and another where not */
static void pointwise(const csk_linop *A, float *z, const float *x, float on, float off)
{
    const sample *s = (const sample *)A;
    const int64_t width = (int64_t)A->domain.field;

    for (int64_t r = 0; r < s->repeats; r++) {
        for (int64_t i = 0; i < s->block; i++) {
            const float f = s->mask[i] ? on : off;
            const int64_t at = (r * s->block + i) * width;

            for (int64_t c = 0; c < width; c++)
                z[at + c] = f * x[at + c];
        }
    }
}

static void sample_normal(const csk_linop *A, float *z, const float *x, float *work)
{
    (void)work;
    pointwise(A, z, x, 1.f, 0.f);
}

static void sample_resolvent(const csk_linop *A, float *z, const float *x, double a,
                             double b, float *work)
{
    (void)work;
    pointwise(A, z, x, (float)(1. / (a + b)), (float)(1. / b));
}

static void sample_destroy(csk_linop *A)
{
    csk_free(((sample *)A)->index);
    csk_free(((sample *)A)->mask);
}

static const csk_linop_class sample_class = {
    .name = "sample",
    .apply = sample_apply,
    .adjoint = sample_adjoint,
    .normal = sample_normal,
    .resolvent = sample_resolvent,
    .destroy = sample_destroy,
};

csk_status csk_linop_sample(csk_linop **out, const csk_space *space,
                            const uint8_t *mask, int64_t mask_len)
{
    const int64_t n = csk_space_size(space);
    int64_t kept = 0;

    if (mask_len < 1 || n % mask_len != 0)
        return csk_fail(CSK_ERR_SHAPE,
                        "sample: a mask of %lld does not repeat over %lld scalars",
                        (long long)mask_len, (long long)n);
    for (int64_t i = 0; i < mask_len; i++)
        kept += mask[i] != 0;
    if (kept == 0)
        return csk_fail(CSK_ERR_ARG, "sample: the mask keeps nothing");

    const int64_t repeats = n / mask_len;
    csk_space codomain =
        repeats > 1 ? csk_space_make(space->field, 2, (int64_t[]){ repeats, kept })
                    : csk_space_make(space->field, 1, &kept);
    codomain.axis[0] = repeats > 1 ? CSK_AXIS_NONE : CSK_AXIS_SAMPLE;
    codomain.axis[codomain.rank - 1] = CSK_AXIS_SAMPLE;
    sample *s = csk_linop_new(sizeof(*s), &sample_class, space, &codomain);
    if (!s)
        return CSK_ERR_NOMEM;
    s->base.norm_bound = 1.;
    s->repeats = repeats;
    s->block = mask_len;
    s->kept = kept;
    s->index = csk_alloc(kept, sizeof(*s->index));
    s->mask = csk_alloc(mask_len, 1);
    if (!s->index || !s->mask) {
        csk_linop_unref(&s->base);
        return CSK_ERR_NOMEM;
    }
    for (int64_t i = 0, k = 0; i < mask_len; i++) {
        s->mask[i] = mask[i] != 0;
        if (mask[i])
            s->index[k++] = i;
    }
    *out = &s->base;
    return CSK_OK;
}
