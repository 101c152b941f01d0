/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file operators/dft_priv.h
 * The complex discrete Fourier transform of all axes of an array, neither centred nor
 * scaled, as one pass an axis.
 *
 * A pass transforms the first axis and makes it the last: [n][rest] becomes [rest][n]. It
 * reads at a stride and writes contiguously, a fixed number of columns a call, so that
 * columns run on several threads with the same bits. After all passes the axes are back in
 * order. FFTW's own multi-dimensional plan, where it may not measure, is 3 to 6 times
 * slower than this at 256, 384 and 512 a side, and no faster at 192, 320 and 640.
 */
#ifndef CSK_OPERATORS_DFT_PRIV_H
#define CSK_OPERATORS_DFT_PRIV_H

#include "cs/space.h"

#include <fftw3.h>

typedef struct csk_dft {
    int passes;                    /* axes longer than 1 */
    int64_t size;                  /* complex numbers in the array */
    int64_t dim[CSK_MAX_RANK];     /* their lengths, first to last */
    fftwf_plan many[CSK_MAX_RANK]; /* a full block of columns */
    fftwf_plan rest[CSK_MAX_RANK]; /* what is left after the full ones */
} csk_dft;

/**
 * @param sign  FFTW_FORWARD or FFTW_BACKWARD
 * @param a, b  two arrays of the transform's size, aligned to CSK_ALIGN; kept as they are
 *
 * On failure @p d is to be cleared all the same.
 */
csk_status csk_dft_plan(csk_dft *d, const csk_space *space, int sign, float *a,
                        float *b) CSK_MUST_CHECK;

void csk_dft_clear(csk_dft *d);

/**
 * Transform @p x by way of @p a and @p b. All are aligned to CSK_ALIGN; x may be one of
 * the two, and is kept if it is not. The last pass writes into @p y, or if that is NULL
 * into that one of a and b which the last but one did not. Returns where the result is.
 */
float *csk_dft_run(const csk_dft *d, float *y, const float *x, float *a, float *b);

#endif
