/* SPDX-License-Identifier: BSD-3-Clause */
#include "operators/coil.h"
#include "cs/rng.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

enum { RING = 8 }; /* loops in a ring of a 3-D image, at most */

/* -- where pixels are ----------------------------------------------------------- */

/* The pixels of an image of up to three axes as positions in space. */
typedef struct grid {
    int64_t dim[3]; /* z, y, x */
    double unit;    /* pixels in half of the longest axis */
} grid;

static grid make_grid(const csk_space *image)
{
    grid g = { { 1, 1, 1 }, 1. };

    for (int i = 0; i < image->rank; i++) {
        const int64_t n = image->dim[i];

        g.dim[3 - image->rank + i] = n;
        g.unit = (double)n / 2. > g.unit ? (double)n / 2. : g.unit;
    }
    return g;
}

/* p := (x, y, z) of the pixel with row-major index i. */
static void locate(const grid *g, int64_t i, double p[3])
{
    for (int a = 2; a >= 0; a--) {
        p[2 - a] = (double)(i % g->dim[a] - g->dim[a] / 2) / g->unit;
        i /= g->dim[a];
    }
}

static csk_status check_image(const csk_space *image, const char *what)
{
    const csk_status err = csk_space_check(image, what);

    if (err)
        return err;
    if (image->rank > 3)
        return csk_fail(CSK_ERR_SHAPE, "%s: the image has %d axes, expected 1 to 3",
                        what, image->rank);
    return CSK_OK;
}

/* -- the field of a loop ---------------------------------------------------------- */

typedef struct loop {
    double centre[3];
    double axis[2]; /* unit normal, in the xy plane */
    double radius;
} loop;

/* Complete elliptic integrals of the parameter m = k^2 in [0, 1) by the arithmetic-geometric mean. */
static void elliptic(double m, double *K, double *E)
{
    double a = 1., b = sqrt(1. - m), power = .5, sum = .5 * m;

    for (int i = 0; i < 8 && a - b > 1e-15 * a; i++) {
        const double c = (a - b) / 2., mean = (a + b) / 2.;

        b = sqrt(a * b);
        a = mean;
        power *= 2.;
        sum += power * c * c;
    }
    *K = pi / (2. * a);
    *E = *K * (1. - sum);
}

/* B_x and B_y at p, up to a constant. */
static void field(const loop *l, const double p[3], double B[2])
{
    const double d[3] = { p[0] - l->centre[0], p[1] - l->centre[1],
                          p[2] - l->centre[2] };
    const double along = d[0] * l->axis[0] + d[1] * l->axis[1];
    const double across[2] = { d[0] - along * l->axis[0], d[1] - along * l->axis[1] };
    const double rho2 = across[0] * across[0] + across[1] * across[1] + d[2] * d[2];
    const double rho = sqrt(rho2), a = l->radius, r2 = rho2 + along * along;
    const double near2 = (a - rho) * (a - rho) + along * along;
    const double far2 = (a + rho) * (a + rho) + along * along;
    double K, E;

    elliptic(1. - near2 / far2, &K, &E);
    const double unit = 1. / (2. * near2 * sqrt(far2));
    const double axial = unit * ((a * a - r2) * E + near2 * K);
    /* The radial part over rho; its bracket cancels near the axis, where a series holds. */
    const double radial = rho > 1e-4 * a
                              ? unit * along / rho2 * ((a * a + r2) * E - near2 * K)
                              : .75 * pi * a * a * along / (far2 * far2 * sqrt(far2));
    for (int i = 0; i < 2; i++)
        B[i] = axial * l->axis[i] + radial * across[i];
}

static loop place(const grid *g, int coil, int coils)
{
    const double distance = 1.6, radius = .5;
    const int rings = g->dim[0] > 1 ? (coils + RING - 1) / RING : 1;
    const int ring = (int)((int64_t)coil * rings / coils);
    const int first = (int)(((int64_t)ring * coils + rings - 1) / rings);
    const int next = (int)((((int64_t)ring + 1) * coils + rings - 1) / rings);
    const double turn = (coil - first + .5 * (ring % 2)) / (next - first);
    const double height = (double)g->dim[0] / g->unit; /* of the image along z */
    const double c = cos(2. * pi * turn), s = sin(2. * pi * turn);

    return (loop){ .centre = { distance * c, distance * s,
                               height * ((ring + .5) / rings - .5) },
                   .axis = { -c, -s },
                   .radius = radius };
}

csk_status csk_coil_maps(csk_array *maps, const csk_space *image, int coils)
{
    csk_status err = check_image(image, "coil maps");

    if (err)
        return err;
    if (coils < 1 || coils > CSK_MAX_COILS)
        return csk_fail(CSK_ERR_ARG, "coil maps: %d coils, not in 1..%d", coils,
                        CSK_MAX_COILS);
    csk_space space = *image;
    space.field = CSK_COMPLEX;
    space.rank = image->rank + 1;
    for (int i = 0; i < image->rank; i++) {
        space.dim[i + 1] = image->dim[i];
        space.axis[i + 1] = image->axis[i];
    }
    space.dim[0] = coils;
    space.axis[0] = CSK_AXIS_COIL;
    err = csk_space_check(&space, "coil maps");
    if (!err)
        err = csk_array_init(maps, &space);
    if (err)
        return err;

    const grid g = make_grid(image);
    const int64_t n = csk_space_size(image);
    float *const s = maps->data;
    loop loops[CSK_MAX_COILS];
    for (int c = 0; c < coils; c++)
        loops[c] = place(&g, c, coils);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++) {
        double p[3], power = 0.;

        locate(&g, i, p);
        for (int c = 0; c < coils; c++) {
            double B[2];

            field(&loops[c], p, B);
            s[2 * (c * n + i)] = (float)B[0];
            s[2 * (c * n + i) + 1] = (float)-B[1];
            power += B[0] * B[0] + B[1] * B[1];
        }
        const double gain = 1. / sqrt(power);
        for (int c = 0; c < coils; c++) {
            s[2 * (c * n + i)] = (float)(gain * (double)s[2 * (c * n + i)]);
            s[2 * (c * n + i) + 1] = (float)(gain * (double)s[2 * (c * n + i) + 1]);
        }
    }
    return CSK_OK;
}

/* -- phase ------------------------------------------------------------------------- */

enum { WAVES = 4, QUADRATIC = 9, WAVE = 5 };

/* Uniform in (-1, 1): coefficients of x, y, z, xx, yy, zz, xy, yz, zx, then of each wave
 * its weight, its wave vector in periods across the image, and its phase. */
typedef struct phase {
    float c[QUADRATIC + WAVES * WAVE];
} phase;

static double phase_at(const phase *f, const double p[3])
{
    const float *c = f->c;
    double sum = 0.;

    for (int i = 0; i < 3; i++)
        sum += (double)c[i] * p[i] + (double)c[3 + i] * p[i] * p[i] +
               (double)c[6 + i] * p[i] * p[(i + 1) % 3];
    for (c += QUADRATIC; c < f->c + QUADRATIC + WAVES * WAVE; c += WAVE) {
        const double k =
            (double)c[1] * p[0] + (double)c[2] * p[1] + (double)c[3] * p[2];

        sum += .5 * (double)c[0] * cos(pi * (k + (double)c[4]));
    }
    return sum;
}

csk_status csk_smooth_phase(csk_array *image, uint64_t seed)
{
    const csk_status err = check_image(&image->space, "smooth phase");

    if (err)
        return err;
    if (image->space.field != CSK_COMPLEX)
        return csk_fail(CSK_ERR_ARG, "smooth phase: the image must be complex");

    const int coefficients = QUADRATIC + WAVES * WAVE;
    const grid g = make_grid(&image->space);
    const int64_t n = csk_space_size(&image->space);
    double low = INFINITY, high = -INFINITY, p[3];
    phase f;
    csk_rng_uniform((csk_rng){ .seed = seed }, coefficients, f.c);
    for (int i = 0; i < coefficients; i++)
        f.c[i] = 2.f * f.c[i] - 1.f;
    for (int64_t i = 0; i < n; i++) {
        locate(&g, i, p);
        const double phi = phase_at(&f, p);
        low = phi < low ? phi : low;
        high = phi > high ? phi : high;
    }
    const double gain = high > low ? 3. / (high - low) : 1.;
    for (int64_t i = 0; i < n; i++) {
        float *z = image->data + 2 * i;

        locate(&g, i, p);
        const double phi = gain * phase_at(&f, p), c = cos(phi), s = sin(phi);
        const double re = (double)z[0], im = (double)z[1];
        z[0] = (float)(c * re - s * im);
        z[1] = (float)(s * re + c * im);
    }
    return CSK_OK;
}
