/* SPDX-License-Identifier: BSD-3-Clause */
/* From errors of single images to the score of a training. Never installed. */
#ifndef CSK_SAMPLERS_TRAIN_SCORE_PRIV_H
#define CSK_SAMPLERS_TRAIN_SCORE_PRIV_H

#include "samplers/train/train.h"

/* Sums over images at one noise level: squares of errors and their floats, norms and their squares. */
typedef struct csk_score_sum {
    double error, weight, norm, norm2;
} csk_score_sum;

/* An image of n floats: mean squares of a float of D - x and of (D - y) / s. */
void csk_score_add(csk_score_sum *sum, int64_t n, double error, double norm);

/* One of the levels of image number `image` of `count` is done: an image may take a minute. */
csk_status csk_score_report(const csk_monitor *monitor, int image, int level,
                            int count);

/* Of all levels, from `count` images. */
void csk_score_conclude(csk_train_score *score, const csk_score_sum *sum, int count);

#endif
