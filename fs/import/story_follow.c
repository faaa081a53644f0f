/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stories that follow from another resource's.
 *
 * A compliance item (AWS::Config::ResourceCompliance) is called TYPE/ID after the resource it is
 * about, and its causes are that resource's: they are read from the rows of its story, so that is
 * to be made first; and whoever makes it has this one made again, too.
 */
#include <errno.h>

#include "story_work.h"

#define COMPLIANCE STR("AWS::Config::ResourceCompliance")

static int find(struct story_work *w, struct str type, struct str rid, int64_t *ret)
{
	int r = store_resource_lookup(w->s, w->resource.account, w->resource.region, type,
				      rid, ret);

	if (r)
		*ret = 0;
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

static int find_follower(struct story_work *w, int64_t *ret)
{
	_cleanup_(buf_deinit) struct buf rid = BUF_INIT;

	buf_put_str(&rid, w->resource.type);
	buf_put_str(&rid, STR("/"));
	buf_put_str(&rid, w->resource.rid);
	return buf_error(&rid) ? buf_error(&rid)
			       : find(w, COMPLIANCE, buf_str(&rid), ret);
}

/* What is known of the subject: its changes as steps, and their causes in order. */
struct subject {
	struct correlate_step *steps;
	struct correlate_verdict *verdicts;
	enum reason *reasons;
	int64_t *events; /* rows */
	size_t n_steps, n_events;
};

static int subject_alloc(struct story_work *w, const struct store_entry *entries,
			 size_t n, struct subject *ret)
{
	size_t causes = 1;

	for (size_t i = 0; i < n; i++)
		causes += entries[i].n_causes;
	ret->steps = arena_zalloc(w->a, (n + 1) * sizeof(*ret->steps));
	ret->reasons = arena_zalloc(w->a, (n + 1) * sizeof(*ret->reasons));
	ret->verdicts = arena_zalloc(w->a, causes * sizeof(*ret->verdicts));
	ret->events = arena_alloc(w->a, causes * sizeof(*ret->events));
	return ret->steps && ret->reasons && ret->verdicts && ret->events ? 0 : -ENOMEM;
}

static void add_cause(struct subject *s, const struct store_cause *c)
{
	s->events[s->n_events] = c->event;
	s->verdicts[s->n_events++] =
		(struct correlate_verdict){ CORRELATE_CAUSE, s->n_steps, SIZE_MAX,
					    c->evidence, (enum confidence)c->confidence };
}

static int read_subject(struct story_work *w, int64_t id, struct subject *ret)
{
	struct store_entry *entries;
	size_t n;
	int r = store_story(w->s, id, w->a, &entries, &n);

	if (!r)
		r = subject_alloc(w, entries, n, ret);
	for (size_t i = 0; !r && i < n; i++) {
		if (entries[i].kind != STORE_ENTRY_CHANGE)
			continue;
		for (size_t k = 0; k < entries[i].n_causes; k++)
			add_cause(ret, &entries[i].causes[k]);
		ret->steps[ret->n_steps].captured_ms = entries[i].time_ms;
		ret->reasons[ret->n_steps++] = (enum reason)entries[i].reason;
	}
	return r;
}

/* Of the subject's calls only those are read that are causes here, too. */
static int take_over(struct story_work *w, const struct subject *s)
{
	const struct correlate_input in = { .steps = s->steps,
					    .n_steps = s->n_steps,
					    .n_events = s->n_events };
	struct correlate_verdict *verdicts =
		arena_zalloc(w->a, (s->n_events + 1) * sizeof(*verdicts));
	int r = 0;

	w->calls = arena_zalloc(w->a, (s->n_events + 1) * sizeof(*w->calls));
	if (!verdicts || !w->calls)
		return -ENOMEM;
	r = story_input(w);
	if (r)
		return r;
	correlate_follow(w->steps, w->n_shown, &in, s->verdicts, s->reasons, verdicts,
			 w->reasons);
	for (size_t i = 0; !r && i < s->n_events; i++) {
		const struct event *e;
		size_t n = w->n_calls;

		if (verdicts[i].role != CORRELATE_CAUSE)
			continue;
		w->calls[n].row = s->events[i];
		r = story_call(w, n, &e);
		if (!r)
			w->calls[n].time_ms = e->time_ms;
		verdicts[w->n_calls++] = verdicts[i];
	}
	w->verdicts = verdicts;
	return r;
}

/* The resource that a compliance item is about; 0: it is not known. */
static int find_subject(struct story_work *w, int64_t *ret)
{
	ptrdiff_t slash = str_chr(w->resource.rid, '/');
	struct str type;

	*ret = 0;
	if (slash < 0)
		return 0;
	type = (struct str){ w->resource.rid.p, (size_t)slash };
	if (str_eq(type, COMPLIANCE))
		return 0;
	return find(w, type, str_from(w->resource.rid, (size_t)slash + 1), ret);
}

int story_follow(struct story_work *w, struct story_following *ret)
{
	int r;

	*ret = (struct story_following){ 0 };
	if (!str_eq(w->resource.type, COMPLIANCE))
		return find_follower(w, &ret->follower);
	r = find_subject(w, &ret->subject);
	/* What is there of it will do; once it is made, this one is made again. */
	if (!r && ret->subject && !w->memo->anyhow)
		r = store_is_dirty(w->s, ret->subject, &ret->later);
	return r;
}

int story_take_over(struct story_work *w, int64_t subject, bool *ret_done)
{
	struct subject s = { 0 };
	int r = subject ? read_subject(w, subject, &s) : 0;

	*ret_done = !r && s.n_steps;
	return *ret_done ? take_over(w, &s) : r;
}
