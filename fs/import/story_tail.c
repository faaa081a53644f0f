/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls behind a resource's last state.
 *
 * No change is there yet that they could have made, so each is an attempt, an activity or nothing by
 * what it says and what that state is; none depends on what came before it, and nothing before on
 * it. Two things may tie them to earlier calls: a name that may be another resource's by then (see
 * correlate/life.c), and an id that they were given and that earlier calls name. Both say so, and
 * then more is made anew.
 */
#include <errno.h>

#include "story_work.h"

static bool is_behind(const struct story_work *w, int64_t from_ms)
{
	return w->resource.latest && from_ms != INT64_MIN &&
	       from_ms > w->resource.newest_ms + STORY_BEHIND_MS &&
	       !str_is(w->resource.type, "AWS::Config::ResourceCompliance");
}

/* The last state, with the name that a deletion inherits. */
static int read_last(struct story_work *w)
{
	struct story_called *called = arena_zalloc(w->a, sizeof(*called));
	const struct story_body *body;
	struct store_state row;
	int r = called ? store_state_latest(w->s, &w->resource, w->a, &row, &called->name,
					    &called->arn)
		       : -ENOMEM;

	w->states = arena_zalloc(w->a, sizeof(*w->states));
	if (!r && !w->states)
		r = -ENOMEM;
	if (r)
		return r;
	*w->states = (struct story_state){ .id = row.id, .time_ms = row.time_ms };
	r = story_body(w, 0, &body);
	if (r)
		return r;
	if (body->item.name.n)
		called->name = arena_str(w->a, body->item.name);
	if (body->item.arn.n)
		called->arn = arena_str(w->a, body->item.arn);
	if ((body->item.name.n && !called->name.p) ||
	    (body->item.arn.n && !called->arn.p))
		return -ENOMEM;
	w->states->deleted = item_status_is_deleted(body->item.status);
	w->states->called = called;
	w->states->read->item.name = called->name;
	w->states->read->item.arn = called->arn;
	return 0;
}

/* A step that stands for all, and is settled. */
static int make_step(struct story_work *w)
{
	const struct correlate_shown *shown;
	int r;

	w->steps = arena_zalloc(w->a, sizeof(*w->steps));
	w->shown = arena_zalloc(w->a, sizeof(*w->shown));
	if (!w->steps || !w->shown)
		return -ENOMEM;
	w->shown->compared = STORY_NONE;
	w->n_states = w->n_shown = w->first = 1;
	r = story_shown(w, 0, &shown);
	if (r)
		return r;
	correlate_step_of(shown, w->steps);
	w->steps->type = w->states->deleted ? CHANGE_DELETE : CHANGE_UPDATE;
	w->steps->previous_ms = -1;
	return story_first(w, &shown->item);
}

/*
 * A name that another may bear has lives, and these are told of by all that came (correlate/life.c),
 * by what the first state is called: is that as it is of the last one?
 */
static int may_have_lives_unseen(struct story_work *w, bool *ret)
{
	_cleanup_(arena_deinit) struct arena scratch = ARENA_INIT;
	bool lives = correlate_has_lives(&w->first_item);
	struct item first = w->first_item;
	struct store_state row;
	struct story_body body;
	size_t n;
	int r;

	/* Of most no name decides. */
	first.name = STR_NULL;
	*ret = correlate_has_lives(&first) != lives;
	if (!*ret)
		return 0;
	r = store_states(w->s, w->resource.id, -1, 0, false, &row, 1, &n);
	if (r || !n)
		return r;
	r = story_read_body(w, row.id, row.time_ms, &scratch, &body);
	if (!r)
		*ret = correlate_has_lives(&body.item) != lives;
	return r;
}

static void undo(struct story_work *w)
{
	w->behind = false;
	w->states = NULL;
	w->steps = NULL;
	w->shown = NULL;
	w->n_states = w->n_shown = w->first = w->n_calls = w->cap_calls = 0;
	w->after_ms = INT64_MIN;
	w->aliases = (struct store_aliases){ 0 };
}

int story_tail(struct story_work *w, int64_t from_ms, bool *ret_done)
{
	bool unseen;
	int r;

	*ret_done = false;
	if (!is_behind(w, from_ms))
		return 0;
	r = store_aliases_of(w->s, w->resource.id, w->a, &w->aliases);
	if (r)
		return r == STORE_E_NOT_FOUND ? 0 : r;
	w->lost_before = w->aliases.lost;
	r = read_last(w);
	if (!r)
		r = make_step(w);
	if (r)
		return r;
	w->behind = true;
	w->after_ms = from_ms - 1;
	r = may_have_lives_unseen(w, &unseen);
	if (!r)
		r = unseen ? CORRELATE_E_EARLIER : story_correlate_window(w);
	*ret_done = r == 0;
	if (r == CORRELATE_E_EARLIER)
		undo(w);
	return r == CORRELATE_E_EARLIER ? 0 : r;
}
