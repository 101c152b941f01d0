/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/param.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(const csk_param *p, void *opts, double value)
{
    char *at = (char *)opts + p->offset;

    switch (p->type) {
    case CSK_PARAM_FLAG:
        *(bool *)at = value != 0.;
        break;
    case CSK_PARAM_INT:
    case CSK_PARAM_CHOICE:
        *(int *)at = (int)value;
        break;
    case CSK_PARAM_REAL:
        *(double *)at = value;
        break;
    case CSK_PARAM_TEXT:
        *(const char **)at = NULL;
        break;
    case CSK_PARAM_GROUP:
    case CSK_PARAM_END:
        break;
    }
}

static double get(const csk_param *p, const void *opts)
{
    const char *at = (const char *)opts + p->offset;

    switch (p->type) {
    case CSK_PARAM_FLAG:
        return *(const bool *)at;
    case CSK_PARAM_INT:
    case CSK_PARAM_CHOICE:
        return *(const int *)at;
    case CSK_PARAM_REAL:
        return *(const double *)at;
    default:
        return 0.;
    }
}

static bool in_range(const csk_param *p, double value)
{
    return value >= p->lo && value <= p->hi; /* false for NaN */
}

static csk_status out_of_range(const csk_param *p, double value)
{
    if (p->type == CSK_PARAM_CHOICE)
        return csk_fail(CSK_ERR_ARG, "%s is choice %g of %g", p->name, value,
                        p->hi + 1.);
    return csk_fail(CSK_ERR_ARG, "%s is %.9g, not in %g..%g", p->name, value, p->lo,
                    p->hi);
}

void csk_param_defaults(const csk_param *table, void *opts)
{
    for (const csk_param *p = table; p->type; p++) {
        if (p->type == CSK_PARAM_GROUP)
            csk_param_defaults(p->sub, (char *)opts + p->offset);
        else
            put(p, opts, p->preset);
    }
}

csk_status csk_param_check(const csk_param *table, const void *opts)
{
    for (const csk_param *p = table; p->type; p++) {
        if (p->type == CSK_PARAM_GROUP) {
            const csk_status err =
                csk_param_check(p->sub, (const char *)opts + p->offset);
            if (err)
                return err;
        } else if (p->type != CSK_PARAM_TEXT && !in_range(p, get(p, opts))) {
            return out_of_range(p, get(p, opts));
        }
    }
    return CSK_OK;
}

const csk_param *csk_param_find(const csk_param *table, void *opts, const char *name,
                                void **base)
{
    for (const csk_param *p = table; p->type; p++) {
        if (p->type == CSK_PARAM_GROUP) {
            void *inner = (char *)opts + p->offset;
            const csk_param *hit = csk_param_find(p->sub, inner, name, base);
            if (hit)
                return hit;
        } else if (strcmp(p->name, name) == 0) {
            *base = opts;
            return p;
        }
    }
    return NULL;
}

static csk_status set_choice(const csk_param *p, void *base, const char *text)
{
    char list[160] = "";

    for (int i = 0; p->words[i]; i++) {
        if (strcmp(p->words[i], text) == 0) {
            put(p, base, i);
            return CSK_OK;
        }
        const size_t used = strlen(list);
        (void)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
                       p->words[i]);
    }
    return csk_fail(CSK_ERR_ARG, "%s: '%s' is not one of %s", p->name, text, list);
}

csk_status csk_param_set(const csk_param *table, void *opts, const char *name,
                         const char *text)
{
    void *base;
    const csk_param *p = csk_param_find(table, opts, name, &base);

    if (!p)
        return csk_fail(CSK_ERR_ARG, "there is no option %s", name);
    if (p->type == CSK_PARAM_TEXT) {
        *(const char **)((char *)base + p->offset) = text;
        return CSK_OK;
    }

    if (p->type == CSK_PARAM_CHOICE)
        return set_choice(p, base, text);

    char *end;
    errno = 0;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0')
        return csk_fail(CSK_ERR_ARG, "%s: '%s' is not a number", name, text);
    if (errno == ERANGE || !in_range(p, value))
        return out_of_range(p, value);
    if (p->type != CSK_PARAM_REAL && value != (double)(long long)value)
        return csk_fail(CSK_ERR_ARG, "%s: '%s' is not a whole number", name, text);
    put(p, base, value);
    return CSK_OK;
}
