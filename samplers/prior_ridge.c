/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filters are taken four at a time: their responses to the whole image, what the potentials make of
 * them, and its adjoint added to the result, while the responses are in the cache.
 */
#include "samplers/prior_ridge.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/prior_impl.h"
#include "samplers/ridge/ridge_priv.h"

#include <math.h>

typedef struct ridge {
    csk_prior base;
    csk_ridge model;
    double unit;
    csk_bank_shape shape; /* of one image */
    int64_t images;       /* in a vector */
} ridge;

/* What one vector needs: planes of one image, used for one after the other. */
typedef struct scratch {
    float *image, *vector; /* padded; the vector is that of the Hessian */
    float *sum;            /* padded: the adjoint */
    float *z, *v;          /* responses of four filters */
    double *rows;          /* [height]: energies */
} scratch;

static int64_t scratch_len(const csk_bank_shape *s)
{
    return s->planes * (3 * s->padded + 2 * CSK_BANK_BLOCK * s->response) +
           csk_pad(2 * s->height);
}

/* Zeroed, as csk_bank_load() wants it. */
static scratch scratch_of(const ridge *g, float *work, int b)
{
    const csk_bank_shape *s = &g->shape;
    const int64_t padded = s->planes * s->padded;
    scratch w = { .image = work + b * csk_pad(g->base.work_len) };

    csk_zero(scratch_len(s), w.image);
    w.vector = w.image + padded;
    w.sum = w.vector + padded;
    w.z = w.sum + padded;
    w.v = w.z + s->planes * CSK_BANK_BLOCK * s->response;
    w.rows = (double *)(void *)(w.v + s->planes * CSK_BANK_BLOCK * s->response);
    return w;
}

/* Parts of the response of filter number i of a block, row y. */
static float *part(const csk_bank_shape *s, float *response, int i, int64_t y, int p)
{
    return p < s->planes
               ? response + (i * s->planes + p) * s->response + s->first + y * s->stride
               : NULL;
}

static int filters_of_block(const csk_ridge *r, int k)
{
    const int left = r->shape.filters - k * CSK_BANK_BLOCK;

    return left < CSK_BANK_BLOCK ? left : CSK_BANK_BLOCK;
}

typedef enum purpose { GRADIENT, HESSIAN, ENERGY } purpose;

/* Row y of the responses of block k, and what the potentials make of it. */
static void respond(const ridge *g, const csk_ridge_level *level, purpose what, int k,
                    int64_t y, const scratch *w)
{
    const csk_bank_shape *s = &g->shape;

    csk_bank_row(&g->model.bank, s, k, y, w->z, w->image);
    if (what == HESSIAN)
        csk_bank_row(&g->model.bank, s, k, y, w->v, w->vector);
    for (int i = 0; i < filters_of_block(&g->model, k); i++) {
        const int c = k * CSK_BANK_BLOCK + i;
        const csk_spline spline = csk_ridge_spline(&g->model, c);
        const float a = level->scale[c], gain = level->gain[c];
        float *re = part(s, w->z, i, y, 0), *im = part(s, w->z, i, y, 1);

        if (what == GRADIENT)
            csk_spline_gradient(&spline, a, gain, s->width, re, im);
        else if (what == HESSIAN)
            csk_spline_hessian(&spline, a, gain, s->width, re, im,
                               part(s, w->v, i, y, 0), part(s, w->v, i, y, 1));
        else
            w->rows[y] +=
                csk_spline_energy(&spline, (double)a, (double)gain, s->width, re, im);
    }
}

/* All filters; w->image (and w->vector) are loaded. */
static void sweep(const ridge *g, const csk_ridge_level *level, purpose what,
                  const scratch *w)
{
    const csk_bank_shape *s = &g->shape;
    const bool threads = s->height * s->width > 1 << 11;
    const float *response = what == HESSIAN ? w->v : w->z;

    for (int k = 0; k < g->model.bank.blocks; k++) {
#pragma omp parallel for schedule(static) if (threads)
        for (int64_t y = 0; y < s->height; y++)
            respond(g, level, what, k, y, w);
        if (what == ENERGY)
            continue;
#pragma omp parallel for schedule(static) if (threads)
        for (int64_t y = 0; y < s->height + s->side - 1; y += CSK_BANK_BLOCK)
            csk_bank_back(&g->model.bank, s, k, y, w->sum, response);
    }
}

/* The level of noise in images of this unit: scales are those of images divided by it. */
static csk_ridge_level level_of(const ridge *g, double sigma)
{
    csk_ridge_level level;

    csk_ridge_at(&g->model, sigma / g->unit, &level);
    for (int c = 0; c < g->model.shape.filters; c++)
        level.scale[c] /= (float)g->unit;
    return level;
}

/* out := u - (the gradient at x, or the Hessian at x times u), u the vector or x. */
static void descend(const ridge *g, purpose what, int b, float *out, const float *x,
                    const float *u, double sigma, float *work)
{
    const csk_bank_shape *s = &g->shape;
    const int64_t n = s->height * s->width * s->planes;
    const csk_ridge_level level = level_of(g, sigma);
    const scratch w = scratch_of(g, work, b);

    for (int64_t i = 0; i < g->images; i++) {
        csk_bank_load(s, w.image, x + i * n);
        if (what == HESSIAN)
            csk_bank_load(s, w.vector, u + i * n);
        csk_zero(s->planes * s->padded, w.sum);
        sweep(g, &level, what, &w);
        if (out != u)
            csk_copy(n, u + i * n, out + i * n);
        csk_bank_fold(s, out + i * n, 1.f, -1.f, w.sum);
    }
}

static csk_status ridge_denoise(const csk_prior *p, int batch, float *d, const float *x,
                                const double *sigma, const csk_rng *names, float *work)
{
    const ridge *g = (const ridge *)p;
    const int64_t n = csk_space_len(&p->space);

    (void)names;
#pragma omp parallel for schedule(static) if (batch > 1)
    for (int b = 0; b < batch; b++)
        descend(g, GRADIENT, b, d + b * n, x + b * n, x + b * n, sigma[b], work);
    return CSK_OK;
}

static csk_status ridge_vjp(const csk_prior *p, int batch, float *out, const float *v,
                            const float *x, const double *sigma, const csk_rng *names,
                            float *work)
{
    const ridge *g = (const ridge *)p;
    const int64_t n = csk_space_len(&p->space);

    (void)names;
#pragma omp parallel for schedule(static) if (batch > 1)
    for (int b = 0; b < batch; b++)
        descend(g, HESSIAN, b, out + b * n, x + b * n, v + b * n, sigma[b], work);
    return CSK_OK;
}

static double energy(const ridge *g, int b, const float *x, double sigma, float *work)
{
    const csk_bank_shape *s = &g->shape;
    const csk_ridge_level level = level_of(g, sigma);
    const scratch w = scratch_of(g, work, b);
    double sum = 0.;

    for (int64_t i = 0; i < g->images; i++) {
        csk_bank_load(s, w.image, x + i * s->height * s->width * s->planes);
        sweep(g, &level, ENERGY, &w);
    }
    for (int64_t y = 0; y < s->height; y++)
        sum += w.rows[y];
    return sum / (sigma * sigma);
}

static csk_status ridge_logp(const csk_prior *p, int batch, double *logp,
                             const float *x, const double *sigma, const csk_rng *names,
                             float *work)
{
    const ridge *g = (const ridge *)p;
    const int64_t n = csk_space_len(&p->space);

    (void)names;
#pragma omp parallel for schedule(static) if (batch > 1)
    for (int b = 0; b < batch; b++)
        logp[b] = -energy(g, b, x + b * n, sigma[b], work);
    return CSK_OK;
}

static void ridge_destroy(csk_prior *p)
{
    csk_ridge_clear(&((ridge *)p)->model);
}

static const csk_prior_class ridge_class = {
    .name = "ridge",
    .denoise = ridge_denoise,
    .logp = ridge_logp,
    .vjp = ridge_vjp,
    .destroy = ridge_destroy,
};

static csk_status check(const csk_space *space, const csk_ridge *model, double unit)
{
    char text[128];

    if (!(unit > 0. && isfinite(unit)))
        return csk_fail(CSK_ERR_ARG, "ridge: unit is %g, expected above 0", unit);
    if (space->rank < 2)
        return csk_fail(CSK_ERR_SHAPE, "ridge: images of %s, expected two axes or more",
                        csk_space_text(space, text, sizeof(text)));
    if (space->field != model->shape.field)
        return csk_fail(CSK_ERR_SHAPE, "ridge: images are %s, the model's are %s",
                        csk_space_text(space, text, sizeof(text)),
                        model->shape.field == CSK_REAL ? "real" : "complex");
    return CSK_OK;
}

csk_status csk_prior_ridge(csk_prior **out, const csk_space *space,
                           const csk_tensors *model, double unit)
{
    csk_ridge read = { .count = 0 };
    csk_status err = csk_space_check(space, "ridge");

    if (!err)
        err = csk_ridge_read(&read, model);
    if (!err)
        err = check(space, &read, unit);
    ridge *g = err ? NULL : csk_prior_new(sizeof(*g), &ridge_class, space);
    if (!g) {
        csk_ridge_clear(&read);
        return err ? err : CSK_ERR_NOMEM;
    }
    const int64_t *dim = space->dim + space->rank - 2;
    g->model = read;
    g->unit = unit;
    g->shape = csk_bank_shape_of(read.shape.side, (int)space->field, dim[0], dim[1]);
    g->images = csk_space_size(space) / (dim[0] * dim[1]);
    g->base.work_len = scratch_len(&g->shape);
    g->base.sigma_min = read.shape.lo * unit;
    g->base.sigma_max = read.shape.hi * unit;
    g->base.spread = g->base.sigma_max;
    *out = &g->base;
    return CSK_OK;
}

csk_status csk_ridge_lipschitz(double *out, const csk_prior *p, double sigma)
{
    const ridge *g = (const ridge *)p;
    csk_ridge_curvature q;
    double ends;

    if (p->cls != &ridge_class)
        return csk_fail(CSK_ERR_ARG, "ridge: a %s prior", p->cls->name);
    if (!(sigma >= p->sigma_min && sigma <= p->sigma_max))
        return csk_fail(CSK_ERR_ARG, "ridge: sigma is %g, not in %g..%g", sigma,
                        p->sigma_min, p->sigma_max);
    const csk_ridge_level level = level_of(g, sigma);
    const int64_t most = 3 * (int64_t)g->shape.side;
    csk_status err = csk_ridge_curvature_ends(
        &ends, &g->model, &level, g->shape.height < most ? g->shape.height : most,
        g->shape.width < most ? g->shape.width : most);
    if (!err)
        err = csk_ridge_curvature_init(&q, &g->model);
    if (err)
        return err;
    *out = fmax(csk_ridge_curvature_bound(&q, &level), 1.01 * ends) / (sigma * sigma);
    csk_ridge_curvature_clear(&q);
    return CSK_OK;
}
