/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking in a CloudTrail record. This is the hottest path of an import: one insert, which is
 * also the question whether the event is known, and everything else gathered for the end of
 * the transaction.
 */
#include <errno.h>

#include "coverage.h"
#include "private.h"
#include "spread.h"
#include "store/write.h"

enum event_flag {
	EVENT_READ_ONLY = 1,
	EVENT_FAILED = 2,
	EVENT_ISSUED = 4,
	EVENT_MENTIONS = 8,
};

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A GUID in the one way CloudTrail writes it: 8-4-4-4-12 lower-case digits. */
static bool guid_bytes(struct str text, uint8_t ret[16])
{
	size_t n = 0;

	if (text.n != 36)
		return false;
	for (size_t i = 0; i < 36; i++) {
		int high, low;

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text.p[i] != '-')
				return false;
			continue;
		}
		high = hex_digit(text.p[i]);
		low = hex_digit(text.p[++i]);
		if (high < 0 || low < 0)
			return false;
		ret[n++] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* The identity as it is stored; `guid` holds the bytes. */
static struct sql_arg identity_arg(struct str identity, uint8_t guid[16])
{
	if (guid_bytes(identity, guid))
		return BLOB(((struct str){ (const char *)guid, 16 }));
	return TEXT(identity);
}

int store_event_find(struct store *s, struct str identity, int64_t *ret_event)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	uint8_t guid[16];
	int r = sql_get(s, Q_EVENT_BY_IDENTITY, ARGS(identity_arg(identity, guid)), &q);

	if (!r)
		*ret_event = col_int(q, 0);
	return r;
}

/* --- an event that is there ---------------------------------------------------------------- */

/* The same record may come with other white space or order of members: the values decide. */
static int same_record(struct store *s, int64_t id, struct str raw, bool *ret)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	struct jv theirs, ours;
	int r = body_of_event(s, id, &body);

	if (!r)
		r = jv_parse(&a, buf_str(&body), &ours, NULL);
	if (!r)
		r = jv_parse(&a, raw, &theirs, NULL);
	if (r < 0)
		return r;
	*ret = !r && jv_equal(&ours, &theirs);
	return r == JV_E_SYNTAX ? 0 : r;
}

static int put_known(struct store *s, const struct sql_arg *identity, struct str raw,
		     uint64_t hash, enum store_put *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool same = true;
	int r = sql_get(s, Q_EVENT_BY_IDENTITY, identity, 1, &q);

	if (!r && (uint64_t)col_int(q, 1) != hash)
		r = same_record(s, col_int(q, 0), raw, &same);
	if (!r)
		*ret = same ? STORE_PUT_KNOWN : STORE_PUT_CONFLICT;
	return r;
}

/* --- a new one ----------------------------------------------------------------------------- */

static bool issued(const struct event *e)
{
	return event_issues_session(e) && !e->failed;
}

/* The record names no account: it may concern a resource of any, and of each by other tokens. */
static int spread_to_all(struct store *s, const struct event *e,
			 const struct mention_set *mentions)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	_cleanup_(buf_deinit) struct buf tokens = BUF_INIT;
	bool row = true;
	int r = sql_open(s, Q_ACCOUNTS, NO_ARGS, &q);

	while (!r) {
		uint64_t scope;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		scope = mention_scope(col_str(q, 0));
		for (size_t i = 0; i < mentions->n; i++) {
			uint64_t token = mentions->tokens[i] ^ scope;

			buf_put(&tokens, &token, sizeof(token));
		}
	}
	if (!r)
		r = buf_error(&tokens);
	return r ? r
		 : spread_queue(s, SPREAD_NAMED, e->time_ms,
				(const uint64_t *)tokens.data,
				tokens.len / sizeof(uint64_t));
}

/* What the event names, and with which credential it was made. */
static int put_mentions(struct store *s, const struct event *e, int64_t id,
			const struct mention_set *mentions)
{
	struct writer *w = s->writer;
	struct str arn = jv_get_text(e->identity, "arn");
	int r = 0;

	for (size_t i = 0; i < mentions->n && !r; i++)
		r = writer_token(s, &w->mentions, mentions->tokens[i], e->time_ms, id);
	if (!r && e->access_key.n)
		r = writer_token(s, &w->actors, mention_token(e->access_key), e->time_ms,
				 id);
	if (!r && arn.n && event_is_role_session(e))
		r = writer_token(s, &w->actors, mention_token(arn), e->time_ms, id);
	if (!r)
		r = spread_queue(s, SPREAD_NAMED, e->time_ms, mentions->tokens,
				 mentions->n);
	if (!r && !e->account.n && s->writer->has_alias)
		r = spread_to_all(s, e, mentions);
	return r;
}

static int put_session(struct store *s, const struct event *e, int64_t id)
{
	const struct str names[] = { event_issued_key(e), event_issued_arn(e) };
	uint64_t tokens[ARRAY_SIZE(names)];
	size_t n = 0;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!names[i].n)
			continue;
		tokens[n] = mention_token(names[i]);
		r = sql_run(s, Q_SESSION_INSERT,
			    ARGS(INT(tokens[n]), INT(e->time_ms), INT(id)));
		if (r)
			return r;
		n++;
	}
	r = unit_news(s, tokens, n);
	return r ? r : spread_queue(s, SPREAD_ISSUED, e->time_ms, tokens, n);
}

static int put_new(struct store *s, const struct event *e, int64_t id,
		   const struct mention_set *mentions)
{
	int r = 0;

	writer_count(s, COUNTER_EVENT, 1);
	writer_count(s, COUNTER_EVENT_ROW, 1);
	if (mentions)
		r = put_mentions(s, e, id, mentions);
	if (!r && issued(e))
		r = put_session(s, e, id);
	if (!r)
		r = writer_trail(s, e->account, e->time_ms);
	if (!r)
		r = coverage_event(s, e, id);
	if (!r)
		r = writer_tally(s, STR("event"), e->account, e->region, e->source, 1, 0,
				 e->time_ms);
	return r ? r : dictionary_count(s, DICTIONARY_EVENT);
}

static int64_t flags_of(const struct event *e, const struct mention_set *mentions)
{
	return (e->read_only ? EVENT_READ_ONLY : 0) | (e->failed ? EVENT_FAILED : 0) |
	       (issued(e) ? EVENT_ISSUED : 0) | (mentions ? EVENT_MENTIONS : 0);
}

static int put(struct store *s, const struct event *e, struct str identity,
	       struct str raw, const struct mention_set *mentions,
	       const struct event_told *told, int64_t source_id, enum store_put *ret)
{
	uint64_t hash = str_hash(raw);
	uint8_t guid[16];
	struct sql_arg key = identity_arg(identity, guid);
	int64_t dictionary, id;
	int r = writing(s, "event");

	if (!r)
		r = body_pack(s, DICTIONARY_EVENT, raw, &s->writer->pack, &dictionary);
	if (r)
		return r;
	id = s->writer->next_event;
	r = sql_run(s, Q_EVENT_INSERT,
		    ARGS(INT(id), key, INT(e->time_ms), INT(flags_of(e, mentions)),
			 INT(source_id), INT(hash), REF(dictionary), INT(raw.n),
			 BLOB(buf_str(&s->writer->pack)), INT(told ? told->text_len : 0),
			 INT(told ? told->jsonl_len : 0)));
	if (r)
		return r;
	if (sqlite3_changes(s->db) == 0)
		return put_known(s, &key, raw, hash, ret);
	s->writer->next_event++;
	r = put_new(s, e, id, mentions);
	if (!r && told)
		r = tell_event(s, e, id, identity, told);
	if (!r)
		*ret = STORE_PUT_NEW;
	return r;
}

int store_put_event(struct store *s, const struct event *e, struct str identity,
		    struct str raw, const struct mention_set *mentions,
		    const struct event_told *told, int64_t source_id, enum store_put *ret)
{
	return written(s, put(s, e, identity, raw, mentions, told, source_id, ret));
}
