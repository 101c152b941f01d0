/* SPDX-License-Identifier: BSD-3-Clause */
/** @file cli/demo.h  The parts of the verb demo: its lines, its search, its figure. */
#ifndef CSK_CLI_DEMO_H
#define CSK_CLI_DEMO_H

#include "cli/cli.h"
#include "cs/metric.h"

/** What a prior made of the scan; pictures are real, magnitudes of what was complex. */
typedef struct demo_posterior {
    const char *name, *rec; /**< of the prior, as people read it; of the directory */
    csk_array mean_picture, std, low, high, sample_picture;
    csk_metrics mean, sample;
    double coverage; /**< of the head's pixels (truth above a twentieth of its largest
                              value), those between low and high */
    double nominal;  /**< what it should be */
} demo_posterior;

/** All of one shape; real but for the mask, magnitudes of what was complex. */
typedef struct demo_pictures {
    csk_array truth, mask, zero_filled, naive;
    demo_posterior wavelet, learned; /**< learned.name is NULL: there is none */
} demo_pictures;

/** How far from the truth. */
typedef struct demo_scores {
    csk_metrics zero_filled, naive;
    csk_metrics l1, tv;  /**< each at the weight with the largest PSNR */
    double noise;        /**< that was added */
    double acceleration; /**< measured: positions over samples */
    int coils, samples, slice;
} demo_scores;

/** The options of the verb. */
typedef struct demo_opts {
    const char *head, *resample, *shape, *prior;
    int slice, gap, spacing, train;
    double accel;
    int acs, coils, samples, levels;
    double noise;
} demo_opts;

enum { TEXTS = 8, TEXT = 4096 };

/** One demo: what the steps share. */
typedef struct demo {
    const cli_call *call;
    const demo_opts *o;
    const char *dir, *head, *resample, *shape;
    csk_array truth; /* complex */
    demo_pictures picture;
    demo_scores score;
    char text[TEXTS][TEXT]; /* words of the line that is being built */
    int texts;
    double seconds; /* of the last line */
} demo;

/** One word of a line, printf-like; valid until ::TEXTS - 1 more were made. */
CSK_PRINTF(2, 3) const char *demo_word(demo *d, const char *fmt, ...);
/** A file in the directory of the demo, likewise. */
const char *demo_file(demo *d, const char *name);

/** Run a verb; @p words up to NULL, @p results as cli_do() gives them. Sets d->seconds. */
csk_status demo_line(demo *d, char **results, const char *const *words) CSK_MUST_CHECK;
#define DEMO_LINE(d, ...) demo_line(d, NULL, (const char *const[]){ __VA_ARGS__, NULL })

/** Compare a file with the truth. */
csk_status demo_compare(demo *d, csk_metrics *m, const char *name) CSK_MUST_CHECK;

/** A row of the table; weight and seconds NaN: none of its own. */
void demo_put(const cli_call *call, const char *method, const char *weight_from,
              double weight, const csk_metrics *m, double seconds);

/** csk solve; @p option: what the weight is called; NULL: the method has none. */
csk_status demo_solve(demo *d, const char *method, const char *option,
                      const char *weight, const char *name) CSK_MUST_CHECK;

/**
 * The method at its very best, found with the truth in hand: rows for the weight of the
 * largest PSNR and of the largest SSIM.
 *
 * @param start  where to begin: noise x 2^(start/4)
 * @param best   out: at the weight of the largest PSNR
 */
csk_status demo_at_best_weight(demo *d, const char *method, const char *option,
                               int start, csk_metrics *best) CSK_MUST_CHECK;

void demo_pictures_clear(demo_pictures *p);

/** The one to show: the learned prior's if there is one. */
const demo_posterior *demo_best(const demo_pictures *p);

/** Draw truth, mask, estimates, uncertainty and error with a caption. */
csk_status demo_draw(const cli_call *call, const demo_pictures *p, const demo_scores *s,
                     const char *path) CSK_MUST_CHECK;

#endif
