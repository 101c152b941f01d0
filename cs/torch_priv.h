/* SPDX-License-Identifier: BSD-3-Clause */
/* What a pickle of PyTorch says of tensors and of the storages they look at. Never installed. */
#ifndef CSK_CS_TORCH_PRIV_H
#define CSK_CS_TORCH_PRIV_H

#include "cs/pickle_priv.h"
#include "cs/tensors_priv.h"

/* Numbers in a row, which the file keeps under `key`. */
typedef struct csk_torch_storage {
    const char *key; /* of the pickle, not closed by a NUL */
    size_t key_len;
    csk_scalar type;
    int64_t count; /* of numbers */
    int64_t place; /* for the reader of the file; -1 at first */
} csk_torch_storage;

/* A tensor: which numbers of a storage it has. */
typedef struct csk_torch_view {
    int storage;
    int64_t offset;
    int64_t stride[CSK_TENSOR_RANK];
} csk_torch_view;

typedef struct csk_torch {
    csk_tensors tensors;  /* of zeros until csk_torch_fill() */
    csk_torch_view *view; /* of each of them */
    csk_torch_storage *storage;
    int storages;
} csk_torch;

/*
 * Every tensor below the root of the pickle. Its name is the keys of the dictionaries and the
 * places in lists on the way to it, joined by points ("tensor" if it is the root itself); what
 * is no tensor is passed over. Views are checked against the number of numbers that storages
 * claim to hold, and the sum of all tensors against `most` numbers.
 */
csk_status csk_torch_collect(csk_torch *t, const csk_pickle *p,
                             int64_t most) CSK_MUST_CHECK;

/* The storage of this key; NULL if there is none. */
csk_torch_storage *csk_torch_find(const csk_torch *t, const char *key, size_t len);

/* Copy the numbers of storage s, all of which are at `bytes`, to the tensors that look at it. */
void csk_torch_fill(csk_torch *t, int s, const uint8_t *bytes, bool big_endian);

void csk_torch_clear(csk_torch *t);

#endif
