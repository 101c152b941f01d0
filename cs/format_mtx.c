/* SPDX-License-Identifier: BSD-3-Clause */
/* Matrix Market files as arrays; mtx.c has the parser. */
#include "cs/file_priv.h"
#include "cs/format.h"
#include "cs/matrix.h"
#include "cs/mem.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_DENSE = 1 << 28 }; /* entries of an array made of a sparse matrix */

/* A matrix of one column is a vector. */
static csk_status init_array(csk_array *a, const csk_matrix *A, const char *path)
{
    const int64_t dim[2] = { A->rows, A->cols };
    const csk_space space = csk_space_make(A->field, A->cols == 1 ? 1 : 2, dim);

    /* A few bytes may describe a sparse matrix of any size. */
    if (A->start && A->rows > MAX_DENSE / A->cols)
        return csk_fail(CSK_ERR_UNSUPPORTED,
                        "%s: a sparse matrix of %" PRId64 " x %" PRId64
                        " as an array: more than %d entries",
                        path, A->rows, A->cols, MAX_DENSE);
    return csk_array_init(a, &space);
}

/* The entries of a row follow each other in the array, those of a column in the matrix. */
static void to_array(csk_array *a, const csk_matrix *A)
{
    const int64_t width = (int64_t)A->field;

    for (int64_t j = 0; j < A->cols; j++) {
        const int64_t from = A->start ? A->start[j] : j * A->rows;
        const int64_t end = A->start ? A->start[j + 1] : from + A->rows;
        for (int64_t k = from; k < end; k++) {
            const int64_t i = A->start ? A->row[k] : k - from;
            for (int64_t c = 0; c < width; c++)
                a->data[(i * A->cols + j) * width + c] = (float)A->value[k * width + c];
        }
    }
}

static csk_status mtx_read(csk_array *a, const char *path)
{
    csk_matrix A;
    csk_status err = csk_matrix_read(&A, path);

    if (err)
        return err;
    err = init_array(a, &A, path);
    if (!err)
        to_array(a, &A);
    csk_matrix_clear(&A);
    return err;
}

static csk_status put_entry(csk_out *out, const float *v, csk_field field)
{
    char line[64];
    const int n =
        field == CSK_REAL
            ? snprintf(line, sizeof(line), "%.9g\n", (double)v[0])
            : snprintf(line, sizeof(line), "%.9g %.9g\n", (double)v[0], (double)v[1]);

    return csk_out_put(out, line, (size_t)n);
}

static csk_status put_array(csk_out *out, const csk_array *a, const char *note)
{
    const csk_field field = a->space.field;
    const int64_t rows = a->space.dim[0];
    const int64_t cols = a->space.rank == 2 ? a->space.dim[1] : 1;
    char head[64];

    const int n =
        snprintf(head, sizeof(head), "%%%%MatrixMarket matrix array %s general\n",
                 field == CSK_COMPLEX ? "complex" : "real");
    csk_status err = csk_out_put(out, head, (size_t)n);
    if (!err && note) {
        err = csk_out_put(out, "% ", 2);
        if (!err)
            err = csk_out_put_line(out, note);
    }
    const int m = snprintf(head, sizeof(head), "%" PRId64 " %" PRId64 "\n", rows, cols);
    if (!err)
        err = csk_out_put(out, head, (size_t)m);
    for (int64_t j = 0; j < cols && !err; j++) {
        for (int64_t i = 0; i < rows && !err; i++)
            err = put_entry(out, a->data + (i * cols + j) * (int64_t)field, field);
    }
    return err;
}

static csk_status mtx_write(const csk_array *a, const char *path, const char *note)
{
    csk_locale locale;
    csk_out out;

    if (a->space.rank > 2)
        return csk_fail(CSK_ERR_UNSUPPORTED,
                        "%s: rank %d, Matrix Market holds vectors and matrices", path,
                        a->space.rank);
    csk_status err = csk_out_open(&out, path);
    if (err)
        return err;
    err = csk_locale_enter(&locale);
    if (!err) {
        err = put_array(&out, a, note);
        csk_locale_leave(&locale);
    }
    return csk_out_finish(&out, err);
}

/* The comment behind the first line. */
static csk_status mtx_read_note(char **note, const char *path)
{
    char *text;
    size_t len;
    const csk_status err = csk_file_load(&text, &len, path, INT64_MAX);

    if (err)
        return err;
    const char *s = strchr(text, '\n');
    const bool found = s && strncmp(s, "\n% ", 3) == 0;
    if (found)
        *note = csk_join(s + 3, strcspn(s + 3, "\n"), "");
    csk_free(text);
    return !found || *note ? CSK_OK : CSK_ERR_NOMEM;
}

extern const csk_format csk_format_mtx;
const csk_format csk_format_mtx = {
    .name = "mtx",
    .about = "Matrix Market: vectors and matrices as text; written dense",
    .suffix = ".mtx",
    .read = mtx_read,
    .write = mtx_write,
    .holds_note = true,
    .read_note = mtx_read_note,
};
