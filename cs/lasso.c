/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/lasso.h"
#include "cs/column_priv.h"
#include "cs/matrix_priv.h"
#include "cs/mem.h"
#include "cs/vec.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#define S csk_lasso_opts
/* clang-format off */
const csk_param csk_lasso_params[] = {
    CSK_OPT_REAL(S, lambda,   "lambda",   1e-3,  0, INFINITY, "WEIGHT", "weight of the sum of moduli"),
    CSK_OPT_REAL(S, gap,      "gap",      1e-6,  0, 1,        "REL",    "stop at this duality gap, relative to 1/2 |b|^2"),
    CSK_OPT_INT (S, max_iter, "max-iter", 10000, 1, INT_MAX,  "N",      "passes over a working set at most"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_lasso_opts csk_lasso_defaults(void)
{
    csk_lasso_opts o = { .monitor = { 0 } };

    csk_param_defaults(csk_lasso_params, &o);
    return o;
}

/* The first working set, and how many passes go by between two looks at its gap. */
enum { FIRST_SET = 100, PASSES = 10 };

/* A working set is solved to this fraction of the gap over all columns [3]. */
static const double inner_fraction = .3;

typedef struct lasso {
    const csk_matrix *A;
    const double *b;
    double lambda;
    int64_t n, w;   /* columns, doubles in a scalar */
    double *x, *r;  /* r = b - A x */
    double *g;      /* A^H r */
    double *square; /* ||a_j||^2 */
    double *far;    /* how far a column's constraint is from active; negative: keep */
    float *rank;    /* far of those not dropped, for a selection */
    int64_t *set;   /* the working set, in rising order */
    int64_t size;
    bool *dropped;
    double bb, primal; /* ||b||^2, P(x) */
    double here, dual; /* D of the present point, and the best so far */
    csk_run_info run;
} lasso;

static double modulus(const lasso *l, const double *v, int64_t j)
{
    return l->w == 2 ? hypot(v[2 * j], v[2 * j + 1]) : fabs(v[j]);
}

static bool nonzero(const lasso *l, int64_t j)
{
    return l->x[j * l->w] != 0. || (l->w == 2 && l->x[2 * j + 1] != 0.);
}

/*
 * D at the best multiple of r that obeys |A^H s r| <= lambda, given max |A^H r|: a parabola
 * in s, cut off. Returns s.
 */
static double scale_dual(const lasso *l, double rr, double rb, double most,
                         double *dual)
{
    const double free = rr > 0. ? rb / rr : 0.;
    const double limit = most > 0. ? l->lambda / most : INFINITY;
    const double s = fmin(fmax(free, -limit), limit);

    *dual = s * rb - .5 * s * s * rr;
    return s;
}

static double penalised(const lasso *l, double rr)
{
    double sum = 0.;

    for (int64_t j = 0; j < l->n; j++)
        sum += modulus(l, l->x, j);
    return .5 * rr + l->lambda * sum;
}

/* -- coordinate descent -------------------------------------------------------- */

/* x_j := argmin of P along it: soft thresholding of x_j + a_j^H r / ||a_j||^2. */
static void update(lasso *l, int64_t j)
{
    double dot[2] = { 0., 0. }, *const x = l->x + j * l->w;
    double back[2] = { 0., 0. }; /* what x_j gives back to r */
    double z[2] = { 0., 0. };

    csk_column_dot(l->A, j, l->r, dot);
    for (int64_t c = 0; c < l->w; c++)
        z[c] = x[c] + dot[c] / l->square[j];
    const double size = l->w == 2 ? hypot(z[0], z[1]) : fabs(z[0]);
    const double t = l->lambda / l->square[j];
    const double shrink = size > t ? 1. - t / size : 0.;
    bool moved = false;

    for (int64_t c = 0; c < l->w; c++) {
        back[c] = x[c] - shrink * z[c];
        x[c] = shrink * z[c];
        moved = moved || back[c] != 0.;
    }
    if (moved)
        csk_column_add(l->A, j, back, l->r);
}

/* The gap of the problem that has the columns of the set alone. */
static double set_gap(const lasso *l)
{
    const int64_t m = csk_matrix_rows(l->A);
    const double rr = csk_dot_double(m, l->r, l->r);
    double most = 0., dual, dot[2] = { 0., 0. };

    for (int64_t k = 0; k < l->size; k++) {
        csk_column_dot(l->A, l->set[k], l->r, dot);
        most = fmax(most, hypot(dot[0], dot[1]));
    }
    scale_dual(l, rr, csk_dot_double(m, l->r, l->b), most, &dual);
    return penalised(l, rr) - dual;
}

static csk_status report(lasso *l, const csk_lasso_opts *o)
{
    const csk_progress p = {
        .what = "lasso",
        .iter = l->run.iter,
        .max_iter = o->max_iter,
        .residual = l->run.residual,
        .change = NAN,
    };
    const csk_status err = csk_monitor_report(&o->monitor, &p);

    if (err)
        l->run.stop = CSK_STOP_MONITOR;
    return err;
}

static csk_status solve_set(lasso *l, double gap, const csk_lasso_opts *o)
{
    csk_status err = CSK_OK;

    do {
        for (int k = 0; k < PASSES && l->run.iter < o->max_iter; k++, l->run.iter++) {
            for (int64_t i = 0; i < l->size; i++)
                update(l, l->set[i]);
        }
        err = report(l, o);
    } while (!err && l->run.iter < o->max_iter && set_gap(l) > gap);
    return err;
}

/* -- working set ---------------------------------------------------------------- */

/* r and g from x, objective, dual and gap; returns the scale of the dual point. */
static double look_at_all(lasso *l)
{
    const int64_t m = csk_matrix_rows(l->A);
    double most = 0.;

    csk_matrix_apply(l->A, false, l->r, l->x);
    for (int64_t i = 0; i < m; i++)
        l->r[i] = l->b[i] - l->r[i];
    csk_matrix_apply(l->A, true, l->g, l->r);
    l->run.applications += 2;

    const double rr = csk_dot_double(m, l->r, l->r);
    for (int64_t j = 0; j < l->n; j++)
        most = fmax(most, modulus(l, l->g, j));
    const double s = scale_dual(l, rr, csk_dot_double(m, l->r, l->b), most, &l->here);

    l->dual = fmax(l->dual, l->here);
    l->primal = penalised(l, rr);
    l->run.residual = sqrt(rr);
    l->run.objective = l->primal;
    l->run.gap = l->bb > 0. ? fmax(l->primal - l->dual, 0.) / (.5 * l->bb) : 0.;
    return s;
}

static void drop(lasso *l, int64_t j)
{
    const double back[2] = { l->x[j * l->w], l->w == 2 ? l->x[2 * j + 1] : 0. };

    if (nonzero(l, j))
        csk_column_add(l->A, j, back, l->r);
    memset(l->x + j * l->w, 0, (size_t)l->w * sizeof(*l->x));
    l->dropped[j] = true;
}

/*
 * How far each column is from being active, seen from the dual point s r. The dual
 * solution lies in a ball around it; columns not active in all of that ball are out [2].
 */
static void rank_columns(lasso *l, double s)
{
    const double radius = sqrt(2. * fmax(l->primal - l->here, 0.));

    for (int64_t j = 0; j < l->n; j++) {
        if (l->dropped[j])
            continue;
        l->far[j] = (l->lambda - fabs(s) * modulus(l, l->g, j)) / sqrt(l->square[j]);
        if (l->far[j] > radius)
            drop(l, j);
        else if (nonzero(l, j))
            l->far[j] = -INFINITY;
    }
}

/* The support, and the nearest columns up to twice as many. */
static void choose_set(lasso *l)
{
    int64_t alive = 0, support = 0;

    for (int64_t j = 0; j < l->n; j++) {
        if (!l->dropped[j])
            l->rank[alive++] = (float)l->far[j];
        support += nonzero(l, j);
    }
    int64_t wanted = 2 * support > FIRST_SET ? 2 * support : FIRST_SET;
    wanted = wanted < alive ? wanted : alive;
    const float limit = wanted > 0 ? csk_select(alive, l->rank, wanted - 1) : -INFINITY;

    l->size = 0;
    for (int64_t j = 0; j < l->n; j++) {
        if (!l->dropped[j] && (float)l->far[j] <= limit)
            l->set[l->size++] = j;
    }
}

static csk_status iterate(lasso *l, const csk_lasso_opts *o)
{
    for (;;) {
        const double s = look_at_all(l);
        if (!isfinite(l->primal))
            return csk_fail(CSK_ERR_NUMERIC, "lasso: not finite after %d passes",
                            l->run.iter);

        csk_status err = report(l, o);
        if (err)
            return err;
        if (l->run.gap <= o->gap) {
            l->run.stop = CSK_STOP_CONVERGED;
            return CSK_OK;
        }
        if (l->run.iter >= o->max_iter) {
            l->run.stop = CSK_STOP_MAX_ITER;
            return CSK_OK;
        }
        rank_columns(l, s);
        choose_set(l);
        err = solve_set(l, inner_fraction * (l->primal - l->dual), o);
        if (err) {
            (void)look_at_all(l); /* what is told is of the x that is left */
            return err;
        }
    }
}

static csk_status check(const csk_matrix *A, const double *x, const double *b,
                        const csk_lasso_opts *o)
{
    csk_status err = csk_param_check(csk_lasso_params, o);

    if (!err && o->lambda == 0.)
        err = csk_fail(CSK_ERR_ARG, "lasso: lambda is 0: that is least squares");
    if (!err)
        err = csk_matrix_check("lasso", A);
    if (!err)
        err = csk_require_finite_double("lasso", "data", csk_matrix_rows(A), b);
    if (!err && x)
        err = csk_require_finite_double("lasso", "first guess", csk_matrix_cols(A), x);
    return err;
}

csk_status csk_lasso_lambda_max(double *lambda_max, const csk_matrix *A,
                                const double *b)
{
    const csk_lasso_opts o = csk_lasso_defaults();
    csk_status err = check(A, NULL, b, &o);
    if (err)
        return err;

    lasso l = { .w = (int64_t)A->field,
                .g = csk_alloc(csk_matrix_cols(A), sizeof(double)) };
    double most = 0.;
    if (!l.g)
        return CSK_ERR_NOMEM;
    csk_matrix_apply(A, true, l.g, b);
    for (int64_t j = 0; j < A->cols; j++)
        most = fmax(most, modulus(&l, l.g, j));
    csk_free(l.g);
    *lambda_max = most;
    return CSK_OK;
}

/* Column norms; a column of zeros takes no part, whatever x it starts with. */
static void prepare(lasso *l)
{
    for (int64_t j = 0; j < l->n; j++) {
        l->square[j] = csk_column_square(l->A, j);
        if (l->square[j] == 0.)
            drop(l, j);
    }
}

csk_status csk_lasso(double *x, const csk_matrix *A, const double *b,
                     const csk_lasso_opts *opts, csk_run_info *info)
{
    const csk_lasso_opts o = opts ? *opts : csk_lasso_defaults();
    const int64_t m = csk_matrix_rows(A);
    lasso l = { .A = A,
                .b = b,
                .lambda = o.lambda,
                .n = A->cols,
                .w = (int64_t)A->field,
                .x = x,
                .run = {
                    .residual = NAN, .change = NAN, .objective = NAN, .gap = NAN } };
    double *block = NULL;
    csk_status err = check(A, x, b, &o);

    if (err)
        goto out;
    block = csk_alloc(m + csk_matrix_cols(A) + 2 * l.n, sizeof(*block));
    l.rank = csk_alloc(l.n, sizeof(*l.rank));
    l.set = csk_alloc(l.n, sizeof(*l.set));
    l.dropped = csk_alloc(l.n, sizeof(*l.dropped));
    if (!block || !l.rank || !l.set || !l.dropped) {
        err = CSK_ERR_NOMEM;
        goto out;
    }
    l.r = block;
    l.g = l.r + m;
    l.square = l.g + csk_matrix_cols(A);
    l.far = l.square + l.n;
    l.bb = csk_dot_double(m, b, b);
    l.dual = 0.; /* D(0) */

    prepare(&l);
    err = iterate(&l, &o);

out:
    csk_free(block);
    csk_free(l.set);
    csk_free(l.rank);
    csk_free(l.dropped);
    if (info)
        *info = l.run;
    return err;
}
