/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/coverage.h
 * Whether posterior samples are as sure as they may be: how often an interval that they give
 * holds the reference. For N samples x_k of a pixel, real ones as they are and of complex ones
 * the moduli, with mean m and standard deviation s (divisor N - 1),
 *
 *     m +- sqrt( t^2 s^2 (1 + 1/N) + z^2 sigma^2 )
 *
 * holds with the probability `level` a further draw of the same normal distribution that is seen
 * through noise of standard deviation sigma. t is the two-sided quantile of Student's
 * distribution with N - 1 degrees of freedom, z that of the normal one. With sigma = 0 this is
 * the prediction interval of the samples alone, exact for normal samples, however few.
 *
 * A reference made from a measurement is noisy itself. Of noise eta in each real number of the
 * fully sampled data, of which the samples have seen the part 1/R, the reference has
 * sigma = eta sqrt(1 - 1/R) that they cannot know (coil maps with sum |S_c|^2 = 1, unitary
 * transform).
 */
#ifndef CSK_CS_COVERAGE_H
#define CSK_CS_COVERAGE_H

#include "cs/array.h"

typedef struct csk_coverage_opts {
    double level;          /**< 0 < level < 1; 0: 0.9 */
    double noise_std;      /**< sigma of the reference, >= 0 */
    const uint8_t *region; /**< one byte a scalar, not 0 inside; NULL: everything */
} csk_coverage_opts;

typedef struct csk_coverage {
    double fraction; /**< of the scalars, the reference is in the interval */
    double spread;   /**< root mean square of s sqrt(1 + 1/N) */
    double error;  /**< root mean square of m - |reference|: alike where all is well */
    int64_t count; /**< scalars looked at */
} csk_coverage;

/**
 * @param samples    [sample][...reference...], at least 2
 * @param opts       NULL: the defaults
 * @return CSK_ERR_SHAPE, CSK_ERR_NUMERIC for a value that is not finite, CSK_ERR_ARG for an
 *         empty region, a level or a noise out of range
 */
CSK_API csk_status csk_coverage_of(csk_coverage *out, const csk_array *samples,
                                   const csk_array *reference,
                                   const csk_coverage_opts *opts) CSK_MUST_CHECK;

/**
 * t > 0 with P(|T| < t) = level, T of Student's distribution with @p freedom degrees of
 * freedom, >= 1 (0: of the normal one); 0 < level < 1. Abramowitz, Stegun, 26.7.3, 26.7.4.
 */
CSK_API double csk_student_quantile(int64_t freedom, double level);

#endif
