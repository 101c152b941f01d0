/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/train/patches.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "samplers/train/patches_priv.h"

#include <math.h>
#include <string.h>

static const char *const kernels[] = { "cubic", "sinc", NULL };

#define S csk_patch_opts
/* clang-format off */
const csk_param csk_patch_params[] = {
    CSK_OPT_INT (S, size,          "patch",         64,   8,    1024,   "N",    "pixels of a patch's side"),
    CSK_OPT_REAL(S, zoom_min,      "zoom-min",      .5,   1./16, 16.,   "Z",    "least magnification of the images"),
    CSK_OPT_REAL(S, zoom_max,      "zoom-max",      1.6,  1./16, 16.,   "Z",    "largest magnification of the images"),
    CSK_OPT_REAL(S, aspect,        "aspect",        1,    1,    4,      "A",    "largest ratio of the magnifications along the two axes"),
    CSK_OPT_CHOICE(S, kernel,      "kernel",        0,    kernels,              "what images are resampled with"),
    CSK_OPT_REAL(S, edge_gain,     "edge-gain",     1,    1,    16,     "G",    "most that the edge of k-space gains or loses along an axis"),
    CSK_OPT_FLAG(S, flip,          "flip",          1,                          "mirror and transpose at random"),
    CSK_OPT_REAL(S, gamma_min,     "gamma-min",     .75,  .1,   10.,    "G",    "least exponent of the magnitude"),
    CSK_OPT_REAL(S, gamma_max,     "gamma-max",     1.35, .1,   10.,    "G",    "largest exponent of the magnitude"),
    CSK_OPT_REAL(S, intensity_min, "intensity-min", .5,   1e-3, 1e3,    "S",    "least factor of the intensity"),
    CSK_OPT_REAL(S, intensity_max, "intensity-max", 1.25, 1e-3, 1e3,    "S",    "largest factor of the intensity"),
    CSK_OPT_FLAG(S, phase,         "phase",         1,                          "give images a smooth random phase"),
    CSK_OPT_REAL(S, rough_phase,   "rough-phase",   0,    0.,   1.,     "R",    "most radians, rms, that the phase is rough by, across the image and across k-space"),
    CSK_OPT_REAL(S, empty,         "empty",         .1,   0.,   1.,     "SHARE", "kept of the patches in which nearly nothing is"),
    CSK_OPT_REAL(S, unit,          "unit",          0.,   0.,   1e30,   "U",    "divide images by U; 0: each file by its 99.9th percentile"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_patch_opts csk_patch_defaults(void)
{
    csk_patch_opts o;

    csk_param_defaults(csk_patch_params, &o);
    return o;
}

csk_patch_opts csk_patch_plain(const csk_patch_opts *opts)
{
    csk_patch_opts o = *opts;

    o.zoom_min = o.zoom_max = o.aspect = o.edge_gain = 1.;
    o.flip = false;
    o.gamma_min = o.gamma_max = 1.;
    o.intensity_min = o.intensity_max = 1.;
    o.rough_phase = 0.;
    return o;
}

/* In the images' unit: a window whose mean magnitude is below it is nearly empty. */
static const double nothing = .02;
/* Windows looked at before one is taken as it is. */
enum { ATTEMPTS = 16 };
/* Streams of random numbers: the choices of an attempt. */
enum { STREAM_PATCH = 0x70617400 };

struct csk_patches {
    csk_patch_opts opts;
    int channels, count;
    const csk_array *file;
    double *upto; /* sums of the shares: upto[count - 1] = 1 */
    double *unit;
    bool *negative; /* the file has negative values */
    double scale;
};

/* -- choices ------------------------------------------------------------------------ */

/* The uniform numbers of one attempt, each used for one thing. */
enum {
    U_FILE,
    U_SLICE,
    U_ZOOM,
    U_Y,
    U_X,
    U_MIRROR_Y,
    U_MIRROR_X,
    U_TRANSPOSE,
    U_GAMMA,
    U_IS_GAMMA,
    U_INTENSITY,
    U_EMPTY,
    U_PHASE,
    U_ASPECT = U_PHASE + CSK_PHASE_RANDOM,
    U_GAIN_Y,
    U_GAIN_X,
    U_ROUGH,
    U_FINER,
    U_TWISTED = U_FINER + CSK_FINER_RANDOM,
    U_TWIST,
    U_COUNT = U_TWIST + CSK_TWIST_RANDOM
};

static double between(double lo, double hi, float u)
{
    return lo * pow(hi / lo, (double)u);
}

static int choose_file(const csk_patches *p, double u)
{
    int i = 0;

    while (i < p->count - 1 && u >= p->upto[i])
        i++;
    return i;
}

/*
 * The window's first sample and its step. If it can be so, the window lies inside the image; the
 * magnification keeps to its range.
 */
static csk_patch_axis choose_axis(int64_t length, const csk_patch_opts *o,
                                  double wanted, float place, bool mirror)
{
    const int size = o->size;
    const double fits = (double)size / (double)length;
    const double zoom = fmin(fmax(fmax(wanted, o->zoom_min), fits), o->zoom_max);
    const double window = size / zoom;
    const double first = ((double)length - window) * (double)place;
    csk_patch_axis a = { .length = length, .size = size, .step = 1. / zoom };

    a.first = first + .5 / zoom - .5;
    if (mirror) {
        a.first += (size - 1) / zoom;
        a.step = -a.step;
    }
    return a;
}

/* With a phase, an image rings through zero as one from k-space does. */
static bool swings(const csk_patch_opts *o)
{
    return o->phase && o->kernel == CSK_PATCH_SINC;
}

static csk_window choose_window(const csk_patches *p, const float *u)
{
    const csk_patch_opts *o = &p->opts;
    const int i = choose_file(p, (double)u[U_FILE]);
    const csk_space *s = &p->file[i].space;
    const int64_t rows = s->dim[s->rank - 2], cols = s->dim[s->rank - 1];
    const int64_t slices = csk_space_size(s) / (rows * cols);
    const int64_t slice = (int64_t)((double)u[U_SLICE] * (double)slices);
    const bool flip = o->flip;
    const double fits = (double)o->size / (double)(rows < cols ? rows : cols);
    const double zoom = fmax(between(o->zoom_min, o->zoom_max, u[U_ZOOM]), fits);
    const double tall = sqrt(between(1. / o->aspect, o->aspect, u[U_ASPECT]));
    const bool bent = u[U_IS_GAMMA] < .5f;

    csk_window w = {
        .image = p->file[i].data + slice * rows * cols * (int)s->field,
        .width = (int)s->field,
        .kernel = o->kernel,
        .scale = (float)(1. / p->unit[i]),
        .gamma = bent ? between(o->gamma_min, o->gamma_max, u[U_GAMMA]) : 1.,
        .positive = s->field == CSK_REAL && !p->negative[i] && !swings(o),
        .y = choose_axis(rows, o, zoom * tall, u[U_Y], flip && u[U_MIRROR_Y] < .5f),
        .x = choose_axis(cols, o, zoom / tall, u[U_X], flip && u[U_MIRROR_X] < .5f),
        .transpose = flip && u[U_TRANSPOSE] < .5f,
    };

    w.y.gain = between(1. / o->edge_gain, o->edge_gain, u[U_GAIN_Y]);
    w.x.gain = between(1. / o->edge_gain, o->edge_gain, u[U_GAIN_X]);
    return w;
}

/* The mean magnitude at every 8th of the patch's pixels. */
static bool is_nearly_empty(const csk_window *w)
{
    const int size = w->y.size, skip = 8;
    double sum = 0.;
    int count = 0;

    for (int i = skip / 2; i < size; i += skip) {
        const int64_t y =
            csk_patch_mirror((int64_t)floor(w->y.first + i * w->y.step), w->y.length);
        for (int j = skip / 2; j < size; j += skip) {
            const int64_t x = csk_patch_mirror(
                (int64_t)floor(w->x.first + j * w->x.step), w->x.length);
            const float *z = w->image + (y * w->x.length + x) * w->width;
            sum +=
                w->width == 2 ? hypot((double)z[0], (double)z[1]) : fabs((double)z[0]);
            count++;
        }
    }
    return sum * (double)w->scale < nothing * count;
}

static void draw_one(const csk_patches *p, uint64_t seed, uint32_t number, float *out,
                     float *work)
{
    const csk_patch_opts *o = &p->opts;
    const int64_t pixels = (int64_t)o->size * o->size;
    float u[U_COUNT];
    csk_window w;

    for (uint32_t attempt = 0; attempt < ATTEMPTS; attempt++) {
        csk_rng_uniform((csk_rng){ seed, STREAM_PATCH + attempt, number }, U_COUNT, u);
        w = choose_window(p, u);
        if ((double)u[U_EMPTY] < o->empty || !is_nearly_empty(&w))
            break;
    }
    csk_window_resample(&w, out, p->channels, work);
    csk_scale(pixels * p->channels,
              between(o->intensity_min, o->intensity_max, u[U_INTENSITY]), out);
    if (!o->phase)
        return;
    if (o->rough_phase > 0.)
        csk_patch_twist(o->size, o->rough_phase * (double)u[U_TWISTED], out,
                        u + U_TWIST, work);
    csk_patch_phase(o->size, o->rough_phase * (double)u[U_ROUGH], out, u + U_PHASE,
                    u + U_FINER, work);
}

int64_t csk_patches_work_len(const csk_patches *p, int n)
{
    return n * csk_window_work_len(p->opts.kernel, p->opts.size, p->opts.zoom_min);
}

void csk_patches_draw(const csk_patches *p, uint64_t seed, int64_t first, int n,
                      float *out, float *work)
{
    const int64_t len = (int64_t)p->channels * p->opts.size * p->opts.size;
    const int64_t room = csk_patches_work_len(p, 1);

#pragma omp parallel for schedule(static)
    for (int i = 0; i < n; i++)
        draw_one(p, seed, (uint32_t)(first + i), out + i * len, work + i * room);
}

/* -- what is measured once ------------------------------------------------------------ */

/* Magnitudes of a file, sorted into cells of a share of their unit. */
enum { CELLS = 8192 };
static const double cells_a_unit = 2048.;

static csk_status measure_unit(double *unit, const csk_array *file, double fixed,
                               int number)
{
    const csk_space *s = &file->space;
    const int64_t n = csk_space_size(s);
    const int64_t bad = csk_first_not_finite(csk_space_len(s), file->data);

    if (bad >= 0)
        return csk_fail(CSK_ERR_NUMERIC, "patches: float %lld of file %d is %g",
                        (long long)bad, number, (double)file->data[bad]);
    const double most = csk_max_modulus(n, (int)s->field, file->data);
    if (!(most > 0.))
        return csk_fail(CSK_ERR_NUMERIC, "patches: file %d is zero everywhere", number);
    *unit = fixed;
    if (fixed > 0.)
        return CSK_OK;
    float *m = csk_alloc(n, sizeof(*m));
    if (!m)
        return CSK_ERR_NOMEM;
    csk_modulus(n, (int)s->field, file->data, m);
    *unit = csk_quantile(n, m, .999);
    csk_free(m);
    if (!(*unit > 0.))
        *unit = most;
    return CSK_OK;
}

static bool has_negative(const csk_array *file)
{
    const int64_t n = csk_space_len(&file->space);

    for (int64_t i = 0; i < n; i++) {
        if (file->data[i] < 0.f)
            return true;
    }
    return false;
}

static void count(double *cell, const csk_array *file, double unit, double share)
{
    const csk_space *s = &file->space;
    const int64_t n = csk_space_size(s);

    for (int64_t i = 0; i < n; i++) {
        const float *z = file->data + i * (int)s->field;
        const double m = s->field == CSK_COMPLEX ? hypot((double)z[0], (double)z[1])
                                                 : fabs((double)z[0]);
        if (m > 0.)
            cell[(int)fmin(m / unit * cells_a_unit, CELLS - 1.)] += share / (double)n;
    }
}

static csk_status measure_scale(csk_patches *p)
{
    double *cell = csk_alloc(CELLS, sizeof(*cell));
    double total = 0., sum = 0.;
    int k = 0;

    if (!cell)
        return CSK_ERR_NOMEM;
    for (int i = 0; i < p->count; i++)
        count(cell, &p->file[i], p->unit[i], p->upto[i] - (i ? p->upto[i - 1] : 0.));
    for (int i = 0; i < CELLS; i++)
        total += cell[i];
    for (; k < CELLS - 1 && sum < .99 * total; k++)
        sum += cell[k];
    p->scale = k / cells_a_unit;
    csk_free(cell);
    return CSK_OK;
}

static csk_status check_file(const csk_array *file, int number)
{
    const csk_space *s = &file->space;

    if (s->rank < 2 || s->dim[s->rank - 1] < 4 || s->dim[s->rank - 2] < 4)
        return csk_fail(
            CSK_ERR_SHAPE,
            "patches: file %d has %d axes, the last of %lld, expected images "
            "[...][y][x] of at least 4x4",
            number, s->rank, (long long)s->dim[s->rank - 1]);
    return CSK_OK;
}

static csk_status share_out(csk_patches *p, const double *weight)
{
    double sum = 0.;

    for (int i = 0; i < p->count; i++) {
        const double w = weight ? weight[i] : (double)csk_space_size(&p->file[i].space);
        if (!(w >= 0.) || isinf(w))
            return csk_fail(CSK_ERR_ARG, "patches: weight %d is %g, expected >= 0", i,
                            w);
        p->upto[i] = sum += w;
    }
    if (!(sum > 0.))
        return csk_fail(CSK_ERR_ARG, "patches: the weights are all 0");
    for (int i = 0; i < p->count; i++)
        p->upto[i] /= sum;
    return CSK_OK;
}

static csk_status check_opts(const csk_patch_opts *o)
{
    csk_status err = csk_param_check(csk_patch_params, o);

    if (!err && o->zoom_min > o->zoom_max)
        err = csk_fail(CSK_ERR_ARG, "zoom-min %g is above zoom-max %g", o->zoom_min,
                       o->zoom_max);
    if (!err && o->gamma_min > o->gamma_max)
        err = csk_fail(CSK_ERR_ARG, "gamma-min %g is above gamma-max %g", o->gamma_min,
                       o->gamma_max);
    if (!err && o->intensity_min > o->intensity_max)
        err = csk_fail(CSK_ERR_ARG, "intensity-min %g is above intensity-max %g",
                       o->intensity_min, o->intensity_max);
    return err;
}

static csk_status prepare(csk_patches *p, const double *weight)
{
    csk_status err = CSK_OK;

    p->channels = p->opts.phase ? 2 : 1;
    p->upto = csk_alloc(p->count, sizeof(*p->upto));
    p->unit = csk_alloc(p->count, sizeof(*p->unit));
    p->negative = csk_alloc(p->count, sizeof(*p->negative));
    if (!p->upto || !p->unit || !p->negative)
        return CSK_ERR_NOMEM;
    for (int i = 0; i < p->count && !err; i++) {
        err = check_file(&p->file[i], i);
        if (!err)
            err = measure_unit(&p->unit[i], &p->file[i], p->opts.unit, i);
        if (!err)
            p->negative[i] = has_negative(&p->file[i]);
        if (p->file[i].space.field == CSK_COMPLEX)
            p->channels = 2;
    }
    if (!err)
        err = share_out(p, weight);
    return err ? err : measure_scale(p);
}

csk_status csk_patches_new(csk_patches **out, int count, const csk_array *files,
                           const double *weight, const csk_patch_opts *opts)
{
    const csk_patch_opts o = opts ? *opts : csk_patch_defaults();
    csk_status err = check_opts(&o);

    if (!err && count < 1)
        err = csk_fail(CSK_ERR_ARG, "patches: %d files, expected at least 1", count);
    if (err)
        return err;
    csk_patches *p = csk_alloc(1, sizeof(*p));
    if (!p)
        return CSK_ERR_NOMEM;
    *p = (csk_patches){ .opts = o, .count = count, .file = files };
    err = prepare(p, weight);
    if (err)
        csk_patches_free(p);
    else
        *out = p;
    return err;
}

void csk_patches_free(csk_patches *p)
{
    if (!p)
        return;
    csk_free(p->upto);
    csk_free(p->unit);
    csk_free(p->negative);
    csk_free(p);
}

int csk_patches_channels(const csk_patches *p)
{
    return p->channels;
}

int csk_patches_size(const csk_patches *p)
{
    return p->opts.size;
}

double csk_patches_scale(const csk_patches *p)
{
    return p->scale;
}

double csk_patches_unit(const csk_patches *p, int i)
{
    return p->unit[i];
}
