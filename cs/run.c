/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/run.h"

const char *csk_stop_name(csk_stop stop)
{
    switch (stop) {
    case CSK_STOP_CONVERGED:
        return "converged";
    case CSK_STOP_MAX_ITER:
        return "stopped at max-iter";
    case CSK_STOP_MONITOR:
        return "stopped on request";
    case CSK_STOP_NONE:
        break;
    }
    return "not started";
}
