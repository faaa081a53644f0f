/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading the rows of a statement into structs: a page of them, or all. A shape turns one row
 * into one struct.
 */

#include "statement.h"
#include "util/arena.h"
#include "util/buf.h"

struct sql_shape {
	size_t size; /* of the struct */
	/* Text goes into the arena. 0 or negative errno. */
	int (*row)(sqlite3_stmt *q, struct arena *a, void *ret);
};

/* An int64_t: the first column. */
extern const struct sql_shape sql_number;

/* The first n rows at most, into ret. What the rows before a failure gave is there. */
int sql_page(struct store *s, enum statement id, const struct sql_arg *args,
	     size_t n_args, const struct sql_shape *shape, struct arena *a, void *ret,
	     size_t n, size_t *ret_n) _must_check_;
/* All rows, appended to `rows`. */
int sql_all(struct store *s, enum statement id, const struct sql_arg *args, size_t n_args,
	    const struct sql_shape *shape, struct arena *a,
	    struct buf *rows) _must_check_;
/* What was gathered of that size, copied into the arena; *ret (a pointer to it) is never NULL then. */
int sql_keep(struct arena *a, const struct buf *rows, size_t size, void *ret,
	     size_t *ret_n) _must_check_;
/* Both: all rows in the arena. */
int sql_list(struct store *s, enum statement id, const struct sql_arg *args,
	     size_t n_args, const struct sql_shape *shape, struct arena *a, void *ret,
	     size_t *ret_n) _must_check_;
