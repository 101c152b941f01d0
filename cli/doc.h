/* SPDX-License-Identifier: BSD-3-Clause */
/** @file cli/doc.h  Structured text for a terminal, as a manual page or as Markdown. */
#ifndef CSK_CLI_DOC_H
#define CSK_CLI_DOC_H

#include "cli/state.h"

typedef struct doc {
    FILE *to;
    cli_markup markup;
} doc;

/** Head of a page: "csk mask" and what it is for. */
void doc_title(const doc *d, const char *name, const char *brief);
void doc_section(const doc *d, const char *name);
/** Paragraphs separated by empty lines; lines that begin with a blank stay as they are. */
void doc_text(const doc *d, const char *text);
/** A term and its explanation. */
void doc_item(const doc *d, const char *term, const char *text);
/** A line to type, or several. */
void doc_code(const doc *d, const char *line);
void doc_end(const doc *d);

#endif
