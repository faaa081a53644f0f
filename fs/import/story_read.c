/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all states of a resource tell, gathered on one way through them: which of them merely repeat
 * (IAM is recorded in every region), what a deletion inherits; the changes between those shown, and
 * which of them each part of the newest state comes from; names, relationships, and what calls find
 * the resource by. Of a state nothing is kept but where it is and what it is called, as it can be
 * read again.
 */
#include "story_work.h"

#include <errno.h>

#define TOKENS_SORT ((size_t)64 << 10) /* bytes of tokens before doubles are taken out */

struct reading {
	struct story_work *w;
	struct arena scratch; /* until the next state */
	struct story_names names;
	struct relation_follower relations;
	struct str name, arn; /* last told, for a deletion to inherit */
	struct buf called;    /* struct str: each id, name and ARN that it had */
	struct buf tokens;    /* uint64_t */
	size_t sorted;        /* bytes of tokens left when they were sorted last */
	uint32_t settled;     /* arena of the states when the trace was */
	uint32_t last;        /* state to compare the next with; STORY_NONE */
	uint64_t content;     /* of the last one shown, where it is to be known */
	bool global, group;   /* its type */
};

static void reading_deinit(struct reading *r)
{
	arena_deinit(&r->scratch);
	relation_follower_deinit(&r->relations);
	buf_deinit(&r->called);
	buf_deinit(&r->tokens);
}

/* --- one state ----------------------------------------------------------------------------- */

static int keep_str(struct arena *a, struct str s, struct str before, struct str *ret)
{
	*ret = !s.n ? STR_NULL : str_eq(s, before) ? before : arena_str(a, s);
	return s.n && !ret->p ? -ENOMEM : 0;
}

/* What it is called, and what a deletion inherits. */
static int call_state(struct reading *rd, size_t i, const struct story_body *body)
{
	static const struct story_called none = { 0 };
	struct story_work *w = rd->w;
	struct story_state *state = &w->states[i];
	const struct story_called *last = i ? state[-1].called : &none;
	const struct item *item = &body->item;
	struct story_called now = { .own_name = item->name, .own_arn = item->arn }, *kept;
	int r;

	now.name = item->name.n || !state->deleted ? item->name : rd->name;
	now.arn = item->arn.n || !state->deleted ? item->arn : rd->arn;
	if (i && str_eq(now.own_name, last->own_name) && str_eq(now.name, last->name) &&
	    str_eq(now.own_arn, last->own_arn) && str_eq(now.arn, last->arn)) {
		state->called = last;
		return 0;
	}
	kept = arena_alloc(w->a, sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	r = keep_str(w->a, now.name, last->name, &kept->name);
	if (!r)
		r = keep_str(w->a, now.arn, last->arn, &kept->arn);
	if (!r)
		r = keep_str(w->a, now.own_name, kept->name, &kept->own_name);
	if (!r)
		r = keep_str(w->a, now.own_arn, kept->arn, &kept->own_arn);
	state->called = kept;
	return r;
}

static void settle_state(struct reading *rd, size_t i, struct story_body *body)
{
	struct story_state *state = &rd->w->states[i];
	const struct story_called *called = state->called;

	body->item.name = called->name;
	body->item.arn = called->arn;
	/* Names change seldom: each is noted where it differs from the one before. */
	if (called->name.n && !str_eq(called->name, rd->name))
		buf_put(&rd->called, &called->name, sizeof(called->name));
	if (called->arn.n && !str_eq(called->arn, rd->arn))
		buf_put(&rd->called, &called->arn, sizeof(called->arn));
	rd->name = called->name.n ? called->name : rd->name;
	rd->arn = called->arn.n ? called->arn : rd->arn;
	if (rd->global) {
		uint64_t content = item_content_hash(&body->body);

		state->hidden = rd->last != STORY_NONE && rd->content == content;
		rd->content = content;
	}
}

/* --- what was made of it ------------------------------------------------------------------- */

static bool any_service(const struct story_work *w)
{
	return w->without_evidence & (1u << EVIDENCE_SERVICE);
}

static void sort_tokens(struct reading *rd)
{
	struct mention_set set = { (uint64_t *)rd->tokens.data,
				   rd->tokens.len / sizeof(uint64_t) };

	if (set.n)
		mention_set_sort(&set);
	rd->tokens.len = rd->sorted = set.n * sizeof(uint64_t);
}

/* Where it is called as the state before, what follows from that is there. */
static int add_tokens(struct reading *rd, const struct story_state *state,
		      const struct story_body *body)
{
	bool called_so = state > rd->w->states && state->called == state[-1].called;
	struct mention_set set;
	int r;

	if (called_so && state->hidden)
		return 0;
	r = called_so ? mention_of_body(&rd->scratch, &body->item, &body->body,
					any_service(rd->w), &set)
		      : mention_of_item(&rd->scratch, &body->item, &body->body,
					any_service(rd->w), &set);
	if (r)
		return r;
	buf_put(&rd->tokens, set.tokens, set.n * sizeof(set.tokens[0]));
	arena_reset(&rd->scratch);
	if (rd->tokens.len > MAX(2 * rd->sorted, TOKENS_SORT))
		sort_tokens(rd);
	return buf_error(&rd->tokens);
}

/*
 * Is it recorded once a day only? Deliveries may not say so; the recorder's description does, from
 * when it was asked for. One that was described after a change says nothing of it.
 */
static bool is_daily(const struct story_work *w, const struct story_body *body)
{
	struct str own = jv_get_text(&body->body, "recordingFrequency");
	const struct recorder_seen *at = NULL;

	if (own.n)
		return str_is(own, "DAILY");
	for (size_t i = 0; i < w->n_recorders; i++)
		if (w->recorders[i].seen_ms <= body->item.captured_ms &&
		    (!at || w->recorders[i].seen_ms >= at->seen_ms))
			at = &w->recorders[i];
	return at && recorder_is_daily(&at->recorder, w->resource.type);
}

static int note_losses(struct reading *rd, size_t step, const struct change *change)
{
	_cleanup_(buf_deinit) struct buf lost = BUF_INIT;
	struct story_work *w = rd->w;

	if (!rd->group || step == 0 || change->type != CHANGE_UPDATE)
		return 0;
	story_lost(w, change, &lost);
	for (size_t i = 0; i < lost.len / sizeof(uint64_t); i++) {
		struct story_loss loss = { ((const uint64_t *)lost.data)[i], step };

		buf_put(&w->losses, &loss, sizeof(loss));
	}
	return buf_error(&lost) ? buf_error(&lost) : buf_error(&w->losses);
}

/* The trace must not need what is about to go: that of the step before, which may be long ago. */
static int settle_trace(struct reading *rd)
{
	uint32_t newest = rd->w->memo->states.newest;

	if (newest == rd->settled)
		return 0;
	rd->settled = newest;
	return change_trace_settle(&rd->w->trace);
}

/* A state that is shown is a step, with the change that led to it. */
static int add_step(struct reading *rd, size_t i, const struct story_body *body)
{
	struct story_work *w = rd->w;
	size_t k = w->n_shown++;
	struct correlate_step *step = &w->steps[k];
	const struct story_state *state = &w->states[i];
	int r;

	w->shown[k] = (struct story_step){ .state = (uint32_t)i, .compared = rd->last };
	r = story_compare(w, k, &w->trace);
	if (r)
		return r;
	correlate_step_of(w->shown[k].read, step);
	step->previous_ms = k > 0 ? step[-1].captured_ms : -1;
	/* A deletion may no longer say so. */
	step->daily = is_daily(w, body) || (k > 0 && step[-1].daily);
	/* Recording goes on from what was last told. */
	if (step->type != CHANGE_UPDATE || !step->untold)
		rd->last = (uint32_t)i;
	r = note_losses(rd, k, &w->shown[k].read->change);
	return r ? r
		 : relation_follow(&rd->relations,
				   &(struct relation_state){
					   state->time_ms, state->deleted, &body->body });
}

static int read_state(struct reading *rd, size_t i)
{
	struct story_work *w = rd->w;
	struct story_state *state = &w->states[i];
	const struct story_body *body;
	int r = story_body(w, i, &body);

	if (!r)
		r = settle_trace(rd);
	if (r)
		return r;
	state->deleted = item_status_is_deleted(body->item.status);
	r = call_state(rd, i, body);
	if (r)
		return r;
	settle_state(rd, i, state->read);
	r = story_names_add(&rd->names, state, &body->body);
	if (!r)
		r = add_tokens(rd, state, body);
	return r || state->hidden ? r : add_step(rd, i, body);
}

/* ------------------------------------------------------------------------------------------- */

/* What is recorded as global is so in every region; this one's recorder stands for all. */
static int read_recorders(struct story_work *w)
{
	struct str region = str_is(w->resource.region, "global") ? STR("us-east-1")
								 : w->resource.region;

	return store_recorders_of(w->s, w->resource.account, region, w->a, &w->recorders,
				  &w->n_recorders);
}

static int make_room(struct story_work *w)
{
	w->steps = arena_zalloc(w->a, (w->n_states + 1) * sizeof(*w->steps));
	w->shown = arena_zalloc(w->a, (w->n_states + 1) * sizeof(*w->shown));
	w->trace.arena = &w->traced;
	return w->steps && w->shown ? 0 : -ENOMEM;
}

/* Copied, since what they were gathered in goes. */
static int keep(struct arena *a, const struct buf *from, void *ret, size_t *ret_n,
		size_t size)
{
	void *copy = buf_error(from) ? NULL : arena_alloc(a, from->len + 1);

	if (!copy)
		return -ENOMEM;
	if (from->len)
		memcpy(copy, from->data, from->len);
	*(void **)ret = copy;
	*ret_n = from->len / size;
	return 0;
}

static int finish(struct reading *rd, struct store_story *ret)
{
	struct story_work *w = rd->w;
	struct store_relations *relations = &ret->relations;
	int r;

	sort_tokens(rd);
	r = keep(w->a, &rd->tokens, &w->aliases.own.tokens, &w->aliases.own.n,
		 sizeof(uint64_t));
	if (!r)
		r = story_join_aliases(w);
	if (!r)
		r = keep(w->a, &rd->called, &relations->names, &relations->n_names,
			 sizeof(struct str));
	if (r)
		return r;
	relations->source_name = rd->name;
	story_names_make(&rd->names, ret);
	return story_relations_make(w, &rd->relations, relations);
}

static int keep_first(struct story_work *w)
{
	const struct correlate_shown *first;
	int r = w->n_shown ? story_shown(w, 0, &first) : 0;

	return r || !w->n_shown ? r : story_first(w, &first->item);
}

int story_read(struct story_work *w, struct store_story *ret)
{
	_cleanup_(reading_deinit) struct reading rd = {
		.w = w,
		.names = { .a = w->a },
		.relations = { .arena = w->a },
		.last = STORY_NONE,
		.global = item_is_global(w->resource.type),
		.group = str_is(w->resource.type, "AWS::EC2::SecurityGroup"),
	};
	int r = story_order(w);

	if (!r)
		r = read_recorders(w);
	if (!r)
		r = make_room(w);
	if (!r)
		r = story_names_begin(&rd.names, w->resource.rid);
	for (size_t i = 0; !r && i < w->n_states; i++)
		r = read_state(&rd, i);
	if (!r)
		r = keep_first(w);
	return r ? r : finish(&rd, ret);
}
