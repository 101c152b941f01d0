/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/names_priv.h
 * How samplers name their random vectors: one stream for each chain and purpose, so that
 * no two vectors of a run share a name, and chain k of many is chain k alone.
 */
#ifndef CSK_SAMPLERS_NAMES_PRIV_H
#define CSK_SAMPLERS_NAMES_PRIV_H

#include "cs/rng.h"
#include "cs/vec.h"

#include <stdbool.h>

typedef enum csk_purpose {
    CSK_FOR_PRIOR,     /* shifts that the prior draws; the same stream in every phase */
    CSK_FOR_START,     /* noise added to the naive estimate, or the first state */
    CSK_FOR_DIFFUSION, /* steps of the reverse diffusion */
    CSK_FOR_DATA,      /* auxiliary measurements y_i */
    CSK_FOR_DATA_WHITE, /* e1 of the Langevin noise, in the space of the data */
    CSK_FOR_WHITE,      /* e2 of the Langevin noise, in the space of images */
    CSK_FOR_ACCEPTANCE, /* whether a proposal is accepted */
    CSK_PURPOSES = 8
} csk_purpose;

/* Evaluations of the prior after the diffusion count their draws from here. */
enum { CSK_LANGEVIN_DRAWS = 1 << 30 };

static inline csk_rng csk_name(csk_rng run, int chain, csk_purpose purpose,
                               uint32_t draw)
{
    return (csk_rng){ run.seed,
                      run.stream + (uint32_t)(chain * CSK_PURPOSES) + (uint32_t)purpose,
                      run.draw + draw };
}

/* A second name, for what is drawn along with the vector called @p r: under another key. */
static inline csk_rng csk_name_beside(csk_rng r)
{
    return (csk_rng){ r.seed ^ 0x9E3779B97F4A7C15u, r.stream, r.draw };
}

/*
 * x := the n standard normals that (run, chain, purpose, draw) name. Antithetic chains come in
 * pairs: an odd one has the negated noise of the one before it.
 */
static inline void csk_draw(csk_rng run, int chain, bool antithetic,
                            csk_purpose purpose, uint32_t draw, int64_t n, float *x)
{
    csk_rng_normal(csk_name(run, antithetic ? chain & ~1 : chain, purpose, draw), n, x);
    if (antithetic && (chain & 1))
        csk_scale(n, -1., x);
}

#endif
