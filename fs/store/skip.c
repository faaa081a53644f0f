/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read-only calls that are not taken in. Three of four records are such, so a transaction's are
 * gathered by source and name and written as sums: for each source, so that it can be read again
 * and then counts anew, and for all of them, which is what status shows.
 */
#include "skip.h"

#include <errno.h>

#include "coverage.h"
#include "private.h"
#include "store/write.h"

static int key_of(struct writer *w, int64_t source, struct str service, struct str name)
{
	buf_reset(&w->key);
	buf_put(&w->key, &source, sizeof(source));
	buf_put(&w->key, &service.n, sizeof(service.n));
	buf_put_str(&w->key, service);
	buf_put_str(&w->key, name);
	return buf_error(&w->key);
}

static int add(struct writer *w, uint64_t hash, int64_t source, size_t service_n,
	       struct skipped **ret)
{
	size_t at = sizeof(source) + sizeof(service_n);
	struct skipped *k = arena_zalloc(&w->summed, sizeof(*k));
	struct str key = k ? arena_str(&w->summed, buf_str(&w->key)) : STR_NULL;

	if (!key.p)
		return -ENOMEM;
	*k = (struct skipped){ .node = { .hash = hash, .key = key },
			       .next = w->skipped_list,
			       .source = source,
			       .service = { key.p + at, service_n },
			       .name = str_from(key, at + service_n) };
	w->skipped_list = k;
	*ret = k;
	return map_add(&w->skipped, &k->node);
}

int store_skip_event(struct store *s, const struct event *e, int64_t source_id)
{
	struct writer *w = s->writer;
	struct skipped *k;
	uint64_t hash;
	int r = writing(s, "skipped call");

	if (!r)
		r = writer_trail(s, e->account, e->time_ms);
	/* It may be read, and skipped, again: so it is a sign, not one more. */
	if (!r)
		r = coverage_day_add(s, COVERAGE_TRAIL, e->account, e->region, e->time_ms,
				     0, 0);
	if (!r)
		r = key_of(w, source_id, e->source, e->name);
	if (r)
		return written(s, r);
	hash = str_hash(buf_str(&w->key));
	k = (struct skipped *)map_get(&w->skipped, hash, buf_str(&w->key));
	if (!k)
		r = add(w, hash, source_id, e->source.n, &k);
	if (r)
		return written(s, r);
	k->n++;
	writer_count(s, COUNTER_SKIPPED, 1);
	return 0;
}

int skip_settle(struct store *s)
{
	int r = 0;

	for (const struct skipped *k = s->writer->skipped_list; k && !r; k = k->next) {
		r = sql_run(s, Q_SKIPPED_CALL_ADD,
			    ARGS(TEXT(k->service), TEXT(k->name), INT(k->n)));
		if (!r)
			r = sql_run(s, Q_SKIPPED_ADD,
				    ARGS(INT(k->source), TEXT(k->service), TEXT(k->name),
					 INT(k->n)));
	}
	return r;
}

static int take_back(struct store *s, int64_t source, int64_t *ret_n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_SKIPPED_OF_SOURCE, ARGS(INT(source)), &q);

	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		*ret_n += col_int(q, 1);
		r = sql_run(s, Q_SKIPPED_CALL_TAKE,
			    ARGS(INT(col_int(q, 0)), INT(col_int(q, 1))));
	}
	return r;
}

int skip_forget(struct store *s, int64_t source)
{
	int64_t n = 0;
	int r = writer_settle(s);

	if (!r)
		r = take_back(s, source, &n);
	if (r || !n)
		return r;
	writer_count(s, COUNTER_SKIPPED, -n);
	return sql_run(s, Q_SKIPPED_DELETE, ARGS(INT(source)));
}

int store_skipped_calls(struct store *s, int64_t after, struct arena *a,
			struct store_skipped *ret, size_t n, size_t *ret_n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = reading(s);

	*ret_n = 0;
	if (!r)
		r = sql_open(s, Q_SKIPPED_CALLS, ARGS(INT(after), INT(n)), &q);
	while (!r && *ret_n < n) {
		struct store_skipped *k = &ret[*ret_n];

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		*k = (struct store_skipped){ .id = col_int(q, 0),
					     .service = arena_str(a, col_str(q, 1)),
					     .name = arena_str(a, col_str(q, 2)),
					     .n = (uint64_t)col_int(q, 3) };
		if (!k->service.p || !k->name.p)
			r = -ENOMEM;
		++*ret_n;
	}
	return r;
}
