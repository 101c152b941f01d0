/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *cli_utf8(const char *text)
{
    json_t *as_it_is = json_string(text);
    char *escaped = malloc(4 * strlen(text) + 1), *end = escaped;

    for (const char *c = text; escaped && *c; c++) {
        const unsigned char byte = (unsigned char)*c;
        end += as_it_is || byte < 0x80 ? sprintf(end, "%c", byte)
                                       : sprintf(end, "\\x%02X", byte);
    }
    if (escaped)
        *end = '\0';
    json_decref(as_it_is);
    return escaped;
}

json_t *cli_json_text(const char *text)
{
    char *valid = text ? cli_utf8(text) : NULL;
    json_t *json = !text ? json_null() : valid ? json_string(valid) : NULL;

    free(valid);
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
