/* SPDX-License-Identifier: BSD-3-Clause */
/* All verbs. The examples of a verb may use what those of earlier verbs have made. */
#include "cli/state.h"

#include <stdio.h>
#include <string.h>

extern const cli_cmd cmd_convert, cmd_demo, cmd_denoise, cmd_help, cmd_info, cmd_mask,
    cmd_metric, cmd_phantom, cmd_prior_check, cmd_prior_expect, cmd_prior_fit,
    cmd_prior_import, cmd_prior_info, cmd_prior_list, cmd_recon, cmd_restore,
    cmd_sample, cmd_simulate, cmd_solve, cmd_train, cmd_view;

/* clang-format off */
const cli_cmd *const cli_commands[] = {
    &cmd_phantom,
    &cmd_mask,
    &cmd_simulate,
    &cmd_solve,
    &cmd_prior_fit,
    &cmd_prior_import,
    &cmd_train,
    &cmd_prior_expect,
    &cmd_prior_check,
    &cmd_prior_info,
    &cmd_prior_list,
    &cmd_sample,
    &cmd_recon,
    &cmd_restore,
    &cmd_denoise,
    &cmd_convert,
    &cmd_info,
    &cmd_view,
    &cmd_metric,
    &cmd_demo,
    &cmd_help,
    NULL,
};
/* clang-format on */

/* Words in the name of a verb: 1 or 2. */
static int words_in(const char *name)
{
    return strchr(name, ' ') ? 2 : 1;
}

static bool is_called(const cli_cmd *cmd, int argc, char *const argv[])
{
    const size_t first = strcspn(cmd->name, " ");

    if (strcmp(argv[0], cmd->name) == 0) /* "prior fit" in quotes, too */
        return true;
    if (words_in(cmd->name) > argc || strlen(argv[0]) != first ||
        strncmp(argv[0], cmd->name, first) != 0)
        return false;
    return cmd->name[first] == '\0' || strcmp(argv[1], cmd->name + first + 1) == 0;
}

static const cli_cmd *no_such_verb(int argc, char *const argv[])
{
    const char *names[64];
    const size_t len = strlen(argv[0]);
    char typed[100];
    int n = 0;

    /* "prior" alone, or "prior ft": the words that may follow. */
    for (const cli_cmd *const *c = cli_commands; *c && n < 63; c++) {
        if (strncmp((*c)->name, argv[0], len) == 0 && (*c)->name[len] == ' ')
            names[n++] = (*c)->name;
    }
    names[n] = NULL;
    if (n > 0 && argc < 2) {
        (void)csk_fail(CSK_ERR_ARG, "%s what? such as '%s'", argv[0], names[0]);
        return NULL;
    }
    (void)snprintf(typed, sizeof(typed), n > 0 ? "%.48s %.48s" : "%.48s", argv[0],
                   n > 0 ? argv[1] : "");
    if (n == 0) {
        for (const cli_cmd *const *c = cli_commands; *c && n < 63; c++)
            names[n++] = (*c)->name;
        names[n] = NULL;
    }
    const char *near = cli_nearest(typed, names);
    if (near)
        (void)csk_fail(CSK_ERR_ARG, "there is no verb '%s'; did you mean '%s'?", typed,
                       near);
    else
        (void)csk_fail(CSK_ERR_ARG, "there is no verb '%s'; 'csk help' lists them",
                       typed);
    return NULL;
}

const cli_cmd *cli_find(int argc, char *const argv[], int *used)
{
    const cli_cmd *best = NULL;

    for (const cli_cmd *const *c = cli_commands; *c; c++) {
        if (is_called(*c, argc, argv) &&
            (!best || words_in((*c)->name) > words_in(best->name)))
            best = *c;
    }
    if (!best)
        return no_such_verb(argc, argv);
    *used = strcmp(argv[0], best->name) == 0 ? 1 : words_in(best->name);
    return best;
}

bool cli_describe_family(const char *word)
{
    const size_t len = strlen(word);
    bool any = false;

    for (const cli_cmd *const *c = cli_commands; *c; c++) {
        if (strncmp((*c)->name, word, len) != 0 || (*c)->name[len] != ' ')
            continue;
        (void)printf("csk %-12s %s\n", (*c)->name, (*c)->brief);
        any = true;
    }
    return any;
}
