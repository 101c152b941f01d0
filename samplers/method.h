/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/method.h
 * Every posterior sampler of the library behind one call, so that they can be compared on the
 * same posterior in the same units: score evaluations and operator applications.
 */
#ifndef CSK_SAMPLERS_METHOD_H
#define CSK_SAMPLERS_METHOD_H

#include "samplers/ald.h"
#include "samplers/daps.h"
#include "samplers/diffpir.h"
#include "samplers/dps.h"
#include "samplers/recover.h"

typedef enum csk_method {
    CSK_METHOD_LANGEVIN, /**< csk_recover(), this library's own */
    CSK_METHOD_DPS,      /**< csk_dps() */
    CSK_METHOD_DIFFPIR,  /**< csk_diffpir() */
    CSK_METHOD_DAPS,     /**< csk_daps() */
    CSK_METHOD_ALD,      /**< csk_ald(): annealed Langevin without warm start */
    CSK_METHOD_PLAIN, /**< csk_ald() with all its steps at t_min: Langevin without annealing */
} csk_method;

/**
 * The range of noise levels ("t-max", "t-min", "spacing", "rho") is recover.diffusion's for all
 * of them, but daps spaces its levels as Karras does; the monitor is recover.langevin.monitor
 * for all.
 */
typedef struct csk_method_opts {
    int method; /**< csk_method */
    csk_recover_opts recover;
    csk_dps_opts dps;
    csk_diffpir_opts diffpir;
    csk_daps_opts daps;
    csk_ald_opts ald;
} csk_method_opts;

/** "sampler" and the tables of all samplers; no two options share a name. */
CSK_API extern const csk_param csk_method_params[];
CSK_API csk_method_opts csk_method_defaults(void);

/**
 * The options that sampler @p method alone has. Of langevin's, csk_recover_params, the range of
 * noise levels ("t-max", "t-min", "spacing", "rho") is every sampler's. Never NULL.
 */
CSK_API const csk_param *csk_method_table(csk_method method);

/** "langevin", "dps", ...: what "sampler" understands; never NULL. */
CSK_API const char *csk_method_name(csk_method method);

/**
 * Evaluations of the prior that one chain costs, derivatives included; with an admissible
 * schedule, which depends on the posterior, those of recover.levels. For comparisons at equal cost.
 */
CSK_API int64_t csk_method_evaluations(const csk_method_opts *opts);

/**
 * @p chains independent draws into @p x with the sampler that @p opts names.
 *
 * @param x0      naive estimate, one vector. langevin with @p x0 is csk_recover(), without (NULL)
 *                csk_sample_posterior(). The others begin at x0 + t_max n, or at t_max n: what
 *                x0 holds is lost in the noise unless the prior's range of levels is short.
 * @param radius  R of csk_recover(); not used by the others
 * @param info    evaluations and applications of the others are in info->langevin, and its
 *                stages are empty; csk_recover_info_clear() it. May be NULL
 */
CSK_API csk_status csk_sample(float *x, const csk_posterior *post, int chains,
                              const float *x0, double radius, csk_rng run,
                              const csk_method_opts *opts, double *residual,
                              csk_recover_info *info) CSK_MUST_CHECK;

#endif
