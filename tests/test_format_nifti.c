/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/format.h"
#include "cs/mem.h"
#include "tests/support/tst_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { HEAD = 352, ROOM = 4096 };

/* A file in the making, in either byte order. */
typedef struct file {
    uint8_t bytes[ROOM];
    size_t len;
    bool big;
} file;

static void put(file *f, size_t at, uint64_t v, size_t size)
{
    for (size_t k = 0; k < size; k++)
        f->bytes[at + (f->big ? size - 1 - k : k)] = (uint8_t)(v >> 8 * k);
}

static void put_float(file *f, size_t at, float v)
{
    uint32_t bits;

    memcpy(&bits, &v, sizeof(bits));
    put(f, at, bits, 4);
}

/* A valid header of 3 x 2 x 1 values of 8 bits; each test spoils or fills it. */
static file make(bool big, int datatype, int bits)
{
    static const uint16_t dim[8] = { 3, 3, 2, 1, 1, 1, 1, 1 };
    file f = { .big = big };

    put(&f, 0, 348, 4);
    for (size_t k = 0; k < 8; k++)
        put(&f, 40 + 2 * k, dim[k], 2);
    put(&f, 70, (uint64_t)datatype, 2);
    put(&f, 72, (uint64_t)bits, 2);
    put_float(&f, 108, HEAD);
    memcpy(f.bytes + 344, "n+1", 4);
    f.len = HEAD + 6 * (size_t)bits / 8;
    return f;
}

static csk_status parse(csk_array *a, const file *f)
{
    return csk_nifti_parse(a, f->bytes, f->len, "a.nii");
}

static csk_status parse_gz(csk_array *a, const uint8_t *gz, size_t len)
{
    return csk_nifti_parse(a, gz, len, "a.nii.gz");
}

/* The values -2, 1, 4, ... (0, 3, 6, ... if unsigned) in the bits of a type. */
static uint64_t bits_of(int datatype, int value)
{
    const float single = (float)value;
    const double exact = (double)value;
    uint32_t low = 0;
    uint64_t all = (uint64_t)(int64_t)value;

    if (datatype == 16 || datatype == 32) {
        memcpy(&low, &single, sizeof(low));
        return low;
    }
    if (datatype == 64 || datatype == 1792)
        memcpy(&all, &exact, sizeof(all));
    return all;
}

START_TEST(test_types)
{
    static const struct {
        int code, bits, first;
        csk_field field;
    } types[] = {
        { 2, 8, 0, CSK_REAL },       { 4, 16, -2, CSK_REAL },
        { 8, 32, -2, CSK_REAL },     { 16, 32, -2, CSK_REAL },
        { 32, 64, -2, CSK_COMPLEX }, { 64, 64, -2, CSK_REAL },
        { 256, 8, -2, CSK_REAL },    { 512, 16, 0, CSK_REAL },
        { 768, 32, 0, CSK_REAL },    { 1024, 64, -2, CSK_REAL },
        { 1280, 64, 0, CSK_REAL },   { 1792, 128, -2, CSK_COMPLEX },
    };

    for (size_t k = 0; k < 2 * sizeof(types) / sizeof(types[0]); k++) {
        const int code = types[k / 2].code;
        const int width = (int)types[k / 2].field;
        const size_t size = (size_t)(types[k / 2].bits / 8 / width);
        file f = make(k % 2 == 1, code, types[k / 2].bits);
        csk_array a;

        for (int i = 0; i < 6 * width; i++)
            put(&f, HEAD + (size_t)i * size, bits_of(code, types[k / 2].first + 3 * i),
                size);
        tst_ok(parse(&a, &f));
        ck_assert_int_eq(a.space.field, types[k / 2].field);
        ck_assert_int_eq(a.space.rank, 2); /* z of length 1 is dropped */
        ck_assert(a.space.dim[0] == 2 && a.space.dim[1] == 3);
        ck_assert_int_eq(a.space.axis[1], CSK_AXIS_X);
        for (int i = 0; i < 6 * width; i++)
            ck_assert_float_eq(a.data[i], (float)(types[k / 2].first + 3 * i));
        csk_array_clear(&a);
    }
}
END_TEST

/* value = slope * stored + inter; a slope of 0 or NaN means none. */
START_TEST(test_scaling)
{
    static const struct {
        float slope, inter, want;
    } cases[] = { { 2.0f, -1.0f, 9.0f }, { 0.0f, 7.0f, 5.0f }, { NAN, 7.0f, 5.0f } };
    csk_array a;

    for (int k = 0; k < 3; k++) {
        file f = make(k == 1, 2, 8);
        f.bytes[HEAD + 4] = 5;
        put_float(&f, 112, cases[k].slope);
        put_float(&f, 116, cases[k].inter);
        tst_ok(parse(&a, &f));
        ck_assert_float_eq(a.data[4], cases[k].want);
        csk_array_clear(&a);
    }
    file f = make(false, 32, 64); /* of both parts, as nifti1.h says */
    put_float(&f, HEAD, 1.0f);
    put_float(&f, HEAD + 4, 1.0f);
    put_float(&f, 112, 2.0f);
    put_float(&f, 116, 3.0f);
    tst_ok(parse(&a, &f));
    ck_assert_float_eq(a.data[0], 5.0f);
    ck_assert_float_eq(a.data[1], 5.0f);
    csk_array_clear(&a);
}
END_TEST

START_TEST(test_axes)
{
    file f = make(false, 2, 8);
    csk_array a;

    put(&f, 40, 5, 2); /* 3 x 2 x 1 x 2 x 1: x y z time, and a fifth that is dropped */
    put(&f, 48, 2, 2);
    put_float(&f, 108, HEAD + 16);
    f.len = HEAD + 16 + 12;
    f.bytes[HEAD + 16 + 11] = 9;
    tst_ok(parse(&a, &f));
    ck_assert_int_eq(a.space.rank, 4);
    ck_assert_int_eq(a.space.axis[0], CSK_AXIS_TIME);
    ck_assert_int_eq(a.space.dim[0], 2);
    ck_assert_int_eq(a.space.dim[1], 1);
    ck_assert_float_eq(a.data[11], 9.0f);
    csk_array_clear(&a);
}
END_TEST

START_TEST(test_malformed)
{
    static const struct {
        csk_status status;
        size_t at, size;
        uint64_t value;
        const char *message;
    } cases[] = {
        { CSK_ERR_FORMAT, 0, 4, 347, "a.nii: sizeof_hdr is 347, neither 348 nor 540" },
        { CSK_ERR_FORMAT, 0, 4, 540, "358 bytes, 544 were expected" },
        { CSK_ERR_FORMAT, 344, 1, 'x', "magic is not 'n+1'" },
        { CSK_ERR_FORMAT, 40, 2, 0, "dim[0] is 0, not in 1..7" },
        { CSK_ERR_FORMAT, 40, 2, 8, "dim[0] is 8" },
        { CSK_ERR_FORMAT, 44, 2, 0xffff, "dim[2] is -1, not positive" },
        { CSK_ERR_UNSUPPORTED, 70, 2, 128, "datatype 128" },
        { CSK_ERR_FORMAT, 72, 2, 16, "bitpix is 16, datatype 2 has 8" },
        { CSK_ERR_FORMAT, 42, 2, 32767, "358 bytes, 65886 were expected" },
        { CSK_ERR_FORMAT, 108, 4, 0, "vox_offset is 0" },
        { CSK_ERR_FORMAT, 108, 4, 0x7fc00000, "vox_offset is nan" },
        { CSK_ERR_FORMAT, 108, 4, 0x43b04000, "vox_offset is 352.5" },
        { CSK_ERR_FORMAT, 108, 4, 0x4cbebc20, "were expected" },
    };
    csk_array a;

    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        file f = make(false, 2, 8);
        put(&f, cases[k].at, cases[k].value, cases[k].size);
        tst_fails(parse(&a, &f), cases[k].status, cases[k].message);
    }
    file f = make(false, 2, 8);
    f.bytes[345] = 'i';
    tst_fails(parse(&a, &f), CSK_ERR_UNSUPPORTED, "a pair of .hdr and .img");
    f = make(false, 2, 8);
    f.len--;
    tst_fails(parse(&a, &f), CSK_ERR_FORMAT, "357 bytes, 358 were expected");
    f.len = 100;
    tst_fails(parse(&a, &f), CSK_ERR_FORMAT, "100 bytes, 352 were expected");
    f = make(false, 2, 8);
    put_float(&f, 112, 1.0f);
    put_float(&f, 116, INFINITY);
    tst_fails(parse(&a, &f), CSK_ERR_FORMAT, "scl_inter");
    f = make(false, 2, 8);
    put(&f, 40, 7, 2);
    for (size_t k = 1; k < 8; k++)
        put(&f, 40 + 2 * k, 32767, 2);
    tst_fails(parse(&a, &f), CSK_ERR_FORMAT, "too large");
}
END_TEST

/* gzip of `len` bytes; its length. */
static size_t compress_to(uint8_t *out, size_t room, const uint8_t *in, size_t len)
{
    z_stream z = { .zalloc = Z_NULL };

    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    z.next_in = (z_const Bytef *)in;
    z.avail_in = (uInt)len;
    z.next_out = out;
    z.avail_out = (uInt)room;
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    ck_assert_int_eq(deflateEnd(&z), Z_OK);
    return room - z.avail_out;
}

/* The same of NIfTI-2: 3 x 2 values of 16 bits, of which the last is 7. */
static file make2(bool big)
{
    static const uint64_t dim[8] = { 2, 3, 2, 1, 1, 1, 1, 1 };
    file f = { .big = big };

    put(&f, 0, 540, 4);
    memcpy(f.bytes + 4, "n+2\0\r\n\032\n", 8);
    put(&f, 12, 4, 2);
    put(&f, 14, 16, 2);
    for (size_t k = 0; k < 8; k++)
        put(&f, 16 + 8 * k, dim[k], 8);
    put(&f, 168, 560, 8);
    put(&f, 176, bits_of(64, 2), 8); /* slope and intercept */
    put(&f, 184, bits_of(64, -3), 8);
    put(&f, 560 + 10, 7, 2);
    f.len = 560 + 12;
    return f;
}

START_TEST(test_nifti2)
{
    static const struct {
        size_t at, size;
        uint64_t value;
        const char *message;
    } cases[] = {
        { 6, 1, '1', "magic is not 'n+2' with its 8 bytes" },
        { 8, 1, '\n', "magic is not" }, /* transferred as text */
        { 16, 8, 1ULL << 33, "dim[0] is 8589934592" },
        { 24, 8, 0, "dim[1] is 0, not positive" },
        { 24, 8, 1ULL << 63, "not positive" },
        { 24, 8, 1ULL << 62, "too large" },
        { 24, 8, 1ULL << 40, "572 bytes, 4398046511664 were expected" },
        { 168, 8, 543, "vox_offset is 543, not a whole number from 544" },
        { 168, 8, 1ULL << 63, "vox_offset is -9" },
        { 168, 8, (1ULL << 63) - 1, "vox_offset is 9" },
    };
    uint8_t gz[ROOM];
    csk_array a;

    for (int big = 0; big < 2; big++) {
        file f = make2(big);
        const size_t len = compress_to(gz, ROOM, f.bytes, f.len);
        for (int zipped = 0; zipped < 2; zipped++) {
            tst_ok(zipped ? parse_gz(&a, gz, len) : parse(&a, &f));
            ck_assert(a.space.rank == 2 && a.space.dim[1] == 3);
            ck_assert_float_eq(a.data[0], -3.0f);
            ck_assert_float_eq(a.data[5], 11.0f);
            csk_array_clear(&a);
        }
    }
    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        file f = make2(k % 2 == 1);
        put(&f, cases[k].at, cases[k].value, cases[k].size);
        tst_fails(parse(&a, &f), CSK_ERR_FORMAT, cases[k].message);
    }
    file f = make2(false);
    f.bytes[5] = 'i';
    tst_fails(parse(&a, &f), CSK_ERR_UNSUPPORTED, "a pair of .hdr and .img");
    f.bytes[5] = '+';
    size_t len = compress_to(gz, ROOM, f.bytes, 400);
    tst_fails(parse_gz(&a, gz, len), CSK_ERR_FORMAT, "400 bytes, 544 were expected");
    put(&f, 24, 1ULL << 40, 8); /* a terabyte in a few bytes of gzip */
    len = compress_to(gz, ROOM, f.bytes, f.len);
    tst_fails(parse_gz(&a, gz, len), CSK_ERR_FORMAT,
              "the header asks for 4398046511664 bytes");
}
END_TEST

START_TEST(test_gzip)
{
    file f = make(false, 2, 8);
    uint8_t gz[ROOM];
    csk_array a;

    f.bytes[HEAD + 5] = 77;
    const size_t len = compress_to(gz, ROOM, f.bytes, f.len);
    tst_ok(parse_gz(&a, gz, len));
    ck_assert_float_eq(a.data[5], 77.0f);
    csk_array_clear(&a);

    /* Two members in a row are one file. */
    size_t part = compress_to(gz, ROOM, f.bytes, 200);
    part += compress_to(gz + part, ROOM - part, f.bytes + 200, f.len - 200);
    tst_ok(parse_gz(&a, gz, part));
    ck_assert_float_eq(a.data[5], 77.0f);
    csk_array_clear(&a);
}
END_TEST

/* What follows: values beyond the image and, behind the last member, bytes that are no gzip
 * are ignored; but the stream is checked to its end. */
START_TEST(test_trailing)
{
    file f = make(false, 2, 8);
    uint8_t gz[ROOM];
    csk_array a;

    for (size_t k = HEAD + 6; k < HEAD + 2000; k++) /* does not shrink to nothing */
        f.bytes[k] = (uint8_t)(k * k >> 3);
    f.bytes[HEAD + 5] = 77;
    f.len = HEAD + 2000;
    tst_ok(parse(&a, &f));
    ck_assert_float_eq(a.data[5], 77.0f);
    csk_array_clear(&a);

    static const uint8_t tails[][6] = { "\0\0\0\0\0", "hello", "\x1f-xyz",
                                        "\x1f\x8bxyz" };
    const size_t len = compress_to(gz, ROOM, f.bytes, f.len);
    for (int k = 0; k < 4; k++) {
        memcpy(gz + len, tails[k], 5);
        const csk_status err = parse_gz(&a, gz, len + 5);
        if (k == 3) /* another member, which is none */
            tst_fails(err, CSK_ERR_FORMAT, "damaged");
        else
            tst_ok(err);
        csk_array_clear(&a);
    }
    for (size_t cut = 1; cut < 1000; cut += 37) /* the values are whole long before */
        tst_fails(parse_gz(&a, gz, len - cut), CSK_ERR_FORMAT, "truncated");
    gz[len - 5] ^= 1;
    tst_fails(parse_gz(&a, gz, len), CSK_ERR_FORMAT, "damaged");

    /* A second member that ends too early. */
    size_t part = compress_to(gz, ROOM, f.bytes, HEAD + 10);
    part += compress_to(gz + part, ROOM - part, f.bytes, 100);
    tst_fails(parse_gz(&a, gz, part - 1), CSK_ERR_FORMAT, "truncated");
}
END_TEST

START_TEST(test_gzip_malformed)
{
    file f = make(false, 2, 8);
    uint8_t gz[ROOM];
    csk_array a;

    size_t len = compress_to(gz, ROOM, f.bytes, f.len);
    tst_fails(parse_gz(&a, gz, len - 12), CSK_ERR_FORMAT,
              "a.nii.gz: the gzip stream is truncated");
    gz[len - 6] ^= 1; /* the checksum */
    tst_fails(parse_gz(&a, gz, len), CSK_ERR_FORMAT, "damaged: incorrect data check");
    gz[3] = 0xff;
    tst_fails(parse_gz(&a, gz, len), CSK_ERR_FORMAT, "damaged");
    len = compress_to(gz, ROOM, f.bytes, f.len - 1);
    tst_fails(parse_gz(&a, gz, len), CSK_ERR_FORMAT, "357 bytes, 358 were expected");
    len = compress_to(gz, ROOM, f.bytes, 40);
    tst_fails(parse_gz(&a, gz, len), CSK_ERR_FORMAT, "40 bytes, 352 were expected");

    /* A few bytes that promise a gigabyte. */
    put(&f, 42, 32767, 2);
    put(&f, 44, 32767, 2);
    len = compress_to(gz, ROOM, f.bytes, f.len);
    tst_fails(parse_gz(&a, gz, len), CSK_ERR_FORMAT,
              "the header asks for 1073676641 bytes");
}
END_TEST

static void check_golden(const uint8_t *p, size_t len)
{
    static const uint8_t dim[16] = { 3, 0, 4, 0, 5, 0, 3, 0, 1, 0, 1, 0, 1, 0, 1, 0 };
    static const uint8_t extension[16] = { 1, 0, 0, 0, 32,  0,   0,   0,
                                           6, 0, 0, 0, '{', '"', 's', 'e' };

    ck_assert_uint_eq(len, 352 + 32 + 60 * 4);
    ck_assert_int_eq(memcmp(p, "\x5c\x01\0\0", 4), 0);
    ck_assert_int_eq(memcmp(p + 40, dim, 16), 0);
    ck_assert_int_eq(memcmp(p + 70, "\x10\0\x20\0", 4), 0);
    ck_assert_int_eq(memcmp(p + 108, "\0\0\xc0\x43\0\0\x80\x3f", 8), 0); /* 384, 1 */
    ck_assert_int_eq(memcmp(p + 344, "n+1", 4), 0);
    ck_assert_int_eq(memcmp(p + 348, extension, 16), 0);
    ck_assert_int_eq(memcmp(p + 384, "\0\0\x40\xc0\0\0\x30\xc0", 8), 0); /* -3, -2.75 */
}

START_TEST(test_golden)
{
    csk_array a = tst_array(CSK_REAL, 3, (const int64_t[]){ 3, 5, 4 });
    csk_array b;
    size_t len;

    tst_ok(csk_write(&a, tst_path("a.nii"), "{\"seed\": 1}"));
    char *bytes = tst_get(tst_path("a.nii"), &len);
    check_golden((const uint8_t *)bytes, len);

    tst_ok(csk_write(&a, tst_path("a.nii.gz"), "{\"seed\": 1}"));
    size_t packed;
    char *gz = tst_get(tst_path("a.nii.gz"), &packed);
    uint8_t plain[ROOM];
    z_stream z = { .zalloc = Z_NULL };
    ck_assert_int_eq(inflateInit2(&z, 15 + 16), Z_OK);
    z.next_in = (Bytef *)gz;
    z.avail_in = (uInt)packed;
    z.next_out = plain;
    z.avail_out = ROOM;
    ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
    ck_assert_uint_eq(ROOM - z.avail_out, len);
    ck_assert_int_eq(memcmp(plain, bytes, len), 0);
    (void)inflateEnd(&z);
    tst_ok(csk_read(&b, tst_path("a.nii.gz")));
    tst_same(&a, &b);
    free(gz);
    free(bytes);
    csk_array_clear(&a);
    csk_array_clear(&b);
    tst_remove_files();
}
END_TEST

/* NIfTI-1 ends at 32767; what is longer is NIfTI-2. */
START_TEST(test_long_axis)
{
    for (int k = 0; k < 2; k++) {
        csk_array a = tst_array(CSK_COMPLEX, 2, (const int64_t[]){ 1 + k, 32767 + k });
        csk_array b;
        size_t len;

        tst_ok(csk_write(&a, tst_path("a.nii"), "{\"seed\": 1}"));
        char *bytes = tst_get(tst_path("a.nii"), &len);
        ck_assert_int_eq(memcmp(bytes, k ? "\x1c\2\0\0n+2" : "\x5c\1\0\0\0\0\0", 7), 0);
        if (k)
            ck_assert_str_eq(bytes + 544 + 8, "{\"seed\": 1}");
        free(bytes);
        tst_ok(csk_write(&a, tst_path("a.nii.gz"), NULL));
        tst_ok(csk_read(&b, tst_path(k ? "a.nii" : "a.nii.gz")));
        ck_assert_int_eq(csk_space_len(&b.space), csk_space_len(&a.space));
        for (int64_t i = 0; i < csk_space_len(&a.space); i++)
            ck_assert_float_eq(a.data[i], b.data[i]);
        csk_array_clear(&a);
        csk_array_clear(&b);
    }
    tst_remove_files();
}
END_TEST

START_TEST(test_unwritable)
{
    csk_array a = tst_array(CSK_REAL, 8, (const int64_t[]){ 1, 1, 1, 1, 1, 1, 1, 2 });
    tst_fails(csk_write(&a, tst_path("a.nii"), NULL), CSK_ERR_UNSUPPORTED, "rank 8");
    csk_array_clear(&a);
    a = tst_array(CSK_REAL, 1, (const int64_t[]){ 2 });

    char *note = calloc((1 << 20) + 2, 1);
    ck_assert_ptr_nonnull(note);
    memset(note, ' ', (1 << 20) + 1);
    tst_fails(csk_write(&a, tst_path("a.nii"), note), CSK_ERR_ARG, "1048577");
    free(note);
    csk_array_clear(&a);
    ck_assert_int_eq(tst_count_files(), 0);
    tst_remove_files();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("format_nifti");
    TCase *t = tcase_create("format_nifti");

    tcase_add_test(t, test_types);
    tcase_add_test(t, test_scaling);
    tcase_add_test(t, test_axes);
    tcase_add_test(t, test_malformed);
    tcase_add_test(t, test_nifti2);
    tcase_add_test(t, test_gzip);
    tcase_add_test(t, test_trailing);
    tcase_add_test(t, test_gzip_malformed);
    tcase_add_test(t, test_golden);
    tcase_add_test(t, test_long_axis);
    tcase_add_test(t, test_unwritable);
    suite_add_tcase(s, t);
    return tst_main(s);
}
