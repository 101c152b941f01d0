/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/lsq.h
 * Least squares with an explicit matrix, in double precision:
 *
 *     minimise_x  1/2 ||A x - b||^2 + ridge/2 ||x||^2,
 *
 * of least norm where ridge = 0 and the rows are fewer than the columns.
 *
 * Methods, with m rows and n columns:
 *
 * qr        Sparse: SuiteSparseQR [1] of A, or of A^H if m < n. Dense: a complete
 *           orthogonal factorisation (LAPACK xGELSY). With ridge > 0, of [A; sqrt(ridge) I].
 *           The accurate one: errors grow with cond(A). Finds the numerical rank.
 * cholesky  Sparse: CHOLMOD [2], dense: LAPACK xPOTRF; of A^H A + ridge I, or of A A^H +
 *           ridge I if m < n, and one step of refinement. Faster and smaller, errors grow
 *           with cond(A)^2 / (1 + ridge / |A|^2); fails if the matrix is not positive
 *           definite to working precision.
 * lsqr      Iterative (cs/lsqr.h, in doubles): two products with A an iteration and no
 *           memory to speak of.
 * auto      qr without ridge; cholesky with, and qr if that fails.
 *
 * Fill. The factors of a sparse matrix can be as full as those of a dense one. Where the
 * nonzeros are local (meshes, bands, finite differences) they are not, and a
 * factorisation takes seconds at a million unknowns. Where they are scattered at random,
 * as in sensing matrices, they are: 20000 x 50000 with 10 nonzeros a column took 2.2
 * TFLOP and 4.7 GB against 16 iterations of CG. Nothing is refused, but choose lsqr there.
 *
 * [1] Davis, ACM Trans. Math. Softw. 38 (2011) 8.
 * [2] Chen, Davis, Hager, Rajamanickam, ACM Trans. Math. Softw. 35 (2008) 22.
 */
#ifndef CSK_CS_LSQ_H
#define CSK_CS_LSQ_H

#include "cs/matrix.h"
#include "cs/param.h"
#include "cs/run.h"

#include <stdbool.h>

typedef enum csk_lsq_method {
    CSK_LSQ_AUTO = 0,
    CSK_LSQ_QR,
    CSK_LSQ_CHOLESKY,
    CSK_LSQ_LSQR,
} csk_lsq_method;

typedef struct csk_lsq_opts {
    double ridge;
    int method; /**< a ::csk_lsq_method */
    double
        rank_tol; /**< qr: relative to the largest column norm (sparse) or singular value
                          (dense); 0: about max(m, n) eps */
    double tol;   /**< lsqr: atol and btol */
    int max_iter;        /**< lsqr */
    csk_monitor monitor; /**< lsqr; its x is NULL, the iterate being in doubles */
} csk_lsq_opts;

CSK_API extern const csk_param csk_lsq_params[];
CSK_API csk_lsq_opts csk_lsq_defaults(void);

/** "qr", ...; never NULL. */
CSK_API const char *csk_lsq_method_name(csk_lsq_method method);

typedef struct csk_lsq_info {
    csk_lsq_method method; /**< the one that gave x, never auto */
    csk_stop stop;         /**< CONVERGED for a factorisation */
    int iter;              /**< lsqr */
    int64_t rank; /**< numerical rank; -1 where the method does not find it (lsqr) */
    bool
        deficient; /**< the rank is below min(m, n), and ridge is 0: x is one of many. Sparse
                         qr then gives a basic solution, dense qr the one of least norm */
    double residual; /**< ||A x - b|| */
    double gradient; /**< ||A^H(A x - b) + ridge x|| / ||A^H b||: 0 at the minimum */
} csk_lsq_info;

/**
 * @param x     out: n scalars of A's field; untouched on failure
 * @param b     m scalars
 * @param info  filled in on success; may be NULL
 * @return CSK_ERR_NUMERIC if A or b holds what is not finite, or if cholesky was asked for
 *         and met a pivot that is not positive; CSK_ERR_NOMEM if the factor does not
 *         fit; CSK_ERR_ARG if the sparse structure contradicts itself; CSK_ERR_UNSUPPORTED
 *         if a dense A has 2^31 rows or columns; the monitor's status if that ended it
 *
 * BLAS factorises on one thread: the same bits on any number of cores, and two threads made
 * CHOLMOD 4 to 8 times slower on small fronts. The number is restored afterwards.
 */
CSK_API csk_status csk_lsq(double *x, const csk_matrix *A, const double *b,
                           const csk_lsq_opts *opts, csk_lsq_info *info) CSK_MUST_CHECK;

#endif
