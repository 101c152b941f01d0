/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/lsq_priv.h"
#include "cs/lsqr_priv.h"
#include "cs/matrix_priv.h"
#include "cs/mem.h"

#include <math.h>
#include <string.h>

/* LSQR as in cs/lsqr.c, in doubles; u and v are normalised here. */
typedef struct lsqr {
    const csk_matrix *A;
    int64_t m, n;
    double *x, *u, *Av, *v, *Atu, *w;
    double alpha, beta;
    csk_lsqr_scalars s;
} lsqr;

/* y := (fresh - shift y) / its norm, which is returned; 0 leaves y zero. */
static double combine(int64_t n, const double *fresh, double shift, double *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = fresh[i] - shift * y[i];

    const double norm = sqrt(csk_dot_double(n, y, y));
    const double scale = norm > 0. ? 1. / norm : 0.;
    for (int64_t i = 0; i < n; i++)
        y[i] *= scale;
    return norm;
}

static void step(lsqr *q)
{
    const double before = q->alpha;

    csk_matrix_apply(q->A, false, q->Av, q->v);
    q->beta = combine(q->m, q->Av, q->alpha, q->u);
    csk_matrix_apply(q->A, true, q->Atu, q->u);
    q->alpha = combine(q->n, q->Atu, q->beta, q->v);
    csk_lsqr_rotate(&q->s, before, q->beta, q->alpha);

    const double ww = csk_dot_double(q->n, q->w, q->w);
    for (int64_t i = 0; i < q->n; i++) {
        q->x[i] += q->s.along * q->w[i];
        q->w[i] = q->v[i] + q->s.back * q->w[i];
    }
    csk_lsqr_estimate(&q->s, ww);
}

static csk_status iterate(lsqr *q, const csk_lsq_opts *o, csk_lsq_info *info)
{
    const csk_lsqr_opts rules = { .atol = o->tol, .btol = o->tol };

    while (q->alpha > 0. && info->iter < o->max_iter) {
        step(q);
        info->iter++;
        const csk_progress p = {
            .what = "lsq",
            .iter = info->iter,
            .max_iter = o->max_iter,
            .residual = q->s.norm_r,
            .change = q->s.change,
        };
        const csk_status err = csk_monitor_report(&o->monitor, &p);
        if (err)
            return err;
        if (csk_lsqr_judge(&q->s, &rules) != CSK_LSQR_NONE)
            return CSK_OK;
    }
    if (q->alpha > 0.)
        info->stop = CSK_STOP_MAX_ITER;
    return CSK_OK;
}

csk_status csk_lsq_iterative(double *x, const csk_matrix *A, const double *b,
                             const csk_lsq_opts *o, csk_lsq_info *info)
{
    const int64_t m = csk_matrix_rows(A), n = csk_matrix_cols(A);
    double *const block = csk_alloc(2 * m + 3 * n, sizeof(*block));

    if (!block)
        return CSK_ERR_NOMEM;
    lsqr q = { .A = A, .m = m, .n = n, .x = x, .u = block };
    q.Av = q.u + m;
    q.v = q.Av + m;
    q.Atu = q.v + n;
    q.w = q.Atu + n;

    memset(x, 0, (size_t)n * sizeof(*x));
    q.beta = combine(m, b, 0., q.u);
    csk_matrix_apply(A, true, q.Atu, q.u);
    q.alpha = combine(n, q.Atu, 0., q.v);
    memcpy(q.w, q.v, (size_t)n * sizeof(*q.w));
    csk_lsqr_start(&q.s, sqrt(o->ridge), q.beta, q.alpha);

    const csk_status err = iterate(&q, o, info);
    csk_free(block);
    return err;
}
