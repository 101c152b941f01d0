/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/normal_priv.h
 * A dense Gaussian N(mean, V diag(lambda) V^T), decomposed once, so that the smoothed
 * covariance S + sigma^2 I of any sigma costs two products with V. All in double.
 */
#ifndef CSK_SAMPLERS_NORMAL_PRIV_H
#define CSK_SAMPLERS_NORMAL_PRIV_H

#include "cs/rng.h"
#include "cs/status.h"

#include <stdbool.h>
#include <stdint.h>

/** Beyond this sigma^2 leaves what a double can square again; the mean is the answer long before. */
#define CSK_NORMAL_SIGMA_MAX 1e100

typedef struct csk_normal {
    int n;
    double *mean;   /**< [n], owned; it heads the block of all three */
    double *lambda; /**< [n], >= 0; 0 where the covariance is singular to rounding */
    double *basis;  /**< [n][n], row k the eigenvector of lambda[k] */
} csk_normal;

/**
 * Decompose @p covariance ([n][n], symmetric positive semidefinite).
 *
 * @param what  opens the error message: "gauss"
 * @return CSK_ERR_ARG if the matrix is not symmetric or has a negative eigenvalue,
 *         CSK_ERR_NUMERIC if something is not finite
 */
csk_status csk_normal_init(csk_normal *g, int64_t n, const double *mean,
                           const double *covariance, const char *what) CSK_MUST_CHECK;
void csk_normal_clear(csk_normal *g);

/** y := x - mean. */
void csk_normal_centre(const csk_normal *g, double *y, const float *x);

/** z := V^T y. */
void csk_normal_project(const csk_normal *g, double *z, const double *y);

/** The square root of the largest eigenvalue plus the length of the mean. */
double csk_normal_spread(const csk_normal *g);

/** y += a V z. */
void csk_normal_expand(const csk_normal *g, double *y, double a, const double *z);

/**
 * log N(x; mean, S + s2 I), z = V^T (x - mean); not finite if s2 is 0 and S singular:
 * csk_normal_check_density() before.
 */
double csk_normal_logp(const csk_normal *g, const double *z, double s2);

/** CSK_ERR_ARG if one of the sigmas is 0 and S is singular: there is no density. */
csk_status csk_normal_check_density(const csk_normal *g, int batch, const double *sigma,
                                    const char *what) CSK_MUST_CHECK;

/** x := mean + V sqrt(lambda) e, e the standard normal vector called @p name; @p work: 2 n. */
void csk_normal_sample(const csk_normal *g, float *x, csk_rng name, double *work);

#endif
