/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/state.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* --help and its kin win wherever they stand, unless after "--". */
static bool wants(const char *word, int argc, char *const argv[])
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], word) == 0)
            return true;
    }
    return false;
}

static bool wants_help(int argc, char *const argv[])
{
    return wants("--help", argc, argv) || wants("-h", argc, argv);
}

/* argv[1] is the first word of the verb. */
static int verb(int argc, char *const argv[])
{
    char *const *const whole = argv;
    int used;
    const cli_cmd *cmd = cli_find(--argc, ++argv, &used);

    if (!cmd) {
        if (wants_help(argc, argv) && cli_describe_family(argv[0]))
            return CLI_EXIT_DONE;
        (void)fprintf(stderr, "csk: %s\n", csk_error_message());
        return CLI_EXIT_USAGE;
    }
    argc -= used;
    argv += used;
    if (wants_help(argc, argv)) {
        cli_describe(stdout, cmd, CLI_TEXT);
        return CLI_EXIT_DONE;
    }
    if (strcmp(cmd->name, "help") != 0) {
        for (int m = CLI_MAN; m <= CLI_MARKDOWN; m++) {
            if (!wants(m == CLI_MAN ? "--man" : "--markdown", argc, argv))
                continue;
            cli_describe(stdout, cmd, (cli_markup)m);
            return CLI_EXIT_DONE;
        }
    }
    if (cmd->threads)
        cli_wait_patiently(whole);
    return cli_run(cmd, argc, argv);
}

static int program(int argc, char *const argv[])
{
    if (argc < 2) {
        (void)fputs("csk: a verb is missing; 'csk help' lists them\n", stderr);
        return CLI_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("csk " CSK_VERSION);
        return CLI_EXIT_DONE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        cli_describe_all(stdout, CLI_TEXT);
        return CLI_EXIT_DONE;
    }
    if (strcmp(argv[1], "--completion=bash") == 0) {
        cli_complete_bash(stdout);
        return CLI_EXIT_DONE;
    }
    if (argv[1][0] == '-') {
        (void)fprintf(stderr,
                      "csk: there is no option %.60s; options come after the verb\n",
                      argv[1]);
        return CLI_EXIT_USAGE;
    }
    return verb(argc, argv);
}

int main(int argc, char *argv[])
{
    (void)signal(SIGXFSZ, SIG_IGN); /* a file too large is an error of the write */
    const int code = program(argc, argv);

    if ((fflush(stdout) != 0 || ferror(stdout)) && code == CLI_EXIT_DONE) {
        (void)fputs("csk: cannot write to standard output\n", stderr);
        return CLI_EXIT_FAILED;
    }
    return code;
}
