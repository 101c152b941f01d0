/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/tst_file.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

const char *tst_path(const char *name)
{
    enum { BUFFERS = 8 };
    static char paths[BUFFERS][256];
    static int next;

    if (!directory[0]) {
        (void)snprintf(directory, sizeof(directory), "csk-test-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(directory));
    }
    char *out = paths[next++ % BUFFERS];
    (void)snprintf(out, sizeof(paths[0]), "%s/%s", directory, name);
    return out;
}

static int visit_files(bool remove_them)
{
    int count = 0;
    DIR *d = directory[0] ? opendir(directory) : NULL;

    for (struct dirent *e; d && (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        count++;
        if (remove_them)
            (void)remove(tst_path(e->d_name));
    }
    if (d)
        (void)closedir(d);
    return count;
}

void tst_remove_files(void)
{
    (void)visit_files(true);
    if (directory[0])
        ck_assert_int_eq(rmdir(directory), 0);
    directory[0] = '\0';
}

int tst_count_files(void)
{
    return visit_files(false);
}

void tst_put(const char *path, const void *bytes, size_t len)
{
    FILE *f = fopen(path, "wb");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, len, f), len);
    ck_assert_int_eq(fclose(f), 0);
}

char *tst_get(const char *path, size_t *len)
{
    struct stat st;
    FILE *f = fopen(path, "rb");

    ck_assert_msg(f != NULL, "%s is missing", path);
    ck_assert_int_eq(fstat(fileno(f), &st), 0);
    char *bytes = calloc((size_t)st.st_size + 1, 1);
    ck_assert_ptr_nonnull(bytes);
    *len = fread(bytes, 1, (size_t)st.st_size, f);
    ck_assert_uint_eq(*len, (size_t)st.st_size);
    (void)fclose(f);
    return bytes;
}

csk_array tst_array(csk_field field, int rank, const int64_t *dim)
{
    const csk_space space = csk_space_make(field, rank, dim);
    csk_array a;

    tst_ok(csk_array_init(&a, &space));
    for (int64_t i = 0; i < csk_space_len(&space); i++)
        a.data[i] = 0.25f * (float)(i % 1000) - 3.0f;
    return a;
}

void tst_same(const csk_array *a, const csk_array *b)
{
    ck_assert(csk_space_equal(&a->space, &b->space));
    ck_assert_int_eq(
        memcmp(a->data, b->data, (size_t)csk_space_len(&a->space) * sizeof(float)), 0);
}

void tst_limit_file_size(long bytes)
{
    struct rlimit limit;

    (void)signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < 0 ? limit.rlim_max : (rlim_t)bytes;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}
