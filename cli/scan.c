/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/scan.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/fft.h"
#include "operators/noise.h"
#include "operators/sense.h"

#include <inttypes.h>

/* The space of one coil's k-space: all axes but the coils'. */
static csk_space without_first(const csk_space *s)
{
    csk_space out = csk_space_make(s->field, s->rank - 1, s->dim + 1);

    for (int i = 0; i < out.rank; i++)
        out.axis[i] = s->axis[i + 1];
    return out;
}

static bool has_coils(const csk_space *s, bool with_maps)
{
    return s->axis[0] == CSK_AXIS_COIL || (with_maps && s->rank > 1);
}

static csk_status check_space(const csk_space *s, const char *path, bool with_maps)
{
    char text[96];

    if (s->field != CSK_COMPLEX)
        return csk_fail(CSK_ERR_SHAPE, "%s: k-space is real, expected complex numbers",
                        path);
    const int coils = has_coils(s, with_maps) ? 1 : 0;
    if (s->rank - coils < 1 || s->rank - coils > 3)
        return csk_fail(
            CSK_ERR_SHAPE,
            "%s: k-space is %s, expected [coil] and one to three image axes", path,
            csk_space_text(s, text, sizeof(text)));
    for (int i = coils; i < s->rank; i++) {
        if (s->axis[i] > CSK_AXIS_Z)
            return csk_fail(
                CSK_ERR_SHAPE,
                "%s: k-space has an axis '%s'; take one of it with csk convert "
                "--slice",
                path, csk_axis_name(s->axis[i]));
    }
    return CSK_OK;
}

/* One byte a position of k-space. */
static csk_status find_mask(const cli_call *call, const cli_scan *s, const char *kspace,
                            const char *path, uint8_t **mask)
{
    const int64_t n = csk_space_size(&s->image);

    if (path)
        return cli_read_mask(call, mask, NULL, path, &s->image, kspace);
    *mask = csk_alloc(n, 1);
    if (!*mask)
        return CSK_ERR_NOMEM;
    for (int64_t c = 0; c < s->coils; c++) {
        const float *k = s->kspace.data + 2 * c * n;
        for (int64_t i = 0; i < n; i++)
            (*mask)[i] |= k[2 * i] != 0.f || k[2 * i + 1] != 0.f;
    }
    return CSK_OK;
}

static csk_status build(const cli_call *call, cli_scan *s, const char *kspace,
                        const char *coils, const char *mask_path)
{
    const int64_t n = csk_space_size(&s->image);
    csk_array maps = { .data = NULL };
    uint8_t *mask = NULL;
    csk_status err = find_mask(call, s, kspace, mask_path, &mask);

    if (!err && coils)
        err = cli_read(call, &maps, coils, CLI_FINITE | CLI_NOT_ZERO);
    if (!err && coils)
        err = cli_bad_input(
            call, cli_same_shape(&maps.space, coils, &s->kspace.space, kspace));
    if (!err && coils && maps.space.field != CSK_COMPLEX)
        err = cli_bad_input(call, csk_fail(CSK_ERR_SHAPE,
                                           "%s: coil maps are real, expected "
                                           "complex numbers",
                                           coils));
    if (!err)
        err = coils ? csk_linop_sense(&s->A, &maps.space, maps.data, mask)
                    : csk_linop_masked_fft(&s->A, &s->image, (1u << s->image.rank) - 1u,
                                           mask);
    if (!err) {
        s->b = csk_alloc(csk_linop_rows(s->A), sizeof(*s->b));
        err = s->b ? CSK_OK : CSK_ERR_NOMEM;
    }
    if (!err) {
        float *to = s->b;
        for (int64_t c = 0; c < s->coils; c++) {
            for (int64_t i = 0; i < n; i++) {
                if (!mask[i])
                    continue;
                *to++ = s->kspace.data[2 * (c * n + i)];
                *to++ = s->kspace.data[2 * (c * n + i) + 1];
            }
        }
        s->samples = csk_linop_rows(s->A) / (2 * s->coils);
    }
    csk_array_clear(&maps);
    csk_free(mask);
    return err;
}

csk_status cli_scan_read(const cli_call *call, cli_scan *s, const char *kspace,
                         const char *coils, const char *mask)
{
    *s = (cli_scan){ .coils = 1 };
    csk_status err = cli_read(call, &s->kspace, kspace, CLI_FINITE | CLI_NOT_ZERO);

    if (!err)
        err = cli_bad_input(call, check_space(&s->kspace.space, kspace, coils != NULL));
    if (!err && has_coils(&s->kspace.space, coils != NULL)) {
        s->coils = s->kspace.space.dim[0];
        s->image = without_first(&s->kspace.space);
        if (!coils)
            err = cli_bad_input(call,
                                csk_fail(CSK_ERR_SHAPE,
                                         "%s: has %" PRId64 " coils; give their maps "
                                         "with --coils",
                                         kspace, s->coils));
    } else if (!err) {
        s->image = s->kspace.space;
    }
    if (!err)
        err = build(call, s, kspace, coils, mask);
    if (err)
        cli_scan_clear(s);
    return err;
}

void cli_scan_clear(cli_scan *s)
{
    csk_array_clear(&s->kspace);
    csk_linop_unref(s->A);
    csk_free(s->b);
    *s = (cli_scan){ .coils = 0 };
}

csk_status cli_scan_noise(const cli_call *call, const cli_scan *s, double given,
                          double *eta)
{
    const char *method = "given";

    *eta = given;
    if (!(given > 0.)) {
        const csk_status err = csk_noise_estimate(eta, &method, &s->kspace);
        if (err)
            return err;
    }
    cli_put_real(call, "noise_level", *eta, -1, NULL);
    cli_put_text(call, "noise_level_from", method);
    return CSK_OK;
}
