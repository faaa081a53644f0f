/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the rest of the store tells the ledger's tables; see store/ledger.h.
 */

#include "store/ledger.h"

/* The row is new or has changed: its line is to be measured anew. */
int ledger_due(struct store *s, enum store_lines file, int64_t id) _must_check_;
/* Before the source's refusals go. */
int ledger_forget_refusals(struct store *s, int64_t source) _must_check_;
