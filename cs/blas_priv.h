/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/blas_priv.h
 * One thread for BLAS while a factorisation runs. Two threads make CHOLMOD 4 to 8 times
 * slower on small fronts, and only one gives the same bits for every number of cores.
 */
#ifndef CSK_CS_BLAS_PRIV_H
#define CSK_CS_BLAS_PRIV_H

/**
 * Calls nest and may come from several threads. Returns what csk_blas_restore() wants, in
 * the same thread.
 */
int csk_blas_single(void);
void csk_blas_restore(int before);

#endif
