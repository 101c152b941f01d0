/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/tensors.h"
#include "tests/support/tst_file.h"
#include "tests/support/tst_zip.h"

#include <stdio.h>
#include <string.h>

enum { ROOM = 1 << 14 };

/* A .npy of version 1; returns its length. */
static size_t npy(uint8_t *out, const char *descr, const char *order, const char *shape,
                  const void *values, size_t len)
{
    static const uint8_t head[8] = { 0x93, 'N', 'U', 'M', 'P', 'Y', 1 };
    const int n = snprintf((char *)out + 10, 256,
                           "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n",
                           descr, order, shape);

    memcpy(out, head, sizeof(head));
    out[8] = (uint8_t)n;
    out[9] = (uint8_t)(n >> 8);
    memcpy(out + 10 + n, values, len);
    return 10 + (size_t)n + len;
}

static void add(tst_zip *z, const char *name, const char *descr, const char *shape,
                const void *values, size_t len)
{
    uint8_t file[1024];

    tst_zip_add(z, name, file, npy(file, descr, "False", shape, values, len));
}

static csk_status parse(csk_tensors *t, tst_zip *z)
{
    tst_zip_close(z);
    return csk_npz_parse(t, z->bytes, z->len, "a.npz");
}

START_TEST(test_arrays)
{
    static tst_zip z;
    uint8_t file[1024];
    csk_tensors t = { 0 };

    z = (tst_zip){ .len = 0 };
    add(&z, "net.0.weight.npy", "<f4", "(1, 2)", "\0\0\xc0\x3f\0\0\0\xc0", 8);
    add(&z, "T.npy", "<f2", "()", "\0\x3e", 2);
    add(&z, "none.npy", "<f8", "(3, 0, 2)", "", 0);
    add(&z, "deep.npy", ">i2", "(1, 1, 1, 1, 1, 1, 1, 2)", "\xff\xfe\0\x01", 4);
    tst_zip_add_lie(&z, "packed.npy", file,
                    npy(file, "|u1", "True", "(2, 3)", "\0\3\1\4\2\5", 6),
                    &(tst_zip_lie){ .method = 8 });
    tst_ok(parse(&t, &z));
    ck_assert_int_eq(t.count, 5);
    const csk_tensor *x = csk_tensors_find(&t, "net.0.weight");
    ck_assert_int_eq(x->rank, 2);
    ck_assert_int_eq(x->dim[0], 1);
    ck_assert_int_eq(x->dim[1], 2);
    ck_assert_float_eq(x->data[1], -2.0f);
    x = csk_tensors_find(&t, "T");
    ck_assert_int_eq(x->rank, 0);
    ck_assert_float_eq(x->data[0], 1.5f);
    x = csk_tensors_find(&t, "none");
    ck_assert_int_eq(x->rank, 3);
    ck_assert_int_eq(csk_tensor_size(x), 0);
    x = csk_tensors_find(&t, "deep");
    ck_assert_int_eq(x->rank, 8);
    ck_assert_float_eq(x->data[0], -2.0f);
    x = csk_tensors_find(&t, "packed");
    for (int k = 0; k < 6; k++)
        ck_assert_float_eq(x->data[k], (float)k);
    csk_tensors_clear(&t);

    z = (tst_zip){ .len = 0 }; /* numpy.savez() without arrays */
    tst_ok(parse(&t, &z));
    ck_assert_int_eq(t.count, 0);
}
END_TEST

START_TEST(test_refused)
{
    static const struct {
        csk_status status;
        const char *name, *descr, *shape, *message;
    } cases[] = {
        { CSK_ERR_FORMAT, "x.txt", "|u1", "(4,)", "entry 'x.txt' is not NAME.npy" },
        { CSK_ERR_FORMAT, ".npy", "|u1", "(4,)", "entry '.npy' is not NAME.npy" },
        { CSK_ERR_FORMAT, "x.npy", "|u1", "(5,)", "a.npz: x.npy: 4 bytes of values" },
        { CSK_ERR_FORMAT, "x.npy", "<f4", "(4611686018427387904, 4)", "too large" },
        { CSK_ERR_FORMAT, "x.npy", "<f4", "(4611686018427387904, 4, 0)", "too large" },
        { CSK_ERR_FORMAT, "x.npy", "<c8", "()", "4 bytes of values, its shape" },
        { CSK_ERR_UNSUPPORTED, "x.npy", "|O", "()", "descr '|O'" },
        { CSK_ERR_UNSUPPORTED, "x.npy", "|u1", "(1,1,1,1,1,1,1,1,1)", "rank above 8" },
    };
    static tst_zip z;
    csk_tensors t = { 0 };

    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        z = (tst_zip){ .len = 0 };
        add(&z, "good.npy", "|u1", "()", "\1", 1);
        add(&z, cases[k].name, cases[k].descr, cases[k].shape, "1234", 4);
        tst_fails(parse(&t, &z), cases[k].status, cases[k].message);
        ck_assert_ptr_null(t.item);
    }
    z = (tst_zip){ .len = 0 };
    add(&z, "x.npy", "<c8", "()", "12345678", 8);
    tst_fails(parse(&t, &z), CSK_ERR_UNSUPPORTED, "x.npy: complex");
    z = (tst_zip){ .len = 0 };
    add(&z, "x.npy", "|u1", "()", "1", 1);
    add(&z, "x.npy", "|u1", "()", "1", 1);
    tst_fails(parse(&t, &z), CSK_ERR_FORMAT, "two entries are called 'x.npy'");
}
END_TEST

/* What the directory claims. */
START_TEST(test_lies)
{
    static const struct {
        tst_zip_lie lie;
        csk_status status;
        const char *message;
    } cases[] = {
        { { .size = 100 }, CSK_ERR_FORMAT, "claims 100 bytes from 4 in a file" },
        { { .packed = 1 << 20 }, CSK_ERR_FORMAT, "claims 4 bytes from 1048576" },
        { { .checksum = 1 }, CSK_ERR_FORMAT, "entry 'x.npy': " },
        { { .method = 8, .size = 1 << 30 }, CSK_ERR_FORMAT, "claims 1073741824 bytes" },
        { { .method = 8, .size = 3 }, CSK_ERR_FORMAT, "entry 'x.npy'" },
        { { .method = 8, .size = 5 }, CSK_ERR_FORMAT, "entry 'x.npy'" },
        { { .method = 8, .packed = 2 }, CSK_ERR_FORMAT, "entry 'x.npy'" },
        { { .method = 12 }, CSK_ERR_UNSUPPORTED, "neither stored nor deflated" },
    };
    static tst_zip z;
    csk_tensors t = { 0 };

    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        z = (tst_zip){ .len = 0 };
        tst_zip_add_lie(&z, "x.npy", "1234", 4, &cases[k].lie);
        tst_fails(parse(&t, &z), cases[k].status, cases[k].message);
    }
    tst_fails(csk_npz_parse(&t, "PK", 2, "a.npz"), CSK_ERR_FORMAT, "a.npz: zip: ");
    z = (tst_zip){ .len = 0 };
    add(&z, "x.npy", "|u1", "(4,)", "1234", 4);
    tst_zip_close(&z);
    for (size_t len = 0; len < z.len; len++)
        tst_fails(csk_npz_parse(&t, z.bytes, len, "a.npz"), CSK_ERR_FORMAT, "zip: ");
}
END_TEST

/* Entries that all point at the same packed bytes: their sum does not fit into the file. */
START_TEST(test_overlap)
{
    static uint8_t zeros[ROOM];
    static tst_zip z;
    csk_tensors t = { 0 };

    z = (tst_zip){ .len = 0 };
    tst_zip_add(&z, "00.npy", zeros, sizeof(zeros));
    const size_t one = z.directory_len;
    for (int k = 1; k < 100; k++) {
        uint8_t *entry = z.directory + z.directory_len;
        memcpy(entry, z.directory, one);
        entry[one - 6] = (uint8_t)('0' + k / 10);
        entry[one - 5] = (uint8_t)('0' + k % 10);
        z.directory_len += one;
        z.count++;
    }
    tst_fails(parse(&t, &z), CSK_ERR_FORMAT, "entry '01.npy' claims 16384 bytes");
    ck_assert_int_eq(t.count, 0);
}
END_TEST

static csk_status body(void)
{
    static tst_zip z;
    csk_tensors t = { 0 };

    z = (tst_zip){ .len = 0 };
    add(&z, "a.npy", "|u1", "(2,)", "\1\2", 2);
    add(&z, "b.npy", "|u1", "()", "\1", 1);
    const csk_status err = parse(&t, &z);
    ck_assert_int_eq(t.count, err ? 0 : 2);
    csk_tensors_clear(&t);
    return err;
}

START_TEST(test_memory)
{
    tst_out_of_memory(body);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("npz");
    TCase *t = tcase_create("npz");

    tcase_add_test(t, test_arrays);
    tcase_add_test(t, test_refused);
    tcase_add_test(t, test_lies);
    tcase_add_test(t, test_overlap);
    tcase_add_test(t, test_memory);
    suite_add_tcase(s, t);
    return tst_main(s);
}
