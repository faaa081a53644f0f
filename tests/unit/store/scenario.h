/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A small import in several transactions, to be cut off at any point and run again: items,
 * copies of them, events, refusals, a story, dirt.
 */

#include "history.h"

/* The first code that is not 0 of any call, the history closed either way. */
int scenario_run(const char *path);
/* All of it is in the history, once, and the sums are right. */
void scenario_assert(struct history *h);
