/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From facts that came in to the resources whose story they may change. Three ways:
 * - an event or an alarm names a resource: its tokens meet the resource's aliases;
 * - an event issued a credential: the stories that hold events made with it tell of another
 *   person now, and so do those with events of sessions that were opened from that one;
 * - an account's trail reaches further: see spread_trail.c.
 *
 * The queue holds the tokens of each fact. A batch is gathered, sorted, and each token looked
 * up once, with the earliest of its times: the join of the batch with the aliases, in the
 * order of the index. While the history has no alias at all, nothing is queued: every resource
 * is then dirty as a whole, and deriving it looks at all events.
 */
#include "spread.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "alias.h"
#include "coverage.h"
#include "model/mention.h"
#include "model/story.h"
#include "posting.h"
#include "private.h"
#include "rows.h"
#include "store/derive.h"
#include "store/timeline.h"
#include "util/radix.h"

int spread_queue(struct store *s, enum spread_kind kind, int64_t time_ms,
		 const uint64_t *tokens, size_t n)
{
	struct buf *bytes = &s->writer->pack;
	int r;

	if (!n || !s->writer->has_alias)
		return 0;
	buf_reset(bytes);
	tokens_put(bytes, tokens, n);
	r = buf_error(bytes);
	if (r)
		return r;
	return sql_run(s, Q_SPREAD_INSERT,
		       ARGS(INT(kind), INT(time_ms), BLOB(buf_str(bytes))));
}

/* (what, earliest time) pairs: tokens, then resources. */
struct pair {
	int64_t what;
	int64_t time_ms;
};

static void pair_add(struct buf *pairs, int64_t what, int64_t time_ms)
{
	struct pair p = { what, time_ms };

	buf_put(pairs, &p, sizeof(p));
}

void dirt_add(struct buf *dirt, int64_t resource, int64_t from_ms)
{
	pair_add(dirt, resource, from_ms);
}

/* Sorts, and keeps of each `what` the earliest. */
static struct pair *earliest_of_each(struct buf *pairs, size_t *ret_n)
{
	struct pair *p = (struct pair *)pairs->data;
	size_t n = pairs->len / sizeof(*p), kept = 0;

	radix_sort(p, n, sizeof(*p), 2);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || p[i].what != p[i - 1].what)
			p[kept++] = p[i];
	*ret_n = kept;
	return p;
}

/* --- resources concerned ------------------------------------------------------------------- */

/* Tokens as numbers without a sign, whose order the list of names has. */
struct named {
	const struct pair *pairs;
	struct buf *dirt;
};

static int add_named(void *ctx, size_t token, int64_t resource)
{
	const struct named *c = ctx;

	pair_add(c->dirt, resource, c->pairs[token].time_ms);
	return buf_error(c->dirt);
}

static int resources_named(struct store *s, const struct pair *pairs, size_t n,
			   struct buf *dirt)
{
	_cleanup_(buf_deinit) struct buf tokens = BUF_INIT;
	struct named c = { pairs, dirt };

	for (size_t i = 0; i < n; i++)
		buf_put(&tokens, &pairs[i].what, sizeof(pairs[i].what));
	if (buf_error(&tokens))
		return -ENOMEM;
	return alias_resources_of(s, (const uint64_t *)tokens.data, n, add_named, &c);
}

/* In whose stories the event stands: each is dirty from its time there on. */
static int add_stories(struct store *s, int64_t event, struct buf *dirt)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_STORIES_OF_EVENT, ARGS(INT(event)), &q);

	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		pair_add(dirt, col_int(q, 0), col_int(q, 1));
	}
	return r ? r : buf_error(dirt);
}

/* Those of which the highest bit is set stand first here, and last in the list. */
static int resolve_named(struct store *s, struct buf *tokens, struct buf *dirt)
{
	size_t n, high = 0;
	const struct pair *pairs = earliest_of_each(tokens, &n);
	int r = buf_error(tokens);

	while (high < n && pairs[high].what < 0)
		high++;
	if (!r)
		r = resources_named(s, pairs + high, n - high, dirt);
	return r ? r : resources_named(s, pairs, high, dirt);
}

/* --- credentials --------------------------------------------------------------------------- */

static int has_issued(struct store *s, int64_t event, bool *ret)
{
	struct block_row row;
	int r = event_row(s, event, &row);

	if (!r)
		*ret = row.flags & EVENT_ISSUED;
	return r;
}

/* What store_session_issuer() may find it by: a key at any time, an ARN from then on. */
static int add_issued(struct store *s, int64_t event, int64_t time_ms, struct buf *tokens)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct event_told told;
	struct event e;
	struct str key, arn;
	int r = store_event_line(s, event, &a, &e, &told);

	if (r)
		return r;
	key = event_issued_key(&e);
	arn = event_issued_arn(&e);
	if (key.n)
		pair_add(tokens, (int64_t)mention_token(key), INT64_MIN);
	if (arn.n)
		pair_add(tokens, (int64_t)mention_token(arn), time_ms);
	return buf_error(tokens);
}

struct made_with {
	struct store *s;
	struct buf *dirt;
	struct buf *issued; /* pairs: credentials that these events issued themselves */
};

/*
 * What came in since a story was put last stands in none, and what it issued is in the queue
 * itself, or was, and the dirt of that is still there.
 */
static bool is_in_no_story(const struct made_with *c, int64_t event)
{
	return event >= c->s->writer->in_stories;
}

static int event_made_with(void *ctx, const struct posting *p, bool *more _unused_)
{
	const struct made_with *c = ctx;
	bool goes_on = false;
	int r = 0;

	if (is_in_no_story(c, p->event))
		return 0;
	r = add_stories(c->s, p->event, c->dirt);
	if (r)
		return r;
	r = has_issued(c->s, p->event, &goes_on);
	if (!r && goes_on)
		r = add_issued(c->s, p->event, p->time_ms, c->issued);
	/* Where it is damaged its stories cannot be made, and say so; what it issued is not known. */
	return store_is_row_lost(c->s, r) ? 0 : r;
}

static int by_what_alone(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return (x->what > y->what) - (x->what < y->what);
}

/* Was it, from then on or earlier? That had as many steps left, or more. */
static bool was_followed(const struct buf *followed, const struct pair *p)
{
	const struct pair *found =
		followed->len ? bsearch(p, followed->data, followed->len / sizeof(*p),
					sizeof(*p), by_what_alone)
			      : NULL;

	return found && found->time_ms <= p->time_ms;
}

static void keep_earliest(struct buf *pairs)
{
	size_t n;

	earliest_of_each(pairs, &n);
	pairs->len = n * sizeof(struct pair);
}

/* As far as store_actor_of() walks back; a role may assume itself, session after session. */
static int resolve_issued(struct store *s, struct buf *tokens, struct buf *dirt)
{
	_cleanup_(buf_deinit) struct buf followed = BUF_INIT, issued = BUF_INIT;
	struct made_with ctx = { s, dirt, &issued };
	int r = buf_error(tokens);

	for (int steps = 0; steps < STORY_MAX_VIA && tokens->len && !r; steps++) {
		const struct pair *pairs;
		size_t n;

		keep_earliest(tokens);
		pairs = (const struct pair *)tokens->data;
		n = tokens->len / sizeof(*pairs);
		for (size_t i = 0; i < n && !r; i++)
			if (!was_followed(&followed, &pairs[i]))
				r = postings_each(
					s, POSTING_ACTOR,
					posting_key_of_token((uint64_t)pairs[i].what),
					pairs[i].time_ms, INT64_MAX, event_made_with,
					&ctx);
		buf_put_str(&followed, buf_str(tokens));
		keep_earliest(&followed);
		keep_earliest(dirt);
		buf_reset(tokens);
		buf_put_str(tokens, buf_str(&issued));
		buf_reset(&issued);
		if (!r)
			r = buf_error(&followed) ? -ENOMEM : buf_error(tokens);
	}
	return r;
}

static int write_dirt(struct store *s, struct buf *dirt)
{
	size_t n;
	const struct pair *pairs = earliest_of_each(dirt, &n);
	int r = buf_error(dirt);

	for (size_t i = 0; i < n && !r; i++)
		r = sql_run(s, Q_DIRTY_ADD,
			    ARGS(INT(pairs[i].what), INT(pairs[i].time_ms)));
	return r;
}

/* --- the queue ----------------------------------------------------------------------------- */

static void add_tokens(struct str bytes, int64_t time_ms, struct buf *tokens)
{
	for (size_t at = 0; at + sizeof(uint64_t) <= bytes.n; at += sizeof(uint64_t)) {
		uint64_t token;

		memcpy(&token, bytes.p + at, sizeof(token));
		pair_add(tokens, (int64_t)le64toh(token), time_ms);
	}
}

static int read_queue(struct store *s, size_t limit, struct buf *named,
		      struct buf *credentials, int64_t *ret_last, size_t *ret_n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_SPREAD_NEXT, ARGS(INT(limit)), &q);

	*ret_n = 0;
	*ret_last = 0;
	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		*ret_last = col_int(q, 0);
		++*ret_n;
		add_tokens(col_str(q, 3), col_int(q, 2),
			   col_int(q, 1) == SPREAD_NAMED ? named : credentials);
	}
	return r;
}

static int spread_batch(struct store *s, size_t limit, bool *ret_more)
{
	_cleanup_(buf_deinit) struct buf named = BUF_INIT, credentials = BUF_INIT,
					 dirt = BUF_INIT;
	int64_t last;
	size_t n;
	int r = read_queue(s, limit, &named, &credentials, &last, &n);

	if (!r)
		r = resolve_named(s, &named, &dirt);
	if (!r)
		r = resolve_issued(s, &credentials, &dirt);
	if (!r)
		r = write_dirt(s, &dirt);
	if (!r && n)
		r = sql_run(s, Q_SPREAD_DELETE, ARGS(INT(last)));
	*ret_more = n == limit;
	return r;
}

/* ------------------------------------------------------------------------------------------- */

static int spread_trails(struct store *s)
{
	_cleanup_(buf_deinit) struct buf dirt = BUF_INIT;
	int r = trails_grown(s, &dirt);

	if (!r)
		r = write_dirt(s, &dirt);
	return r ? r : sql_run(s, Q_TRAILS_SPREAD, NO_ARGS);
}

int store_spread_dirt(struct store *s, size_t limit, bool *ret_more)
{
	int r = writing(s, "spread");

	if (!r)
		r = writer_settle(s);
	if (!r)
		r = gathered_merge(s);
	if (!r)
		r = spread_trails(s);
	if (!r)
		r = coverage_spread(s);
	if (!r)
		r = spread_batch(s, MAX(limit, (size_t)1), ret_more);
	return written(s, r);
}

static int dirty_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	(void)a;
	*(struct store_dirty *)ret =
		(struct store_dirty){ .resource = col_int(q, 0),
				      .from_ms = col_int(q, 1),
				      .account = str_hash(col_str(q, 2)) };
	return 0;
}

int store_dirty_next(struct store *s, int64_t after, struct store_dirty *ret, size_t n,
		     size_t *ret_n)
{
	static const struct sql_shape shape = { sizeof(struct store_dirty), dirty_row };
	int r = reading(s);

	*ret_n = 0;
	return r ? r
		 : sql_page(s, Q_DIRTY_NEXT, ARGS(INT(after), INT(n)), &shape, NULL, ret,
			    n, ret_n);
}

int store_is_dirty(struct store *s, int64_t resource, bool *ret)
{
	struct store_dirty next;
	size_t n = 0;
	int r = store_dirty_next(s, resource - 1, &next, 1, &n);

	*ret = n && next.resource == resource;
	return r;
}
