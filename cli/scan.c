/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/scan.h"
#include "cs/format.h"
#include "cs/mem.h"
#include "operators/noise.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool is_named(const char *path)
{
    const csk_format *f = csk_format_of(path);

    return f && (strcmp(f->name, "cfl") == 0 || strcmp(f->name, "nifti") == 0);
}

/*
 * Whether the first axis counts coils. BART's files and NIfTI name their axes, and a single coil
 * has none. Elsewhere maps say that there is one: with as many axes as k-space, unless both are a
 * plane, which is that of one coil (a line of several coils needs names); with one less, of
 * length 1 in k-space. Without maps [1][y][x] is what one coil of many looks like.
 */
static bool has_coils(const csk_space *s, const char *path, const csk_space *maps)
{
    const bool alone = s->rank > 2 && s->dim[0] == 1;

    if (s->axis[0] == CSK_AXIS_COIL)
        return true;
    if (is_named(path))
        return false;
    if (!maps)
        return alone;
    return maps->rank == s->rank ? s->rank > 2 : alone && maps->rank < s->rank;
}

static csk_status check_space(const csk_space *s, const char *path, bool with_coils)
{
    char text[96];

    if (s->field != CSK_COMPLEX)
        return csk_fail(CSK_ERR_SHAPE, "%s: k-space is real, expected complex numbers",
                        path);
    const int coils = with_coils ? 1 : 0;
    if (s->rank - coils < 1 || s->rank - coils > 3)
        return csk_fail(
            CSK_ERR_SHAPE,
            with_coils
                ? "%s: k-space is %s, expected [coil] and one to three image axes"
                : "%s: k-space of one coil is %s, expected one to three image axes "
                  "(if it has several, their maps have as many axes)",
            path, csk_space_text(s, text, sizeof(text)));
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

/* One coil with a map of its own: an axis of length 1 for both. */
static void add_coil_axis(csk_array *kspace, csk_array *maps)
{
    const int coil = csk_space_find(&kspace->space, CSK_AXIS_COIL) == 0 ? 1 : 0;
    const int image = kspace->space.rank - coil;

    if (maps->space.rank == image && (!coil || kspace->space.dim[0] == 1))
        maps->space = csk_space_stack(&maps->space, CSK_AXIS_COIL, 1);
    if (!coil)
        kspace->space = csk_space_stack(&kspace->space, CSK_AXIS_COIL, 1);
}

/* What the library says of "scan" is said of the file it is about. */
static csk_status name_file(csk_status err, const char *kspace, const char *coils)
{
    static const char who[] = "scan: ", maps[] = "coil maps";
    char why[256];

    (void)snprintf(why, sizeof(why), "%s", csk_error_message());
    if (!err || strncmp(why, who, sizeof(who) - 1) != 0)
        return err;
    const char *what = why + sizeof(who) - 1;
    const bool of_maps = coils && strncmp(what, maps, sizeof(maps) - 1) == 0;
    return csk_fail(err, "%s: %s", of_maps ? coils : kspace, what);
}

/* What the mask does not select was not measured: nobody may look at it, the noise level neither. */
static void forget(csk_array *kspace, const uint8_t *mask, int64_t mask_len)
{
    const int64_t n = csk_space_size(&kspace->space);

    for (int64_t i = 0; i < n; i++) {
        if (!mask[i % mask_len])
            kspace->data[2 * i] = kspace->data[2 * i + 1] = 0.f;
    }
}

static csk_status build(const cli_call *call, cli_scan *s, const char *kspace,
                        csk_array *maps, const char *coils, const char *mask_path)
{
    uint8_t *mask = NULL;
    int64_t mask_len = 0;
    csk_status err = CSK_OK;

    if (mask_path) {
        const csk_space *k = &s->kspace.space;
        const int first = k->axis[0] == CSK_AXIS_COIL ? 1 : 0;
        const csk_space image =
            csk_space_make(k->field, k->rank - first, k->dim + first);
        err = cli_read_mask(call, &mask, &mask_len, mask_path, &image, kspace);
    }
    if (!err && coils) {
        add_coil_axis(&s->kspace, maps);
        err = cli_bad_input(
            call, cli_same_shape(&maps->space, coils, &s->kspace.space, kspace));
    }
    if (!err && coils && maps->space.field != CSK_COMPLEX)
        err = cli_bad_input(call, csk_fail(CSK_ERR_SHAPE,
                                           "%s: coil maps are real, expected "
                                           "complex numbers",
                                           coils));
    if (!err) {
        if (mask)
            forget(&s->kspace, mask, mask_len);
        err = csk_scan_init(&s->is, &s->kspace, coils ? maps : NULL, mask, mask_len);
        err = cli_bad_input(call, name_file(err, kspace, coils));
    }
    csk_free(mask);
    return err;
}

/* A mask that selects numbers which are exactly 0 in all coils believes in measurements of 0. */
static void doubt_mask(const cli_call *call, const cli_scan *s, const char *kspace)
{
    const int64_t width = 2, n = s->is.samples;
    int64_t empty = 0;

    for (int64_t i = 0; i < n; i++) {
        bool zero = true;
        for (int64_t c = 0; c < s->is.coils && zero; c++) {
            const float *b = s->is.b + width * (c * n + i);
            zero = b[0] == 0.f && b[1] == 0.f;
        }
        empty += zero;
    }
    if (empty > n / 100)
        cli_say(call,
                "the mask selects %" PRId64
                " positions at which %s is exactly 0: were they "
                "measured?",
                empty, kspace);
}

csk_status cli_scan_read(const cli_call *call, cli_scan *s, const char *kspace,
                         const char *coils, const char *mask)
{
    csk_array maps = { .data = NULL };
    csk_space *k = &s->kspace.space;

    *s = (cli_scan){ .is = { .A = NULL } };
    csk_status err = cli_read(call, &s->kspace, kspace, CLI_USABLE);
    if (!err && coils)
        err = cli_read(call, &maps, coils, CLI_USABLE);
    const int axes = err ? 0 : k->rank;
    const bool with_coils = !err && has_coils(k, kspace, coils ? &maps.space : NULL);
    if (!err)
        err = cli_bad_input(call, check_space(k, kspace, with_coils));
    if (!err && !coils && with_coils && k->dim[0] > 1)
        err = cli_bad_input(call, csk_fail(CSK_ERR_SHAPE,
                                           "%s: has %" PRId64 " coils; give their maps "
                                           "with --coils",
                                           kspace, k->dim[0]));
    if (!err && with_coils)
        k->axis[0] = CSK_AXIS_COIL;
    if (!err)
        err = build(call, s, kspace, &maps, coils, mask);
    if (!err && s->is.image.rank == 3 && s->is.coils == 1 && !is_named(kspace))
        s->maybe_coils = axes > 3 ? 2 : 1;
    s->with_maps = coils != NULL;
    if (!err && mask)
        doubt_mask(call, s, kspace);
    if (err)
        cli_scan_clear(s);
    csk_array_clear(&maps);
    return err;
}

void cli_scan_clear(cli_scan *s)
{
    csk_array_clear(&s->kspace);
    csk_scan_clear(&s->is);
    *s = (cli_scan){ .is = { .A = NULL } };
}

const char *cli_scan_doubt(const cli_scan *s, const char *kspace, char *text,
                           size_t room)
{
    static const char *const axis[] = { "first", "second" };
    static const char *const remedy[2][2] = {
        { "give --coils",
          "take the first axis of the maps away (csk convert --slice 0=0)" },
        { "take the first away (csk convert --slice 0=0) and give --coils",
          "take the first away (csk convert --slice 0=0)" },
    };
    const int k = s->maybe_coils - 1;

    text[0] = '\0';
    if (k >= 0)
        (void)snprintf(text, room, "if the %s axis of %s counts coils, %s", axis[k],
                       kspace, remedy[k][s->with_maps]);
    return text;
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
        if (!(*eta > 0.))
            return csk_fail(CSK_ERR_NUMERIC,
                            "%s: no noise is found in it (%s); --noise says how much "
                            "there is",
                            cli_arg_of(call, 0), method);
    }
    cli_put_real(call, "noise_level", *eta, -1, NULL);
    cli_put_text(call, "noise_level_from", method);
    if (!(given > 0.) && strncmp(method, "null space", 10) != 0)
        cli_say(
            call,
            "the noise level %.4g, from outer k-space, is only an upper bound; better "
            "give --noise",
            *eta);
    if (!(given > 0.) && strstr(method, "small block"))
        cli_say(
            call,
            "the noise level %.4g, from a small fully sampled block of one coil, may "
            "be several times off; better give --noise",
            *eta);
    return CSK_OK;
}
