/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The parts of putting a story; see story.c. */

#include "store/derive.h"

/*
 * Makes the listing rows from from_ms on those of the story. *ret_more: by how many more of them
 * are visible; *ret_told: a story had been made before.
 */
int shown_replace(struct store *s, const struct store_story *story, int64_t from_ms,
		  int64_t *ret_more, bool *ret_told) _must_check_;
