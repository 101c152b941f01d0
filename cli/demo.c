/* SPDX-License-Identifier: BSD-3-Clause */
/* What the steps of the demo share: a command line each, and rows of the table. */
#include "cli/demo.h"

#include <stdarg.h>
#include <stdio.h>

const char *demo_word(demo *d, const char *fmt, ...)
{
    char *to = d->text[d->texts++ % TEXTS];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(to, TEXT, fmt, args);
    va_end(args);
    return to;
}

const char *demo_file(demo *d, const char *name)
{
    return demo_word(d, "%s/%s", d->dir, name);
}

csk_status demo_line(demo *d, char **results, const char *const *words)
{
    const double start = cli_seconds();
    const csk_status err = cli_do(d->call, words, results);

    d->seconds = cli_seconds() - start;
    return err;
}

csk_status demo_compare(demo *d, csk_metrics *m, const char *name)
{
    csk_array a = { .data = NULL };
    csk_status err = cli_read(d->call, &a, demo_file(d, name), CLI_FINITE);

    if (!err)
        err = csk_metric(m, &a, &d->truth, NULL);
    csk_array_clear(&a);
    return err;
}

void demo_put(const cli_call *call, const char *method, const char *weight_from,
              double weight, const csk_metrics *m, double seconds)
{
    cli_begin_row(call, "methods");
    cli_put_text(call, "method", method);
    cli_put_text(call, "weight_from", weight_from);
    cli_put_real(call, "weight", weight, -1, NULL);
    cli_put_real(call, "psnr", m->psnr, 2, "dB");
    cli_put_real(call, "ssim", m->ssim, 4, NULL);
    cli_put_real(call, "nmse", m->nmse, 6, NULL);
    cli_put_real(call, "seconds", seconds, 2, NULL);
    cli_end_row(call);
}
