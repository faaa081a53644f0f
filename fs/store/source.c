/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger of source objects, and what of them was not kept: refusals with their bytes,
 * notices by number. A source that is started anew begins with neither, so that an import cut
 * off and run again counts nothing twice.
 */
#include "ledger.h"
#include "private.h"
#include "skip.h"
#include "source_name.h"
#include "store/write.h"

#define REFUSAL_MAX ((size_t)1 << 20) /* bytes of a refused record that are kept */

int store_source_find(struct store *s, struct str name, struct store_source *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_SOURCE_BY_NAME,
			ARGS(INT(source_name_key(name)), TEXT(source_name_cut(name).tail),
			     TEXT(name)),
			&q);

	if (r)
		return r;
	ret->id = col_int(q, 0);
	ret->size = (uint64_t)col_int(q, 1);
	ret->version = col_int(q, 2);
	ret->finished = col_int(q, 3) != 0;
	ret->all_events = col_int(q, 4) != 0;
	return 0;
}

int store_source_begins(struct store *s, struct str prefix, bool *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct store_source known;
	int r = sql_get(s, Q_SOURCE_PART_FROM, ARGS(TEXT(prefix)), &q);

	*ret = false;
	if (r == 0) {
		struct str text = col_str(q, 0);

		*ret = str_eq((struct str){ text.p, MIN(text.n, prefix.n) }, prefix);
	}
	if ((r && r != STORE_E_NOT_FOUND) || *ret)
		return r;
	r = store_source_find(s, prefix, &known);
	*ret = r == 0;
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

/* The bytes refused and the notices of an earlier version, or of a run that was cut off. */
static int forget_leavings(struct store *s, int64_t id)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = ledger_forget_refusals(s, id);

	if (!r)
		r = sql_run(s, Q_REFUSALS_DELETE, ARGS(INT(id)));
	if (r)
		return r;
	writer_count(s, COUNTER_REFUSAL, -(int64_t)sqlite3_changes64(s->db));
	r = sql_get(s, Q_NOTICES_OF_SOURCE, ARGS(INT(id)), &q);
	if (r)
		return r;
	writer_count(s, COUNTER_NOTICE, -col_int(q, 0));
	r = sql_run(s, Q_NOTICES_DELETE, ARGS(INT(id)));
	return r ? r : skip_forget(s, id);
}

static int insert(struct store *s, const struct store_source *source)
{
	struct source_name cut = source_name_cut(source->name);
	int r = sql_run(s, Q_SOURCE_PART_INSERT, ARGS(TEXT(cut.folder)));

	if (!r)
		r = sql_run(s, Q_SOURCE_PART_INSERT, ARGS(TEXT(cut.stem)));
	return r ? r
		 : sql_run(s, Q_SOURCE_INSERT,
			   ARGS(INT(source_name_key(source->name)), TEXT(cut.folder),
				TEXT(cut.stem), TEXT(cut.tail), INT(source->size),
				INT(source->version), INT(source->all_events)));
}

int store_source_start(struct store *s, const struct store_source *source,
		       int64_t *ret_id)
{
	struct store_source known;
	int r = writing(s, "source");

	if (!r)
		r = store_source_find(s, source->name, &known);
	if (r && r != STORE_E_NOT_FOUND)
		return r;
	if (r) {
		r = insert(s, source);
		known.id = sqlite3_last_insert_rowid(s->db);
		writer_count(s, COUNTER_SOURCE, 1);
	} else {
		r = sql_run(s, source->stream ? Q_SOURCE_CONTINUE : Q_SOURCE_RENEW,
			    ARGS(INT(known.id), INT(source->size), INT(source->version),
				 INT(source->all_events)));
		if (!r && !source->stream)
			r = forget_leavings(s, known.id);
	}
	if (!r)
		r = ledger_due(s, STORE_LINES_IMPORTS, known.id);
	if (!r)
		*ret_id = known.id;
	return written(s, r);
}

static int finish(struct store *s, enum statement how, int64_t id,
		  const struct store_counts *counts, int64_t finished_ms)
{
	int r = writing(s, "source");

	if (!r)
		r = sql_run(s, how,
			    ARGS(INT(id), INT(finished_ms), INT(counts->items),
				 INT(counts->events), INT(counts->transitions),
				 INT(counts->duplicates), INT(counts->notices),
				 INT(counts->refused), INT(counts->skipped)));
	if (r)
		return written(s, r);
	s->writer->finished_ms = MAX(s->writer->finished_ms, finished_ms);
	s->writer->pending = true;
	return written(s, ledger_due(s, STORE_LINES_IMPORTS, id));
}

int store_source_finish(struct store *s, int64_t id, const struct store_counts *counts,
			int64_t finished_ms)
{
	return finish(s, Q_SOURCE_FINISH, id, counts, finished_ms);
}

int store_source_finish_stream(struct store *s, int64_t id,
			       const struct store_counts *counts, int64_t finished_ms)
{
	return finish(s, Q_SOURCE_FINISH_STREAM, id, counts, finished_ms);
}

int store_put_refusal(struct store *s, int64_t source_id, const struct fault *fault,
		      struct str bytes, uint64_t length)
{
	struct str kept = { bytes.p, MIN(bytes.n, REFUSAL_MAX) };
	struct buf *pack = NULL;
	int r = writing(s, "refusal");

	if (r)
		return r;
	pack = &s->writer->pack;
	r = body_pack_prefix(s, kept, STR_NULL, pack);
	if (!r)
		r = sql_run(s, Q_REFUSAL_INSERT,
			    ARGS(INT(source_id), INT(fault->offset),
				 TEXT(str_of(fault->field)), TEXT(str_of(fault->reason)),
				 INT(length), INT(str_hash(kept)), BLOB(buf_str(pack)),
				 INT(kept.n)));
	if (r || sqlite3_changes64(s->db) == 0)
		return written(s, r);
	writer_count(s, COUNTER_REFUSAL, 1);
	return written(s, ledger_due(s, STORE_LINES_REFUSED,
				     sqlite3_last_insert_rowid(s->db)));
}

int store_has_refusal(struct store *s, int64_t source_id, bool *ret)
{
	return sql_exists(s, Q_REFUSAL_OF, ARGS(INT(source_id)), ret);
}

int store_count_notice(struct store *s, int64_t source_id, struct str what, uint64_t n)
{
	int r = writing(s, "notice");

	if (!r)
		r = sql_run(s, Q_NOTICE_ADD, ARGS(INT(source_id), TEXT(what), INT(n)));
	if (r)
		return r;
	writer_count(s, COUNTER_NOTICE, (int64_t)n);
	return 0;
}
