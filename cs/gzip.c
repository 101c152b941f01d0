/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/gzip_priv.h"
#include "cs/mem.h"

#include <stdbool.h>

enum { WINDOW = 15 + 16 }; /* the largest; 16 means gzip */

static void *zlib_alloc(void *user, unsigned count, unsigned size)
{
    (void)user;
    return csk_alloc(count, size);
}

static void zlib_free(void *user, void *p)
{
    (void)user;
    csk_free(p);
}

/* As much of n as zlib's counters hold. */
static uInt chunk(uint64_t n)
{
    return (uInt)(n < (1U << 30) ? n : 1U << 30);
}

csk_status csk_gunzip_open(csk_gunzip *g, const uint8_t *bytes, size_t len,
                           const char *what)
{
    *g = (csk_gunzip){ .z = { .zalloc = zlib_alloc,
                              .zfree = zlib_free,
                              .next_in = (z_const Bytef *)bytes },
                       .end = bytes + len,
                       .what = what };
    return inflateInit2(&g->z, WINDOW) == Z_OK ? CSK_OK : CSK_ERR_NOMEM;
}

static bool another_member(const csk_gunzip *g)
{
    const Bytef *p = g->z.next_in;

    return g->end - p >= 2 && p[0] == 0x1f && p[1] == 0x8b;
}

csk_status csk_gunzip_some(csk_gunzip *g, uint8_t *out, uint64_t want, uint64_t *got)
{
    *got = 0;
    while (*got < want) {
        const uInt room = chunk(want - *got);
        g->z.next_out = out + *got;
        g->z.avail_out = room;
        g->z.avail_in = chunk((uint64_t)(g->end - g->z.next_in));
        const int code = inflate(&g->z, Z_NO_FLUSH);
        *got += room - g->z.avail_out;
        if (code == Z_MEM_ERROR)
            return CSK_ERR_NOMEM;
        if (code == Z_STREAM_END) {
            if (!another_member(g))
                return CSK_OK;
            (void)inflateReset(&g->z); /* fails on a broken state only */
        } else if (code == Z_BUF_ERROR) {
            return csk_fail(CSK_ERR_FORMAT, "%s: the gzip stream is truncated",
                            g->what);
        } else if (code != Z_OK) {
            return csk_fail(CSK_ERR_FORMAT, "%s: the gzip stream is damaged: %s",
                            g->what, g->z.msg ? g->z.msg : "no gzip header");
        }
    }
    return CSK_OK;
}

csk_status csk_gunzip_rest(csk_gunzip *g)
{
    uint8_t sink[1 << 14];
    uint64_t got = 0;
    csk_status err = CSK_OK;

    do
        err = csk_gunzip_some(g, sink, sizeof(sink), &got);
    while (!err && got == sizeof(sink));
    return err;
}

void csk_gunzip_close(csk_gunzip *g)
{
    (void)inflateEnd(&g->z);
}

static csk_status deflate_bytes(csk_out *out, z_stream *z, const void *bytes,
                                uint64_t len, bool last)
{
    uint8_t buf[1 << 14];
    const uint8_t *p = bytes;
    csk_status err = CSK_OK;

    do {
        const uInt n = chunk(len);
        z->next_in = (z_const Bytef *)p;
        z->avail_in = n;
        p += n;
        len -= n;
        do {
            z->next_out = buf;
            z->avail_out = sizeof(buf);
            (void)deflate(z, last && len == 0 ? Z_FINISH : Z_NO_FLUSH);
            err = csk_out_put(out, buf, sizeof(buf) - z->avail_out);
        } while (!err && z->avail_out == 0);
    } while (!err && len > 0);
    return err;
}

csk_status csk_gzip_put(csk_out *out, const void *head, size_t head_len,
                        const void *body, size_t body_len)
{
    enum { MEMORY = 8 };
    z_stream z = { .zalloc = zlib_alloc, .zfree = zlib_free };

    /* The low bits of a mantissa do not compress: higher levels cost time for nothing. */
    if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, WINDOW, MEMORY,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return CSK_ERR_NOMEM;
    csk_status err = deflate_bytes(out, &z, head, head_len, false);
    if (!err)
        err = deflate_bytes(out, &z, body, body_len, true);
    (void)deflateEnd(&z);
    return err;
}
