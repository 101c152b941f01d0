/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/power.h"
#include "cs/vec.h"
#include "samplers/langevin_priv.h"
#include "samplers/names_priv.h"

#include <limits.h>
#include <math.h>

/* Levels computed by powers may miss the noise level by a rounding. */
#define ONE_AND_A_BIT (1. + 1e-9)

/* The data's step at an ancestral one, in shares 1 - s^2/t^2 (langevin.h says why). */
#define DATA_SHARES 4.

static const char *const kernels[] = { "euler", "precond", "lm", "mala", NULL };
static const char *const transitions[] = { "auto", "none", "ancestral", NULL };

#define S csk_langevin_opts
/* clang-format off */
const csk_param csk_langevin_params[] = {
    CSK_OPT_CHOICE(S, kernel, "kernel", CSK_LANGEVIN_LM, kernels,      "Langevin kernel"),
    CSK_OPT_CHOICE(S, transition, "transition", CSK_TRANSITION_AUTO, transitions, "as the prior's noise level falls, auto: ancestral for learned priors of real images with kernel lm, interleaved, without tether"),
    CSK_OPT_REAL(S, step,    "step",    0,    0,    2,       "H",   "Langevin step as a multiple of the preconditioner, 0 for what suits: 1.3, with kernel lm and a learned prior 1.8, or 1.5 with ancestral transitions"),
    CSK_OPT_REAL(S, cg_tol,  "cg-tol",  3e-2, 1e-7, .5,      "REL", "accuracy of the preconditioner's linear solves"),
    CSK_OPT_INT (S, cg_iter, "cg-iter", 50,   1,    INT_MAX, "N",   "iterations of those at most"),
    CSK_OPT_FLAG(S, antithetic, "antithetic", 1,                       "give chains in pairs opposite noise"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_langevin_opts csk_langevin_defaults(void)
{
    csk_langevin_opts o = { .monitor = { 0 } };

    csk_param_defaults(csk_langevin_params, &o);
    return o;
}

/*
 * What x holds, in units of the step's own noise, of the draw kept so far and of the newest. The
 * averaged noise reckons with sqrt(h/2) of the draw that is kept (langevin.h).
 */
typedef struct held {
    double kept, newest;
} held;

static const held newest_alone = { 0., 1. };

/* Keep of both draws what x holds of them, as one standard normal vector. */
static void keep(int64_t n, held of, const float *newest, float *kept)
{
    const double norm = hypot(of.kept, of.newest);

    csk_axpby(n, of.newest / norm, newest, of.kept / norm, kept);
}

/*
 * out := scale * (white noise of this step) + out. With the averaged noise that is half the draw
 * that is kept plus half a new one; @p fresh is scratch.
 */
static void add_white(const csk_dynamics *y, int c, csk_purpose purpose, int64_t n,
                      double scale, held of, float *kept, float *fresh, float *out)
{
    csk_draw(y->run, c, y->o->antithetic, purpose, y->draw + 1, n, fresh);
    if (y->o->kernel != CSK_LANGEVIN_LM) {
        csk_axpby(n, scale, fresh, 1., out);
        return;
    }
    csk_axpby(n, .5 * scale, kept, 1., out);
    csk_axpby(n, .5 * scale, fresh, 1., out);
    keep(n, of, fresh, kept);
}

void csk_langevin_solve(csk_dynamics *y, int c, const csk_stage *g, double tol,
                        int iter, const csk_langevin_scratch *s)
{
    const double a = 1. / (g->noise_std * g->noise_std);

    csk_zero(y->n, s->move);
    const int64_t applied =
        csk_chain_solve(y->post->A, a, csk_langevin_lambda(y->post, g), s->move, s->rhs,
                        tol, iter, s->work);
    if (applied < 0)
        y->residual[c] = NAN;
    else
        y->solved[c] += applied;
}

/* 1 - s^2/t^2 of an ancestral step from t to s: what it forgets of x, where there are no data. */
static double forgotten(const csk_dynamics *y, const csk_stage *g)
{
    const double ratio = g->smoothing / y->fallen;

    return 1. - ratio * ratio;
}

/* rhs += h (D - x) / t^2 and the noise that lives among the images; s.move is overwritten. */
static void add_prior(const csk_dynamics *y, const float *x, int c, const csk_stage *g,
                      double h, const csk_langevin_scratch *s)
{
    const bool euler = y->o->kernel == CSK_LANGEVIN_EULER;
    const double t2 = g->smoothing * g->smoothing;
    const double lambda = euler ? 1. : csk_langevin_lambda(y->post, g);

    csk_axpby(y->n, h / t2, y->d + c * y->n, 1., s->rhs);
    csk_axpby(y->n, -h / t2, x, 1., s->rhs);
    add_white(y, c, CSK_FOR_WHITE, y->n, sqrt(2. * h * lambda), newest_alone,
              y->e2 + c * csk_pad(y->n), s->move, s->rhs);
}

/* The same of an ancestral step: rhs += delta (D - x) + sqrt(delta) n. */
static void add_transition(const csk_dynamics *y, const float *x, int c,
                           const csk_stage *g, const csk_langevin_scratch *s)
{
    const double delta =
        1. / (g->smoothing * g->smoothing) - 1. / (y->fallen * y->fallen);

    csk_axpby(y->n, delta, y->d + c * y->n, 1., s->rhs);
    csk_axpby(y->n, -delta, x, 1., s->rhs);
    csk_draw(y->run, c, y->o->antithetic, CSK_FOR_WHITE, y->draw + 1, y->n, s->move);
    csk_axpby(y->n, sqrt(delta), s->move, 1., s->rhs);
    if (y->o->kernel == CSK_LANGEVIN_LM) {
        const double f = forgotten(y, g);
        const held of = { sqrt((1. - f) * y->o->step / 2.), sqrt(f) };
        keep(y->n, of, s->move, y->e2 + c * csk_pad(y->n));
    }
}

/* h of the data's part of a step. */
static double data_step(const csk_dynamics *y, const csk_stage *g)
{
    const double h = y->o->step;

    if (y->o->kernel == CSK_LANGEVIN_EULER)
        return h / (csk_langevin_lambda(y->post, g) +
                    y->norm * y->norm / (g->noise_std * g->noise_std));
    if (y->fallen == 0.)
        return h;
    return fmin(h, DATA_SHARES * forgotten(y, g));
}

/* Of the data's draws, where the data outweigh the prior: a step of k leaves 1 - k of x there. */
static held held_of_data(const csk_dynamics *y, double k)
{
    if (y->fallen == 0.)
        return newest_alone;
    return (held){ (1. - k) * sqrt(y->o->step / 2.) + sqrt(k / 2.), sqrt(k / 2.) };
}

/* One step of chain c; the score's denoised point is y->d. Draw names: y->draw + 1. */
static void move_chain(csk_dynamics *y, float *x, int c, const csk_stage *g,
                       csk_langevin_scratch s)
{
    const csk_posterior *post = y->post;
    const double eta2 = g->noise_std * g->noise_std;
    const bool euler = y->o->kernel == CSK_LANGEVIN_EULER;
    const double h = data_step(y, g);
    const float *target = csk_langevin_data(y, c);

    /* res := h (y_i - A x) / eta^2, and the noise that lives among the data */
    csk_linop_apply(post->A, s.res, x, s.work);
    csk_axpby(y->m, 1., target, -1., s.res);
    y->residual[c] = csk_norm(y->m, s.res);
    csk_scale(y->m, h / eta2, s.res);
    if (!euler)
        add_white(y, c, CSK_FOR_DATA_WHITE, y->m, sqrt(2. * h) / g->noise_std,
                  held_of_data(y, h), y->e1 + c * csk_pad(y->m), s.work, s.res);
    csk_linop_adjoint(post->A, s.rhs, s.res, s.work);

    if (y->fallen > 0.)
        add_transition(y, x, c, g, &s);
    else
        add_prior(y, x, c, g, h, &s);
    y->solved[c] += 2;
    if (euler) {
        csk_axpby(y->n, 1., s.rhs, 1., x);
        return;
    }
    csk_langevin_solve(y, c, g, y->o->cg_tol, y->o->cg_iter, &s);
    csk_axpby(y->n, 1., s.move, 1., x);
}

csk_status csk_langevin_denoise(csk_dynamics *y, const float *x, const csk_stage *g)
{
    for (int c = 0; c < y->chains; c++)
        y->names[c] = csk_name(y->run, c, CSK_FOR_PRIOR,
                               (uint32_t)CSK_LANGEVIN_DRAWS + (uint32_t)y->draw);
    return csk_conditional_denoise(y->post, y->chains, y->d, x,
                                   y->fallen > 0. ? y->fallen : g->smoothing,
                                   g->tether_weight, y->names, y->cond);
}

static csk_status unadjusted(csk_dynamics *y, float *x, const csk_stage *g)
{
    const csk_status err = csk_langevin_denoise(y, x, g);
    if (err)
        return err;

#pragma omp parallel for schedule(static) num_threads(y->threads) if (y->threads > 1)
    for (int c = 0; c < y->chains; c++)
        move_chain(y, x + c * y->n, c, g,
                   csk_langevin_scratch_of(y, csk_chain_thread()));
    return CSK_OK;
}

static csk_status step(csk_dynamics *y, float *x, const csk_stage *g, csk_run_info *run)
{
    const int looks = y->mala && y->fresh ? 2 : 1; /* where the stage begins, too */
    const csk_status err = y->mala ? csk_mala_step(y, x, g) : unadjusted(y, x, g);
    if (err)
        return err;

    y->draw++;
    run->iter++;
    run->evaluations += (int64_t)looks * y->chains;
    run->residual = y->residual[0];
    for (int c = 0; c < y->chains; c++) {
        if (!isfinite(y->residual[c]))
            return csk_fail(CSK_ERR_NUMERIC,
                            "langevin: chain %d diverged at t %g, eta %g, step %g", c,
                            g->smoothing, g->noise_std, y->o->step);
    }
    return CSK_OK;
}

/* data += sign * (the increment between the noise of stage i and of what follows it) */
static void add_increment(const csk_dynamics *y, int c, const csk_stage *stages,
                          int count, int i, double sign, float *data)
{
    const double here = stages[i].noise_std;
    const double next = i + 1 < count ? stages[i + 1].noise_std : y->post->noise_std;
    const double var = here * here - next * next;

    if (var > 0.) {
        csk_draw(y->run, c, y->o->antithetic, CSK_FOR_DATA, (uint32_t)i, y->m, y->pool);
        csk_axpby(y->m, sign * sqrt(var), y->pool, 1., data);
    }
}

/*
 * The auxiliary measurements of stage k [1, line 1]. The first are b plus all increments; the
 * next are the last ones less the increment left behind, drawn again by its name; those of
 * the final level are b itself, without the rounding of that subtraction.
 */
static void measure(const csk_dynamics *y, const csk_stage *stages, int count, int k)
{
    for (int c = 0; c < y->chains; c++) {
        float *data = y->data + c * csk_pad(y->m);

        if (stages[k].noise_std <= y->post->noise_std * ONE_AND_A_BIT) {
            csk_copy(y->m, y->post->b, data);
        } else if (k > 0) {
            add_increment(y, c, stages, count, k - 1, -1., data);
        } else {
            csk_copy(y->m, y->post->b, data);
            for (int i = 0; i < count; i++)
                add_increment(y, c, stages, count, i, 1., data);
        }
    }
}

/* The smoothing that an ancestral step into stage k comes from, 0 without one. */
static double fallen_from(const csk_langevin_opts *o, const csk_stage *stages, int k)
{
    const bool steps_so =
        o->transition == CSK_TRANSITION_ANCESTRAL &&
        (o->kernel == CSK_LANGEVIN_PRECOND || o->kernel == CSK_LANGEVIN_LM);

    return steps_so && k > 0 && stages[k].tether_weight == 0. &&
                   stages[k].smoothing < stages[k - 1].smoothing
               ? stages[k - 1].smoothing
               : 0.;
}

static csk_status check_stages(const csk_posterior *post, const csk_stage *g, int count)
{
    for (int k = 0; k < count; k++) {
        const double before = k ? g[k - 1].noise_std : INFINITY;

        if (!(g[k].smoothing > 0. && isfinite(g[k].smoothing)))
            return csk_fail(CSK_ERR_ARG, "stage %d: smoothing is %g, expected above 0",
                            k, g[k].smoothing);
        if (!(g[k].noise_std * ONE_AND_A_BIT >= post->noise_std &&
              g[k].noise_std <= before * ONE_AND_A_BIT))
            return csk_fail(CSK_ERR_ARG,
                            "stage %d: noise level %g, expected to fall towards %g", k,
                            g[k].noise_std, post->noise_std);
        if (!(g[k].tether_weight >= 0. && g[k].tether_weight <= 1.) || g[k].steps < 0)
            return csk_fail(CSK_ERR_ARG, "stage %d: tether weight %g and %d steps", k,
                            g[k].tether_weight, g[k].steps);
    }
    return CSK_OK;
}

/* Everything the run needs, in one go; nothing is allocated later. */
static csk_status prepare(csk_dynamics *y, bool annealed, float **block)
{
    const csk_linop *A = y->post->A;
    const int64_t n = csk_pad(y->n), m = csk_pad(y->m);
    const int64_t cond = csk_pad(csk_conditional_work_len(y->post, y->chains));
    const bool averaged = y->o->kernel == CSK_LANGEVIN_LM;
    const int64_t adjusted = y->o->kernel == CSK_LANGEVIN_MALA ? 3 * n : 0;

    y->work_len = csk_chain_work_len(A);
    if (y->work_len < y->m) /* fresh white noise of the data passes through it */
        y->work_len = y->m;
    *block = csk_alloc(
        csk_pad(y->chains * y->n) + cond + y->threads * csk_langevin_pool_len(y) +
            y->chains * ((annealed ? m : 0) + (averaged ? m + n : 0) + adjusted),
        sizeof(**block));
    y->names = csk_alloc(y->chains, sizeof(*y->names));
    y->residual = csk_alloc(y->chains, sizeof(*y->residual));
    y->solved = csk_alloc(y->chains, sizeof(*y->solved));
    if (!*block || !y->names || !y->residual || !y->solved)
        return CSK_ERR_NOMEM;
    if (adjusted) {
        y->mala = csk_alloc(y->chains, sizeof(*y->mala));
        y->logp = csk_alloc(y->chains, sizeof(*y->logp));
        if (!y->mala || !y->logp)
            return CSK_ERR_NOMEM;
    }
    y->d = *block;
    y->cond = y->d + csk_pad(y->chains * y->n);
    y->pool = y->cond + cond;
    float *rest = y->pool + y->threads * csk_langevin_pool_len(y);
    if (annealed) {
        y->data = rest;
        rest += y->chains * m;
    }
    if (adjusted) {
        y->proposal = rest;
        y->gradient = y->proposal + y->chains * n;
        y->drift = y->gradient + y->chains * n;
    }
    if (averaged) {
        y->e1 = rest;
        y->e2 = y->e1 + y->chains * m;
        for (int c = 0; c < y->chains; c++) {
            csk_draw(y->run, c, y->o->antithetic, CSK_FOR_DATA_WHITE, 0, y->m,
                     y->e1 + c * m);
            csk_draw(y->run, c, y->o->antithetic, CSK_FOR_WHITE, 0, y->n,
                     y->e2 + c * n);
        }
    } else {
        y->e1 = y->e2 = y->d; /* never touched; keeps pointer arithmetic defined */
    }
    y->norm = csk_linop_norm_bound(A);
    if (y->o->kernel == CSK_LANGEVIN_EULER && !isfinite(y->norm))
        return csk_power_norm(&y->norm, A, 1e-3, 500, y->run.seed);
    return CSK_OK;
}

/* ||b - A x|| of every chain, for the report. */
static void final_residuals(csk_dynamics *y, const float *x)
{
#pragma omp parallel for schedule(static) num_threads(y->threads) if (y->threads > 1)
    for (int c = 0; c < y->chains; c++) {
        const csk_langevin_scratch s = csk_langevin_scratch_of(y, csk_chain_thread());

        csk_linop_apply(y->post->A, s.res, x + c * y->n, s.work);
        y->residual[c] = csk_distance(y->m, s.res, y->post->b);
        y->solved[c]++;
    }
}

csk_status csk_langevin(float *x, const csk_posterior *post, int chains,
                        const csk_stage *stages, int count, csk_rng run_name,
                        const csk_langevin_opts *opts, double *residual,
                        csk_run_info *info)
{
    csk_langevin_opts o = opts ? *opts : csk_langevin_defaults();
    o.step = o.step == 0. ? CSK_LANGEVIN_STEP : o.step;
    csk_run_info run = { .stop = CSK_STOP_MAX_ITER, .step = o.step, .gap = NAN };
    csk_dynamics y = { .post = post, .o = &o, .chains = chains, .run = run_name };
    float *block = NULL;
    int64_t total = 0;
    bool annealed = false;

    csk_status err = csk_param_check(csk_langevin_params, &o);
    if (!err && chains < 1)
        err = csk_fail(CSK_ERR_ARG, "langevin: %d chains, expected at least 1", chains);
    if (!err)
        err = csk_posterior_check(post);
    if (!err)
        err = check_stages(post, stages, count);
    if (err)
        goto out;
    for (int k = 0; k < count; k++) {
        total += stages[k].steps;
        annealed = annealed || (!o.same_data &&
                                stages[k].noise_std > post->noise_std * ONE_AND_A_BIT);
    }
    if (total > INT_MAX) {
        err = csk_fail(CSK_ERR_ARG, "langevin: %lld steps, expected at most %d",
                       (long long)total, INT_MAX);
        goto out;
    }
    y.n = csk_linop_cols(post->A);
    y.m = csk_linop_rows(post->A);
    y.threads = csk_chain_threads(chains);
    err = prepare(&y, annealed, &block);
    if (err)
        goto out;

    for (int k = 0; k < count; k++) {
        if (annealed)
            measure(&y, stages, count, k);
        y.fresh = true;
        for (int i = 0; i < stages[k].steps; i++) {
            y.fallen = i == 0 ? fallen_from(&o, stages, k) : 0.;
            err = step(&y, x, &stages[k], &run);
            if (err)
                goto out;
            const csk_progress p = { "langevin", run.iter, (int)total,  run.residual,
                                     NAN,        x,        chains * y.n };
            err = csk_monitor_report(&o.monitor, &p);
            if (err) {
                run.stop = CSK_STOP_MONITOR;
                goto out;
            }
        }
    }
    final_residuals(&y, x);
    run.residual = y.residual[0];
    for (int c = 0; c < chains; c++) {
        if (y.mala && run.iter > 0)
            run.acceptance += (double)y.mala[c].accepted / run.iter / chains;
        run.applications += y.solved[c];
        if (residual)
            residual[c] = y.residual[c];
    }
out:
    csk_free(block);
    csk_free(y.names);
    csk_free(y.residual);
    csk_free(y.solved);
    csk_free(y.mala);
    csk_free(y.logp);
    if (info)
        *info = run;
    return err;
}
