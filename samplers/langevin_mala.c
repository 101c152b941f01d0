/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/vec.h"
#include "samplers/langevin_priv.h"
#include "samplers/names_priv.h"

#include <math.h>

/* P must be one symmetric matrix: as good as single precision has it. */
static const double tolerance = 1e-6;
enum { MOST_ITERATIONS = 1000 };

/* What is found at a point: rhs = g and move = P g of the scratch, and these. */
typedef struct place {
    double target, steepness, residual;
} place;

/* At the point @p x of chain c, where the prior's denoiser and log density are known. */
static place look(csk_dynamics *y, int c, const float *x, const csk_stage *g,
                  const csk_langevin_scratch *s)
{
    const double t2 = g->smoothing * g->smoothing, eta2 = g->noise_std * g->noise_std;
    place p;

    csk_linop_apply(y->post->A, s->res, x, s->work);
    csk_axpby(y->m, 1., csk_langevin_data(y, c), -1., s->res);
    p.residual = csk_norm(y->m, s->res);
    p.target = y->mala[c].prior - p.residual * p.residual / (2. * eta2);
    csk_scale(y->m, 1. / eta2, s->res);
    csk_linop_adjoint(y->post->A, s->rhs, s->res, s->work);
    csk_axpby(y->n, 1. / t2, y->d + c * y->n, 1., s->rhs);
    csk_axpby(y->n, -1. / t2, x, 1., s->rhs);
    y->solved[c] += 2;
    csk_langevin_solve(y, c, g, tolerance, MOST_ITERATIONS, s);
    p.steepness = csk_dot(y->n, s->rhs, s->move);
    return p;
}

static void settle(csk_dynamics *y, int c, const place *p,
                   const csk_langevin_scratch *s)
{
    y->mala[c].target = p->target;
    y->mala[c].steepness = p->steepness;
    y->residual[c] = p->residual;
    csk_copy(y->n, s->rhs, y->gradient + c * csk_pad(y->n));
    csk_copy(y->n, s->move, y->drift + c * csk_pad(y->n));
}

/* x' := x + h P g + sqrt(2 h) P (A* e1/eta + sqrt(lambda) e2), all chains one after the other. */
static void propose(csk_dynamics *y, int c, const float *x, const csk_stage *g,
                    const csk_langevin_scratch *s)
{
    const bool pair = y->o->antithetic;
    const double h = y->o->step;
    float *to = y->proposal + c * y->n;

    csk_draw(y->run, c, pair, CSK_FOR_DATA_WHITE, y->draw + 1, y->m, s->res);
    csk_linop_adjoint(y->post->A, s->rhs, s->res, s->work);
    csk_draw(y->run, c, pair, CSK_FOR_WHITE, y->draw + 1, y->n, s->move);
    csk_axpby(y->n, sqrt(2. * h * csk_langevin_lambda(y->post, g)), s->move,
              sqrt(2. * h) / g->noise_std, s->rhs);
    y->solved[c]++;
    csk_langevin_solve(y, c, g, tolerance, MOST_ITERATIONS, s);
    csk_copy(y->n, x, to);
    csk_axpby(y->n, h, y->drift + c * csk_pad(y->n), 1., to);
    csk_axpby(y->n, 1., s->move, 1., to);
}

/* Metropolis and Hastings; a ratio that is no number is a rejection. */
static void decide(csk_dynamics *y, int c, float *x, const csk_stage *g,
                   const csk_langevin_scratch *s)
{
    const double h = y->o->step;
    const float *to = y->proposal + c * y->n, *before = y->gradient + c * csk_pad(y->n);
    const double residual = y->residual[c];
    const place p = look(y, c, to, g, s);
    double along = 0.;
    float u;

    y->residual[c] = residual; /* whatever became of the proposal */
    for (int64_t i = 0; i < y->n; i++)
        along +=
            ((double)to[i] - (double)x[i]) * ((double)before[i] + (double)s->rhs[i]);
    const double ratio = p.target - y->mala[c].target - .5 * along -
                         .25 * h * (p.steepness - y->mala[c].steepness);
    csk_rng_uniform(csk_name(y->run, c, CSK_FOR_ACCEPTANCE, y->draw + 1), 1, &u);
    if (!(log((double)u) < ratio))
        return;
    y->mala[c].accepted++;
    csk_copy(y->n, to, x);
    settle(y, c, &p, s);
}

/* The prior's part at all chains' points. */
static csk_status ask_prior(csk_dynamics *y, const float *x, const csk_stage *g)
{
    csk_status err = csk_langevin_denoise(y, x, g);

    if (!err)
        err = csk_conditional_logp(y->post, y->chains, y->logp, x, g->smoothing,
                                   g->tether_weight, y->names, y->cond);
    for (int c = 0; c < y->chains && !err; c++)
        y->mala[c].prior = y->logp[c];
    return err;
}

/* A new target: what is known of the chains is of the last one. */
static csk_status begin(csk_dynamics *y, const float *x, const csk_stage *g)
{
    const csk_status err = ask_prior(y, x, g);

    if (err)
        return err;
#pragma omp parallel for schedule(static) num_threads(y->threads) if (y->threads > 1)
    for (int c = 0; c < y->chains; c++) {
        const csk_langevin_scratch s = csk_langevin_scratch_of(y, csk_chain_thread());
        const place p = look(y, c, x + c * y->n, g, &s);

        settle(y, c, &p, &s);
    }
    y->fresh = false;
    return CSK_OK;
}

csk_status csk_mala_step(csk_dynamics *y, float *x, const csk_stage *g)
{
    csk_status err = y->fresh ? begin(y, x, g) : CSK_OK;

    if (err)
        return err;
#pragma omp parallel for schedule(static) num_threads(y->threads) if (y->threads > 1)
    for (int c = 0; c < y->chains; c++) {
        const csk_langevin_scratch s = csk_langevin_scratch_of(y, csk_chain_thread());

        propose(y, c, x + c * y->n, g, &s);
    }
    err = ask_prior(y, y->proposal, g);
    if (err)
        return err;
#pragma omp parallel for schedule(static) num_threads(y->threads) if (y->threads > 1)
    for (int c = 0; c < y->chains; c++) {
        const csk_langevin_scratch s = csk_langevin_scratch_of(y, csk_chain_thread());

        decide(y, c, x + c * y->n, g, &s);
    }
    return CSK_OK;
}
