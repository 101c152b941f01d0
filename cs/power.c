/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/power.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"

#include <math.h>

csk_status csk_power_norm(double *norm, const csk_linop *A, double tol, int max_iter,
                          uint64_t seed)
{
    const int64_t n = csk_linop_cols(A);

    if (max_iter < 1 || !(tol >= 0.))
        return csk_fail(CSK_ERR_ARG, "power iteration: tol is %g, max-iter is %d", tol,
                        max_iter);
    float *const x = csk_alloc(2 * csk_pad(n) + csk_linop_work_len(A), sizeof(*x));
    if (!x)
        return CSK_ERR_NOMEM;
    float *const z = x + csk_pad(n);
    float *const work = z + csk_pad(n);
    double last = 0., now = 0.;

    csk_rng_normal((csk_rng){ .seed = seed }, n, x);
    csk_scale(n, 1. / csk_norm(n, x), x);
    for (int iter = 0; iter < max_iter; iter++) {
        csk_linop_normal(A, z, x, work);
        const double size = csk_norm(n, z);

        now = sqrt(size);
        if (!isfinite(now) || size == 0. || now - last <= tol * now)
            break;
        last = now;
        csk_axpby(n, 1. / size, z, 0., x);
    }
    csk_free(x);
    if (!isfinite(now))
        return csk_fail(CSK_ERR_NUMERIC, "power iteration: %s gives what is not finite",
                        csk_linop_name(A));
    *norm = now;
    return CSK_OK;
}

csk_status csk_power_bound(double *bound, const csk_linop *A)
{
    const double known = csk_linop_norm_bound(A);
    double estimate = 0.;

    if (isfinite(known)) {
        *bound = known;
        return CSK_OK;
    }
    const csk_status err = csk_power_norm(&estimate, A, 1e-3, 200, 1);
    if (!err)
        *bound = 1.02 * estimate;
    return err;
}
