/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/tensors.h"
#include "cs/file_priv.h"
#include "cs/mem.h"
#include "cs/tensors_priv.h"

#include <string.h>

int64_t csk_shape_size(int rank, const int64_t *dim)
{
    const int64_t most = INT64_MAX / 16;
    int64_t size = 1;

    if (rank < 0 || rank > CSK_TENSOR_RANK)
        return -1;
    for (int k = 0; k < rank; k++) {
        if (dim[k] < 0)
            return -1;
        if (dim[k] == 0)
            size = 0;
    }
    for (int k = 0; k < rank && size > 0; k++) {
        if (dim[k] > most / size)
            return -1;
        size *= dim[k];
    }
    return size;
}

int64_t csk_tensor_size(const csk_tensor *t)
{
    return csk_shape_size(t->rank, t->dim);
}

const csk_tensor *csk_tensors_find(const csk_tensors *t, const char *name)
{
    for (int k = 0; k < t->count; k++) {
        if (strcmp(t->item[k].name, name) == 0)
            return &t->item[k];
    }
    return NULL;
}

/* Room for one more: the capacity is the power of two from the count on. */
static csk_status grow(csk_tensors *t)
{
    if (t->count & (t->count - 1))
        return CSK_OK;
    csk_tensor *item = csk_alloc(t->count ? 2 * t->count : 1, sizeof(*item));
    if (!item)
        return CSK_ERR_NOMEM;
    for (int k = 0; k < t->count; k++)
        item[k] = t->item[k];
    csk_free(t->item);
    t->item = item;
    return CSK_OK;
}

csk_status csk_tensors_add_as(csk_tensors *t, const char *name, int rank,
                              const int64_t *dim, csk_tensor **out, csk_status code,
                              const char *what)
{
    const int64_t size = csk_shape_size(rank, dim);
    csk_tensor new = { .rank = rank };

    if (rank < 0 || rank > CSK_TENSOR_RANK)
        return csk_fail(code, "%s: tensor '%.64s' has rank %d, 0 to %d was expected",
                        what, name, rank, CSK_TENSOR_RANK);
    if (size < 0)
        return csk_fail(code, "%s: the shape of tensor '%.64s' is out of range", what,
                        name);
    if (csk_tensors_find(t, name))
        return csk_fail(code, "%s: two tensors are called '%.64s'", what, name);
    if (t->count == CSK_TENSORS_MOST)
        return csk_fail(code, "%s: more than %d tensors", what, CSK_TENSORS_MOST);
    if (grow(t))
        return CSK_ERR_NOMEM;
    for (int k = 0; k < rank; k++)
        new.dim[k] = dim[k];
    new.name = csk_join(name, strlen(name), "");
    new.data = new.name ? csk_alloc(size, sizeof(*new.data)) : NULL;
    if (!new.data) {
        csk_free(new.name);
        return CSK_ERR_NOMEM;
    }
    t->item[t->count] = new;
    if (out)
        *out = &t->item[t->count];
    t->count++;
    return CSK_OK;
}

csk_status csk_tensors_add(csk_tensors *t, const char *name, int rank,
                           const int64_t *dim, csk_tensor **out)
{
    return csk_tensors_add_as(t, name, rank, dim, out, CSK_ERR_ARG, "tensors");
}

csk_status csk_tensors_set_card(csk_tensors *t, const char *text)
{
    char *card = text ? csk_join(text, strlen(text), "") : NULL;

    if (text && !card)
        return CSK_ERR_NOMEM;
    csk_free(t->card);
    t->card = card;
    return CSK_OK;
}

void csk_tensors_clear(csk_tensors *t)
{
    for (int k = 0; k < t->count; k++) {
        csk_free(t->item[k].name);
        csk_free(t->item[k].data);
    }
    csk_free(t->item);
    csk_free(t->card);
    *t = (csk_tensors){ 0 };
}

void csk_scalar_load_f32(float *out, const uint8_t *in, int64_t n, csk_scalar type,
                         bool big_endian)
{
    enum { BLOCK = 512 };
    double value[BLOCK];

    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t count = n - from < BLOCK ? n - from : BLOCK;
        csk_scalar_load(value, in + (size_t)from * csk_scalar_size(type), count, type,
                        big_endian);
        for (int64_t i = 0; i < count; i++)
            out[from + i] = (float)value[i];
    }
}

csk_status csk_tensors_read(csk_tensors *t, const char *path)
{
    enum { LENGTH = 8 }; /* of the number that safetensors begins with */
    static const char zip[] = "PK\3\4";
    char *bytes;
    size_t len;
    csk_status err = csk_file_load(&bytes, &len, path, INT64_MAX);

    if (err)
        return err;
    if (len > strlen(zip) && memcmp(bytes, zip, strlen(zip)) == 0)
        err = csk_pth_is_archive(bytes, len) ? csk_pth_parse(t, bytes, len, path)
                                             : csk_npz_parse(t, bytes, len, path);
    else if (csk_pth_is_legacy(bytes, len))
        err = csk_pth_parse(t, bytes, len, path);
    else if (len > LENGTH && bytes[LENGTH] == '{')
        err = csk_safetensors_parse(t, bytes, len, path);
    else
        err = csk_fail(CSK_ERR_FORMAT,
                       "%s: is neither safetensors nor .npz nor a PyTorch checkpoint",
                       path);
    csk_free(bytes);
    return err;
}
