/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/metric.h
 * How far an image x is from a reference r. With N scalars in the region:
 *
 *     NMSE  = sum |x - r|^2 / sum |r|^2
 *     NRMSE = sqrt(NMSE)
 *     PSNR  = 10 log10( peak^2 / (sum |x - r|^2 / N) )          in dB
 *     SSIM  = mean over pixels of the structural similarity of 7x7 (x7) windows,
 *             uniform weights, sample covariance (n - 1), K1 = 0.01, K2 = 0.03,
 *             data range = peak, windows wholly inside the image; the default of
 *             scikit-image. Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 13 (2004) 600.
 *
 * peak is the largest |r| of the region unless given. Of complex images either the
 * magnitudes are compared (the default) or, for PSNR and NMSE, the complex numbers. Real
 * images are compared as they are, with their signs. PSNR is infinite where x equals r.
 */
#ifndef CSK_CS_METRIC_H
#define CSK_CS_METRIC_H

#include "cs/array.h"

typedef struct csk_metric_opts {
    bool complex_difference; /**< |x - r| of complex numbers, not of magnitudes */
    double peak;             /**< 0: the largest |r| */
    const uint8_t *region;   /**< one byte a scalar, not 0 inside; NULL: everything */
} csk_metric_opts;

typedef struct csk_metrics {
    double psnr, nmse, nrmse;
    double ssim; /**< of magnitudes, over windows centred in the region; NaN if an image
                      axis is shorter than 7 */
    double peak;
    int64_t count; /**< scalars compared */
} csk_metrics;

/**
 * Compare @p x with @p reference: equal dimensions, any fields. SSIM runs over the last
 * two axes longer than 1 (slices are averaged).
 * CSK_ERR_SHAPE, CSK_ERR_NUMERIC for an all-zero reference or a value that is not finite,
 * CSK_ERR_ARG for an empty region or a peak out of range.
 */
CSK_API csk_status csk_metric(csk_metrics *out, const csk_array *x,
                              const csk_array *reference,
                              const csk_metric_opts *opts) CSK_MUST_CHECK;

#endif
