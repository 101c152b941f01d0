/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * With z_k = V_k^T (x - m_k) and the responsibilities r_k ~ w_k N(x; m_k, S_k + s^2 I),
 *
 *     D(x, s) = sum_k r_k (m_k + V_k lambda/(lambda + s^2) z_k),
 *     J       = Cov[X | x] / s^2
 *             = sum_k r_k [ V_k lambda/(lambda + s^2) V_k^T + s^2 (g_k - g)(g_k - g)^T ],
 *
 * g_k = V_k z_k/(lambda + s^2) minus the score of component k, g = sum_k r_k g_k. In this form
 * nothing is divided by s^2.
 */
#include "samplers/prior_gmm.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/names_priv.h"
#include "samplers/normal_priv.h"
#include "samplers/prior_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct gmm {
    csk_prior base;
    int K;
    csk_normal *part;   /* [K] */
    double *log_weight; /* [K], of weights that sum to 1 */
} gmm;

/* What the work of one item holds. */
typedef struct scratch {
    double *r;                /* [K] responsibilities */
    double *z;                /* [K][n] coordinates of x, then g_k */
    double *y, *t, *sum, *gm; /* [n] */
} scratch;

static scratch scratch_of(const gmm *g, float *work, int b)
{
    double *r = (double *)(void *)(work + b * csk_pad(g->base.work_len));
    const int64_t n = g->part[0].n;
    double *z = r + g->K, *y = z + g->K * n;

    return (scratch){ r, z, y, y + n, y + 2 * n, y + 3 * n };
}

static bool worth_threads(const gmm *g, int batch)
{
    const int64_t n = g->part[0].n;

    return batch > 1 && batch * g->K * n * n > 1 << 14;
}

static void clear(int64_t n, double *x)
{
    memset(x, 0, (size_t)n * sizeof(*x));
}

/* r and z of s, and the log density. */
static double assign(const gmm *g, const scratch *s, const float *x, double s2)
{
    const int64_t n = g->part[0].n;
    double top = -INFINITY, sum = 0.;

    for (int k = 0; k < g->K; k++) {
        csk_normal_centre(&g->part[k], s->y, x);
        csk_normal_project(&g->part[k], s->z + k * n, s->y);
        s->r[k] = g->log_weight[k] + csk_normal_logp(&g->part[k], s->z + k * n, s2);
        top = fmax(top, s->r[k]);
    }
    for (int k = 0; k < g->K; k++) {
        s->r[k] = exp(s->r[k] - top);
        sum += s->r[k];
    }
    for (int k = 0; k < g->K; k++)
        s->r[k] /= sum;
    return top + log(sum);
}

static csk_status gmm_denoise(const csk_prior *p, int batch, float *d, const float *x,
                              const double *sigma, const csk_rng *names, float *work)
{
    const gmm *g = (const gmm *)p;
    const int64_t n = g->part[0].n;
    const bool threads = worth_threads(g, batch);

    (void)names;
#pragma omp parallel for schedule(static) if (threads)
    for (int b = 0; b < batch; b++) {
        const scratch s = scratch_of(g, work, b);
        const double s2 = sigma[b] * sigma[b];

        if (s2 == 0.) { /* no noise to remove, whatever the prior */
            csk_copy(n, x + b * n, d + b * n);
            continue;
        }
        (void)assign(g, &s, x + b * n, s2);
        clear(n, s.y);
        for (int k = 0; k < g->K; k++) {
            const csk_normal *part = &g->part[k];
            double *z = s.z + k * n;

            for (int64_t i = 0; i < n; i++) {
                z[i] *= part->lambda[i] / (part->lambda[i] + s2);
                s.y[i] += s.r[k] * part->mean[i];
            }
            csk_normal_expand(part, s.y, s.r[k], z);
        }
        for (int64_t i = 0; i < n; i++)
            d[b * n + i] = (float)s.y[i];
    }
    return CSK_OK;
}

static csk_status gmm_logp(const csk_prior *p, int batch, double *logp, const float *x,
                           const double *sigma, const csk_rng *names, float *work)
{
    const gmm *g = (const gmm *)p;
    const int64_t n = g->part[0].n;
    const bool threads = worth_threads(g, batch);
    csk_status err = CSK_OK;

    (void)names;
    for (int k = 0; k < g->K && !err; k++)
        err = csk_normal_check_density(&g->part[k], batch, sigma, p->cls->name);
    if (err)
        return err;
#pragma omp parallel for schedule(static) if (threads)
    for (int b = 0; b < batch; b++) {
        const scratch s = scratch_of(g, work, b);
        logp[b] = assign(g, &s, x + b * n, sigma[b] * sigma[b]);
    }
    return CSK_OK;
}

static csk_status gmm_sample(const csk_prior *p, int batch, float *x,
                             const csk_rng *names, float *work)
{
    const gmm *g = (const gmm *)p;
    const int64_t n = g->part[0].n;
    const bool threads = worth_threads(g, batch);

#pragma omp parallel for schedule(static) if (threads)
    for (int b = 0; b < batch; b++) {
        float u;
        int k = 0;

        csk_rng_uniform(csk_name_beside(names[b]), 1, &u);
        for (double left = (double)u; k < g->K - 1; k++) {
            left -= exp(g->log_weight[k]);
            if (left < 0.)
                break;
        }
        csk_normal_sample(&g->part[k], x + b * n, names[b], scratch_of(g, work, b).z);
    }
    return CSK_OK;
}

/* out := J v = J^T v. */
static void jacobian(const gmm *g, float *out, const float *v, const float *x,
                     double s2, scratch s)
{
    const int64_t n = g->part[0].n;

    (void)assign(g, &s, x, s2);
    clear(n, s.gm);
    for (int k = 0; k < g->K; k++) {
        double *z = s.z + k * n;

        for (int64_t i = 0; i < n; i++)
            z[i] /= g->part[k].lambda[i] + s2;
        clear(n, s.t);
        csk_normal_expand(&g->part[k], s.t, 1., z);
        memcpy(z, s.t, (size_t)n * sizeof(*z));
        for (int64_t i = 0; i < n; i++)
            s.gm[i] += s.r[k] * z[i];
    }

    clear(n, s.sum);
    for (int64_t i = 0; i < n; i++)
        s.y[i] = (double)v[i];
    for (int k = 0; k < g->K; k++) {
        const csk_normal *part = &g->part[k];
        const double *gk = s.z + k * n;
        double along = 0.;

        csk_normal_project(part, s.t, s.y);
        for (int64_t i = 0; i < n; i++) {
            s.t[i] *= part->lambda[i] / (part->lambda[i] + s2);
            along += (gk[i] - s.gm[i]) * s.y[i];
        }
        csk_normal_expand(part, s.sum, s.r[k], s.t);
        for (int64_t i = 0; i < n; i++)
            s.sum[i] += s.r[k] * s2 * along * (gk[i] - s.gm[i]);
    }
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)s.sum[i];
}

static csk_status gmm_vjp(const csk_prior *p, int batch, float *out, const float *v,
                          const float *x, const double *sigma, const csk_rng *names,
                          float *work)
{
    const gmm *g = (const gmm *)p;
    const int64_t n = g->part[0].n;
    const bool threads = worth_threads(g, batch);

    (void)names;
#pragma omp parallel for schedule(static) if (threads)
    for (int b = 0; b < batch; b++) {
        const double s2 = sigma[b] * sigma[b];

        if (s2 == 0.)
            csk_copy(n, v + b * n, out + b * n);
        else
            jacobian(g, out + b * n, v + b * n, x + b * n, s2, scratch_of(g, work, b));
    }
    return CSK_OK;
}

static void gmm_destroy(csk_prior *p)
{
    gmm *g = (gmm *)p;

    for (int k = 0; k < g->K && g->part; k++)
        csk_normal_clear(&g->part[k]);
    csk_free(g->part);
    csk_free(g->log_weight);
}

static const csk_prior_class gmm_class = {
    .name = "gmm",
    .denoise = gmm_denoise,
    .logp = gmm_logp,
    .sample = gmm_sample,
    .vjp = gmm_vjp,
    .destroy = gmm_destroy,
};

static csk_status build(gmm *g, int64_t n, const double *weight, const double *mean,
                        const double *covariance)
{
    double sum = 0.;

    for (int k = 0; k < g->K; k++) {
        if (!(weight[k] > 0.) || !isfinite(weight[k]))
            return csk_fail(CSK_ERR_ARG, "gmm: weight[%d] is %g, expected > 0", k,
                            weight[k]);
        sum += weight[k];
    }
    g->part = csk_alloc(g->K, sizeof(*g->part));
    g->log_weight = csk_alloc(g->K, sizeof(*g->log_weight));
    if (!g->part || !g->log_weight)
        return CSK_ERR_NOMEM;
    for (int k = 0; k < g->K; k++) {
        char what[32];

        (void)snprintf(what, sizeof(what), "gmm: component %d", k);
        g->log_weight[k] = log(weight[k] / sum);
        const csk_status err =
            csk_normal_init(&g->part[k], n, mean + k * n, covariance + k * n * n, what);
        if (err)
            return err;
        g->base.spread = fmax(g->base.spread, csk_normal_spread(&g->part[k]));
    }
    return CSK_OK;
}

csk_status csk_prior_gmm(csk_prior **out, const csk_space *space, int K,
                         const double *weight, const double *mean,
                         const double *covariance)
{
    csk_status err = csk_space_check(space, "gmm");
    if (err)
        return err;
    if (K < 1)
        return csk_fail(CSK_ERR_ARG, "gmm: %d components, expected at least 1", K);

    const int64_t n = csk_space_len(space);
    gmm *g = csk_prior_new(sizeof(*g), &gmm_class, space);
    if (!g)
        return CSK_ERR_NOMEM;
    g->K = K;
    g->base.sigma_max = CSK_NORMAL_SIGMA_MAX;
    g->base.work_len = (K + (K + 4) * n) * (int64_t)(sizeof(double) / sizeof(float));
    err = build(g, n, weight, mean, covariance);
    if (err) {
        csk_prior_unref(&g->base);
        return err;
    }
    *out = &g->base;
    return CSK_OK;
}
