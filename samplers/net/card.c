/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "samplers/card_priv.h"
#include "samplers/net/card_priv.h"

#include <math.h>
#include <string.h>

enum { STEPS = 100000 };

/* A real number that may be absent. */
static csk_status real_or(double *out, double preset, const json_t *object,
                          const char *key, const char *what)
{
    *out = preset;
    return json_object_get(object, key) ? csk_card_real(out, object, key, what)
                                        : CSK_OK;
}

static csk_status int_or(int *out, int preset, const json_t *object, const char *key,
                         const char *what)
{
    *out = preset;
    return json_object_get(object, key) ? csk_card_int(out, object, key, what) : CSK_OK;
}

static csk_status out_of_range(const char *what, const char *key, double value)
{
    return csk_fail(CSK_ERR_FORMAT, "%s: \"%s\" is %g, which is out of range", what,
                    key, value);
}

static csk_status read_precondition(net_card *c, const json_t *card, const char *what)
{
    static const char *const names[] = {
        "edm", "residual", "direct", "ve", "vp", "tdv"
    };
    const char *name = NULL;
    const csk_status err = csk_card_text(&name, card, "preconditioning", what);

    if (err)
        return err;
    for (int k = NET_EDM; k <= NET_TDV; k++) {
        if (strcmp(name, names[k]) == 0) {
            c->precondition = k;
            return CSK_OK;
        }
    }
    return csk_fail(
        CSK_ERR_FORMAT,
        "%s: \"preconditioning\" is \"%.32s\", expected edm, residual, direct, "
        "ve, vp or tdv",
        what, name);
}

/* log t_i, t_i = sqrt(1/abar_i - 1), abar_i the product of 1 - beta_j for j <= i. */
static csk_status read_steps(net_card *c, const json_t *card, const char *what)
{
    const json_t *betas = json_object_get(card, "betas");
    double first = 0., last = 0., log_abar = 0.;
    csk_status err = csk_card_int(&c->timesteps, card, "timesteps", what);

    if (!err && (c->timesteps < 2 || c->timesteps > STEPS))
        err = out_of_range(what, "timesteps", c->timesteps);
    if (!err)
        err = csk_card_expect(betas, "kind", "linear", what);
    if (!err)
        err = csk_card_real(&first, betas, "first", what);
    if (!err)
        err = csk_card_real(&last, betas, "last", what);
    if (!err && !(first > 0. && last >= first && last < 1.))
        err = out_of_range(what, "betas", last);
    if (err)
        return err;
    c->log_level = csk_alloc(c->timesteps, sizeof(double));
    if (!c->log_level)
        return CSK_ERR_NOMEM;
    for (int i = 0; i < c->timesteps; i++) {
        log_abar += log1p(-(first + (last - first) * i / (c->timesteps - 1)));
        c->log_level[i] = .5 * log(expm1(-log_abar));
    }
    return CSK_OK;
}

static csk_status read_tdv(net_card *c, const json_t *card, const char *what)
{
    csk_status err = csk_card_real(&c->reference, card, "sigma_reference", what);

    if (!err && !(c->reference > 0. && c->reference < 1e6))
        err = out_of_range(what, "sigma_reference", c->reference);
    if (!err)
        err = csk_card_int(&c->steps, card, "steps", what);
    if (!err && (c->steps < 1 || c->steps > 1000))
        err = out_of_range(what, "steps", c->steps);
    if (!err)
        err = csk_card_real(&c->time, card, "T", what);
    if (!err)
        err = csk_card_real(&c->lambda, card, "lambda", what);
    if (!err && !(fabs(c->time) < 1e6 && c->lambda >= 0. && c->lambda < 1e6))
        err = out_of_range(what, "T", c->time);
    return err;
}

static csk_status read_range(net_card *c, const json_t *card, const char *what)
{
    const json_t *range = json_object_get(card, "range");
    csk_status err =
        range && !json_is_object(range)
            ? csk_fail(CSK_ERR_FORMAT,
                       "%s: \"range\" is no object of offset and factor", what)
            : CSK_OK;

    if (!err)
        err = real_or(&c->offset, 0., range, "offset", what);
    if (!err)
        err = real_or(&c->factor, 1., range, "factor", what);
    if (!err && !(fabs(c->offset) <= 1e6))
        err = out_of_range(what, "offset", c->offset);
    if (!err && !(c->factor > 1e-6 && c->factor <= 1e6))
        err = out_of_range(what, "factor", c->factor);
    return err;
}

/* Absent: 0, any size. */
static csk_status read_size(net_card *c, const json_t *card, const char *what)
{
    double size[2];

    if (!json_object_get(card, "size"))
        return CSK_OK;
    const csk_status err = csk_card_reals(size, 2, card, "size", what);
    for (int i = 0; i < 2 && !err; i++) {
        if (!(size[i] >= 1. && size[i] <= 65536.))
            return out_of_range(what, "size", size[i]);
        c->size[i] = (int)size[i];
    }
    return err;
}

static csk_status read_card(net_card *c, const json_t *card, const char *what)
{
    const char *field = NULL;
    csk_status err = csk_card_text(&field, card, "field", what);

    if (!err && strcmp(field, "real") != 0)
        err = csk_card_expect(card, "field", "complex", what);
    if (!err)
        err = int_or(&c->channels, 1, card, "channels", what);
    if (!err && c->channels != 1 && (c->channels != 3 || field[0] != 'r'))
        err = out_of_range(what, "channels", c->channels);
    if (!err)
        err = csk_card_reals(c->sigma, 2, card, "sigma", what);
    if (!err && !(c->sigma[0] > 0. && c->sigma[1] >= c->sigma[0] && c->sigma[1] < 1e30))
        err = out_of_range(what, "sigma", c->sigma[0]);
    if (!err)
        err = read_size(c, card, what);
    if (!err)
        err = read_range(c, card, what);
    if (!err)
        err = int_or(&c->multiple, 1, card, "multiple", what);
    if (!err && (c->multiple < 1 || c->multiple > 1024))
        err = out_of_range(what, "multiple", c->multiple);
    if (!err && json_object_get(card, "symmetry")) {
        err = csk_card_expect(card, "symmetry", "square", what);
        c->turns = true;
    }
    if (!err)
        err = read_precondition(c, card, what);
    if (err)
        return err;
    c->field = field[0] == 'r' ? CSK_REAL : CSK_COMPLEX;
    if (c->precondition == NET_VP)
        return read_steps(c, card, what);
    if (c->precondition == NET_TDV)
        return read_tdv(c, card, what);
    if (c->precondition != NET_EDM)
        return CSK_OK;
    err = csk_card_real(&c->sigma_data, card, "sigma_data", what);
    return !err && !(c->sigma_data > 1e-6 && c->sigma_data < 1e6)
               ? out_of_range(what, "sigma_data", c->sigma_data)
               : err;
}

static csk_status read_net(const net_card *c, csk_net **net, const json_t *card,
                           const csk_tensors *model, const char *what)
{
    const int channels = c->channels * (c->field == CSK_COMPLEX ? 2 : 1);
    char *graph = NULL;
    csk_status err =
        json_is_object(json_object_get(card, "graph"))
            ? csk_card_dump(&graph, json_object_get(card, "graph"))
            : csk_fail(CSK_ERR_FORMAT, "%s: \"graph\" is missing or no object", what);

    if (!err)
        err = csk_net_parse(net, graph, model, what);
    csk_free(graph);
    if (!err && (csk_net_inputs(*net) != channels ||
                 (c->precondition != NET_TDV && csk_net_outputs(*net) < channels))) {
        err = csk_fail(CSK_ERR_FORMAT,
                       "%s: the network maps %d channels to %d, images have %d", what,
                       csk_net_inputs(*net), csk_net_outputs(*net), channels);
        csk_net_free(*net);
        *net = NULL;
    }
    return err;
}

csk_status csk_net_card_read(net_card *card, csk_net **net, const csk_tensors *model,
                             const char *what)
{
    net_card c = { .channels = 0 };
    json_t *root = NULL;

    if (!model->card)
        return csk_fail(CSK_ERR_FORMAT, "%s: has no card", what);
    csk_status err = csk_card_parse(&root, model->card, strlen(model->card), what);
    if (!err)
        err = read_card(&c, root, what);
    if (!err)
        err = read_net(&c, net, root, model, what);
    json_decref(root);
    if (err)
        csk_free(c.log_level);
    else
        *card = c;
    return err;
}

double csk_net_card_step(const net_card *card, double t)
{
    const double *level = card->log_level, at = log(t);
    int lo = 0, hi = card->timesteps - 1;

    if (at <= level[lo])
        return lo;
    if (at >= level[hi])
        return hi;
    while (hi - lo > 1) {
        const int mid = (lo + hi) / 2;
        if (level[mid] <= at)
            lo = mid;
        else
            hi = mid;
    }
    return lo + (at - level[lo]) / (level[hi] - level[lo]);
}
