/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who stands behind a call: sessions followed back to whoever opened the first of them.
 *
 * Each step is a search of a posting list, and an event to be unpacked and parsed; and a thousand
 * calls are made in one session. So who reads about many of them keeps what was found: of a session
 * and a span of time, since an ARN is borne by one session after the other: from its opening to the
 * next one. Facts must not come in meanwhile: who reads keeps them while the views are of one generation.
 */
#include <errno.h>
#include <stdlib.h>

#include "model/mention.h"
#include "posting.h"
#include "private.h"
#include "story_load.h"

#define SLOTS 1024u /* of some 200 bytes, with their texts */

/* What a call tells of its session: tokens of its key and of its ARN; 0: it has none. */
struct session {
	uint64_t key, arn;
	int64_t time_ms;
};

struct span {
	int64_t from_ms, to_ms;
};

struct opener {
	bool is_service; /* that hands a role to itself */
	bool in_session; /* it acted in one, too: */
	struct session session;
	struct str principal;
};

/* The opener of a session, at any time of the span; without `found`: there is none. */
struct kept {
	uint64_t key, arn;
	struct span span;
	bool used, found;
	struct opener opener; /* its principal is in `text` */
	struct buf text;
};

struct store_actors {
	struct kept slots[SLOTS];
};

int store_actors_new(struct store_actors **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

struct store_actors *store_actors_free(struct store_actors *k)
{
	for (size_t i = 0; k && i < SLOTS; i++)
		buf_deinit(&k->slots[i].text);
	free(k);
	return NULL;
}

static uint64_t token_of(struct str name)
{
	return name.n ? mention_token(name) : 0;
}

static struct session session_of(const struct event *e)
{
	return (struct session){ token_of(e->access_key),
				 token_of(jv_get_text(e->identity, "arn")), e->time_ms };
}

/* --- the event that issued a session ------------------------------------------------------- */

static int issued(struct store *s, uint64_t token, int64_t time_ms, struct posting *ret)
{
	return token ? postings_as_of(s, POSTING_SESSION, posting_key_of_token(token),
				      time_ms, ret)
		     : STORE_E_NOT_FOUND;
}

static int note_first(void *ctx, const struct posting *p, bool *more)
{
	*(int64_t *)ctx = p->time_ms - 1;
	*more = false;
	return 0;
}

/* An ARN's opening at or before a time; for which times it is the one, if that is asked. */
static int issued_as(struct store *s, const struct session *of, struct posting *ret,
		     struct span *ret_span)
{
	int r = issued(s, of->arn, of->time_ms, ret);

	if ((r && r != STORE_E_NOT_FOUND) || !ret_span)
		return r;
	*ret_span = (struct span){ r ? INT64_MIN : ret->time_ms, INT64_MAX };
	if (of->arn && of->time_ms < INT64_MAX) {
		int next = postings_each(s, POSTING_SESSION,
					 posting_key_of_token(of->arn), of->time_ms + 1,
					 INT64_MAX, note_first, &ret_span->to_ms);

		r = next ? next : r;
	}
	return r;
}

/* *ret_span may be NULL; it is also for STORE_E_NOT_FOUND. */
static int find_issuer(struct store *s, const struct session *of, int64_t *ret_event,
		       struct span *ret_span)
{
	struct posting p = { 0 };
	int r = reading(s);

	if (ret_span)
		*ret_span = (struct span){ INT64_MIN, INT64_MAX };
	if (!r)
		r = gathered_reading(s);
	/* A key belongs to one session, whatever the clocks say; an ARN to many after another. */
	if (!r)
		r = issued(s, of->key, INT64_MAX, &p);
	if (r == STORE_E_NOT_FOUND)
		r = issued_as(s, of, &p, ret_span);
	*ret_event = p.event;
	return r;
}

int store_session_issuer(struct store *s, struct str access_key, struct str session_arn,
			 int64_t time_ms, struct buf *out)
{
	const struct session of = { token_of(access_key), token_of(session_arn),
				    time_ms };
	int64_t event;
	int r = find_issuer(s, &of, &event, NULL);

	return r ? r : body_of_event(s, event, out);
}

/* --- openers ------------------------------------------------------------------------------- */

static int read_opener(struct store *s, int64_t event, struct arena *a,
		       struct opener *ret)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct event e;
	int r = body_of_event(s, event, &text);

	if (!r)
		r = story_view_event(a, &text, &e);
	if (r)
		return r;
	*ret = (struct opener){
		/* EC2 or Lambda handing a role to itself is nobody: the session says more. */
		.is_service = str_is(jv_get_text(e.identity, "type"), "AWSService"),
		.in_session = event_is_role_session(&e),
		.session = session_of(&e),
		.principal = event_principal(&e, a),
	};
	return ret->principal.p ? 0 : -ENOMEM;
}

static struct kept *slot_of(struct store_actors *k, const struct session *of)
{
	uint64_t hash = (of->key ^ (of->arn << 1)) * UINT64_C(0x9e3779b97f4a7c15);

	return &k->slots[(hash >> 32) % SLOTS];
}

static bool is_of(const struct kept *k, const struct session *of)
{
	return k->used && k->key == of->key && k->arn == of->arn &&
	       k->span.from_ms <= of->time_ms && of->time_ms <= k->span.to_ms;
}

static int keep(struct kept *k, const struct session *of, const struct span *span,
		const struct opener *opener)
{
	k->used = false;
	buf_reset(&k->text);
	if (opener)
		buf_put_str(&k->text, opener->principal);
	if (buf_error(&k->text))
		return -ENOMEM;
	k->key = of->key;
	k->arn = of->arn;
	k->span = *span;
	k->found = opener != NULL;
	if (opener)
		k->opener = *opener;
	k->used = true;
	return 0;
}

static int take_kept(const struct kept *k, struct arena *a, struct opener *ret)
{
	if (!k->found)
		return STORE_E_NOT_FOUND;
	*ret = k->opener;
	ret->principal = arena_str(a, buf_str(&k->text));
	return ret->principal.p ? 0 : -ENOMEM;
}

/* Who opened the session; STORE_E_NOT_FOUND: the history has none. */
static int load_opener(struct store *s, struct store_actors *kept,
		       const struct session *of, struct arena *a, struct opener *ret)
{
	struct kept *slot = kept ? slot_of(kept, of) : NULL;
	struct span span;
	int64_t event;
	bool found;
	int r;

	if (slot && is_of(slot, of))
		return take_kept(slot, a, ret);
	r = find_issuer(s, of, &event, slot ? &span : NULL);
	found = r == 0;
	if (found)
		r = read_opener(s, event, a, ret);
	if (slot && (!r || (!found && r == STORE_E_NOT_FOUND))) {
		int full = keep(slot, of, &span, found ? ret : NULL);

		r = full ? full : r;
	}
	return r;
}

int store_actor_kept(struct store *s, struct store_actors *kept, const struct event *e,
		     struct arena *a, struct story_actor *ret)
{
	struct story_actor actor = { .principal = event_principal(e, a) };
	struct str way[STORY_MAX_VIA];
	bool in_session = event_is_role_session(e);
	struct session current = { 0 };

	if (in_session)
		current = session_of(e);
	while (actor.n_via < STORY_MAX_VIA && in_session) {
		struct opener opener;
		int r = load_opener(s, kept, &current, a, &opener);

		if (r && r != STORE_E_NOT_FOUND)
			return r;
		if (r || opener.is_service)
			break;
		way[actor.n_via++] = actor.principal;
		actor.principal = opener.principal;
		in_session = opener.in_session;
		current = opener.session;
	}
	/* The way was walked backwards. */
	for (size_t i = 0; i < actor.n_via; i++)
		actor.via[i] = way[actor.n_via - 1 - i];
	*ret = actor;
	return 0;
}

/* Those found in views of the same generation; NULL: none hold. */
static int actors_of_view(struct store *s, struct store_actors **ret)
{
	uint64_t view;
	int r = view_generation(s, &view);

	*ret = NULL;
	if (r || !view)
		return r;
	if (s->actors_view != view)
		s->actors = store_actors_free(s->actors);
	if (!s->actors)
		r = store_actors_new(&s->actors);
	s->actors_view = view;
	*ret = s->actors;
	return r;
}

int store_actor_of(struct store *s, const struct event *e, struct arena *a,
		   struct story_actor *ret)
{
	struct store_actors *kept;
	int r = actors_of_view(s, &kept);

	return r ? r : store_actor_kept(s, kept, e, a, ret);
}
