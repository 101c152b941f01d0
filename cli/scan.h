/* SPDX-License-Identifier: BSD-3-Clause */
/** @file cli/scan.h  A scan on disk as a linear inverse problem: what solve and recon share. */
#ifndef CSK_CLI_SCAN_H
#define CSK_CLI_SCAN_H

#include "cli/cli.h"
#include "operators/scan.h"

typedef struct cli_scan {
    csk_array kspace; /**< [coil][...k...] or without coils; 0 where not measured */
    csk_scan is;      /**< the linear inverse problem */
    int maybe_coils; /**< 1, 2: the axis of the file that was taken for one of a volume, but
                           may count coils, as the file names none; 0: there is no doubt */
    bool with_maps;
} cli_scan;

/**
 * Read a scan and its coil maps and build the operator.
 *
 * @param coils  path of the maps, [coil][...image...]; NULL for a single coil
 * @param mask   path of the sampling mask; NULL: a position is measured where any coil is
 *               not exactly 0
 */
csk_status cli_scan_read(const cli_call *call, cli_scan *s, const char *kspace,
                         const char *coils, const char *mask) CSK_MUST_CHECK;
void cli_scan_clear(cli_scan *s);

/** "if the first axis of k.npy counts coils, give --coils" for @p s.maybe_coils; "" for 0. */
const char *cli_scan_doubt(const cli_scan *s, const char *kspace, char *text,
                           size_t room);

/** The noise level: @p given if above 0, else estimated from the data and put into the results. */
csk_status cli_scan_noise(const cli_call *call, const cli_scan *s, double given,
                          double *eta) CSK_MUST_CHECK;

#endif
