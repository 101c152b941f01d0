/* SPDX-License-Identifier: BSD-3-Clause */
/** @file operators/wavelet_priv.h  One level of a wavelet transform along one axis. */
#ifndef CSK_OPERATORS_WAVELET_PRIV_H
#define CSK_OPERATORS_WAVELET_PRIV_H

#include "cs/space.h"

enum { CSK_WAVELET_TAPS = 16 }; /* of the longest filter */

/**
 * Filters h and g[j] = (-1)^j h[L-1-j], ready for use. Of a period of 2P samples,
 *
 *     low[k]  = sum_j h[j] x[2k + j - c],    high[k] = sum_j g[j] x[2k + j - c],   k < P,
 *
 * and back, with d = c/2 and indices modulo P,
 *
 *     x[2q]     = sum_t h[2t]     low[q - t + d] + g[2t]     high[q - t + d],
 *     x[2q + 1] = sum_t h[2t + 1] low[q - t + d] + g[2t + 1] high[q - t + d].
 */
typedef struct csk_wavelet_taps {
    int length; /**< L */
    int offset; /**< c, even: 2k - c + (the centre of mass of h) is nearest to 2k + 1/2 */
    float low[CSK_WAVELET_TAPS], high[CSK_WAVELET_TAPS];
    /** Of output 2q and 2q + 1: L/2 for low, then L/2 for high. */
    float even[CSK_WAVELET_TAPS], odd[CSK_WAVELET_TAPS];
} csk_wavelet_taps;

void csk_wavelet_set_taps(csk_wavelet_taps *taps, int length, const double *h);

/**
 * One level along one axis of a box. All sides of the transform have the same strides. Along
 * the axis n samples become n - n/2 of low and then n/2 of high; a last one without partner
 * is the last of low.
 */
typedef struct csk_wavelet_pass {
    const csk_wavelet_taps *taps;
    int rank;
    int64_t width; /**< floats that move as one: a scalar and all axes joined to it */
    int64_t stride[CSK_MAX_RANK]; /**< in floats; of the last axis the width */
    int64_t dim[CSK_MAX_RANK];    /**< of the box */
    /** Sample 0 of the box is this one of the image, a circle; of the last axis only
        where that is @p axis, else 0. */
    int64_t first[CSK_MAX_RANK];
    unsigned split; /**< axes of this level: the corner is low along all of them */
    int axis;       /**< the one of them that is filtered */
} csk_wavelet_pass;

/** Floats of scratch that a pass over an array of shape @p p needs. */
int64_t csk_wavelet_pass_work(const csk_wavelet_pass *p);

/**
 * From the image side to the bands. The corner of the bands, what the next level splits, is
 * written to @p corner instead; that may be @p bands. No output may be the image.
 */
void csk_wavelet_analyse(const csk_wavelet_pass *p, const float *image, float *bands,
                         float *corner, float *work);

/** The inverse, which is the transpose. */
void csk_wavelet_synthesise(const csk_wavelet_pass *p, float *image, const float *bands,
                            const float *corner, float *work);

#endif
