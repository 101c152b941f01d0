/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/train/loop_priv.h"

#include <math.h>

csk_status csk_train_loop_check(double loss, int done)
{
    if (isfinite(loss))
        return CSK_OK;
    /* Before any step it is not the rate. */
    return csk_fail(CSK_ERR_NUMERIC, "training: the loss is %g at step %d; %s",
                    fabs(loss), done + 1,
                    done ? "a lower --rate may help" : "is --unit that of the images?");
}

csk_status csk_train_loop_run(const csk_train_loop *l, int until, double *loss,
                              const csk_monitor *monitor)
{
    const int first = *l->done;
    csk_status err = CSK_OK;
    double sum = 0.;

    while (*l->done < until && !err) {
        double now;
        err = l->step(l->training, &now);
        if (err)
            break;
        sum += now;
        const csk_progress p = { .what = "training",
                                 .iter = *l->done,
                                 .max_iter = l->steps,
                                 .residual = now,
                                 .change = NAN,
                                 .x = l->weights,
                                 .len = l->len };
        err = monitor ? csk_monitor_report(monitor, &p) : CSK_OK;
    }
    if (loss)
        *loss = *l->done > first ? sum / (*l->done - first) : NAN;
    return err;
}
