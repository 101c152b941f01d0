/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes are a set of tensors or are refused; what is accepted can be read to its end, and
 * names differ. Compiled once for each parser: -D PARSE=csk_npz_parse.
 */
#include "cs/tensors.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const csk_tensors *t)
{
    uint64_t seen = 0;

    for (int k = 0; k < t->count; k++) {
        const csk_tensor *x = &t->item[k];
        if (x->rank < 0 || x->rank > CSK_TENSOR_RANK || csk_tensor_size(x) < 0 ||
            csk_tensors_find(t, x->name) != x)
            abort();
        for (int64_t i = 0; i < csk_tensor_size(x); i++)
            seen += x->data[i] > 0.5f;
    }
    if (t->card && strlen(t->card) + seen == SIZE_MAX)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    csk_tensors t = { 0 };

    if (PARSE(&t, data, size, "input") == CSK_OK)
        check(&t);
    else if (t.item || t.card)
        abort();
    csk_tensors_clear(&t);
    return 0;
}
