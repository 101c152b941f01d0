/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PNG through libpng: any picture in, as grey values 0..1; real images in 0..1 out, with
 * 16 bits. The note is a text chunk.
 *
 * Samples are unpacked here, not by libpng: the packed pixels are at most MAX_RATIO times
 * the file, whatever it claims, and the array, 32 times larger for 1 bit, is made only when
 * all of them have come.
 */
#include "cs/file_priv.h"
#include "cs/format.h"
#include "cs/grey_priv.h"
#include "cs/mem.h"

#include <inttypes.h>
#include <limits.h>
#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

enum { MAX_RATIO = 1100 }; /* bytes of pixels a byte of file; deflate reaches 1032 */

/* What libpng's callbacks and the code around a longjmp share: nothing of it is local. */
typedef struct session {
    png_structp png;
    png_infop info;
    const char *what; /* the name in messages */
    csk_status err;

    const uint8_t *in; /* reading: the rest of the file */
    size_t left;
    size_t len;
    uint8_t *pixels;
    png_bytepp rows;
    csk_array *a;
    char **found; /* the note */

    csk_out *out; /* writing */
    uint32_t width, height;
    int channels, depth;
    const uint8_t *source;
    const char *note;
} session;

static void on_error(png_structp png, png_const_charp message)
{
    session *s = png_get_error_ptr(png);

    if (!s->err)
        s->err = csk_fail(CSK_ERR_FORMAT, "%s: PNG: %s", s->what, message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void *on_malloc(png_structp png, png_alloc_size_t size)
{
    void *p = csk_alloc((int64_t)size, 1);

    if (!p) {
        session *s = png_get_error_ptr(png);
        if (s)
            s->err = CSK_ERR_NOMEM;
    }
    return p;
}

static void on_free(png_structp png, void *p)
{
    (void)png;
    csk_free(p);
}

static void on_read(png_structp png, png_bytep out, size_t len)
{
    session *s = png_get_io_ptr(png);

    if (len > s->left)
        png_error(png, "the file is truncated");
    memcpy(out, s->in, len);
    s->in += len;
    s->left -= len;
}

static void on_write(png_structp png, png_bytep bytes, size_t len)
{
    session *s = png_get_io_ptr(png);
    const csk_status err = csk_out_put(s->out, bytes, len);

    if (err) {
        s->err = err;
        png_longjmp(png, 1);
    }
}

static void on_flush(png_structp png)
{
    (void)png;
}

/* The n-th sample of a row, whose samples have 1, 2, 4, 8 or 16 bits, the highest first. */
static unsigned sample(const uint8_t *row, size_t n, unsigned depth)
{
    if (depth == 16)
        return (unsigned)row[2 * n] << 8 | row[2 * n + 1];
    const size_t bit = n * depth;
    return (unsigned)row[bit / 8] >> (8 - depth - bit % 8) & ((1U << depth) - 1);
}

/* Grey of each entry; of those that a picture uses without having them, black, as libpng. */
static void grey_palette(double grey[256], session *s)
{
    png_colorp palette = NULL;
    int count = 0;

    (void)png_get_PLTE(s->png, s->info, &palette, &count);
    for (int k = 0; k < 256; k++)
        grey[k] = k < count
                      ? csk_luma(palette[k].red, palette[k].green, palette[k].blue)
                      : 0.0;
}

static void to_grey(session *s)
{
    const size_t channels = png_get_channels(s->png, s->info);
    const unsigned depth = png_get_bit_depth(s->png, s->info);
    const bool indexed = png_get_color_type(s->png, s->info) == PNG_COLOR_TYPE_PALETTE;
    const double scale = 1.0 / (indexed ? 255.0 : (double)((1U << depth) - 1));
    double palette[256];

    if (indexed)
        grey_palette(palette, s);
    for (size_t y = 0; y < s->height; y++) {
        const uint8_t *row = s->rows[y];
        float *out = s->a->data + y * s->width;
        for (size_t x = 0; x < s->width; x++) { /* alpha is the second or fourth */
            const size_t n = x * channels;
            double v = sample(row, n, depth);
            if (channels >= 3)
                v = csk_luma(v, sample(row, n + 1, depth), sample(row, n + 2, depth));
            else if (indexed)
                v = palette[(unsigned)v];
            out[x] = (float)(scale * v);
        }
    }
}

/* Sizes are known: compare them with the file, then make room for the packed pixels. */
static csk_status make_room(session *s)
{
    const uint64_t row = png_get_rowbytes(s->png, s->info);
    const uint64_t packed = row * s->height;

    if (packed / MAX_RATIO > s->len)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: %" PRIu32 "x%" PRIu32 " pixels do not fit a file of %zu "
                        "bytes",
                        s->what, s->width, s->height, s->len);
    s->pixels = csk_alloc((int64_t)packed, 1);
    s->rows = csk_alloc(s->height, sizeof(*s->rows));
    if (!s->pixels || !s->rows)
        return CSK_ERR_NOMEM;
    for (uint64_t y = 0; y < s->height; y++)
        s->rows[y] = s->pixels + y * row;
    return CSK_OK;
}

/* Holds no locals that a longjmp could spoil. */
static void read_picture(session *s)
{
    if (setjmp(png_jmpbuf(s->png)))
        return;
    png_set_read_fn(s->png, s, on_read);
    png_read_info(s->png, s->info);
    s->width = png_get_image_width(s->png, s->info);
    s->height = png_get_image_height(s->png, s->info);
    (void)png_set_interlace_handling(s->png);
    png_read_update_info(s->png, s->info);
    if (!s->err) /* libpng goes on without memory for what it can do without */
        s->err = make_room(s);
    if (s->err)
        return;
    png_read_image(s->png, s->rows);
    png_read_end(s->png,
                 NULL); /* what follows IEND is not looked at, as by all readers */
}

/* As far as to the pixels: the note stands before them. */
static void read_texts(session *s)
{
    if (setjmp(png_jmpbuf(s->png)))
        return;
    png_set_read_fn(s->png, s, on_read);
    png_read_info(s->png, s->info);
}

static csk_status finish_note(session *s)
{
    png_textp text = NULL;
    const int count = png_get_text(s->png, s->info, &text, NULL);

    for (int k = 0; k < count; k++) {
        if (strcmp(text[k].key, "Comment") != 0 || !text[k].text)
            continue;
        *s->found = csk_join(text[k].text, strlen(text[k].text), "");
        return *s->found ? CSK_OK : CSK_ERR_NOMEM;
    }
    return CSK_OK;
}

static csk_status finish_picture(session *s)
{
    const int64_t dim[2] = { s->height, s->width };
    const csk_space space = csk_space_make(CSK_REAL, 2, dim);
    const csk_status err = csk_array_init(s->a, &space);

    if (!err)
        to_grey(s);
    return err;
}

/* @p read is left by longjmp where the file is bad; @p finish works on what it got. */
static csk_status read_session(session *s, void (*read)(session *s),
                               csk_status (*finish)(session *s))
{
    s->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, s, on_error, on_warning,
                                      NULL, on_malloc, on_free);
    s->info = s->png ? png_create_info_struct(s->png) : NULL;
    if (s->info)
        read(s);
    else
        s->err = CSK_ERR_NOMEM;
    if (!s->err)
        s->err = finish(s);
    png_destroy_read_struct(&s->png, &s->info, NULL);
    return s->err;
}

csk_status csk_png_parse(csk_array *a, const void *bytes, size_t len, const char *what)
{
    session s = { .what = what, .in = bytes, .left = len, .len = len, .a = a };

    *a = (csk_array){ .data = NULL };
    (void)read_session(&s, read_picture, finish_picture);
    csk_free(s.pixels);
    csk_free(s.rows);
    if (s.err)
        csk_array_clear(a);
    return s.err;
}

static csk_status png_read_note(char **note, const char *path)
{
    char *bytes;
    size_t len;
    const csk_status err = csk_file_load(&bytes, &len, path, INT64_MAX);

    if (err)
        return err;
    session s = { .what = path,
                  .in = (const uint8_t *)bytes,
                  .left = len,
                  .len = len,
                  .found = note };
    (void)read_session(&s, read_texts, finish_note);
    csk_free(bytes);
    return s.err;
}

static csk_status png_read(csk_array *a, const char *path)
{
    char *bytes;
    size_t len;
    csk_status err = csk_file_load(&bytes, &len, path, INT64_MAX);

    if (err)
        return err;
    err = csk_png_parse(a, bytes, len, path);
    csk_free(bytes);
    return err;
}

static void write_note(session *s)
{
    /* libpng takes pointers to mutable text and changes none of it. */
    png_text text = {
        .compression = PNG_ITXT_COMPRESSION_NONE,
        .key = (png_charp) "Comment",
        .text = (png_charp)s->note,
        .itxt_length = strlen(s->note),
        .lang = (png_charp) "",
        .lang_key = (png_charp) "",
    };

    png_set_text(s->png, s->info, &text, 1);
}

/* Holds no locals that a longjmp could spoil. */
static void write_picture(session *s)
{
    if (setjmp(png_jmpbuf(s->png)))
        return;
    png_set_write_fn(s->png, s, on_write, on_flush);
    png_set_IHDR(s->png, s->info, s->width, s->height, s->depth,
                 s->channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (s->note)
        write_note(s);
    png_write_info(s->png, s->info);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (s->depth == 16)
        png_set_swap(s->png);
#endif
    for (uint32_t y = 0; y < s->height; y++)
        png_write_row(s->png, s->source + (size_t)y * s->width * (size_t)s->channels *
                                              (size_t)(s->depth / 8));
    png_write_end(s->png, s->info);
}

static csk_status write_session(session *s)
{
    s->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, s, on_error, on_warning,
                                       NULL, on_malloc, on_free);
    s->info = s->png ? png_create_info_struct(s->png) : NULL;
    if (s->info)
        write_picture(s);
    else
        s->err = CSK_ERR_NOMEM;
    png_destroy_write_struct(&s->png, &s->info);
    return s->err;
}

csk_status csk_png_write(const char *path, int64_t width, int64_t height, int channels,
                         int depth, const void *pixels, const char *note)
{
    const int64_t most = PNG_USER_WIDTH_MAX; /* what libpng reads back */

    if (width < 1 || width > most || height < 1 || height > most)
        return csk_fail(CSK_ERR_ARG,
                        "%s: %" PRId64 "x%" PRId64 " pixels, sides of 1 to %" PRId64
                        " were expected",
                        path, width, height, most);
    if ((channels != 1 && channels != 3) || (depth != 8 && depth != 16))
        return csk_fail(CSK_ERR_ARG,
                        "%s: %d channels of %d bits, 1 or 3 of 8 or 16 were expected",
                        path, channels, depth);
    csk_out out;
    csk_status err = csk_out_open(&out, path);
    if (err)
        return err;
    session s = { .what = path,
                  .out = &out,
                  .width = (uint32_t)width,
                  .height = (uint32_t)height,
                  .channels = channels,
                  .depth = depth,
                  .source = pixels,
                  .note = note };
    err = write_session(&s);
    return csk_out_finish(&out, err);
}

static csk_status png_write(const csk_array *a, const char *path, const char *note)
{
    const csk_space *s = &a->space;
    const int64_t n = csk_space_size(s);

    if (s->field == CSK_COMPLEX)
        return csk_fail(CSK_ERR_UNSUPPORTED,
                        "%s: PNG holds real images; take the magnitude first", path);
    if (s->rank != 2)
        return csk_fail(CSK_ERR_UNSUPPORTED, "%s: PNG holds images of rank 2, not %d",
                        path, s->rank);
    for (int64_t i = 0; i < n; i++) {
        if (!(a->data[i] >= 0.0f && a->data[i] <= 1.0f))
            return csk_fail(CSK_ERR_UNSUPPORTED,
                            "%s: value %g at %" PRId64 ": PNG holds 0 to 1; scale or "
                            "clip the image first",
                            path, (double)a->data[i], i);
    }
    uint16_t *grey = csk_alloc(n, sizeof(*grey));
    if (!grey)
        return CSK_ERR_NOMEM;
    for (int64_t i = 0; i < n; i++)
        grey[i] = (uint16_t)(65535.0 * (double)a->data[i] + 0.5);
    const csk_status err = csk_png_write(path, s->dim[1], s->dim[0], 1, 16, grey, note);
    csk_free(grey);
    return err;
}

extern const csk_format csk_format_png;
const csk_format csk_format_png = {
    .name = "png",
    .about = "PNG: pictures as grey values 0 to 1; written with 16 bits",
    .suffix = ".png",
    .read = png_read,
    .write = png_write,
    .holds_note = true,
    .read_note = png_read_note,
};
