/* SPDX-License-Identifier: BSD-3-Clause */
/* Outputs: checked before the work, complete or absent after it. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "cli/state.h"
#include "cs/format.h"
#include "cs/vec.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The directory that @p path is in; a new string. */
static char *parent(const char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        len--;
    while (len > 0 && path[len - 1] != '/')
        len--;
    return len == 0 ? strdup(".") : strndup(path, len);
}

static csk_status check_parent(const char *path)
{
    char *dir = parent(path);
    struct stat st;
    csk_status err = CSK_OK;

    if (!dir)
        return cli_no_memory();
    if (stat(dir, &st) != 0)
        err = csk_fail(CSK_ERR_IO, "%s: no such directory for %s", dir, path);
    else if (!S_ISDIR(st.st_mode))
        err = csk_fail(CSK_ERR_IO, "%s: not a directory, for %s", dir, path);
    else if (access(dir, W_OK | X_OK) != 0)
        err = csk_fail(CSK_ERR_IO, "%s: %s", dir, strerror(errno));
    free(dir);
    return err;
}

/* A file is made and removed: no Ctrl-C comes in between. */
static csk_status can_write(const char *path)
{
    sigset_t asked, before;

    (void)sigemptyset(&asked);
    (void)sigaddset(&asked, SIGINT);
    (void)sigaddset(&asked, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &asked, &before);
    const csk_status err = csk_can_write(path);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return err;
}

static csk_status check_file(const cli_call *call, const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return csk_fail(CSK_ERR_IO, "%s: is a directory, the output is a file",
                            path);
        if (!call->force)
            return csk_fail(CSK_ERR_IO, "%s exists; --force writes over it", path);
    }
    const csk_status err = check_parent(path);
    return err ? err : can_write(path);
}

/* Do @p fn to all files that writing @p path makes: itself, a header, a note beside it. */
static csk_status each_file(const cli_call *call, const char *path,
                            csk_status (*fn)(const cli_call *call, const char *path))
{
    const csk_format *format = csk_format_of(path);
    char *data = NULL, *header = NULL, *note = NULL;
    csk_status err = CSK_OK;

    if (format && strcmp(format->name, "cfl") == 0)
        err = cli_cfl_pair(&data, &header, path);
    if (!err && format && !format->holds_note) {
        note = cli_concat(path, ".json");
        err = note ? CSK_OK : cli_no_memory();
    }
    if (!err)
        err = fn(call, data ? data : path);
    if (!err && header)
        err = fn(call, header);
    if (!err && note)
        err = fn(call, note);
    free(data);
    free(header);
    free(note);
    return err;
}

csk_status cli_check_output(const cli_call *call, const char *path)
{
    return each_file(call, path, check_file);
}

static csk_status check_format(const char *path)
{
    char known[200] = "";

    if (csk_format_of(path) && csk_format_of(path)->write)
        return CSK_OK;
    for (const csk_format *const *f = csk_formats; *f; f++) {
        const size_t used = strlen(known);
        if ((*f)->write)
            (void)snprintf(known + used, sizeof(known) - used, " %s", (*f)->suffix);
    }
    return csk_fail(CSK_ERR_ARG, "%s: the name must end in one of%s", path, known);
}

static csk_status check_dir(const cli_call *call, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        if (errno != ENOENT)
            return csk_fail(CSK_ERR_IO, "%s: %s", path, strerror(errno));
        return lstat(path, &st) == 0
                   ? csk_fail(CSK_ERR_IO, "%s: is a link to nothing", path)
                   : check_parent(path);
    }
    if (!S_ISDIR(st.st_mode))
        return csk_fail(CSK_ERR_IO, "%s: is a file, the output is a directory", path);
    if (access(path, W_OK | X_OK) != 0)
        return csk_fail(CSK_ERR_IO, "%s: %s", path, strerror(errno));

    DIR *dir = opendir(path);
    int entries = 0;
    if (!dir)
        return csk_fail(CSK_ERR_IO, "%s: %s", path, strerror(errno));
    while (entries <= 2 && readdir(dir)) /* . and .. are two */
        entries++;
    (void)closedir(dir);
    if (entries > 2 && !call->force)
        return csk_fail(CSK_ERR_IO, "%s is not empty; --force writes into it", path);
    return CSK_OK;
}

const char *const *cli_suffixes(const cli_call *call)
{
    static const char *const whole[] = { "", NULL };

    return call->cmd->suffixes ? call->cmd->suffixes(call->opts) : whole;
}

static csk_status check_stem(const cli_call *call, const char *path)
{
    const char *const *suffix = cli_suffixes(call);
    const size_t len = strlen(path), tail = strlen(suffix[0]);
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    csk_status err = CSK_OK;

    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return csk_fail(CSK_ERR_ARG,
                        "%s is a directory: give the begin of the names in it", path);
    if (len > tail && strcmp(path + len - tail, suffix[0]) == 0)
        return csk_fail(CSK_ERR_ARG, "%s: give only the begin of the names, %.*s", path,
                        (int)(len - tail), path);
    for (; *suffix && !err; suffix++) {
        char *whole = cli_concat(path, *suffix);
        err = whole ? cli_check_output(call, whole) : cli_no_memory();
        free(whole);
    }
    return err;
}

/*
 * A prior is no image: where -o was forgotten, the last image that is read took its place. None is
 * written over.
 */
static csk_status check_prior(const cli_call *call, const char *path)
{
    const csk_format *format = csk_format_of(path);
    struct stat out, in;

    if (strcmp(path, "-") == 0)
        return csk_fail(CSK_ERR_ARG,
                        "the prior goes to a file, not to standard output");
    if (format)
        return csk_fail(CSK_ERR_ARG, "%s: %s is an image's suffix; -o names the prior",
                        path, format->suffix);
    if (stat(path, &out) != 0)
        return CSK_OK;
    for (int k = 0; call->cmd->args[k].name; k++) {
        const int n = call->cmd->args[k].count == CLI_MANY ? call->args[k].n : 0;
        for (int i = 0; i < n; i++) {
            if (stat(call->args[k].v[i], &in) == 0 && in.st_dev == out.st_dev &&
                in.st_ino == out.st_ino)
                return csk_fail(CSK_ERR_ARG, "%s is an input, not the prior", path);
        }
    }
    return CSK_OK;
}

csk_status cli_check_outputs(const cli_call *call)
{
    const int k = cli_output_arg(call->cmd);
    const char *path = k < 0 ? NULL : cli_arg_of(call, k);
    csk_status err = CSK_OK;

    if (!path)
        return CSK_OK;
    const cli_arg *arg = &call->cmd->args[k];
    if (*path == '\0')
        return csk_fail(CSK_ERR_ARG, "the name of the output is empty");
    if (strcmp(path, "-") == 0 && (arg->role == CLI_OUTPUT_DIR || arg->is_stem))
        return csk_fail(CSK_ERR_ARG,
                        "there are several outputs: they do not go to standard output");
    if (arg->role == CLI_OUTPUT_DIR)
        return check_dir(call, path);
    if (arg->is_stem)
        return check_stem(call, path);
    if (arg->is_prior) {
        err = check_prior(call, path);
    } else if (!arg->any_suffix) {
        if (cli_is_pipe(path))
            return CSK_OK;
        err = check_format(path);
    }
    return err ? err : cli_check_output(call, path);
}

static csk_status remember(const cli_call *call, const char *path)
{
    cli_list *written = &call->state->written;

    return cli_list_has(written, path) || cli_list_add(written, path) ? CSK_OK
                                                                      : cli_no_memory();
}

csk_status cli_wrote(const cli_call *call, const char *path, csk_status err)
{
    if (!err)
        err = each_file(call, path, remember);
    return err;
}

csk_status cli_keep(const cli_call *call, const char *path)
{
    return cli_list_add(&call->state->kept, path) ? CSK_OK : cli_no_memory();
}

csk_status cli_write(const cli_call *call, const csk_array *a, const char *path)
{
    if (csk_first_not_finite(csk_space_len(&a->space), a->data) >= 0)
        return cli_bad_input(call,
                             csk_fail(CSK_ERR_NUMERIC,
                                      "%s: the result holds NaN, infinity or more than "
                                      "a float does; it is not written",
                                      path));
    if (cli_is_pipe(path))
        return cli_write_pipe(a);

    const char *note = cli_provenance(call);
    if (!note)
        return cli_no_memory();
    cli_catch_signals();
    const csk_status err = csk_write(a, path, note);
    if (err && err != CSK_ERR_IO) /* what the format does not hold */
        return cli_bad_input(call, err);
    return cli_wrote(call, path, err);
}

csk_status cli_write_file(const cli_call *call, const char *path, const void *bytes,
                          size_t len)
{
    cli_catch_signals();
    csk_status err = csk_write_bytes(path, bytes, len);

    if (!err)
        err = remember(call, path);
    return err;
}

csk_status cli_make_dir(const cli_call *call, const char *path)
{
    if (mkdir(path, 0777) != 0) {
        if (errno == EEXIST)
            return CSK_OK; /* checked before the work */
        return csk_fail(CSK_ERR_IO, "%s: %s", path, strerror(errno));
    }
    return cli_list_add(&call->state->made, path) ? CSK_OK : cli_no_memory();
}

void cli_remove_empty(const cli_call *call)
{
    const cli_list *made = &call->state->made;

    for (int i = made->n - 1; i >= 0; i--)
        (void)rmdir(made->v[i]); /* fails if it holds something */
}

void cli_undo(const cli_call *call)
{
    const cli_state *s = call->state;

    for (int i = 0; i < s->written.n; i++) {
        char *target = realpath(s->written.v[i], NULL); /* links were there before */
        if (target)
            (void)unlink(target);
        free(target);
    }
    cli_remove_empty(call);
}
