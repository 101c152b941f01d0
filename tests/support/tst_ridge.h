/* SPDX-License-Identifier: BSD-3-Clause */
/** @file tests/support/tst_ridge.h  Ridge regularisers, plainly written and in double precision. */
#ifndef CSK_TESTS_SUPPORT_TST_RIDGE_H
#define CSK_TESTS_SUPPORT_TST_RIDGE_H

#include "cs/space.h"
#include "cs/tensors.h"

/** A model of random parameters, sigma .01 .. 1; csk_tensors_clear() it. */
csk_tensors tst_ridge_model(csk_field field, int filters, int side, int intervals,
                            int knots);

/** The same in double precision; tst_ridge_clear() it. */
typedef struct tst_ridge {
    int planes, filters, side, intervals, knots;
    double lo, hi;
    double *weight, *slope, *log_scale,
        *log_gain; /* in one block, one after the other */
} tst_ridge;

tst_ridge tst_ridge_of(csk_field field, const csk_tensors *model);
void tst_ridge_clear(tst_ridge *r);

/**
 * R_sigma(x) of samplers/prior_ridge.h for x [height][width][planes]; its gradient into g, unless
 * that is NULL.
 */
double tst_ridge_energy(const tst_ridge *r, int64_t height, int64_t width,
                        const double *x, double sigma, double *g);

#endif
