/* SPDX-License-Identifier: BSD-3-Clause */
/* Inputs: checked when read, their hashes kept for the provenance. */
#include "cli/state.h"
#include "cs/format.h"
#include "cs/matrix.h"
#include "cs/mem.h"
#include "cs/vec.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

csk_status cli_bad_input(const cli_call *call, csk_status err)
{
    call->state->bad_input |= err != CSK_OK;
    return err;
}

/* Only verbs that write keep hashes: they go into the provenance. */
static csk_status record(const cli_call *call, const char *path)
{
    cli_list *inputs = &call->state->inputs;
    char hex[65];

    if (cli_output_arg(call->cmd) < 0 || cli_list_has(inputs, path))
        return CSK_OK;
    const csk_status err = cli_sha256_file(hex, path);
    if (err)
        return err;
    return cli_list_add(inputs, path) && cli_list_add(inputs, hex) ? CSK_OK
                                                                   : cli_no_memory();
}

static csk_status input_file(const cli_call *call, const char *path)
{
    struct stat st;

    if (*path == '\0')
        return csk_fail(CSK_ERR_IO, "the name of the input is empty");
    if (stat(path, &st) != 0)
        return csk_fail(CSK_ERR_IO, "%s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return csk_fail(CSK_ERR_IO, "%s: is a directory, not a file", path);
    if (!S_ISREG(st.st_mode)) /* a pipe or a device may never end */
        return csk_fail(CSK_ERR_IO, "%s: is not a regular file", path);
    return record(call, path);
}

csk_status cli_input(const cli_call *call, const char *path)
{
    char *data, *header;
    csk_status err = cli_cfl_pair(&data, &header, path);

    if (!err && !data)
        return cli_bad_input(call, input_file(call, path));
    if (!err)
        err = input_file(call, header);
    if (!err)
        err = input_file(call, data);
    free(data);
    free(header);
    return cli_bad_input(call, err);
}

/* "[3][17]", the place of scalar @p at. */
static void place(char *out, size_t room, const csk_space *s, int64_t at)
{
    int64_t index[CSK_MAX_RANK];
    size_t used = 0;

    for (int i = s->rank - 1; i >= 0; i--) {
        index[i] = at % s->dim[i];
        at /= s->dim[i];
    }
    out[0] = '\0';
    for (int i = 0; i < s->rank && used < room; i++)
        used +=
            (size_t)snprintf(out + used, room - used, "[%lld]", (long long)index[i]);
}

/* Below FLT_MIN a float has fewer digits: what is 2^-23 of the largest value still has all. */
static csk_status check_size(const csk_array *a, const char *path, bool digits)
{
    const int64_t n = csk_space_size(&a->space);
    const double largest = csk_max_modulus(n, (int)a->space.field, a->data);

    if (largest == 0.)
        return csk_fail(CSK_ERR_NUMERIC, "%s: all %lld values are zero", path,
                        (long long)n);
    if (digits && largest < FLT_MIN / FLT_EPSILON)
        return csk_fail(CSK_ERR_NUMERIC,
                        "%s: no value is above %.3g, where floats have lost digits; "
                        "save the data in a smaller unit",
                        path, largest);
    return CSK_OK;
}

static csk_status check_values(const csk_array *a, const char *path, unsigned checks)
{
    const int64_t n = csk_space_len(&a->space);
    const int width = (int)a->space.field;

    if (checks & CLI_FINITE) {
        const int64_t bad = csk_first_not_finite(n, a->data);
        char where[200];
        if (bad >= 0) {
            place(where, sizeof(where), &a->space, bad / width);
            return csk_fail(
                CSK_ERR_NUMERIC, "%s: %s at %s, every value must be finite", path,
                a->data[bad] != a->data[bad] ? "NaN"
                                             : "infinity, or more than a float holds,",
                where);
        }
    }
    return checks & CLI_NOT_ZERO ? check_size(a, path, checks & CLI_DIGITS) : CSK_OK;
}

static csk_status read_any(const cli_call *call, csk_array *a, const char *path)
{
    cli_list *inputs = &call->state->inputs;
    char hex[65];

    if (!cli_is_pipe(path)) {
        const csk_status err = cli_input(call, path);
        return err ? err : csk_read(a, path);
    }
    const csk_status err = cli_read_pipe(a, hex);
    if (err)
        return err;
    if (cli_list_add(inputs, path) && cli_list_add(inputs, hex))
        return CSK_OK;
    csk_array_clear(a);
    return cli_no_memory();
}

csk_status cli_read(const cli_call *call, csk_array *a, const char *path,
                    unsigned checks)
{
    csk_status err = read_any(call, a, path);

    if (err)
        return cli_bad_input(call, err);
    err = check_values(a, path, checks);
    if (err)
        csk_array_clear(a);
    return cli_bad_input(call, err);
}

csk_status cli_same_shape(const csk_space *a, const char *a_path, const csk_space *b,
                          const char *b_path)
{
    csk_space c = *b;
    char as[128], bs[128];

    c.field = a->field;
    if (csk_space_equal(a, &c))
        return CSK_OK;
    return csk_fail(CSK_ERR_SHAPE, "%s is %s, but %s is %s", a_path,
                    csk_space_text(a, as, sizeof(as)), b_path,
                    csk_space_text(b, bs, sizeof(bs)));
}

/* A picture that was compressed, or weights: neither says 1 or 0. */
static void doubt_mask(const cli_call *call, const csk_array *a, const char *path)
{
    const int64_t n = csk_space_size(&a->space);
    const int width = (int)a->space.field;
    float first = 0.f;

    for (int64_t i = 0; i < n; i++) {
        const float value = a->data[width * i];

        if (value != 0.f && first == 0.f)
            first = value;
        if (value != 0.f && value != first) {
            cli_say(call, "%s is no mask of 0 and 1: all values but 0 count as 1",
                    path);
            return;
        }
    }
}

csk_status cli_read_mask(const cli_call *call, uint8_t **mask, int64_t *len,
                         const char *path, const csk_space *like, const char *like_path)
{
    csk_array a = { .data = NULL };
    csk_status err = cli_read(call, &a, path, CLI_FINITE | CLI_NOT_ZERO);

    if (err)
        return err;
    while (a.space.rank > like->rank &&
           a.space.dim[0] == 1) /* of one coil, as k-space */
        a.space = csk_space_make(a.space.field, a.space.rank - 1, a.space.dim + 1);
    const int skip = like->rank - a.space.rank;
    csk_space part = *like;
    if (skip > 0) {
        part = csk_space_make(like->field, a.space.rank, like->dim + skip);
    }
    /* The same for all planes of a volume; but a line could be along either axis. */
    if (a.space.rank == 1 && like->rank > 1) {
        char is[96], wanted[96];
        err = csk_fail(CSK_ERR_SHAPE,
                       "%s is %s, a mask for %s is %s or its last two axes", path,
                       csk_space_text(&a.space, is, sizeof(is)), like_path,
                       csk_space_text(like, wanted, sizeof(wanted)));
    } else {
        err = cli_same_shape(&a.space, path, &part, like_path);
    }
    const int64_t n = csk_space_size(&a.space);
    uint8_t *bytes = err ? NULL : csk_alloc(n, sizeof(*bytes));
    if (!err && !bytes)
        err = CSK_ERR_NOMEM;
    if (!err) {
        const int width = (int)a.space.field;
        for (int64_t i = 0; i < n; i++)
            bytes[i] = a.data[width * i] != 0.f || a.data[width * (i + 1) - 1] != 0.f;
        doubt_mask(call, &a, path);
        *mask = bytes;
        if (len)
            *len = n;
    }
    csk_array_clear(&a);
    return cli_bad_input(call, err);
}

csk_status cli_read_matrix(const cli_call *call, csk_matrix *A, const char *path)
{
    csk_status err = cli_input(call, path);

    if (!err)
        err = csk_matrix_read(A, path);
    if (err)
        return cli_bad_input(call, err);
    const int64_t entries = A->start ? A->start[A->cols] : A->rows * A->cols;
    double largest = 0.;
    for (int64_t i = 0; i < entries * (int64_t)A->field && !err; i++) {
        if (!isfinite(A->value[i]))
            err = csk_fail(CSK_ERR_NUMERIC,
                           "%s: %s among the entries, every one must be finite", path,
                           isnan(A->value[i]) ? "NaN" : "infinity");
        largest = fmax(largest, fabs(A->value[i]));
    }
    if (!err && largest == 0.)
        err = csk_fail(CSK_ERR_NUMERIC, "%s: the matrix is zero everywhere", path);
    if (!err && !(largest > 1e-150 && largest < 1e150))
        err = csk_fail(CSK_ERR_NUMERIC,
                       "%s: its largest entry is %.3g, whose square no double holds",
                       path, largest);
    if (err)
        csk_matrix_clear(A);
    return cli_bad_input(call, err);
}
