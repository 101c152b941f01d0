/* SPDX-License-Identifier: BSD-3-Clause */
/* Explanations that belong to no single verb. */
#include "cli/doc.h"
#include "cs/format.h"

#include <string.h>

static void formats(const doc *d)
{
    doc_text(d, "The ending of a name selects the format, for reading and for writing. "
                "Arrays hold single precision, real or complex, with up to 8 axes, the "
                "last one fastest; an image is [y][x], a volume [z][y][x], multi-coil "
                "data [coil][y][x].");
    doc_section(d, "Formats");
    for (const csk_format *const *f = csk_formats; *f; f++) {
        char text[320];
        (void)snprintf(text, sizeof(text), "%s%s", (*f)->about,
                       (*f)->write ? "" : " (read only)");
        doc_item(d, (*f)->suffix, text);
    }
    doc_section(d, "Pipes");
    doc_text(
        d,
        "The name - is standard input, in any of .npy, .nii, .nii.gz, .png and .jpg, and "
        "standard output, as .npy without provenance; results are printed on "
        "standard error then.");
    doc_section(d, "Provenance");
    doc_text(d,
             "Where the format has room for it, an output holds one line of JSON that "
             "says where it comes from; elsewhere the line is in NAME.json beside the "
             "file. See 'csk help provenance'.");
}

static void metrics(const doc *d)
{
    doc_text(
        d,
        "For an image x and a reference r with N pixels in the region:\n\n"
        "  NMSE  = sum |x - r|^2 / sum |r|^2\n"
        "  NRMSE = sqrt(NMSE)\n"
        "  PSNR  = 10 log10( peak^2 / (sum |x - r|^2 / N) )   in dB\n"
        "  SSIM  = mean over pixels of the structural similarity of 7x7 windows\n\n"
        "peak is the largest |r| of the region unless --peak gives it. Of complex images "
        "the magnitudes are compared; --complex compares the complex numbers in NMSE, NRMSE "
        "and PSNR.\n\n"
        "SSIM has uniform weights, sample covariances (divided by n - 1), K1 = 0.01, "
        "K2 = 0.03, the data range is peak, and only windows wholly inside the image "
        "count: the default of scikit-image. It runs over the last two axes that are "
        "longer than 1; slices are averaged. With a region, over windows centred in it.");
    doc_section(d, "Samples");
    doc_text(
        d,
        "With --samples: the share of the pixels whose reference lies in the samples' "
        "interval (coverage), their spread and their error; 'csk metric --help' has "
        "the formulas.");
    doc_section(d, "References");
    doc_text(d, "Wang, Bovik, Sheikh, Simoncelli, IEEE Trans. Image Process. 13 (2004) "
                "600-612");
}

static void exit_codes(const doc *d)
{
    static const struct {
        const char *code, *text;
    } list[] = {
        { "0", "done" },
        { "1", "failed: an output cannot be written or exists (--force), no memory" },
        { "2",
          "usage: an unknown verb or option, a value out of range, a missing argument" },
        { "3",
          "bad data: an input (a file, or a prior by name) is missing, malformed, not finite, zero everywhere, or "
          "does not fit the others; or a prior or a format cannot do it, or computing diverged" },
        { "4",
          "not converged: an iteration reached its limit under --strict; the output is "
          "written all the same" },
        { "130",
          "interrupted by Ctrl-C; what was finished is kept. A second Ctrl-C ends "
          "at once" },
        { "143", "terminated (SIGTERM); likewise" },
    };

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
        doc_item(d, list[i].code, list[i].text);
    doc_text(
        d,
        "Every failure is one line on standard error that begins with the verb; an unknown "
        "prior has the list of those there are before it. A "
        "verb that fails leaves no output behind; outputs are written beside their "
        "target and renamed, so none is ever half written.");
}

static void provenance(const doc *d)
{
    doc_text(
        d,
        "Every output says where it comes from, in one line of JSON:\n\n"
        "  csk      version of the program\n"
        "  command  the command line without the name of the output and without\n"
        "           options that change no result (--threads, --force, ...)\n"
        "  seed     of all random numbers\n"
        "  options  every option of the verb, defaults included\n"
        "  inputs   SHA-256 of each file read (sha256sum confirms it)\n"
        "  interrupted  true where Ctrl-C ended what made it\n\n"
        "There is no time in it: the same job gives the same bytes, on any number of "
        "threads. (The checkpoint of a training holds the seconds spent besides.)");
}

static void priors(const doc *d)
{
    doc_text(
        d,
        "A prior says which images are likely. Verbs take it as a file, or by name.");
    doc_section(d, "Names and files");
    doc_text(
        d,
        "A word with a '/' or a '.' in it, or one that is the name of an existing "
        "file, is a file. Any other word is a name and means the file NAME.csk in a "
        "directory of the environment variable CSK_MODELS (several are separated by "
        "':'), in share/csk/models where csk was installed, or in datasets/models of "
        "the source tree, the first that has it. 'csk prior list' lists them and "
        "what they were trained on. A name that none has is an input that is "
        "missing: exit code 3. Which prior suits the data is never guessed.");
    doc_section(d, "Kinds");
    doc_item(d, "wavelet",
             "a Gaussian scale mixture of wavelet coefficients; csk prior fit");
    doc_item(d, "network", "a denoising network");
    doc_item(d, "ridge", "a convex ridge regulariser, whose posterior is log-concave");
    doc_section(d, "Images unlike the training images");
    doc_text(
        d,
        "A prior whose card has the numbers is checked after csk recon: at a few noise "
        "levels the samples are noised and denoised again. The size of the score "
        "(score_norm), and the correlation of what the denoiser gets wrong with what it "
        "changed, which is 0 for images that the prior understands, are compared with "
        "their mean over images that are like those of the training. A deviation of "
        "more than 5 standard deviations is worth a warning: another prior, or a "
        "classical method, may do better.");
}

static const struct {
    const char *name, *brief;
    void (*write)(const doc *d);
} topics[] = {
    { "formats", "file formats and their endings", formats },
    { "metrics", "definitions of PSNR, SSIM, NMSE and NRMSE", metrics },
    { "exit-codes", "what the exit code says", exit_codes },
    { "provenance", "what is recorded with every output", provenance },
    { "priors", "how a prior is named, and which kinds there are", priors },
};
enum { TOPICS = sizeof(topics) / sizeof(topics[0]) };

const char *const cli_topics[] = { "formats",    "metrics", "exit-codes",
                                   "provenance", "priors",  NULL };
_Static_assert(sizeof(cli_topics) / sizeof(cli_topics[0]) == TOPICS + 1,
               "name every topic");

const char *cli_topic_brief(const char *topic)
{
    for (int i = 0; i < TOPICS; i++) {
        if (strcmp(topics[i].name, topic) == 0)
            return topics[i].brief;
    }
    return "";
}

bool cli_describe_topic(FILE *to, const char *topic, cli_markup markup)
{
    const doc d = { to, markup };

    for (int i = 0; i < TOPICS; i++) {
        if (strcmp(topics[i].name, topic) != 0)
            continue;
        char title[64];
        (void)snprintf(title, sizeof(title), "csk %s", topic);
        doc_title(&d, title, topics[i].brief);
        if (markup == CLI_MAN)
            doc_section(&d, "Description");
        topics[i].write(&d);
        doc_end(&d);
        return true;
    }
    return false;
}
