/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/space.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const axis_names[] = {
    [CSK_AXIS_NONE] = "",         [CSK_AXIS_X] = "x",       [CSK_AXIS_Y] = "y",
    [CSK_AXIS_Z] = "z",           [CSK_AXIS_COIL] = "coil", [CSK_AXIS_MAP] = "map",
    [CSK_AXIS_ECHO] = "echo",     [CSK_AXIS_TIME] = "time", [CSK_AXIS_SLICE] = "slice",
    [CSK_AXIS_SAMPLE] = "sample",
};
_Static_assert(sizeof(axis_names) / sizeof(axis_names[0]) == CSK_AXES,
               "name every axis");

csk_space csk_space_make(csk_field field, int rank, const int64_t *dim)
{
    assert(rank >= 1 && rank <= CSK_MAX_RANK);

    csk_space s = { .field = field, .rank = rank };
    for (int i = 0; i < rank; i++) {
        const int from_end = rank - 1 - i;
        s.dim[i] = dim[i];
        s.axis[i] = from_end < 3 ? (csk_axis)(CSK_AXIS_X + from_end) : CSK_AXIS_NONE;
    }
    return s;
}

csk_space csk_space_stack(const csk_space *s, csk_axis axis, int64_t count)
{
    csk_space stack = { .field = s->field, .rank = s->rank + 1 };

    stack.dim[0] = count;
    stack.axis[0] = axis;
    for (int i = 0; i < s->rank; i++) {
        stack.dim[i + 1] = s->dim[i];
        stack.axis[i + 1] = s->axis[i];
    }
    return stack;
}

int64_t csk_space_size(const csk_space *s)
{
    int64_t n = 1;

    for (int i = 0; i < s->rank; i++)
        n *= s->dim[i];
    return n;
}

int64_t csk_space_len(const csk_space *s)
{
    return csk_space_size(s) * (int64_t)s->field;
}

bool csk_space_equal(const csk_space *a, const csk_space *b)
{
    if (a->field != b->field || a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++) {
        if (a->dim[i] != b->dim[i])
            return false;
    }
    return true;
}

int csk_space_find(const csk_space *s, csk_axis axis)
{
    for (int i = 0; i < s->rank; i++) {
        if (s->axis[i] == axis)
            return i;
    }
    return -1;
}

const char *csk_axis_name(csk_axis axis)
{
    return (unsigned)axis < CSK_AXES ? axis_names[axis] : "";
}

csk_axis csk_axis_parse(const char *name)
{
    for (int a = 1; a < CSK_AXES; a++) {
        if (strcmp(axis_names[a], name) == 0)
            return (csk_axis)a;
    }
    return CSK_AXIS_NONE;
}

char *csk_space_text(const csk_space *s, char *out, size_t room)
{
    size_t used =
        (size_t)snprintf(out, room, s->field == CSK_COMPLEX ? "complex " : "real ");

    for (int i = 0; i < s->rank && used < room; i++)
        used += (size_t)snprintf(out + used, room - used, i ? "x%" PRId64 : "%" PRId64,
                                 s->dim[i]);
    return out;
}

csk_status csk_space_check(const csk_space *s, const char *what)
{
    int64_t size = 1;

    if (s->rank < 1 || s->rank > CSK_MAX_RANK)
        return csk_fail(CSK_ERR_ARG, "%s: rank is %d, not in 1..%d", what, s->rank,
                        CSK_MAX_RANK);
    for (int i = 0; i < s->rank; i++) {
        if (s->dim[i] < 1)
            return csk_fail(CSK_ERR_ARG,
                            "%s: dimension %d is %" PRId64 ", not positive", what, i,
                            s->dim[i]);
        if (s->dim[i] > INT64_MAX / 64 / size)
            return csk_fail(CSK_ERR_ARG, "%s: the array is too large", what);
        size *= s->dim[i];
    }
    return CSK_OK;
}
