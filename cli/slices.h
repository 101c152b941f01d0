/* SPDX-License-Identifier: BSD-3-Clause */
/** @file cli/slices.h  Files of images and stacks of images as one list of images. */
#ifndef CSK_CLI_SLICES_H
#define CSK_CLI_SLICES_H

#include "cli/cli.h"

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

#endif
