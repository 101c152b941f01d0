/* SPDX-License-Identifier: BSD-3-Clause */
/* A whole reconstruction: the verbs a user would type, and what came out of them. */
#include "cli/cli.h"
#include "cli/demo.h"
#include "cli/prior_arg.h"
#include "cs/mem.h"
#include "cs/reshape.h"
#include "cs/vec.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLIN27 "/usr/share/mricron/templates/ch2better.nii.gz"

/* The head, for the coverage: where the truth is above this part of its largest value. */
#define INSIDE .05

#define S demo_opts
/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_TEXT(S, head,     "head", "FILE",                  "a volume [z][y][x] to take slices from (default Colin27, of Debian's mricron-data)"),
    CSK_OPT_INT (S, slice,    "slice",   180, 0, 1000000, "Z", "the slice that is scanned"),
    CSK_OPT_INT (S, train,    "train",   12, 1, 200, "N",      "slices the prior learns from"),
    CSK_OPT_INT (S, gap,      "gap",     20, 1, 100000, "N",   "no such slice is nearer than this: 10 mm in Colin27"),
    CSK_OPT_INT (S, spacing,  "spacing", 12, 1, 100000, "N",   "from one such slice to the next"),
    CSK_OPT_TEXT(S, resample, "resample", "F",                 "shrink the slices (default 0.5, to 1 mm in Colin27)"),
    CSK_OPT_TEXT(S, shape,    "shape", "N,N",                  "pad them to (default 192,192)"),
    CSK_OPT_REAL(S, accel,    "accel",   4, 1, 100, "R",       "Poisson-disc mask: positions over samples"),
    CSK_OPT_INT (S, acs,      "acs",     24, 0, 1024, "N",     "width of its full centre"),
    CSK_OPT_INT (S, coils,    "coils",   8, 1, 64, "N",        "simulated coils"),
    CSK_OPT_REAL(S, noise,    "noise",   .01, 1e-6, 1, "ETA",  "standard deviation of the noise in each real number; the largest pixel is 1"),
    CSK_OPT_INT (S, samples,  "samples", 16, 2, 65536, "N",    "posterior samples"),
    CSK_OPT_INT (S, levels,   "levels",  0, 0, 100000, "N",    "levels of the annealing, 0 for what csk recon takes"),
    CSK_OPT_TEXT(S, prior,    "prior", "NAME",                 "a learned prior besides the fitted one, or none (default brain, if it is in csk prior list)"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

static csk_status read_magnitude(demo *d, csk_array *out, const char *name)
{
    csk_array a = { .data = NULL };
    csk_status err = cli_read(d->call, &a, demo_file(d, name), CLI_FINITE);

    if (!err)
        err = csk_array_part(
            out, &a, a.space.field == CSK_COMPLEX ? CSK_PART_MAGNITUDE : CSK_PART_REAL);
    csk_array_clear(&a);
    return err;
}

/* -- data ------------------------------------------------------------------------------ */

static csk_status cut(demo *d, int z, const char *name)
{
    return DEMO_LINE(d, "convert", d->head, "--slice", demo_word(d, "z=%d", z),
                     "--resample", d->resample, "--pad", d->shape, "--scale", "1",
                     demo_file(d, name));
}

/* The scanned slice, and others on both sides of it. */
static csk_status cut_slices(demo *d)
{
    const demo_opts *o = d->o;
    csk_status err = cut(d, o->slice, "brain.npy");

    for (int k = 0; k < o->train && !err; k++) {
        const int away = o->gap + k / 2 * o->spacing;
        char name[32];

        (void)snprintf(name, sizeof(name), "train-%d.npy", k);
        err = cut(d, k % 2 ? o->slice + away : o->slice - away, name);
    }
    return err;
}

static csk_status scan(demo *d)
{
    const demo_opts *o = d->o;
    csk_status err = DEMO_LINE(d, "mask", "--shape", d->shape, "--kind", "poisson",
                               "--accel", demo_word(d, "%g", o->accel), "--acs",
                               demo_word(d, "%d", o->acs), demo_file(d, "mask.npy"));

    if (!err)
        err = DEMO_LINE(d, "simulate", demo_file(d, "brain.npy"), "--mask",
                        demo_file(d, "mask.npy"), "--coils",
                        demo_word(d, "%d", o->coils), "--phase", "smooth", "--noise",
                        demo_word(d, "%g", o->noise), "-o", demo_file(d, "scan"));
    if (!err)
        err = cli_read(d->call, &d->truth, demo_file(d, "scan-truth.npy"), CLI_FINITE);
    return err;
}

/* -- the posterior ----------------------------------------------------------------------- */

static csk_status fit(demo *d)
{
    const int n = d->o->train;
    const char **words = calloc((size_t)n + 8, sizeof(*words));
    char(*name)[TEXT] = calloc((size_t)n, sizeof(*name));
    csk_status err;
    int k = 0;

    if (!words || !name) {
        err = cli_no_memory();
    } else {
        words[k++] = "prior";
        words[k++] = "fit";
        words[k++] = "--kind";
        words[k++] = "wavelet";
        for (int i = 0; i < n; i++) {
            (void)snprintf(name[i], TEXT, "%s/train-%d.npy", d->dir, i);
            words[k++] = name[i];
        }
        words[k++] = "-o";
        words[k++] = demo_file(d, "fitted.csk");
        err = demo_line(d, NULL, words);
    }
    free(words);
    free(name);
    return err;
}

/* The numbers of recon's report that say whether it can be trusted. */
static csk_status repeat_report(demo *d, const char *results)
{
    static const char *const keys[] = { "noise_level", "radius", "residual_ratio" };
    json_t *report = json_loads(results, 0, NULL);

    if (!report)
        return cli_no_memory();
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const json_t *number = json_object_get(report, keys[i]);
        if (json_is_number(number))
            cli_put_real(d->call, keys[i], json_number_value(number), 4, NULL);
    }
    json_decref(report);
    return CSK_OK;
}

static void count_covered(const demo *d, demo_posterior *p)
{
    const csk_array *truth = &d->picture.truth;
    const int64_t n = csk_space_size(&truth->space);
    const double floor = INSIDE * csk_max_modulus(n, 1, truth->data);
    const double N = d->o->samples, tail = fmax(.05, 1. / (N + 1.));
    int64_t inside = 0, covered = 0;

    for (int64_t i = 0; i < n; i++) {
        const float t = truth->data[i];
        if ((double)t <= floor)
            continue;
        inside++;
        covered += p->low.data[i] <= t && t <= p->high.data[i];
    }
    p->coverage = (double)covered / (double)inside;
    p->nominal = 1. - 2. * tail;
}

static csk_status read_pictures(demo *d)
{
    demo_pictures *p = &d->picture;
    csk_status err = read_magnitude(d, &p->truth, "scan-truth.npy");

    if (!err)
        err = read_magnitude(d, &p->mask, "mask.npy");
    if (!err)
        err = read_magnitude(d, &p->zero_filled, "zero-filled.npy");
    return err;
}

static csk_status read_posterior(demo *d, demo_posterior *p)
{
    csk_array samples = { .data = NULL };
    csk_status err =
        read_magnitude(d, &p->mean_picture, demo_word(d, "%s/mean.npy", p->rec));

    if (!err)
        err = read_magnitude(d, &p->std, demo_word(d, "%s/std.npy", p->rec));
    if (!err)
        err = read_magnitude(d, &p->low, demo_word(d, "%s/q05.npy", p->rec));
    if (!err)
        err = read_magnitude(d, &p->high, demo_word(d, "%s/q95.npy", p->rec));
    if (!err)
        err = read_magnitude(d, &samples, demo_word(d, "%s/samples.npy", p->rec));
    if (!err)
        err = csk_array_pick(&p->sample_picture, &samples, 0, 0);
    csk_array_clear(&samples);
    if (!err)
        err = demo_compare(d, &p->mean, demo_word(d, "%s/mean.npy", p->rec));
    if (!err)
        err = csk_metric(&p->sample, &p->sample_picture, &d->picture.truth, NULL);
    return err;
}

/*
 * csk recon with @p prior into p->rec, and two rows of the table; @p results as cli_do() has them.
 * The truth has no noise: what a learned prior leaves of it in the samples is taken out.
 */
static csk_status recover(demo *d, demo_posterior *p, const char *prior, bool learned,
                          char **results)
{
    const demo_opts *o = d->o;
    const char *words[16] = { "recon",     demo_file(d, "scan.cfl"),
                              "--coils",   demo_file(d, "scan-coils.cfl"),
                              "--prior",   prior,
                              "--samples", demo_word(d, "%d", o->samples),
                              "--out",     demo_file(d, p->rec) };
    int count = 10;

    if (o->levels) {
        words[count++] = "--levels";
        words[count++] = demo_word(d, "%d", o->levels);
    }
    if (learned)
        words[count++] = "--denoise-samples";
    csk_status err = demo_line(d, results, words);
    const double seconds = d->seconds;
    char row[2][80];

    if (!err)
        err = read_posterior(d, p);
    if (err)
        return err;
    count_covered(d, p);
    (void)snprintf(row[0], sizeof(row[0]), "one sample, %.40s prior", p->name);
    (void)snprintf(row[1], sizeof(row[1]), "posterior mean, %.40s prior", p->name);
    demo_put(d->call, row[0], "prior", NAN, &p->sample, NAN);
    demo_put(d->call, row[1], "prior", NAN, &p->mean, seconds);
    return CSK_OK;
}

/* The fitted prior, whose naive estimate is everybody's, then the learned one. */
static csk_status sample_posterior(demo *d)
{
    demo_pictures *p = &d->picture;
    char *results = NULL;
    csk_status err = fit(d);
    const double fitting = d->seconds;

    if (!err)
        err = read_pictures(d);
    if (!err)
        err = recover(d, &p->wavelet, demo_file(d, "fitted.csk"), false, &results);
    if (!err)
        err = demo_compare(d, &d->score.naive, "rec/naive.npy");
    if (!err)
        err = read_magnitude(d, &p->naive, "rec/naive.npy");
    if (!err)
        demo_put(d->call, "naive estimate", "data", NAN, &d->score.naive, NAN);
    if (!err && p->learned.name) {
        free(results);
        results = NULL;
        err = recover(d, &p->learned, p->learned.name, true, &results);
    }
    if (!err) {
        cli_put_real(d->call, "seconds_fitting_the_prior", fitting, 2, NULL);
        err = repeat_report(d, results);
    }
    free(results);
    return err;
}

/* -- all of it --------------------------------------------------------------------------- */

static csk_status check(demo *d)
{
    if (strlen(d->dir) > TEXT / 2)
        return csk_fail(CSK_ERR_ARG, "the name of the directory is too long");
    if (access(d->head, R_OK) != 0 && !d->o->head)
        return cli_bad_input(
            d->call, csk_fail(CSK_ERR_IO,
                              "%s: %s; it is in Debian's package mricron-data, or "
                              "name another volume with --head",
                              d->head, strerror(errno)));
    if (d->o->slice < d->o->gap + (d->o->train - 1) / 2 * d->o->spacing)
        return csk_fail(
            CSK_ERR_ARG,
            "--slice %d: there are not enough slices below it to learn from",
            d->o->slice);
    return CSK_OK;
}

/* Rows of a slice run from the back to the front of the head: look at it from below. */
static csk_status draw(demo *d)
{
    demo_pictures *p = &d->picture;
    demo_posterior *w = &p->wavelet, *l = &p->learned;
    csk_array *const all[] = { &p->truth,        &p->mask,          &p->zero_filled,
                               &p->naive,        &w->mean_picture,  &w->std,
                               &w->low,          &w->high,          &w->sample_picture,
                               &l->mean_picture, &l->std,           &l->low,
                               &l->high,         &l->sample_picture };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i]->data)
            csk_array_flip(all[i], 0);
    }
    return demo_draw(d->call, p, &d->score, demo_file(d, "figure.png"));
}

static csk_status write_report(demo *d)
{
    char *json = cli_report_json(d->call);
    const csk_status err =
        json ? cli_write_file(d->call, demo_file(d, "report.json"), json, strlen(json))
             : cli_no_memory();

    free(json);
    return err;
}

static csk_status reconstruct(demo *d)
{
    demo_scores *s = &d->score;
    csk_metrics cg;
    csk_status err = cut_slices(d);

    if (!err)
        err = scan(d);
    if (!err)
        err = demo_solve(d, "zero-filled", NULL, NULL, "zero-filled.npy");
    const double seconds = d->seconds;
    if (!err)
        err = demo_compare(d, &s->zero_filled, "zero-filled.npy");
    if (!err)
        demo_put(d->call, "zero-filled", "none", NAN, &s->zero_filled, seconds);
    if (!err)
        err = demo_at_best_weight(d, "cg-sense", "--ridge", 0, &cg);
    if (!err)
        err = demo_at_best_weight(d, "l1-wavelet", "--lambda", -2, &s->l1);
    if (!err)
        err = demo_at_best_weight(d, "tv", "--lambda", -5, &s->tv);
    if (!err)
        err = sample_posterior(d);
    if (!err) {
        const demo_posterior *best = demo_best(&d->picture);
        cli_put_text(d->call, "prior", best->name);
        cli_put_real(d->call, "gain_over_l1_wavelet", best->mean.psnr - s->l1.psnr, 2,
                     "dB");
        cli_put_real(d->call, "gain_over_tv", best->mean.psnr - s->tv.psnr, 2, "dB");
        cli_put_real(d->call, "coverage", best->coverage, 3, NULL);
        cli_put_real(d->call, "coverage_expected", best->nominal, 3, NULL);
    }
    return err;
}

/* Colin27 is not among the images that brain was trained on. NULL: none. */
static const char *learned_prior(const demo_opts *o)
{
    if (o->prior)
        return strcmp(o->prior, "none") == 0 ? NULL : o->prior;
    return cli_prior_exists("brain") ? "brain" : NULL;
}

static csk_status run(const cli_call *call)
{
    demo *d = csk_alloc(1, sizeof(*d));

    if (!d)
        return CSK_ERR_NOMEM;
    const demo_opts *o = d->o = call->opts;
    d->call = call;
    d->dir = cli_arg_of(call, 0);
    d->head = o->head ? o->head : COLIN27;
    d->resample = o->resample ? o->resample : "0.5";
    d->shape = o->shape ? o->shape : "192,192";
    d->picture.wavelet = (demo_posterior){ .name = "wavelet", .rec = "rec" };
    d->picture.learned = (demo_posterior){ .name = learned_prior(o), .rec = "learned" };
    const double start = cli_seconds();
    csk_status err = check(d);

    if (!err)
        err = cli_make_dir(call, d->dir);
    if (!err)
        err = reconstruct(d);
    if (!err) {
        int64_t kept = 0;
        const int64_t n = csk_space_size(&d->picture.mask.space);
        for (int64_t i = 0; i < n; i++)
            kept += d->picture.mask.data[i] != 0.f;
        d->score.acceleration = (double)n / (double)kept;
        d->score.noise = o->noise;
        d->score.coils = o->coils;
        d->score.samples = o->samples;
        d->score.slice = o->slice;
        err = draw(d);
    }
    if (!err) {
        cli_put_real(call, "seconds_together", cli_seconds() - start, 1, NULL);
        cli_put_text(call, "figure", demo_file(d, "figure.png"));
        err = write_report(d);
    }
    demo_pictures_clear(&d->picture);
    csk_array_clear(&d->truth);
    csk_free(d);
    return err;
}

static const cli_arg args[] = {
    { "DIR", "new directory for everything that is made", .role = CLI_OUTPUT_DIR },
    { .name = NULL },
};

static const cli_example examples[] = {
    { "demo --head stack.npy --slice 8 --train 2 --gap 2 --spacing 2 --resample 1 --shape "
      "64,64 --acs 12 --coils 2 --samples 2 --levels 6 small-demo",
      "a small one on a volume of your own" },
    { NULL, NULL },
};

const cli_cmd cmd_demo = {
    .name = "demo",
    .brief = "recover a real head from a quarter of its k-space",
    .about =
        "Takes a slice of a head, simulates a scan of it, recovers it by the classical "
        "methods and by posterior sampling, and compares all of them with the truth. One "
        "prior, of wavelets, learns from other slices of the head at some distance; a "
        "second one, a network that has never seen this head, is the learned prior "
        "'brain', if it is there, or that of --prior. Every step is a command that is "
        "shown and can be typed as it stands.\n\n"
        "CG-SENSE, l1-wavelet and total variation get the weights that are best for the image at "
        "hand, found with the truth in steps of 19 %, for PSNR and again for SSIM: better "
        "than anybody could do in practice. The posterior is given nothing but the data "
        "and the prior.\n\n"
        "coverage is the part of the head's pixels (truth above 5 % of its maximum) that "
        "lie within the samples' 5 % and 95 % quantiles; coverage_expected is what ideal "
        "samples of this number would have.\n\n"
        "DIR gets all files, figure.png and report.json.",
    .args = args,
    .params = params,
    .opts_size = sizeof(demo_opts),
    .threads = true,
    .examples = examples,
    .run = run,
};
