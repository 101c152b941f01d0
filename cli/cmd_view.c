/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cli/figure.h"
#include "cli/json_text.h"
#include "cs/mem.h"
#include "cs/reshape.h"
#include "cs/vec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct view_opts {
    int map, zoom, columns, tiles;
    const char *window, *slice, *flip, *title, *caption;
    bool phase, bar;
} view_opts;

static const char *const maps[] = CLI_MAP_WORDS;

/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_CHOICE(view_opts, map, "map", CLI_MAP_GRAY, maps, "colours"),
    CSK_OPT_TEXT(view_opts, window, "window", "LO,HI", "values drawn black and white; auto: by the range of each image (the default); shared: by that of all"),
    CSK_OPT_FLAG(view_opts, phase, "phase", 0, "draw the phase of complex images, not the magnitude"),
    CSK_OPT_TEXT(view_opts, slice, "slice", "AXIS=I", "draw one index of an axis (z=40), as csk convert takes it"),
    CSK_OPT_TEXT(view_opts, flip, "flip", "AXIS", "reverse an axis; several with commas"),
    CSK_OPT_INT(view_opts, tiles, "tiles", 16, 1, 400, "N", "the most images that are drawn of a stack, evenly spaced"),
    CSK_OPT_INT(view_opts, columns, "columns", 0, 0, 100, "N", "images side by side; 0: all if they are few, else a square"),
    CSK_OPT_INT(view_opts, zoom, "zoom", 0, 0, 16, "N", "pixels of the figure for one of the image; 0: by the size"),
    CSK_OPT_FLAG(view_opts, bar, "bar", 1, "draw a colour bar beside every image"),
    CSK_OPT_TEXT(view_opts, title, "title", "TEXT", "above the figure"),
    CSK_OPT_TEXT(view_opts, caption, "caption", "TEXT", "a paragraph below"),
    CSK_OPT_END,
};
/* clang-format on */

/* All panels of all files; the pixels of a file are one array. */
typedef struct montage {
    int count, files;
    cli_panel *panel;
    csk_array *image; /* one a file, real */
} montage;

static void montage_clear(montage *m)
{
    for (int i = 0; i < m->count; i++)
        free((char *)m->panel[i].title);
    for (int i = 0; i < m->files; i++)
        csk_array_clear(&m->image[i]);
    csk_free(m->panel);
    csk_free(m->image);
}

/* Real pixels of @p path: phase, magnitude, or the numbers themselves if they are real. */
static csk_status read_pixels(csk_array *out, const cli_call *call, const char *path)
{
    const view_opts *o = call->opts;
    csk_array a = { .data = NULL };
    csk_status err = cli_read(call, &a, path, CLI_FINITE);

    if (!err && o->slice)
        err = cli_slice(&a, o->slice);
    if (!err && a.space.rank < 2)
        err = cli_bad_input(call, csk_fail(CSK_ERR_SHAPE,
                                           "%s is a line of %lld numbers, not an image",
                                           path, (long long)a.space.dim[0]));
    if (!err && o->flip)
        err = cli_flip(&a, o->flip);
    if (!err)
        err = csk_array_part(out, &a,
                             o->phase                       ? CSK_PART_PHASE
                             : a.space.field == CSK_COMPLEX ? CSK_PART_MAGNITUDE
                                                            : CSK_PART_REAL);
    csk_array_clear(&a);
    return err;
}

static char *panel_title(const char *path, int64_t slice, int64_t slices)
{
    char number[32] = "";

    if (slices > 1)
        (void)snprintf(number, sizeof(number), " [%lld]", (long long)slice);
    char *name = cli_utf8(path), *title = name ? cli_concat(name, number) : NULL;
    free(name);
    return title;
}

/* The tiles of image @p k; panels have room for them. */
static csk_status add_tiles(montage *m, const cli_call *call, const csk_array *a,
                            const char *path)
{
    const view_opts *o = call->opts;
    const int64_t rows = a->space.dim[a->space.rank - 2];
    const int64_t cols = a->space.dim[a->space.rank - 1];
    const int64_t slices = csk_space_size(&a->space) / (rows * cols);
    const int64_t tiles = slices < o->tiles ? slices : o->tiles;

    if (tiles < slices)
        cli_say(call, "%s: %lld of %lld images drawn", path, (long long)tiles,
                (long long)slices);
    for (int64_t t = 0; t < tiles; t++) {
        const int64_t s = tiles == 1 ? slices / 2 : t * (slices - 1) / (tiles - 1);
        cli_panel *p = &m->panel[m->count++];
        *p = (cli_panel){ .title = panel_title(path, s, slices),
                          .pixel = a->data + s * rows * cols,
                          .rows = rows,
                          .cols = cols,
                          .map = o->phase ? CLI_MAP_CYCLIC : (cli_map)o->map,
                          .bar = o->bar };
        if (!p->title)
            return cli_no_memory();
    }
    return CSK_OK;
}

static csk_status read_all(montage *m, const cli_call *call)
{
    const view_opts *o = call->opts;
    const cli_values *files = &call->args[0];

    m->panel = csk_alloc((int64_t)files->n * o->tiles, sizeof(*m->panel));
    m->image = csk_alloc(files->n, sizeof(*m->image));
    if (!m->panel || !m->image)
        return CSK_ERR_NOMEM;
    for (int i = 0; i < files->n; i++) {
        csk_array *a = &m->image[m->files];
        csk_status err = read_pixels(a, call, files->v[i]);
        if (err)
            return err;
        m->files++;
        err = add_tiles(m, call, a, files->v[i]);
        if (err)
            return err;
    }
    return CSK_OK;
}

/* -- windows ------------------------------------------------------------------------- */

/* 0 (or the 0.5 % quantile if that is below) to the 99.5 % quantile. */
static csk_status window_of(cli_panel *p)
{
    const int64_t n = p->rows * p->cols;
    float *copy = csk_alloc(n, sizeof(*copy));

    if (!copy)
        return CSK_ERR_NOMEM;
    csk_copy(n, p->pixel, copy);
    p->lo = fmin(0., csk_quantile(n, copy, .005));
    p->hi = csk_quantile(n, copy, .995);
    if (!(p->hi > p->lo)) /* mostly zeros, such as a sparse image */
        p->hi = csk_quantile(n, copy, 1.);
    if (!(p->hi > p->lo))
        p->hi = p->lo + 1.;
    csk_free(copy);
    return CSK_OK;
}

static csk_status set_windows(montage *m, const view_opts *o)
{
    const bool shared = o->window && strcmp(o->window, "shared") == 0;
    double given[2], lo = INFINITY, hi = -INFINITY;
    csk_status err = CSK_OK;

    if (o->window && !shared && strcmp(o->window, "auto") != 0) {
        err = cli_parse_numbers(given, 2, o->window, "window");
        if (!err && given[0] >= given[1])
            err =
                csk_fail(CSK_ERR_ARG, "window: %g is not below %g", given[0], given[1]);
        for (int i = 0; i < m->count && !err; i++) {
            m->panel[i].lo = given[0];
            m->panel[i].hi = given[1];
        }
        return err;
    }
    for (int i = 0; i < m->count && !err; i++) {
        cli_panel *p = &m->panel[i];
        if (o->phase) {
            p->lo = -3.14159265358979323846;
            p->hi = -p->lo;
        } else {
            err = window_of(p);
        }
        lo = fmin(lo, p->lo);
        hi = fmax(hi, p->hi);
    }
    for (int i = 0; i < m->count && shared; i++) {
        m->panel[i].lo = lo;
        m->panel[i].hi = hi;
    }
    return err;
}

/* -- the figure ------------------------------------------------------------------------ */

static int columns_for(int count)
{
    return count <= 4 ? count : (int)ceil(sqrt((double)count));
}

static csk_status draw(const cli_call *call, const montage *m)
{
    const view_opts *o = call->opts;
    const cli_figure figure = {
        .title = o->title,
        .caption = o->caption,
        .columns = o->columns ? o->columns : columns_for(m->count),
        .zoom = o->zoom ? o->zoom : cli_figure_zoom(m->count, m->panel),
        .count = m->count,
        .panel = m->panel,
    };

    return cli_figure_write(call, &figure, cli_arg_of(call, 1));
}

static csk_status run(const cli_call *call)
{
    const view_opts *o = call->opts;
    montage m = { .count = 0 };
    const char *path = cli_arg_of(call, 1), *dot = strrchr(path, '.');
    csk_status err = CSK_OK;

    if (!dot || strcmp(dot, ".png") != 0)
        return csk_fail(CSK_ERR_ARG, "%s: the name must end in .png", path);
    err = cli_check_utf8("title", o->title);
    if (!err)
        err = cli_check_utf8("caption", o->caption);
    if (!err)
        err = read_all(&m, call);
    if (!err)
        err = set_windows(&m, o);
    if (!err)
        err = draw(call, &m);
    for (int i = 0; i < m.count && !err; i++) {
        cli_begin_row(call, "images");
        cli_put_text(call, "image", m.panel[i].title);
        cli_put_real(call, "black", m.panel[i].lo, -1, NULL);
        cli_put_real(call, "white", m.panel[i].hi, -1, NULL);
        cli_end_row(call);
    }
    montage_clear(&m);
    return err;
}

static const cli_arg args[] = {
    { "FILE", "images, or stacks of images", .count = CLI_MANY },
    { "OUTPUT", "the figure, NAME.png", .role = CLI_OUTPUT, .any_suffix = true },
    { .name = NULL },
};

static const cli_example examples[] = {
    { "view scan-truth.npy head.npy --window 0,1 -o panel.png",
      "two images, the same greys" },
    { "view scan-coils.cfl --map viridis --columns 4 coils.png",
      "a stack of eight, four in a row" },
    { "view scan-truth.npy --phase -o phase.png", "the phase of a complex image" },
    { NULL, NULL },
};

const cli_cmd cmd_view = {
    .name = "view",
    .brief = "draw images side by side in a PNG file",
    .about =
        "Draws the magnitude of complex images and real ones as they are, with the name of "
        "the file above and a colour bar beside. Of arrays with more than two axes every "
        "image of the last two is a tile, evenly chosen if there are many.\n\n"
        "By default each image has its own window: from 0, or from the 0.5 % quantile if "
        "that is negative, to the 99.5 % quantile. --window shared takes the widest of "
        "these for all, --window LO,HI sets it.",
    .args = args,
    .params = params,
    .opts_size = sizeof(view_opts),
    .examples = examples,
    .run = run,
};
