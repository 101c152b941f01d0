/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file tests/support/tst_line.h
 * An inverse problem whose coordinates do not know of each other: prior N(mean, variance),
 * A = diag(gain), some gains 0. What a sampler that is affine in its noise does to it is a
 * recursion of one mean and one variance a coordinate.
 */
#ifndef CSK_TESTS_SUPPORT_TST_LINE_H
#define CSK_TESTS_SUPPORT_TST_LINE_H

#include "samplers/posterior.h"

enum { TST_LINE = 6 };

extern const float tst_line_mean[TST_LINE], tst_line_variance[TST_LINE],
    tst_line_gain[TST_LINE], tst_line_data[TST_LINE];

/** The noise level is .3; tst_line_clear() it. */
typedef struct tst_line {
    csk_linop *A;
    csk_prior *prior;
    csk_posterior post;
} tst_line;

tst_line tst_line_new(void);
void tst_line_clear(tst_line *p);

/** The law of one coordinate: N(mean, variance). */
typedef struct tst_law {
    double mean, variance;
} tst_law;

/** x := a x + b + noise of standard deviation s. */
void tst_law_step(tst_law *p, double a, double b, double s);

/** D(x, t) of coordinate @p i is a x + b. */
void tst_line_denoiser(int i, double t, double *a, double *b);

/** The posterior of coordinate @p i. */
tst_law tst_line_posterior(int i);

/**
 * The @p chains samples in @p x have the laws @p want [TST_LINE]: mean and variance to five
 * standard errors, which fails by chance 1e-5 times.
 */
void tst_line_compare(const float *x, int chains, const tst_law *want,
                      const char *what);

#endif
