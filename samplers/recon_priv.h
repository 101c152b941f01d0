/* SPDX-License-Identifier: BSD-3-Clause */
/* One run of csk_recon_run(): what recon.c and recon_chains.c share. Never installed. */
#ifndef CSK_SAMPLERS_RECON_PRIV_H
#define CSK_SAMPLERS_RECON_PRIV_H

#include "cs/fista.h"
#include "samplers/recon.h"

/* The naive estimate as a function of the data, for the radius, too. */
typedef struct csk_naive {
    const csk_linop *A;
    const csk_prox *g;
    csk_fista_opts fista;
} csk_naive;

/* What all stages need. */
typedef struct csk_recon_job {
    csk_recon *p;
    csk_naive solver;
    const float *b;
    double eta;
    const csk_model *model;
    csk_prior *prior; /* timed */
    uint64_t seed;
    csk_recon_opts o;
} csk_recon_job;

/* x := the naive estimate of b; user is a csk_naive. */
csk_status csk_naive_solve(void *user, float *x, const float *b) CSK_MUST_CHECK;

/* A network or a ridge: everything but the wavelet prior, which is fitted. */
bool csk_recon_is_learned(const csk_recon_job *r);

/* The time in the prior so far is of the stages before; then o.stage. */
csk_status csk_recon_begin(const csk_recon_job *r,
                           csk_recon_stage stage) CSK_MUST_CHECK;

/*
 * From the naive estimate to samples, between RADIUS and CHECKING. The prior knows the training
 * images: data, noise and naive estimate are divided by p->unit, and what comes out is multiplied.
 */
csk_status csk_recon_chains(csk_recon_job *r) CSK_MUST_CHECK;

#endif
