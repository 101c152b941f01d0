/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/tst_zip.h"
#include "tests/support/tst.h"

#include <stdbool.h>
#include <string.h>
#include <zlib.h>

enum { DEFLATED = 8 };

static void put(uint8_t *out, size_t *at, size_t size, uint64_t value)
{
    for (size_t k = 0; k < size; k++)
        out[(*at)++] = (uint8_t)(value >> 8 * k);
}

static void put_bytes(uint8_t *out, size_t *at, const void *bytes, size_t len)
{
    memcpy(out + *at, bytes, len);
    *at += len;
}

/* What local header and directory have in common. */
static void put_entry(uint8_t *out, size_t *at, const tst_zip_lie *claim, size_t name)
{
    put(out, at, 2, 20); /* version needed */
    put(out, at, 2, 0);
    put(out, at, 2, (uint64_t)claim->method);
    put(out, at, 4, 0x00210000); /* 1980-01-01 */
    put(out, at, 4, claim->checksum);
    put(out, at, 4, claim->packed);
    put(out, at, 4, claim->size);
    put(out, at, 2, name);
    put(out, at, 2, 0);
}

static size_t squeeze(uint8_t *out, size_t room, const void *bytes, size_t len)
{
    enum { RAW = -15, MEMORY = 8 };
    z_stream s = { .next_in = (z_const Bytef *)bytes,
                   .avail_in = (uInt)len,
                   .next_out = out,
                   .avail_out = (uInt)room };

    ck_assert_int_eq(deflateInit2(&s, Z_BEST_COMPRESSION, Z_DEFLATED, RAW, MEMORY,
                                  Z_DEFAULT_STRATEGY),
                     Z_OK);
    ck_assert_int_eq(deflate(&s, Z_FINISH), Z_STREAM_END);
    ck_assert_int_eq(deflateEnd(&s), Z_OK);
    return room - s.avail_out;
}

void tst_zip_add_lie(tst_zip *z, const char *name, const void *bytes, size_t len,
                     const tst_zip_lie *lie)
{
    static uint8_t packed[1 << 15];
    const size_t name_len = strlen(name), at = z->len;
    const bool deflated = lie->method == DEFLATED;
    const size_t stored = deflated ? squeeze(packed, sizeof(packed), bytes, len) : len;
    const tst_zip_lie claim = {
        .size = lie->size ? lie->size : (uint32_t)len,
        .packed = lie->packed ? lie->packed : (uint32_t)stored,
        .checksum =
            lie->checksum ? lie->checksum : (uint32_t)crc32(0, bytes, (uInt)len),
        .method = lie->method,
    };

    ck_assert_uint_le(at + 64 + name_len + stored, sizeof(z->bytes));
    put_bytes(z->bytes, &z->len, "PK\3\4", 4);
    put_entry(z->bytes, &z->len, &claim, name_len);
    put_bytes(z->bytes, &z->len, name, name_len);
    put_bytes(z->bytes, &z->len, deflated ? packed : bytes, stored);

    ck_assert_uint_le(z->directory_len + 64 + name_len, sizeof(z->directory));
    put_bytes(z->directory, &z->directory_len, "PK\1\2\x14\0", 6);
    put_entry(z->directory, &z->directory_len, &claim, name_len);
    put(z->directory, &z->directory_len, 8, 0); /* comment, disk, attributes */
    put(z->directory, &z->directory_len, 2, 0);
    put(z->directory, &z->directory_len, 4, at);
    put_bytes(z->directory, &z->directory_len, name, name_len);
    z->count++;
}

void tst_zip_add(tst_zip *z, const char *name, const void *bytes, size_t len)
{
    tst_zip_add_lie(z, name, bytes, len, &(tst_zip_lie){ 0 });
}

void tst_zip_close(tst_zip *z)
{
    const size_t at = z->len;

    ck_assert_uint_le(at + z->directory_len + 22, sizeof(z->bytes));
    put_bytes(z->bytes, &z->len, z->directory, z->directory_len);
    put_bytes(z->bytes, &z->len, "PK\5\6\0\0\0\0", 8);
    put(z->bytes, &z->len, 2, (uint64_t)z->count);
    put(z->bytes, &z->len, 2, (uint64_t)z->count);
    put(z->bytes, &z->len, 4, z->directory_len);
    put(z->bytes, &z->len, 4, at);
    put(z->bytes, &z->len, 2, 0);
}
