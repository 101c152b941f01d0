/* SPDX-License-Identifier: BSD-3-Clause */
/* What the card of a network says of how it is used. Never installed. */
#ifndef CSK_SAMPLERS_NET_CARD_PRIV_H
#define CSK_SAMPLERS_NET_CARD_PRIV_H

#include "cs/space.h"
#include "cs/tensors.h"
#include "samplers/net/net.h"

#include <stdbool.h>

typedef enum net_precondition {
    NET_EDM,
    NET_RESIDUAL,
    NET_DIRECT,
    NET_VE,
    NET_VP,
    NET_TDV,
} net_precondition;

typedef struct net_card {
    csk_field field;
    int channels; /* 1, or 3: red, green, blue */
    int size[2];  /* 0: any */
    int multiple;
    bool turns;            /* mirrored and transposed images are as likely */
    int precondition;      /* net_precondition */
    double sigma[2];       /* of images */
    double sigma_data;     /* edm */
    double offset, factor; /* x_net = factor x + offset */
    int timesteps;         /* vp */
    double *log_level;     /* [timesteps], vp: log t of each step, rising; owned */
    double reference;      /* tdv: the level it was trained for, of images */
    int steps;             /* tdv */
    double time, lambda;   /* tdv */
} net_card;

/* Card and net of a model; on failure both are as before. csk_free() card->log_level. */
csk_status csk_net_card_read(net_card *card, csk_net **net, const csk_tensors *model,
                             const char *what) CSK_MUST_CHECK;

/* The (fractional) time step whose level is t; held at the ends. */
double csk_net_card_step(const net_card *card, double t);

#endif
