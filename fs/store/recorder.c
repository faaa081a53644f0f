/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorders. What is described again as it was is one row whose end moves.
 */
#include "store/recorder.h"

#include <errno.h>

#include "coverage.h"
#include "private.h"
#include "rows.h"

/* The row before; id 0: none. */
struct last {
	int64_t id, last_ms, hash;
	struct str body; /* in the arena */
};

static int last_get(struct store *s, const struct recorder *r, struct arena *a,
		    struct last *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int e = sql_get(s, Q_RECORDER_LAST,
			ARGS(TEXT(r->account), TEXT(r->region), TEXT(r->name)), &q);

	*ret = (struct last){ .body = STR("null") };
	if (e)
		return e == STORE_E_NOT_FOUND ? 0 : e;
	*ret = (struct last){ col_int(q, 0), col_int(q, 1), col_int(q, 2),
			      arena_str(a, col_str(q, 3)) };
	return ret->body.p ? 0 : -ENOMEM;
}

/* It ran all the time between two descriptions, unless it was started in it. */
static int put_sign(struct store *s, const struct recorder *r, const struct last *last)
{
	int64_t from = last->id ? MAX(last->last_ms, r->started_ms) : r->asked_ms;

	if (!r->recording || r->failure.n)
		return 0;
	return store_put_sign(s,
			      &(struct coverage_sign){ .account = r->account,
						       .region = r->region,
						       .source = COVERAGE_CONFIG,
						       .from_ms = MIN(from, r->asked_ms),
						       .to_ms = r->asked_ms + 1 });
}

/* What stories look at. */
static int dirty_daily(struct store *s, struct arena *a, const struct recorder *r,
		       const struct last *last)
{
	_cleanup_(buf_deinit) struct buf now = BUF_INIT, before = BUF_INIT;
	const struct jv *mode = jv_path(r->value, "configurationRecorder.recordingMode");
	struct jv old = jv_null;
	int e = jv_parse(a, last->body, &old, NULL);

	if (e < 0)
		return e;
	jv_write_sorted(&now, mode ? mode : &jv_null);
	mode = jv_path(&old, "configurationRecorder.recordingMode");
	jv_write_sorted(&before, mode ? mode : &jv_null);
	if (buf_error(&now) || buf_error(&before))
		return -ENOMEM;
	if (str_eq(buf_str(&now), buf_str(&before)))
		return 0;
	return sql_run(s, Q_DIRTY_OF_REGION,
		       ARGS(TEXT(r->account), TEXT(r->region), INT(r->asked_ms)));
}

static int put_row(struct store *s, struct arena *a, const struct recorder *r,
		   const struct last *last)
{
	_cleanup_(buf_deinit) struct buf essence = BUF_INIT, body = BUF_INIT;
	int64_t hash;
	int e;

	recorder_essence(&essence, r);
	jv_write_sorted(&body, r->value);
	e = buf_error(&essence) ? -ENOMEM : buf_error(&body);
	if (e)
		return e;
	hash = (int64_t)str_hash(buf_str(&essence));
	if (last->id && hash == last->hash)
		return sql_run(s, Q_RECORDER_AGAIN,
			       ARGS(INT(last->id), INT(r->asked_ms),
				    TEXT(buf_str(&body))));
	e = dirty_daily(s, a, r, last);
	return e ? e
		 : sql_run(s, Q_RECORDER_PUT,
			   ARGS(TEXT(r->account), TEXT(r->region), TEXT(r->name),
				INT(r->asked_ms), INT(hash), TEXT(buf_str(&body))));
}

int store_put_recorder(struct store *s, const struct recorder *r)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct last last;
	int e = writing(s, "recorder");

	if (!e)
		e = last_get(s, r, &a, &last);
	if (!e && last.id && r->asked_ms <= last.last_ms)
		return 0;
	/* Its region's resources are looked for among those written. */
	if (!e)
		e = writer_settle(s);
	if (!e)
		e = put_row(s, &a, r, &last);
	if (!e)
		e = put_sign(s, r, &last);
	return written(s, e);
}

/* --- reading -------------------------------------------------------------------------------- */

static int seen_of(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct recorder_seen *seen = ret;
	struct str body = arena_str(a, col_str(q, 2));
	struct jv *v = arena_alloc(a, sizeof(*v));
	int e = body.p && v ? jv_parse(a, body, v, NULL) : -ENOMEM;

	seen->seen_ms = col_int(q, 0);
	seen->last_ms = col_int(q, 1);
	if (!e)
		e = recorder_from_jv(v, &seen->recorder, NULL);
	return e > 0 ? -EBADMSG : e;
}

static int read_all(struct store *s, enum statement id, const struct sql_arg *args,
		    size_t n, struct arena *a, struct recorder_seen **ret, size_t *ret_n)
{
	static const struct sql_shape shape = { sizeof(**ret), seen_of };
	int e = reading(s);

	return e ? e : sql_list(s, id, args, n, &shape, a, ret, ret_n);
}

int store_recorders(struct store *s, struct arena *a, struct recorder_seen **ret,
		    size_t *ret_n)
{
	return read_all(s, Q_RECORDERS, NO_ARGS, a, ret, ret_n);
}

int store_recorders_of(struct store *s, struct str account, struct str region,
		       struct arena *a, struct recorder_seen **ret, size_t *ret_n)
{
	if (!region.p)
		return read_all(s, Q_RECORDERS_OF_ACCOUNT, ARGS(TEXT(account)), a, ret,
				ret_n);
	return read_all(s, Q_RECORDERS_OF_REGION, ARGS(TEXT(account), TEXT(region)), a,
			ret, ret_n);
}
