/* SPDX-License-Identifier: BSD-3-Clause */
/* Completion for bash, made from the tables. */
#include "cli/state.h"

#include <string.h>

static void option_name(const csk_param *p, void *user)
{
    (void)fprintf(user, " --%s", p->name);
}

/* After an option that is a choice come its words, after any other with a value a file. */
static void option_values(const csk_param *p, void *user)
{
    if (p->type != CSK_PARAM_CHOICE)
        return;
    (void)fprintf(user, "    *' --%s') words='", p->name);
    for (int i = 0; p->words[i]; i++)
        (void)fprintf(user, "%s%s", i ? " " : "", p->words[i]);
    (void)fputs("' ;;\n", user);
}

static void complete_verb(FILE *to, const cli_cmd *cmd)
{
    (void)fprintf(to, "  '%s'|'%s '*)\n    case \"$before\" in\n", cmd->name,
                  cmd->name);
    cli_each_param(cmd->params, option_values, to);
    (void)fputs("    *) words='--help", to);
    if (cli_output_arg(cmd) >= 0)
        (void)fputs(" --output", to);
    cli_each_param(cmd->params, option_name, to);
    cli_each_param(cli_common_params, option_name, to);
    (void)fputs("'; files=1 ;;\n    esac ;;\n", to);
}

/* The first words of all verbs, then the second words of those that have two. */
static void complete_names(FILE *to)
{
    for (const cli_cmd *const *c = cli_commands; *c; c++) {
        const char *space = strchr((*c)->name, ' ');
        if (!space)
            continue;
        (void)fprintf(to, "  '%.*s') words='", (int)(space - (*c)->name), (*c)->name);
        for (const cli_cmd *const *e = cli_commands; *e; e++) {
            if (strncmp((*e)->name, (*c)->name, (size_t)(space - (*c)->name) + 1) == 0)
                (void)fprintf(to, "%s ", (*e)->name + (space - (*c)->name) + 1);
        }
        (void)fputs("' ;;\n", to);
    }
    (void)fputs("  'help') words='", to);
    for (const cli_cmd *const *c = cli_commands; *c; c++)
        (void)fprintf(to, "%s ", (*c)->name);
    for (const char *const *t = cli_topics; *t; t++)
        (void)fprintf(to, "%s ", *t);
    (void)fputs("' ;;\n  '') words='--help --version", to);
    for (const cli_cmd *const *c = cli_commands; *c; c++)
        (void)fprintf(to, " %.*s", (int)strcspn((*c)->name, " "), (*c)->name);
    (void)fputs("' ;;\n", to);
}

void cli_complete_bash(FILE *to)
{
    (void)fputs("# bash completion for csk; made by 'csk --completion=bash'\n"
                "_csk() {\n"
                "  local cur=${COMP_WORDS[COMP_CWORD]} words= files=\n"
                "  local before=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\"\n"
                "  case \"$before\" in\n",
                to);
    complete_names(to);
    for (const cli_cmd *const *c = cli_commands; *c; c++)
        complete_verb(to, *c);
    (void)fputs("  esac\n"
                "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                "  [ -z \"$files\" ] || COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
                "}\n"
                "complete -o filenames -F _csk csk\n",
                to);
}
