/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Preconditioning of a denoiser, Karras et al., NeurIPS 2022, Table 1 (EDM):
 * D(y, s) = skip y + out F(in y, s). Never installed.
 */
#ifndef CSK_SAMPLERS_TRAIN_EDM_PRIV_H
#define CSK_SAMPLERS_TRAIN_EDM_PRIV_H

#include <math.h>

typedef struct csk_edm {
    double skip, out, in;
} csk_edm;

static inline csk_edm csk_edm_at(double sigma, double sigma_data)
{
    const double sum = sigma * sigma + sigma_data * sigma_data;

    return (csk_edm){ .skip = sigma_data * sigma_data / sum,
                      .out = sigma * sigma_data / sqrt(sum),
                      .in = 1. / sqrt(sum) };
}

#endif
