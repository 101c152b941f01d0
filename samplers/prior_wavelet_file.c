/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *     {"csk": "prior", "version": 1, "kind": "wavelet", "field": "complex", "axes": 2,
 *      "family": "sym4", "levels": 4, "components": 5, "scale": 1.0,
 *      "bands": [{"level": 4, "detail": 0, "weights": [...], "variances": [...]}, ...],
 *      "provenance": {...}}
 *
 * Members may come in any order, those not listed are ignored; "provenance" may be absent.
 */
#include "cs/file_priv.h"
#include "cs/format.h"
#include "cs/mem.h"
#include "samplers/card_priv.h"
#include "samplers/prior_wavelet.h"
#include "samplers/prior_wavelet_priv.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, MOST_BYTES = 1 << 24 };

/* Level and detail of band number @p k. */
static void place(const csk_wavelet_model *m, int k, int *level, int *detail)
{
    const int details = (1 << m->axes) - 1;

    *level = k ? m->levels - (k - 1) / details : m->levels;
    *detail = k ? 1 + (k - 1) % details : 0;
}

/* -- writing ------------------------------------------------------------------------ */

json_t *csk_wavelet_model_bands_json(const csk_wavelet_model *m)
{
    json_t *bands = json_array();

    for (int k = 0; k < csk_wavelet_model_bands(m) && bands; k++) {
        const int64_t at = (int64_t)k * m->components;
        int level, detail;

        place(m, k, &level, &detail);
        json_t *band =
            json_pack("{s:i, s:i, s:o, s:o}", "level", level, "detail", detail,
                      "weights", csk_card_numbers(m->components, m->weight + at),
                      "variances", csk_card_numbers(m->components, m->variance + at));
        if (json_array_append_new(bands, band)) {
            json_decref(bands);
            bands = NULL;
        }
    }
    return bands;
}

csk_status csk_wavelet_model_write(const csk_wavelet_model *m, const char *path,
                                   const char *note)
{
    json_t *provenance = NULL;
    csk_status err = csk_wavelet_model_check(m, CSK_ERR_ARG, "wavelet model");

    if (err)
        return err;
    if (note) {
        json_error_t why;
        provenance = json_loads(note, 0, &why);
        if (!provenance)
            return csk_fail(CSK_ERR_ARG, "wavelet model: the note is no JSON: %s",
                            why.text);
    }
    /* "o*": left out if NULL; a failure inside makes the whole NULL. */
    json_t *bands = csk_wavelet_model_bands_json(m);
    json_t *root =
        bands ? json_pack("{s:s, s:i, s:s, s:s, s:i, s:s, s:i, s:i, s:f, s:o, s:o*}",
                          "csk", "prior", "version", VERSION, "kind", "wavelet",
                          "field", m->field == CSK_REAL ? "real" : "complex", "axes",
                          m->axes, "family", m->family, "levels", m->levels,
                          "components", m->components, "scale", m->scale, "bands",
                          bands, "provenance", provenance)
              : NULL;
    char *text =
        root ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) : NULL;

    err = text ? csk_write_bytes(path, text, strlen(text))
               : csk_fail(CSK_ERR_NOMEM, "wavelet model: no memory for its text");
    free(text);
    json_decref(root);
    return err;
}

/* -- reading ------------------------------------------------------------------------ */

static csk_status get_head(csk_wavelet_model *m, const json_t *root, const char *what)
{
    const char *field = NULL, *family = NULL;
    int version = 0;
    csk_status err = csk_card_expect(root, "csk", "prior", what);

    if (!err)
        err = csk_card_int(&version, root, "version", what);
    if (!err && version != VERSION)
        err = csk_fail(CSK_ERR_FORMAT, "%s: \"version\" is %d, expected %d", what,
                       version, VERSION);
    if (!err)
        err = csk_card_expect(root, "kind", "wavelet", what);
    if (!err)
        err = csk_card_text(&field, root, "field", what);
    if (!err && strcmp(field, "real") != 0)
        err = csk_card_expect(root, "field", "complex", what);
    if (!err)
        err = csk_card_int(&m->axes, root, "axes", what);
    if (!err)
        err = csk_card_text(&family, root, "family", what);
    if (!err && strlen(family) >= sizeof(m->family))
        err = csk_fail(CSK_ERR_FORMAT, "%s: \"family\" is \"%.32s\"", what, family);
    if (!err)
        err = csk_card_int(&m->levels, root, "levels", what);
    if (!err)
        err = csk_card_int(&m->components, root, "components", what);
    if (!err)
        err = csk_card_real(&m->scale, root, "scale", what);
    if (err)
        return err;
    m->field = field[0] == 'r' ? CSK_REAL : CSK_COMPLEX;
    memcpy(m->family, family, strlen(family) + 1);
    return csk_wavelet_model_check_head(m, CSK_ERR_FORMAT, what);
}

static csk_status get_numbers(double *out, int n, const json_t *band, int k,
                              const char *key, const char *what)
{
    const json_t *list = json_object_get(band, key);

    if (!json_is_array(list) || json_array_size(list) != (size_t)n)
        return csk_fail(CSK_ERR_FORMAT, "%s: bands[%d].%s is no list of %d numbers",
                        what, k, key, n);
    for (int i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, (size_t)i);

        if (!json_is_number(v))
            return csk_fail(CSK_ERR_FORMAT, "%s: bands[%d].%s[%d] is no number", what,
                            k, key, i);
        out[i] = json_number_value(v);
    }
    return CSK_OK;
}

static csk_status get_band(csk_wavelet_model *m, const json_t *band, int k,
                           const char *what)
{
    const int64_t at = (int64_t)k * m->components;
    int want[2], got[2] = { 0 };
    csk_status err = csk_card_int(&got[0], band, "level", what);

    if (!err)
        err = csk_card_int(&got[1], band, "detail", what);
    place(m, k, &want[0], &want[1]);
    if (!err && (got[0] != want[0] || got[1] != want[1]))
        err = csk_fail(CSK_ERR_FORMAT,
                       "%s: bands[%d] is level %d, detail %d, expected level %d, "
                       "detail %d",
                       what, k, got[0], got[1], want[0], want[1]);
    if (!err)
        err = get_numbers(m->weight + at, m->components, band, k, "weights", what);
    if (!err)
        err = get_numbers(m->variance + at, m->components, band, k, "variances", what);
    return err;
}

static csk_status get_bands(csk_wavelet_model *m, const json_t *root, const char *what)
{
    const json_t *bands = json_object_get(root, "bands");
    const int count = csk_wavelet_model_bands(m);

    if (!json_is_array(bands) || json_array_size(bands) != (size_t)count)
        return csk_fail(CSK_ERR_FORMAT, "%s: \"bands\" is no list of %d bands", what,
                        count);
    csk_status err = csk_wavelet_model_alloc(m);
    for (int k = 0; k < count && !err; k++)
        err = get_band(m, json_array_get(bands, (size_t)k), k, what);
    return err ? err : csk_wavelet_model_check(m, CSK_ERR_FORMAT, what);
}

csk_status csk_wavelet_model_parse(csk_wavelet_model *m, const char *text, size_t len,
                                   const char *what)
{
    csk_wavelet_model new = { 0 };
    json_t *root = NULL;
    csk_status err = csk_card_parse(&root, text, len, what);

    if (!err)
        err = get_head(&new, root, what);
    if (!err)
        err = get_bands(&new, root, what);
    json_decref(root);
    if (err)
        csk_wavelet_model_clear(&new);
    else
        *m = new;
    return err;
}

csk_status csk_wavelet_model_read(csk_wavelet_model *m, const char *path)
{
    char *text;
    size_t len;
    csk_status err = csk_file_load(&text, &len, path, MOST_BYTES);

    if (err)
        return err;
    err = csk_wavelet_model_parse(m, text, len, path);
    csk_free(text);
    return err;
}
