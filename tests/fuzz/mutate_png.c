/* SPDX-License-Identifier: BSD-3-Clause */
/* Changed bytes with checksums that fit: else libpng looks no further than at those. */
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

static uint32_t load(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    enum { SIGNATURE = 8, HEAD = 8, CHECKSUM = 4, ONE_IN = 16 };

    size = LLVMFuzzerMutate(data, size, most);
    if (seed % ONE_IN == 0) /* those that do not fit are to be refused as well */
        return size;
    for (size_t at = SIGNATURE; at + HEAD + CHECKSUM <= size;) {
        const size_t len = load(data + at);
        if (len > size - at - HEAD - CHECKSUM)
            break;
        const uint32_t sum = (uint32_t)crc32(0, data + at + 4, (uInt)len + 4);
        at += HEAD + len;
        for (int k = 0; k < CHECKSUM; k++)
            data[at++] = (uint8_t)(sum >> (24 - 8 * k));
    }
    return size;
}
