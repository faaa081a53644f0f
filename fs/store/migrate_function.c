/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL functions for migrations that SQL alone cannot do. They are there while a history is brought
 * up, and no statement of the store uses them.
 *
 *   event_key(identity)            the hash of an event's identity, as older schemas kept that
 *   posting_first(time, event)     the event of the first of a group
 *   posting_places(time, event)    those behind it, as posting.c has them
 *   source_key(name)               the hash that a source is found by
 *   source_folder, _stem, _tail(name)   the parts its name is kept in
 */
#include <stdio.h>
#include <stdlib.h>

#include "posting.h"
#include "private.h"
#include "schema.h"
#include "source_name.h"

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

/* --- sources ------------------------------------------------------------------------------- */

static struct str text_of(sqlite3_value *value)
{
	const char *text = (const char *)sqlite3_value_text(value);

	return (struct str){ text ? text : "", (size_t)sqlite3_value_bytes(value) };
}

static void source_key(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	sqlite3_result_int64(c, source_name_key(text_of(args[0])));
}

static void result_text(sqlite3_context *c, struct str s)
{
	sqlite3_result_text64(c, s.n ? s.p : "", s.n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void source_folder(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	result_text(c, source_name_cut(text_of(args[0])).folder);
}

static void source_stem(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	result_text(c, source_name_cut(text_of(args[0])).stem);
}

static void source_tail(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	result_text(c, source_name_cut(text_of(args[0])).tail);
}

/* ------------------------------------------------------------------------------------------- */

typedef void scalar(sqlite3_context *c, int n, sqlite3_value **args);

static const struct {
	const char *name;
	scalar *call;
} scalars[] = {
	{ "event_key", event_key },         { "source_key", source_key },
	{ "source_folder", source_folder }, { "source_stem", source_stem },
	{ "source_tail", source_tail },
};

int migrate_functions(sqlite3 *db)
{
	const int how = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
	int rc = SQLITE_OK;

	for (size_t i = 0; i < ARRAY_SIZE(scalars) && rc == SQLITE_OK; i++)
		rc = sqlite3_create_function_v2(db, scalars[i].name, 1, how, NULL,
						scalars[i].call, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "posting_first", 2, how, NULL, NULL,
						add, first_end, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "posting_places", 2, how, NULL, NULL,
						add, places_end, NULL);
	return rc;
}
