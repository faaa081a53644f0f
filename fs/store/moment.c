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
	struct told told; /* the change it came with */
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
		    int64_t id, struct run_list *list)
{
	const struct run_row row = { .time_ms = item->captured_ms,
				     .state = id,
				     .size = (uint32_t)file_size(item->body),
				     .status = item->status,
				     .told = TOLD_NOTHING };
	size_t at = run_find(list, row.time_ms);
	int r = run_put(s, list, at, at, &row, 1);

	if (!r)
		note_listed(s, res, item->captured_ms, id, 1);
	return r;
}

static int put_aside(struct store *s, int64_t resource, int64_t capture_ms, int64_t state,
		     const struct told *told)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;

	told_put(&bytes, told);
	if (buf_error(&bytes))
		return -ENOMEM;
	return sql_run(s, Q_UNLISTED_INSERT,
		       ARGS(INT(resource), INT(capture_ms), INT(state),
			    bytes.len ? BLOB(buf_str(&bytes)) : NUL));
}

int moment_list_another(struct store *s, struct resource *res, int64_t capture_ms,
			int64_t id)
{
	int r = put_aside(s, res->id, capture_ms, id, &TOLD_NOTHING);

	return r ? r : moment_list(s, res, capture_ms);
}

/*
 * The change stays as it is told until the next story is put, for the lengths of files and lines
 * tell of it; how long the state is where is not known any more.
 */
static int keep_change(struct store *s, sqlite3_stmt *q, struct arena *a, struct twin *t)
{
	int r = told_of(s, q, 1, t->state, &t->told);

	if (r)
		return r;
	if (!t->told.has_change)
		t->told = TOLD_NOTHING;
	t->told.measured = false;
	t->told.change.why = arena_str(a, t->told.change.why);
	return t->told.change.why.p ? 0 : -ENOMEM;
}

static int read_twins(struct store *s, int64_t resource, int64_t capture_ms,
		      struct arena *a, struct twin **ret, size_t *ret_n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT;
	bool row = true;
	int r = sql_open(s, Q_COPIES, ARGS(INT(resource), INT(capture_ms)), &q);

	while (!r) {
		struct state_head head;
		struct twin t;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = state_head(s, col_int(q, 0), &head);
		if (r == STORE_E_NOT_FOUND)
			r = body_damaged(s, "state", col_int(q, 0));
		if (r)
			break;
		t = (struct twin){ .state = head.id,
				   .state_id = arena_str(a, head.state_id),
				   .guise = KIND_GUISE(head.kind),
				   .status = KIND_STATUS(head.kind) };
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

/* Rows of those that are to be listed, as struct run_row; the others are put aside. */
static int list_twins(struct store *s, int64_t resource, int64_t capture_ms,
		      const struct twin *twins, size_t n, struct buf *ret)
{
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	struct run_row row = { .time_ms = capture_ms };

	for (size_t i = 0; i < n; i++) {
		bool twice;
		int r = told_twice(s, twins, n, &twins[i], &twice);

		if (!r && twice)
			r = put_aside(s, resource, capture_ms, twins[i].state,
				      &twins[i].told);
		if (r)
			return r;
		if (twice)
			continue;
		buf_reset(&body);
		r = body_of_state(s, twins[i].state, &body);
		if (r)
			return r;
		row.state = twins[i].state;
		row.size = (uint32_t)file_size(buf_str(&body));
		row.status = (uint8_t)twins[i].status;
		row.told = twins[i].told;
		buf_put(ret, &row, sizeof(row));
		row.twin++;
	}
	return buf_error(ret);
}

/* Takes the place of what is listed at the moment; *ret_more: by how many more that counts as shown. */
static int relist(struct store *s, int64_t resource, int64_t capture_ms,
		  const struct run_row *rows, size_t n, int64_t *ret_more)
{
	_cleanup_(run_list_deinit) struct run_list list = RUN_LIST_INIT;
	const struct run_row *old;
	size_t first, end, n_old;
	int r = run_list(s, resource, capture_ms, capture_ms, &list);

	if (r)
		return r;
	old = run_rows(&list, &n_old);
	first = end = run_find(&list, capture_ms);
	*ret_more = (int64_t)n;
	for (; end < n_old && old[end].time_ms == capture_ms; end++)
		*ret_more -= !old[end].hidden;
	return run_put(s, &list, first, end, rows, n);
}

int moment_list(struct store *s, struct resource *res, int64_t capture_ms)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(freep) struct twin *twins = NULL;
	_cleanup_(buf_deinit) struct buf listed = BUF_INIT;
	const struct run_row *rows;
	int64_t more = 0;
	size_t n;
	int r = read_twins(s, res->id, capture_ms, &a, &twins, &n);

	if (r)
		return r;
	if (n)
		qsort(twins, n, sizeof(twins[0]), by_state_id);
	r = sql_run(s, Q_UNLISTED_DELETE_MOMENT, ARGS(INT(res->id), INT(capture_ms)));
	if (!r)
		r = list_twins(s, res->id, capture_ms, twins, n, &listed);
	rows = (const struct run_row *)listed.data;
	n = listed.len / sizeof(*rows);
	if (!r)
		r = relist(s, res->id, capture_ms, rows, n, &more);
	if (!r)
		note_listed(s, res, capture_ms, n ? rows[n - 1].state : 0, more);
	return r;
}
