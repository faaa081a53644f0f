/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL functions for migrations that SQL alone cannot do. They are there while a history is brought
 * up, and no statement of the store uses them. Those of posting lists: migrate_posting.c, of
 * lines of the timeline: migrate_timeline.c, of relationships: migrate_edge.c.
 *
 *   event_key(identity)            the hash of an event's identity, as older schemas kept that
 *   event_rows(i, key, flags, source, text_len, jsonl_len, lengths, len)
 *                                  what is told of the events of a block, each its number i, as
 *                                  block_row.c has it; lengths, len: of its records, as an older
 *                                  schema has them
 *   told_bytes(csv_len, jsonl_len, item_len, change_type, reason, text_len, jsonl_len, line_len,
 *   line_jsonl_len, seq, previous, before, why)
 *                                  what is told of a state, as told.c has it; csv_len NULL: not
 *                                  measured, change_type NULL: it came with no change
 *   names_list(id), tokens_list(token)   a group of those, as called.c has them; NULL of none
 *   run_states(time, twin, state, size, status, hidden, name, arn, told)
 *                                  a group of listing rows, as run_row.c has them
 *   measured(len, bytes)           the bytes behind their length, as states have what was received;
 *                                  NULL where they are
 *   source_key(name)               the hash that a source is found by
 *   source_folder, _stem, _tail(name)   the parts its name is kept in
 */
#include <stdio.h>
#include <stdlib.h>

#include "called.h"
#include "private.h"
#include "run.h"
#include "schema/schema.h"
#include "source_name.h"
#include "told.h"
#include "util/guid.h"
#include "util/varint.h"

static struct str text_of(sqlite3_value *value)
{
	const char *text = (const char *)sqlite3_value_text(value);

	return (struct str){ text ? text : "", (size_t)sqlite3_value_bytes(value) };
}

/* A GUID was kept as its 16 bytes. */
static void event_key(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	const unsigned char *b = sqlite3_value_blob(args[0]);
	int len = sqlite3_value_bytes(args[0]);
	char text[GUID_TEXT];

	if (sqlite3_value_type(args[0]) != SQLITE_BLOB || len != GUID_BYTES) {
		const char *identity = (const char *)sqlite3_value_text(args[0]);
		struct str s = { identity ? identity : "",
				 (size_t)sqlite3_value_bytes(args[0]) };

		sqlite3_result_int64(c, (int64_t)str_hash(s));
		return;
	}
	guid_write(b, text);
	sqlite3_result_int64(c, (int64_t)str_hash((struct str){ text, sizeof(text) }));
}

static struct buf *group(sqlite3_context *c)
{
	return sqlite3_aggregate_context(c, sizeof(struct buf));
}

/* --- blocks -------------------------------------------------------------------------------- */

/* Lengths of all records but the last, which ends where they all do. */
static bool take_lengths(struct str lengths, size_t total, struct block *b)
{
	size_t end = 0;
	unsigned n = 0;

	while (lengths.n) {
		uint64_t len;

		if (n + 1 == BLOCK_EVENTS || !varint_take(&lengths, &len) ||
		    len > total - end)
			return false;
		end += len;
		b->ends[n++] = end;
	}
	b->ends[n] = total;
	return true;
}

static struct str blob_of(sqlite3_value *value)
{
	const char *bytes = sqlite3_value_blob(value);

	return (struct str){ bytes, (size_t)sqlite3_value_bytes(value) };
}

static void event_rows_add(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	struct block *b = sqlite3_aggregate_context(c, sizeof(*b));
	int64_t i = sqlite3_value_int64(args[0]);

	if (!b || i < 0 || i >= BLOCK_EVENTS ||
	    !take_lengths(blob_of(args[6]), (size_t)sqlite3_value_int64(args[7]), b)) {
		sqlite3_result_error(c, "a block cannot be read", -1);
		return;
	}
	b->n = MAX(b->n, (unsigned)i + 1);
	b->rows[i] = (struct block_row){
		.key = (uint64_t)sqlite3_value_int64(args[1]),
		.flags = (unsigned)sqlite3_value_int64(args[2]) & 15,
		.source = sqlite3_value_int64(args[3]),
		.text_len = (uint32_t)sqlite3_value_int64(args[4]),
		.jsonl_len = (uint32_t)sqlite3_value_int64(args[5]),
	};
}

static void event_rows_end(sqlite3_context *c)
{
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT;
	struct block *b = sqlite3_aggregate_context(c, 0);

	if (b)
		block_rows_put(&rows, b, b->n);
	if (buf_error(&rows))
		sqlite3_result_error_nomem(c);
	else
		sqlite3_result_blob64(c, rows.len ? rows.data : "", rows.len,
				      SQLITE_TRANSIENT);
}

/* --- states -------------------------------------------------------------------------------- */

static void told_bytes(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	uint32_t len[9];
	struct told told;

	for (size_t i = 0; i < ARRAY_SIZE(len); i++)
		len[i] = (uint32_t)sqlite3_value_int64(args[i]);
	told = (struct told){
		.measured = sqlite3_value_type(args[0]) != SQLITE_NULL,
		.csv_len = len[0],
		.jsonl_len = len[1],
		.item_len = len[2],
		.has_change = sqlite3_value_type(args[3]) != SQLITE_NULL,
		.change = { .change_type = (uint8_t)len[3],
			    .reason = (uint8_t)len[4],
			    .text_len = len[5],
			    .jsonl_len = len[6],
			    .line_len = len[7],
			    .line_jsonl_len = len[8],
			    .previous = sqlite3_value_int64(args[10]),
			    .why = text_of(args[12]) },
		.seq = (uint64_t)sqlite3_value_int64(args[9]),
		.follows = sqlite3_value_int64(args[10]) == sqlite3_value_int64(args[11]),
	};
	told_put(&bytes, &told);
	if (buf_error(&bytes))
		sqlite3_result_error_nomem(c);
	else if (bytes.len)
		sqlite3_result_blob64(c, bytes.data, bytes.len, SQLITE_TRANSIENT);
}

static void measured(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;

	if (sqlite3_value_type(args[1]) == SQLITE_NULL)
		return;
	varint_put(&bytes, (uint64_t)sqlite3_value_int64(args[0]));
	buf_put_str(&bytes, blob_of(args[1]));
	if (buf_error(&bytes))
		sqlite3_result_error_nomem(c);
	else
		sqlite3_result_blob64(c, bytes.data, bytes.len, SQLITE_TRANSIENT);
}

/* Rows, and their texts end to end: of each its name, ARN and reason. */
struct listing {
	struct buf rows, texts;
};

static void listing_add(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	struct listing *l = sqlite3_aggregate_context(c, sizeof(*l));
	struct run_row row = {
		.time_ms = sqlite3_value_int64(args[0]),
		.twin = (uint32_t)sqlite3_value_int64(args[1]),
		.state = sqlite3_value_int64(args[2]),
		.size = (uint32_t)sqlite3_value_int64(args[3]),
		.status = (uint8_t)(sqlite3_value_int64(args[4]) & 7),
		.hidden = sqlite3_value_int64(args[5]) != 0,
		.name = text_of(args[6]),
		.arn = text_of(args[7]),
	};

	if (!told_take(blob_of(args[8]), &row.told)) {
		sqlite3_result_error(c, "what is told of a state cannot be read", -1);
	} else if (l) {
		buf_put_str(&l->texts, row.name);
		buf_put_str(&l->texts, row.arn);
		buf_put_str(&l->texts, row.told.change.why);
		buf_put(&l->rows, &row, sizeof(row));
	}
}

static int by_moment(const void *a, const void *b)
{
	const struct run_row *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return (x->twin > y->twin) - (x->twin < y->twin);
}

static struct str text_at(struct listing *l, size_t *at, size_t n)
{
	struct str text = { l->texts.data + *at, n };

	*at += n;
	return n ? text : STR_NULL;
}

static void listing_encode(struct listing *l, struct buf *out)
{
	struct run_row *rows = (struct run_row *)l->rows.data;
	size_t n = l->rows.len / sizeof(*rows), at = 0;
	struct run_last last = { 0 };

	for (size_t i = 0; i < n; i++) {
		rows[i].name = text_at(l, &at, rows[i].name.n);
		rows[i].arn = text_at(l, &at, rows[i].arn.n);
		rows[i].told.change.why = text_at(l, &at, rows[i].told.change.why.n);
	}
	if (n > 1)
		qsort(rows, n, sizeof(*rows), by_moment);
	for (size_t i = 0; i < n; i++)
		run_row_put(out, &last, &rows[i]);
}

static void listing_end(sqlite3_context *c)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	struct listing *l = sqlite3_aggregate_context(c, 0);

	if (!l)
		return;
	if (!buf_error(&l->rows) && !buf_error(&l->texts))
		listing_encode(l, &bytes);
	if (buf_error(&l->rows) || buf_error(&l->texts) || buf_error(&bytes))
		sqlite3_result_error_nomem(c);
	else if (bytes.len)
		sqlite3_result_blob64(c, bytes.data, bytes.len, SQLITE_TRANSIENT);
	buf_deinit(&l->rows);
	buf_deinit(&l->texts);
}

/* --- what a resource is called ------------------------------------------------------------- */

static void number_add(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	int64_t number = sqlite3_value_int64(args[0]);
	struct buf *b = group(c);

	if (b)
		buf_put(b, &number, sizeof(number));
}

static void list_end(sqlite3_context *c,
		     void (*put)(struct buf *out, const int64_t *all, size_t n))
{
	_cleanup_(buf_deinit) struct buf list = BUF_INIT;
	struct buf *b = sqlite3_aggregate_context(c, 0);

	if (!b)
		return;
	if (b->len) {
		qsort(b->data, b->len / sizeof(int64_t), sizeof(int64_t), called_order);
		put(&list, (const int64_t *)b->data, b->len / sizeof(int64_t));
	}
	if (buf_error(b) || buf_error(&list))
		sqlite3_result_error_nomem(c);
	else
		sqlite3_result_blob64(c, list.data, list.len, SQLITE_TRANSIENT);
	buf_deinit(b);
}

static void names_end(sqlite3_context *c)
{
	list_end(c, called_names_put);
}

static void tokens_end(sqlite3_context *c)
{
	list_end(c, called_tokens_put);
}

/* --- sources ------------------------------------------------------------------------------- */

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
		rc = sqlite3_create_function_v2(db, "told_bytes", 13, how, NULL,
						told_bytes, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "run_states", 9, how, NULL, NULL,
						listing_add, listing_end, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "measured", 2, how, NULL, measured,
						NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "names_list", 1, how, NULL, NULL,
						number_add, names_end, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "tokens_list", 1, how, NULL, NULL,
						number_add, tokens_end, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "event_rows", 8, how, NULL, NULL,
						event_rows_add, event_rows_end, NULL);
	if (rc == SQLITE_OK)
		rc = migrate_timeline_functions(db);
	if (rc == SQLITE_OK)
		rc = migrate_edge_functions(db);
	return rc == SQLITE_OK ? migrate_posting_functions(db) : rc;
}
