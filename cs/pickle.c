/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/pickle_priv.h"

#include <string.h>

enum { MOST_BYTES = 16 << 20, MOST_ITEMS = 1 << 22 };

/* By the names of pickletools. */
enum {
    MARK = '(',
    EMPTY_TUPLE = ')',
    STOP = '.',
    BINFLOAT = 'G',
    BININT = 'J',
    BININT1 = 'K',
    BININT2 = 'M',
    NONE = 'N',
    BINPERSID = 'Q',
    REDUCE = 'R',
    BINSTRING = 'T',
    SHORT_BINSTRING = 'U',
    BINUNICODE = 'X',
    EMPTY_LIST = ']',
    APPEND = 'a',
    BUILD = 'b',
    GLOBAL = 'c',
    APPENDS = 'e',
    BINGET = 'h',
    LONG_BINGET = 'j',
    BINPUT = 'q',
    LONG_BINPUT = 'r',
    SETITEM = 's',
    TUPLE = 't',
    SETITEMS = 'u',
    EMPTY_DICT = '}',
    PROTO = 0x80,
    TUPLE1 = 0x85,
    TUPLE2 = 0x86,
    TUPLE3 = 0x87,
    NEWTRUE = 0x88,
    NEWFALSE = 0x89,
    LONG1 = 0x8a,
    SHORT_BINUNICODE = 0x8c,
    STACK_GLOBAL = 0x93,
    MEMOIZE = 0x94,
    FRAME = 0x95,
};

static csk_status bad(const csk_pickle *p, const char *why)
{
    return csk_fail(CSK_ERR_FORMAT, "%s: pickle, before byte %zu: %s", p->what, p->at,
                    why);
}

/* -- arrays ------------------------------------------------------------------------- */

static csk_status reserve(const csk_pickle *p, csk_pickle_array *a, int64_t count,
                          size_t size)
{
    enum { FIRST = 64 };
    int64_t room = a->room ? a->room : FIRST;

    if (count <= a->room)
        return CSK_OK;
    if (count > MOST_ITEMS)
        return bad(p, "too many objects");
    while (room < count)
        room *= 2;
    void *item = csk_alloc(room, size);
    if (!item)
        return CSK_ERR_NOMEM;
    if (a->count)
        memcpy(item, a->item, (size_t)a->count * size);
    csk_free(a->item);
    a->item = item;
    a->room = room;
    return CSK_OK;
}

static csk_status append_int(const csk_pickle *p, csk_pickle_array *a, int value)
{
    const csk_status err = reserve(p, a, a->count + 1, sizeof(int));

    if (!err)
        ((int *)a->item)[a->count++] = value;
    return err;
}

static csk_pickle_object *object_at(const csk_pickle *p, int64_t k)
{
    return (csk_pickle_object *)p->objects.item + k;
}

static csk_pickle_cell *cell_at(const csk_pickle *p, int k)
{
    return (csk_pickle_cell *)p->cells.item + k;
}

static csk_status push(csk_pickle *p, int object)
{
    return append_int(p, &p->stack, object);
}

/* What the last mark keeps is not popped. */
static int64_t loose(const csk_pickle *p)
{
    const csk_pickle_array *m = &p->marks;

    return p->stack.count - (m->count ? ((int *)m->item)[m->count - 1] : 0);
}

static csk_status pop(csk_pickle *p, int *object)
{
    if (loose(p) < 1)
        return bad(p, "the stack is empty");
    *object = ((int *)p->stack.item)[--p->stack.count];
    return CSK_OK;
}

static csk_status push_new(csk_pickle *p, csk_pickle_object o)
{
    const csk_status err =
        reserve(p, &p->objects, p->objects.count + 1, sizeof(csk_pickle_object));

    if (err)
        return err;
    if (o.kind == CSK_PICKLE_LIST || o.kind == CSK_PICKLE_DICT)
        o.first = o.last = -1;
    *object_at(p, p->objects.count) = o;
    return push(p, (int)p->objects.count++);
}

static csk_status push_kind(csk_pickle *p, csk_pickle_kind kind, int64_t integer)
{
    return push_new(p, (csk_pickle_object){ .kind = kind, .integer = integer });
}

static csk_status put(csk_pickle *p, int object, int key, int value)
{
    const csk_status err =
        reserve(p, &p->cells, p->cells.count + 1, sizeof(csk_pickle_cell));
    csk_pickle_object *o = object_at(p, object);
    const int new = (int)p->cells.count;

    if (err)
        return err;
    *cell_at(p, new) = (csk_pickle_cell){ key, value, -1 };
    p->cells.count++;
    if (o->last < 0)
        o->first = new;
    else
        cell_at(p, o->last)->next = new;
    o->last = new;
    o->len++;
    return CSK_OK;
}

/* -- the bytes ---------------------------------------------------------------------- */

static csk_status take(csk_pickle *p, uint64_t n, const uint8_t **out)
{
    if (n > p->len - p->at)
        return bad(p, "truncated");
    *out = p->bytes + p->at;
    p->at += n;
    return CSK_OK;
}

static csk_status take_uint(csk_pickle *p, size_t size, uint64_t *out)
{
    const uint8_t *at = NULL;
    const csk_status err = take(p, size, &at);

    *out = err ? 0 : csk_load_uint(at, size, false);
    return err;
}

/* To the end of a line, which is not part of it. */
static csk_status take_line(csk_pickle *p, const char **line, size_t *len)
{
    const uint8_t *from = p->bytes + p->at;
    const uint8_t *end = p->at < p->len ? memchr(from, '\n', p->len - p->at) : NULL;

    if (!end)
        return bad(p, "truncated");
    *line = (const char *)from;
    *len = (size_t)(end - from);
    p->at += *len + 1;
    return CSK_OK;
}

/* -- opcodes ------------------------------------------------------------------------ */

typedef csk_status step(csk_pickle *p, int op);

static csk_status on_head(csk_pickle *p, int op)
{
    const uint8_t *ignored; /* version; length of what follows */

    return take(p, op == PROTO ? 1 : 8, &ignored);
}

static csk_status on_leaf(csk_pickle *p, int op)
{
    const uint8_t *ignored;
    const csk_status err = op == BINFLOAT ? take(p, 8, &ignored) : CSK_OK;

    if (err)
        return err;
    if (op == NEWTRUE || op == NEWFALSE)
        return push_kind(p, CSK_PICKLE_INTEGER, op == NEWTRUE);
    return push_kind(p, CSK_PICKLE_NOTHING, 0);
}

static csk_status on_integer(csk_pickle *p, int op)
{
    const size_t size = op == BININT ? 4 : op == BININT2 ? 2 : 1;
    uint64_t v;
    const csk_status err = take_uint(p, size, &v);

    if (err)
        return err;
    return push_kind(p, CSK_PICKLE_INTEGER,
                     op == BININT ? (int64_t)(int32_t)(uint32_t)v : (int64_t)v);
}

/* Two's complement of as many bytes as the first says. */
static csk_status on_long(csk_pickle *p, int op)
{
    const uint8_t *at = NULL;
    uint64_t n, v = 0;
    csk_status err = take_uint(p, 1, &n);

    (void)op;
    if (!err)
        err = take(p, n, &at);
    if (err)
        return err;
    if (n > 8)
        return push_kind(p, CSK_PICKLE_NOTHING, 0);
    for (size_t k = n; k-- > 0;)
        v = v << 8 | at[k];
    if (n > 0 && n < 8 && at[n - 1] >= 0x80)
        v |= UINT64_MAX << 8 * n;
    return push_kind(p, CSK_PICKLE_INTEGER, (int64_t)v);
}

static csk_status on_text(csk_pickle *p, int op)
{
    const uint8_t *at = NULL;
    uint64_t n;
    csk_status err = take_uint(p, op == BINUNICODE || op == BINSTRING ? 4 : 1, &n);

    if (!err)
        err = take(p, n, &at);
    if (err)
        return err;
    return push_new(p, (csk_pickle_object){ .kind = CSK_PICKLE_TEXT,
                                            .text = (const char *)at,
                                            .len = n });
}

static csk_status on_empty(csk_pickle *p, int op)
{
    return push_kind(p, op == EMPTY_DICT ? CSK_PICKLE_DICT : CSK_PICKLE_LIST, 0);
}

static csk_status on_mark(csk_pickle *p, int op)
{
    (void)op;
    return append_int(p, &p->marks, (int)p->stack.count);
}

/* How many objects lie above the last mark, which goes. */
static csk_status pop_mark(csk_pickle *p, int64_t *count)
{
    if (p->marks.count == 0)
        return bad(p, "no mark on the stack");
    *count = loose(p);
    p->marks.count--;
    return CSK_OK;
}

/* Append the upper `count` of the stack to the container, pairs if it is a dictionary. */
static csk_status put_upper(csk_pickle *p, int container, int64_t count)
{
    const int64_t from = p->stack.count - count;
    const int *stack = p->stack.item;
    const bool dict = object_at(p, container)->kind == CSK_PICKLE_DICT;
    csk_status err = CSK_OK;

    if (dict && count % 2)
        return bad(p, "a key without value");
    for (int64_t k = from; k < p->stack.count && !err; k += dict ? 2 : 1)
        err = put(p, container, dict ? stack[k] : -1, stack[dict ? k + 1 : k]);
    p->stack.count = from;
    return err;
}

static csk_status on_tuple(csk_pickle *p, int op)
{
    int64_t count = op - TUPLE1 + 1;
    csk_status err = op == TUPLE ? pop_mark(p, &count) : CSK_OK;

    if (!err && loose(p) < count)
        err = bad(p, "the stack is empty");
    if (!err)
        err = push_kind(p, CSK_PICKLE_LIST, 0);
    if (err)
        return err;
    const int tuple = ((int *)p->stack.item)[--p->stack.count];
    err = put_upper(p, tuple, count);
    return err ? err : push(p, tuple);
}

static csk_status on_put(csk_pickle *p, int op)
{
    const bool dict = op == SETITEM || op == SETITEMS;
    int64_t count = dict ? 2 : 1;
    csk_status err = op == APPENDS || op == SETITEMS ? pop_mark(p, &count) : CSK_OK;

    if (!err && loose(p) <= count)
        err = bad(p, "the stack is empty");
    if (err)
        return err;
    const int container = ((int *)p->stack.item)[p->stack.count - count - 1];
    if (object_at(p, container)->kind != (dict ? CSK_PICKLE_DICT : CSK_PICKLE_LIST))
        return bad(p, dict ? "a dictionary was expected" : "a list was expected");
    return put_upper(p, container, count);
}

static csk_status on_memo_put(csk_pickle *p, int op)
{
    uint64_t k = (uint64_t)p->memo.count;
    csk_status err = op == MEMOIZE ? CSK_OK : take_uint(p, op == BINPUT ? 1 : 4, &k);

    if (!err && loose(p) < 1)
        err = bad(p, "the stack is empty");
    if (!err && k > p->len) /* more than there are opcodes */
        err = bad(p, "a number out of range");
    if (!err)
        err = reserve(p, &p->memo, (int64_t)k + 1, sizeof(int));
    if (err)
        return err;
    /* 0 is a place that is not in use */
    ((int *)p->memo.item)[k] = ((int *)p->stack.item)[p->stack.count - 1] + 1;
    if (p->memo.count <= (int64_t)k)
        p->memo.count = (int64_t)k + 1;
    return CSK_OK;
}

static csk_status on_memo_get(csk_pickle *p, int op)
{
    uint64_t k;
    const csk_status err = take_uint(p, op == BINGET ? 1 : 4, &k);

    if (err)
        return err;
    if (k >= (uint64_t)p->memo.count || ((int *)p->memo.item)[k] == 0)
        return bad(p, "an object that is not there");
    return push(p, ((int *)p->memo.item)[k] - 1);
}

static bool equal(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

static csk_status push_global(csk_pickle *p, const char *module, size_t module_len,
                              const char *name, size_t name_len)
{
    static const struct {
        const char *module, *name;
        int64_t integer;
    } known[] = {
        { "collections", "OrderedDict", CSK_PICKLE_ORDERED_DICT },
        { "torch", "Size", CSK_PICKLE_SIZE },
        { "torch._utils", "_rebuild_parameter", CSK_PICKLE_PARAMETER },
        { "torch._utils", "_rebuild_tensor_v2", CSK_PICKLE_REBUILD },
        { "torch", "FloatStorage", CSK_PICKLE_STORAGES + CSK_F32 },
        { "torch", "DoubleStorage", CSK_PICKLE_STORAGES + CSK_F64 },
        { "torch", "HalfStorage", CSK_PICKLE_STORAGES + CSK_F16 },
        { "torch", "BFloat16Storage", CSK_PICKLE_STORAGES + CSK_BF16 },
        { "torch", "LongStorage", CSK_PICKLE_STORAGES + CSK_I64 },
        { "torch", "IntStorage", CSK_PICKLE_STORAGES + CSK_I32 },
        { "torch", "ShortStorage", CSK_PICKLE_STORAGES + CSK_I16 },
        { "torch", "CharStorage", CSK_PICKLE_STORAGES + CSK_I8 },
        { "torch", "ByteStorage", CSK_PICKLE_STORAGES + CSK_U8 },
        { "torch", "BoolStorage", CSK_PICKLE_STORAGES + CSK_U8 },
    };
    const int shown = 64;

    for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
        if (equal(module, module_len, known[k].module) &&
            equal(name, name_len, known[k].name))
            return push_kind(p, CSK_PICKLE_GLOBAL, known[k].integer);
    }
    return csk_fail(CSK_ERR_UNSUPPORTED,
                    "%s: asks for %.*s.%.*s, which csk does not run", p->what,
                    module_len < 64 ? (int)module_len : shown, module,
                    name_len < 64 ? (int)name_len : shown, name);
}

static csk_status on_global(csk_pickle *p, int op)
{
    const char *module = NULL, *name = NULL;
    size_t module_len = 0, name_len = 0;
    csk_status err = take_line(p, &module, &module_len);

    (void)op;
    if (!err)
        err = take_line(p, &name, &name_len);
    return err ? err : push_global(p, module, module_len, name, name_len);
}

static csk_status on_stack_global(csk_pickle *p, int op)
{
    int name = 0, module = 0;
    csk_status err = pop(p, &name);

    (void)op;
    if (!err)
        err = pop(p, &module);
    if (err)
        return err;
    const csk_pickle_object *m = object_at(p, module), *n = object_at(p, name);
    if (m->kind != CSK_PICKLE_TEXT || n->kind != CSK_PICKLE_TEXT)
        return bad(p, "a name was expected");
    return push_global(p, m->text, m->len, n->text, n->len);
}

static csk_status on_persistent(csk_pickle *p, int op)
{
    int id = 0;
    const csk_status err = pop(p, &id);

    (void)op;
    return err ? err : push_kind(p, CSK_PICKLE_STORAGE, id);
}

/* A function of the list on its arguments, which are a tuple. */
static csk_status on_reduce(csk_pickle *p, int op)
{
    int arguments = 0, function = 0;
    csk_status err = pop(p, &arguments);

    (void)op;
    if (!err)
        err = pop(p, &function);
    if (err)
        return err;
    const csk_pickle_object *f = object_at(p, function), *a = object_at(p, arguments);
    if (f->kind != CSK_PICKLE_GLOBAL || a->kind != CSK_PICKLE_LIST ||
        f->integer >= CSK_PICKLE_STORAGES)
        return bad(p, "calls what is no function");
    if (f->integer == CSK_PICKLE_REBUILD)
        return push_kind(p, CSK_PICKLE_TENSOR, arguments);
    if (f->integer == CSK_PICKLE_ORDERED_DICT && a->len == 0)
        return push_kind(p, CSK_PICKLE_DICT, 0);
    if (f->integer == CSK_PICKLE_ORDERED_DICT || a->len == 0)
        return bad(p, "arguments that are not expected");
    return push(p, cell_at(p, a->first)->value); /* a parameter is its tensor */
}

/* Attributes of a dictionary, such as the versions of modules, are of no use. */
static csk_status on_build(csk_pickle *p, int op)
{
    int state = 0;
    csk_status err = pop(p, &state);

    (void)op;
    if (!err && (loose(p) < 1 ||
                 object_at(p, ((int *)p->stack.item)[p->stack.count - 1])->kind !=
                     CSK_PICKLE_DICT))
        err = bad(p, "sets attributes of what is no dictionary");
    return err;
}

static step *const steps[256] = {
    [PROTO] = on_head,
    [FRAME] = on_head,
    [NONE] = on_leaf,
    [NEWTRUE] = on_leaf,
    [NEWFALSE] = on_leaf,
    [BINFLOAT] = on_leaf,
    [BININT] = on_integer,
    [BININT1] = on_integer,
    [BININT2] = on_integer,
    [LONG1] = on_long,
    [BINUNICODE] = on_text,
    [SHORT_BINUNICODE] = on_text,
    [BINSTRING] = on_text,
    [SHORT_BINSTRING] = on_text,
    [EMPTY_DICT] = on_empty,
    [EMPTY_LIST] = on_empty,
    [EMPTY_TUPLE] = on_empty,
    [MARK] = on_mark,
    [TUPLE] = on_tuple,
    [TUPLE1] = on_tuple,
    [TUPLE2] = on_tuple,
    [TUPLE3] = on_tuple,
    [APPEND] = on_put,
    [APPENDS] = on_put,
    [SETITEM] = on_put,
    [SETITEMS] = on_put,
    [BINPUT] = on_memo_put,
    [LONG_BINPUT] = on_memo_put,
    [MEMOIZE] = on_memo_put,
    [BINGET] = on_memo_get,
    [LONG_BINGET] = on_memo_get,
    [GLOBAL] = on_global,
    [STACK_GLOBAL] = on_stack_global,
    [REDUCE] = on_reduce,
    [BUILD] = on_build,
    [BINPERSID] = on_persistent,
};

static csk_status run(csk_pickle *p)
{
    for (;;) {
        const uint8_t *op = NULL;
        csk_status err = take(p, 1, &op);
        if (err)
            return err;
        if (*op == STOP)
            return pop(p, &p->root);
        if (!steps[*op])
            return csk_fail(CSK_ERR_UNSUPPORTED,
                            "%s: pickle: opcode 0x%02x at byte %zu, which torch.save() "
                            "does not use",
                            p->what, *op, p->at - 1);
        err = steps[*op](p, *op);
        if (err)
            return err;
    }
}

csk_status csk_pickle_parse(csk_pickle *p, const uint8_t *bytes, size_t len,
                            const char *what)
{
    *p = (csk_pickle){ .what = what,
                       .bytes = bytes,
                       .len = len < MOST_BYTES ? len : MOST_BYTES };
    const csk_status err = run(p);
    if (err)
        csk_pickle_clear(p);
    return err;
}

void csk_pickle_clear(csk_pickle *p)
{
    csk_free(p->objects.item);
    csk_free(p->cells.item);
    csk_free(p->stack.item);
    csk_free(p->marks.item);
    csk_free(p->memo.item);
    *p = (csk_pickle){ .what = NULL };
}

/* -- what is in it ------------------------------------------------------------------ */

const csk_pickle_object *csk_pickle_at(const csk_pickle *p, int64_t object)
{
    return object_at(p, object);
}

const csk_pickle_cell *csk_pickle_cell_at(const csk_pickle *p, int cell)
{
    return cell_at(p, cell);
}

const csk_pickle_object *csk_pickle_item(const csk_pickle *p, int64_t list, int k)
{
    const csk_pickle_object *o = object_at(p, list);

    if (o->kind != CSK_PICKLE_LIST || o->len <= (size_t)k)
        return NULL;
    int cell = o->first;
    while (k-- > 0)
        cell = cell_at(p, cell)->next;
    return object_at(p, cell_at(p, cell)->value);
}

bool csk_pickle_is_text(const csk_pickle_object *o, const char *text)
{
    return o && o->kind == CSK_PICKLE_TEXT && equal(o->text, o->len, text);
}

const csk_pickle_object *csk_pickle_get(const csk_pickle *p, int64_t dict,
                                        const char *key)
{
    const csk_pickle_object *o = object_at(p, dict);

    for (int c = o->kind == CSK_PICKLE_DICT ? o->first : -1; c >= 0;
         c = cell_at(p, c)->next) {
        if (csk_pickle_is_text(object_at(p, cell_at(p, c)->key), key))
            return object_at(p, cell_at(p, c)->value);
    }
    return NULL;
}
