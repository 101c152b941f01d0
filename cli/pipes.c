/* SPDX-License-Identifier: BSD-3-Clause */
/* Arrays through standard input and output, named "-". */
#include "cli/state.h"
#include "cs/format.h"
#include "cs/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool cli_is_pipe(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* Everything that comes, as a block for free(). */
static csk_status slurp(unsigned char **bytes, size_t *len)
{
    size_t room = 1 << 16, got;

    *bytes = malloc(room);
    *len = 0;
    while (*bytes && (got = fread(*bytes + *len, 1, room - *len, stdin)) > 0) {
        *len += got;
        if (*len < room)
            continue;
        unsigned char *more = room < SIZE_MAX / 2 ? realloc(*bytes, 2 * room) : NULL;
        if (!more)
            free(*bytes);
        *bytes = more;
        room *= 2;
    }
    if (!*bytes)
        return csk_fail(CSK_ERR_NOMEM, "no memory for standard input");
    if (!ferror(stdin) && *len > 0)
        return CSK_OK;
    free(*bytes);
    return ferror(stdin) ? csk_fail(CSK_ERR_IO, "standard input: %s", strerror(errno))
                         : csk_fail(CSK_ERR_FORMAT, "standard input is empty");
}

typedef csk_status parser(csk_array *a, const void *bytes, size_t len,
                          const char *what);

static parser *parser_of(const unsigned char *bytes, size_t len)
{
    if (len >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0)
        return csk_npy_parse;
    if (len >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
        return csk_png_parse;
    return csk_nifti_parse; /* gzipped or not; says what is wrong with anything else */
}

csk_status cli_read_pipe(csk_array *a, char hex[65])
{
    unsigned char *bytes;
    size_t len;
    csk_status err = slurp(&bytes, &len);

    if (err)
        return err;
    cli_sha256(hex, bytes, len);
    err = parser_of(bytes, len)(a, bytes, len, "standard input");
    free(bytes);
    return err;
}

static csk_status copy_out(FILE *from)
{
    char buffer[1 << 14];
    size_t got;

    while ((got = fread(buffer, 1, sizeof(buffer), from)) > 0) {
        if (fwrite(buffer, 1, got, stdout) != got)
            break;
    }
    if (ferror(from) || fflush(stdout) != 0 || ferror(stdout))
        return csk_fail(CSK_ERR_IO, "cannot write to standard output: %s",
                        strerror(errno));
    return CSK_OK;
}

/* Write @p a to a file that has no name any more when this returns. */
static csk_status write_nameless(FILE **file, const csk_array *a, char *dir)
{
    if (!mkdtemp(dir))
        return csk_fail(CSK_ERR_IO, "%s: %s", dir, strerror(errno));
    char *path = cli_join(dir, "array.npy");
    csk_status err = path ? csk_write(a, path, NULL) : cli_no_memory();
    if (!err) {
        *file = fopen(path, "rb");
        err = *file ? CSK_OK : csk_fail(CSK_ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (path)
        (void)unlink(path);
    (void)rmdir(dir);
    free(path);
    return err;
}

/* By way of a file, since that is what the format writes. */
csk_status cli_write_pipe(const csk_array *a)
{
    const char *tmp = getenv("TMPDIR");
    FILE *file = NULL;

    if (isatty(STDOUT_FILENO))
        return csk_fail(CSK_ERR_IO,
                        "standard output is a terminal, no place for numbers");
    char *dir = cli_join(tmp && *tmp ? tmp : "/tmp", "csk-XXXXXX");
    if (!dir)
        return cli_no_memory();
    csk_status err = write_nameless(&file, a, dir);
    if (!err)
        err = copy_out(file);
    if (file)
        (void)fclose(file);
    free(dir);
    return err;
}
