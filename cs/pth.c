/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PyTorch's checkpoints. Since 1.6 a zip archive: NAME/data.pkl, a pickle, and NAME/data/KEY,
 * the numbers of each storage; NAME/byteorder may say "big". Before, one stream: the pickle of
 * a magic number, of a version, of the machine's sizes, of the object, of the keys of the storages;
 * then each storage: 8 bytes, how many numbers, and these.
 */
#include "cs/mem.h"
#include "cs/torch_priv.h"
#include "cs/zip_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SHARED = 4 }; /* numbers of tensors for one byte of the file */

/* protocol 2, a number of 10 bytes, the end */
static const char legacy[] =
    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
enum { LEGACY = sizeof(legacy) - 1 };

static const char pickle_name[] = "/data.pkl";

bool csk_pth_is_legacy(const void *bytes, size_t len)
{
    return len >= LEGACY && memcmp(bytes, legacy, LEGACY) == 0;
}

/* -- the archive -------------------------------------------------------------------- */

/* The entry NAME/data.pkl; -1 if there is none. */
static int64_t find_pickle(const csk_zip *z)
{
    const size_t n = strlen(pickle_name);

    for (int64_t k = 0; k < z->count; k++) {
        const char *name = csk_zip_name(z, k);
        const size_t len = strlen(name);
        if (len > n && strcmp(name + len - n, pickle_name) == 0)
            return k;
    }
    return -1;
}

bool csk_pth_is_archive(const void *bytes, size_t len)
{
    csk_zip z;

    if (csk_zip_open(&z, bytes, len, "archive"))
        return false; /* the reader of .npz says why */
    const bool found = find_pickle(&z) >= 0;
    csk_zip_close(&z);
    return found;
}

/* The entry beside the pickle, whose name is known to end with pickle_name. */
static int64_t find_beside(const csk_zip *z, int64_t pickle, const char *dir,
                           const char *key, size_t len)
{
    enum { ROOM = 1024 };
    const char *name = csk_zip_name(z, pickle);
    const int head = (int)(strlen(name) - strlen(pickle_name));
    char path[ROOM];

    if (len >= ROOM || memchr(key, '\0', len))
        return -1;
    const int used =
        snprintf(path, ROOM, "%.*s/%s%.*s", head, name, dir, (int)len, key);
    return used < ROOM ? csk_zip_find(z, path) : -1;
}

static csk_status is_big_endian(bool *big, const csk_zip *z, int64_t pickle)
{
    static const char key[] = "byteorder";
    const int64_t k = find_beside(z, pickle, "", key, strlen(key));
    uint8_t *text;
    size_t len;

    *big = false;
    if (k < 0)
        return CSK_OK;
    const csk_status err = csk_zip_load(&text, &len, z, k);
    if (err)
        return err;
    *big = strcmp((const char *)text, "big") == 0;
    csk_free(text);
    return CSK_OK;
}

static csk_status too_short(const char *what, const csk_torch_storage *s,
                            uint64_t found)
{
    return csk_fail(CSK_ERR_FORMAT,
                    "%s: storage '%.*s' has %" PRIu64 " bytes, %" PRId64
                    " numbers of %zu bytes were expected",
                    what, s->key_len < 32 ? (int)s->key_len : 32, s->key, found,
                    s->count, csk_scalar_size(s->type));
}

static csk_status fill_from_archive(csk_torch *t, const csk_zip *z, int64_t pickle,
                                    bool big)
{
    csk_status err = CSK_OK;

    for (int k = 0; k < t->storages && !err; k++) {
        const csk_torch_storage *s = &t->storage[k];
        const int64_t entry = find_beside(z, pickle, "data/", s->key, s->key_len);
        uint8_t *bytes = NULL;
        size_t len = 0;
        if (entry < 0)
            return csk_fail(CSK_ERR_FORMAT, "%s: storage '%.*s' is not in the archive",
                            z->what, s->key_len < 32 ? (int)s->key_len : 32, s->key);
        err = csk_zip_load(&bytes, &len, z, entry);
        if (!err && len / csk_scalar_size(s->type) < (uint64_t)s->count)
            err = too_short(z->what, s, len);
        if (!err)
            csk_torch_fill(t, k, bytes, big);
        csk_free(bytes);
    }
    return err;
}

static csk_status parse_archive(csk_tensors *out, const csk_zip *z)
{
    const int64_t pickle = find_pickle(z);
    csk_torch t = { .storages = 0 };
    uint8_t *text;
    size_t len;
    bool big = false;

    if (pickle < 0)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: no PyTorch checkpoint: NAME%s is not there", z->what,
                        pickle_name);
    csk_status err = csk_zip_load(&text, &len, z, pickle);
    if (err)
        return err;
    csk_pickle p;
    err = csk_pickle_parse(&p, text, len, z->what);
    if (!err) {
        err = csk_torch_collect(&t, &p, SHARED * z->size);
        if (!err)
            err = is_big_endian(&big, z, pickle);
        if (!err)
            err = fill_from_archive(&t, z, pickle, big);
        csk_pickle_clear(&p);
    }
    csk_free(text);
    if (!err) {
        *out = t.tensors;
        t.tensors = (csk_tensors){ 0 };
    }
    csk_torch_clear(&t);
    return err;
}

/* -- the stream --------------------------------------------------------------------- */

typedef struct stream {
    const uint8_t *bytes;
    size_t len, at;
    const char *what;
} stream;

static csk_status next_pickle(csk_pickle *p, stream *s)
{
    const csk_status err =
        csk_pickle_parse(p, s->bytes + s->at, s->len - s->at, s->what);

    if (!err)
        s->at += p->at;
    return err;
}

/* The version of the stream, and the machine that wrote it. */
static csk_status skip_head(bool *big, stream *s)
{
    const int64_t version = 1001;
    csk_pickle p;
    csk_status err = next_pickle(&p, s);

    if (err)
        return err;
    const csk_pickle_object *found = csk_pickle_at(&p, p.root);
    if (found->kind != CSK_PICKLE_INTEGER || found->integer != version)
        err =
            csk_fail(CSK_ERR_UNSUPPORTED, "%s: a stream of PyTorch, but not version %d",
                     s->what, (int)version);
    csk_pickle_clear(&p);
    if (!err)
        err = next_pickle(&p, s);
    if (err)
        return err;
    const csk_pickle_object *little = csk_pickle_get(&p, p.root, "little_endian");
    *big = little && little->kind == CSK_PICKLE_INTEGER && little->integer == 0;
    csk_pickle_clear(&p);
    return CSK_OK;
}

static csk_status next_storage(csk_torch *t, stream *s, const csk_pickle_object *key,
                               bool big)
{
    enum { LENGTH = 8 };
    csk_torch_storage *found =
        key->kind == CSK_PICKLE_TEXT ? csk_torch_find(t, key->text, key->len) : NULL;

    if (!found || found->place >= 0)
        return csk_fail(CSK_ERR_FORMAT, "%s: numbers of a storage that no tensor has",
                        s->what);
    if (s->len - s->at < LENGTH)
        return too_short(s->what, found, 0);
    const uint64_t count = csk_load_uint(s->bytes + s->at, LENGTH, big);
    const size_t size = csk_scalar_size(found->type);
    s->at += LENGTH;
    if (count != (uint64_t)found->count || count > (s->len - s->at) / size)
        return too_short(s->what, found, s->len - s->at);
    found->place = (int64_t)s->at;
    csk_torch_fill(t, (int)(found - t->storage), s->bytes + s->at, big);
    s->at += count * size;
    return CSK_OK;
}

static csk_status fill_from_stream(csk_torch *t, stream *s, bool big)
{
    csk_pickle keys;
    csk_status err = next_pickle(&keys, s);

    if (err)
        return err;
    const csk_pickle_object *list = csk_pickle_at(&keys, keys.root);
    for (int c = list->kind == CSK_PICKLE_LIST ? list->first : -1; c >= 0 && !err;
         c = csk_pickle_cell_at(&keys, c)->next)
        err = next_storage(
            t, s, csk_pickle_at(&keys, csk_pickle_cell_at(&keys, c)->value), big);
    csk_pickle_clear(&keys);
    for (int k = 0; k < t->storages && !err; k++) {
        if (t->storage[k].place < 0)
            err = too_short(s->what, &t->storage[k], 0);
    }
    return err;
}

static csk_status parse_stream(csk_tensors *out, stream *s)
{
    csk_torch t = { .storages = 0 };
    bool big = false;
    csk_pickle p;
    csk_status err = skip_head(&big, s);

    if (!err)
        err = next_pickle(&p, s);
    if (err)
        return err;
    err = csk_torch_collect(&t, &p, SHARED * (int64_t)s->len);
    if (!err)
        err = fill_from_stream(&t, s, big);
    csk_pickle_clear(&p);
    if (!err) {
        *out = t.tensors;
        t.tensors = (csk_tensors){ 0 };
    }
    csk_torch_clear(&t);
    return err;
}

csk_status csk_pth_parse(csk_tensors *t, const void *bytes, size_t len,
                         const char *what)
{
    csk_zip z;

    if (csk_pth_is_legacy(bytes, len)) {
        stream s = { .bytes = bytes, .len = len, .at = LEGACY, .what = what };
        return parse_stream(t, &s);
    }
    csk_status err = csk_zip_open(&z, bytes, len, what);
    if (err)
        return err;
    err = parse_archive(t, &z);
    csk_zip_close(&z);
    return err;
}
