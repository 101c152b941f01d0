/* SPDX-License-Identifier: BSD-3-Clause */
/* SHA-256, FIPS 180-4: so that `sha256sum` confirms the inputs named in a provenance. */
#include "cli/state.h"

#include <errno.h>
#include <string.h>

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
    0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
    0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
    0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
    0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
    0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
    0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2,
};

static uint32_t rotate(uint32_t x, int k)
{
    return x >> k | x << (32 - k);
}

static void add_block(uint32_t h[8], const unsigned char *m)
{
    uint32_t w[64], v[8];

    for (int t = 0; t < 16; t++)
        w[t] = (uint32_t)m[4 * t] << 24 | (uint32_t)m[4 * t + 1] << 16 |
               (uint32_t)m[4 * t + 2] << 8 | m[4 * t + 3];
    for (int t = 16; t < 64; t++) {
        const uint32_t a = w[t - 15], b = w[t - 2];
        w[t] = w[t - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[t - 7] +
               (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
    memcpy(v, h, sizeof(v));
    for (int t = 0; t < 64; t++) {
        const uint32_t a = v[0], e = v[4];
        const uint32_t t1 = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
                            ((e & v[5]) ^ (~e & v[6])) + K[t] + w[t];
        const uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
                            ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof(*v));
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        h[i] += v[i];
}

typedef struct sha {
    uint32_t h[8];
    uint64_t total; /* bytes so far */
    unsigned char rest[64];
} sha;

static void start(sha *s)
{
    static const uint32_t first[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

    memcpy(s->h, first, sizeof(first));
    s->total = 0;
}

static void add(sha *s, const unsigned char *bytes, size_t len)
{
    size_t have = s->total % 64;

    s->total += len;
    for (; len > 0; len--) {
        if (have == 0 && len >= 64) {
            add_block(s->h, bytes);
            bytes += 64;
            len -= 63;
            continue;
        }
        s->rest[have++] = *bytes++;
        if (have == 64) {
            add_block(s->h, s->rest);
            have = 0;
        }
    }
}

/* A bit 1, zeros and the length in bits fill up the last block. */
static void finish(sha *s, char hex[65])
{
    static const unsigned char one = 0x80, zero = 0;
    const uint64_t bits = 8 * s->total;
    unsigned char length[8];

    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)(bits >> (56 - 8 * i));
    add(s, &one, 1);
    while (s->total % 64 != 56)
        add(s, &zero, 1);
    add(s, length, 8);
    for (int i = 0; i < 8; i++)
        (void)snprintf(hex + 8 * i, 9, "%08x", s->h[i]);
}

void cli_sha256(char hex[65], const void *bytes, size_t len)
{
    sha s;

    start(&s);
    add(&s, bytes, len);
    finish(&s, hex);
}

csk_status cli_sha256_file(char hex[65], const char *path)
{
    unsigned char buffer[1 << 14];
    size_t got;
    sha s;
    FILE *file = fopen(path, "rb");

    if (!file)
        return csk_fail(CSK_ERR_IO, "%s: %s", path, strerror(errno));
    start(&s);
    while ((got = fread(buffer, 1, sizeof(buffer), file)) > 0)
        add(&s, buffer, got);
    const bool failed = ferror(file) != 0;
    (void)fclose(file);
    if (failed)
        return csk_fail(CSK_ERR_IO, "%s: cannot be read", path);
    finish(&s, hex);
    return CSK_OK;
}
