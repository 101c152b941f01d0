/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/format.h"
#include "tests/support/tst_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file of version 1 to 3 around the text of a header; returns its length. */
static size_t build(uint8_t *out, int version, const char *header, const void *values,
                    size_t len)
{
    const size_t field = version == 1 ? 2 : 4;
    const size_t text_len = strlen(header);

    memcpy(out, "\x93NUMPY", 6);
    out[6] = (uint8_t)version;
    out[7] = 0;
    for (size_t k = 0; k < field; k++)
        out[8 + k] = (uint8_t)(text_len >> 8 * k);
    memcpy(out + 8 + field, header, text_len);
    memcpy(out + 8 + field + text_len, values, len);
    return 8 + field + text_len + len;
}

static csk_status parse(csk_array *a, int version, const char *header,
                        const void *values, size_t len)
{
    uint8_t file[1024];
    const size_t n = build(file, version, header, values, len);

    return csk_npy_parse(a, file, n, "a.npy");
}

static void check_type(const char *descr, const void *values, size_t len,
                       csk_field field, float first, float second)
{
    char header[128];
    csk_array a;

    (void)snprintf(header, sizeof(header),
                   "{'descr': '%s', 'fortran_order': False, 'shape': (%d,), }\n", descr,
                   field == CSK_REAL ? 2 : 1);
    tst_ok(parse(&a, 1, header, values, len));
    ck_assert_int_eq(a.space.field, field);
    ck_assert_int_eq(a.space.rank, 1);
    ck_assert_float_eq(a.data[0], first);
    ck_assert_float_eq(a.data[1], second);
    csk_array_clear(&a);
}

START_TEST(test_types)
{
    check_type("<f4", "\0\0\xc0\x3f\0\0\0\xc0", 8, CSK_REAL, 1.5f, -2.0f);
    check_type(">f4", "\x3f\xc0\0\0\xc0\0\0\0", 8, CSK_REAL, 1.5f, -2.0f);
    check_type("<c8", "\0\0\xc0\x3f\0\0\0\xc0", 8, CSK_COMPLEX, 1.5f, -2.0f);
    check_type("<f8", "\0\0\0\0\0\0\xf8\x3f\0\0\0\0\0\0\0\xc0", 16, CSK_REAL, 1.5f,
               -2.0f);
    check_type(">c16", "\x3f\xf8\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0", 16, CSK_COMPLEX, 1.5f,
               -2.0f);
    check_type("|u1", "\xff\x01", 2, CSK_REAL, 255.0f, 1.0f);
    check_type("|i1", "\xff\x01", 2, CSK_REAL, -1.0f, 1.0f);
    check_type("|b1", "\x01\0", 2, CSK_REAL, 1.0f, 0.0f);
    check_type("<u2", "\xfe\xff\x01\0", 4, CSK_REAL, 65534.0f, 1.0f);
    check_type("<i2", "\xfe\xff\x01\0", 4, CSK_REAL, -2.0f, 1.0f);
    check_type(">i2", "\xff\xfe\0\x01", 4, CSK_REAL, -2.0f, 1.0f);
    check_type("<u4", "\0\0\0\x80\x01\0\0\0", 8, CSK_REAL, 0x1p31f, 1.0f);
    check_type("<i4", "\0\0\0\x80\x01\0\0\0", 8, CSK_REAL, -0x1p31f, 1.0f);
    check_type("<u8", "\0\0\0\0\0\0\0\x80\x01\0\0\0\0\0\0\0", 16, CSK_REAL, 0x1p63f,
               1.0f);
    check_type("<i8", "\0\0\0\0\0\0\0\x80\x01\0\0\0\0\0\0\0", 16, CSK_REAL, -0x1p63f,
               1.0f);
    /* 1.5 and the smallest number of half precision; the largest; infinity */
    check_type("<f2", "\0\x3e\x01\0", 4, CSK_REAL, 1.5f, 0x1p-24f);
    check_type("<f2", "\xff\x7b\xff\xfb", 4, CSK_REAL, 65504.0f, -65504.0f);
    check_type("<f2", "\0\xfc\0\x80", 4, CSK_REAL, -INFINITY, 0.0f);
}
END_TEST

START_TEST(test_fortran_order)
{
    /* 2 x 3 x 2, first index fastest: entry (i, j, k) holds its own number */
    uint8_t values[12];
    csk_array a;

    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 3; j++) {
            for (int k = 0; k < 2; k++)
                values[i + 2 * (j + 3 * k)] = (uint8_t)(100 * i + 10 * j + k);
        }
    }
    /* Keys in another order, double quotes, a header without final newline. */
    tst_ok(parse(&a, 2, "{\"shape\":(2,3,2),\"descr\":\"|u1\",\"fortran_order\":True}",
                 values, 12));
    for (int n = 0; n < 12; n++)
        ck_assert_float_eq(a.data[n],
                           (float)(100 * (n / 6) + 10 * (n / 2 % 3) + n % 2));
    csk_array_clear(&a);

    static const float pairs[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    static const float want[] = { 1, 2, 5, 6, 3, 4, 7, 8 };
    tst_ok(parse(&a, 3, "{'descr': '<c8', 'fortran_order': True, 'shape': (2L, 2L)}",
                 pairs, sizeof(pairs)));
    for (int i = 0; i < 8; i++)
        ck_assert_float_eq(a.data[i], want[i]);
    csk_array_clear(&a);
}
END_TEST

/* More values than the blocks in which they are read. */
START_TEST(test_large)
{
    enum { ROWS = 37, COLS = 101, HEAD = 128 };
    uint8_t *file = calloc(HEAD + 2 * ROWS * COLS, 1);
    uint8_t values[2 * ROWS * COLS];
    csk_array a;

    ck_assert_ptr_nonnull(file);
    for (int n = 0; n < ROWS * COLS; n++) {
        values[2 * n] = (uint8_t)(n >> 8);
        values[2 * n + 1] = (uint8_t)n;
    }
    const size_t len =
        build(file, 1, "{'descr': '>u2', 'fortran_order': True, 'shape': (37, 101)}",
              values, sizeof(values));
    tst_ok(csk_npy_parse(&a, file, len, "a.npy"));
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < COLS; j++)
            ck_assert_float_eq(a.data[i * COLS + j], (float)(i + ROWS * j));
    }
    csk_array_clear(&a);
    free(file);
}
END_TEST

START_TEST(test_scalar)
{
    csk_array a;

    tst_ok(parse(&a, 1, "{'descr': '|u1', 'fortran_order': False, 'shape': ()}", "\x07",
                 1));
    ck_assert_int_eq(a.space.rank, 1);
    ck_assert_int_eq(a.space.dim[0], 1);
    ck_assert_float_eq(a.data[0], 7.0f);
    csk_array_clear(&a);
}
END_TEST

/* Byte for byte what numpy.save() writes. */
START_TEST(test_golden)
{
    static const float values[] = { 0.0f, -1.5f };
    static const char header[] =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }"
        "                                                          \n";
    const int64_t dim[] = { 2, 1 };
    csk_array a = tst_array(CSK_REAL, 2, dim);
    uint8_t want[256];
    size_t len;

    memcpy(a.data, values, sizeof(values));
    tst_ok(csk_write(&a, tst_path("a.npy"), NULL));
    char *found = tst_get(tst_path("a.npy"), &len);
    ck_assert_uint_eq(len, 128 + 8);
    ck_assert_uint_eq(len, build(want, 1, header, "\0\0\0\0\0\0\xc0\xbf", 8));
    ck_assert_int_eq(memcmp(found, want, len), 0);
    free(found);
    csk_array_clear(&a);

    const int64_t long_dim[8] = { 1, 1, 1, 1, 1, 1, 1, 3 };
    csk_array b;
    a = tst_array(CSK_COMPLEX, 8, long_dim);
    tst_ok(csk_write(&a, tst_path("a.npy"), NULL));
    tst_ok(csk_read(&b, tst_path("a.npy")));
    tst_same(&a, &b);
    csk_array_clear(&a);
    csk_array_clear(&b);
    tst_remove_files();
}
END_TEST

#define F4 "{'descr': '<f4', 'fortran_order': False, 'shape': "

START_TEST(test_malformed)
{
    static const struct {
        csk_status status;
        const char *header, *message;
    } cases[] = {
        { CSK_ERR_FORMAT, "", "a dictionary expected, found ''" },
        { CSK_ERR_FORMAT, "{descr: 1}", "a string expected, found 'descr: 1}'" },
        { CSK_ERR_FORMAT, "{'descr", "a short string" },
        { CSK_ERR_FORMAT, "{'descr' '<f4'}", "':' expected" },
        { CSK_ERR_FORMAT, "{'dtype': '<f4'}", "unknown key 'dtype'" },
        { CSK_ERR_FORMAT, "{'descr': 'f4'}", "does not begin with" },
        { CSK_ERR_FORMAT, "{'descr': ''}", "does not begin with" },
        { CSK_ERR_UNSUPPORTED, "{'descr': '|O'}",
          "descr '|O': only arrays of numbers" },
        { CSK_ERR_UNSUPPORTED, "{'descr': [('x', '<f4')]}", "arrays of records" },
        { CSK_ERR_FORMAT, "{'fortran_order': 0}", "True or False expected" },
        { CSK_ERR_FORMAT, "{'shape': 2}", "the shape expected" },
        { CSK_ERR_FORMAT, "{'shape': (-2,)}", "a number expected, found '-2,)}'" },
        { CSK_ERR_FORMAT, "{'shape': (2 2)}", "',' expected" },
        { CSK_ERR_FORMAT, "{'shape': (2", "',' expected" },
        { CSK_ERR_FORMAT, "{'shape': (99999999999999999999,)}", "a length in range" },
        { CSK_ERR_UNSUPPORTED, F4 "(2, 0)}", "dimension 1 is 0" },
        { CSK_ERR_UNSUPPORTED, "{'shape': (1,1,1,1,1,1,1,1,1)}", "rank above 8" },
        { CSK_ERR_FORMAT, "{'shape': (2,)}", "lacks one of" },
        { CSK_ERR_FORMAT, F4 "(2,) 'x'}", "'}' expected" },
        { CSK_ERR_FORMAT, F4 "(2,)}", "4 bytes of values, its shape says 8" },
        { CSK_ERR_FORMAT, F4 "(1000000000, 1000000000, 1000000000)}", "too large" },
        { CSK_ERR_FORMAT, F4 "(1000000000, 1000000)}", "says 4000000000000000" },
    };
    csk_array a;

    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
        tst_fails(parse(&a, 1, cases[k].header, "1234", 4), cases[k].status,
                  cases[k].message);
    tst_fails(parse(&a, 1, "{'descr': '\033]0;x\007', ", "", 0), CSK_ERR_FORMAT,
              "descr '\\x1b]0;x\\x07'");
    tst_fails(parse(&a, 1, "{\n\r'", "", 0), CSK_ERR_FORMAT, "found '\\x0d'");
    tst_fails(parse(&a, 4, F4 "()}", "1234", 4), CSK_ERR_UNSUPPORTED, "version 4");
    tst_fails(csk_npy_parse(&a, "\x93NUMPY\1\0", 8, "a.npy"), CSK_ERR_FORMAT, "magic");
    tst_fails(csk_npy_parse(&a, "\x93NUMPX\1\0\0\0\0\0", 12, "a.npy"), CSK_ERR_FORMAT,
              "a.npy: does not begin with NumPy's magic");
    tst_fails(csk_npy_parse(&a, "\x93NUMPY\1\0\xff\0{}", 12, "a.npy"), CSK_ERR_FORMAT,
              "header of 255 bytes in a file of 12");
}
END_TEST

/* numpy.save() twice into one file: numpy.load() gives the first, and so do we. */
START_TEST(test_trailing)
{
    static const uint8_t values[] = "\0\0\xc0\x3f\x93NUMPY";
    csk_array a;

    for (size_t len = 0; len <= sizeof(values); len++) {
        const csk_status err = parse(&a, 1, F4 "(1,)}\n", values, len);
        if (len < 4) {
            tst_fails(err, CSK_ERR_FORMAT, "bytes of values, its shape says 4");
            continue;
        }
        tst_ok(err);
        ck_assert_float_eq(a.data[0], 1.5f);
        csk_array_clear(&a);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("format_npy");
    TCase *t = tcase_create("format_npy");

    tcase_add_test(t, test_types);
    tcase_add_test(t, test_fortran_order);
    tcase_add_test(t, test_large);
    tcase_add_test(t, test_scalar);
    tcase_add_test(t, test_golden);
    tcase_add_test(t, test_malformed);
    tcase_add_test(t, test_trailing);
    suite_add_tcase(s, t);
    return tst_main(s);
}
