/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL functions for the migration of relationships; as migrate_function.c, which has the others.
 *
 *   edge_rows(seq, relation, id, name, since, until, source_name, target, out_len, in_len, at_len,
 *   what, type, source_type, source_id)   a group of a source's, as edge_row.c has them
 *   edge_bits(account, type, text)        what of a token edge_token has
 */
#include <stdlib.h>

#include "edge.h"
#include "private.h"
#include "relation.h"

static struct str text_of(sqlite3_value *value)
{
	const char *text = (const char *)sqlite3_value_text(value);

	return (struct str){ text ? text : "", (size_t)sqlite3_value_bytes(value) };
}

struct numbered {
	int64_t seq;
	struct edge edge;
};

struct group {
	struct buf rows; /* struct numbered */
	struct arena arena;
	bool failed;
};

static struct str keep(struct group *g, sqlite3_value *value)
{
	struct str s = arena_str(&g->arena, text_of(value));

	g->failed |= !s.p;
	return s;
}

static void rows_add(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	struct group *g = sqlite3_aggregate_context(c, sizeof(*g));
	int64_t until_ms = sqlite3_value_int64(args[5]);
	struct numbered row;

	if (!g)
		return;
	row = (struct numbered){
		.seq = sqlite3_value_int64(args[0]),
		.edge = { .kind = sqlite3_value_int64(args[1]),
			  .relation = { .what = keep(g, args[11]),
					.type = keep(g, args[12]),
					.id = keep(g, args[2]),
					.name = keep(g, args[3]),
					.since_ms = sqlite3_value_int64(args[4]),
					.until_ms = until_ms ? until_ms : RELATION_OPEN },
			  .source_name = keep(g, args[6]),
			  .target = sqlite3_value_int64(args[7]) },
	};
	for (unsigned i = 0; i < EDGE_LINES; i++)
		row.edge.more[i] = (uint32_t)sqlite3_value_int64(args[8 + i]) -
				   edge_line_told(&row.edge, text_of(args[13]),
						  text_of(args[14]), (enum edge_line)i);
	buf_put(&g->rows, &row, sizeof(row));
}

static int by_number(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

static void rows_end(sqlite3_context *c)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	struct group *g = sqlite3_aggregate_context(c, 0);
	struct edge_last last = { 0 };
	struct numbered *rows;
	size_t n;

	if (!g)
		return;
	rows = (struct numbered *)g->rows.data;
	n = g->rows.len / sizeof(*rows);
	if (n > 1)
		qsort(rows, n, sizeof(*rows), by_number);
	/* The first run of a source has told its name. */
	if (n && rows[0].seq > 0)
		last.source_name = rows[0].edge.source_name;
	for (size_t i = 0; i < n; i++)
		edge_row_put(&bytes, &last, &rows[i].edge);
	if (g->failed || buf_error(&g->rows) || buf_error(&bytes))
		sqlite3_result_error_nomem(c);
	else
		sqlite3_result_blob64(c, bytes.data, bytes.len, SQLITE_TRANSIENT);
	buf_deinit(&g->rows);
	arena_deinit(&g->arena);
}

static void bits(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	_cleanup_(buf_deinit) struct buf scratch = BUF_INIT;
	int64_t token;

	if (relation_token(&scratch, text_of(args[0]), text_of(args[1]), text_of(args[2]),
			   &token)) {
		sqlite3_result_error_nomem(c);
		return;
	}
	sqlite3_result_int64(c, edge_bits(token));
}

int migrate_edge_functions(sqlite3 *db)
{
	const int how = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
	int rc = sqlite3_create_function_v2(db, "edge_rows", 15, how, NULL, NULL,
					    rows_add, rows_end, NULL);

	return rc == SQLITE_OK ? sqlite3_create_function_v2(db, "edge_bits", 3, how, NULL,
							    bits, NULL, NULL, NULL)
			       : rc;
}
