/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state is listed as soon as it is put, before any story is derived: under its capture time
 * and its number among the states of that millisecond, which their state ids order. Shorter
 * ids come first, so that numbers are ordered as numbers.
 *
 * A copy without a usable state id (oversized notifications say 0, API answers may leave it
 * out) beside one that has an id is the same state told twice: its row stays, but it is not
 * listed, but noted as such: shown and unlisted states together are all that a moment has. Only
 * where the one with the id tells less (an answer of a query, a summary) both are listed.
 */
#include "moment.h"

#include <errno.h>
#include <stdlib.h>

#include "private.h"
#include "told.h"

struct twin {
	int64_t state;
	struct str state_id;
	int64_t guise, status;
	struct str told; /* the change it came with, as told.c has it */
};

static int by_state_id(const void *a, const void *b)
{
	const struct twin *x = a, *y = b;

	if (x->state_id.n != y->state_id.n)
		return x->state_id.n < y->state_id.n ? -1 : 1;
	return str_cmp(x->state_id, y->state_id);
}

static bool has_id(const struct twin *t)
{
	return t->state_id.n && !str_is(t->state_id, "0");
}

/* What tells all that there is to tell; the API says it in other words than the files. */
static bool is_whole(const struct twin *t)
{
	return t->guise >= ITEM_GUISE_API;
}

static int content_of(struct store *s, const struct twin *t, uint64_t *ret)
{
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	int r = body_of_state(s, t->state, &body);

	return r ? r : body_content(buf_str(&body), ret);
}

/* Is it told by another one as well? */
static int told_twice(struct store *s, const struct twin *twins, size_t n,
		      const struct twin *t, bool *ret)
{
	int r = 0;

	*ret = false;
	for (size_t i = 0; i < n && !has_id(t) && !*ret && !r; i++) {
		uint64_t other, own;

		if (!has_id(&twins[i]))
			continue;
		*ret = twins[i].guise >= t->guise || is_whole(&twins[i]);
		if (*ret)
			break;
		r = content_of(s, &twins[i], &other);
		if (!r)
			r = content_of(s, t, &own);
		*ret = !r && own == other;
	}
	return r;
}

static struct sql_arg blob_or_null(struct str bytes)
{
	return bytes.n ? BLOB(bytes) : NUL;
}

static int insert_row(struct store *s, int64_t resource, int64_t capture_ms,
		      unsigned twin, int64_t state, size_t size, int64_t status,
		      struct str told)
{
	return sql_run(s, Q_SHOWN_INSERT,
		       ARGS(INT(resource), INT(capture_ms), INT(twin), INT(state),
			    INT(size), INT(status), blob_or_null(told)));
}

/* A file is the body pretty-printed, and a final newline. */
static size_t file_size(struct str body)
{
	return jv_pretty_len(body, 0) + 1;
}

/* The moment's newest row, and by how many its rows have grown. */
static void note_listed(struct store *s, struct resource *res, int64_t capture_ms,
			int64_t newest, int64_t more)
{
	bool first = !res->latest;

	writer_count(s, COUNTER_SHOWN, more);
	res->states += more;
	if (first || capture_ms >= res->newest_ms) {
		res->newest_ms = capture_ms;
		res->latest = newest;
	}
	if (first || capture_ms < res->first_ms)
		res->first_ms = capture_ms;
	resource_touch(s, res);
}

int moment_list_one(struct store *s, struct resource *res, const struct item *item,
		    int64_t id)
{
	int r = insert_row(s, res->id, item->captured_ms, 0, id, file_size(item->body),
			   item->status, STR_NULL);

	if (!r)
		note_listed(s, res, item->captured_ms, id, 1);
	return r;
}

static int put_aside(struct store *s, int64_t resource, int64_t capture_ms, int64_t state,
		     struct str told)
{
	return sql_run(s, Q_UNLISTED_INSERT,
		       ARGS(INT(resource), INT(capture_ms), INT(state),
			    blob_or_null(told)));
}

int moment_list_another(struct store *s, struct resource *res, int64_t capture_ms,
			int64_t id)
{
	int r = put_aside(s, res->id, capture_ms, id, STR_NULL);

	return r ? r : moment_list(s, res, capture_ms);
}

/*
 * The change stays as it is told until the next story is put, for the lengths of files and lines
 * tell of it; how long the state is where is not known any more.
 */
static int keep_change(struct store *s, sqlite3_stmt *q, struct arena *a, struct twin *t)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	struct told told;
	int r = told_of(s, q, 5, t->state, &told);

	if (r || !told.has_change)
		return r;
	told.measured = false;
	told_put(&bytes, &told);
	t->told = arena_str(a, buf_str(&bytes));
	return buf_error(&bytes) || !t->told.p ? -ENOMEM : 0;
}

static int read_twins(struct store *s, int64_t resource, int64_t capture_ms,
		      struct arena *a, struct twin **ret, size_t *ret_n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT;
	bool row = true;
	int r = sql_open(s, Q_COPIES, ARGS(INT(resource), INT(capture_ms)), &q);

	while (!r) {
		struct twin t;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		t = (struct twin){ .state = col_int(q, 0),
				   .state_id = arena_str(a, col_str(q, 1)),
				   .guise = col_int(q, 2),
				   .status = col_int(q, 3) };
		r = t.state_id.p ? keep_change(s, q, a, &t) : -ENOMEM;
		buf_put(&rows, &t, sizeof(t));
		r = r ? r : buf_error(&rows);
	}
	if (r)
		return r;
	*ret_n = rows.len / sizeof(struct twin);
	*ret = (struct twin *)take_ptr(rows.data);
	return 0;
}

static int insert_twins(struct store *s, int64_t resource, int64_t capture_ms,
			const struct twin *twins, size_t n, int64_t *ret_newest,
			int64_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	unsigned listed = 0;

	for (size_t i = 0; i < n; i++) {
		bool twice;
		int r = told_twice(s, twins, n, &twins[i], &twice);

		if (!r && twice)
			r = put_aside(s, resource, capture_ms, twins[i].state,
				      twins[i].told);
		if (r)
			return r;
		if (twice)
			continue;
		buf_reset(&body);
		r = body_of_state(s, twins[i].state, &body);
		if (!r)
			r = insert_row(s, resource, capture_ms, listed, twins[i].state,
				       file_size(buf_str(&body)), twins[i].status,
				       twins[i].told);
		if (r)
			return r;
		*ret_newest = twins[i].state;
		listed++;
	}
	*ret_n = listed;
	return 0;
}

/* Rows of the moment that count as shown. */
static int count_listed(struct store *s, int64_t resource, int64_t capture_ms,
			int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_SHOWN_AT_MOMENT, ARGS(INT(resource), INT(capture_ms)), &q);

	*ret = 0;
	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		*ret += col_int(q, 4) == 0;
	}
	return r;
}

int moment_list(struct store *s, struct resource *res, int64_t capture_ms)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(freep) struct twin *twins = NULL;
	int64_t newest = 0, before, after;
	size_t n;
	int r = read_twins(s, res->id, capture_ms, &a, &twins, &n);

	if (r)
		return r;
	if (n)
		qsort(twins, n, sizeof(twins[0]), by_state_id);
	r = count_listed(s, res->id, capture_ms, &before);
	if (!r)
		r = sql_run(s, Q_SHOWN_DELETE_MOMENT,
			    ARGS(INT(res->id), INT(capture_ms)));
	if (!r)
		r = sql_run(s, Q_UNLISTED_DELETE_MOMENT,
			    ARGS(INT(res->id), INT(capture_ms)));
	if (!r)
		r = insert_twins(s, res->id, capture_ms, twins, n, &newest, &after);
	if (!r)
		note_listed(s, res, capture_ms, newest, after - before);
	return r;
}
