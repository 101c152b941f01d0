/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/format.h
 * File formats. A format is one constant in one file, format_NAME.c, and one
 * line in the table of format.c. The suffix of a path names the format, for
 * reading and for writing; a path without suffix that has a .cfl and a .hdr
 * beside it is BART's.
 *
 * Readers never trust a file: sizes are checked against the file's length before
 * anything is allocated, and a malformed file is CSK_ERR_FORMAT with a message
 * that names the path, the field and what was expected. Writers write beside the
 * target and rename, so that a target is either whole or absent. Where the target is a
 * symbolic link, it stays one and the file it leads to is replaced.
 *
 * A note is one line; what would break the line becomes a blank where the file is text.
 */
#ifndef CSK_CS_FORMAT_H
#define CSK_CS_FORMAT_H

#include "cs/array.h"

#include <stddef.h>

typedef struct csk_format {
    const char *name;   /**< "cfl" */
    const char *about;  /**< one line for `csk help formats` */
    const char *suffix; /**< ".cfl" */
    /** @p a is empty and stays so on failure. */
    csk_status (*read)(csk_array *a, const char *path);
    /** @p note: provenance as one line of JSON, NULL for none; @p path is final. NULL: the
     * format is only read. */
    csk_status (*write)(const csk_array *a, const char *path, const char *note);
    bool holds_note; /**< false: csk_write() puts the note into PATH.json */
    /** What write() put there: a new string, or NULL as before. Only if holds_note. */
    csk_status (*read_note)(char **note, const char *path);
} csk_format;

/** All formats, closed by NULL. */
CSK_API extern const csk_format *const csk_formats[];

/** The format of @p path by its suffix; NULL if no format has it. */
CSK_API const csk_format *csk_format_of(const char *path);

/** Read @p path in the format its suffix names. @p a must be empty. */
CSK_API csk_status csk_read(csk_array *a, const char *path) CSK_MUST_CHECK;

/**
 * Write @p a to @p path, atomically.
 *
 * @param note  provenance, one line of JSON; kept inside the file where the format
 *              can, else in PATH.json; NULL for none
 */
CSK_API csk_status csk_write(const csk_array *a, const char *path,
                             const char *note) CSK_MUST_CHECK;

/**
 * The note that csk_write() left in @p path or beside it, without the end of its line.
 *
 * @param note  out: csk_free() it; NULL: there is none
 */
CSK_API csk_status csk_read_note(char **note, const char *path) CSK_MUST_CHECK;

/**
 * Whether a file can be made at @p path, by making the temporary one that writing begins with:
 * to be asked before long work. CSK_ERR_IO.
 */
CSK_API csk_status csk_can_write(const char *path) CSK_MUST_CHECK;

/**
 * Write @p len bytes to @p path by way of a temporary file beside it that is renamed
 * when complete: @p path is never seen half written, and is untouched on failure.
 */
CSK_API csk_status csk_write_bytes(const char *path, const void *bytes,
                                   size_t len) CSK_MUST_CHECK;

/**
 * Write a picture, atomically, for those who want colour or a depth of their own.
 *
 * @param width,height  pixels, 1 .. 1000000
 * @param channels      1 (grey) or 3 (red, green, blue)
 * @param depth         bits of a sample: 8 (uint8_t) or 16 (uint16_t)
 * @param pixels        height x width x channels samples, row by row from the top
 * @param note          a text chunk "Comment"; NULL for none
 */
CSK_API csk_status csk_png_write(const char *path, int64_t width, int64_t height,
                                 int channels, int depth, const void *pixels,
                                 const char *note) CSK_MUST_CHECK;

/* Parsers of whole files in memory: what the fuzzers feed. @p what names the source in messages. */
CSK_API csk_status csk_cfl_parse_header(csk_space *out, const char *text, size_t len,
                                        const char *what) CSK_MUST_CHECK;
CSK_API csk_status csk_npy_parse(csk_array *a, const void *bytes, size_t len,
                                 const char *what) CSK_MUST_CHECK;
CSK_API csk_status csk_nifti_parse(csk_array *a, const void *bytes, size_t len,
                                   const char *what) CSK_MUST_CHECK;
CSK_API csk_status csk_jpeg_parse(csk_array *a, const void *bytes, size_t len,
                                  const char *what) CSK_MUST_CHECK;
CSK_API csk_status csk_png_parse(csk_array *a, const void *bytes, size_t len,
                                 const char *what) CSK_MUST_CHECK;

#endif
