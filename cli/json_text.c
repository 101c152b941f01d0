/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *cli_json_text(const char *text)
{
    json_t *as_it_is = text ? json_string(text) : json_null();
    char *escaped, *end;

    if (as_it_is)
        return as_it_is;
    escaped = end = malloc(4 * strlen(text) + 1);
    if (!escaped)
        return NULL;
    for (const char *c = text; *c; c++) {
        const unsigned char byte = (unsigned char)*c;
        end += byte < 0x80 ? sprintf(end, "%c", byte) : sprintf(end, "\\x%02X", byte);
    }
    *end = '\0';
    json_t *json = json_string(escaped);
    free(escaped);
    return json;
}

csk_status cli_check_utf8(const char *name, const char *text)
{
    json_t *json = text ? json_string(text) : NULL;
    const csk_status err =
        text && !json ? csk_fail(CSK_ERR_ARG, "--%s is not UTF-8", name) : CSK_OK;

    json_decref(json);
    return err;
}
