/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/radius.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/names_priv.h"

#include <math.h>
#include <stdlib.h>

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Position p (count + 1) among the ordered values, held at the extremes. */
static double quantile(double *v, int count, double p)
{
    qsort(v, (size_t)count, sizeof(*v), rising);
    const double at = fmin(fmax(p * (count + 1) - 1., 0.), count - 1.);
    const int k = (int)at;

    return k + 1 < count ? v[k] + (at - k) * (v[k + 1] - v[k]) : v[k];
}

csk_status csk_radius_simulate(double *radius, const csk_posterior *post,
                               csk_naive_fn *naive, void *user, int draws, double delta,
                               csk_rng run)
{
    const csk_linop *A = post->A;
    const int64_t n = csk_linop_cols(A), m = csk_linop_rows(A);
    const int64_t linop = csk_linop_work_len(A),
                  prior = csk_prior_work_len(post->prior, 1);
    csk_status err = CSK_OK;

    if (draws < 1 || !(delta > 0. && delta < 1.))
        return csk_fail(CSK_ERR_ARG, "radius: %d draws, failure probability %g", draws,
                        delta);
    double *error = csk_alloc(draws, sizeof(*error));
    float *block =
        csk_alloc(2 * csk_pad(n) + 2 * csk_pad(m) + (linop > prior ? linop : prior),
                  sizeof(*block));
    if (!error || !block) {
        err = CSK_ERR_NOMEM;
        goto out;
    }
    float *const x = block, *const x0 = x + csk_pad(n);
    float *const b = x0 + csk_pad(n), *const noise = b + csk_pad(m);
    float *const work = noise + csk_pad(m);

    for (int k = 0; k < draws; k++) {
        const csk_rng name = csk_name(run, k, CSK_FOR_START, 0);

        err = csk_prior_sample(post->prior, 1, x, &name, work);
        if (err)
            goto out;
        csk_linop_apply(A, b, x, work);
        csk_rng_normal(csk_name(run, k, CSK_FOR_DATA, 0), m, noise);
        csk_axpby(m, post->noise_std, noise, 1., b);
        csk_zero(n, x0);
        err = naive(user, x0, b);
        if (err)
            goto out;
        error[k] = csk_distance(n, x0, x);
    }
    *radius = quantile(error, draws, 1. - delta);
out:
    csk_free(block);
    csk_free(error);
    return err;
}
