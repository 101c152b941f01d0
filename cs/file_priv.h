/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole files in, whole files out: what the formats share. Never installed. */
#ifndef CSK_CS_FILE_PRIV_H
#define CSK_CS_FILE_PRIV_H

#include "cs/status.h"

#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Open a regular file that is not empty and say how long it is. */
csk_status csk_file_open(FILE **f, int64_t *len, const char *path) CSK_MUST_CHECK;

/* The whole file, with a NUL behind its end; csk_free() the bytes. Longer than `most`
 * is CSK_ERR_FORMAT. */
csk_status csk_file_load(char **bytes, size_t *len, const char *path,
                         int64_t most) CSK_MUST_CHECK;

/* The two strings joined; csk_free() it. NULL (message set) if there is no room. */
char *csk_join(const char *head, size_t head_len, const char *tail) CSK_MUST_CHECK;

/*
 * A file on its way: written beside the target, renamed over it when complete. Open, put,
 * close, then commit; csk_out_drop() always, it forgets what was not committed. Where the
 * target is a symbolic link, it stays one, and the file it leads to is the target.
 */
typedef struct csk_out {
    FILE *f;
    char *temp; /* what is written */
    char *path; /* what it is to be called, links followed */
} csk_out;

csk_status csk_out_open(csk_out *out, const char *path) CSK_MUST_CHECK;
csk_status csk_out_put(csk_out *out, const void *bytes, size_t len) CSK_MUST_CHECK;
/* The text as one line: control bytes, which might end it, become blanks. */
csk_status csk_out_put_line(csk_out *out, const char *text) CSK_MUST_CHECK;
csk_status csk_out_close(csk_out *out) CSK_MUST_CHECK;
csk_status csk_out_commit(csk_out *out) CSK_MUST_CHECK;
void csk_out_drop(csk_out *out);

/* Close and commit if `err` is 0; drop in any case. */
csk_status csk_out_finish(csk_out *out, csk_status err) CSK_MUST_CHECK;

/* Numbers have a point whatever the language of the user: this thread's text is in the
 * locale C from enter to leave. */
typedef struct csk_locale {
    locale_t ours, before;
} csk_locale;

csk_status csk_locale_enter(csk_locale *l) CSK_MUST_CHECK;
void csk_locale_leave(csk_locale *l);

#endif
