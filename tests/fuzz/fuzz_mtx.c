/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes are a matrix or are refused; a sparse one accepted is in order and in range. */
#include "cs/matrix.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const csk_matrix *A)
{
    for (int64_t j = 0; A->start && j < A->cols; j++) {
        for (int64_t k = A->start[j]; k < A->start[j + 1]; k++) {
            if (A->row[k] < 0 || A->row[k] >= A->rows ||
                (k > A->start[j] && A->row[k] <= A->row[k - 1]))
                abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    csk_matrix A = { .start = NULL };

    if (csk_mtx_parse(&A, (const char *)data, size, "input") == CSK_OK)
        check(&A);
    else if (A.value)
        abort();
    csk_matrix_clear(&A);
    return 0;
}
