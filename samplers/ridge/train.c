/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/ridge/train.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "samplers/ridge/learn_priv.h"
#include "samplers/train/adam_priv.h"
#include "samplers/train/checkpoint_priv.h"
#include "samplers/train/loop_priv.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#define S csk_ridge_train_opts
/* clang-format off */
const csk_param csk_ridge_train_params[] = {
    CSK_OPT_INT (S, filters,    "filters",    48,    1, CSK_RIDGE_FILTERS_MOST, "N", "filters of the regulariser"),
    CSK_OPT_INT (S, side,       "side",       13,    3, CSK_BANK_SIDE_MOST, "N",     "side of a filter, odd"),
    CSK_OPT_INT (S, intervals,  "intervals",  32,    2, CSK_SPLINE_MOST,    "N",     "intervals of each spline"),
    CSK_OPT_INT (S, knots,      "knots",      12,    2, CSK_RIDGE_KNOTS_MOST, "N",   "noise levels with a scale and a gain of their own"),
    CSK_OPT_INT (S, steps,      "steps",      10000, 1, INT_MAX,            "N",     "steps of the schedule"),
    CSK_OPT_INT (S, batch,      "batch",      16,    1, 1024,               "N",     "patches of a step"),
    CSK_OPT_INT (S, warmup,     "warmup",     200,   0, INT_MAX,            "N",     "steps in which the rate rises"),
    CSK_OPT_REAL(S, rate,       "rate",       1e-3,  0, 1,                  "RATE",  "largest rate of Adam"),
    CSK_OPT_REAL(S, sigma_min,  "sigma-min",  .004,  1e-6, 1e3,             "SIGMA", "lowest noise level"),
    CSK_OPT_REAL(S, sigma_max,  "sigma-max",  1,     1e-6, 1e3,             "SIGMA", "highest noise level"),
    CSK_OPT_REAL(S, sigma_data, "sigma-data", .25,   1e-6, 1e3,             "SIGMA", "standard deviation of the images' floats, about"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_ridge_train_opts csk_ridge_train_defaults(void)
{
    csk_ridge_train_opts o;

    csk_param_defaults(csk_ridge_train_params, &o);
    return o;
}

/* Streams of random numbers; the draw is the step or the number of the filter. */
enum { STREAM_FILTER = 0x72646700, STREAM_LEVEL, STREAM_NOISE };
/* Slopes and the logarithms of scales and gains are of order 1, a filter's taps of order 0.1. */
static const double rate_of_the_rest = 5.;

struct csk_ridge_train {
    csk_ridge_train_opts opts;
    uint64_t seed;
    const csk_patches *patches;
    csk_ridge model;
    csk_ridge_spectrum spectrum;
    csk_bank_shape shape; /* of a patch */
    int done, threads;
    int64_t image, work_len; /* floats of a patch */
    float *mean, *square;    /* Adam's */
    float *gradient;         /* [batch][parameters], then their sum in the first */
    float *planar, *clean, *noisy; /* [batch][image] */
    float *patch_work, *work;
    double *sigma, *loss; /* [batch] */
};

/* -- what the parameters must be -------------------------------------------------------- */

static void centre_filters(csk_ridge *r)
{
    const int taps = r->shape.side * r->shape.side;

    for (int c = 0; c < r->shape.filters; c++) {
        float *w = r->weight + (int64_t)c * taps;
        double sum = 0.;

        for (int i = 0; i < taps; i++)
            sum += (double)w[i];
        for (int i = 0; i < taps; i++)
            w[i] -= (float)(sum / taps);
    }
}

static double sigma_of_knot(const csk_ridge_shape *s, int k)
{
    return s->lo * pow(s->hi / s->lo, (double)k / (s->knots - 1));
}

static void gains_of_knot(const csk_ridge *r, int k, csk_ridge_level *level)
{
    for (int c = 0; c < r->shape.filters; c++) {
        const int64_t at = (int64_t)c * r->shape.knots + k;
        level->gain[c] = expf(r->log_gain[at]);
        level->scale[c] = expf(r->log_scale[at]);
    }
}

static void lower_gains(csk_ridge *r, int k, double log_excess)
{
    for (int c = 0; c < r->shape.filters; c++)
        r->log_gain[(int64_t)c * r->shape.knots + k] -= (float)log_excess;
}

/* Back to the set of parameters that are allowed; what a coarse grid misses, the export makes good. */
static void project(csk_ridge_train *t)
{
    csk_ridge *r = &t->model;
    const int64_t slopes = (int64_t)r->shape.filters * r->shape.intervals;

    for (int64_t i = 0; i < slopes; i++)
        r->slope[i] = fminf(fmaxf(r->slope[i], 0.f), 1.f);
    centre_filters(r);
    csk_ridge_spectrum_normalise(&t->spectrum, r);
    csk_ridge_update(r);
}

/*
 * Random filters under windows of one to three pixels' width, which together pass all frequencies
 * at most once; potentials like Huber's, linear from about twice the noise on.
 */
static void initialise(csk_ridge_train *t)
{
    csk_ridge *r = &t->model;
    const csk_ridge_shape *s = &r->shape;
    const int side = s->side, taps = side * side;

    for (int c = 0; c < s->filters; c++) {
        float *w = r->weight + (int64_t)c * taps;
        const double width = 1. + side / 6. * c / s->filters;

        csk_rng_normal((csk_rng){ t->seed, STREAM_FILTER, (uint32_t)c }, taps, w);
        for (int i = 0; i < taps; i++) {
            const double y = i / side - side / 2, x = i % side - side / 2;
            w[i] *= (float)exp(-.5 * (x * x + y * y) / (width * width));
        }
    }
    centre_filters(r);
    for (int c = 0; c < s->filters; c++) {
        float *w = r->weight + (int64_t)c * taps;

        csk_scale(taps, 1. / csk_norm(taps, w) / sqrt(s->filters), w);
        for (int m = 0; m < s->intervals; m++)
            r->slope[(int64_t)c * s->intervals + m] = (float)(1. / (1. + m * m / 9.));
        for (int k = 0; k < s->knots; k++)
            r->log_scale[(int64_t)c * s->knots + k] =
                (float)log(2. * sqrt(s->filters) / sigma_of_knot(s, k));
    }
    project(t);
}

/* -- one step ------------------------------------------------------------------------- */

/* The levels of a batch are spread over the range, each in a cell of its own. */
static void draw_levels(const csk_ridge_train *t)
{
    const csk_ridge_train_opts *o = &t->opts;
    const double range = log(o->sigma_max / o->sigma_min);

    csk_rng_uniform((csk_rng){ t->seed, STREAM_LEVEL, (uint32_t)t->done }, o->batch,
                    t->noisy);
    for (int i = 0; i < o->batch; i++)
        t->sigma[i] = o->sigma_min * exp(range * (i + (double)t->noisy[i]) / o->batch);
}

/* Clean and noisy patches, interleaved. */
static void draw_patches(const csk_ridge_train *t)
{
    const csk_ridge_train_opts *o = &t->opts;
    const int64_t first = (int64_t)t->done * o->batch, planes = t->shape.planes;
    const uint64_t epoch = (uint64_t)first >> 31; /* patches are numbered in 32 bits */
    const int64_t pixels = t->image / planes;

    csk_patches_draw(t->patches, t->seed + epoch, first & INT32_MAX, o->batch,
                     t->planar, t->patch_work);
    csk_rng_normal((csk_rng){ t->seed, STREAM_NOISE, (uint32_t)t->done },
                   o->batch * t->image, t->noisy);
    for (int i = 0; i < o->batch; i++) {
        float *x = t->clean + i * t->image, *y = t->noisy + i * t->image;

        for (int64_t j = 0; j < t->image; j++)
            x[j] = t->planar[i * t->image + j % planes * pixels + j / planes];
        csk_axpby(t->image, 1., x, t->sigma[i], y);
    }
}

static int this_thread(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

/* gradient[0] := that of the batch; the loss. */
static double learn(csk_ridge_train *t)
{
    const csk_ridge_train_opts *o = &t->opts;
    const int64_t n = t->model.count;
    const double d2 = o->sigma_data * o->sigma_data;
    double loss = 0.;

#pragma omp parallel for schedule(static) num_threads(t->threads)
    for (int i = 0; i < o->batch; i++) {
        const double s2 = t->sigma[i] * t->sigma[i];
        const csk_ridge_example e = {
            .clean = t->clean + i * t->image,
            .noisy = t->noisy + i * t->image,
            .sigma = t->sigma[i],
            .weight = (s2 + d2) / (s2 * d2) / (double)(o->batch * t->image),
        };

        t->loss[i] = csk_ridge_learn(&t->model, &t->shape, &e, t->gradient + i * n,
                                     t->work + this_thread() * t->work_len);
    }
    for (int i = 0; i < o->batch; i++) {
        loss += t->loss[i];
        if (i)
            csk_axpby(n, 1., t->gradient + i * n, 1., t->gradient);
    }
    csk_ridge_spectrum_correct(&t->spectrum, &t->model, t->gradient);
    return loss;
}

static void move(csk_ridge_train *t)
{
    const csk_ridge *r = &t->model;
    const int64_t filters = r->slope - r->theta;
    const csk_adam of_filters = { filters, r->theta, t->mean, t->square, NULL };
    const csk_adam of_rest = { r->count - filters, r->slope, t->mean + filters,
                               t->square + filters, NULL };
    const double rate =
        csk_adam_rate(t->opts.rate, t->opts.steps, t->opts.warmup, t->done);

    csk_adam_step(&of_filters, t->done + 1, rate, t->gradient, 1., 0.);
    csk_adam_step(&of_rest, t->done + 1, rate_of_the_rest * rate, t->gradient + filters,
                  1., 0.);
    project(t);
}

static csk_status step(void *training, double *loss)
{
    csk_ridge_train *t = training;

    draw_levels(t);
    draw_patches(t);
    *loss = learn(t);
    const csk_status err = csk_train_loop_check(*loss, t->done);
    if (err)
        return err;
    move(t);
    t->done++;
    return CSK_OK;
}

csk_status csk_ridge_train_run(csk_ridge_train *t, int until, double *loss,
                               const csk_monitor *monitor)
{
    const csk_train_loop loop = { .step = step,
                                  .training = t,
                                  .done = &t->done,
                                  .steps = t->opts.steps,
                                  .weights = t->model.theta,
                                  .len = t->model.count };

    return csk_train_loop_run(&loop, until, loss, monitor);
}

int csk_ridge_train_done(const csk_ridge_train *t)
{
    return t->done;
}

int64_t csk_ridge_train_parameters(const csk_ridge_train *t)
{
    return t->model.count;
}

/* -- making one ------------------------------------------------------------------------- */

static csk_status check(const csk_ridge_train_opts *o)
{
    const csk_status err = csk_param_check(csk_ridge_train_params, o);

    if (err)
        return err;
    if (o->side % 2 == 0)
        return csk_fail(CSK_ERR_ARG, "side is %d, expected an odd number", o->side);
    if (!(o->sigma_min < o->sigma_max))
        return csk_fail(CSK_ERR_ARG, "sigma-min %g is not below sigma-max %g",
                        o->sigma_min, o->sigma_max);
    return CSK_OK;
}

static csk_status allocate(csk_ridge_train *t)
{
    const int64_t n = t->opts.batch * t->image;
    const struct {
        float **to;
        int64_t len;
    } parts[] = {
        { &t->mean, t->model.count },
        { &t->square, t->model.count },
        { &t->gradient, t->opts.batch * t->model.count },
        { &t->planar, n },
        { &t->clean, n },
        { &t->noisy, n },
        { &t->patch_work, csk_patches_work_len(t->patches, t->opts.batch) },
        { &t->work, t->threads * t->work_len },
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        *parts[i].to = csk_alloc(parts[i].len, sizeof(float));
        if (!*parts[i].to)
            return CSK_ERR_NOMEM;
    }
    t->sigma = csk_alloc(t->opts.batch, sizeof(*t->sigma));
    t->loss = csk_alloc(t->opts.batch, sizeof(*t->loss));
    return t->sigma && t->loss ? CSK_OK : CSK_ERR_NOMEM;
}

static int most_threads(int batch)
{
#ifdef _OPENMP
    const int all = omp_get_max_threads();

    return batch < all ? batch : all;
#else
    (void)batch;
    return 1;
#endif
}

csk_status csk_ridge_train_new(csk_ridge_train **out, const csk_patches *patches,
                               const csk_ridge_train_opts *opts, uint64_t seed)
{
    const csk_ridge_train_opts o = opts ? *opts : csk_ridge_train_defaults();
    const int size = csk_patches_size(patches), planes = csk_patches_channels(patches);
    csk_status err = check(&o);

    if (err)
        return err;
    csk_ridge_train *t = csk_alloc(1, sizeof(*t));
    if (!t)
        return CSK_ERR_NOMEM;
    t->opts = o;
    t->seed = seed;
    t->patches = patches;
    t->threads = most_threads(o.batch);
    t->image = (int64_t)planes * size * size;
    t->shape = csk_bank_shape_of(o.side, planes, size, size);
    err = csk_ridge_init(&t->model,
                         &(csk_ridge_shape){ planes == 2 ? CSK_COMPLEX : CSK_REAL,
                                             o.filters, o.side, o.intervals, o.knots,
                                             o.sigma_min, o.sigma_max });
    if (!err) {
        t->model.scale = csk_patches_scale(patches);
        t->work_len = csk_pad(csk_ridge_learn_work_len(&t->model, &t->shape));
        err = csk_ridge_spectrum_init(&t->spectrum, &t->model.shape);
    }
    if (!err)
        err = allocate(t);
    if (err) {
        csk_ridge_train_free(t);
        return err;
    }
    initialise(t);
    *out = t;
    return CSK_OK;
}

void csk_ridge_train_free(csk_ridge_train *t)
{
    if (!t)
        return;
    csk_ridge_clear(&t->model);
    csk_ridge_spectrum_clear(&t->spectrum);
    csk_free(t->mean);
    csk_free(t->square);
    csk_free(t->gradient);
    csk_free(t->planar);
    csk_free(t->clean);
    csk_free(t->noisy);
    csk_free(t->patch_work);
    csk_free(t->work);
    csk_free(t->sigma);
    csk_free(t->loss);
    csk_free(t);
}

/* -- the model -------------------------------------------------------------------------- */

/* Gains so low that csk_ridge_lipschitz() is at most 1/sigma^2. */
static csk_status tame(csk_ridge *r)
{
    const double room = .995; /* the power method has not converged to the last digit */
    const int64_t most = 3 * (int64_t)r->shape.side;
    csk_ridge_curvature q;
    csk_status err = csk_ridge_curvature_init(&q, r);

    if (err)
        return err;
    for (int k = 0; k < r->shape.knots && !err; k++) {
        csk_ridge_level level;
        double ends;

        gains_of_knot(r, k, &level);
        err = csk_ridge_curvature_ends(&ends, r, &level, most, most);
        if (err)
            break;
        const double bound = fmax(csk_ridge_curvature_bound(&q, &level), 1.01 * ends);
        if (bound > room)
            lower_gains(r, k, log(bound / room));
    }
    csk_ridge_curvature_clear(&q);
    return err;
}

/* The card as text from malloc(); NULL if it cannot be made. */
static csk_status card_of(char **text, const csk_ridge *r, const char *card)
{
    json_error_t why;
    json_t *root = json_loads(card ? card : "{}", JSON_REJECT_DUPLICATES, &why);

    if (!json_is_object(root)) {
        json_decref(root);
        return csk_fail(CSK_ERR_ARG, "ridge: the card is no JSON object");
    }
    json_t *own = json_pack(
        "{s:s, s:i, s:s, s:s, s:i, s:f, s:[ff], s:i}", "csk", "prior", "version", 1,
        "kind", "ridge", "field", r->shape.field == CSK_REAL ? "real" : "complex",
        "axes", 2, "scale", r->scale, "sigma", r->shape.lo, r->shape.hi, "multiple", 1);
    *text = own && !json_object_update(root, own)
                ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(17))
                : NULL;
    json_decref(own);
    json_decref(root);
    return *text ? CSK_OK : csk_fail(CSK_ERR_NOMEM, "ridge: no memory for the card");
}

csk_status csk_ridge_train_export(const csk_ridge_train *t, const char *card,
                                  csk_tensors *to)
{
    csk_ridge tamed;
    char *text;
    csk_status err = card_of(&text, &t->model, card);

    if (err)
        return err;
    err = csk_ridge_init(&tamed, &t->model.shape);
    if (!err) {
        csk_copy(tamed.count, t->model.theta, tamed.theta);
        csk_ridge_update(&tamed);
        err = tame(&tamed);
    }
    if (!err)
        err = csk_ridge_write(&tamed, to);
    if (!err)
        err = csk_tensors_set_card(to, text);
    csk_ridge_clear(&tamed);
    free(text);
    return err;
}

/* -- stop and go on ---------------------------------------------------------------------- */

static csk_checkpoint checkpoint_of(const csk_ridge_train *t)
{
    static const char *const names[] = { "train.theta", "train.mean", "train.square" };

    return (csk_checkpoint){ names,
                             { t->model.theta, t->mean, t->square },
                             t->model.count };
}

csk_status csk_ridge_train_save(const csk_ridge_train *t, csk_tensors *to)
{
    const csk_checkpoint c = checkpoint_of(t);

    return csk_checkpoint_save(&c, t->done, to);
}

csk_status csk_ridge_train_load(csk_ridge_train *t, const csk_tensors *from,
                                const char *what)
{
    const csk_checkpoint c = checkpoint_of(t);
    const csk_status err = csk_checkpoint_load(&c, &t->done, from, what);

    if (!err) {
        csk_ridge_update(&t->model);
        csk_ridge_spectrum_set(&t->spectrum, &t->model);
    }
    return err;
}
