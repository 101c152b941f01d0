/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cli/figure.h
 * A figure: a grid of titled images with colour bars, and a paragraph below.
 */
#ifndef CSK_CLI_FIGURE_H
#define CSK_CLI_FIGURE_H

#include "cs/status.h"

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

/**
 * Draw as PNG (8 bits, RGB). Pixels of images are squares without interpolation.
 *
 * @param note   kept as the text "provenance" in the file; NULL: none
 * @param bytes  out: the file, free() it
 * @return CSK_ERR_ARG if the figure would be larger than 16384 pixels
 */
csk_status cli_figure_png(const cli_figure *f, const char *note, void **bytes,
                          size_t *len) CSK_MUST_CHECK;

#endif
