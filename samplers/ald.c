/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/ald.h"
#include "cs/mem.h"
#include "cs/power.h"
#include "cs/vec.h"
#include "samplers/langevin.h"
#include "samplers/names_priv.h"

#include <limits.h>
#include <math.h>

#define S csk_ald_opts
/* clang-format off */
const csk_param csk_ald_params[] = {
    CSK_OPT_INT (S, levels, "ald-levels", 300, 1, 1000000, "N", "noise levels of ald"),
    CSK_OPT_INT (S, steps,  "ald-steps",  3,   1, 1000000, "N", "its steps a level"),
    CSK_OPT_REAL(S, step,   "ald-step",   .5,  1e-6, 2,    "H", "its step, as a multiple of the inverse of the curvature"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_ald_opts csk_ald_defaults(void)
{
    csk_ald_opts o = { .range = csk_descent_defaults() };

    csk_param_defaults(csk_ald_params, &o);
    return o;
}

static csk_status make_stages(csk_stage **stages, const csk_posterior *post,
                              const csk_schedule *levels, int steps)
{
    double norm;
    const csk_status err = csk_power_bound(&norm, post->A);

    if (err)
        return err;
    csk_stage *g = csk_alloc(levels->count, sizeof(*g));
    if (!g)
        return CSK_ERR_NOMEM;
    for (int i = 0; i < levels->count; i++)
        g[i] =
            (csk_stage){ .smoothing = levels->level[i],
                         .noise_std = hypot(post->noise_std, norm * levels->level[i]),
                         .steps = steps };
    *stages = g;
    return CSK_OK;
}

csk_status csk_ald(float *x, const csk_posterior *post, int chains, const float *x0,
                   csk_rng run, const csk_ald_opts *opts, double *residual,
                   csk_run_info *info)
{
    const csk_ald_opts o = opts ? *opts : csk_ald_defaults();
    const int64_t n = csk_linop_cols(post->A);
    const int64_t total = (int64_t)o.levels * o.steps;
    csk_posterior free_post = *post;
    csk_langevin_opts langevin = csk_langevin_defaults();
    csk_schedule levels = { .count = 0 };
    csk_stage *stages = NULL;
    csk_status err = csk_param_check(csk_ald_params, &o);

    free_post.tether = NULL;
    langevin.kernel = CSK_LANGEVIN_EULER;
    langevin.step = o.step;
    langevin.same_data = true;
    langevin.antithetic = false;
    langevin.monitor = o.monitor;
    if (info)
        *info = (csk_run_info){ .stop = CSK_STOP_NONE, .residual = NAN, .gap = NAN };
    if (!err && chains < 1)
        err = csk_fail(CSK_ERR_ARG, "ald: %d chains, expected at least 1", chains);
    if (!err && total > INT_MAX)
        err = csk_fail(CSK_ERR_ARG, "ald: %lld steps in all, expected at most %d",
                       (long long)total, INT_MAX);
    if (!err)
        err = csk_posterior_check(&free_post);
    if (!err)
        err =
            csk_descent_levels(&levels, &o.range, o.plain ? 1 : o.levels, post->prior);
    if (!err)
        err = make_stages(&stages, post, &levels, o.plain ? (int)total : o.steps);
    if (!err) {
        for (int c = 0; c < chains; c++) {
            csk_draw(run, c, false, CSK_FOR_START, 1, n, x + c * n);
            csk_scale(n, levels.level[0], x + c * n);
            if (x0)
                csk_axpby(n, 1., x0, 1., x + c * n);
        }
        err = csk_langevin(x, &free_post, chains, stages, levels.count, run, &langevin,
                           residual, info);
    }
    csk_schedule_clear(&levels);
    csk_free(stages);
    return err;
}
