/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/format.h"
#include "cs/mem.h"
#include "tests/support/tst_file.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* needs the types above */
#include <jpeglib.h>

enum { WIDTH = 37, HEIGHT = 21 };

typedef struct settings {
    J_COLOR_SPACE colours;
    int channels;
    bool progressive;
    bool sampled; /* colour with half the resolution, as cameras have it */
    bool apart;   /* a scan for each channel */
} settings;

/* Smooth, so that little is lost. */
static uint8_t sample(int y, int x, int c)
{
    return (uint8_t)(120.5 + 100.0 * sin(0.1 * x + 0.07 * y + 2.0 * c));
}

/* A picture by libjpeg; free() it. */
static uint8_t *make(size_t *len, const settings *s)
{
    static const jpeg_scan_info scans[] = {
        { 1, { 0 }, 0, 63, 0, 0 },
        { 1, { 1 }, 0, 63, 0, 0 },
        { 1, { 2 }, 0, 63, 0, 0 },
    };
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *out = NULL;
    unsigned long room = 0;
    uint8_t row[4 * WIDTH];

    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &out, &room);
    jpeg.image_width = WIDTH;
    jpeg.image_height = HEIGHT;
    jpeg.input_components = s->channels;
    jpeg.in_color_space = s->colours;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 100, TRUE);
    if (!s->sampled)
        jpeg.comp_info[0].h_samp_factor = jpeg.comp_info[0].v_samp_factor = 1;
    if (s->progressive)
        jpeg_simple_progression(&jpeg);
    if (s->apart) {
        jpeg.scan_info = scans;
        jpeg.num_scans = 3;
    }
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; y < HEIGHT; y++) {
        for (int k = 0; k < WIDTH * s->channels; k++)
            row[k] = sample(y, k / s->channels, k % s->channels);
        (void)jpeg_write_scanlines(&jpeg, &(uint8_t *){ row }, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    *len = room;
    return out;
}

static void check(const settings *s, float tolerance)
{
    csk_array a;
    size_t len;
    uint8_t *bytes = make(&len, s);

    tst_ok(csk_jpeg_parse(&a, bytes, len, "a.jpg"));
    ck_assert_int_eq(a.space.field, CSK_REAL);
    ck_assert_int_eq(a.space.rank, 2);
    ck_assert_int_eq(a.space.dim[0], HEIGHT);
    ck_assert_int_eq(a.space.dim[1], WIDTH);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            const float r = sample(y, x, 0), g = sample(y, x, 1), b = sample(y, x, 2);
            const float want = s->channels == 1
                                   ? r / 255.0f
                                   : (0.299f * r + 0.587f * g + 0.114f * b) / 255.0f;
            ck_assert_float_eq_tol(a.data[y * WIDTH + x], want, tolerance);
        }
    }
    csk_array_clear(&a);
    free(bytes);
}

/* Quality 100 loses about a step of 1/255, colour at half resolution a few. */
START_TEST(test_pictures)
{
    const float step = 1.0f / 255.0f;

    check(&(settings){ JCS_GRAYSCALE, 1, false, false, false }, 1.5f * step);
    check(&(settings){ JCS_GRAYSCALE, 1, true, false, false }, 1.5f * step);
    check(&(settings){ JCS_RGB, 3, false, false, false }, 2.5f * step);
    check(&(settings){ JCS_RGB, 3, true, false, false }, 2.5f * step);
    check(&(settings){ JCS_RGB, 3, false, true, false }, 6.0f * step);
    check(&(settings){ JCS_RGB, 3, true, true, false }, 6.0f * step);
    check(&(settings){ JCS_RGB, 3, false, false, true }, 2.5f * step);
}
END_TEST

/* By either ending; the grey of a picture without colour is a whole number over 255. */
START_TEST(test_file)
{
    const settings s = { JCS_GRAYSCALE, 1, false, false, false };
    csk_array a, b;
    size_t len;
    uint8_t *bytes = make(&len, &s);

    tst_put(tst_path("a.jpg"), bytes, len);
    tst_put(tst_path("a.jpeg"), bytes, len);
    tst_ok(csk_read(&a, tst_path("a.jpg")));
    tst_ok(csk_read(&b, tst_path("a.jpeg")));
    tst_same(&a, &b);
    for (int k = 0; k < WIDTH * HEIGHT; k++) {
        const float v = 255.0f * a.data[k];
        ck_assert_float_eq_tol(v, roundf(v), 1e-4f);
    }
    csk_array_clear(&a);
    csk_array_clear(&b);
    free(bytes);
    tst_remove_files();
}
END_TEST

/* libjpeg would fill in grey for what is not there. */
START_TEST(test_truncated)
{
    for (int progressive = 0; progressive < 2; progressive++) {
        const settings s = { JCS_RGB, 3, progressive, true, false };
        csk_array a;
        size_t len;
        uint8_t *bytes = make(&len, &s);
        for (size_t n = 0; n < len - 2; n++) {
            tst_fails(csk_jpeg_parse(&a, bytes, n, "a.jpg"), CSK_ERR_FORMAT, "a.jpg: ");
            ck_assert_ptr_null(a.data);
        }
        free(bytes);
    }
}
END_TEST

/* Let a picture say that it is so large: the frame's header has height and width. */
static void set_size(uint8_t *bytes, size_t len, unsigned height, unsigned width)
{
    size_t k = 0;

    while (k + 9 < len && (bytes[k] != 0xff || bytes[k + 1] != 0xc0))
        k++;
    ck_assert_uint_lt(k + 9, len);
    bytes[k + 5] = (uint8_t)(height >> 8);
    bytes[k + 6] = (uint8_t)height;
    bytes[k + 7] = (uint8_t)(width >> 8);
    bytes[k + 8] = (uint8_t)width;
}

START_TEST(test_refused)
{
    const settings cmyk = { JCS_CMYK, 4, false, false, false };
    const settings grey = { JCS_GRAYSCALE, 1, false, false, false };
    csk_array a;
    size_t len;
    uint8_t *bytes = make(&len, &cmyk);

    tst_fails(csk_jpeg_parse(&a, bytes, len, "a.jpg"), CSK_ERR_UNSUPPORTED,
              "a.jpg: JPEG: only grey and red, green, blue are read, not 4 channels");
    free(bytes);
    tst_fails(csk_jpeg_parse(&a, "\x89PNG", 4, "a.jpg"), CSK_ERR_FORMAT,
              "a.jpg: JPEG: Not a JPEG file");
    tst_fails(csk_jpeg_parse(&a, "", 0, "a.jpg"), CSK_ERR_FORMAT, "is empty");

    bytes = make(&len, &grey);
    set_size(bytes, len, 65280, 65280);
    tst_fails(csk_jpeg_parse(&a, bytes, len, "a.jpg"), CSK_ERR_FORMAT,
              "65280x65280 pixels do not fit a file of");
    set_size(bytes, len, 65535, 65535);
    tst_fails(csk_jpeg_parse(&a, bytes, len, "a.jpg"), CSK_ERR_FORMAT, "a.jpg: JPEG: ");
    set_size(bytes, len, 64, 64); /* more rows than there are data for */
    tst_fails(csk_jpeg_parse(&a, bytes, len, "a.jpg"), CSK_ERR_FORMAT, "a.jpg: JPEG: ");
    free(bytes);

    for (size_t k = 0; k < 2; k++) { /* damage, whatever becomes of it, is no crash */
        const settings s = { JCS_RGB, 3, k == 1, true, false };
        bytes = make(&len, &s);
        for (size_t n = 0; n < len; n++) {
            bytes[n] ^= 0x5a;
            if (csk_jpeg_parse(&a, bytes, len, "a.jpg") == CSK_OK)
                csk_array_clear(&a);
            bytes[n] ^= 0x5a;
        }
        free(bytes);
    }
}
END_TEST

/* The same scan again and again, each of which touches every pixel of a channel. */
START_TEST(test_scans)
{
    enum { SCANS = 200 };
    const settings s = { JCS_RGB, 3, false, false, true };
    csk_array a;
    size_t len, scan = 0;
    uint8_t *bytes = make(&len, &s);

    for (size_t k = 0; k + 1 < len && !scan; k++)
        scan = bytes[k] == 0xff && bytes[k + 1] == 0xda ? k : 0;
    size_t end = scan + 2; /* the next marker: 0xff of the data has a 0 behind it */
    while (bytes[end] != 0xff || bytes[end + 1] == 0)
        end++;
    const size_t one = end - scan;
    uint8_t *many = malloc(len + SCANS * one);
    ck_assert_ptr_nonnull(many);
    memcpy(many, bytes, scan);
    for (size_t k = 0; k < SCANS; k++)
        memcpy(many + scan + k * one, bytes + scan, one);
    memcpy(many + scan + SCANS * one, bytes + end, len - end);
    tst_fails(csk_jpeg_parse(&a, many, scan + SCANS * one + len - end, "a.jpg"),
              CSK_ERR_FORMAT, "a.jpg: JPEG: more than 100 scans");
    free(many);
    free(bytes);
}
END_TEST

static csk_status body(void)
{
    const settings s = { JCS_RGB, 3, true, true, false };
    csk_array a;
    size_t len;
    uint8_t *bytes = make(&len, &s);
    const csk_status err = csk_jpeg_parse(&a, bytes, len, "a.jpg");

    csk_array_clear(&a);
    free(bytes);
    return err;
}

START_TEST(test_memory)
{
    tst_out_of_memory(body);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("format_jpeg");
    TCase *t = tcase_create("format_jpeg");

    tcase_add_test(t, test_pictures);
    tcase_add_test(t, test_file);
    tcase_add_test(t, test_truncated);
    tcase_add_test(t, test_refused);
    tcase_add_test(t, test_scans);
    tcase_add_test(t, test_memory);
    suite_add_tcase(s, t);
    return tst_main(s);
}
