/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/tensors.h
 * Named arrays of numbers, as files of network weights hold them.
 *
 * Three kinds of file are read, told apart by their content: safetensors, NumPy's .npz and
 * PyTorch's checkpoints (.pth, .pt). Of the last, which are programs of a
 * small machine ("pickle"), nothing is executed: see cs/pickle_priv.h. Written is safetensors.
 * Numbers of any type become single precision; integers above 2^24 are rounded.
 *
 * Readers trust no file: whatever it claims is compared with its length before memory is
 * asked for.
 */
#ifndef CSK_CS_TENSORS_H
#define CSK_CS_TENSORS_H

#include "cs/attr.h"
#include "cs/status.h"

#include <stddef.h>
#include <stdint.h>

enum {
    CSK_TENSOR_RANK = 8,      /**< the highest rank; 0 is a single number */
    CSK_TENSORS_MOST = 16384, /**< in one set */
};

typedef struct csk_tensor {
    char *name; /**< such as "model.0.weight"; owned */
    int rank;   /**< 0 .. CSK_TENSOR_RANK */
    int64_t
        dim[CSK_TENSOR_RANK]; /**< the last runs fastest; 0 is allowed: no numbers */
    float *data;              /**< from csk_alloc(); owned, never NULL */
} csk_tensor;

/** A set of tensors whose names differ. A zeroed struct is an empty one. */
typedef struct csk_tensors {
    int count;
    csk_tensor *item; /**< in the order of the file, or in which they were added */
    char *card;       /**< JSON text that says what the set is; NULL: there is none */
} csk_tensors;

/** Numbers in @p t: the product of its dimensions. */
CSK_API int64_t csk_tensor_size(const csk_tensor *t);

/**
 * Read a safetensors, .npz or PyTorch file, whatever its name. @p t must be empty and stays so
 * on failure. The card is what csk_tensors_write() put into a safetensors file.
 */
CSK_API csk_status csk_tensors_read(csk_tensors *t, const char *path) CSK_MUST_CHECK;

/**
 * Write safetensors in single precision, atomically: the tensors in the order of their names,
 * the card as "csk" of "__metadata__". Equal sets make equal bytes. CSK_ERR_ARG if a name or
 * the card is no UTF-8.
 */
CSK_API csk_status csk_tensors_write(const csk_tensors *t,
                                     const char *path) CSK_MUST_CHECK;

/** The tensor called @p name; NULL if there is none. */
CSK_API const csk_tensor *csk_tensors_find(const csk_tensors *t, const char *name);

/**
 * Add a tensor of zeros.
 *
 * @param name  copied; CSK_ERR_ARG if there is one of this name already
 * @param rank  0 .. CSK_TENSOR_RANK
 * @param dim   @p rank numbers >= 0
 * @param out   the new tensor, valid until the next is added (its data stays where it is);
 *              NULL: not wanted
 */
CSK_API csk_status csk_tensors_add(csk_tensors *t, const char *name, int rank,
                                   const int64_t *dim, csk_tensor **out) CSK_MUST_CHECK;

/** Replace the card by a copy of @p text; NULL removes it. */
CSK_API csk_status csk_tensors_set_card(csk_tensors *t,
                                        const char *text) CSK_MUST_CHECK;

/** Free all and make @p t empty. */
CSK_API void csk_tensors_clear(csk_tensors *t);

/* Parsers of whole files in memory: what the fuzzers feed. @p what names the source in messages. */
CSK_API csk_status csk_safetensors_parse(csk_tensors *t, const void *bytes, size_t len,
                                         const char *what) CSK_MUST_CHECK;
CSK_API csk_status csk_npz_parse(csk_tensors *t, const void *bytes, size_t len,
                                 const char *what) CSK_MUST_CHECK;
CSK_API csk_status csk_pth_parse(csk_tensors *t, const void *bytes, size_t len,
                                 const char *what) CSK_MUST_CHECK;

#endif
