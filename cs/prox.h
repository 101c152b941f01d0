/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/prox.h
 * Regularisers g known by their proximal map
 *
 *     prox_{t g}(x) = argmin_u 1/2 ||u - x||^2 + t g(u).
 *
 * A csk_prox is born with one owner, who frees it; solvers borrow it. A finished
 * one never changes, scratch comes from the caller.
 */
#ifndef CSK_CS_PROX_H
#define CSK_CS_PROX_H

#include "cs/space.h"

typedef struct csk_prox csk_prox;

/** The draw of a call that takes g as it is, without its randomness. */
#define CSK_PROX_PLAIN UINT32_MAX

typedef struct csk_prox_class {
    const char *name;
    /**
     * x := prox_{t g}(x), in place. @p draw counts the calls of one run; regularisers
     * that average over random shifts take their shift from it (none at
     * ::CSK_PROX_PLAIN), others ignore it.
     */
    void (*apply)(const csk_prox *g, float *x, double t, uint32_t draw, float *work);
    /** g(x); INFINITY outside the domain of g. */
    double (*value)(const csk_prox *g, const float *x, float *work);
    void (*destroy)(csk_prox *g); /**< frees what the members own; may be NULL */
} csk_prox_class;

/** Head of every regulariser; embed it as the first member. */
struct csk_prox {
    const csk_prox_class *cls;
    csk_space space;
    int64_t work_len; /**< floats of scratch that apply and value need */
};

CSK_API void csk_prox_free(csk_prox *g);

static inline void csk_prox_apply(const csk_prox *g, float *x, double t, uint32_t draw,
                                  float *work)
{
    g->cls->apply(g, x, t, draw, work);
}

static inline double csk_prox_value(const csk_prox *g, const float *x, float *work)
{
    return g->cls->value(g, x, work);
}

/** g = 0. */
CSK_API csk_status csk_prox_zero(csk_prox **out, const csk_space *space) CSK_MUST_CHECK;

/** g(x) = sum_i |x_i|, with the complex modulus on complex spaces (a group norm). */
CSK_API csk_status csk_prox_l1(csk_prox **out, const csk_space *space) CSK_MUST_CHECK;

/**
 * g(x) = 0 if lo <= x_i <= hi for every float, infinite elsewhere; lo <= hi, and either
 * may be infinite: 0..INFINITY keeps real images nonnegative.
 */
CSK_API csk_status csk_prox_box(csk_prox **out, const csk_space *space, double lo,
                                double hi) CSK_MUST_CHECK;

/**
 * The conjugate of t |.|_{2,1} for fields of vectors (the dual step of total variation):
 * projection of every scalar's vector of gradients onto the ball of radius t. @p space
 * has the gradient components on its first axis: [axes][...image...]; the norm of one
 * vector runs over that axis (and over real and imaginary part). Its value is that of
 * t = 1, to 1e-6: 0 inside the unit ball, infinite outside.
 */
CSK_API csk_status csk_prox_tv_dual(csk_prox **out,
                                    const csk_space *space) CSK_MUST_CHECK;

#endif
