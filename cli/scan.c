/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/scan.h"
#include "cs/mem.h"
#include "operators/noise.h"

#include <inttypes.h>

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

static csk_status build(const cli_call *call, cli_scan *s, const char *kspace,
                        const char *coils, const char *mask_path)
{
    csk_array maps = { .data = NULL };
    uint8_t *mask = NULL;
    csk_status err = CSK_OK;

    if (mask_path) {
        const csk_space *k = &s->kspace.space;
        const int first = has_coils(k, coils != NULL) ? 1 : 0;
        const csk_space image =
            csk_space_make(k->field, k->rank - first, k->dim + first);
        err = cli_read_mask(call, &mask, NULL, mask_path, &image, kspace);
    }
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
        err = cli_bad_input(
            call, csk_scan_init(&s->is, &s->kspace, coils ? &maps : NULL, mask));
    csk_array_clear(&maps);
    csk_free(mask);
    return err;
}

csk_status cli_scan_read(const cli_call *call, cli_scan *s, const char *kspace,
                         const char *coils, const char *mask)
{
    *s = (cli_scan){ .is = { .A = NULL } };
    csk_status err = cli_read(call, &s->kspace, kspace, CLI_FINITE | CLI_NOT_ZERO);

    if (!err)
        err = cli_bad_input(call, check_space(&s->kspace.space, kspace, coils != NULL));
    if (!err && !coils && has_coils(&s->kspace.space, false) &&
        s->kspace.space.dim[0] > 1)
        err = cli_bad_input(call, csk_fail(CSK_ERR_SHAPE,
                                           "%s: has %" PRId64 " coils; give their maps "
                                           "with --coils",
                                           kspace, s->kspace.space.dim[0]));
    if (!err)
        err = build(call, s, kspace, coils, mask);
    if (err)
        cli_scan_clear(s);
    return err;
}

void cli_scan_clear(cli_scan *s)
{
    csk_array_clear(&s->kspace);
    csk_scan_clear(&s->is);
    *s = (cli_scan){ .is = { .A = NULL } };
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
