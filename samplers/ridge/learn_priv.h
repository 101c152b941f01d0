/* SPDX-License-Identifier: BSD-3-Clause */
/* The derivative of a denoising error by the parameters of a ridge regulariser. Never installed. */
#ifndef CSK_SAMPLERS_RIDGE_LEARN_PRIV_H
#define CSK_SAMPLERS_RIDGE_LEARN_PRIV_H

#include "samplers/ridge/ridge_priv.h"

/*
 * One example: y = clean + sigma n of height x width, interleaved where it is complex, and the
 * weight of its squared error. What is computed of it runs in one thread.
 */
typedef struct csk_ridge_example {
    const float *clean, *noisy;
    double sigma, weight;
} csk_ridge_example;

/* Floats of work for images of this shape. */
int64_t csk_ridge_learn_work_len(const csk_ridge *r, const csk_bank_shape *s);

/*
 * gradient := the derivative of weight |D(noisy, sigma) - clean|^2 by theta; returns that loss.
 */
double csk_ridge_learn(const csk_ridge *r, const csk_bank_shape *s,
                       const csk_ridge_example *e, float *gradient, float *work);

#endif
