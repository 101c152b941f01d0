/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/prior_arg.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/diffusion.h"

#include <math.h>

/* Chains that run at once, and the random streams of each: samplers/diffusion.h. */
enum { BATCH = 16, STREAMS = 8 };

static const char *const shifts[] = { "none", "chain", "step", NULL };

typedef struct sample_opts {
    const char *shape, *near;
    double sigma, unit;
    int samples, shift;
    bool exact;
    csk_diffusion_opts diffusion;
} sample_opts;

#define S sample_opts
/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_TEXT(S, shape,   "shape", "N,...",               "of the images, the last axis fastest (default 192,192)"),
    CSK_OPT_INT (S, samples, "samples", 16, 1, 65536, "N",   "images to draw"),
    CSK_OPT_TEXT(S, near,    "near", "FILE",                 "a noisy image: draw what it may have been before the noise"),
    CSK_OPT_REAL(S, sigma,   "sigma", 0, 0, 1e30, "SIGMA",   "standard deviation of that noise in each real number"),
    CSK_OPT_REAL(S, unit,    "unit",  1, 1e-30, 1e30, "FACTOR", "size of the images over that of the training images"),
    CSK_OPT_CHOICE(S, shift, "shift", CSK_SHIFT_CHAIN, shifts, "cycle shift of the wavelet prior: none, one an image, a new one at every step"),
    CSK_OPT_FLAG(S, exact,   "exact", 0,                     "draw from the prior itself, without a diffusion; not with --near"),
    CSK_OPT_GROUP(S, diffusion, csk_diffusion_params),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

typedef struct job {
    const cli_call *call;
    const sample_opts *o;
    cli_prior model;
    csk_array near;  /* in units of the training images; empty: none */
    csk_space image; /* of one sample */
    csk_prior *prior;
    csk_array stack;
    csk_run_info info;
} job;

static void job_clear(job *j)
{
    cli_prior_clear(&j->model);
    csk_array_clear(&j->near);
    csk_array_clear(&j->stack);
    csk_prior_unref(j->prior);
}

static csk_status read_near(job *j)
{
    const char *path = j->o->near;
    csk_status err = cli_read(j->call, &j->near, path, CLI_FINITE);
    const csk_space *s = &j->near.space;
    const csk_field field = csk_model_field(j->model.model);
    const int axes = csk_model_axes(j->model.model);

    if (!err && (s->field != field || s->rank != axes))
        err = cli_bad_input(
            j->call,
            csk_fail(CSK_ERR_SHAPE,
                     "%s: is a %s image of %d axes, %s describes %s ones of %d", path,
                     s->field == CSK_REAL ? "real" : "complex", s->rank,
                     cli_arg_of(j->call, 0), field == CSK_REAL ? "real" : "complex",
                     axes));
    if (err)
        return err;
    j->image = *s;
    csk_scale(csk_space_len(s), 1. / j->o->unit, j->near.data);
    return CSK_OK;
}

static csk_status parse_image(job *j)
{
    const char *text = j->o->shape ? j->o->shape : "192,192";
    int64_t dim[CSK_MAX_RANK];
    const int axes = csk_model_axes(j->model.model);
    int rank;
    csk_status err = cli_parse_shape(dim, &rank, text, "shape");

    if (!err && rank != axes)
        err = csk_fail(CSK_ERR_ARG, "--shape %s has %d axes, %s describes images of %d",
                       text, rank, cli_arg_of(j->call, 0), axes);
    if (err)
        return err;
    j->image = csk_space_make(csk_model_field(j->model.model), rank, dim);
    return csk_space_check(&j->image, "shape");
}

static csk_status check_options(const cli_call *call, const sample_opts *o)
{
    const csk_diffusion_opts *d = &o->diffusion;
    const bool heun = d->method == CSK_DIFFUSION_HEUN;
    const cli_reader readers[] = {
        { "diffusion", !o->exact, "a diffusion, not --exact" },
        { "diffusion-levels", !o->exact, "a diffusion, not --exact" },
        { "spacing", !o->exact, "a diffusion, not --exact" },
        { "t-max", !o->exact && !o->near, "a diffusion from the prior alone" },
        { "t-min", !o->exact, "a diffusion, not --exact" },
        { "rho", !o->exact && d->spacing == CSK_SPACING_KARRAS, "--spacing karras" },
        { "churn", !o->exact && heun, "--diffusion heun" },
        { "final-denoise", !o->exact, "a diffusion, not --exact" },
        { NULL, false, NULL },
    };

    if (o->near && o->shape)
        return csk_fail(CSK_ERR_ARG, "--near has a shape; leave --shape out");
    if (o->near && o->exact)
        return csk_fail(CSK_ERR_ARG,
                        "--exact draws from the prior alone; leave it out for --near");
    if (o->near && !(o->sigma > 0.))
        return csk_fail(CSK_ERR_ARG,
                        "--sigma is missing: how noisy is the image of --near?");
    if (!o->near && o->sigma > 0.)
        return csk_fail(CSK_ERR_ARG,
                        "--sigma is the noise of --near, which is missing");
    return cli_check_readers(call, readers);
}

/* Is the noise that the diffusion passes what the prior knows? */
static csk_status check_levels(const job *j)
{
    const sample_opts *o = j->o;
    const char *path = cli_arg_of(j->call, 0);
    const double t_min = csk_model_t_min(j->model.model, o->diffusion.t_min);
    double lo, hi;

    csk_model_sigma(j->model.model, &lo, &hi);
    if (o->near) {
        const double sigma = o->sigma / o->unit;
        const double end = csk_diffusion_bottom(j->prior, t_min, sigma);
        if (sigma > hi)
            return csk_fail(
                CSK_ERR_ARG,
                "--sigma is %g, expected at most %g, the most that %s knows%s",
                o->sigma, o->unit * hi, path,
                o->unit == 1. ? "; images of another size need --unit"
                              : ", times --unit");
        if (sigma > end)
            return CSK_OK;
        return csk_fail(CSK_ERR_ARG,
                        "--sigma is %g, expected more than %g, where the diffusion of "
                        "%s ends%s",
                        o->sigma, o->unit * end, path,
                        o->diffusion.t_min > lo ? "; see --t-min" : "");
    }
    if (o->diffusion.t_max > hi)
        return csk_fail(CSK_ERR_ARG,
                        "--t-max is %g, expected at most %g, the most that %s knows",
                        o->diffusion.t_max, hi, path);
    const double first = csk_diffusion_top(j->prior, &o->diffusion);
    const double last = csk_diffusion_bottom(j->prior, t_min, INFINITY);
    if (!(first > last))
        return csk_fail(CSK_ERR_ARG,
                        "--t-min is %g, expected less than %g, where the "
                        "diffusion of %s begins",
                        last, first, path);
    if (hi < 10. * csk_model_scale(j->model.model))
        cli_say(
            j->call,
            "%s knows noise up to %.3g, too little to begin from nothing: the images "
            "will be nearly empty; see --near",
            path, o->unit * hi);
    return CSK_OK;
}

static csk_status prepare(job *j)
{
    const csk_model_opts how = { .shift = j->o->shift };
    csk_status err = check_options(j->call, j->o);

    if (!err)
        err = cli_prior_read(j->call, &j->model, cli_arg_of(j->call, 0));
    if (!err)
        err = cli_bad_input(j->call,
                            csk_model_samples(j->model.model, cli_arg_of(j->call, 0)));
    if (!err) {
        const cli_reader shift[] = {
            { "shift", csk_model_wavelet(j->model.model) != NULL, "a wavelet prior" },
            { NULL, false, NULL },
        };
        err = cli_check_readers(j->call, shift);
    }
    if (!err)
        err = j->o->near ? read_near(j) : parse_image(j);
    if (!err)
        err = csk_model_prior(&j->prior, &j->image, j->model.model, 1., &how);
    return err || j->o->exact ? err : check_levels(j);
}

/* Samples first .. first + count - 1; a sample does not know of its batch. */
static csk_status draw_batch(job *j, int first, int count, float *noisy)
{
    const int64_t n = csk_space_len(&j->image);
    const csk_rng run = { j->call->seed, (uint32_t)(first * STREAMS), 0 };
    const csk_posterior post = { .prior = j->prior,
                                 .tether = noisy,
                                 .tether_std = j->o->sigma / j->o->unit };
    csk_diffusion_opts o = j->o->diffusion;
    o.t_min = csk_model_t_min(j->model.model, o.t_min);
    csk_run_info info;

    for (int k = 0; noisy && k < count; k++)
        csk_copy(n, j->near.data, noisy + k * n);
    o.monitor = cli_monitor(j->call, "diffusion");
    const csk_status err =
        csk_diffusion(j->stack.data + first * n, &post, count, run, &o, &info);
    j->info.evaluations += info.evaluations;
    return err;
}

static csk_status draw_exactly(job *j, int first, int count)
{
    const int64_t n = csk_space_len(&j->image);
    float *work = csk_alloc(csk_prior_work_len(j->prior, count), sizeof(*work));
    csk_rng names[BATCH];

    if (!work)
        return CSK_ERR_NOMEM;
    for (int k = 0; k < count; k++)
        names[k] = (csk_rng){ j->call->seed, (uint32_t)((first + k) * STREAMS), 0 };
    const csk_status err =
        csk_prior_sample(j->prior, count, j->stack.data + first * n, names, work);
    csk_free(work);
    return err;
}

/* Interrupted, the stack holds the batches that were finished. */
static csk_status draw_all(job *j)
{
    const int64_t n = csk_space_len(&j->image), total = j->o->samples;
    const csk_space stack = csk_space_stack(&j->image, CSK_AXIS_SAMPLE, total);
    float *noisy = j->o->near ? csk_alloc(BATCH * n, sizeof(*noisy)) : NULL;
    const csk_monitor exact = cli_monitor(j->call, NULL);
    csk_status err =
        j->o->near && !noisy ? CSK_ERR_NOMEM : csk_space_check(&stack, "samples");

    if (!err)
        err = csk_array_init(&j->stack, &stack);
    for (int done = 0; done < total && !err; done += BATCH) {
        const int count = (int)(total - done < BATCH ? total - done : BATCH);

        err = j->o->exact ? draw_exactly(j, done, count)
                          : draw_batch(j, done, count, noisy);
        if (err == CSK_ERR_ABORTED)
            j->stack.space.dim[0] = done;
        const csk_progress p = { .what = "sample",
                                 .iter = done + count,
                                 .max_iter = (int)total,
                                 .residual = NAN,
                                 .change = NAN };
        if (!err && j->o->exact && p.iter < total) { /* a diffusion asks by itself */
            err = csk_monitor_report(&exact, &p);
            j->stack.space.dim[0] = err ? p.iter : total;
        }
    }
    csk_free(noisy);
    return err;
}

/* What became of the noisy image is about as far from it as its noise. */
static csk_status check_near(const job *j)
{
    const int64_t n = csk_space_len(&j->image), count = j->stack.space.dim[0];
    double square = 0.;

    for (int64_t k = 0; k < count; k++) {
        const double far = csk_distance(n, j->stack.data + k * n, j->near.data);
        square += far * far;
    }
    const double moved = j->o->unit * sqrt(square / (double)(count * n));
    const double size =
        j->o->unit * csk_norm(count * n, j->stack.data) / sqrt((double)(count * n));
    return cli_prior_check_moved(j->call, &j->model, moved, size, j->o->sigma);
}

static csk_status run(const cli_call *call)
{
    job j = { .call = call, .o = call->opts };
    const double start = cli_seconds();
    csk_status err = prepare(&j);

    if (!err)
        err = draw_all(&j);
    if (!err && j.o->near)
        err = check_near(&j);
    if ((!err || err == CSK_ERR_ABORTED) && j.stack.data && j.stack.space.dim[0] > 0) {
        const int64_t len = csk_space_len(&j.stack.space);
        const int64_t size = csk_space_size(&j.stack.space);
        csk_scale(len, j.o->unit, j.stack.data);
        const csk_status written = cli_write(call, &j.stack, cli_arg_of(call, 1));
        err = written ? written : err;
        cli_put_shape(call, "samples", &j.stack.space);
        cli_put_real(call, "rms", csk_norm(len, j.stack.data) / sqrt((double)size), -1,
                     NULL);
        if (!j.o->exact) {
            cli_put_real(call, "first_noise_level",
                         j.o->near
                             ? j.o->sigma
                             : j.o->unit * csk_diffusion_top(j.prior, &j.o->diffusion),
                         -1, NULL);
            cli_put_int(call, "score_evaluations", j.info.evaluations);
        }
        cli_put_real(call, "seconds", cli_seconds() - start, 2, NULL);
    }
    job_clear(&j);
    return err;
}

/* One call of the denoiser says how long all of them take. */
static csk_status plan(const cli_call *call, cli_plan *out)
{
    job j = { .call = call, .o = call->opts };
    csk_status err = prepare(&j);
    const int64_t n = err ? 0 : csk_space_len(&j.image);
    const int64_t chains = j.o->samples < BATCH ? j.o->samples : BATCH;
    const int64_t work = err ? 0 : csk_prior_work_len(j.prior, 1);
    float *block = err ? NULL : csk_alloc(2 * csk_pad(n) + work, sizeof(*block));

    if (!err && !block)
        err = CSK_ERR_NOMEM;
    if (!err) {
        const csk_rng name = { call->seed, 0, 0 };
        double lo, hi;
        csk_prior_sigma_range(j.prior, &lo, &hi);
        const double start = cli_seconds(), level = fmin(fmax(1., lo), hi);
        err = csk_prior_denoise(j.prior, 1, block + csk_pad(n), block, &level, &name,
                                block + 2 * csk_pad(n));
        const double once = cli_seconds() - start;
        const int order = j.o->diffusion.method == CSK_DIFFUSION_HEUN ? 2 : 1;
        out->seconds = once * j.o->samples *
                       (j.o->exact ? 2. : order * (j.o->diffusion.levels + 1.));
        out->bytes = 4 * (j.o->samples * n + chains * (4 * n + work));
    }
    csk_free(block);
    job_clear(&j);
    return err;
}

static const cli_arg args[] = {
    { "PRIOR", "a name or a file: csk help priors", .role = CLI_INPUT },
    { "OUTPUT", "the images, [sample][y][x]", .role = CLI_OUTPUT },
    { .name = NULL },
};

static const cli_example examples[] = {
    { "sample head.csk --shape 64,64 --samples 4 -o drawn.npy",
      "four images as the prior imagines them" },
    { "sample head.csk --near scan-truth.npy --sigma 0.05 --samples 4 -o near.npy",
      "four images that may have become this one by noise of 0.05" },
    { NULL, NULL },
};

static const char *const refs[] = {
    "Xun, Gupta, Price, NeurIPS 2025, arXiv:2510.26324, Algorithm 2, step 3",
    "Ho, Jain, Abbeel, NeurIPS 2020, arXiv:2006.11239",
    "Karras, Aittala, Aila, Laine, NeurIPS 2022, arXiv:2206.00364",
    NULL,
};

const cli_cmd cmd_sample = {
    .name = "sample",
    .brief = "draw images from a prior, alone or near a noisy image",
    .about =
        "Runs the diffusion of a prior backwards from much to little noise, by ancestral "
        "steps or by Heun's method. The images show what the prior knows, and what it "
        "does not.\n\n"
        "From the prior alone the way is long, from noise of ten times the prior's spread; with "
        "too few levels the images come out too weak (of a wavelet prior of heads by 15 % with the "
        "default, which is made for --near, by 2 % with 200). --shift step, the default "
        "of recon, is the better model of one image given data, but samples from no "
        "density, and much too weakly from no data at all.\n\n"
        "Learned priors know noise up to their highest level only, where a diffusion begins at "
        "most. Those that csk brings know too little to begin from nothing: images drawn so are "
        "nearly empty, which csk says; use --near.\n\n"
        "With --near it draws from p(x | x'), x' = x + SIGMA n being the noisy image: "
        "the conditional diffusion with which csk recon begins, without a measurement.\n\n"
        "The same seed gives the same bytes, whatever the number of threads; with more "
        "samples the first ones stay the same. They are drawn 16 at a time; "
        "interrupted, csk writes those that were finished.",
    .args = args,
    .params = params,
    .opts_size = sizeof(sample_opts),
    .threads = true,
    .examples = examples,
    .refs = refs,
    .run = run,
    .plan = plan,
};
