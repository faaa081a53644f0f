/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The ledger as tables of lines, one a source and one a refusal, in the order of their rows. The
 * length of every line is kept, so that the size of a table of a million lines is a sum. A line
 * that is new or changed is due: whoever writes measures it before the transaction ends. Until
 * then it is not shown.
 */

#include "store/read.h"
#include "store/write.h"

enum store_lines { /* stored: append, never renumber */
		   STORE_LINES_IMPORTS = 1,
		   STORE_LINES_REFUSED = 2,
};

struct store_import {
	int64_t id;
	struct str name;
	uint64_t size;
	bool finished;
	int64_t finished_ms; /* 0: never */
	struct store_counts counts;
};
int store_import_get(struct store *s, int64_t id, struct arena *a,
		     struct store_import *ret) _must_check_;

/* Rows whose lines are known, behind the row `after`. */
int store_import_lines(struct store *s, int64_t after, struct arena *a,
		       struct store_import *ret, size_t n, size_t *ret_n) _must_check_;
int store_refusal_lines(struct store *s, int64_t after, struct arena *a,
			struct store_refusal *ret, size_t n, size_t *ret_n) _must_check_;
/* All the table's lines together. */
int store_lines_size(struct store *s, enum store_lines file, uint64_t *ret) _must_check_;
/* A place at or before the offset: it is where the lines behind row *ret_after begin. */
int store_lines_seek(struct store *s, enum store_lines file, uint64_t offset,
		     int64_t *ret_after, uint64_t *ret_offset) _must_check_;
/* When anything was finished last; 0: never. */
int store_finished_ms(struct store *s, int64_t *ret) _must_check_;

/* Up to n of the lines that are due; and how long one is. */
int store_lines_due(struct store *s, enum store_lines file, int64_t *ret, size_t n,
		    size_t *ret_n) _must_check_;
int store_put_line(struct store *s, enum store_lines file, int64_t id,
		   size_t len) _must_check_;
