/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/demo.h"
#include "cli/figure.h"
#include "cs/mem.h"
#include "cs/vec.h"

#include <math.h>
#include <stdio.h>

enum { PANELS = 9, NOTE = 64 };

static void posterior_clear(demo_posterior *p)
{
    csk_array_clear(&p->mean_picture);
    csk_array_clear(&p->std);
    csk_array_clear(&p->low);
    csk_array_clear(&p->high);
    csk_array_clear(&p->sample_picture);
}

void demo_pictures_clear(demo_pictures *p)
{
    csk_array_clear(&p->truth);
    csk_array_clear(&p->mask);
    csk_array_clear(&p->zero_filled);
    csk_array_clear(&p->naive);
    posterior_clear(&p->wavelet);
    posterior_clear(&p->learned);
}

const demo_posterior *demo_best(const demo_pictures *p)
{
    return p->learned.name ? &p->learned : &p->wavelet;
}

static void score(char note[NOTE], const csk_metrics *m)
{
    (void)snprintf(note, NOTE, "PSNR %.2f dB, SSIM %.3f", m->psnr, m->ssim);
}

static cli_panel panel(const char *title, const char *note, const csk_array *a,
                       double hi)
{
    return (cli_panel){
        .title = title,
        .note = note,
        .pixel = a->data,
        .rows = a->space.dim[0],
        .cols = a->space.dim[1],
        .lo = 0.,
        .hi = hi,
        .bar = true,
    };
}

/* Both in one window, or they could not be compared: most of the error must fit. */
static csk_status find_doubt(double *doubt, const csk_array *error, double peak)
{
    const int64_t n = csk_space_size(&error->space);
    float *sorted = csk_alloc(n, sizeof(*sorted));

    if (!sorted)
        return CSK_ERR_NOMEM;
    csk_copy(n, error->data, sorted);
    *doubt = fmax(csk_quantile(n, sorted, .995), 1e-3 * peak);
    csk_free(sorted);
    return CSK_OK;
}

static void write_caption(char *to, size_t room, const demo_pictures *p,
                          const demo_scores *s, double peak)
{
    const demo_posterior *best = demo_best(p);
    char other[160] = "";

    if (best == &p->learned)
        (void)snprintf(other, sizeof(other),
                       " with the learned prior '%s', of %.2f dB with a wavelet prior "
                       "fitted to slices of the same head",
                       best->name, p->wavelet.mean.psnr);
    (void)snprintf(
        to, room,
        "A slice of a head, scanned by %d simulated coils at one position in %.2f of its "
        "k-space, with noise of %g in each real number (the brightest pixel is %.3g). The "
        "mean of %d posterior samples has a PSNR of %.2f dB%s. l1-wavelet reaches %.2f dB and "
        "total variation %.2f dB, each with the weight that is best for this very image: "
        "nobody knows that weight without the truth, and the posterior was not told. The "
        "standard deviation is large where the samples disagree, which is where to doubt "
        "the mean; it has the same colours as the true error beside it. %.0f %% of the "
        "head's pixels lie between the samples' 5 %% and 95 %% quantiles; between those of "
        "%d ideal samples it would be %.0f %%.",
        s->coils, s->acceleration, s->noise, peak, s->samples, best->mean.psnr, other,
        s->l1.psnr, s->tv.psnr, 100. * best->coverage, s->samples,
        100. * best->nominal);
}

static csk_status draw(const cli_call *call, const demo_pictures *p,
                       const demo_scores *s, const csk_array *error, const char *path)
{
    const int64_t n = csk_space_size(&p->truth.space);
    const double peak = csk_max_modulus(n, 1, p->truth.data);
    const demo_posterior *best = demo_best(p);
    char zero_filled[NOTE], naive[NOTE], mean[NOTE], sample[NOTE], mask[NOTE],
        slice[NOTE], wavelet[NOTE];
    char title[80], caption[1600];
    double doubt;
    int count = 0;
    const csk_status err = find_doubt(&doubt, error, peak);

    if (err)
        return err;
    (void)snprintf(title, sizeof(title),
                   "From %.3g %% of the measurements, and how sure we are",
                   100. / s->acceleration);
    (void)snprintf(slice, NOTE, "what was scanned: slice %d", s->slice);
    (void)snprintf(mask, NOTE, "white: measured, 1 in %.2f", s->acceleration);
    score(zero_filled, &s->zero_filled);
    score(naive, &s->naive);
    score(mean, &best->mean);
    score(sample, &best->sample);
    score(wavelet, &p->wavelet.mean);
    write_caption(caption, sizeof(caption), p, s, peak);

    cli_panel panels[PANELS];
    panels[count++] = panel("truth", slice, &p->truth, peak);
    panels[count] = panel("sampling mask", mask, &p->mask, 1.);
    panels[count++].bar = false;
    panels[count++] = panel("zero-filled", zero_filled, &p->zero_filled, peak);
    panels[count++] = panel("naive estimate (l1-wavelet)", naive, &p->naive, peak);
    if (best == &p->learned)
        panels[count++] = panel("posterior mean, wavelet prior", wavelet,
                                &p->wavelet.mean_picture, peak);
    panels[count++] =
        panel(best == &p->learned ? "posterior mean, learned prior" : "posterior mean",
              mean, &best->mean_picture, peak);
    panels[count] = panel("posterior standard deviation", "of the samples' magnitude",
                          &best->std, doubt);
    panels[count++].map = CLI_MAP_VIRIDIS;
    panels[count] = panel("|error| of the mean",
                          "known only because this is a simulation", error, doubt);
    panels[count++].map = CLI_MAP_VIRIDIS;
    panels[count++] =
        panel("one posterior sample", sample, &best->sample_picture, peak);
    const cli_figure figure = {
        .title = title,
        .caption = caption,
        .columns = count == PANELS ? 3 : 4,
        .zoom = cli_figure_zoom(count, panels),
        .count = count,
        .panel = panels,
    };
    return cli_figure_write(call, &figure, path);
}

csk_status demo_draw(const cli_call *call, const demo_pictures *p, const demo_scores *s,
                     const char *path)
{
    const int64_t n = csk_space_size(&p->truth.space);
    csk_array error = { .data = NULL };
    csk_status err = csk_array_init(&error, &p->truth.space);

    for (int64_t i = 0; i < n && !err; i++)
        error.data[i] = fabsf(demo_best(p)->mean_picture.data[i] - p->truth.data[i]);
    if (!err)
        err = draw(call, p, s, &error, path);
    csk_array_clear(&error);
    return err;
}
