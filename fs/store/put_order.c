/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of putting. There is no index of it, which each state would pay for; the states of the
 * resource are gone through. Where whole deliveries are told again more fully that is done for each
 * state, of the same resource: of one with many they are kept, or n states would be n times n.
 */
#include "put_order.h"

#include <errno.h>
#include <stdlib.h>

#include "private.h"
#include "writer.h"

#define KEPT_MIN 64u /* fewer are read as quickly again */

static int by_id(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int read_ids(struct store *s, int64_t resource, struct buf *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_STATES_OF, ARGS(INT(resource)), &q);

	while (!r) {
		int64_t id;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		id = col_int(q, 0);
		buf_put(ret, &id, sizeof(id));
	}
	if (!r)
		r = buf_error(ret);
	if (!r && ret->len)
		qsort(ret->data, ret->len / sizeof(int64_t), sizeof(int64_t), by_id);
	return r;
}

/* Where those above an id begin. */
static size_t above(const int64_t *ids, size_t n, int64_t id)
{
	size_t low = 0;

	while (low < n) {
		size_t middle = low + (n - low) / 2;

		if (ids[middle] <= id)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

static void copy_above(const struct buf *ids, int64_t id, int64_t *ret, size_t n,
		       size_t *ret_n)
{
	const int64_t *all = (const int64_t *)ids->data;
	size_t n_all = ids->len / sizeof(*all), at = above(all, n_all, id);

	*ret_n = MIN(n, n_all - at);
	if (*ret_n)
		memcpy(ret, all + at, *ret_n * sizeof(*ret));
}

int put_order_note(struct store *s, int64_t resource, int64_t state)
{
	struct put_order *o = &s->writer->order;

	if (o->resource != resource)
		return 0;
	buf_put(&o->ids, &state, sizeof(state));
	return buf_error(&o->ids);
}

int put_order_behind(struct store *s, int64_t resource, int64_t state, int64_t *ret,
		     size_t n, size_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf ids = BUF_INIT;
	struct put_order *o = &s->writer->order;
	int r;

	if (o->resource == resource) {
		copy_above(&o->ids, state, ret, n, ret_n);
		return 0;
	}
	r = read_ids(s, resource, &ids);
	if (r)
		return r;
	copy_above(&ids, state, ret, n, ret_n);
	if (ids.len >= KEPT_MIN * sizeof(int64_t)) {
		put_order_forget(o);
		o->resource = resource;
		o->ids = ids;
		ids = BUF_INIT;
	}
	return 0;
}
