/* SPDX-License-Identifier: BSD-3-Clause */
/* From the words of a command line to an exit code. */
#include "cli/state.h"
#include "cs/format.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifdef _OPENMP
#include <omp.h>
#endif

cli_exit cli_exit_of(csk_status err)
{
    switch (err) {
    case CSK_OK:
        return CLI_EXIT_DONE;
    case CSK_ERR_ARG:
        return CLI_EXIT_USAGE;
    case CSK_ERR_SHAPE:
    case CSK_ERR_FORMAT:
    case CSK_ERR_UNSUPPORTED:
    case CSK_ERR_NUMERIC:
        return CLI_EXIT_DATA;
    case CSK_ERR_ABORTED:
        return CLI_EXIT_INTERRUPTED;
    case CSK_ERR_NOMEM:
    case CSK_ERR_IO:
        break;
    }
    return CLI_EXIT_FAILED;
}

static cli_exit exit_code(const cli_state *s, csk_status err)
{
    if (err == CSK_ERR_NOMEM)
        return CLI_EXIT_FAILED;
    if (err == CSK_ERR_ABORTED)
        return cli_signal() == 15 ? CLI_EXIT_TERMINATED : CLI_EXIT_INTERRUPTED;
    if (err && s->bad_input)
        return CLI_EXIT_DATA;
    if (!err && s->not_converged)
        return CLI_EXIT_NOT_CONVERGED;
    return cli_exit_of(err);
}

/* What the library calls "accel" is "--accel" here; told by what follows the name. */
typedef struct option_search {
    const char *text;
    bool found; /* the text begins with the name of an option */
} option_search;

static void match_option(const csk_param *p, void *user)
{
    static const char *const follows[] = { ": ", " is ", " '" };
    option_search *s = user;
    const size_t len = strlen(p->name);

    for (int i = 0; i < 3; i++)
        s->found |= strncmp(s->text, p->name, len) == 0 &&
                    strncmp(s->text + len, follows[i], strlen(follows[i])) == 0;
}

static bool begins_with_option(const char *text, const cli_cmd *cmd)
{
    option_search s = { .text = text };

    cli_each_param(cmd->params, match_option, &s);
    cli_each_param(cli_common_params, match_option, &s);
    return s.found;
}

/* One line, whatever the message holds. */
static void print_error(const cli_cmd *cmd, csk_status err)
{
    const char *text = csk_error_message();

    (void)fprintf(stderr, "csk %s: ", cmd->name);
    if (!*text)
        text = csk_status_name(err);
    const size_t len = strlen(cmd->name); /* "csk mask: mask: ..." says it twice */
    if (strncmp(text, cmd->name, len) == 0 && strncmp(text + len, ": ", 2) == 0)
        text += len + 2;
    for (char before = ' '; *text; before = *text++) {
        if (err == CSK_ERR_ARG && before == ' ' && begins_with_option(text, cmd))
            (void)fputs("--", stderr);
        (void)fputc((unsigned char)*text < ' ' ? ' ' : *text, stderr);
    }
    (void)fputc('\n', stderr);
}

/* 0: the default, which is OMP_NUM_THREADS or all cores. Returns what is in force. */
static int set_threads(int threads)
{
#ifdef _OPENMP
    if (threads > 0) {
        omp_set_num_threads(threads);
        openblas_set_num_threads(threads);
    }
    return omp_get_max_threads();
#else
    if (threads > 0)
        openblas_set_num_threads(threads);
    return 1;
#endif
}

/* -- --plan -------------------------------------------------------------------- */

static int64_t file_size(const char *path)
{
    struct stat st;

    return path && stat(path, &st) == 0 && S_ISREG(st.st_mode) ? (int64_t)st.st_size
                                                               : 0;
}

/* Of the files that options name. */
static int64_t option_sizes(const csk_param *table, const char *opts)
{
    int64_t sum = 0;

    for (const csk_param *p = table; p && p->type; p++) {
        if (p->type == CSK_PARAM_GROUP)
            sum += option_sizes(p->sub, opts + p->offset);
        else if (p->type == CSK_PARAM_TEXT)
            sum += file_size(*(const char *const *)(opts + p->offset));
    }
    return sum;
}

/* Without better knowledge: data are held three times, and 100 MB take a second. */
static void guess_plan(const cli_call *call, cli_plan *plan)
{
    plan->bytes = 3 * option_sizes(call->cmd->params, call->opts);
    for (int k = 0; call->cmd->args[k].name; k++) {
        for (int i = 0; i < call->args[k].n; i++) {
            if (call->cmd->args[k].role == CLI_INPUT)
                plan->bytes += 3 * file_size(call->args[k].v[i]);
        }
    }
    plan->seconds = (double)plan->bytes / 3e8;
    plan->note = "a guess from the sizes of the inputs";
}

static csk_status print_plan(const cli_call *call)
{
    cli_plan plan = { 0 };
    const int k = cli_output_arg(call->cmd);

    if (call->cmd->plan) {
        const csk_status err = call->cmd->plan(call, &plan);
        if (err)
            return err;
    } else {
        guess_plan(call, &plan);
    }
    if (k >= 0 && cli_arg_of(call, k)) {
        for (const char *const *s = cli_suffixes(call); *s; s++) {
            char *path = cli_concat(cli_arg_of(call, k), *s);
            cli_begin_row(call, "outputs");
            cli_put_text(call, "output", path ? path : "");
            cli_end_row(call);
            free(path);
        }
    }
    cli_put_real(call, "megabytes", (double)plan.bytes / 1e6, 1, NULL);
    cli_put_real(call, "seconds", plan.seconds, 1, NULL);
    cli_put_int(call, "threads", call->threads);
    if (plan.note)
        cli_put_text(call, "note", plan.note);
    return CSK_OK;
}

/* -- one verb --------------------------------------------------------------------- */

/* Check, then do; results are collected, not printed. */
static csk_status do_call(const cli_call *call)
{
    const csk_status err = cli_check_outputs(call);

    if (err)
        return err;
    (void)csk_fail(CSK_OK, "%s", "");
    return call->plan ? print_plan(call) : call->cmd->run(call);
}

static csk_status run_call(const cli_call *call)
{
    const csk_status err = do_call(call);

    if (err && err != CSK_ERR_ABORTED)
        return err;

    /* Results make way for data. */
    const int k = cli_output_arg(call->cmd);
    const char *output = k < 0 || call->plan ? NULL : cli_arg_of(call, k);
    const csk_status printed =
        cli_report_print(call, output && cli_is_pipe(output) ? stderr : stdout);
    return printed ? printed : err;
}

/* Is it X.json beside X? */
static bool is_note(const cli_list *written, const char *path)
{
    const size_t len = strlen(path);
    char *stem = strdup(path);
    bool note = false;

    if (stem && len > 5 && strcmp(path + len - 5, ".json") == 0) {
        stem[len - 5] = '\0';
        note = cli_list_has(written, stem);
    }
    free(stem);
    return note;
}

/* What an interrupted call has left. */
static void print_interrupted(const cli_call *call)
{
    const cli_list *lists[] = { &call->state->written, &call->state->kept };
    char *first = NULL;
    int files = 0;

    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < lists[k]->n; i++) {
            if (!is_note(lists[k], lists[k]->v[i]) && files++ == 0)
                first = cli_printable(strdup(lists[k]->v[i]));
        }
    }
    (void)fprintf(stderr, "csk %s: interrupted%s%s", call->cmd->name,
                  files ? "; what was finished is in " : "", first ? first : "");
    if (files > 1)
        (void)fprintf(stderr, " and %d more", files - 1);
    (void)fputc('\n', stderr);
    free(first);
}

static int finish(const cli_call *call, csk_status err)
{
    cli_state *s = call->state;
    const cli_exit code = exit_code(s, err);

    cli_bar_clear(s);
    if (err == CSK_ERR_ABORTED)
        print_interrupted(call);
    else if (err)
        print_error(call->cmd, err);
    if (err == CSK_ERR_ABORTED)
        cli_remove_empty(call);
    else if (err)
        cli_undo(call);
    return code;
}

static void clear_state(cli_state *s)
{
    cli_list_clear(&s->inputs);
    cli_list_clear(&s->written);
    cli_list_clear(&s->kept);
    cli_list_clear(&s->made);
    cli_report_free(s->report);
    free(s->provenance);
}

static cli_call call_of(const cli_cmd *cmd, const cli_parsed *p, cli_state *state)
{
    const cli_common *c = &p->common;

    return (cli_call){
        .cmd = cmd,
        .opts = p->opts,
        .args = p->args,
        .seed = p->seed,
        .threads = set_threads(c->threads),
        .force = c->force,
        .json = c->json,
        .plan = c->plan,
        .quiet = c->quiet,
        .verbose = c->verbose,
        .state = state,
    };
}

int cli_run(const cli_cmd *cmd, int argc, char *const argv[])
{
    cli_state state = { .argc = argc, .argv = argv };
    cli_parsed parsed;
    int code;
    const csk_status err = cli_parse(&parsed, cmd, argc, argv);

    if (err) {
        print_error(cmd, err);
        code = cli_exit_of(err);
    } else {
        const cli_call call = call_of(cmd, &parsed, &state);
        code = finish(&call, run_call(&call));
    }
    clear_state(&state);
    cli_parsed_clear(&parsed);
    return code;
}

/* -- one verb within another ------------------------------------------------------- */

/* What the inner call has written is the outer call's from now on. */
static csk_status hand_over(cli_state *to, const cli_state *from)
{
    bool kept = true;

    for (int i = 0; i < from->written.n; i++)
        kept &= cli_list_has(&to->written, from->written.v[i]) ||
                cli_list_add(&to->written, from->written.v[i]);
    for (int i = 0; i < from->made.n; i++)
        kept &= cli_list_add(&to->made, from->made.v[i]);
    to->bad_input |= from->bad_input;
    return kept ? CSK_OK : cli_no_memory();
}

static csk_status do_parsed(const cli_call *outer, const cli_cmd *cmd, int argc,
                            char *const argv[], char **results)
{
    cli_state state = { .argc = argc, .argv = argv };
    cli_parsed parsed;
    csk_status err = cli_parse(&parsed, cmd, argc, argv);

    if (!err) {
        cli_call call = call_of(cmd, &parsed, &state);
        call.seed = outer->seed;
        call.force = outer->force;
        call.quiet |= outer->quiet;
        call.verbose = outer->verbose;
        err = do_call(&call);
        cli_bar_clear(&state);
        if (!err && results) {
            *results = cli_report_json(&call);
            err = *results ? CSK_OK : cli_no_memory();
        }
        const csk_status kept = hand_over(outer->state, &state);
        err = err ? err : kept;
    }
    clear_state(&state);
    cli_parsed_clear(&parsed);
    return err;
}

csk_status cli_do(const cli_call *outer, const char *const *words, char **results)
{
    cli_list line = { .n = 0 };
    const cli_cmd *cmd = NULL;
    csk_status err = CSK_OK;
    int used = 0;

    for (; *words && !err; words++)
        err = cli_list_add(&line, *words) ? CSK_OK : cli_no_memory();
    if (!err) {
        cmd = cli_find(line.n, line.v, &used);
        err = cmd ? CSK_OK : CSK_ERR_ARG;
    }
    if (!err && !outer->quiet) {
        char *text = cli_command_text(cmd->name, line.n - used, line.v + used);
        if (text)
            (void)fprintf(stderr, "  %s\n", text);
        free(text);
    }
    if (!err)
        err = do_parsed(outer, cmd, line.n - used, line.v + used, results);
    if (err && err != CSK_ERR_ABORTED && cmd) {
        char *message = strdup(csk_error_message());
        err = csk_fail(err, "%s: %s", cmd->name, message ? message : "");
        free(message);
    }
    cli_list_clear(&line);
    return err;
}
