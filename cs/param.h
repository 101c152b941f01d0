/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/param.h
 * One table per options struct, read by everything that must agree on it: the
 * defaults, the range checks, the command line, `--help`, the manual page, the
 * shell completion and the settings stored beside a result.
 */
#ifndef CSK_CS_PARAM_H
#define CSK_CS_PARAM_H

#include "cs/status.h"

#include <stddef.h>

typedef enum csk_param_type {
    CSK_PARAM_END = 0, /**< closes a table */
    CSK_PARAM_FLAG,    /**< bool */
    CSK_PARAM_INT,     /**< int */
    CSK_PARAM_REAL,    /**< double */
    CSK_PARAM_TEXT,    /**< const char *, kept, not copied; NULL until set */
    CSK_PARAM_CHOICE,  /**< int (or an enum): position in a list of words */
    CSK_PARAM_GROUP,   /**< a struct with a table of its own */
} csk_param_type;

typedef struct csk_param {
    csk_param_type type;
    const char *name;            /**< as typed by a user: "max-iter" */
    size_t offset;               /**< of the member in the options struct */
    double preset;               /**< default; for a flag 0 or 1 */
    double lo, hi;               /**< allowed range, ends included */
    const struct csk_param *sub; /**< of a group */
    const char *const *words;    /**< of a choice, closed by NULL */
    const char *unit;            /**< shown as the argument: "N", "SIGMA", "FILE" */
    const char *help;            /**< one line, no full stop */
} csk_param;

/* The comparison inside sizeof makes a member of the wrong type a compile-time warning. */
#define CSK_PARAM_AT(S, member, T)                                                     \
    (sizeof(&((S *)0)->member == (T *)0) ? offsetof(S, member) : 0)

/* clang-format off */
#define CSK_OPT_FLAG(S, m, name, preset, help) \
    { CSK_PARAM_FLAG, name, CSK_PARAM_AT(S, m, bool), preset, 0, 1, NULL, NULL, NULL, help }
#define CSK_OPT_INT(S, m, name, preset, lo, hi, unit, help) \
    { CSK_PARAM_INT, name, CSK_PARAM_AT(S, m, int), preset, lo, hi, NULL, NULL, unit, help }
#define CSK_OPT_REAL(S, m, name, preset, lo, hi, unit, help) \
    { CSK_PARAM_REAL, name, CSK_PARAM_AT(S, m, double), preset, lo, hi, NULL, NULL, unit, help }
#define CSK_OPT_TEXT(S, m, name, unit, help) \
    { CSK_PARAM_TEXT, name, CSK_PARAM_AT(S, m, const char *), 0, 0, 0, NULL, NULL, unit, help }
/* `choices` is an array of words closed by NULL; the member is an int, so that any enum of them fits. */
#define CSK_OPT_CHOICE(S, m, name, preset, choices, help) \
    { CSK_PARAM_CHOICE, name, CSK_PARAM_AT(S, m, int), preset, 0, \
      sizeof(choices) / sizeof((choices)[0]) - 2, NULL, choices, NULL, help }
#define CSK_OPT_GROUP(S, m, sub) \
    { CSK_PARAM_GROUP, NULL, offsetof(S, m), 0, 0, 0, sub, NULL, NULL, NULL }
#define CSK_OPT_END \
    { CSK_PARAM_END, NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL }
/* clang-format on */

/** Fill @p opts with the defaults of @p table. */
CSK_API void csk_param_defaults(const csk_param *table, void *opts);

/** Parse @p text into the option called @p name; checks the range. */
CSK_API csk_status csk_param_set(const csk_param *table, void *opts, const char *name,
                                 const char *text) CSK_MUST_CHECK;

/** CSK_ERR_ARG, naming the option, if a value is out of its range or not finite. */
CSK_API csk_status csk_param_check(const csk_param *table,
                                   const void *opts) CSK_MUST_CHECK;

/** The entry for @p name, and in @p base the struct it belongs to; NULL if none. */
CSK_API const csk_param *csk_param_find(const csk_param *table, void *opts,
                                        const char *name, void **base);

#endif
