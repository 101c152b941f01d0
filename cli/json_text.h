/* SPDX-License-Identifier: BSD-3-Clause */
/** @file cli/json_text.h  Texts of the command line, names of files for one, as UTF-8 and JSON. */
#ifndef CSK_CLI_JSON_TEXT_H
#define CSK_CLI_JSON_TEXT_H

#include "cs/status.h"

#include <jansson.h>

/**
 * A copy of @p text, which need not be UTF-8, as names of files need not: of one that is not every
 * byte beyond ASCII becomes \xNN. The caller frees it; NULL if no memory.
 */
char *cli_utf8(const char *text);

/** A JSON string of cli_utf8(text). Of NULL null; NULL if no memory. */
json_t *cli_json_text(const char *text);

/** CSK_ERR_ARG unless @p text, of option @p name, is UTF-8 or NULL. */
csk_status cli_check_utf8(const char *name, const char *text) CSK_MUST_CHECK;

#endif
