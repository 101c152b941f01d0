/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NIfTI in one file, plain or gzipped: a header of 348 bytes (NIfTI-1) or 540 (NIfTI-2, for
 * longer axes), extensions, the values with x fastest.
 * https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h, .../nifti2/nifti2.h
 *
 * A parser of our own: libnifti prints to stderr and believes what a header says.
 */
#include "cs/file_priv.h"
#include "cs/format.h"
#include "cs/gzip_priv.h"
#include "cs/mem.h"
#include "cs/scalar_priv.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
    FLAG = 4, /* bytes behind the header that say whether extensions follow */
    MAX_AXES = 7,
    ECODE_COMMENT = 6,
    MAX_NOTE = 1 << 20, /* vox_offset is a float, exact to 2^24 */
};

/* Where the fields are, in bytes from the begin. */
typedef struct layout {
    size_t header;     /* bytes of it all, and what its first field says */
    const char *magic; /* the last of 4 or 8 bytes is what the string ends with */
    const char *pair;  /* the same of a header apart from its values */
    size_t magic_len;
    size_t whole, real; /* bytes of a dimension, and of a number with fraction */
    size_t at_dim, at_datatype, at_bitpix, at_pixdim, at_vox_offset, at_slope, at_inter;
    size_t at_descrip, at_magic;
} layout;

enum { HEADER = 348, MAX_HEADER = 540 };

static const layout nifti1 = {
    .header = HEADER,
    .magic = "n+1",
    .pair = "ni1",
    .magic_len = 4,
    .whole = 2,
    .real = 4,
    .at_dim = 40,
    .at_datatype = 70,
    .at_bitpix = 72,
    .at_pixdim = 76,
    .at_vox_offset = 108, /* a number with fraction */
    .at_slope = 112,
    .at_inter = 116,
    .at_descrip = 148,
    .at_magic = 344,
};

static const layout nifti2 = {
    .header = MAX_HEADER,
    .magic = "n+2\0\r\n\032\n",
    .pair = "ni2\0\r\n\032\n",
    .magic_len = 8,
    .whole = 8,
    .real = 8,
    .at_dim = 16,
    .at_datatype = 12,
    .at_bitpix = 14,
    .at_pixdim = 104,
    .at_vox_offset = 168, /* a whole number */
    .at_slope = 176,
    .at_inter = 184,
    .at_descrip = 240,
    .at_magic = 4,
};

static const struct datatype {
    int code;
    csk_scalar type;
    csk_field field;
} datatypes[] = {
    { 2, CSK_U8, CSK_REAL },      { 4, CSK_I16, CSK_REAL },
    { 8, CSK_I32, CSK_REAL },     { 16, CSK_F32, CSK_REAL },
    { 32, CSK_F32, CSK_COMPLEX }, { 64, CSK_F64, CSK_REAL },
    { 256, CSK_I8, CSK_REAL },    { 512, CSK_U16, CSK_REAL },
    { 768, CSK_U32, CSK_REAL },   { 1024, CSK_I64, CSK_REAL },
    { 1280, CSK_U64, CSK_REAL },  { 1792, CSK_F64, CSK_COMPLEX },
};
enum { DATATYPES = sizeof(datatypes) / sizeof(datatypes[0]) };

typedef struct nifti {
    const layout *layout;
    csk_space space;
    const struct datatype *datatype;
    double slope, inter;
    uint64_t offset, end; /* where the values are */
    bool big_endian;
} nifti;

static int load_i16(const uint8_t *p, bool big_endian)
{
    return (int16_t)csk_load_uint(p, 2, big_endian);
}

static int64_t load_whole(const nifti *h, const uint8_t *p)
{
    return h->layout->whole == 2 ? load_i16(p, h->big_endian)
                                 : (int64_t)csk_load_uint(p, 8, h->big_endian);
}

static double load_real(const nifti *h, const uint8_t *p)
{
    double v;

    csk_scalar_load(&v, p, 1, h->layout->real == 4 ? CSK_F32 : CSK_F64, h->big_endian);
    return v;
}

static csk_status parse_space(nifti *h, const uint8_t *p, const char *what)
{
    static const csk_axis axes[MAX_AXES] = { CSK_AXIS_X, CSK_AXIS_Y, CSK_AXIS_Z,
                                             CSK_AXIS_TIME };
    const uint8_t *field = p + h->layout->at_dim;
    const int64_t axes_found = load_whole(h, field);
    int64_t dim[MAX_AXES];

    if (axes_found < 1 || axes_found > MAX_AXES)
        return csk_fail(CSK_ERR_FORMAT, "%s: dim[0] is %" PRId64 ", not in 1..%d", what,
                        axes_found, MAX_AXES);
    int rank = (int)axes_found;
    for (int k = 0; k < rank; k++) {
        field += h->layout->whole;
        dim[k] = load_whole(h, field);
        if (dim[k] < 1)
            return csk_fail(CSK_ERR_FORMAT, "%s: dim[%d] is %" PRId64 ", not positive",
                            what, k + 1, dim[k]);
    }
    while (rank > 1 && dim[rank - 1] == 1)
        rank--;
    h->space = (csk_space){ .field = h->datatype->field, .rank = rank };
    for (int k = 0; k < rank; k++) {
        h->space.dim[rank - 1 - k] = dim[k];
        h->space.axis[rank - 1 - k] = axes[k];
    }
    if (csk_space_check(&h->space, what))
        return csk_fail(CSK_ERR_FORMAT, "%s: dim: the array is too large", what);
    return CSK_OK;
}

/* Where the values begin, as the header has it. */
static double load_offset(const nifti *h, const uint8_t *p)
{
    const uint8_t *at = p + h->layout->at_vox_offset;

    return h->layout == &nifti1 ? load_real(h, at) : (double)load_whole(h, at);
}

static csk_status parse_scale(nifti *h, const uint8_t *p, const char *what)
{
    const double offset = load_offset(h, p);
    const size_t least = h->layout->header + FLAG;
    const uint64_t size = csk_scalar_size(h->datatype->type);

    /* Written so that a NaN fails. */
    if (!(offset >= (double)least && offset < 0x1p53 && floor(offset) == offset))
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: vox_offset is %.10g, not a whole number from %zu on", what,
                        offset, least);
    h->offset = (uint64_t)offset;
    h->end = h->offset + (uint64_t)csk_space_len(&h->space) * size;
    h->slope = load_real(h, p + h->layout->at_slope);
    h->inter = load_real(h, p + h->layout->at_inter);
    if (h->slope == 0.0 || !isfinite(h->slope)) { /* "no scaling" */
        h->slope = 1.0;
        h->inter = 0.0;
    }
    if (!isfinite(h->inter))
        return csk_fail(CSK_ERR_FORMAT, "%s: scl_inter is not finite", what);
    return CSK_OK;
}

static csk_status too_short(const char *what, uint64_t found, uint64_t expected)
{
    return csk_fail(CSK_ERR_FORMAT, "%s: %" PRIu64 " bytes, %" PRIu64 " were expected",
                    what, found, expected);
}

/* The version and the byte order, both by the header's own size. */
static csk_status parse_size(nifti *h, const uint8_t *p, uint64_t len, const char *what)
{
    static const layout *const layouts[] = { &nifti1, &nifti2 };

    if (len < HEADER + FLAG)
        return too_short(what, len, HEADER + FLAG);
    for (int k = 0; k < 4; k++) {
        h->layout = layouts[k / 2];
        h->big_endian = k % 2 == 1;
        if (csk_load_uint(p, 4, h->big_endian) == h->layout->header)
            return CSK_OK;
    }
    return csk_fail(CSK_ERR_FORMAT, "%s: sizeof_hdr is %" PRIu64 ", neither %d nor %d",
                    what, csk_load_uint(p, 4, false), HEADER, MAX_HEADER);
}

static csk_status parse_header(nifti *h, const uint8_t *p, const char *what)
{
    const layout *l = h->layout;

    if (memcmp(p + l->at_magic, l->pair, l->magic_len) == 0)
        return csk_fail(CSK_ERR_UNSUPPORTED,
                        "%s: a pair of .hdr and .img; only single files are read",
                        what);
    if (memcmp(p + l->at_magic, l->magic, l->magic_len) != 0)
        return csk_fail(CSK_ERR_FORMAT, "%s: magic is not '%s' with its %zu bytes",
                        what, l->magic, l->magic_len);

    const struct datatype *known = NULL;
    const int code = load_i16(p + l->at_datatype, h->big_endian);
    for (int k = 0; k < DATATYPES && !known; k++) {
        if (datatypes[k].code == code)
            known = &datatypes[k];
    }
    if (!known)
        return csk_fail(CSK_ERR_UNSUPPORTED, "%s: datatype %d is not read", what, code);
    h->datatype = known;
    const int bits =
        (int)h->datatype->field * 8 * (int)csk_scalar_size(h->datatype->type);
    const int found = load_i16(p + l->at_bitpix, h->big_endian);
    if (found != bits)
        return csk_fail(CSK_ERR_FORMAT, "%s: bitpix is %d, datatype %d has %d", what,
                        found, code, bits);
    const csk_status err = parse_space(h, p, what);
    return err ? err : parse_scale(h, p, what);
}

static csk_status load_values(csk_array *a, const nifti *h, const uint8_t *bytes)
{
    enum { BLOCK = 1024 };
    const int64_t n = csk_space_len(&h->space);
    const csk_scalar type = h->datatype->type;
    const uint8_t *in = bytes + h->offset;
    const csk_status err = csk_array_init(a, &h->space);

    if (err)
        return err;
    for (int64_t from = 0; from < n; from += BLOCK) {
        double value[BLOCK];
        const int64_t count = n - from < BLOCK ? n - from : BLOCK;
        csk_scalar_load(value, in + (size_t)from * csk_scalar_size(type), count, type,
                        h->big_endian);
        /* "If datatype is a complex type, then the scaling is to be applied to both the
         * real and imaginary parts" (nifti1.h): the intercept too. */
        for (int64_t i = 0; i < count; i++)
            a->data[from + i] = (float)(h->slope * value[i] + h->inter);
    }
    return CSK_OK;
}

static csk_status parse_plain(csk_array *a, const uint8_t *bytes, size_t len,
                              const char *what)
{
    nifti h = { .datatype = datatypes };

    csk_status err = parse_size(&h, bytes, len, what);
    if (err)
        return err;
    if (len < h.layout->header + FLAG)
        return too_short(what, len, h.layout->header + FLAG);
    err = parse_header(&h, bytes, what);
    if (err)
        return err;
    if (len <
        h.end) /* what follows the values is nobody's business, as to all readers */
        return too_short(what, len, h.end);
    return load_values(a, &h, bytes);
}

static csk_status inflate_values(csk_array *a, csk_gunzip *g, const nifti *h,
                                 const uint8_t *head, size_t begun, const char *what)
{
    uint64_t got = 0;
    uint8_t *plain = csk_alloc((int64_t)h->end, 1);

    if (!plain)
        return CSK_ERR_NOMEM;
    memcpy(plain, head, begun);
    csk_status err = csk_gunzip_some(g, plain + begun, h->end - begun, &got);
    if (!err && begun + got < h->end)
        err = too_short(what, begun + got, h->end);
    if (!err) /* the checksum comes last */
        err = csk_gunzip_rest(g);
    if (!err)
        err = load_values(a, h, plain);
    csk_free(plain);
    return err;
}

static csk_status parse_inflated(csk_array *a, csk_gunzip *g, size_t len,
                                 const char *what)
{
    nifti h = { .datatype = datatypes };
    uint8_t head[MAX_HEADER + FLAG];
    uint64_t got = 0;

    csk_status err = csk_gunzip_some(g, head, HEADER + FLAG, &got);
    if (!err)
        err = parse_size(&h, head, got, what);
    if (err)
        return err;
    const size_t begun = h.layout->header + FLAG;
    if (begun > got) {
        uint64_t more = 0;
        err = csk_gunzip_some(g, head + got, begun - got, &more);
        if (!err && got + more < begun)
            err = too_short(what, got + more, begun);
    }
    if (!err)
        err = parse_header(&h, head, what);
    if (!err && h.end / CSK_GZIP_RATIO > len)
        err = csk_fail(CSK_ERR_FORMAT,
                       "%s: the header asks for %" PRIu64 " bytes, which gzip cannot "
                       "keep in %zu",
                       what, h.end, len);
    return err ? err : inflate_values(a, g, &h, head, begun, what);
}

static csk_status parse_gzip(csk_array *a, const uint8_t *bytes, size_t len,
                             const char *what)
{
    csk_gunzip g;
    csk_status err = csk_gunzip_open(&g, bytes, len, what);

    if (err)
        return err;
    err = parse_inflated(a, &g, len, what);
    csk_gunzip_close(&g);
    return err;
}

static bool is_gzip(const uint8_t *p, size_t len)
{
    return len >= 2 && p[0] == 0x1f && p[1] == 0x8b;
}

csk_status csk_nifti_parse(csk_array *a, const void *bytes, size_t len,
                           const char *what)
{
    const uint8_t *p = bytes;

    if (is_gzip(p, len))
        return parse_gzip(a, p, len, what);
    return parse_plain(a, p, len, what);
}

static csk_status nifti_read(csk_array *a, const char *path)
{
    char *bytes;
    size_t len;
    csk_status err = csk_file_load(&bytes, &len, path, INT64_MAX);

    if (err)
        return err;
    err = csk_nifti_parse(a, bytes, len, path);
    csk_free(bytes);
    return err;
}

static void store_real(const layout *l, uint8_t *p, double v)
{
    const float single = (float)v;
    uint64_t bits = 0;

    if (l->real == sizeof(single)) {
        uint32_t low;
        memcpy(&low, &single, sizeof(low));
        bits = low;
    } else {
        memcpy(&bits, &v, sizeof(bits));
    }
    csk_store_uint(p, l->real, bits);
}

static void make_header(uint8_t *p, const layout *l, const csk_space *s, size_t offset)
{
    const bool is_complex = s->field == CSK_COMPLEX;

    csk_store_uint(p, 4, l->header);
    csk_store_uint(p + l->at_dim, l->whole, (uint64_t)s->rank);
    store_real(l, p + l->at_pixdim, 1.0);
    for (int k = 0; k < MAX_AXES; k++) {
        const int64_t d = k < s->rank ? s->dim[s->rank - 1 - k] : 1;
        csk_store_uint(p + l->at_dim + l->whole * (size_t)(k + 1), l->whole,
                       (uint64_t)d);
        store_real(l, p + l->at_pixdim + l->real * (size_t)(k + 1), 1.0);
    }
    csk_store_uint(p + l->at_datatype, 2, is_complex ? 32 : 16);
    csk_store_uint(p + l->at_bitpix, 2, is_complex ? 64 : 32);
    if (l == &nifti1)
        store_real(l, p + l->at_vox_offset, (double)offset);
    else
        csk_store_uint(p + l->at_vox_offset, l->whole, offset);
    store_real(l, p + l->at_slope, 1.0);
    memcpy(p + l->at_descrip, "csk", 4);
    memcpy(p + l->at_magic, l->magic, l->magic_len);
}

/* NIfTI-1, which everything reads, where it can hold the axes. */
static const layout *layout_for(const csk_space *s)
{
    for (int i = 0; i < s->rank; i++) {
        if (s->dim[i] > INT16_MAX)
            return &nifti2;
    }
    return &nifti1;
}

/* Everything before the values: header, flag, the note as a comment. csk_free() it. */
static csk_status make_head(uint8_t **head, size_t *len, const csk_space *s,
                            const char *note, const char *path)
{
    const size_t note_len = note ? strlen(note) : 0;
    const size_t extension = note ? (8 + note_len + 1 + 15) / 16 * 16 : 0;
    const layout *l = layout_for(s);

    if (s->rank > MAX_AXES)
        return csk_fail(CSK_ERR_UNSUPPORTED, "%s: rank %d, NIfTI holds at most %d axes",
                        path, s->rank, MAX_AXES);
    if (note_len > MAX_NOTE)
        return csk_fail(CSK_ERR_ARG, "%s: a note of %zu bytes, at most %d are kept",
                        path, note_len, MAX_NOTE);
    *len = l->header + FLAG + extension;
    *head = csk_alloc((int64_t)*len, 1);
    if (!*head)
        return CSK_ERR_NOMEM;
    make_header(*head, l, s, *len);
    if (note) {
        uint8_t *p = *head + l->header;
        p[0] = 1;
        csk_store_uint(p + FLAG, 4, extension);
        csk_store_uint(p + FLAG + 4, 4, ECODE_COMMENT);
        memcpy(p + FLAG + 8, note, note_len + 1);
    }
    return CSK_OK;
}

static csk_status put_plain(csk_out *out, const uint8_t *head, size_t len,
                            const csk_array *a)
{
    const csk_status err = csk_out_put(out, head, len);

    if (err)
        return err;
    return csk_out_put(out, a->data, (size_t)csk_space_len(&a->space) * sizeof(float));
}

static csk_status put_gzip(csk_out *out, const uint8_t *head, size_t len,
                           const csk_array *a)
{
    return csk_gzip_put(out, head, len, a->data,
                        (size_t)csk_space_len(&a->space) * sizeof(float));
}

typedef csk_status put_function(csk_out *out, const uint8_t *head, size_t len,
                                const csk_array *a);

static csk_status write_with(put_function *put, const csk_array *a, const char *path,
                             const char *note)
{
    uint8_t *head = NULL;
    size_t len = 0;
    csk_out out;
    csk_status err = make_head(&head, &len, &a->space, note, path);

    if (err)
        return err;
    err = csk_out_open(&out, path);
    if (!err) {
        err = put(&out, head, len, a);
        err = csk_out_finish(&out, err);
    }
    csk_free(head);
    return err;
}

static csk_status nifti_write(const csk_array *a, const char *path, const char *note)
{
    return write_with(put_plain, a, path, note);
}

static csk_status nifti_gz_write(const csk_array *a, const char *path, const char *note)
{
    return write_with(put_gzip, a, path, note);
}

/* The first comment among the extensions, which end where the values begin. */
static csk_status find_comment(char **note, const uint8_t *p, size_t len,
                               const char *what)
{
    nifti h = { .datatype = datatypes };
    const csk_status err = parse_size(&h, p, len, what);

    if (err)
        return err;
    size_t at = h.layout->header + FLAG;
    if (len < at || p[at - FLAG] == 0)
        return CSK_OK;
    const double offset = load_offset(&h, p);
    if (offset < (double)len)
        len = offset > 0. ? (size_t)offset : 0;
    while (at + 8 <= len) {
        const uint64_t size = csk_load_uint(p + at, 4, h.big_endian);
        if (size < 8 || size > len - at)
            return CSK_OK; /* readers of images do not look at them either */
        if (csk_load_uint(p + at + 4, 4, h.big_endian) == ECODE_COMMENT) {
            const char *text = (const char *)p + at + 8;
            *note = csk_join(text, strnlen(text, (size_t)size - 8), "");
            return *note ? CSK_OK : CSK_ERR_NOMEM;
        }
        at += (size_t)size;
    }
    return CSK_OK;
}

/* The begin of what @p bytes unpack to has room for the longest note. */
static csk_status find_packed_comment(char **note, const uint8_t *bytes, size_t len,
                                      const char *what)
{
    const uint64_t room = MAX_HEADER + FLAG + 8 + MAX_NOTE + 16;
    uint64_t got = 0;
    csk_gunzip g;
    csk_status err = csk_gunzip_open(&g, bytes, len, what);

    if (err)
        return err;
    uint8_t *head = csk_alloc((int64_t)room, 1);
    err = head ? csk_gunzip_some(&g, head, room, &got) : CSK_ERR_NOMEM;
    if (!err)
        err = find_comment(note, head, (size_t)got, what);
    csk_free(head);
    csk_gunzip_close(&g);
    return err;
}

static csk_status nifti_read_note(char **note, const char *path)
{
    char *bytes;
    size_t len;
    csk_status err = csk_file_load(&bytes, &len, path, INT64_MAX);

    if (err)
        return err;
    const uint8_t *p = (const uint8_t *)bytes;
    err = (is_gzip(p, len) ? find_packed_comment : find_comment)(note, p, len, path);
    csk_free(bytes);
    return err;
}

extern const csk_format csk_format_nifti, csk_format_nifti_gz;
const csk_format csk_format_nifti = {
    .name = "nifti",
    .about = "NIfTI: images of any common type; written in single precision",
    .suffix = ".nii",
    .read = nifti_read,
    .write = nifti_write,
    .holds_note = true,
    .read_note = nifti_read_note,
};
const csk_format csk_format_nifti_gz = {
    .name = "nifti-gz",
    .about = "NIfTI, gzipped",
    .suffix = ".nii.gz",
    .read = nifti_read,
    .write = nifti_gz_write,
    .holds_note = true,
    .read_note = nifti_read_note,
};
