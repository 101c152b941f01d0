/* SPDX-License-Identifier: BSD-3-Clause */
/* The prior of a posterior, and options that sampler, schedule or prior do not read. */
#include "cli/posterior.h"

#include <string.h>

static bool is_shared(const char *option)
{
    static const char *const range[] = { "t-max", "t-min", "spacing", "rho" };

    for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++) {
        if (strcmp(option, range[i]) == 0)
            return true;
    }
    return false;
}

/* The first option of a table that was given and is not every sampler's; NULL: none. */
static const char *first_given(const cli_call *call, const csk_param *table)
{
    for (; table->type != CSK_PARAM_END; table++) {
        const char *found = NULL;

        if (table->type == CSK_PARAM_GROUP)
            found = first_given(call, table->sub);
        else if (!is_shared(table->name) && cli_given(call, table->name))
            found = table->name;
        if (found)
            return found;
    }
    return NULL;
}

/* Options that are in the table of another sampler. */
static csk_status check_sampler(const cli_call *call, csk_method own)
{
    for (int k = CSK_METHOD_LANGEVIN; k <= CSK_METHOD_PLAIN; k++) {
        const csk_param *table = csk_method_table((csk_method)k);
        const char *given =
            table == csk_method_table(own) ? NULL : first_given(call, table);
        const char *word = given ? cli_as_given(call, given) : NULL;
        if (word)
            return csk_fail(CSK_ERR_ARG,
                            "%.*s is an option of --sampler %s, which %s does not read",
                            (int)strcspn(word, "="), word,
                            csk_method_name((csk_method)k), csk_method_name(own));
    }
    return CSK_OK;
}

/* Options of csk_recon_run() that are for Langevin dynamics alone, and those that only one way of
 * it reads. */
static csk_status check_langevin(const cli_call *call, const csk_recon_opts *o)
{
    const csk_method_opts *m = &o->method;
    const bool own = m->method == CSK_METHOD_LANGEVIN;
    const bool paper = own && m->recover.order == CSK_ORDER_PAPER;
    const bool heun = m->recover.diffusion.method == CSK_DIFFUSION_HEUN;
    const bool times = own && m->recover.schedule == CSK_LEVELS_ADMISSIBLE;
    const int kernel = m->recover.langevin.kernel;
    const bool solves = kernel == CSK_LANGEVIN_LM || kernel == CSK_LANGEVIN_PRECOND;
    const bool finds_sigma = m->recover.sigma == 0.;
    const bool finds_radius = finds_sigma && o->radius == 0.;
    static const char langevin[] = "--sampler langevin", order[] = "--order paper";
    static const char schedule[] = "--schedule admissible", sigma[] = "no --sigma";
    static const char radius[] = "neither --sigma nor --radius";
    const cli_reader readers[] = {
        { "radius", own, langevin },
        { "radius-draws", own, langevin },
        { "delta", own, langevin },
        { "t-floor", own, langevin },
        { "kappa", !own || finds_sigma, sigma },
        { "radius", finds_sigma, sigma },
        { "radius-draws", finds_radius, radius },
        { "delta", finds_radius, radius },
        { "denoise-samples", own, langevin },
        { "smoothing", !own || paper, order },
        { "eta-first", !own || paper, order },
        { "diffusion", !own || paper, order },
        { "diffusion-levels", !own || paper, order },
        { "spacing", !own || paper, order },
        { "churn", !own || (paper && heun), "--order paper --diffusion heun" },
        { "eta-first", !own || !times, "another --schedule" },
        { "final-denoise", false, "csk sample: Langevin dynamics ends at --t-min" },
        { "alpha", !own || times, schedule },
        { "r-local", !own || times, schedule },
        { "eps", !own || times, schedule },
        { "inverse-failure", !own || times, schedule },
        { "c-time", !own || times, schedule },
        { "c-close", !own || times, schedule },
        { "max-levels", !own || times, schedule },
        { "levels", !times, "another --schedule" },
        { "steps", !times, "another --schedule" },
        { "cg-tol", !own || solves, "--kernel lm or precond" },
        { "cg-iter", !own || solves, "--kernel lm or precond" },
        { NULL, false, NULL },
    };

    return cli_check_readers(call, readers);
}

/* The range of noise levels is described once for all samplers, but not each reads all of it. */
static csk_status check_range(const cli_call *call, const csk_method_opts *m)
{
    const bool own = m->method == CSK_METHOD_LANGEVIN;
    const bool daps = m->method == CSK_METHOD_DAPS;
    const bool plain = m->method == CSK_METHOD_PLAIN;
    const bool paper = m->recover.order == CSK_ORDER_PAPER;
    const bool own_karras =
        m->recover.schedule == CSK_LEVELS_KARRAS ||
        (paper && m->recover.diffusion.spacing == CSK_SPACING_KARRAS);
    const bool karras =
        own ? own_karras
            : daps || (!plain && m->recover.diffusion.spacing == CSK_SPACING_KARRAS);
    const cli_reader readers[] = {
        { "t-max", !own && !plain, "another --sampler" },
        { "spacing", !daps && !plain, "another --sampler" },
        { "rho", karras,
          plain          ? "another --sampler"
          : own && paper ? "--schedule karras or --spacing karras"
          : own          ? "--schedule karras"
                         : "--spacing karras" },
        { NULL, false, NULL },
    };

    return cli_check_readers(call, readers);
}

static csk_status check_daps(const cli_call *call, const csk_daps_opts *o)
{
    const bool langevin = o->data == CSK_DAPS_LANGEVIN;
    static const char walks[] = "--daps-data langevin", solves[] = "--daps-data exact";
    const cli_reader readers[] = {
        { "daps-steps", langevin, walks },     { "daps-step", langevin, walks },
        { "daps-decay", langevin, walks },     { "daps-cg-tol", !langevin, solves },
        { "daps-cg-iter", !langevin, solves }, { NULL, false, NULL },
    };

    return cli_check_readers(call, readers);
}

static csk_status check_prior(const cli_call *call, const csk_model *model,
                              const csk_method_opts *m)
{
    const char *kind = csk_model_kind(model);
    const bool wavelet = strcmp(kind, "wavelet") == 0;
    const bool network = strcmp(kind, "network") == 0;
    const cli_reader readers[] = {
        { "shift", wavelet, "a wavelet prior" },
        { "precision", network, "a network" },
        { "turn", network, "a network" },
        { "t-floor", !wavelet, "a learned prior" },
        { NULL, false, NULL },
    };

    if (network && m->method == CSK_METHOD_LANGEVIN &&
        m->recover.langevin.kernel == CSK_LANGEVIN_MALA)
        return csk_fail(CSK_ERR_ARG,
                        "--kernel mala reads the density of the prior, which "
                        "a network does not have");
    return cli_check_readers(call, readers);
}

csk_status cli_posterior_prior(const cli_call *call, cli_prior *prior, const char *name,
                               const csk_recon_opts *o)
{
    csk_status err = check_sampler(call, (csk_method)o->method.method);

    if (!err)
        err = check_langevin(call, o);
    if (!err)
        err = check_range(call, &o->method);
    if (!err)
        err = check_daps(call, &o->method.daps);
    if (!err)
        err = cli_prior_read(call, prior, name);
    if (!err)
        err = check_prior(call, prior->model, &o->method);
    if (!err)
        err = cli_bad_input(call, csk_model_samples(prior->model, name));
    return err;
}
