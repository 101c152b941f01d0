/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/prior_gauss.h"
#include "cs/mem.h"
#include "cs/simd_priv.h"
#include "cs/vec.h"
#include "samplers/normal_priv.h"
#include "samplers/prior_impl.h"

#include <math.h>

/* -- S = diag(variance) --------------------------------------------------------- */

typedef struct diagonal {
    csk_prior base;
    float *mean, *variance; /* [n]; mean heads the block of both */
} diagonal;

typedef void block_fn(int64_t n, float *out, const float *x, const float *mean,
                      const float *variance, double s2);

/* d = m + v/(v + s2) (x - m) */
CSK_HOT static void shrink(int64_t n, float *d, const float *x, const float *mean,
                           const float *variance, double s2)
{
    for (int64_t i = 0; i < n; i++) {
        const double v = (double)variance[i], m = (double)mean[i];
        d[i] = (float)(m + v / (v + s2) * ((double)x[i] - m));
    }
}

/* The Jacobian of shrink() is diagonal. */
CSK_HOT static void scale(int64_t n, float *g, const float *u, const float *mean,
                          const float *variance, double s2)
{
    (void)mean;
    for (int64_t i = 0; i < n; i++)
        g[i] = (float)((double)variance[i] / ((double)variance[i] + s2) * (double)u[i]);
}

static void each_block(const csk_prior *p, int batch, float *out, const float *in,
                       const double *sigma, block_fn *fn)
{
    enum { BLOCK = 16384 };
    const diagonal *g = (const diagonal *)p;
    const int64_t n = csk_space_len(&p->space);
    const int64_t blocks = (n + BLOCK - 1) / BLOCK;

#pragma omp parallel for schedule(static) if (batch * n > BLOCK)
    for (int64_t b = 0; b < batch * blocks; b++) {
        const int64_t item = b / blocks, at = b % blocks * BLOCK;
        const int64_t len = n - at < BLOCK ? n - at : BLOCK;

        fn(len, out + item * n + at, in + item * n + at, g->mean + at, g->variance + at,
           sigma[item] * sigma[item]);
    }
}

static csk_status diagonal_denoise(const csk_prior *p, int batch, float *d,
                                   const float *x, const double *sigma,
                                   const csk_rng *names, float *work)
{
    (void)names, (void)work;
    each_block(p, batch, d, x, sigma, shrink);
    return CSK_OK;
}

static csk_status diagonal_vjp(const csk_prior *p, int batch, float *g, const float *v,
                               const float *x, const double *sigma,
                               const csk_rng *names, float *work)
{
    (void)x, (void)names, (void)work;
    each_block(p, batch, g, v, sigma, scale);
    return CSK_OK;
}

static csk_status diagonal_logp(const csk_prior *p, int batch, double *logp,
                                const float *x, const double *sigma,
                                const csk_rng *names, float *work)
{
    const diagonal *g = (const diagonal *)p;
    const double two_pi = 6.283185307179586;
    const int64_t n = csk_space_len(&p->space);

    (void)names, (void)work;
#pragma omp parallel for schedule(static) if (batch > 1 && batch * n > 1 << 12)
    for (int b = 0; b < batch; b++) {
        double sum = 0.;

        for (int64_t i = 0; i < n; i++) {
            const double var = (double)g->variance[i] + sigma[b] * sigma[b];
            const double c = (double)x[b * n + i] - (double)g->mean[i];
            sum += c * c / var + log(two_pi * var);
        }
        logp[b] = -.5 * sum;
    }
    return CSK_OK;
}

static csk_status diagonal_sample(const csk_prior *p, int batch, float *x,
                                  const csk_rng *names, float *work)
{
    const diagonal *g = (const diagonal *)p;
    const int64_t n = csk_space_len(&p->space);

    (void)work;
    for (int b = 0; b < batch; b++) {
        float *y = x + b * n;

        csk_rng_normal(names[b], n, y);
        for (int64_t i = 0; i < n; i++)
            y[i] = (float)((double)g->mean[i] +
                           sqrt((double)g->variance[i]) * (double)y[i]);
    }
    return CSK_OK;
}

static void diagonal_destroy(csk_prior *p)
{
    csk_free(((diagonal *)p)->mean);
}

static const csk_prior_class diagonal_class = {
    .name = "gauss",
    .denoise = diagonal_denoise,
    .logp = diagonal_logp,
    .sample = diagonal_sample,
    .vjp = diagonal_vjp,
    .destroy = diagonal_destroy,
};

csk_status csk_prior_gauss(csk_prior **out, const csk_space *space, const float *mean,
                           const float *variance)
{
    const csk_status err = csk_space_check(space, "gauss");
    if (err)
        return err;

    const int64_t n = csk_space_len(space);
    for (int64_t i = 0; i < n; i++) {
        if (!(variance[i] > 0.f) || !isfinite(variance[i]))
            return csk_fail(CSK_ERR_ARG, "gauss: variance[%lld] is %g, expected > 0",
                            (long long)i, (double)variance[i]);
        if (mean && !isfinite(mean[i]))
            return csk_fail(CSK_ERR_NUMERIC, "gauss: mean[%lld] is %g", (long long)i,
                            (double)mean[i]);
    }

    diagonal *g = csk_prior_new(sizeof(*g), &diagonal_class, space);
    if (!g)
        return CSK_ERR_NOMEM;
    g->base.sigma_max = CSK_NORMAL_SIGMA_MAX;
    g->mean = csk_alloc(2 * csk_pad(n), sizeof(*g->mean));
    if (!g->mean) {
        csk_prior_unref(&g->base);
        return CSK_ERR_NOMEM;
    }
    g->variance = g->mean + csk_pad(n);
    if (mean)
        csk_copy(n, mean, g->mean);
    csk_copy(n, variance, g->variance);
    g->base.spread = sqrt(csk_max_modulus(n, 1, variance)) + csk_norm(n, g->mean);
    *out = &g->base;
    return CSK_OK;
}

/* -- dense S ---------------------------------------------------------------------- */

typedef struct dense {
    csk_prior base;
    csk_normal normal;
} dense;

/* Items of a batch are worth threads from about this many floats on: 2 n^2 operations each. */
#define WORTH_THREADS(batch, n) ((batch) > 1 && (batch) * (n) * (n) > 1 << 15)

/* Scratch of item b: 2 n doubles. */
static double *scratch(const csk_prior *p, float *work, int b)
{
    return (double *)(void *)(work + b * csk_pad(p->work_len));
}

/* out := V lambda/(lambda + s2) V^T y, the Jacobian times y, which it overwrites. */
static void dense_shrink(const csk_normal *g, float *out, double *y, double *z,
                         double s2, const double *mean)
{
    csk_normal_project(g, z, y);
    for (int k = 0; k < g->n; k++) {
        z[k] *= g->lambda[k] / (g->lambda[k] + s2);
        y[k] = mean ? mean[k] : 0.;
    }
    csk_normal_expand(g, y, 1., z);
    for (int i = 0; i < g->n; i++)
        out[i] = (float)y[i];
}

static csk_status dense_denoise(const csk_prior *p, int batch, float *d, const float *x,
                                const double *sigma, const csk_rng *names, float *work)
{
    const csk_normal *g = &((const dense *)p)->normal;
    const int64_t n = g->n;

    (void)names;
#pragma omp parallel for schedule(static) if (WORTH_THREADS(batch, n))
    for (int b = 0; b < batch; b++) {
        const double s2 = sigma[b] * sigma[b];
        double *y = scratch(p, work, b);

        if (s2 == 0.) { /* no noise to remove, whatever the prior */
            csk_copy(n, x + b * n, d + b * n);
            continue;
        }
        csk_normal_centre(g, y, x + b * n);
        dense_shrink(g, d + b * n, y, y + n, s2, g->mean);
    }
    return CSK_OK;
}

static csk_status dense_vjp(const csk_prior *p, int batch, float *out, const float *v,
                            const float *x, const double *sigma, const csk_rng *names,
                            float *work)
{
    const csk_normal *g = &((const dense *)p)->normal;
    const int64_t n = g->n;

    (void)x, (void)names;
#pragma omp parallel for schedule(static) if (WORTH_THREADS(batch, n))
    for (int b = 0; b < batch; b++) {
        const double s2 = sigma[b] * sigma[b];
        double *y = scratch(p, work, b);

        if (s2 == 0.) {
            csk_copy(n, v + b * n, out + b * n);
            continue;
        }
        for (int64_t i = 0; i < n; i++)
            y[i] = (double)v[b * n + i];
        dense_shrink(g, out + b * n, y, y + n, s2, NULL);
    }
    return CSK_OK;
}

static csk_status dense_logp(const csk_prior *p, int batch, double *logp,
                             const float *x, const double *sigma, const csk_rng *names,
                             float *work)
{
    const csk_normal *g = &((const dense *)p)->normal;
    const int64_t n = g->n;
    const csk_status err = csk_normal_check_density(g, batch, sigma, p->cls->name);

    (void)names;
    if (err)
        return err;
#pragma omp parallel for schedule(static) if (WORTH_THREADS(batch, n))
    for (int b = 0; b < batch; b++) {
        double *y = scratch(p, work, b), *z = y + n;

        csk_normal_centre(g, y, x + b * n);
        csk_normal_project(g, z, y);
        logp[b] = csk_normal_logp(g, z, sigma[b] * sigma[b]);
    }
    return CSK_OK;
}

static csk_status dense_sample(const csk_prior *p, int batch, float *x,
                               const csk_rng *names, float *work)
{
    const csk_normal *g = &((const dense *)p)->normal;
    const int64_t n = g->n;

#pragma omp parallel for schedule(static) if (WORTH_THREADS(batch, n))
    for (int b = 0; b < batch; b++)
        csk_normal_sample(g, x + b * n, names[b], scratch(p, work, b));
    return CSK_OK;
}

static void dense_destroy(csk_prior *p)
{
    csk_normal_clear(&((dense *)p)->normal);
}

static const csk_prior_class dense_class = {
    .name = "gauss",
    .denoise = dense_denoise,
    .logp = dense_logp,
    .sample = dense_sample,
    .vjp = dense_vjp,
    .destroy = dense_destroy,
};

csk_status csk_prior_gauss_dense(csk_prior **out, const csk_space *space,
                                 const double *mean, const double *covariance)
{
    csk_status err = csk_space_check(space, "gauss");
    if (err)
        return err;

    dense *g = csk_prior_new(sizeof(*g), &dense_class, space);
    if (!g)
        return CSK_ERR_NOMEM;
    const int64_t n = csk_space_len(space);
    g->base.sigma_max = CSK_NORMAL_SIGMA_MAX;
    g->base.work_len = 2 * n * (int64_t)(sizeof(double) / sizeof(float));
    err = csk_normal_init(&g->normal, n, mean, covariance, "gauss");
    if (err) {
        csk_prior_unref(&g->base);
        return err;
    }
    g->base.spread = csk_normal_spread(&g->normal);
    *out = &g->base;
    return CSK_OK;
}
