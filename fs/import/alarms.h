/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Making the files of alarms/ that are due, once the stories are made.
 */

#include "lost.h"
#include "store/store.h"
#include "util/fault.h"

/* In transactions of its own; nothing due, nothing done. Of many, by so many workers of the history. Those
   that are lost are passed over; and where a row is damaged that one needs, it is lost, too. */
int alarms_settle(struct store *s, const char *history, unsigned workers,
		  struct lost *lost, struct fault *f) _must_check_;
