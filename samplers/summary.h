/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/summary.h
 * Means, standard deviation and two quantiles of samples, added one by one: what is kept grows
 * with the tail asked for, not with the number of samples.
 *
 * The mean is that of the (complex) samples. Mean magnitude, standard deviation and quantiles
 * are those of the modulus of complex samples, which is what is looked at, and of the value of
 * real ones.
 *
 * [1] Welford, Technometrics 4 (1962) 419. [2] Hyndman, Fan, Am. Stat. 50 (1996) 361, type 6.
 */
#ifndef CSK_SAMPLERS_SUMMARY_H
#define CSK_SAMPLERS_SUMMARY_H

#include "cs/array.h"

typedef struct csk_summary csk_summary;

/**
 * @param count  samples that will be added, >= 1
 * @param tail   0 < tail < 1/2: the quantiles are those at tail and 1 - tail
 */
CSK_API csk_status csk_summary_new(csk_summary **out, const csk_space *space, int count,
                                   double tail) CSK_MUST_CHECK;
CSK_API void csk_summary_free(csk_summary *s);

/** Take one more sample in; CSK_ERR_ARG if all @p count have been. */
CSK_API csk_status csk_summary_add(csk_summary *s, const float *x) CSK_MUST_CHECK;

/** Samples so far. */
CSK_API int csk_summary_count(const csk_summary *s);

/** The mean so far, field and shape of the samples, into an empty array. */
CSK_API csk_status csk_summary_mean(const csk_summary *s,
                                    csk_array *out) CSK_MUST_CHECK;

/**
 * The mean of the modulus so far, real: of all images it has the least expected squared distance
 * to the modulus of a further sample. For real samples it is the mean.
 */
CSK_API csk_status csk_summary_magnitude(const csk_summary *s,
                                         csk_array *out) CSK_MUST_CHECK;

/** The standard deviation (divisor count - 1; 0 for one sample), real. */
CSK_API csk_status csk_summary_std(const csk_summary *s, csk_array *out) CSK_MUST_CHECK;

/**
 * The quantiles at tail and 1 - tail, real, of type 6: position p (N + 1) among the ordered
 * samples, held at the extremes. It is the one for which a new draw falls below with
 * probability p; 16 samples cannot bracket 90 %, their extremes hold 15/17 = 88 %.
 */
CSK_API csk_status csk_summary_quantiles(const csk_summary *s, csk_array *low,
                                         csk_array *high) CSK_MUST_CHECK;

#endif
