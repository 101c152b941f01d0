/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/rng.h"
#include "operators/hermitian_priv.h"
#include "operators/null_space_priv.h"

#include <math.h>
#include <stdbool.h>

static const float *sample(const csk_planes *k, int64_t coil, int64_t plane, int64_t y,
                           int64_t x)
{
    return k->data + 2 * (((coil * k->planes + plane) * k->ny + y) * k->nx + x);
}

enum {
    LEAST_SIDE = 12, /* of a block */
    MOST_SIDE = 40,  /* more costs time and gains little */
    COILS_SIDE = 24, /* of three coils and more: see find_square() */
    MOST_COLUMNS =
        128, /* of the matrix of windows; of one or two coils, whose null space is */
    MANY_COLUMNS = 196, /* small, more */
    FEWEST = 8,         /* dimensions of a null space */
};

/* A fully sampled rectangle, and the matrix of its windows: one row for every position of a
 * window of side w, the coils' points in the window side by side. */
typedef struct block {
    int64_t plane, y, x, height, width; /* height 0: none */
    double energy;
    int64_t coils; /* used */
    int64_t w, rows, cols;
} block;

/* Sums over rectangles of a plane, by a table of sums from its corner. */
typedef struct table {
    int64_t pitch;
    double *energy, *full;
} table;

static void fill_table(table *t, const csk_planes *k, int64_t plane)
{
    for (int64_t y = 0; y < k->ny; y++) {
        double energy = 0., full = 0.;

        for (int64_t x = 0; x < k->nx; x++) {
            const int64_t at = (y + 1) * t->pitch + x + 1;

            for (int64_t c = 0; c < k->coils; c++) {
                const float *z = sample(k, c, plane, y, x);
                energy += (double)z[0] * (double)z[0] + (double)z[1] * (double)z[1];
            }
            full += k->sampled[(plane * k->ny + y) * k->nx + x];
            t->energy[at] = t->energy[at - t->pitch] + energy;
            t->full[at] = t->full[at - t->pitch] + full;
        }
    }
}

static double sum(const table *t, const double *of, int64_t y, int64_t x,
                  int64_t height, int64_t width)
{
    const int64_t low = y * t->pitch + x, high = low + height * t->pitch;

    return of[high + width] - of[high] - of[low + width] + of[low];
}

static bool is_full(const table *t, int64_t y, int64_t x, int64_t height, int64_t width)
{
    return sum(t, t->full, y, x, height, width) > (double)(height * width) - .5;
}

/*
 * The largest square up to a limit; of several the one with the least energy. With several coils
 * the limit is lower: windows of a large block are full of signal, a small one can avoid it.
 */
static void find_square(block *b, const csk_planes *k, const table *t, int64_t plane)
{
    const int64_t least = b->height > LEAST_SIDE ? b->height : LEAST_SIDE;
    const int64_t most = k->coils > 2 ? COILS_SIDE : MOST_SIDE;
    bool found = false;

    for (int64_t side = most; side >= least && !found; side--) {
        for (int64_t y = 0; y + side <= k->ny; y++) {
            for (int64_t x = 0; x + side <= k->nx; x++) {
                if (!is_full(t, y, x, side, side))
                    continue;
                const double energy = sum(t, t->energy, y, x, side, side);
                found = true;
                if (b->height < side || energy < b->energy)
                    *b = (block){ plane, y, x, side, side, .energy = energy };
            }
        }
    }
}

/* Fully sampled lines make the square longer, up to the area of the largest square. */
static void grow(block *b, const csk_planes *k, const table *t)
{
    const int64_t area = MOST_SIDE * MOST_SIDE;
    bool grown = true;

    while (grown && (b->height + 1) * (b->width + 1) <= area) {
        grown = false;
        if (b->x > 0 && is_full(t, b->y, b->x - 1, b->height, 1)) {
            b->x--;
            b->width++;
            grown = true;
        }
        if (b->x + b->width < k->nx &&
            is_full(t, b->y, b->x + b->width, b->height, 1)) {
            b->width++;
            grown = true;
        }
        if (b->y > 0 && is_full(t, b->y - 1, b->x, 1, b->width)) {
            b->y--;
            b->height++;
            grown = true;
        }
        if (b->y + b->height < k->ny &&
            is_full(t, b->y + b->height, b->x, 1, b->width)) {
            b->height++;
            grown = true;
        }
    }
}

static csk_status find_block(block *b, const csk_planes *k)
{
    const int64_t pitch = k->nx + 1, size = (k->ny + 1) * pitch;
    double *room = csk_alloc(2 * size, sizeof(*room));

    *b = (block){ .height = 0 };
    if (!room)
        return CSK_ERR_NOMEM;
    table t = { pitch, room, room + size };
    for (int64_t plane = 0; plane < k->planes; plane++) {
        fill_table(&t, k, plane);
        find_square(b, k, &t, plane);
    }
    if (b->height > 0) {
        fill_table(&t, k, b->plane);
        grow(b, k, &t);
    }
    csk_free(room);
    return CSK_OK;
}

/* Windows as large as their number allows, so that the null space is large, too. */
static void choose_window(block *b, const csk_planes *k)
{
    const int64_t most = k->coils <= 2 ? MANY_COLUMNS : MOST_COLUMNS;

    b->coils = k->coils < most ? k->coils : most;
    for (int64_t w = 1; b->coils * w * w <= most; w++) {
        const int64_t rows = (b->height - w + 1) * (b->width - w + 1);

        if (w > 1 && (3 * w > 2 * b->height || 3 * w > 2 * b->width || rows < w * w))
            break;
        b->w = w;
        b->rows = rows;
    }
    b->cols = b->coils * b->w * b->w;
}

/* A := the windows of z, [coil][height][width] interleaved. */
static void fill_windows(const block *b, double complex *A, const float *z)
{
    const int64_t steps = b->width - b->w + 1;

    for (int64_t r = 0; r < b->rows; r++) {
        for (int64_t c = 0; c < b->coils; c++) {
            for (int64_t i = 0; i < b->w * b->w; i++) {
                const int64_t y = r / steps + i / b->w, x = r % steps + i % b->w;
                const float *p = z + 2 * ((c * b->height + y) * b->width + x);

                *A++ = csk_complex_number((double)p[0], (double)p[1]);
            }
        }
    }
}

/*
 * With the singular vectors A = U S V^H of the data: noise E of unit strength, seen from there.
 * The residual that is left of noise when r dimensions of signal are taken away is, to first
 * order, (1 - P_U) E (1 - P_V), P on the first r left and right singular vectors.
 */
typedef struct spectrum {
    int64_t rows, cols, draws;
    double *value;     /* squared singular values of the data, falling */
    double complex *W; /* row j: conj(v_j) */
    double complex *U; /* rows x cols */
    double complex *X; /* E V of the last draw, rows x cols */
    double complex *Y; /* U^H E V, cols x cols */
    double *left;      /* left[r]: energy of the residual, mean over the draws */
} spectrum;

/* Rows of M := rows of M times V. */
static void times_basis(const spectrum *s, double complex *M, double complex *row)
{
    for (int64_t i = 0; i < s->rows; i++) {
        double complex *m = M + i * s->cols;

        for (int64_t j = 0; j < s->cols; j++)
            row[j] = csk_complex_inner(s->cols, s->W + j * s->cols, m);
        for (int64_t j = 0; j < s->cols; j++)
            m[j] = row[j];
    }
}

static csk_status decompose(spectrum *s, double complex *work)
{
    const int64_t n = s->cols;
    double complex *gram = s->Y; /* not yet in use */

    for (int64_t i = 0; i < n * n; i++)
        gram[i] = 0.;
    for (int64_t r = 0; r < s->rows; r++) {
        const double complex *a = s->U + r * n;
        for (int64_t i = 0; i < n; i++)
            csk_complex_add(n, conj(a[i]), a, gram + i * n);
    }
    const csk_status err = csk_hermitian_eigen(n, gram, s->W, s->value, work);
    if (err)
        return err;
    times_basis(s, s->U, work); /* A V = U S */
    for (int64_t j = 0; j < n; j++)
        s->value[j] = fmax(s->value[j], 0.);
    for (int64_t r = 0; r < s->rows; r++) {
        for (int64_t j = 0; j < n; j++)
            s->U[r * n + j] *= s->value[j] > 0. ? 1. / sqrt(s->value[j]) : 0.;
    }
    return CSK_OK;
}

/* left[r] += ||(1 - P_U) E (1 - P_V)||^2 = sum_{j >= r} (||X_j||^2 - sum_{i < r} |Y_ij|^2) */
static void add_residuals(spectrum *s)
{
    const int64_t n = s->cols;

    for (int64_t i = 0; i < n * n; i++)
        s->Y[i] = 0.;
    for (int64_t r = 0; r < s->rows; r++) {
        for (int64_t i = 0; i < n; i++)
            csk_complex_add(n, conj(s->U[r * n + i]), s->X + r * n, s->Y + i * n);
    }
    double right = 0.; /* columns from r on */
    for (int64_t r = n - 1; r >= 0; r--) {
        for (int64_t i = 0; i < s->rows; i++)
            right += creal(s->X[i * n + r]) * creal(s->X[i * n + r]) +
                     cimag(s->X[i * n + r]) * cimag(s->X[i * n + r]);
        double both = 0.;
        for (int64_t i = 0; i < r; i++)
            both += creal(csk_complex_inner(n - r, s->Y + i * n + r, s->Y + i * n + r));
        s->left[r] += (right - both) / (double)s->draws;
    }
}

/* The largest squared singular value of the residual, by the power method, a little low. */
static double edge(const spectrum *s, int64_t r, double complex *v)
{
    const int64_t n = s->cols, m = n - r;
    double complex *next = v + n;
    double top = 0.;

    for (int64_t j = 0; j < m; j++)
        v[j] = 1. / sqrt((double)m);
    for (int round = 0; round < 30; round++) {
        for (int64_t j = 0; j < m; j++)
            next[j] = 0.;
        /* v := X^H X v - Y^H Y v; the rows of X and Y are plain, hence the conjugates */
        for (int64_t i = 0; i < s->rows + r; i++) {
            const double complex *row =
                i < s->rows ? s->X + i * n + r : s->Y + (i - s->rows) * n + r;
            const double complex t = csk_complex_inner(m, v, row);

            csk_complex_add(m, i < s->rows ? conj(t) : -conj(t), row, next);
        }
        top = sqrt(creal(csk_complex_inner(m, next, next)));
        for (int64_t j = 0; j < m && top > 0.; j++)
            v[j] = next[j] / top;
    }
    return top;
}

static double tail(const spectrum *s, int64_t r)
{
    double sum = 0.;

    for (int64_t j = r; j < s->cols; j++)
        sum += s->value[j];
    return sum;
}

/*
 * The singular values of signal fall geometrically. A line through the logarithm of the last ones
 * that stand out of noise, strength * decay^(j - r), tells how much signal hides below.
 */
static void fit_decay(const spectrum *s, int64_t r, double noise, double *strength,
                      double *decay)
{
    double n = 0., x1 = 0., x2 = 0., y1 = 0., xy = 0.;

    *strength = *decay = 0.;
    for (int64_t j = r - 1; j >= 0 && n < 12.; j--) {
        const double x = (double)(j - r), signal = s->value[j] - noise;

        if (signal < noise)
            continue;
        n++;
        x1 += x;
        x2 += x * x;
        y1 += log(signal);
        xy += x * log(signal);
    }
    if (n < 4.)
        return;
    const double slope = (n * xy - x1 * y1) / (n * x2 - x1 * x1);
    *strength = exp((y1 - slope * x1) / n);
    *decay = fmin(exp(slope), .95);
}

/*
 * eta^2 = (energy beyond rank r - signal there) / left[r] for the smallest rank at which the largest
 * singular value beyond could be noise's and little signal is expected beyond.
 */
static double fit_noise(const spectrum *s, double complex *work)
{
    const int64_t n = s->cols < s->rows ? s->cols : s->rows;
    const int64_t last = n > 2 * FEWEST ? n - FEWEST : n / 2;
    int64_t low = -1, r = last; /* ranks too small, and large enough */
    double noise = 0., strength, decay;

    while (r - low > 1) {
        const int64_t mid = low + (r - low) / 2;
        /* 1.2: the edge is low, and it scatters */
        const double most = 1.2 * tail(s, mid) / s->left[mid] * edge(s, mid, work);

        if (s->value[mid] <= most) {
            r = mid;
            noise = most;
        } else {
            low = mid;
        }
    }
    fit_decay(s, r, noise, &strength, &decay);
    double hidden = strength / (1. - decay);
    for (; hidden > .1 * tail(s, r) && r < last; r++)
        hidden *= decay;
    if (hidden > .1 * tail(s, r)) /* signal everywhere: a bound */
        hidden = 0.;
    return sqrt((tail(s, r) - hidden) / s->left[r]);
}

static csk_status measure(double *eta, const csk_planes *k, const block *b)
{
    const int64_t n = b->cols, area = b->height * b->width, points = b->coils * area;
    spectrum s = { .rows = b->rows, .cols = n, .draws = 1 + 800 / b->rows };
    double complex *room =
        csk_alloc(2 * b->rows * n + 2 * n * n + 3 * n, sizeof(*room));
    double *reals = csk_alloc(2 * n, sizeof(*reals));
    float *z = csk_alloc(2 * points, sizeof(*z));
    csk_status err = CSK_ERR_NOMEM;

    if (!room || !reals || !z)
        goto out;
    s.U = room;
    s.X = s.U + b->rows * n;
    s.W = s.X + b->rows * n;
    s.Y = s.W + n * n;
    s.value = reals;
    s.left = reals + n;
    double complex *work = s.Y + n * n;

    for (int64_t i = 0; i < points; i++) {
        const float *from = sample(k, i / area, b->plane, b->y + i % area / b->width,
                                   b->x + i % b->width);

        z[2 * i] = from[0];
        z[2 * i + 1] = from[1];
    }
    fill_windows(b, s.U, z);
    err = decompose(&s, work);
    if (err)
        goto out;
    for (uint32_t draw = 0; draw < s.draws; draw++) {
        csk_rng_normal((csk_rng){ .draw = draw }, 2 * points, z);
        fill_windows(b, s.X, z);
        times_basis(&s, s.X, work);
        add_residuals(&s);
    }
    *eta = fit_noise(&s, work);

out:
    csk_free(room);
    csk_free(reals);
    csk_free(z);
    return err;
}

csk_status csk_null_space_noise(double *eta, int64_t *points, const csk_planes *k)
{
    block b;
    const csk_status err = find_block(&b, k);

    *eta = INFINITY;
    *points = b.height * b.width;
    if (err || b.height == 0)
        return err;
    choose_window(&b, k);
    return measure(eta, k, &b);
}
