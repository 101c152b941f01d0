/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file operators/scan.h
 * A Cartesian scan as a linear inverse problem b = A x + noise: from the arrays that files hold
 * to operator and data.
 */
#ifndef CSK_OPERATORS_SCAN_H
#define CSK_OPERATORS_SCAN_H

#include "cs/array.h"
#include "cs/linop.h"

typedef struct csk_scan {
    csk_linop
        *A;   /**< csk_linop_sense(), or the masked Fourier transform without maps */
    float *b; /**< the measured numbers, a vector of A's codomain */
    csk_space image; /**< complex; A's domain */
    int64_t coils;
    int64_t samples; /**< measured positions of k-space */
} csk_scan;

/**
 * @param s       empty; on failure it stays so; csk_scan_clear() it
 * @param kspace  complex [coil][...k...] with 1 to 3 axes of k-space; without maps the axis of
 *                coils may be missing, or have length 1
 * @param maps    coil sensitivities of the same shape; NULL: one coil of sensitivity 1
 * @param mask    mask_len bytes, not 0 where k-space was measured; covers its last axes and is
 *                repeated over the others. NULL: measured is where any coil's number is not
 *                exactly 0
 * @param mask_len  divides the positions of k-space; not read without a mask
 * @return CSK_ERR_SHAPE if the arrays do not fit, or the mask; CSK_ERR_NUMERIC if nothing was measured
 */
CSK_API csk_status csk_scan_init(csk_scan *s, const csk_array *kspace,
                                 const csk_array *maps, const uint8_t *mask,
                                 int64_t mask_len) CSK_MUST_CHECK;
CSK_API void csk_scan_clear(csk_scan *s);

#endif
