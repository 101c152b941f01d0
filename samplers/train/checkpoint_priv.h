/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a training needs to go on, as tensors: its parameters, Adam's two moments, and
 * "train.done", the number of steps. Never installed.
 */
#ifndef CSK_SAMPLERS_TRAIN_CHECKPOINT_PRIV_H
#define CSK_SAMPLERS_TRAIN_CHECKPOINT_PRIV_H

#include "cs/tensors.h"

enum { CSK_CHECKPOINT_SQUARE = 2, CSK_CHECKPOINT_PARTS };

/* One vector of each part, all of `len` floats. */
typedef struct csk_checkpoint {
    const char *const
        *name; /* [CSK_CHECKPOINT_PARTS], of the tensors: parameters, mean, square */
    float *part[CSK_CHECKPOINT_PARTS];
    int64_t len;
} csk_checkpoint;

csk_status csk_checkpoint_save(const csk_checkpoint *c, int done,
                               csk_tensors *to) CSK_MUST_CHECK;

/*
 * CSK_ERR_FORMAT if a tensor is missing, of another length or not finite, or if a second
 * moment is below 0; nothing changes then.
 */
csk_status csk_checkpoint_load(const csk_checkpoint *c, int *done,
                               const csk_tensors *from,
                               const char *what) CSK_MUST_CHECK;

#endif
