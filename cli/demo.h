/* SPDX-License-Identifier: BSD-3-Clause */
/** @file cli/demo.h  What the verb demo found, and the figure of it. */
#ifndef CSK_CLI_DEMO_H
#define CSK_CLI_DEMO_H

#include "cli/cli.h"
#include "cs/metric.h"

/** All of one shape; real but for the mask, magnitudes of what was complex. */
typedef struct demo_pictures {
    csk_array truth, mask, zero_filled, naive, mean, std, low, high, sample;
} demo_pictures;

/** How far from the truth. */
typedef struct demo_scores {
    csk_metrics zero_filled, naive, mean, sample;
    csk_metrics l1, tv;  /**< each at the weight with the largest PSNR */
    double noise;        /**< that was added */
    double acceleration; /**< measured: positions over samples */
    double coverage;     /**< of the head's pixels, those between low and high */
    double nominal;      /**< what it should be */
    double
        inside; /**< the head: where the truth is above this part of its largest value */
    int coils, samples, slice;
} demo_scores;

void demo_pictures_clear(demo_pictures *p);

/** Draw truth, mask, estimates, uncertainty and error with a caption. */
csk_status demo_draw(const cli_call *call, const demo_pictures *p, const demo_scores *s,
                     const char *path) CSK_MUST_CHECK;

#endif
