/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/state.h"

#include <stdlib.h>
#include <unistd.h>

/*
 * gcc's OpenMP lets threads that wait spin for milliseconds before they sleep. Where another
 * process has one of the cores, a spinning thread keeps the one it waits for from running,
 * and every parallel loop lasts a time slice of the scheduler: a SENSE normal operator of
 * 3.8 ms on one thread took 100 ms on two, and 4.5 ms with so short a spin. The runtime
 * reads its environment before main() begins, hence the second start: 9 ms, which verbs that do
 * not compute need not pay.
 */
void cli_wait_patiently(char *const argv[])
{
#if defined(_OPENMP) && defined(__GNUC__) && !defined(__clang__)
    if (getenv("GOMP_SPINCOUNT") || getenv("OMP_WAIT_POLICY"))
        return;
    if (setenv("GOMP_SPINCOUNT", "1000", 1) == 0)
        (void)execv("/proc/self/exe", argv); /* on failure as it was */
#else
    (void)argv;
#endif
}
