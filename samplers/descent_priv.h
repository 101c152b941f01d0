/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/descent_priv.h
 * What the samplers that walk down the noise levels of a prior share: the chains' state, the
 * calls of the prior, the loop over chains, the count of what was spent.
 */
#ifndef CSK_SAMPLERS_DESCENT_PRIV_H
#define CSK_SAMPLERS_DESCENT_PRIV_H

#include "samplers/descent.h"
#include "samplers/names_priv.h"

#include <math.h>

typedef struct csk_walk csk_walk;

/** Scratch of one thread, to move one chain: res has room for m floats, rhs and move for n. */
typedef struct csk_lane {
    float *res, *rhs, *move, *work;
} csk_lane;

/** Do something to chain @p c, whose state is @p x. */
typedef void csk_chain_fn(csk_walk *w, float *x, int c, csk_lane s, const void *user);

/** Bring all chains from level @p t to @p next, 0 after the last. */
typedef csk_status csk_level_fn(csk_walk *w, float *x, double t, double next,
                                const void *user);

struct csk_walk {
    const char *what;   /* "dps" */
    csk_posterior post; /* without tether */
    int chains, threads;
    int64_t n, m; /* floats of an image, of the data */
    csk_rng run;
    csk_schedule levels;
    int level;          /* the present one */
    uint32_t evaluated; /* calls of csk_walk_denoise() */
    csk_rng *names;     /* of the last of them */
    double *sigma;      /* one a chain */
    double *residual;   /* one a chain, for the report; NaN where unknown */
    int64_t *applied;   /* A, A* applied, one a chain */
    float *d;           /* [chains][n]: denoised */
    float *v, *g;       /* [chains][n] each, with vjp: the sampler's */
    float *back;        /* [n]: A* b, if csk_walk_back() was called */
    float *prior_work, *pool, *block;
    csk_run_info done;
};

/**
 * Check the posterior, find the levels and make room; the first state into @p x.
 * csk_walk_end() in any case.
 *
 * @param vjp  csk_walk_vjp() will be called
 */
csk_status csk_walk_begin(csk_walk *w, const char *what, float *x,
                          const csk_posterior *post, int chains, const float *x0,
                          csk_rng run, const csk_descent *range, int levels,
                          bool vjp) CSK_MUST_CHECK;

/** All levels, one after the other; reports to @p monitor after each. */
csk_status csk_walk_down(csk_walk *w, float *x, csk_level_fn *step, const void *user,
                         const csk_monitor *monitor) CSK_MUST_CHECK;

/** Final residuals unless @p err, the counts into @p info, and everything released. */
csk_status csk_walk_end(csk_walk *w, float *x, csk_status err, double *residual,
                        csk_run_info *info);

/** d := D(x, t) for all chains. */
csk_status csk_walk_denoise(csk_walk *w, float *d, const float *x,
                            double t) CSK_MUST_CHECK;

/** The state of a chain that cannot go on: ends the run with CSK_ERR_NUMERIC. */
static inline void csk_walk_lose(float *x)
{
    x[0] = NAN;
}

/** w->g := J^T w->v at x, level t: of the last csk_walk_denoise(), random shift included. */
csk_status csk_walk_vjp(csk_walk *w, const float *x, double t) CSK_MUST_CHECK;

/** w->back := A* b. */
void csk_walk_back(csk_walk *w);

/** @p fn for every chain, in parallel. */
void csk_walk_chains(csk_walk *w, float *x, csk_chain_fn *fn, const void *user);

/** x += scale n, the @p draw-th vector of @p purpose of chain @p c. */
static inline void csk_walk_noise(const csk_walk *w, float *x, int c,
                                  csk_purpose purpose, uint32_t draw, double scale,
                                  float *scratch)
{
    csk_draw(w->run, c, false, purpose, draw, w->n, scratch);
    csk_axpby(w->n, scale, scratch, 1., x);
}

#endif
