/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/metric.h"
#include "cs/mem.h"
#include "cs/vec.h"

#include <math.h>
#include <string.h>

enum { WINDOW = 7, HALF = WINDOW / 2, AREA = WINDOW * WINDOW };

/* The last two axes longer than 1, and how many such images there are. */
typedef struct slices {
    int64_t count, rows, cols;
} slices;

static slices slices_of(const csk_space *s)
{
    int64_t side[2] = { 1, 1 };
    int found = 0;

    for (int i = s->rank - 1; i >= 0 && found < 2; i--) {
        if (s->dim[i] > 1)
            side[found++] = s->dim[i];
    }
    return (slices){ csk_space_size(s) / (side[0] * side[1]), side[1], side[0] };
}

static csk_status check_spaces(const csk_space *x, const csk_space *r)
{
    csk_space same = *x;

    same.field = r->field;
    if (!csk_space_equal(&same, r)) {
        char left[96], right[96];
        return csk_fail(CSK_ERR_SHAPE, "image %s and reference %s differ in shape",
                        csk_space_text(x, left, sizeof(left)),
                        csk_space_text(r, right, sizeof(right)));
    }
    return CSK_OK;
}

/* What is compared: real numbers as they are, of complex ones the moduli (csk_free() owned). */
typedef struct image {
    const float *value;
    float *owned;
} image;

static csk_status image_of(image *out, const csk_array *a)
{
    const int64_t n = csk_space_size(&a->space);

    *out = (image){ .value = a->data };
    if (a->space.field == CSK_REAL)
        return CSK_OK;
    out->owned = csk_alloc(n, sizeof(float));
    if (!out->owned)
        return CSK_ERR_NOMEM;
    csk_modulus(n, 2, a->data, out->owned);
    out->value = out->owned;
    return CSK_OK;
}

/* Sums over a part of the region. */
typedef struct sums {
    double error, power, peak;
    int64_t count;
} sums;

static double part_of(const csk_array *a, int64_t i, int c)
{
    const int width = (int)a->space.field;

    return c < width ? (double)a->data[i * width + c] : 0.0;
}

static double error_of(const csk_array *x, const csk_array *r, int64_t i)
{
    const double re = part_of(x, i, 0) - part_of(r, i, 0);
    const double im = part_of(x, i, 1) - part_of(r, i, 1);

    return re * re + im * im;
}

static sums sum_up(const image *u, const image *v, const csk_array *x,
                   const csk_array *r, const csk_metric_opts *opts)
{
    enum { BLOCK = 4096 }; /* sums of blocks are added: rounding grows with n / BLOCK */
    const int64_t n = csk_space_size(&r->space);
    sums all = { .error = 0.0 };

    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t to = n - from < BLOCK ? n : from + BLOCK;
        double error = 0.0;
        double power = 0.0;
        for (int64_t i = from; i < to; i++) {
            if (opts->region && !opts->region[i])
                continue;
            const double d = (double)u->value[i] - (double)v->value[i];
            const double re = part_of(r, i, 0);
            const double im = part_of(r, i, 1);
            error += opts->complex_difference ? error_of(x, r, i) : d * d;
            power += re * re + im * im;
            all.peak = fmax(all.peak, fabs((double)v->value[i]));
            all.count++;
        }
        all.error += error;
        all.power += power;
    }
    return all;
}

/* The five moments of a pair of images over the rows of a window, for each column. */
enum moment { X, R, XX, RR, XR, MOMENTS };

static void sum_rows(double *moments, const float *x, const float *r, int64_t cols)
{
    memset(moments, 0, MOMENTS * (size_t)cols * sizeof(*moments));
    for (int k = 0; k < WINDOW; k++) {
        for (int64_t j = 0; j < cols; j++) {
            const double a = (double)x[k * cols + j];
            const double b = (double)r[k * cols + j];
            moments[X * cols + j] += a;
            moments[R * cols + j] += b;
            moments[XX * cols + j] += a * a;
            moments[RR * cols + j] += b * b;
            moments[XR * cols + j] += a * b;
        }
    }
}

/* Structural similarity of the window whose first column is j; Wang et al., eq. (13). */
static double similarity(const double *moments, int64_t cols, int64_t j, double peak)
{
    const double c1 = 0.01 * 0.01 * peak * peak;
    const double c2 = 0.03 * 0.03 * peak * peak;
    const double sample = AREA / (AREA - 1.0);
    double mean[MOMENTS];

    for (int m = 0; m < MOMENTS; m++) {
        double sum = 0.0;
        for (int k = 0; k < WINDOW; k++)
            sum += moments[m * cols + j + k];
        mean[m] = sum / AREA;
    }
    const double xx = sample * (mean[XX] - mean[X] * mean[X]);
    const double rr = sample * (mean[RR] - mean[R] * mean[R]);
    const double xr = sample * (mean[XR] - mean[X] * mean[R]);
    return (2.0 * mean[X] * mean[R] + c1) * (2.0 * xr + c2) /
           ((mean[X] * mean[X] + mean[R] * mean[R] + c1) * (xx + rr + c2));
}

/* Sum and number of the windows centred on one row and in the region. */
typedef struct row_sum {
    double sum;
    int64_t count;
} row_sum;

static row_sum similarity_of_row(double *moments, const float *x, const float *r,
                                 const uint8_t *centres, int64_t cols, double peak)
{
    row_sum out = { .sum = 0.0 };

    sum_rows(moments, x, r, cols);
    for (int64_t j = 0; j + WINDOW <= cols; j++) {
        if (centres && !centres[j + HALF])
            continue;
        out.sum += similarity(moments, cols, j, peak);
        out.count++;
    }
    return out;
}

static csk_status mean_similarity(double *out, const float *x, const float *r,
                                  const uint8_t *region, slices s, double peak)
{
    const int64_t rows = s.rows - WINDOW + 1; /* of windows in a slice */
    row_sum all = { .sum = 0.0 };

    *out = NAN;
    if (s.rows < WINDOW || s.cols < WINDOW)
        return CSK_OK;
    const int64_t room = csk_pad(2 * MOMENTS * s.cols) / 2; /* doubles a slice */
    row_sum *part = csk_alloc(s.count * rows, sizeof(*part));
    double *moments = csk_alloc(rows * room, sizeof(*moments));
    if (!part || !moments) {
        csk_free(part);
        csk_free(moments);
        return CSK_ERR_NOMEM;
    }
    for (int64_t k = 0; k < s.count; k++) {
#pragma omp parallel for schedule(static) if (rows * s.cols > 4096)
        for (int64_t i = 0; i < rows; i++) {
            const int64_t at = (k * s.rows + i) * s.cols;
            const uint8_t *centres = region ? region + at + HALF * s.cols : NULL;
            part[k * rows + i] = similarity_of_row(moments + i * room, x + at, r + at,
                                                   centres, s.cols, peak);
        }
    }
    for (int64_t i = 0; i < s.count * rows; i++) {
        all.sum += part[i].sum;
        all.count += part[i].count;
    }
    csk_free(part);
    csk_free(moments);
    if (all.count > 0)
        *out = all.sum / (double)all.count;
    return CSK_OK;
}

static csk_status compare(csk_metrics *out, const image *u, const image *v,
                          const csk_array *x, const csk_array *r,
                          const csk_metric_opts *opts)
{
    const sums s = sum_up(u, v, x, r, opts);
    csk_metrics m = { .count = s.count,
                      .peak = opts->peak > 0.0 ? opts->peak : s.peak };

    if (s.count == 0)
        return csk_fail(CSK_ERR_ARG, "the region to compare is empty");
    if (!(s.power > 0.0))
        return csk_fail(CSK_ERR_NUMERIC, "the reference is zero everywhere");
    m.nmse = s.error / s.power;
    m.nrmse = sqrt(m.nmse);
    m.psnr = 10.0 * log10(m.peak * m.peak / (s.error / (double)s.count));
    const csk_status err = mean_similarity(&m.ssim, u->value, v->value, opts->region,
                                           slices_of(&x->space), m.peak);
    if (!err)
        *out = m;
    return err;
}

csk_status csk_metric(csk_metrics *out, const csk_array *x, const csk_array *reference,
                      const csk_metric_opts *opts)
{
    static const csk_metric_opts defaults = { .peak = 0.0 };
    image u = { .owned = NULL };
    image v = { .owned = NULL };
    csk_status err = check_spaces(&x->space, &reference->space);

    if (!opts)
        opts = &defaults;
    if (!err && !(opts->peak >= 0.0 && isfinite(opts->peak)))
        err = csk_fail(CSK_ERR_ARG, "peak is %g, a finite number >= 0 was expected",
                       opts->peak);
    if (!err)
        err = csk_array_check_finite(x, "image");
    if (!err)
        err = csk_array_check_finite(reference, "reference");
    if (!err)
        err = image_of(&u, x);
    if (!err)
        err = image_of(&v, reference);
    if (!err)
        err = compare(out, &u, &v, x, reference, opts);
    csk_free(u.owned);
    csk_free(v.owned);
    return err;
}
