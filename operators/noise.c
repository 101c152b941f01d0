/* SPDX-License-Identifier: BSD-3-Clause */
#include "operators/noise.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/null_space_priv.h"

#include <math.h>

/* -- outer k-space -------------------------------------------------------------------------- */

/*
 * The modulus of complex noise has the median sqrt(2 ln 2) eta. Signal can only add, so the least
 * of the medians over rings of k-space is taken; rings with few samples are left out.
 */
static csk_status quietest_ring(double *eta, const csk_planes *k)
{
    enum { RINGS = 15, FEW = 200 };
    const int64_t points = k->planes * k->ny * k->nx;
    int64_t count[RINGS] = { 0 };
    uint8_t *ring = csk_alloc(points, 1);
    float *modulus = csk_alloc(k->coils * points, sizeof(*modulus));
    csk_status err = CSK_ERR_NOMEM;

    if (!ring || !modulus)
        goto out;
    err = CSK_OK;
    for (int64_t i = 0; i < points; i++) {
        const double x = 2. * (double)(i % k->nx - k->nx / 2) / (double)k->nx;
        const double y = 2. * (double)(i / k->nx % k->ny - k->ny / 2) / (double)k->ny;

        ring[i] = (uint8_t)(10. * sqrt(x * x + y * y));
        if (k->sampled[i])
            count[ring[i]] += k->coils;
    }
    int64_t few = 0;
    for (int r = 0; r < RINGS; r++)
        few += count[r] / 20;
    few = few > FEW ? few : FEW;
    *eta = INFINITY;
    for (int r = 0; r <= RINGS; r++) { /* the last time: all of k-space, if need be */
        int64_t n = 0;

        if (r < RINGS ? count[r] < few : isfinite(*eta))
            continue;
        for (int64_t c = 0; c < k->coils; c++) {
            for (int64_t i = 0; i < points; i++) {
                if (k->sampled[i] && (r == RINGS || ring[i] == r))
                    csk_modulus(1, 2, k->data + 2 * (c * points + i), modulus + n++);
            }
        }
        const double median = csk_quantile(n, modulus, .5);
        *eta = fmin(*eta, median / 1.17741002251547469);
    }

out:
    csk_free(ring);
    csk_free(modulus);
    return err;
}

/* Side of a block from which the noise of a single coil is found. */
enum { ENOUGH = 24 };

/* -- the call ----------------------------------------------------------------------------------- */

/* Every sample that is not zero in one of the coils was measured. */
static csk_status find_samples(csk_planes *k)
{
    const int64_t points = k->planes * k->ny * k->nx;
    bool any = false;

    k->sampled = csk_alloc(points, 1);
    if (!k->sampled)
        return CSK_ERR_NOMEM;
    for (int64_t i = 0; i < k->coils * points; i++) {
        if (k->data[2 * i] != 0.f || k->data[2 * i + 1] != 0.f)
            k->sampled[i % points] = any = true;
    }
    return any ? CSK_OK : csk_fail(CSK_ERR_ARG, "noise: all of k-space is zero");
}

csk_status csk_noise_estimate(double *eta, const char **method, const csk_array *kspace)
{
    const csk_space *s = &kspace->space;
    const int coil = csk_space_find(s, CSK_AXIS_COIL);
    csk_status err = csk_space_check(s, "noise");
    double ring = 0., null = INFINITY;
    int64_t points = 0;

    if (err)
        return err;
    if (s->field != CSK_COMPLEX)
        return csk_fail(CSK_ERR_ARG, "noise: k-space must be complex");
    if (coil > 0)
        return csk_fail(CSK_ERR_SHAPE, "noise: the coil axis must be the first");
    const int64_t bad = csk_first_not_finite(csk_space_len(s), kspace->data);
    if (bad >= 0)
        return csk_fail(CSK_ERR_NUMERIC, "noise: sample %lld of k-space is not finite",
                        (long long)(bad / 2));

    csk_planes k = { .coils = coil == 0 ? s->dim[0] : 1,
                     .nx = s->rank - 1 > coil ? s->dim[s->rank - 1] : 1,
                     .ny = s->rank - 2 > coil ? s->dim[s->rank - 2] : 1,
                     .data = kspace->data };
    k.planes = csk_space_size(s) / (k.coils * k.ny * k.nx);
    err = find_samples(&k);
    if (!err)
        err = quietest_ring(&ring, &k);
    if (!err)
        err = csk_null_space_noise(&null, &points, &k);
    if (!err) {
        const bool quiet = ring < .85 * null; /* nearer than that is chance */

        *eta = quiet ? ring : null;
        if (method)
            *method = quiet ? "outer k-space"
                      : k.coils == 1 && points < ENOUGH * ENOUGH
                          ? "null space of a small block of one coil"
                          : "null space of a fully sampled block";
    }
    csk_free(k.sampled);
    return err;
}
