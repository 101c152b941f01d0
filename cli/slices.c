/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/slices.h"
#include "cs/vec.h"
#include "operators/coil.h"
#include "samplers/bright.h"

#include <stdlib.h>

void cli_slices_clear(cli_slices *t)
{
    for (int i = 0; i < t->files; i++)
        csk_array_clear(&t->file[i]);
    free(t->file);
    free(t->slice);
    free((void *)t->list);
    *t = (cli_slices){ .file = NULL };
}

static csk_status read_files(const cli_call *call, cli_slices *t,
                             const cli_values *paths)
{
    csk_status err = CSK_OK;

    t->file = calloc((size_t)paths->n, sizeof(*t->file));
    if (!t->file)
        return cli_no_memory();
    t->files = paths->n;
    for (int i = 0; i < paths->n && !err; i++) {
        const csk_space *s = &t->file[i].space;

        err = cli_read(call, &t->file[i], paths->v[i], CLI_USABLE);
        if (!err && s->rank < 2)
            err =
                csk_fail(CSK_ERR_SHAPE,
                         "%s has %d axes, expected an image [y][x] or a stack of them",
                         paths->v[i], s->rank);
        else if (!err && s->field != t->file[0].space.field)
            err = csk_fail(CSK_ERR_SHAPE, "%s is %s, but %s is not", paths->v[i],
                           s->field == CSK_REAL ? "real" : "complex", paths->v[0]);
    }
    return cli_bad_input(call, err);
}

static csk_space slice_space(const csk_array *file)
{
    const csk_space *whole = &file->space;

    return csk_space_make(whole->field, 2, whole->dim + whole->rank - 2);
}

static int64_t slices_of(const csk_array *file)
{
    const csk_space space = slice_space(file);

    return csk_space_size(&file->space) / csk_space_size(&space);
}

static csk_status find_slices(cli_slices *t)
{
    int64_t most = 1;

    for (int i = 0; i < t->files; i++)
        most += slices_of(&t->file[i]);
    t->slice = calloc((size_t)most, sizeof(*t->slice));
    t->list = calloc((size_t)most, sizeof(const csk_array *));
    if (!t->slice || !t->list)
        return cli_no_memory();
    for (int i = 0; i < t->files; i++) {
        const csk_space space = slice_space(&t->file[i]);
        const int64_t n = csk_space_len(&space);

        for (int64_t k = 0; k < slices_of(&t->file[i]); k++) {
            float *data = t->file[i].data + k * n;
            if (csk_max_modulus(n, 1, data) == 0.)
                continue;
            t->slice[t->count] = (csk_array){ space, data };
            t->list[t->count] = &t->slice[t->count];
            t->count++;
        }
    }
    return CSK_OK;
}

csk_status cli_slices_read(const cli_call *call, cli_slices *t, const cli_values *paths)
{
    const csk_status err = read_files(call, t, paths);

    return err ? err : find_slices(t);
}

int cli_slice_origin(const cli_slices *t, int number, int64_t *slice)
{
    const csk_array *one = t->list[number];
    int i = 0;

    for (; i < t->files - 1; i++) {
        const csk_array *file = &t->file[i];
        if (one->data >= file->data &&
            one->data < file->data + csk_space_len(&file->space))
            break;
    }
    *slice = (one->data - t->file[i].data) / csk_space_len(&one->space);
    return i;
}

csk_status cli_slice_seen(csk_array *to, const csk_array *from, const csk_model *m,
                          bool phase, uint64_t seed)
{
    const csk_field field = csk_model_field(m);
    const bool same = from->space.field == field;
    csk_space space = from->space;
    double level;

    if (!same && field == CSK_REAL)
        return csk_fail(CSK_ERR_SHAPE,
                        "the images are complex, the prior is one of real "
                        "images");
    csk_status err = csk_bright_level(&level, &from->space, from->data);
    space.field = field;
    if (!err)
        err = csk_array_init(to, &space);
    if (err)
        return err;
    const int stride = same ? 1 : 2; /* real numbers become real parts */
    for (int64_t i = 0; i < csk_space_len(&from->space); i++)
        to->data[stride * i] = from->data[i];
    csk_scale(csk_space_len(&space), csk_model_scale(m) / level, to->data);
    return phase && !same ? csk_smooth_phase(to, seed) : CSK_OK;
}
