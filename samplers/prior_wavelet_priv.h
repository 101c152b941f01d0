/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CSK_SAMPLERS_PRIOR_WAVELET_PRIV_H
#define CSK_SAMPLERS_PRIOR_WAVELET_PRIV_H

#include "operators/wavelet.h"
#include "samplers/prior_wavelet.h"

#include <jansson.h>

/** Allocate weight and variance for what the other fields say; on failure m is empty. */
csk_status csk_wavelet_model_alloc(csk_wavelet_model *m) CSK_MUST_CHECK;

/** Check ranges, counts and sums; @p code and a message that begins with @p what otherwise. */
csk_status csk_wavelet_model_check(const csk_wavelet_model *m, csk_status code,
                                   const char *what) CSK_MUST_CHECK;

/** The same without the bands, for which there need not be arrays. */
csk_status csk_wavelet_model_check_head(const csk_wavelet_model *m, csk_status code,
                                        const char *what) CSK_MUST_CHECK;

/**
 * The transform of the model for @p space, whose bands are the model's in order.
 * CSK_ERR_SHAPE, beginning with @p what, if an axis is too short for all levels.
 */
csk_status csk_wavelet_model_transform(csk_wavelet **out, const csk_wavelet_model *m,
                                       const csk_space *space,
                                       const char *what) CSK_MUST_CHECK;

/** The value of "bands" in a file; json_decref() it. NULL if no memory. */
json_t *csk_wavelet_model_bands_json(const csk_wavelet_model *m);

/** Position of the first float of row @p row (along the last axis) of a band. */
int64_t csk_wavelet_row(const csk_space *space, const csk_band *band, int64_t row);

/** Rows of a band. */
int64_t csk_wavelet_rows(const csk_space *space, const csk_band *band);

#endif
