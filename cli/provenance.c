/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a result comes from, as one line of JSON; the same for equal jobs. */
#include "cli/json_text.h"
#include "cli/state.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* -- the command, as far as it determines the result -------------------------------- */

/* Options that change no result; @p value: it takes one. */
static bool is_idle_option(const char *word, bool *value)
{
    static const char *const flags[] = { "-q",      "--quiet", "-v",    "--verbose",
                                         "--force", "--json",  "--plan" };
    static const char *const valued[] = { "-o", "--output", "--out", "--threads" };

    *value = false;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (strcmp(word, flags[i]) == 0 ||
            (strncmp(word, "--no-", 5) == 0 && strcmp(word + 5, flags[i] + 2) == 0))
            return true;
    }
    for (size_t i = 0; i < sizeof(valued) / sizeof(valued[0]); i++) {
        const size_t len = strlen(valued[i]);
        if (strncmp(word, valued[i], len) == 0 &&
            (word[len] == '\0' || word[len] == '=')) {
            *value = word[len] == '\0';
            return true;
        }
    }
    return false;
}

static bool is_plain(const char *word)
{
    return *word &&
           strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                        "+-_=.,:/@%") == strlen(word);
}

/* Write @p word as a shell would have to read it. */
static void quote(FILE *to, const char *word)
{
    if (is_plain(word)) {
        (void)fprintf(to, " %s", word);
        return;
    }
    (void)fputs(" '", to);
    for (; *word; word++) {
        if (*word == '\'')
            (void)fputs("'\\''", to);
        else
            (void)fputc(*word, to);
    }
    (void)fputc('\'', to);
}

char *cli_command_text(const char *verb, int argc, char *const argv[])
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    if (!to)
        return NULL;
    (void)fprintf(to, "csk %s", verb);
    for (int i = 0; i < argc; i++)
        quote(to, argv[i]);
    if (fclose(to) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* The words that determine the result. A new string; NULL if no memory. */
static char *command(const cli_call *call)
{
    const cli_state *s = call->state;
    const int k = cli_output_arg(call->cmd);
    const char *output = k < 0 ? NULL : cli_arg_of(call, k);
    char **kept = calloc((size_t)s->argc + 1, sizeof(char *));
    int n = 0;

    if (!kept)
        return NULL;
    for (int i = 0; i < s->argc; i++) {
        bool value;
        if (is_idle_option(s->argv[i], &value))
            i += value;
        else if (s->argv[i] != output)
            kept[n++] = s->argv[i];
    }
    char *text = cli_command_text(call->cmd->name, n, kept);
    free(kept);
    return text;
}

/* -- the options -------------------------------------------------------------------- */

static json_t *value_of(const csk_param *p, const char *at)
{
    switch (p->type) {
    case CSK_PARAM_FLAG:
        return json_boolean(*(const bool *)at);
    case CSK_PARAM_INT:
        return json_integer(*(const int *)at);
    case CSK_PARAM_REAL:
        return json_real(*(const double *)at);
    case CSK_PARAM_CHOICE:
        return json_string(p->words[*(const int *)at]);
    case CSK_PARAM_TEXT:
        return *(const char *const *)at ? cli_json_text(*(const char *const *)at)
                                        : json_null();
    case CSK_PARAM_GROUP:
    case CSK_PARAM_END:
        break;
    }
    return json_null();
}

static void add_options(json_t *to, const csk_param *table, const char *opts)
{
    for (const csk_param *p = table; p && p->type; p++) {
        if (p->type == CSK_PARAM_GROUP)
            add_options(to, p->sub, opts + p->offset);
        else
            (void)json_object_set_new(to, p->name, value_of(p, opts + p->offset));
    }
}

static json_t *inputs(const cli_state *s)
{
    json_t *all = json_object();

    for (int i = 0; i + 1 < s->inputs.n; i += 2) {
        char text[80];
        (void)snprintf(text, sizeof(text), "sha256:%s", s->inputs.v[i + 1]);
        json_t *name = cli_json_text(s->inputs.v[i]);
        (void)json_object_set_new(all, json_string_value(name), json_string(text));
        json_decref(name);
    }
    return all;
}

const char *cli_provenance(const cli_call *call)
{
    cli_state *s = call->state;
    char *line = command(call);
    json_t *all = json_object();
    json_t *options = json_object();

    free(s->provenance);
    s->provenance = NULL;
    if (line && all && options) {
        (void)json_object_set_new(all, "csk", json_string(CSK_VERSION));
        (void)json_object_set_new(all, "command", cli_json_text(line));
        (void)json_object_set_new(all, "seed", json_integer((json_int_t)call->seed));
        if (cli_interrupted()) /* what there was at that time */
            (void)json_object_set_new(all, "interrupted", json_true());
        add_options(options, call->cmd->params, call->opts);
        (void)json_object_set(all, "options", options);
        (void)json_object_set_new(all, "inputs", inputs(s));
        s->provenance = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(15));
    }
    json_decref(options);
    json_decref(all);
    free(line);
    return s->provenance;
}
