/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/vec.h"
#include "samplers/train/checkpoint_priv.h"

#include <math.h>

/* A float holds 24 bits exactly: the number of steps in two. */
enum { HALF = 1 << 16 };

csk_status csk_checkpoint_save(const csk_checkpoint *c, int done, csk_tensors *to)
{
    csk_tensor *v;
    csk_status err = CSK_OK;

    for (int i = 0; i < CSK_CHECKPOINT_PARTS && !err; i++) {
        err = csk_tensors_add(to, c->name[i], 1, &c->len, &v);
        if (!err)
            csk_copy(c->len, c->part[i], v->data);
    }
    if (!err)
        err = csk_tensors_add(to, "train.done", 1, &(int64_t){ 2 }, &v);
    if (!err) {
        v->data[0] = (float)(done / HALF);
        v->data[1] = (float)(done % HALF);
    }
    return err;
}

static csk_status find(const csk_tensor **v, const csk_tensors *from, const char *name,
                       int64_t len, const char *what)
{
    *v = csk_tensors_find(from, name);
    if (!*v || (*v)->rank != 1 || (*v)->dim[0] != len)
        return csk_fail(
            CSK_ERR_FORMAT,
            "%s: is no checkpoint of this training: \"%s\" is missing or not "
            "of length %lld",
            what, name, (long long)len);
    if (csk_first_not_finite(len, (*v)->data) >= 0)
        return csk_fail(CSK_ERR_FORMAT, "%s: \"%s\" holds what is not finite", what,
                        name);
    return CSK_OK;
}

static bool is_count(float x, int below)
{
    return x >= 0.f && x < (float)below && x == floorf(x);
}

csk_status csk_checkpoint_load(const csk_checkpoint *c, int *done,
                               const csk_tensors *from, const char *what)
{
    const csk_tensor *v[CSK_CHECKPOINT_PARTS], *steps;
    csk_status err = find(&steps, from, "train.done", 2, what);

    for (int i = 0; i < CSK_CHECKPOINT_PARTS && !err; i++)
        err = find(&v[i], from, c->name[i], c->len, what);
    if (!err && !(is_count(steps->data[0], HALF / 2) && is_count(steps->data[1], HALF)))
        err =
            csk_fail(CSK_ERR_FORMAT, "%s: \"train.done\" is no number of steps", what);
    for (int64_t i = 0; i < c->len && !err; i++) {
        if (v[CSK_CHECKPOINT_SQUARE]->data[i] < 0.f)
            err = csk_fail(CSK_ERR_FORMAT, "%s: \"%s\" holds squares below 0", what,
                           c->name[CSK_CHECKPOINT_SQUARE]);
    }
    if (err)
        return err;
    for (int i = 0; i < CSK_CHECKPOINT_PARTS; i++)
        csk_copy(c->len, v[i]->data, c->part[i]);
    *done = (int)steps->data[0] * HALF + (int)steps->data[1];
    return CSK_OK;
}
