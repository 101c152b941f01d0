/* SPDX-License-Identifier: BSD-3-Clause */
/* Zip archives in memory, through libzip, which allocates for itself. Never installed. */
#ifndef CSK_CS_ZIP_PRIV_H
#define CSK_CS_ZIP_PRIV_H

#include "cs/status.h"

#include <stddef.h>
#include <stdint.h>
#include <zip.h>

enum { CSK_ZIP_RATIO = 1100 }; /* bytes that come of one; deflate reaches 1032 */

typedef struct csk_zip {
    zip_t *archive;
    const char *what; /* the name in messages */
    int64_t count;    /* entries */
    int64_t size;     /* bytes of all of them, unpacked */
} csk_zip;

/*
 * Open the archive and check all that its directory says: names differ, entries are stored or
 * deflated and not encrypted, their packed bytes fit into the file, unpacked they are at most
 * what deflate makes of these and 4 GiB in total. `bytes` stay as they are until csk_zip_close().
 */
csk_status csk_zip_open(csk_zip *z, const void *bytes, size_t len,
                        const char *what) CSK_MUST_CHECK;

const char *csk_zip_name(const csk_zip *z, int64_t k);
int64_t csk_zip_size(const csk_zip *z, int64_t k); /* unpacked */

/* The entry of this name; -1 if there is none. */
int64_t csk_zip_find(const csk_zip *z, const char *name);

/* An entry unpacked, its checksum verified, with a NUL behind its end; csk_free() it. */
csk_status csk_zip_load(uint8_t **out, size_t *len, const csk_zip *z,
                        int64_t k) CSK_MUST_CHECK;

void csk_zip_close(csk_zip *z);

#endif
