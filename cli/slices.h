/* SPDX-License-Identifier: BSD-3-Clause */
/** @file cli/slices.h  Files of images and stacks of images as one list of images. */
#ifndef CSK_CLI_SLICES_H
#define CSK_CLI_SLICES_H

#include "cli/cli.h"
#include "samplers/model.h"

typedef struct cli_slices {
    csk_array *file;
    int files;
    csk_array *slice;       /**< [y][x] each; they borrow the data of their files */
    const csk_array **list; /**< pointers to the slices */
    int count;              /**< of slices */
} cli_slices;

/**
 * Read images [y][x], or stacks of them of any number of axes, all real or all complex. Slices
 * that are zero everywhere, as at the ends of a head, are left out.
 */
csk_status cli_slices_read(const cli_call *call, cli_slices *t,
                           const cli_values *paths) CSK_MUST_CHECK;
void cli_slices_clear(cli_slices *t);

/** The file of t->list[number], and which of its slices that is. */
int cli_slice_origin(const cli_slices *t, int number, int64_t *slice);

/**
 * An image as a prior sees it: of its field, its bright level that of the model; with
 * @p phase real images get a smooth random phase, named by @p seed, if the prior is complex.
 */
csk_status cli_slice_seen(csk_array *to, const csk_array *from, const csk_model *m,
                          bool phase, uint64_t seed) CSK_MUST_CHECK;

#endif
