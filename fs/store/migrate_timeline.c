/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL functions for migrations of the timeline; as migrate_function.c, which has the others.
 *
 *   timeline_lines(time, kind, rank, twin, ref, text_len, jsonl_len)
 *                                  a group of lines in bytes, as rows had them before schema 34
 *   timeline_packed(place, end, lines)   those of a row, up to the next row's place, as
 *                                  timeline_code.c has them
 *
 * In bytes a line is: milliseconds since the one before it; a byte of its kind, 2 bits, and whether it
 * is a twin; rank, of a change 40 bits of it, else 64, the greatest byte first; its number among twins,
 * where it is one; ref less that of the line before it; both lengths. Numbers as in util/varint.h.
 */
#include <stdlib.h>

#include "private.h"
#include "schema/schema.h"
#include "timeline_row.h"
#include "util/varint.h"

#define KIND_MASK    3u
#define IS_TWIN      4u
#define RANK_CUT     23 /* bits of a change's 63 that are not kept */
#define CHANGE_BYTES 5u
#define RANK_BYTES   8u

static void put_rank(struct buf *out, const struct store_line *l)
{
	unsigned n = l->kind == STORE_LINE_CHANGE ? CHANGE_BYTES : RANK_BYTES;
	uint64_t rank = (uint64_t)l->rank;

	if (l->kind == STORE_LINE_CHANGE)
		rank >>= RANK_CUT;
	while (n--)
		buf_put_char(out, (char)(rank >> 8 * n));
}

static bool take_rank(struct str *in, struct store_line *l)
{
	unsigned n = l->kind == STORE_LINE_CHANGE ? CHANGE_BYTES : RANK_BYTES;
	uint64_t rank = 0;

	if (in->n < n)
		return false;
	for (unsigned i = 0; i < n; i++)
		rank = rank << 8 | (unsigned char)in->p[i];
	*in = str_from(*in, n);
	l->rank = (int64_t)(l->kind == STORE_LINE_CHANGE ? rank << RANK_CUT : rank);
	return true;
}

static void encode_bytes(struct buf *out, int64_t first_ms,
			 const struct store_line *lines, size_t n)
{
	struct store_line last = { .time_ms = first_ms };

	for (size_t i = 0; i < n; i++) {
		const struct store_line *l = &lines[i];

		varint_put(out, (uint64_t)l->time_ms - (uint64_t)last.time_ms);
		buf_put_char(out, (char)(l->kind | (l->twin ? IS_TWIN : 0)));
		put_rank(out, l);
		if (l->twin)
			varint_put(out, (uint64_t)l->twin);
		varint_put(out, zigzag((int64_t)((uint64_t)l->ref - (uint64_t)last.ref)));
		varint_put(out, l->text_len);
		varint_put(out, l->jsonl_len);
		last = *l;
	}
}

/* The line behind `last`. */
static bool take_line(struct str *in, const struct store_line *last,
		      struct store_line *ret)
{
	uint64_t time, twin = 0, ref, text_len, jsonl_len;
	unsigned flags;

	if (!varint_take(in, &time) || !in->n)
		return false;
	flags = (unsigned char)in->p[0];
	*in = str_from(*in, 1);
	*ret = (struct store_line){ .kind = (enum store_line_kind)(flags & KIND_MASK) };
	if (flags > (IS_TWIN | KIND_MASK) || !take_rank(in, ret) ||
	    (flags & IS_TWIN && !varint_take(in, &twin)) || !varint_take(in, &ref) ||
	    !varint_take(in, &text_len) || !varint_take(in, &jsonl_len) ||
	    text_len > UINT32_MAX || jsonl_len > UINT32_MAX)
		return false;
	ret->time_ms = (int64_t)((uint64_t)last->time_ms + time);
	ret->twin = (int64_t)twin;
	ret->ref = (int64_t)((uint64_t)last->ref + (uint64_t)unzigzag(ref));
	ret->text_len = (uint32_t)text_len;
	ret->jsonl_len = (uint32_t)jsonl_len;
	return true;
}

static bool decode_bytes(int64_t first_ms, struct str in, struct buf *ret)
{
	struct store_line last = { .time_ms = first_ms }, line;

	for (bool first = true; in.n; first = false) {
		if (!take_line(&in, &last, &line) || line.time_ms < last.time_ms ||
		    line.kind > STORE_LINE_TRANSITION ||
		    (!first && timeline_order(&line, &last) <= 0))
			return false;
		buf_put(ret, &line, sizeof(line));
		last = line;
	}
	return true;
}

/* --- functions ----------------------------------------------------------------------------- */

static void line_add(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	struct store_line line = {
		.time_ms = sqlite3_value_int64(args[0]),
		.kind = (enum store_line_kind)sqlite3_value_int64(args[1]),
		.rank = sqlite3_value_int64(args[2]),
		.twin = sqlite3_value_int64(args[3]),
		.ref = sqlite3_value_int64(args[4]),
		.text_len = (uint32_t)sqlite3_value_int64(args[5]),
		.jsonl_len = (uint32_t)sqlite3_value_int64(args[6]),
	};
	struct buf *b = sqlite3_aggregate_context(c, sizeof(struct buf));

	line.rank = timeline_rank(&line);
	if (b)
		buf_put(b, &line, sizeof(line));
}

static void lines_end(sqlite3_context *c)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	struct buf *b = sqlite3_aggregate_context(c, sizeof(struct buf));
	struct store_line *lines = b ? (struct store_line *)b->data : NULL;
	size_t n = b ? b->len / sizeof(*lines) : 0;

	if (n > 1)
		qsort(lines, n, sizeof(*lines), timeline_order);
	if (n)
		encode_bytes(&bytes, lines[0].time_ms, lines, n);
	if (!b || !n || buf_error(b) || buf_error(&bytes))
		sqlite3_result_error_nomem(c);
	else
		sqlite3_result_blob64(c, bytes.data, bytes.len, SQLITE_TRANSIENT);
	if (b)
		buf_deinit(b);
}

static void packed(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	_cleanup_(buf_deinit) struct buf lines = BUF_INIT, bytes = BUF_INIT;
	const char *blob = sqlite3_value_blob(args[2]);
	struct str in = { blob, (size_t)sqlite3_value_bytes(args[2]) };
	int64_t place = sqlite3_value_int64(args[0]);

	if (!decode_bytes(timeline_time(place), in, &lines) || !lines.len) {
		sqlite3_result_error(c, "a row of the timeline cannot be decoded", -1);
		return;
	}
	timeline_forget_ranks(&place, sqlite3_value_int64(args[1]),
			      (struct store_line *)lines.data,
			      lines.len / sizeof(struct store_line));
	timeline_encode(&bytes, timeline_time(place),
			(const struct store_line *)lines.data,
			lines.len / sizeof(struct store_line));
	if (buf_error(&lines) || buf_error(&bytes))
		sqlite3_result_error_nomem(c);
	else
		sqlite3_result_blob64(c, bytes.data, bytes.len, SQLITE_TRANSIENT);
}

int migrate_timeline_functions(sqlite3 *db)
{
	const int how = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
	int rc = sqlite3_create_function_v2(db, "timeline_lines", 7, how, NULL, NULL,
					    line_add, lines_end, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "timeline_packed", 3, how, NULL,
						packed, NULL, NULL, NULL);
	return rc;
}
