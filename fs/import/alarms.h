/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Making the files of alarms/ that are due, once the stories are made.
 */

#include "store/store.h"
#include "util/fault.h"

/* In transactions of its own; nothing due, nothing done. Of many, by so many workers of the history. */
int alarms_settle(struct store *s, const char *history, unsigned workers,
		  struct fault *f) _must_check_;
