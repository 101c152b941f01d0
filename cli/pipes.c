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

/* What the first bytes say; NIfTI's are the length of its header, in either byte order. */
static parser *parser_of(const unsigned char *bytes, size_t len)
{
#define BEGIN(text, parse)                                                             \
    {                                                                                  \
        text, sizeof(text) - 1, parse                                                  \
    }
    static const struct {
        const char *text;
        size_t len;
        parser *parse;
    } begins[] = {
        BEGIN("\x93NUMPY", csk_npy_parse),
        BEGIN("\x89PNG\r\n\x1a\n", csk_png_parse),
        BEGIN("\xff\xd8\xff", csk_jpeg_parse),
        BEGIN("\x1f\x8b", csk_nifti_parse),
        BEGIN("\x5c\x01\0\0", csk_nifti_parse),
        BEGIN("\0\0\x01\x5c", csk_nifti_parse),
        BEGIN("\x1c\x02\0\0", csk_nifti_parse),
        BEGIN("\0\0\x02\x1c", csk_nifti_parse),
    };
#undef BEGIN

    for (size_t k = 0; k < sizeof(begins) / sizeof(begins[0]); k++) {
        if (len >= begins[k].len && memcmp(bytes, begins[k].text, begins[k].len) == 0)
            return begins[k].parse;
    }
    return NULL;
}

csk_status cli_read_pipe(csk_array *a, char hex[65])
{
    unsigned char *bytes;
    size_t len;
    csk_status err = slurp(&bytes, &len);

    if (err)
        return err;
    cli_sha256(hex, bytes, len);
    parser *parse = parser_of(bytes, len);
    err = parse
              ? parse(a, bytes, len, "standard input")
              : csk_fail(CSK_ERR_FORMAT, "standard input is none of .npy, .nii, "
                                         ".nii.gz, .png and .jpg, which a pipe takes");
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
