/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/schedule.h
 * Falling sequences of noise levels.
 *
 * [1] Xun, Gupta, Price, NeurIPS 2025, arXiv:2510.26324, Definition D.1, Lemmas D.3, D.4.
 * [2] Karras, Aittala, Aila, Laine, NeurIPS 2022, arXiv:2206.00364, equation 5.
 */
#ifndef CSK_SAMPLERS_SCHEDULE_H
#define CSK_SAMPLERS_SCHEDULE_H

#include "cs/param.h"
#include "cs/status.h"

/** level[0] > ... > level[count - 1]; time[i] is the Langevin time spent at level i. */
typedef struct csk_schedule {
    int count;
    double *level; /**< owned */
    double *time;  /**< owned; NULL where a sampler's own number of steps applies */
} csk_schedule;

CSK_API void csk_schedule_clear(csk_schedule *s);

/** Where noise levels end: @p t_min, for 0 a thousandth, that of images of about 1. */
CSK_API double csk_schedule_end(double t_min);

/** level[i] = hi (lo/hi)^(i/(count-1)); count = 1 gives lo. hi >= lo > 0. */
CSK_API csk_status csk_schedule_geometric(csk_schedule *s, int count, double hi,
                                          double lo) CSK_MUST_CHECK;

/** level[i] = (hi^(1/rho) + i/(count-1) (lo^(1/rho) - hi^(1/rho)))^rho [2]; rho >= .1. */
CSK_API csk_status csk_schedule_karras(csk_schedule *s, int count, double hi, double lo,
                                       double rho) CSK_MUST_CHECK;

/** What the admissible schedule of [1] depends on. */
typedef struct csk_admissible {
    double eta;     /**< noise of the measurement, the last level */
    double norm;    /**< ||A|| */
    double alpha;   /**< strong log-concavity; of the tethered prior 1 / (2 sigma^2) */
    double r_local; /**< radius within which the prior is log-concave */
    double eps;     /**< accuracy wanted */
    double lambda;  /**< 1 / failure probability */
    double m, d;    /**< real numbers measured, real numbers unknown */
    double c_time;  /**< T_i = c_time (m gamma_i + log(lambda/eps)) / alpha */
    double c_close; /**< C of the third condition */
    int max_levels; /**< CSK_ERR_ARG if more would be needed */
} csk_admissible;

CSK_API extern const csk_param csk_admissible_params[];
CSK_API csk_admissible csk_admissible_defaults(void);

/**
 * The shortest schedule that is admissible in the sense of [1]: from the last level up, with
 * gamma_i = (eta_i / eta_{i+1})^2 - 1 the largest value <= 1 for which
 *
 *     ||A||^4 (T_i^2 m + T_i r_local^2) <= eta_{i+1}^4 / (C gamma_i^2),
 *
 * until eta_1 >= (lambda ||A|| / eps) sqrt(d / alpha). (The smaller level on the right makes
 * the condition of [1], which has the larger one, hold with room.) time[i + 1] = T_i, for the
 * dynamics that lead from a sample at eta_i to one at eta_{i+1} have the data of the latter; time[0]
 * is 0, as the first sample is the prior's, unless there is no other level.
 */
CSK_API csk_status csk_schedule_admissible(csk_schedule *s,
                                           const csk_admissible *p) CSK_MUST_CHECK;

#endif
