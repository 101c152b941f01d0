/* SPDX-License-Identifier: BSD-3-Clause */
/** @file tests/support/tst_model.h  Wavelet mixtures to test with. */
#ifndef CSK_TESTS_SUPPORT_TST_MODEL_H
#define CSK_TESTS_SUPPORT_TST_MODEL_H

#include "samplers/prior_wavelet.h"

/**
 * A model of unit scale whose bands all differ, with variances at equal ratios from .01 to
 * 10 or so. csk_wavelet_model_clear() it.
 */
csk_wavelet_model tst_wavelet_model(csk_field field, int axes, const char *family,
                                    int levels, int components);

#endif
