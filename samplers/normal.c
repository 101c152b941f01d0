/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/simd_priv.h"
#include "samplers/normal_priv.h"

#include <float.h>
#include <math.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/* LAPACK, of which Debian's OpenBLAS ships no header; the last two are Fortran's string lengths. */
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a,
             const int *lda, double *w, double *work, const int *lwork, int *iwork,
             const int *liwork, int *info, size_t jobz_len, size_t uplo_len);

/* A dense covariance of this many floats is 2 GiB: a mistake rather than a model. */
enum { MAX_N = 16384 };

/* -- eigenvectors ------------------------------------------------------------- */

/* In one thread: OpenBLAS's sums depend on the number of threads, results must not. */
static int decompose(int n, double *a, double *lambda, double *work, int lwork,
                     int *iwork, int liwork)
{
    int info = 0;
#ifdef _OPENMP
    const int threads = omp_get_max_threads();

    omp_set_num_threads(1);
#endif
    dsyevd_("V", "L", &n, a, &n, lambda, work, &lwork, iwork, &liwork, &info, 1, 1);
#ifdef _OPENMP
    omp_set_num_threads(threads);
#endif
    return info;
}

static csk_status eigen(csk_normal *g, const char *what)
{
    const int n = g->n;
    /* What dsyevd asks for with eigenvectors. */
    const int lwork = 1 + 6 * n + 2 * n * n, liwork = 3 + 5 * n;
    double *work = csk_alloc(lwork, sizeof(*work));
    int *iwork = csk_alloc(liwork, sizeof(*iwork));
    csk_status err = work && iwork ? CSK_OK : CSK_ERR_NOMEM;

    if (!err && decompose(n, g->basis, g->lambda, work, lwork, iwork, liwork))
        err = csk_fail(CSK_ERR_NUMERIC, "%s: the covariance has no eigenvectors", what);
    csk_free(iwork);
    csk_free(work);
    if (err)
        return err;

    /* Ascending; eigenvalues are exact to about n eps times the largest. */
    const double zero =
        n * DBL_EPSILON * fmax(fabs(g->lambda[n - 1]), fabs(g->lambda[0]));
    if (g->lambda[0] < -100. * zero)
        return csk_fail(
            CSK_ERR_ARG,
            "%s: the covariance is not positive semidefinite: eigenvalue %g", what,
            g->lambda[0]);
    for (int k = 0; k < n; k++) {
        if (g->lambda[k] <= zero)
            g->lambda[k] = 0.;
    }
    return CSK_OK;
}

/* -- construction -------------------------------------------------------------- */

static csk_status check(int64_t n, const double *mean, const double *S,
                        const char *what)
{
    double largest = 0.;

    for (int64_t i = 0; i < n * n; i++) {
        if (!isfinite(S[i]))
            return csk_fail(CSK_ERR_NUMERIC, "%s: covariance[%lld][%lld] is %g", what,
                            (long long)(i / n), (long long)(i % n), S[i]);
        largest = fmax(largest, fabs(S[i]));
    }
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(mean[i]))
            return csk_fail(CSK_ERR_NUMERIC, "%s: mean[%lld] is %g", what, (long long)i,
                            mean[i]);
        for (int64_t j = 0; j < i; j++) {
            if (fabs(S[i * n + j] - S[j * n + i]) > 1e-9 * largest)
                return csk_fail(CSK_ERR_ARG,
                                "%s: the covariance is not symmetric at [%lld][%lld]",
                                what, (long long)i, (long long)j);
        }
    }
    return CSK_OK;
}

csk_status csk_normal_init(csk_normal *g, int64_t n, const double *mean,
                           const double *covariance, const char *what)
{
    if (n > MAX_N)
        return csk_fail(
            CSK_ERR_ARG,
            "%s: %lld floats are too many for a dense covariance, at most %d", what,
            (long long)n, MAX_N);
    csk_status err = check(n, mean, covariance, what);
    if (err)
        return err;

    double *block = csk_alloc(2 * csk_pad(n) + n * n, sizeof(*block));
    if (!block)
        return CSK_ERR_NOMEM;
    *g = (csk_normal){ .n = (int)n,
                       .mean = block,
                       .lambda = block + csk_pad(n),
                       .basis = block + 2 * csk_pad(n) };
    memcpy(g->mean, mean, (size_t)n * sizeof(*mean));
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++)
            g->basis[i * n + j] =
                .5 * covariance[i * n + j] + .5 * covariance[j * n + i];
    }
    err = eigen(g, what);
    if (err)
        csk_normal_clear(g);
    return err;
}

void csk_normal_clear(csk_normal *g)
{
    csk_free(g->mean);
    *g = (csk_normal){ 0 };
}

double csk_normal_spread(const csk_normal *g)
{
    double widest = 0., length = 0.;

    for (int i = 0; i < g->n; i++) {
        widest = fmax(widest, g->lambda[i]);
        length = hypot(length, g->mean[i]);
    }
    return sqrt(widest) + length;
}

/* -- use ------------------------------------------------------------------------ */

/* Eight sums side by side, which the compiler may keep in vector registers. */
CSK_HOT static double dot(int n, const double *v, const double *y)
{
    enum { LANES = 8 };
    double lane[LANES] = { 0. }, sum = 0.;
    int i = 0;

    for (; i + LANES <= n; i += LANES) {
        for (int j = 0; j < LANES; j++)
            lane[j] += v[i + j] * y[i + j];
    }
    for (; i < n; i++)
        sum += v[i] * y[i];
    for (int j = 0; j < LANES; j++)
        sum += lane[j];
    return sum;
}

CSK_HOT static void axpy(int n, double a, const double *v, double *y)
{
    for (int i = 0; i < n; i++)
        y[i] += a * v[i];
}

void csk_normal_centre(const csk_normal *g, double *y, const float *x)
{
    for (int i = 0; i < g->n; i++)
        y[i] = (double)x[i] - g->mean[i];
}

void csk_normal_project(const csk_normal *g, double *z, const double *y)
{
    for (int k = 0; k < g->n; k++)
        z[k] = dot(g->n, g->basis + (int64_t)k * g->n, y);
}

void csk_normal_expand(const csk_normal *g, double *y, double a, const double *z)
{
    for (int k = 0; k < g->n; k++)
        axpy(g->n, a * z[k], g->basis + (int64_t)k * g->n, y);
}

double csk_normal_logp(const csk_normal *g, const double *z, double s2)
{
    const double log_two_pi = 1.8378770664093454836;
    double sum = 0.;

    for (int k = 0; k < g->n; k++) {
        const double var = g->lambda[k] + s2;
        sum += z[k] * z[k] / var + log(var) + log_two_pi;
    }
    return -.5 * sum;
}

csk_status csk_normal_check_density(const csk_normal *g, int batch, const double *sigma,
                                    const char *what)
{
    for (int b = 0; b < batch; b++) {
        if (sigma[b] * sigma[b] == 0. && g->lambda[0] == 0.) /* ascending */
            return csk_fail(CSK_ERR_ARG,
                            "%s: no density at sigma 0, the covariance is singular",
                            what);
    }
    return CSK_OK;
}

void csk_normal_sample(const csk_normal *g, float *x, csk_rng name, double *work)
{
    double *z = work, *y = z + g->n;

    csk_rng_normal(name, g->n, x);
    for (int k = 0; k < g->n; k++) {
        z[k] = sqrt(g->lambda[k]) * (double)x[k];
        y[k] = g->mean[k];
    }
    csk_normal_expand(g, y, 1., z);
    for (int i = 0; i < g->n; i++)
        x[i] = (float)y[i];
}
