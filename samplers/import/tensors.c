/* SPDX-License-Identifier: BSD-3-Clause */
/* The state dict: what is there, whether it has the shape it must have, what is left over. */
#include "cs/mem.h"
#include "samplers/import/import_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

import_text csk_import_name(const char *fmt, ...)
{
    import_text t;
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(t.s, sizeof(t.s), fmt, args);
    va_end(args);
    return t;
}

/* Position of a tensor in the file; -1: it is not there. */
static int find(const importer *im, const char *name)
{
    const size_t len = strlen(im->prefix);

    for (int i = 0; i < im->from->count; i++) {
        const char *other = im->from->item[i].name;
        if (strncmp(other, im->prefix, len) == 0 && strcmp(other + len, name) == 0)
            return i;
    }
    return -1;
}

bool csk_import_has(const importer *im, const char *name)
{
    return find(im, name) >= 0;
}

int csk_import_rank(const importer *im, const char *name)
{
    const int at = find(im, name);

    return at < 0 ? -1 : im->from->item[at].rank;
}

/* "64 x 1 x 3 x 3"; a side that may be anything is "n". */
static import_text shape_text(int rank, const int64_t *dim)
{
    import_text t = { "a single number" };
    size_t len = 0;

    for (int i = 0; i < rank && len < sizeof(t.s); i++) {
        const char *between = i ? " x " : "";
        const int add = dim[i] == IMPORT_ANY
                            ? snprintf(t.s + len, sizeof(t.s) - len, "%sn", between)
                            : snprintf(t.s + len, sizeof(t.s) - len, "%s%lld", between,
                                       (long long)dim[i]);
        len += (size_t)add;
    }
    return t;
}

static bool fits(const csk_tensor *t, int rank, const int64_t *dim)
{
    if (t->rank != rank)
        return false;
    for (int i = 0; i < rank; i++) {
        if (dim[i] != IMPORT_ANY && dim[i] != t->dim[i])
            return false;
    }
    return true;
}

const csk_tensor *csk_import_need(importer *im, const char *name, int rank,
                                  const int64_t *dim)
{
    const int at = im->err ? -1 : find(im, name);

    if (im->err)
        return NULL;
    if (at < 0) {
        import_fail(im, CSK_ERR_FORMAT, "%s: tensor \"%s%s\" is missing, expected %s",
                    im->what, im->prefix, name, shape_text(rank, dim).s);
        return NULL;
    }
    const csk_tensor *t = &im->from->item[im->average ? im->average[at] : at];
    if (!fits(t, rank, dim)) {
        import_fail(im, CSK_ERR_FORMAT, "%s: tensor \"%s\" is %s, expected %s",
                    im->what, t->name, shape_text(t->rank, t->dim).s,
                    shape_text(rank, dim).s);
        return NULL;
    }
    im->used[at] = true;
    return t;
}

int csk_import_side(importer *im, const char *name, int rank, int axis)
{
    enum { MOST = 1 << 20 };
    const int64_t any[CSK_TENSOR_RANK] = { IMPORT_ANY, IMPORT_ANY, IMPORT_ANY,
                                           IMPORT_ANY, IMPORT_ANY, IMPORT_ANY,
                                           IMPORT_ANY, IMPORT_ANY };
    const csk_tensor *t = csk_import_need(im, name, rank, any);

    if (t && (t->dim[axis] < 1 || t->dim[axis] > MOST)) {
        import_fail(im, CSK_ERR_FORMAT, "%s: tensor \"%s\" is %s", im->what, t->name,
                    shape_text(t->rank, t->dim).s);
        t = NULL;
    }
    return t ? (int)t->dim[axis] : 0;
}

/* Position of tensor @p k of a list without names, wherever it is in the file; -1: none. */
static int item_of(const importer *im, const char *list, int k)
{
    const import_text name = csk_import_name("%s.%d", list, k);

    for (int i = 0; i < im->from->count; i++) {
        if (strcmp(im->from->item[i].name, name.s) == 0)
            return i;
    }
    return -1;
}

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

void csk_import_averages(importer *im, const char *list, const char *const *fixed)
{
    const size_t len = strlen(im->prefix);
    int k = 0;

    if (im->err || item_of(im, list, 0) < 0)
        return;
    im->average = csk_alloc(im->from->count, sizeof(*im->average));
    if (!im->average)
        im->err = CSK_ERR_NOMEM;
    for (int i = 0; i < im->from->count && !im->err; i++) {
        const char *name = im->from->item[i].name;
        const bool trained =
            strncmp(name, im->prefix, len) == 0 && !is_one_of(name + len, fixed);

        im->average[i] = trained ? item_of(im, list, k) : i;
        if (trained && im->average[i] < 0)
            import_fail(im, CSK_ERR_FORMAT,
                        "%s: tensor \"%s.%d\", the average of \"%s\", is missing",
                        im->what, list, k, name);
        k += trained;
    }
    if (item_of(im, list, k) >= 0)
        import_fail(im, CSK_ERR_FORMAT,
                    "%s: tensor \"%s.%d\" is the average of none: expected %d",
                    im->what, list, k, k);
}

void csk_import_ignore(importer *im, const char *name)
{
    const int at = find(im, name);

    if (at >= 0)
        im->used[at] = true;
}

float *csk_import_new(importer *im, const char *name, int rank, const int64_t *dim)
{
    csk_tensor *t = NULL;

    if (!im->err)
        im->err = csk_tensors_add(&im->to, name, rank, dim, &t);
    return im->err ? NULL : t->data;
}

void csk_import_keep(importer *im, const char *name, int rank, const int64_t *dim)
{
    const csk_tensor *t = csk_import_need(im, name, rank, dim);
    float *copy = t ? csk_import_new(im, name, rank, t->dim) : NULL;

    if (copy)
        memcpy(copy, t->data, (size_t)csk_tensor_size(t) * sizeof(float));
}

void csk_import_leftovers(importer *im)
{
    const size_t len = strlen(im->prefix);

    for (int i = 0; i < im->from->count; i++) {
        const csk_tensor *t = &im->from->item[i];
        if (!im->used[i] && strncmp(t->name, im->prefix, len) == 0)
            import_fail(im, CSK_ERR_FORMAT,
                        "%s: tensor \"%s\", %s, is none of this %s: expected %d "
                        "tensors, not %d",
                        im->what, t->name, shape_text(t->rank, t->dim).s, im->arch,
                        im->to.count, im->from->count);
    }
}
