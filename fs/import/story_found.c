/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is found by a name: events, and transitions of alarms.
 *
 * Whether a story can be made in part is told by the same events that it is then made from, so what
 * was looked up for the one is kept for the other. And most names are watched by no alarm: once a
 * maker has asked some times, it reads which are, if they are not very many.
 */
#include <errno.h>
#include <stdlib.h>

#include "story_work.h"

#define ALARM_TOKENS_MAX ((size_t)1 << 16) /* half a megabyte */
#define ALARM_ASKED_MAX  64

/* --- events -------------------------------------------------------------------------------- */

/* Some records name no account: what they name may be anybody's. */
static int with_bare(struct story_work *w, const struct mention_set *tokens,
		     struct mention_set *ret)
{
	size_t n = tokens->n;
	uint64_t *all = arena_alloc(w->a, (2 * n + 1) * sizeof(*all));

	if (!all)
		return -ENOMEM;
	if (n)
		memcpy(all, tokens->tokens, n * sizeof(*all));
	*ret = (struct mention_set){ all, n };
	for (size_t i = 0; w->memo->has_nobodys && i < n; i++)
		all[ret->n++] = tokens->tokens[i] ^ w->scope.account;
	mention_set_sort(ret);
	return 0;
}

static int look_up(struct story_work *w, uint64_t token, int64_t from_ms, int64_t to_ms,
		   struct buf *ret)
{
	const struct store_named *named = w->memo->named;

	if (named && !store_may_be_named(named, token))
		return 0;
	return store_events_of_token(w->s, token, from_ms, to_ms, ret);
}

int story_found_keep(struct story_work *w, const struct mention_set *tokens,
		     int64_t from_ms)
{
	struct story_found *f = &w->found;
	int r = with_bare(w, tokens, &f->tokens);

	buf_reset(&f->hits);
	f->from_ms = from_ms;
	f->ends = r ? NULL : arena_alloc(w->a, (f->tokens.n + 1) * sizeof(*f->ends));
	if (!r && !f->ends)
		r = -ENOMEM;
	for (size_t i = 0; !r && i < f->tokens.n; i++) {
		r = look_up(w, f->tokens.tokens[i], from_ms, INT64_MAX, &f->hits);
		f->ends[i] = f->hits.len / sizeof(struct store_event_hit);
	}
	if (r)
		f->tokens.n = 0;
	return r;
}

/* False: it is not kept, not from that time on. */
static bool add_kept(const struct story_found *f, uint64_t token, int64_t from_ms,
		     int64_t to_ms, struct buf *ret)
{
	const struct store_event_hit *hits = (const struct store_event_hit *)f->hits.data;
	ptrdiff_t i = from_ms >= f->from_ms ? mention_set_find(&f->tokens, token) : -1;

	if (i < 0)
		return false;
	for (size_t k = i ? f->ends[i - 1] : 0; k < f->ends[i]; k++)
		if (hits[k].time_ms >= from_ms && hits[k].time_ms <= to_ms)
			buf_put(ret, &hits[k], sizeof(hits[k]));
	return true;
}

int story_find(struct story_work *w, const struct mention_set *tokens, int64_t from_ms,
	       int64_t to_ms, struct buf *ret)
{
	int r = 0;

	for (size_t i = 0; !r && i < tokens->n; i++)
		if (!add_kept(&w->found, tokens->tokens[i], from_ms, to_ms, ret))
			r = look_up(w, tokens->tokens[i], from_ms, to_ms, ret);
	return r ? r : buf_error(ret);
}

int story_find_anybodys(struct story_work *w, const struct mention_set *tokens,
			int64_t from_ms, int64_t to_ms, struct buf *ret)
{
	struct mention_set all;
	int r = with_bare(w, tokens, &all);

	return r ? r : story_find(w, &all, from_ms, to_ms, ret);
}

/* --- transitions --------------------------------------------------------------------------- */

static int read_watched(struct story_work *w)
{
	struct story_memo *m = w->memo;
	bool all;
	int r;

	if (m->alarms_asked > ALARM_ASKED_MAX || m->alarms_asked++ < ALARM_ASKED_MAX)
		return 0;
	r = store_alarm_tokens(w->s, ALARM_TOKENS_MAX, &m->watched, &all);
	m->watched_known = !r && all;
	if (!m->watched_known)
		buf_deinit(&m->watched);
	if (m->watched_known)
		mention_set_sort(&(struct mention_set){
			(uint64_t *)m->watched.data, m->watched.len / sizeof(uint64_t) });
	return r;
}

/* Of the tokens those that an alarm watches, as far as that is known. */
static int take_watched(struct story_work *w, const struct mention_set *tokens,
			struct mention_set *ret)
{
	const struct story_memo *m = w->memo;
	const struct mention_set watched = { (uint64_t *)m->watched.data,
					     m->watched.len / sizeof(uint64_t) };

	*ret = *tokens;
	if (!m->watched_known)
		return 0;
	*ret = (struct mention_set){
		arena_alloc(w->a, (tokens->n + 1) * sizeof(ret->tokens[0])), 0
	};
	if (!ret->tokens)
		return -ENOMEM;
	for (size_t i = 0; i < tokens->n; i++)
		if (mention_set_has(&watched, tokens->tokens[i]))
			ret->tokens[ret->n++] = tokens->tokens[i];
	return 0;
}

int story_transitions(struct story_work *w, const struct mention_set *tokens,
		      struct store_event_hit **ret, size_t *ret_n)
{
	struct mention_set watched = { 0 };
	int r = w->memo->has_alarms ? read_watched(w) : 0;

	*ret = NULL;
	*ret_n = 0;
	if (!r && w->memo->has_alarms)
		r = take_watched(w, tokens, &watched);
	return r || !watched.n
		       ? r
		       : store_transitions_mentioning(w->s, &watched, w->a, ret, ret_n);
}
