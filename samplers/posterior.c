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

/* The two observations as one: m and its noise level sigma, one a chain. */
typedef struct one_observation {
    const float *m;
    double *sigma;
    float *rest; /* of the work */
} one_observation;

static one_observation combine(const csk_posterior *post, int chains, const float *x,
                               double t, double weight, float *work)
{
    const int64_t n = csk_space_len(csk_prior_space(post->prior));
    const bool tethered = post->tether && weight > 0.;
    const double near = tethered ? weight / (post->tether_std * post->tether_std) : 0.;
    const double tau2 = 1. / (near + 1. / (t * t));
    float *m = work + sigma_len(chains);
    const one_observation o = { tethered ? m : x, (double *)work,
                                m + csk_pad(chains * n) };

    for (int i = 0; i < chains; i++)
        o.sigma[i] = sqrt(tau2);
    if (tethered) {
        csk_copy(chains * n, x, m);
        csk_axpby(chains * n, tau2 * near, post->tether, tau2 / (t * t), m);
    }
    return o;
}

csk_status csk_conditional_denoise(const csk_posterior *post, int chains, float *d,
                                   const float *x, double t, double weight,
                                   const csk_rng *names, float *work)
{
    const one_observation o = combine(post, chains, x, t, weight, work);

    return csk_prior_denoise(post->prior, chains, d, o.m, o.sigma, names, o.rest);
}

csk_status csk_conditional_logp(const csk_posterior *post, int chains, double *logp,
                                const float *x, double t, double weight,
                                const csk_rng *names, float *work)
{
    const int64_t n = csk_space_len(csk_prior_space(post->prior));
    const one_observation o = combine(post, chains, x, t, weight, work);
    const csk_status err =
        csk_prior_logp(post->prior, chains, logp, o.m, o.sigma, names, o.rest);

    for (int i = 0; i < chains && o.m != x && !err; i++) {
        const double far = csk_distance(n, x + i * n, post->tether + i * n);
        const double width = t * t + post->tether_std * post->tether_std / weight;

        logp[i] -= far * far / (2. * width);
    }
    return err;
}
