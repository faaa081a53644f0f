/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of resources. The list of their hashes has 32 bits of each; whether a resource has the
 * whole of it is told by its own row.
 */
#include "alias.h"

#include <endian.h>
#include <errno.h>

#include "model/mention.h"
#include "private.h"

struct search {
	struct store *s;
	const uint64_t *tokens; /* in order */
	size_t n;
	alias_fn *each;
	void *ctx;
};

/* What of a token its list has. */
static uint64_t listed(uint64_t token)
{
	return token >> 32;
}

/* The first token that the list has as it has this one; n: there is none. */
static size_t first_listed(const struct search *c, const struct posting *p)
{
	uint64_t sought = (uint64_t)p->key << 24 | (uint64_t)p->time_ms;
	size_t low = 0, high = c->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (listed(c->tokens[mid]) < sought)
			low = mid + 1;
		else
			high = mid;
	}
	return low < c->n && listed(c->tokens[low]) == sought ? low : c->n;
}

static bool has_token(struct str set, uint64_t token)
{
	token = htole64(token);
	for (size_t at = 0; at + sizeof(token) <= set.n; at += sizeof(token))
		if (!memcmp(set.p + at, &token, sizeof(token)))
			return true;
	return false;
}

static int look_at(void *ctx, const struct posting *p, bool *more _unused_)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	const struct search *c = ctx;
	size_t i = first_listed(c, p);
	int r = sql_get(c->s, Q_ALIASES_OF_RESOURCE, ARGS(INT(p->event)), &q);

	if (r)
		return r == STORE_E_NOT_FOUND ? 0 : r;
	for (uint64_t alike = i < c->n ? listed(c->tokens[i]) : 0;
	     i < c->n && listed(c->tokens[i]) == alike && !r; i++)
		if (has_token(col_str(q, 0), c->tokens[i]))
			r = c->each(c->ctx, i, p->event);
	return r;
}

int alias_resources_of(struct store *s, const uint64_t *tokens, size_t n, alias_fn *each,
		       void *ctx)
{
	_cleanup_(buf_deinit) struct buf places = BUF_INIT;
	struct search c = { s, tokens, n, each, ctx };

	for (size_t i = 0; i < n; i++) {
		struct posting p = posting_of_hash(tokens[i], 0);

		if (!i || listed(tokens[i]) != listed(tokens[i - 1]))
			buf_put(&places, &p, sizeof(p));
	}
	if (buf_error(&places))
		return -ENOMEM;
	return postings_of(s, POSTING_ALIAS, (const struct posting *)places.data,
			   places.len / sizeof(struct posting), look_at, &c);
}

static int add_found(void *ctx, size_t token _unused_, int64_t resource)
{
	buf_put(ctx, &resource, sizeof(resource));
	return buf_error(ctx);
}

int alias_resources(struct store *s, uint64_t token, struct buf *ret)
{
	return alias_resources_of(s, &token, 1, add_found, ret);
}

/* --- a resource's row ---------------------------------------------------------------------- */

/* A resource's row: its tokens, each its least byte first, and what they are. */
struct alias_row {
	struct buf tokens;
	int64_t own, given; /* -1: not told apart */
};

static void alias_row_deinit(struct alias_row *row)
{
	buf_deinit(&row->tokens);
}

static int alias_row_read(struct store *s, int64_t resource, struct alias_row *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_ALIASES_OF_RESOURCE, ARGS(INT(resource)), &q);

	ret->own = ret->given = -1;
	if (r)
		return r == STORE_E_NOT_FOUND ? 0 : r;
	buf_put_str(&ret->tokens, col_str(q, 0));
	if (sqlite3_column_type(q, 1) != SQLITE_NULL) {
		ret->own = col_int(q, 1);
		ret->given = col_int(q, 2);
	}
	return buf_error(&ret->tokens);
}

void tokens_put(struct buf *out, const uint64_t *tokens, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t token = htole64(tokens[i]);

		buf_put(out, &token, sizeof(token));
	}
}

/* As its row is to be; borrowed from the aliases. */
static int alias_row_make(const struct store_aliases *aliases, struct alias_row *ret)
{
	ret->own = (int64_t)aliases->own.n;
	ret->given = (int64_t)aliases->given.n;
	tokens_put(&ret->tokens, aliases->own.tokens, aliases->own.n);
	tokens_put(&ret->tokens, aliases->given.tokens, aliases->given.n);
	tokens_put(&ret->tokens, aliases->lost.tokens, aliases->lost.n);
	return buf_error(&ret->tokens);
}

/* All of a row in order, as this machine has numbers; the row is good for nothing else then. */
static struct mention_set alias_row_set(struct alias_row *row)
{
	struct mention_set set = { (uint64_t *)row->tokens.data,
				   row->tokens.len / sizeof(set.tokens[0]) };

	for (size_t i = 0; i < set.n; i++)
		set.tokens[i] = le64toh(set.tokens[i]);
	mention_set_sort(&set);
	return set;
}

int store_aliases_of(struct store *s, int64_t resource, struct arena *a,
		     struct store_aliases *ret)
{
	_cleanup_(alias_row_deinit) struct alias_row row = { .tokens = BUF_INIT };
	uint64_t *tokens;
	int64_t own, given, n;
	int r = reading(s);

	if (!r)
		r = alias_row_read(s, resource, &row);
	if (r)
		return r;
	n = (int64_t)(row.tokens.len / sizeof(*tokens));
	own = row.own;
	given = row.given;
	if (own <= 0 || given < 0 || own > n || given > n - own)
		return STORE_E_NOT_FOUND;
	tokens = arena_alloc(a, row.tokens.len);
	if (!tokens)
		return -ENOMEM;
	for (int64_t i = 0; i < n; i++)
		tokens[i] = le64toh(((const uint64_t *)row.tokens.data)[i]);
	*ret = (struct store_aliases){ { tokens, (size_t)own },
				       { tokens + own, (size_t)given },
				       { tokens + own + given,
					 (size_t)(n - own - given) } };
	return 0;
}

/*
 * A name that came up only now may stand in events before the part of the story that was made
 * anew: then that part was too short. Names of the first derivation need no such look, as it
 * makes the whole story.
 */
static int alias_new(struct store *s, const struct store_dirty *dirty, int64_t token,
		     bool look_back)
{
	int64_t first, last;
	int r = writer_alias(s, token, dirty->resource);

	if (r || !look_back)
		return r;
	r = gathered_reading(s);
	if (r)
		return r;
	r = postings_span(s, POSTING_MENTION, posting_key_of_token((uint64_t)token),
			  &first, &last);
	if (r)
		return r == STORE_E_NOT_FOUND ? 0 : r;
	return first >= dirty->from_ms
		       ? 0
		       : sql_run(s, Q_DIRTY_ADD, ARGS(INT(dirty->resource), INT(first)));
}

/* Has the set a token that stands in the same place of the list? It is in order. */
static bool has_place(const struct mention_set *set, const struct posting *place)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		struct posting p = posting_of_hash(set->tokens[mid], place->event);
		int order = posting_order(&p, place);

		if (order == 0)
			return true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

static int aliases_delete(struct store *s, int64_t resource,
			  const struct mention_set *before,
			  const struct mention_set *aliases)
{
	int r = writer_aliases(s); /* one that is gathered may go, too */

	for (size_t i = 0; i < before->n && !r; i++) {
		struct posting gone = posting_of_hash(before->tokens[i], resource);

		if (!has_place(aliases, &gone))
			r = postings_remove(s, POSTING_ALIAS, &gone);
	}
	return r;
}

static bool alias_row_eq(const struct alias_row *a, const struct alias_row *b)
{
	return a->own == b->own && a->given == b->given &&
	       str_eq(buf_str(&a->tokens), buf_str(&b->tokens));
}

/* Most stay: only the difference is written. */
int aliases_replace(struct store *s, const struct store_story *story, bool fresh)
{
	const struct store_dirty *dirty = &story->dirty;
	_cleanup_(alias_row_deinit) struct alias_row was = { .tokens = BUF_INIT };
	_cleanup_(alias_row_deinit) struct alias_row row = { .tokens = BUF_INIT };
	struct mention_set before, aliases;
	size_t kept = 0;
	int r = fresh ? 0 : alias_row_read(s, dirty->resource, &was);

	if (!r)
		r = alias_row_make(&story->aliases, &row);
	if (r || alias_row_eq(&was, &row))
		return r;
	r = sql_run(s, Q_ALIASES_PUT,
		    ARGS(INT(dirty->resource), BLOB(buf_str(&row.tokens)), INT(row.own),
			 INT(row.given)));
	before = alias_row_set(&was);
	aliases = alias_row_set(&row);
	for (size_t i = 0; i < aliases.n && !r; i++) {
		if (mention_set_has(&before, aliases.tokens[i]))
			kept++;
		else
			r = alias_new(s, dirty, (int64_t)aliases.tokens[i],
				      before.n > 0 && !story->sought);
	}
	if (!r && kept < before.n)
		r = aliases_delete(s, dirty->resource, &before, &aliases);
	if (!r && aliases.n)
		s->writer->has_alias = true;
	return r;
}
