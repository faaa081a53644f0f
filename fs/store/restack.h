/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* See restack.c. */

#include <stdint.h>

#include "util/macro.h"

struct store;

#define RESTACK_COLUMNS 10 /* of Q_STATES_FROM, and arguments of Q_STATE_PUT_BACK */

/*
 * Puts the rows of states from that id on close together, in the write transaction that made some
 * of them shorter. Where they are too many for memory they stay as they are.
 */
int states_restack(struct store *s, int64_t from) _must_check_;
