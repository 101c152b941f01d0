/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cli/posterior.h
 * Algorithm 3 on a scan, from the data to the statistics of the samples: what recon does and
 * demo shows.
 */
#ifndef CSK_CLI_POSTERIOR_H
#define CSK_CLI_POSTERIOR_H

#include "cli/cli.h"
#include "cs/linop.h"
#include "samplers/prior_wavelet.h"
#include "samplers/recover.h"

typedef struct cli_posterior_opts {
    int samples;
    int shift;     /**< csk_wavelet_shift */
    double tail;   /**< of the quantiles */
    double unit;   /**< data over training images; 0: from the naive estimate */
    double lambda; /**< of the naive estimate, in units of the noise level */
    int naive_iter;
    const char *wavelet; /**< of the naive estimate; NULL: db2 */
    double radius; /**< R in units of the data; 0: by simulation under the prior */
    int draws;     /**< of that simulation */
    double delta;  /**< its failure probability */
    csk_recover_opts recover;
} cli_posterior_opts;

extern const csk_param cli_posterior_params[];

/** The defaults; differ from csk_recover_defaults() in nothing. */
cli_posterior_opts cli_posterior_defaults(void);

typedef struct cli_posterior {
    csk_array naive, mean, std, low, high;
    csk_array samples; /**< [sample][...image...] */
    double unit, radius, eta;
    double residual; /**< root mean square of ||b - A x|| over the samples */
    double expected; /**< noise_std sqrt(floats of b) */
    csk_recover_info info;
    double seconds_naive, seconds_radius, seconds_sampling;
} cli_posterior;

/** Called with the naive estimate before the sampling starts; may be NULL. */
typedef csk_status cli_naive_ready_fn(const cli_call *call, const csk_array *naive);

/** Run. @p p must be empty; cli_posterior_clear() it. */
csk_status cli_posterior_run(const cli_call *call, cli_posterior *p, const csk_linop *A,
                             const float *b, double eta, const csk_wavelet_model *model,
                             const cli_posterior_opts *o,
                             cli_naive_ready_fn *ready) CSK_MUST_CHECK;
void cli_posterior_clear(cli_posterior *p);

#endif
