/* SPDX-License-Identifier: BSD-3-Clause */
/* What colour becomes, in every format of pictures. Never installed. */
#ifndef CSK_CS_GREY_PRIV_H
#define CSK_CS_GREY_PRIV_H

/* Rec. 601 luma of red, green and blue. */
static inline double csk_luma(double r, double g, double b)
{
    return 0.299 * r + 0.587 * g + 0.114 * b;
}

#endif
