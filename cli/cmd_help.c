/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/state.h"
#include "cs/format.h"

#include <stdlib.h>
#include <string.h>

typedef struct help_opts {
    bool man, markdown, examples;
    const char *into;
} help_opts;

/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_FLAG(help_opts, man, "man", 0, "as a manual page"),
    CSK_OPT_FLAG(help_opts, markdown, "markdown", 0, "as Markdown"),
    CSK_OPT_TEXT(help_opts, into, "into", "DIR", "write a page for every verb into this directory"),
    CSK_OPT_FLAG(help_opts, examples, "examples", 0, "only the examples of all verbs, as a shell script"),
    CSK_OPT_END,
};
/* clang-format on */

/* The page of @p cmd (NULL: of the program) in DIR/csk-VERB.1 or .md. */
static csk_status write_page(const cli_call *call, const char *dir, const cli_cmd *cmd,
                             cli_markup markup)
{
    char name[64], *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    if (!to)
        return cli_no_memory();
    (void)snprintf(name, sizeof(name), "csk%s%s%s", cmd ? "-" : "",
                   cmd ? cmd->name : "", markup == CLI_MAN ? ".1" : ".md");
    for (char *c = name; *c; c++) {
        if (*c == ' ')
            *c = '-';
    }
    if (cmd)
        cli_describe(to, cmd, markup);
    else
        cli_describe_all(to, markup);
    (void)fclose(to);

    char *path = cli_join(dir, name);
    csk_status err = path ? cli_write_file(call, path, text, len) : CSK_ERR_NOMEM;
    free(path);
    free(text);
    return err;
}

static csk_status write_pages(const cli_call *call, const char *dir, cli_markup markup)
{
    csk_status err = write_page(call, dir, NULL, markup);

    for (const cli_cmd *const *c = cli_commands; *c && !err; c++)
        err = write_page(call, dir, *c, markup);
    return err;
}

static void list_examples(void)
{
    for (const cli_cmd *const *c = cli_commands; *c; c++) {
        const cli_example *e = (*c)->examples;
        for (; e && e->line; e++)
            (void)printf("csk %s\n", e->line);
    }
}

static csk_status one_at_a_time(const char *more)
{
    return csk_fail(CSK_ERR_ARG, "one verb or topic at a time, not also '%s'", more);
}

static csk_status run(const cli_call *call)
{
    const help_opts *o = call->opts;
    const cli_values *words = &call->args[0];
    const cli_markup markup = o->man ? CLI_MAN : o->markdown ? CLI_MARKDOWN : CLI_TEXT;
    int used;

    if (o->examples) {
        list_examples();
        return CSK_OK;
    }
    if (o->into) {
        if (markup == CLI_TEXT)
            return csk_fail(CSK_ERR_ARG, "--into needs --man or --markdown");
        return write_pages(call, o->into, markup);
    }
    if (words->n == 0) {
        cli_describe_all(stdout, markup);
        return CSK_OK;
    }
    if (words->n == 1 && cli_describe_topic(stdout, words->v[0], markup))
        return CSK_OK;
    if (words->n > 1 && *cli_topic_brief(words->v[0]))
        return one_at_a_time(words->v[1]);

    if (words->n == 1 && markup == CLI_TEXT && cli_describe_family(words->v[0]))
        return CSK_OK;
    const cli_cmd *cmd = cli_find(words->n, words->v, &used);
    if (!cmd) {
        const char *topic = words->n == 1 ? cli_nearest(words->v[0], cli_topics) : NULL;
        return topic ? csk_fail(CSK_ERR_ARG,
                                "there is no topic '%.48s'; did you mean '%s'?",
                                words->v[0], topic)
                     : CSK_ERR_ARG;
    }
    if (used < words->n)
        return one_at_a_time(words->v[used]);
    cli_describe(stdout, cmd, markup);
    return CSK_OK;
}

static const cli_arg args[] = {
    { "TOPIC",
      "a verb, or a topic that the list names; none: the list of verbs and topics",
      .count = CLI_ANY, .role = CLI_WORD },
    { .name = NULL },
};

static const cli_example examples[] = {
    { "help mask", "what csk mask does and takes" },
    { "help formats", "which files csk reads and writes" },
    { NULL, NULL },
};

const cli_cmd cmd_help = {
    .name = "help",
    .brief = "explain a verb or a topic",
    .about =
        "Prints the description of a verb, with all its options, their defaults and "
        "ranges, and examples that work; or the text on a topic.",
    .args = args,
    .params = params,
    .opts_size = sizeof(help_opts),
    .examples = examples,
    .run = run,
};
