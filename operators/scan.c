/* SPDX-License-Identifier: BSD-3-Clause */
#include "operators/scan.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/fft.h"
#include "operators/sense.h"

enum { WIDTH = 2 }; /* floats of a complex number */

/* Sensitivities are about 1. So far from it they are another array, and squares overflow. */
static const double LEAST_MAP = 1e-9, LARGEST_MAP = 1e9;

static csk_status check(const csk_array *kspace, const csk_array *maps)
{
    const csk_space *k = &kspace->space;
    const int coils = maps || k->axis[0] == CSK_AXIS_COIL ? 1 : 0;
    char text[96], other[96];

    if (k->field != CSK_COMPLEX || k->rank - coils < 1 || k->rank - coils > 3)
        return csk_fail(
            CSK_ERR_SHAPE,
            "scan: k-space is %s, expected complex [coil] and one to three axes",
            csk_space_text(k, text, sizeof(text)));
    if (maps && !csk_space_equal(&maps->space, k))
        return csk_fail(CSK_ERR_SHAPE, "scan: coil maps are %s, k-space is %s",
                        csk_space_text(&maps->space, text, sizeof(text)),
                        csk_space_text(k, other, sizeof(other)));
    if (maps) {
        const double largest =
            csk_max_modulus(csk_space_size(&maps->space), WIDTH, maps->data);
        if (!(largest >= LEAST_MAP && largest <= LARGEST_MAP))
            return csk_fail(CSK_ERR_NUMERIC,
                            "scan: coil maps reach %.3g, expected about 1", largest);
    }
    if (!maps && coils && k->dim[0] > 1)
        return csk_fail(CSK_ERR_SHAPE, "scan: %lld coils, but no maps of them",
                        (long long)k->dim[0]);
    return CSK_OK;
}

/* Without the axis of coils. */
static csk_space image_of(const csk_space *k, bool coils)
{
    if (!coils)
        return *k;
    csk_space image = csk_space_make(k->field, k->rank - 1, k->dim + 1);
    for (int i = 0; i < image.rank; i++)
        image.axis[i] = k->axis[i + 1];
    return image;
}

/* b := the numbers of k-space where the mask is, coil by coil; returns the positions. */
static csk_status gather(csk_scan *s, const csk_array *kspace, const uint8_t *mask)
{
    const int64_t n = csk_space_size(&s->image);

    s->b = csk_alloc(csk_linop_rows(s->A), sizeof(*s->b));
    if (!s->b)
        return CSK_ERR_NOMEM;
    float *to = s->b;
    for (int64_t i = 0; i < s->coils * n; i++) {
        if (!mask[i % n])
            continue;
        *to++ = kspace->data[WIDTH * i];
        *to++ = kspace->data[WIDTH * i + 1];
    }
    return CSK_OK;
}

csk_status csk_scan_init(csk_scan *s, const csk_array *kspace, const csk_array *maps,
                         const uint8_t *mask, int64_t mask_len)
{
    csk_scan new = { .A = NULL };
    csk_status err = check(kspace, maps);

    if (err)
        return err;
    const bool coils = maps || kspace->space.axis[0] == CSK_AXIS_COIL;
    new.image = image_of(&kspace->space, coils);
    new.coils = coils ? kspace->space.dim[0] : 1;

    const int64_t n = csk_space_size(&new.image);
    if (mask && (mask_len < 1 || n % mask_len != 0))
        return csk_fail(CSK_ERR_SHAPE,
                        "scan: a mask of %lld positions for k-space of %lld",
                        (long long)mask_len, (long long)n);
    uint8_t *found = csk_alloc(n, 1);
    if (!found)
        return CSK_ERR_NOMEM;
    for (int64_t i = 0; i < new.coils *n; i++)
        found[i % n] |=
            mask ? mask[i % mask_len] != 0
                 : kspace->data[WIDTH * i] != 0.f || kspace->data[WIDTH * i + 1] != 0.f;
    for (int64_t i = 0; i < n; i++)
        new.samples += found[i];
    if (new.samples == 0)
        err = csk_fail(CSK_ERR_NUMERIC, "scan: nothing was measured");
    if (!err)
        err = maps ? csk_linop_sense(&new.A, &maps->space, maps->data, found)
                   : csk_linop_masked_fft(&new.A, &new.image,
                                          (1u << new.image.rank) - 1u, found);
    if (!err)
        err = gather(&new, kspace, found);
    csk_free(found);
    if (err)
        csk_scan_clear(&new);
    else
        *s = new;
    return err;
}

void csk_scan_clear(csk_scan *s)
{
    csk_linop_unref(s->A);
    csk_free(s->b);
    *s = (csk_scan){ .A = NULL };
}
