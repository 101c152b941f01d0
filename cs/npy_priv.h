/* SPDX-License-Identifier: BSD-3-Clause */
/* NumPy's arrays, in files of their own and inside others. Never installed. */
#ifndef CSK_CS_NPY_PRIV_H
#define CSK_CS_NPY_PRIV_H

#include "cs/scalar_priv.h"
#include "cs/space.h"

/* What the header says, with the values that follow it, which are as many as it says. */
typedef struct csk_npy {
    csk_field field;
    int rank;                  /* 0: a single number */
    int64_t dim[CSK_MAX_RANK]; /* 0 is allowed */
    csk_scalar type;
    bool big_endian, fortran_order;
    bool has_type, has_order, has_shape;
    const uint8_t *values;
} csk_npy;

csk_status csk_npy_open(csk_npy *h, const void *bytes, size_t len,
                        const char *what) CSK_MUST_CHECK;

/* All values, in C order; of complex numbers both parts. */
void csk_npy_load(float *out, const csk_npy *h);

#endif
