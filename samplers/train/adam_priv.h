/* SPDX-License-Identifier: BSD-3-Clause */
/* Adam (Kingma, Ba, ICLR 2015, Algorithm 1) with an average of the weights. Never installed. */
#ifndef CSK_SAMPLERS_TRAIN_ADAM_PRIV_H
#define CSK_SAMPLERS_TRAIN_ADAM_PRIV_H

#include <stdint.h>

typedef struct csk_adam {
    int64_t n;
    float *weights;
    float *mean, *square; /* moments of the gradient, zero at first */
    float *average; /* average := decay average + (1 - decay) weights; NULL: none */
} csk_adam;

/*
 * Step number `step`, from 1, along the gradient times `scale`; beta = 0.9, 0.99 and
 * epsilon = 1e-8. The same bits on any number of threads.
 */
void csk_adam_step(const csk_adam *a, int step, double rate, const float *gradient,
                   double scale, double decay);

/*
 * The rate of step number `step`, from 0: it rises linearly over `warmup` steps to `most` and
 * falls as a cosine to a hundredth of it at `steps`.
 */
double csk_adam_rate(double most, int steps, int warmup, int step);

#endif
