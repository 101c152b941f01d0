/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/solve.h"
#include "cs/lsq.h"
#include "cs/matrix.h"
#include "cs/mem.h"
#include "cs/vec.h"

#include <math.h>

/* The equations in doubles, of one field. */
typedef struct equations {
    csk_matrix A;
    double *b, *x;
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
        err = cli_read(call, &data, o->data, CLI_FINITE | CLI_NOT_ZERO);
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

    for (int64_t i = 0; i < csk_space_len(&space) && !err; i++)
        x.data[i] = (float)s->x[i];
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
    if (err) /* the options are in range: it is the matrix or its data */
        return cli_bad_input(call, err);
    cli_put_text(call, "factorisation", csk_lsq_method_name(info.method));
    if (info.rank >= 0)
        cli_put_int(call, "rank", info.rank);
    cli_put_flag(call, "deficient", info.deficient);
    cli_put_real(call, "residual", info.residual, -1, NULL);
    cli_put_real(call, "relative_gradient", info.gradient, -1, NULL);
    return CSK_OK;
}

csk_status solve_matrix(const cli_call *call)
{
    const double begin = cli_seconds();
    equations s = { .b = NULL };
    csk_status err = read_equations(&s, call);

    if (!err) {
        const int64_t shape[] = { s.A.rows, s.A.cols };
        const csk_space space = csk_space_make(s.A.field, 2, shape);
        cli_put_shape(call, "matrix", &space);
        cli_put_text(call, "kind", s.A.start ? "sparse" : "dense");
        err = least_squares(&s, call, call->opts);
    }
    if (!err)
        err = write_solution(&s, call);
    if (!err)
        cli_put_real(call, "seconds", cli_seconds() - begin, 2, NULL);
    csk_matrix_clear(&s.A);
    csk_free(s.b);
    csk_free(s.x);
    return err;
}
