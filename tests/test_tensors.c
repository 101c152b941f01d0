/* SPDX-License-Identifier: BSD-3-Clause */
/* The set of tensors and its own format, safetensors. */
#include "cs/format.h"
#include "cs/mem.h"
#include "cs/tensors.h"
#include "tests/support/tst_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static csk_tensors two_tensors(void)
{
    csk_tensors t = { 0 };
    csk_tensor *weight, *bias;

    tst_ok(csk_tensors_add(&t, "net.weight", 3, (int64_t[]){ 2, 1, 3 }, &weight));
    float *numbers = weight->data;
    tst_ok(csk_tensors_add(&t, "net.bias", 1, (int64_t[]){ 2 }, &bias));
    for (int k = 0; k < 6; k++)
        numbers[k] = (float)k - 2.5f;
    bias->data[0] = 1e-30f;
    bias->data[1] = -INFINITY;
    return t;
}

static void same(const csk_tensors *a, const csk_tensors *b)
{
    ck_assert_int_eq(a->count, b->count);
    for (int k = 0; k < a->count; k++) {
        const csk_tensor *x = &a->item[k], *y = csk_tensors_find(b, x->name);
        ck_assert_ptr_nonnull(y);
        ck_assert_int_eq(x->rank, y->rank);
        for (int i = 0; i < x->rank; i++)
            ck_assert_int_eq(x->dim[i], y->dim[i]);
        ck_assert_mem_eq(x->data, y->data, (size_t)csk_tensor_size(x) * sizeof(float));
    }
    ck_assert_ptr_eq(a->card ? NULL : a, b->card ? NULL : a);
    if (a->card)
        ck_assert_str_eq(a->card, b->card);
}

START_TEST(test_set)
{
    csk_tensors t = two_tensors();
    const csk_tensor *found = csk_tensors_find(&t, "net.weight");

    ck_assert_ptr_eq(found, &t.item[0]);
    ck_assert_int_eq(csk_tensor_size(found), 6);
    ck_assert_float_eq(found->data[5], 2.5f);
    ck_assert_ptr_null(csk_tensors_find(&t, "net"));
    tst_fails(csk_tensors_add(&t, "net.bias", 0, NULL, NULL), CSK_ERR_ARG,
              "two tensors are called 'net.bias'");
    tst_fails(csk_tensors_add(&t, "x", 9, (int64_t[9]){ 0 }, NULL), CSK_ERR_ARG,
              "tensor 'x' has rank 9, 0 to 8 was expected");
    tst_fails(csk_tensors_add(&t, "x", 1, (int64_t[]){ -1 }, NULL), CSK_ERR_ARG,
              "shape of tensor 'x' is out of range");
    tst_fails(csk_tensors_add(&t, "x", 2, (int64_t[]){ 1LL << 40, 1LL << 40 }, NULL),
              CSK_ERR_ARG, "shape of tensor 'x' is out of range");
    ck_assert_int_eq(t.count, 2);
    /* a length of 0 makes no overflow of the others */
    csk_tensor *empty;
    tst_ok(csk_tensors_add(&t, "x", 3, (int64_t[]){ 1LL << 40, 0, 1LL << 40 }, &empty));
    ck_assert_int_eq(csk_tensor_size(empty), 0);
    ck_assert_ptr_nonnull(empty->data);
    for (int k = 0; k < 100; k++) {
        char name[16];
        csk_tensor *new;
        (void)snprintf(name, sizeof(name), "%d", k);
        tst_ok(csk_tensors_add(&t, name, 0, NULL, &new));
        ck_assert_float_eq(new->data[0], 0.0f);
        new->data[0] = (float)k;
    }
    ck_assert_float_eq(csk_tensors_find(&t, "77")->data[0], 77.0f);
    tst_ok(csk_tensors_set_card(&t, "{}"));
    tst_ok(csk_tensors_set_card(&t, "{\"csk\": 1}"));
    ck_assert_str_eq(t.card, "{\"csk\": 1}");
    tst_ok(csk_tensors_set_card(&t, NULL));
    ck_assert_ptr_null(t.card);
    csk_tensors_clear(&t);
    ck_assert_int_eq(t.count, 0);
    csk_tensors_clear(&t);
}
END_TEST

START_TEST(test_round_trip)
{
    csk_tensors t = two_tensors(), found = { 0 };

    tst_ok(csk_tensors_write(&t, tst_path("a.csk")));
    tst_ok(csk_tensors_read(&found, tst_path("a.csk")));
    same(&t, &found);
    csk_tensors_clear(&found);
    tst_ok(csk_tensors_add(&t, "single", 0, NULL, NULL));
    tst_ok(csk_tensors_add(&t, "none", 2, (int64_t[]){ 3, 0 }, NULL));
    tst_ok(csk_tensors_add(&t, "\xc3\xa4\"\\\n", 1, (int64_t[]){ 1 }, NULL));
    tst_ok(csk_tensors_set_card(&t, "{\"csk\": \"prior\",\n \"about\": \"\xc3\xa4\"}"));
    tst_ok(csk_tensors_write(&t, tst_path("a.csk")));
    tst_ok(csk_tensors_read(&found, tst_path("a.csk")));
    same(&t, &found);
    ck_assert_int_eq(tst_count_files(), 1);
    csk_tensors_clear(&found);
    csk_tensors_clear(&t);
    tst_ok(csk_tensors_write(&t, tst_path("a.csk")));
    tst_ok(csk_tensors_read(&found, tst_path("a.csk")));
    ck_assert_int_eq(found.count, 0);
    csk_tensors_clear(&found);
    tst_remove_files();
}
END_TEST

/* Byte for byte, whatever the order in which tensors came. */
START_TEST(test_golden)
{
    static const char header[] =
        "\x90\0\0\0\0\0\0\0"
        "{\"__metadata__\":{\"csk\":\"{}\"},"
        "\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
        "\"b\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[8,12]}}";
    csk_tensors t = { 0 };
    csk_tensor *b, *a;

    tst_ok(csk_tensors_add(&t, "b", 0, NULL, &b));
    b->data[0] = 1.0f;
    tst_ok(csk_tensors_add(&t, "a", 2, (int64_t[]){ 2, 1 }, &a));
    a->data[0] = -1.5f;
    tst_ok(csk_tensors_set_card(&t, "{}"));
    tst_ok(csk_tensors_write(&t, tst_path("a.csk")));
    csk_tensors_clear(&t);

    size_t len;
    char *found = tst_get(tst_path("a.csk"), &len);
    ck_assert_uint_eq(len, 8 + 0x90 + 12);
    ck_assert_mem_eq(found, header, sizeof(header) - 1);
    for (size_t k = sizeof(header) - 1; k < 8 + 0x90; k++)
        ck_assert_int_eq(found[k], ' ');
    ck_assert_mem_eq(found + 8 + 0x90, "\0\0\xc0\xbf\0\0\0\0\0\0\x80\x3f", 12);
    free(found);
    tst_remove_files();
}
END_TEST

/* A file around the text of a header. */
static csk_status parse(csk_tensors *t, const char *header, const void *values,
                        size_t n)
{
    uint8_t file[1024] = { 0 };
    const size_t len = strlen(header);

    file[0] = (uint8_t)len;
    file[1] = (uint8_t)(len >> 8);
    memcpy(file + 8, header, len + 1);
    memcpy(file + 8 + len, values, n);
    return csk_safetensors_parse(t, file, 8 + len + n, "a.csk");
}

static void check_type(const char *dtype, const void *values, size_t len, float first,
                       float second)
{
    csk_tensors t = { 0 };
    char header[256];

    (void)snprintf(
        header, sizeof(header),
        "{\"__metadata__\": {\"format\": \"pt\"}, \"x\": {\"dtype\": \"%s\", "
        "\"shape\": [2], \"data_offsets\": [0, %zu]}}  ",
        dtype, len);
    tst_ok(parse(&t, header, values, len));
    ck_assert_ptr_null(t.card);
    ck_assert_float_eq(t.item[0].data[0], first);
    ck_assert_float_eq(t.item[0].data[1], second);
    csk_tensors_clear(&t);
}

START_TEST(test_types)
{
    check_type("F32", "\0\0\xc0\x3f\0\0\0\xc0", 8, 1.5f, -2.0f);
    check_type("F64", "\0\0\0\0\0\0\xf8\x3f\0\0\0\0\0\0\0\xc0", 16, 1.5f, -2.0f);
    check_type("F16", "\0\x3e\x01\0", 4, 1.5f, 0x1p-24f);
    check_type("BF16", "\xc0\x3f\0\xc0", 4, 1.5f, -2.0f);
    check_type("BF16", "\x80\x7f\x01\0", 4, INFINITY, 0x1p-133f);
    check_type("I64", "\0\0\0\0\0\0\0\x80\x01\0\0\0\0\0\0\0", 16, -0x1p63f, 1.0f);
    check_type("U64", "\0\0\0\0\0\0\0\x80\x01\0\0\0\0\0\0\0", 16, 0x1p63f, 1.0f);
    check_type("I32", "\0\0\0\x80\x01\0\0\0", 8, -0x1p31f, 1.0f);
    check_type("U32", "\0\0\0\x80\x01\0\0\0", 8, 0x1p31f, 1.0f);
    check_type("I16", "\xfe\xff\x01\0", 4, -2.0f, 1.0f);
    check_type("U16", "\xfe\xff\x01\0", 4, 65534.0f, 1.0f);
    check_type("I8", "\xff\x01", 2, -1.0f, 1.0f);
    check_type("U8", "\xff\x01", 2, 255.0f, 1.0f);
    check_type("BOOL", "\x01\0", 2, 1.0f, 0.0f);
}
END_TEST

/* In the order of the bytes, not of the header; what has no numbers goes before its place. */
START_TEST(test_order)
{
    csk_tensors t = { 0 };

    tst_ok(
        parse(&t,
              "{\"b\": {\"dtype\": \"I8\", \"shape\": [1], \"data_offsets\": [1, 2]},"
              " \"c\": {\"dtype\": \"I8\", \"shape\": [0], \"data_offsets\": [1, 1]},"
              " \"a\": {\"dtype\": \"I8\", \"shape\": [], \"data_offsets\": [0, 1]}}",
              "\1\2", 2));
    ck_assert_int_eq(t.count, 3);
    ck_assert_str_eq(t.item[0].name, "a");
    ck_assert_str_eq(t.item[1].name, "c");
    ck_assert_str_eq(t.item[2].name, "b");
    ck_assert_int_eq(t.item[0].rank, 0);
    ck_assert_float_eq(t.item[2].data[0], 2.0f);
    csk_tensors_clear(&t);
}
END_TEST

#define X(type, shape, offsets)                                                        \
    "{\"x\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

START_TEST(test_malformed)
{
    static const struct {
        csk_status status;
        const char *header, *message;
    } cases[] = {
        { CSK_ERR_FORMAT, "", "a.csk: the header of safetensors" },
        { CSK_ERR_FORMAT, "{\"x\": ", "a.csk: the header of safetensors" },
        { CSK_ERR_FORMAT, "{\"x\": {}, \"x\": {}}", "duplicate object key" },
        { CSK_ERR_FORMAT, "[]", "not an object" },
        { CSK_ERR_FORMAT, "{\"x\": 3}", "tensor 'x': \"dtype\" is not a string" },
        { CSK_ERR_UNSUPPORTED, X("F8_E4M3", "[4]", "[0,4]"), "type 'F8_E4M3'" },
        { CSK_ERR_FORMAT, X("U8", "4", "[0,4]"), "\"shape\" is not a list" },
        { CSK_ERR_FORMAT, X("U8", "[-4]", "[0,4]"),
          "\"shape\" is not a list of lengths" },
        { CSK_ERR_FORMAT, X("U8", "[4.0]", "[0,4]"), "not a list of lengths" },
        { CSK_ERR_UNSUPPORTED, X("U8", "[1,1,1,1,1,1,1,1,4]", "[0,4]"), "rank 9" },
        { CSK_ERR_FORMAT, X("U8", "[4]", "[0]"), "not a list of two integers" },
        { CSK_ERR_FORMAT, X("U8", "[4]", "[0,4.5]"), "not a list of two integers" },
        { CSK_ERR_FORMAT, X("U8", "[4]", "[0,5]"), "tensor 'x': bytes 0 to 5 of 4" },
        { CSK_ERR_FORMAT, X("U8", "[4]", "[-1,3]"), "bytes -1 to 3 of 4" },
        { CSK_ERR_FORMAT, X("U8", "[4]", "[4,0]"), "bytes 4 to 0 of 4" },
        { CSK_ERR_FORMAT, X("U8", "[5]", "[0,4]"), "not what its shape says" },
        { CSK_ERR_FORMAT, X("F32", "[]", "[0,3]"), "not what its shape says" },
        { CSK_ERR_FORMAT, X("U8", "[3]", "[1,4]"), "begins at byte 1, 0 was expected" },
        { CSK_ERR_FORMAT, X("U8", "[3]", "[0,3]"),
          "4 bytes of numbers, the header says 3" },
        /* 2^64 + 4 and 2^63 * 2 */
        { CSK_ERR_FORMAT, X("U8", "[4294967297,4294967297]", "[0,4]"), "its shape" },
        { CSK_ERR_FORMAT, X("U8", "[9223372036854775807,2]", "[0,4]"), "its shape" },
        { CSK_ERR_FORMAT,
          "{\"x\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},"
          "\"y\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]}}",
          "tensor 'y' begins at byte 2, 3 was expected" },
        { CSK_ERR_FORMAT, "{\"__metadata__\": 1}",
          "\"__metadata__\" is not an object" },
        { CSK_ERR_FORMAT, "{\"__metadata__\": {\"csk\": {}}}", "is no string" },
    };
    csk_tensors t = { 0 };

    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        tst_fails(parse(&t, cases[k].header, "1234", 4), cases[k].status,
                  cases[k].message);
        ck_assert_ptr_null(t.item);
        ck_assert_ptr_null(t.card);
    }
    tst_fails(csk_safetensors_parse(&t, "\1\0\0\0", 4, "a.csk"), CSK_ERR_FORMAT,
              "4 bytes are no safetensors");
    tst_fails(csk_safetensors_parse(&t, "\3\0\0\0\0\0\0\0{}", 10, "a.csk"),
              CSK_ERR_FORMAT, "header of 3 bytes in a file of 10");
    tst_fails(csk_safetensors_parse(&t, "\0\0\0\0\0\0\0\x80{}", 10, "a.csk"),
              CSK_ERR_FORMAT, "header of 9223372036854775808 bytes");
}
END_TEST

START_TEST(test_files)
{
    csk_tensors t = { 0 };

    tst_fails(csk_tensors_read(&t, "no-such-file"), CSK_ERR_IO, "no-such-file");
    tst_put(tst_path("a"), "%PDF-1.5 xxx", 12);
    tst_fails(csk_tensors_read(&t, tst_path("a")), CSK_ERR_FORMAT,
              "is neither safetensors nor .npz nor a PyTorch checkpoint");
    tst_put(tst_path("a"), "PK\3\4xxxx", 8);
    tst_fails(csk_tensors_read(&t, tst_path("a")), CSK_ERR_FORMAT, "zip");
    t = two_tensors();
    tst_ok(csk_tensors_add(&t, "\xff", 0, NULL, NULL));
    tst_fails(csk_tensors_write(&t, tst_path("b")), CSK_ERR_ARG, "not for safetensors");
    csk_tensors_clear(&t);
    tst_ok(csk_tensors_add(&t, "__metadata__", 0, NULL, NULL));
    tst_fails(csk_tensors_write(&t, tst_path("b")), CSK_ERR_ARG, "not for safetensors");
    csk_tensors_clear(&t);
    tst_fails(csk_tensors_write(&t, "no-such-dir/a.csk"), CSK_ERR_IO, "no-such-dir");
    ck_assert_int_eq(tst_count_files(), 1);
    tst_remove_files();
}
END_TEST

static csk_status write_and_read(void)
{
    csk_tensors t = { 0 }, found = { 0 };
    csk_status err = csk_tensors_add(&t, "b", 1, (int64_t[]){ 3 }, NULL);

    if (!err)
        err = csk_tensors_add(&t, "a", 0, NULL, NULL);
    if (!err)
        err = csk_tensors_set_card(&t, "{}");
    if (!err)
        err = csk_tensors_write(&t, tst_path("a.csk"));
    if (!err)
        err = csk_tensors_read(&found, tst_path("a.csk"));
    ck_assert_int_eq(found.count, err ? 0 : 2);
    csk_tensors_clear(&t);
    csk_tensors_clear(&found);
    return err;
}

START_TEST(test_memory)
{
    tst_out_of_memory(write_and_read);
    tst_remove_files();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tensors");
    TCase *t = tcase_create("tensors");

    tcase_add_test(t, test_set);
    tcase_add_test(t, test_round_trip);
    tcase_add_test(t, test_golden);
    tcase_add_test(t, test_types);
    tcase_add_test(t, test_order);
    tcase_add_test(t, test_malformed);
    tcase_add_test(t, test_files);
    tcase_add_test(t, test_memory);
    suite_add_tcase(s, t);
    return tst_main(s);
}
