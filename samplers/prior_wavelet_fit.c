/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/coil.h"
#include "samplers/prior_wavelet.h"
#include "samplers/prior_wavelet_priv.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define S csk_wavelet_fit_opts
/* clang-format off */
const csk_param csk_wavelet_fit_params[] = {
    CSK_OPT_TEXT(S, family,     "wavelet",                                     "NAME", "wavelet, db2 unless given"),
    CSK_OPT_INT (S, levels,     "levels",     4,   1, 32,                      "N",    "levels of the transform"),
    CSK_OPT_INT (S, components, "components", 5,   1, CSK_WAVELET_COMPONENTS,  "N",    "Gaussians in each subband"),
    CSK_OPT_INT (S, iterations, "iterations", 300, 1, INT_MAX,                 "N",    "iterations of EM at most"),
    CSK_OPT_INT (S, shifts,     "shifts",     8,   1, 1 << 20,                 "N",    "cycle shifts of every image"),
    CSK_OPT_FLAG(S, phase,      "phase",      1,                                       "give real images a smooth random phase"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_wavelet_fit_opts csk_wavelet_fit_defaults(void)
{
    csk_wavelet_fit_opts o = { .family = NULL };

    csk_param_defaults(csk_wavelet_fit_params, &o);
    return o;
}

/* In units of the images' scale. */
static const double floor_variance = 1e-6;
/* EM ends when a coefficient gains less than this in log p. */
static const double enough = 1e-7;

/* -- histograms of |c|^2 --------------------------------------------------------- */

/*
 * A float's exponent and its five leading bits number its bin: 32 bins an octave over all
 * finite floats >= 0, without a logarithm. A bin keeps its count and sum, hence its mean.
 */
enum { BIN_SHIFT = 18, BINS = 1 << (31 - BIN_SHIFT) };

typedef struct histogram {
    double count[BINS], sum[BINS];
} histogram;

static void add(histogram *h, int width, int64_t n, const float *c, float inverse_scale)
{
    for (int64_t j = 0; j < n; j++) {
        float u = 0.f;
        uint32_t bits;

        for (int i = 0; i < width; i++) {
            const float f = c[j * width + i] * inverse_scale;
            u += f * f;
        }
        u = fminf(u, FLT_MAX); /* too large, or NaN: the variances will be refused */
        memcpy(&bits, &u, sizeof(bits));
        h->count[bits >> BIN_SHIFT]++;
        h->sum[bits >> BIN_SHIFT] += (double)u;
    }
}

/* -- expectation maximisation ------------------------------------------------------ */

/* The bins that are not empty: how many coefficients, and the mean of u = |c|^2. */
typedef struct points {
    int count, width;
    double total, *n, *u;
} points;

static points compress(const histogram *h, int width, double *block)
{
    points p = { .width = width, .n = block, .u = block + BINS };

    for (int i = 0; i < BINS; i++) {
        if (h->count[i] > 0.) {
            p.n[p.count] = h->count[i];
            p.u[p.count++] = h->sum[i] / h->count[i];
            p.total += h->count[i];
        }
    }
    return p;
}

/* u of the coefficient at position q (0 .. 1) among those above 0; 0 if there are none. */
static double quantile(const points *p, double q)
{
    const double zeros = p->u[0] == 0. ? p->n[0] : 0.;
    double left = q * (p->total - zeros);

    for (int i = 0; i < p->count; i++) {
        if (p->u[i] == 0.)
            continue;
        left -= p->n[i];
        if (left <= 0.)
            return p->u[i];
    }
    return 0.;
}

/* Equal weights; variances at equal ratios from the small coefficients to the largest. */
static void guess(const points *p, int K, double *weight, double *variance)
{
    const double lo = fmax(quantile(p, .1) / p->width, floor_variance);
    const double hi = fmax(quantile(p, .999) / p->width, 4. * lo);

    for (int k = 0; k < K; k++) {
        const double q = K > 1 ? (double)k / (K - 1) : .5;
        weight[k] = 1. / K;
        variance[k] = lo * pow(hi / lo, q);
    }
}

/* One iteration; the log likelihood, less a constant, before it. */
static double improve(const points *p, int K, double *weight, double *variance)
{
    double a[CSK_WAVELET_COMPONENTS], b[CSK_WAVELET_COMPONENTS];
    double count[CSK_WAVELET_COMPONENTS] = { 0. }, sum[CSK_WAVELET_COMPONENTS] = { 0. };
    double likelihood = 0.;

    for (int k = 0; k < K; k++) {
        a[k] = log(weight[k]) - .5 * p->width * log(variance[k]);
        b[k] = .5 / variance[k];
    }
    for (int i = 0; i < p->count; i++) {
        double r[CSK_WAVELET_COMPONENTS], top = -INFINITY, all = 0.;

        for (int k = 0; k < K; k++) {
            r[k] = a[k] - b[k] * p->u[i];
            top = fmax(top, r[k]);
        }
        for (int k = 0; k < K; k++)
            all += r[k] = exp(r[k] - top);
        likelihood += p->n[i] * (top + log(all));
        for (int k = 0; k < K; k++) {
            const double share = p->n[i] * r[k] / all;
            count[k] += share;
            sum[k] += share * p->u[i];
        }
    }
    for (int k = 0; k < K; k++) {
        weight[k] = count[k] / p->total;
        if (count[k] > 0.) /* else the component has died and stays where it is */
            variance[k] = fmax(sum[k] / (p->width * count[k]), floor_variance);
    }
    return likelihood;
}

/* Rising variances. */
static void sort(int K, double *weight, double *variance)
{
    for (int i = 1; i < K; i++) {
        for (int j = i; j > 0 && variance[j] < variance[j - 1]; j--) {
            const double w = weight[j], v = variance[j];
            weight[j] = weight[j - 1];
            variance[j] = variance[j - 1];
            weight[j - 1] = w;
            variance[j - 1] = v;
        }
    }
}

static csk_status fit_band(const histogram *h, int width, int K, int iterations,
                           double *weight, double *variance)
{
    double *block = csk_alloc((int64_t)2 * BINS, sizeof(*block)), last = -INFINITY;

    if (!block)
        return CSK_ERR_NOMEM;
    const points p = compress(h, width, block);
    guess(&p, K, weight, variance);
    for (int i = 0; i < iterations; i++) {
        const double now = improve(&p, K, weight, variance);
        if (now - last < enough * p.total)
            break;
        last = now;
    }
    sort(K, weight, variance);
    csk_free(block);
    return CSK_OK;
}

/* -- images ------------------------------------------------------------------------- */

static csk_status check_images(int count, const csk_array *const *images)
{
    if (count < 1)
        return csk_fail(CSK_ERR_ARG, "wavelet fit: %d images, expected at least 1",
                        count);
    const csk_space *first = &images[0]->space;
    if (first->rank < 1 || first->rank > 3)
        return csk_fail(CSK_ERR_SHAPE, "wavelet fit: images of rank %d, not in 1..3",
                        first->rank);
    for (int i = 0; i < count; i++) {
        const csk_space *s = &images[i]->space;
        char text[2][128];

        if (s->rank != first->rank || s->field != first->field)
            return csk_fail(CSK_ERR_SHAPE, "wavelet fit: image 0 is %s, image %d is %s",
                            csk_space_text(first, text[0], sizeof(text[0])), i,
                            csk_space_text(s, text[1], sizeof(text[1])));
        const int64_t bad = csk_first_not_finite(csk_space_len(s), images[i]->data);
        if (bad >= 0)
            return csk_fail(CSK_ERR_NUMERIC,
                            "wavelet fit: float %lld of image %d is %g", (long long)bad,
                            i, (double)images[i]->data[bad]);
    }
    return CSK_OK;
}

/* The 99th percentile of |x| above 0. */
static csk_status measure_scale(double *scale, int count,
                                const csk_array *const *images)
{
    int64_t size = 0, kept = 0;

    for (int i = 0; i < count; i++)
        size += csk_space_size(&images[i]->space);
    float *m = csk_alloc(size, sizeof(*m));
    if (!m)
        return CSK_ERR_NOMEM;
    for (int i = 0; i < count; i++) {
        const int64_t n = csk_space_size(&images[i]->space);
        float *at = m + kept;

        csk_modulus(n, (int)images[i]->space.field, images[i]->data, at);
        for (int64_t j = 0; j < n; j++) {
            if (at[j] > 0.f)
                m[kept++] = at[j];
        }
    }
    *scale = kept ? csk_quantile(kept, m, .99) : 0.;
    csk_free(m);
    if (!kept)
        return csk_fail(CSK_ERR_NUMERIC, "wavelet fit: all images are zero everywhere");
    if (!isfinite((float)(1. / *scale))) /* what the coefficients are multiplied by */
        return csk_fail(CSK_ERR_NUMERIC,
                        "wavelet fit: the images' values are too small to learn from: "
                        "their 99th percentile is %g",
                        *scale);
    return CSK_OK;
}

static bool is_zero(const csk_array *a)
{
    return csk_max_modulus(csk_space_size(&a->space), (int)a->space.field, a->data) ==
           0.;
}

/* The image in the field of the model, with a phase named by @p seed where it has none. */
static csk_status dress(csk_array *to, const csk_array *image, uint64_t seed)
{
    const int64_t n = csk_space_size(&image->space);

    if (to->space.field == image->space.field) {
        csk_copy(csk_space_len(&to->space), image->data, to->data);
        return CSK_OK;
    }
    for (int64_t j = 0; j < n; j++) {
        to->data[2 * j] = image->data[j];
        to->data[2 * j + 1] = 0.f;
    }
    return csk_smooth_phase(to, seed);
}

static void count_bands(histogram *h, const csk_wavelet *w, const float *c,
                        float inverse_scale)
{
    const csk_space *space = csk_wavelet_space(w);

    for (int k = 0; k < csk_wavelet_bands(w); k++) {
        const csk_band *band = csk_wavelet_band(w, k);

        for (int64_t r = 0; r < csk_wavelet_rows(space, band); r++)
            add(&h[k], (int)space->field, band->dim[space->rank - 1],
                c + csk_wavelet_row(space, band, r), inverse_scale);
    }
}

/* Add the coefficients of all shifts of image number @p i. */
static csk_status count_image(histogram *h, const csk_wavelet_model *m,
                              const csk_array *image, int i, int shifts, uint64_t seed)
{
    csk_space space = image->space;
    csk_array x = { 0 };
    csk_wavelet *w = NULL;
    float *block = NULL;
    char what[32];

    (void)snprintf(what, sizeof(what), "wavelet fit: image %d", i);
    space.field = m->field;
    const int64_t n = csk_pad(csk_space_len(&space));
    csk_status err = csk_wavelet_model_transform(&w, m, &space, what);
    if (!err)
        err = csk_array_init(&x, &space);
    if (!err) {
        block = csk_alloc(n + csk_wavelet_work_len(w), sizeof(*block));
        err = block ? CSK_OK : CSK_ERR_NOMEM;
    }
    for (int s = 0; s < shifts && !err; s++) {
        const uint64_t number = (uint64_t)i * (uint64_t)shifts + (uint64_t)s;
        int64_t shift[CSK_MAX_RANK];

        csk_wavelet_random_shift(w, seed, (uint32_t)i, (uint32_t)s, shift);
        err = dress(&x, image, seed ^ (number + 1) * UINT64_C(0x9E3779B97F4A7C15));
        if (err)
            break;
        csk_wavelet_forward(w, block, x.data, s ? shift : NULL, block + n);
        count_bands(h, w, block, (float)(1. / m->scale));
    }
    csk_free(block);
    csk_array_clear(&x);
    csk_wavelet_free(w);
    return err;
}

/* -- the fit -------------------------------------------------------------------------- */

static csk_status fit(csk_wavelet_model *m, histogram *h, int count,
                      const csk_array *const *images, const csk_wavelet_fit_opts *o,
                      uint64_t seed)
{
    const int bands = csk_wavelet_model_bands(m), K = m->components;
    csk_status err = CSK_OK;

    for (int i = 0; i < count && !err; i++) {
        if (!is_zero(images[i]))
            err = count_image(h, m, images[i], i, o->shifts, seed);
    }
    for (int k = 0; k < bands && !err; k++)
        err = fit_band(&h[k], (int)m->field, K, o->iterations,
                       m->weight + (int64_t)k * K, m->variance + (int64_t)k * K);
    for (int j = 0; j < bands * K && !err; j++)
        m->variance[j] *= m->scale * m->scale;
    return err;
}

csk_status csk_wavelet_fit(csk_wavelet_model *m, int count,
                           const csk_array *const *images,
                           const csk_wavelet_fit_opts *opts, uint64_t seed)
{
    csk_wavelet_fit_opts o = opts ? *opts : csk_wavelet_fit_defaults();
    csk_wavelet_model new = { .levels = o.levels, .components = o.components };
    histogram *h = NULL;
    csk_status err = csk_param_check(csk_wavelet_fit_params, &o);

    if (!err)
        err = check_images(count, images);
    if (!err)
        err = measure_scale(&new.scale, count, images);
    if (err)
        return err;
    new.axes = images[0]->space.rank;
    new.field = o.phase ? CSK_COMPLEX : images[0]->space.field;
    (void)snprintf(new.family, sizeof(new.family), "%s", o.family ? o.family : "db2");
    err = csk_wavelet_model_check_head(&new, CSK_ERR_ARG, "wavelet fit");
    if (!err)
        err = csk_wavelet_model_alloc(&new);
    if (!err) {
        h = csk_alloc(csk_wavelet_model_bands(&new), sizeof(*h));
        err = h ? fit(&new, h, count, images, &o, seed) : CSK_ERR_NOMEM;
    }
    if (!err) /* scales so extreme that variances leave their range */
        err = csk_wavelet_model_check(&new, CSK_ERR_NUMERIC, "wavelet fit");
    csk_free(h);
    if (err)
        csk_wavelet_model_clear(&new);
    else
        *m = new;
    return err;
}
