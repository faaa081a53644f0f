/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What sync remembers between two runs: how far it has read what has no objects to be entered in
 * the ledger, and how each source is.
 */

#include "store/store.h"
#include "util/arena.h"

/* A cursor is a number, mostly a time in ms, under a name. STORE_E_NOT_FOUND: none. */
int store_cursor(struct store *s, struct str name, int64_t *ret) _must_check_;
/* Within a transaction, with what it stands for. */
int store_put_cursor(struct store *s, struct str name, int64_t value) _must_check_;
/* Names that begin so, in order, behind `after` (the prefix itself at first); in the arena. */
int store_cursor_names(struct store *s, struct str prefix, struct str after,
		       struct arena *a, struct str *ret, size_t n,
		       size_t *ret_n) _must_check_;
/* Those whose names begin so. */
int store_delete_cursors(struct store *s, struct str prefix) _must_check_;

struct store_health {
	struct str source;  /* its URL */
	int64_t tried_ms;   /* when this was written */
	int64_t success_ms; /* when AWS last gave what was asked for; 0: never */
	int64_t newest_ms; /* when the newest of what it brought was made; 0: not known */
	uint64_t failures; /* in a row */
	uint64_t errors;   /* of all time */
	struct str reason; /* of the last failure; "" while it is well */
};
/* Within a transaction. A success_ms or newest_ms of 0 leaves what is there; errors are added. */
int store_put_health(struct store *s, const struct store_health *h) _must_check_;
/* In order of their names, behind one of them ("" at first); text in the arena. */
int store_healths(struct store *s, struct str after, struct arena *a,
		  struct store_health *ret, size_t n, size_t *ret_n) _must_check_;
