/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JPEG through libjpeg-turbo: any picture in, baseline or progressive, as grey values 0..1.
 * Not written: what JPEG loses, images of a reconstruction must not.
 */
#include "cs/file_priv.h"
#include "cs/format.h"
#include "cs/grey_priv.h"
#include "cs/mem.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* need the types above */
#include <jerror.h>
#include <jpeglib.h>

enum {
    MAX_RATIO = 512, /* pixels of a byte of file: a block of 64 has one bit at least */
    MAX_SCANS = 100, /* of a progressive picture, each of which may touch all pixels */
};

/* What libjpeg's callbacks and the code around a longjmp share: nothing of it is local. */
typedef struct session {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    const char *what; /* the name in messages */
    csk_status err;
    const void *in;
    size_t len;
    uint8_t *row;
    csk_array *a;
} session;

static void on_error(j_common_ptr jpeg)
{
    session *s = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];

    jpeg->err->format_message(jpeg, text);
    s->err = csk_fail(jpeg->err->msg_code == JERR_OUT_OF_MEMORY ? CSK_ERR_NOMEM
                                                                : CSK_ERR_FORMAT,
                      "%s: JPEG: %s", s->what, text);
    longjmp(s->escape, 1);
}

/* libjpeg warns where data are damaged and makes something up; some warnings are of things
 * that change no pixel. */
static void on_message(j_common_ptr jpeg, int level)
{
    const int code = jpeg->err->msg_code;

    if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_ADOBE_XFORM &&
        code != JWRN_JFIF_MAJOR)
        on_error(jpeg);
}

static void on_progress(j_common_ptr jpeg)
{
    session *s = jpeg->client_data;

    if (s->jpeg.input_scan_number <= MAX_SCANS)
        return;
    s->err =
        csk_fail(CSK_ERR_FORMAT, "%s: JPEG: more than %d scans", s->what, MAX_SCANS);
    longjmp(s->escape, 1);
}

/* Size and colours are known: compare with the file, then make room. */
static csk_status make_room(session *s)
{
    const J_COLOR_SPACE space = s->jpeg.jpeg_color_space;
    const int64_t dim[2] = { s->jpeg.image_height, s->jpeg.image_width };
    const csk_space image = csk_space_make(CSK_REAL, 2, dim);
    enum { COLOURS = 3 };

    if (space != JCS_GRAYSCALE && space != JCS_YCbCr && space != JCS_RGB)
        return csk_fail(CSK_ERR_UNSUPPORTED,
                        "%s: JPEG: only grey and red, green, blue are read, not %d "
                        "channels of another kind",
                        s->what, s->jpeg.num_components);
    if ((uint64_t)(dim[0] * dim[1]) / MAX_RATIO > s->len)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: %ux%u pixels do not fit a file of %zu bytes", s->what,
                        s->jpeg.image_width, s->jpeg.image_height, s->len);
    s->row = csk_alloc(COLOURS * dim[1], 1);
    return s->row ? csk_array_init(s->a, &image) : CSK_ERR_NOMEM;
}

static void to_grey(float *out, const uint8_t *row, unsigned width, int channels)
{
    for (unsigned x = 0; x < width; x++) {
        const uint8_t *p = row + (size_t)x * (size_t)channels;
        const double v = channels == 1 ? p[0] : csk_luma(p[0], p[1], p[2]);
        out[x] = (float)(1.0 / 255.0 * v);
    }
}

/* Holds no locals that a longjmp could spoil. */
static void read_picture(session *s)
{
    if (setjmp(s->escape))
        return;
    jpeg_create_decompress(&s->jpeg);
    s->jpeg.progress = &s->progress;
    jpeg_mem_src(&s->jpeg, s->in, s->len);
    (void)jpeg_read_header(&s->jpeg, TRUE);
    s->err = make_room(s);
    if (s->err)
        return;
    s->jpeg.out_color_space =
        s->jpeg.jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
    (void)jpeg_start_decompress(&s->jpeg);
    while (s->jpeg.output_scanline < s->jpeg.output_height) {
        (void)jpeg_read_scanlines(&s->jpeg, &s->row, 1);
        to_grey(s->a->data +
                    (size_t)(s->jpeg.output_scanline - 1) * s->jpeg.output_width,
                s->row, s->jpeg.output_width, s->jpeg.output_components);
    }
    (void)jpeg_finish_decompress(&s->jpeg); /* what follows is not looked at */
}

csk_status csk_jpeg_parse(csk_array *a, const void *bytes, size_t len, const char *what)
{
    session s = { .what = what, .in = bytes, .len = len, .a = a };

    *a = (csk_array){ .data = NULL };
    if (len == 0)
        return csk_fail(CSK_ERR_FORMAT, "%s: the file is empty", what);
    s.jpeg.err = jpeg_std_error(&s.errors);
    s.errors.error_exit = on_error;
    s.errors.emit_message = on_message;
    s.progress.progress_monitor = on_progress;
    s.jpeg.client_data = &s;
    read_picture(&s);
    jpeg_destroy_decompress(&s.jpeg);
    csk_free(s.row);
    if (s.err)
        csk_array_clear(a);
    return s.err;
}

static csk_status jpeg_read(csk_array *a, const char *path)
{
    char *bytes;
    size_t len;
    csk_status err = csk_file_load(&bytes, &len, path, INT64_MAX);

    if (err)
        return err;
    err = csk_jpeg_parse(a, bytes, len, path);
    csk_free(bytes);
    return err;
}

extern const csk_format csk_format_jpeg, csk_format_jpg;
const csk_format csk_format_jpg = {
    .name = "jpg",
    .about = "JPEG: pictures as grey values 0 to 1",
    .suffix = ".jpg",
    .read = jpeg_read,
};
const csk_format csk_format_jpeg = {
    .name = "jpeg",
    .about = "JPEG, as .jpg",
    .suffix = ".jpeg",
    .read = jpeg_read,
};
