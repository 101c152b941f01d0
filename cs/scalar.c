/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/scalar_priv.h"

#include <math.h>
#include <string.h>

size_t csk_scalar_size(csk_scalar type)
{
    static const uint8_t size[] = {
        [CSK_U8] = 1,  [CSK_I8] = 1,   [CSK_U16] = 2, [CSK_I16] = 2,
        [CSK_U32] = 4, [CSK_I32] = 4,  [CSK_U64] = 8, [CSK_I64] = 8,
        [CSK_F16] = 2, [CSK_BF16] = 2, [CSK_F32] = 4, [CSK_F64] = 8,
    };

    return size[type];
}

uint64_t csk_load_uint(const uint8_t *p, size_t size, bool big_endian)
{
    uint64_t u = 0;

    for (size_t k = 0; k < size; k++)
        u = u << 8 | p[big_endian ? k : size - 1 - k];
    return u;
}

void csk_store_uint(uint8_t *p, size_t size, uint64_t value)
{
    for (size_t k = 0; k < size; k++)
        p[k] = (uint8_t)(value >> 8 * k);
}

static double from_f16(uint64_t u)
{
    const int exponent = (int)(u >> 10 & 31);
    const double mantissa = (double)(u & 1023);
    double v;

    if (exponent == 31)
        v = mantissa > 0.0 ? (double)NAN : (double)INFINITY;
    else if (exponent == 0)
        v = ldexp(mantissa, -24);
    else
        v = ldexp(mantissa + 1024.0, exponent - 25);
    return u >> 15 ? -v : v;
}

static double from_f32(uint64_t u)
{
    const uint32_t bits = (uint32_t)u;
    float v;

    memcpy(&v, &bits, sizeof(v));
    return (double)v;
}

static double from_f64(uint64_t u)
{
    double v;

    memcpy(&v, &u, sizeof(v));
    return v;
}

float csk_load_f32(const uint8_t *p, bool big_endian)
{
    return (float)from_f32(csk_load_uint(p, 4, big_endian));
}

static double from_bits(uint64_t u, csk_scalar type)
{
    switch (type) {
    case CSK_I8:
        return (double)(int8_t)u;
    case CSK_I16:
        return (double)(int16_t)u;
    case CSK_I32:
        return (double)(int32_t)u;
    case CSK_I64:
        return (double)(int64_t)u;
    case CSK_F16:
        return from_f16(u);
    case CSK_BF16:
        return from_f32(u << 16);
    case CSK_F32:
        return from_f32(u);
    case CSK_F64:
        return from_f64(u);
    case CSK_U8:
    case CSK_U16:
    case CSK_U32:
    case CSK_U64:
        break;
    }
    return (double)u;
}

/* With constants for type and order the compiler makes loads of the loops over bytes. */
static inline void load(double *out, const uint8_t *in, int64_t n, csk_scalar type,
                        size_t size, bool big_endian)
{
    for (int64_t i = 0; i < n; i++)
        out[i] =
            from_bits(csk_load_uint(in + (size_t)i * size, size, big_endian), type);
}

void csk_scalar_load(double *out, const uint8_t *in, int64_t n, csk_scalar type,
                     bool big_endian)
{
    if (type == CSK_F32 && !big_endian)
        load(out, in, n, CSK_F32, 4, false);
    else if (type == CSK_F64 && !big_endian)
        load(out, in, n, CSK_F64, 8, false);
    else if (type == CSK_U8)
        load(out, in, n, CSK_U8, 1, false);
    else if (type == CSK_I16 && !big_endian)
        load(out, in, n, CSK_I16, 2, false);
    else
        load(out, in, n, type, csk_scalar_size(type), big_endian);
}
