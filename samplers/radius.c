/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/radius.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/diffusion.h"
#include "samplers/names_priv.h"

#include <math.h>
#include <stdlib.h>

/* Noise levels from the naive estimate to a draw near it. */
enum { NEAR_STEPS = 10 };

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Position p (count + 1) among the ordered values, held at the extremes. */
static double quantile(double *v, int count, double p)
{
    qsort(v, (size_t)count, sizeof(*v), rising);
    const double at = fmin(fmax(p * (count + 1) - 1., 0.), count - 1.);
    const int k = (int)at;

    return k + 1 < count ? v[k] + (at - k) * (v[k + 1] - v[k]) : v[k];
}

/* One simulation after the other; how a truth is drawn is what differs. */
typedef struct simulation {
    const csk_posterior *post;
    csk_naive_fn *naive;
    void *user;
    csk_rng run;
    const float *x0; /* NULL: draw from the prior itself */
    double level;
    float *x, *estimate, *b, *noise, *work;
    csk_run_info info;
} simulation;

static csk_status draw_truth(simulation *s, csk_rng name)
{
    csk_diffusion_opts o = csk_diffusion_defaults();
    const int64_t n = csk_linop_cols(s->post->A);
    csk_posterior near = *s->post;
    csk_run_info info;

    if (!s->x0)
        return csk_prior_sample(s->post->prior, 1, s->x, &name, s->work);
    o.levels = NEAR_STEPS;
    csk_rng_normal(name, n, s->estimate);
    csk_axpby(n, 1., s->x0, s->level, s->estimate);
    near.tether = s->estimate;
    near.tether_std = s->level;
    if (csk_schedule_end(o.t_min) > .5 * s->level)
        o.t_min = .1 * s->level; /* of images in small numbers */
    if (csk_diffusion_bottom(near.prior, o.t_min, INFINITY) >= s->level) {
        s->info.evaluations++; /* the prior knows no less noise: its mean will do */
        return csk_prior_denoise(near.prior, 1, s->x, s->estimate, &s->level, &name,
                                 s->work);
    }
    const csk_status err =
        csk_diffusion(s->x, &near, 1, csk_name_beside(name), &o, &info);
    s->info.evaluations += info.evaluations;
    return err;
}

static csk_status simulate_one(simulation *s, int k, double *error)
{
    const csk_linop *A = s->post->A;
    const int64_t n = csk_linop_cols(A), m = csk_linop_rows(A);
    csk_status err = draw_truth(s, csk_name(s->run, k, CSK_FOR_START, 0));

    if (err)
        return err;
    csk_linop_apply(A, s->b, s->x, s->work);
    csk_rng_normal(csk_name(s->run, k, CSK_FOR_DATA, 0), m, s->noise);
    csk_axpby(m, s->post->noise_std, s->noise, 1., s->b);
    csk_zero(n, s->estimate);
    err = s->naive(s->user, s->estimate, s->b);
    *error = csk_distance(n, s->estimate, s->x);
    return err;
}

static csk_status simulate(double *radius, simulation *s, int draws, double delta)
{
    const csk_linop *A = s->post->A;
    const int64_t n = csk_linop_cols(A), m = csk_linop_rows(A);
    const int64_t linop = csk_linop_work_len(A),
                  prior = csk_prior_work_len(s->post->prior, 1);
    csk_status err = CSK_OK;

    if (draws < 1 || !(delta > 0. && delta < 1.))
        return csk_fail(CSK_ERR_ARG, "radius: %d draws, failure probability %g", draws,
                        delta);
    double *error = csk_alloc(draws, sizeof(*error));
    float *block =
        csk_alloc(2 * csk_pad(n) + 2 * csk_pad(m) + (linop > prior ? linop : prior),
                  sizeof(*block));
    if (!error || !block) {
        err = CSK_ERR_NOMEM;
        goto out;
    }
    s->x = block;
    s->estimate = s->x + csk_pad(n);
    s->b = s->estimate + csk_pad(n);
    s->noise = s->b + csk_pad(m);
    s->work = s->noise + csk_pad(m);
    for (int k = 0; k < draws && !err; k++)
        err = simulate_one(s, k, &error[k]);
    if (!err)
        *radius = quantile(error, draws, 1. - delta);
out:
    csk_free(block);
    csk_free(error);
    return err;
}

csk_status csk_radius_simulate(double *radius, const csk_posterior *post,
                               csk_naive_fn *naive, void *user, int draws, double delta,
                               csk_rng run)
{
    simulation s = { .post = post, .naive = naive, .user = user, .run = run };

    return simulate(radius, &s, draws, delta);
}

csk_status csk_radius_near(double *radius, const csk_posterior *post, const float *x0,
                           double level, csk_naive_fn *naive, void *user, int draws,
                           double delta, csk_rng run, csk_run_info *info)
{
    double lo, hi;

    csk_prior_sigma_range(post->prior, &lo, &hi);
    simulation s = { .post = post,
                     .naive = naive,
                     .user = user,
                     .run = run,
                     .x0 = x0,
                     .level = fmin(fmax(level, lo), hi) };
    const csk_status err = simulate(radius, &s, draws, delta);
    if (info)
        *info = s.info;
    return err;
}
