/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes are an array or are refused; what is accepted can be read to its end. Compiled
 * once for each format whose parser looks like that: -D PARSE=csk_npy_parse.
 */
#include "cs/format.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    csk_array a = { .data = NULL };

    if (PARSE(&a, data, size, "input") == CSK_OK) {
        uint32_t seen = 0;
        if (csk_space_check(&a.space, "input") != CSK_OK)
            abort();
        for (int64_t i = 0; i < csk_space_len(&a.space); i++)
            seen += a.data[i] > 0.5f;
        if (seen > csk_space_len(&a.space))
            abort();
    } else if (a.data) {
        abort();
    }
    csk_array_clear(&a);
    return 0;
}
