/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Algorithm 3 of Xun, Gupta, Price (2025) with the library: samples of the posterior of a scan.
 *
 *     recover KSPACE COILS PRIOR MEAN STD
 *
 * KSPACE and COILS are [coil][y][x], as `csk simulate` writes them; PRIOR is a file of any kind of prior.
 */
#include "cs/csk.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    csk_array kspace = { 0 }, coils = { 0 };
    csk_model *prior = NULL;
    csk_scan scan = { 0 };
    csk_recon result = { 0 };
    double noise;

    if (argc != 6)
        return fprintf(stderr, "usage: recover KSPACE COILS PRIOR MEAN STD\n"), 2;

    csk_status err = csk_read(&kspace, argv[1]);
    if (!err)
        err = csk_read(&coils, argv[2]);
    if (!err)
        err = csk_model_read(&prior, argv[3]);
    if (!err)
        err = csk_scan_init(&scan, &kspace, &coils, NULL, 0);
    if (!err)
        err = csk_noise_estimate(&noise, NULL, &kspace);
    if (!err)
        err = csk_recon_run(&result, scan.A, scan.b, noise, prior, 1, NULL);
    if (!err)
        err = csk_write(&result.mean, argv[4], NULL);
    if (!err)
        err = csk_write(&result.std, argv[5], NULL);
    if (err)
        (void)fprintf(stderr, "recover: %s\n", csk_error_message());
    else
        (void)printf("noise %.4g, residual norm %.4g, expected %.4g\n", noise,
                     result.residual, result.expected);

    csk_recon_clear(&result), csk_scan_clear(&scan), csk_model_free(prior);
    csk_array_clear(&coils), csk_array_clear(&kspace);
    return err ? 1 : 0;
}
