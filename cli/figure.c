/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/figure.h"
#include "cs/format.h"
#include "cs/mem.h"

#include <cairo.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Lengths in pixels. */
enum {
    MARGIN = 14,
    GAP = 16,        /* between cells */
    TITLE = 22,      /* height of a panel's title */
    NOTE = 18,       /* and of the line below it */
    BAR = 10,        /* width of a colour bar */
    BAR_ROOM = 64,   /* with its labels */
    HEAD = 34,       /* height of the figure's title */
    LINE = 18,       /* of the caption */
    LEAST_CELL = 96, /* width, so that titles have room */
    LARGEST = 16384,
};

/* -- colours --------------------------------------------------------------------------- */

/* Polynomials of degree 6 in t fitted to matplotlib's maps (van der Walt, Smith; CC0). */
typedef double fit[7][3];

static const fit viridis = {
    { 0.2777273272234177, 0.005407344544966578, 0.3340998053353061 },
    { 0.1050930431085774, 1.404613529898575, 1.384590162594685 },
    { -0.3308618287255563, 0.214847559468213, 0.09509516302823659 },
    { -4.634230498983486, -5.799100973351585, -19.33244095627987 },
    { 6.228269936347081, 14.17993336680509, 56.69055260068105 },
    { 4.776384997670288, -13.74514537774601, -65.35303263337234 },
    { -5.435455855934631, 4.645852612178535, 26.3124352495832 },
};

static const fit magma = {
    { -0.002136485053939582, -0.000749655052795221, -0.005386127855323933 },
    { 0.2516605407371642, 0.6775232436837668, 2.494026599312351 },
    { 8.353717279216625, -3.577719514958484, 0.3144679030132573 },
    { -27.66873308576866, 14.26473078096533, -13.64921318813922 },
    { 52.17613981234068, -27.94360607168351, 12.94416944238394 },
    { -50.76852536473588, 29.04658282127291, 4.23415299384598 },
    { 18.65570506591883, -11.48977351997711, -5.601961508734096 },
};

static uint32_t byte_of(double v)
{
    return (uint32_t)lround(255. * fmin(fmax(v, 0.), 1.));
}

/* 0x00RRGGBB of t in 0 .. 1. */
static uint32_t colour(cli_map map, double t)
{
    const double turn = 2. * 3.14159265358979323846 * t;
    double c[3] = { t, t, t };

    if (map == CLI_MAP_VIRIDIS || map == CLI_MAP_MAGMA) {
        const fit *f = map == CLI_MAP_VIRIDIS ? &viridis : &magma;
        for (int k = 0; k < 3; k++) {
            c[k] = 0.;
            for (int d = 6; d >= 0; d--)
                c[k] = c[k] * t + (*f)[d][k];
        }
    } else if (map == CLI_MAP_CYCLIC) {
        for (int k = 0; k < 3; k++)
            c[k] = .5 + .4 * cos(turn - k * 2.0943951023931953);
    }
    return byte_of(c[0]) << 16 | byte_of(c[1]) << 8 | byte_of(c[2]);
}

static double place_in(const cli_panel *p, double value)
{
    return fmin(fmax((value - p->lo) / (p->hi - p->lo), 0.), 1.);
}

/* -- layout ------------------------------------------------------------------------------ */

typedef struct layout {
    cairo_surface_t *surface;
    cairo_t *cr;
    int zoom, columns, rows;
    int image_w, image_h; /* of the largest image */
    bool titles, notes, bars;
    int cell_w, cell_h, width, height;
    int caption_lines;
} layout;

int cli_figure_zoom(int count, const cli_panel *panel)
{
    int64_t side = 1;

    for (int i = 0; i < count; i++) {
        side = panel[i].rows > side ? panel[i].rows : side;
        side = panel[i].cols > side ? panel[i].cols : side;
    }
    const int64_t zoom = 400 / side;
    return zoom < 1 ? 1 : zoom > 16 ? 16 : (int)zoom;
}

static void font(cairo_t *cr, double size, bool bold)
{
    cairo_select_font_face(cr, "sans", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, size);
}

static double text_width(cairo_t *cr, const char *text)
{
    cairo_text_extents_t e;

    cairo_text_extents(cr, text, &e);
    return e.x_advance;
}

/*
 * Break @p text into lines of @p width and, if @p draw, show them from (x, y) on. Returns
 * the number of lines.
 */
static int paragraph(cairo_t *cr, const char *text, double x, double y, double width,
                     bool draw)
{
    char line[512] = "", word[256], longer[800];
    int lines = 0;

    while (*text) {
        text += strspn(text, " \n");
        const size_t len = strcspn(text, " \n");
        (void)snprintf(word, sizeof(word), "%.*s", (int)len, text);
        text += len;
        (void)snprintf(longer, sizeof(longer), "%s%s%s", line, *line ? " " : "", word);
        const bool full =
            *line && (text_width(cr, longer) > width || strlen(longer) >= sizeof(line));
        if (full && draw) {
            cairo_move_to(cr, x, y + LINE * lines);
            cairo_show_text(cr, line);
        }
        lines += full;
        (void)snprintf(line, sizeof(line), "%.511s", full ? word : longer);
    }
    if (*line && draw) {
        cairo_move_to(cr, x, y + LINE * lines);
        cairo_show_text(cr, line);
    }
    return lines + (*line != '\0');
}

/* Everything but the height of the caption, which needs a drawing to measure text. */
static csk_status plan(layout *l, const cli_figure *f)
{
    int64_t w = 1, h = 1;

    for (int i = 0; i < f->count; i++) {
        const cli_panel *p = &f->panel[i];
        w = p->cols > w ? p->cols : w;
        h = p->rows > h ? p->rows : h;
        l->titles |= p->title != NULL;
        l->notes |= p->note != NULL;
        l->bars |= p->bar;
    }
    l->zoom = f->zoom;
    l->columns = f->columns < f->count ? f->columns : f->count;
    l->rows = (f->count + l->columns - 1) / l->columns;
    if (w > LARGEST || h > LARGEST || l->rows > LARGEST)
        return csk_fail(CSK_ERR_ARG, "an image of %lldx%lld is too large for a figure",
                        (long long)h, (long long)w);
    l->image_w = (int)w * l->zoom < LEAST_CELL ? LEAST_CELL : (int)w * l->zoom;
    l->image_h = (int)h * l->zoom;
    l->cell_w = l->image_w + (l->bars ? BAR_ROOM : 0);
    l->cell_h = l->image_h + (l->titles ? TITLE : 0) + (l->notes ? NOTE : 0);
    const int64_t width =
        2 * MARGIN + (int64_t)l->columns * l->cell_w + (int64_t)(l->columns - 1) * GAP;
    const int64_t height = 2 * MARGIN + (int64_t)l->rows * l->cell_h +
                           (int64_t)(l->rows - 1) * GAP + (f->title ? HEAD : 0);
    if (width > LARGEST || height > LARGEST)
        return csk_fail(
            CSK_ERR_ARG,
            "the figure would have %lldx%lld pixels, more than %d; choose other "
            "columns, fewer images or a smaller zoom",
            (long long)width, (long long)height, (int)LARGEST);
    l->width = (int)width;
    l->height = (int)height;
    return CSK_OK;
}

/* The caption's lines, measured on a surface of one pixel. */
static void measure_caption(layout *l, const char *caption)
{
    cairo_surface_t *one = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1, 1);
    cairo_t *cr = cairo_create(one);

    font(cr, 13., false);
    l->caption_lines = paragraph(cr, caption, 0., 0., l->width - 2 * MARGIN, false);
    l->height += LINE * l->caption_lines + GAP;
    cairo_destroy(cr);
    cairo_surface_destroy(one);
}

/* -- drawing ------------------------------------------------------------------------------ */

/* Fill a square directly: cairo would interpolate. */
static void fill(layout *l, int x, int y, int w, int h, uint32_t rgb)
{
    unsigned char *data = cairo_image_surface_get_data(l->surface);
    const int stride = cairo_image_surface_get_stride(l->surface);

    for (int i = 0; i < h; i++) {
        uint32_t *row = (uint32_t *)(void *)(data + (size_t)(y + i) * (size_t)stride);
        for (int j = 0; j < w; j++)
            row[x + j] = rgb;
    }
}

static void draw_image(layout *l, const cli_panel *p, int x, int y)
{
    uint32_t table[256];

    for (int k = 0; k < 256; k++)
        table[k] = colour(p->map, k / 255.);
    cairo_surface_flush(l->surface);
    for (int64_t i = 0; i < p->rows; i++) {
        for (int64_t j = 0; j < p->cols; j++) {
            const double t = place_in(p, p->pixel[i * p->cols + j]);
            fill(l, x + (int)j * l->zoom, y + (int)i * l->zoom, l->zoom, l->zoom,
                 table[lround(255. * t)]);
        }
    }
    cairo_surface_mark_dirty(l->surface);
}

static void draw_bar(layout *l, const cli_panel *p, int x, int y, int h)
{
    char label[32];

    cairo_surface_flush(l->surface);
    for (int i = 0; i < h; i++)
        fill(l, x, y + i, BAR, 1,
             colour(p->map, h < 2 ? 1. : 1. - (double)i / (h - 1)));
    cairo_surface_mark_dirty(l->surface);
    cairo_set_source_rgb(l->cr, .6, .6, .6);
    cairo_set_line_width(l->cr, 1.);
    cairo_rectangle(l->cr, x - .5, y - .5, BAR + 1., h + 1.);
    cairo_stroke(l->cr);
    cairo_set_source_rgb(l->cr, 0., 0., 0.);
    font(l->cr, 11., false);
    for (int k = 0; k < 3; k += h < 60 ? 2 : 1) { /* top, middle, bottom */
        const double at = k / 2.;
        (void)snprintf(label, sizeof(label), "%.3g", p->hi + (p->lo - p->hi) * at);
        cairo_move_to(l->cr, x + BAR + 4, y + 9. + (h - 9.) * at);
        cairo_show_text(l->cr, label);
    }
}

/* As much of the end of @p text as fits; "..." says that something is missing. */
static void show_fitting(cairo_t *cr, const char *text, double x, double y,
                         double width)
{
    char cut[256];

    cairo_move_to(cr, x, y);
    if (text_width(cr, text) <= width) {
        cairo_show_text(cr, text);
        return;
    }
    while (*text) {
        text++;
        while (((unsigned char)*text & 0xc0) == 0x80) /* not inside a character */
            text++;
        (void)snprintf(cut, sizeof(cut), "...%s", text);
        if (strlen(text) < sizeof(cut) - 4 && text_width(cr, cut) <= width)
            break;
    }
    cairo_show_text(cr, cut);
}

static void draw_panel(layout *l, const cli_panel *p, int x, int y)
{
    const int w = (int)p->cols * l->zoom, h = (int)p->rows * l->zoom;

    if (p->title) {
        font(l->cr, 13., true);
        show_fitting(l->cr, p->title, x, y + 15., l->cell_w);
    }
    if (l->titles)
        y += TITLE;
    if (p->pixel)
        draw_image(l, p, x, y);
    if (p->pixel && p->bar)
        draw_bar(l, p, x + w + 6, y, h);
    if (p->note) {
        font(l->cr, 12., false);
        show_fitting(l->cr, p->note, x, y + h + 15., l->cell_w);
    }
}

static void draw(layout *l, const cli_figure *f)
{
    int y = MARGIN;

    cairo_set_source_rgb(l->cr, 1., 1., 1.);
    cairo_paint(l->cr);
    cairo_set_source_rgb(l->cr, 0., 0., 0.);
    if (f->title) {
        font(l->cr, 17., true);
        show_fitting(l->cr, f->title, MARGIN, y + 18., l->width - 2 * MARGIN);
        y += HEAD;
    }
    for (int i = 0; i < f->count; i++)
        draw_panel(l, &f->panel[i], MARGIN + i % l->columns * (l->cell_w + GAP),
                   y + i / l->columns * (l->cell_h + GAP));
    if (f->caption) {
        font(l->cr, 13., false);
        y += l->rows * (l->cell_h + GAP) - GAP / 4;
        (void)paragraph(l->cr, f->caption, MARGIN, y + 14., l->width - 2 * MARGIN,
                        true);
    }
}

/* Cairo's 0x00RRGGBB to bytes; a new block. */
static uint8_t *bytes_of(cairo_surface_t *surface, int width, int height)
{
    const unsigned char *data = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    uint8_t *rgb = csk_alloc((int64_t)3 * width * height, 1);

    for (int i = 0; i < height && rgb; i++) {
        const uint32_t *row =
            (const uint32_t *)(const void *)(data + (size_t)i * (size_t)stride);
        uint8_t *to = rgb + (size_t)3 * (size_t)i * (size_t)width;
        for (int j = 0; j < width; j++) {
            for (int k = 0; k < 3; k++)
                to[3 * j + k] = (uint8_t)(row[j] >> (16 - 8 * k));
        }
    }
    return rgb;
}

csk_status cli_figure_draw(cli_picture *out, const cli_figure *f)
{
    layout l = { .surface = NULL };
    csk_status err = plan(&l, f);

    if (err)
        return err;
    if (f->caption)
        measure_caption(&l, f->caption);
    l.surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, l.width, l.height);
    l.cr = cairo_create(l.surface);
    if (cairo_status(l.cr) == CAIRO_STATUS_SUCCESS)
        draw(&l, f);
    cairo_surface_flush(l.surface);
    const cairo_status_t drawn = cairo_status(l.cr);
    *out = (cli_picture){ l.width, l.height, NULL };
    if (drawn != CAIRO_STATUS_SUCCESS) {
        err = csk_fail(CSK_ERR_NOMEM, "cannot draw a figure of %dx%d pixels: %s",
                       l.width, l.height, cairo_status_to_string(drawn));
    } else {
        out->rgb = bytes_of(l.surface, l.width, l.height);
        err = out->rgb ? CSK_OK : CSK_ERR_NOMEM;
    }
    cairo_destroy(l.cr);
    cairo_surface_destroy(l.surface);
    return err;
}

csk_status cli_figure_write(const cli_call *call, const cli_figure *f, const char *path)
{
    const char *note = cli_provenance(call);
    cli_picture p;

    if (!note)
        return cli_no_memory();
    csk_status err = cli_figure_draw(&p, f);
    if (err)
        return err;
    cli_catch_signals();
    err = csk_png_write(path, p.width, p.height, 3, 8, p.rgb, note);
    csk_free(p.rgb);
    return cli_wrote(call, path, err);
}
