/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Rows of a list read ahead, for what is put into it in order: see posting_ahead.c. */

#include "posting.h"
#include "util/buf.h"

struct posting_ahead {
	struct store *s;
	enum posting_list list;
	struct buf rows, bytes; /* struct ahead_row each; their places */
	size_t at;              /* the row that was found last */
	size_t found;           /* in what was read last */
	size_t many;            /* to be read next */
	bool ended;             /* no row is behind the last one */
	bool stale;             /* the row that was found is another one by now */
};

/* A row, and how far it may reach; borrowed until the next one is found. */
struct posting_found {
	bool is_none; /* the list is empty */
	bool is_last;
	struct posting first, next; /* its own; of the row behind it */
	struct str places;
};

#define POSTING_AHEAD(store, of) ((struct posting_ahead){ .s = (store), .list = (of) })
void posting_ahead_deinit(struct posting_ahead *a);

/*
 * The row that a posting belongs to: none is before the one asked for last. The caller may write
 * that row, or others in its place, before it asks for the next one.
 */
int posting_ahead_find(struct posting_ahead *a, const struct posting *p,
		       struct posting_found *ret) _must_check_;
