/* SPDX-License-Identifier: BSD-3-Clause */
/* gzip in memory, through zlib with memory from csk_alloc(). Never installed. */
#ifndef CSK_CS_GZIP_PRIV_H
#define CSK_CS_GZIP_PRIV_H

#include "cs/file_priv.h"

#include <stdint.h>
#include <zlib.h>

enum { CSK_GZIP_RATIO = 1100 }; /* bytes that come of one; deflate reaches 1032 */

/*
 * A file of one or more members, which are one stream, as to gzip(1). What follows the last
 * member and does not begin like another is ignored, as zlib's gzread() does: archives pad
 * with zeros.
 */
typedef struct csk_gunzip {
    z_stream z;
    const uint8_t *end;
    const char *what; /* the name in messages */
} csk_gunzip;

csk_status csk_gunzip_open(csk_gunzip *g, const uint8_t *bytes, size_t len,
                           const char *what) CSK_MUST_CHECK;

/* How many of `want` bytes came; less only where the stream ends. CSK_ERR_FORMAT where it is
 * truncated or damaged. */
csk_status csk_gunzip_some(csk_gunzip *g, uint8_t *out, uint64_t want,
                           uint64_t *got) CSK_MUST_CHECK;

/* On to the end and its checksum, for its own sake. */
csk_status csk_gunzip_rest(csk_gunzip *g) CSK_MUST_CHECK;

void csk_gunzip_close(csk_gunzip *g);

/* Head and body, one after the other, as one member. */
csk_status csk_gzip_put(csk_out *out, const void *head, size_t head_len,
                        const void *body, size_t body_len) CSK_MUST_CHECK;

#endif
