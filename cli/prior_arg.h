/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cli/prior_arg.h
 * A prior as a user names it. A word with a '/' or a '.' in it, or one that is the name of an
 * existing file, is a file. Any other word is a name: the file NAME.csk in one of
 *
 *     the directories of CSK_MODELS, separated by ':'
 *     where csk is installed: share/csk/models beside the program's bin, then below the prefix
 *     that was configured
 *     the source tree it was built from, datasets/models
 *
 * the first that has it. Nothing is guessed from the data.
 */
#ifndef CSK_CLI_PRIOR_ARG_H
#define CSK_CLI_PRIOR_ARG_H

#include "cli/cli.h"
#include "samplers/model.h"

/** A prior that was read. */
typedef struct cli_prior {
    csk_model *model;
    char *name; /**< "brain": its card's, or that of the file */
    char *path;
    char hash[65]; /**< SHA-256 of the file */
} cli_prior;

/**
 * Read the prior that @p word means and record it as an input; exit code 3 for whatever goes
 * wrong with it. For a name that nobody has, the priors that there are are listed on stderr.
 *
 * @param word  NULL: CSK_ERR_ARG, "--prior is missing", and the same list
 */
csk_status cli_prior_read(const cli_call *call, cli_prior *p,
                          const char *word) CSK_MUST_CHECK;
void cli_prior_clear(cli_prior *p);

/**
 * Whether a prior that was given noise of @p sigma knows the images: it moves each real number by
 * about as much. Said beyond twice that; CSK_ERR_NUMERIC, "diverged", from a hundred times on.
 *
 * @param moved  root mean square of what it changed, in the units of @p sigma
 * @param size   that of the result: a change of its floats' roundings is none
 */
csk_status cli_prior_check_moved(const cli_call *call, const cli_prior *p, double moved,
                                 double size, double sigma) CSK_MUST_CHECK;

/** The table "score_norm": what a card says of scores, nothing if it is silent. */
void cli_put_score_norm(const cli_call *call, const csk_score_norm *s);

/** Whether there is a prior of this name. */
bool cli_prior_exists(const char *name);

/** A row of the table @p table for every prior that has a name. */
csk_status cli_put_priors(const cli_call *call, const char *table) CSK_MUST_CHECK;

#endif
