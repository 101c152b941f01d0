/* SPDX-License-Identifier: BSD-3-Clause */
/** @file samplers/prior_gmm.h  The Gaussian mixture sum_k w_k N(m_k, S_k). */
#ifndef CSK_SAMPLERS_PRIOR_GMM_H
#define CSK_SAMPLERS_PRIOR_GMM_H

#include "samplers/prior.h"

/**
 * @param weight      K weights > 0; need not sum to 1
 * @param mean        [K][n]
 * @param covariance  [K][n][n], each symmetric positive semidefinite, over the n floats
 */
CSK_API csk_status csk_prior_gmm(csk_prior **out, const csk_space *space, int K,
                                 const double *weight, const double *mean,
                                 const double *covariance) CSK_MUST_CHECK;

#endif
