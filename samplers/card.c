/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "samplers/card_priv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

csk_status csk_card_parse(json_t **out, const char *text, size_t len, const char *what)
{
    json_error_t why;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);

    if (!root && json_error_code(&why) == json_error_out_of_memory)
        return csk_fail(CSK_ERR_NOMEM, "%s: no memory to parse it", what);
    if (!root)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: is not a prior, which is JSON: line %d: %s", what,
                        why.line, why.text);
    if (!json_is_object(root)) {
        json_decref(root);
        return csk_fail(CSK_ERR_FORMAT, "%s: not a JSON object", what);
    }
    *out = root;
    return CSK_OK;
}

static csk_status not_a(const char *what, const char *key, const char *wanted)
{
    return csk_fail(CSK_ERR_FORMAT, "%s: \"%s\" is missing or not %s", what, key,
                    wanted);
}

csk_status csk_card_text(const char **out, const json_t *object, const char *key,
                         const char *what)
{
    *out = json_string_value(json_object_get(object, key));
    return *out ? CSK_OK : not_a(what, key, "a string");
}

csk_status csk_card_int(int *out, const json_t *object, const char *key,
                        const char *what)
{
    const json_t *v = json_object_get(object, key);

    if (!json_is_integer(v))
        return not_a(what, key, "an integer");
    const json_int_t value = json_integer_value(v);
    if (value < -1000000 || value > 1000000)
        return csk_fail(CSK_ERR_FORMAT, "%s: \"%s\" is %lld", what, key,
                        (long long)value);
    *out = (int)value;
    return CSK_OK;
}

csk_status csk_card_real(double *out, const json_t *object, const char *key,
                         const char *what)
{
    const json_t *v = json_object_get(object, key);

    if (!json_is_number(v))
        return not_a(what, key, "a number");
    *out = json_number_value(v);
    return CSK_OK;
}

csk_status csk_card_reals(double *out, int n, const json_t *object, const char *key,
                          const char *what)
{
    const json_t *list = json_object_get(object, key);

    if (!json_is_array(list) || json_array_size(list) != (size_t)n)
        return csk_fail(CSK_ERR_FORMAT, "%s: \"%s\" is no list of %d numbers", what,
                        key, n);
    for (int i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, (size_t)i);

        if (!json_is_number(v) || !isfinite(json_number_value(v)))
            return csk_fail(CSK_ERR_FORMAT, "%s: \"%s\"[%d] is no number", what, key,
                            i);
        out[i] = json_number_value(v);
    }
    return CSK_OK;
}

json_t *csk_card_numbers(int n, const double *x)
{
    json_t *list = json_array();

    for (int i = 0; i < n && list; i++) {
        if (json_array_append_new(list, json_real(x[i]))) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

csk_status csk_card_expect(const json_t *object, const char *key, const char *wanted,
                           const char *what)
{
    const char *text;
    const csk_status err = csk_card_text(&text, object, key, what);

    if (!err && strcmp(text, wanted) != 0)
        return csk_fail(CSK_ERR_FORMAT, "%s: \"%s\" is \"%.32s\", expected \"%s\"",
                        what, key, text, wanted);
    return err;
}

csk_status csk_card_dump(char **text, const json_t *value)
{
    char *dump = value ? json_dumps(value, JSON_REAL_PRECISION(17)) : NULL;
    const size_t len = dump ? strlen(dump) : 0;
    char *copy = dump ? csk_alloc((int64_t)len + 1, 1) : NULL;

    if (copy) {
        memcpy(copy, dump, len + 1);
        *text = copy;
    }
    free(dump);
    return copy ? CSK_OK : csk_fail(CSK_ERR_NOMEM, "no memory for a text of JSON");
}
