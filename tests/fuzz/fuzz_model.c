/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes are a prior of some kind or are refused; one that is accepted makes a prior for a
 * small image that denoises it, or says why not. */
#include "cs/mem.h"
#include "samplers/model.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const csk_model *m)
{
    const csk_space space =
        csk_space_make(csk_model_field(m), csk_model_axes(m), (int64_t[]){ 16, 8, 8 });
    const int64_t n = csk_space_len(&space);
    csk_prior *p;
    double lo, hi;

    if (!csk_model_card(m) || csk_model_prior(&p, &space, m, 1., NULL))
        return;
    csk_prior_sigma_range(p, &lo, &hi);
    const double sigma = fmin(fmax(.5, lo), hi);
    float *x = csk_alloc(n, sizeof(*x)), *d = csk_alloc(n, sizeof(*d));
    float *work = csk_alloc(csk_prior_work_len(p, 1) + 1, sizeof(*work));
    if (!x || !d || !work)
        abort();
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)(i % 7);
    if (csk_prior_denoise(p, 1, d, x, &sigma, NULL, work))
        abort();
    csk_free(x), csk_free(d), csk_free(work);
    csk_prior_unref(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    csk_model *m = NULL;

    if (csk_model_parse(&m, data, size, "input") == CSK_OK)
        use(m);
    else if (m)
        abort();
    csk_model_free(m);
    return 0;
}
