/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/model.h"
#include "cs/file_priv.h"
#include "cs/format.h"
#include "cs/mem.h"
#include "samplers/card_priv.h"
#include "samplers/prior_net.h"
#include "samplers/prior_ridge.h"
#include "samplers/prior_wavelet_priv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { VERSION = 1, MOST_TEXT = 1 << 24, HEAD = 16 };

/* Of the scale and the noise levels of a card. */
#define LEAST 1e-9
#define MOST  1e9

struct csk_model {
    const struct kind *kind;
    csk_field field;
    int axes;
    double scale, sigma_min, sigma_max;
    char *what, *card; /* where it comes from; its description */
    csk_score_norm norm;
    csk_wavelet_model wavelet;
    csk_tensors tensors;
};

/* -- the kinds -------------------------------------------------------------------------- */

typedef csk_status make_fn(csk_prior **out, const csk_space *space, const csk_model *m,
                           double unit, const csk_model_opts *o);

static csk_status make_wavelet(csk_prior **out, const csk_space *space,
                               const csk_model *m, double unit, const csk_model_opts *o)
{
    return csk_prior_wavelet(out, space, &m->wavelet, unit,
                             o ? (csk_wavelet_shift)o->shift : CSK_SHIFT_STEP);
}

static csk_status make_ridge(csk_prior **out, const csk_space *space,
                             const csk_model *m, double unit, const csk_model_opts *o)
{
    (void)o;
    return csk_prior_ridge(out, space, &m->tensors, unit);
}

static csk_status make_network(csk_prior **out, const csk_space *space,
                               const csk_model *m, double unit, const csk_model_opts *o)
{
    const csk_prior_net_opts how = { .precision = o ? o->precision : CSK_PRIOR_F32,
                                     .turn = o && o->turn };

    return csk_prior_net(out, space, &m->tensors, unit, &how);
}

static const struct kind {
    const char *name;
    make_fn *make;
} kinds[] = {
    { "wavelet", make_wavelet },
    { "network", make_network },
    { "ridge", make_ridge },
};

enum { WAVELET = 0, KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* -- reading ---------------------------------------------------------------------------- */

static csk_status finish(csk_model **out, csk_model *m, const char *what,
                         csk_status err)
{
    const size_t len = strlen(what);

    if (!err) {
        m->what = csk_alloc((int64_t)len + 1, 1);
        err = m->what ? CSK_OK : CSK_ERR_NOMEM;
    }
    if (!err)
        memcpy(m->what, what, len);
    if (err)
        csk_model_free(m);
    else
        *out = m;
    return err;
}

/* What is said of the prior is text, or is not there. */
static csk_status check_texts(const json_t *card, const char *what)
{
    static const char *const names[] = { "name", "about", "licence" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const json_t *said = json_object_get(card, names[i]);
        if (said && !json_is_string(said) && !json_is_null(said))
            return csk_fail(CSK_ERR_FORMAT, "%s: \"%s\" is no text", what, names[i]);
    }
    return CSK_OK;
}

/* What is common to all cards; the kinds check what is theirs. */
static csk_status read_head(csk_model *m, const json_t *card, const char *what)
{
    const char *field = NULL;
    double sigma[2] = { 0. };
    int version = 0;
    csk_status err = csk_card_expect(card, "csk", "prior", what);

    if (!err)
        err = csk_card_int(&version, card, "version", what);
    if (!err && version != VERSION)
        err = csk_fail(CSK_ERR_FORMAT, "%s: \"version\" is %d, expected %d", what,
                       version, VERSION);
    if (!err)
        err = csk_card_text(&field, card, "field", what);
    if (!err && strcmp(field, "real") != 0)
        err = csk_card_expect(card, "field", "complex", what);
    if (!err)
        err = csk_card_int(&m->axes, card, "axes", what);
    if (!err && (m->axes < 1 || m->axes > 3))
        err = csk_fail(CSK_ERR_FORMAT, "%s: \"axes\" is %d, expected 1 to 3", what,
                       m->axes);
    if (!err)
        err = csk_card_real(&m->scale, card, "scale", what);
    if (!err && !(m->scale >= LEAST && m->scale <= MOST))
        err = csk_fail(CSK_ERR_FORMAT,
                       "%s: \"scale\" is %g, expected more than 0, from %g to %g", what,
                       m->scale, LEAST, MOST);
    if (!err)
        err = csk_card_reals(sigma, 2, card, "sigma", what);
    if (!err && !(sigma[0] >= LEAST && sigma[1] >= sigma[0] && sigma[1] <= MOST))
        err = csk_fail(
            CSK_ERR_FORMAT,
            "%s: \"sigma\" is [%g, %g], expected a range above 0, within %g to "
            "%g",
            what, sigma[0], sigma[1], LEAST, MOST);
    if (!err)
        err = check_texts(card, what);
    if (err)
        return err;
    m->field = field[0] == 'r' ? CSK_REAL : CSK_COMPLEX;
    m->sigma_min = sigma[0];
    m->sigma_max = sigma[1];
    return CSK_OK;
}

static csk_status read_kind(csk_model *m, const json_t *card, const char *what)
{
    const char *name;
    const csk_status err = csk_card_text(&name, card, "kind", what);

    if (err)
        return err;
    for (int k = 0; k < KINDS; k++) {
        if (k != WAVELET && strcmp(kinds[k].name, name) == 0)
            m->kind = &kinds[k];
    }
    return m->kind ? CSK_OK
                   : csk_fail(CSK_ERR_FORMAT,
                              "%s: \"kind\" is \"%.32s\", expected \"network\" or "
                              "\"ridge\"",
                              what, name);
}

csk_status csk_model_of_tensors(csk_model **out, csk_tensors *tensors, const char *what)
{
    json_t *card = NULL;

    if (!tensors->card)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: holds %d arrays but no card, it is not a prior; csk prior "
                        "import makes one of weights",
                        what, tensors->count);
    csk_model *m = csk_alloc(1, sizeof(*m));
    csk_status err = m ? CSK_OK : CSK_ERR_NOMEM;
    if (!err)
        err = csk_card_parse(&card, tensors->card, strlen(tensors->card), what);
    if (!err)
        err = read_kind(m, card, what);
    if (!err)
        err = read_head(m, card, what);
    if (!err)
        err = csk_card_dump(&m->card, card);
    if (!err)
        err = csk_score_norm_parse(&m->norm, m->card, what);
    json_decref(card);
    err = finish(out, m, what, err);
    if (!err) {
        m->tensors = *tensors;
        *tensors = (csk_tensors){ .count = 0 };
    }
    return err;
}

/* What a wavelet model says of itself is the common part. */
static void set_wavelet(csk_model *m, const csk_wavelet_model *w)
{
    m->kind = &kinds[WAVELET];
    m->wavelet = *w;
    m->field = w->field;
    m->axes = w->axes;
    m->scale = w->scale;
    m->sigma_max = INFINITY;
}

csk_status csk_model_of_wavelet(csk_model **out, csk_wavelet_model *w)
{
    csk_model *m = csk_alloc(1, sizeof(*m));
    json_t *card = json_pack("{s:s, s:i, s:s, s:s, s:i, s:s, s:i, s:i, s:f}", "csk",
                             "prior", "version", VERSION, "kind", kinds[WAVELET].name,
                             "field", w->field == CSK_REAL ? "real" : "complex", "axes",
                             w->axes, "family", w->family, "levels", w->levels,
                             "components", w->components, "scale", w->scale);
    csk_status err = m ? csk_card_dump(&m->card, card) : CSK_ERR_NOMEM;

    json_decref(card);
    err = finish(out, m, "wavelet model", err);
    if (!err) {
        set_wavelet(m, w);
        *w = (csk_wavelet_model){ .axes = 0 };
    }
    return err;
}

/* The file of a wavelet prior is its card; the bands are numbers for no reader. */
static csk_status read_text(csk_model **out, const char *text, size_t len,
                            const char *what)
{
    csk_wavelet_model wavelet = { .axes = 0 };
    csk_model *m = csk_alloc(1, sizeof(*m));
    json_t *card = NULL;
    csk_status err =
        m ? csk_wavelet_model_parse(&wavelet, text, len, what) : CSK_ERR_NOMEM;

    if (!err)
        set_wavelet(m, &wavelet);
    if (!err)
        err = csk_card_parse(&card, text, len, what);
    if (!err) {
        (void)json_object_del(card, "bands");
        err = csk_card_dump(&m->card, card);
    }
    if (!err)
        err = csk_score_norm_parse(&m->norm, m->card, what);
    json_decref(card);
    return finish(out, m, what, err);
}

typedef enum content { TEXT, SAFETENSORS, ARCHIVE, OTHER } content;

/* safetensors begins with the length of its header, 8 bytes little endian, and a brace. */
static content content_of(const char *head, size_t len)
{
    size_t k = 0;

    if (len > 8 && head[8] == '{' && memcmp(head + 5, "\0\0\0", 3) == 0)
        return SAFETENSORS;
    if (len > 2 && memcmp(head, "PK", 2) == 0)
        return ARCHIVE;
    while (k < len && (head[k] == ' ' || (head[k] >= '\t' && head[k] <= '\r')))
        k++;
    return k == len || head[k] == '{' || head[k] == '[' ? TEXT : OTHER;
}

static csk_status not_a_prior(content c, const char *what)
{
    return c == ARCHIVE
               ? csk_fail(
                     CSK_ERR_FORMAT,
                     "%s: is an archive, as PyTorch and NumPy write weights, not a "
                     "prior; csk prior import makes one of it",
                     what)
               : csk_fail(CSK_ERR_FORMAT,
                          "%s: is not a prior, neither JSON text nor safetensors",
                          what);
}

csk_status csk_model_parse(csk_model **m, const void *bytes, size_t len,
                           const char *what)
{
    const content c = content_of(bytes, len);
    csk_tensors t = { .count = 0 };

    if (c == TEXT)
        return read_text(m, bytes, len, what);
    if (c != SAFETENSORS)
        return not_a_prior(c, what);
    csk_status err = csk_safetensors_parse(&t, bytes, len, what);
    if (!err)
        err = csk_model_of_tensors(m, &t, what);
    csk_tensors_clear(&t);
    return err;
}

static csk_status read_tensors(csk_model **m, const char *path)
{
    csk_tensors t = { .count = 0 };
    csk_status err = csk_tensors_read(&t, path);

    if (!err)
        err = csk_model_of_tensors(m, &t, path);
    csk_tensors_clear(&t);
    return err;
}

csk_status csk_model_read(csk_model **m, const char *path)
{
    char head[HEAD], *text;
    int64_t bytes;
    size_t len;
    FILE *f;
    csk_status err = csk_file_open(&f, &bytes, path);

    if (err)
        return err;
    len = fread(head, 1, sizeof(head), f);
    (void)fclose(f);
    const content c = content_of(head, len);
    if (c == SAFETENSORS)
        return read_tensors(m, path);
    if (c != TEXT)
        return not_a_prior(c, path);
    err = csk_file_load(&text, &len, path, MOST_TEXT);
    if (err)
        return err;
    err = read_text(m, text, len, path);
    csk_free(text);
    return err;
}

/* -- writing ---------------------------------------------------------------------------- */

csk_status csk_model_set_score_norm(csk_model *m, const csk_score_norm *s,
                                    const char *command)
{
    char *norm = NULL, *text = NULL;
    json_t *card = NULL, *object = NULL;
    csk_status err = csk_card_parse(&card, m->card, strlen(m->card), m->what);

    if (!err)
        err = csk_score_norm_text(&norm, s);
    if (!err)
        err = csk_card_parse(&object, norm, strlen(norm), m->what);
    if (!err && command)
        (void)json_object_set_new(object, "command", json_string(command));
    if (!err) {
        (void)json_object_set(card, "score_norm", object);
        err = csk_card_dump(&text, card);
    }
    json_decref(object);
    json_decref(card);
    csk_free(norm);
    if (err)
        return err;
    csk_free(m->card);
    m->card = text;
    m->norm = *s;
    return CSK_OK;
}

static csk_status write_wavelet(const csk_model *m, const char *path)
{
    json_t *root = NULL, *bands = csk_wavelet_model_bands_json(&m->wavelet);
    char *text = NULL;
    csk_status err = bands ? csk_card_parse(&root, m->card, strlen(m->card), m->what)
                           : csk_fail(CSK_ERR_NOMEM, "no memory for the bands");

    if (!err) {
        (void)json_object_set(root, "bands", bands);
        err = csk_card_dump(&text, root);
    }
    if (!err)
        err = csk_write_bytes(path, text, strlen(text));
    csk_free(text);
    json_decref(bands);
    json_decref(root);
    return err;
}

csk_status csk_model_write(const csk_model *m, const char *path)
{
    csk_tensors t = m->tensors; /* borrowed, with the card of today */

    if (csk_model_wavelet(m))
        return write_wavelet(m, path);
    t.card = m->card;
    return csk_tensors_write(&t, path);
}

void csk_model_free(csk_model *m)
{
    if (!m)
        return;
    csk_wavelet_model_clear(&m->wavelet);
    csk_tensors_clear(&m->tensors);
    csk_free(m->what);
    csk_free(m->card);
    csk_free(m);
}

/* -- what it holds ------------------------------------------------------------------------ */

const char *csk_model_kind(const csk_model *m)
{
    return m->kind->name;
}

csk_field csk_model_field(const csk_model *m)
{
    return m->field;
}

int csk_model_axes(const csk_model *m)
{
    return m->axes;
}

double csk_model_scale(const csk_model *m)
{
    return m->scale;
}

void csk_model_sigma(const csk_model *m, double *lo, double *hi)
{
    *lo = m->sigma_min;
    *hi = m->sigma_max;
}

double csk_model_t_min(const csk_model *m, double t_min)
{
    if (t_min > 0. || !csk_model_wavelet(m))
        return t_min;
    return fmin(1e-3 * pow(10., round(log10(csk_model_scale(m)))), 1e9);
}

const char *csk_model_card(const csk_model *m)
{
    return m->card;
}

const csk_score_norm *csk_model_score_norm(const csk_model *m)
{
    return &m->norm;
}

const csk_wavelet_model *csk_model_wavelet(const csk_model *m)
{
    return m->kind == &kinds[WAVELET] ? &m->wavelet : NULL;
}

const csk_tensors *csk_model_tensors(const csk_model *m)
{
    return m->kind == &kinds[WAVELET] ? NULL : &m->tensors;
}

csk_status csk_model_fits(const csk_model *m, const csk_space *image, const char *what)
{
    if (m->axes == image->rank && m->field == image->field)
        return CSK_OK;
    const char *const known = m->field == CSK_COMPLEX ? "complex" : "real";
    const char *const given = image->field == CSK_COMPLEX ? "complex" : "real";

    if (m->axes == image->rank)
        return csk_fail(CSK_ERR_SHAPE, "%s: describes %s images, not %s ones", what,
                        known, given);
    return csk_fail(CSK_ERR_SHAPE,
                    "%s: describes %s images of %d axes, not %s ones of %d", what,
                    known, m->axes, given, image->rank);
}

csk_status csk_model_samples(const csk_model *m, const char *what)
{
    static const double least = 2.; /* samplers go down through the levels */
    double lo, hi;

    csk_model_sigma(m, &lo, &hi);
    if (hi >= least * lo)
        return CSK_OK;
    return csk_fail(
        CSK_ERR_UNSUPPORTED,
        "%s removes noise of the one level %.4g; samples need one that knows "
        "a range of levels",
        what, hi);
}

csk_status csk_model_prior(csk_prior **out, const csk_space *space, const csk_model *m,
                           double unit, const csk_model_opts *opts)
{
    const csk_status err = m->kind->make(out, space, m, unit, opts);
    char why[256];

    if (err != CSK_ERR_FORMAT) /* else it names the tensor or member, we the file */
        return err;
    (void)snprintf(why, sizeof(why), "%s", csk_error_message());
    return csk_fail(err, "%s: %s", m->what, why);
}
