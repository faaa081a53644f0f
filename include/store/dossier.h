/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * All that a resource's directory shows, loaded at once: whoever reads one file after another would
 * have the same states unpacked, parsed and compared for each. Each is, once, and shared.
 */

#include "model/blame.h"
#include "store/read.h"

struct store_dossier_state {
	struct store_state state;
	struct str name, arn; /* what a deletion inherits; else empty */
	struct str body;      /* canonical, compact */
};

struct store_dossier {
	struct store_dossier_state *states; /* in order, hidden ones too */
	size_t n_states;
	struct story_entry *entries;
	size_t n_entries;
	struct blame blame; /* body NULL: no story has been made yet */
};

/*
 * Of a resource as store_resource_get() gives it; everything in the arena, some ten times the
 * bodies. STORE_E_LARGE: the bodies are longer than max_bytes together.
 */
int store_dossier_load(struct store *s, const struct store_resource *resource,
		       uint64_t max_bytes, struct arena *a,
		       struct store_dossier *ret) _must_check_;
