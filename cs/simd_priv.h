/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/simd_priv.h
 * CSK_HOT marks a kernel that is compiled for several instruction sets, of which the best one
 * is chosen when the program starts. It must be a plain function called from a loop: bodies
 * that OpenMP outlines are not cloned. Off under sanitizers, whose start-up the choice precedes.
 *
 * The sets are the levels of the x86-64 psABI (gcc >= 12). Names of processors, such as
 * arch=haswell, would match Intel's alone.
 */
#ifndef CSK_CS_SIMD_PRIV_H
#define CSK_CS_SIMD_PRIV_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define CSK_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define CSK_SANITIZED 1
#endif

/* For parts of a hot kernel, which must be compiled with it. */
#if defined(__GNUC__)
#define CSK_HOT_INLINE static inline __attribute__((always_inline))
#else
#define CSK_HOT_INLINE static inline
#endif

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                 \
    __GNUC__ >= 12 && !defined(CSK_SANITIZED)
#define CSK_HOT                                                                        \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CSK_HOT
#endif

#endif
