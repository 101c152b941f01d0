/* SPDX-License-Identifier: BSD-3-Clause */
/* Changed entries with checksums that fit: else libzip looks no further than at those. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

static size_t load(const uint8_t *p, int bytes)
{
    size_t v = 0;

    for (int k = bytes - 1; k >= 0; k--)
        v = v << 8 | p[k];
    return v;
}

static void store(uint8_t *p, uint32_t v)
{
    for (int k = 0; k < 4; k++)
        p[k] = (uint8_t)(v >> 8 * k);
}

/* The directory's entry at p; its stored bytes begin behind the local header. */
static void mend(uint8_t *data, size_t size, uint8_t *p)
{
    enum { LOCAL = 30 };
    const bool stored = load(p + 10, 2) == 0;
    const size_t len = load(p + 20, 4), at = load(p + 42, 4);

    if (!stored || at > size || size - at < LOCAL)
        return;
    const size_t from = at + LOCAL + load(data + at + 26, 2) + load(data + at + 28, 2);
    if (from > size || len > size - from)
        return;
    const uint32_t sum = (uint32_t)crc32(0, data + from, (uInt)len);
    store(data + at + 14, sum);
    store(p + 16, sum);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    enum { ENTRY = 46, ONE_IN = 16 };

    size = LLVMFuzzerMutate(data, size, most);
    if (seed % ONE_IN == 0) /* those that do not fit are to be refused as well */
        return size;
    for (size_t k = 0; k + ENTRY <= size; k++) {
        if (memcmp(data + k, "PK\1\2", 4) == 0)
            mend(data, size, data + k);
    }
    return size;
}
