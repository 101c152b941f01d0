/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/import/import.h
 * From the weights of a published network to a model file of csk: the tensors under the names
 * they came with (some rearranged), and a card with the network's graph (samplers/net/net.h).
 *
 *     dncnn   KAIR: DnCNN, one noise level; FDnCNN, which reads a noise map
 *     ffdnet  KAIR: FFDNet
 *     drunet  KAIR: UNetRes of DPIR
 *     tdv     VLOGroup: the energy of total deep variation and its unrolled denoiser
 *     ddpm    Ho et al. in the layouts of pytorch_diffusion and of diffusers' UNet2DModel, and
 *             the CNN with layer norms of the "minimal DDPM" exercise
 *     ncsnpp  Song et al., score_sde: NCSN++ (variance exploding) and DDPM++
 *     adm     OpenAI, guided-diffusion: UNetModel without classes
 *
 * Channels, layers, blocks, where attention sits, and whether an image is grey or colour are
 * read from the names and shapes; what these do not tell is an option. A tensor that is
 * missing, of another shape or left over is an error that names it.
 *
 * Members of the card beside those of every network:
 *
 *     "channels": 1 | 3     the prior acts on images [..][y][x], or on [..][3][y][x] (R, G, B);
 *                           "axes" is 2 in both cases
 *     "size": [h, w]        the network knows images of this size, smaller ones are continued to it; absent:
 *                           any size
 *     "range": {"offset": o, "factor": f}
 *                           the network's images are x_net = f x + o of images x that are 0
 *                           where black and 1 where white; so sigma_net = f sigma and
 *                           D(x, sigma) = (D_net(x_net, sigma_net) - o) / f. All noise levels
 *                           of the card ("sigma", "sigma_reference") are those of x
 *     "architecture"        as named above
 *
 * Preconditionings, all in the network's units (F: the network; its first "channels" outputs):
 *
 *     residual  D = x - F(x)
 *     direct    D = F(x, sigma)
 *     vp        D = x - t F(x / sqrt(1 + t^2), step(t)), t = sigma_net. "timesteps" T and
 *               "betas" {"kind": "linear", "first", "last"}: beta_i = first + (last - first)
 *               i / (T - 1), abar_i = prod_{j <= i} (1 - beta_j), t_i = sqrt(1 / abar_i - 1);
 *               step(t) is i where t = t_i, linear in log t in between
 *     ve        D = x + sigma_net F(x, sigma_net)
 *     tdv       F is an energy, one map. With r = "sigma_reference" / sigma (r z has the noise
 *               level that was trained for), S = "steps", a = "T" / S, b = "lambda" / S:
 *                   x_0 = r z,  x_{s+1} = (x_s - a grad sum F (x_s) + b r z) / (1 + b),
 *                   D(z, sigma) = x_S / r
 */
#ifndef CSK_SAMPLERS_IMPORT_IMPORT_H
#define CSK_SAMPLERS_IMPORT_IMPORT_H

#include "cs/param.h"
#include "cs/tensors.h"

#include <stdbool.h>

typedef enum csk_import_arch {
    CSK_IMPORT_DNCNN,
    CSK_IMPORT_FFDNET,
    CSK_IMPORT_DRUNET,
    CSK_IMPORT_TDV,
    CSK_IMPORT_DDPM,
    CSK_IMPORT_NCSNPP,
    CSK_IMPORT_ADM,
    CSK_IMPORT_ARCHS,
} csk_import_arch;

/** Their names, closed by NULL. */
CSK_API extern const char *const csk_import_archs[];

/** The range of the network's images, where 0 is black and 1 is white. */
typedef enum csk_import_range {
    CSK_IMPORT_PUBLISHED, /**< what the architecture was published with */
    CSK_IMPORT_UNIT,      /**< 0 .. 1 */
    CSK_IMPORT_SIGNED,    /**< -1 .. 1 */
    CSK_IMPORT_CENTRED,   /**< -1/2 .. 1/2 */
} csk_import_range;

/** What weights do not tell. 0 in a noise level stands for what was published. */
/** The least noise level a card may have; 0 in the options is the published one. */
#define CSK_IMPORT_LEAST_SIGMA 1e-9

typedef struct csk_import_opts {
    double
        sigma; /**< dncnn, tdv: the noise level trained for, images in 0 .. 1; 25/255 */
    double sigma_high; /**< ffdnet 75/255, drunet 50/255, ncsnpp 50: the highest one */
    int timesteps;     /**< of DDPM-like networks */
    double beta_first, beta_last; /**< their variances, linear in the step */
    int heads;                    /**< of attention; 0: from head_channels */
    int head_channels;            /**< of adm: channels a head; 0: 64 */
    bool new_order; /**< adm: q, k, v before heads (use_new_attention_order) */
    int steps;      /**< tdv: of its gradient descent */
    bool fir;       /**< ncsnpp: resampling by the filter 1 3 3 1 */
    bool rescale;   /**< ncsnpp: skip connections divided by sqrt 2 */
    int range;      /**< csk_import_range */
    const char *name, *about, *licence; /**< for the card; NULL: none */
} csk_import_opts;

CSK_API extern const csk_param csk_import_params[];
CSK_API csk_import_opts csk_import_defaults(void);

/**
 * @param model    empty; on success the tensors and the card of a model file
 * @param arch     csk_import_arch
 * @param weights  a state dict; names may share a prefix, such as "module." or "state_dict."
 * @param note     provenance, JSON text; NULL for none
 * @param what     opens messages: the file's name
 * @return CSK_ERR_FORMAT names the tensor and what was expected; CSK_ERR_UNSUPPORTED for
 *         variants that csk has no nodes for
 */
CSK_API csk_status csk_import(csk_tensors *model, int arch, const csk_tensors *weights,
                              const csk_import_opts *opts, const char *note,
                              const char *what) CSK_MUST_CHECK;

#endif
