/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/simd_priv.h"
#include "samplers/ridge/tile_priv.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#define LEVELS 1
#endif

/* Of 128 bits: every 64-bit processor has such registers. */
#define TILE_LANES 4
#define TILE_TARGET
#define TILE(name) name##_128
#include "samplers/ridge/tile_loops_priv.h"
#undef TILE_LANES
#undef TILE_TARGET
#undef TILE

#ifdef LEVELS
#define TILE_LANES  8
#define TILE_TARGET __attribute__((target("arch=x86-64-v3")))
#define TILE(name)  name##_256
#include "samplers/ridge/tile_loops_priv.h"
#undef TILE_LANES
#undef TILE_TARGET
#undef TILE

#define TILE_LANES  16
#define TILE_TARGET __attribute__((target("arch=x86-64-v4")))
#define TILE(name)  name##_512
#include "samplers/ridge/tile_loops_priv.h"
#undef TILE_LANES
#undef TILE_TARGET
#undef TILE
#endif

const csk_tile *csk_tile_best(void)
{
    static const csk_tile narrow = { correlate_128, accumulate_128, outer_128 };

#ifdef LEVELS
    static const csk_tile wide = { correlate_256, accumulate_256, outer_256 };
    static const csk_tile widest = { correlate_512, accumulate_512, outer_512 };

    if (__builtin_cpu_supports("x86-64-v4"))
        return &widest;
    if (__builtin_cpu_supports("x86-64-v3"))
        return &wide;
#endif
    return &narrow;
}
