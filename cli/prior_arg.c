/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700 /* realpath */
#include "cli/prior_arg.h"
#include "cli/state.h"

#include <dirent.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".csk"

/* -- where names are looked up ----------------------------------------------------------- */

/* Where an installed csk has its models: from the directory that the program is in, as
 * cmake --install --prefix moves both. A new string, NULL if no memory. */
static char *installed(void)
{
    char program[PATH_MAX];
    const ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    char *slash = NULL;

    if (len > 0) {
        program[len] = '\0';
        slash = strrchr(program, '/');
    }
    if (!slash)
        return strdup(CSK_MODELS_INSTALLED);
    *slash = '\0';
    char *dir = cli_join(program, CSK_MODELS_FROM_PROGRAM);
    char *plain =
        dir ? realpath(dir, NULL) : NULL; /* NULL if there is no such directory */
    if (!plain)
        return dir;
    free(dir);
    return plain;
}

/* The directories, first to last; false if no memory. */
static bool directories(cli_list *list)
{
    const char *at = getenv("CSK_MODELS");
    bool kept = true;

    while (at && *at && kept) {
        const size_t len = strcspn(at, ":");
        char *dir = strndup(at, len);

        kept = dir && (len == 0 || cli_list_add(list, dir));
        free(dir);
        at += len + (at[len] == ':');
    }
    if (kept) {
        char *dir = installed();
        kept = dir && cli_list_add(list, dir);
        free(dir);
    }
    return kept && cli_list_add(list, CSK_MODELS_INSTALLED) &&
           cli_list_add(list, CSK_MODELS_SOURCE);
}

static bool is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool looks_like_file(const char *word)
{
    return strpbrk(word, "./") != NULL || is_file(word) || *word == '\0';
}

/* The file of a name as a new string; *path is NULL if there is none. */
static csk_status look_up(char **path, const char *name)
{
    cli_list dirs = { .n = 0 };
    char *file = cli_concat(name, SUFFIX);
    bool kept = file && directories(&dirs);

    *path = NULL;
    for (int i = 0; i < dirs.n && kept && !*path; i++) {
        char *candidate = cli_join(dirs.v[i], file);

        kept = candidate != NULL;
        if (kept && is_file(candidate))
            *path = candidate;
        else
            free(candidate);
    }
    cli_list_clear(&dirs);
    free(file);
    return kept ? CSK_OK : cli_no_memory();
}

bool cli_prior_exists(const char *name)
{
    char *path = NULL;
    const bool found = look_up(&path, name) == CSK_OK && path;

    free(path);
    return found;
}

/* -- all that have a name ------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names that a terminal would take for commands, or that break lines, are not shown. */
static bool is_shown(const char *name)
{
    for (; *name; name++) {
        if ((unsigned char)*name < ' ' || *name == 0x7f)
            return false;
    }
    return true;
}

/* Names in @p dir that are not in @p names yet, sorted. */
static bool names_in(cli_list *names, const char *dir)
{
    const int before = names->n;
    DIR *d = opendir(dir);
    bool kept = true;

    for (const struct dirent *e; d && kept && (e = readdir(d));) {
        const size_t len = strlen(e->d_name), tail = strlen(SUFFIX);
        if (len <= tail || e->d_name[0] == '.' ||
            strcmp(e->d_name + len - tail, SUFFIX) != 0)
            continue;
        char *name = strndup(e->d_name, len - tail);
        kept = name && (strchr(name, '.') || !is_shown(name) ||
                        cli_list_has(names, name) || cli_list_add(names, name));
        free(name);
    }
    if (d)
        (void)closedir(d);
    if (names->n > before)
        qsort(names->v + before, (size_t)(names->n - before), sizeof(*names->v),
              by_name);
    return kept;
}

static csk_status all_names(cli_list *names)
{
    cli_list dirs = { .n = 0 };
    bool kept = directories(&dirs);

    for (int i = 0; i < dirs.n && kept; i++)
        kept = names_in(names, dirs.v[i]);
    cli_list_clear(&dirs);
    return kept ? CSK_OK : cli_no_memory();
}

/* What it was trained on, in the words of its card; "not said". A new string. */
static char *trained_on(const char *card)
{
    json_t *root = json_loads(card, 0, NULL);
    const json_t *training = json_object_get(root, "training");
    const char *text = json_string_value(json_object_get(training, "data"));

    if (!text)
        text = json_string_value(json_object_get(root, "about"));
    char *copy = strdup(text ? text : "not said");
    json_decref(root);
    return cli_printable(copy);
}

/* One prior that has a name; text and kind are owned. */
typedef struct entry {
    const char *name;
    char *path, *text;
    csk_model *model; /* NULL: text says why it cannot be read */
} entry;

static csk_status describe(entry *e, const char *name)
{
    csk_status err = look_up(&e->path, name);

    e->name = name;
    if (err)
        return err;
    err = e->path ? csk_model_read(&e->model, e->path)
                  : csk_fail(CSK_ERR_IO, "%s" SUFFIX " is not a file", name);
    if (err == CSK_ERR_NOMEM)
        return err;
    e->text =
        e->model ? trained_on(csk_model_card(e->model)) : strdup(csk_error_message());
    return e->text ? CSK_OK : cli_no_memory();
}

static void entry_clear(entry *e)
{
    csk_model_free(e->model);
    free(e->path);
    free(e->text);
}

static const char *field_of(const entry *e)
{
    if (!e->model)
        return "-";
    return csk_model_field(e->model) == CSK_REAL ? "real" : "complex";
}

static csk_status each_prior(const cli_call *call, const char *table,
                             void (*fn)(const cli_call *call, const entry *e,
                                        const char *table))
{
    cli_list names = { .n = 0 };
    csk_status err = all_names(&names);

    for (int i = 0; i < names.n && !err; i++) {
        entry e = { .name = NULL };

        err = describe(&e, names.v[i]);
        if (!err)
            fn(call, &e, table);
        entry_clear(&e);
    }
    cli_list_clear(&names);
    return err;
}

static void put_row(const cli_call *call, const entry *e, const char *table)
{
    cli_begin_row(call, table);
    cli_put_text(call, "name", e->name);
    cli_put_text(call, "kind", e->model ? csk_model_kind(e->model) : "unreadable");
    cli_put_text(call, "field", field_of(e));
    cli_put_text(call, "file", e->path ? e->path : "-");
    cli_put_text(call, "trained_on", e->text); /* the last, for it is long */
    cli_end_row(call);
}

csk_status cli_put_priors(const cli_call *call, const char *table)
{
    return each_prior(call, table, put_row);
}

static void say_row(const cli_call *call, const entry *e, const char *table)
{
    (void)table;
    if (e->model)
        cli_say(call, "there is '%s' (%s, %s images): %s", e->name,
                csk_model_kind(e->model), field_of(e), e->text);
    else
        cli_say(call, "there is '%s', but %s", e->name, e->text);
}

/* -- one of them ------------------------------------------------------------------------------ */

/* ".csk" if the working directory has such a file. */
static const char *suffix_of(const char *name)
{
    char *file = cli_concat(name, SUFFIX);
    const bool there = file && is_file(file);

    free(file);
    return there ? SUFFIX : "";
}

static csk_status no_such_prior(const cli_call *call, const char *name)
{
    cli_list names = { .n = 0 };
    csk_status err = each_prior(call, NULL, say_row);

    if (!err)
        err = all_names(&names);
    if (!err && cli_list_has(&names, name))
        err =
            csk_fail(CSK_ERR_IO, "prior '%s': %s" SUFFIX " is not a file", name, name);
    if (!err && !cli_list_add(&names, ""))
        err = cli_no_memory();
    if (!err) {
        free(names.v[--names.n]);
        names.v[names.n] = NULL; /* as cli_nearest() wants it */
        const char *near = cli_nearest(name, (const char *const *)names.v);
        err = near
                  ? csk_fail(CSK_ERR_IO,
                             "there is no prior called '%s'; did you mean '%s'?", name,
                             near)
                  : csk_fail(CSK_ERR_IO,
                             "there is no prior called '%s'%s; for a file of that name "
                             "write ./%s%s",
                             name, names.n > 0 ? "" : ", nor any other", name,
                             suffix_of(name));
    }
    cli_list_clear(&names);
    return cli_bad_input(call, err);
}

static csk_status find(const cli_call *call, char **path, const char *word)
{
    if (looks_like_file(word)) {
        *path = strdup(word);
        return *path ? CSK_OK : cli_no_memory();
    }
    const csk_status err = look_up(path, word);
    if (err)
        return err;
    return *path ? CSK_OK : no_such_prior(call, word);
}

/* "brain": what the card says, or what the file is called without directory and suffix. */
static char *name_of(const csk_model *m, const char *path)
{
    json_t *root = json_loads(csk_model_card(m), 0, NULL);
    const char *name = json_string_value(json_object_get(root, "name"));
    const char *slash = strrchr(path, '/');
    char *copy = strdup(name ? name : slash ? slash + 1 : path);
    const size_t len = copy ? strlen(copy) : 0, tail = strlen(SUFFIX);

    if (!name && len > tail && strcmp(copy + len - tail, SUFFIX) == 0)
        copy[len - tail] = '\0';
    json_decref(root);
    return cli_printable(copy);
}

csk_status cli_prior_read(const cli_call *call, cli_prior *p, const char *word)
{
    if (!word) {
        const csk_status listed = each_prior(call, NULL, say_row);
        return listed ? listed
                      : csk_fail(CSK_ERR_ARG,
                                 "--prior is missing: a name of 'csk prior list', or a "
                                 "file that csk prior fit or csk train wrote");
    }
    *p = (cli_prior){ .model = NULL };
    csk_status err = find(call, &p->path, word);
    if (!err)
        err = cli_input(call, p->path);
    if (!err)
        err = cli_bad_input(call, csk_model_read(&p->model, p->path));
    if (!err)
        err = cli_sha256_file(p->hash, p->path);
    if (!err) {
        p->name = name_of(p->model, p->path);
        err = p->name ? CSK_OK : cli_no_memory();
    }
    if (err)
        cli_prior_clear(p);
    return err;
}

void cli_prior_clear(cli_prior *p)
{
    csk_model_free(p->model);
    free(p->name);
    free(p->path);
    *p = (cli_prior){ .model = NULL };
}

void cli_put_score_norm(const cli_call *call, const csk_score_norm *s)
{
    for (int i = 0; i < s->count; i++) {
        cli_begin_row(call, "score_norm");
        cli_put_real(call, "sigma", s->sigma[i], -1, NULL);
        cli_put_real(call, "mean", s->mean[i], 4, NULL);
        cli_put_real(call, "std", s->std[i], 4, NULL);
        cli_put_real(call, "correlation", s->correlation[i], 4, NULL);
        cli_put_real(call, "correlation_std", s->correlation_std[i], 4, NULL);
        cli_end_row(call);
    }
}

csk_status cli_prior_check_moved(const cli_call *call, const cli_prior *p, double moved,
                                 double size, double sigma)
{
    static const char remedy[] = "see --unit, csk prior check and, for images below 0, "
                                 "csk convert --add";

    if (moved < 2. * sigma || moved < 1e-5 * size) /* or roundings of floats */
        return CSK_OK;
    if (moved < 100. * sigma) {
        cli_say(
            call,
            "'%s' changed the image by %.3g (rms), the noise is %.3g: it does not know "
            "such images; %s",
            p->name, moved, sigma, remedy);
        return CSK_OK;
    }
    return csk_fail(
        CSK_ERR_NUMERIC,
        "'%s' diverged: it changed the image by %.3g (rms), the noise is %.3g; "
        "%s",
        p->name, moved, sigma, remedy);
}
