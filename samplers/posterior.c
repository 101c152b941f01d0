/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/posterior.h"
#include "cs/mem.h"
#include "cs/vec.h"

#include <math.h>

csk_status csk_posterior_check(const csk_posterior *post)
{
    char prior[96], domain[96];
    const csk_space *p = csk_prior_space(post->prior);
    const csk_space *a = csk_linop_domain(post->A);

    if (!csk_space_equal(p, a))
        return csk_fail(CSK_ERR_SHAPE,
                        "the prior describes %s, the operator acts on %s",
                        csk_space_text(p, prior, sizeof(prior)),
                        csk_space_text(a, domain, sizeof(domain)));
    if (!(post->noise_std > 0. && isfinite(post->noise_std)))
        return csk_fail(CSK_ERR_ARG, "noise level is %g, expected a positive number",
                        post->noise_std);
    if (post->tether && !(post->tether_std > 0. && isfinite(post->tether_std)))
        return csk_fail(CSK_ERR_ARG, "tether width is %g, expected a positive number",
                        post->tether_std);
    if (csk_first_not_finite(csk_linop_rows(post->A), post->b) >= 0)
        return csk_fail(CSK_ERR_NUMERIC, "the data hold NaN or infinity");
    return CSK_OK;
}

/* The chains' sigmas, as doubles, in front of m and the prior's own scratch. */
static int64_t sigma_len(int chains)
{
    return csk_pad((int64_t)chains * (int64_t)(sizeof(double) / sizeof(float)));
}

int64_t csk_conditional_work_len(const csk_posterior *post, int chains)
{
    const int64_t n = csk_space_len(csk_prior_space(post->prior));

    return sigma_len(chains) + csk_pad(chains * n) +
           csk_prior_work_len(post->prior, chains);
}

csk_status csk_conditional_denoise(const csk_posterior *post, int chains, float *d,
                                   const float *x, double t, double weight,
                                   const csk_rng *names, float *work)
{
    const int64_t n = csk_space_len(csk_prior_space(post->prior));
    const bool tethered = post->tether && weight > 0.;
    const double near = tethered ? weight / (post->tether_std * post->tether_std) : 0.;
    const double tau2 = 1. / (near + 1. / (t * t));
    double *sigma = (double *)work;
    float *m = work + sigma_len(chains);
    float *rest = m + csk_pad(chains * n);

    for (int i = 0; i < chains; i++)
        sigma[i] = sqrt(tau2);
    if (!tethered)
        return csk_prior_denoise(post->prior, chains, d, x, sigma, names, rest);
    csk_copy(chains * n, x, m);
    csk_axpby(chains * n, tau2 * near, post->tether, tau2 / (t * t), m);
    return csk_prior_denoise(post->prior, chains, d, m, sigma, names, rest);
}
