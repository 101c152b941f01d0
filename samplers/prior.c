/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/prior.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/prior_impl.h"

#include <assert.h>
#include <math.h>

void *csk_prior_new(size_t bytes, const csk_prior_class *cls, const csk_space *space)
{
    assert(bytes >= sizeof(csk_prior) && cls->denoise);

    csk_prior *p = csk_alloc(1, bytes);
    if (!p)
        return NULL;
    p->cls = cls;
    atomic_init(&p->refs, 1);
    p->space = *space;
    p->sigma_min = 0.;
    p->sigma_max = INFINITY;
    return p;
}

csk_prior *csk_prior_ref(csk_prior *p)
{
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    return p;
}

void csk_prior_unref(csk_prior *p)
{
    if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (p->cls->destroy)
        p->cls->destroy(p);
    csk_free(p);
}

const char *csk_prior_name(const csk_prior *p)
{
    return p->cls->name;
}

const csk_space *csk_prior_space(const csk_prior *p)
{
    return &p->space;
}

int64_t csk_prior_work_len(const csk_prior *p, int batch)
{
    return batch * csk_pad(p->work_len);
}

int64_t csk_prior_vjp_work_len(const csk_prior *p, int batch)
{
    return batch * csk_pad(p->vjp_work_len ? p->vjp_work_len : p->work_len);
}

void csk_prior_sigma_range(const csk_prior *p, double *lo, double *hi)
{
    *lo = p->sigma_min;
    *hi = p->sigma_max;
}

double csk_prior_spread(const csk_prior *p)
{
    return p->spread;
}

/* Also refuses NaN. */
static csk_status check_sigma(const csk_prior *p, int batch, const double *sigma)
{
    for (int i = 0; i < batch; i++) {
        if (!(sigma[i] >= p->sigma_min && sigma[i] <= p->sigma_max))
            return csk_fail(CSK_ERR_ARG, "%s: sigma is %g, not in %g..%g", p->cls->name,
                            sigma[i], p->sigma_min, p->sigma_max);
    }
    return CSK_OK;
}

static csk_status lacks(const csk_prior *p, const char *what)
{
    return csk_fail(CSK_ERR_UNSUPPORTED, "the %s prior has no %s", p->cls->name, what);
}

csk_status csk_prior_denoise(const csk_prior *p, int batch, float *d, const float *x,
                             const double *sigma, const csk_rng *names, float *work)
{
    const csk_status err = check_sigma(p, batch, sigma);

    return err ? err : p->cls->denoise(p, batch, d, x, sigma, names, work);
}

csk_status csk_prior_score(const csk_prior *p, int batch, float *s, const float *x,
                           const double *sigma, const csk_rng *names, float *work)
{
    const int64_t n = csk_space_len(&p->space);
    const csk_status err = csk_prior_denoise(p, batch, s, x, sigma, names, work);

    for (int i = 0; i < batch && !err; i++) {
        const double q = 1. / (sigma[i] * sigma[i]);
        csk_axpby(n, -q, x + i * n, q, s + i * n); /* Tweedie: (D - x) / sigma^2 */
    }
    return err;
}

csk_status csk_prior_logp(const csk_prior *p, int batch, double *logp, const float *x,
                          const double *sigma, const csk_rng *names, float *work)
{
    if (!p->cls->logp)
        return lacks(p, "log density");
    const csk_status err = check_sigma(p, batch, sigma);
    return err ? err : p->cls->logp(p, batch, logp, x, sigma, names, work);
}

csk_status csk_prior_sample(const csk_prior *p, int batch, float *x,
                            const csk_rng *names, float *work)
{
    return p->cls->sample ? p->cls->sample(p, batch, x, names, work)
                          : lacks(p, "exact sampler");
}

csk_status csk_prior_vjp(const csk_prior *p, int batch, float *g, const float *v,
                         const float *x, const double *sigma, const csk_rng *names,
                         float *work)
{
    if (!p->cls->vjp)
        return lacks(p, "derivative");
    const csk_status err = check_sigma(p, batch, sigma);
    return err ? err : p->cls->vjp(p, batch, g, v, x, sigma, names, work);
}
