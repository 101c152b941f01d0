/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/file_priv.h"
#include "cs/format.h"
#include "cs/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static csk_status system_error(const char *path)
{
    return csk_fail(CSK_ERR_IO, "%s: %s", path, strerror(errno));
}

csk_status csk_file_open(FILE **f, int64_t *len, const char *path)
{
    struct stat st;

    /* Before opening, which would wait for the other end of a pipe. */
    if (stat(path, &st))
        return system_error(path);
    if (S_ISDIR(st.st_mode))
        return csk_fail(CSK_ERR_IO, "%s: is a directory, a file was expected", path);
    if (!S_ISREG(st.st_mode))
        return csk_fail(CSK_ERR_IO, "%s: is not a regular file", path);
    *f = fopen(path, "rb");
    if (!*f)
        return system_error(path);
    csk_status err = CSK_OK;
    if (fstat(fileno(*f), &st))
        err = system_error(path);
    else if (st.st_size < 1)
        err = csk_fail(CSK_ERR_FORMAT, "%s: the file is empty", path);
    if (err) {
        (void)fclose(*f);
        *f = NULL;
    }
    *len = st.st_size;
    return err;
}

csk_status csk_file_load(char **bytes, size_t *len, const char *path, int64_t most)
{
    FILE *f = NULL;
    int64_t size = 0;
    csk_status err = csk_file_open(&f, &size, path);

    if (err)
        return err;
    *bytes = NULL;
    if (size > most) {
        err = csk_fail(CSK_ERR_FORMAT,
                       "%s: %" PRId64 " bytes, at most %" PRId64 " were expected", path,
                       size, most);
    } else {
        *bytes = csk_alloc(size + 1, 1);
        if (!*bytes)
            err = CSK_ERR_NOMEM;
        else if (fread(*bytes, 1, (size_t)size, f) != (size_t)size)
            err = csk_fail(CSK_ERR_IO, "%s: could not be read to its end", path);
    }
    (void)fclose(f);
    if (err) {
        csk_free(*bytes);
        *bytes = NULL;
        return err;
    }
    *len = (size_t)size;
    return CSK_OK;
}

char *csk_join(const char *head, size_t head_len, const char *tail)
{
    const size_t tail_len = strlen(tail);
    char *s = csk_alloc((int64_t)(head_len + tail_len + 1), 1);

    if (s) {
        memcpy(s, head, head_len);
        memcpy(s + head_len, tail, tail_len + 1);
    }
    return s;
}

/* The link that *path is, followed by one step. */
static csk_status follow(char **path, int64_t len)
{
    const char *slash = strrchr(*path, '/');
    const size_t dir_len = slash ? (size_t)(slash - *path) + 1 : 0;
    char *target = csk_alloc(len + 1, 1);

    if (!target)
        return CSK_ERR_NOMEM;
    csk_status err = CSK_OK;
    const ssize_t got = readlink(*path, target, (size_t)len + 1);
    if (got < 1 || got > len) /* longer: another link by now */
        err = csk_fail(CSK_ERR_IO, "%s: the link cannot be followed", *path);
    char *next = err ? NULL : csk_join(*path, *target == '/' ? 0 : dir_len, target);
    csk_free(target);
    if (!next)
        return err ? err : CSK_ERR_NOMEM;
    csk_free(*path);
    *path = next;
    return CSK_OK;
}

/* Where writing to `path` ends: links are followed, be there a file at their end or not. */
static csk_status resolve(char **out, const char *path)
{
    enum { MAX_LINKS = 40 }; /* as Linux has it */
    struct stat st;
    csk_status err = CSK_OK;

    *out = csk_join(path, strlen(path), "");
    if (!*out)
        return CSK_ERR_NOMEM;
    for (int k = 0; !err && lstat(*out, &st) == 0 && S_ISLNK(st.st_mode); k++) {
        /* Links in /proc say nothing of their length. */
        const int64_t len = st.st_size > 0 ? st.st_size : 4095;
        err = k < MAX_LINKS ? follow(out, len)
                            : csk_fail(CSK_ERR_IO, "%s: too many links", path);
    }
    if (err) {
        csk_free(*out);
        *out = NULL;
    }
    return err;
}

/* Not mkstemp(): its files ignore the umask, which cannot be read without changing it for
 * all threads. */
static int open_beside(char *temp, size_t room, const char *path)
{
    enum { TRIES = 1000 };

    for (int k = 0; k < TRIES; k++) {
        (void)snprintf(temp, room, "%s.%ld-%d.part", path, (long)getpid(), k);
        const int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

csk_status csk_out_open(csk_out *out, const char *path)
{
    enum { ROOM_FOR_TAIL = 48 };
    struct stat st;
    const bool exists = stat(path, &st) == 0;

    *out = (csk_out){ .f = NULL };
    if (exists && S_ISDIR(st.st_mode))
        return csk_fail(CSK_ERR_IO, "%s: is a directory, a file was expected", path);
    if (exists && !S_ISREG(st.st_mode)) /* a rename would replace the device */
        return csk_fail(CSK_ERR_IO, "%s: is not a regular file", path);
    const csk_status err = resolve(&out->path, path);
    if (err)
        return err;
    const size_t room = strlen(out->path) + ROOM_FOR_TAIL;
    char *temp = csk_alloc((int64_t)room, 1);
    if (!temp) {
        csk_out_drop(out);
        return CSK_ERR_NOMEM;
    }
    const int fd = open_beside(temp, room, out->path);
    if (fd >= 0) {
        out->temp = temp;
        out->f = fdopen(fd, "wb");
    } else {
        csk_free(temp);
    }
    if (fd < 0 || !out->f || (exists && fchmod(fd, st.st_mode & 0777))) {
        const csk_status failed = system_error(path);
        if (fd >= 0 && !out->f)
            (void)close(fd);
        csk_out_drop(out);
        return failed;
    }
    return CSK_OK;
}

csk_status csk_out_put(csk_out *out, const void *bytes, size_t len)
{
    if (len > 0 && fwrite(bytes, 1, len, out->f) != len)
        return system_error(out->path);
    return CSK_OK;
}

/* Whatever the user's language: bytes from 0x80 on are parts of UTF-8. */
static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

csk_status csk_out_put_line(csk_out *out, const char *text)
{
    enum { BLOCK = 256 };
    char block[BLOCK];
    csk_status err = CSK_OK;

    while (*text && !err) {
        size_t n = 0;
        for (; n < BLOCK && text[n]; n++)
            block[n] = is_control(text[n]) ? ' ' : text[n];
        err = csk_out_put(out, block, n);
        text += n;
    }
    return err ? err : csk_out_put(out, "\n", 1);
}

csk_status csk_out_close(csk_out *out)
{
    FILE *f = out->f;

    out->f = NULL;
    return fclose(f) ? system_error(out->path) : CSK_OK;
}

csk_status csk_out_commit(csk_out *out)
{
    if (rename(out->temp, out->path))
        return system_error(out->path);
    csk_free(out->temp);
    out->temp = NULL;
    return CSK_OK;
}

void csk_out_drop(csk_out *out)
{
    if (out->f)
        (void)fclose(out->f);
    if (out->temp)
        (void)unlink(out->temp);
    csk_free(out->temp);
    csk_free(out->path);
    *out = (csk_out){ .f = NULL };
}

csk_status csk_out_finish(csk_out *out, csk_status err)
{
    if (!err)
        err = csk_out_close(out);
    if (!err)
        err = csk_out_commit(out);
    csk_out_drop(out);
    return err;
}

csk_status csk_can_write(const char *path)
{
    csk_out out;
    const csk_status err = csk_out_open(&out, path);

    if (!err)
        csk_out_drop(&out);
    return err;
}

csk_status csk_write_bytes(const char *path, const void *bytes, size_t len)
{
    csk_out out;
    csk_status err = csk_out_open(&out, path);

    if (err)
        return err;
    err = csk_out_put(&out, bytes, len);
    return csk_out_finish(&out, err);
}

csk_status csk_locale_enter(csk_locale *l)
{
    l->ours = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (l->ours == (locale_t)0)
        return csk_fail(CSK_ERR_NOMEM, "no room for the locale C");
    l->before = uselocale(l->ours);
    return CSK_OK;
}

void csk_locale_leave(csk_locale *l)
{
    (void)uselocale(l->before);
    freelocale(l->ours);
}
