/* SPDX-License-Identifier: BSD-3-Clause */
/* JPEG through libjpeg: any photograph in, as grey values 0..1. Never written. */
#include "cs/file_priv.h"
#include "cs/format.h"
#include "cs/mem.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

/* After stdio.h, which they need without including it. */
#include <jerror.h>
#include <jpeglib.h>

/* A block of 8x8 pixels takes a bit at least. */
enum { MOST_PIXELS_A_BYTE = 1024 };

typedef struct session {
    struct jpeg_error_mgr manager; /* first: what libjpeg is given a pointer to */
    struct jpeg_decompress_struct jpeg;
    jmp_buf back;
    const char *what;
    size_t len;
    csk_array *a;
    uint8_t *row;
    csk_status err;
} session;

static void on_error(j_common_ptr jpeg)
{
    session *s = (session *)jpeg->err;
    char text[JMSG_LENGTH_MAX];

    s->manager.format_message(jpeg, text);
    if (s->manager.msg_code == JERR_OUT_OF_MEMORY)
        s->err = csk_fail(CSK_ERR_NOMEM, "%s: libjpeg: %s", s->what, text);
    else
        s->err = csk_fail(CSK_ERR_FORMAT, "%s: %s", s->what, text);
    longjmp(s->back, 1);
}

/* libjpeg would go on with grey where data are damaged. */
static void on_message(j_common_ptr jpeg, int level)
{
    if (level < 0 && jpeg->err->msg_code != JWRN_EXTRANEOUS_DATA)
        on_error(jpeg);
}

static csk_status make_room(session *s)
{
    const int64_t dim[2] = { s->jpeg.image_height, s->jpeg.image_width };
    const csk_space space = csk_space_make(CSK_REAL, 2, dim);

    if ((uint64_t)(dim[0] * dim[1]) / MOST_PIXELS_A_BYTE > s->len)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: %" PRId64 "x%" PRId64 " pixels do not fit a file of %zu "
                        "bytes",
                        s->what, dim[1], dim[0], s->len);
    s->row = csk_alloc(dim[1], 1);
    return s->row ? csk_array_init(s->a, &space) : CSK_ERR_NOMEM;
}

/* Holds no locals that a longjmp could spoil. */
static void read_picture(session *s, const void *bytes)
{
    if (setjmp(s->back))
        return;
    jpeg_create_decompress(&s->jpeg);
    jpeg_mem_src(&s->jpeg, bytes, (unsigned long)s->len);
    (void)jpeg_read_header(&s->jpeg, TRUE);
    s->jpeg.out_color_space = JCS_GRAYSCALE;
    s->jpeg.dct_method = JDCT_ISLOW;
    s->err = make_room(s);
    if (s->err)
        return;
    (void)jpeg_start_decompress(&s->jpeg);
    while (s->jpeg.output_scanline < s->jpeg.output_height) {
        float *out = s->a->data +
                     (int64_t)s->jpeg.output_scanline * (int64_t)s->jpeg.output_width;
        (void)jpeg_read_scanlines(&s->jpeg, &s->row, 1);
        for (unsigned x = 0; x < s->jpeg.output_width; x++)
            out[x] = (float)s->row[x] / 255.f;
    }
    (void)jpeg_finish_decompress(&s->jpeg);
}

csk_status csk_jpeg_parse(csk_array *a, const void *bytes, size_t len, const char *what)
{
    session s = { .what = what, .len = len, .a = a };

    *a = (csk_array){ .data = NULL };
    s.jpeg.err = jpeg_std_error(&s.manager);
    s.manager.error_exit = on_error;
    s.manager.emit_message = on_message;
    read_picture(&s, bytes);
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

#define JPEG(suffix_)                                                                  \
    {                                                                                  \
        .name = "jpeg", .about = "JPEG: photographs as grey values 0 to 1; read only", \
        .suffix = (suffix_), .read = jpeg_read                                         \
    }

extern const csk_format csk_format_jpg, csk_format_jpeg;
const csk_format csk_format_jpg = JPEG(".jpg");
const csk_format csk_format_jpeg = JPEG(".jpeg");
