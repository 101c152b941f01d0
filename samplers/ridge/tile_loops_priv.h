/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Included by tile.c once for each instruction set, with TILE_LANES, TILE_TARGET and TILE(name).
 *
 * Vectors have the width of the registers: wider ones, which gcc would split, go through memory
 * (58 against 1.3 billion multiplications a second). Four sets of weights times two vectors of
 * pixels are eight sums in registers for two loads of pixels, of which most straddle a cache line;
 * two sets times four vectors reach half of that.
 */
typedef float TILE(vec) __attribute__((vector_size(4 * TILE_LANES)));
/* As they lie in memory. */
typedef float TILE(loose)
    __attribute__((vector_size(4 * TILE_LANES), aligned(4), may_alias));

#define LOAD(p)     ((TILE(vec))(*(const TILE(loose) *)(const void *)(p)))
#define STORE(p, v) ((void)(*(TILE(loose) *)(void *)(p) = (TILE(loose))(v)))

/* The sums of 4 sets and 2 vectors at column x, or of the first vector alone. */
TILE_TARGET static inline __attribute__((always_inline)) void TILE(block)(
    const csk_tile_job *j, int64_t x, int two, int add)
{
    const TILE(vec) zero = { 0.f };
    TILE(vec) a0 = zero, b0 = zero, c0 = zero, d0 = zero;
    TILE(vec) a1 = zero, b1 = zero, c1 = zero, d1 = zero;

    if (add) {
        a0 = LOAD(j->out[0] + x), b0 = LOAD(j->out[1] + x);
        c0 = LOAD(j->out[2] + x), d0 = LOAD(j->out[3] + x);
    }
    if (add && two) {
        a1 = LOAD(j->out[0] + x + TILE_LANES), b1 = LOAD(j->out[1] + x + TILE_LANES);
        c1 = LOAD(j->out[2] + x + TILE_LANES), d1 = LOAD(j->out[3] + x + TILE_LANES);
    }
    for (int r = 0; r < j->rows; r++) {
        const float *in = j->in + r * j->stride + x, *w0 = j->w + r * j->taps;
        const float *w1 = w0 + j->between, *w2 = w1 + j->between, *w3 = w2 + j->between;

        for (int k = 0; k < j->taps; k++) {
            const TILE(vec) u = LOAD(in + k);
            a0 += w0[k] * u, b0 += w1[k] * u, c0 += w2[k] * u, d0 += w3[k] * u;
            if (two) {
                const TILE(vec) v = LOAD(in + k + TILE_LANES);
                a1 += w0[k] * v, b1 += w1[k] * v, c1 += w2[k] * v, d1 += w3[k] * v;
            }
        }
    }
    STORE(j->out[0] + x, a0), STORE(j->out[1] + x, b0);
    STORE(j->out[2] + x, c0), STORE(j->out[3] + x, d0);
    if (two) {
        STORE(j->out[0] + x + TILE_LANES, a1), STORE(j->out[1] + x + TILE_LANES, b1);
        STORE(j->out[2] + x + TILE_LANES, c1), STORE(j->out[3] + x + TILE_LANES, d1);
    }
}

TILE_TARGET static void TILE(correlate)(const csk_tile_job *j)
{
    int64_t x = 0;

    for (; x + TILE_LANES < j->n; x += 2 * TILE_LANES)
        TILE(block)(j, x, 1, 0);
    if (x < j->n)
        TILE(block)(j, x, 0, 0);
}

TILE_TARGET static void TILE(accumulate)(const csk_tile_job *j)
{
    int64_t x = 0;

    for (; x + TILE_LANES < j->n; x += 2 * TILE_LANES)
        TILE(block)(j, x, 1, 1);
    if (x < j->n)
        TILE(block)(j, x, 0, 1);
}

TILE_TARGET static inline __attribute__((always_inline)) float TILE(fold)(TILE(vec) v)
{
    float sum = 0.f;

    for (int i = 0; i < TILE_LANES; i++)
        sum += v[i];
    return sum;
}

/* Seven taps at once: fourteen sums in registers. */
TILE_TARGET static void TILE(outer)(int rows, int taps, int64_t n, int64_t stride,
                                    const float *a0, const float *a1, const float *v,
                                    float *d0, float *d1)
{
    const TILE(vec) zero = { 0.f };

    for (int k = 0; k < taps; k += 7) {
        TILE(vec) p0 = zero, p1 = zero, p2 = zero, p3 = zero, p4 = zero, p5 = zero;
        TILE(vec) q0 = zero, q1 = zero, q2 = zero, q3 = zero, q4 = zero, q5 = zero;
        TILE(vec) p6 = zero, q6 = zero;

        for (int y = 0; y < rows; y++) {
            for (int64_t x = 0; x < n; x += TILE_LANES) {
                const TILE(vec) a = LOAD(a0 + y * stride + x);
                const TILE(vec) b = LOAD(a1 + y * stride + x);
                const float *u = v + y * stride + x + k;

                p0 += a * LOAD(u), q0 += b * LOAD(u);
                p1 += a * LOAD(u + 1), q1 += b * LOAD(u + 1);
                p2 += a * LOAD(u + 2), q2 += b * LOAD(u + 2);
                p3 += a * LOAD(u + 3), q3 += b * LOAD(u + 3);
                p4 += a * LOAD(u + 4), q4 += b * LOAD(u + 4);
                p5 += a * LOAD(u + 5), q5 += b * LOAD(u + 5);
                p6 += a * LOAD(u + 6), q6 += b * LOAD(u + 6);
            }
        }
        const float p[7] = { TILE(fold)(p0), TILE(fold)(p1), TILE(fold)(p2),
                             TILE(fold)(p3), TILE(fold)(p4), TILE(fold)(p5),
                             TILE(fold)(p6) };
        const float q[7] = { TILE(fold)(q0), TILE(fold)(q1), TILE(fold)(q2),
                             TILE(fold)(q3), TILE(fold)(q4), TILE(fold)(q5),
                             TILE(fold)(q6) };
        for (int i = 0; i < 7 && k + i < taps; i++) {
            d0[k + i] += p[i];
            d1[k + i] += q[i];
        }
    }
}

#undef LOAD
#undef STORE
