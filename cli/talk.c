/* SPDX-License-Identifier: BSD-3-Clause */
/* What a verb says on the way; the clock, the memory. */
#include "cli/state.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

double cli_seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/*
 * As Linux counts it, or as all do: there getrusage() may count what the program held that
 * started this one.
 */
int64_t cli_peak_bytes(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[128];
    long long kilobytes = 0;
    struct rusage all;

    while (f && kilobytes == 0 && fgets(line, sizeof(line), f)) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            kilobytes = strtoll(line + 6, NULL, 10);
    }
    if (f)
        (void)fclose(f);
    if (kilobytes == 0 && !getrusage(RUSAGE_SELF, &all))
        kilobytes = all.ru_maxrss;
    return 1024 * (int64_t)kilobytes;
}

CSK_PRINTF(2, 0)
static void say(const cli_call *call, const char *fmt, va_list args)
{
    char text[2048];

    (void)vsnprintf(text, sizeof(text), fmt, args);
    for (char *at = text; *at; at++) { /* one line, whatever a name holds */
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    }
    cli_bar_clear(call->state);
    (void)fprintf(stderr, "csk %s: %s\n", call->cmd->name, text);
}

void cli_say(const cli_call *call, const char *fmt, ...)
{
    va_list args;

    if (call->quiet)
        return;
    va_start(args, fmt);
    say(call, fmt, args);
    va_end(args);
}

void cli_detail(const cli_call *call, const char *fmt, ...)
{
    va_list args;

    if (!call->verbose)
        return;
    va_start(args, fmt);
    say(call, fmt, args);
    va_end(args);
}

void cli_stopped(const cli_call *call, const csk_run_info *info, bool strict)
{
    if (info->stop != CSK_STOP_MAX_ITER)
        return;
    const bool gap = isnan(info->change); /* coordinate descent knows that instead */
    cli_say(call, "not converged after %d iterations (relative %s %.1e)", info->iter,
            gap ? "gap" : "change", gap ? info->gap : info->change);
    call->state->not_converged |= strict;
}
