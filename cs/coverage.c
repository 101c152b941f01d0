/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/coverage.h"
#include "cs/vec.h"

#include <math.h>

/* P(|T| < t) for t = sqrt(freedom) tan(angle): a finite sum of powers of the cosine. */
static double student_within(int64_t freedom, double angle)
{
    const double c = cos(angle), s = sin(angle), pi = acos(-1.);
    const bool odd = freedom % 2 != 0;
    double term = odd ? c : 1., sum = 0.;

    for (int64_t k = odd ? 1 : 0; k <= freedom - 2; k += 2) {
        sum += term;
        term *= c * c * (double)(k + 1) / (double)(k + 2);
    }
    return odd ? 2. / pi * (angle + s * sum) : s * sum;
}

double csk_student_quantile(int64_t freedom, double level)
{
    enum { HALVINGS = 100 };
    double lo = 0., hi = freedom > 0 ? acos(0.) : 40.;

    for (int k = 0; k < HALVINGS; k++) {
        const double at = .5 * (lo + hi);
        const double within =
            freedom > 0 ? student_within(freedom, at) : erf(at / sqrt(2.));
        if (within < level)
            lo = at;
        else
            hi = at;
    }
    return freedom > 0 ? sqrt((double)freedom) * tan(lo) : lo;
}

static csk_status check_shapes(const csk_space *samples, const csk_space *reference)
{
    char left[96], right[96];
    bool same = samples->rank == reference->rank + 1;

    for (int i = 0; i < reference->rank && same; i++)
        same = samples->dim[i + 1] == reference->dim[i];
    if (!same)
        return csk_fail(CSK_ERR_SHAPE,
                        "samples %s are not [sample] and the axes of the reference, %s",
                        csk_space_text(samples, left, sizeof(left)),
                        csk_space_text(reference, right, sizeof(right)));
    if (samples->dim[0] < 2)
        return csk_fail(CSK_ERR_SHAPE, "one sample has no spread, expected 2 or more");
    return CSK_OK;
}

static csk_status check(const csk_array *samples, const csk_array *reference,
                        const csk_coverage_opts *o)
{
    if (!(o->level >= 0. && o->level < 1.))
        return csk_fail(CSK_ERR_ARG, "the level is %g, not between 0 and 1", o->level);
    if (!(o->noise_std >= 0. && isfinite(o->noise_std)))
        return csk_fail(
            CSK_ERR_ARG,
            "the reference's noise is %g, a finite number >= 0 was expected",
            o->noise_std);
    csk_status err = check_shapes(&samples->space, &reference->space);
    if (!err)
        err = csk_array_check_finite(samples, "samples");
    return err ? err : csk_array_check_finite(reference, "reference");
}

static double value_of(const csk_array *a, int64_t i)
{
    return a->space.field == CSK_REAL
               ? (double)a->data[i]
               : hypot((double)a->data[2 * i], (double)a->data[2 * i + 1]);
}

/* Mean and variance (divisor N - 1) of one pixel of n. */
static void moments(double *mean, double *variance, const csk_array *samples, int64_t n,
                    int64_t pixel)
{
    double square = 0.;

    *mean = 0.;
    for (int64_t k = 0; k < samples->space.dim[0]; k++) { /* Welford */
        const double v = value_of(samples, k * n + pixel), before = v - *mean;
        *mean += before / (double)(k + 1);
        square += before * (v - *mean);
    }
    *variance = square / (double)(samples->space.dim[0] - 1);
}

csk_status csk_coverage_of(csk_coverage *out, const csk_array *samples,
                           const csk_array *reference, const csk_coverage_opts *opts)
{
    const csk_coverage_opts o = opts ? *opts : (csk_coverage_opts){ .level = 0. };
    csk_status err = check(samples, reference, &o);

    if (err)
        return err;
    const int64_t n = csk_space_size(&reference->space), count = samples->space.dim[0];
    const double level = o.level > 0. ? o.level : .9;
    const double t = csk_student_quantile(count - 1, level);
    const double noise = csk_student_quantile(0, level) * o.noise_std;
    csk_coverage all = { .count = 0 };
    int64_t inside = 0;

    for (int64_t i = 0; i < n; i++) {
        double mean, variance;
        if (o.region && !o.region[i])
            continue;
        moments(&mean, &variance, samples, n, i);
        variance *= 1. + 1. / (double)count;
        const double error = mean - value_of(reference, i);
        inside += error * error <= t * t * variance + noise * noise;
        all.spread += variance;
        all.error += error * error;
        all.count++;
    }
    if (all.count == 0)
        return csk_fail(CSK_ERR_ARG, "the region to look at is empty");
    all.fraction = (double)inside / (double)all.count;
    all.spread = sqrt(all.spread / (double)all.count);
    all.error = sqrt(all.error / (double)all.count);
    *out = all;
    return CSK_OK;
}
