/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/torch_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    MOST_DEPTH = 32, /* containers in containers */
    MOST_VISITS =
        1 << 20, /* objects, those that are shared as often as they are used */
    NAME = 1024,
};

/* The walk through a pickle. */
typedef struct walk {
    csk_torch *t;
    const csk_pickle *p;
    int64_t left; /* numbers that tensors may still have */
    int visits;
    char name[NAME];
    size_t used;
} walk;

static csk_status wrong(const walk *w, const char *expected)
{
    return csk_fail(CSK_ERR_FORMAT, "%s: tensor '%.64s': %s expected", w->p->what,
                    w->name, expected);
}

static bool is(const csk_pickle_object *o, csk_pickle_kind kind)
{
    return o && o->kind == kind;
}

/* -- storages ----------------------------------------------------------------------- */

csk_torch_storage *csk_torch_find(const csk_torch *t, const char *key, size_t len)
{
    for (int k = 0; k < t->storages; k++) {
        if (t->storage[k].key_len == len && memcmp(t->storage[k].key, key, len) == 0)
            return &t->storage[k];
    }
    return NULL;
}

/* ('storage', class, key, device, count[, None]) */
static csk_status get_storage(walk *w, const csk_pickle_object *o, int *out)
{
    const csk_pickle *p = w->p;
    if (!is(o, CSK_PICKLE_STORAGE))
        return wrong(w, "a storage");
    const int64_t id = o->integer;
    const csk_pickle_object *class = csk_pickle_item(p, id, 1);
    const csk_pickle_object *key = csk_pickle_item(p, id, 2);
    const csk_pickle_object *count = csk_pickle_item(p, id, 4);
    const csk_pickle_object *view = csk_pickle_item(p, id, 5);

    if (!csk_pickle_is_text(csk_pickle_item(p, id, 0), "storage") ||
        !is(class, CSK_PICKLE_GLOBAL) || class->integer < CSK_PICKLE_STORAGES ||
        !is(key, CSK_PICKLE_TEXT) || !is(count, CSK_PICKLE_INTEGER) ||
        count->integer < 0)
        return wrong(w, "a storage with class, key and length");
    if (view && !is(view, CSK_PICKLE_NOTHING))
        return csk_fail(CSK_ERR_UNSUPPORTED,
                        "%s: tensor '%.64s': a view of a storage is not read", p->what,
                        w->name);
    const csk_scalar type = (csk_scalar)(class->integer - CSK_PICKLE_STORAGES);
    csk_torch_storage *s = csk_torch_find(w->t, key->text, key->len);
    if (!s) {
        s = &w->t->storage[w->t->storages++]; /* not more than tensors */
        *s = (csk_torch_storage){ .key = key->text,
                                  .key_len = key->len,
                                  .type = type,
                                  .count = count->integer,
                                  .place = -1 };
    } else if (s->type != type || s->count != count->integer) {
        return wrong(w, "the type and the length that its storage has elsewhere");
    }
    *out = (int)(s - w->t->storage);
    return CSK_OK;
}

/* -- tensors ------------------------------------------------------------------------ */

static csk_status get_lengths(const walk *w, const csk_pickle_object *list, int *rank,
                              int64_t out[CSK_TENSOR_RANK])
{
    int n = 0;

    if (!is(list, CSK_PICKLE_LIST) || list->len > CSK_TENSOR_RANK)
        return wrong(w, "a shape of at most 8 lengths, with strides,");
    for (int c = list->first; c >= 0; c = csk_pickle_cell_at(w->p, c)->next) {
        const csk_pickle_object *o =
            csk_pickle_at(w->p, csk_pickle_cell_at(w->p, c)->value);
        if (!is(o, CSK_PICKLE_INTEGER) || o->integer < 0)
            return wrong(w, "a shape and strides of numbers that are not negative");
        out[n++] = o->integer;
    }
    *rank = n;
    return CSK_OK;
}

/* Whether the last number, offset + sum (dim - 1) stride, is one of the storage. */
static bool fits(const csk_torch_view *v, int rank, const int64_t *dim, int64_t count)
{
    int64_t last = v->offset;

    if (last < 0 || last > count)
        return false;
    if (csk_shape_size(rank, dim) == 0)
        return true;
    for (int k = 0; k < rank; k++) {
        if (dim[k] == 1 || v->stride[k] == 0)
            continue;
        if (dim[k] - 1 > (count - last) / v->stride[k])
            return false;
        last += (dim[k] - 1) * v->stride[k];
    }
    return last < count;
}

static csk_status add_view(walk *w, const csk_torch_view *v, int rank,
                           const int64_t *dim)
{
    csk_torch *t = w->t;
    const int64_t size = csk_shape_size(rank, dim);

    if (size < 0 || !fits(v, rank, dim, t->storage[v->storage].count))
        return wrong(w, "a shape that its storage can fill");
    if (size > w->left)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: tensor '%.64s': more numbers than the file can hold",
                        w->p->what, w->name);
    w->left -= size;
    const csk_status err = csk_tensors_add_as(&t->tensors, w->name, rank, dim, NULL,
                                              CSK_ERR_FORMAT, w->p->what);
    if (err)
        return err;
    csk_torch_view *new = &t->view[t->tensors.count - 1];
    *new = *v;
    for (int k = 0; k < rank; k++) { /* the stride of one number may be anything */
        if (dim[k] == 1)
            new->stride[k] = 0;
    }
    return CSK_OK;
}

/* (storage, offset, size, stride, requires_grad, hooks[, metadata]) */
static csk_status on_tensor(walk *w, const csk_pickle_object *o)
{
    const csk_pickle_object *offset = csk_pickle_item(w->p, o->integer, 1);
    int64_t dim[CSK_TENSOR_RANK];
    csk_torch_view v = { .storage = 0 };
    int rank = 0, strides = 0;

    if (!w->used)
        w->used = (size_t)snprintf(w->name, NAME, "tensor");
    if (w->t->tensors.count == CSK_TENSORS_MOST)
        return csk_fail(CSK_ERR_FORMAT, "%s: more than %d tensors", w->p->what,
                        CSK_TENSORS_MOST);
    if (!is(offset, CSK_PICKLE_INTEGER))
        return wrong(w, "an offset into a storage");
    v.offset = offset->integer;
    csk_status err = get_storage(w, csk_pickle_item(w->p, o->integer, 0), &v.storage);
    if (!err)
        err = get_lengths(w, csk_pickle_item(w->p, o->integer, 2), &rank, dim);
    if (!err)
        err = get_lengths(w, csk_pickle_item(w->p, o->integer, 3), &strides, v.stride);
    if (!err && strides != rank)
        err = wrong(w, "as many strides as axes");
    return err ? err : add_view(w, &v, rank, dim);
}

/* -- the walk ----------------------------------------------------------------------- */

/* One more part of the name: a key, or a place in a list. */
static csk_status enter(walk *w, const csk_pickle_object *key, int64_t place)
{
    char digits[24];
    const char *part = digits;
    size_t len;

    if (!key || key->kind == CSK_PICKLE_INTEGER) {
        len = (size_t)snprintf(digits, sizeof(digits), "%" PRId64,
                               key ? key->integer : place);
    } else if (key->kind == CSK_PICKLE_TEXT) {
        part = key->text;
        len = key->len;
    } else {
        part = "?";
        len = 1;
    }
    if (len >= NAME - 1 - w->used || memchr(part, '\0', len))
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: a name that begins with '%.64s' is longer than %d bytes, "
                        "or holds a NUL",
                        w->p->what, w->name, NAME - 2);
    if (w->used)
        w->name[w->used++] = '.';
    memcpy(w->name + w->used, part, len);
    w->used += len;
    w->name[w->used] = '\0';
    return CSK_OK;
}

static csk_status visit(walk *w, int64_t object, int depth)
{
    const csk_pickle_object *o = csk_pickle_at(w->p, object);
    const size_t used = w->used;
    csk_status err = CSK_OK;
    int64_t place = 0;

    if (++w->visits > MOST_VISITS || depth > MOST_DEPTH)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: more than %d objects, or %d levels of them, below '%.64s'",
                        w->p->what, MOST_VISITS, MOST_DEPTH, w->name);
    if (o->kind == CSK_PICKLE_TENSOR)
        return on_tensor(w, o);
    if (o->kind != CSK_PICKLE_DICT && o->kind != CSK_PICKLE_LIST)
        return CSK_OK;
    for (int c = o->first; c >= 0 && !err;) {
        const csk_pickle_cell *cell = csk_pickle_cell_at(w->p, c);
        err = enter(w, cell->key < 0 ? NULL : csk_pickle_at(w->p, cell->key), place++);
        if (!err)
            err = visit(w, cell->value, depth + 1);
        if (err)
            break;
        w->used = used;
        w->name[used] = '\0';
        c = cell->next;
    }
    return err;
}

csk_status csk_torch_collect(csk_torch *t, const csk_pickle *p, int64_t most)
{
    walk w = { .t = t, .p = p, .left = most };

    *t = (csk_torch){ .storages = 0 };
    t->view = csk_alloc(CSK_TENSORS_MOST, sizeof(*t->view));
    t->storage = csk_alloc(CSK_TENSORS_MOST, sizeof(*t->storage));
    const csk_status err =
        t->view && t->storage ? visit(&w, p->root, 0) : CSK_ERR_NOMEM;
    if (err)
        csk_torch_clear(t);
    return err;
}

/* -- numbers ------------------------------------------------------------------------ */

/* In the order of the tensor: runs along its last axis, if that is dense, or one by one. */
static void copy(csk_tensor *t, const csk_torch_view *v, csk_scalar type,
                 const uint8_t *bytes, bool big_endian)
{
    const int64_t size = csk_tensor_size(t);
    const bool dense = t->rank > 0 && v->stride[t->rank - 1] == 1;
    const int64_t run = dense ? t->dim[t->rank - 1] : 1;
    const int axes = dense ? t->rank - 1 : t->rank;
    int64_t index[CSK_TENSOR_RANK] = { 0 };
    int64_t at = v->offset;

    for (int64_t i = 0; i < size; i += run) {
        csk_scalar_load_f32(t->data + i, bytes + (size_t)at * csk_scalar_size(type),
                            run, type, big_endian);
        for (int k = axes - 1; k >= 0; k--) {
            at += v->stride[k];
            if (++index[k] < t->dim[k])
                break;
            at -= v->stride[k] * t->dim[k];
            index[k] = 0;
        }
    }
}

void csk_torch_fill(csk_torch *t, int s, const uint8_t *bytes, bool big_endian)
{
    for (int k = 0; k < t->tensors.count; k++) {
        if (t->view[k].storage == s)
            copy(&t->tensors.item[k], &t->view[k], t->storage[s].type, bytes,
                 big_endian);
    }
}

void csk_torch_clear(csk_torch *t)
{
    csk_tensors_clear(&t->tensors);
    csk_free(t->view);
    csk_free(t->storage);
    *t = (csk_torch){ .storages = 0 };
}
