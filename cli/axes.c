/* SPDX-License-Identifier: BSD-3-Clause */
/* Axes by name, and what options do to them. */
#include "cli/cli.h"
#include "cs/reshape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

csk_status cli_find_axis(int *axis, const csk_space *space, const char *name,
                         const char *option)
{
    char known[120] = "", *end;
    const csk_axis named = csk_axis_parse(name);

    *axis = named == CSK_AXIS_NONE ? -1 : csk_space_find(space, named);
    if (*axis >= 0)
        return CSK_OK;
    const long number = strtol(name, &end, 10);
    if (end != name && *end == '\0' && number >= 0 && number < space->rank) {
        *axis = (int)number;
        return CSK_OK;
    }
    for (int i = 0; i < space->rank; i++) {
        const size_t used = strlen(known);
        const char *have = csk_axis_name(space->axis[i]);
        char digit[16];
        (void)snprintf(digit, sizeof(digit), "%d", i);
        (void)snprintf(known + used, sizeof(known) - used, " %s", *have ? have : digit);
    }
    return csk_fail(CSK_ERR_ARG, "%s: there is no axis '%.20s', only%s", option, name,
                    known);
}

/* One item of a list "z=180,y=2:9" or "y,x". */
typedef struct item {
    int axis; /* -1: the list has ended */
    char name[24], value[40];
} item;

/* Such a list, as an option has it, and how far it has been read. */
typedef struct list {
    const char *option, *text;
    const csk_space *space;
    const char *at;
    bool ended, named[CSK_MAX_RANK];
} list;

static list list_of(const char *option, const char *text, const csk_space *space)
{
    return (list){ .option = option, .text = text, .space = space, .at = text };
}

/* The next item; CSK_ERR_ARG if it is no axis, or one that was named before. */
static csk_status next_item(item *it, list *l)
{
    it->axis = -1;
    if (l->ended)
        return CSK_OK;
    const size_t len = strcspn(l->at, ",");
    const size_t eq = strcspn(l->at, "=,");
    (void)snprintf(it->name, sizeof(it->name), "%.*s", (int)eq, l->at);
    it->value[0] = '\0';
    if (eq < len)
        (void)snprintf(it->value, sizeof(it->value), "%.*s", (int)(len - eq - 1),
                       l->at + eq + 1);
    l->ended = l->at[len] == '\0';
    l->at += l->ended ? len : len + 1;

    const csk_status err = cli_find_axis(&it->axis, l->space, it->name, l->option);
    if (err)
        return err;
    if (l->named[it->axis])
        return csk_fail(CSK_ERR_ARG, "%s: axis %s is named twice in '%.60s'", l->option,
                        it->name, l->text);
    l->named[it->axis] = true;
    return CSK_OK;
}

/* After @p err of making @p b from @p a: b takes the place of a. */
static csk_status replace(csk_array *a, csk_array *b, csk_status err)
{
    if (err)
        return err;
    csk_array_clear(a);
    *a = *b;
    return CSK_OK;
}

/* "180" or "10:200", either end may be missing; @p range says which it was. */
static bool parse_range(const char *text, int64_t n, int64_t *first, int64_t *end,
                        bool *range)
{
    char *at;

    errno = 0;
    *first = strtoll(text, &at, 10);
    *end = *first < INT64_MAX ? *first + 1 : *first; /* none: it is refused */
    *range = *at == ':';
    if (!*range)
        return at != text && *at == '\0' && !errno;
    text = at + 1;
    *end = *text ? strtoll(text, &at, 10) : n;
    return (*text == '\0' || (at != text && *at == '\0')) && !errno;
}

/* What is wanted of an axis. */
typedef struct cut {
    bool wanted, range;
    int64_t first, end;
} cut;

static csk_status parse_cut(cut cuts[CSK_MAX_RANK], const csk_space *s, const item *it,
                            const char *text)
{
    const int64_t n = s->dim[it->axis];
    cut *c = &cuts[it->axis];

    if (!parse_range(it->value, n, &c->first, &c->end, &c->range))
        return csk_fail(CSK_ERR_ARG, "slice: '%.60s' is not like z=180 or z=10:200",
                        text);
    if (c->first < 0 || c->end <= c->first || c->end > n)
        return csk_fail(CSK_ERR_ARG, "slice: %s=%s is not in the axis, 0..%lld",
                        it->name, it->value, (long long)n - 1);
    c->wanted = true;
    return CSK_OK;
}

/* From the last axis to the first: numbers stay those of the input. */
csk_status cli_slice(csk_array *a, const char *text)
{
    cut cuts[CSK_MAX_RANK] = { { .wanted = false } };
    list l = list_of("slice", text, &a->space);
    item it;
    csk_status err = next_item(&it, &l);

    while (!err && it.axis >= 0) {
        err = parse_cut(cuts, &a->space, &it, text);
        if (!err)
            err = next_item(&it, &l);
    }
    for (int axis = a->space.rank - 1; axis >= 0 && !err; axis--) {
        const cut *c = &cuts[axis];
        csk_array b = { .data = NULL };

        if (!c->wanted)
            continue;
        err = c->range ? csk_array_range(&b, a, axis, c->first, c->end)
                       : csk_array_pick(&b, a, axis, c->first);
        err = replace(a, &b, err);
    }
    return err;
}

static csk_status parse_factor(double *factor, const char *text)
{
    const csk_status err = cli_parse_numbers(factor, 1, text, "resample");

    if (!err && !(*factor > 0. && *factor <= 1.))
        return csk_fail(CSK_ERR_ARG, "resample is %g, not above 0 and up to 1",
                        *factor);
    return err;
}

csk_status cli_resample(csk_array *a, const char *text)
{
    double factor[CSK_MAX_RANK];
    csk_array b = { .data = NULL };

    for (int i = 0; i < a->space.rank; i++)
        factor[i] = 1.;
    if (!strchr(text, '=')) {
        double all;
        const csk_status err = parse_factor(&all, text);
        if (err)
            return err;
        for (int i = 0; i < a->space.rank; i++) {
            const csk_axis axis = a->space.axis[i];
            if (axis == CSK_AXIS_X || axis == CSK_AXIS_Y || axis == CSK_AXIS_Z)
                factor[i] = all;
        }
    } else {
        list l = list_of("resample", text, &a->space);
        item it;
        csk_status err = next_item(&it, &l);
        while (!err && it.axis >= 0) {
            err = parse_factor(&factor[it.axis], it.value);
            if (!err)
                err = next_item(&it, &l);
        }
        if (err)
            return err;
    }
    return replace(a, &b, csk_array_shrink(&b, a, factor));
}

csk_status cli_flip(csk_array *a, const char *text)
{
    list l = list_of("flip", text, &a->space);
    item it;
    csk_status err = next_item(&it, &l);

    while (!err && it.axis >= 0) {
        if (*it.value)
            return csk_fail(CSK_ERR_ARG, "flip: '%.60s' is not like y or y,x", text);
        csk_array_flip(a, it.axis);
        err = next_item(&it, &l);
    }
    return err;
}

csk_status cli_recentre(csk_array *a, const char *text, bool grow)
{
    const char *name = grow ? "pad" : "crop";
    int64_t want[CSK_MAX_RANK], dim[CSK_MAX_RANK];
    csk_array b = { .data = NULL };
    char have[120];
    int rank;
    const csk_status err = cli_parse_shape(want, &rank, text, name);

    if (err)
        return err;
    (void)csk_space_text(&a->space, have, sizeof(have));
    if (rank > a->space.rank)
        return csk_fail(CSK_ERR_SHAPE, "--%s %s has more axes than the image, %s", name,
                        text, have);
    memcpy(dim, a->space.dim, sizeof(dim));
    for (int i = 0; i < rank; i++) {
        const int axis = a->space.rank - rank + i;
        if (grow ? want[i] < dim[axis] : want[i] > dim[axis])
            return csk_fail(CSK_ERR_SHAPE,
                            "--%s %s is %s than the image, %s; --%s %s it", name, text,
                            grow ? "smaller" : "larger", have, grow ? "crop" : "pad",
                            grow ? "cuts" : "fills");
        dim[axis] = want[i];
    }
    return replace(a, &b, csk_array_recentre(&b, a, dim));
}
