/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of words, the nearest of them, and values made of several numbers. */
#include "cli/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool cli_list_add(cli_list *list, const char *text)
{
    char **more = realloc(list->v, (size_t)(list->n + 1) * sizeof(*more));

    if (!more)
        return false;
    list->v = more;
    more[list->n] = strdup(text);
    if (!more[list->n])
        return false;
    list->n++;
    return true;
}

bool cli_list_has(const cli_list *list, const char *text)
{
    for (int i = 0; i < list->n; i++) {
        if (strcmp(list->v[i], text) == 0)
            return true;
    }
    return false;
}

void cli_list_clear(cli_list *list)
{
    for (int i = 0; i < list->n; i++)
        free(list->v[i]);
    free(list->v);
    *list = (cli_list){ .v = NULL };
}

char *cli_printable(char *text)
{
    for (unsigned char *c = (unsigned char *)text; c && *c; c++) {
        if (*c < ' ' || *c == 0x7f)
            *c = ' ';
        else if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) /* U+0080 to U+009F */
            c[0] = c[1] = ' ';
    }
    return text;
}

char *cli_concat(const char *stem, const char *suffix)
{
    const size_t a = strlen(stem), b = strlen(suffix);
    char *text = malloc(a + b + 1);

    if (!text)
        return NULL;
    memcpy(text, stem, a);
    memcpy(text + a, suffix, b);
    text[a + b] = '\0';
    return text;
}

char *cli_join(const char *dir, const char *name)
{
    const size_t len = strlen(dir);
    char *stem = cli_concat(dir, len > 0 && dir[len - 1] == '/' ? "" : "/");

    if (!stem)
        return NULL;
    char *path = cli_concat(stem, name);
    free(stem);
    return path;
}

csk_status cli_no_memory(void)
{
    return csk_fail(CSK_ERR_NOMEM, "no memory");
}

static bool exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

csk_status cli_cfl_pair(char **data, char **header, const char *path)
{
    const char *dot = strrchr(path, '.');
    const bool named = dot && (strcmp(dot, ".cfl") == 0 || strcmp(dot, ".hdr") == 0);
    char *stem = named ? strndup(path, (size_t)(dot - path)) : strdup(path);

    *data = stem ? cli_concat(stem, ".cfl") : NULL;
    *header = stem ? cli_concat(stem, ".hdr") : NULL;
    free(stem);
    if (!*data || !*header) {
        free(*data);
        free(*header);
        *data = *header = NULL;
        return cli_no_memory();
    }
    if (!named && (exists(path) || !exists(*data))) {
        free(*data);
        free(*header);
        *data = *header = NULL;
    }
    return CSK_OK;
}

/* -- the nearest word --------------------------------------------------------- */

enum { WORD = 48 };

static int least(int a, int b, int c)
{
    const int ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/*
 * Insertions, deletions, substitutions and swaps of neighbours that make b of a
 * ("optimal string alignment"). Both are shorter than WORD.
 */
static int edits(const char *a, const char *b)
{
    const int la = (int)strlen(a), lb = (int)strlen(b);
    int d[WORD][WORD];

    for (int i = 0; i <= la; i++) {
        for (int j = 0; j <= lb; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            d[i][j] = least(d[i - 1][j] + 1, d[i][j - 1] + 1,
                            d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < d[i][j])
                d[i][j] = d[i - 2][j - 2] + 1;
        }
    }
    return d[la][lb];
}

const char *cli_nearest(const char *word, const char *const *words)
{
    const size_t len = strlen(word);
    const char *best = NULL;
    int best_edits = len < 3 ? 1 : 2 + (int)len / 5; /* more is another word */

    if (len == 0 || len >= WORD)
        return NULL;
    for (; *words; words++) {
        if (strlen(*words) >= WORD)
            continue;
        int n = edits(word, *words);
        if (len >= 3 && strncmp(word, *words, len) == 0)
            n = 1; /* cut short */
        if (n <= best_edits && (!best || n < best_edits)) {
            best = *words;
            best_edits = n;
        }
    }
    return best;
}

/* -- values --------------------------------------------------------------------- */

csk_status cli_parse_shape(int64_t *dim, int *rank, const char *text,
                           const char *option)
{
    int n = 0;

    for (const char *at = text;; at++) {
        char *end;
        errno = 0;
        const long long value = strtoll(at, &end, 10);
        if (end == at || errno || value < 1 || value > INT32_MAX ||
            (*end != ',' && *end != 'x' && *end != '\0') || n == CSK_MAX_RANK)
            return csk_fail(CSK_ERR_ARG,
                            "%s: '%s' is not a shape such as 192,192 (1 to %d numbers)",
                            option, text, (int)CSK_MAX_RANK);
        dim[n++] = value;
        at = end;
        if (*end == '\0')
            break;
    }
    *rank = n;
    return CSK_OK;
}

csk_status cli_parse_numbers(double *value, int n, const char *text, const char *option)
{
    const char *at = text;

    for (int i = 0; i < n; i++) {
        char *end;
        value[i] = strtod(at, &end);
        if (end == at || !(value[i] - value[i] == 0.) ||
            *end != (i + 1 < n ? ',' : '\0'))
            return n == 1
                       ? csk_fail(CSK_ERR_ARG, "%s: '%s' is not a number", option, text)
                       : csk_fail(CSK_ERR_ARG,
                                  "%s: '%s' is not %d numbers with commas between",
                                  option, text, n);
        at = end + 1;
    }
    return CSK_OK;
}
