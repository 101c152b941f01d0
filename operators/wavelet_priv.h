/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CSK_OPERATORS_WAVELET_PRIV_H
#define CSK_OPERATORS_WAVELET_PRIV_H

#include "cs/status.h"

enum { CSK_WAVELET_TAPS = 16 };

/** The scaling filter called @p family: its length (even, <= CSK_WAVELET_TAPS) and taps. */
csk_status csk_wavelet_filter(const char *family, int *length,
                              const double **tap) CSK_MUST_CHECK;

#endif
