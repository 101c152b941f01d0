/* SPDX-License-Identifier: BSD-3-Clause */
/** @file tests/support/tst_zip.h  Zip archives by hand, which may claim what is not so. */
#ifndef CSK_TESTS_SUPPORT_TST_ZIP_H
#define CSK_TESTS_SUPPORT_TST_ZIP_H

#include <stddef.h>
#include <stdint.h>

typedef struct tst_zip {
    uint8_t bytes[1 << 16];
    size_t len;
    uint8_t directory[1 << 14];
    size_t directory_len;
    int count;
} tst_zip;

/** What an entry claims; of zeros: what is so. */
typedef struct tst_zip_lie {
    uint32_t size, packed, checksum;
    int method; /**< 8: really deflated; other: only said so */
} tst_zip_lie;

void tst_zip_add(tst_zip *z, const char *name, const void *bytes, size_t len);
void tst_zip_add_lie(tst_zip *z, const char *name, const void *bytes, size_t len,
                     const tst_zip_lie *lie);

/** Append the directory: then z->bytes, z->len is a file. */
void tst_zip_close(tst_zip *z);

#endif
