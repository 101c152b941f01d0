/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cli/results.h
 * The files that recon and restore write into a directory. Where an earlier run left some, the new
 * ones are written into a directory inside and take their place when all are there.
 */
#ifndef CSK_CLI_RESULTS_H
#define CSK_CLI_RESULTS_H

#include "cli/cli.h"

typedef struct cli_results {
    const cli_call *call;
    const char *final; /**< the directory, as the user names it */
    char *dir;         /**< where files are written now; owned */
    bool replaces;     /**< an earlier run left files there */
} cli_results;

/**
 * Make the directory. CSK_ERR_ARG if a file that will be replaced was read by this run,
 * CSK_ERR_IO if its name is that of a directory; nothing is touched then.
 */
csk_status cli_results_open(cli_results *r, const cli_call *call,
                            const char *dir) CSK_MUST_CHECK;

/** From now on write beside the earlier files. */
csk_status cli_results_stage(cli_results *r) CSK_MUST_CHECK;

csk_status cli_results_write(const cli_results *r, const csk_array *a,
                             const char *name) CSK_MUST_CHECK;

/** What was written beside takes the place of what was there; what was not written is removed. */
csk_status cli_results_commit(cli_results *r) CSK_MUST_CHECK;

void cli_results_clear(cli_results *r);

#endif
