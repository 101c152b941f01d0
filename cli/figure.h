/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cli/figure.h
 * A figure: a grid of titled images with colour bars, and a paragraph below.
 */
#ifndef CSK_CLI_FIGURE_H
#define CSK_CLI_FIGURE_H

#include "cli/cli.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum cli_map {
    CLI_MAP_GRAY,
    CLI_MAP_VIRIDIS,
    CLI_MAP_MAGMA,
    CLI_MAP_CYCLIC, /**< for angles: both ends have the same colour */
} cli_map;

/** The words of --map, in the order of ::cli_map. */
#define CLI_MAP_WORDS                                                                  \
    {                                                                                  \
        "gray", "viridis", "magma", "cyclic", NULL                                     \
    }

typedef struct cli_panel {
    const char
        *title; /**< one line above; cut from the left if it is too long; or NULL */
    const char *note; /**< one line below, small; NULL: none */
    const float
        *pixel; /**< [rows][cols], the first row on top; borrowed; NULL: empty cell */
    int64_t rows, cols;
    double lo, hi; /**< what is black and what is white; lo < hi */
    cli_map map;
    bool bar; /**< a colour bar with the window at its right */
} cli_panel;

typedef struct cli_figure {
    const char *title;   /**< NULL: none */
    const char *caption; /**< a paragraph below, wrapped to the width; NULL: none */
    int columns;         /**< >= 1 */
    int zoom;            /**< pixels of the figure for one of the image, 1 .. 16 */
    int count;
    const cli_panel *panel; /**< row by row */
} cli_figure;

/** The zoom that makes the larger side of the images about 300 pixels: 1 .. 16. */
int cli_figure_zoom(int count, const cli_panel *panel);

/** Red, green and blue, row by row from the top. */
typedef struct cli_picture {
    int width, height;
    uint8_t *rgb; /**< csk_free() it */
} cli_picture;

/**
 * Draw. Pixels of images are squares without interpolation.
 * CSK_ERR_ARG if the figure would be wider or higher than 16384 pixels.
 */
csk_status cli_figure_draw(cli_picture *out, const cli_figure *f) CSK_MUST_CHECK;

/** Draw and write as PNG with the provenance of @p call, as cli_write() does. */
csk_status cli_figure_write(const cli_call *call, const cli_figure *f,
                            const char *path) CSK_MUST_CHECK;

#endif
