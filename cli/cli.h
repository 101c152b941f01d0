/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cli/cli.h
 * A verb is one constant in one file, cmd_NAME.c, and one line in the table of
 * commands.c. Parsing, --help, the manual page, the completion, the check of outputs
 * before the work, provenance and exit codes are derived from the constant; a verb never
 * looks at argv, never prints to stdout by itself and never exits.
 *
 *     static csk_status run(const cli_call *call)
 *     {
 *         const double_opts *o = call->opts;
 *         csk_array a = { .data = NULL };
 *         csk_status err = cli_read(call, &a, cli_arg_of(call, 0), CLI_FINITE);
 *         if (!err) {
 *             csk_scale(csk_space_len(&a.space), 2., a.data);
 *             err = cli_write(call, &a, cli_arg_of(call, 1));
 *         }
 *         if (!err)
 *             cli_put_int(call, "values", csk_space_size(&a.space));
 *         csk_array_clear(&a);
 *         return err;
 *     }
 */
#ifndef CSK_CLI_CLI_H
#define CSK_CLI_CLI_H

#include "cs/array.h"
#include "cs/matrix.h"
#include "cs/param.h"
#include "cs/run.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Exit codes: part of the interface, do not renumber. `csk help exit-codes` */
typedef enum cli_exit {
    CLI_EXIT_DONE = 0,
    CLI_EXIT_FAILED = 1, /**< an output could not be written, no memory */
    CLI_EXIT_USAGE = 2,  /**< the command line */
    CLI_EXIT_DATA = 3,   /**< an input is missing or malformed, or does not fit */
    CLI_EXIT_NOT_CONVERGED = 4, /**< only with --strict; the output is written */
    CLI_EXIT_INTERRUPTED = 130, /**< Ctrl-C; what was finished is kept */
    CLI_EXIT_TERMINATED = 143,  /**< SIGTERM; likewise */
} cli_exit;

/* -- the description of a verb ---------------------------------------------- */

typedef enum cli_arg_count {
    CLI_ONE = 0,
    CLI_OPTIONAL, /**< none or one */
    CLI_MANY,     /**< one or more */
    CLI_ANY,      /**< none or more */
} cli_arg_count;

/** What a positional argument is; outputs can also be given with -o. */
typedef enum cli_arg_role {
    CLI_INPUT = 0,  /**< a file to read */
    CLI_WORD,       /**< not a file */
    CLI_OUTPUT,     /**< a file to write: checked before run(), see cli_write() */
    CLI_OUTPUT_DIR, /**< a directory to make: checked before run(), see cli_make_dir() */
} cli_arg_role;

typedef struct cli_arg {
    const char *name; /**< NULL closes the list */
    const char *help;
    cli_arg_count count; /**< at most one argument of a verb is not CLI_ONE */
    cli_arg_role role;   /**< at most one argument is an output, the last one */
    bool
        is_stem; /**< an output that is the begin of several names: see suffixes below */
    bool any_suffix; /**< an output that is not written in one of the array formats */
    bool is_prior;   /**< a prior: any name but an image's */
} cli_arg;

typedef struct cli_example {
    const char *line; /**< what to type after "csk "; run by the tests; NULL closes */
    const char *help;
} cli_example;

typedef struct cli_call cli_call;

/** What a verb would need, for --plan. */
typedef struct cli_plan {
    int64_t bytes;    /**< peak of memory */
    double seconds;   /**< about, on this machine */
    const char *note; /**< one more line; NULL for none */
} cli_plan;

typedef struct cli_cmd {
    const char *name;    /**< "mask", or two words: "prior fit" */
    const char *brief;   /**< one line, no full stop */
    const char *about;   /**< paragraphs separated by an empty line; lines that begin
                                  with a blank are kept as they are */
    const cli_arg *args; /**< positional */
    const csk_param *params; /**< table of the options struct; NULL: no options */
    size_t opts_size;        /**< size of that struct */
    bool threads;            /**< it spends its time in parallel loops */
    const cli_example
        *examples;           /**< in an order in which they can be run; NULL: none */
    const char *const *refs; /**< literature, closed by NULL; NULL: none */
    csk_status (*run)(const cli_call *call);
    /** Fill in @p plan (zeroed). NULL: a guess from the sizes of the inputs. */
    csk_status (*plan)(const cli_call *call, cli_plan *plan);
    /** Of an output that is a stem: what is appended to it, closed by NULL. */
    const char *const *(*suffixes)(const void *opts);
} cli_cmd;

/** All verbs in the order in which `csk help` lists them, closed by NULL. */
extern const cli_cmd *const cli_commands[];

/* -- one call of a verb ----------------------------------------------------- */

typedef struct cli_values {
    int n;
    char *const *v;
} cli_values;

struct cli_call {
    const cli_cmd *cmd;
    const void *opts;       /**< the filled-in options struct */
    const cli_values *args; /**< one entry for each cli_arg, in order */
    uint64_t seed;
    int threads; /**< already set; for information */
    bool force, json, plan, quiet, verbose;
    struct cli_state *state; /**< of the framework */
};

/** The (first) value of positional argument @p k; NULL if it was left out. */
static inline const char *cli_arg_of(const cli_call *call, int k)
{
    return call->args[k].n > 0 ? call->args[k].v[0] : NULL;
}

/** Whether the option --@p name was on the command line, be it with its default value. */
bool cli_given(const cli_call *call, const char *name);

/** The word it was given with, "--turn", "--no-turn" or "--steps=3"; NULL: it was not. */
const char *cli_as_given(const cli_call *call, const char *name);

/** An option, whether this run reads it, and what it needs for that: "--order paper". */
typedef struct cli_reader {
    const char *option;
    bool reads;
    const char *needs;
} cli_reader;

/**
 * An option that would do nothing is a mistake: CSK_ERR_ARG for the first of @p readers, ended by
 * option = NULL, that was given and is not read.
 */
csk_status cli_check_readers(const cli_call *call,
                             const cli_reader *readers) CSK_MUST_CHECK;

/* -- inputs ----------------------------------------------------------------- */

enum {
    CLI_FINITE = 1,   /**< refuse NaN and infinity, naming the place */
    CLI_NOT_ZERO = 2, /**< refuse data that are zero everywhere */
    CLI_DIGITS = 4,   /**< with it: and so small that floats have few digits */
    CLI_USABLE = CLI_FINITE | CLI_NOT_ZERO | CLI_DIGITS,
};

/**
 * Read an array, apply the checks in @p checks and record the file's hash for the
 * provenance. Every failure, a missing file included, leads to exit code 3. "-" is
 * standard input: the first bytes tell .npy, .nii, .nii.gz, .png and .jpg apart.
 * @p a must be empty.
 */
csk_status cli_read(const cli_call *call, csk_array *a, const char *path,
                    unsigned checks) CSK_MUST_CHECK;

/**
 * As cli_read() for a mask: @p mask becomes one byte (0 or 1) a scalar of the last
 * axes of @p like, 1 where the array is not zero; its shape must be that of the last
 * axes. @p like_path names in the message what it has to fit. csk_free() it.
 * @p len  out: bytes in @p mask; may be NULL
 */
csk_status cli_read_mask(const cli_call *call, uint8_t **mask, int64_t *len,
                         const char *path, const csk_space *like,
                         const char *like_path) CSK_MUST_CHECK;

/**
 * For files that are not arrays (a prior): check that @p path is a readable
 * file and record its hash. Then read it by other means and pass failures through
 * cli_bad_input().
 */
csk_status cli_input(const cli_call *call, const char *path) CSK_MUST_CHECK;

/** As cli_read() for an explicit matrix, dense or sparse, of finite entries. */
csk_status cli_read_matrix(const cli_call *call, csk_matrix *A,
                           const char *path) CSK_MUST_CHECK;

/** Returns @p err; if it is a failure, it came from an input: exit code 3. */
csk_status cli_bad_input(const cli_call *call, csk_status err);

/** CSK_ERR_SHAPE naming both files unless the dimensions (not the fields) are equal. */
csk_status cli_same_shape(const csk_space *a, const char *a_path, const csk_space *b,
                          const char *b_path) CSK_MUST_CHECK;

/* -- outputs ---------------------------------------------------------------- */

/**
 * Write an array with its provenance, atomically. A declared output was checked before
 * run(): it does not exist, or --force. Everything written is removed again if the verb
 * fails in the end (but not if it was interrupted). Failures lead to exit code 1. "-" is
 * standard output, as .npy without provenance; results then go to standard error.
 */
csk_status cli_write(const cli_call *call, const csk_array *a,
                     const char *path) CSK_MUST_CHECK;

/** The same for a file made of @p len bytes; no provenance is added. */
csk_status cli_write_file(const cli_call *call, const char *path, const void *bytes,
                          size_t len) CSK_MUST_CHECK;

/**
 * From now on the first Ctrl-C (SIGTERM) only asks: monitors end what they watch, and what is
 * being written is written to its end. The second one kills.
 */
void cli_catch_signals(void);

/**
 * For files written by other means: check @p path as declared outputs are checked
 * before the work, cli_catch_signals() before writing, and cli_wrote() afterwards: removes it if
 * the verb fails in the end.
 */
csk_status cli_check_output(const cli_call *call, const char *path) CSK_MUST_CHECK;
/** After a checkpoint: it stays whatever happens, and is named if the verb is interrupted. */
csk_status cli_keep(const cli_call *call, const char *path) CSK_MUST_CHECK;
csk_status cli_wrote(const cli_call *call, const char *path,
                     csk_status err) CSK_MUST_CHECK;

/** Make the declared CLI_OUTPUT_DIR; removed with its content if the verb fails. */
csk_status cli_make_dir(const cli_call *call, const char *path) CSK_MUST_CHECK;

/** "dir/name" as a new string, dir with or without a slash; NULL if no memory. free() it. */
char *cli_join(const char *dir, const char *name);

/** "stem" + "suffix" as a new string; NULL if no memory. free() it. */
char *cli_concat(const char *stem, const char *suffix);

/**
 * One line of JSON: version, command, seed, all options, hashes of the inputs read so
 * far. Nothing that may differ between two runs of the same job (time, threads, name
 * of the output). NULL if no memory. Owned by @p call, valid until the next call.
 */
const char *cli_provenance(const cli_call *call);

/* -- results (stdout) and talk (stderr) ------------------------------------- */

/**
 * Results are collected under keys ("residual_norm") and printed at the end of the verb,
 * as aligned text ("residual norm   1.25") or, with --json, as one object. NaN and
 * infinity become null, NaN in the text is "-". Putting cannot fail; lack of memory is reported at the end.
 *
 * @param decimals  digits after the point in the text, -1: six significant digits;
 *                  JSON has all of them
 * @param unit      printed after the number in the text, "" or NULL: none
 */
void cli_put_real(const cli_call *call, const char *key, double value, int decimals,
                  const char *unit);
void cli_put_int(const cli_call *call, const char *key, int64_t value);
void cli_put_text(const cli_call *call, const char *key, const char *value);
void cli_put_flag(const cli_call *call, const char *key, bool value);
/** @p json: JSON as it is in the text, a value of its own in JSON; else it is a text. */
void cli_put_json(const cli_call *call, const char *key, const char *json);
/** "192x192" in the text, [192, 192] in JSON. */
void cli_put_shape(const cli_call *call, const char *key, const csk_space *space);

/**
 * Begin one more row of the table @p table: what is put until cli_end_row() are its
 * columns. The text is aligned under a heading, in JSON a table is an array of objects.
 */
void cli_begin_row(const cli_call *call, const char *table);
/** The same, but in the text every row is a block of lines: for rows that are long. */
void cli_begin_block(const cli_call *call, const char *table);
/** The same, but the text shows the table only with --verbose. */
void cli_begin_detail(const cli_call *call, const char *table);
void cli_end_row(const cli_call *call);

/**
 * The results so far as JSON text, as --json would print them, for a report file. NULL if
 * no memory; free() it.
 */
char *cli_report_json(const cli_call *call);

/** One line on stderr, unless --quiet. */
void cli_say(const cli_call *call, const char *fmt, ...) CSK_PRINTF(2, 3);
/** One line on stderr with --verbose. */
void cli_detail(const cli_call *call, const char *fmt, ...) CSK_PRINTF(2, 3);

/**
 * Progress for solvers and samplers: a bar with percent and remaining time, if stderr is a
 * terminal, and the end of the run at Ctrl-C (CSK_ERR_ABORTED; a second Ctrl-C kills).
 * A verb that is stopped so writes what it has and returns CSK_ERR_ABORTED.
 * @p label (kept) names the stage; NULL: the solver's own name.
 */
csk_monitor cli_monitor(const cli_call *call, const char *label);

/**
 * After a solver: says so if it ended at its iteration limit. With @p strict the exit
 * code becomes 4, outputs are kept all the same. Verbs that iterate have an option
 * --strict.
 */
void cli_stopped(const cli_call *call, const csk_run_info *info, bool strict);

/** CSK_ERR_NOMEM with a message, for memory that is not from csk_alloc(). */
csk_status cli_no_memory(void);

/**
 * Run another verb as a part of this one. @p words is its command line, from the verb on,
 * closed by NULL; seed, --force, --quiet, --verbose and threads are those of @p outer. The
 * line is shown on stderr unless --quiet; its results are not printed.
 *
 * What it writes is removed if @p outer fails in the end. A failure is that of the verb, its
 * message begins with the verb's name.
 *
 * @param results  out: the results as JSON, free() it; NULL: not wanted
 */
csk_status cli_do(const cli_call *outer, const char *const *words,
                  char **results) CSK_MUST_CHECK;

/** Seconds since some fixed moment, monotonic. */
double cli_seconds(void);

/** The most memory that the process has held until now, in bytes. */
int64_t cli_peak_bytes(void);

/* -- values ----------------------------------------------------------------- */

/** "192,192" or "192x192" to @p dim; returns the rank in @p rank. CSK_ERR_ARG naming @p option. */
csk_status cli_parse_shape(int64_t *dim, int *rank, const char *text,
                           const char *option) CSK_MUST_CHECK;

/**
 * Position of the axis that @p name means: a name ("z", "coil") or a number from 0.
 * CSK_ERR_ARG, naming @p option and the axes there are.
 */
csk_status cli_find_axis(int *axis, const csk_space *space, const char *name,
                         const char *option) CSK_MUST_CHECK;

/* Changes of an array in place, as the options of several verbs describe them. */

/** "z=180" (the axis goes), "y=10:200" (it stays, the end is not included), several with commas. */
csk_status cli_slice(csk_array *a, const char *text) CSK_MUST_CHECK;
/** "0.5" (the axes x, y and z) or "y=0.5,x=0.25". */
csk_status cli_resample(csk_array *a, const char *text) CSK_MUST_CHECK;
/** "y" or "y,x". */
csk_status cli_flip(csk_array *a, const char *text) CSK_MUST_CHECK;
/** "192,192": the last axes; only @p grow, or else only shrink. */
csk_status cli_recentre(csk_array *a, const char *text, bool grow) CSK_MUST_CHECK;

/** "0,1.5" to exactly @p n numbers. CSK_ERR_ARG naming @p option. */
csk_status cli_parse_numbers(double *value, int n, const char *text,
                             const char *option) CSK_MUST_CHECK;

#endif
