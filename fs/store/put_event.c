/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking in a CloudTrail record. This is the hottest path of an import: one look whether the event
 * is known, by the hash of its identity, its record put to the block under way, and everything else
 * gathered: sums for the end of the transaction, what it is found by for longer (gathered.c).
 */
#include <errno.h>

#include "coverage.h"
#include "private.h"
#include "spread.h"
#include "store/write.h"

/* --- an event that is there ---------------------------------------------------------------- */

/* How a record that came in relates to one that is there. */
enum kinship {
	KINSHIP_NONE, /* another event, whose identity has the same hash */
	KINSHIP_SAME,
	KINSHIP_CONFLICT,
	KINSHIP_LOST, /* that one cannot be read, and none of the others is kin */
};

/* The same record may come with other white space or order of members: the values decide. */
static int compare_values(struct str theirs, struct str raw, struct str identity,
			  enum kinship *ret)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv old, new;
	struct event e;
	struct fault f;
	int r = jv_parse(&a, theirs, &old, NULL);

	if (!r)
		r = jv_parse(&a, raw, &new, NULL);
	if (r < 0)
		return r;
	*ret = !r && jv_equal(&old, &new) ? KINSHIP_SAME : KINSHIP_CONFLICT;
	if (*ret == KINSHIP_CONFLICT && !r && event_from_jv(&old, &e, &f) == 0 &&
	    !str_eq(event_identity(&e, &a), identity))
		*ret = KINSHIP_NONE;
	return 0;
}

static int compare(struct store *s, int64_t event, struct str raw, struct str identity,
		   enum kinship *ret)
{
	_cleanup_(buf_deinit) struct buf theirs = BUF_INIT;
	int r = body_of_event(s, event, &theirs);

	*ret = r ? KINSHIP_NONE : KINSHIP_SAME;
	if (r == STORE_E_NOT_FOUND)
		return body_damaged(s, "an event of the list of keys", event);
	if (r || str_eq(buf_str(&theirs), raw))
		return r;
	return compare_values(buf_str(&theirs), raw, identity, ret);
}

struct search {
	struct store *s;
	struct str raw, identity;
	uint64_t key;
	int64_t event;
	enum kinship kinship;
	bool lost; /* one that may be kin cannot be read */
};

/* The others are looked at all the same. */
static int pass_over(struct search *c, int error)
{
	if (!store_is_row_lost(c->s, error))
		return error;
	c->lost = true;
	return 0;
}

/* Has it the whole key? */
static int look_at_key(void *ctx, const struct posting *p, bool *more)
{
	struct search *c = ctx;
	uint64_t key;
	int r = event_row_key(c->s, p->event, &key);

	if (r == STORE_E_NOT_FOUND)
		return body_damaged(c->s, "an event of the list of keys", p->event);
	if (r || key != c->key)
		return r;
	c->event = p->event;
	*more = false;
	return 0;
}

static int look_at(void *ctx, const struct posting *p, bool *more)
{
	struct search *c = ctx;
	bool other = true;
	int r = look_at_key(ctx, p, &other);

	if (!r && !other)
		r = compare(c->s, p->event, c->raw, c->identity, &c->kinship);
	*more = c->kinship == KINSHIP_NONE;
	return pass_over(c, r);
}

/* Those whose keys are alike as far as the list has them. */
static int each_of_key(struct store *s, uint64_t key, posting_fn *each, void *ctx)
{
	struct posting p = posting_of_hash(key, 0);

	return postings_each(s, POSTING_KEY, p.key, p.time_ms, p.time_ms, each, ctx);
}

/* Of those of one key the one that is kin; *ret_event stays 0 where none is. */
static int find_kin(struct store *s, uint64_t key, struct str raw, struct str identity,
		    int64_t *ret_event, enum kinship *ret)
{
	struct search c = { .s = s, .raw = raw, .identity = identity, .key = key };
	bool listed = true;
	int r = 0;

	while (!r && c.kinship == KINSHIP_NONE &&
	       keys_next(&s->writer->gathered.keys, key, &c.event))
		r = pass_over(&c, compare(s, c.event, raw, identity, &c.kinship));
	if (!r && c.kinship == KINSHIP_NONE)
		r = key_filter_ask(s, key, &listed);
	if (!r && c.kinship == KINSHIP_NONE && listed)
		r = each_of_key(s, key, look_at, &c);
	*ret = c.lost && c.kinship == KINSHIP_NONE ? KINSHIP_LOST : c.kinship;
	*ret_event = c.event;
	return r;
}

int store_event_find(struct store *s, struct str identity, int64_t *ret_event)
{
	struct search c = { .s = s, .key = str_hash(identity) };
	int r = reading(s);

	if (!r)
		r = gathered_reading(s);
	if (!r)
		r = each_of_key(s, c.key, look_at_key, &c);
	*ret_event = c.event;
	return r || c.event ? r : STORE_E_NOT_FOUND;
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
		scope = mention_account(col_str(q, 0));
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
	struct str arn = jv_get_text(e->identity, "arn");
	int r = 0;

	for (size_t i = 0; i < mentions->n && !r; i++)
		r = gathered_add(s, POSTING_MENTION, mentions->tokens[i], e->time_ms, id);
	if (!r && e->access_key.n)
		r = gathered_add(s, POSTING_ACTOR, mention_token(e->access_key),
				 e->time_ms, id);
	if (!r && arn.n && event_is_role_session(e))
		r = gathered_add(s, POSTING_ACTOR, mention_token(arn), e->time_ms, id);
	if (!r)
		r = spread_queue(s, SPREAD_NAMED, e->time_ms, mentions->tokens,
				 mentions->n);
	if (!r && !e->account.n && s->writer->has_alias)
		r = spread_to_all(s, e, mentions);
	return r;
}

/* A key is its session's whatever the clocks say, an ARN from then on: store_session_issuer(). */
static int put_session(struct store *s, const struct event *e, int64_t id)
{
	const struct {
		struct str name;
		int64_t from_ms;
	} issued[] = {
		{ event_issued_key(e), INT64_MIN },
		{ event_issued_arn(e), e->time_ms },
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(issued) && !r; i++) {
		uint64_t token;

		if (!issued[i].name.n)
			continue;
		token = mention_token(issued[i].name);
		r = gathered_add(s, POSTING_SESSION, token, e->time_ms, id);
		if (!r)
			r = unit_news(s, token, issued[i].from_ms);
		if (!r)
			r = spread_queue(s, SPREAD_ISSUED, issued[i].from_ms, &token, 1);
	}
	return r;
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
	return r;
}

static unsigned flags_of(const struct event *e, const struct mention_set *mentions)
{
	return (e->read_only ? EVENT_READ_ONLY : 0u) | (e->failed ? EVENT_FAILED : 0u) |
	       (issued(e) ? EVENT_ISSUED : 0u) | (mentions ? EVENT_MENTIONS : 0u);
}

static int insert(struct store *s, const struct event *e,
		  const struct store_record *record, uint64_t key,
		  const struct mention_set *mentions, const struct event_told *told,
		  int64_t source_id, int64_t *ret_id)
{
	const struct block_row row = { .key = key,
				       .source = source_id,
				       .text_len = told ? told->text_len : 0,
				       .jsonl_len = told ? told->jsonl_len : 0,
				       .flags = flags_of(e, mentions) };
	int64_t id = s->writer->next_event;
	int r = gathered_add_key(s, key, id);

	if (r)
		return r;
	s->writer->next_event++;
	*ret_id = id;
	return block_add(s, id, record, &row);
}

/* Of one that is not put. */
static enum store_put put_of(enum kinship kinship)
{
	return kinship == KINSHIP_SAME   ? STORE_PUT_KNOWN
	       : kinship == KINSHIP_LOST ? STORE_PUT_DAMAGED
					 : STORE_PUT_CONFLICT;
}

static int put(struct store *s, const struct event *e, const struct store_record *record,
	       const struct mention_set *mentions, const struct event_told *told,
	       int64_t source_id, enum store_put *ret)
{
	uint64_t key = str_hash(record->identity);
	enum kinship kinship;
	int64_t id;
	int r = writing(s, "event");

	if (!r)
		r = find_kin(s, key, record->raw, record->identity, &id, &kinship);
	if (r)
		return r;
	if (kinship != KINSHIP_NONE) {
		*ret = put_of(kinship);
		return 0;
	}
	r = insert(s, e, record, key, mentions, told, source_id, &id);
	if (!r)
		r = put_new(s, e, id, mentions);
	if (!r && told)
		r = tell_event(s, e, id, key, told);
	if (!r)
		*ret = STORE_PUT_NEW;
	return r;
}

int store_put_event(struct store *s, const struct event *e,
		    const struct store_record *record, const struct mention_set *mentions,
		    const struct event_told *told, int64_t source_id, enum store_put *ret)
{
	return written(s, put(s, e, record, mentions, told, source_id, ret));
}
