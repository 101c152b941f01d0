/* SPDX-License-Identifier: BSD-3-Clause */
/** @file cli/state.h  What the parts of the framework share; verbs do not include it. */
#ifndef CSK_CLI_STATE_H
#define CSK_CLI_STATE_H

#include "cli/cli.h"

#include <stdio.h>

/** Options that every verb has. */
typedef struct cli_common {
    const char *seed;
    int threads;
    bool force, json, plan, quiet, verbose;
} cli_common;

extern const csk_param cli_common_params[];

/** A growing list of strings. */
typedef struct cli_list {
    int n;
    char **v;
} cli_list;

/** Append a copy of @p text; false if no memory. */
bool cli_list_add(cli_list *list, const char *text);
bool cli_list_has(const cli_list *list, const char *text);
void cli_list_clear(cli_list *list);

/** @p text (NULL is allowed) with blanks for what a terminal would obey, in place. */
char *cli_printable(char *text);

/**
 * BART's pair is named by one of its files or by their stem. @p data and @p header become
 * new strings; NULL where @p path is an ordinary file.
 */
csk_status cli_cfl_pair(char **data, char **header, const char *path) CSK_MUST_CHECK;

typedef struct cli_report cli_report;

typedef struct cli_state {
    int argc;
    char *const *argv; /**< the words after the verb */
    cli_list inputs;   /**< path, hash, path, hash, ... */
    cli_list written;  /**< files to remove on failure */
    cli_list kept;     /**< files that stay: an interruption tells them */
    cli_list made; /**< directories to remove on failure, in the order they were made */
    char *provenance;
    cli_report *report;
    bool bad_input;     /**< the failure came from an input */
    bool not_converged; /**< under --strict */
    bool bar_shown;     /**< a progress line is on the terminal */
    double bar_start, bar_last;
    int bar_first; /* iterations done when the bar was first shown */
    const char *bar_label;
} cli_state;

/* -- parse.c ---- */

/** A parsed command line; cli_parsed_clear() it. */
typedef struct cli_parsed {
    void *opts;
    cli_common common;
    uint64_t seed;
    char **words;     /**< positional arguments in order, the output of -o last */
    cli_values *args; /**< one for each cli_arg */
} cli_parsed;

csk_status cli_parse(cli_parsed *p, const cli_cmd *cmd, int argc,
                     char *const argv[]) CSK_MUST_CHECK;
void cli_parsed_clear(cli_parsed *p);

/** Position of the declared output among the arguments of @p cmd, -1 if there is none. */
int cli_output_arg(const cli_cmd *cmd);

/** The word of @p words (closed by NULL) that is most like @p word, NULL if none is near. */
const char *cli_nearest(const char *word, const char *const *words);

/**
 * The verb that argv[0] (and argv[1]) name, and in @p used the number of words it took.
 * NULL, with a message, if there is none.
 */
const cli_cmd *cli_find(int argc, char *const argv[], int *used);

/** List the verbs of two words that begin with @p word; false: there are none. */
bool cli_describe_family(const char *word);

/** Call @p fn for every option of @p table (NULL: none), inside groups too. */
void cli_each_param(const csk_param *table, void (*fn)(const csk_param *p, void *user),
                    void *user);

/* -- run.c ---- */

/** Parse and run; the exit code. @p argv are the words after the verb. */
int cli_run(const cli_cmd *cmd, int argc, char *const argv[]);

/** The exit code for a status that is not CSK_OK, outside of any verb's inputs and outputs. */
cli_exit cli_exit_of(csk_status err);

/* -- provenance.c ---- */

/** The command as one line to be typed, "csk VERB WORDS", quoted; NULL if no memory. free() it. */
char *cli_command_text(const char *verb, int argc, char *const argv[]);

/* -- outputs.c ---- */

/** Check the declared output of @p call. */
csk_status cli_check_outputs(const cli_call *call);
/** Remove the directories that this run made and in which nothing is. */
void cli_remove_empty(const cli_call *call);
/** Remove what was written. */
void cli_undo(const cli_call *call);

/** Endings of the declared output of @p call, closed by NULL: { "" } if it is one file. */
const char *const *cli_suffixes(const cli_call *call);

/* -- pipes.c ---- */

/** Whether @p path means standard input or output. */
bool cli_is_pipe(const char *path);
/** Read an array from standard input, its format told by the first bytes. */
csk_status cli_read_pipe(csk_array *a, char hex[65]) CSK_MUST_CHECK;
/** Write .npy to standard output. */
csk_status cli_write_pipe(const csk_array *a) CSK_MUST_CHECK;

/* -- sha256.c ---- */

/** Lower-case hexadecimal SHA-256 of @p len bytes into @p hex. */
void cli_sha256(char hex[65], const void *bytes, size_t len);
/** The same of the file @p path. */
csk_status cli_sha256_file(char hex[65], const char *path) CSK_MUST_CHECK;

/* -- report.c ---- */

void cli_report_free(cli_report *r);
/** Print the report of @p call. CSK_ERR_NOMEM, CSK_ERR_IO. */
csk_status cli_report_print(const cli_call *call, FILE *to) CSK_MUST_CHECK;

/* -- progress.c ---- */

/** Wipe the bar from the terminal, so that a line can be printed. */
void cli_bar_clear(cli_state *state);
/** The signal that ended the run, 0 if none came. */
int cli_signal(void);
/** Whether it ended a computation; one that comes after the last of them changes nothing. */
bool cli_interrupted(void);

/* -- help.c, complete.c ---- */

typedef enum cli_markup { CLI_TEXT, CLI_MAN, CLI_MARKDOWN } cli_markup;

/** The description of @p cmd. */
void cli_describe(FILE *to, const cli_cmd *cmd, cli_markup markup);
/** The description of the program: all verbs, all topics. */
void cli_describe_all(FILE *to, cli_markup markup);
/** The text on @p topic ("formats", ...); false if there is none of that name. */
bool cli_describe_topic(FILE *to, const char *topic, cli_markup markup);
/** Names of the topics, closed by NULL. */
extern const char *const cli_topics[];
const char *cli_topic_brief(const char *topic);

void cli_complete_bash(FILE *to);

/** Start the program again, once, so that its threads do not spin long. Before any work. */
void cli_wait_patiently(char *const argv[]);

#endif
