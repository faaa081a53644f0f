/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Read-only calls that are not taken in, counted; see skip.c. */

#include <stdint.h>

#include "util/macro.h"

struct store;

/* Writes what is gathered. */
int skip_settle(struct store *s) _must_check_;
/* Takes back what the source was counted for. */
int skip_forget(struct store *s, int64_t source) _must_check_;
