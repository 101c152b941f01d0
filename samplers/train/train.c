/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/train/train.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "samplers/train/adam_priv.h"
#include "samplers/train/checkpoint_priv.h"
#include "samplers/train/edm_priv.h"
#include "samplers/train/loop_priv.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static const char *const noises[] = { "log-uniform", "log-normal", NULL };
static const char *const precisions[] = { "auto", "f32", "bf16", NULL };

#define S csk_train_opts
/* clang-format off */
const csk_param csk_train_params[] = {
    CSK_OPT_INT   (S, steps,      "steps",      20000, 1, INT_MAX,  "N",     "steps of the schedule"),
    CSK_OPT_INT   (S, batch,      "batch",      16,    1, 1024,     "N",     "patches of a step"),
    CSK_OPT_INT   (S, warmup,     "warmup",     500,   0, INT_MAX,  "N",     "steps in which the rate rises"),
    CSK_OPT_REAL  (S, rate,       "rate",       2e-3,  0, 1,        "RATE",  "largest rate of Adam"),
    CSK_OPT_REAL  (S, ema,        "ema",        .999,  0, 1,        "DECAY", "of the average of the weights"),
    CSK_OPT_REAL  (S, clip,       "clip",       1,     1e-6, 1e6,   "NORM",  "longest gradient"),
    CSK_OPT_REAL  (S, sigma_min,  "sigma-min",  .004,  1e-6, 1e3,   "SIGMA", "lowest noise level"),
    CSK_OPT_REAL  (S, sigma_max,  "sigma-max",  1,     1e-6, 1e3,   "SIGMA", "highest noise level"),
    CSK_OPT_REAL  (S, sigma_data, "sigma-data", .25,   1e-6, 1e3,   "SIGMA", "standard deviation of the images' floats, about"),
    CSK_OPT_CHOICE(S, noise,      "noise",      0,     noises,               "how noise levels are drawn"),
    CSK_OPT_CHOICE(S, precision,  "precision",  0,     precisions,           "of the network; auto: bf16 where the processor has it"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_train_opts csk_train_defaults(void)
{
    csk_train_opts o;

    csk_param_defaults(csk_train_params, &o);
    return o;
}

/* Streams of random numbers; the draw is the step. */
enum { STREAM_NOISE = 0x74726e00, STREAM_LEVEL, STREAM_NORMAL };
/* Patches that one thread takes at a time: few enough for its caches. */
enum { PART = 4 };

struct csk_train {
    csk_train_opts opts;
    uint64_t seed;
    csk_net *net;
    csk_net_plan *plan;
    const csk_patches *patches;
    csk_adam adam;
    bool bf16;
    int done;
    int64_t image;                         /* floats of a patch */
    float *gradient;                       /* [parameters] */
    float *clean, *noise, *input, *output; /* [batch][channels][size][size] */
    float *patch_work, *work;
    double *sigma; /* [batch] */
};

/* -- one step ------------------------------------------------------------------------- */

/* The levels of a batch are spread over the range, each in a cell of its own. */
static void draw_levels(const csk_train *t, uint32_t step, float *uniform)
{
    const csk_train_opts *o = &t->opts;
    const double lo = log(o->sigma_min), range = log(o->sigma_max) - lo;
    const csk_rng r = { t->seed, STREAM_LEVEL, step };

    if (o->noise == CSK_TRAIN_LOG_NORMAL) {
        csk_rng_normal((csk_rng){ t->seed, STREAM_NORMAL, step }, o->batch, uniform);
        for (int i = 0; i < o->batch; i++)
            uniform[i] = fminf(fmaxf(.5f + .25f * uniform[i], 0.f), 1.f);
    } else {
        csk_rng_uniform(r, o->batch, uniform);
        for (int i = 0; i < o->batch; i++)
            uniform[i] = ((float)i + uniform[i]) / (float)o->batch;
    }
    for (int i = 0; i < o->batch; i++)
        t->sigma[i] = exp(lo + range * (double)uniform[i]);
}

/* input := c_in (x + s n), clean := the target (x - c_skip (x + s n)) / c_out. */
static void add_noise(const csk_train *t)
{
    for (int i = 0; i < t->opts.batch; i++) {
        const csk_edm c = csk_edm_at(t->sigma[i], t->opts.sigma_data);
        float *x = t->clean + i * t->image, *y = t->input + i * t->image;
        const float s = (float)t->sigma[i], in = (float)c.in;
        const float own = (float)((1. - c.skip) / c.out);
        const float noise = (float)(-c.skip * t->sigma[i] / c.out);
        const float *n = t->noise + i * t->image;

        for (int64_t j = 0; j < t->image; j++) {
            y[j] = in * (x[j] + s * n[j]);
            x[j] = own * x[j] + noise * n[j];
        }
    }
}

/* The loss, and its gradient. */
static double loss_and_gradient(const csk_train *t)
{
    const int64_t n = t->opts.batch * t->image;

    csk_net_forward(t->plan, t->output, t->input, t->sigma, NULL, t->work);
    csk_axpby(n, -1., t->clean, 1., t->output);
    const double loss = csk_dot(n, t->output, t->output) / (double)n;
    csk_scale(n, 2. / (double)n, t->output);
    csk_zero(t->adam.n, t->gradient);
    csk_net_backward(t->plan, NULL, t->gradient, t->output, t->work);
    return loss;
}

static csk_status step(void *training, double *loss)
{
    csk_train *t = training;
    const csk_train_opts *o = &t->opts;
    const int64_t n = o->batch * t->image;
    const int64_t first = (int64_t)t->done * o->batch;
    const uint64_t epoch = (uint64_t)first >> 31; /* patches are numbered in 32 bits */

    csk_patches_draw(t->patches, t->seed + epoch, first & INT32_MAX, o->batch, t->clean,
                     t->patch_work);
    draw_levels(t, (uint32_t)t->done, t->input);
    csk_rng_normal((csk_rng){ t->seed, STREAM_NOISE, (uint32_t)t->done }, n, t->noise);
    add_noise(t);
    *loss = loss_and_gradient(t);
    const csk_status err = csk_train_loop_check(*loss, t->done);
    if (err)
        return err;
    const double norm = csk_norm(t->adam.n, t->gradient);
    const double decay = fmin(o->ema, (1. + t->done) / (10. + t->done));
    if (isfinite(norm)) /* else the step is left out */
        csk_adam_step(&t->adam, t->done + 1,
                      csk_adam_rate(o->rate, o->steps, o->warmup, t->done), t->gradient,
                      norm > o->clip ? o->clip / norm : 1., decay);
    csk_net_plan_update(t->plan);
    t->done++;
    return CSK_OK;
}

csk_status csk_train_run(csk_train *t, int until, double *loss,
                         const csk_monitor *monitor)
{
    const csk_train_loop loop = { .step = step,
                                  .training = t,
                                  .done = &t->done,
                                  .steps = t->opts.steps,
                                  .weights = t->adam.weights,
                                  .len = t->adam.n };

    return csk_train_loop_run(&loop, until, loss, monitor);
}

/* -- making one ------------------------------------------------------------------------- */

static csk_status check(const csk_net *net, const csk_patches *patches,
                        const csk_train_opts *o)
{
    const int channels = csk_patches_channels(patches),
              size = csk_patches_size(patches);
    const csk_status err = csk_param_check(csk_train_params, o);

    if (err)
        return err;
    if (!(o->sigma_min < o->sigma_max))
        return csk_fail(CSK_ERR_ARG, "sigma-min %g is not below sigma-max %g",
                        o->sigma_min, o->sigma_max);
    if (csk_net_inputs(net) != channels || csk_net_outputs(net) != channels)
        return csk_fail(CSK_ERR_SHAPE,
                        "training: the net maps %d channels to %d, the patches have %d",
                        csk_net_inputs(net), csk_net_outputs(net), channels);
    if (size % csk_net_multiple(net))
        return csk_fail(CSK_ERR_ARG, "patch is %d, expected a multiple of %d", size,
                        csk_net_multiple(net));
    return CSK_OK;
}

static csk_status plan(csk_train *t)
{
    const int size = csk_patches_size(t->patches);
    const bool can = csk_net_can(CSK_NET_AUTO, CSK_NET_BF16);

    t->bf16 = t->opts.precision == CSK_TRAIN_BF16 ||
              (t->opts.precision == CSK_TRAIN_AUTO && can);
    return csk_net_plan_new(
        &t->plan, t->net,
        &(csk_net_shape){ .batch = t->opts.batch,
                          .height = size,
                          .width = size,
                          .precision = t->bf16 ? CSK_NET_BF16 : CSK_NET_F32,
                          .derivative = CSK_NET_WEIGHTS,
                          .part = t->opts.batch % PART ? 1 : PART });
}

static csk_status allocate(csk_train *t)
{
    const int64_t n = t->opts.batch * t->image, parameters = t->adam.n;
    float **const vectors[] = { &t->adam.mean, &t->adam.square, &t->adam.average,
                                &t->gradient,  &t->clean,       &t->noise,
                                &t->input,     &t->output };

    for (int i = 0; i < 8; i++) {
        *vectors[i] = csk_alloc(i < 4 ? parameters : n, sizeof(float));
        if (!*vectors[i])
            return CSK_ERR_NOMEM;
    }
    t->patch_work =
        csk_alloc(csk_patches_work_len(t->patches, t->opts.batch), sizeof(float));
    t->work = csk_alloc(csk_net_plan_work_len(t->plan), sizeof(float));
    t->sigma = csk_alloc(t->opts.batch, sizeof(*t->sigma));
    return t->patch_work && t->work && t->sigma ? CSK_OK : CSK_ERR_NOMEM;
}

csk_status csk_train_new(csk_train **out, csk_net *net, const csk_patches *patches,
                         const csk_train_opts *opts, uint64_t seed)
{
    const csk_train_opts o = opts ? *opts : csk_train_defaults();
    const int64_t size = csk_patches_size(patches);
    csk_status err = check(net, patches, &o);

    if (err)
        return err;
    csk_train *t = csk_alloc(1, sizeof(*t));
    if (!t)
        return CSK_ERR_NOMEM;
    *t = (csk_train){
        .opts = o,
        .seed = seed,
        .net = net,
        .patches = patches,
        .adam = { .n = csk_net_parameters(net), .weights = csk_net_weights(net) },
        .image = csk_patches_channels(patches) * size * size,
    };
    err = plan(t);
    if (!err)
        err = allocate(t);
    if (err) {
        csk_train_free(t);
        return err;
    }
    csk_copy(t->adam.n, t->adam.weights, t->adam.average);
    *out = t;
    return CSK_OK;
}

void csk_train_free(csk_train *t)
{
    if (!t)
        return;
    csk_net_plan_free(t->plan);
    csk_free(t->adam.mean);
    csk_free(t->adam.square);
    csk_free(t->adam.average);
    csk_free(t->gradient);
    csk_free(t->clean);
    csk_free(t->noise);
    csk_free(t->input);
    csk_free(t->output);
    csk_free(t->patch_work);
    csk_free(t->work);
    csk_free(t->sigma);
    csk_free(t);
}

int csk_train_done(const csk_train *t)
{
    return t->done;
}

const float *csk_train_average(const csk_train *t)
{
    return t->adam.average;
}

bool csk_train_is_bf16(const csk_train *t)
{
    return t->bf16;
}

/* -- stop and go on ---------------------------------------------------------------------- */

/* What a checkpoint holds besides the average. */
static csk_checkpoint checkpoint_of(const csk_train *t)
{
    static const char *const names[] = { "train.weights", "train.mean",
                                         "train.square" };

    return (csk_checkpoint){ names,
                             { t->adam.weights, t->adam.mean, t->adam.square },
                             t->adam.n };
}

csk_status csk_train_save(const csk_train *t, csk_tensors *to)
{
    const csk_checkpoint c = checkpoint_of(t);
    const csk_status err = csk_net_export(t->net, t->adam.average, to);

    return err ? err : csk_checkpoint_save(&c, t->done, to);
}

csk_status csk_train_load(csk_train *t, const csk_tensors *from, const char *what)
{
    const csk_checkpoint c = checkpoint_of(t);
    const csk_status err = csk_checkpoint_load(&c, &t->done, from, what);

    if (!err)
        csk_net_plan_update(t->plan);
    return err;
}
