/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/doc.h"

#include <ctype.h>
#include <string.h>

enum { WIDTH = 79, TERM = 22 };

/* -- inline text ------------------------------------------------------------------- */

static void put_man(FILE *to, const char *text, size_t len)
{
    bool at_start = true;

    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        if (at_start && (c == '.' || c == '\''))
            (void)fputs("\\&", to);
        at_start = c == '\n';
        if (c == '-')
            (void)fputs("\\-", to);
        else if (c == '\\')
            (void)fputs("\\e", to);
        else
            (void)fputc(c, to);
    }
}

static void put_markdown(FILE *to, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (strchr("*_<>|`\\", text[i]) && text[i] != '\0')
            (void)fputc('\\', to);
        (void)fputc(text[i], to);
    }
}

static void put(const doc *d, const char *text, size_t len)
{
    if (d->markup == CLI_MAN)
        put_man(d->to, text, len);
    else if (d->markup == CLI_MARKDOWN)
        put_markdown(d->to, text, len);
    else
        (void)fwrite(text, 1, len, d->to);
}

/* Words of text[0 .. len-1] in lines of WIDTH, all but the first indented; ends the line. */
static void wrap(const doc *d, const char *text, size_t len, int column, int indent)
{
    const char *end = text + len;
    int at = column;
    bool first = true;

    while (text < end) {
        while (text < end && isspace((unsigned char)*text))
            text++;
        const char *word = text;
        while (text < end && !isspace((unsigned char)*text))
            text++;
        const int n = (int)(text - word);
        if (n == 0)
            break;
        if (!first && at + 1 + n > WIDTH) {
            (void)fprintf(d->to, "\n%*s", indent, "");
            at = indent;
        } else if (!first) {
            (void)fputc(' ', d->to);
            at++;
        }
        put(d, word, (size_t)n);
        at += n;
        first = false;
    }
    (void)fputc('\n', d->to);
}

/* -- blocks ------------------------------------------------------------------------- */

void doc_title(const doc *d, const char *name, const char *brief)
{
    char page[64];

    switch (d->markup) {
    case CLI_TEXT:
        (void)fprintf(d->to, "%s - %s\n", name, brief);
        break;
    case CLI_MARKDOWN:
        (void)fprintf(d->to, "# %s\n\n", name);
        doc_text(d, brief);
        break;
    case CLI_MAN:
        (void)snprintf(page, sizeof(page), "%s", name);
        for (char *c = page; *c; c++) {
            if (*c == ' ')
                *c = '-';
        }
        (void)fputs(".TH \"", d->to);
        for (const char *c = page; *c; c++)
            (void)fputc(toupper((unsigned char)*c), d->to);
        (void)fprintf(d->to, "\" 1 \"\" \"csk %s\"\n.SH NAME\n", CSK_VERSION);
        put(d, page, strlen(page));
        (void)fputs(" \\- ", d->to);
        put(d, brief, strlen(brief));
        (void)fputc('\n', d->to);
        break;
    }
}

void doc_section(const doc *d, const char *name)
{
    if (d->markup == CLI_TEXT) {
        (void)fprintf(d->to, "\n%s:\n", name);
    } else if (d->markup == CLI_MARKDOWN) {
        (void)fprintf(d->to, "\n## %s\n\n", name);
    } else {
        (void)fputs(".SH ", d->to);
        for (const char *c = name; *c; c++)
            (void)fputc(toupper((unsigned char)*c), d->to);
        (void)fputc('\n', d->to);
    }
}

static void text_begin(const doc *d, bool first, bool kept)
{
    if (d->markup == CLI_MAN)
        (void)fputs(first ? "" : ".PP\n", d->to);
    else if (!first || d->markup == CLI_TEXT)
        (void)fputc('\n', d->to);
    if (kept && d->markup == CLI_MAN)
        (void)fputs(".nf\n", d->to);
    if (kept && d->markup == CLI_MARKDOWN)
        (void)fputs("```\n", d->to);
}

static void text_end(const doc *d, bool kept)
{
    if (kept && d->markup == CLI_MAN)
        (void)fputs(".fi\n", d->to);
    if (kept && d->markup == CLI_MARKDOWN)
        (void)fputs("```\n", d->to);
}

static void keep(const doc *d, const char *text, size_t len)
{
    const doc raw = { d->to, d->markup == CLI_MAN ? CLI_MAN : CLI_TEXT };

    put(&raw, text, len);
    (void)fputc('\n', d->to);
}

void doc_text(const doc *d, const char *text)
{
    bool first = true;

    while (*text) {
        const char *end = strstr(text, "\n\n");
        const size_t len = end ? (size_t)(end - text) : strlen(text);
        const bool kept = *text == ' ';

        text_begin(d, first, kept);
        if (kept)
            keep(d, text, len);
        else
            wrap(d, text, len, 0, 0);
        text_end(d, kept);
        first = false;
        text += len;
        while (*text == '\n')
            text++;
    }
}

void doc_item(const doc *d, const char *term, const char *text)
{
    const size_t len = strlen(text);
    int used;

    switch (d->markup) {
    case CLI_TEXT:
        used = fprintf(d->to, "  %-*s", TERM, term);
        if (used > TERM + 2) {
            (void)fprintf(d->to, "\n%*s", TERM + 3, "");
        } else {
            (void)fputc(' ', d->to);
        }
        wrap(d, text, len, TERM + 3, TERM + 3);
        break;
    case CLI_MARKDOWN:
        (void)fprintf(d->to, "- `%s`: ", term);
        wrap(d, text, len, 2 + (int)strlen(term), 2);
        break;
    case CLI_MAN:
        (void)fputs(".TP\n.B ", d->to);
        put(d, term, strlen(term));
        (void)fputc('\n', d->to);
        wrap(d, text, len, 0, 0);
        break;
    }
}

void doc_code(const doc *d, const char *line)
{
    if (d->markup == CLI_TEXT) {
        (void)fprintf(d->to, "  %s\n", line);
        return;
    }
    text_begin(d, true, true);
    keep(d, line, strlen(line));
    text_end(d, true);
}

void doc_end(const doc *d)
{
    if (d->markup == CLI_MAN)
        (void)fputs(".SH SEE ALSO\n.BR csk (1)\n", d->to);
}
