/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/mask.h  Undersampling patterns for Cartesian k-space. */
#ifndef CSK_OPERATORS_MASK_H
#define CSK_OPERATORS_MASK_H

#include "cs/param.h"
#include "cs/space.h"

typedef enum csk_mask_kind {
    CSK_MASK_POISSON,    /**< variable-density Poisson disc in the last two axes */
    CSK_MASK_UNIFORM1D,  /**< every R-th line of the last axis but one */
    CSK_MASK_GAUSSIAN1D, /**< lines at random, Gaussian density around the centre */
    CSK_MASK_RANDOM,     /**< points, uniform density */
} csk_mask_kind;

typedef struct csk_mask_opts {
    int kind;     /**< csk_mask_kind */
    double accel; /**< acceleration R: pixels / samples, centre included */
    int acs; /**< side of the fully sampled centre (lines for 1-D kinds); 0: none */
} csk_mask_opts;

CSK_API extern const csk_param csk_mask_params[];
CSK_API csk_mask_opts csk_mask_defaults(void);

/**
 * Fill @p mask (csk_space_size(space) bytes, 0 or 1). The number of samples meets
 * pixels / accel to within 1 % (1-D kinds: to the nearest line), else CSK_ERR_ARG says what is the most
 * the centre allows. Equal seeds, equal masks, everywhere.
 */
CSK_API csk_status csk_mask_make(uint8_t *mask, const csk_space *space,
                                 const csk_mask_opts *opts,
                                 uint64_t seed) CSK_MUST_CHECK;

#endif
