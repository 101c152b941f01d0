/* SPDX-License-Identifier: BSD-3-Clause */
/* Imported networks against forward passes in double that know nothing of csk's graphs. */
#include "cs/format.h"
#include "cs/mem.h"
#include "samplers/import/import.h"
#include "samplers/net/net.h"
#include "tests/support/naive_nets.h"
#include "tests/support/tst.h"
#include "tests/support/tst_file.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

enum { HIGH = 8, WIDE = 16 };

static const double sigma = .17, step = 321.5, accuracy = 1e-4;
static const int grows[] = { 1, 2, 2 };

/* -- running an imported network ---------------------------------------------------- */

typedef struct network {
    csk_tensors model;
    json_t *card;
    csk_net *net;
} network;

static network load(const csk_tensors *weights, int arch, const csk_import_opts *opts)
{
    const csk_import_opts preset = csk_import_defaults();
    network n = { .model = { .count = 0 } };
    json_error_t why;

    tst_ok(csk_import(&n.model, arch, weights, opts ? opts : &preset, NULL, "weights"));
    n.card = json_loads(n.model.card, 0, &why);
    ck_assert_ptr_nonnull(n.card);
    char *graph = json_dumps(json_object_get(n.card, "graph"), 0);
    tst_ok(csk_net_parse(&n.net, graph, &n.model, "model"));
    free(graph);
    return n;
}

static void unload(network *n)
{
    csk_net_free(n->net);
    json_decref(n->card);
    csk_tensors_clear(&n->model);
}

static const char *text(const network *n, const char *key)
{
    return json_string_value(json_object_get(n->card, key));
}

static double number(const network *n, const char *key)
{
    return json_number_value(json_object_get(n->card, key));
}

/* The lowest or the highest noise level of the card. */
static double level(const network *n, size_t k)
{
    return json_number_value(json_array_get(json_object_get(n->card, "sigma"), k));
}

/* y := net(x), and gx := the derivative of its sum where it is not NULL. */
static void forward(const network *n, int h, int w, const float *x, double s, double t,
                    float *y, float *gx)
{
    const csk_net_shape shape = { .batch = 1,
                                  .height = h,
                                  .width = w,
                                  .derivative = gx ? CSK_NET_DATA : CSK_NET_NONE };
    const int64_t outputs = (int64_t)csk_net_outputs(n->net) * h * w;
    csk_net_plan *plan;

    tst_ok(csk_net_plan_new(&plan, n->net, &shape));
    float *work = csk_alloc(csk_net_plan_work_len(plan), sizeof(*work));
    float *ones = csk_alloc(outputs, sizeof(*ones));
    for (int64_t i = 0; i < outputs; i++)
        ones[i] = 1.F;
    csk_net_forward(plan, y, x, &s, &t, work);
    if (gx)
        csk_net_backward(plan, gx, NULL, ones, work);
    csk_free(ones), csk_free(work);
    csk_net_plan_free(plan);
}

/* The imported network makes of x what the reference does, to 1e-4. */
static void compare(const network *n, naive y, int channels, const float *x, double s)
{
    const int64_t len = (int64_t)y.c * y.h * y.w;
    float *got = csk_alloc(len, sizeof(*got)), *want = csk_alloc(len, sizeof(*want));

    ck_assert_int_eq(csk_net_inputs(n->net), channels);
    ck_assert_int_eq(csk_net_outputs(n->net), y.c);
    ck_assert_int_eq((int)number(n, "channels"), channels);
    ck_assert_int_eq((int)number(n, "multiple"), csk_net_multiple(n->net));
    for (int64_t i = 0; i < len; i++)
        want[i] = (float)y.x[i];
    forward(n, y.h, y.w, x, s, step, got, NULL);
    ck_assert_double_lt(tst_distance(len, got, want), accuracy);
    csk_free(got), csk_free(want);
}

/* -- random weights ----------------------------------------------------------------- */

typedef struct random_net {
    csk_tensors weights;
    float *x;
    naive in, out;
} random_net;

static random_net begin(int channels, int h, int w)
{
    return (random_net){ .x = csk_alloc((int64_t)channels * h * w, sizeof(float)),
                         .in = { channels, h, w, NULL } };
}

static void end(random_net *r)
{
    naive_end();
    csk_tensors_clear(&r->weights);
    csk_free(r->x);
}

START_TEST(dncnn)
{
    random_net r = begin(_i ? 3 : 1, HIGH + 1, WIDE + 3);

    naive_begin(&r.weights, 1, false);
    r.in = naive_input(r.in.c, r.in.h, r.in.w, r.x);
    r.out = naive_dncnn(r.in, 5, 20);
    network n = load(&r.weights, CSK_IMPORT_DNCNN, NULL);
    compare(&n, r.out, r.in.c, r.x, sigma);
    ck_assert_str_eq(text(&n, "preconditioning"), "residual");
    unload(&n);
    end(&r);
}
END_TEST

/* Small ones of both fields of colour, and the grey and the colour one as published. */
START_TEST(ffdnet)
{
    static const int layers[] = { 6, 6, 15, 12 }, features[] = { 24, 24, 64, 96 };
    random_net r = begin(_i % 2 ? 3 : 1, HIGH + 2, WIDE);

    naive_begin(&r.weights, 2, false);
    r.in = naive_input(r.in.c, r.in.h, r.in.w, r.x);
    r.out = naive_ffdnet(r.in, sigma, layers[_i], features[_i]);
    network n = load(&r.weights, CSK_IMPORT_FFDNET, NULL);
    compare(&n, r.out, r.in.c, r.x, sigma);
    ck_assert_str_eq(text(&n, "preconditioning"), "direct");
    unload(&n);
    end(&r);
}
END_TEST

START_TEST(drunet)
{
    static const int small[4] = { 16, 24, 32, 40 },
                     published[4] = { 64, 128, 256, 512 };
    random_net r = begin(_i == 1 ? 3 : 1, HIGH, WIDE);

    naive_begin(&r.weights, 3, false);
    r.in = naive_input(r.in.c, r.in.h, r.in.w, r.x);
    r.out = naive_drunet(r.in, sigma, _i == 2 ? published : small, _i == 2 ? 4 : 2);
    network n = load(&r.weights, CSK_IMPORT_DRUNET, NULL);
    if (_i == 2)
        ck_assert_int_eq(csk_net_parameters(n.net), 32638656);
    compare(&n, r.out, r.in.c, r.x, sigma);
    unload(&n);
    end(&r);
}
END_TEST

START_TEST(ddpm)
{
    random_net r = begin(3, HIGH, WIDE);

    naive_begin(&r.weights, 4, false);
    r.in = naive_input(r.in.c, r.in.h, r.in.w, r.x);
    r.out = naive_ddpm(r.in, step, (naive_layout)_i, 32, 3, grows, 2U);
    network n = load(&r.weights, CSK_IMPORT_DDPM, NULL);
    compare(&n, r.out, 3, r.x, sigma);
    ck_assert_str_eq(text(&n, "preconditioning"), "vp");
    /* Of images in -1 .. 1 the last noise level of 1000 steps, 1e-4 to .02, is 157.407. */
    ck_assert_double_eq_tol(level(&n, 0), .5 * sqrt(1e-4 / (1. - 1e-4)), 1e-9);
    ck_assert_double_eq_tol(level(&n, 1), .5 * 157.407, 5e-4);
    unload(&n);
    end(&r);
}
END_TEST

static const naive_adm_opts adms[] = {
    { 32, 3, 1, 6U, grows, 16, false, true, true, true },
    { 32, 3, 2, 4U, grows, 16, true, true, true, false },
    { 32, 3, 1, 2U, grows, 32, false, false, false, true },
    { 32, 1, 2, 1U, grows, 16, false, true, true, true },
};

START_TEST(adm)
{
    csk_import_opts o = csk_import_defaults();
    random_net r = begin(3, HIGH, WIDE);

    naive_begin(&r.weights, 5, false);
    r.in = naive_input(r.in.c, r.in.h, r.in.w, r.x);
    r.out = naive_adm(r.in, step, &adms[_i]);
    o.head_channels = adms[_i].head_channels;
    o.new_order = adms[_i].new_order;
    network n = load(&r.weights, CSK_IMPORT_ADM, &o);
    compare(&n, r.out, 3, r.x, sigma);
    ck_assert_double_eq(number(&n, "timesteps"), 1000.);
    unload(&n);
    end(&r);
}
END_TEST

static const naive_ncsnpp_opts ncsnpps[] = {
    { 32, 3, 2, 2U, grows, true, true, true, true, false,
      false }, /* published, CIFAR-10 */
    { 32, 3, 1, 5U, grows, true, true, true, false, true,
      true }, /* published, 256 x 256 */
    { 32, 3, 2, 2U, grows, false, false, true, false, false, false }, /* DDPM++ */
    { 32, 2, 1, 0U, grows, true, false, false, true, false, true },
};

/* Where the file holds the noise levels they count, the largest first. */
static void add_levels(csk_tensors *weights)
{
    csk_tensor *t;

    tst_ok(csk_tensors_add(weights, "sigmas", 1, (int64_t[]){ 3 }, &t));
    t->data[0] = 48.F, t->data[1] = 1.F, t->data[2] = .02F;
}

START_TEST(ncsnpp)
{
    const naive_ncsnpp_opts *is = &ncsnpps[_i];
    csk_import_opts o = csk_import_defaults();
    random_net r = begin(3, HIGH, WIDE);

    naive_begin(&r.weights, 6, false);
    r.in = naive_input(r.in.c, r.in.h, r.in.w, r.x);
    r.out = naive_ncsnpp(r.in, sigma, step, is);
    if (_i == 0)
        add_levels(&r.weights);
    o.fir = is->fir;
    o.rescale = is->rescale;
    network n = load(&r.weights, CSK_IMPORT_NCSNPP, &o);
    compare(&n, r.out, 3, r.x, 2. * sigma); /* of images in -1 .. 1 */
    ck_assert_str_eq(text(&n, "preconditioning"), is->fourier ? "ve" : "vp");
    if (is->fourier) { /* of images in 0 .. 1, which the network itself moves to -1 .. 1 */
        const double lo = _i == 0 ? .02 : .01, hi = _i == 0 ? 48. : 50.;
        ck_assert_double_eq_tol(level(&n, 0), lo, 1e-6);
        ck_assert_double_eq_tol(level(&n, 1), hi, 1e-6);
    }
    unload(&n);
    end(&r);
}
END_TEST

/* -- published layouts in full ------------------------------------------------------- */

static const int ffhq_times[] = { 1, 1, 2, 2, 4, 4 };

/* FFHQ-256 of DPS, 93.6 M parameters, and ImageNet-256, at a quarter of its 256 features. */
static const naive_adm_opts published[] = {
    { 128, 6, 1, 1U << 4, ffhq_times, 64, false, true, true, true },
    { 64, 6, 2, 7U << 3, ffhq_times, 64, false, true, true, true },
};

START_TEST(adm_in_full)
{
    const csk_import_opts o = csk_import_defaults();
    csk_tensors weights = { .count = 0 }, model = { .count = 0 };
    int64_t parameters = 0;
    const naive_adm_opts *p = &published[_i];

    naive_begin(&weights, 0, true);
    const naive y = naive_adm(naive_new(3, 256, 256), 0., p);
    ck_assert(y.h == 256 && y.w == 256);
    for (int i = 0; i < weights.count; i++)
        parameters += csk_tensor_size(&weights.item[i]);
    if (p->features == 128)
        ck_assert_int_eq(parameters, 93563910);
    tst_ok(csk_import(&model, CSK_IMPORT_ADM, &weights, &o, NULL, "ffhq"));
    naive_end();
    csk_tensors_clear(&weights);
    csk_tensors_clear(&model);
}
END_TEST

/* -- the networks that lie beside the tree ---------------------------------------------- */

static bool find(char *path, size_t len, const char *name)
{
    (void)snprintf(path, len, "%s/%s", TST_DATA, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        (void)fprintf(stderr, "skipped: no %s\n", path);
    else
        (void)fclose(f);
    return f != NULL;
}

static bool read_shared(csk_tensors *t, const char *name)
{
    char path[1024];

    if (!find(path, sizeof(path), name))
        return false;
    tst_ok(csk_tensors_read(t, path));
    return true;
}

START_TEST(shared_dncnn)
{
    random_net r = begin(1, HIGH, WIDE);

    if (!read_shared(&r.weights,
                     _i ? "weights/dncnn_25.pth" : "weights/dncnn_25.npz")) {
        end(&r);
        return;
    }
    naive_begin(&r.weights, 7, false);
    r.in = naive_input(1, HIGH, WIDE, r.x);
    r.out = naive_dncnn(r.in, 17, 64);
    network n = load(&r.weights, CSK_IMPORT_DNCNN, NULL);
    compare(&n, r.out, 1, r.x, sigma);
    ck_assert_int_eq(csk_net_parameters(n.net), 555137);
    unload(&n);
    end(&r);
}
END_TEST

/* A piece of a Kodak picture at the level the network is for: the same image, and less noise. */
START_TEST(shared_dncnn_on_kodak)
{
    enum { LINES = 32, ROW = 40, FIRST_LINE = 200, FIRST = 300 };
    const double level = 25. / 255.;
    random_net r = begin(1, LINES, ROW);
    csk_array picture = { .data = NULL };
    char path[1024];
    double left = 0.;

    if (!find(path, sizeof(path), "natural/kodak24/kodim08.png") ||
        !read_shared(&r.weights, "weights/dncnn_25.pth")) {
        end(&r);
        return;
    }
    tst_ok(csk_read(&picture, path));
    ck_assert_int_eq(picture.space.rank, 2);
    naive_begin(&r.weights, 9, false);
    r.in = naive_input(1, LINES, ROW, r.x); /* the noise */
    const float *first = picture.data + FIRST_LINE * picture.space.dim[1] + FIRST;
    for (int y = 0; y < LINES; y++) {
        for (int x = 0; x < ROW; x++) {
            const int64_t i = y * ROW + x;
            r.x[i] = first[y * picture.space.dim[1] + x] + (float)level * r.x[i];
            r.in.x[i] = (double)r.x[i];
        }
    }
    r.out = naive_dncnn(r.in, 17, 64);
    network n = load(&r.weights, CSK_IMPORT_DNCNN, NULL);
    compare(&n, r.out, 1, r.x, level);
    for (int y = 0; y < LINES; y++) { /* what it makes of x is the noise */
        for (int x = 0; x < ROW; x++) {
            const int64_t i = y * ROW + x;
            const double clean = (double)first[y * picture.space.dim[1] + x];
            left += pow(r.in.x[i] - r.out.x[i] - clean, 2.);
        }
    }
    ck_assert_double_lt(sqrt(left / (LINES * ROW)), .5 * level);
    unload(&n);
    csk_array_clear(&picture);
    end(&r);
}
END_TEST

START_TEST(shared_plain_ddpm)
{
    static const int features[] = { 16, 32, 32, 16 };
    random_net r = begin(1, 28, 28);

    if (!read_shared(&r.weights, _i ? "weights/ddpm_mnist_starter.pth"
                                    : "weights/ddpm_mnist_starter.npz")) {
        end(&r);
        return;
    }
    naive_begin(&r.weights, 8, false);
    r.in = naive_input(1, 28, 28, r.x);
    r.out = naive_plain(r.in, step / 1000., features, 4, 16);
    network n = load(&r.weights, CSK_IMPORT_DDPM, NULL);
    compare(&n, r.out, 1, r.x, sigma);
    ck_assert_double_eq(number(&n, "timesteps"), 1001.);
    ck_assert_int_eq((int)json_array_size(json_object_get(n.card, "size")), 2);
    unload(&n);
    end(&r);
}
END_TEST

/* The derivative of the energy along a direction, by differences. */
START_TEST(shared_tdv)
{
    const int h = 12, w = 16, len = h * w;
    const double eps = 1e-4;
    random_net r = begin(1, h, w);
    float y[12 * 16], gx[12 * 16];
    double got = 0., norm = 0.;

    if (!read_shared(&r.weights, "weights/tdv3_25_gray.npz")) {
        end(&r);
        return;
    }
    naive_begin(&r.weights, 9, false);
    r.in = naive_input(1, h, w, r.x);
    network n = load(&r.weights, CSK_IMPORT_TDV, NULL);
    ck_assert_double_eq(number(&n, "steps"), 10.);
    forward(&n, h, w, r.x, sigma, step, y, gx);
    for (int i = 0; i < len; i++)
        norm += (double)gx[i] * (double)gx[i];
    float *d = tst_normal(len, 10, 0);
    const naive up = naive_new(1, h, w), down = naive_new(1, h, w);
    for (int i = 0; i < len; i++) {
        d[i] += 5.F * gx[i]; /* so that the slope is not small */
        got += (double)d[i] * (double)gx[i];
        up.x[i] = r.in.x[i] + eps * (double)d[i];
        down.x[i] = r.in.x[i] - eps * (double)d[i];
    }
    const double want = (naive_tdv(up, 32, 3) - naive_tdv(down, 32, 3)) / (2. * eps);
    double sum = 0.;
    for (int i = 0; i < len; i++)
        sum += (double)y[i];
    ck_assert_double_eq_tol(sum, naive_tdv(r.in, 32, 3), accuracy * fabs(sum));
    ck_assert_double_eq_tol(got, want, accuracy * fabs(want));
    ck_assert_double_gt(fabs(want), .1 * norm);
    csk_free(d);
    unload(&n);
    end(&r);
}
END_TEST

/* -- what is refused ------------------------------------------------------------------------ */

/* A small DnCNN, to be spoiled. */
static csk_tensors small(void)
{
    csk_tensors t = { .count = 0 };

    naive_begin(&t, 11, true);
    (void)naive_dncnn((naive){ 1, 4, 4, NULL }, 3, 8);
    naive_end();
    return t;
}

static void refused(csk_tensors *t, int arch, csk_status code, const char *message)
{
    const csk_import_opts o = csk_import_defaults();
    csk_tensors model = { .count = 0 };

    tst_fails(csk_import(&model, arch, t, &o, NULL, "f.pth"), code, message);
    ck_assert_int_eq(model.count, 0);
    ck_assert_ptr_null(model.item);
    ck_assert_ptr_null(model.card);
    csk_tensors_clear(t);
}

static csk_tensor *tensor(csk_tensors *t, const char *name)
{
    for (int i = 0; i < t->count; i++) {
        if (strcmp(t->item[i].name, name) == 0)
            return &t->item[i];
    }
    ck_abort_msg("no %s", name);
}

START_TEST(names_what_is_wrong)
{
    csk_tensors t = small();
    tst_ok(csk_tensors_add(&t, "model.3.bias", 1, &(int64_t){ 8 }, NULL));
    refused(&t, CSK_IMPORT_DNCNN, CSK_ERR_FORMAT,
            "f.pth: tensor \"model.3.bias\", 8, is none of this dncnn");

    t = small();
    tensor(&t, "model.2.weight")->dim[1] = 4;
    refused(
        &t, CSK_IMPORT_DNCNN, CSK_ERR_FORMAT,
        "f.pth: tensor \"model.2.weight\" is 8 x 4 x 3 x 3, expected 8 x 8 x 3 x 3");

    t = small();
    tensor(&t, "model.4.bias")->rank = 0;
    refused(&t, CSK_IMPORT_DNCNN, CSK_ERR_FORMAT,
            "f.pth: tensor \"model.4.bias\" is a single number, expected 1");

    t = small();
    refused(&t, CSK_IMPORT_ADM, CSK_ERR_FORMAT,
            "f.pth: no adm: tensor \"time_embed.0.weight\" is missing");

    t = small();
    refused(&t, CSK_IMPORT_FFDNET, CSK_ERR_FORMAT,
            "f.pth: tensor \"model.0.weight\" reads 1 channels, expected 5");

    t = small();
    tensor(&t, "model.0.weight")->dim[0] = INT64_C(1) << 40;
    refused(&t, CSK_IMPORT_DNCNN, CSK_ERR_FORMAT,
            "f.pth: tensor \"model.0.weight\" is");
}
END_TEST

/* One tensor less: it is named, whichever it is. */
START_TEST(names_what_is_missing)
{
    const csk_import_opts o = csk_import_defaults();
    csk_tensors all = { .count = 0 };

    naive_begin(&all, 12, true);
    (void)naive_adm(
        (naive){ 3, 16, 16, NULL }, 0.,
        &(naive_adm_opts){ 32, 3, 1, 4U, grows, 64, false, true, true, true });
    naive_end();
    for (int k = 0; k < all.count; k++) {
        csk_tensors t = all, model = { .count = 0 };
        csk_tensor *item = csk_alloc(all.count, sizeof(*item));

        memcpy(item, all.item, (size_t)all.count * sizeof(*item));
        item[k] = item[all.count - 1];
        t.item = item;
        t.count--;
        ck_assert_int_eq(csk_import(&model, CSK_IMPORT_ADM, &t, &o, NULL, "f"),
                         CSK_ERR_FORMAT);
        ck_assert_msg(strstr(csk_error_message(), "tensor \""), "without %s: %s",
                      all.item[k].name, csk_error_message());
        ck_assert_int_eq(model.count, 0);
        csk_free(item);
    }
    csk_tensors_clear(&all);
}
END_TEST

START_TEST(refuses_classes)
{
    csk_tensors t = { .count = 0 };
    const int64_t dim[2] = { 1000, 128 };

    naive_begin(&t, 13, true);
    (void)naive_adm((naive){ 3, 16, 16, NULL }, 0., &adms[0]);
    naive_end();
    tst_ok(csk_tensors_add(&t, "label_emb.weight", 2, dim, NULL));
    refused(&t, CSK_IMPORT_ADM, CSK_ERR_UNSUPPORTED, "f.pth: depends on a class");
}
END_TEST

/* Names may begin alike; averages are preferred. */
START_TEST(finds_the_prefix)
{
    const csk_import_opts o = csk_import_defaults();
    csk_tensors once = small(), t = { .count = 0 }, model = { .count = 0 };

    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < once.count; i++) {
            const csk_tensor *from = &once.item[i];
            csk_tensor *to;
            tst_ok(csk_tensors_add(
                &t, naive_text("%s.%s", k ? "params_ema" : "params", from->name).s,
                from->rank, from->dim, &to));
            to->data[0] = (float)k;
        }
    }
    tst_ok(csk_import(&model, CSK_IMPORT_DNCNN, &t, &o, "{\"by\": 1}", "f.pth"));
    ck_assert_int_eq(model.count, once.count);
    ck_assert_float_eq(csk_tensors_find(&model, "model.0.weight")->data[0], 1.F);
    ck_assert_ptr_nonnull(strstr(model.card, "\"provenance\":{\"by\":1}"));
    csk_tensors_clear(&once), csk_tensors_clear(&t), csk_tensors_clear(&model);
}
END_TEST

/* score_sde keeps averages as a list without names, of what is trained. */
START_TEST(takes_the_averages)
{
    const csk_import_opts o = csk_import_defaults();
    csk_tensors t = { .count = 0 }, model = { .count = 0 };
    int k = 0;

    naive_begin(&t, 14, false);
    (void)naive_ncsnpp(naive_input(3, 4, 4, NULL), sigma, step, &ncsnpps[3]);
    naive_end();
    for (int i = 0, count = t.count; i < count; i++) {
        csk_tensor *to;
        const int rank = t.item[i].rank;
        int64_t dim[CSK_TENSOR_RANK];

        if (strcmp(t.item[i].name, "all_modules.0.W") == 0)
            continue;
        memcpy(dim, t.item[i].dim, sizeof(dim));
        tst_ok(csk_tensors_add(&t, naive_text("ema.shadow_params.%d", k++).s, rank, dim,
                               &to));
        to->data[0] = 7.F;
    }
    for (int i = 0; i < t.count; i++) { /* as a checkpoint has it */
        csk_tensor *is = &t.item[i];
        char *name = csk_alloc(100, 1);

        (void)snprintf(name, 100, "%s%s", is->name[0] == 'a' ? "model.module." : "",
                       is->name);
        csk_free(is->name);
        is->name = name;
    }
    tst_ok(csk_import(&model, CSK_IMPORT_NCSNPP, &t, &o, NULL, "f.pth"));
    for (int i = 0; i < model.count; i++) {
        if (strcmp(model.item[i].name, "all_modules.0.W") != 0 &&
            !strstr(model.item[i].name, "qkv"))
            ck_assert_float_eq(model.item[i].data[0], 7.F);
    }
    csk_tensors_clear(&model);
    (void)snprintf(tensor(&t, "ema.shadow_params.9")->name, 5, "lost");
    tst_fails(csk_import(&model, CSK_IMPORT_NCSNPP, &t, &o, NULL, "f.pth"),
              CSK_ERR_FORMAT, "tensor \"ema.shadow_params.9\", the average of");
    csk_tensors_clear(&model);
    csk_tensors_clear(&t);
}
END_TEST

static csk_tensors whole; /* what survives_out_of_memory() imports */

static csk_status import_it(void)
{
    const csk_import_opts o = csk_import_defaults();
    csk_tensors model = { .count = 0 };
    const csk_status err =
        csk_import(&model, CSK_IMPORT_DNCNN, &whole, &o, NULL, "weights");

    csk_tensors_clear(&model);
    return err;
}

START_TEST(survives_out_of_memory)
{
    whole = small();
    tst_out_of_memory(import_it);
    csk_tensors_clear(&whole);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("import");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, dncnn, 0, 2);
    tcase_add_loop_test(t, ffdnet, 0, 4);
    tcase_add_loop_test(t, drunet, 0, 3);
    tcase_add_loop_test(t, ddpm, 0, 3);
    tcase_add_loop_test(t, adm, 0, sizeof(adms) / sizeof(adms[0]));
    tcase_add_loop_test(t, ncsnpp, 0, sizeof(ncsnpps) / sizeof(ncsnpps[0]));
    tcase_add_loop_test(t, adm_in_full, 0, sizeof(published) / sizeof(published[0]));
    tcase_add_loop_test(t, shared_dncnn, 0, 2);
    tcase_add_test(t, shared_dncnn_on_kodak);
    tcase_add_loop_test(t, shared_plain_ddpm, 0, 2);
    tcase_add_test(t, shared_tdv);
    tcase_add_test(t, names_what_is_wrong);
    tcase_add_test(t, names_what_is_missing);
    tcase_add_test(t, refuses_classes);
    tcase_add_test(t, finds_the_prefix);
    tcase_add_test(t, takes_the_averages);
    tcase_add_test(t, survives_out_of_memory);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
