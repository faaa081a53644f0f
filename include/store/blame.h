/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Loading whom a resource's newest state is owed to. Costs reading the states of its present
 * life, and the causes of those changes alone that are still seen.
 */

#include "model/blame.h"
#include "store/store.h"

/* Lives in the arena. STORE_E_NOT_FOUND: it has no story yet. */
int store_blame_load(struct store *s, int64_t resource, struct arena *a,
		     struct blame *ret) _must_check_;
