/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/prior_impl.h
 * For those who write a prior: embed csk_prior as the first member of your struct, fill in
 * a class, and build with csk_prior_new(). See samplers/prior_gauss.c.
 */
#ifndef CSK_SAMPLERS_PRIOR_IMPL_H
#define CSK_SAMPLERS_PRIOR_IMPL_H

#include "samplers/prior.h"

#include <stdatomic.h>
#include <stddef.h>

/** One constant per kind. The arguments are those of samplers/prior.h, already checked. */
typedef struct csk_prior_class {
    const char *name;
    csk_status (*denoise)(const csk_prior *p, int batch, float *d, const float *x,
                          const double *sigma, const csk_rng *names, float *work);
    /* Each of the rest may be NULL: CSK_ERR_UNSUPPORTED. */
    csk_status (*logp)(const csk_prior *p, int batch, double *logp, const float *x,
                       const double *sigma, const csk_rng *names, float *work);
    csk_status (*sample)(const csk_prior *p, int batch, float *x, const csk_rng *names,
                         float *work);
    csk_status (*vjp)(const csk_prior *p, int batch, float *g, const float *v,
                      const float *x, const double *sigma, const csk_rng *names,
                      float *work);
    void (*destroy)(csk_prior *p);
} csk_prior_class;

struct csk_prior {
    const csk_prior_class *cls;
    atomic_int refs;
    csk_space space;
    double sigma_min, sigma_max;
    double spread; /**< csk_prior_spread() */
    int64_t
        work_len; /**< floats for one vector; a batch gets batch times as much, padded */
    int64_t vjp_work_len; /**< the same for vjp; 0: work_len */
};

/** @p bytes of zeroed object whose head is filled in, sigma in 0 .. INFINITY; NULL if no memory. */
CSK_API void *csk_prior_new(size_t bytes, const csk_prior_class *cls,
                            const csk_space *space);

#endif
