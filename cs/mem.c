/* SPDX-License-Identifier: BSD-3-Clause */
#define _DEFAULT_SOURCE /* madvise */
#include "cs/mem.h"
#include "cs/status.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * From here on a block is aligned to huge pages and asks for them: touching fresh 4 KiB pages
 * costs more than many an operator (12 us a page was measured on virtual machines).
 */
enum { HUGE_PAGE = 2 << 20 };

static void *system_alloc(void *user, size_t align, size_t bytes)
{
    (void)user;
    if (bytes < HUGE_PAGE)
        return aligned_alloc(align, bytes);
    if (bytes > SIZE_MAX - HUGE_PAGE)
        return NULL;
    bytes = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    void *p = aligned_alloc(HUGE_PAGE, bytes);
#ifdef MADV_HUGEPAGE
    if (p)
        (void)madvise(p, bytes, MADV_HUGEPAGE); /* a wish: refusal is no failure */
#endif
    return p;
}

static void system_release(void *user, void *p)
{
    (void)user;
    free(p);
}

static const csk_allocator system_allocator = { system_alloc, system_release, NULL };
static csk_allocator current = { system_alloc, system_release, NULL };

void csk_allocator_set(const csk_allocator *a)
{
    current = a ? *a : system_allocator;
}

void *csk_alloc(int64_t count, size_t size)
{
    if (count < 0 || size == 0 || (uint64_t)count > (PTRDIFF_MAX - CSK_ALIGN) / size) {
        (void)csk_fail(CSK_ERR_NOMEM, "cannot allocate %lld items of %zu bytes",
                       (long long)count, size);
        return NULL;
    }
    size_t bytes = (size_t)count * size;
    bytes = (bytes + CSK_ALIGN) / CSK_ALIGN * CSK_ALIGN; /* never zero */

    void *p = current.alloc(current.user, CSK_ALIGN, bytes);
    if (!p) {
        (void)csk_fail(CSK_ERR_NOMEM, "cannot allocate %zu bytes", bytes);
        return NULL;
    }
    return memset(p, 0, bytes);
}

void csk_free(void *p)
{
    if (p)
        current.release(current.user, p);
}
