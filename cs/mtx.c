/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Matrix Market's exchange format: a banner, comments, sizes, one entry a line.
 * Boisvert, Pozo, Remington, NISTIR 5935 (1996). https://math.nist.gov/MatrixMarket
 */
#include "cs/file_priv.h"
#include "cs/matrix.h"
#include "cs/mem.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum values { REAL, INTEGER, PATTERN, COMPLEX };
enum symmetry { GENERAL, SYMMETRIC, SKEW, HERMITIAN };

enum { MAX_TOKEN = 63 };

typedef struct reader {
    const char *s, *end;
    const char *what;
    int64_t line; /* of s, counted from 1 */
    size_t len;
    bool coordinate;
    enum values values;
    enum symmetry symmetry;
    int64_t rows, cols, count; /* count: entries in the file */
} reader;

typedef struct entry {
    int64_t row, col;
    int64_t
        order; /* in the file: what makes the sum of duplicates the same each time */
    double value[2];
} entry;

static csk_status bad_line(const reader *r, const char *message)
{
    return csk_fail(CSK_ERR_FORMAT, "%s:%" PRId64 ": %s", r->what, r->line, message);
}

/* The next word of the line into out; "" at its end. */
static csk_status word(reader *r, char out[MAX_TOKEN + 1])
{
    size_t n = 0;

    while (r->s < r->end && (*r->s == ' ' || *r->s == '\t' || *r->s == '\r'))
        r->s++;
    while (r->s < r->end && !isspace((unsigned char)*r->s)) {
        if (n == MAX_TOKEN)
            return bad_line(r, "a word is too long");
        if (*r->s == '\0') /* it would end the word and hide the rest */
            return bad_line(r, "a NUL byte");
        out[n++] = *r->s++;
    }
    out[n] = '\0';
    return CSK_OK;
}

static void next_line(reader *r)
{
    const char *newline = memchr(r->s, '\n', (size_t)(r->end - r->s));

    r->s = newline ? newline + 1 : r->end;
    r->line++;
}

/* On to the next line that is neither blank nor a comment; false at the end of the file. */
static bool skip_blank(reader *r)
{
    while (r->s < r->end) {
        const char *s = r->s;
        while (s < r->end && (*s == ' ' || *s == '\t' || *s == '\r'))
            s++;
        if (s < r->end && *s != '\n' && *s != '%')
            return true;
        next_line(r);
    }
    return false;
}

static csk_status end_line(reader *r)
{
    char rest[MAX_TOKEN + 1];
    const csk_status err = word(r, rest);

    if (err)
        return err;
    if (rest[0])
        return csk_fail(CSK_ERR_FORMAT,
                        "%s:%" PRId64 ": end of line expected, found '%.20s'", r->what,
                        r->line, rest);
    next_line(r);
    return CSK_OK;
}

static csk_status whole(reader *r, int64_t least, int64_t most, const char *name,
                        int64_t *out)
{
    char text[MAX_TOKEN + 1];
    int64_t v = 0;
    const csk_status err = word(r, text);

    if (err)
        return err;
    const char *s = text;
    for (; *s >= '0' && *s <= '9' && v <= most; s++)
        v = v > (INT64_MAX - 9) / 10 ? INT64_MAX : 10 * v + (*s - '0');
    if (s == text || *s || v < least || v > most)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s:%" PRId64 ": %s in %" PRId64 "..%" PRId64
                        " expected, found '%.20s'",
                        r->what, r->line, name, least, most, text);
    *out = v;
    return CSK_OK;
}

static csk_status number(reader *r, double *out)
{
    char text[MAX_TOKEN + 1];
    char *end;
    const csk_status err = word(r, text);

    if (err)
        return err;
    *out = strtod(text, &end);
    if (end == text || *end)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s:%" PRId64 ": a number expected, found '%.20s'", r->what,
                        r->line, text);
    return CSK_OK;
}

/* The place of the next word among `names`, closed by NULL. */
static csk_status choice(reader *r, const char *const *names, int *out)
{
    char text[MAX_TOKEN + 1];
    const csk_status err = word(r, text);

    if (err)
        return err;
    for (int k = 0; names[k]; k++) {
        if (strcasecmp(text, names[k]) == 0) {
            *out = k;
            return CSK_OK;
        }
    }
    return csk_fail(CSK_ERR_FORMAT,
                    "%s:%" PRId64 ": unknown word '%.20s' in the banner", r->what,
                    r->line, text);
}

static csk_status banner(reader *r)
{
    static const char *const first[] = { "%%MatrixMarket", NULL };
    static const char *const objects[] = { "matrix", NULL };
    static const char *const formats[] = { "array", "coordinate", NULL };
    static const char *const values[] = { "real", "integer", "pattern", "complex",
                                          NULL };
    static const char *const symmetries[] = { "general", "symmetric", "skew-symmetric",
                                              "hermitian", NULL };
    static const char *const *const words[] = { first, objects, formats, values,
                                                symmetries };
    enum { WORDS = sizeof(words) / sizeof(words[0]) };
    int chosen[WORDS];

    for (int k = 0; k < WORDS; k++) {
        const csk_status err = choice(r, words[k], &chosen[k]);
        if (err)
            return err;
    }
    r->coordinate = chosen[2] == 1;
    r->values = (enum values)chosen[3];
    r->symmetry = (enum symmetry)chosen[4];
    if (r->values == PATTERN && (!r->coordinate || r->symmetry == SKEW))
        return bad_line(r, "pattern goes with coordinate, and not with skew-symmetric");
    if (r->symmetry == HERMITIAN && r->values != COMPLEX)
        return bad_line(r, "hermitian goes with complex");
    return end_line(r);
}

/* Entries an array file lists: all, or the lower triangle with or without its diagonal. */
static int64_t listed(const reader *r)
{
    const int64_t n = r->rows;

    switch (r->symmetry) {
    case SYMMETRIC:
    case HERMITIAN:
        return n * (n + 1) / 2;
    case SKEW:
        return n * (n - 1) / 2;
    case GENERAL:
        break;
    }
    return n * r->cols;
}

static csk_status sizes(reader *r)
{
    const int64_t most = INT32_MAX;
    /* A wide matrix may be nearly empty, but not so much that its columns fill memory. */
    const uint64_t most_cols = (1U << 20) + 1000 * (uint64_t)r->len;
    const uint64_t width = r->values == PATTERN ? 0 : r->values == COMPLEX ? 2 : 1;

    if (!skip_blank(r))
        return bad_line(r, "the line of sizes is missing");
    csk_status err = whole(r, 1, most, "rows", &r->rows);
    if (!err)
        err = whole(r, 1, most, "columns", &r->cols);
    if (!err && r->coordinate)
        err = whole(r, 0, INT64_MAX / 128, "entries", &r->count);
    if (err)
        return err;
    if (r->symmetry != GENERAL && r->rows != r->cols)
        return bad_line(r, "a symmetric matrix must be square");
    if (!r->coordinate)
        r->count = listed(r);
    /* Each number takes a digit and what parts it from the next. */
    const uint64_t numbers = r->coordinate ? 2 + width : width;
    assert(numbers > 0); /* an array without values was refused with the banner */
    if ((uint64_t)r->count > (r->len + 1) / 2 / numbers ||
        (r->coordinate && (uint64_t)r->cols > most_cols))
        return csk_fail(CSK_ERR_FORMAT,
                        "%s:%" PRId64 ": %" PRId64 " x %" PRId64 " with %" PRId64
                        " entries do not fit a file of %zu bytes",
                        r->what, r->line, r->rows, r->cols, r->count, r->len);
    return end_line(r);
}

static csk_status missing(const reader *r, int64_t k)
{
    return csk_fail(CSK_ERR_FORMAT,
                    "%s:%" PRId64 ": the file ends after %" PRId64 " of %" PRId64
                    " entries",
                    r->what, r->line, k, r->count);
}

static csk_status value(reader *r, double out[2])
{
    csk_status err = CSK_OK;

    out[0] = 1.0;
    out[1] = 0.0;
    if (r->values != PATTERN)
        err = number(r, &out[0]);
    if (!err && r->values == COMPLEX)
        err = number(r, &out[1]);
    return err;
}

/* The value of (j, i) where (i, j) is v. */
static void mirror(enum symmetry symmetry, double out[2], const double v[2])
{
    out[0] = symmetry == SKEW ? -v[0] : v[0];
    out[1] = symmetry == GENERAL || symmetry == SYMMETRIC ? v[1] : -v[1];
}

static csk_status check_diagonal(const reader *r, const double v[2])
{
    if (r->symmetry == HERMITIAN && !(v[1] == 0.0))
        return bad_line(r, "a hermitian matrix has a real diagonal");
    return CSK_OK;
}

static void set(csk_matrix *A, int64_t i, int64_t j, const double v[2])
{
    memcpy(A->value + (j * A->rows + i) * (int64_t)A->field, v,
           (size_t)A->field * sizeof(*v));
}

static csk_status fill_dense(csk_matrix *A, reader *r)
{
    int64_t k = 0;

    for (int64_t j = 0; j < r->cols; j++) {
        const int64_t first = r->symmetry == GENERAL ? 0
                              : r->symmetry == SKEW  ? j + 1
                                                     : j;
        for (int64_t i = first; i < r->rows; i++, k++) {
            double v[2], m[2];
            if (!skip_blank(r))
                return missing(r, k);
            csk_status err = value(r, v);
            if (!err && i == j)
                err = check_diagonal(r, v);
            if (!err)
                err = end_line(r);
            if (err)
                return err;
            set(A, i, j, v);
            if (r->symmetry != GENERAL && i != j) {
                mirror(r->symmetry, m, v);
                set(A, j, i, m);
            }
        }
    }
    return CSK_OK;
}

static csk_status read_entries(reader *r, entry *entries, int64_t *used)
{
    int64_t n = 0;

    for (int64_t k = 0; k < r->count; k++) {
        entry e = { .order = k };
        if (!skip_blank(r))
            return missing(r, k);
        csk_status err = whole(r, 1, r->rows, "row", &e.row);
        if (!err)
            err = whole(r, 1, r->cols, "column", &e.col);
        if (!err)
            err = value(r, e.value);
        if (!err && r->symmetry != GENERAL && e.row < e.col)
            err = bad_line(r, "entry above the diagonal of a symmetric matrix");
        if (!err && r->symmetry == SKEW && e.row == e.col)
            err = bad_line(r, "entry on the diagonal of a skew-symmetric matrix");
        if (!err && e.row == e.col)
            err = check_diagonal(r, e.value);
        if (!err)
            err = end_line(r);
        if (err)
            return err;
        e.row--;
        e.col--;
        entries[n++] = e;
        if (r->symmetry != GENERAL && e.row != e.col) {
            entries[n] = (entry){ .row = e.col, .col = e.row, .order = k };
            mirror(r->symmetry, entries[n++].value, e.value);
        }
    }
    *used = n;
    return CSK_OK;
}

static int compare(const void *a, const void *b)
{
    const entry *p = a;
    const entry *q = b;

    if (p->col != q->col)
        return p->col < q->col ? -1 : 1;
    if (p->row != q->row)
        return p->row < q->row ? -1 : 1;
    return p->order < q->order ? -1 : p->order > q->order;
}

/* Equal places become one entry; the number of those that remain. */
static int64_t sum_duplicates(entry *e, int64_t n)
{
    int64_t m = 0;

    for (int64_t k = 0; k < n; k++) {
        if (m > 0 && e[m - 1].col == e[k].col && e[m - 1].row == e[k].row) {
            e[m - 1].value[0] += e[k].value[0];
            e[m - 1].value[1] += e[k].value[1];
        } else {
            e[m++] = e[k];
        }
    }
    return m;
}

static csk_status compress(csk_matrix *A, const reader *r, csk_field field, entry *e,
                           int64_t n)
{
    qsort(e, (size_t)n, sizeof(*e), compare);
    n = sum_duplicates(e, n);
    const csk_status err = csk_matrix_sparse(A, field, r->rows, r->cols, n);
    if (err)
        return err;
    for (int64_t k = 0; k < n; k++) {
        A->start[e[k].col + 1]++;
        A->row[k] = e[k].row;
        memcpy(A->value + k * (int64_t)field, e[k].value,
               (size_t)field * sizeof(double));
    }
    for (int64_t j = 0; j < r->cols; j++)
        A->start[j + 1] += A->start[j];
    return CSK_OK;
}

static csk_status parse_sparse(csk_matrix *A, reader *r, csk_field field)
{
    const int64_t room = r->symmetry == GENERAL ? r->count : 2 * r->count;
    int64_t n = 0;
    entry *entries = csk_alloc(room, sizeof(*entries));

    if (!entries)
        return CSK_ERR_NOMEM;
    csk_status err = read_entries(r, entries, &n);
    if (!err)
        err = compress(A, r, field, entries, n);
    csk_free(entries);
    return err;
}

static csk_status parse(csk_matrix *A, reader *r)
{
    csk_status err = banner(r);

    if (!err)
        err = sizes(r);
    if (err)
        return err;
    const csk_field field = r->values == COMPLEX ? CSK_COMPLEX : CSK_REAL;
    if (r->coordinate) {
        err = parse_sparse(A, r, field);
    } else {
        err = csk_matrix_dense(A, field, r->rows, r->cols);
        if (!err)
            err = fill_dense(A, r);
    }
    if (!err && skip_blank(r))
        err = bad_line(r, "more entries than the sizes say");
    if (err)
        csk_matrix_clear(A);
    return err;
}

csk_status csk_mtx_parse(csk_matrix *A, const char *text, size_t len, const char *what)
{
    reader r = { .s = text, .end = text + len, .what = what, .line = 1, .len = len };
    csk_locale locale;
    csk_status err = csk_locale_enter(&locale);

    *A = (csk_matrix){ .start = NULL };
    if (err)
        return err;
    err = parse(A, &r);
    csk_locale_leave(&locale);
    return err;
}
