/* SPDX-License-Identifier: BSD-3-Clause */
/* Files of all kinds of priors, and files that are none. */
#include "cs/mem.h"
#include "samplers/model.h"
#include "tests/support/tst.h"
#include "tests/support/tst_file.h"
#include "tests/support/tst_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char good_card[] =
    "{\"csk\": \"prior\", \"version\": 1, \"kind\": \"ridge\", \"name\": \"tiny\",\n"
    "\"field\": \"complex\", \"axes\": 2, \"scale\": 2.5, \"sigma\": [0.01, 1],\n"
    "\"training\": {\"data\": \"nothing\"},\n"
    "\"score_norm\": {\"images\": 3, \"sigma\": [0.1, 0.2], \"mean\": [0.9, 0.95],\n"
    "\"std\": [0.01, 0.02], \"correlation\": [0, 0.01], \"correlation_std\": [0.1, 0.2]}}";

/* One filter, a difference of neighbours; potentials with slope 1. */
static csk_tensors ridge_tensors(const char *card)
{
    static const float filter[9] = { 0, 0, 0, 0, 1, -1, 0, 0, 0 };
    csk_tensors t = { .count = 0 };
    csk_tensor *made;

    tst_ok(csk_tensors_add(&t, "weight", 3, (int64_t[]){ 1, 3, 3 }, &made));
    memcpy(made->data, filter, sizeof(filter));
    tst_ok(csk_tensors_add(&t, "slope", 2, (int64_t[]){ 1, 4 }, &made));
    for (int i = 0; i < 4; i++)
        made->data[i] = .1f;
    tst_ok(csk_tensors_add(&t, "log_scale", 2, (int64_t[]){ 1, 2 }, &made));
    tst_ok(csk_tensors_add(&t, "log_gain", 2, (int64_t[]){ 1, 2 }, &made));
    tst_ok(csk_tensors_set_card(&t, card));
    return t;
}

static const char *ridge_file(const char *card)
{
    const char *path = tst_path("ridge.csk");
    csk_tensors t = ridge_tensors(card);

    tst_ok(csk_tensors_write(&t, path));
    csk_tensors_clear(&t);
    return path;
}

static const char *wavelet_file(void)
{
    const char *path = tst_path("wavelet.csk");
    csk_wavelet_model w = tst_wavelet_model(CSK_COMPLEX, 2, "db2", 2, 3);

    tst_ok(csk_wavelet_model_write(&w, path, "{\"seed\": 7}"));
    csk_wavelet_model_clear(&w);
    return path;
}

/* The first denoised float of a ramp: that the prior works at all. */
static float denoised(const csk_prior *p)
{
    const int64_t n = csk_space_len(csk_prior_space(p));
    const double sigma = .5;
    float *x = csk_alloc(2 * n + csk_prior_work_len(p, 1), sizeof(*x));

    for (int64_t i = 0; i < n; i++)
        x[i] = .1f * (float)(i % 13);
    tst_ok(csk_prior_denoise(p, 1, x + n, x, &sigma, NULL, x + 2 * n));
    const float d = x[n + 1];
    csk_free(x);
    return d;
}

static const csk_space image = TST_COMPLEX(12, 16);

START_TEST(reads_a_wavelet_prior)
{
    const char *path = wavelet_file();
    const csk_model_opts none = { .shift = CSK_SHIFT_NONE };
    csk_model *m;
    csk_prior *by_model, *direct;
    double lo, hi;

    tst_ok(csk_model_read(&m, path));
    ck_assert_str_eq(csk_model_kind(m), "wavelet");
    ck_assert_int_eq(csk_model_field(m), CSK_COMPLEX);
    ck_assert_int_eq(csk_model_axes(m), 2);
    ck_assert_double_eq(csk_model_scale(m), 1.);
    csk_model_sigma(m, &lo, &hi);
    ck_assert(lo == 0. && isinf(hi));
    ck_assert_ptr_null(csk_model_tensors(m));
    ck_assert_int_eq(csk_model_wavelet(m)->levels, 2);
    ck_assert_int_eq(csk_model_score_norm(m)->count, 0);
    ck_assert_ptr_nonnull(strstr(csk_model_card(m), "\"seed\": 7"));
    ck_assert_ptr_null(strstr(csk_model_card(m), "bands"));

    tst_ok(csk_model_prior(&by_model, &image, m, 2., &none));
    tst_ok(
        csk_prior_wavelet(&direct, &image, csk_model_wavelet(m), 2., CSK_SHIFT_NONE));
    csk_model_free(m); /* the priors go on without it */
    ck_assert(denoised(by_model) == denoised(direct));
    csk_prior_unref(by_model), csk_prior_unref(direct);
    tst_remove_files();
}
END_TEST

START_TEST(reads_a_ridge_prior)
{
    const char *path = ridge_file(good_card);
    const csk_score_norm *s;
    csk_model *m;
    csk_prior *p;
    double lo, hi;

    tst_ok(csk_model_read(&m, path));
    ck_assert_str_eq(csk_model_kind(m), "ridge");
    ck_assert_double_eq(csk_model_scale(m), 2.5);
    csk_model_sigma(m, &lo, &hi);
    ck_assert(lo == .01 && hi == 1.);
    ck_assert_ptr_null(csk_model_wavelet(m));
    ck_assert_int_eq(csk_model_tensors(m)->count, 4);
    ck_assert_ptr_nonnull(strstr(csk_model_card(m), "\"nothing\""));
    s = csk_model_score_norm(m);
    ck_assert_int_eq(s->count, 2);
    ck_assert_double_eq(s->correlation_std[1], .2);
    tst_ok(csk_model_prior(&p, &image, m, 1., NULL));
    csk_model_free(m);
    ck_assert(isfinite(denoised(p)));
    csk_prior_unref(p);
    tst_remove_files();
}
END_TEST

/* The same from memory as from a file, both kinds. */
START_TEST(parses_what_it_reads)
{
    const char *path = _i ? ridge_file(good_card) : wavelet_file();
    csk_model *a, *b;
    size_t len;
    char *bytes = tst_get(path, &len);

    tst_ok(csk_model_read(&a, path));
    tst_ok(csk_model_parse(&b, bytes, len, "bytes"));
    ck_assert_str_eq(csk_model_kind(a), csk_model_kind(b));
    ck_assert_str_eq(csk_model_card(a), csk_model_card(b));
    csk_model_free(a), csk_model_free(b);
    free(bytes);
    tst_remove_files();
}
END_TEST

/* Written and read again, with another expectation in the card; the rest stays. */
START_TEST(keeps_what_is_to_be_expected)
{
    const csk_score_norm s = {
        .count = 1, .images = 9, .sigma = { .3 }, .mean = { .7 }
    };
    const char *path = _i ? ridge_file(good_card) : wavelet_file();
    const char *again = tst_path("again.csk");
    csk_model *m, *back;
    csk_prior *p, *q;

    tst_ok(csk_model_read(&m, path));
    tst_ok(csk_model_set_score_norm(m, &s, _i ? "csk \"expects\"" : NULL));
    tst_ok(csk_model_write(m, again));
    tst_ok(csk_model_read(&back, again));
    ck_assert_int_eq(csk_model_score_norm(back)->images, 9);
    ck_assert_double_eq(csk_model_score_norm(back)->mean[0], .7);
    ck_assert_str_eq(csk_model_card(m), csk_model_card(back));
    ck_assert((strstr(csk_model_card(m), "\\\"expects\\\"") != NULL) == (_i == 1));
    tst_ok(csk_model_prior(&p, &image, m, 1., NULL));
    tst_ok(csk_model_prior(&q, &image, back, 1., NULL));
    ck_assert(denoised(p) == denoised(q));
    csk_prior_unref(p), csk_prior_unref(q);
    csk_model_free(m), csk_model_free(back);
    tst_remove_files();
}
END_TEST

START_TEST(takes_over_what_is_in_memory)
{
    csk_wavelet_model w = tst_wavelet_model(CSK_REAL, 1, "haar", 1, 1);
    csk_tensors t = ridge_tensors(good_card);
    csk_model *m;

    tst_ok(csk_model_of_wavelet(&m, &w));
    ck_assert_ptr_null(w.weight);
    ck_assert_int_eq(csk_model_field(m), CSK_REAL);
    ck_assert_ptr_nonnull(strstr(csk_model_card(m), "\"haar\""));
    tst_fails(csk_model_fits(m, &image, "p"), CSK_ERR_SHAPE,
              "p: describes real images of 1 axes, not complex ones of 2");
    csk_model_free(m);

    tst_ok(csk_model_of_tensors(&m, &t, "t"));
    ck_assert_int_eq(t.count, 0);
    tst_ok(csk_model_fits(m, &image, "p"));
    csk_model_free(m);

    t = ridge_tensors(NULL); /* a failure takes nothing */
    tst_fails(csk_model_of_tensors(&m, &t, "t"), CSK_ERR_FORMAT,
              "t: holds 4 arrays but no card");
    ck_assert_int_eq(t.count, 4);
    csk_tensors_clear(&t);
    csk_model_free(NULL);
}
END_TEST

static const struct {
    const char *from, *to, *message;
} wrong[] = {
    { "{\"csk\"", "[\"csk\"", "t: is not a prior, which is JSON: line" },
    { "\"csk\": \"prior\"", "\"csk\": \"image\"", "\"csk\" is \"image\", expected" },
    { "\"csk\": \"prior\",", "", "t: \"csk\" is missing or not a string" },
    { "\"version\": 1", "\"version\": 2", "\"version\" is 2, expected 1" },
    { "\"ridge\"", "\"wavelet\"", "\"kind\" is \"wavelet\", expected \"network\" or" },
    { "\"ridge\"", "7", "\"kind\" is missing or not a string" },
    { "\"complex\"", "\"quaternion\"", "\"field\" is \"quaternion\"" },
    { "\"axes\": 2", "\"axes\": 4", "\"axes\" is 4, expected 1 to 3" },
    { "\"axes\": 2", "\"axes\": 2.5", "\"axes\" is missing or not an integer" },
    { "2.5", "0", "\"scale\" is 0, expected more than 0" },
    { "2.5", "1e-308", "\"scale\" is 1e-308, expected more than 0, from 1e-09 to" },
    { "2.5", "1e18", "\"scale\" is 1e+18, expected more than 0, from 1e-09 to" },
    { "[0.01, 1]", "[1e20, 1e29]", "expected a range above 0, within 1e-09 to 1e+09" },
    { "2.5", "\"big\"", "\"scale\" is missing or not a number" },
    { "[0.01, 1]", "[1, 0.01]", "\"sigma\" is [1, 0.01], expected a range above 0" },
    { "[0.01, 1]", "[0, 1]", "\"sigma\" is [0, 1]" },
    { "[0.01, 1]", "[1]", "\"sigma\" is no list of 2 numbers" },
    { "[0.01, 1]", "[0.01, true]", "\"sigma\"[1] is no number" },
    { "\"images\": 3", "\"images\": null", "\"images\" is missing or not an integer" },
    { "[0.1, 0.2], \"mean\"", "[], \"mean\"", "\"score_norm\" is no list of 1 to 8" },
    { "[0.1, 0.2], \"mean\"", "[0.1], \"mean\"", "\"mean\" is no list of 1 numbers" },
    { "[0.1, 0.2], \"mean\"", "[0.1, -1], \"mean\"", "level or spread below 0" },
    { "[0.01, 0.02]", "[0.01, -0.02]", "level or spread below 0" },
};

/* @p text with @p from replaced by @p to. */
static void replaced(char *out, size_t room, const char *text, const char *from,
                     const char *to)
{
    const char *at = strstr(text, from);

    ck_assert_ptr_nonnull(at);
    (void)snprintf(out, room, "%.*s%s%s", (int)(at - text), text, to,
                   at + strlen(from));
}

START_TEST(names_what_is_wrong_with_a_card)
{
    char card[2000];
    csk_model *m = NULL;

    replaced(card, sizeof(card), good_card, wrong[_i].from, wrong[_i].to);
    csk_tensors t = ridge_tensors(card);
    tst_fails(csk_model_of_tensors(&m, &t, "t"), CSK_ERR_FORMAT, wrong[_i].message);
    ck_assert_ptr_null(m);
    csk_tensors_clear(&t);
}
END_TEST

/* What the kind finds wrong later names the file, too. */
START_TEST(names_the_file_of_a_bad_tensor)
{
    csk_tensors t = ridge_tensors(good_card);
    csk_model *m;
    csk_prior *p = NULL;

    t.item[1].data[0] = -1.f;
    tst_ok(csk_model_of_tensors(&m, &t, "here.csk"));
    tst_fails(csk_model_prior(&p, &image, m, 1., NULL), CSK_ERR_FORMAT,
              "here.csk: ridge: ");
    ck_assert_ptr_null(p);
    csk_model_free(m);
}
END_TEST

static const struct {
    const char *bytes;
    size_t len;
    const char *message;
} others[] = {
    { "PK\3\4rest", 8,
      "is an archive, as PyTorch and NumPy write weights, not a prior" },
    { "\x89PNG\r\n\x1a\n....", 12, "neither JSON text nor safetensors" },
    { "\x93NUMPY\1\0", 8, "neither JSON text nor safetensors" },
    { "hello, world", 12, "neither JSON text nor safetensors" },
    { " {\"csk\": 1}", 11, "\"csk\" is missing or not a string" },
    { "\2\0\0\0\0\0\0\0{}", 10, "holds 0 arrays but no card" },
    { "\xff\xff\0\0\0\0\0\0{}", 10, "" },
    { "   ", 3, "is not a prior" },
};

START_TEST(says_what_is_no_prior)
{
    const char *path = tst_path("other");
    csk_model *m = NULL;

    tst_fails(csk_model_parse(&m, others[_i].bytes, others[_i].len, "it"),
              CSK_ERR_FORMAT, others[_i].message);
    tst_put(path, others[_i].bytes, others[_i].len);
    tst_fails(csk_model_read(&m, path), CSK_ERR_FORMAT, others[_i].message);
    ck_assert_ptr_nonnull(strstr(csk_error_message(), "other: "));
    ck_assert_ptr_null(m);
    tst_remove_files();
}
END_TEST

/* A file cut anywhere is refused, and so is one with a byte more. */
START_TEST(refuses_every_beginning)
{
    const char *path = ridge_file(good_card);
    csk_model *m = NULL;
    size_t len;
    char *bytes = tst_get(path, &len);

    for (size_t k = 0; k < len; k += 1 + k / 64)
        ck_assert_int_eq(csk_model_parse(&m, bytes, k, "cut"), CSK_ERR_FORMAT);
    ck_assert_int_eq(csk_model_parse(&m, bytes, len + 1, "long"), CSK_ERR_FORMAT);
    ck_assert_int_eq(csk_model_read(&m, tst_path("nothing")), CSK_ERR_IO);
    ck_assert_ptr_null(m);
    free(bytes);
    tst_remove_files();
}
END_TEST

static const char *full_heap_path;

static csk_status read_and_use(void)
{
    csk_model *m = NULL;
    csk_prior *p = NULL;
    csk_status err = csk_model_read(&m, full_heap_path);

    if (!err)
        err = csk_model_prior(&p, &image, m, 1., NULL);
    csk_model_free(m);
    csk_prior_unref(p);
    return err;
}

static csk_status wrap_wavelet(void)
{
    csk_wavelet_model w = {
        .field = CSK_REAL, .axes = 1, .levels = 1, .components = 1
    };
    csk_model *m = NULL;
    const csk_status err = csk_model_of_wavelet(&m, &w);

    csk_model_free(m);
    return err;
}

START_TEST(survives_a_full_heap)
{
    full_heap_path = _i ? ridge_file(good_card) : wavelet_file();
    tst_out_of_memory(read_and_use);
    tst_out_of_memory(wrap_wavelet);
    tst_remove_files();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("model");
    TCase *t = tcase_create("core");

    tcase_add_test(t, reads_a_wavelet_prior);
    tcase_add_test(t, reads_a_ridge_prior);
    tcase_add_loop_test(t, parses_what_it_reads, 0, 2);
    tcase_add_loop_test(t, keeps_what_is_to_be_expected, 0, 2);
    tcase_add_test(t, takes_over_what_is_in_memory);
    tcase_add_loop_test(t, names_what_is_wrong_with_a_card, 0,
                        sizeof(wrong) / sizeof(wrong[0]));
    tcase_add_test(t, names_the_file_of_a_bad_tensor);
    tcase_add_loop_test(t, says_what_is_no_prior, 0,
                        sizeof(others) / sizeof(others[0]));
    tcase_add_test(t, refuses_every_beginning);
    tcase_add_loop_test(t, survives_a_full_heap, 0, 2);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
