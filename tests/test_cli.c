/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of the program's framework that transcripts cannot reach. */
#include "cli/figure.h"
#include "cli/state.h"
#include "cs/format.h"
#include "cs/mem.h"
#include "tests/support/tst.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch[] = "/tmp/csk-test-cli-XXXXXX";

static void enter(void)
{
    ck_assert_ptr_nonnull(mkdtemp(scratch));
    ck_assert_int_eq(chdir(scratch), 0);
}

/* What the tests may have left: directories d1 .. d4 with these files. */
static void leave(void)
{
    static const char *const files[] = { "a.npy", "a.npy.json", "b.cfl", "b.hdr" };
    char path[32];

    for (int d = 1; d <= 4; d++) {
        for (int f = 0; f < 4; f++) {
            (void)snprintf(path, sizeof(path), "d%d/%s", d, files[f]);
            (void)unlink(path);
        }
        (void)snprintf(path, sizeof(path), "d%d", d);
        (void)rmdir(path);
    }
    (void)unlink("sha");
    ck_assert_int_eq(rmdir(scratch), 0);
}

/* Run @p cmd with words that NULL closes; what it prints is thrown away. */
static int run_words(const cli_cmd *cmd, const char *const *words)
{
    char *argv[16];
    int n = 0;

    for (; words[n]; n++)
        argv[n] = (char *)words[n];
    return cli_run(cmd, n, argv);
}

#define RUN(cmd, ...) run_words(cmd, (const char *const[]){ __VA_ARGS__, NULL })

/* -- words ---------------------------------------------------------------------------- */

START_TEST(nearest_word)
{
    static const char *const words[] = { "convert", "help", "mask", "metric", NULL };
    static const struct {
        const char *typed, *near;
    } list[] = {
        { "mask", "mask" },    { "maks", "mask" },      { "covnert", "convert" },
        { "conv", "convert" }, { "hepl", "help" },      { "metrik", "metric" },
        { "", NULL },          { "reconstruct", NULL }, { "x", NULL },
    };

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        const char *near = cli_nearest(list[i].typed, words);
        ck_assert_pstr_eq(near, list[i].near);
    }
    char longest[200];
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    ck_assert_ptr_null(cli_nearest(longest, words));
}
END_TEST

START_TEST(shapes_and_numbers)
{
    int64_t dim[CSK_MAX_RANK];
    double v[2];
    int rank;

    tst_ok(cli_parse_shape(dim, &rank, "3,4x5", "shape"));
    ck_assert_int_eq(rank, 3);
    ck_assert_int_eq(dim[2], 5);
    static const char *const bad[] = { "",   "0",   "-1",          "3,",
                                       ",3", "3;4", "99999999999", "2 2" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(cli_parse_shape(dim, &rank, bad[i], "shape"), CSK_ERR_ARG);

    tst_ok(cli_parse_numbers(v, 2, "-1e-3,2", "window"));
    ck_assert_double_eq(v[0], -1e-3);
    ck_assert_double_eq(v[1], 2.);
    static const char *const wrong[] = { "", "1", "1,2,3", "1,nan", "inf,1", "a,b" };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_int_eq(cli_parse_numbers(v, 2, wrong[i], "window"), CSK_ERR_ARG);
}
END_TEST

START_TEST(paths)
{
    static const char *const want[][3] = { { "a", "b", "a/b" },
                                           { "a/", "b", "a/b" },
                                           { "/", "b", "/b" } };

    for (int i = 0; i < 3; i++) {
        char *path = cli_join(want[i][0], want[i][1]);
        ck_assert_str_eq(path, want[i][2]);
        free(path);
    }
}
END_TEST

/* FIPS 180-4 examples; 1,000,000 times "a"; and lengths about the end of a block. */
START_TEST(sha256_of_known_texts)
{
    static const struct {
        int len;
        const char *text, *hex;
    } list[] = {
        { 0, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { 3, "abc",
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { 56, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
        { 1000000, NULL,
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
        { 55, NULL,
          "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318" },
        { 64, NULL,
          "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb" },
    };
    char hex[65];

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        char *bytes = malloc((size_t)list[i].len + 1);
        memset(bytes, 'a', (size_t)list[i].len);
        if (list[i].text)
            memcpy(bytes, list[i].text, (size_t)list[i].len);
        tst_ok(csk_write_bytes("sha", bytes, (size_t)list[i].len));
        tst_ok(cli_sha256_file(hex, "sha"));
        ck_assert_str_eq(hex, list[i].hex);
        free(bytes);
    }
    ck_assert_int_eq(cli_sha256_file(hex, "absent"), CSK_ERR_IO);
    ck_assert_int_eq(cli_sha256_file(hex, "."), CSK_ERR_IO);
}
END_TEST

/* -- the table of verbs ------------------------------------------------------------------ */

typedef struct seen {
    const char *name[128];
    int n;
} seen;

static void not_seen_before(const csk_param *p, void *user)
{
    seen *s = user;

    for (int i = 0; i < s->n; i++)
        ck_assert_msg(strcmp(s->name[i], p->name) != 0, "option --%s twice", p->name);
    ck_assert_msg(p->help && p->help[strlen(p->help) - 1] != '.', "--%s: help",
                  p->name);
    ck_assert_msg(p->type == CSK_PARAM_FLAG || p->type == CSK_PARAM_CHOICE || p->unit,
                  "--%s has no unit", p->name);
    ck_assert_int_ne(strncmp(p->name, "no-", 3), 0);
    s->name[s->n++] = p->name;
}

START_TEST(every_verb_is_well_described)
{
    for (const cli_cmd *const *c = cli_commands; *c; c++) {
        const cli_cmd *cmd = *c;
        seen s = { { "help", "output", "out", "man", "markdown", "version" }, 6 };
        int loose = 0, outputs = 0, used;
        char first[32], *words[2] = { first, strchr(cmd->name, ' ') };

        if (strcmp(cmd->name, "help") == 0)
            s.n = 3;
        cli_each_param(cmd->params, not_seen_before, &s);
        cli_each_param(cli_common_params, not_seen_before, &s);
        ck_assert_msg(strlen(cmd->brief) <= 60, "csk %s: brief is long", cmd->name);
        ck_assert_msg(cmd->brief[strlen(cmd->brief) - 1] != '.', "csk %s", cmd->name);
        ck_assert_int_gt((int)strlen(cmd->about), 40);
        ck_assert_msg(cmd->examples && cmd->examples[0].line, "csk %s: example",
                      cmd->name);
        for (const cli_arg *a = cmd->args; a->name; a++) {
            ck_assert_msg(outputs == 0, "csk %s: the output is last", cmd->name);
            loose += a->count != CLI_ONE;
            outputs += a->role == CLI_OUTPUT || a->role == CLI_OUTPUT_DIR;
        }
        ck_assert_msg(loose <= 1, "csk %s: two arguments of open number", cmd->name);

        (void)snprintf(first, sizeof(first), "%.*s", (int)strcspn(cmd->name, " "),
                       cmd->name);
        if (words[1])
            words[1]++;
        ck_assert_ptr_eq(cli_find(words[1] ? 2 : 1, words, &used), cmd);
        for (const cli_example *e = cmd->examples; e->line; e++)
            ck_assert_msg(strncmp(e->line, cmd->name, strlen(cmd->name)) == 0,
                          "csk %s: example of another verb", cmd->name);
    }
}
END_TEST

/* -- exit codes and clean-up ---------------------------------------------------------------- */

typedef struct fake_opts {
    int fail; /* the status to return, negative */
    bool strict, interrupt, from_input;
} fake_opts;

/* clang-format off */
static const csk_param fake_params[] = {
    CSK_OPT_INT(fake_opts, fail, "fail", 0, -100, 0, "STATUS", "return it"),
    CSK_OPT_FLAG(fake_opts, strict, "strict", 0, "end at the limit"),
    CSK_OPT_FLAG(fake_opts, interrupt, "interrupt", 0, "press Ctrl-C"),
    CSK_OPT_FLAG(fake_opts, from_input, "from-input", 0, "blame the input"),
    CSK_OPT_END,
};
/* clang-format on */

static csk_status fake_run(const cli_call *call)
{
    const fake_opts *o = call->opts;
    const int64_t n = 4;
    const csk_space space = csk_space_make(CSK_REAL, 1, &n);
    const csk_run_info at_limit = { .stop = CSK_STOP_MAX_ITER, .iter = 3 };
    csk_array a = { .data = NULL };
    csk_status err = cli_make_dir(call, cli_arg_of(call, 0));

    if (!err)
        err = csk_array_init(&a, &space);
    for (int k = 0; k < 2 && !err; k++) {
        char *path = cli_join(cli_arg_of(call, 0), k ? "b.cfl" : "a.npy");
        err = cli_write(call, &a, path);
        free(path);
    }
    csk_array_clear(&a);
    if (err)
        return err;
    cli_put_real(call, "not_a_number", (double)NAN, 2, "m");
    cli_stopped(call, &at_limit, o->strict);
    if (o->interrupt) {
        const csk_monitor m = cli_monitor(call, "fake");
        csk_progress p = { .what = "fake", .iter = 1, .max_iter = 3 };
        tst_ok(csk_monitor_report(&m, &p));
        (void)raise(SIGINT);
        p.iter = 2;
        return csk_monitor_report(&m, &p);
    }
    err = (csk_status)o->fail;
    if (err)
        (void)csk_fail(err, "as\nasked"); /* comes out as one line */
    return o->from_input ? cli_bad_input(call, err) : err;
}

static const cli_arg fake_args[] = {
    { "DIR", "to make", .role = CLI_OUTPUT_DIR },
    { .name = NULL },
};

static const cli_cmd fake = {
    .name = "fake",
    .brief = "for the test",
    .about = "Nothing.",
    .args = fake_args,
    .params = fake_params,
    .opts_size = sizeof(fake_opts),
    .run = fake_run,
};

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

START_TEST(success_keeps_the_files)
{
    ck_assert_int_eq(RUN(&fake, "d1", "-q"), CLI_EXIT_DONE);
    ck_assert(exists("d1/a.npy") && exists("d1/a.npy.json") && exists("d1/b.cfl") &&
              exists("d1/b.hdr"));
    /* It is not empty now. */
    ck_assert_int_eq(RUN(&fake, "d1", "-q"), CLI_EXIT_FAILED);
    ck_assert(exists("d1/a.npy"));
    ck_assert_int_eq(RUN(&fake, "--out", "d1", "--force", "--json"), CLI_EXIT_DONE);
    ck_assert_int_eq(RUN(&fake, "--out=no/d1"), CLI_EXIT_FAILED);
    ck_assert_int_eq(RUN(&fake, "d1/a.npy"), CLI_EXIT_FAILED);
}
END_TEST

START_TEST(failure_removes_them)
{
    static const struct {
        const char *fail;
        int code;
    } list[] = {
        { "--fail=-1", CLI_EXIT_FAILED }, /* NOMEM */
        { "--fail=-2", CLI_EXIT_USAGE },  { "--fail=-3", CLI_EXIT_DATA },
        { "--fail=-4", CLI_EXIT_FAILED }, { "--fail=-5", CLI_EXIT_DATA },
        { "--fail=-6", CLI_EXIT_DATA },   { "--fail=-7", CLI_EXIT_DATA },
    };

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        ck_assert_int_eq(RUN(&fake, "d2", list[i].fail), list[i].code);
        ck_assert(!exists("d2"));
    }
    ck_assert_int_eq(RUN(&fake, "d2", "--fail", "-4", "--from-input"), CLI_EXIT_DATA);
    ck_assert_int_eq(RUN(&fake, "d2", "--fail", "-2", "--from-input"), CLI_EXIT_DATA);
    ck_assert_int_eq(RUN(&fake, "d2", "--fail", "-1", "--from-input"), CLI_EXIT_FAILED);

    /* A directory that was there stays, and so does what others put into it. */
    ck_assert_int_eq(mkdir("d2", 0777), 0);
    ck_assert_int_eq(RUN(&fake, "d2", "--fail=-5"), CLI_EXIT_DATA);
    ck_assert(exists("d2") && !exists("d2/a.npy"));
}
END_TEST

START_TEST(limit_is_an_error_only_if_strict)
{
    ck_assert_int_eq(RUN(&fake, "d3"), CLI_EXIT_DONE);
    ck_assert_int_eq(RUN(&fake, "d3", "--strict", "--force"), CLI_EXIT_NOT_CONVERGED);
    ck_assert(exists("d3/a.npy"));
}
END_TEST

START_TEST(interrupt_keeps_what_was_finished)
{
    ck_assert_int_eq(RUN(&fake, "d4", "--interrupt"), CLI_EXIT_INTERRUPTED);
    ck_assert(exists("d4/a.npy"));
}
END_TEST

/* -- figures ---------------------------------------------------------------------------- */

static uint32_t colour_at(const cli_picture *p, int x, int y)
{
    const uint8_t *c = p->rgb + (ptrdiff_t)3 * ((ptrdiff_t)y * p->width + x);

    return (uint32_t)c[0] << 16 | (uint32_t)c[1] << 8 | c[2];
}

/* The margin is 14 pixels; an image pixel is a square of zoom x zoom. */
START_TEST(figure_has_the_pixels_of_the_image)
{
    static const float pixel[] = { 0.f, 1.f, -5.f, .5f };
    static const struct {
        cli_map map;
        uint32_t low, high;
    } list[] = {
        { CLI_MAP_GRAY, 0x000000, 0xffffff },
        { CLI_MAP_VIRIDIS, 0x470155, 0xfce621 }, /* matplotlib: 0x440154, 0xfde725 */
        { CLI_MAP_MAGMA, 0x000000, 0xfbfcbd },   /* matplotlib: 0x000004, 0xfcfdbf */
    };

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        const cli_panel panel = {
            .pixel = pixel, .rows = 2, .cols = 2, .hi = 1., .map = list[i].map
        };
        const cli_figure f = { .columns = 1, .zoom = 8, .count = 1, .panel = &panel };
        cli_picture p;

        tst_ok(cli_figure_draw(&p, &f));
        ck_assert_int_eq(p.height, 2 * 14 + 2 * 8);
        const uint32_t low = colour_at(&p, 14, 14), high = colour_at(&p, 14 + 15, 14);
        for (int k = 0; k < 24; k += 8) {
            ck_assert_int_le(abs((int)(low >> k & 255) - (int)(list[i].low >> k & 255)),
                             4);
            ck_assert_int_le(
                abs((int)(high >> k & 255) - (int)(list[i].high >> k & 255)), 4);
        }
        ck_assert_uint_eq(colour_at(&p, 14 + 7, 14 + 15), low); /* below the window */
        ck_assert_uint_eq(colour_at(&p, 13, 13), 0xffffff);
        csk_free(p.rgb);
    }
}
END_TEST

START_TEST(figure_makes_room_for_text)
{
    static const float pixel[] = { 0.f };
    cli_panel panel[3] = { { .pixel = pixel, .rows = 1, .cols = 1, .hi = 1. } };
    cli_figure f = { .columns = 2, .zoom = 16, .count = 3, .panel = panel };
    cli_picture bare, full;

    panel[1] = panel[2] = panel[0];
    tst_ok(cli_figure_draw(&bare, &f));
    panel[0].title = "a/very/long/path/to/a/file/that/does/not/fit.npy";
    panel[1].note = "note";
    panel[2].bar = true;
    f.title = "title";
    f.caption =
        "a caption that is longer than the figure is wide, in more than one line, "
        "so that the figure grows";
    tst_ok(cli_figure_draw(&full, &f));
    ck_assert_int_gt(full.width, bare.width);
    ck_assert_int_ge(full.height, bare.height + 34 + 2 * (22 + 18) + 2 * 18);
    csk_free(bare.rgb);
    csk_free(full.rgb);
}
END_TEST

START_TEST(figure_refuses_to_be_huge)
{
    static const float pixel[] = { 0.f };
    const cli_panel panel = { .pixel = pixel, .rows = 1, .cols = 2000, .hi = 1. };
    const cli_figure f = { .columns = 1, .zoom = 16, .count = 1, .panel = &panel };
    cli_picture p;

    ck_assert_int_eq(cli_figure_draw(&p, &f), CSK_ERR_ARG);
    ck_assert_int_eq(cli_figure_zoom(1, &panel), 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("cli");
    TCase *t = tcase_create("core");

    tcase_add_unchecked_fixture(t, enter, leave);
    tcase_add_test(t, nearest_word);
    tcase_add_test(t, shapes_and_numbers);
    tcase_add_test(t, paths);
    tcase_add_test(t, sha256_of_known_texts);
    tcase_add_test(t, every_verb_is_well_described);
    tcase_add_test(t, success_keeps_the_files);
    tcase_add_test(t, failure_removes_them);
    tcase_add_test(t, limit_is_an_error_only_if_strict);
    tcase_add_test(t, interrupt_keeps_what_was_finished);
    tcase_add_test(t, figure_has_the_pixels_of_the_image);
    tcase_add_test(t, figure_makes_room_for_text);
    tcase_add_test(t, figure_refuses_to_be_huge);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
