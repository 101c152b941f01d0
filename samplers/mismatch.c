/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/mismatch.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/bright.h"
#include "samplers/card_priv.h"
#include "samplers/names_priv.h"

#include <math.h>
#include <string.h>

/* Where the levels are, as parts of the scale; and how spread out images must be assumed to be:
 * a few held-out images alike say too little. */
#define FIRST          .05
#define LAST           .4
#define LEAST_NORM_STD .005
#define LEAST_CORR_STD .01
enum { LEVELS = 4 };

int csk_mismatch_levels(double sigma[CSK_MISMATCH_LEVELS], double lo, double hi,
                        double scale)
{
    const double first = fmin(fmax(FIRST * scale, lo), hi);
    const double last = fmax(fmin(LAST * scale, hi), first);
    const int count = last > 1.05 * first ? LEVELS : 1;

    for (int i = 0; i < count; i++)
        sigma[i] = count > 1 ? first * pow(last / first, i / (count - 1.)) : first;
    sigma[count - 1] = last;
    return count;
}

/* -- one image ---------------------------------------------------------------------------- */

/* object[i]: 1 where the scalar i is brighter than a tenth of the bright level. */
static csk_status find_object(uint8_t *object, const csk_space *space, const float *x)
{
    const int64_t n = csk_space_size(space);
    const int width = (int)space->field;
    double level;
    const csk_status err = csk_bright_level(&level, space, x);

    for (int64_t i = 0; i < n && !err; i++) {
        const double re = (double)x[i * width];
        const double im = width == 2 ? (double)x[i * width + 1] : 0.;

        object[i] = re * re + im * im > .01 * level * level;
    }
    return err;
}

typedef struct sums {
    double error, score, product, count;
} sums;

/* Of the floats of the object. */
static sums sum_over(const uint8_t *object, const csk_space *space, const float *x,
                     const float *noisy, const float *d)
{
    const int64_t n = csk_space_size(space);
    const int width = (int)space->field;
    sums s = { .count = 0. };

    for (int64_t i = 0; i < n; i++) {
        for (int k = 0; object[i] && k < width; k++) {
            const int64_t at = i * width + k;
            const double error = (double)x[at] - (double)d[at];
            const double score = (double)d[at] - (double)noisy[at];

            s.error += error * error;
            s.score += score * score;
            s.product += error * score;
            s.count += 1.;
        }
    }
    return s;
}

csk_status csk_mismatch_measure(double *norm, double *correlation,
                                const csk_prior *prior, int count, const double *sigma,
                                const float *x, csk_rng name)
{
    const csk_space *space = csk_prior_space(prior);
    const int64_t n = csk_space_size(space), len = csk_space_len(space);
    uint8_t *object = csk_alloc(n, sizeof(*object));
    float *block =
        csk_alloc(2 * csk_pad(len) + csk_prior_work_len(prior, 1), sizeof(*block));
    csk_status err = object && block ? CSK_OK : CSK_ERR_NOMEM;
    float *const noisy = block, *const d = noisy + (block ? csk_pad(len) : 0);
    float *const work = d + (block ? csk_pad(len) : 0);

    if (!err)
        err = find_object(object, space, x);
    for (int i = 0; i < count && !err; i++) {
        const csk_rng shift = csk_name(name, 0, CSK_FOR_PRIOR, (uint32_t)i);

        csk_rng_normal(csk_name(name, 0, CSK_FOR_START, (uint32_t)i), len, noisy);
        csk_axpby(len, 1., x, sigma[i], noisy);
        err = csk_prior_denoise(prior, 1, d, noisy, &sigma[i], &shift, work);
        if (err)
            break;
        const sums s = sum_over(object, space, x, noisy, d);
        norm[i] = sqrt(s.score / s.count) / sigma[i];
        correlation[i] =
            s.error > 0. && s.score > 0. ? s.product / sqrt(s.error * s.score) : 0.;
    }
    csk_free(object);
    csk_free(block);
    return err;
}

/* -- what is to be expected --------------------------------------------------------------- */

static bool is_zero(const csk_array *a)
{
    return csk_max_modulus(csk_space_len(&a->space), 1, a->data) == 0.;
}

static csk_status learn_one(csk_score_norm *s, csk_prior_make_fn *make, void *user,
                            const csk_array *image, csk_rng name)
{
    double norm[CSK_MISMATCH_LEVELS], correlation[CSK_MISMATCH_LEVELS];
    csk_prior *prior = NULL;
    csk_status err = make(user, &prior, &image->space);

    if (!err)
        err = csk_mismatch_measure(norm, correlation, prior, s->count, s->sigma,
                                   image->data, name);
    csk_prior_unref(prior);
    if (err)
        return err;
    s->images++;
    for (int i = 0; i < s->count;
         i++) { /* mean and sum of squares, updated [Welford] */
        const double dn = norm[i] - s->mean[i];
        const double dc = correlation[i] - s->correlation[i];

        s->mean[i] += dn / s->images;
        s->std[i] += dn * (norm[i] - s->mean[i]);
        s->correlation[i] += dc / s->images;
        s->correlation_std[i] += dc * (correlation[i] - s->correlation[i]);
    }
    return CSK_OK;
}

csk_status csk_score_norm_learn(csk_score_norm *out, csk_prior_make_fn *make,
                                void *user, int count, const csk_array *const *images,
                                double lo, double hi, double scale, uint64_t seed)
{
    csk_score_norm s = { .images = 0 };
    csk_status err = CSK_OK;

    s.count = csk_mismatch_levels(s.sigma, lo, hi, scale);
    for (int k = 0; k < count && !err; k++) {
        const csk_rng name = { seed, (uint32_t)(k * CSK_PURPOSES), 0 };

        if (!is_zero(images[k]))
            err = learn_one(&s, make, user, images[k], name);
    }
    if (!err && s.images < 2)
        err = csk_fail(CSK_ERR_ARG,
                       "score norm: %d images are not zero, at least 2 are needed",
                       s.images);
    if (err)
        return err;
    for (int i = 0; i < s.count; i++) {
        s.std[i] = sqrt(s.std[i] / (s.images - 1));
        s.correlation_std[i] = sqrt(s.correlation_std[i] / (s.images - 1));
    }
    *out = s;
    return CSK_OK;
}

/* -- as part of a card ---------------------------------------------------------------------- */

csk_status csk_score_norm_text(char **text, const csk_score_norm *s)
{
    json_t *root = json_pack(
        "{s:i, s:o, s:o, s:o, s:o, s:o}", "images", s->images, "sigma",
        csk_card_numbers(s->count, s->sigma), "mean",
        csk_card_numbers(s->count, s->mean), "std", csk_card_numbers(s->count, s->std),
        "correlation", csk_card_numbers(s->count, s->correlation), "correlation_std",
        csk_card_numbers(s->count, s->correlation_std));
    const csk_status err = csk_card_dump(text, root);

    json_decref(root);
    return err;
}

static csk_status parse(csk_score_norm *s, const json_t *object, const char *what)
{
    const size_t levels = json_array_size(json_object_get(object, "sigma"));
    csk_status err = csk_card_int(&s->images, object, "images", what);

    if (!err && (levels < 1 || levels > CSK_MISMATCH_LEVELS))
        err = csk_fail(CSK_ERR_FORMAT,
                       "%s: \"sigma\" of \"score_norm\" is no list of 1 to %d numbers",
                       what, CSK_MISMATCH_LEVELS);
    if (!err && s->images < 2)
        err = csk_fail(CSK_ERR_FORMAT,
                       "%s: \"images\" of \"score_norm\" is %d, expected at least 2",
                       what, s->images);
    const int n = s->count = (int)levels;
    if (!err)
        err = csk_card_reals(s->sigma, n, object, "sigma", what);
    if (!err)
        err = csk_card_reals(s->mean, n, object, "mean", what);
    if (!err)
        err = csk_card_reals(s->std, n, object, "std", what);
    if (!err)
        err = csk_card_reals(s->correlation, n, object, "correlation", what);
    if (!err)
        err = csk_card_reals(s->correlation_std, n, object, "correlation_std", what);
    for (int i = 0; i < n && !err; i++) {
        const double most = 1e9; /* so that nothing overflows */

        if (!(s->sigma[i] >= 1. / most && s->sigma[i] <= most && s->std[i] >= 0. &&
              s->std[i] <= most && s->correlation_std[i] >= 0. &&
              s->correlation_std[i] <= most && fabs(s->mean[i]) <= most &&
              fabs(s->correlation[i]) <= most))
            err = csk_fail(CSK_ERR_FORMAT,
                           "%s: \"score_norm\" has a number out of range: a level or "
                           "spread below 0, or a size beyond 1e-9 to 1e9",
                           what);
    }
    return err;
}

csk_status csk_score_norm_parse(csk_score_norm *s, const char *card, const char *what)
{
    csk_score_norm new = { .count = 0 };
    json_t *root = NULL;
    csk_status err = csk_card_parse(&root, card, strlen(card), what);
    const json_t *object = json_object_get(root, "score_norm");

    if (!err && object && !json_is_object(object) && !json_is_null(object))
        err = csk_fail(CSK_ERR_FORMAT, "%s: \"score_norm\" is no object", what);
    /* Without correlations it is of another making, over other pixels. */
    if (!err && object && json_object_get(object, "correlation"))
        err = parse(&new, object, what);
    json_decref(root);
    if (!err)
        *s = new;
    return err;
}

/* -- the comparison --------------------------------------------------------------------------- */

static void judge(csk_mismatch *m)
{
    const csk_score_norm *e = &m->expected;

    for (int i = 0; i < e->count; i++) {
        const double by[2] = {
            fabs(m->norm[i] - e->mean[i]) / fmax(e->std[i], LEAST_NORM_STD),
            fabs(m->correlation[i] - e->correlation[i]) /
                fmax(e->correlation_std[i], LEAST_CORR_STD),
        };
        for (int k = 0; k < 2; k++) {
            if (by[k] > m->deviation) {
                m->deviation = by[k];
                m->level = i;
                m->by_correlation = k == 1;
            }
        }
    }
}

csk_status csk_mismatch_check(csk_mismatch *out, const csk_score_norm *expected,
                              const csk_prior *prior, int samples, const float *x,
                              csk_rng name)
{
    const int64_t len = csk_space_len(csk_prior_space(prior));
    csk_mismatch m = { .expected = *expected };
    csk_status err = CSK_OK;

    for (int k = 0; k < samples && !err; k++) {
        double norm[CSK_MISMATCH_LEVELS], correlation[CSK_MISMATCH_LEVELS];
        const csk_rng own = csk_name(name, k, CSK_FOR_PRIOR, 0);

        err = csk_mismatch_measure(norm, correlation, prior, expected->count,
                                   expected->sigma, x + k * len, own);
        for (int i = 0; i < expected->count && !err; i++) {
            m.norm[i] += norm[i] / samples;
            m.correlation[i] += correlation[i] / samples;
        }
    }
    if (err)
        return err;
    judge(&m);
    *out = m;
    return CSK_OK;
}
