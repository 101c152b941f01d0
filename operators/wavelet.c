/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A level along one axis of even length n, with the taps h and g[j] = (-1)^j h[L-1-j]:
 *
 *     low[k] = sum_j h[j] x[2k + j - c],   high[k] = sum_j g[j] x[2k + j - c]   (indices mod n)
 *
 * c is the even number nearest below the filter's middle, so that the approximation stays
 * where the image is. Both directions and all axes end in one kernel, a linear combination of
 * L contiguous rows into two (fir2): along the last axis the rows are the even and the odd
 * samples, pulled apart, at L/2 offsets; along the others they are rows of the image.
 */
#include "operators/wavelet.h"
#include "cs/linop_impl.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/simd_priv.h"
#include "cs/vec.h"
#include "operators/wavelet_priv.h"

#include <string.h>

enum {
    TAPS = CSK_WAVELET_TAPS,
    MAX_LEVELS = 32,
    PARTS = 8, /* pieces of a pass, for threads; each has scratch of its own */
    MAX_BANDS = 1 + 7 * MAX_LEVELS,
};

struct csk_wavelet {
    csk_space space;
    unsigned axes;
    int length, offset; /* L and c */
    int levels;
    /* Synthesis taps for output 2q and 2q + 1 from L/2 rows of low, then L/2 of high. */
    float low[TAPS], high[TAPS], even[TAPS], odd[TAPS];
    int64_t stride[CSK_MAX_RANK]; /* in floats */
    int64_t line;                 /* floats of scratch for one line of the last axis */
    struct {
        unsigned axes;             /* split at this level */
        int64_t dim[CSK_MAX_RANK]; /* of the box that is split */
    } level[MAX_LEVELS];
    int bands;
    csk_band band[MAX_BANDS];
};

/* -- the kernel --------------------------------------------------------------- */

/* Eight floats anywhere in an array. */
enum { LANES = 8 };
typedef float lanes __attribute__((vector_size(LANES * sizeof(float)),
                                   aligned(sizeof(float)), may_alias));

/*
 * outA[i] = sum_t a[t] in[t][i], outB[i] = sum_t b[t] in[t][i], i < n. The lanes are written
 * out: gcc 12 jams plain loops over t and i into one that does a float at a time.
 */
CSK_HOT static void fir2(int64_t n, int taps, const float *const *in, const float *a,
                         const float *b, float *outA, float *outB)
{
    enum { VECTORS = 4, BLOCK = LANES * VECTORS };
    int64_t i = 0;

    for (; i + BLOCK <= n; i += BLOCK) {
        lanes accA[VECTORS] = { { 0.f } }, accB[VECTORS] = { { 0.f } };

        for (int t = 0; t < taps; t++) {
            const lanes *x = (const lanes *)(in[t] + i);

            for (int j = 0; j < VECTORS; j++) {
                accA[j] += a[t] * x[j];
                accB[j] += b[t] * x[j];
            }
        }
        for (int j = 0; j < VECTORS; j++) {
            ((lanes *)(outA + i))[j] = accA[j];
            ((lanes *)(outB + i))[j] = accB[j];
        }
    }
    for (; i < n; i++) {
        float sumA = 0.f, sumB = 0.f;

        for (int t = 0; t < taps; t++) {
            sumA += a[t] * in[t][i];
            sumB += b[t] * in[t][i];
        }
        outA[i] = sumA;
        outB[i] = sumB;
    }
}

static inline int64_t wrap(int64_t i, int64_t n)
{
    const int64_t r = i % n;

    return r < 0 ? r + n : r;
}

/* -- along the last axis ------------------------------------------------------- */

/* to[i] = from[(first + i) mod n] for n scalars of @p width floats, 0 <= first < n. */
static void rotate(float *to, const float *from, int64_t first, int64_t n, int width)
{
    csk_copy((n - first) * width, from + first * width, to);
    csk_copy(first * width, from, to + (n - first) * width);
}

/* Pairs (even, odd) of scalars pulled apart. */
CSK_HOT static void split(float *even, float *odd, const float *x, int64_t pairs,
                          int width)
{
    if (width == 1) {
        for (int64_t i = 0; i < pairs; i++) {
            even[i] = x[2 * i];
            odd[i] = x[2 * i + 1];
        }
    } else {
        for (int64_t i = 0; i < pairs; i++) {
            even[2 * i] = x[4 * i];
            even[2 * i + 1] = x[4 * i + 1];
            odd[2 * i] = x[4 * i + 2];
            odd[2 * i + 1] = x[4 * i + 3];
        }
    }
}

CSK_HOT static void join(float *x, const float *even, const float *odd, int64_t pairs,
                         int width)
{
    if (width == 1) {
        for (int64_t i = 0; i < pairs; i++) {
            x[2 * i] = even[i];
            x[2 * i + 1] = odd[i];
        }
    } else {
        for (int64_t i = 0; i < pairs; i++) {
            x[4 * i] = even[2 * i];
            x[4 * i + 1] = even[2 * i + 1];
            x[4 * i + 2] = odd[2 * i];
            x[4 * i + 3] = odd[2 * i + 1];
        }
    }
}

/* to[i] = from[(i - back) mod n] for 0 <= i < count; a level splits only n >= L >= back. */
static void extend(float *to, const float *from, int64_t n, int64_t back, int64_t count,
                   int width)
{
    const int64_t first = wrap(-back, n);
    int64_t done = 0, at = first;

    while (done < count) {
        const int64_t run = n - at < count - done ? n - at : count - done;

        csk_copy(run * width, from + at * width, to + done * width);
        done += run;
        at = 0;
    }
}

/*
 * One line of n scalars into low (ceil(n/2)) and high (floor(n/2)), side by side in @p out. The
 * line starts at scalar @p first of @p in, which is a circle of n scalars. An odd line's last
 * sample stands apart: the filters see a circle of n - 1.
 */
static void line_forward(const csk_wavelet *w, float *out, const float *in, int64_t n,
                         int64_t first, float *scratch)
{
    const int width = (int)w->space.field;
    const int half = w->length / 2;
    const int64_t pairs = n / 2, low = n - pairs;
    const int64_t reach =
        pairs + half - 1; /* pairs, and those that the last one looks at */
    float *line = scratch, *around = line + n * width;
    float *even = around + 2 * reach * width, *odd = even + reach * width;
    const float *rows[TAPS];

    if (first)
        rotate(line, in, first, n, width);
    else
        line = (float *)in; /* read only */
    extend(around, line, 2 * pairs, w->offset, 2 * reach, width);
    split(even, odd, around, reach, width);
    for (int t = 0; t < half; t++) {
        rows[2 * t] = even + t * width;
        rows[2 * t + 1] = odd + t * width;
    }
    fir2(pairs * width, w->length, rows, w->low, w->high, out, out + low * width);
    if (n != 2 * pairs)
        csk_copy(width, line + (n - 1) * width, out + pairs * width);
}

/* The inverse; the line's scalar i goes to (first + i) mod n of @p out. */
static void line_inverse(const csk_wavelet *w, float *out, const float *in, int64_t n,
                         int64_t first, float *scratch)
{
    const int width = (int)w->space.field;
    const int half = w->length / 2;
    const int64_t pairs = n / 2, low_len = n - pairs;
    const int64_t reach = pairs + half - 1;
    float *low = scratch, *high = low + reach * width;
    float *even = high + reach * width, *odd = even + pairs * width;
    float *line = first ? odd + pairs * width : out;
    const float *rows[TAPS];

    /* Output pair q reads low[q - t + c/2], t < L/2. */
    const int64_t back = half - 1 - w->offset / 2;
    extend(low, in, pairs, back, reach, width);
    extend(high, in + low_len * width, pairs, back, reach, width);
    for (int t = 0; t < half; t++) {
        rows[t] = low + (half - 1 - t) * width;
        rows[half + t] = high + (half - 1 - t) * width;
    }
    fir2(pairs * width, w->length, rows, w->even, w->odd, even, odd);
    join(line, even, odd, pairs, width);
    if (n != 2 * pairs)
        csk_copy(width, in + pairs * width, line + (n - 1) * width);
    if (first)
        rotate(out, line, n - first, n, width);
}

/* -- passes over a box --------------------------------------------------------- */

typedef struct pass {
    const csk_wavelet *w;
    const int64_t *dim; /* of the box */
    int axis;
    bool inverse;
    float *out;
    const float *in;
    const int64_t *shift; /* of the side that is the image; NULL: none */
} pass;

/* Lines of a pass along the last axis, and where line @p k starts on either side. */
static int64_t line_at(const pass *p, int64_t k, int64_t *image)
{
    const csk_wavelet *w = p->w;
    int64_t at = 0;

    *image = 0;
    for (int i = w->space.rank - 2; i >= 0; i--) {
        const int64_t c = k % p->dim[i];
        const int64_t moved = p->shift ? wrap(c - p->shift[i], p->dim[i]) : c;

        at += c * w->stride[i];
        *image += moved * w->stride[i];
        k /= p->dim[i];
    }
    return at;
}

static void line_pass(const pass *p, int64_t lo, int64_t hi, float *scratch)
{
    const csk_wavelet *w = p->w;
    const int last = w->space.rank - 1;
    const int64_t n = p->dim[last];
    const int64_t first = p->shift ? wrap(-p->shift[last], n) : 0;

    for (int64_t k = lo; k < hi; k++) {
        int64_t image;
        const int64_t at = line_at(p, k, &image);

        if (p->inverse)
            line_inverse(w, p->out + image, p->in + at, n, first, scratch);
        else
            line_forward(w, p->out + at, p->in + image, n, first, scratch);
    }
}

/* Rows of a pass along another axis: unit u is output pair q of one outer position. */
static void row_pass(const pass *p, int64_t lo, int64_t hi)
{
    const csk_wavelet *w = p->w;
    const int rank = w->space.rank, half = w->length / 2;
    const int64_t n = p->dim[p->axis], pairs = n / 2, low = n - pairs;
    const int64_t row = p->dim[rank - 1] * (int64_t)w->space.field;
    const int64_t s = w->stride[p->axis];
    const float *rows[TAPS];

    for (int64_t u = lo; u < hi; u++) {
        const int64_t q = u % low;
        int64_t base = 0, rest = u / low;

        for (int i = rank - 2; i >= 0; i--) {
            if (i == p->axis)
                continue;
            base += rest % p->dim[i] * w->stride[i];
            rest /= p->dim[i];
        }
        const float *in = p->in + base;
        float *out = p->out + base;
        if (q == pairs) { /* the odd one out */
            csk_copy(row, in + (p->inverse ? pairs : n - 1) * s,
                     out + (p->inverse ? n - 1 : pairs) * s);
        } else if (p->inverse) {
            for (int t = 0; t < half; t++) {
                const int64_t r = wrap(q - t + w->offset / 2, pairs);
                rows[t] = in + r * s;
                rows[half + t] = in + (low + r) * s;
            }
            fir2(row, w->length, rows, w->even, w->odd, out + 2 * q * s,
                 out + (2 * q + 1) * s);
        } else {
            for (int t = 0; t < w->length; t++)
                rows[t] = in + wrap(2 * q + t - w->offset, 2 * pairs) * s;
            fir2(row, w->length, rows, w->low, w->high, out + q * s,
                 out + (low + q) * s);
        }
    }
}

static void run_pass(const pass *p, float *scratch)
{
    const csk_wavelet *w = p->w;
    const int last = w->space.rank - 1;
    const bool lines = p->axis == last;
    int64_t units = 1, floats = (int64_t)w->space.field;

    for (int i = 0; i <= last; i++) {
        floats *= p->dim[i];
        if (lines ? i != last : i != last && i != p->axis)
            units *= p->dim[i];
    }
    if (!lines)
        units *= p->dim[p->axis] - p->dim[p->axis] / 2;

#pragma omp parallel for schedule(static) if (floats > 1 << 16)
    for (int part = 0; part < PARTS; part++) {
        const int64_t lo = units * part / PARTS, hi = units * (part + 1) / PARTS;

        if (lines)
            line_pass(p, lo, hi, scratch + part * w->line);
        else
            row_pass(p, lo, hi);
    }
}

/* to := from on the box. */
static void copy_box(const csk_wavelet *w, const int64_t *dim, float *to,
                     const float *from, const int64_t *shift)
{
    const int last = w->space.rank - 1;
    const pass p = { w, dim, last, false, to, from, shift };
    int64_t lines = 1;

    for (int i = 0; i < last; i++)
        lines *= dim[i];
    for (int64_t k = 0; k < lines; k++) {
        int64_t image;
        const int64_t at = line_at(&p, k, &image);
        const int64_t first = shift ? wrap(-shift[last], dim[last]) : 0;

        rotate(to + at, from + image, first, dim[last], (int)w->space.field);
    }
}

/* The inverse of copy_box() with a shift. */
static void copy_box_back(const csk_wavelet *w, const int64_t *dim, float *to,
                          const float *from, const int64_t *shift)
{
    int64_t back[CSK_MAX_RANK];

    for (int i = 0; i < w->space.rank; i++)
        back[i] = -shift[i];
    copy_box(w, dim, to, from, back);
}

/*
 * Passes go from the last axis to the first, from one buffer to the other; a shift is folded
 * into the first one where that runs along lines, else it costs a copy.
 */
void csk_wavelet_forward(const csk_wavelet *w, float *c, const float *x,
                         const int64_t *shift, float *work)
{
    const int last = w->space.rank - 1;
    const int64_t len = csk_pad(csk_space_len(&w->space));
    float *other = work, *scratch = work + len;
    const float *from = x;

    if (w->levels == 0 || (shift && !(w->level[0].axes >> last & 1u))) {
        copy_box(w, w->space.dim, w->levels ? other : c, x, shift);
        from = other;
        shift = NULL;
    }
    for (int l = 0; l < w->levels; l++) {
        for (int axis = last; axis >= 0; axis--) {
            if (!(w->level[l].axes >> axis & 1u))
                continue;
            float *to = from == c ? other : c;
            const pass p = { w, w->level[l].dim, axis, false, to, from, shift };

            run_pass(&p, scratch);
            from = to;
            shift = NULL;
        }
        if (from != c) {
            copy_box(w, w->level[l].dim, c, from, NULL);
            from = c;
        }
    }
}

void csk_wavelet_inverse(const csk_wavelet *w, float *x, const float *c,
                         const int64_t *shift, float *work)
{
    const int last = w->space.rank - 1;
    const int64_t len = csk_pad(csk_space_len(&w->space));
    float *here = work, *other = here + len, *scratch = other + len;
    const bool folded = w->levels > 0 && (w->level[0].axes >> last & 1u);

    csk_copy(csk_space_len(&w->space), c, here);
    for (int l = w->levels - 1; l >= 0; l--) {
        float *from = here;

        for (int axis = 0; axis <= last; axis++) {
            if (!(w->level[l].axes >> axis & 1u))
                continue;
            const bool final = l == 0 && axis == last;
            float *to = final ? x : (from == here ? other : here);
            const pass p = { w,    w->level[l].dim,     axis, true, to,
                             from, final ? shift : NULL };

            run_pass(&p, scratch);
            from = to;
        }
        if (from == other)
            copy_box(w, w->level[l].dim, here, other, NULL);
    }
    if (folded)
        return;
    if (shift)
        copy_box_back(w, w->space.dim, x, here, shift);
    else
        csk_copy(csk_space_len(&w->space), here, x);
}

/* -- construction ---------------------------------------------------------------- */

static void set_taps(csk_wavelet *w, const double *h)
{
    const int L = w->length, half = L / 2;

    w->offset = (half - 1) & ~1;
    for (int j = 0; j < L; j++) {
        w->low[j] = (float)h[j];
        w->high[j] = (float)((j & 1 ? -1. : 1.) * h[L - 1 - j]);
    }
    for (int t = 0; t < half; t++) {
        w->even[t] = w->low[2 * t];
        w->odd[t] = w->low[2 * t + 1];
        w->even[half + t] = w->high[2 * t];
        w->odd[half + t] = w->high[2 * t + 1];
    }
}

/* The details of level l: boxes beside the part that is split further. */
static void add_details(csk_wavelet *w, int l)
{
    for (unsigned detail = 1; detail < 1u << w->space.rank; detail++) {
        if (detail & ~w->level[l].axes)
            continue;
        csk_band *b = &w->band[w->bands++];
        b->level = l + 1;
        b->detail = detail;
        for (int i = 0; i < w->space.rank; i++) {
            const int64_t n = w->level[l].dim[i];
            const bool split = w->level[l].axes >> i & 1u;
            const bool high = detail >> i & 1u;

            b->offset[i] = high ? n - n / 2 : 0;
            b->dim[i] = !split ? n : (high ? n / 2 : n - n / 2);
        }
    }
}

static void plan_levels(csk_wavelet *w, int levels)
{
    const int rank = w->space.rank;
    int64_t dim[CSK_MAX_RANK];

    memcpy(dim, w->space.dim, sizeof(dim));
    for (; w->levels < levels; w->levels++) {
        unsigned split = 0;

        for (int i = 0; i < rank; i++) {
            if ((w->axes >> i & 1u) && dim[i] >= w->length)
                split |= 1u << i;
        }
        if (!split)
            break;
        w->level[w->levels].axes = split;
        memcpy(w->level[w->levels].dim, dim, sizeof(dim));
        for (int i = 0; i < rank; i++) {
            if (split >> i & 1u)
                dim[i] -= dim[i] / 2;
        }
    }
    w->bands = 1;
    w->band[0] = (csk_band){ .level = w->levels };
    memcpy(w->band[0].dim, dim, sizeof(dim));
    for (int l = w->levels - 1; l >= 0; l--)
        add_details(w, l);
}

csk_status csk_wavelet_new(csk_wavelet **out, const csk_space *space, unsigned axes,
                           const char *family, int levels)
{
    const double *tap;
    int length, count = 0;
    csk_status err = csk_space_check(space, "wavelet");

    if (!err)
        err = csk_wavelet_filter(family, &length, &tap);
    if (err)
        return err;
    for (int i = 0; i < CSK_MAX_RANK; i++)
        count += (int)(axes >> i & 1u);
    if (axes >> space->rank || count < 1 || count > 3)
        return csk_fail(CSK_ERR_ARG, "wavelet: axes %#x, expected 1 to 3 of the %d",
                        axes, space->rank);
    if (levels < 1 || levels > MAX_LEVELS)
        return csk_fail(CSK_ERR_ARG, "wavelet: levels is %d, not in 1..%d", levels,
                        MAX_LEVELS);

    csk_wavelet *w = csk_alloc(1, sizeof(*w));
    if (!w)
        return CSK_ERR_NOMEM;
    w->space = *space;
    w->axes = axes;
    w->length = length;
    set_taps(w, tap);
    int64_t stride = (int64_t)space->field;
    for (int i = space->rank - 1; i >= 0; i--) {
        w->stride[i] = stride;
        stride *= space->dim[i];
    }
    w->line =
        csk_pad((3 * space->dim[space->rank - 1] + 4 * TAPS) * (int64_t)space->field);
    plan_levels(w, levels);
    *out = w;
    return CSK_OK;
}

void csk_wavelet_free(csk_wavelet *w)
{
    csk_free(w);
}

const csk_space *csk_wavelet_space(const csk_wavelet *w)
{
    return &w->space;
}

int64_t csk_wavelet_work_len(const csk_wavelet *w)
{
    return 2 * csk_pad(csk_space_len(&w->space)) + PARTS * w->line;
}

int csk_wavelet_bands(const csk_wavelet *w)
{
    return w->bands;
}

const csk_band *csk_wavelet_band(const csk_wavelet *w, int k)
{
    return &w->band[k];
}

int csk_wavelet_levels(const csk_wavelet *w)
{
    return w->levels;
}

void csk_wavelet_random_shift(const csk_wavelet *w, uint64_t seed, uint32_t stream,
                              uint32_t draw, int64_t *shift)
{
    float u[CSK_MAX_RANK];
    const double range = (double)((int64_t)1 << w->levels);

    csk_rng_uniform((csk_rng){ seed, stream, draw }, CSK_MAX_RANK, u);
    for (int i = 0; i < w->space.rank; i++)
        shift[i] = w->axes >> i & 1u ? (int64_t)(range * (double)u[i]) : 0;
}

/* -- as an operator ---------------------------------------------------------------- */

typedef struct wavelet_op {
    csk_linop base;
    csk_wavelet *w;
} wavelet_op;

static void op_apply(const csk_linop *A, float *y, const float *x, float *work)
{
    csk_wavelet_forward(((const wavelet_op *)A)->w, y, x, NULL, work);
}

static void op_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    csk_wavelet_inverse(((const wavelet_op *)A)->w, x, y, NULL, work);
}

static void op_normal(const csk_linop *A, float *z, const float *x, float *work)
{
    (void)work;
    csk_copy(csk_linop_cols(A), x, z); /* orthonormal */
}

static void op_resolvent(const csk_linop *A, float *z, const float *x, double a,
                         double b, float *work)
{
    (void)work;
    csk_axpby(csk_linop_cols(A), 1. / (a + b), x, 0., z);
}

static void op_destroy(csk_linop *A)
{
    csk_wavelet_free(((wavelet_op *)A)->w);
}

static const csk_linop_class wavelet_class = {
    .name = "wavelet",
    .apply = op_apply,
    .adjoint = op_adjoint,
    .normal = op_normal,
    .resolvent = op_resolvent,
    .destroy = op_destroy,
};

csk_status csk_linop_wavelet(csk_linop **out, const csk_space *space, unsigned axes,
                             const char *family, int levels)
{
    csk_wavelet *w;
    const csk_status err = csk_wavelet_new(&w, space, axes, family, levels);

    if (err)
        return err;
    wavelet_op *A = csk_linop_new(sizeof(*A), &wavelet_class, space, space);
    if (!A) {
        csk_wavelet_free(w);
        return CSK_ERR_NOMEM;
    }
    A->w = w;
    A->base.work_len = csk_wavelet_work_len(w);
    A->base.norm_bound = 1.;
    *out = &A->base;
    return CSK_OK;
}
