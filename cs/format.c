/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/format.h"
#include "cs/file_priv.h"
#include "cs/mem.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

extern const csk_format csk_format_cfl, csk_format_jpeg, csk_format_jpg, csk_format_mtx,
    csk_format_nifti, csk_format_nifti_gz, csk_format_npy, csk_format_png;

const csk_format *const csk_formats[] = {
    &csk_format_cfl,   &csk_format_npy, &csk_format_nifti_gz,
    &csk_format_nifti, &csk_format_png, &csk_format_jpg,
    &csk_format_jpeg,  &csk_format_mtx, NULL,
};

const csk_format *csk_format_of(const char *path)
{
    const size_t len = strlen(path);

    for (const csk_format *const *f = csk_formats; *f; f++) {
        const size_t n = strlen((*f)->suffix);
        if (len > n && strcmp(path + len - n, (*f)->suffix) == 0)
            return *f;
    }
    return NULL;
}

static csk_status no_format(const char *path, bool to_write)
{
    char known[128] = "";
    size_t used = 0;

    for (const csk_format *const *f = csk_formats; *f && used < sizeof(known); f++) {
        if (to_write ? (*f)->write != NULL : (*f)->read != NULL)
            used += (size_t)snprintf(known + used, sizeof(known) - used, " %s",
                                     (*f)->suffix);
    }
    return csk_fail(CSK_ERR_UNSUPPORTED,
                    "%s: no format to %s has this suffix; known:%s", path,
                    to_write ? "write" : "read", known);
}

typedef csk_status pair_reader(void *out, const char *cfl);

static csk_status read_cfl(void *a, const char *cfl)
{
    return csk_format_cfl.read(a, cfl);
}

static csk_status read_cfl_note(void *note, const char *cfl)
{
    return csk_format_cfl.read_note(note, cfl);
}

/* BART's way to name a pair of files: without suffix. */
static csk_status read_pair(void *out, const char *path, pair_reader *read)
{
    const size_t len = strlen(path);
    char *cfl = csk_join(path, len, ".cfl");
    char *hdr = csk_join(path, len, ".hdr");
    csk_status err = CSK_ERR_NOMEM;

    if (cfl && hdr) {
        if (access(cfl, F_OK) == 0 && access(hdr, F_OK) == 0)
            err = read(out, cfl);
        else if (access(path, F_OK) == 0)
            err = no_format(path, false);
        else
            err = csk_fail(CSK_ERR_IO,
                           "%s: No such file or directory, nor %s.cfl with %s.hdr",
                           path, path, path);
    }
    csk_free(cfl);
    csk_free(hdr);
    return err;
}

csk_status csk_read(csk_array *a, const char *path)
{
    const csk_format *f = csk_format_of(path);

    *a = (csk_array){ .data = NULL };
    if (!f)
        return read_pair(a, path, read_cfl);
    if (!f->read)
        return no_format(path, false);
    const csk_status err = f->read(a, path);
    if (err)
        csk_array_clear(a);
    return err;
}

/* PATH.json, not yet under its name. */
static csk_status write_note(csk_out *out, const char *path, const char *note)
{
    char *beside = csk_join(path, strlen(path), ".json");

    *out = (csk_out){ .f = NULL };
    if (!beside)
        return CSK_ERR_NOMEM;
    csk_status err = csk_out_open(out, beside);
    csk_free(beside);
    if (!err)
        err = csk_out_put_line(out, note);
    return err ? err : csk_out_close(out);
}

csk_status csk_write(const csk_array *a, const char *path, const char *note)
{
    const csk_format *f = csk_format_of(path);
    csk_out beside;

    if (!f || !f->write)
        return no_format(path, true);
    if (!note || f->holds_note)
        return f->write(a, path, note);
    csk_status err = write_note(&beside, path, note);
    if (!err) /* no result without its provenance, which is on the disk by now */
        err = f->write(a, path, NULL);
    if (!err)
        err = csk_out_commit(&beside);
    csk_out_drop(&beside);
    return err;
}

/* The first line of PATH.json. */
static csk_status read_beside(char **note, const char *path)
{
    enum { MAX_NOTE = 1 << 20 };
    char *beside = csk_join(path, strlen(path), ".json");
    csk_status err = beside ? CSK_OK : CSK_ERR_NOMEM;
    size_t len;

    if (!err && access(beside, F_OK) == 0) {
        err = csk_file_load(note, &len, beside, MAX_NOTE);
        if (!err)
            (*note)[strcspn(*note, "\n")] = '\0';
    }
    csk_free(beside);
    return err;
}

csk_status csk_read_note(char **note, const char *path)
{
    const csk_format *f = csk_format_of(path);

    *note = NULL;
    if (!f)
        return read_pair(note, path, read_cfl_note);
    return f->read_note ? f->read_note(note, path) : read_beside(note, path);
}
