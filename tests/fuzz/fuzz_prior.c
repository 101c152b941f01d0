/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes are a model or are refused; a model accepted makes a prior that denoises. */
#include "cs/mem.h"
#include "samplers/prior_wavelet.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A line of 512 scalars is long enough for a few levels; other models are of other images. */
static void use(const csk_wavelet_model *m)
{
    const csk_space space = csk_space_make(m->field, 1, (int64_t[]){ 512 });
    csk_prior *p;

    if (m->axes != 1 || csk_prior_wavelet(&p, &space, m, 1., CSK_SHIFT_NONE))
        return;
    float *x = csk_alloc(1024, sizeof(*x)), *d = csk_alloc(1024, sizeof(*d));
    float *work = csk_alloc(csk_prior_work_len(p, 1), sizeof(*work));
    if (!x || !d || !work)
        abort();
    for (int i = 0; i < 1024; i++)
        x[i] = (float)(i % 7);
    if (csk_prior_denoise(p, 1, d, x, &(double){ .5 }, NULL, work) || !isfinite(d[0]))
        abort();
    csk_free(x), csk_free(d), csk_free(work);
    csk_prior_unref(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    csk_wavelet_model m = { 0 };

    if (csk_wavelet_model_parse(&m, (const char *)data, size, "input") == CSK_OK)
        use(&m);
    else if (m.weight || m.variance)
        abort();
    csk_wavelet_model_clear(&m);
    return 0;
}
