/* SPDX-License-Identifier: BSD-3-Clause */
/* What holds for every format: suffixes, round trips, atomic writing, missing files. */
#include "cs/format.h"
#include "cs/mem.h"
#include "tests/support/tst_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const int64_t dim[] = { 3, 5, 4 };

static const char *named(const csk_format *f)
{
    char name[32];

    (void)snprintf(name, sizeof(name), "file%s", f->suffix);
    return tst_path(name);
}

/* The next format from f on that is also written. */
static const csk_format *const *written(const csk_format *const *f)
{
    while (*f && !(*f)->write)
        f++;
    return f;
}

/* An array that the format holds: PNG and Matrix Market are for rank 2, PNG for 0..1. */
static csk_array array_for(const csk_format *f, csk_field field)
{
    const bool png = strcmp(f->name, "png") == 0;
    const bool flat = png || strcmp(f->name, "mtx") == 0;
    csk_array a = tst_array(png ? CSK_REAL : field, flat ? 2 : 3, dim);

    for (int64_t i = 0; png && i < csk_space_len(&a.space); i++)
        a.data[i] = (float)(i % 2);
    return a;
}

START_TEST(test_suffixes)
{
    ck_assert_str_eq(csk_format_of("a.cfl")->name, "cfl");
    ck_assert_str_eq(csk_format_of("x/a.b.nii.gz")->name, "nifti-gz");
    ck_assert_str_eq(csk_format_of("a.nii")->name, "nifti");
    ck_assert_str_eq(csk_format_of("a.jpg")->name, "jpg");
    ck_assert_str_eq(csk_format_of("a.jpeg")->name, "jpeg");
    ck_assert_ptr_null(csk_format_of("a.tiff"));
    ck_assert_ptr_null(csk_format_of(".npy"));
    ck_assert_ptr_null(csk_format_of("a"));
}
END_TEST

START_TEST(test_round_trip)
{
    for (const csk_format *const *f = written(csk_formats); *f; f = written(f + 1)) {
        for (int field = CSK_REAL; field <= CSK_COMPLEX; field++) {
            csk_array a = array_for(*f, (csk_field)field);
            csk_array b;

            tst_ok(csk_write(&a, named(*f), "{\"seed\": 7}"));
            tst_ok(csk_read(&b, named(*f)));
            if (a.space.field == b.space.field) {
                tst_same(&a, &b);
            } else { /* cfl makes real numbers complex */
                ck_assert_int_eq(b.space.rank, a.space.rank);
                for (int64_t i = 0; i < csk_space_len(&a.space); i++) {
                    ck_assert_float_eq(b.data[2 * i], a.data[i]);
                    ck_assert_float_eq(b.data[2 * i + 1], 0.0f);
                }
            }
            csk_array_clear(&a);
            csk_array_clear(&b);
        }
    }
    tst_remove_files();
}
END_TEST

/* The note is in the file, or beside it where the format has no place for one. */
START_TEST(test_note)
{
    static const char note[] = "{\"command\": \"csk recon\", \"seed\": 7}";

    for (const csk_format *const *f = written(csk_formats); *f; f = written(f + 1)) {
        csk_array a = array_for(*f, CSK_COMPLEX);
        char beside[300];
        size_t len;

        (void)snprintf(beside, sizeof(beside), "%s.json", named(*f));
        tst_ok(csk_write(&a, named(*f), NULL));
        ck_assert_int_ne(access(beside, F_OK), 0);
        tst_ok(csk_write(&a, named(*f), note));
        ck_assert_int_eq(access(beside, F_OK) != 0, (*f)->holds_note);
        if (!(*f)->holds_note) {
            char *text = tst_get(beside, &len);
            ck_assert_int_eq(strncmp(text, note, strlen(note)), 0);
            ck_assert_str_eq(text + strlen(note), "\n");
            free(text);
        }
        char *found;
        tst_ok(csk_read_note(&found, named(*f)));
        ck_assert_str_eq(found, note);
        csk_free(found);
        csk_array_clear(&a);
    }
    tst_remove_files();
}
END_TEST

static void assert_no_note(const char *path)
{
    char *note = (char *)1;

    tst_ok(csk_read_note(&note, path));
    ck_assert_ptr_null(note);
}

START_TEST(test_no_note)
{
    char *note;

    for (const csk_format *const *f = written(csk_formats); *f; f = written(f + 1)) {
        csk_array a = array_for(*f, CSK_REAL);

        tst_ok(csk_write(&a, named(*f), NULL));
        assert_no_note(named(*f));
        if ((*f)->holds_note) {
            tst_fails(csk_read_note(&note, tst_path((*f)->suffix)), CSK_ERR_IO,
                      "No such file");
            ck_assert_ptr_null(note);
        }
        csk_array_clear(&a);
    }
    tst_fails(csk_read_note(&note, tst_path("none")), CSK_ERR_IO, "nor");
    tst_remove_files();
}
END_TEST

/* Extensions that claim more than there is, of another kind, or cut in a gzip stream. */
START_TEST(test_bad_nifti_note)
{
    static const uint8_t sizes[] = { 0, 7, 255, 16 };
    const csk_format *nifti = csk_format_of("a.nii");
    csk_array a = array_for(nifti, CSK_REAL);
    const char *path = named(nifti);
    size_t len;
    char *note;

    for (int k = 0; k < 4; k++) {
        tst_ok(csk_write(&a, path, "a note of more than sixteen bytes"));
        char *bytes = tst_get(path, &len);
        bytes[352] = (char)sizes[k]; /* bytes of the extension */
        bytes[353] = 0;
        bytes[356] =
            k == 3 ? 4 : 6; /* its kind; the text that follows is no extension */
        tst_ok(csk_write_bytes(path, bytes, len));
        assert_no_note(path);
        free(bytes);
    }
    tst_ok(csk_write_bytes(path, "short", 5));
    tst_fails(csk_read_note(&note, path), CSK_ERR_FORMAT, "5 bytes");
    tst_ok(csk_write_bytes(tst_path("a.nii.gz"), "\x1f\x8b\x08", 3));
    tst_fails(csk_read_note(&note, tst_path("a.nii.gz")), CSK_ERR_FORMAT, "a.nii.gz");
    csk_array_clear(&a);
    tst_remove_files();
}
END_TEST

/* A note that would end the line of a text, and pass for a header, harms no format. */
START_TEST(test_note_with_breaks)
{
    static const char note[] =
        "# Dimensions\n9 9\r\n%%MatrixMarket\n1 1\n\033[0m\n\n# a";
    static const char line[] = "# Dimensions 9 9  %%MatrixMarket 1 1  [0m  # a\n";

    for (const csk_format *const *f = written(csk_formats); *f; f = written(f + 1)) {
        csk_array a = array_for(*f, CSK_COMPLEX);
        csk_array b;
        char where[300];
        size_t len;

        tst_ok(csk_write(&a, named(*f), note));
        tst_ok(csk_read(&b, named(*f)));
        tst_same(&a, &b);
        (void)snprintf(where, sizeof(where), "%s%s", named(*f),
                       (*f)->holds_note ? "" : ".json");
        if (strcmp((*f)->name, "cfl") == 0)
            (void)snprintf(where, sizeof(where), "%s", tst_path("file.hdr"));
        char *bytes = tst_get(where, &len);
        if (!(*f)->holds_note || strcmp((*f)->name, "cfl") == 0 ||
            strcmp((*f)->name, "mtx") == 0)
            ck_assert_ptr_nonnull(strstr(bytes, line));
        else if (strcmp((*f)->name, "nifti") == 0) /* binary formats keep it as it is */
            ck_assert_str_eq(bytes + 360, note);
        free(bytes);
        csk_array_clear(&a);
        csk_array_clear(&b);
    }
    tst_remove_files();
}
END_TEST

START_TEST(test_missing)
{
    csk_array a;
    char want[300];

    for (const csk_format *const *f = csk_formats; *f; f++) {
        (void)snprintf(want, sizeof(want), "%s: No such file or directory", named(*f));
        tst_fails(csk_read(&a, named(*f)), CSK_ERR_IO, want);
        ck_assert_ptr_null(a.data);

        tst_put(named(*f), "", 0);
        tst_fails(csk_read(&a, named(*f)), CSK_ERR_FORMAT, "the file is empty");
        ck_assert_int_eq(remove(named(*f)), 0);

        ck_assert_int_eq(mkdir(named(*f), 0700), 0);
        tst_fails(csk_read(&a, named(*f)), CSK_ERR_IO, "is a directory");
        csk_array b = array_for(*f, CSK_COMPLEX);
        if ((*f)->write)
            tst_fails(csk_write(&b, named(*f), NULL), CSK_ERR_IO, "is a directory");
        else
            tst_fails(csk_write(&b, named(*f), NULL), CSK_ERR_UNSUPPORTED,
                      "no format to write has this suffix; known: .cfl .npy .nii.gz "
                      ".nii .png .mtx");
        csk_array_clear(&b);
        ck_assert_int_eq(rmdir(named(*f)), 0);
    }
    tst_fails(csk_read(&a, tst_path("scan")), CSK_ERR_IO, "No such file or directory");
    tst_put(tst_path("scan"), "x", 1);
    tst_fails(csk_read(&a, tst_path("scan")), CSK_ERR_UNSUPPORTED, ".cfl .npy");
    tst_remove_files();
}
END_TEST

START_TEST(test_pair_without_suffix)
{
    csk_array a = tst_array(CSK_COMPLEX, 3, dim);
    csk_array b;

    tst_ok(csk_write(&a, tst_path("scan.cfl"), NULL));
    tst_ok(csk_read(&b, tst_path("scan")));
    tst_same(&a, &b);
    tst_fails(csk_write(&a, tst_path("scan"), NULL), CSK_ERR_UNSUPPORTED, "to write");
    csk_array_clear(&a);
    csk_array_clear(&b);
    tst_remove_files();
}
END_TEST

/* A file that does not fit is an error; nothing is left, and what was there stays. */
START_TEST(test_full_disk)
{
    static const int64_t large[] = { 200, 300 };

    for (const csk_format *const *f = written(csk_formats); *f; f = written(f + 1)) {
        csk_array a = tst_array(CSK_REAL, 2, large);
        uint32_t noise = 1;
        size_t len;

        for (int64_t i = 0; i < csk_space_len(&a.space); i++) { /* must not compress */
            noise = noise * 1664525u + 1013904223u;
            a.data[i] = (float)(noise >> 8) * 0x1p-24f;
        }
        tst_limit_file_size(20000);
        tst_fails(csk_write(&a, named(*f), "{}"), CSK_ERR_IO, "File too large");
        ck_assert_int_eq(tst_count_files(), 0);
        tst_put(named(*f), "old", 3);
        tst_fails(csk_write(&a, named(*f), "{}"), CSK_ERR_IO, (*f)->suffix);
        ck_assert_int_eq(tst_count_files(), 1);
        char *old = tst_get(named(*f), &len);
        ck_assert_str_eq(old, "old");
        free(old);
        ck_assert_int_eq(remove(named(*f)), 0);
        tst_limit_file_size(-1);
        csk_array_clear(&a);
    }
    tst_remove_files();
}
END_TEST

START_TEST(test_no_room_for_note)
{
    csk_array a = tst_array(CSK_REAL, 2, dim);
    char note[3001];

    memset(note, 'x', sizeof(note) - 1);
    note[sizeof(note) - 1] = '\0';
    tst_limit_file_size(1000);
    tst_fails(csk_write(&a, tst_path("a.npy"), note), CSK_ERR_IO,
              "a.npy.json: File too");
    ck_assert_int_eq(tst_count_files(), 0);
    tst_put(tst_path("a.npy"), "old", 3); /* an older result stays what it was */
    tst_fails(csk_write(&a, tst_path("a.npy"), note), CSK_ERR_IO, "File too");
    tst_limit_file_size(-1);
    size_t len;
    char *old = tst_get(tst_path("a.npy"), &len);
    ck_assert_str_eq(old, "old");
    free(old);
    ck_assert_int_eq(tst_count_files(), 1);
    csk_array_clear(&a);
    tst_remove_files();
}
END_TEST

START_TEST(test_permissions)
{
    struct stat st;
    const char *path = tst_path("bytes");
    const mode_t old = umask(027);

    tst_ok(csk_write_bytes(path, "abc", 3));
    (void)umask(old);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0640);
    ck_assert_int_eq(chmod(path, 0600), 0); /* which overwriting keeps */
    tst_ok(csk_write_bytes(path, "abcd", 4));
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(st.st_size, 4);
    tst_fails(csk_write_bytes(tst_path("none/bytes"), "a", 1), CSK_ERR_IO,
              "none/bytes");
    tst_fails(csk_write_bytes("/dev/null", "a", 1), CSK_ERR_IO, "not a regular file");
    ck_assert_int_eq(tst_count_files(), 1);
    tst_remove_files();
}
END_TEST

static bool is_link(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

/* A link stays a link, and the file it leads to is what is read and written. */
START_TEST(test_links)
{
    for (const csk_format *const *f = written(csk_formats); *f; f = written(f + 1)) {
        csk_array a = array_for(*f, CSK_COMPLEX);
        csk_array b;
        char link[300], target[300], first[64], second[64];

        (void)snprintf(link, sizeof(link), "link%s", (*f)->suffix);
        (void)snprintf(link, sizeof(link), "%s", tst_path(link));
        (void)snprintf(first, sizeof(first), "middle%s", (*f)->suffix);
        (void)snprintf(second, sizeof(second), "target%s", (*f)->suffix);
        (void)snprintf(target, sizeof(target), "%s", tst_path(second));
        ck_assert_int_eq(symlink(first, link), 0); /* two, relative to where they lie */
        ck_assert_int_eq(symlink(second, tst_path(first)), 0);

        for (int k = 0; k < 2; k++) { /* at first there is nothing at the end */
            tst_ok(csk_write(&a, link, "{}"));
            ck_assert(is_link(link));
            ck_assert(is_link(tst_path(first)));
            ck_assert(!is_link(target));
            ck_assert_int_eq(access(target, F_OK), 0);
        }
        tst_ok(csk_read(&b, link)); /* of cfl the header is beside the link */
        tst_same(&a, &b);
        csk_array_clear(&a);
        csk_array_clear(&b);
        tst_remove_files();
    }
}
END_TEST

START_TEST(test_links_that_fail)
{
    csk_array a = tst_array(CSK_REAL, 2, dim);
    char absolute[256], path[600];
    size_t len;

    ck_assert_ptr_nonnull(getcwd(absolute, sizeof(absolute)));
    ck_assert_int_eq(symlink("b.npy", tst_path("a.npy")), 0);
    ck_assert_int_eq(symlink("a.npy", tst_path("b.npy")), 0);
    tst_fails(csk_write(&a, tst_path("a.npy"), NULL), CSK_ERR_IO, "too many links");
    ck_assert_int_eq(symlink("nowhere/c.npy", tst_path("c.npy")), 0);
    tst_fails(csk_write(&a, tst_path("c.npy"), NULL), CSK_ERR_IO, "No such file");
    ck_assert_int_eq(symlink("/dev/null", tst_path("d.npy")), 0);
    tst_fails(csk_write(&a, tst_path("d.npy"), NULL), CSK_ERR_IO, "not a regular file");
    ck_assert_int_eq(tst_count_files(), 4);

    /* An absolute one; a failure leaves the file and the link as they were. */
    tst_put(tst_path("old.npy"), "old", 3);
    (void)snprintf(path, sizeof(path), "%s/%s", absolute, tst_path("old.npy"));
    ck_assert_int_eq(symlink(path, tst_path("e.npy")), 0);
    tst_limit_file_size(100);
    tst_fails(csk_write(&a, tst_path("e.npy"), "{}"), CSK_ERR_IO, "File too large");
    tst_limit_file_size(-1);
    ck_assert(is_link(tst_path("e.npy")));
    char *old = tst_get(tst_path("e.npy"), &len);
    ck_assert_str_eq(old, "old");
    free(old);
    ck_assert_int_eq(tst_count_files(), 6);
    tst_ok(csk_write(&a, tst_path("e.npy"), NULL));
    old = tst_get(tst_path("old.npy"), &len);
    ck_assert_uint_gt(len, 128);
    free(old);
    csk_array_clear(&a);
    tst_remove_files();
}
END_TEST

static const csk_format *current_format;

static csk_status write_current(void)
{
    csk_array a = { .data = NULL };
    csk_space space = csk_space_make(CSK_REAL, 2, dim);
    csk_status err = csk_array_init(&a, &space);

    if (!err)
        err = csk_write(&a, named(current_format), "{}");
    csk_array_clear(&a);
    return err;
}

static csk_status read_current(void)
{
    csk_array a;
    const csk_status err = csk_read(&a, named(current_format));

    csk_array_clear(&a);
    return err;
}

static csk_status note_current(void)
{
    char *note;
    const csk_status err = csk_read_note(&note, named(current_format));

    csk_free(note);
    return err;
}

START_TEST(test_out_of_memory)
{
    for (const csk_format *const *f = written(csk_formats); *f; f = written(f + 1)) {
        current_format = *f;
        tst_out_of_memory(write_current);
        tst_out_of_memory(read_current);
        tst_out_of_memory(note_current);
    }
    tst_remove_files();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("format");
    TCase *t = tcase_create("format");

    tcase_add_test(t, test_suffixes);
    tcase_add_test(t, test_round_trip);
    tcase_add_test(t, test_note);
    tcase_add_test(t, test_no_note);
    tcase_add_test(t, test_bad_nifti_note);
    tcase_add_test(t, test_note_with_breaks);
    tcase_add_test(t, test_missing);
    tcase_add_test(t, test_pair_without_suffix);
    tcase_add_test(t, test_full_disk);
    tcase_add_test(t, test_no_room_for_note);
    tcase_add_test(t, test_permissions);
    tcase_add_test(t, test_links);
    tcase_add_test(t, test_links_that_fail);
    tcase_add_test(t, test_out_of_memory);
    suite_add_tcase(s, t);
    return tst_main(s);
}
