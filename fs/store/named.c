/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which names no event has. A resource has some ten names and forms of names that calls may know it
 * by, and two of three of them no call ever uses; to see that of one in the list of mentions is a
 * search that mostly reads a page of its own. So who is to ask very often has all the list gone
 * through once, and keeps a filter of it (key_filter.c), of 8 MiB at most.
 */
#include <errno.h>
#include <stdlib.h>

#include "key_filter.h"
#include "posting_row.h"
#include "private.h"
#include "store/derive.h"

#define ROOM_MAX  ((size_t)5 << 20) /* keys: then some eight megabytes, and more in vain */
#define PER_ASKED 20 /* events whose names are read in the time of looking for one */

struct store_named {
	struct key_filter filter;
};

struct store_named *store_named_free(struct store_named *n)
{
	if (n)
		key_filter_deinit(&n->filter);
	free(n);
	return NULL;
}

bool store_may_be_named(const struct store_named *n, uint64_t token)
{
	return key_filter_may_have(&n->filter, token);
}

/* The tokens of one row, each once; of each its list has the upper bits. */
static void add_row(struct key_filter *f, const struct buf *row)
{
	const struct posting *p = (const struct posting *)row->data;

	for (size_t i = 0; i < row->len / sizeof(*p); i++)
		if (i == 0 || p[i].key != p[i - 1].key)
			key_filter_add(f, (uint64_t)p[i].key << 16);
}

static int read_all(struct store *s, struct key_filter *f)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	_cleanup_(buf_deinit) struct buf row = BUF_INIT;
	bool more = true;
	int r = sql_open(s, Q_MENTIONS, ARGS(INT(INT64_MIN)), &q);

	while (!r) {
		struct posting first;

		r = sql_next(s, q, &more);
		if (r || !more)
			break;
		first = posting_first(q);
		buf_reset(&row);
		r = postings_take(s, POSTING_MENTION, &first, col_str(q, 3), &row);
		if (!r)
			add_row(f, &row);
	}
	return r;
}

int store_named_new(struct store *s, size_t asked, struct store_named **ret)
{
	struct store_named *n = NULL;
	int64_t last = 0;
	size_t found;
	int r = reading(s);

	*ret = NULL;
	if (!r)
		r = gathered_reading(s);
	if (!r)
		r = events_down(s, INT64_MAX, &last, 1, &found);
	if (r || !found || asked < (size_t)last / PER_ASKED)
		return r;
	n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	/* A token comes up newly with each second event, or nearly. */
	r = key_filter_size(&n->filter, MIN((size_t)last / 3 * 2 + 1024, ROOM_MAX));
	if (!r)
		r = read_all(s, &n->filter);
	if (r)
		store_named_free(n);
	else
		*ret = n;
	return r;
}
