/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NumPy's format, versions 1 to 3: magic, version, the length of a header that is the text
 * of a Python dictionary, the values. https://numpy.org/doc/stable/reference/generated/
 * numpy.lib.format.html
 */
#include "cs/file_priv.h"
#include "cs/format.h"
#include "cs/mem.h"
#include "cs/npy_priv.h"
#include "cs/scalar_priv.h"

#include <inttypes.h>
#include <string.h>

static const char magic[] = "\x93NUMPY";
enum { MAGIC = sizeof(magic) - 1 };

/* The rest of the header's text. */
typedef struct cursor {
    const char *s, *end;
    const char *what;
} cursor;

static csk_status malformed(const cursor *c, const char *expected)
{
    return csk_fail(CSK_ERR_FORMAT, "%s: NumPy header: %s expected, found '%.*s'",
                    c->what, expected, (int)(c->end - c->s < 20 ? c->end - c->s : 20),
                    c->s);
}

static bool take(cursor *c, const char *word)
{
    const size_t n = strlen(word);

    while (c->s < c->end && (*c->s == ' ' || *c->s == '\t' || *c->s == '\n'))
        c->s++;
    if ((size_t)(c->end - c->s) < n || memcmp(c->s, word, n) != 0)
        return false;
    c->s += n;
    return true;
}

static csk_status take_string(cursor *c, char *out, size_t room)
{
    const char quote = take(c, "'") ? '\'' : '"';

    if (quote == '"' && !take(c, "\""))
        return malformed(c, "a string");
    const char *close = memchr(c->s, quote, (size_t)(c->end - c->s));
    if (!close || (size_t)(close - c->s) >= room)
        return malformed(c, "a short string");
    const size_t n = (size_t)(close - c->s);
    memcpy(out, c->s, n);
    out[n] = '\0';
    c->s = close + 1;
    return CSK_OK;
}

static csk_status take_number(cursor *c, int64_t *out)
{
    int64_t v = 0;

    if (c->s == c->end || *c->s < '0' || *c->s > '9')
        return malformed(c, "a number");
    for (; c->s < c->end && *c->s >= '0' && *c->s <= '9'; c->s++) {
        if (v > (INT64_MAX - 9) / 10)
            return malformed(c, "a length in range");
        v = 10 * v + (*c->s - '0');
    }
    (void)take(c, "L"); /* Python 2 */
    *out = v;
    return CSK_OK;
}

static csk_status take_shape(cursor *c, csk_npy *h)
{
    int rank = 0;

    if (!take(c, "("))
        return malformed(c, "the shape");
    while (!take(c, ")")) {
        if (rank > 0 && !take(c, ","))
            return malformed(c, "','");
        if (take(c, ")"))
            break;
        if (rank == CSK_MAX_RANK)
            return csk_fail(CSK_ERR_UNSUPPORTED, "%s: rank above %d", c->what,
                            CSK_MAX_RANK);
        const csk_status err = take_number(c, &h->dim[rank++]);
        if (err)
            return err;
    }
    h->rank = rank;
    h->has_shape = true;
    return CSK_OK;
}

static csk_status take_type(cursor *c, csk_npy *h)
{
    static const struct {
        const char *code;
        csk_scalar type;
        csk_field field;
    } known[] = {
        { "f4", CSK_F32, CSK_REAL }, { "c8", CSK_F32, CSK_COMPLEX },
        { "f8", CSK_F64, CSK_REAL }, { "c16", CSK_F64, CSK_COMPLEX },
        { "f2", CSK_F16, CSK_REAL }, { "b1", CSK_U8, CSK_REAL },
        { "u1", CSK_U8, CSK_REAL },  { "i1", CSK_I8, CSK_REAL },
        { "u2", CSK_U16, CSK_REAL }, { "i2", CSK_I16, CSK_REAL },
        { "u4", CSK_U32, CSK_REAL }, { "i4", CSK_I32, CSK_REAL },
        { "u8", CSK_U64, CSK_REAL }, { "i8", CSK_I64, CSK_REAL },
    };
    char descr[16] = "";

    if (take(c, "["))
        return csk_fail(CSK_ERR_UNSUPPORTED, "%s: arrays of records are not read",
                        c->what);
    const csk_status err = take_string(c, descr, sizeof(descr));
    if (err)
        return err;
    if (!strchr("<>=|", descr[0]) || descr[0] == '\0')
        return csk_fail(CSK_ERR_FORMAT, "%s: descr '%s' does not begin with < > = or |",
                        c->what, descr);
    for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
        if (strcmp(descr + 1, known[k].code) == 0) {
            h->type = known[k].type;
            h->field = known[k].field;
            h->big_endian = descr[0] == '>';
            h->has_type = true;
            return CSK_OK;
        }
    }
    return csk_fail(CSK_ERR_UNSUPPORTED,
                    "%s: descr '%s': only arrays of numbers of 1 to 8 bytes are read",
                    c->what, descr);
}

static csk_status take_order(cursor *c, csk_npy *h)
{
    h->fortran_order = take(c, "True");
    if (!h->fortran_order && !take(c, "False"))
        return malformed(c, "True or False");
    h->has_order = true;
    return CSK_OK;
}

static csk_status take_dictionary(cursor *c, csk_npy *h)
{
    if (!take(c, "{"))
        return malformed(c, "a dictionary");
    while (!take(c, "}")) {
        char key[16];
        csk_status err = take_string(c, key, sizeof(key));
        if (err)
            return err;
        if (!take(c, ":"))
            return malformed(c, "':'");
        if (strcmp(key, "descr") == 0)
            err = take_type(c, h);
        else if (strcmp(key, "fortran_order") == 0)
            err = take_order(c, h);
        else if (strcmp(key, "shape") == 0)
            err = take_shape(c, h);
        else
            return csk_fail(CSK_ERR_FORMAT, "%s: unknown key '%s' in the NumPy header",
                            c->what, key);
        if (err)
            return err;
        if (!take(c, ",")) {
            if (!take(c, "}"))
                return malformed(c, "'}'");
            break;
        }
    }
    if (!h->has_type || !h->has_order || !h->has_shape)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: the NumPy header lacks one of descr, fortran_order, shape",
                        c->what);
    return CSK_OK;
}

/* Fortran's order is walked through as it comes: stride[k] is how far the k-th fastest axis
 * of the file, which is axis k, steps in the array. */
void csk_npy_load(float *out, const csk_npy *h)
{
    enum { BLOCK = 512 };
    const int width = (int)h->field;
    int64_t stride[CSK_MAX_RANK], index[CSK_MAX_RANK] = { 0 };
    int64_t n = 1;
    int64_t at = 0;

    for (int k = h->rank - 1; k >= 0; k--) {
        stride[k] = n;
        n *= h->dim[k];
    }
    for (int64_t from = 0; from < n; from += BLOCK) {
        double value[2 * BLOCK];
        const int64_t count = n - from < BLOCK ? n - from : BLOCK;
        csk_scalar_load(value,
                        h->values + (size_t)(from * width) * csk_scalar_size(h->type),
                        count * width, h->type, h->big_endian);
        if (!h->fortran_order) {
            for (int64_t i = 0; i < count * width; i++)
                out[from * width + i] = (float)value[i];
            continue;
        }
        for (int64_t i = 0; i < count; i++) {
            for (int c = 0; c < width; c++)
                out[at * width + c] = (float)value[i * width + c];
            for (int k = 0; k < h->rank; k++) {
                at += stride[k];
                if (++index[k] < h->dim[k])
                    break;
                at -= stride[k] * h->dim[k];
                index[k] = 0;
            }
        }
    }
}

/* Compare with the `found` bytes that follow the header. What follows the values is left
 * alone, as numpy.load() does: numpy.save() to an open file puts one array behind the other. */
static csk_status check_length(const csk_npy *h, uint64_t found, const char *what)
{
    csk_space one = csk_space_make(h->field, 1, (int64_t[]){ 1 });
    uint64_t count = 1;

    if (h->rank >
        0) /* the size without the axes of length 0, which may not hide the others */
        one = csk_space_make(h->field, h->rank, h->dim);
    for (int k = 0; k < h->rank; k++) {
        count = h->dim[k] ? count : 0;
        one.dim[k] = h->dim[k] ? h->dim[k] : 1;
    }
    if (csk_space_check(&one, what))
        return csk_fail(CSK_ERR_FORMAT, "%s: shape: the array is too large", what);
    count *= (uint64_t)csk_space_len(&one) * csk_scalar_size(h->type);
    if (count > found)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: %" PRIu64 " bytes of values, its shape says %" PRIu64,
                        what, found, count);
    return CSK_OK;
}

csk_status csk_npy_open(csk_npy *h, const void *bytes, size_t len, const char *what)
{
    const uint8_t *p = bytes;
    const size_t length_at = MAGIC + 2;

    *h = (csk_npy){ .has_type = false };
    if (len < length_at + 4 || memcmp(p, magic, MAGIC) != 0)
        return csk_fail(CSK_ERR_FORMAT, "%s: does not begin with NumPy's magic", what);
    if (p[MAGIC] < 1 || p[MAGIC] > 3)
        return csk_fail(CSK_ERR_UNSUPPORTED, "%s: NumPy format version %d, not 1 to 3",
                        what, p[MAGIC]);
    const size_t field = p[MAGIC] == 1 ? 2 : 4;
    const size_t text_len = (size_t)csk_load_uint(p + length_at, field, false);
    const size_t text_at = length_at + field;
    if (text_len > len - text_at)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: header of %zu bytes in a file of %zu: truncated", what,
                        text_len, len);
    cursor c = { (const char *)p + text_at, (const char *)p + text_at + text_len,
                 what };
    const csk_status err = take_dictionary(&c, h);
    if (err)
        return err;
    h->values = p + text_at + text_len;
    return check_length(h, len - text_at - text_len, what);
}

csk_status csk_npy_parse(csk_array *a, const void *bytes, size_t len, const char *what)
{
    csk_npy h;
    csk_status err = csk_npy_open(&h, bytes, len, what);

    if (err)
        return err;
    for (int k = 0; k < h.rank; k++) {
        if (h.dim[k] == 0)
            return csk_fail(CSK_ERR_UNSUPPORTED,
                            "%s: dimension %d is 0: an empty array", what, k);
    }
    const csk_space space = h.rank ? csk_space_make(h.field, h.rank, h.dim)
                                   : csk_space_make(h.field, 1, (int64_t[]){ 1 });
    err = csk_array_init(a, &space);
    if (!err)
        csk_npy_load(a->data, &h);
    return err;
}

static csk_status npy_read(csk_array *a, const char *path)
{
    char *bytes;
    size_t len;
    csk_status err = csk_file_load(&bytes, &len, path, INT64_MAX);

    if (err)
        return err;
    err = csk_npy_parse(a, bytes, len, path);
    csk_free(bytes);
    return err;
}

static size_t make_header(char *out, size_t room, const csk_space *s)
{
    const size_t prefix = MAGIC + 4;
    char shape[8 * 24] = "";
    size_t used = 0;

    for (int i = 0; i < s->rank; i++)
        used += (size_t)snprintf(shape + used, sizeof(shape) - used, "%s%" PRId64,
                                 i ? ", " : "", s->dim[i]);
    size_t len = prefix;
    len += (size_t)snprintf(
        out + prefix, room - prefix,
        "{'descr': '%s', 'fortran_order': False, 'shape': (%s%s), }",
        s->field == CSK_COMPLEX ? "<c8" : "<f4", shape, s->rank == 1 ? "," : "");
    while ((len + 1) % 64)
        out[len++] = ' ';
    out[len++] = '\n';
    memcpy(out, magic, MAGIC);
    out[MAGIC] = 1;
    out[MAGIC + 1] = 0;
    csk_store_uint((uint8_t *)out + MAGIC + 2, 2, len - prefix);
    return len;
}

static csk_status npy_write(const csk_array *a, const char *path, const char *note)
{
    char header[512];
    const size_t len = make_header(header, sizeof(header), &a->space);
    csk_out out;
    csk_status err = csk_out_open(&out, path);

    (void)note;
    if (err)
        return err;
    err = csk_out_put(&out, header, len);
    if (!err)
        err = csk_out_put(&out, a->data,
                          (size_t)csk_space_len(&a->space) * sizeof(float));
    return csk_out_finish(&out, err);
}

extern const csk_format csk_format_npy;
const csk_format csk_format_npy = {
    .name = "npy",
    .about = "NumPy: any array of numbers; written in single precision",
    .suffix = ".npy",
    .read = npy_read,
    .write = npy_write,
};
