/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NIfTI-1 in one file, plain or gzipped: a header of 348 bytes, extensions, the values with x
 * fastest. https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h
 *
 * A parser of our own: libnifti prints to stderr and believes what a header says.
 */
#include "cs/file_priv.h"
#include "cs/format.h"
#include "cs/mem.h"
#include "cs/scalar_priv.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <zlib.h>

enum {
    HEADER = 348,
    FLAG = 4, /* bytes behind the header that say whether extensions follow */
    MAX_AXES = 7,
    ECODE_COMMENT = 6,
    MAX_RATIO = 1100, /* deflate reaches 1032 */
};

enum offset { /* of fields in the header */
              AT_SIZE = 0,
              AT_DIM = 40,
              AT_DATATYPE = 70,
              AT_BITPIX = 72,
              AT_PIXDIM = 76,
              AT_VOX_OFFSET = 108,
              AT_SLOPE = 112,
              AT_INTER = 116,
              AT_DESCRIP = 148,
              AT_MAGIC = 344,
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

static csk_status parse_space(nifti *h, const uint8_t *p, const char *what)
{
    static const csk_axis axes[MAX_AXES] = { CSK_AXIS_X, CSK_AXIS_Y, CSK_AXIS_Z,
                                             CSK_AXIS_TIME };
    int64_t dim[MAX_AXES];
    int rank = load_i16(p + AT_DIM, h->big_endian);

    if (rank < 1 || rank > MAX_AXES)
        return csk_fail(CSK_ERR_FORMAT, "%s: dim[0] is %d, not in 1..%d", what, rank,
                        MAX_AXES);
    for (int k = 0; k < rank; k++) {
        dim[k] = load_i16(p + AT_DIM + 2 * (k + 1), h->big_endian);
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

static csk_status parse_scale(nifti *h, const uint8_t *p, const char *what)
{
    const double offset = (double)csk_load_f32(p + AT_VOX_OFFSET, h->big_endian);
    const uint64_t size = csk_scalar_size(h->datatype->type);

    /* Written so that a NaN fails. */
    if (!(offset >= HEADER + FLAG && offset < 1e9 && floor(offset) == offset))
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: vox_offset is %g, not a whole number from %d on", what,
                        offset, HEADER + FLAG);
    h->offset = (uint64_t)offset;
    h->end = h->offset + (uint64_t)csk_space_len(&h->space) * size;
    h->slope = (double)csk_load_f32(p + AT_SLOPE, h->big_endian);
    h->inter = (double)csk_load_f32(p + AT_INTER, h->big_endian);
    if (h->slope == 0.0 || !isfinite(h->slope)) { /* "no scaling" */
        h->slope = 1.0;
        h->inter = 0.0;
    }
    if (!isfinite(h->inter))
        return csk_fail(CSK_ERR_FORMAT, "%s: scl_inter is not finite", what);
    return CSK_OK;
}

static csk_status parse_header(nifti *h, const uint8_t *p, const char *what)
{
    enum { NIFTI2 = 540 };

    h->big_endian = csk_load_uint(p + AT_SIZE, 4, true) == HEADER;
    if (!h->big_endian) {
        const uint64_t size = csk_load_uint(p + AT_SIZE, 4, false);
        if (size == NIFTI2 || csk_load_uint(p + AT_SIZE, 4, true) == NIFTI2)
            return csk_fail(CSK_ERR_UNSUPPORTED, "%s: NIfTI-2; only NIfTI-1 is read",
                            what);
        if (size != HEADER)
            return csk_fail(CSK_ERR_FORMAT, "%s: sizeof_hdr is %" PRIu64 ", not %d",
                            what, size, HEADER);
    }
    if (memcmp(p + AT_MAGIC, "ni1", 4) == 0)
        return csk_fail(CSK_ERR_UNSUPPORTED,
                        "%s: a pair of .hdr and .img; only single files are read",
                        what);
    if (memcmp(p + AT_MAGIC, "n+1", 4) != 0)
        return csk_fail(CSK_ERR_FORMAT, "%s: magic is not 'n+1'", what);

    const struct datatype *known = NULL;
    const int code = load_i16(p + AT_DATATYPE, h->big_endian);
    for (int k = 0; k < DATATYPES && !known; k++) {
        if (datatypes[k].code == code)
            known = &datatypes[k];
    }
    if (!known)
        return csk_fail(CSK_ERR_UNSUPPORTED, "%s: datatype %d is not read", what, code);
    h->datatype = known;
    const int bits =
        (int)h->datatype->field * 8 * (int)csk_scalar_size(h->datatype->type);
    const int found = load_i16(p + AT_BITPIX, h->big_endian);
    if (found != bits)
        return csk_fail(CSK_ERR_FORMAT, "%s: bitpix is %d, datatype %d has %d", what,
                        found, code, bits);
    const csk_status err = parse_space(h, p, what);
    return err ? err : parse_scale(h, p, what);
}

static csk_status too_short(const char *what, uint64_t found, uint64_t expected)
{
    return csk_fail(CSK_ERR_FORMAT, "%s: %" PRIu64 " bytes, %" PRIu64 " were expected",
                    what, found, expected);
}

static csk_status load_values(csk_array *a, const nifti *h, const uint8_t *bytes)
{
    enum { BLOCK = 1024 };
    const int64_t n = csk_space_len(&h->space);
    const csk_scalar type = h->datatype->type;
    const double inter[2] = { h->inter, 0.0 }; /* a real number */
    const int64_t odd = h->space.field == CSK_COMPLEX;
    const uint8_t *in = bytes + h->offset;
    const csk_status err = csk_array_init(a, &h->space);

    if (err)
        return err;
    for (int64_t from = 0; from < n; from += BLOCK) {
        double value[BLOCK];
        const int64_t count = n - from < BLOCK ? n - from : BLOCK;
        csk_scalar_load(value, in + (size_t)from * csk_scalar_size(type), count, type,
                        h->big_endian);
        for (int64_t i = 0; i < count; i++)
            a->data[from + i] = (float)(h->slope * value[i] + inter[i & odd]);
    }
    return CSK_OK;
}

static csk_status parse_plain(csk_array *a, const uint8_t *bytes, size_t len,
                              const char *what)
{
    nifti h = { .datatype = datatypes };

    if (len < HEADER + FLAG)
        return too_short(what, len, HEADER + FLAG);
    const csk_status err = parse_header(&h, bytes, what);
    if (err)
        return err;
    if (len < h.end)
        return too_short(what, len, h.end);
    return load_values(a, &h, bytes);
}

static void *zlib_alloc(void *user, unsigned count, unsigned size)
{
    (void)user;
    return csk_alloc(count, size);
}

static void zlib_free(void *user, void *p)
{
    (void)user;
    csk_free(p);
}

enum { GZIP_WINDOW = 15 + 16 };

static uInt chunk(uint64_t n)
{
    return (uInt)(n < (1U << 30) ? n : 1U << 30);
}

/* A gzip file in memory; members that follow each other are one stream, as in gzip(1). */
typedef struct inflater {
    z_stream z;
    const uint8_t *end;
} inflater;

/* How many of `want` bytes came; less only where the stream ends or is broken. */
static csk_status inflate_some(inflater *f, uint8_t *out, uint64_t want, uint64_t *got,
                               const char *what)
{
    *got = 0;
    while (*got < want) {
        const uInt room = chunk(want - *got);
        f->z.next_out = out + *got;
        f->z.avail_out = room;
        f->z.avail_in = chunk((uint64_t)(f->end - f->z.next_in));
        const int code = inflate(&f->z, Z_NO_FLUSH);
        *got += room - f->z.avail_out;
        if (code == Z_MEM_ERROR)
            return CSK_ERR_NOMEM;
        if (code == Z_STREAM_END) {
            if (f->z.next_in == f->end || *f->z.next_in != 0x1f)
                return CSK_OK;
            (void)inflateReset(&f->z); /* fails on a broken state only */
        } else if (code == Z_BUF_ERROR) {
            return csk_fail(CSK_ERR_FORMAT, "%s: the gzip stream is truncated", what);
        } else if (code != Z_OK) {
            return csk_fail(CSK_ERR_FORMAT, "%s: the gzip stream is damaged: %s", what,
                            f->z.msg ? f->z.msg : "no gzip header");
        }
    }
    return CSK_OK;
}

static csk_status inflate_values(csk_array *a, inflater *f, const nifti *h,
                                 const uint8_t *head, const char *what)
{
    const uint64_t begun = HEADER + FLAG;
    uint64_t got = 0;
    uint8_t rest[256];
    uint8_t *plain = csk_alloc((int64_t)h->end, 1);

    if (!plain)
        return CSK_ERR_NOMEM;
    memcpy(plain, head, begun);
    csk_status err = inflate_some(f, plain + begun, h->end - begun, &got, what);
    if (!err && begun + got < h->end)
        err = too_short(what, begun + got, h->end);
    if (!err) /* on to the checksum at the end of the stream */
        err = inflate_some(f, rest, sizeof(rest), &got, what);
    if (!err)
        err = load_values(a, h, plain);
    csk_free(plain);
    return err;
}

static csk_status parse_gzip(csk_array *a, const uint8_t *bytes, size_t len,
                             const char *what)
{
    inflater f = { .z = { .zalloc = zlib_alloc, .zfree = zlib_free } };
    nifti h = { .datatype = datatypes };
    uint8_t head[HEADER + FLAG];
    uint64_t got = 0;

    f.z.next_in = (z_const Bytef *)bytes;
    f.end = bytes + len;
    if (inflateInit2(&f.z, GZIP_WINDOW) != Z_OK)
        return CSK_ERR_NOMEM;
    csk_status err = inflate_some(&f, head, sizeof(head), &got, what);
    if (!err && got < sizeof(head))
        err = too_short(what, got, sizeof(head));
    if (!err)
        err = parse_header(&h, head, what);
    if (!err && h.end / MAX_RATIO > len)
        err = csk_fail(CSK_ERR_FORMAT,
                       "%s: the header asks for %" PRIu64 " bytes, which gzip cannot "
                       "keep in %zu",
                       what, h.end, len);
    if (!err)
        err = inflate_values(a, &f, &h, head, what);
    (void)inflateEnd(&f.z);
    return err;
}

csk_status csk_nifti_parse(csk_array *a, const void *bytes, size_t len,
                           const char *what)
{
    const uint8_t *p = bytes;

    if (len >= 2 && p[0] == 0x1f && p[1] == 0x8b)
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

static void store_i16(uint8_t *p, int64_t v)
{
    csk_store_uint(p, 2, (uint64_t)v);
}

static void store_f32(uint8_t *p, float v)
{
    uint32_t bits;

    memcpy(&bits, &v, sizeof(bits));
    csk_store_uint(p, 4, bits);
}

static csk_status make_header(uint8_t p[HEADER], const csk_space *s, uint64_t offset,
                              const char *path)
{
    const bool is_complex = s->field == CSK_COMPLEX;

    if (s->rank > MAX_AXES)
        return csk_fail(CSK_ERR_UNSUPPORTED, "%s: rank %d, NIfTI holds at most %d axes",
                        path, s->rank, MAX_AXES);
    csk_store_uint(p + AT_SIZE, 4, HEADER);
    store_i16(p + AT_DIM, s->rank);
    for (int k = 0; k < MAX_AXES; k++) {
        const int64_t d = k < s->rank ? s->dim[s->rank - 1 - k] : 1;
        if (d > INT16_MAX)
            return csk_fail(CSK_ERR_UNSUPPORTED,
                            "%s: an axis of %" PRId64 ", NIfTI-1 holds at most %d",
                            path, d, INT16_MAX);
        store_i16(p + AT_DIM + 2 * (k + 1), d);
        store_f32(p + AT_PIXDIM + 4 * (k + 1), 1.0f);
    }
    store_f32(p + AT_PIXDIM, 1.0f);
    store_i16(p + AT_DATATYPE, is_complex ? 32 : 16);
    store_i16(p + AT_BITPIX, is_complex ? 64 : 32);
    store_f32(p + AT_VOX_OFFSET, (float)offset);
    store_f32(p + AT_SLOPE, 1.0f);
    memcpy(p + AT_DESCRIP, "csk", 4);
    memcpy(p + AT_MAGIC, "n+1", 4);
    return CSK_OK;
}

/* Everything before the values: header, flag, the note as a comment. csk_free() it. */
static csk_status make_head(uint8_t **head, size_t *len, const csk_space *s,
                            const char *note, const char *path)
{
    enum { MAX_NOTE = 1 << 20 }; /* vox_offset is a float, exact to 2^24 */
    const size_t note_len = note ? strlen(note) : 0;
    const size_t extension = note ? (8 + note_len + 1 + 15) / 16 * 16 : 0;

    if (note_len > MAX_NOTE)
        return csk_fail(CSK_ERR_ARG, "%s: a note of %zu bytes, at most %d are kept",
                        path, note_len, MAX_NOTE);
    *len = HEADER + FLAG + extension;
    *head = csk_alloc((int64_t)*len, 1);
    if (!*head)
        return CSK_ERR_NOMEM;
    const csk_status err = make_header(*head, s, *len, path);
    if (err) {
        csk_free(*head);
        return err;
    }
    if (note) {
        uint8_t *p = *head + HEADER;
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

static csk_status deflate_bytes(csk_out *out, z_stream *z, const void *bytes,
                                uint64_t len, bool last)
{
    uint8_t buf[1 << 14];
    const uint8_t *p = bytes;
    csk_status err = CSK_OK;

    do {
        const uInt n = chunk(len);
        z->next_in = (z_const Bytef *)p;
        z->avail_in = n;
        p += n;
        len -= n;
        do {
            z->next_out = buf;
            z->avail_out = sizeof(buf);
            (void)deflate(z, last && len == 0 ? Z_FINISH : Z_NO_FLUSH);
            err = csk_out_put(out, buf, sizeof(buf) - z->avail_out);
        } while (!err && z->avail_out == 0);
    } while (!err && len > 0);
    return err;
}

static csk_status put_gzip(csk_out *out, const uint8_t *head, size_t len,
                           const csk_array *a)
{
    enum { MEMORY = 8 };
    const uint64_t bytes = (uint64_t)csk_space_len(&a->space) * sizeof(float);
    z_stream z = { .zalloc = zlib_alloc, .zfree = zlib_free };

    /* The low bits of a mantissa do not compress: higher levels cost time for nothing. */
    if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, MEMORY,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return CSK_ERR_NOMEM;
    csk_status err = deflate_bytes(out, &z, head, len, false);
    if (!err)
        err = deflate_bytes(out, &z, a->data, bytes, true);
    (void)deflateEnd(&z);
    return err;
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

extern const csk_format csk_format_nifti, csk_format_nifti_gz;
const csk_format csk_format_nifti = {
    .name = "nifti",
    .about = "NIfTI-1: images of any common type; written in single precision",
    .suffix = ".nii",
    .read = nifti_read,
    .write = nifti_write,
    .holds_note = true,
};
const csk_format csk_format_nifti_gz = {
    .name = "nifti-gz",
    .about = "NIfTI-1, gzipped",
    .suffix = ".nii.gz",
    .read = nifti_read,
    .write = nifti_gz_write,
    .holds_note = true,
};
