/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/rng.h"
#include "tests/support/tst.h"
#include "tests/support/tst_prior.h"

#include <math.h>
#include <string.h>

tst_gmm tst_gmm_new(int K, int n)
{
    double *block = csk_alloc((int64_t)K * (1 + n + n * n), sizeof(*block));

    ck_assert_ptr_nonnull(block);
    return (tst_gmm){ K, n, block, block + K, block + K + (int64_t)K * n };
}

void tst_gmm_clear(tst_gmm *g)
{
    csk_free(g->weight);
    *g = (tst_gmm){ 0 };
}

/* -- small dense algebra ------------------------------------------------------- */

static double *doubles(int64_t n)
{
    double *x = csk_alloc(n, sizeof(*x));

    ck_assert_ptr_nonnull(x);
    return x;
}

/* C := L with L L^T = C in the lower triangle; log det C. */
static double cholesky(int m, double *C)
{
    double log_det = 0.;

    for (int j = 0; j < m; j++) {
        for (int i = j; i < m; i++) {
            double s = C[i * m + j];
            for (int k = 0; k < j; k++)
                s -= C[i * m + k] * C[j * m + k];
            if (i == j)
                ck_assert_msg(s > 0., "a covariance is not positive definite");
            C[i * m + j] = i == j ? sqrt(s) : s / C[j * m + j];
        }
        log_det += 2. * log(C[j * m + j]);
    }
    return log_det;
}

/* x := L^-1 x; then with back x := L^-T x. */
static void solve(int m, const double *L, double *x, bool back)
{
    for (int i = 0; i < m; i++) {
        for (int k = 0; k < i; k++)
            x[i] -= L[i * m + k] * x[k];
        x[i] /= L[i * m + i];
    }
    for (int i = m - 1; back && i >= 0; i--) {
        for (int k = i + 1; k < m; k++)
            x[i] -= L[k * m + i] * x[k];
        x[i] /= L[i * m + i];
    }
}

/* log N(r; 0, L L^T), r is overwritten. */
static double log_normal(int m, const double *L, double log_det, double *r)
{
    double sum = m * log(2. * 3.14159265358979323846) + log_det;

    solve(m, L, r, false);
    for (int i = 0; i < m; i++)
        sum += r[i] * r[i];
    return -.5 * sum;
}

/* w := exp(w - log sum exp w), which is returned. */
static double normalise(int K, double *w)
{
    double top = -INFINITY, sum = 0.;

    for (int k = 0; k < K; k++)
        top = fmax(top, w[k]);
    for (int k = 0; k < K; k++)
        sum += w[k] = exp(w[k] - top);
    for (int k = 0; k < K; k++)
        w[k] /= sum;
    return top + log(sum);
}

/* -- posteriors ------------------------------------------------------------------ */

/* Component k of @p q from that of @p p; its log evidence. */
static double condition(const tst_gmm *p, const tst_gmm *q, int k, int m,
                        const double *A, const float *b, double noise_std)
{
    const int n = p->n;
    const double *mean = p->mean + k * n, *S = p->covariance + k * n * n;
    double *out_mean = q->mean + k * n, *out_S = q->covariance + k * n * n;
    double *AS = doubles((int64_t)m * n), *C = doubles((int64_t)m * m);
    double *r = doubles(m), *column = doubles(m);

    for (int i = 0; i < m; i++) {
        r[i] = b[i];
        for (int j = 0; j < n; j++) {
            r[i] -= A[i * n + j] * mean[j];
            for (int l = 0; l < n; l++)
                AS[i * n + j] += A[i * n + l] * S[l * n + j];
        }
    }
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < m; j++) {
            C[i * m + j] = i == j ? noise_std * noise_std : 0.;
            for (int l = 0; l < n; l++)
                C[i * m + j] += AS[i * n + l] * A[j * n + l];
        }
    }
    const double log_det = cholesky(m, C);

    memcpy(out_mean, mean, (size_t)n * sizeof(*mean));
    memcpy(out_S, S, (size_t)n * n * sizeof(*S));
    for (int j = 0; j < n; j++) { /* column j of G^T = C^-1 A S */
        for (int i = 0; i < m; i++)
            column[i] = AS[i * n + j];
        solve(m, C, column, true);
        for (int i = 0; i < m; i++) {
            out_mean[j] += column[i] * r[i];
            for (int l = 0; l < n; l++)
                out_S[j * n + l] -= column[i] * AS[i * n + l];
        }
    }
    for (int j = 0; j < n; j++) { /* symmetric to the last bit */
        for (int l = 0; l < j; l++)
            out_S[l * n + j] = out_S[j * n + l] =
                .5 * (out_S[j * n + l] + out_S[l * n + j]);
    }
    const double evidence = log_normal(m, C, log_det, r);
    csk_free(AS), csk_free(C), csk_free(r), csk_free(column);
    return evidence;
}

tst_gmm tst_gmm_posterior(const tst_gmm *prior, int m, const double *A, const float *b,
                          double noise_std)
{
    tst_gmm q = tst_gmm_new(prior->K, prior->n);

    for (int k = 0; k < q.K; k++)
        q.weight[k] =
            log(prior->weight[k]) + condition(prior, &q, k, m, A, b, noise_std);
    (void)normalise(q.K, q.weight);
    return q;
}

void tst_gmm_moments(const tst_gmm *g, double *mean, double *covariance)
{
    const int n = g->n;
    double *mu = doubles(n);

    for (int k = 0; k < g->K; k++) {
        for (int i = 0; i < n; i++)
            mu[i] += g->weight[k] * g->mean[k * n + i];
    }
    if (mean)
        memcpy(mean, mu, (size_t)n * sizeof(*mean));
    if (covariance) {
        memset(covariance, 0, (size_t)n * n * sizeof(*covariance));
        for (int k = 0; k < g->K; k++) {
            const double *m = g->mean + k * n, *S = g->covariance + k * n * n;
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++)
                    covariance[i * n + j] +=
                        g->weight[k] * (S[i * n + j] + (m[i] - mu[i]) * (m[j] - mu[j]));
            }
        }
    }
    csk_free(mu);
}

double tst_gmm_logp(const tst_gmm *g, const float *x, double sigma)
{
    const int n = g->n;
    double *w = doubles(g->K), *C = doubles((int64_t)n * n), *r = doubles(n);

    for (int k = 0; k < g->K; k++) {
        memcpy(C, g->covariance + k * n * n, (size_t)n * n * sizeof(*C));
        for (int i = 0; i < n; i++) {
            C[i * n + i] += sigma * sigma;
            r[i] = x[i] - g->mean[k * n + i];
        }
        const double log_det = cholesky(n, C);
        w[k] = log(g->weight[k]) + log_normal(n, C, log_det, r);
    }
    const double logp = normalise(g->K, w);
    csk_free(w), csk_free(C), csk_free(r);
    return logp;
}

tst_gmm tst_gmm_random(int K, int n, double spread, uint64_t seed)
{
    tst_gmm g = tst_gmm_new(K, n);

    for (int k = 0; k < K; k++) {
        float *m = tst_normal(n, seed, 2 * (uint32_t)k);
        float *B = tst_normal((int64_t)n * n, seed, 2 * (uint32_t)k + 1);
        double *S = g.covariance + k * n * n;

        g.weight[k] = (k + 1.) / (.5 * K * (K + 1.));
        for (int i = 0; i < n; i++) {
            g.mean[k * n + i] = spread * m[i];
            for (int j = 0; j < n; j++) { /* .05 I + B B^T / (4 n): up to about 1 */
                S[i * n + j] = i == j ? .05 : 0.;
                for (int l = 0; l < n; l++)
                    S[i * n + j] += (double)B[i * n + l] * B[j * n + l] / (4. * n);
            }
        }
        csk_free(m), csk_free(B);
    }
    return g;
}
