/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cli/image_op.h
 * What was done to an image, as --operator says it: what simulate and restore share.
 *
 *     denoise        nothing but noise
 *     inpaint:MASK   pixels are missing where the array MASK is 0
 *     blur:STD       circular convolution with a Gaussian of STD pixels
 *     blur:KERNEL    the same with the array KERNEL
 *     downsample:N   means over blocks of N pixels along every axis
 */
#ifndef CSK_CLI_IMAGE_OP_H
#define CSK_CLI_IMAGE_OP_H

#include "cli/cli.h"
#include "cs/linop.h"

/** Of the option --operator. */
#define CLI_IMAGE_OP_HELP                                                              \
    "what was done to the image: denoise, inpaint:MASK, blur:STD, blur:KERNEL or "     \
    "downsample:N"

typedef struct cli_image_op {
    csk_linop *A;
    csk_space image;
    csk_space
        data;   /**< as a file holds it: of inpaint all pixels, the missing ones, too */
    bool picks; /**< A keeps some pixels of data, else data are what A gives */
} cli_image_op;

/**
 * @param op       empty; on failure it stays so; cli_image_op_clear() it
 * @param text     the option's value; NULL: CSK_ERR_ARG, "--operator is missing"
 * @param have     space of the image, or of the data
 * @param is_data  which of them
 * @param path     names that array in messages
 * @return exit code 3 for a MASK or KERNEL that is missing or does not fit
 */
csk_status cli_image_op_read(const cli_call *call, cli_image_op *op, const char *text,
                             const csk_space *have, bool is_data,
                             const char *path) CSK_MUST_CHECK;
void cli_image_op_clear(cli_image_op *op);

/** b := the measured numbers of @p data, a vector of A's codomain. */
void cli_image_op_pick(const cli_image_op *op, float *b, const float *data,
                       float *work);

/** data := b where it was measured, 0 elsewhere. */
void cli_image_op_place(const cli_image_op *op, float *data, const float *b,
                        float *work);

/** The verb simulate with --operator: IMAGE to SCAN.npy. */
csk_status cli_image_op_simulate(const cli_call *call, const char *text,
                                 double noise) CSK_MUST_CHECK;

#endif
