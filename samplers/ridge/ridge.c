/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/ridge/ridge_priv.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

csk_status csk_ridge_init(csk_ridge *r, const csk_ridge_shape *shape)
{
    const int64_t C = shape->filters, taps = (int64_t)shape->side * shape->side;
    const int64_t spline = C * shape->intervals, levels = C * shape->knots;

    *r = (csk_ridge){ .shape = *shape, .scale = 1. };
    r->count = C * taps + spline + 2 * levels;
    r->theta = csk_alloc(r->count, sizeof(*r->theta));
    r->offset = csk_alloc(spline, sizeof(*r->offset));
    r->energy = csk_alloc(spline, sizeof(*r->energy));
    if (!r->theta || !r->offset || !r->energy ||
        csk_bank_init(&r->bank, shape->filters, shape->side)) {
        csk_ridge_clear(r);
        return CSK_ERR_NOMEM;
    }
    r->weight = r->theta;
    r->slope = r->weight + C * taps;
    r->log_scale = r->slope + spline;
    r->log_gain = r->log_scale + levels;
    return CSK_OK;
}

void csk_ridge_clear(csk_ridge *r)
{
    csk_free(r->theta);
    csk_free(r->offset);
    csk_free(r->energy);
    csk_bank_clear(&r->bank);
    *r = (csk_ridge){ .count = 0 };
}

void csk_ridge_update(csk_ridge *r)
{
    csk_bank_set(&r->bank, r->weight);
    for (int c = 0; c < r->shape.filters; c++) {
        const int64_t at = (int64_t)c * r->shape.intervals;
        csk_spline_fill(r->shape.intervals, r->slope + at, r->offset + at,
                        r->energy + at);
    }
}

double csk_ridge_place(const csk_ridge_shape *s, double sigma, int *at)
{
    const double end = s->knots - 1;
    const double u = fmin(fmax(log(sigma / s->lo) / log(s->hi / s->lo) * end, 0.), end);

    *at = (int)fmin(u, end - 1.);
    return u - *at;
}

void csk_ridge_at(const csk_ridge *r, double sigma, csk_ridge_level *level)
{
    int k;
    const double share = csk_ridge_place(&r->shape, sigma, &k);

    for (int c = 0; c < r->shape.filters; c++) {
        const float *a = r->log_scale + (int64_t)c * r->shape.knots + k;
        const float *g = r->log_gain + (int64_t)c * r->shape.knots + k;

        level->scale[c] =
            (float)exp((1. - share) * (double)a[0] + share * (double)a[1]);
        level->gain[c] = (float)exp((1. - share) * (double)g[0] + share * (double)g[1]);
    }
}

/* -- files ------------------------------------------------------------------------- */

static bool is_number(const json_t *value, double wanted)
{
    return !value || (json_is_number(value) && json_number_value(value) == wanted);
}

/* Members that other kinds have; here they have but one value, or are absent. */
static csk_status check_fixed(const json_t *card)
{
    const json_t *range = json_object_get(card, "range");
    const json_t *none = json_object_get(card, "preconditioning");

    if (!is_number(json_object_get(card, "channels"), 1.))
        return csk_fail(CSK_ERR_FORMAT, "ridge: \"channels\" is not 1");
    if (range &&
        !(json_is_object(range) && is_number(json_object_get(range, "offset"), 0.) &&
          is_number(json_object_get(range, "factor"), 1.)))
        return csk_fail(CSK_ERR_FORMAT,
                        "ridge: \"range\" is not {\"offset\": 0, \"factor\": 1}");
    if (none && !(json_is_string(none) && strcmp(json_string_value(none), "none") == 0))
        return csk_fail(CSK_ERR_FORMAT, "ridge: \"preconditioning\" is not \"none\"");
    return CSK_OK;
}

static csk_status read_card(csk_ridge_shape *s, double *scale, const char *card)
{
    const char *field = NULL, *kind = NULL;
    json_error_t why;
    json_t *root = json_loads(card ? card : "", JSON_REJECT_DUPLICATES, &why);
    csk_status err = CSK_OK;
    int axes = 0;

    if (!root && json_error_code(&why) == json_error_out_of_memory)
        return csk_fail(CSK_ERR_NOMEM, "ridge: no memory to parse the card");
    if (!root)
        return csk_fail(CSK_ERR_FORMAT, "ridge: the card is no JSON: %s", why.text);
    if (json_unpack_ex(root, &why, 0, "{s:s, s:s, s:i, s:F, s:[FF]}", "kind", &kind,
                       "field", &field, "axes", &axes, "scale", scale, "sigma", &s->lo,
                       &s->hi))
        err = csk_fail(CSK_ERR_FORMAT, "ridge: the card: %s", why.text);
    else if (strcmp(kind, "ridge") != 0)
        err = csk_fail(CSK_ERR_FORMAT,
                       "ridge: \"kind\" is \"%.32s\", expected \"ridge\"", kind);
    else if (strcmp(field, "real") != 0 && strcmp(field, "complex") != 0)
        err = csk_fail(
            CSK_ERR_FORMAT,
            "ridge: \"field\" is \"%.32s\", expected \"real\" or \"complex\"", field);
    else if (axes != 2)
        err = csk_fail(CSK_ERR_FORMAT, "ridge: \"axes\" is %d, expected 2", axes);
    else if (!(s->lo >= 1e-9 && s->hi > s->lo && s->hi <= 1e9))
        err =
            csk_fail(CSK_ERR_FORMAT,
                     "ridge: \"sigma\" is [%g, %g], expected to rise within 1e-9..1e9",
                     s->lo, s->hi);
    else if (!(*scale >= 1e-9 && *scale <= 1e9))
        err = csk_fail(CSK_ERR_FORMAT, "ridge: \"scale\" is %g, not in 1e-9..1e9",
                       *scale);
    else
        err = check_fixed(root);
    if (!err)
        s->field = field[0] == 'r' ? CSK_REAL : CSK_COMPLEX;
    json_decref(root);
    return err;
}

static csk_status find(const csk_tensor **out, const csk_tensors *model,
                       const char *name, int rank)
{
    *out = csk_tensors_find(model, name);
    if (!*out)
        return csk_fail(CSK_ERR_FORMAT, "ridge: the model has no tensor \"%s\"", name);
    if ((*out)->rank != rank)
        return csk_fail(CSK_ERR_FORMAT, "ridge: %s has rank %d, expected %d", name,
                        (*out)->rank, rank);
    return CSK_OK;
}

static csk_status check_size(const char *name, int64_t value, int64_t lo, int64_t hi)
{
    if (value < lo || value > hi)
        return csk_fail(CSK_ERR_FORMAT,
                        "ridge: %s has a dimension %lld, not in "
                        "%lld..%lld",
                        name, (long long)value, (long long)lo, (long long)hi);
    return CSK_OK;
}

/* All numbers in lo..hi, NaN never. */
static csk_status check_values(const csk_tensor *t, double lo, double hi)
{
    const int64_t n = csk_tensor_size(t);

    for (int64_t i = 0; i < n; i++) {
        if (!((double)t->data[i] >= lo && (double)t->data[i] <= hi))
            return csk_fail(CSK_ERR_FORMAT, "ridge: %s[%lld] is %g, not in %g..%g",
                            t->name, (long long)i, (double)t->data[i], lo, hi);
    }
    return CSK_OK;
}

csk_status csk_ridge_read(csk_ridge *r, const csk_tensors *model)
{
    static const char *const names[] = { "weight", "slope", "log_scale", "log_gain" };
    static const double least[] = { -1e6, 0., -50., -50. };
    static const double most[] = { 1e6, 1., 50., 50. };
    const csk_tensor *t[4] = { NULL };
    csk_ridge_shape s = { .filters = 0 };
    double scale = 0.;
    csk_status err = read_card(&s, &scale, model->card);

    for (int i = 0; i < 4 && !err; i++)
        err = find(&t[i], model, names[i], i ? 2 : 3);
    if (err)
        return err;
    const int64_t want[4][3] = { { t[0]->dim[0], t[0]->dim[1], t[0]->dim[1] },
                                 { t[0]->dim[0], t[1]->dim[1], 0 },
                                 { t[0]->dim[0], t[2]->dim[1], 0 },
                                 { t[0]->dim[0], t[2]->dim[1], 0 } };
    err = check_size("weight", want[0][0], 1, CSK_RIDGE_FILTERS_MOST);
    if (!err)
        err = check_size("weight", want[0][1], 1, CSK_BANK_SIDE_MOST);
    if (!err && want[0][1] % 2 == 0)
        err = csk_fail(CSK_ERR_FORMAT, "ridge: the filters have an even side, %lld",
                       (long long)want[0][1]);
    if (!err)
        err = check_size("slope", want[1][1], 1, CSK_SPLINE_MOST);
    if (!err)
        err = check_size("log_scale", want[2][1], 2, CSK_RIDGE_KNOTS_MOST);
    for (int i = 0; i < 4 && !err; i++) {
        for (int k = 0; k < t[i]->rank && !err; k++)
            err = check_size(names[i], t[i]->dim[k], want[i][k], want[i][k]);
        if (!err)
            err = check_values(t[i], least[i], most[i]);
    }
    if (err)
        return err;
    s.filters = (int)want[0][0];
    s.side = (int)want[0][1];
    s.intervals = (int)want[1][1];
    s.knots = (int)want[2][1];
    err = csk_ridge_init(r, &s);
    if (err)
        return err;
    r->scale = scale;
    float *const to[4] = { r->weight, r->slope, r->log_scale, r->log_gain };
    for (int i = 0; i < 4; i++)
        csk_copy(csk_tensor_size(t[i]), t[i]->data, to[i]);
    csk_ridge_update(r);
    return CSK_OK;
}

csk_status csk_ridge_write(const csk_ridge *r, csk_tensors *model)
{
    const csk_ridge_shape *s = &r->shape;
    const struct {
        const char *name;
        int rank;
        int64_t dim[3];
        const float *data;
    } part[] = {
        { "weight", 3, { s->filters, s->side, s->side }, r->weight },
        { "slope", 2, { s->filters, s->intervals }, r->slope },
        { "log_scale", 2, { s->filters, s->knots }, r->log_scale },
        { "log_gain", 2, { s->filters, s->knots }, r->log_gain },
    };

    for (int i = 0; i < 4; i++) {
        csk_tensor *t;
        const csk_status err =
            csk_tensors_add(model, part[i].name, part[i].rank, part[i].dim, &t);

        if (err)
            return err;
        csk_copy(csk_tensor_size(t), part[i].data, t->data);
    }
    return CSK_OK;
}
