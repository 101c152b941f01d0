/* SPDX-License-Identifier: BSD-3-Clause */
/* NumPy's .npz: a zip archive, whose entry NAME.npy is the array NAME. */
#include "cs/mem.h"
#include "cs/npy_priv.h"
#include "cs/tensors_priv.h"
#include "cs/zip_priv.h"

#include <stdio.h>
#include <string.h>

static csk_status add(csk_tensors *t, const char *entry, const uint8_t *bytes,
                      size_t len, const char *what)
{
    enum { ROOM = 1024, SUFFIX = 4 };
    const size_t n = strlen(entry);
    char name[ROOM], both[ROOM];
    csk_tensor *new;
    csk_npy h;

    if (n <= SUFFIX || n >= ROOM || strcmp(entry + n - SUFFIX, ".npy") != 0)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: entry '%.64s' is not NAME.npy with a name of at most %d "
                        "bytes",
                        what, entry, ROOM - SUFFIX - 1);
    memcpy(name, entry, n - SUFFIX);
    name[n - SUFFIX] = '\0';
    (void)snprintf(both, sizeof(both), "%.200s: %.64s", what, entry);
    csk_status err = csk_npy_open(&h, bytes, len, both);
    if (!err && h.field == CSK_COMPLEX)
        err = csk_fail(CSK_ERR_UNSUPPORTED, "%s: complex, a real array was expected",
                       both);
    if (!err)
        err = csk_tensors_add_as(t, name, h.rank, h.dim, &new, CSK_ERR_FORMAT, what);
    if (!err)
        csk_npy_load(new->data, &h);
    return err;
}

csk_status csk_npz_parse(csk_tensors *t, const void *bytes, size_t len,
                         const char *what)
{
    csk_tensors new = { 0 };
    csk_zip z;
    csk_status err = csk_zip_open(&z, bytes, len, what);

    if (err)
        return err;
    for (int64_t k = 0; k < z.count && !err; k++) {
        uint8_t *entry = NULL;
        size_t n;
        err = csk_zip_load(&entry, &n, &z, k);
        if (!err)
            err = add(&new, csk_zip_name(&z, k), entry, n, what);
        csk_free(entry);
    }
    csk_zip_close(&z);
    if (err)
        csk_tensors_clear(&new);
    else
        *t = new;
    return err;
}
