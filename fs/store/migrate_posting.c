/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL functions for migrations of posting lists; as migrate_function.c, which has the others.
 *
 *   posting_first(time, event)     the event of the first of a group
 *   posting_places(time, event)    those behind it, as older schemas had them: all of one key, and
 *                                  of each its time, in seconds, doubled, or in milliseconds,
 *                                  doubled, and one; and its event: each by how much it differs
 *   posting_list(time, event, places)   all of such a row, as JSON: [[time, event], ...]
 *   value_hash(kind, name)         by which value_name has a value
 *   posting_row(key, time, event)  those behind the first of a group, as posting.c has them
 *   gathered_again(postings)       a row that waits, as waiting.c has it, of one as it had been: a time
 *                                  only where the event is another one; of a damaged one such as is
 *                                  damaged, too, with all of its bytes: who writes says so
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "posting.h"
#include "private.h"
#include "tell.h"
#include "util/varint.h"
#include "waiting.h"

static struct buf *group(sqlite3_context *c)
{
	return sqlite3_aggregate_context(c, sizeof(struct buf));
}

/* The last two arguments are its time and event, before them stands its key. */
static void add(sqlite3_context *c, int n, sqlite3_value **args)
{
	struct posting p = { n > 2 ? sqlite3_value_int64(args[0]) : 0,
			     sqlite3_value_int64(args[n - 2]),
			     sqlite3_value_int64(args[n - 1]) };
	struct buf *b = group(c);

	if (b)
		buf_put(b, &p, sizeof(p));
}

/* The group in order; NULL when it is not to be had. */
static const struct posting *sorted(sqlite3_context *c, size_t *ret_n)
{
	struct buf *b = group(c);

	if (!b || buf_error(b) || !b->len) {
		sqlite3_result_error_nomem(c);
		return NULL;
	}
	*ret_n = b->len / sizeof(struct posting);
	qsort(b->data, *ret_n, sizeof(struct posting), posting_order);
	return (const struct posting *)b->data;
}

static void first_end(sqlite3_context *c)
{
	size_t n;
	const struct posting *p = sorted(c, &n);

	if (p)
		sqlite3_result_int64(c, p[0].event);
	if (group(c))
		buf_deinit(group(c));
}

/* --- rows ---------------------------------------------------------------------------------- */

static void encode_one_key(struct buf *out, const struct posting *rows, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint64_t time = (uint64_t)rows[i].time_ms - (uint64_t)rows[i - 1].time_ms;

		varint_put(out, time % 1000 ? time << 1 | 1 : time / 1000 << 1);
		varint_put(out, zigzag(rows[i].event - rows[i - 1].event));
	}
}

typedef void encode_fn(struct buf *out, const struct posting *rows, size_t n);

static void row_end(sqlite3_context *c, encode_fn *encode)
{
	_cleanup_(buf_deinit) struct buf places = BUF_INIT;
	size_t n;
	const struct posting *p = sorted(c, &n);

	if (p) {
		encode(&places, p, n);
		if (buf_error(&places))
			sqlite3_result_error_nomem(c);
		else if (places.len)
			sqlite3_result_blob64(c, places.data, places.len,
					      SQLITE_TRANSIENT);
		else
			sqlite3_result_zeroblob(c, 0);
	}
	if (group(c))
		buf_deinit(group(c));
}

static void places_end(sqlite3_context *c)
{
	row_end(c, encode_one_key);
}

static void posting_row_end(sqlite3_context *c)
{
	row_end(c, posting_encode);
}

/* --- lists --------------------------------------------------------------------------------- */

/* The next one of a row as older schemas had it; false: it is damaged. */
static bool take_of_one_key(struct str *places, int64_t *time_ms, int64_t *event)
{
	int64_t before = *time_ms;
	uint64_t time, step;

	if (!varint_take(places, &time) || !varint_take(places, &step) || time >> 52)
		return false;
	time = time & 1 ? time >> 1 : (time >> 1) * 1000;
	*time_ms = (int64_t)((uint64_t)*time_ms + time);
	*event = (int64_t)((uint64_t)*event + (uint64_t)unzigzag(step));
	return *time_ms >= before && *event > 0;
}

static void posting_list(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	_cleanup_(buf_deinit) struct buf json = BUF_INIT;
	int64_t time_ms = sqlite3_value_int64(args[0]);
	int64_t event = sqlite3_value_int64(args[1]);
	const char *bytes = sqlite3_value_blob(args[2]);
	struct str places = { bytes, (size_t)sqlite3_value_bytes(args[2]) };

	buf_printf(&json, "[[%lld,%lld]", (long long)time_ms, (long long)event);
	while (places.n) {
		if (!take_of_one_key(&places, &time_ms, &event)) {
			sqlite3_result_error(c, "a list of postings cannot be decoded",
					     -1);
			return;
		}
		buf_printf(&json, ",[%lld,%lld]", (long long)time_ms, (long long)event);
	}
	buf_put_char(&json, ']');
	if (buf_error(&json))
		sqlite3_result_error_nomem(c);
	else
		sqlite3_result_text64(c, json.data, json.len, SQLITE_TRANSIENT,
				      SQLITE_UTF8);
}

static void value_hash(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	const char *name = (const char *)sqlite3_value_text(args[1]);

	sqlite3_result_int64(
		c, (int64_t)value_name_hash(
			   (enum store_value_kind)sqlite3_value_int64(args[0]),
			   (struct str){ name ? name : "",
					 (size_t)sqlite3_value_bytes(args[1]) }));
}

/* The next one of a row that waits, as older schemas had it; false: it is damaged. */
static bool take_waiting(struct str *in, struct posting *p)
{
	uint64_t event, time = 0, key;

	if (!varint_take(in, &event) || (event && !varint_take(in, &time)) ||
	    in->n < sizeof(key))
		return false;
	memcpy(&key, in->p, sizeof(key));
	*in = str_from(*in, sizeof(key));
	p->key = (int64_t)le64toh(key);
	p->time_ms = (int64_t)((uint64_t)p->time_ms + (uint64_t)unzigzag(time));
	p->event = (int64_t)((uint64_t)p->event + (uint64_t)unzigzag(event));
	return p->event > 0 && p->event >> 61 == 0;
}

static int take_all_waiting(struct str in, struct buf *out)
{
	struct posting p = { 0 };

	for (; in.n; buf_put(out, &p, sizeof(p)))
		if (!take_waiting(&in, &p))
			return -EBADMSG;
	return buf_error(out);
}

static void gathered_again(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT, bytes = BUF_INIT;
	struct str old = { sqlite3_value_blob(args[0]),
			   (size_t)sqlite3_value_bytes(args[0]) };
	int r = take_all_waiting(old, &rows);

	if (r == -EBADMSG) {
		/* No number has so many bytes. */
		for (unsigned i = 0; i <= VARINT_MAX; i++)
			buf_put_char(&bytes, '\xff');
		buf_put_str(&bytes, old);
	} else {
		waiting_encode(&bytes, (const struct posting *)rows.data,
			       rows.len / sizeof(struct posting));
	}
	if ((r && r != -EBADMSG) || buf_error(&bytes))
		sqlite3_result_error_nomem(c);
	else
		sqlite3_result_blob64(c, bytes.data ? bytes.data : "", bytes.len,
				      SQLITE_TRANSIENT);
}

int migrate_posting_functions(sqlite3 *db)
{
	const int how = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
	int rc = sqlite3_create_function_v2(db, "posting_first", 2, how, NULL, NULL, add,
					    first_end, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "posting_places", 2, how, NULL, NULL,
						add, places_end, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "posting_list", 3, how, NULL,
						posting_list, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "posting_row", 3, how, NULL, NULL,
						add, posting_row_end, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "value_hash", 2, how, NULL,
						value_hash, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "gathered_again", 1, how, NULL,
						gathered_again, NULL, NULL, NULL);
	return rc;
}
