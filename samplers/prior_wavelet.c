/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/prior_wavelet.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/wavelet_priv.h"
#include "samplers/names_priv.h"
#include "samplers/prior_impl.h"
#include "samplers/prior_wavelet_priv.h"
#include "samplers/scale_mixture_priv.h"

#include <math.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

_Static_assert((int)CSK_WAVELET_COMPONENTS == (int)CSK_MIXTURE_MAX, "one limit");

/* Variances whose inverses and squares of whose roots a float holds. */
static const double least = 1e-30, most = 1e30;

/* -- models ------------------------------------------------------------------------ */

int csk_wavelet_model_bands(const csk_wavelet_model *m)
{
    return 1 + m->levels * ((1 << m->axes) - 1);
}

void csk_wavelet_model_clear(csk_wavelet_model *m)
{
    csk_free(m->weight);
    csk_free(m->variance);
    *m = (csk_wavelet_model){ 0 };
}

csk_status csk_wavelet_model_alloc(csk_wavelet_model *m)
{
    const int64_t count = (int64_t)csk_wavelet_model_bands(m) * m->components;

    m->weight = csk_alloc(count, sizeof(*m->weight));
    m->variance = csk_alloc(count, sizeof(*m->variance));
    if (m->weight && m->variance)
        return CSK_OK;
    csk_wavelet_model_clear(m);
    return CSK_ERR_NOMEM;
}

static csk_status check_band(const csk_wavelet_model *m, int band, csk_status code,
                             const char *what)
{
    const double *w = m->weight + (int64_t)band * m->components;
    const double *v = m->variance + (int64_t)band * m->components;
    double sum = 0.;

    for (int k = 0; k < m->components; k++) {
        if (!(w[k] >= 0. && w[k] <= 1.))
            return csk_fail(code, "%s: bands[%d].weights[%d] is %g, not in 0..1", what,
                            band, k, w[k]);
        if (!(v[k] >= least && v[k] <= most))
            return csk_fail(code, "%s: bands[%d].variances[%d] is %g, not in %g..%g",
                            what, band, k, v[k], least, most);
        sum += w[k];
    }
    if (fabs(sum - 1.) > 1e-6)
        return csk_fail(code, "%s: bands[%d].weights sum to %.9g, not to 1", what, band,
                        sum);
    return CSK_OK;
}

/* All but the bands, so that there can be arrays for them. */
csk_status csk_wavelet_model_check_head(const csk_wavelet_model *m, csk_status code,
                                        const char *what)
{
    const double *tap;
    int length;

    if (m->field != CSK_REAL && m->field != CSK_COMPLEX)
        return csk_fail(code, "%s: field is %d, neither real nor complex", what,
                        (int)m->field);
    if (m->axes < 1 || m->axes > 3)
        return csk_fail(code, "%s: axes is %d, not in 1..3", what, m->axes);
    if (m->levels < 1 || m->levels > 32)
        return csk_fail(code, "%s: levels is %d, not in 1..32", what, m->levels);
    if (m->components < 1 || m->components > CSK_WAVELET_COMPONENTS)
        return csk_fail(code, "%s: components is %d, not in 1..%d", what, m->components,
                        CSK_WAVELET_COMPONENTS);
    if (!(m->scale > 0.) || !isfinite(m->scale))
        return csk_fail(code, "%s: scale is %g, expected > 0", what, m->scale);

    if (!memchr(m->family, '\0', sizeof(m->family)) ||
        csk_wavelet_filter(m->family, &length, &tap))
        return csk_fail(code, "%s: family is \"%.*s\", which is no known wavelet", what,
                        (int)sizeof(m->family), m->family);
    return CSK_OK;
}

csk_status csk_wavelet_model_check(const csk_wavelet_model *m, csk_status code,
                                   const char *what)
{
    csk_status err = csk_wavelet_model_check_head(m, code, what);

    for (int i = 0; !err && i < csk_wavelet_model_bands(m); i++)
        err = check_band(m, i, code, what);
    return err;
}

csk_status csk_wavelet_model_transform(csk_wavelet **out, const csk_wavelet_model *m,
                                       const csk_space *space, const char *what)
{
    char text[128];

    if (space->rank < m->axes)
        return csk_fail(CSK_ERR_SHAPE, "%s: %s has fewer than the model's %d axes",
                        what, csk_space_text(space, text, sizeof(text)), m->axes);

    const unsigned axes = ((1u << m->axes) - 1u) << (space->rank - m->axes);
    csk_wavelet *w;
    const csk_status err = csk_wavelet_new(&w, space, axes, m->family, m->levels);
    if (err)
        return err;

    /* As many bands: the same ones in the same order. */
    if (csk_wavelet_levels(w) != m->levels ||
        csk_wavelet_bands(w) != csk_wavelet_model_bands(m)) {
        csk_wavelet_free(w);
        return csk_fail(CSK_ERR_SHAPE, "%s: %s is too small for %d levels of %s", what,
                        csk_space_text(space, text, sizeof(text)), m->levels,
                        m->family);
    }
    *out = w;
    return CSK_OK;
}

int64_t csk_wavelet_row(const csk_space *space, const csk_band *band, int64_t row)
{
    const int last = space->rank - 1;
    int64_t at = band->offset[last], stride = space->dim[last];

    for (int i = last - 1; i >= 0; i--) {
        at += (band->offset[i] + row % band->dim[i]) * stride;
        row /= band->dim[i];
        stride *= space->dim[i];
    }
    return at * (int64_t)space->field;
}

int64_t csk_wavelet_rows(const csk_space *space, const csk_band *band)
{
    int64_t rows = 1;

    for (int i = 0; i < space->rank - 1; i++)
        rows *= band->dim[i];
    return rows;
}

/* -- the prior ----------------------------------------------------------------------- */

typedef struct wavelet_prior {
    csk_prior base;
    csk_wavelet *w;
    csk_wavelet_model model; /* in the unit of the images */
    csk_wavelet_shift shift;
} wavelet_prior;

/* What one item works with. */
typedef struct item {
    const wavelet_prior *p;
    float *c, *v; /* coefficients */
    float *work;  /* of the transform */
    int64_t shift_space[CSK_MAX_RANK];
    const int64_t *shift; /* shift_space or NULL */
} item;

/*
 * Which of the batch's slots of scratch: that of the thread, whose cache then holds it at the next
 * item. Only threads below the number of items get any.
 */
static int own_slot(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

static void start(item *t, const csk_prior *base, int b, const csk_rng *names,
                  float *work)
{
    const wavelet_prior *p = (const wavelet_prior *)base;
    const int64_t n = csk_pad(csk_space_len(&base->space));

    t->p = p;
    t->c = work + own_slot() * csk_pad(base->work_len);
    t->v = t->c + n;
    t->work = t->v + n;
    t->shift = NULL;
    if (p->shift == CSK_SHIFT_NONE || !names)
        return;
    csk_wavelet_random_shift(p->w, names[b].seed, names[b].stream,
                             p->shift == CSK_SHIFT_STEP ? names[b].draw : UINT32_MAX,
                             t->shift_space);
    t->shift = t->shift_space;
}

/* Enough work for threads: over the batch if there is one, else within an item. */
static bool worth_threads(const csk_prior *p, int batch)
{
    return batch > 1 && batch * csk_space_len(&p->space) > 1 << 12;
}

/* Shrink the coefficients c at noise variance s2, or with t->v as well multiply v by the Jacobian. */
static void each_band(const item *t, double s2, bool derivative)
{
    const csk_space *space = &t->p->base.space;
    const csk_wavelet_model *m = &t->p->model;
    const int width = (int)space->field;

    for (int k = 0; k < csk_wavelet_bands(t->p->w); k++) {
        const csk_band *band = csk_wavelet_band(t->p->w, k);
        const int64_t len = band->dim[space->rank - 1];
        const int64_t rows = csk_wavelet_rows(space, band);
        const csk_scale_mixture mix = csk_scale_mixture_at(
            m->components, width, m->weight + (int64_t)k * m->components,
            m->variance + (int64_t)k * m->components, s2);

#pragma omp parallel for schedule(static) if (rows * len > 1 << 14)
        for (int64_t r = 0; r < rows; r++) {
            const int64_t at = csk_wavelet_row(space, band, r);
            if (derivative)
                csk_scale_mixture_derivative(&mix, width, len, t->c + at, t->v + at);
            else
                csk_scale_mixture_shrink(&mix, width, len, t->c + at);
        }
    }
}

static csk_status wavelet_denoise(const csk_prior *p, int batch, float *d,
                                  const float *x, const double *sigma,
                                  const csk_rng *names, float *work)
{
    const int64_t n = csk_space_len(&p->space);
    const bool threads = worth_threads(p, batch);

#pragma omp parallel for schedule(static) if (threads)
    for (int b = 0; b < batch; b++) {
        item t;

        if (sigma[b] * sigma[b] == 0.) {
            csk_copy(n, x + b * n, d + b * n);
            continue;
        }
        start(&t, p, b, names, work);
        csk_wavelet_forward(t.p->w, t.c, x + b * n, t.shift, t.work);
        each_band(&t, sigma[b] * sigma[b], false);
        csk_wavelet_inverse(t.p->w, d + b * n, t.c, t.shift, t.work);
    }
    return CSK_OK;
}

static csk_status wavelet_vjp(const csk_prior *p, int batch, float *g, const float *v,
                              const float *x, const double *sigma, const csk_rng *names,
                              float *work)
{
    const int64_t n = csk_space_len(&p->space);
    const bool threads = worth_threads(p, batch);

#pragma omp parallel for schedule(static) if (threads)
    for (int b = 0; b < batch; b++) {
        item t;

        if (sigma[b] * sigma[b] == 0.) {
            csk_copy(n, v + b * n, g + b * n);
            continue;
        }
        start(&t, p, b, names, work);
        csk_wavelet_forward(t.p->w, t.c, x + b * n, t.shift, t.work);
        csk_wavelet_forward(t.p->w, t.v, v + b * n, t.shift, t.work);
        each_band(&t, sigma[b] * sigma[b], true);
        csk_wavelet_inverse(t.p->w, g + b * n, t.v, t.shift, t.work);
    }
    return CSK_OK;
}

static csk_status wavelet_logp(const csk_prior *p, int batch, double *logp,
                               const float *x, const double *sigma,
                               const csk_rng *names, float *work)
{
    const wavelet_prior *self = (const wavelet_prior *)p;
    const csk_wavelet_model *m = &self->model;
    const int64_t n = csk_space_len(&p->space);
    const bool threads = worth_threads(p, batch);

#pragma omp parallel for schedule(static) if (threads)
    for (int b = 0; b < batch; b++) {
        item t;

        start(&t, p, b, names, work);
        csk_wavelet_forward(self->w, t.c, x + b * n, t.shift, t.work);
        logp[b] = 0.;
        for (int k = 0; k < csk_wavelet_bands(self->w); k++) {
            const csk_band *band = csk_wavelet_band(self->w, k);
            const int64_t rows = csk_wavelet_rows(&p->space, band);

            for (int64_t r = 0; r < rows; r++)
                logp[b] += csk_scale_mixture_logp(
                    m->components, (int)p->space.field,
                    m->weight + (int64_t)k * m->components,
                    m->variance + (int64_t)k * m->components, sigma[b] * sigma[b],
                    band->dim[p->space.rank - 1],
                    t.c + csk_wavelet_row(&p->space, band, r));
        }
    }
    return CSK_OK;
}

/* The component whose share of 0 .. 1 holds u. */
static double pick(int K, const double *weight, const double *variance, double u)
{
    int k = 0;

    for (; k < K - 1; k++) {
        u -= weight[k];
        if (u < 0.)
            break;
    }
    return sqrt(variance[k]);
}

static csk_status wavelet_sample(const csk_prior *p, int batch, float *x,
                                 const csk_rng *names, float *work)
{
    const wavelet_prior *self = (const wavelet_prior *)p;
    const csk_wavelet_model *m = &self->model;
    const int64_t n = csk_space_len(&p->space), width = (int64_t)p->space.field;
    const bool threads = worth_threads(p, batch);

#pragma omp parallel for schedule(static) if (threads)
    for (int b = 0; b < batch; b++) {
        csk_rng normals = csk_name_beside(names[b]), choices;
        item t;

        /* Neither shares a counter with the shift or with the other. */
        choices = csk_name_beside(normals);
        choices.seed = ~choices.seed;
        start(&t, p, b, names, work);
        csk_rng_normal(normals, n, t.c);
        csk_rng_uniform(choices, n / width, t.v);
        for (int k = 0; k < csk_wavelet_bands(self->w); k++) {
            const csk_band *band = csk_wavelet_band(self->w, k);
            const int64_t rows = csk_wavelet_rows(&p->space, band);

            for (int64_t r = 0; r < rows; r++) {
                const int64_t at = csk_wavelet_row(&p->space, band, r);

                for (int64_t j = at; j < at + band->dim[p->space.rank - 1] * width; j++)
                    t.c[j] *= (float)pick(m->components,
                                          m->weight + (int64_t)k * m->components,
                                          m->variance + (int64_t)k * m->components,
                                          (double)t.v[j / width]);
            }
        }
        csk_wavelet_inverse(self->w, x + b * n, t.c, t.shift, t.work);
    }
    return CSK_OK;
}

static void wavelet_destroy(csk_prior *p)
{
    csk_wavelet_model_clear(&((wavelet_prior *)p)->model);
    csk_wavelet_free(((wavelet_prior *)p)->w);
}

static const csk_prior_class wavelet_class = {
    .name = "wavelet",
    .denoise = wavelet_denoise,
    .logp = wavelet_logp,
    .sample = wavelet_sample,
    .vjp = wavelet_vjp,
    .destroy = wavelet_destroy,
};

static double widest(const csk_wavelet_model *m)
{
    double largest = 0.;

    for (int i = 0; i < csk_wavelet_model_bands(m) * m->components; i++)
        largest = fmax(largest, m->weight[i] > 0. ? m->variance[i] : 0.);
    return sqrt(largest);
}

/* The model in the unit of the images. */
static csk_status copy_model(csk_wavelet_model *to, const csk_wavelet_model *from,
                             double unit)
{
    const int count = csk_wavelet_model_bands(from) * from->components;
    csk_status err;

    *to = *from;
    err = csk_wavelet_model_alloc(to);
    if (err)
        return err;
    for (int i = 0; i < count; i++) {
        to->weight[i] = from->weight[i];
        to->variance[i] = from->variance[i] * unit * unit;
        if (!(to->variance[i] >= least && to->variance[i] <= most))
            return csk_fail(CSK_ERR_ARG,
                            "wavelet prior: unit %g makes a variance %g, not in %g..%g",
                            unit, to->variance[i], least, most);
    }
    return CSK_OK;
}

csk_status csk_prior_wavelet(csk_prior **out, const csk_space *space,
                             const csk_wavelet_model *model, double unit,
                             csk_wavelet_shift shift)
{
    csk_status err = csk_space_check(space, "wavelet prior");

    if (!err)
        err = csk_wavelet_model_check(model, CSK_ERR_ARG, "wavelet prior");
    if (err)
        return err;
    if (!(unit > 0.) || !isfinite(unit))
        return csk_fail(CSK_ERR_ARG, "wavelet prior: unit is %g, expected > 0", unit);
    if (space->field != model->field)
        return csk_fail(CSK_ERR_SHAPE,
                        "wavelet prior: the model is of %s images, the space is %s",
                        model->field == CSK_REAL ? "real" : "complex",
                        space->field == CSK_REAL ? "real" : "complex");

    wavelet_prior *p = csk_prior_new(sizeof(*p), &wavelet_class, space);
    if (!p)
        return CSK_ERR_NOMEM;
    p->shift = shift;
    err = csk_wavelet_model_transform(&p->w, model, space, "wavelet prior");
    if (!err)
        err = copy_model(&p->model, model, unit);
    if (err) {
        csk_prior_unref(&p->base);
        return err;
    }
    p->base.spread = widest(&p->model);
    p->base.sigma_max = 1e15; /* sigma^2 fits a float, as its inverse does */
    p->base.work_len = 2 * csk_pad(csk_space_len(space)) + csk_wavelet_work_len(p->w);
    *out = &p->base;
    return CSK_OK;
}
