/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/scale_mixture_priv.h
 * A zero-mean Gaussian scale mixture p(c) = sum_k w_k N(c; 0, v_k I) of scalars c of
 * @p width floats, seen through noise of variance s2 in every float. With V_k = v_k + s2
 * and u = |c|^2,
 *
 *     r_k(u) ~ w_k V_k^(-width/2) exp(-u / (2 V_k)),      sum_k r_k = 1,
 *     E[c0 | c] = gain(u) c,   gain(u) = sum_k r_k v_k / V_k.
 */
#ifndef CSK_SAMPLERS_SCALE_MIXTURE_PRIV_H
#define CSK_SAMPLERS_SCALE_MIXTURE_PRIV_H

#include <stdint.h>

enum { CSK_MIXTURE_MAX = 16 };

/** log r_k = a_k - b_k u and the gains, less those of the last component. */
typedef struct csk_scale_mixture {
    int K;
    float a[CSK_MIXTURE_MAX], b[CSK_MIXTURE_MAX], gain[CSK_MIXTURE_MAX];
} csk_scale_mixture;

/** Weights >= 0, not all 0; 1e-30 <= v_k + s2 <= 1e30. */
csk_scale_mixture csk_scale_mixture_at(int K, int width, const double *weight,
                                       const double *variance, double s2);

/**
 * c := gain(|c|^2) c for @p n scalars, in single precision: relative error of the gain
 * below 2e-6.
 */
void csk_scale_mixture_shrink(const csk_scale_mixture *m, int width, int64_t n,
                              float *c);

/** v := J v, J = gain I + 2 gain' c c^T the derivative of shrink at c, symmetric. */
void csk_scale_mixture_derivative(const csk_scale_mixture *m, int width, int64_t n,
                                  const float *c, float *v);

/** sum over the n scalars of log sum_k w_k N(c; 0, V_k I), in double. */
double csk_scale_mixture_logp(int K, int width, const double *weight,
                              const double *variance, double s2, int64_t n,
                              const float *c);

#endif
