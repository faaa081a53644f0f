/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Measuring the ledger's lines before a transaction ends.
 */

#include "store/ledger.h"

/* Within a transaction: measures every line that is due. */
int lines_settle(struct store *s) _must_check_;
/* The same in a transaction of its own, unless nothing is due. */
int lines_settle_rest(struct store *s) _must_check_;
