/* SPDX-License-Identifier: BSD-3-Clause */
/* The progress bar, and the orderly end at Ctrl-C. */
#include "cli/state.h"

#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { BAR = 24, LINE = 79 };

static volatile sig_atomic_t caught;
static bool stopped; /* a computation has ended because of it */

/* The first signal asks, the second one finds the default action and kills. A step may be long:
 * who waits is told that the key was heard. */
static void on_signal(int sig)
{
    static const char heard[] =
        "\ncsk: stopping after this step; Ctrl-C again stops at once\n";

    caught = sig;
    if (sig == SIGINT && isatty(STDERR_FILENO) &&
        write(STDERR_FILENO, heard, sizeof(heard) - 1) < 0)
        return; /* nothing to be done about it here */
}

void cli_catch_signals(void)
{
    struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };

    if (caught) /* the second one shall find the default action */
        return;
    (void)sigemptyset(&act.sa_mask);
    (void)sigaction(SIGINT, &act, NULL);
    (void)sigaction(SIGTERM, &act, NULL);
}

int cli_signal(void)
{
    return caught;
}

bool cli_interrupted(void)
{
    return stopped;
}

void cli_bar_clear(cli_state *state)
{
    if (!state->bar_shown)
        return;
    (void)fprintf(stderr, "\r%*s\r", LINE, "");
    state->bar_shown = false;
}

static void remaining(char *out, size_t room, double seconds)
{
    if (seconds < 0.)
        out[0] = '\0';
    else if (seconds < 100.)
        (void)snprintf(out, room, "%.0f s left", ceil(seconds));
    else if (seconds < 6000.)
        (void)snprintf(out, room, "%.0f min left", ceil(seconds / 60.));
    else
        (void)snprintf(out, room, "%.1f h left", seconds / 3600.);
}

static void draw(cli_state *s, const csk_progress *p, double now)
{
    const double done = p->max_iter > 0 ? (double)p->iter / p->max_iter : 0.;
    const int full = (int)(done * BAR + .5);
    char bar[BAR + 1], left[32], more[32] = "", line[256];

    for (int i = 0; i < BAR; i++)
        bar[i] = i < full ? '=' : ' ';
    bar[BAR] = '\0';
    remaining(left, sizeof(left),
              p->iter > s->bar_first ? (now - s->bar_start) * (p->max_iter - p->iter) /
                                           (p->iter - s->bar_first)
                                     : -1.);
    if (isfinite(p->residual))
        (void)snprintf(more, sizeof(more), "residual %.3e", p->residual);
    const int len =
        snprintf(line, sizeof(line), "%-14.14s [%s] %3.0f %%  %s  %s",
                 s->bar_label ? s->bar_label : p->what, bar, 100. * done, left, more);
    (void)fprintf(stderr, "\r%.*s%*s", LINE, line, len < LINE ? LINE - len : 0, "");
    (void)fflush(stderr);
    s->bar_shown = true;
    s->bar_last = now;
}

static csk_status stop_if_asked(void *user, const csk_progress *p)
{
    (void)user;
    if (!caught)
        return CSK_OK;
    stopped = true;
    return csk_fail(CSK_ERR_ABORTED, "interrupted in %s at %d of %d", p->what, p->iter,
                    p->max_iter);
}

static csk_status show(void *user, const csk_progress *p)
{
    cli_state *s = user;
    const double now = cli_seconds();

    if (p->iter <= 1 || s->bar_start == 0.) {
        s->bar_start = now;
        s->bar_first = p->iter > 1 ? p->iter : 0;
        s->bar_last = now;
    }
    if (p->iter >= p->max_iter)
        cli_bar_clear(s);
    else if (p->iter > 1 && now - s->bar_last > .1)
        draw(s, p, now);
    return stop_if_asked(user, p);
}

csk_monitor cli_monitor(const cli_call *call, const char *label)
{
    cli_state *s = call->state;
    const bool bar = !call->quiet && isatty(STDERR_FILENO);

    cli_catch_signals();
    s->bar_label = label;
    s->bar_start = 0.;
    return (csk_monitor){ bar ? show : stop_if_asked, s };
}
