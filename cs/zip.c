/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/zip_priv.h"

#include <inttypes.h>
#include <stdbool.h>

static csk_status bad_archive(const char *what, zip_error_t *why)
{
    const bool memory = zip_error_code_zip(why) == ZIP_ER_MEMORY;
    const csk_status err = csk_fail(memory ? CSK_ERR_NOMEM : CSK_ERR_FORMAT,
                                    "%s: zip: %s", what, zip_error_strerror(why));

    zip_error_fini(why);
    return err;
}

/* `packed` and z->size sum up what the entries so far hold. */
static csk_status check_entry(csk_zip *z, uint64_t k, uint64_t *packed, size_t len)
{
    const int64_t most = (int64_t)4 << 30;
    const zip_uint64_t wanted = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    zip_stat_t s;

    if (zip_stat_index(z->archive, k, ZIP_FL_ENC_RAW, &s) ||
        (s.valid & wanted) != wanted)
        return csk_fail(CSK_ERR_FORMAT, "%s: zip: entry %" PRIu64 " is not described",
                        z->what, k);
    if (zip_name_locate(z->archive, s.name, ZIP_FL_ENC_RAW) != (zip_int64_t)k)
        return csk_fail(CSK_ERR_FORMAT, "%s: zip: two entries are called '%.64s'",
                        z->what, s.name);
    if ((s.comp_method != ZIP_CM_STORE && s.comp_method != ZIP_CM_DEFLATE) ||
        s.encryption_method != ZIP_EM_NONE)
        return csk_fail(CSK_ERR_UNSUPPORTED,
                        "%s: zip: entry '%.64s' is neither stored nor deflated",
                        z->what, s.name);
    if (s.comp_size > len - *packed ||
        (s.comp_method == ZIP_CM_STORE && s.size != s.comp_size) ||
        s.size / CSK_ZIP_RATIO > s.comp_size)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: zip: entry '%.64s' claims %" PRIu64 " bytes from %" PRIu64
                        " in a file of %zu",
                        z->what, s.name, s.size, s.comp_size, len);
    if (s.size > (uint64_t)(most - z->size))
        return csk_fail(CSK_ERR_UNSUPPORTED,
                        "%s: zip: more than %" PRId64 " bytes unpacked", z->what, most);
    *packed += s.comp_size;
    z->size += (int64_t)s.size;
    return CSK_OK;
}

csk_status csk_zip_open(csk_zip *z, const void *bytes, size_t len, const char *what)
{
    uint64_t packed = 0;
    zip_error_t why;

    *z = (csk_zip){ .what = what };
    if (len == 0) /* an archive without entries, to libzip */
        return csk_fail(CSK_ERR_FORMAT, "%s: zip: the file is empty", what);
    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(bytes, len, 0, &why);
    if (!source)
        return bad_archive(what, &why);
    z->archive = zip_open_from_source(source, ZIP_RDONLY, &why);
    if (!z->archive) {
        zip_source_free(source);
        return bad_archive(what, &why);
    }
    z->count = zip_get_num_entries(z->archive, 0);
    for (int64_t k = 0; k < z->count; k++) {
        const csk_status err = check_entry(z, (uint64_t)k, &packed, len);
        if (err) {
            csk_zip_close(z);
            return err;
        }
    }
    return CSK_OK;
}

const char *csk_zip_name(const csk_zip *z, int64_t k)
{
    return zip_get_name(z->archive, (uint64_t)k, ZIP_FL_ENC_RAW);
}

int64_t csk_zip_size(const csk_zip *z, int64_t k)
{
    zip_stat_t s;

    zip_stat_init(&s);
    (void)zip_stat_index(z->archive, (uint64_t)k, 0, &s);
    return (int64_t)s.size;
}

int64_t csk_zip_find(const csk_zip *z, const char *name)
{
    return zip_name_locate(z->archive, name, ZIP_FL_ENC_RAW);
}

/* To the end and its checksum; an entry that holds more than it says is as bad as one that
 * holds less. */
static csk_status load(uint8_t *out, size_t size, zip_file_t *f, const csk_zip *z,
                       const char *name)
{
    uint8_t more;
    size_t got = 0;
    zip_int64_t n = 1;

    while (n > 0 && got < size) {
        n = zip_fread(f, out + got, size - got);
        got += n > 0 ? (size_t)n : 0;
    }
    if (n >= 0 && got == size)
        n = zip_fread(f, &more, 1);
    if (n < 0)
        return csk_fail(CSK_ERR_FORMAT, "%s: zip: entry '%.64s': %s", z->what, name,
                        zip_file_strerror(f));
    if (n > 0 || got < size)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: zip: entry '%.64s' does not hold the %zu bytes it claims",
                        z->what, name, size);
    return CSK_OK;
}

csk_status csk_zip_load(uint8_t **out, size_t *len, const csk_zip *z, int64_t k)
{
    const char *name = csk_zip_name(z, k);
    const int64_t size = csk_zip_size(z, k);
    zip_file_t *f = zip_fopen_index(z->archive, (uint64_t)k, 0);

    if (!f)
        return csk_fail(CSK_ERR_FORMAT, "%s: zip: entry '%.64s': %s", z->what, name,
                        zip_strerror(z->archive));
    uint8_t *p = csk_alloc(size + 1, 1);
    csk_status err = p ? load(p, (size_t)size, f, z, name) : CSK_ERR_NOMEM;
    (void)zip_fclose(f);
    if (err) {
        csk_free(p);
        return err;
    }
    *out = p;
    *len = (size_t)size;
    return CSK_OK;
}

void csk_zip_close(csk_zip *z)
{
    zip_discard(z->archive);
    *z = (csk_zip){ .archive = NULL };
}
