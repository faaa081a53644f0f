/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bringing states into packs: bodies that were packed against each other are unpacked, in the order
 * they were put, and packed as packs are; and the bytes that name states by ids, which are runs of
 * listing rows and lines of the timeline, are given the new ones. SQL has made the table `renumbered`
 * (schema/packs.c). What cannot be decoded stays as it is, for who reads it to be told.
 */
#include <errno.h>
#include <stdlib.h>

#include "pack.h"
#include "private.h"
#include "run.h"
#include "schema/schema.h"
#include "timeline_row.h"
#include "told.h"
#include "util/arena.h"
#include "util/varint.h"

#define LEVEL   6
#define KEPT    64u /* bodies of a resource: a base is among the last ones */
#define BASES   64u /* how far a base may be packed against others */
#define UNKNOWN (-1)

struct kept_body {
	int64_t id;
	struct buf body;
};

struct dictionary_kept {
	int64_t id;
	struct zdict *z;
};

struct mover {
	sqlite3 *db;
	struct zcodec *codec;
	struct buf dictionaries; /* struct dictionary_kept */
	int64_t newest;          /* of states; 0: none */
	sqlite3_stmt *state, *alone, *put, *renumber;
	struct kept_body kept[KEPT];
	size_t next;
	struct pack_draft draft;
	int64_t first, next_id;
	struct buf bytes, scratch;
};

static void mover_deinit(struct mover *m)
{
	const struct dictionary_kept *d =
		(const struct dictionary_kept *)m->dictionaries.data;

	for (size_t i = 0; i < m->dictionaries.len / sizeof(*d); i++)
		zdict_free(d[i].z);
	for (size_t i = 0; i < KEPT; i++)
		buf_deinit(&m->kept[i].body);
	buf_deinit(&m->dictionaries);
	buf_deinit(&m->bytes);
	buf_deinit(&m->scratch);
	pack_draft_deinit(&m->draft);
	(void)sqlite3_finalize(m->state);
	(void)sqlite3_finalize(m->alone);
	(void)sqlite3_finalize(m->put);
	(void)sqlite3_finalize(m->renumber);
	m->codec = zcodec_free(m->codec);
}

static int code_of(int rc)
{
	return rc == SQLITE_OK || rc == SQLITE_DONE ? 0
	       : rc == SQLITE_NOMEM                 ? -ENOMEM
						    : -EIO;
}

static void finalizep(sqlite3_stmt **q)
{
	(void)sqlite3_finalize(*q);
}

static int prepare(struct mover *m, const char *sql, sqlite3_stmt **ret)
{
	return code_of(sqlite3_prepare_v2(m->db, sql, -1, ret, NULL));
}

/* Runs one that gives no rows. */
static int finish(sqlite3_stmt *q)
{
	int rc = sqlite3_step(q);

	(void)sqlite3_reset(q);
	return code_of(rc);
}

static int bind_blob(sqlite3_stmt *q, int i, struct str s)
{
	return code_of(sqlite3_bind_blob64(q, i, s.p ? s.p : "", s.n, SQLITE_STATIC));
}

/* --- bodies -------------------------------------------------------------------------------- */

/* NULL for 0. -EBADMSG: there is no such. */
static int dictionary(struct mover *m, int64_t id, const struct zdict **ret)
{
	_cleanup_(finalizep) sqlite3_stmt *q = NULL;
	const struct dictionary_kept *d =
		(const struct dictionary_kept *)m->dictionaries.data;
	struct dictionary_kept new = { .id = id };
	int r;

	*ret = NULL;
	if (!id)
		return 0;
	for (size_t i = 0; i < m->dictionaries.len / sizeof(*d); i++) {
		if (d[i].id == id) {
			*ret = d[i].z;
			return 0;
		}
	}
	r = prepare(m, "SELECT bytes FROM dictionary WHERE id = ?1", &q);
	if (!r)
		r = code_of(sqlite3_bind_int64(q, 1, id));
	if (!r && sqlite3_step(q) != SQLITE_ROW)
		r = -EBADMSG;
	if (!r)
		new.z = zdict_new(col_str(q, 0), LEVEL);
	if (r || !new.z)
		return r ? r : -ENOMEM;
	buf_put(&m->dictionaries, &new, sizeof(new));
	*ret = new.z;
	return buf_error(&m->dictionaries);
}

static struct kept_body *kept(struct mover *m, int64_t id)
{
	for (size_t i = 0; i < KEPT; i++)
		if (m->kept[i].id == id)
			return &m->kept[i];
	return NULL;
}

static void keep(struct mover *m, int64_t id, struct buf *body)
{
	struct kept_body *k = &m->kept[m->next++ % KEPT];

	buf_deinit(&k->body);
	k->body = *body;
	*body = BUF_INIT;
	k->id = id;
}

static int body_of(struct mover *m, int64_t id, unsigned depth, struct str *ret);

/* Columns: base, body_len, body. */
static int decode(struct mover *m, int64_t id, sqlite3_stmt *q, int first, unsigned depth)
{
	_cleanup_(buf_deinit) struct buf body = BUF_INIT, frame = BUF_INIT;
	int64_t base = col_int(q, first), length = col_int(q, first + 1);
	struct str prefix = STR_NULL;
	const struct zdict *z;
	int r;

	/* The statement may be asked again, for the base. */
	buf_put_str(&frame, col_str(q, first + 2));
	if (buf_error(&frame))
		return -ENOMEM;
	if (base >= id || length < 0 || base == INT64_MIN)
		return -EBADMSG;
	r = dictionary(m, base < 0 ? -base : 0, &z);
	if (!r && base > 0)
		r = body_of(m, base, depth + 1, &prefix);
	if (!r)
		r = zcodec_unpack_most(m->codec, buf_str(&frame), z, prefix,
				       (size_t)length, &body);
	if (!r)
		keep(m, id, &body);
	return r;
}

static int body_of(struct mover *m, int64_t id, unsigned depth, struct str *ret)
{
	const struct kept_body *k = kept(m, id);
	int r = 0;

	if (!k) {
		if (depth > BASES)
			return -EBADMSG;
		(void)sqlite3_reset(m->state);
		r = code_of(sqlite3_bind_int64(m->state, 1, id));
		if (!r && sqlite3_step(m->state) != SQLITE_ROW)
			r = -EBADMSG;
		if (!r)
			r = decode(m, id, m->state, 0, depth);
		k = r ? NULL : kept(m, id);
	}
	if (k)
		*ret = buf_str(&k->body);
	return r;
}

/* --- packs --------------------------------------------------------------------------------- */

static int put_pack(struct mover *m)
{
	const struct zdict *z;
	int r;

	if (!m->draft.pack.n)
		return 0;
	r = dictionary(m, m->newest, &z);
	buf_reset(&m->scratch);
	buf_reset(&m->bytes);
	if (!r)
		r = zcodec_pack(m->codec, buf_str(&m->draft.bodies), z, STR_NULL,
				&m->scratch);
	if (r)
		return r;
	m->draft.pack.frame = buf_str(&m->scratch);
	pack_put(&m->bytes, &m->draft.pack);
	r = buf_error(&m->bytes);
	if (!r)
		r = code_of(sqlite3_bind_int64(m->put, 1, m->first));
	if (!r)
		r = code_of(sqlite3_bind_int64(m->put, 2, m->newest));
	if (!r)
		r = bind_blob(m->put, 3, buf_str(&m->bytes));
	if (!r)
		r = finish(m->put);
	pack_draft_reset(&m->draft);
	return r;
}

/* Columns are those of loose_row(), with the base in the place of the dictionary, and the old id. */
#define OLD_ID 9

static int put_alone(struct mover *m, sqlite3_stmt *q, int64_t dictionary_id,
		     struct str body)
{
	int rc = SQLITE_OK;

	for (int i = 0; i < OLD_ID && rc == SQLITE_OK; i++)
		rc = sqlite3_bind_value(m->alone, i + 1, sqlite3_column_value(q, i));
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(m->alone, 6, dictionary_id);
	if (rc != SQLITE_OK || bind_blob(m->alone, 8, body))
		return -EIO;
	return finish(m->alone);
}

static int add(struct mover *m, sqlite3_stmt *q, struct str body)
{
	struct pack_draft *d = &m->draft;
	size_t start = d->bodies.len;
	struct packed_state st;

	if (!d->pack.n)
		m->first = col_int(q, 0);
	m->next_id = col_int(q, 0) + 1;
	loose_row(q, &st);
	buf_put_str(&d->bodies, body);
	return pack_draft_add(d, &st, start);
}

static int move_state(struct mover *m, sqlite3_stmt *q)
{
	int64_t id = col_int(q, 0), old = col_int(q, OLD_ID), base = col_int(q, 5);
	const struct kept_body *k;
	const struct zdict *z;
	struct str body;
	int r = decode(m, old, q, 5, 0);

	if (r == -EBADMSG)
		return put_alone(m, q, base < 0 && base > -INT64_MAX ? -base : 0,
				 col_str(q, 7));
	k = kept(m, old);
	if (r || !k)
		return r;
	body = buf_str(&k->body);
	if (col_int(q, 6) > (int64_t)PACK_BYTES || col_int(q, 4) < 0) {
		buf_reset(&m->scratch);
		r = dictionary(m, m->newest, &z);
		if (!r)
			r = zcodec_pack(m->codec, body, z, STR_NULL, &m->scratch);
		return r ? r : put_alone(m, q, m->newest, buf_str(&m->scratch));
	}
	if (m->draft.pack.n && (m->next_id != id || m->draft.pack.n == PACK_STATES ||
				m->draft.pack.stored + body.n > PACK_BYTES))
		r = put_pack(m);
	return r ? r : add(m, q, body);
}

static int move_states(struct mover *m)
{
	_cleanup_(finalizep) sqlite3_stmt *q = NULL;
	int rc = SQLITE_ROW;
	int r = prepare(
		m,
		"SELECT m.new, s.capture_ms, s.state_id, s.source, s.kind, s.base, "
		"s.body_len, s.body, s.raw, s.id FROM temp.renumbered m "
		"CROSS JOIN state s ON s.id = m.old ORDER BY m.new",
		&q);

	while (!r && (rc = sqlite3_step(q)) == SQLITE_ROW)
		r = move_state(m, q);
	if (!r)
		r = code_of(rc);
	return r ? r : put_pack(m);
}

/* --- ids in bytes -------------------------------------------------------------------------- */

/* UNKNOWN: there is no such state. */
static int renumber(struct mover *m, int64_t *id)
{
	int r = code_of(sqlite3_bind_int64(m->renumber, 1, *id));

	if (!r)
		*id = sqlite3_step(m->renumber) == SQLITE_ROW ? col_int(m->renumber, 0)
							      : UNKNOWN;
	(void)sqlite3_reset(m->renumber);
	return r;
}

static int renumber_told(struct mover *m, struct told *told)
{
	if (!told->has_change || told->follows || !told->change.previous)
		return 0;
	return renumber(m, &told->change.previous);
}

/* Of a row: its resource and first time, and its bytes. */
static int move_run(struct mover *m, sqlite3_stmt *q)
{
	struct run_last from = { .time_ms = col_int(q, 1) }, to = from;
	struct str in = col_str(q, 2);

	buf_reset(&m->bytes);
	while (in.n) {
		struct run_row row;
		int r = run_row_take(&in, &from, &row) ? 0 : -EBADMSG;

		if (!r)
			r = renumber(m, &row.state);
		if (!r)
			r = renumber_told(m, &row.told);
		if (!r && (row.state == UNKNOWN || row.told.change.previous == UNKNOWN))
			r = -EBADMSG;
		if (r)
			return r;
		run_row_put(&m->bytes, &to, &row);
	}
	return buf_error(&m->bytes);
}

static int move_lines(struct mover *m, sqlite3_stmt *q)
{
	int64_t first_ms = timeline_time(col_int(q, 0));
	struct store_line *lines;
	size_t n;

	buf_reset(&m->scratch);
	buf_reset(&m->bytes);
	if (!timeline_decode(first_ms, col_str(q, 1), &m->scratch))
		return -EBADMSG;
	lines = (struct store_line *)m->scratch.data;
	n = m->scratch.len / sizeof(*lines);
	for (size_t i = 0; i < n; i++) {
		int r = lines[i].kind == STORE_LINE_CHANGE ? renumber(m, &lines[i].ref)
							   : 0;

		if (r || lines[i].ref == UNKNOWN)
			return r ? r : -EBADMSG;
	}
	qsort(lines, n, sizeof(*lines), timeline_order);
	timeline_encode(&m->bytes, first_ms, lines, n);
	return buf_error(&m->bytes);
}

/* Its key and what is told. */
static int move_unlisted(struct mover *m, sqlite3_stmt *q)
{
	struct told told;
	int r = told_take(col_str(q, 3), &told) ? renumber_told(m, &told) : -EBADMSG;

	buf_reset(&m->bytes);
	if (!r && told.change.previous != UNKNOWN)
		told_put(&m->bytes, &told);
	return r ? r : buf_error(&m->bytes);
}

/* Of each row that is read the bytes are made anew; `write` has the columns of its key, then these. */
static int move_rows(struct mover *m, const char *read, const char *write, int keys,
		     int (*move)(struct mover *m, sqlite3_stmt *q))
{
	_cleanup_(finalizep) sqlite3_stmt *q = NULL, *w = NULL;
	int rc = SQLITE_ROW;
	int r = prepare(m, read, &q);

	if (!r)
		r = prepare(m, write, &w);
	while (!r && (rc = sqlite3_step(q)) == SQLITE_ROW) {
		r = move(m, q);
		if (r == -EBADMSG) {
			r = 0;
			continue;
		}
		for (int i = 0; i < keys && !r; i++)
			r = code_of(
				sqlite3_bind_value(w, i + 1, sqlite3_column_value(q, i)));
		if (!r)
			r = bind_blob(w, keys + 1, buf_str(&m->bytes));
		if (!r)
			r = finish(w);
	}
	return r ? r : code_of(rc);
}

static int move_references(struct mover *m)
{
	int r = move_rows(m, "SELECT resource, first_ms, states FROM shown_run",
			  "UPDATE shown_run SET states = ?3 WHERE resource = ?1 "
			  "AND first_ms = ?2",
			  2, move_run);

	if (!r)
		r = move_rows(m, "SELECT first, lines FROM timeline",
			      "UPDATE timeline SET lines = ?2 WHERE first = ?1", 1,
			      move_lines);
	if (!r)
		r = move_rows(m,
			      "SELECT resource, capture_ms, state, told FROM unlisted "
			      "WHERE told IS NOT NULL",
			      "UPDATE unlisted SET told = ?4 WHERE resource = ?1 "
			      "AND capture_ms = ?2 AND state = ?3",
			      3, move_unlisted);
	return r;
}

static int find_newest(struct mover *m)
{
	_cleanup_(finalizep) sqlite3_stmt *q = NULL;
	const struct zdict *z;
	int r = prepare(m, "SELECT coalesce(max(id), 0) FROM dictionary WHERE kind = 2",
			&q);

	if (!r && sqlite3_step(q) == SQLITE_ROW)
		m->newest = col_int(q, 0);
	return r ? r : dictionary(m, m->newest, &z);
}

int migrate_states(sqlite3 *db)
{
	_cleanup_(mover_deinit) struct mover m = { .db = db };
	int r = zcodec_new(LEVEL, &m.codec);

	if (!r)
		r = prepare(&m, "SELECT base, body_len, body FROM state WHERE id = ?1",
			    &m.state);
	if (!r)
		r = prepare(
			&m,
			"INSERT INTO state_packed(id, capture_ms, state_id, source, kind, "
			"dictionary, body_len, body, raw) "
			"VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
			&m.alone);
	if (!r)
		r = prepare(&m, "INSERT INTO state_pack VALUES(?1, ?2, ?3)", &m.put);
	if (!r)
		r = prepare(&m, "SELECT new FROM temp.renumbered WHERE old = ?1",
			    &m.renumber);
	if (!r)
		r = find_newest(&m);
	if (!r)
		r = move_states(&m);
	return r ? r : move_references(&m);
}
