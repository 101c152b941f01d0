/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/train/unet.h
 * The U-Nets that csk trains: a graph as samplers/net/net.h reads it, and weights to start from.
 *
 *     in    3x3 convolution
 *     down  at each scale residual blocks, then a 2x2 convolution with stride 2
 *     up    1x1 convolution and depth to space, plus what came by on the way down, blocks
 *     out   3x3 convolution
 *
 * A block is a + conv(silu(film(conv(a), v))), both convolutions 3x3; v is a linear map of
 * an embedding of the noise level: the logarithm's waves, linear, SiLU, linear, SiLU. There
 * is no normalisation: the last convolution of each block and the last of the net begin at zero.
 */
#ifndef CSK_SAMPLERS_TRAIN_UNET_H
#define CSK_SAMPLERS_TRAIN_UNET_H

#include "cs/status.h"
#include "cs/tensors.h"

#include <stdbool.h>
#include <stdint.h>

enum { CSK_UNET_SCALES = 6, CSK_UNET_PRESETS = 4 };

typedef struct csk_unet {
    int field_channels; /**< of the image: 1 real, 2 complex */
    int scales;         /**< 1 .. CSK_UNET_SCALES */
    int channels
        [CSK_UNET_SCALES]; /**< at each scale, from the finest: multiples of 16 */
    int blocks;            /**< at each scale on the way down and on the way up */
    int middle;            /**< at the coarsest scale */
    int embedding;         /**< length of the noise embedding */
    bool
        attention; /**< after the blocks of the coarsest scale, heads of 32 channels or fewer */
} csk_unet;

/** Names of the presets, closed by NULL: "unet-xs", "unet-s", "unet-m", "unet-l". */
CSK_API extern const char *const csk_unet_names[CSK_UNET_PRESETS + 1];

/** The preset number @p i of csk_unet_names[]. */
CSK_API csk_unet csk_unet_preset(int i, int field_channels);

/**
 * Graph and weights; the weights are normal with variance 1/inputs (2/inputs behind a SiLU).
 *
 * @param graph    out: JSON text, csk_free() it
 * @param weights  tensors are added to it
 * @return CSK_ERR_ARG for numbers out of range
 */
CSK_API csk_status csk_unet_build(char **graph, csk_tensors *weights, const csk_unet *u,
                                  uint64_t seed) CSK_MUST_CHECK;

#endif
