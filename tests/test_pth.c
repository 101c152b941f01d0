/* SPDX-License-Identifier: BSD-3-Clause */
/* Pickles are built here opcode by opcode: no Python is asked, none would be believed. */
#include "cs/mem.h"
#include "cs/tensors.h"
#include "tests/support/tst_file.h"
#include "tests/support/tst_zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 1 << 14 };

typedef struct pickle {
    uint8_t bytes[ROOM];
    size_t len;
} pickle;

/* -- building ----------------------------------------------------------------------- */

static void put(pickle *p, const void *bytes, size_t len)
{
    ck_assert_uint_le(p->len + len, ROOM);
    memcpy(p->bytes + p->len, bytes, len);
    p->len += len;
}

static void ops(pickle *p, const char *text)
{
    put(p, text, strlen(text));
}

static void text(pickle *p, const char *s)
{
    const uint8_t head[5] = { 'X', (uint8_t)strlen(s) };

    put(p, head, sizeof(head));
    ops(p, s);
}

static void number(pickle *p, int64_t v)
{
    uint8_t op[10] = { 0x8a, 8 };

    for (int k = 0; k < 8; k++)
        op[2 + k] = (uint8_t)((uint64_t)v >> 8 * k);
    put(p, op, sizeof(op));
}

static void numbers(pickle *p, int count, const int64_t *v)
{
    ops(p, "(");
    for (int k = 0; k < count; k++)
        number(p, v[k]);
    ops(p, "t");
}

typedef struct tensor {
    const char *type, *key;
    int64_t count, offset;
    int rank;
    int64_t dim[9], stride[9];
} tensor;

static void put_tensor(pickle *p, const tensor *t)
{
    ops(p, "ctorch._utils\n_rebuild_tensor_v2\n((");
    text(p, "storage");
    ops(p, "ctorch\n");
    ops(p, t->type);
    ops(p, "\n");
    text(p, t->key);
    text(p, "cpu");
    number(p, t->count);
    ops(p, "tQ");
    number(p, t->offset);
    numbers(p, t->rank, t->dim);
    numbers(p, t->rank, t->stride);
    ops(p, "\x89"
           "ccollections\nOrderedDict\n)RtR");
}

static csk_status parse(csk_tensors *t, const pickle *p, const void *storage,
                        size_t len)
{
    static tst_zip z;

    z = (tst_zip){ .len = 0 };
    tst_zip_add(&z, "net/data.pkl", p->bytes, p->len);
    tst_zip_add(&z, "net/byteorder", "little", 6);
    tst_zip_add(&z, "net/data/0", storage, len);
    tst_zip_add(&z, "net/version", "3\n", 2);
    tst_zip_close(&z);
    return csk_pth_parse(t, z.bytes, z.len, "a.pth");
}

/* {"w": the tensor} */
static csk_status parse_one(csk_tensors *t, const tensor *x, const void *storage,
                            size_t len)
{
    pickle p = { .len = 0 };

    ops(&p, "\x80\x02}");
    text(&p, "w");
    put_tensor(&p, x);
    ops(&p, "s.");
    return parse(t, &p, storage, len);
}

/* -- what is read ------------------------------------------------------------------- */

static void check_type(const char *type, const void *bytes, size_t len, float first,
                       float second)
{
    const tensor x = { type, "0", 2, 0, 1, { 2 }, { 1 } };
    csk_tensors t = { 0 };

    tst_ok(parse_one(&t, &x, bytes, len));
    ck_assert_int_eq(t.count, 1);
    ck_assert_str_eq(t.item[0].name, "w");
    ck_assert_float_eq(t.item[0].data[0], first);
    ck_assert_float_eq(t.item[0].data[1], second);
    csk_tensors_clear(&t);
}

START_TEST(test_types)
{
    check_type("FloatStorage", "\0\0\xc0\x3f\0\0\0\xc0", 8, 1.5f, -2.0f);
    check_type("DoubleStorage", "\0\0\0\0\0\0\xf8\x3f\0\0\0\0\0\0\0\xc0", 16, 1.5f,
               -2.0f);
    check_type("HalfStorage", "\0\x3e\x01\0", 4, 1.5f, 0x1p-24f);
    check_type("BFloat16Storage", "\xc0\x3f\0\xc0", 4, 1.5f, -2.0f);
    check_type("LongStorage", "\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0\0\0\0\0\0", 16,
               -1.0f, 1.0f);
    check_type("IntStorage", "\xfe\xff\xff\xff\x01\0\0\0", 8, -2.0f, 1.0f);
    check_type("ShortStorage", "\xfe\xff\x01\0", 4, -2.0f, 1.0f);
    check_type("CharStorage", "\xff\x01", 2, -1.0f, 1.0f);
    check_type("ByteStorage", "\xff\x01", 2, 255.0f, 1.0f);
    check_type("BoolStorage", "\x01\0", 2, 1.0f, 0.0f);
}
END_TEST

/* Tensor (i, j, k) of strides s over the bytes 0, 1, 2, ... */
START_TEST(test_views)
{
    static const tensor cases[] = {
        { "ByteStorage", "0", 24, 0, 3, { 2, 3, 4 }, { 12, 4, 1 } },
        { "ByteStorage", "0", 24, 0, 3, { 4, 2, 3 }, { 1, 12, 4 } },
        { "ByteStorage", "0", 24, 6, 3, { 2, 2, 2 }, { 12, 4, 1 } },
        { "ByteStorage", "0", 24, 1, 3, { 1, 3, 4 }, { INT64_MAX, 8, 2 } },
        { "ByteStorage", "0", 24, 23, 3, { 1, 1, 1 }, { 0, 0, 0 } },
        { "ByteStorage", "0", 24, 3, 3, { 2, 1, 5 }, { 0, 0, 4 } }, /* expanded */
        { "ByteStorage", "0", 24, 24, 3, { 2, 0, 5 }, { 9, 9, 9 } },
    };
    uint8_t bytes[24];

    for (int k = 0; k < 24; k++)
        bytes[k] = (uint8_t)k;
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        const tensor *x = &cases[c];
        csk_tensors t = { 0 };
        tst_ok(parse_one(&t, x, bytes, sizeof(bytes)));
        int64_t n = 0;
        for (int64_t i = 0; i < x->dim[0]; i++) {
            for (int64_t j = 0; j < x->dim[1]; j++) {
                for (int64_t k = 0; k < x->dim[2]; k++) {
                    const int64_t at = x->offset + i * x->stride[0] + j * x->stride[1] +
                                       k * x->stride[2];
                    ck_assert_float_eq(t.item[0].data[n], (float)at);
                    n++;
                }
            }
        }
        csk_tensors_clear(&t);
    }
}
END_TEST

/* Dictionaries and lists in each other, a parameter, a shape, what is no tensor, attributes,
 * a tensor by memo under a second name. */
START_TEST(test_names)
{
    static const tensor one = { "ByteStorage", "0", 2, 0, 0, { 0 }, { 0 } };
    static const tensor two = { "ByteStorage", "0", 2, 1, 1, { 1 }, { 1 } };
    static const char *const want[] = { "state_dict.w", "state_dict.w2", "ema.0",
                                        "ema.1.b", "-3.x" };
    pickle p = { .len = 0 };
    csk_tensors t = { 0 };

    ops(&p, "\x80\x02}q\x01(");
    text(&p, "state_dict");
    ops(&p, "ccollections\nOrderedDict\n)R(");
    text(&p, "w");
    put_tensor(&p, &one);
    put(&p, "q\x05", 2);
    text(&p, "w2");
    put(&p, "h\x05u}", 4);
    text(&p, "_metadata");
    ops(&p, "}sb");
    text(&p, "ema");
    ops(&p, "](ctorch._utils\n_rebuild_parameter\n(");
    put_tensor(&p, &two);
    ops(&p, "\x88}tR}");
    text(&p, "b");
    put_tensor(&p, &two);
    ops(&p, "se");
    number(&p, -3);
    ops(&p, "}");
    text(&p, "x");
    put_tensor(&p, &two);
    ops(&p, "s");
    text(&p, "shape");
    ops(&p, "ctorch\nSize\n(K\x01K\x02t\x85R");
    text(&p, "lr");
    put(&p, "G\x3f\xf0\0\0\0\0\0\0", 9);
    text(&p, "none");
    ops(&p, "Nu.");
    tst_ok(parse(&t, &p, "\x07\x08", 2));
    ck_assert_int_eq(t.count, 5);
    for (int k = 0; k < 5; k++) {
        ck_assert_str_eq(t.item[k].name, want[k]);
        ck_assert_float_eq(t.item[k].data[0], k < 2 ? 7.0f : 8.0f);
    }
    csk_tensors_clear(&t);

    p.len = 0; /* the root itself, protocol 4 */
    put(&p, "\x80\x04\x95\0\0\0\0\0\0\0\0", 11);
    put_tensor(&p, &two);
    ops(&p, "\x94.");
    tst_ok(parse(&t, &p, "\x07\x08", 2));
    ck_assert_str_eq(t.item[0].name, "tensor");
    csk_tensors_clear(&t);
}
END_TEST

/* -- what is not -------------------------------------------------------------------- */

/* A program to run is refused by its name, and a pickle that is none by its place. */
START_TEST(test_refused)
{
    static const struct {
        csk_status status;
        const char *bytes, *message;
        size_t len;
    } cases[] = {
#define CASE(status, bytes, message) { status, bytes, message, sizeof(bytes) - 1 }
        CASE(CSK_ERR_UNSUPPORTED,
             "\x80\x02"
             "cos\nsystem\nX\x05\0\0\0touch\x85R.",
             "a.pth: asks for os.system, which csk does not run"),
        CASE(CSK_ERR_UNSUPPORTED,
             "\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x05touch\x85R.",
             "asks for posix.system, which csk does not run"),
        CASE(CSK_ERR_UNSUPPORTED,
             "\x80\x02"
             "c__builtin__\neval\n.",
             "asks for __builtin__.eval"),
        CASE(CSK_ERR_UNSUPPORTED,
             "\x80\x02"
             "ctorch\nFloatStorage2\n.",
             "asks for torch.FloatStorage2"),
        CASE(CSK_ERR_UNSUPPORTED,
             "\x80\x02"
             "ctorch\nload\n.",
             "asks for torch.load"),
        CASE(CSK_ERR_UNSUPPORTED,
             "\x80\x02"
             "ios\nsystem\n.",
             "opcode 0x69 at byte 2"),
        CASE(CSK_ERR_UNSUPPORTED, "\x80\x02}}}\x81.", "opcode 0x81 at byte 5"),
        CASE(CSK_ERR_FORMAT, "", "truncated"),
        CASE(CSK_ERR_FORMAT, "\x80\x02", "pickle, before byte 2: truncated"),
        CASE(CSK_ERR_FORMAT, "\x80\x02.", "the stack is empty"),
        CASE(CSK_ERR_FORMAT,
             "\x80\x02"
             "cos\nsystem",
             "truncated"),
        CASE(CSK_ERR_FORMAT,
             "\x80\x02"
             "c",
             "truncated"),
        CASE(CSK_ERR_FORMAT,
             "\x80\x02X\xff\xff\xff\xff"
             "a.",
             "truncated"),
        CASE(CSK_ERR_FORMAT, "\x80\x02\x8a\xff\x01", "truncated"),
        CASE(CSK_ERR_FORMAT, "\x80\x02h\x01.", "an object that is not there"),
        CASE(CSK_ERR_FORMAT, "\x80\x02Nr\xff\xff\xff\x7f.", "a number out of range"),
        CASE(CSK_ERR_FORMAT, "\x80\x02q\x01.", "the stack is empty"),
        CASE(CSK_ERR_FORMAT, "\x80\x02t.", "no mark"),
        CASE(CSK_ERR_FORMAT, "\x80\x02N(\x85.", "the stack is empty"),
        CASE(CSK_ERR_FORMAT, "\x80\x02}(Nu.", "a key without value"),
        CASE(CSK_ERR_FORMAT, "\x80\x02](NNu.", "a dictionary was expected"),
        CASE(CSK_ERR_FORMAT, "\x80\x02}(Ne.", "a list was expected"),
        CASE(CSK_ERR_FORMAT, "\x80\x02(Na.", "the stack is empty"),
        CASE(CSK_ERR_FORMAT, "\x80\x02K\x01)R.", "calls what is no function"),
        CASE(CSK_ERR_FORMAT,
             "\x80\x02"
             "ctorch\nFloatStorage\n)R.",
             "is no function"),
        CASE(CSK_ERR_FORMAT,
             "\x80\x02"
             "ccollections\nOrderedDict\nN\x85R.",
             "arguments that are not expected"),
        CASE(CSK_ERR_FORMAT,
             "\x80\x02"
             "ctorch\nSize\n)R.",
             "arguments that are not"),
        CASE(CSK_ERR_FORMAT, "\x80\x02NNb.", "sets attributes"),
        CASE(CSK_ERR_FORMAT, "\x80\x02NN\x93.", "a name was expected"),
        CASE(CSK_ERR_FORMAT,
             "\x80\x02"
             "ctorch._utils\n_rebuild_tensor_v2\n)R.",
             "an offset into a storage expected"),
        CASE(CSK_ERR_FORMAT,
             "\x80\x02"
             "ctorch._utils\n_rebuild_tensor_v2\n(NK\0tR.",
             "a storage expected"),
        CASE(CSK_ERR_FORMAT,
             "\x80\x02"
             "ctorch._utils\n_rebuild_tensor_v2\n(NQK\0tR.",
             "a storage with class, key and length expected"),
        CASE(CSK_ERR_FORMAT, "\x80\x02]q\0h\0a.", "32 levels"), /* holds itself */
#undef CASE
    };
    csk_tensors t = { 0 };

    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        pickle p = { .len = 0 };
        put(&p, cases[k].bytes, cases[k].len);
        tst_fails(parse(&t, &p, "", 0), cases[k].status, cases[k].message);
        ck_assert_ptr_null(t.item);
    }
}
END_TEST

/* Shapes, strides and offsets that the storage does not hold. */
START_TEST(test_lies)
{
    static const struct {
        tensor x;
        const char *message;
    } cases[] = {
        { { "ByteStorage", "0", 9, 0, 1, { 9 }, { 1 } }, "storage '0' has 8 bytes, 9" },
        { { "FloatStorage", "0", 3, 0, 1, { 3 }, { 1 } },
          "storage '0' has 8 bytes, 3" },
        { { "ByteStorage", "1", 8, 0, 1, { 8 }, { 1 } }, "storage '1' is not in" },
        { { "ByteStorage", "0", 8, 0, 1, { 9 }, { 1 } }, "a shape that its storage" },
        { { "ByteStorage", "0", 8, 1, 1, { 8 }, { 1 } }, "a shape that its storage" },
        { { "ByteStorage", "0", 8, 8, 1, { 1 }, { 1 } }, "a shape that its storage" },
        { { "ByteStorage", "0", 8, -1, 1, { 1 }, { 1 } }, "a shape that its storage" },
        { { "ByteStorage", "0", 8, 0, 1, { 3 }, { 4 } }, "a shape that its storage" },
        { { "ByteStorage", "0", 8, 0, 2, { 2, 2 }, { INT64_MAX, 1 } }, "a shape that" },
        { { "ByteStorage", "0", 8, 0, 2, { 1LL << 62, 4 }, { 0, 0 } }, "a shape that" },
        { { "ByteStorage", "0", 8, 0, 1, { 1LL << 40 }, { 0 } }, "than the file can" },
        { { "ByteStorage", "0", 1LL << 40, 0, 1, { 1LL << 40 }, { 1 } },
          "tensor 'w': more numbers than the file can hold" },
        { { "ByteStorage", "0", 8, 0, 1, { -1 }, { 1 } }, "that are not negative" },
        { { "ByteStorage", "0", 8, 0, 1, { 2 }, { -1 } }, "that are not negative" },
        { { "ByteStorage", "0", -8, 0, 1, { 2 }, { 1 } }, "class, key and length" },
        { { "ByteStorage", "0", 8, 0, 9, { 1 }, { 1 } }, "a shape of at most 8" },
    };
    csk_tensors t = { 0 };

    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        tst_fails(parse_one(&t, &cases[k].x, "12345678", 8), CSK_ERR_FORMAT,
                  cases[k].message);
        ck_assert_ptr_null(t.item);
    }
}
END_TEST

static void put_pair(pickle *p, const char *name, const char *type, int64_t count)
{
    const tensor x = { type, "0", count, 0, 1, { 1 }, { 1 } };

    text(p, name);
    put_tensor(p, &x);
}

START_TEST(test_names_refused)
{
    char name[256];
    pickle p = { .len = 0 };
    csk_tensors t = { 0 };

    ops(&p, "\x80\x02}("); /* one storage, two types */
    put_pair(&p, "a", "ByteStorage", 8);
    put_pair(&p, "b", "CharStorage", 8);
    ops(&p, "u.");
    tst_fails(parse(&t, &p, "12345678", 8), CSK_ERR_FORMAT,
              "tensor 'b': the type and the length that its storage has elsewhere");
    p.len = 0;
    ops(&p, "\x80\x02}(");
    put_pair(&p, "a.b", "ByteStorage", 8);
    text(&p, "a");
    ops(&p, "}");
    put_pair(&p, "b", "ByteStorage", 8);
    ops(&p, "su.");
    tst_fails(parse(&t, &p, "12345678", 8), CSK_ERR_FORMAT,
              "two tensors are called 'a.b'");
    p.len = 0;
    ops(&p, "\x80\x02}X");
    put(&p, "\3\0\0\0a\0b", 7);
    ops(&p, "Ns.");
    tst_fails(parse(&t, &p, "", 0), CSK_ERR_FORMAT, "or holds a NUL");
    memset(name, 'n', 200);
    name[200] = '\0';
    p.len = 0;
    ops(&p, "\x80\x02");
    for (int k = 0; k < 6; k++) {
        ops(&p, "}");
        text(&p, name);
    }
    ops(&p, "Nssssss.");
    tst_fails(parse(&t, &p, "", 0), CSK_ERR_FORMAT, "is longer than 1022 bytes");
}
END_TEST

/* 2^29 ways through 30 lists, each of which holds the one before twice. */
START_TEST(test_bomb)
{
    pickle p = { .len = 0 };
    csk_tensors t = { 0 };

    ops(&p, "\x80\x02]q\x01");
    for (int k = 1; k < 30; k++) {
        const uint8_t again[] = { ']',        '(', 'h', (uint8_t)k,      'h',
                                  (uint8_t)k, 'e', 'q', (uint8_t)(k + 1) };
        put(&p, again, sizeof(again));
    }
    ops(&p, ".");
    tst_fails(parse(&t, &p, "", 0), CSK_ERR_FORMAT, "more than 1048576 objects");
}
END_TEST

START_TEST(test_archives)
{
    static tst_zip z;
    csk_tensors t = { 0 };

    z = (tst_zip){ .len = 0 };
    tst_zip_add(&z, "data.pkl", "N.", 2);
    tst_zip_close(&z);
    tst_fails(csk_pth_parse(&t, z.bytes, z.len, "a.pth"), CSK_ERR_FORMAT,
              "no PyTorch checkpoint: NAME/data.pkl is not there");
    z = (tst_zip){ .len = 0 };
    tst_zip_add_lie(&z, "x/data.pkl", "N.", 2, &(tst_zip_lie){ .checksum = 1 });
    tst_zip_close(&z);
    tst_fails(csk_pth_parse(&t, z.bytes, z.len, "a.pth"), CSK_ERR_FORMAT,
              "entry 'x/data.pkl'");
    tst_fails(csk_pth_parse(&t, "PK\3\4", 4, "a.pth"), CSK_ERR_FORMAT, "zip: ");
    z = (tst_zip){ .len = 0 };
    pickle p = { .len = 0 };
    const tensor x = { "ShortStorage", "key", 2, 0, 1, { 2 }, { 1 } };
    put_tensor(&p, &x);
    ops(&p, ".");
    tst_zip_add(&z, "x/data.pkl", p.bytes, p.len);
    tst_zip_add(&z, "x/byteorder", "big", 3);
    tst_zip_add(&z, "x/data/key", "\xff\xfe\0\1", 4);
    tst_zip_close(&z);
    tst_ok(csk_pth_parse(&t, z.bytes, z.len, "a.pth"));
    ck_assert_float_eq(t.item[0].data[0], -2.0f);
    ck_assert_float_eq(t.item[0].data[1], 1.0f);
    csk_tensors_clear(&t);
}
END_TEST

/* -- before PyTorch 1.6 ------------------------------------------------------------- */

static const char magic[] = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/* One tensor of two bytes; `version`, `count` and `keys` are as a file says them. */
static pickle stream(int version, int64_t count, int keys)
{
    const tensor x = { "ByteStorage", "94", 2, 0, 1, { 2 }, { 1 } };
    pickle p = { .len = 0 };

    put(&p, magic, sizeof(magic) - 1);
    ops(&p, "\x80\x02");
    number(&p, version);
    ops(&p, ".\x80\x02}");
    text(&p, "little_endian");
    ops(&p, "\x88s.\x80\x02}");
    text(&p, "w");
    put_tensor(&p, &x);
    ops(&p, "s.\x80\x02](");
    for (int k = 0; k < keys; k++)
        text(&p, "94");
    ops(&p, "e.");
    for (int k = 0; k < keys; k++) {
        for (int i = 0; i < 8; i++)
            p.bytes[p.len++] = (uint8_t)(count >> 8 * i);
        put(&p, "\3\5", 2);
    }
    return p;
}

START_TEST(test_stream)
{
    csk_tensors t = { 0 };
    pickle p = stream(1001, 2, 1);

    tst_ok(csk_pth_parse(&t, p.bytes, p.len, "a.pth"));
    ck_assert_int_eq(t.count, 1);
    ck_assert_float_eq(t.item[0].data[0], 3.0f);
    ck_assert_float_eq(t.item[0].data[1], 5.0f);
    csk_tensors_clear(&t);
    for (size_t len = sizeof(magic) - 1; len < p.len; len++)
        tst_fails(csk_pth_parse(&t, p.bytes, len, "a.pth"), CSK_ERR_FORMAT, "a.pth: ");
    p = stream(1000, 2, 1);
    tst_fails(csk_pth_parse(&t, p.bytes, p.len, "a.pth"), CSK_ERR_UNSUPPORTED,
              "not version 1001");
    p = stream(1001, 3, 1);
    tst_fails(csk_pth_parse(&t, p.bytes, p.len, "a.pth"), CSK_ERR_FORMAT,
              "storage '94' has 2 bytes, 2 numbers of 1 bytes were expected");
    p = stream(1001, 2, 2);
    tst_fails(csk_pth_parse(&t, p.bytes, p.len, "a.pth"), CSK_ERR_FORMAT,
              "numbers of a storage that no tensor has");
    p = stream(1001, 2, 0);
    tst_fails(csk_pth_parse(&t, p.bytes, p.len, "a.pth"), CSK_ERR_FORMAT,
              "storage '94' has 0 bytes");
}
END_TEST

/* -- whole files -------------------------------------------------------------------- */

static void same(const csk_tensors *a, const csk_tensors *b)
{
    ck_assert_int_eq(a->count, b->count);
    for (int k = 0; k < a->count; k++) {
        const csk_tensor *x = &a->item[k], *y = csk_tensors_find(b, x->name);
        ck_assert_msg(y != NULL, "%s is not there", x->name);
        ck_assert_int_eq(x->rank, y->rank);
        for (int i = 0; i < x->rank; i++)
            ck_assert_int_eq(x->dim[i], y->dim[i]);
        ck_assert_mem_eq(x->data, y->data, (size_t)csk_tensor_size(x) * sizeof(float));
    }
}

/* The same networks, as PyTorch and as NumPy wrote them: a stream and an archive. */
START_TEST(test_real_files)
{
    static const struct {
        const char *name, *tensor;
        int count;
    } cases[] = {
        { "dncnn_25", "model.0.weight", 34 },
        { "ddpm_mnist_starter", "gt.frequencies", 29 },
    };

    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        char pth[512], npz[512];
        csk_tensors a = { 0 }, b = { 0 };
        (void)snprintf(pth, sizeof(pth), TST_DATA "/weights/%s.pth", cases[k].name);
        (void)snprintf(npz, sizeof(npz), TST_DATA "/weights/%s.npz", cases[k].name);
        if (access(pth, R_OK) || access(npz, R_OK)) {
            (void)printf("skipped: %s is not there\n", pth);
            continue;
        }
        tst_ok(csk_tensors_read(&a, pth));
        tst_ok(csk_tensors_read(&b, npz));
        ck_assert_int_eq(a.count, cases[k].count);
        ck_assert_ptr_nonnull(csk_tensors_find(&a, cases[k].tensor));
        same(&a, &b);
        csk_tensors_clear(&b);
        tst_ok(csk_tensors_write(&a, tst_path("a.csk")));
        tst_ok(csk_tensors_read(&b, tst_path("a.csk")));
        same(&a, &b);
        csk_tensors_clear(&a);
        csk_tensors_clear(&b);
        tst_remove_files();
    }
}
END_TEST

static csk_status body(void)
{
    static const tensor x = { "ByteStorage", "0", 2, 0, 1, { 2 }, { 1 } };
    csk_tensors t = { 0 };
    csk_status err = parse_one(&t, &x, "\1\2", 2);

    csk_tensors_clear(&t);
    if (err)
        return err;
    const pickle p = stream(1001, 2, 1);
    err = csk_pth_parse(&t, p.bytes, p.len, "a.pth");
    ck_assert_int_eq(t.count, err ? 0 : 1);
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
    Suite *s = suite_create("pth");
    TCase *t = tcase_create("pth");

    tcase_add_test(t, test_types);
    tcase_add_test(t, test_views);
    tcase_add_test(t, test_names);
    tcase_add_test(t, test_refused);
    tcase_add_test(t, test_lies);
    tcase_add_test(t, test_names_refused);
    tcase_add_test(t, test_bomb);
    tcase_add_test(t, test_archives);
    tcase_add_test(t, test_stream);
    tcase_add_test(t, test_real_files);
    tcase_add_test(t, test_memory);
    suite_add_tcase(s, t);
    return tst_main(s);
}
