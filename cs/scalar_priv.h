/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers as files hold them. Never installed. */
#ifndef CSK_CS_SCALAR_PRIV_H
#define CSK_CS_SCALAR_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum csk_scalar {
    CSK_U8,
    CSK_I8,
    CSK_U16,
    CSK_I16,
    CSK_U32,
    CSK_I32,
    CSK_U64,
    CSK_I64,
    CSK_F16,
    CSK_BF16, /* the upper half of CSK_F32 */
    CSK_F32,
    CSK_F64,
} csk_scalar;

/* Bytes of one. */
size_t csk_scalar_size(csk_scalar type);

/* An unsigned number of `size` (1, 2, 4 or 8) bytes. */
uint64_t csk_load_uint(const uint8_t *p, size_t size, bool big_endian);
void csk_store_uint(uint8_t *p, size_t size, uint64_t value); /* little endian */

float csk_load_f32(const uint8_t *p, bool big_endian);

/* out[i] := the i-th of n numbers at `in`, which need not be aligned. */
void csk_scalar_load(double *out, const uint8_t *in, int64_t n, csk_scalar type,
                     bool big_endian);

#endif
