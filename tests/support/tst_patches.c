/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/tst_patches.h"
#include "cs/mem.h"

float *tst_patches_draw(const csk_patches *p, uint64_t seed, int n)
{
    const int64_t size = csk_patches_size(p);
    float *out = csk_alloc(n * csk_patches_channels(p) * size * size, sizeof(*out));
    float *work = csk_alloc(csk_patches_work_len(p, n), sizeof(*work));

    ck_assert(out && work);
    csk_patches_draw(p, seed, 0, n, out, work);
    csk_free(work);
    return out;
}

csk_patch_opts tst_patches_still(int size)
{
    csk_patch_opts o = csk_patch_defaults();

    o.size = size;
    o.phase = false;
    o.unit = 1.;
    return csk_patch_plain(&o);
}

csk_array tst_patches_image(int64_t rows, int64_t cols,
                            float (*value)(int64_t y, int64_t x))
{
    const csk_space s = csk_space_make(CSK_REAL, 2, (int64_t[]){ rows, cols });
    csk_array a;

    tst_ok(csk_array_init(&a, &s));
    for (int64_t i = 0; i < rows * cols; i++)
        a.data[i] = value(i / cols, i % cols);
    return a;
}

float tst_patches_one(int64_t y, int64_t x)
{
    return y < 0 || x < 0 ? 0.f : 1.f;
}
