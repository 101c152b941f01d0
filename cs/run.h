/* SPDX-License-Identifier: BSD-3-Clause */
/** @file cs/run.h  What every iteration reports, while it runs and when it ends. */
#ifndef CSK_CS_RUN_H
#define CSK_CS_RUN_H

#include "cs/status.h"

#include <stdint.h>

/** One line of progress, passed to the monitor after every iteration. */
typedef struct csk_progress {
    const char *what;   /**< "fista", "langevin"; never NULL */
    int iter, max_iter; /**< 1-based, and the most there will be */
    double residual;    /**< ||A x - b||; NaN where not computed */
    double change;      /**< ||x - x_before|| / ||x||; NaN where not computed */
    const float *x;     /**< current iterate; valid during the call only */
    int64_t len;        /**< floats in x */
} csk_progress;

/** Called from the solver's thread; anything but CSK_OK ends the run with that status. */
typedef csk_status csk_monitor_fn(void *user, const csk_progress *p);

typedef struct csk_monitor {
    csk_monitor_fn *call; /**< NULL: none */
    void *user;
} csk_monitor;

/** Report to @p m, if there is one. */
static inline csk_status csk_monitor_report(const csk_monitor *m, const csk_progress *p)
{
    return m->call ? m->call(m->user, p) : CSK_OK;
}

/** Why an iteration ended. Reaching max_iter is an answer, not an error. */
typedef enum csk_stop {
    CSK_STOP_NONE = 0,
    CSK_STOP_CONVERGED,
    CSK_STOP_MAX_ITER,
    CSK_STOP_MONITOR,
} csk_stop;

typedef struct csk_run_info {
    csk_stop stop;
    int iter;         /**< iterations done */
    double residual;  /**< ||A x - b|| at the last point where it was computed */
    double change;    /**< last relative change */
    double step;      /**< step size used */
    double objective; /**< value of what is minimised, at the last point computed */
    double gap; /**< certificate of optimality where the solver has one, else NaN */
    int64_t applications; /**< of A, of A* and twice for A*A */
    int64_t evaluations;  /**< of the prior's score, one a vector */
    double acceptance;    /**< share of proposals accepted, where there are any */
} csk_run_info;

/** "converged", "stopped at max-iter", ...; never NULL. */
CSK_API const char *csk_stop_name(csk_stop stop);

#endif
