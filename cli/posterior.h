/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cli/posterior.h
 * From the data of a linear inverse problem to samples of its posterior in a directory: what
 * recon and restore share. The directory is argument 1 of the verb.
 */
#ifndef CSK_CLI_POSTERIOR_H
#define CSK_CLI_POSTERIOR_H

#include "cli/cli.h"
#include "cli/prior_arg.h"
#include "samplers/recon.h"

/**
 * Read the prior @p name. CSK_ERR_ARG if an option was given that sampler, schedule or prior do not
 * read, CSK_ERR_UNSUPPORTED if the prior cannot be sampled.
 */
csk_status cli_posterior_prior(const cli_call *call, cli_prior *prior, const char *name,
                               const csk_recon_opts *o) CSK_MUST_CHECK;

/**
 * Run csk_recon_run() and write naive, mean, magnitude, std, quantiles, samples and report.json, which holds
 * what the verb has put before, too.
 *
 * @param seconds_reading  spent before the call, for the report
 */
csk_status cli_posterior_run(const cli_call *call, const csk_linop *A, const float *b,
                             double eta, const cli_prior *prior,
                             const csk_recon_opts *given,
                             double seconds_reading) CSK_MUST_CHECK;

/** How long that takes and how much memory, by timing operator and prior. */
csk_status cli_posterior_plan(const csk_linop *A, const cli_prior *read,
                              const csk_recon_opts *o, cli_plan *out) CSK_MUST_CHECK;

#endif
