/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/lambda.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const rules[] = { "sure", "discrepancy", NULL };

#define S csk_lambda_opts
/* clang-format off */
const csk_param csk_lambda_params[] = {
    CSK_OPT_CHOICE(S, rule,  "lambda-rule",   0,  rules,        "how lambda = auto is chosen"),
    CSK_OPT_INT (S, points, "lambda-points", 12, 2, 50, "N",    "weights tried on the way down"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_lambda_opts csk_lambda_defaults(void)
{
    csk_lambda_opts o = { .seed = 0 };

    csk_param_defaults(csk_lambda_params, &o);
    return o;
}

csk_status csk_lambda_parse(csk_lambda *out, const char *text)
{
    char *end;

    if (strcmp(text, "auto") == 0) {
        *out = (csk_lambda){ CSK_LAMBDA_AUTO, 0. };
        return CSK_OK;
    }
    errno = 0;
    const double value = strtod(text, &end);
    const bool relative = end != text && strcmp(end, "x") == 0;
    if (end == text || errno || !(value > 0. && isfinite(value)) || (*end && !relative))
        return csk_fail(
            CSK_ERR_ARG,
            "lambda: '%s' is not a number above 0, such a number times lambda_max "
            "(0.05x) or auto",
            text);
    *out = (csk_lambda){ relative ? CSK_LAMBDA_RELATIVE : CSK_LAMBDA_ABSOLUTE, value };
    return CSK_OK;
}

/* The state of a search; vectors are slices of one block. */
typedef struct search {
    const csk_lambda_problem *p;
    const csk_lambda_opts *o;
    csk_lambda_info *info;
    int64_t n, m;
    float *x, *best_x; /* solution at the last weight tried, at the best */
    float *probed;     /* solution for the data with the probe added */
    float *probe, *b2; /* white noise, data with it */
    float *y, *y2, *work;
    double best, best_lambda;
} search;

/* What is minimised: SURE, or the distance of the residual from its expectation. */
static csk_status criterion(search *s, double lambda, double *value)
{
    const csk_lambda_problem *p = s->p;
    const double eta = p->noise_std;
    csk_status err = p->solve(p->user, s->x, p->b, lambda);

    if (err)
        return err;
    csk_linop_apply(p->A, s->y, s->x, s->work);
    const double residual = csk_distance(s->m, s->y, p->b);
    double risk = NAN;
    if (s->o->rule == CSK_LAMBDA_SURE) {
        /* divergence of b -> A x(b) along one random direction, a tenth of the noise away */
        const double far = .1 * eta;

        csk_copy(s->n, s->x, s->probed);
        err = p->solve(p->user, s->probed, s->b2, lambda);
        if (err)
            return err;
        csk_linop_apply(p->A, s->y2, s->probed, s->work);
        const double divergence =
            (csk_dot(s->m, s->probe, s->y2) - csk_dot(s->m, s->probe, s->y)) / far;
        risk = residual * residual - (double)s->m * eta * eta +
               2. * eta * eta * divergence;
        *value = risk;
    } else {
        *value = fabs(log(residual / (sqrt((double)s->m) * eta)));
    }
    const int k = s->info->tried;
    if (k < (int)(sizeof(s->info->lambda) / sizeof(s->info->lambda[0]))) {
        s->info->lambda[k] = lambda;
        s->info->residual[k] = residual;
        s->info->risk[k] = risk;
        s->info->tried++;
    }
    if (!isfinite(*value))
        return csk_fail(CSK_ERR_NUMERIC, "lambda: the solution at %g is not finite",
                        lambda);
    if (*value < s->best) {
        s->best = *value;
        s->best_lambda = lambda;
        csk_copy(s->n, s->x, s->best_x);
    }
    return CSK_OK;
}

static csk_status walk(search *s)
{
    double value = INFINITY, lambda = s->p->lambda_max;
    csk_status err = CSK_OK;
    int rising = 0;

    /* Down by halves until two steps in a row were worse than the best. */
    for (int i = 0; i < s->o->points && rising < 2 && !err; i++) {
        lambda /= 2.;
        err = criterion(s, lambda, &value);
        rising = value > s->best ? rising + 1 : 0;
    }
    /* Between its neighbours: a factor sqrt(2), then 2^(1/4) either side. */
    for (double step = sqrt(2.); step > 1.1 && !err; step = sqrt(step)) {
        const double centre = s->best_lambda;

        csk_copy(s->n, s->best_x, s->x);
        err = criterion(s, centre * step, &value);
        if (!err && s->best_lambda == centre) {
            csk_copy(s->n, s->best_x, s->x);
            err = criterion(s, centre / step, &value);
        }
    }
    return err;
}

csk_status csk_lambda_auto(double *lambda, float *x, const csk_lambda_problem *p,
                           const csk_lambda_opts *opts, csk_lambda_info *info)
{
    const csk_lambda_opts o = opts ? *opts : csk_lambda_defaults();
    csk_lambda_info mine;
    search s = { .p = p, .o = &o, .info = info ? info : &mine, .best = INFINITY };
    csk_status err = csk_param_check(csk_lambda_params, &o);

    s.info->tried = 0;
    if (err)
        return err;
    if (!(p->noise_std > 0. && isfinite(p->noise_std)))
        return csk_fail(CSK_ERR_ARG, "lambda: noise level is %g, expected above 0",
                        p->noise_std);
    if (!(p->lambda_max > 0. && isfinite(p->lambda_max)))
        return csk_fail(CSK_ERR_NUMERIC,
                        "lambda: lambda_max is %g: the data are zero, those of an "
                        "image without any detail, or not finite",
                        p->lambda_max);
    s.n = csk_linop_cols(p->A);
    s.m = csk_linop_rows(p->A);
    float *block = csk_alloc(
        3 * csk_pad(s.n) + 4 * csk_pad(s.m) + csk_linop_work_len(p->A), sizeof(*block));
    if (!block)
        return CSK_ERR_NOMEM;
    s.x = block;
    s.best_x = s.x + csk_pad(s.n);
    s.probed = s.best_x + csk_pad(s.n);
    s.probe = s.probed + csk_pad(s.n);
    s.b2 = s.probe + csk_pad(s.m);
    s.y = s.b2 + csk_pad(s.m);
    s.y2 = s.y + csk_pad(s.m);
    s.work = s.y2 + csk_pad(s.m);
    csk_rng_normal((csk_rng){ o.seed, 0x5u, 0 }, s.m, s.probe);
    csk_copy(s.m, p->b, s.b2);
    csk_axpby(s.m, .1 * p->noise_std, s.probe, 1., s.b2);

    err = walk(&s);
    if (!err) {
        *lambda = s.best_lambda;
        csk_copy(s.n, s.best_x, x);
    }
    csk_free(block);
    return err;
}
