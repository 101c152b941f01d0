/* SPDX-License-Identifier: BSD-3-Clause */
/** @file tests/support/tst_prior.h  What is true of every prior, and exact posteriors. */
#ifndef CSK_TESTS_SUPPORT_TST_PRIOR_H
#define CSK_TESTS_SUPPORT_TST_PRIOR_H

#include "cs/linop.h"
#include "samplers/langevin.h"

/**
 * At a draw of @p p plus noise, for each of the @p count levels > 0: the score is the
 * gradient of the log density, vjp is the derivative of the denoiser and symmetric; by
 * central differences, relative to @p tol. The prior must have all capabilities.
 */
void tst_prior(const csk_prior *p, int count, const double *sigma, double tol);

/** A batch of several levels gives the bits of one by one, with 1, 2 and 7 threads. */
void tst_prior_batch(const csk_prior *p);

/** Two chains through two stages, A the identity of 16 numbers and a Gaussian prior: for full heaps. */
csk_status tst_langevin(const csk_langevin_opts *opts);

/** The matrix [rows][cols] of A over floats, in double; csk_free() it. */
double *tst_matrix_of(const csk_linop *A);

/** A Gaussian mixture over n floats: as csk_prior_gmm() takes it. K = 1: a Gaussian. */
typedef struct tst_gmm {
    int K, n;
    double *weight, *mean, *covariance; /* [K], [K][n], [K][n][n]; weights sum to 1 */
} tst_gmm;

/** Zeroed, in one block; tst_gmm_clear() it. */
tst_gmm tst_gmm_new(int K, int n);
void tst_gmm_clear(tst_gmm *g);

/**
 * The exact posterior of x ~ prior under b = A x + noise_std n, A dense [m][n]:
 *
 *     C_k = A S_k A^T + noise_std^2 I,      G_k = S_k A^T C_k^-1,
 *     mean_k = m_k + G_k (b - A m_k),       S_k - G_k A S_k,
 *     weight_k ~ w_k N(b; A m_k, C_k).
 *
 * A second call adds a second independent measurement, such as a tether (A = I).
 */
tst_gmm tst_gmm_posterior(const tst_gmm *prior, int m, const double *A, const float *b,
                          double noise_std);

/** Mean [n] and covariance [n][n] of the mixture as a whole; either may be NULL. */
void tst_gmm_moments(const tst_gmm *g, double *mean, double *covariance);

/** log p(x) at noise level sigma. */
double tst_gmm_logp(const tst_gmm *g, const float *x, double sigma);

/**
 * A mixture to test with: means of size @p spread, covariances of full rank with
 * eigenvalues between .05 and 1 or so, named by @p seed.
 */
tst_gmm tst_gmm_random(int K, int n, double spread, uint64_t seed);

#endif
