/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/train.h"
#include "cs/vec.h"
#include "operators/coil.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_IMAGES = 24, FEW_IMAGES = 4, MOST_GROUPS = 64 };

/* -- words that name files -------------------------------------------------------------- */

/* Whether the file's name, without its folder, contains the word. */
static bool is_called(const char *path, const char *word, size_t len)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    for (; *name; name++) {
        if (strncmp(name, word, len) == 0)
            return true;
    }
    return false;
}

/* The position of the first of the words, separated by commas, that is in the name; else -1. */
static int find_word(const char *words, const char *path)
{
    int k = 0;

    for (const char *w = path ? words : NULL; w; k++) {
        const size_t len = strcspn(w, ",");
        const size_t word = strcspn(w, "=,");
        if (word > 0 && is_called(path, w, word))
            return k;
        w = w[len] ? w + len + 1 : NULL;
    }
    return -1;
}

/* -- reading ------------------------------------------------------------------------------ */

static csk_status check_shape(const csk_array *a, const char *path)
{
    const csk_space *s = &a->space;

    if (s->rank < 2)
        return csk_fail(CSK_ERR_SHAPE,
                        "%s has 1 axis, expected an image [y][x] or a stack of images",
                        path);
    const int64_t rows = s->dim[s->rank - 2], cols = s->dim[s->rank - 1];
    if (rows >= 4 && cols >= 4)
        return CSK_OK;
    return csk_fail(CSK_ERR_SHAPE,
                    "%s holds images of %lldx%lld, expected at least 4x4", path,
                    (long long)rows, (long long)cols);
}

static csk_status read_files(train_images *t, const cli_call *call)
{
    const train_opts *o = call->opts;
    const cli_values *paths = &call->args[0];
    const size_t n = (size_t)paths->n;

    t->file = calloc(n, sizeof(*t->file));
    t->path = calloc(n, sizeof(*t->path));
    t->weight = calloc(n, sizeof(*t->weight));
    t->held = calloc(n, sizeof(*t->held));
    t->held_path = calloc(n, sizeof(*t->held_path));
    if (!t->file || !t->path || !t->weight || !t->held || !t->held_path)
        return cli_no_memory();
    for (int i = 0; i < paths->n; i++) {
        const bool held = find_word(o->validate, paths->v[i]) >= 0;
        csk_array *a = held ? &t->held[t->held_files] : &t->file[t->files];
        csk_status err = cli_read(call, a, paths->v[i], CLI_USABLE);

        if (held)
            t->held_path[t->held_files++] = paths->v[i];
        else
            t->path[t->files++] = paths->v[i];
        if (!err)
            err = check_shape(a, paths->v[i]);
        if (err)
            return cli_bad_input(call, err);
    }
    if (t->files == 0)
        return csk_fail(CSK_ERR_ARG, "--validate %s holds out all files", o->validate);
    if (o->validate && t->held_files == 0)
        return csk_fail(CSK_ERR_ARG, "--validate %s: no file has such a name",
                        o->validate);
    return CSK_OK;
}

/* -- shares ------------------------------------------------------------------------------- */

/* The share of group @p k: what follows its "=". */
static csk_status share_of(double *share, const char *mix, int k)
{
    const char *w = mix;

    for (; k > 0; k--)
        w += strcspn(w, ",") + 1;
    const size_t word = strcspn(w, "=,");
    char *end = NULL;

    *share = w[word] == '=' ? strtod(w + word + 1, &end) : -1.;
    if (!end || end == w + word + 1 || (*end && *end != ',') || !(*share >= 0.) ||
        *share > 1e9)
        return csk_fail(CSK_ERR_ARG,
                        "--mix %s: expected WORD=SHARE, several with commas", mix);
    return CSK_OK;
}

/* Files of a group share its part by their numbers of pixels. */
static csk_status weigh(train_images *t, const char *mix)
{
    double pixels[MOST_GROUPS] = { 0. };

    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < t->files; i++) {
            const double size = (double)csk_space_size(&t->file[i].space);
            const int k = mix ? find_word(mix, t->path[i]) : 0;
            double share = 1.;
            if (k < 0 || k >= MOST_GROUPS)
                return csk_fail(CSK_ERR_ARG, "--mix %s: no word is in the name of %s",
                                mix, t->path[i]);
            const csk_status err = mix ? share_of(&share, mix, k) : CSK_OK;
            if (err)
                return err;
            if (pass == 0)
                pixels[k] += size;
            else
                t->weight[i] = share * size / pixels[k];
        }
    }
    return CSK_OK;
}

/* -- images for the assessment -------------------------------------------------------------- */

static int64_t slices_of(const csk_array *file)
{
    const csk_space *s = &file->space;

    return csk_space_size(s) / (s->dim[s->rank - 2] * s->dim[s->rank - 1]);
}

/* Slice @p k of a file in the model's units, with a smooth phase if it is to have one. */
static csk_status take_slice(csk_array *to, const csk_array *file, int64_t k,
                             double unit, bool complex_image, uint64_t seed)
{
    const csk_space *s = &file->space;
    const int width = (int)s->field;
    const csk_space space =
        csk_space_make(complex_image ? CSK_COMPLEX : CSK_REAL, 2, s->dim + s->rank - 2);
    const int64_t n = csk_space_size(&space);
    const float *from = file->data + k * n * width;
    const csk_status err = csk_array_init(to, &space);

    if (err)
        return err;
    const int out = (int)space.field;
    for (int64_t i = 0; i < n; i++) {
        to->data[i * out] = (float)((double)from[i * width] / unit);
        if (width == 2 && out == 2)
            to->data[2 * i + 1] = (float)((double)from[2 * i + 1] / unit);
    }
    return complex_image && width == 1 ? csk_smooth_phase(to, seed) : CSK_OK;
}

/* Slices spread evenly over all files of @p list; those in which nothing is are left out. */
static csk_status take_images(train_images *t, int files, const csk_array *list,
                              const csk_patches *units, int least, uint64_t seed)
{
    const bool complex_image = csk_patches_channels(t->patches) == 2;
    int64_t all = 0, number = 0, dark = 0;

    for (int i = 0; i < files; i++)
        all += slices_of(&list[i]);
    const int64_t wanted = all < MOST_IMAGES ? all : MOST_IMAGES;
    t->image = calloc((size_t)wanted + 1, sizeof(*t->image));
    if (!t->image)
        return cli_no_memory();
    for (int i = 0; i < files; i++) {
        const csk_space *s = &list[i].space;
        for (int64_t k = 0; k < slices_of(&list[i]); k++, number++) {
            if (number * wanted / all == (number + 1) * wanted / all ||
                s->dim[s->rank - 1] < least || s->dim[s->rank - 2] < least)
                continue;
            csk_array *a = &t->image[t->images];
            const csk_status err =
                take_slice(a, &list[i], k, csk_patches_unit(units, i), complex_image,
                           seed + (uint64_t)number);
            if (err)
                return err;
            if (csk_max_modulus(csk_space_size(&a->space), (int)a->space.field,
                                a->data) > .05)
                t->images++;
            else
                dark++, csk_array_clear(a);
        }
    }
    t->few = t->images < FEW_IMAGES ? t->images : FEW_IMAGES;
    if (t->images > 0)
        return CSK_OK;
    return dark > 0
               ? csk_fail(
                     CSK_ERR_NUMERIC,
                     "no image to validate on reaches 0.05 in its unit: see --unit")
               : csk_fail(CSK_ERR_SHAPE,
                          "no image to validate on is %d pixels wide and high", least);
}

static csk_status choose_images(train_images *t, const cli_call *call)
{
    const train_opts *o = call->opts;
    const bool network = o->arch < CSK_UNET_PRESETS;
    const int least = network ? 1 << (csk_unet_preset(o->arch, 1).scales - 1) : 1;
    csk_patches *held;

    if (t->held_files == 0)
        return take_images(t, t->files, t->file, t->patches, least, call->seed);
    csk_status err = csk_patches_new(&held, t->held_files, t->held, NULL, &o->patch);
    if (err)
        return err;
    err = take_images(t, t->held_files, t->held, held, least, call->seed);
    csk_patches_free(held);
    return err;
}

csk_status train_images_read(train_images *t, const cli_call *call)
{
    const train_opts *o = call->opts;
    csk_status err = read_files(t, call);

    if (!err)
        err = weigh(t, o->mix);
    if (!err)
        err = csk_patches_new(&t->patches, t->files, t->file, t->weight, &o->patch);
    return err ? err : choose_images(t, call);
}

static void clear_arrays(csk_array *a, int n)
{
    for (int i = 0; i < n && a; i++)
        csk_array_clear(&a[i]);
    free(a);
}

void train_images_clear(train_images *t)
{
    csk_patches_free(t->patches);
    clear_arrays(t->file, t->files);
    clear_arrays(t->held, t->held_files);
    clear_arrays(t->image, t->images);
    free((void *)t->path);
    free((void *)t->held_path);
    free(t->weight);
    *t = (train_images){ .file = NULL };
}
