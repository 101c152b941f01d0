/* SPDX-License-Identifier: BSD-3-Clause */
#include "operators/mask.h"
#include "cs/mem.h"
#include "cs/rng.h"

#include <math.h>
#include <string.h>

static const char *const kinds[] = { "poisson", "uniform1d", "gaussian1d", "random",
                                     NULL };

#define S csk_mask_opts
/* clang-format off */
const csk_param csk_mask_params[] = {
    CSK_OPT_CHOICE(S, kind, "kind",  CSK_MASK_POISSON, kinds, "sampling pattern"),
    CSK_OPT_REAL(S, accel,  "accel", 4,  1, 1e6,   "R", "acceleration: pixels over samples"),
    CSK_OPT_INT (S, acs,    "acs",   24, 0, 65536, "N", "side of the fully sampled centre; the middle of a Poisson disc is dense by itself, often wider"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_mask_opts csk_mask_defaults(void)
{
    csk_mask_opts o;

    csk_param_defaults(csk_mask_params, &o);
    return o;
}

/* One plane [ny][nx] and what its pattern must have. */
typedef struct plane {
    int64_t ny, nx;
    int64_t y0, y1, x0, x1; /* the centre: y0 <= y < y1, x0 <= x < x1 */
    int64_t samples;        /* wanted; 1-D kinds: lines */
    uint64_t seed;
    uint32_t number; /* of the plane */
    uint8_t *mask;
} plane;

/* -- random integers ------------------------------------------------------------ */

enum { ORDER, DITHER, LINES }; /* what a random vector is for */

static uint32_t word(const plane *p, uint32_t purpose, int64_t i)
{
    const uint32_t key[2] = { (uint32_t)p->seed, (uint32_t)(p->seed >> 32) };
    const uint32_t ctr[4] = { (uint32_t)(i / 4), (uint32_t)((uint64_t)(i / 4) >> 32),
                              purpose, p->number };
    uint32_t out[4];

    csk_philox(out, ctr, key);
    return out[i % 4];
}

/* Uniform in 0 .. n - 1, but for a bias of n / 2^32. */
static int64_t below(const plane *p, uint32_t purpose, int64_t i, int64_t n)
{
    return (int64_t)((uint64_t)word(p, purpose, i) * (uint64_t)n >> 32);
}

/* The numbers 0 .. n - 1 in random order: Fisher and Yates. */
static void shuffle(const plane *p, int64_t n, int32_t *order)
{
    for (int64_t i = 0; i < n; i++) {
        const int64_t j = below(p, ORDER, i, i + 1);

        order[i] = order[j];
        order[j] = (int32_t)i;
    }
}

/* -- points ------------------------------------------------------------------------ */

static bool in_centre(const plane *p, int64_t y, int64_t x)
{
    return y >= p->y0 && y < p->y1 && x >= p->x0 && x < p->x1;
}

static int64_t fill_centre(const plane *p)
{
    memset(p->mask, 0, (size_t)(p->ny * p->nx));
    for (int64_t y = p->y0; y < p->y1; y++)
        memset(p->mask + y * p->nx + p->x0, 1, (size_t)(p->x1 - p->x0));
    return (p->y1 - p->y0) * (p->x1 - p->x0);
}

static csk_status make_random(const plane *p)
{
    const int64_t n = p->ny * p->nx;
    int64_t have = fill_centre(p);
    int32_t *order = csk_alloc(n, sizeof(*order));

    if (!order)
        return CSK_ERR_NOMEM;
    shuffle(p, n, order);
    for (int64_t i = 0; have < p->samples; i++) {
        have += !p->mask[order[i]];
        p->mask[order[i]] = 1;
    }
    csk_free(order);
    return CSK_OK;
}

/*
 * Lengths are fixed-point, so that no rounding mode, fused multiplication or mathematics
 * library has a say in who is a neighbour.
 */
enum {
    PIXEL = 1 << 10,  /* one pixel */
    RHO = 1 << 15,    /* the distance from the centre to the end of an axis */
    SLOPE = 12,       /* slopes are in 2^-SLOPE pixels */
    SLOPE_SHIFT = 17, /* slope rho >> SLOPE_SHIFT is in PIXEL */
};

typedef struct darts {
    int32_t *order;  /* pixels in the order they are tried */
    int32_t *rho;    /* distance from the centre in RHO */
    int32_t *dither; /* of the radius, in PIXEL, including its 1/2 */
    int32_t *radius; /* at the present slope, in PIXEL */
    uint8_t *barred; /* too near to a sample */
} darts;

static void darts_clear(darts *d)
{
    csk_free(d->order);
    csk_free(d->rho);
    csk_free(d->dither);
    csk_free(d->radius);
    csk_free(d->barred);
}

static csk_status darts_init(darts *d, const plane *p)
{
    const int64_t n = p->ny * p->nx;

    *d = (darts){ .order = csk_alloc(n, sizeof(*d->order)),
                  .rho = csk_alloc(n, sizeof(*d->rho)),
                  .dither = csk_alloc(n, sizeof(*d->dither)),
                  .radius = csk_alloc(n, sizeof(*d->radius)),
                  .barred = csk_alloc(n, 1) };
    if (!d->order || !d->rho || !d->dither || !d->radius || !d->barred) {
        darts_clear(d);
        return CSK_ERR_NOMEM;
    }
    shuffle(p, n, d->order);
    for (int64_t i = 0; i < n; i++) {
        const int64_t y = (i / p->nx - p->ny / 2) * 2 * RHO / p->ny;
        const int64_t x = (i % p->nx - p->nx / 2) * 2 * RHO / p->nx;

        d->rho[i] = (int32_t)sqrt((double)(y * y + x * x)); /* exact in IEEE 754 */
        d->dither[i] = (int32_t)(PIXEL / 4 + word(p, DITHER, i) % (PIXEL / 2));
    }
    return CSK_OK;
}

/* Bar all pixels that are closer to sample i than the smaller of the two radii. */
static void bar_around(const plane *p, const darts *d, int64_t i)
{
    const int64_t r = d->radius[i], reach = (r - 1) / PIXEL;
    const int64_t y = i / p->nx, x = i % p->nx;
    const int64_t top = y > reach ? y - reach : 0;
    const int64_t bottom = y + reach < p->ny ? y + reach : p->ny - 1;
    const int64_t left = x > reach ? x - reach : 0;
    const int64_t right = x + reach < p->nx ? x + reach : p->nx - 1;

    for (int64_t v = top; v <= bottom; v++) {
        for (int64_t u = left; u <= right; u++) {
            const int64_t at = v * p->nx + u;
            const int64_t other = d->radius[at], least = r < other ? r : other;
            const int64_t d2 = (v - y) * (v - y) + (u - x) * (u - x);

            if (d2 * PIXEL * PIXEL < least * least)
                d->barred[at] = 1;
        }
    }
}

/*
 * A pattern with the given slope, the centre first; stops at @p most samples. Bars cost the
 * area of a disc for each sample, hence a constant times the area of the plane.
 */
static int64_t throw_darts(const plane *p, const darts *d, int64_t slope, int64_t most)
{
    const int64_t n = p->ny * p->nx;
    int64_t have = fill_centre(p);

    for (int64_t i = 0; i < n; i++) {
        d->radius[i] = (int32_t)((slope * d->rho[i] >> SLOPE_SHIFT) + d->dither[i]);
        d->barred[i] = 0;
    }
    for (int64_t y = p->y0; y < p->y1; y++) {
        for (int64_t x = p->x0; x < p->x1; x++)
            bar_around(p, d, y * p->nx + x);
    }
    for (int64_t k = 0; k < n && have < most; k++) {
        const int64_t i = d->order[k];

        if (d->barred[i] || in_centre(p, i / p->nx, i % p->nx))
            continue;
        p->mask[i] = 1;
        have++;
        bar_around(p, d, i);
    }
    return have;
}

/*
 * Slope 0 samples everything, so bisection keeps a slope that gives enough samples and one
 * that does not. The former, at the end, gives a few too many: the darts thrown last are left
 * out. It always ends, whatever was asked for.
 */
static csk_status make_poisson(const plane *p)
{
    const int64_t longest = p->ny > p->nx ? p->ny : p->nx;
    int64_t enough = 0, too_few = 2 * longest << SLOPE;
    darts d;
    const csk_status err = darts_init(&d, p);

    if (err)
        return err;
    while (too_few - enough > 1) {
        const int64_t slope = enough + (too_few - enough) / 2;

        if (throw_darts(p, &d, slope, p->samples) == p->samples)
            enough = slope;
        else
            too_few = slope;
    }
    (void)throw_darts(p, &d, enough, p->samples);
    darts_clear(&d);
    return CSK_OK;
}

/* -- lines ------------------------------------------------------------------------------ */

static void set_line(const plane *p, int64_t y)
{
    memset(p->mask + y * p->nx, 1, (size_t)p->nx);
}

/* The k-th line that is not in the centre. */
static int64_t outer_line(const plane *p, int64_t k)
{
    return k < p->y0 ? k : k + p->y1 - p->y0;
}

static void make_uniform(const plane *p)
{
    const int64_t outside = p->ny - (p->y1 - p->y0);
    const int64_t wanted = p->samples - fill_centre(p) / p->nx;

    if (wanted == 0)
        return;
    /* floor((k + u) outside / wanted) with u = shift / outside in [0, 1) */
    const int64_t shift = below(p, LINES, 0, outside);
    for (int64_t k = 0; k < wanted; k++)
        set_line(p, outer_line(p, (k * outside + shift) / wanted));
}

/* exp(-t) for 0 <= t < 8, in and out in units of 2^-31: Taylor for t / 32, then squares. */
static int64_t exp_fixed(int64_t t)
{
    const int64_t one = INT64_C(1) << 31;
    int64_t sum = one, term = one;

    for (int64_t k = 1; k <= 8; k++) {
        term = -(term * (t / 32) / one) / k;
        sum += term;
    }
    for (int k = 0; k < 5; k++)
        sum = sum * sum / one;
    return sum;
}

/* Weights exp(-(y - c)^2 / (2 (n/6)^2)); a line that was drawn loses its weight. */
static csk_status make_gaussian(const plane *p)
{
    int64_t have = fill_centre(p) / p->nx, total = 0;
    int64_t *weight = csk_alloc(p->ny, sizeof(*weight));

    if (!weight)
        return CSK_ERR_NOMEM;
    for (int64_t y = 0; y < p->ny; y++) {
        const int64_t d =
            ((y - p->ny / 2) * (1 << 20)) / p->ny; /* in units of n 2^-20 */

        if (y >= p->y0 && y < p->y1)
            continue;
        weight[y] = exp_fixed(18 * d * d >> 9);
        total += weight[y];
    }
    for (int64_t k = 0; have < p->samples && total > 0; k++, have++) {
        const uint64_t high = word(p, LINES, 2 * k), low = word(p, LINES, 2 * k + 1);
        int64_t left = (int64_t)((high << 32 | low) % (uint64_t)total), y = 0;

        while (left >= weight[y])
            left -= weight[y++];
        set_line(p, y);
        total -= weight[y];
        weight[y] = 0;
    }
    csk_free(weight);
    return CSK_OK;
}

/* -- the call ------------------------------------------------------------------------------ */

static csk_status make_plane(const plane *p, int kind)
{
    switch (kind) {
    case CSK_MASK_POISSON:
        return make_poisson(p);
    case CSK_MASK_UNIFORM1D:
        make_uniform(p);
        return CSK_OK;
    case CSK_MASK_GAUSSIAN1D:
        return make_gaussian(p);
    default:
        return make_random(p);
    }
}

csk_status csk_mask_make(uint8_t *mask, const csk_space *space,
                         const csk_mask_opts *opts, uint64_t seed)
{
    const csk_mask_opts o = opts ? *opts : csk_mask_defaults();
    csk_status err = csk_param_check(csk_mask_params, &o);

    if (!err)
        err = csk_space_check(space, "mask");
    if (err)
        return err;
    plane p = { .ny = space->rank > 1 ? space->dim[space->rank - 2] : space->dim[0],
                .nx = space->rank > 1 ? space->dim[space->rank - 1] : 1,
                .seed = seed };
    if (p.ny > (1 << 24) || p.nx > (1 << 24) || p.ny * p.nx > INT32_MAX)
        return csk_fail(CSK_ERR_ARG, "mask: planes of %lldx%lld are too large",
                        (long long)p.ny, (long long)p.nx);

    const bool lines = o.kind == CSK_MASK_UNIFORM1D || o.kind == CSK_MASK_GAUSSIAN1D;
    const int64_t ay = o.acs < p.ny ? o.acs : p.ny;
    const int64_t ax = lines ? p.nx : o.acs < p.nx ? o.acs : p.nx;
    p.y0 = p.ny / 2 - ay / 2;
    p.y1 = p.y0 + ay;
    p.x0 = lines ? 0 : p.nx / 2 - ax / 2;
    p.x1 = p.x0 + ax;
    const int64_t all = lines ? p.ny : p.ny * p.nx, centre = lines ? ay : ay * ax;
    p.samples = (int64_t)floor((double)all / o.accel + .5);
    if (p.samples < centre || p.samples < 1)
        return csk_fail(
            CSK_ERR_ARG,
            "mask: accel is %g, acs is %d, but %s of %lld in %lld allows at most "
            "%.4g",
            o.accel, o.acs, centre ? "a centre" : "a sample",
            (long long)(centre ? centre : 1), (long long)all,
            (double)all / (double)(centre ? centre : 1));

    const int64_t planes = csk_space_size(space) / (p.ny * p.nx);
    for (int64_t k = 0; k < planes && !err; k++) {
        p.mask = mask + k * p.ny * p.nx;
        p.number = (uint32_t)k;
        err = make_plane(&p, o.kind);
    }
    return err;
}
