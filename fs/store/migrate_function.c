/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL functions for migrations that SQL alone cannot do. They are there while a history is brought
 * up, and no statement of the store uses them.
 *
 *   event_key(identity)            the hash of an event's identity, as older schemas kept that
 *   posting_first(time, event)     the event of the first of a group
 *   posting_places(time, event)    those behind it, as posting.c has them
 */
#include <stdio.h>
#include <stdlib.h>

#include "posting.h"
#include "private.h"
#include "schema.h"

/* A GUID was kept as its 16 bytes. */
static void event_key(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	const unsigned char *b = sqlite3_value_blob(args[0]);
	int len = sqlite3_value_bytes(args[0]);
	char text[37];

	if (sqlite3_value_type(args[0]) != SQLITE_BLOB || len != 16) {
		const char *identity = (const char *)sqlite3_value_text(args[0]);
		struct str s = { identity ? identity : "",
				 (size_t)sqlite3_value_bytes(args[0]) };

		sqlite3_result_int64(c, (int64_t)str_hash(s));
		return;
	}
	(void)snprintf(text, sizeof(text),
		       "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		       "%02x%02x%02x%02x%02x%02x",
		       b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
		       b[11], b[12], b[13], b[14], b[15]);
	sqlite3_result_int64(c, (int64_t)str_hash(str_of(text)));
}

static struct buf *group(sqlite3_context *c)
{
	return sqlite3_aggregate_context(c, sizeof(struct buf));
}

static void add(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	struct posting p = { 0, sqlite3_value_int64(args[0]),
			     sqlite3_value_int64(args[1]) };
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

static void places_end(sqlite3_context *c)
{
	_cleanup_(buf_deinit) struct buf places = BUF_INIT;
	size_t n;
	const struct posting *p = sorted(c, &n);

	if (p) {
		posting_encode(&places, p, n);
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

int migrate_functions(sqlite3 *db)
{
	const int how = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
	int rc = sqlite3_create_function_v2(db, "event_key", 1, how, NULL, event_key,
					    NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "posting_first", 2, how, NULL, NULL,
						add, first_end, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "posting_places", 2, how, NULL, NULL,
						add, places_end, NULL);
	return rc;
}
