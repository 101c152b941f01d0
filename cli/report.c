/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Results are kept in their order as (key, text for people, JSON value). A table is an
 * item whose text is NULL and whose value is an array; the rows' texts are beside it.
 */
#include "cli/json_text.h"
#include "cli/state.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct cell {
    char *key, *head,
        *text; /* head: the key as it stands above a column, with the unit */
    bool number;
    int row; /* of the table it is in */
} cell;

typedef struct item {
    char *key, *head;
    char *text;  /* NULL: a table */
    cell *cells; /* of a table */
    int ncells, rows;
    bool blocks; /* print every row as a block of lines */
    bool detail; /* print only with --verbose */
} item;

struct cli_report {
    json_t *root;
    item *items;
    int n;
    item *open;  /* the table whose row is open */
    json_t *row; /* borrowed from root */
    bool failed; /* out of memory */
};

void cli_report_free(cli_report *r)
{
    if (!r)
        return;
    for (int i = 0; i < r->n; i++) {
        item *it = &r->items[i];
        for (int c = 0; c < it->ncells; c++) {
            free(it->cells[c].key);
            free(it->cells[c].head);
            free(it->cells[c].text);
        }
        free(it->cells);
        free(it->key);
        free(it->head);
        free(it->text);
    }
    free(r->items);
    json_decref(r->root);
    free(r);
}

static cli_report *report_of(const cli_call *call)
{
    cli_report **r = &call->state->report;

    if (!*r) {
        *r = calloc(1, sizeof(**r));
        if (*r)
            (*r)->root = json_object();
        if (*r && !(*r)->root)
            (*r)->failed = true;
    }
    return *r;
}

/* "residual_norm" as "residual norm". */
static char *spaced(char *text)
{
    for (char *c = text; c && *c; c++) {
        if (*c == '_')
            *c = ' ';
    }
    return text;
}

static item *add_item(cli_report *r, const char *key)
{
    item *more = realloc(r->items, (size_t)(r->n + 1) * sizeof(*more));

    if (!more)
        return NULL;
    r->items = more;
    item *it = &more[r->n++];
    *it = (item){ .key = strdup(key), .head = spaced(strdup(key)) };
    return it->key && it->head ? it : NULL;
}

static char *joined(const char *text, const char *unit, const char *before,
                    const char *after)
{
    char all[512];

    if (!unit || !*unit)
        return strdup(text);
    (void)snprintf(all, sizeof(all), "%s%s%s%s", text, before, unit, after);
    return strdup(all);
}

static bool add_cell(item *table, const char *key, const char *text, const char *unit,
                     bool number)
{
    cell *more = realloc(table->cells, (size_t)(table->ncells + 1) * sizeof(*more));

    if (!more)
        return false;
    table->cells = more;
    cell *c = &more[table->ncells++];
    *c = (cell){ strdup(key), spaced(joined(key, unit, " (", ")")), strdup(text),
                 number, table->rows - 1 };
    return c->key && c->head && c->text;
}

/* Takes over @p value. */
static void put(const cli_call *call, const char *key, const char *text,
                const char *unit, bool number, json_t *value)
{
    cli_report *r = report_of(call);

    if (!r || r->failed) {
        json_decref(value);
        return;
    }
    r->failed |= json_object_set_new(r->row ? r->row : r->root, key, value) != 0;
    if (r->open) {
        r->failed |= !add_cell(r->open, key, text, unit, number);
        return;
    }
    item *it = add_item(r, key);
    if (it)
        it->text = joined(text, unit, " ", "");
    r->failed |= !it || !it->text;
}

void cli_put_real(const cli_call *call, const char *key, double value, int decimals,
                  const char *unit)
{
    char text[400]; /* DBL_MAX has 309 digits before the point */

    if (isnan(value))
        (void)snprintf(text, sizeof(text), "-");
    else if (decimals < 0)
        (void)snprintf(text, sizeof(text), "%.6g", value);
    else
        (void)snprintf(text, sizeof(text), "%.*f", decimals, value);
    put(call, key, text, unit, true, isfinite(value) ? json_real(value) : json_null());
}

void cli_put_int(const cli_call *call, const char *key, int64_t value)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%lld", (long long)value);
    put(call, key, text, NULL, true, json_integer(value));
}

void cli_put_text(const cli_call *call, const char *key, const char *value)
{
    char *shown = cli_printable(strdup(value ? value : ""));

    put(call, key, shown ? shown : "", NULL, false, cli_json_text(value));
    free(shown);
}

void cli_put_json(const cli_call *call, const char *key, const char *json)
{
    json_t *value = json_loads(json, 0, NULL);

    if (value)
        put(call, key, json, NULL, false, value);
    else
        cli_put_text(call, key, json);
}

void cli_put_flag(const cli_call *call, const char *key, bool value)
{
    put(call, key, value ? "yes" : "no", NULL, false, json_boolean(value));
}

void cli_put_shape(const cli_call *call, const char *key, const csk_space *space)
{
    char text[160];
    size_t used = 0;
    json_t *dims = json_array();

    text[0] = '\0';
    for (int i = 0; i < space->rank; i++) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%lld",
                                 i ? "x" : "", (long long)space->dim[i]);
        (void)json_array_append_new(dims, json_integer(space->dim[i]));
    }
    put(call, key, text, NULL, false, dims);
}

/* The table whose row is open from now on; NULL: there is none. */
static item *begin(const cli_call *call, const char *table)
{
    cli_report *r = report_of(call);

    if (!r || r->failed)
        return NULL;
    r->open = NULL;
    for (int i = 0; i < r->n; i++) {
        if (!r->items[i].text && strcmp(r->items[i].key, table) == 0)
            r->open = &r->items[i];
    }
    if (!r->open) {
        r->open = add_item(r, table);
        r->failed |= !r->open || json_object_set_new(r->root, table, json_array()) != 0;
    }
    if (r->failed)
        return NULL;
    r->row = json_object();
    r->failed |= json_array_append_new(json_object_get(r->root, table), r->row) != 0;
    r->open->rows++;
    return r->open;
}

void cli_begin_row(const cli_call *call, const char *table)
{
    (void)begin(call, table);
}

void cli_begin_block(const cli_call *call, const char *table)
{
    item *it = begin(call, table);

    if (it)
        it->blocks = true;
}

void cli_begin_detail(const cli_call *call, const char *table)
{
    item *it = begin(call, table);

    if (it)
        it->detail = true;
}

void cli_end_row(const cli_call *call)
{
    cli_report *r = call->state->report;

    if (r) {
        r->open = NULL;
        r->row = NULL;
    }
}

/* -- printing ------------------------------------------------------------------- */

/* Columns a terminal needs for UTF-8 text: bytes that do not continue a character. */
static int columns(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static const cell *cell_at(const item *table, int row, const char *key)
{
    for (int c = 0; c < table->ncells; c++) {
        if (table->cells[c].row == row && strcmp(table->cells[c].key, key) == 0)
            return &table->cells[c];
    }
    return NULL;
}

static int column_width(const item *table, const char *key)
{
    int width = 0;

    for (int c = 0; c < table->ncells; c++) {
        const cell *at = &table->cells[c];
        if (strcmp(at->key, key) != 0)
            continue;
        const int text = columns(at->text), head = columns(at->head);
        width = text > width ? text : width;
        width = head > width ? head : width;
    }
    return width;
}

static bool first_of_its_key(const item *table, int c)
{
    for (int k = 0; k < c; k++) {
        if (strcmp(table->cells[k].key, table->cells[c].key) == 0)
            return false;
    }
    return true;
}

/* row -1: the heading. Numbers to the right, words to the left. */
static void print_row(FILE *to, const item *table, int row)
{
    int blanks = 0;

    for (int c = 0; c < table->ncells; c++) {
        const cell *head = &table->cells[c];
        if (!first_of_its_key(table, c))
            continue;
        const cell *at = row < 0 ? head : cell_at(table, row, head->key);
        const char *text = row < 0 ? head->head : at ? at->text : "-";
        const int pad = column_width(table, head->key) - columns(text);
        (void)fprintf(to, "%*s%s", blanks + (head->number ? pad : 0), "", text);
        blanks = 2 + (head->number ? 0 : pad);
    }
    (void)fputc('\n', to);
}

static void print_line(FILE *to, const char *head, int width, const char *text)
{
    (void)fprintf(to, "%s%*s  %s\n", head, width - columns(head), "", text);
}

static void print_blocks(FILE *to, const item *table)
{
    int width = 0;

    for (int c = 0; c < table->ncells; c++) {
        const int w = columns(table->cells[c].head);
        width = w > width ? w : width;
    }
    for (int c = 0; c < table->ncells; c++) {
        if (c > 0 && table->cells[c].row != table->cells[c - 1].row)
            (void)fputc('\n', to);
        print_line(to, table->cells[c].head, width, table->cells[c].text);
    }
}

static void print_text(FILE *to, const cli_report *r, bool verbose)
{
    const item *last = NULL; /* of those printed */
    int width = 0;

    for (int i = 0; i < r->n; i++) {
        if (r->items[i].text && columns(r->items[i].head) > width)
            width = columns(r->items[i].head);
    }
    for (int i = 0; i < r->n; i++) {
        const item *it = &r->items[i];
        if (it->detail && !verbose)
            continue;
        if (last && (!it->text || !last->text))
            (void)fputc('\n', to);
        last = it;
        if (it->text)
            print_line(to, it->head, width, it->text);
        else if (it->blocks)
            print_blocks(to, it);
        else
            for (int row = -1; row < it->rows; row++)
                print_row(to, it, row);
    }
}

char *cli_report_json(const cli_call *call)
{
    const cli_report *r = report_of(call);

    return r && !r->failed
               ? json_dumps(r->root, JSON_INDENT(2) | JSON_REAL_PRECISION(12))
               : NULL;
}

csk_status cli_report_print(const cli_call *call, FILE *to)
{
    const cli_report *r = call->state->report;

    if (r && r->failed)
        return csk_fail(CSK_ERR_NOMEM, "no memory for the report");
    if (call->json && r) {
        char *text = cli_report_json(call);
        if (!text)
            return csk_fail(CSK_ERR_NOMEM, "no memory for the report");
        (void)fprintf(to, "%s\n", text);
        free(text);
    } else if (r) {
        print_text(to, r, call->verbose);
    }
    if (fflush(to) != 0 || ferror(to))
        return csk_fail(CSK_ERR_IO, "cannot write the results: %s", strerror(errno));
    return CSK_OK;
}
