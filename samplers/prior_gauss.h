/* SPDX-License-Identifier: BSD-3-Clause */
/** @file samplers/prior_gauss.h  The Gaussian prior N(mean, S). */
#ifndef CSK_SAMPLERS_PRIOR_GAUSS_H
#define CSK_SAMPLERS_PRIOR_GAUSS_H

#include "samplers/prior.h"

/** S = diag(variance): one variance > 0 a float. @p mean NULL: 0. Both are copied. */
CSK_API csk_status csk_prior_gauss(csk_prior **out, const csk_space *space,
                                   const float *mean,
                                   const float *variance) CSK_MUST_CHECK;

/** S dense, n x n over the floats, symmetric positive semidefinite. */
CSK_API csk_status csk_prior_gauss_dense(csk_prior **out, const csk_space *space,
                                         const double *mean,
                                         const double *covariance) CSK_MUST_CHECK;

#endif
