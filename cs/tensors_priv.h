/* SPDX-License-Identifier: BSD-3-Clause */
/* What the readers of sets of tensors share. Never installed. */
#ifndef CSK_CS_TENSORS_PRIV_H
#define CSK_CS_TENSORS_PRIV_H

#include "cs/scalar_priv.h"
#include "cs/tensors.h"

/* csk_tensors_add(), whose complaints are `code` and begin with `what`. */
csk_status csk_tensors_add_as(csk_tensors *t, const char *name, int rank,
                              const int64_t *dim, csk_tensor **out, csk_status code,
                              const char *what) CSK_MUST_CHECK;

/* Numbers in a tensor of this shape; -1 if rank or a dimension is out of range, or their bytes
 * as doubles do not fit an int64_t. */
int64_t csk_shape_size(int rank, const int64_t *dim);

/* out[i] := the i-th of n numbers at `in`. */
void csk_scalar_load_f32(float *out, const uint8_t *in, int64_t n, csk_scalar type,
                         bool big_endian);

/* How a checkpoint of PyTorch 1.5 or older begins; and whether one of these zip archives is
 * one of a later PyTorch. */
bool csk_pth_is_legacy(const void *bytes, size_t len);
bool csk_pth_is_archive(const void *bytes, size_t len);

#endif
