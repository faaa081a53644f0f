/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cursors and the health of sources: a row for each thing that is followed, never one for each
 * thing that came.
 */
#include "store/sync.h"

#include <errno.h>

#include "private.h"
#include "rows.h"

int store_cursor(struct store *s, struct str name, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_CURSOR, ARGS(TEXT(name)), &q);

	if (!r)
		*ret = col_int(q, 0);
	return r;
}

int store_put_cursor(struct store *s, struct str name, int64_t value)
{
	int r = writing(s, "cursor");

	if (!r)
		r = sql_run(s, Q_CURSOR_PUT, ARGS(TEXT(name), INT(value)));
	return written(s, r);
}

/* A range of the key: a prefix ends before the same one with its last byte counted up. */
static int end_of(struct str prefix, struct buf *ret)
{
	int r;

	if (!prefix.n || (unsigned char)prefix.p[prefix.n - 1] >= 0x7f)
		return -EINVAL;
	buf_put_str(ret, prefix);
	r = buf_error(ret);
	if (!r)
		ret->data[ret->len - 1]++;
	return r;
}

int store_delete_cursors(struct store *s, struct str prefix)
{
	_cleanup_(buf_deinit) struct buf end = BUF_INIT;
	int r = writing(s, "cursor");

	if (!r)
		r = end_of(prefix, &end);
	if (!r)
		r = sql_run(s, Q_CURSORS_DELETE, ARGS(TEXT(prefix), TEXT(buf_str(&end))));
	return written(s, r);
}

int store_cursor_names(struct store *s, struct str prefix, struct str after,
		       struct arena *a, struct str *ret, size_t n, size_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf end = BUF_INIT;
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = end_of(prefix, &end);

	*ret_n = 0;
	if (!r)
		r = sql_open(s, Q_CURSOR_NAMES, ARGS(TEXT(after), TEXT(buf_str(&end))),
			     &q);
	while (!r && *ret_n < n) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		ret[*ret_n] = arena_str(a, col_str(q, 0));
		if (!ret[(*ret_n)++].p)
			return -ENOMEM;
	}
	return r;
}

int store_put_health(struct store *s, const struct store_health *h)
{
	int r = writing(s, "health");

	if (!r)
		r = sql_run(s, Q_HEALTH_PUT,
			    ARGS(TEXT(h->source), INT(h->tried_ms), INT(h->success_ms),
				 INT(h->newest_ms), INT(h->failures), INT(h->errors),
				 TEXT(h->reason)));
	return written(s, r);
}

static int health_of(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct store_health *health = ret;

	*health = (struct store_health){
		.source = arena_str(a, col_str(q, 0)),
		.tried_ms = col_int(q, 1),
		.success_ms = col_int(q, 2),
		.newest_ms = col_int(q, 3),
		.failures = (uint64_t)col_int(q, 4),
		.errors = (uint64_t)col_int(q, 5),
		.reason = arena_str(a, col_str(q, 6)),
	};
	return health->source.p && health->reason.p ? 0 : -ENOMEM;
}

static const struct sql_shape health_shape = { sizeof(struct store_health), health_of };

int store_healths(struct store *s, struct str after, struct arena *a,
		  struct store_health *ret, size_t n, size_t *ret_n)
{
	return sql_page(s, Q_HEALTHS, ARGS(TEXT(after)), &health_shape, a, ret, n, ret_n);
}
