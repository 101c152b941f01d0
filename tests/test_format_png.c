/* SPDX-License-Identifier: BSD-3-Clause */
/* Pictures are built chunk by chunk here, so that libpng does not check itself. */
#include "cs/format.h"
#include "tests/support/tst_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { ROOM = 1 << 15, GREY = 0, RGB = 2, PALETTE = 3, GREY_ALPHA = 4, RGB_ALPHA = 6 };

typedef struct file {
    uint8_t bytes[ROOM];
    size_t len;
} file;

static void put_u32(uint8_t *p, uint32_t v)
{
    for (int k = 0; k < 4; k++)
        p[k] = (uint8_t)(v >> (24 - 8 * k));
}

static void chunk(file *f, const char *type, const void *data, size_t len)
{
    uint8_t *p = f->bytes + f->len;

    put_u32(p, (uint32_t)len);
    memcpy(p + 4, type, 4);
    memcpy(p + 8, data, len);
    put_u32(p + 8 + len, (uint32_t)crc32(0, p + 4, (uInt)len + 4));
    f->len += len + 12;
}

/* rows: each line a filter byte and its packed pixels. */
static file make(uint32_t width, uint32_t height, int depth, int colour,
                 const void *palette, size_t palette_len, const void *rows, size_t len)
{
    file f = { .len = 8 };
    uint8_t head[13] = { 0 };
    uint8_t packed[ROOM];
    uLongf packed_len = sizeof(packed);

    memcpy(f.bytes, "\x89PNG\r\n\x1a\n", 8);
    put_u32(head, width);
    put_u32(head + 4, height);
    head[8] = (uint8_t)depth;
    head[9] = (uint8_t)colour;
    chunk(&f, "IHDR", head, sizeof(head));
    if (palette)
        chunk(&f, "PLTE", palette, palette_len);
    ck_assert_int_eq(compress(packed, &packed_len, rows, len), Z_OK);
    chunk(&f, "IDAT", packed, packed_len);
    chunk(&f, "IEND", "", 0);
    return f;
}

static void check(const file *f, int64_t height, int64_t width, const float *want)
{
    csk_array a;

    tst_ok(csk_png_parse(&a, f->bytes, f->len, "a.png"));
    ck_assert_int_eq(a.space.field, CSK_REAL);
    ck_assert_int_eq(a.space.rank, 2);
    ck_assert_int_eq(a.space.dim[0], height);
    ck_assert_int_eq(a.space.dim[1], width);
    for (int64_t i = 0; i < height * width; i++)
        ck_assert_float_eq_tol(a.data[i], want[i], 1e-7f);
    csk_array_clear(&a);
}

START_TEST(test_grey)
{
    file f = make(3, 2, 1, GREY, NULL, 0, "\0\xa0\0\x40", 4);
    check(&f, 2, 3, (const float[]){ 1, 0, 1, 0, 1, 0 });
    f = make(3, 1, 2, GREY, NULL, 0, "\0\x6c", 2);
    check(&f, 1, 3, (const float[]){ 1.0f / 3.0f, 2.0f / 3.0f, 1 });
    f = make(2, 1, 4, GREY, NULL, 0, "\0\x1e", 2);
    check(&f, 1, 2, (const float[]){ 1.0f / 15.0f, 14.0f / 15.0f });
    f = make(2, 2, 8, GREY, NULL, 0, "\0\0\xff\0\x33\x01", 6);
    check(&f, 2, 2, (const float[]){ 0, 1, 0.2f, 1.0f / 255.0f });
    f = make(2, 1, 16, GREY, NULL, 0, "\0\x01\x02\xff\xff", 5);
    check(&f, 1, 2, (const float[]){ 258.0f / 65535.0f, 1 });
}
END_TEST

START_TEST(test_colour)
{
    static const float primaries[] = { 0.299f, 0.587f, 0.114f };

    file f = make(3, 1, 8, RGB, NULL, 0, "\0\xff\0\0\0\xff\0\0\0\xff", 10);
    check(&f, 1, 3, primaries);
    f = make(3, 1, 8, RGB_ALPHA, NULL, 0, "\0\xff\0\0\x7f\0\xff\0\0\0\0\xff\xff", 13);
    check(&f, 1, 3, primaries);
    f = make(1, 1, 16, RGB, NULL, 0, "\0\xff\xff\0\0\xff\xff", 7);
    check(&f, 1, 1, (const float[]){ 0.413f });
    f = make(2, 1, 8, GREY_ALPHA, NULL, 0, "\0\xff\0\x33\xff", 5);
    check(&f, 1, 2, (const float[]){ 1, 0.2f });
    f = make(3, 1, 2, PALETTE, "\xff\0\0\0\xff\0\0\0\xff", 9, "\0\x18", 2);
    check(&f, 1, 3, primaries);
}
END_TEST

/* A picture of w x h samples of `depth` bits, all rows alike: `row` again and again. */
static csk_status parse_large(csk_array *a, uint32_t w, uint32_t h, int depth,
                              int colour, uint8_t row)
{
    static const uint8_t palette[] = { 0, 0, 0, 255, 255, 255, 255, 0, 0 };
    const size_t bytes = 1 + ((size_t)w * (size_t)depth + 7) / 8;
    uint8_t *rows = malloc(bytes * h);

    ck_assert_ptr_nonnull(rows);
    memset(rows, row, bytes * h);
    for (size_t y = 0; y < h; y++)
        rows[y * bytes] = 0;
    static file f;
    f = make(w, h, depth, colour, colour == PALETTE ? palette : NULL, sizeof(palette),
             rows, bytes * h);
    free(rows);
    return csk_png_parse(a, f.bytes, f.len, "a.png");
}

/* Of a scanned page that is white one byte of the file holds 8000 pixels. */
START_TEST(test_large)
{
    static const struct {
        int depth, colour;
        uint8_t row;
        float odd, even;
    } cases[] = {
        { 1, GREY, 0xff, 1.0f, 1.0f },        { 1, PALETTE, 0x55, 1.0f, 0.0f },
        { 2, GREY, 0x11, 1.0f / 3.0f, 0.0f }, { 2, PALETTE, 0x66, 0.299f, 1.0f },
        { 4, GREY, 0x0f, 1.0f, 0.0f },        { 4, PALETTE, 0x12, 0.299f, 1.0f },
        { 4, PALETTE, 0x0e, 0.0f, 0.0f }, /* an entry that is not there is black */
    };

    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        csk_array a;
        tst_ok(
            parse_large(&a, 2001, 1500, cases[k].depth, cases[k].colour, cases[k].row));
        ck_assert_int_eq(a.space.dim[0], 1500);
        ck_assert_int_eq(a.space.dim[1], 2001);
        for (int64_t i = 0; i < 1500; i += 499) {
            for (int64_t j = 0; j < 2001; j++)
                ck_assert_float_eq_tol(a.data[i * 2001 + j],
                                       j % 2 ? cases[k].odd : cases[k].even, 1e-7f);
        }
        csk_array_clear(&a);
    }
}
END_TEST

/* Adam7 of 3 x 3 pixels of 1 bit, a ring: passes of 1, 0, 1, 1, ... pixels. */
START_TEST(test_interlaced)
{
    /* pass 1: (0,0); 4: (2,0); 5: (0,2) (2,2); 6: (1,0) (1,2); 7: (0,1) (1,1) (2,1) */
    static const uint8_t rows[] = {
        0, 0x80, 0, 0x80, 0, 0xc0, 0, 0x80, 0, 0x80, 0, 0xa0
    };
    static const float want[] = { 1, 1, 1, 1, 0, 1, 1, 1, 1 };
    file f = make(3, 3, 1, GREY, NULL, 0, rows, sizeof(rows));

    f.bytes[28] = 1; /* in IHDR, whose checksum is behind it */
    put_u32(f.bytes + 29, (uint32_t)crc32(0, f.bytes + 12, 17));
    check(&f, 3, 3, want);
}
END_TEST

/* Behind IEND anything may stand. */
START_TEST(test_trailing)
{
    file f = make(2, 1, 8, GREY, NULL, 0, "\0\xff\x33", 3);

    memcpy(f.bytes + f.len, "\x89PNG\r\n\x1a\n and more", 17);
    f.len += 17;
    check(&f, 1, 2, (const float[]){ 1, 0.2f });
}
END_TEST

START_TEST(test_malformed)
{
    file f = make(2, 2, 8, GREY, NULL, 0, "\0\0\xff\0\x33\x01", 6);
    csk_array a;

    for (size_t len = 0; len < f.len; len++) /* IEND is looked for as well */
        tst_fails(csk_png_parse(&a, f.bytes, len, "a.png"), CSK_ERR_FORMAT,
                  "a.png: PNG: ");
    tst_fails(csk_png_parse(&a, f.bytes, 50, "a.png"), CSK_ERR_FORMAT, "truncated");
    f.bytes[20] ^= 1;
    tst_fails(csk_png_parse(&a, f.bytes, f.len, "a.png"), CSK_ERR_FORMAT, "CRC error");
    f = make(900000, 900000, 16, RGB, NULL, 0, "\0", 1);
    tst_fails(csk_png_parse(&a, f.bytes, f.len, "a.png"), CSK_ERR_FORMAT,
              "900000x900000 pixels do not fit a file of");
    f = make(2, 2, 8, GREY, NULL, 0, "\0\0\xff\0", 4);
    tst_fails(csk_png_parse(&a, f.bytes, f.len, "a.png"), CSK_ERR_FORMAT,
              "a.png: PNG:");
    f = make(2, 2, 3, GREY, NULL, 0, "\0", 1);
    tst_fails(csk_png_parse(&a, f.bytes, f.len, "a.png"), CSK_ERR_FORMAT, "IHDR");
    ck_assert_ptr_null(a.data);
}
END_TEST

/* The n-th byte of the first chunk of that type. */
static const uint8_t *find_chunk(const char *bytes, size_t len, const char *type)
{
    for (size_t at = 0; at + 4 <= len; at++) {
        if (memcmp(bytes + at, type, 4) == 0)
            return (const uint8_t *)bytes + at + 4;
    }
    return NULL;
}

/* What lies in the file: 16 bits, big end first, behind filter bytes; the note. */
START_TEST(test_golden)
{
    static const char note[] = "{\"seed\": 1}";
    csk_array a = tst_array(CSK_REAL, 2, (const int64_t[]){ 1, 3 });
    size_t len;

    a.data[0] = 0.0f;
    a.data[1] = 1.0f;
    a.data[2] = 258.0f / 65535.0f;
    tst_ok(csk_write(&a, tst_path("a.png"), note));
    char *bytes = tst_get(tst_path("a.png"), &len);
    ck_assert_int_eq(
        memcmp(find_chunk(bytes, len, "IHDR"), "\0\0\0\3\0\0\0\1\x10\0\0\0\0", 13), 0);
    const uint8_t *text = find_chunk(bytes, len, "iTXt");
    ck_assert_ptr_nonnull(text);
    ck_assert_int_eq(memcmp(text, "Comment\0\0\0\0\0", 12), 0);
    ck_assert_int_eq(memcmp(text + 12, note, sizeof(note) - 1), 0);

    const uint8_t *data = find_chunk(bytes, len, "IDAT");
    uint8_t row[64];
    uLongf row_len = sizeof(row);
    const uLong data_len = data[-5] + 256U * data[-6];
    ck_assert_int_eq(uncompress(row, &row_len, data, data_len), Z_OK);
    ck_assert_uint_eq(row_len, 7);
    if (row[0] == 0) /* the filter "none"; else reading back is the check */
        ck_assert_int_eq(memcmp(row + 1, "\0\0\xff\xff\1\2", 6), 0);
    free(bytes);

    csk_array b;
    tst_ok(csk_read(&b, tst_path("a.png")));
    for (int i = 0; i < 3; i++)
        ck_assert_float_eq(a.data[i], b.data[i]);
    csk_array_clear(&a);
    csk_array_clear(&b);
    tst_remove_files();
}
END_TEST

START_TEST(test_write_pixels)
{
    static const uint8_t rgb[] = { 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255 };
    static const uint16_t deep[] = { 0, 65535, 13107, 26214, 39321, 1 };
    csk_array a;

    tst_ok(csk_png_write(tst_path("a.png"), 2, 2, 3, 8, rgb, NULL));
    tst_ok(csk_read(&a, tst_path("a.png")));
    ck_assert_float_eq_tol(a.data[0], 0.299f, 1e-7f);
    ck_assert_float_eq_tol(a.data[3], 1.0f, 1e-7f);
    csk_array_clear(&a);
    tst_ok(csk_png_write(tst_path("a.png"), 3, 2, 1, 16, deep, NULL));
    tst_ok(csk_read(&a, tst_path("a.png")));
    ck_assert_int_eq(a.space.dim[0], 2);
    ck_assert_float_eq_tol(a.data[4], 0.6f, 1e-7f);
    csk_array_clear(&a);

    tst_fails(csk_png_write(tst_path("b.png"), 0, 2, 1, 8, rgb, NULL), CSK_ERR_ARG,
              "0x2");
    tst_fails(csk_png_write(tst_path("b.png"), 1, 2, 2, 8, rgb, NULL), CSK_ERR_ARG,
              "2 channels of 8 bits");
    tst_fails(csk_png_write(tst_path("b.png"), 1, 2, 1, 4, rgb, NULL), CSK_ERR_ARG,
              "1 channels of 4 bits");
    ck_assert_int_eq(tst_count_files(), 1);
    tst_remove_files();
}
END_TEST

START_TEST(test_unwritable)
{
    csk_array a = tst_array(CSK_COMPLEX, 2, (const int64_t[]){ 2, 2 });
    tst_fails(csk_write(&a, tst_path("a.png"), NULL), CSK_ERR_UNSUPPORTED,
              "take the magnitude");
    csk_array_clear(&a);
    a = tst_array(CSK_REAL, 3, (const int64_t[]){ 2, 2, 2 });
    tst_fails(csk_write(&a, tst_path("a.png"), NULL), CSK_ERR_UNSUPPORTED,
              "rank 2, not 3");
    csk_array_clear(&a);
    a = tst_array(CSK_REAL, 2, (const int64_t[]){ 1, 2 });
    a.data[0] = 0.5f;
    static const float bad[] = { -0.001f, 1.5f, NAN, INFINITY };
    for (int k = 0; k < 4; k++) {
        a.data[1] = bad[k];
        tst_fails(csk_write(&a, tst_path("a.png"), NULL), CSK_ERR_UNSUPPORTED,
                  "at 1: PNG holds 0 to 1; scale");
    }
    csk_array_clear(&a);
    ck_assert_int_eq(tst_count_files(), 0);
    tst_remove_files();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("format_png");
    TCase *t = tcase_create("format_png");

    tcase_add_test(t, test_grey);
    tcase_add_test(t, test_colour);
    tcase_add_test(t, test_large);
    tcase_add_test(t, test_interlaced);
    tcase_add_test(t, test_trailing);
    tcase_add_test(t, test_malformed);
    tcase_add_test(t, test_golden);
    tcase_add_test(t, test_write_pixels);
    tcase_add_test(t, test_unwritable);
    suite_add_tcase(s, t);
    return tst_main(s);
}
