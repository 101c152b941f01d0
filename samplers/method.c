/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/method.h"

static const char *const words[] = { "langevin", "dps",   "diffpir", "daps",
                                     "ald",      "plain", NULL };

#define S csk_method_opts
/* clang-format off */
const csk_param csk_method_params[] = {
    CSK_OPT_CHOICE(S, method, "sampler", CSK_METHOD_LANGEVIN, words, "posterior sampler: this program's own, or another for comparison"),
    CSK_OPT_GROUP(S, recover, csk_recover_params),
    CSK_OPT_GROUP(S, dps, csk_dps_params),
    CSK_OPT_GROUP(S, diffpir, csk_diffpir_params),
    CSK_OPT_GROUP(S, daps, csk_daps_params),
    CSK_OPT_GROUP(S, ald, csk_ald_params),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_method_opts csk_method_defaults(void)
{
    csk_method_opts o = { .recover = csk_recover_defaults() };

    o.dps = csk_dps_defaults();
    o.diffpir = csk_diffpir_defaults();
    o.daps = csk_daps_defaults();
    o.ald = csk_ald_defaults();
    csk_param_defaults(csk_method_params, &o);
    return o;
}

const csk_param *csk_method_table(csk_method method)
{
    switch (method) {
    case CSK_METHOD_DPS:
        return csk_dps_params;
    case CSK_METHOD_DIFFPIR:
        return csk_diffpir_params;
    case CSK_METHOD_DAPS:
        return csk_daps_params;
    case CSK_METHOD_ALD:
    case CSK_METHOD_PLAIN:
        return csk_ald_params;
    case CSK_METHOD_LANGEVIN:
        break;
    }
    return csk_recover_params;
}

const char *csk_method_name(csk_method method)
{
    return words[method];
}

/* What the table cannot fill in: range and monitor of the other samplers. */
static csk_method_opts complete(const csk_method_opts *opts)
{
    csk_method_opts o = opts ? *opts : csk_method_defaults();
    const csk_diffusion_opts *d = &o.recover.diffusion;
    const csk_descent range = { d->spacing, d->t_max, d->t_min, d->rho };

    o.dps.range = o.diffpir.range = o.daps.range = o.ald.range = range;
    o.daps.range.spacing = CSK_SPACING_KARRAS;
    o.dps.monitor = o.diffpir.monitor = o.daps.monitor = o.ald.monitor =
        o.recover.langevin.monitor;
    o.ald.plain = o.method == CSK_METHOD_PLAIN;
    return o;
}

int64_t csk_method_evaluations(const csk_method_opts *o)
{
    const csk_recover_opts *r = &o->recover;
    const int64_t levels = r->levels ? r->levels : CSK_RECOVER_LEVELS;

    switch ((csk_method)o->method) {
    case CSK_METHOD_DPS:
        return 2 * (int64_t)o->dps.levels;
    case CSK_METHOD_DIFFPIR:
        return o->diffpir.levels;
    case CSK_METHOD_DAPS:
        return (int64_t)o->daps.levels * o->daps.ode_steps;
    case CSK_METHOD_ALD:
    case CSK_METHOD_PLAIN:
        return (int64_t)o->ald.levels * o->ald.steps;
    case CSK_METHOD_LANGEVIN:
        break;
    }
    const int64_t order = r->diffusion.method == CSK_DIFFUSION_HEUN ? 2 : 1;
    const int64_t before =
        r->order == CSK_ORDER_PAPER ? order * r->diffusion.levels : 0;
    const int64_t looks =
        r->langevin.kernel == CSK_LANGEVIN_MALA ? 1 : 0; /* a level begins */
    return levels * (r->steps + looks) + before;
}

csk_status csk_sample(float *x, const csk_posterior *post, int chains, const float *x0,
                      double radius, csk_rng run, const csk_method_opts *opts,
                      double *residual, csk_recover_info *info)
{
    const csk_method_opts o = complete(opts);
    csk_recover_info done = { .stages = NULL };
    csk_run_info *spent = &done.langevin;
    csk_status err = csk_param_check(csk_method_params, &o);

    if (!err) {
        switch ((csk_method)o.method) {
        case CSK_METHOD_LANGEVIN:
            err = x0 ? csk_recover(x, post, chains, x0, radius, run, &o.recover,
                                   residual, &done)
                     : csk_sample_posterior(x, post, chains, run, &o.recover, residual,
                                            &done);
            break;
        case CSK_METHOD_DPS:
            err = csk_dps(x, post, chains, x0, run, &o.dps, residual, spent);
            break;
        case CSK_METHOD_DIFFPIR:
            err = csk_diffpir(x, post, chains, x0, run, &o.diffpir, residual, spent);
            break;
        case CSK_METHOD_DAPS:
            err = csk_daps(x, post, chains, x0, run, &o.daps, residual, spent);
            break;
        case CSK_METHOD_ALD:
        case CSK_METHOD_PLAIN:
            err = csk_ald(x, post, chains, x0, run, &o.ald, residual, spent);
            break;
        }
    }
    if (info)
        *info = done;
    else
        csk_recover_info_clear(&done);
    return err;
}
