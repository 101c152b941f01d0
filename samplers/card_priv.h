/* SPDX-License-Identifier: BSD-3-Clause */
/* Members of the JSON object that describes a prior; each failure is CSK_ERR_FORMAT and names
 * the source, the member and what was expected. */
#ifndef CSK_SAMPLERS_CARD_PRIV_H
#define CSK_SAMPLERS_CARD_PRIV_H

#include "cs/status.h"

#include <jansson.h>
#include <stddef.h>

/* The object that the text is; json_decref() it. */
csk_status csk_card_parse(json_t **out, const char *text, size_t len,
                          const char *what) CSK_MUST_CHECK;

csk_status csk_card_text(const char **out, const json_t *object, const char *key,
                         const char *what) CSK_MUST_CHECK;
csk_status csk_card_int(int *out, const json_t *object, const char *key,
                        const char *what) CSK_MUST_CHECK;
csk_status csk_card_real(double *out, const json_t *object, const char *key,
                         const char *what) CSK_MUST_CHECK;

/* A list of exactly n numbers. */
csk_status csk_card_reals(double *out, int n, const json_t *object, const char *key,
                          const char *what) CSK_MUST_CHECK;

/* A new list of n numbers; NULL without memory. */
json_t *csk_card_numbers(int n, const double *x);

/* A member that must be the string `wanted`. */
csk_status csk_card_expect(const json_t *object, const char *key, const char *wanted,
                           const char *what) CSK_MUST_CHECK;

/* The text of a value, NUL at its end; csk_free() it. */
csk_status csk_card_dump(char **text, const json_t *value) CSK_MUST_CHECK;

#endif
