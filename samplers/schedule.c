/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/schedule.h"
#include "cs/mem.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>

#define S csk_admissible
/* clang-format off */
const csk_param csk_admissible_params[] = {
    CSK_OPT_REAL(S, alpha,   "alpha",     1,   1e-30, 1e30, "ALPHA", "strong log-concavity of the prior"),
    CSK_OPT_REAL(S, r_local, "r-local",   1,   0,     1e30, "RADIUS", "radius of local log-concavity"),
    CSK_OPT_REAL(S, eps,     "eps",       .1,  1e-9,  1,    "EPS",   "accuracy of the distribution"),
    CSK_OPT_REAL(S, lambda,  "inverse-failure", 10, 1, 1e9, "LAMBDA", "one over the failure probability"),
    CSK_OPT_REAL(S, c_time,  "c-time",    1,   1e-9,  1e9,  "C",     "constant of the Langevin times"),
    CSK_OPT_REAL(S, c_close, "c-close",   1,   1e-9,  1e9,  "C",     "constant of the closeness of levels"),
    CSK_OPT_INT (S, max_levels, "max-levels", 100000, 1, INT_MAX, "N", "give up above so many levels"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_admissible csk_admissible_defaults(void)
{
    csk_admissible p = { .eta = 1., .norm = 1., .m = 1., .d = 1. };

    csk_param_defaults(csk_admissible_params, &p);
    return p;
}

void csk_schedule_clear(csk_schedule *s)
{
    csk_free(s->level);
    csk_free(s->time);
    *s = (csk_schedule){ .count = 0 };
}

static csk_status make(csk_schedule *s, int count, double hi, double lo)
{
    *s = (csk_schedule){ .count = 0 };
    if (count < 1)
        return csk_fail(CSK_ERR_ARG, "schedule: %d levels, expected at least 1", count);
    if (!(lo > 0. && hi >= lo && isfinite(hi)))
        return csk_fail(CSK_ERR_ARG, "schedule: levels from %g to %g do not fall", hi,
                        lo);
    s->level = csk_alloc(count, sizeof(*s->level));
    if (!s->level)
        return CSK_ERR_NOMEM;
    s->count = count;
    return CSK_OK;
}

static double share(int i, int count)
{
    return count > 1 ? (double)i / (count - 1) : 1.;
}

/* Powers miss the ends by a rounding, and a prior may know nothing beyond them. */
static void set_ends(csk_schedule *s, double hi, double lo)
{
    s->level[0] = hi;
    s->level[s->count - 1] = lo;
}

csk_status csk_schedule_geometric(csk_schedule *s, int count, double hi, double lo)
{
    const csk_status err = make(s, count, hi, lo);

    for (int i = 0; i < count && !err; i++)
        s->level[i] = hi * pow(lo / hi, share(i, count));
    if (!err)
        set_ends(s, hi, lo);
    return err;
}

csk_status csk_schedule_karras(csk_schedule *s, int count, double hi, double lo,
                               double rho)
{
    if (!(rho >= .1 &&
          isfinite(rho))) /* the powers of 1e-30 and 1e30 are numbers then */
        return csk_fail(CSK_ERR_ARG, "schedule: rho is %g, expected at least 0.1", rho);
    const csk_status err = make(s, count, hi, lo);
    const double a = pow(hi, 1. / rho), b = pow(lo, 1. / rho);

    for (int i = 0; i < count && !err; i++)
        s->level[i] = pow(a + share(i, count) * (b - a), rho);
    if (!err)
        set_ends(s, hi, lo);
    return err;
}

double csk_schedule_end(double t_min)
{
    return t_min > 0. ? t_min : 1e-3;
}

static double time_at(const csk_admissible *p, double gamma)
{
    return p->c_time * (p->m * gamma + log(p->lambda / p->eps)) / p->alpha;
}

static bool is_close(const csk_admissible *p, double gamma, double eta)
{
    const double T = time_at(p, gamma);
    const double drift =
        pow(p->norm, 4.) * (T * T * p->m + T * p->r_local * p->r_local);

    return drift * p->c_close * gamma * gamma <= pow(eta, 4.);
}

/* The largest gamma <= 1 that is close at eta; the left side rises with gamma. */
static double largest_gamma(const csk_admissible *p, double eta)
{
    double lo = 0., hi = 1.;

    if (is_close(p, 1., eta))
        return 1.;
    for (int i = 0; i < 200 && hi - lo > 1e-12 * hi; i++) {
        const double mid = .5 * (lo + hi);

        if (is_close(p, mid, eta))
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

csk_status csk_schedule_admissible(csk_schedule *s, const csk_admissible *p)
{
    csk_status err = csk_param_check(csk_admissible_params, p);
    int count = 1;

    *s = (csk_schedule){ .count = 0 };
    if (err)
        return err;
    if (!(p->eta > 0. && p->norm > 0. && p->m >= 1. && p->d >= 1.))
        return csk_fail(CSK_ERR_ARG, "schedule: eta, norm, m and d must be positive");

    const double top = p->lambda * p->norm / p->eps * sqrt(p->d / p->alpha);
    for (double eta = p->eta; eta < top; count++) {
        const double gamma = largest_gamma(p, eta);
        const double next = eta * sqrt(1. + gamma);

        if (count >= p->max_levels || !(next > eta))
            return csk_fail(CSK_ERR_ARG,
                            "schedule: more than %d levels from eta %g up to %g",
                            p->max_levels, p->eta, top);
        eta = next;
    }
    err = make(s, count, p->eta, p->eta);
    if (err)
        return err;
    s->time = csk_alloc(count, sizeof(*s->time));
    if (!s->time) {
        csk_schedule_clear(s);
        return CSK_ERR_NOMEM;
    }
    s->level[count - 1] = p->eta;
    for (int i = count - 2; i >= 0; i--) {
        const double gamma = largest_gamma(p, s->level[i + 1]);

        s->level[i] = s->level[i + 1] * sqrt(1. + gamma);
        s->time[i + 1] = time_at(p, gamma);
    }
    s->time[0] = count > 1 ? 0. : time_at(p, 0.);
    return CSK_OK;
}
