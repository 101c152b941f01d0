/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/results.h"
#include "cli/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All files that a run may leave. report.json has no note beside it. */
static const char *const names[] = {
    "naive.npy",     "mean.npy",         "magnitude.npy",      "std.npy",
    "q05.npy",       "q95.npy",          "samples.npy",        "naive.npy.json",
    "mean.npy.json", "std.npy.json",     "magnitude.npy.json", "q05.npy.json",
    "q95.npy.json",  "samples.npy.json", "report.json",
};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

static csk_status system_error(const char *path)
{
    return csk_fail(CSK_ERR_IO, "%s: %s", path, strerror(errno));
}

/* An earlier file: not a directory, and not what this run has read. */
static csk_status check_old(const cli_call *call, const char *path,
                            const struct stat *old)
{
    const cli_list *inputs = &call->state->inputs;
    struct stat in;

    if (S_ISDIR(old->st_mode))
        return csk_fail(CSK_ERR_IO, "%s: is a directory, the output is a file", path);
    for (int i = 0; i < inputs->n; i += 2) { /* path, hash */
        if (stat(inputs->v[i], &in) == 0 && in.st_dev == old->st_dev &&
            in.st_ino == old->st_ino)
            return csk_fail(CSK_ERR_ARG, "%s is an input, not an output", path);
    }
    return CSK_OK;
}

csk_status cli_results_open(cli_results *r, const cli_call *call, const char *dir)
{
    csk_status err = cli_make_dir(call, dir);

    *r = (cli_results){ .call = call, .final = dir, .dir = strdup(dir) };
    if (!err && !r->dir)
        err = cli_no_memory();
    for (int i = 0; i < NAMES && !err; i++) {
        char *path = cli_join(dir, names[i]);
        struct stat old;

        if (!path) {
            err = cli_no_memory();
        } else if (stat(path, &old) == 0) {
            r->replaces = true;
            err = check_old(call, path, &old);
        }
        free(path);
    }
    return err;
}

csk_status cli_results_stage(cli_results *r)
{
    char name[32];

    (void)snprintf(name, sizeof(name), ".new-%ld", (long)getpid());
    char *stage = cli_join(r->final, name);
    if (!stage)
        return cli_no_memory();
    free(r->dir);
    r->dir = stage;
    return cli_make_dir(r->call, stage);
}

csk_status cli_results_write(const cli_results *r, const csk_array *a, const char *name)
{
    char *path = cli_join(r->dir, name);
    const csk_status err = path ? cli_write(r->call, a, path) : cli_no_memory();

    free(path);
    return err;
}

/* One file takes its place, or, if there is none, what was there leaves it. */
static csk_status move(const cli_results *r, const char *name)
{
    char *from = cli_join(r->dir, name), *to = cli_join(r->final, name);
    csk_status err = CSK_OK;

    if (!from || !to)
        err = cli_no_memory();
    else if (access(from, F_OK) == 0)
        err = rename(from, to) == 0 ? CSK_OK : system_error(to);
    else if (unlink(to) != 0 && errno != ENOENT)
        err = system_error(to);
    free(from);
    free(to);
    return err;
}

csk_status cli_results_commit(cli_results *r)
{
    csk_status err = CSK_OK;

    if (!r->replaces)
        return CSK_OK;
    for (int i = 0; i < NAMES && !err; i++)
        err = move(r, names[i]);
    if (!err && rmdir(r->dir) != 0)
        err = system_error(r->dir);
    return err;
}

void cli_results_clear(cli_results *r)
{
    free(r->dir);
    *r = (cli_results){ .dir = NULL };
}
