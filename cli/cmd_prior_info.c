/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs prior info and prior list. */
#include "cli/prior_arg.h"
#include "cli/state.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 512, LONGEST = 160 };

static const char *field_name(csk_field field)
{
    return field == CSK_REAL ? "real" : "complex";
}

/* -- a wavelet prior --------------------------------------------------------------- */

/* Axes with a high pass, "yx"; bit i is the i-th of the last axes of an image. */
static void name_detail(char *out, unsigned detail, int axes)
{
    static const char letters[] = "xyz";

    for (int i = 0; i < axes; i++) {
        if (detail >> i & 1u)
            *out++ = letters[axes - 1 - i];
    }
    *out = '\0';
}

static void put_band(const cli_call *call, const csk_wavelet_model *m, int band)
{
    const int details = (1 << m->axes) - 1;
    const int level = band == 0 ? m->levels : m->levels - (band - 1) / details;
    const unsigned detail = band == 0 ? 0u : (unsigned)((band - 1) % details + 1);
    char name[8];
    double power = 0.;

    for (int k = 0; k < m->components; k++) {
        const int at = band * m->components + k;
        power += m->weight[at] * m->variance[at];
    }
    name_detail(name, detail, m->axes);
    cli_begin_row(call, "bands");
    cli_put_int(call, "level", level);
    cli_put_text(call, "detail", band == 0 ? "none" : name);
    cli_put_real(call, "rms", sqrt((double)m->field * power), -1, NULL);
    cli_end_row(call);
}

static void put_wavelet(const cli_call *call, const csk_wavelet_model *m)
{
    cli_put_text(call, "kind", "wavelet");
    cli_put_text(call, "field", field_name(m->field));
    cli_put_int(call, "axes", m->axes);
    cli_put_text(call, "wavelet", m->family);
    cli_put_int(call, "levels", m->levels);
    cli_put_int(call, "components", m->components);
    cli_put_real(call, "scale", m->scale, -1, NULL);
    for (int band = 0; band < csk_wavelet_model_bands(m); band++)
        put_band(call, m, band);
}

/* -- a card ------------------------------------------------------------------------ */

/* A value on one line: a text as it is, else as JSON. */
static char *line_of(const json_t *value)
{
    const char *text = json_string_value(value);

    return cli_printable(text ? strdup(text)
                              : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT |
                                                      JSON_REAL_PRECISION(6)));
}

static bool is_number_list(const json_t *value)
{
    if (!json_is_array(value) || json_array_size(value) == 0)
        return false;
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (!json_is_number(json_array_get(value, i)))
            return false;
    }
    return true;
}

/* Whether all members are lists of numbers, equally long: columns of a table. */
static bool is_table(json_t *object)
{
    const char *key;
    json_t *value;
    size_t rows = 0;

    json_object_foreach(object, key, value)
    {
        if (is_number_list(value) && rows == 0)
            rows = json_array_size(value);
        if (json_is_array(value) &&
            !(is_number_list(value) && json_array_size(value) == rows))
            return false;
    }
    return rows > 1;
}

/* What is longer is cut: lists of files and their hashes are for --json. */
static void put_line(const cli_call *call, const char *prefix, const char *key,
                     const json_t *value)
{
    char name[TEXT], head[LONGEST + 40];
    char *text = line_of(value);

    (void)snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "_" : "", key);
    if (text && strlen(text) > LONGEST + 20) {
        size_t n = LONGEST;

        while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80) /* whole characters */
            n--;
        (void)snprintf(head, sizeof(head), "%.*s ... (see --json)", (int)n, text);
    }
    cli_put_text(call, cli_printable(name),
                 !text                         ? ""
                 : strlen(text) > LONGEST + 20 ? head
                                               : text);
    free(text);
}

/* The lists of numbers are columns, what else there is are lines before them. */
static void put_table(const cli_call *call, const char *table, json_t *object)
{
    const char *key;
    json_t *value;
    size_t rows = 0;

    json_object_foreach(object, key, value)
    {
        if (is_number_list(value))
            rows = json_array_size(value);
        else
            put_line(call, table, key, value);
    }
    for (size_t i = 0; i < rows; i++) {
        cli_begin_row(call, table);
        json_object_foreach(object, key, value)
        {
            char head[TEXT];
            (void)snprintf(head, sizeof(head), "%s", key);
            if (is_number_list(value))
                cli_put_real(call, cli_printable(head),
                             json_number_value(json_array_get(value, i)), -1, NULL);
        }
        cli_end_row(call);
    }
}

/* "61 nodes: 40 conv, 21 silu" */
static void put_graph(const cli_call *call, const json_t *graph)
{
    const json_t *nodes = json_object_get(graph, "nodes");
    json_t *count = json_object();
    const char *op;
    json_t *value;
    char text[TEXT];
    size_t i, used;

    json_array_foreach(nodes, i, value)
    {
        op = json_string_value(json_object_get(value, "op"));
        op = op ? op : "?";
        (void)json_object_set_new(
            count, op,
            json_integer(json_integer_value(json_object_get(count, op)) + 1));
    }
    used = (size_t)snprintf(text, sizeof(text), "%zu nodes", json_array_size(nodes));
    json_object_foreach(count, op, value)
    {
        if (used < sizeof(text))
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %lld %s",
                                     strchr(text, ':') ? "," : ":",
                                     (long long)json_integer_value(value), op);
    }
    cli_put_text(call, "graph", cli_printable(text));
    json_decref(count);
}

/* Lines first, then tables. */
static void put_card(const cli_call *call, json_t *card)
{
    const char *key, *inner;
    json_t *value, *member;

    json_object_foreach(card, key, value)
    {
        if (strcmp(key, "csk") == 0 || strcmp(key, "version") == 0 ||
            json_is_null(value))
            continue; /* what every card says, or what it leaves open */
        if (strcmp(key, "graph") == 0)
            put_graph(call, value);
        else if (!json_is_object(value))
            put_line(call, "", key, value);
        else if (!is_table(value))
            json_object_foreach(value, inner, member)
                put_line(call, key, inner, member);
    }
    json_object_foreach(card, key, value)
    {
        if (json_is_object(value) && is_table(value) && strcmp(key, "graph") != 0)
            put_table(call, key, value);
    }
}

static csk_status put_learned(const cli_call *call, const cli_prior *p)
{
    const csk_tensors *t = csk_model_tensors(p->model);
    json_t *card = json_loads(csk_model_card(p->model), 0, NULL);
    int64_t parameters = 0;

    if (!card)
        return cli_no_memory();
    for (int i = 0; i < t->count; i++)
        parameters += csk_tensor_size(&t->item[i]);
    cli_put_text(call, "file", p->path);
    cli_put_text(call, "sha256", p->hash);
    if (!json_object_get(card, "parameters") || call->json)
        cli_put_int(call, "parameters", parameters);
    if (call->json)
        cli_put_json(call, "card", csk_model_card(p->model));
    else
        put_card(call, card);
    json_decref(card);
    return CSK_OK;
}

static csk_status info_run(const cli_call *call)
{
    cli_prior p = { .model = NULL };
    csk_status err = cli_prior_read(call, &p, cli_arg_of(call, 0));

    if (err)
        return err;
    if (csk_model_wavelet(p.model)) {
        put_wavelet(call, csk_model_wavelet(p.model));
        cli_put_score_norm(call, csk_model_score_norm(p.model));
    } else {
        err = put_learned(call, &p);
    }
    cli_prior_clear(&p);
    return err;
}

static const cli_arg info_args[] = {
    { "PRIOR", "a name or a file: csk help priors", .role = CLI_INPUT },
    { .name = NULL },
};

static const cli_example info_examples[] = {
    { "prior info head.csk", "its bands" },
    { NULL, NULL },
};

const cli_cmd cmd_prior_info = {
    .name = "prior info",
    .brief = "say what a prior holds",
    .about =
        "Of a network or a ridge regulariser its card: kind, architecture, field, range of "
        "noise levels, what it was trained on and how, its licence, how well it denoises, "
        "where it comes from; with --json all of it (the member card), the graph "
        "of the network included.\n\n"
        "Of a wavelet prior its bands. scale is the unit of the images it was fitted to: "
        "the 99th percentile of "
        "their magnitudes. A band is named by its level, 1 the finest, and by the "
        "axes that are high-pass filtered; none is the approximation. rms is the "
        "root mean square of a coefficient's magnitude, in the units of the images.",
    .args = info_args,
    .examples = info_examples,
    .run = info_run,
};

/* -- prior list -------------------------------------------------------------------- */

static csk_status list_run(const cli_call *call)
{
    return cli_put_priors(call, "priors");
}

static const cli_arg list_args[] = {
    { .name = NULL },
};

static const cli_example list_examples[] = {
    { "prior list", "their names, and what they were trained on" },
    { NULL, NULL },
};

const cli_cmd cmd_prior_list = {
    .name = "prior list",
    .brief = "list the priors that can be called by name",
    .about = "NAME means the file NAME.csk in a directory of the environment variable "
             "CSK_MODELS (several are separated by ':'), in share/csk/models where csk "
             "was installed, or in datasets/models of the source tree; the first that "
             "has it. Use a prior for images like those it was trained on.",
    .args = list_args,
    .examples = list_examples,
    .run = list_run,
};
