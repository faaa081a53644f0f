/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics. A series knows how many points it has and how long their values are, so a file's
 * length is had without reading a point.
 */
#include "store/metric.h"

#include <errno.h>
#include <stdlib.h>

#include "alias.h"
#include "private.h"
#include "rows.h"

/* --- keys ----------------------------------------------------------------------------------- */

int store_put_key(struct store *s, const struct public_key *key, int64_t source_id,
		  bool *ret_new)
{
	int r = writing(s, "key");

	if (!r)
		r = sql_run(s, Q_KEY_PUT,
			    ARGS(TEXT(key->fingerprint), BLOB(key->der),
				 INT(key->from_ms), INT(key->to_ms), INT(source_id)));
	*ret_new = !r && sqlite3_changes(s->db) > 0;
	if (*ret_new)
		writer_count(s, COUNTER_KEY, 1);
	return written(s, r);
}

int store_key(struct store *s, struct str fingerprint, struct buf *der)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_KEY, ARGS(TEXT(fingerprint)), &q);

	if (r)
		return r;
	buf_put_str(der, col_str(q, 0));
	return buf_error(der);
}

/* --- points --------------------------------------------------------------------------------- */

static int series_get(struct store *s, const struct metric_data *m, struct str tail,
		      int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_run(s, Q_SERIES_PUT,
			ARGS(TEXT(m->account), TEXT(m->region), TEXT(m->namespace),
			     TEXT(m->metric), TEXT(tail)));

	if (!r)
		r = sql_get(s, Q_SERIES,
			    ARGS(TEXT(m->account), TEXT(m->region), TEXT(m->namespace),
				 TEXT(m->metric), TEXT(tail)),
			    &q);
	if (!r)
		*ret = col_int(q, 0);
	return r;
}

/* What the points add to their series. */
struct gain {
	size_t points;
	int64_t bytes, newest_ms;
	bool any; /* also a value that is another one now */
};

static int put_point(struct store *s, int64_t series, const struct metric_point *p,
		     struct gain *gain)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_POINT, ARGS(INT(series), INT(p->time_ms)), &q);

	if (r && r != STORE_E_NOT_FOUND)
		return r;
	if (r == 0 && str_eq(col_str(q, 0), p->value))
		return 0;
	gain->any = true;
	gain->points += r != 0;
	gain->bytes += (int64_t)p->value.n - (r ? 0 : (int64_t)col_str(q, 0).n);
	gain->newest_ms = MAX(gain->newest_ms, p->time_ms);
	sql_endp(&q);
	return sql_run(s, Q_POINT_PUT,
		       ARGS(INT(series), INT(p->time_ms), TEXT(p->value)));
}

int store_put_points(struct store *s, const struct metric_data *m, struct str tail,
		     const struct mention_set *mentions, size_t *ret_new)
{
	struct gain gain = { 0 };
	int64_t series = 0;
	int r = writing(s, "points");

	if (!r)
		r = series_get(s, m, tail, &series);
	for (size_t i = 0; !r && i < mentions->n; i++)
		r = sql_run(s, Q_SERIES_MENTION,
			    ARGS(INT(series), INT(mentions->tokens[i])));
	for (size_t i = 0; !r && i < m->n_points; i++)
		r = put_point(s, series, &m->points[i], &gain);
	if (!r && gain.any)
		r = sql_run(s, Q_SERIES_ADD,
			    ARGS(INT(series), INT(gain.points), INT(gain.bytes),
				 INT(gain.newest_ms)));
	if (!r && gain.any)
		r = sql_run(s, Q_SERIES_DUE, ARGS(INT(series)));
	if (!r)
		writer_count(s, COUNTER_POINT, (int64_t)gain.points);
	*ret_new = gain.points;
	return written(s, r);
}

/* --- what came in --------------------------------------------------------------------------- */

static int came_of(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct store_came *came = ret;

	*came = (struct store_came){ col_int(q, 0),
				     col_int(q, 1),
				     0,
				     arena_str(a, col_str(q, 2)),
				     arena_str(a, col_str(q, 3)),
				     arena_str(a, col_str(q, 4)) };
	return came->account.p && came->region.p && came->type.p ? 0 : -ENOMEM;
}

/* From now on all that come in are noted. */
static int note_arrivals(struct store *s, int64_t since_ms)
{
	bool own = !s->who, known;
	int r = sql_exists(s, Q_COUNTER, ARGS(TEXT(counter_name(COUNTER_ARRIVAL))),
			   &known);

	if (r || known || s->writer->notes_arrivals)
		return r;
	if (own)
		r = store_begin(s, "note arrivals");
	if (!r)
		r = sql_run(s, Q_ARRIVALS_OF_BEFORE, ARGS(INT(since_ms)));
	if (!r)
		r = sql_run(s, Q_COUNTER_ADD,
			    ARGS(TEXT(counter_name(COUNTER_ARRIVAL)), INT(0)));
	s->writer->notes_arrivals = !r;
	if (!r && own)
		r = store_commit(s);
	if (r && own)
		store_rollback(s);
	return r;
}

int store_states_came(struct store *s, int64_t since_ms, int64_t after, struct arena *a,
		      struct store_came *ret, size_t n, size_t *ret_n)
{
	static const struct sql_shape shape = { sizeof(*ret), came_of };
	struct state_head head;
	int r = s->writer ? reading(s) : -EINVAL;

	*ret_n = 0;
	if (!r)
		r = note_arrivals(s, since_ms);
	if (!r)
		r = sql_page(s, Q_STATES_CAME,
			     ARGS(INT(after), INT(n), INT(STATE_NUMBER_BITS)), &shape, a,
			     ret, n, ret_n);
	for (size_t i = 0; i < *ret_n && !r; i++) {
		r = state_head(s, ret[i].state, &head);
		ret[i].time_ms = head.capture_ms;
	}
	return r == STORE_E_NOT_FOUND ? body_damaged(s, "arrival", after) : r;
}

/* --- where they stand ----------------------------------------------------------------------- */

static int series_of(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct store_series *series = ret;

	*series = (struct store_series){ col_int(q, 0), arena_str(a, col_str(q, 1)),
					 arena_str(a, col_str(q, 2)) };
	return series->namespace.p && series->metric.p ? 0 : -ENOMEM;
}

int store_series_due(struct store *s, int64_t after, struct arena *a,
		     struct store_series *ret, size_t n, size_t *ret_n)
{
	static const struct sql_shape shape = { sizeof(*ret), series_of };
	int r = reading(s);

	*ret_n = 0;
	return r ? r
		 : sql_page(s, Q_SERIES_OF_DUE, ARGS(INT(after), INT(n)), &shape, a, ret,
			    n, ret_n);
}

static int by_row(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int store_series_resources(struct store *s, int64_t series, struct arena *a,
			   int64_t **ret, size_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf found = BUF_INIT;
	int64_t *tokens;
	size_t n = 0, kept = 0;
	int r = sql_list(s, Q_SERIES_TOKENS, ARGS(INT(series)), &sql_number, a, &tokens,
			 &n);

	for (size_t i = 0; i < n && !r; i++)
		r = alias_resources(s, (uint64_t)tokens[i], &found);
	if (!r)
		r = sql_keep(a, &found, sizeof(int64_t), ret, &n);
	if (r)
		return r;
	if (n > 1)
		qsort(*ret, n, sizeof(int64_t), by_row);
	for (size_t i = 0; i < n; i++)
		if (!kept || (*ret)[i] != (*ret)[kept - 1])
			(*ret)[kept++] = (*ret)[i];
	*ret_n = kept;
	return 0;
}

static int file_get(struct store *s, int64_t resource, struct str name, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_METRIC_FILE_BY_NAME, ARGS(INT(resource), TEXT(name)), &q);

	if (!r)
		*ret = col_int(q, 0);
	return r;
}

int store_put_metric_file(struct store *s, const struct store_series *series,
			  int64_t resource, struct str name, size_t fixed)
{
	int64_t file;
	int r = writing(s, "metric file");

	/* The row of the resource's view is changed behind the writer's back. */
	if (!r)
		r = writer_uncache(s);
	if (!r)
		r = sql_run(s, Q_METRIC_FILE_PUT,
			    ARGS(INT(resource), TEXT(series->namespace),
				 TEXT(series->metric), TEXT(name)));
	if (!r && sqlite3_changes(s->db) > 0)
		writer_count(s, COUNTER_METRIC_FILE, 1);
	if (!r)
		r = file_get(s, resource, name, &file);
	if (!r)
		r = sql_run(s, Q_METRIC_SERIES_PUT, ARGS(INT(file), INT(series->id)));
	if (!r)
		r = sql_run(s, Q_METRIC_FILE_SUM, ARGS(INT(file), INT(fixed)));
	if (!r)
		r = sql_run(s, Q_METRIC_VIEW, ARGS(INT(resource), INT(now_ms())));
	if (!r)
		r = folder_note_of(s, resource);
	return written(s, r);
}

int store_series_done(struct store *s, int64_t series)
{
	int r = writing(s, "series");

	if (!r)
		r = sql_run(s, Q_SERIES_DONE, ARGS(INT(series)));
	return written(s, r);
}

/* --- reading -------------------------------------------------------------------------------- */

static int file_of(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct store_metric_file *file = ret;

	*file = (struct store_metric_file){ .id = col_int(q, 0),
					    .resource = col_int(q, 1),
					    .name = arena_str(a, col_str(q, 2)),
					    .bytes = (uint64_t)col_int(q, 3),
					    .newest_ms = col_int(q, 4) };
	return file->name.p ? 0 : -ENOMEM;
}

static int file_one(struct store *s, enum statement id, const struct sql_arg *args,
		    size_t n, struct arena *a, struct store_metric_file *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = reading(s);

	if (!r)
		r = sql_get(s, id, args, n, &q);
	return r ? r : file_of(q, a, ret);
}

int store_metric_file_get(struct store *s, int64_t id, struct arena *a,
			  struct store_metric_file *ret)
{
	return file_one(s, Q_METRIC_FILE, ARGS(INT(id)), a, ret);
}

int store_metric_file_find(struct store *s, int64_t resource, struct str name,
			   struct arena *a, struct store_metric_file *ret)
{
	return file_one(s, Q_METRIC_FILE_BY_NAME, ARGS(INT(resource), TEXT(name)), a,
			ret);
}

int store_metric_files(struct store *s, int64_t resource, int64_t after, struct arena *a,
		       struct store_metric_file *ret, size_t n, size_t *ret_n)
{
	static const struct sql_shape shape = { sizeof(*ret), file_of };
	int r = reading(s);

	*ret_n = 0;
	return r ? r
		 : sql_page(s, Q_METRIC_FILES, ARGS(INT(resource), INT(after)), &shape, a,
			    ret, n, ret_n);
}

static int by_moment(const void *a, const void *b)
{
	const struct store_point *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return str_cmp(x->tail, y->tail);
}

int store_metric_points(struct store *s, int64_t file, struct arena *a,
			struct store_point **ret, size_t *ret_n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT;
	struct str tail = STR_NULL;
	bool row = true;
	int r = reading(s);

	if (!r)
		r = sql_open(s, Q_METRIC_POINTS, ARGS(INT(file)), &q);
	while (!r) {
		struct store_point p;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		if (!tail.p || !str_eq(tail, col_str(q, 2)))
			tail = arena_str(a, col_str(q, 2));
		p = (struct store_point){ col_int(q, 0), arena_str(a, col_str(q, 1)),
					  tail };
		if (!p.value.p || !tail.p)
			return -ENOMEM;
		buf_put(&rows, &p, sizeof(p));
	}
	if (!r)
		r = sql_keep(a, &rows, sizeof(struct store_point), ret, ret_n);
	if (!r && *ret_n > 1)
		qsort(*ret, *ret_n, sizeof(struct store_point), by_moment);
	return r;
}
