/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/state.h"
#include "cs/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const csk_param cli_common_params[] = {
    CSK_OPT_TEXT(cli_common, seed, "seed", "N", "names all random numbers: equal seeds, equal results (default 1)"),
    CSK_OPT_INT(cli_common, threads, "threads", 0, 0, 1024, "N", "threads; 0: OMP_NUM_THREADS or all cores. No result depends on it"),
    CSK_OPT_FLAG(cli_common, force, "force", 0, "write over outputs that exist"),
    CSK_OPT_FLAG(cli_common, json, "json", 0, "print results as JSON"),
    CSK_OPT_FLAG(cli_common, plan, "plan", 0, "say what would be done, with memory and time, and stop"),
    CSK_OPT_FLAG(cli_common, quiet, "quiet", 0, "(or -q) no progress, no remarks"),
    CSK_OPT_FLAG(cli_common, verbose, "verbose", 0, "(or -v) more remarks"),
    CSK_OPT_END,
};
/* clang-format on */

static const csk_param no_params[] = { CSK_OPT_END };

void cli_each_param(const csk_param *table, void (*fn)(const csk_param *p, void *user),
                    void *user)
{
    for (const csk_param *p = table; p && p->type; p++) {
        if (p->type == CSK_PARAM_GROUP)
            cli_each_param(p->sub, fn, user);
        else
            fn(p, user);
    }
}

int cli_output_arg(const cli_cmd *cmd)
{
    for (int i = 0; cmd->args[i].name; i++) {
        if (cmd->args[i].role == CLI_OUTPUT || cmd->args[i].role == CLI_OUTPUT_DIR)
            return i;
    }
    return -1;
}

/* -- options ------------------------------------------------------------------ */

typedef struct parser {
    const cli_cmd *cmd;
    cli_parsed *out;
    int argc;
    char *const *argv;
    int next;       /* the word to look at */
    int words;      /* positional ones so far */
    char *output;   /* of -o; NULL: not given */
    cli_list given; /* names of options so far */
} parser;

typedef struct names {
    const char **list;
    int n;
} names;

static void count_name(const csk_param *p, void *user)
{
    (void)p;
    (*(int *)user)++;
}

static void add_name(const csk_param *p, void *user)
{
    names *to = user;

    to->list[to->n++] = p->name;
}

static csk_status unknown_option(const cli_cmd *cmd, const char *name)
{
    int n = 3; /* help, output and the end */

    cli_each_param(cmd->params, count_name, &n);
    cli_each_param(cli_common_params, count_name, &n);

    names all = { calloc((size_t)n, sizeof(*all.list)), 0 };
    if (!all.list)
        return cli_no_memory();
    cli_each_param(cmd->params, add_name, &all);
    cli_each_param(cli_common_params, add_name, &all);
    all.list[all.n++] = "help";
    if (cli_output_arg(cmd) >= 0)
        all.list[all.n++] = "output";

    const char *near = cli_nearest(name, all.list);
    free(all.list);
    return near ? csk_fail(CSK_ERR_ARG, "there is no option --%s; did you mean --%s?",
                           name, near)
                : csk_fail(CSK_ERR_ARG, "there is no option --%s; see 'csk %s --help'",
                           name, cmd->name);
}

/* "-" is a word, and so is what begins like a negative number. */
static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && !strchr("0123456789.", word[1]);
}

/* "=value" or the next word; NULL, with a message, if there is none. */
static char *value_of(parser *ps, const char *shown, char *eq)
{
    if (eq)
        return eq + 1;
    if (ps->next >= ps->argc)
        (void)csk_fail(CSK_ERR_ARG, "%s needs a value", shown);
    else if (is_option(ps->argv[ps->next]))
        (void)csk_fail(CSK_ERR_ARG, "%s needs a value before %s", shown,
                       ps->argv[ps->next]);
    else
        return ps->argv[ps->next++];
    return NULL;
}

static csk_status set_output(parser *ps, const char *shown, char *eq)
{
    if (cli_output_arg(ps->cmd) < 0)
        return csk_fail(CSK_ERR_ARG, "%s: this verb writes no file", shown);
    if (ps->output)
        return csk_fail(CSK_ERR_ARG, "the output is given twice");
    ps->output = value_of(ps, shown, eq);
    return ps->output ? CSK_OK : CSK_ERR_ARG;
}

static bool is_output_name(const cli_cmd *cmd, const char *name)
{
    const int k = cli_output_arg(cmd);

    return strcmp(name, "output") == 0 || (strcmp(name, "out") == 0 && k >= 0);
}

static csk_status set_flag(const csk_param *table, void *base, const char *name,
                           bool on, const char *eq)
{
    if (eq)
        return csk_fail(CSK_ERR_ARG, "--%s takes no value; --no-%s turns it off", name,
                        name);
    return csk_param_set(table, base, name, on ? "1" : "0");
}

static csk_status set_option(parser *ps, const char *name, char *eq)
{
    struct {
        const csk_param *table;
        void *opts;
    } const where[] = {
        { ps->cmd->params ? ps->cmd->params : no_params, ps->out->opts },
        { cli_common_params, &ps->out->common },
    };
    const bool negated = strncmp(name, "no-", 3) == 0;
    void *base;

    if (is_output_name(ps->cmd, name))
        return set_output(ps, "--output", eq);
    for (int i = 0; i < 2; i++) {
        const csk_param *p = csk_param_find(where[i].table, where[i].opts, name, &base);
        if (!p && negated) {
            p = csk_param_find(where[i].table, where[i].opts, name + 3, &base);
            if (p && p->type != CSK_PARAM_FLAG)
                p = NULL;
        }
        if (!p)
            continue;
        if (cli_list_has(&ps->given, p->name))
            return csk_fail(CSK_ERR_ARG, "--%s is given twice", p->name);
        if (!cli_list_add(&ps->given, p->name))
            return cli_no_memory();
        if (p->type == CSK_PARAM_FLAG)
            return set_flag(where[i].table, where[i].opts, p->name,
                            strcmp(p->name, name) == 0, eq);
        char shown[64];
        (void)snprintf(shown, sizeof(shown), "--%s", name);
        const char *value = value_of(ps, shown, eq);
        return value ? csk_param_set(where[i].table, where[i].opts, name, value)
                     : CSK_ERR_ARG;
    }
    return unknown_option(ps->cmd, name);
}

static csk_status long_option(parser *ps, char *word)
{
    char name[48];
    char *eq = strchr(word, '=');
    const size_t len = eq ? (size_t)(eq - word) : strlen(word);

    if (len >= sizeof(name) || len == 0)
        return csk_fail(CSK_ERR_ARG, "there is no option --%.60s", word);
    memcpy(name, word, len);
    name[len] = '\0';
    return set_option(ps, name, eq);
}

static csk_status short_option(parser *ps, const char *word)
{
    if (strcmp(word, "-o") == 0)
        return set_output(ps, "-o", NULL);
    if (strcmp(word, "-q") == 0)
        return set_option(ps, "quiet", NULL);
    if (strcmp(word, "-v") == 0)
        return set_option(ps, "verbose", NULL);
    return csk_fail(CSK_ERR_ARG, "there is no option %.60s; see 'csk %s --help'", word,
                    ps->cmd->name);
}

/* -- positional arguments -------------------------------------------------------- */

static csk_status too_few(const cli_cmd *cmd, int have)
{
    const cli_arg *a = cmd->args;

    for (; a->name; a++) {
        if ((a->count == CLI_ONE || a->count == CLI_MANY) && have-- == 0)
            break;
    }
    return csk_fail(CSK_ERR_ARG, "the argument %s is missing; see 'csk %s --help'",
                    a->name, cmd->name);
}

/* The words go to the arguments in order; what is not CLI_ONE takes what is left. */
static csk_status distribute(parser *ps)
{
    const cli_arg *args = ps->cmd->args;
    char **words = ps->out->words;
    int min = 0, fixed = 0, count = 0, spare, at = 0;
    bool open = false, optional = false; /* takes more than one; may be left out */

    for (; args[count].name; count++) {
        const cli_arg_count c = args[count].count;
        min += c == CLI_ONE || c == CLI_MANY;
        fixed += c == CLI_ONE;
        open |= c == CLI_MANY || c == CLI_ANY;
        optional |= c == CLI_OPTIONAL;
    }
    if (ps->output)
        words[ps->words++] = ps->output;
    if (ps->words < min)
        return too_few(ps->cmd, ps->words);
    if (!open && ps->words > fixed + optional)
        return csk_fail(CSK_ERR_ARG,
                        "one argument too many, '%.80s'%s; see 'csk %s --help'",
                        words[fixed + optional - (ps->output != NULL)],
                        ps->output ? " beside --output" : "", ps->cmd->name);

    spare = ps->words - fixed;
    ps->out->args = calloc((size_t)count + 1, sizeof(*ps->out->args));
    if (!ps->out->args)
        return cli_no_memory();
    for (int i = 0; i < count; i++) {
        const int n = args[i].count == CLI_ONE ? 1 : spare;
        ps->out->args[i] = (cli_values){ n, words + at };
        at += n;
    }
    return CSK_OK;
}

static csk_status parse_seed(uint64_t *seed, const char *text)
{
    char *end;

    *seed = 1;
    if (!text)
        return CSK_OK;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno == ERANGE)
        return csk_fail(CSK_ERR_ARG, "seed: '%s' is not a whole number in 0..2^64-1",
                        text);
    *seed = value;
    return CSK_OK;
}

static csk_status parse_words(parser *ps)
{
    bool options = true;

    while (ps->next < ps->argc) {
        char *word = ps->argv[ps->next++];
        csk_status err = CSK_OK;

        if (!options || !is_option(word))
            ps->out->words[ps->words++] = word;
        else if (strcmp(word, "--") == 0)
            options = false;
        else if (strncmp(word, "--", 2) == 0)
            err = long_option(ps, word + 2);
        else
            err = short_option(ps, word);
        if (err)
            return err;
    }
    return CSK_OK;
}

csk_status cli_parse(cli_parsed *p, const cli_cmd *cmd, int argc, char *const argv[])
{
    parser ps = { .cmd = cmd, .out = p, .argc = argc, .argv = argv };

    *p = (cli_parsed){ .opts = csk_alloc(1, cmd->opts_size + 1) };
    p->words = calloc((size_t)argc + 1, sizeof(*p->words));
    if (!p->opts || !p->words)
        return cli_no_memory();
    if (cmd->params)
        csk_param_defaults(cmd->params, p->opts);
    csk_param_defaults(cli_common_params, &p->common);

    csk_status err = parse_words(&ps);
    if (!err)
        err = distribute(&ps);
    if (!err)
        err = parse_seed(&p->seed, p->common.seed);
    cli_list_clear(&ps.given);
    return err;
}

void cli_parsed_clear(cli_parsed *p)
{
    csk_free(p->opts);
    free(p->words);
    free(p->args);
    *p = (cli_parsed){ .opts = NULL };
}

const char *cli_as_given(const cli_call *call, const char *name)
{
    const size_t length = strlen(name);

    for (int i = 0; i < call->state->argc; i++) {
        const char *word = call->state->argv[i];

        if (strcmp(word, "--") == 0)
            break;
        if (strncmp(word, "--", 2) != 0)
            continue;
        word += strncmp(word, "--no-", 5) == 0 ? 5 : 2;
        if (strncmp(word, name, length) == 0 &&
            (word[length] == '\0' || word[length] == '='))
            return call->state->argv[i];
    }
    return NULL;
}

bool cli_given(const cli_call *call, const char *name)
{
    return cli_as_given(call, name) != NULL;
}

csk_status cli_check_readers(const cli_call *call, const cli_reader *readers)
{
    for (; readers->option; readers++) {
        const char *word = readers->reads ? NULL : cli_as_given(call, readers->option);
        if (word)
            return csk_fail(CSK_ERR_ARG, "%.*s does nothing here: it needs %s",
                            (int)strcspn(word, "="), word, readers->needs);
    }
    return CSK_OK;
}
