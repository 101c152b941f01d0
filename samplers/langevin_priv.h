/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernels of Langevin dynamics share: langevin.c, langevin_mala.c. Never installed. */
#ifndef CSK_SAMPLERS_LANGEVIN_PRIV_H
#define CSK_SAMPLERS_LANGEVIN_PRIV_H

#include "cs/mem.h"
#include "samplers/chain_priv.h"
#include "samplers/langevin.h"

/* What one thread needs to move one chain. */
typedef struct csk_langevin_scratch {
    float *res, *rhs, *move, *work;
} csk_langevin_scratch;

/* What the adjusted kernel knows of where a chain is, and of its proposal. */
typedef struct csk_mala_chain {
    double prior;     /* log density of the prior there */
    double target;    /* of the target at the chain's point */
    double steepness; /* <g, P g> there */
    int64_t accepted;
} csk_mala_chain;

typedef struct csk_dynamics {
    const csk_posterior *post;
    const csk_langevin_opts *o;
    int chains, threads;
    int64_t n, m, work_len;
    double norm; /* ||A||, for the Euler step */
    csk_rng run;
    double fallen; /* smoothing that an ancestral step comes from; 0: another step */
    uint32_t draw; /* white vectors drawn so far, per chain */
    csk_rng *names;
    double *residual; /* one a chain */
    int64_t *solved;  /* A, A* applied, one a chain */
    float *d;         /* denoised, all chains */
    float *data;      /* y_i of each chain; NULL: the data themselves */
    float *e1, *e2;   /* last white draws of each chain, for the averaged noise */
    float *cond;      /* scratch of csk_conditional_denoise() */
    float *pool;      /* the threads' scratch */
    bool fresh;       /* a stage begins: what mala knows of the chains is of another */
    csk_mala_chain *mala;               /* one a chain; NULL: another kernel */
    double *logp;                       /* one a chain, for mala */
    float *proposal, *gradient, *drift; /* x', g and P g of each chain */
} csk_dynamics;

static inline int64_t csk_langevin_pool_len(const csk_dynamics *y)
{
    return csk_pad(y->m) + 2 * csk_pad(y->n) + csk_pad(y->work_len);
}

static inline csk_langevin_scratch csk_langevin_scratch_of(const csk_dynamics *y,
                                                           int thread)
{
    csk_langevin_scratch s = { .res = y->pool + thread * csk_langevin_pool_len(y) };

    s.rhs = s.res + csk_pad(y->m);
    s.move = s.rhs + csk_pad(y->n);
    s.work = s.move + csk_pad(y->n);
    return s;
}

/* The curvature of the prior's part in P: 1/t^2 + w/tether_std^2. */
static inline double csk_langevin_lambda(const csk_posterior *post, const csk_stage *g)
{
    const double near =
        post->tether ? g->tether_weight / (post->tether_std * post->tether_std) : 0.;

    return 1. / (g->smoothing * g->smoothing) + near;
}

/* What chain c is told to fit. */
static inline const float *csk_langevin_data(const csk_dynamics *y, int c)
{
    return y->data ? y->data + c * csk_pad(y->m) : y->post->b;
}

/* y->d := D of all chains at x. */
csk_status csk_langevin_denoise(csk_dynamics *y, const float *x,
                                const csk_stage *g) CSK_MUST_CHECK;

/* s->move := P s->rhs; counts what it applied for chain c. */
void csk_langevin_solve(csk_dynamics *y, int c, const csk_stage *g, double tol,
                        int iter, const csk_langevin_scratch *s);

/* One adjusted step of all chains. */
csk_status csk_mala_step(csk_dynamics *y, float *x, const csk_stage *g) CSK_MUST_CHECK;

#endif
