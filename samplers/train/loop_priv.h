/* SPDX-License-Identifier: BSD-3-Clause */
/* What all trainings do between their steps. */
#ifndef CSK_SAMPLERS_TRAIN_LOOP_PRIV_H
#define CSK_SAMPLERS_TRAIN_LOOP_PRIV_H

#include "cs/run.h"

typedef struct csk_train_loop {
    csk_status (*step)(void *training, double *loss); /* *done is one more after it */
    void *training;
    const int *done;
    int steps; /* there will be in all */
    const float *weights;
    int64_t len; /* of them */
} csk_train_loop;

/*
 * Step until *done is `until`, each step reported; stops at the first failure.
 *
 * loss     out: mean over these steps, NaN if there were none; may be NULL
 * monitor  may be NULL
 */
csk_status csk_train_loop_run(const csk_train_loop *l, int until, double *loss,
                              const csk_monitor *monitor) CSK_MUST_CHECK;

/* CSK_ERR_NUMERIC if the loss after `done` steps is no number. */
csk_status csk_train_loop_check(double loss, int done) CSK_MUST_CHECK;

#endif
