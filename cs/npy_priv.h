/* SPDX-License-Identifier: BSD-3-Clause */
/* NumPy's arrays inside other files. Never installed. */
#ifndef CSK_CS_NPY_PRIV_H
#define CSK_CS_NPY_PRIV_H

#include "cs/array.h"

/* csk_npy_parse(), which says also what the file's rank is: 0 for a single number, which is an
 * array of rank 1. */
csk_status csk_npy_parse_rank(csk_array *a, int *rank, const void *bytes, size_t len,
                              const char *what) CSK_MUST_CHECK;

#endif
