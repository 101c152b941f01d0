/* SPDX-License-Identifier: BSD-3-Clause */
/* The description of a verb, made from its tables. */
#include "cli/doc.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* -- arguments and options -------------------------------------------------------------- */

static void usage(char *out, size_t room, const cli_cmd *cmd)
{
    static const char *const around[] = { [CLI_ONE] = " %s",
                                          [CLI_OPTIONAL] = " [%s]",
                                          [CLI_MANY] = " %s...",
                                          [CLI_ANY] = " [%s...]" };
    size_t used = (size_t)snprintf(out, room, "csk %s [options]", cmd->name);

    for (const cli_arg *a = cmd->args; a->name && used < room; a++) {
        const char *form = around[a->count], *at = strstr(form, "%s");
        used += (size_t)snprintf(out + used, room - used, "%.*s%s%s", (int)(at - form),
                                 form, a->name, at + 2);
    }
}

static void append(char *out, size_t room, const char *a, const char *b)
{
    const size_t used = strlen(out);

    if (used < room)
        (void)snprintf(out + used, room - used, "%s%s", a, b);
}

/* "default 4, 1..1000"; open ranges are not shown. */
static void number_detail(char *out, size_t room, const csk_param *p)
{
    const double limit = p->type == CSK_PARAM_INT ? INT_MAX : 1e30;
    const bool low = p->lo > -limit, high = p->hi < limit;
    char range[64] = "";

    if (low && high)
        (void)snprintf(range, sizeof(range), "; %g..%g", p->lo, p->hi);
    else if (low)
        (void)snprintf(range, sizeof(range), "; at least %g", p->lo);
    else if (high)
        (void)snprintf(range, sizeof(range), "; at most %g", p->hi);
    (void)snprintf(out, room, " (default %.9g%s)", p->preset, range);
}

static void choice_detail(char *out, size_t room, const csk_param *p)
{
    (void)snprintf(out, room, ": ");
    for (int i = 0; p->words[i]; i++)
        append(out, room, i ? ", " : "", p->words[i]);
    append(out, room, " (default ", p->words[(int)p->preset]);
    append(out, room, ")", "");
}

static void describe_param(const csk_param *p, void *user)
{
    const doc *d = user;
    char term[80], detail[320] = "", text[800];

    (void)snprintf(term, sizeof(term), "--%s%s%s", p->name,
                   p->unit                       ? " "
                   : p->type == CSK_PARAM_CHOICE ? " WORD"
                                                 : "",
                   p->unit ? p->unit : "");
    if (p->type == CSK_PARAM_INT || p->type == CSK_PARAM_REAL)
        number_detail(detail, sizeof(detail), p);
    else if (p->type == CSK_PARAM_CHOICE)
        choice_detail(detail, sizeof(detail), p);
    else if (p->type == CSK_PARAM_FLAG && p->preset != 0.)
        (void)snprintf(detail, sizeof(detail), " (default; --no-%s turns it off)",
                       p->name);
    (void)snprintf(text, sizeof(text), "%s%s", p->help, detail);
    doc_item(d, term, text);
}

static void describe_common(const doc *d, const cli_cmd *cmd)
{
    const int k = cli_output_arg(cmd);
    char term[80], text[160];

    doc_section(d, "Common options");
    if (k >= 0) {
        (void)snprintf(term, sizeof(term), "-o, --output %s",
                       cmd->args[k].role == CLI_OUTPUT_DIR ? "DIR" : "FILE");
        (void)snprintf(text, sizeof(text), "the same as the argument %s; also --out",
                       cmd->args[k].name);
        doc_item(d, term, text);
    }
    cli_each_param(cli_common_params, describe_param, (void *)d);
    doc_item(d, "--help",
             "(or -h) this text; --man and --markdown: the same, marked up");
}

void cli_describe(FILE *to, const cli_cmd *cmd, cli_markup markup)
{
    const doc d = { to, markup };
    char line[512];

    (void)snprintf(line, sizeof(line), "csk %s", cmd->name);
    doc_title(&d, line, cmd->brief);
    doc_section(&d, markup == CLI_MAN ? "Synopsis" : "Usage");
    usage(line, sizeof(line), cmd);
    doc_code(&d, line);
    if (markup != CLI_TEXT)
        doc_section(&d, "Description");
    doc_text(&d, cmd->about);
    if (cmd->args[0].name) {
        doc_section(&d, "Arguments");
        for (const cli_arg *a = cmd->args; a->name; a++)
            doc_item(&d, a->name, a->help);
    }
    if (cmd->params && cmd->params->type) {
        doc_section(&d, "Options");
        cli_each_param(cmd->params, describe_param, (void *)&d);
    }
    describe_common(&d, cmd);
    if (cmd->examples) {
        doc_section(&d, "Examples");
        for (const cli_example *e = cmd->examples; e->line; e++) {
            (void)snprintf(line, sizeof(line), "csk %s", e->line);
            if (markup == CLI_TEXT) {
                doc_code(&d, line);
                (void)fprintf(to, "      %s\n", e->help);
            } else {
                doc_item(&d, line, e->help);
            }
        }
    }
    if (cmd->refs) {
        doc_section(&d, "References");
        for (const char *const *r = cmd->refs; *r; r++) {
            if (markup == CLI_TEXT)
                doc_code(&d, *r);
            else
                doc_item(&d, "*", *r);
        }
    }
    doc_end(&d);
}

void cli_describe_all(FILE *to, cli_markup markup)
{
    const doc d = { to, markup };

    doc_title(&d, "csk",
              "compressed-sensing reconstruction with calibrated uncertainty");
    doc_section(&d, markup == CLI_MAN ? "Synopsis" : "Usage");
    doc_code(&d, "csk VERB [options] arguments");
    doc_section(&d, "Verbs");
    for (const cli_cmd *const *c = cli_commands; *c; c++)
        doc_item(&d, (*c)->name, (*c)->brief);
    doc_section(&d, "Explanations");
    doc_item(&d, "csk help VERB", "arguments, options and examples of a verb");
    for (const char *const *t = cli_topics; *t; t++) {
        char term[64];
        (void)snprintf(term, sizeof(term), "csk help %s", *t);
        doc_item(&d, term, cli_topic_brief(*t));
    }
    doc_item(&d, "csk --version", "version of the program");
    doc_section(&d, "Options of every verb");
    cli_each_param(cli_common_params, describe_param, (void *)&d);
    doc_item(&d, "--help", "(or -h) explains the verb");
}
