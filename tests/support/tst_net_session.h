/* SPDX-License-Identifier: BSD-3-Clause */
/** @file tests/support/tst_net_session.h  Some networks, and a plan with its memory. */
#ifndef CSK_TESTS_SUPPORT_TST_NET_SESSION_H
#define CSK_TESTS_SUPPORT_TST_NET_SESSION_H

#include "tests/support/tst_net_case.h"

/** Small networks of the kinds that csk runs. */
enum { TST_UNET, TST_ADDITIVE, TST_HALVES, TST_ENERGY, TST_BLOCKS, TST_NETS };
extern const tst_net_case *const tst_nets[TST_NETS];

/** Random numbers for a plan that keeps what csk_net_backward() by weights needs. */
typedef struct tst_session {
    const tst_net_case *c;
    csk_net *net;
    csk_net_plan *plan;
    int64_t n, m, k; /**< numbers of the input, the output, the weights */
    float *x, *gy, *work;
} tst_session;

tst_session tst_session_new(const tst_net_case *c, const csk_net_shape *way);
void tst_session_end(tst_session *s);

/** A (new) plan for s->net. */
csk_status tst_session_plan(tst_session *s, const csk_net_shape *way);

/** Floats that tst_session_run() writes. */
int64_t tst_session_results(const tst_session *s);

void tst_session_forward(const tst_session *s, float *y, float *work);

/** Forward and backward: y, gx and gw, one after the other; zero before. */
void tst_session_run(const tst_session *s, float *out, float *work);

/** The same into a new block; csk_free() it. */
float *tst_session_run_new(const tst_session *s, float *work);

/** The same bits. */
bool tst_net_same(int64_t n, const float *a, const float *b);

#endif
