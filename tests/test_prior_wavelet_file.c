/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/prior_wavelet.h"
#include "tests/support/tst.h"
#include "tests/support/tst_file.h"
#include "tests/support/tst_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool same(const csk_wavelet_model *a, const csk_wavelet_model *b)
{
    const int count = csk_wavelet_model_bands(a) * a->components;

    if (a->field != b->field || a->axes != b->axes || a->levels != b->levels ||
        a->components != b->components || strcmp(a->family, b->family) != 0 ||
        a->scale != b->scale)
        return false;
    for (int i = 0; i < count; i++) {
        if (a->weight[i] != b->weight[i] || a->variance[i] != b->variance[i])
            return false;
    }
    return true;
}

START_TEST(comes_back_to_the_last_bit)
{
    const char *path = tst_path("model.json");
    csk_wavelet_model m =
        tst_wavelet_model(_i ? CSK_COMPLEX : CSK_REAL, 2, "sym4", 3, 5);
    csk_wavelet_model back = { 0 };

    m.scale = 1. / 3.;
    m.variance[0] = 1.2345678901234567e-29;
    m.variance[1] = 9.87654321e29;
    tst_ok(csk_wavelet_model_write(&m, path, _i ? "{\"seed\": 7}" : NULL));
    tst_ok(csk_wavelet_model_read(&back, path));
    ck_assert(same(&m, &back));

    size_t len;
    char *text = tst_get(path, &len);
    ck_assert((strstr(text, "\"provenance\"") != NULL) == (_i == 1));
    free(text);
    tst_remove_files();
    csk_wavelet_model_clear(&m), csk_wavelet_model_clear(&back);
}
END_TEST

/* One level of one axis, one component. */
static const char good[] =
    "{\"csk\": \"prior\", \"version\": 1, \"kind\": \"wavelet\", \"field\": \"real\",\n"
    "\"axes\": 1, \"family\": \"haar\", \"levels\": 1, \"components\": 1, \"scale\": 2,\n"
    "\"bands\": [{\"level\": 1, \"detail\": 0, \"weights\": [1], \"variances\": [0.5]},\n"
    "{\"level\": 1, \"detail\": 1, \"weights\": [1.0], \"variances\": [3]}]}";

static const struct {
    const char *from, *to, *message;
} wrong[] = {
    { "{\"csk\"", "[{\"csk\"", "m: is not a prior, which is JSON: line" },
    { "\"version\": 1,", "\"version\": 1, \"version\": 1,", "duplicate" },
    { "\"prior\"", "\"net\"", "m: \"csk\" is \"net\", expected \"prior\"" },
    { "\"csk\"", "\"csq\"", "m: \"csk\" is missing or not a string" },
    { "1, \"kind\"", "2, \"kind\"", "m: \"version\" is 2, expected 1" },
    { "1, \"kind\"", "\"1\", \"kind\"", "m: \"version\" is missing or not an integer" },
    { "\"wavelet\"", "\"gauss\"", "m: \"kind\" is \"gauss\"" },
    { "\"real\"", "\"rational\"", "m: \"field\" is \"rational\"" },
    { "\"real\"", "true", "m: \"field\" is missing or not a string" },
    { "\"axes\": 1", "\"axes\": 1.5", "m: \"axes\" is missing or not an integer" },
    { "\"axes\": 1", "\"axes\": 0", "m: axes is 0, not in 1..3" },
    { "\"axes\": 1", "\"axes\": 123456789012", "m: \"axes\" is 123456789012" },
    { "\"haar\"", "\"hair\"", "m: family is \"hair\"" },
    { "\"haar\"", "\"haarhaarhaar\"", "m: \"family\" is \"haarhaarhaar\"" },
    { "\"haar\"", "null", "m: \"family\" is missing" },
    { "\"levels\": 1", "\"levels\": 33", "m: levels is 33" },
    { "\"levels\": 1", "\"levels\": 2", "m: \"bands\" is no list of 3 bands" },
    { "\"levels\"", "\"level\"", "m: \"levels\" is missing" },
    { "\"components\": 1", "\"components\": 0", "m: components is 0" },
    { "\"components\": 1", "\"components\": 2", "bands[0].weights is no list of 2" },
    { "\"scale\": 2", "\"scale\": -2", "m: scale is -2" },
    { "\"scale\": 2", "\"scale\": [2]", "m: \"scale\" is missing or not a number" },
    { "\"scale\": 2", "\"scale\": 1e999", "m: is not a prior, which is JSON: line" },
    { "\"detail\": 1", "\"detail\": 0", "m: bands[1] is level 1, detail 0" },
    { "\"detail\": 1", "\"detale\": 1", "m: \"detail\" is missing" },
    { "{\"level\": 1", "{\"level\": 2", "m: bands[0] is level 2" },
    { "[1.0]", "[0.5]", "m: bands[1].weights sum to 0.5" },
    { "[1.0]", "[-1.0]", "m: bands[1].weights[0] is -1" },
    { "[1.0]", "[\"1\"]", "m: bands[1].weights[0] is no number" },
    { "[1.0]", "{}", "m: bands[1].weights is no list of 1 numbers" },
    { "[3]", "[0]", "m: bands[1].variances[0] is 0" },
    { "[3]", "[3, 3]", "m: bands[1].variances is no list" },
    { "[3]", "[NaN]", "m: is not a prior, which is JSON: line" },
    { "[3]", "[3", "m: is not a prior, which is JSON: line" },
};

START_TEST(rejects_malformed_text)
{
    csk_wavelet_model m = { 0 };
    char text[1024];

    tst_ok(csk_wavelet_model_parse(&m, good, strlen(good), "m"));
    ck_assert_double_eq(m.variance[1], 3.);
    csk_wavelet_model_clear(&m);

    const char *at = strstr(good, wrong[_i].from);
    ck_assert_ptr_nonnull(at);
    (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, wrong[_i].to,
                   at + strlen(wrong[_i].from));
    tst_fails(csk_wavelet_model_parse(&m, text, strlen(text), "m"), CSK_ERR_FORMAT,
              wrong[_i].message);
    ck_assert_ptr_null(m.weight);
    ck_assert_ptr_null(m.variance);
}
END_TEST

START_TEST(rejects_other_files)
{
    csk_wavelet_model m = { 0 };

    tst_fails(csk_wavelet_model_parse(&m, "", 0, "m"), CSK_ERR_FORMAT,
              "m: is not a prior, which is JSON: line");
    tst_fails(csk_wavelet_model_parse(&m, "[]", 2, "m"), CSK_ERR_FORMAT,
              "m: not a JSON object");
    tst_fails(csk_wavelet_model_read(&m, tst_path("absent.json")), CSK_ERR_IO,
              "absent");
    tst_put(tst_path("x.json"), "{}", 2);
    tst_fails(csk_wavelet_model_read(&m, tst_path("x.json")), CSK_ERR_FORMAT,
              "\"csk\" is missing");

    m = tst_wavelet_model(CSK_REAL, 1, "haar", 1, 1);
    tst_fails(csk_wavelet_model_write(&m, tst_path("y.json"), "{no json"), CSK_ERR_ARG,
              "the note is no JSON");
    m.weight[0] = 2.;
    tst_fails(csk_wavelet_model_write(&m, tst_path("y.json"), NULL), CSK_ERR_ARG,
              "bands[0].weights[0] is 2");
    m.weight[0] = 1.;
    tst_fails(csk_wavelet_model_write(&m, "/absent/y.json", NULL), CSK_ERR_IO,
              "absent");
    ck_assert_int_eq(tst_count_files(), 1);
    tst_remove_files();
    csk_wavelet_model_clear(&m);
}
END_TEST

static csk_status parse_it(void)
{
    csk_wavelet_model m = { 0 };
    const csk_status err = csk_wavelet_model_parse(&m, good, strlen(good), "m");

    csk_wavelet_model_clear(&m);
    return err;
}

START_TEST(survives_out_of_memory)
{
    tst_out_of_memory(parse_it);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("prior_wavelet_file");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, comes_back_to_the_last_bit, 0, 2);
    tcase_add_loop_test(t, rejects_malformed_text, 0, sizeof(wrong) / sizeof(wrong[0]));
    tcase_add_test(t, rejects_other_files);
    tcase_add_test(t, survives_out_of_memory);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
