/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/tst_model.h"
#include "cs/mem.h"
#include "tests/support/tst.h"

#include <math.h>
#include <stdio.h>

csk_wavelet_model tst_wavelet_model(csk_field field, int axes, const char *family,
                                    int levels, int components)
{
    csk_wavelet_model m = { .field = field,
                            .axes = axes,
                            .levels = levels,
                            .components = components,
                            .scale = 1. };
    const int bands = csk_wavelet_model_bands(&m);

    (void)snprintf(m.family, sizeof(m.family), "%s", family);
    m.weight = csk_alloc((int64_t)bands * components, sizeof(*m.weight));
    m.variance = csk_alloc((int64_t)bands * components, sizeof(*m.variance));
    ck_assert(m.weight && m.variance);
    for (int b = 0; b < bands; b++) {
        double sum = 0.;
        for (int k = 0; k < components; k++) {
            double *w = m.weight + b * components + k;
            *w = 1. + (b + 2 * k) % 3;
            sum += *w;
            m.variance[b * components + k] =
                .01 * (1. + .1 * b) *
                pow(1000., components > 1 ? k / (components - 1.) : 0.);
        }
        for (int k = 0; k < components; k++)
            m.weight[b * components + k] /= sum;
    }
    return m;
}
