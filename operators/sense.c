/* SPDX-License-Identifier: BSD-3-Clause */
#include "operators/sense.h"
#include "cs/linop_impl.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/cartesian_priv.h"
#include "operators/fft.h"

#include <math.h>

typedef struct sense {
    csk_linop base;
    csk_cartesian engine;
    int coils;
    float *maps; /* NULL for the masked Fourier transform of one coil */
} sense;

static void sense_apply(const csk_linop *A, float *y, const float *x, float *work)
{
    const sense *s = (const sense *)A;

    csk_cartesian_forward(&s->engine, s->coils, s->maps, y, x, work);
}

static void sense_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    const sense *s = (const sense *)A;

    csk_cartesian_adjoint(&s->engine, s->coils, s->maps, x, y, work);
}

static void sense_normal(const csk_linop *A, float *z, const float *x, float *work)
{
    const sense *s = (const sense *)A;

    csk_cartesian_filter(&s->engine, s->coils, s->maps, z, x, NULL, work);
}

/* (a F*MF + b)^{-1} = F* (aM + b)^{-1} F */
static void masked_resolvent(const csk_linop *A, float *z, const float *x, double a,
                             double b, float *work)
{
    const sense *s = (const sense *)A;

    csk_cartesian_filter(&s->engine, 1, NULL, z, x, (const double[]){ a, b }, work);
}

static void sense_destroy(csk_linop *A)
{
    sense *s = (sense *)A;

    csk_cartesian_clear(&s->engine);
    csk_free(s->maps);
}

static const csk_linop_class sense_class = {
    .name = "sense",
    .apply = sense_apply,
    .adjoint = sense_adjoint,
    .normal = sense_normal,
    .destroy = sense_destroy,
};

static const csk_linop_class masked_class = {
    .name = "masked-fft",
    .apply = sense_apply,
    .adjoint = sense_adjoint,
    .normal = sense_normal,
    .resolvent = masked_resolvent,
    .destroy = sense_destroy,
};

static int64_t count(const uint8_t *mask, int64_t n)
{
    int64_t kept = 0;

    for (int64_t i = 0; i < n; i++)
        kept += !mask || mask[i];
    return kept;
}

static csk_status make(sense **out, const csk_linop_class *cls, const csk_space *image,
                       const csk_space *codomain, unsigned axes, const uint8_t *mask)
{
    sense *s = csk_linop_new(sizeof(*s), cls, image, codomain);
    if (!s)
        return CSK_ERR_NOMEM;
    const csk_status err = csk_cartesian_init(&s->engine, image, axes, mask);
    if (err) {
        csk_linop_unref(&s->base);
        return err;
    }
    s->coils = 1;
    s->base.norm_bound = 1.;
    s->base.work_len = csk_cartesian_work_len(&s->engine);
    *out = s;
    return CSK_OK;
}

csk_status csk_linop_sense(csk_linop **out, const csk_space *maps_space,
                           const float *maps, const uint8_t *mask)
{
    csk_status err = csk_space_check(maps_space, "coil maps");

    if (err)
        return err;
    if (maps_space->field != CSK_COMPLEX || maps_space->rank < 2 ||
        maps_space->rank > 4)
        return csk_fail(
            CSK_ERR_SHAPE,
            "coil maps: expected complex [coil][...image...] of 1 to 3 image axes");
    csk_space image = *maps_space;
    image.rank--;
    for (int i = 0; i < CSK_MAX_RANK; i++) {
        image.dim[i] = i < image.rank ? maps_space->dim[i + 1] : 0;
        image.axis[i] = i < image.rank ? maps_space->axis[i + 1] : CSK_AXIS_NONE;
    }
    const int64_t n = csk_space_size(&image), coils = maps_space->dim[0];
    const int64_t kept = count(mask, n);
    if (kept == 0)
        return csk_fail(CSK_ERR_ARG, "sense: the mask keeps nothing");

    csk_space codomain = csk_space_make(CSK_COMPLEX, 2, (int64_t[]){ coils, kept });
    codomain.axis[0] = CSK_AXIS_COIL;
    codomain.axis[1] = CSK_AXIS_SAMPLE;
    sense *s;
    err = make(&s, &sense_class, &image, &codomain, (1u << image.rank) - 1u, mask);
    if (err)
        return err;
    s->coils = (int)coils;
    s->maps = csk_alloc(2 * coils * n, sizeof(*s->maps));
    if (!s->maps) {
        csk_linop_unref(&s->base);
        return CSK_ERR_NOMEM;
    }
    csk_copy(2 * coils * n, maps, s->maps);

    /* ||A||^2 <= max over pixels of sum_c |s_c|^2: S F is a contraction. */
    double most = 0.;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0.;
        for (int64_t c = 0; c < coils; c++) {
            const double re = (double)maps[2 * (c * n + i)];
            const double im = (double)maps[2 * (c * n + i) + 1];
            sum += re * re + im * im;
        }
        most = sum > most ? sum : most;
    }
    s->base.norm_bound = sqrt(most);
    *out = &s->base;
    return CSK_OK;
}

csk_status csk_linop_masked_fft(csk_linop **out, const csk_space *space, unsigned axes,
                                const uint8_t *mask)
{
    csk_status err = csk_space_check(space, "masked fft");

    if (err)
        return err;
    const int64_t kept = count(mask, csk_space_size(space));
    if (kept == 0)
        return csk_fail(CSK_ERR_ARG, "masked fft: the mask keeps nothing");
    csk_space codomain = csk_space_make(CSK_COMPLEX, 1, &kept);
    codomain.axis[0] = CSK_AXIS_SAMPLE;
    sense *s;
    err = make(&s, &masked_class, space, &codomain, axes, mask);
    if (!err)
        *out = &s->base;
    return err;
}
