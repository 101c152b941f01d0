/* SPDX-License-Identifier: BSD-3-Clause */
/* Images and options for the tests of training patches. */
#ifndef CSK_TESTS_SUPPORT_TST_PATCHES_H
#define CSK_TESTS_SUPPORT_TST_PATCHES_H

#include "samplers/train/patches.h"
#include "tests/support/tst.h"

/* Patches 0 .. n - 1, csk_free() them. */
float *tst_patches_draw(const csk_patches *p, uint64_t seed, int n);

/* Real, of unit 1, without any variation. */
csk_patch_opts tst_patches_still(int size);

/* A real image, csk_array_clear() it. */
csk_array tst_patches_image(int64_t rows, int64_t cols,
                            float (*value)(int64_t y, int64_t x));

/* The value of an image of ones. */
float tst_patches_one(int64_t y, int64_t x);

#endif
