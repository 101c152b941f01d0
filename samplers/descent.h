/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/descent.h
 * The noise levels that the samplers of dps.h, diffpir.h, daps.h and ald.h walk down, from
 * t_max to t_min. All of them use the variance-exploding form x_t = x + t n; t is the standard
 * deviation in every real number. What papers write with a variance-preserving x follows from
 * x_vp = x_t / sqrt(1 + t^2), abar = 1 / (1 + t^2), for images between -1 and 1.
 */
#ifndef CSK_SAMPLERS_DESCENT_H
#define CSK_SAMPLERS_DESCENT_H

#include "samplers/diffusion.h"
#include "samplers/posterior.h"
#include "samplers/schedule.h"

typedef struct csk_descent {
    int spacing; /**< csk_level_spacing */
    double
        t_max; /**< first level; 0: ten times csk_prior_spread(), or the largest level that
                       the prior was made for if that is less */
    double
        t_min; /**< last level, 0: csk_schedule_end(); no less than the prior was made for */
    double rho; /**< exponent of the Karras spacing */
} csk_descent;

/** "spacing", "t-max", "t-min", "rho": the names and defaults of csk_diffusion_params. */
CSK_API extern const csk_param csk_descent_params[];
CSK_API csk_descent csk_descent_defaults(void);

/**
 * @param count  levels, t_max and t_min included; 1: t_min alone
 * @param s      out: csk_schedule_clear() it
 * @return CSK_ERR_ARG unless t_max > t_min
 */
CSK_API csk_status csk_descent_levels(csk_schedule *s, const csk_descent *d, int count,
                                      const csk_prior *prior) CSK_MUST_CHECK;

#endif
