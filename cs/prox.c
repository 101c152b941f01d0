/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/prox.h"
#include "cs/mem.h"

void csk_prox_free(csk_prox *g)
{
    if (!g)
        return;
    if (g->cls->destroy)
        g->cls->destroy(g);
    csk_free(g);
}
