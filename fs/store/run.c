/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing runs. Whoever reads goes from run to run, in either order of time, and has
 * the rows of one decoded at a time. Whoever writes takes the runs that a change is in, changes
 * their rows, and puts them back in as few runs as there can be; of those only what differs is
 * written.
 */
#include "run.h"

#include <errno.h>

#include "private.h"

static int damaged(struct store *s, int64_t resource)
{
	return body_damaged(s, "the list of states of resource", resource);
}

/* --- reading ------------------------------------------------------------------------------- */

/* Memory for runs, handed from one who reads to the next. */
static void swap(struct buf *a, struct buf *b)
{
	struct buf was = *a;

	*a = *b;
	*b = was;
}

void run_cursor_deinit(struct run_cursor *c)
{
	if (c->rows.cap > c->s->run_rows.cap)
		swap(&c->rows, &c->s->run_rows);
	if (c->bytes.cap > c->s->run_bytes.cap)
		swap(&c->bytes, &c->s->run_bytes);
	buf_deinit(&c->rows);
	buf_deinit(&c->bytes);
}

/* The rows up to c->to_ms. */
static int decode(struct run_cursor *c)
{
	struct run_last last = { .time_ms = c->first_ms };
	struct str in = buf_str(&c->bytes);

	if (!in.n)
		return damaged(c->s, c->resource);
	while (in.n) {
		struct run_row *row;

		if (!buf_reserve(&c->rows, sizeof(*row)))
			return -ENOMEM;
		row = (struct run_row *)(c->rows.data + c->rows.len);
		if (!run_row_take(&in, &last, row))
			return damaged(c->s, c->resource);
		if (row->time_ms > c->to_ms) {
			c->last |= !c->down;
			break;
		}
		c->rows.len += sizeof(*row);
	}
	return 0;
}

/* Reads the first run of the statement from that time on. Without one there is nothing more. */
static int load(struct run_cursor *c, enum statement id, int64_t time_ms)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(c->s, id, ARGS(INT(c->resource), INT(time_ms)), &q);

	buf_reset(&c->rows);
	buf_reset(&c->bytes);
	c->at = 0;
	if (r) {
		c->last = true;
		return r == STORE_E_NOT_FOUND ? 0 : r;
	}
	c->first_ms = col_int(q, 0);
	buf_put_str(&c->bytes, col_str(q, 1));
	r = buf_error(&c->bytes);
	if (!r)
		r = decode(c);
	c->at = c->down ? c->rows.len / sizeof(struct run_row) : 0;
	c->last |= c->down ? c->first_ms <= c->from_ms : c->first_ms >= c->to_ms;
	return r;
}

int run_seek(struct run_cursor *c, int64_t resource, int64_t from_ms, int64_t to_ms,
	     bool down)
{
	int r;

	if (!c->rows.data)
		swap(&c->rows, &c->s->run_rows);
	if (!c->bytes.data)
		swap(&c->bytes, &c->s->run_bytes);
	c->resource = resource;
	c->from_ms = from_ms;
	c->to_ms = to_ms;
	c->down = down;
	c->last = false;
	if (down)
		return load(c, Q_RUNS_DOWN, to_ms);
	if (from_ms == INT64_MIN)
		return load(c, Q_RUNS_UP, from_ms);
	/* It may begin in the middle of a run; the one behind that is later. */
	r = load(c, Q_RUNS_DOWN, from_ms);
	if (r || from_ms >= to_ms) {
		c->last = true;
		return r;
	}
	if (c->rows.len || c->bytes.len)
		return 0;
	c->last = false;
	return load(c, Q_RUNS_UP, from_ms);
}

/* Of the run at hand the next row that is within; NULL: there is none any more. */
static const struct run_row *row_within(struct run_cursor *c)
{
	const struct run_row *rows = (const struct run_row *)c->rows.data;
	size_t n = c->rows.len / sizeof(*rows);

	if (c->down)
		return c->at && rows[c->at - 1].time_ms >= c->from_ms ? &rows[--c->at]
								      : NULL;
	while (c->at < n && rows[c->at].time_ms < c->from_ms)
		c->at++;
	return c->at < n ? &rows[c->at++] : NULL;
}

int run_next(struct run_cursor *c, const struct run_row **ret)
{
	while (!(*ret = row_within(c)) && !c->last) {
		int r = c->down ? load(c, Q_RUNS_DOWN, c->first_ms - 1)
				: load(c, Q_RUNS_UP, c->first_ms + 1);

		if (r)
			return r;
	}
	return 0;
}

int run_of_state(struct run_cursor *c, int64_t state, const struct run_row **ret)
{
	struct state_head head;
	int r = state_head(c->s, state, &head);

	if (r)
		return r;
	r = run_seek(c, head.resource, head.capture_ms, head.capture_ms, false);
	do {
		if (!r)
			r = run_next(c, ret);
	} while (!r && *ret && (*ret)->state != state);
	return r ? r : *ret ? 0 : STORE_E_NOT_FOUND;
}

int run_as_of(struct run_cursor *c, int64_t resource, int64_t time_ms, bool with_hidden,
	      const struct run_row **ret)
{
	int r = run_seek(c, resource, INT64_MIN, time_ms, true);

	do {
		if (!r)
			r = run_next(c, ret);
	} while (!r && *ret && (*ret)->hidden && !with_hidden);
	return r ? r : *ret ? 0 : STORE_E_NOT_FOUND;
}

/* --- writing ------------------------------------------------------------------------------- */

void run_list_deinit(struct run_list *list)
{
	run_set_deinit(&list->runs);
	buf_deinit(&list->rows);
}

static int add_run(struct run_list *list, sqlite3_stmt *q)
{
	return run_set_add(&list->runs, col_int(q, 0), col_str(q, 1));
}

/* The run that would have that time. */
static int add_run_at(struct store *s, int64_t time_ms, struct run_list *list)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_RUNS_DOWN, ARGS(INT(list->resource), INT(time_ms)), &q);

	return r == STORE_E_NOT_FOUND ? 0 : r ? r : add_run(list, q);
}

/* Those behind, of which the first is taken in any case where there is no other. */
static int add_runs_up(struct store *s, int64_t from_ms, int64_t to_ms,
		       struct run_list *list)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_RUNS_UP, ARGS(INT(list->resource), INT(from_ms)), &q);

	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row || (list->runs.heads.len && col_int(q, 0) > to_ms))
			break;
		r = add_run(list, q);
	}
	return r;
}

static int decode_run(struct store *s, struct run_list *list, const struct run_head *head)
{
	struct run_last last = { .time_ms = head->first };
	struct str in = run_set_bytes(&list->runs, head);

	while (in.n) {
		struct run_row row;

		if (!run_row_take(&in, &last, &row))
			return damaged(s, list->resource);
		buf_put(&list->rows, &row, sizeof(row));
	}
	return buf_error(&list->rows);
}

int run_list(struct store *s, int64_t resource, int64_t from_ms, int64_t to_ms,
	     struct run_list *ret)
{
	const struct run_head *heads;
	size_t n;
	int r = 0;

	ret->resource = resource;
	if (from_ms > INT64_MIN)
		r = add_run_at(s, from_ms, ret);
	/* The run behind one that has the time is later. */
	heads = run_set_heads(&ret->runs, &n);
	if (!r && (!n || to_ms > from_ms))
		r = add_runs_up(s, n ? heads->first + 1 : INT64_MIN, to_ms, ret);
	heads = run_set_heads(&ret->runs, &n);
	for (size_t i = 0; i < n && !r; i++)
		r = decode_run(s, ret, &heads[i]);
	return r;
}

size_t run_find(const struct run_list *list, int64_t time_ms)
{
	size_t n, at = 0;
	const struct run_row *rows = run_rows(list, &n);

	/* What comes is nearly always the newest. */
	if (n && rows[n - 1].time_ms < time_ms)
		return n;
	while (at < n && rows[at].time_ms < time_ms)
		at++;
	return at;
}

/* Runs as they are to be. */
struct made {
	struct run_set runs;
	struct run_last last;
	size_t start, states; /* of the run that is being made */
	size_t most;          /* states of a run */
};

static void made_deinit(struct made *m)
{
	run_set_deinit(&m->runs);
}

static int make_row(struct made *m, const struct run_row *row)
{
	bool full = m->states >= m->most ||
		    (m->states && m->runs.bytes.len - m->start >= RUN_BYTES);

	if (!m->states || (full && row->time_ms != m->last.time_ms)) {
		int r = run_set_begin(&m->runs, row->time_ms);

		if (r)
			return r;
		m->start = m->runs.bytes.len;
		m->last = (struct run_last){ .time_ms = row->time_ms };
		m->states = 0;
	}
	run_row_put(&m->runs.bytes, &m->last, row);
	run_set_end(&m->runs);
	m->states++;
	return buf_error(&m->runs.bytes);
}

/* Of several parts, one behind the other. */
struct part {
	const struct run_row *rows;
	size_t n;
};

static int make(struct made *m, size_t most, const struct part *parts, size_t n)
{
	int r = 0;

	run_set_reset(&m->runs);
	m->states = 0;
	m->most = most;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < parts[i].n && !r; k++)
			r = make_row(m, &parts[i].rows[k]);
	return r;
}

int run_put(struct store *s, struct run_list *list, size_t first, size_t end,
	    const struct run_row *rows, size_t n)
{
	static const struct run_sql sql = { Q_RUN_DELETE, Q_RUN_INSERT, Q_RUN_UPDATE };
	_cleanup_(made_deinit) struct made m = { 0 };
	size_t n_old, all;
	const struct run_row *old = run_rows(list, &n_old);
	const struct part parts[] = { { old, first },
				      { rows, n },
				      { old ? old + end : NULL, n_old - end } };
	int r = make(&m, RUN_STATES, parts, ARRAY_SIZE(parts));

	/* In the middle of a full run: more is likely to come there. */
	all = first + n + n_old - end;
	if (!r && end < n_old && m.runs.heads.len > list->runs.heads.len &&
	    all <= 2 * RUN_STATES)
		r = make(&m, (all + 1) / 2, parts, ARRAY_SIZE(parts));
	return r ? r : run_set_write(s, &sql, list->resource, &list->runs, &m.runs);
}
