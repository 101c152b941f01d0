/* SPDX-License-Identifier: BSD-3-Clause */
#include "datasets/phantom.h"
#include "cs/rng.h"
#include "cs/vec.h"

#include <math.h>

/* -- ellipsoids --------------------------------------------------------------------- */

typedef struct ellipsoid {
    double tenths;  /* added inside; whole tenths, so that sums are exact */
    double half[3]; /* semi-axes along x, y, z */
    double centre[3];
    double degrees; /* turned about z */
} ellipsoid;

static const ellipsoid shepp_logan[] = {
    { 10., { .6900, .920, .810 }, { 0., 0., 0. }, 0. },
    { -8., { .6624, .874, .780 }, { 0., -.0184, 0. }, 0. },
    { -2., { .1100, .310, .220 }, { .22, 0., 0. }, -18. },
    { -2., { .1600, .410, .280 }, { -.22, 0., 0. }, 18. },
    { 1.0, { .2100, .250, .410 }, { 0., .35, -.15 }, 0. },
    { 1.0, { .0460, .046, .050 }, { 0., .1, .25 }, 0. },
    { 1.0, { .0460, .046, .050 }, { 0., -.1, .25 }, 0. },
    { 1.0, { .0460, .023, .050 }, { -.08, -.605, 0. }, 0. },
    { 1.0, { .0230, .023, .020 }, { 0., -.606, 0. }, 0. },
    { 1.0, { .0230, .046, .020 }, { .06, -.605, 0. }, 0. },
};

/* Distance from the centre in units of the surface; z counts in 3-D only. */
static double radius_at(const ellipsoid *e, const double p[3], int rank)
{
    const double phi = e->degrees * 3.14159265358979323846 / 180.;
    const double dx = p[0] - e->centre[0];
    const double dy = rank < 2 ? 0. : p[1] - e->centre[1];
    const double u = (cos(phi) * dx + sin(phi) * dy) / e->half[0];
    const double v = (cos(phi) * dy - sin(phi) * dx) / e->half[1];
    const double w = rank < 3 ? 0. : (p[2] - e->centre[2]) / e->half[2];

    return sqrt(u * u + v * v + w * w);
}

/* The part of the pixel of width 2 h about p that is inside. */
static double covered(const ellipsoid *e, const double p[3], double h, int rank)
{
    const int n = rank < 3 ? 16 : 6; /* samples an axis */
    const double least = fmin(e->half[0], fmin(e->half[1], e->half[2]));
    const double reach = h * sqrt((double)rank) / least;
    const double r = radius_at(e, p, rank);
    const int ny = rank < 2 ? 1 : n, nz = rank < 3 ? 1 : n;
    int inside = 0;

    if (r + reach <= 1.)
        return 1.;
    if (r - reach >= 1.)
        return 0.;
    for (int k = 0; k < n * ny * nz; k++) {
        const int i = k % n, j = k / n % ny, l = k / n / ny;
        const double q[3] = { p[0] + h * ((2. * i + 1.) / n - 1.),
                              p[1] + h * ((2. * j + 1.) / ny - 1.),
                              p[2] + h * ((2. * l + 1.) / nz - 1.) };
        inside += radius_at(e, q, rank) <= 1.;
    }
    return (double)inside / (n * ny * nz);
}

/* The sum over ellipsoids at scalar @p at of a space whose last axis is x. */
static double value_at(const ellipsoid *list, int count, const csk_space *s, int64_t at,
                       double h)
{
    double p[3] = { 0., 0., 0. }, sum = 0.;

    for (int i = s->rank - 1, axis = 0; i >= 0; i--, axis++) {
        const int64_t j = at % s->dim[i];
        at /= s->dim[i];
        p[axis] = h * (double)(2 * j + 1 - s->dim[i]);
    }
    p[1] = -p[1]; /* rows count downwards */
    for (int k = 0; k < count; k++)
        sum += list[k].tenths * covered(&list[k], p, h, s->rank);
    return sum / 10.;
}

static csk_status draw(csk_array *out, const csk_space *space, const ellipsoid *list,
                       int count)
{
    csk_space real = *space;
    int64_t shortest = space->dim[0];

    if (space->rank > 3)
        return csk_fail(CSK_ERR_ARG, "a phantom has 1 to 3 axes, not %d", space->rank);
    for (int i = 1; i < space->rank; i++)
        shortest = space->dim[i] < shortest ? space->dim[i] : shortest;
    real.field = CSK_REAL;
    const csk_status err = csk_array_init(out, &real);
    if (err)
        return err;
    const double h = 1. / (double)shortest;
    const int64_t row = real.dim[real.rank - 1], rows = csk_space_size(&real) / row;
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t i = r * row; i < (r + 1) * row; i++)
            out->data[i] = (float)value_at(list, count, &real, i, h);
    }
    return CSK_OK;
}

csk_status csk_phantom_shepp_logan(csk_array *out, const csk_space *space)
{
    if (space->rank < 2)
        return csk_fail(CSK_ERR_ARG, "the Shepp-Logan phantom has 2 or 3 axes, not %d",
                        space->rank);
    return draw(out, space, shepp_logan, sizeof(shepp_logan) / sizeof(shepp_logan[0]));
}

csk_status csk_phantom_disk(csk_array *out, const csk_space *space, double radius)
{
    const ellipsoid disk = { 10., { radius, radius, radius }, { 0., 0., 0. }, 0. };

    if (!(radius > 0.))
        return csk_fail(CSK_ERR_ARG, "the radius is %g, not above 0", radius);
    return draw(out, space, &disk, 1);
}

/* -- random signals --------------------------------------------------------------------- */

enum { STREAM_VALUE = 1, STREAM_PLACE = 2 };

/* A whole number in 0 .. n - 1, named by (seed, k). */
static int64_t random_below(int64_t n, uint64_t seed, int64_t k)
{
    const uint32_t key[2] = { (uint32_t)seed, (uint32_t)(seed >> 32) };
    const uint32_t ctr[4] = { (uint32_t)k, (uint32_t)((uint64_t)k >> 32), 0,
                              STREAM_PLACE };
    uint32_t w[4];

    csk_philox(w, ctr, key);
    const uint64_t bits = (uint64_t)w[0] << 32 | w[1];
    return (int64_t)((double)(bits >> 11) * 0x1p-53 * (double)n);
}

csk_status csk_phantom_sparse(csk_array *out, const csk_space *space, int64_t nonzeros,
                              uint64_t seed)
{
    const int64_t n = csk_space_size(space);
    const int width = (int)space->field;
    csk_array value = { .data = NULL };

    if (nonzeros < 1 || nonzeros > n)
        return csk_fail(CSK_ERR_ARG, "nonzeros is %lld, not in 1..%lld",
                        (long long)nonzeros, (long long)n);
    const csk_space list = csk_space_make(space->field, 1, &nonzeros);
    csk_status err = csk_array_init(&value, &list);
    if (!err)
        err = csk_array_init(out, space);
    if (err) {
        csk_array_clear(&value);
        return err;
    }
    csk_rng_normal((csk_rng){ seed, STREAM_VALUE, 0 }, width * nonzeros, value.data);

    /* Floyd's way of drawing without repetition: Bentley, Comm. ACM 30 (1987) 754. */
    for (int64_t k = 0; k < nonzeros; k++) {
        const int64_t top = n - nonzeros + k;
        int64_t at = random_below(top + 1, seed, k);
        if (out->data[width * at] != 0.f)
            at = top;
        csk_copy(width, value.data + width * k, out->data + width * at);
    }
    csk_array_clear(&value);
    return CSK_OK;
}

csk_status csk_phantom_gaussian(csk_array *out, const csk_space *space, uint64_t seed)
{
    if (space->rank != 2)
        return csk_fail(CSK_ERR_ARG, "a matrix has 2 axes, not %d", space->rank);
    const csk_status err = csk_array_init(out, space);
    if (err)
        return err;
    const int64_t n = csk_space_len(space);
    csk_rng_normal((csk_rng){ seed, STREAM_VALUE, 1 }, n, out->data);
    csk_scale(n, sqrt(1. / ((double)space->dim[0] * (double)space->field)), out->data);
    return CSK_OK;
}
