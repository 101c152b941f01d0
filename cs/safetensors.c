/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * safetensors: a length of 8 bytes, little endian; so many bytes of JSON, which say of each
 * tensor its type, its shape and where its numbers are in what follows; the numbers. They
 * follow each other without holes and without overlap. https://huggingface.co/docs/safetensors
 */
#include "cs/file_priv.h"
#include "cs/mem.h"
#include "cs/tensors_priv.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH = 8, MOST_HEADER = 100000000 };

static const char metadata[] = "__metadata__";

/* A tensor as the header has it. */
typedef struct entry {
    const char *name;
    csk_scalar type;
    int rank;
    int64_t dim[CSK_TENSOR_RANK];
    int64_t begin, end;
} entry;

static csk_status wrong(const char *what, const char *name, const char *key,
                        const char *wanted)
{
    return csk_fail(CSK_ERR_FORMAT, "%s: tensor '%.64s': \"%s\" is not %s", what, name,
                    key, wanted);
}

static csk_status get_type(entry *e, const json_t *object, const char *what)
{
    static const struct {
        const char *name;
        csk_scalar type;
    } known[] = {
        { "F32", CSK_F32 }, { "F16", CSK_F16 }, { "BF16", CSK_BF16 },
        { "F64", CSK_F64 }, { "I64", CSK_I64 }, { "I32", CSK_I32 },
        { "I16", CSK_I16 }, { "I8", CSK_I8 },   { "U8", CSK_U8 },
        { "BOOL", CSK_U8 }, { "U16", CSK_U16 }, { "U32", CSK_U32 },
        { "U64", CSK_U64 },
    };
    const char *dtype = json_string_value(json_object_get(object, "dtype"));

    if (!dtype)
        return wrong(what, e->name, "dtype", "a string");
    for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
        if (strcmp(dtype, known[k].name) == 0) {
            e->type = known[k].type;
            return CSK_OK;
        }
    }
    return csk_fail(CSK_ERR_UNSUPPORTED,
                    "%s: tensor '%.64s': numbers of type '%.16s' are not read", what,
                    e->name, dtype);
}

static csk_status get_shape(entry *e, const json_t *object, const char *what)
{
    const json_t *shape = json_object_get(object, "shape");
    const size_t rank = json_array_size(shape);

    if (!json_is_array(shape))
        return wrong(what, e->name, "shape", "a list");
    if (rank > CSK_TENSOR_RANK)
        return csk_fail(CSK_ERR_UNSUPPORTED,
                        "%s: tensor '%.64s' has rank %zu, at most %d is read", what,
                        e->name, rank, CSK_TENSOR_RANK);
    e->rank = (int)rank;
    for (size_t k = 0; k < rank; k++) {
        const json_t *dim = json_array_get(shape, k);
        if (!json_is_integer(dim) || json_integer_value(dim) < 0)
            return wrong(what, e->name, "shape", "a list of lengths");
        e->dim[k] = json_integer_value(dim);
    }
    return CSK_OK;
}

/* Where the numbers are, which must be as many as the shape says. */
static csk_status get_place(entry *e, const json_t *object, int64_t room,
                            const char *what)
{
    const json_t *pair = json_object_get(object, "data_offsets");
    const json_t *begin = json_array_get(pair, 0), *end = json_array_get(pair, 1);
    const int64_t size = csk_shape_size(e->rank, e->dim);

    if (json_array_size(pair) != 2 || !json_is_integer(begin) || !json_is_integer(end))
        return wrong(what, e->name, "data_offsets", "a list of two integers");
    e->begin = json_integer_value(begin);
    e->end = json_integer_value(end);
    if (e->begin < 0 || e->end < e->begin || e->end > room)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: tensor '%.64s': bytes %" PRId64 " to %" PRId64
                        " of %" PRId64,
                        what, e->name, e->begin, e->end, room);
    if (size < 0 || size != (e->end - e->begin) / (int64_t)csk_scalar_size(e->type) ||
        (e->end - e->begin) % (int64_t)csk_scalar_size(e->type))
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: tensor '%.64s': %" PRId64
                        " bytes of numbers, which is not what its shape says",
                        what, e->name, e->end - e->begin);
    return CSK_OK;
}

static csk_status get_metadata(csk_tensors *t, const json_t *object, const char *what)
{
    const json_t *card = json_object_get(object, "csk");

    if (!json_is_object(object))
        return csk_fail(CSK_ERR_FORMAT, "%s: \"%s\" is not an object", what, metadata);
    if (!card)
        return CSK_OK;
    if (!json_is_string(card))
        return csk_fail(CSK_ERR_FORMAT, "%s: the card, \"csk\" of \"%s\", is no string",
                        what, metadata);
    return csk_tensors_set_card(t, json_string_value(card));
}

static int by_place(const void *a, const void *b)
{
    const entry *p = a, *q = b;

    if (p->begin != q->begin)
        return p->begin < q->begin ? -1 : 1;
    if (p->end != q->end) /* those without numbers before those with */
        return p->end < q->end ? -1 : 1;
    return strcmp(p->name, q->name);
}

static csk_status get_entries(csk_tensors *t, entry *e, int *count, json_t *root,
                              int64_t room, const char *what)
{
    const char *name;
    json_t *object;

    json_object_foreach(root, name, object)
    {
        csk_status err;
        if (strcmp(name, metadata) == 0) {
            err = get_metadata(t, object, what);
        } else {
            e[*count] = (entry){ .name = name };
            err = get_type(&e[*count], object, what);
            if (!err)
                err = get_shape(&e[*count], object, what);
            if (!err)
                err = get_place(&e[*count], object, room, what);
            ++*count;
        }
        if (err)
            return err;
    }
    return CSK_OK;
}

/* In the order of the file, one after the other. */
static csk_status load(csk_tensors *t, entry *e, int count, const uint8_t *bytes,
                       int64_t room, const char *what)
{
    int64_t at = 0;

    qsort(e, (size_t)count, sizeof(*e), by_place);
    for (int k = 0; k < count; k++) {
        csk_tensor *new;
        if (e[k].begin != at)
            return csk_fail(CSK_ERR_FORMAT,
                            "%s: tensor '%.64s' begins at byte %" PRId64 ", %" PRId64
                            " was expected",
                            what, e[k].name, e[k].begin, at);
        at = e[k].end;
        const csk_status err = csk_tensors_add_as(t, e[k].name, e[k].rank, e[k].dim,
                                                  &new, CSK_ERR_FORMAT, what);
        if (err)
            return err;
        csk_scalar_load_f32(new->data, bytes + e[k].begin, csk_tensor_size(new),
                            e[k].type, false);
    }
    if (at != room)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: %" PRId64 " bytes of numbers, the header says %" PRId64,
                        what, room, at);
    return CSK_OK;
}

static csk_status parse_header(json_t **root, const char *text, size_t len,
                               const char *what)
{
    json_error_t why;

    *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
    if (!*root && json_error_code(&why) == json_error_out_of_memory)
        return csk_fail(CSK_ERR_NOMEM, "%s: no memory to parse it", what);
    if (!*root)
        return csk_fail(CSK_ERR_FORMAT, "%s: the header of safetensors: %s", what,
                        why.text);
    if (!json_is_object(*root) || json_object_size(*root) > CSK_TENSORS_MOST)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: the header is not an object of at most %d tensors", what,
                        CSK_TENSORS_MOST);
    return CSK_OK;
}

csk_status csk_safetensors_parse(csk_tensors *t, const void *bytes, size_t len,
                                 const char *what)
{
    const uint8_t *p = bytes;
    csk_tensors new = { 0 };
    json_t *root = NULL;
    entry *e = NULL;
    int count = 0;

    if (len < LENGTH)
        return csk_fail(CSK_ERR_FORMAT, "%s: %zu bytes are no safetensors", what, len);
    const uint64_t header = csk_load_uint(p, LENGTH, false);
    if (header > len - LENGTH || header > MOST_HEADER)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: header of %" PRIu64
                        " bytes in a file of %zu: truncated or no safetensors",
                        what, header, len);
    const int64_t room = (int64_t)(len - LENGTH - header);
    csk_status err = parse_header(&root, (const char *)p + LENGTH, header, what);
    if (!err) {
        e = csk_alloc((int64_t)json_object_size(root), sizeof(*e));
        err = e ? get_entries(&new, e, &count, root, room, what) : CSK_ERR_NOMEM;
    }
    if (!err)
        err = load(&new, e, count, p + LENGTH + header, room, what);
    csk_free(e);
    json_decref(root);
    if (err)
        csk_tensors_clear(&new);
    else
        *t = new;
    return err;
}

/* -- writing ------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    const csk_tensor *p = a, *q = b;

    return strcmp(p->name, q->name);
}

static int put_tensor(json_t *root, const csk_tensor *t, int64_t *at)
{
    const int64_t begin = *at;
    json_t *shape = json_array();
    int bad = !shape;

    *at += csk_tensor_size(t) * (int64_t)sizeof(float);
    for (int k = 0; k < t->rank && !bad; k++)
        bad = json_array_append_new(shape, json_integer(t->dim[k]));
    json_t *object =
        bad ? NULL
            : json_pack("{s:s, s:O, s:[I, I]}", "dtype", "F32", "shape", shape,
                        "data_offsets", (json_int_t)begin, (json_int_t)*at);
    json_decref(shape);
    return json_object_set_new(root, t->name, object); /* fails for NULL */
}

/* The text, or NULL: no memory, or what is no UTF-8. */
static char *make_header(const csk_tensor *sorted, int count, const char *card)
{
    json_t *root = json_object();
    int64_t at = 0;
    int bad = !root;

    if (!bad && card)
        bad = json_object_set_new(root, metadata, json_pack("{s:s}", "csk", card));
    for (int k = 0; k < count && !bad; k++)
        bad = put_tensor(root, &sorted[k], &at);
    char *text = bad ? NULL : json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

static csk_status put_file(const char *path, const char *header,
                           const csk_tensor *sorted, int count)
{
    const size_t used = strlen(header);
    const size_t padded = (used + LENGTH - 1) / LENGTH * LENGTH;
    uint8_t length[LENGTH];
    csk_out out;
    csk_status err = csk_out_open(&out, path);

    if (err)
        return err;
    csk_store_uint(length, LENGTH, padded);
    err = csk_out_put(&out, length, LENGTH);
    if (!err)
        err = csk_out_put(&out, header, used);
    if (!err)
        err = csk_out_put(&out, "        ", padded - used);
    for (int k = 0; k < count && !err; k++)
        err = csk_out_put(&out, sorted[k].data,
                          (size_t)csk_tensor_size(&sorted[k]) * sizeof(float));
    return csk_out_finish(&out, err);
}

csk_status csk_tensors_write(const csk_tensors *t, const char *path)
{
    csk_tensor *sorted = csk_alloc(t->count, sizeof(*sorted)); /* borrows from t */
    csk_status err = CSK_OK;

    if (!sorted)
        return CSK_ERR_NOMEM;
    for (int k = 0; k < t->count; k++)
        sorted[k] = t->item[k];
    qsort(sorted, (size_t)t->count, sizeof(*sorted), by_name);
    char *header = make_header(sorted, t->count, t->card);
    if (!header || csk_tensors_find(t, metadata))
        err = csk_fail(CSK_ERR_ARG, "%s: a name or the card is not for safetensors",
                       path);
    else
        err = put_file(path, header, sorted, t->count);
    free(header);
    csk_free(sorted);
    return err;
}
