/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/bright.h"
#include "cs/mem.h"
#include "cs/vec.h"

#include <math.h>

csk_status csk_bright_level(double *level, const csk_space *space, const float *x)
{
    const int64_t n = csk_space_size(space);
    float *m = csk_alloc(n, sizeof(*m));
    int64_t kept = 0;

    if (!m)
        return CSK_ERR_NOMEM;
    csk_modulus(n, (int)space->field, x, m);
    const double top = csk_max_modulus(n, 1, m);
    for (int64_t i = 0; i < n; i++) {
        if ((double)m[i] > .1 * top)
            m[kept++] = m[i];
    }
    const double found = kept ? csk_quantile(kept, m, .99) : 0.;
    csk_free(m);
    if (!(found > 0. && isfinite(found)))
        return csk_fail(CSK_ERR_NUMERIC, "the image is zero or not finite");
    *level = found;
    return CSK_OK;
}
