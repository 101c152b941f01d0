/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BART's format: NAME.hdr holds the dimensions as text, NAME.cfl complex floats, the first
 * dimension fastest. A dimension's place is its meaning: x y z coil map echo - - - - time
 * - - slice - sample.
 *
 * Reading drops dimensions of length 1 and names the rest by their place. Writing leaves
 * out axes of length 1 and gives the rest places that rise from the fastest on: a named
 * axis its own, one without name the next above the axis before it. Where that order of
 * the axes has no such places, some go to places without a meaning: their names are lost,
 * never the shape.
 */
#include "cs/file_priv.h"
#include "cs/format.h"
#include "cs/mem.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { MAX_HEADER = 1 << 20, PLACES = 16 };

static const csk_axis place_axis[PLACES] = {
    [0] = CSK_AXIS_X,     [1] = CSK_AXIS_Y,      [2] = CSK_AXIS_Z,
    [3] = CSK_AXIS_COIL,  [4] = CSK_AXIS_MAP,    [5] = CSK_AXIS_ECHO,
    [10] = CSK_AXIS_TIME, [13] = CSK_AXIS_SLICE, [15] = CSK_AXIS_SAMPLE,
};

/* The text behind the line that is @p title, NULL if there is none. */
static const char *find_section(const char *text, const char *end, const char *title)
{
    const size_t n = strlen(title);

    for (const char *s = text; s && (size_t)(end - s) >= n;) {
        if (memcmp(s, title, n) == 0)
            return s + n;
        s = memchr(s, '\n', (size_t)(end - s));
        if (s)
            s++;
    }
    return NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static csk_status parse_dimensions(int64_t dim[PLACES], const char *s, const char *end,
                                   const char *what)
{
    int64_t size = 1;
    int rank = 0;

    for (; s < end && *s != '\n'; s++) {
        if (is_blank(*s))
            continue;
        if (rank == PLACES)
            return csk_fail(CSK_ERR_FORMAT,
                            "%s: more than %d dimensions where %d were expected", what,
                            PLACES, PLACES);
        const int64_t most = INT64_MAX / 64 / size;
        int64_t d = 0;
        for (; s < end && *s >= '0' && *s <= '9' && d <= most; s++)
            d = 10 * d + (*s - '0');
        if (d < 1 || d > most || (s < end && *s != '\n' && !is_blank(*s)))
            return csk_fail(CSK_ERR_FORMAT,
                            "%s: dimension %d is not a positive number in range", what,
                            rank);
        size *= d;
        dim[rank++] = d;
        s--; /* the loop steps over it again: it may be the end of the line */
    }
    if (rank < 1)
        return csk_fail(CSK_ERR_FORMAT, "%s: no numbers follow '# Dimensions'", what);
    while (rank < PLACES)
        dim[rank++] = 1;
    return CSK_OK;
}

csk_status csk_cfl_parse_header(csk_space *out, const char *text, size_t len,
                                const char *what)
{
    const char *s = find_section(text, text + len, "# Dimensions\n");
    csk_space space = { .field = CSK_COMPLEX };
    int64_t dim[PLACES] = { 0 };

    if (!s)
        return csk_fail(CSK_ERR_FORMAT, "%s: no line '# Dimensions'", what);
    const csk_status err = parse_dimensions(dim, s, text + len, what);
    if (err)
        return err;
    for (int k = PLACES - 1; k >= 0; k--) {
        if (dim[k] == 1 && (k > 0 || space.rank > 0))
            continue;
        if (space.rank == CSK_MAX_RANK)
            return csk_fail(CSK_ERR_UNSUPPORTED,
                            "%s: more than %d dimensions are longer than 1", what,
                            CSK_MAX_RANK);
        space.dim[space.rank] = dim[k];
        space.axis[space.rank++] = place_axis[k];
    }
    *out = space;
    return CSK_OK;
}

/* NAME.cfl -> NAME.hdr */
static char *header_path(const char *path)
{
    return csk_join(path, strlen(path) - strlen(".cfl"), ".hdr");
}

static csk_status read_header(csk_space *space, const char *hdr)
{
    char *text;
    size_t len;
    csk_status err = csk_file_load(&text, &len, hdr, MAX_HEADER);

    if (err)
        return err;
    err = csk_cfl_parse_header(space, text, len, hdr);
    csk_free(text);
    return err;
}

/* The line of the section Command: where BART, too, says what made a file. */
static csk_status cfl_read_note(char **note, const char *path)
{
    char *hdr = header_path(path), *text = NULL;
    size_t len = 0;
    csk_status err = hdr ? csk_file_load(&text, &len, hdr, MAX_HEADER) : CSK_ERR_NOMEM;

    if (!err) {
        const char *s = find_section(text, text + len, "# Command\n");
        if (s)
            *note = csk_join(s, strcspn(s, "\n"), "");
        err = !s || *note ? CSK_OK : CSK_ERR_NOMEM;
    }
    csk_free(text);
    csk_free(hdr);
    return err;
}

static csk_status read_values(csk_array *a, const csk_space *space, const char *path)
{
    const int64_t count = csk_space_len(space);
    const int64_t expected = count * (int64_t)sizeof(float);
    FILE *f;
    int64_t found;
    csk_status err = csk_file_open(&f, &found, path);

    if (err)
        return err;
    if (found != expected)
        err =
            csk_fail(CSK_ERR_FORMAT, "%s: %" PRId64 " bytes, its header says %" PRId64,
                     path, found, expected);
    if (!err)
        err = csk_array_init(a, space);
    if (!err && fread(a->data, sizeof(float), (size_t)count, f) != (size_t)count)
        err = csk_fail(CSK_ERR_IO, "%s: could not be read to its end", path);
    (void)fclose(f);
    return err;
}

static csk_status cfl_read(csk_array *a, const char *path)
{
    char *hdr = header_path(path);
    csk_space space;
    FILE *f;
    int64_t len;

    if (!hdr)
        return CSK_ERR_NOMEM;
    /* The file that was asked for is the one to be missed first. */
    csk_status err = csk_file_open(&f, &len, path);
    if (!err) {
        (void)fclose(f);
        err = read_header(&space, hdr);
    }
    if (!err)
        err = read_values(a, &space, path);
    if (err)
        csk_array_clear(a);
    csk_free(hdr);
    return err;
}

/* What is wrong with axis i of s at place k, when the axis before it is at k0. */
static int misplaced(const csk_space *s, int i, int k, int k0)
{
    enum { AWAY = 1, NAME_LOST = 100, NAME_WRONG = 1000 };
    const csk_axis read_as = place_axis[k];

    if (s->axis[i] == read_as && read_as != CSK_AXIS_NONE)
        return 0;
    if (read_as == CSK_AXIS_NONE)
        return s->axis[i] != CSK_AXIS_NONE ? NAME_LOST : k == k0 + 1 ? 0 : AWAY;
    /* "Without name" is what most arrays of other programs are: the next place will do. */
    return s->axis[i] == CSK_AXIS_NONE && k == k0 + 1 && csk_space_find(s, read_as) < 0
               ? 0
               : NAME_WRONG;
}

/* The least bad of all rising places, by dynamic programming from the fastest axis on. */
static void place_axes(int64_t dim[PLACES], const csk_space *s)
{
    enum { NEVER = 1 << 20 };
    int axis[CSK_MAX_RANK]; /* those that need a place */
    int cost[CSK_MAX_RANK + 1]
            [PLACES + 1]; /* [n][k]: n axes, the last at place k - 1 */
    int before[CSK_MAX_RANK + 1][PLACES + 1] = { { 0 } };
    int count = 0;
    int at = 0;

    for (int i = s->rank - 1; i >= 0; i--) {
        if (s->dim[i] > 1)
            axis[count++] = i;
    }
    for (int k = 0; k <= PLACES; k++)
        cost[0][k] = k ? NEVER : 0;
    for (int n = 1; n <= count; n++) {
        for (int k = 0; k <= PLACES; k++) {
            cost[n][k] = NEVER;
            for (int k0 = 0; k0 < k; k0++) {
                const int c =
                    cost[n - 1][k0] + misplaced(s, axis[n - 1], k - 1, k0 - 1);
                if (c < cost[n][k]) {
                    cost[n][k] = c;
                    before[n][k] = k0;
                }
            }
        }
    }
    for (int k = 1; k <= PLACES; k++) {
        dim[k - 1] = 1;
        if (cost[count][k] < cost[count][at])
            at = k;
    }
    for (int n = count; n > 0; at = before[n--][at])
        dim[at - 1] = s->dim[axis[n - 1]];
}

static csk_status put_text(csk_out *out, const char *text)
{
    return csk_out_put(out, text, strlen(text));
}

static csk_status put_header(csk_out *out, const int64_t dim[PLACES], const char *note)
{
    csk_status err = put_text(out, "# Dimensions\n");

    for (int k = 0; k < PLACES && !err; k++) {
        char number[32];
        (void)snprintf(number, sizeof(number), "%" PRId64 " ", dim[k]);
        err = put_text(out, number);
    }
    if (!err && note) {
        /* A line that begins with # is the title of a section. */
        err = put_text(out, note[0] == '#' ? "\n# Command\n " : "\n# Command\n");
        if (!err)
            err = csk_out_put_line(out, note);
    } else if (!err) {
        err = put_text(out, "\n");
    }
    return err ? err : put_text(out, "# Creator\ncsk\n");
}

static csk_status put_values(csk_out *out, const csk_array *a)
{
    enum { BLOCK = 4096 };
    float pair[2 * BLOCK] = { 0.0f };
    const int64_t n = csk_space_size(&a->space);

    if (a->space.field == CSK_COMPLEX)
        return csk_out_put(out, a->data, 2 * (size_t)n * sizeof(float));
    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t count = n - from < BLOCK ? n - from : BLOCK;
        for (int64_t i = 0; i < count; i++)
            pair[2 * i] = a->data[from + i];
        const csk_status err =
            csk_out_put(out, pair, 2 * (size_t)count * sizeof(float));
        if (err)
            return err;
    }
    return CSK_OK;
}

/* Both files are whole before either gets its name. */
static csk_status write_files(const csk_array *a, const int64_t dim[PLACES],
                              const char *path, const char *hdr_path, const char *note)
{
    csk_out cfl = { .f = NULL };
    csk_out hdr = { .f = NULL };
    csk_status err = csk_out_open(&cfl, path);

    if (!err)
        err = csk_out_open(&hdr, hdr_path);
    if (!err)
        err = put_values(&cfl, a);
    if (!err)
        err = put_header(&hdr, dim, note);
    if (!err)
        err = csk_out_close(&cfl);
    if (!err)
        err = csk_out_close(&hdr);
    if (!err)
        err = csk_out_commit(&cfl);
    if (!err) {
        err = csk_out_commit(&hdr);
        if (err) /* values without their header, or with an older one, mislead */
            (void)unlink(cfl.path);
    }
    csk_out_drop(&cfl);
    csk_out_drop(&hdr);
    return err;
}

static csk_status cfl_write(const csk_array *a, const char *path, const char *note)
{
    int64_t dim[PLACES];
    char *hdr = header_path(path);

    if (!hdr)
        return CSK_ERR_NOMEM;
    place_axes(dim, &a->space);
    const csk_status err = write_files(a, dim, path, hdr, note);
    csk_free(hdr);
    return err;
}

extern const csk_format csk_format_cfl;
const csk_format csk_format_cfl = {
    .name = "cfl",
    .about = "BART: NAME.hdr and NAME.cfl, complex single precision",
    .suffix = ".cfl",
    .read = cfl_read,
    .write = cfl_write,
    .holds_note = true,
    .read_note = cfl_read_note,
};
