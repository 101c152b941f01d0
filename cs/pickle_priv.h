/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Python's pickles, as far as torch.save() writes them, and nothing beyond. Never installed.
 *
 * A pickle is a program for a machine with a stack, which may name any function of the
 * Python installation and call it. Here nothing is called: a name has to be in a short list
 * (OrderedDict, torch.Size, _rebuild_tensor_v2, _rebuild_parameter, the classes of storages), and a
 * "call" of these makes one of the objects below. Opcodes that torch.save() does not use are
 * refused. https://docs.python.org/3/library/pickletools.html
 */
#ifndef CSK_CS_PICKLE_PRIV_H
#define CSK_CS_PICKLE_PRIV_H

#include "cs/scalar_priv.h"
#include "cs/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum csk_pickle_kind {
    CSK_PICKLE_NOTHING, /* None, numbers with a point or of more than 64 bits */
    CSK_PICKLE_INTEGER, /* also True and False */
    CSK_PICKLE_TEXT,
    CSK_PICKLE_LIST, /* also a tuple */
    CSK_PICKLE_DICT,
    CSK_PICKLE_GLOBAL,  /* a name of the list above */
    CSK_PICKLE_STORAGE, /* `integer` is the object that names it, usually a list */
    CSK_PICKLE_TENSOR,  /* `integer` is the list of arguments of _rebuild_tensor_v2 */
} csk_pickle_kind;

typedef enum csk_pickle_global {
    CSK_PICKLE_ORDERED_DICT,
    CSK_PICKLE_SIZE,
    CSK_PICKLE_PARAMETER,
    CSK_PICKLE_REBUILD,
    CSK_PICKLE_STORAGES, /* and from here on: of csk_scalar `integer` - CSK_PICKLE_STORAGES */
} csk_pickle_global;

typedef struct csk_pickle_object {
    csk_pickle_kind kind;
    int first, last;  /* cells of LIST and DICT; -1: empty */
    size_t len;       /* TEXT: bytes; LIST, DICT: cells */
    int64_t integer;  /* GLOBAL: csk_pickle_global; else see the kinds */
    const char *text; /* of the pickle itself, not closed by a NUL */
} csk_pickle_object;

/* One entry of a list or of a dictionary. Numbers are indices of objects. */
typedef struct csk_pickle_cell {
    int key; /* -1 in lists */
    int value;
    int next; /* -1: the last */
} csk_pickle_cell;

/* An array that grows. */
typedef struct csk_pickle_array {
    void *item;
    int64_t count, room;
} csk_pickle_array;

/* The objects refer to each other as the file says: they may share, and they may form a
 * circle. Who walks along them bounds depth and number. */
typedef struct csk_pickle {
    const char *what;
    const uint8_t *bytes;
    size_t len, at; /* at: behind the last byte that was read */
    csk_pickle_array objects, cells, stack, marks, memo;
    int root;
} csk_pickle;

/* One pickle at the beginning of `bytes`, which may go on behind it. */
csk_status csk_pickle_parse(csk_pickle *p, const uint8_t *bytes, size_t len,
                            const char *what) CSK_MUST_CHECK;
void csk_pickle_clear(csk_pickle *p);

/* In all of these `object` is an index that an object, a cell or the root holds. */
const csk_pickle_object *csk_pickle_at(const csk_pickle *p, int64_t object);
const csk_pickle_cell *csk_pickle_cell_at(const csk_pickle *p, int cell);

/* The k-th item of a list; NULL if it is no list or not as long. */
const csk_pickle_object *csk_pickle_item(const csk_pickle *p, int64_t list, int k);

/* The entry of a dictionary under a text; NULL if there is none. */
const csk_pickle_object *csk_pickle_get(const csk_pickle *p, int64_t dict,
                                        const char *key);

bool csk_pickle_is_text(const csk_pickle_object *o, const char *text);

#endif
