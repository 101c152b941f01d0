/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/cg.h"
#include "cs/vec.h"
#include "samplers/chain_priv.h"

#ifdef _OPENMP
#include <omp.h>
#endif

int csk_chain_threads(int chains)
{
#ifdef _OPENMP
    const int all = omp_get_max_threads();

    return chains < all ? chains : all;
#else
    (void)chains;
    return 1;
#endif
}

int csk_chain_thread(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

int64_t csk_chain_work_len(const csk_linop *A)
{
    const int64_t linop = csk_linop_work_len(A), cg = csk_cg_work_len(A);

    return linop > cg ? linop : cg;
}

int64_t csk_chain_solve(const csk_linop *A, double a, double b, float *z,
                        const float *r, double tol, int max_iter, float *work)
{
    if (csk_linop_has_resolvent(A)) {
        csk_linop_resolvent(A, z, r, a, b, work);
        return 0;
    }
    const bool guess = csk_norm(csk_linop_cols(A), z) != 0.; /* costs one A*A */
    const int iter = csk_cg_solve(A, a, b, z, r, tol, max_iter, work);

    return iter < 0 ? -1 : 2 * ((int64_t)iter + (guess ? 1 : 0));
}
