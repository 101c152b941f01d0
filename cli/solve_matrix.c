/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/solve.h"
#include "cs/lasso.h"
#include "cs/lsq.h"
#include "cs/matrix.h"
#include "cs/mem.h"
#include "cs/vec.h"

#include <float.h>
#include <math.h>

/* The equations in doubles, of one field. */
typedef struct equations {
    csk_matrix A;
    double *b, *x;
    bool begun; /* x is worth keeping if Ctrl-C ends the work */
} equations;

/* Give @p A complex entries. */
static csk_status make_complex(csk_matrix *A)
{
    const int64_t entries = A->start ? A->start[A->cols] : A->rows * A->cols;
    double *value = csk_alloc(2 * entries, sizeof(*value));

    if (!value)
        return CSK_ERR_NOMEM;
    for (int64_t i = 0; i < entries; i++)
        value[2 * i] = A->value[i];
    csk_free(A->value);
    A->value = value;
    A->field = CSK_COMPLEX;
    return CSK_OK;
}

static csk_status check_data(const csk_matrix *A, const csk_array *data,
                             const solve_opts *o)
{
    const int64_t n = csk_space_size(&data->space);

    if (n == A->rows)
        return CSK_OK;
    return csk_fail(CSK_ERR_SHAPE, "%s holds %lld numbers, but %s has %lld rows",
                    o->data, (long long)n, o->matrix, (long long)A->rows);
}

static csk_status read_equations(equations *s, const cli_call *call)
{
    const solve_opts *o = call->opts;
    csk_array data = { .data = NULL };
    csk_status err = cli_read_matrix(call, &s->A, o->matrix);

    if (!err)
        err = cli_read(call, &data, o->data, CLI_USABLE);
    if (!err)
        err = cli_bad_input(call, check_data(&s->A, &data, o));
    if (!err && data.space.field == CSK_COMPLEX && s->A.field == CSK_REAL)
        err = make_complex(&s->A);
    if (!err) {
        const int width = (int)s->A.field, from = (int)data.space.field;
        s->b = csk_alloc(width * s->A.rows, sizeof(*s->b));
        s->x = csk_alloc(width * s->A.cols, sizeof(*s->x));
        err = s->b && s->x ? CSK_OK : CSK_ERR_NOMEM;
        for (int64_t i = 0; i < s->A.rows && !err; i++) {
            for (int k = 0; k < from; k++)
                s->b[width * i + k] = data.data[from * i + k];
        }
    }
    csk_array_clear(&data);
    return err;
}

static csk_status write_solution(const equations *s, const cli_call *call)
{
    const csk_space space = csk_space_make(s->A.field, 1, &s->A.cols);
    csk_array x = { .data = NULL };
    csk_status err = csk_array_init(&x, &space);
    double largest = 0.;

    for (int64_t i = 0; i < csk_space_len(&space) && !err; i++) {
        x.data[i] = (float)s->x[i];
        largest = fmax(largest, fabs(s->x[i]));
    }
    if (!err && largest == 0.)
        cli_say(call,
                "the solution is zero everywhere: the weight leaves nothing of the "
                "data; see --lambda and --ridge");
    else if (!err && largest > FLT_MAX)
        err = cli_bad_input(
            call, csk_fail(CSK_ERR_NUMERIC,
                           "%s: the solution is up to %.3g, more than a float holds",
                           ((const solve_opts *)call->opts)->matrix, largest));
    else if (!err && largest < FLT_MIN)
        err = cli_bad_input(
            call, csk_fail(CSK_ERR_NUMERIC,
                           "%s: the solution is at most %.3g, less than a float holds",
                           ((const solve_opts *)call->opts)->matrix, largest));
    if (!err)
        err = cli_write(call, &x, cli_arg_of(call, SOLVE_OUT_ARG));
    csk_array_clear(&x);
    return err;
}

static csk_status least_squares(equations *s, const cli_call *call, const solve_opts *o)
{
    csk_lsq_opts how = csk_lsq_defaults();
    csk_lsq_info info;

    how.ridge = o->ridge;
    how.monitor = cli_monitor(call, NULL);
    if (o->tol > 0.)
        how.tol = o->tol;
    if (o->max_iter)
        how.max_iter = o->max_iter;
    const csk_status err = csk_lsq(s->x, &s->A, s->b, &how, &info);
    if (err) /* the options are in range: it is the matrix or its data, or Ctrl-C */
        return err == CSK_ERR_ABORTED ? err : cli_bad_input(call, err);
    cli_put_text(call, "factorisation", csk_lsq_method_name(info.method));
    if (info.rank >= 0)
        cli_put_int(call, "rank", info.rank);
    cli_put_flag(call, "deficient", info.deficient);
    cli_put_real(call, "residual", info.residual, -1, NULL);
    cli_put_real(call, "relative_gradient", info.gradient, -1, NULL);
    return CSK_OK;
}

/* The weight is absolute or relative to max |A^H b|; there is no noise level to choose it by. */
static csk_status lasso(equations *s, const cli_call *call, const solve_opts *o)
{
    csk_lasso_opts how = csk_lasso_defaults();
    csk_run_info info;
    csk_lambda weight = { CSK_LAMBDA_AUTO, 0. };
    double most;

    csk_status err = o->lambda ? csk_lambda_parse(&weight, o->lambda) : CSK_OK;
    if (!err && weight.kind == CSK_LAMBDA_AUTO)
        err = csk_fail(CSK_ERR_ARG, "method lasso needs --lambda, such as 0.1x or 0.5");
    if (err)
        return err;
    err = cli_bad_input(call, csk_lasso_lambda_max(&most, &s->A, s->b));
    if (err)
        return err;
    how.lambda =
        weight.kind == CSK_LAMBDA_RELATIVE ? weight.value * most : weight.value;
    if (!(how.lambda > 0.))
        return cli_bad_input(call, csk_fail(CSK_ERR_NUMERIC,
                                            "%s is orthogonal to every column of %s: "
                                            "lambda_max is 0",
                                            o->data, o->matrix));
    how.monitor = cli_monitor(call, "lasso");
    if (o->tol > 0.)
        how.gap = o->tol;
    if (o->max_iter)
        how.max_iter = o->max_iter;
    err = csk_lasso(s->x, &s->A, s->b, &how, &info);
    if (err &&
        err != CSK_ERR_ABORTED) /* options are in range: the matrix or its data */
        return cli_bad_input(call, err);
    s->begun = info.iter > 0;

    const int width = (int)s->A.field;
    int64_t nonzero = 0;
    for (int64_t j = 0; j < s->A.cols; j++)
        nonzero += s->x[width * j] != 0. || s->x[width * j + width - 1] != 0.;
    solve_put_lambda(call, how.lambda, most, "given");
    cli_put_int(call, "nonzero", nonzero);
    solve_put_run(call, &info);
    cli_put_real(call, "objective", info.objective, -1, NULL);
    cli_put_real(call, "residual", info.residual, -1, NULL);
    if (!err)
        cli_stopped(call, &info, o->strict);
    return err;
}

csk_status solve_matrix(const cli_call *call)
{
    const solve_opts *o = call->opts;
    const double begin = cli_seconds();
    equations s = { .b = NULL };
    csk_status err = read_equations(&s, call);

    if (!err) {
        const int64_t shape[] = { s.A.rows, s.A.cols };
        const csk_space space = csk_space_make(s.A.field, 2, shape);
        cli_put_shape(call, "matrix", &space);
        cli_put_text(call, "kind", s.A.start ? "sparse" : "dense");
        err = (o->method == SOLVE_LASSO ? lasso : least_squares)(&s, call, o);
    }
    if (!err || (err == CSK_ERR_ABORTED && s.begun)) {
        const csk_status wrote = write_solution(&s, call);
        if (wrote)
            err = wrote;
        else
            cli_put_real(call, "seconds", cli_seconds() - begin, 2, NULL);
    }
    csk_matrix_clear(&s.A);
    csk_free(s.b);
    csk_free(s.x);
    return err;
}
