/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that left nothing to be seen.
 *
 * A state is recorded minutes after the calls that led to it, and what was done and taken back
 * by then shows nowhere. Told by values: what a call put on must have come, what it took off
 * must have gone. Told by the calls: of two that ask for the same the second changes nothing,
 * opposites cancel, and of several that set the same whole (a policy, a tag set, a function's
 * code) the first took away what was and the last put what is; those between show nowhere.
 */
#include <errno.h>

#include "rules.h"
#include "words.h"
#include "work.h"

#define HASH_STEP    UINT64_C(0x9e3779b97f4a7c15)
#define HASH_MEMBERS 64 /* of an object; what is in larger ones is not looked at */

static bool sets_whole(struct str name)
{
	return str_starts(name, "Put") || str_starts(name, "Update") ||
	       str_starts(name, "Modify") || str_starts(name, "Set") ||
	       str_starts(name, "Replace") || str_starts(name, "Apply");
}

/* --- by values ----------------------------------------------------------------------------- */

/* Was it undone, going by which side of the difference its values stand on? */
static bool on_wrong_side(struct work *w, const struct candidate *c,
			  const struct value_set *asked)
{
	const struct change *change = &work_shown(w, c->step)->change;
	struct value_sides at;

	switch (rules_effect(work_event_of(w, c), change->before, change->after)) {
	case RULES_SHOWN:
		return false;
	case RULES_HIDDEN:
		return true;
	default:
		break;
	}
	at = values_sides(asked, work_changed(w, c->step));
	if (words_take_off(c->name))
		return at.gone == 0 && at.come > 0;
	return words_put_on(c->name) && !sets_whole(c->name) && at.come == 0 &&
	       at.gone > 0;
}

/* Does the request give a list of things of this type (groupSet for a security group)? */
static bool lists_type(const struct jv *v, const struct type_words *type)
{
	if (v && v->type == JV_ARRAY)
		for (uint32_t i = 0; i < v->len; i++)
			if (lists_type(&v->items[i], type))
				return true;
	if (!v || v->type != JV_OBJECT)
		return false;
	for (uint32_t i = 0; i < v->len; i++)
		if (words_match_key(jv_str(&v->members[i].key), type) == SUBJECT_TYPE ||
		    lists_type(&v->members[i].value, type))
			return true;
	return false;
}

/* Took this off a neighbour by giving it another list: only those that stay are named. */
static bool left_out(struct work *w, const struct candidate *c)
{
	const struct json_diff *d;
	struct type_words type;

	words_of_type(work_item_at(w, c->step)->type, &type);
	if (strcmp(type.noun, "securitygroup") ||
	    !lists_type(work_event_of(w, c)->request, &type))
		return false;
	d = &work_shown(w, c->step)->change.diff;
	for (size_t i = 0; i < d->n; i++)
		if (str_starts(d->entries[i].pointer, "/relationships") &&
		    d->entries[i].previous)
			return true;
	return false;
}

/* "AttachNetworkInterface eni-1 to i-1" shows on the address that has eni-1. */
static int check_ties(struct work *w, struct candidate *c, const struct value_set *asked)
{
	struct value_set after;
	size_t strong, strong_after;
	int r;

	if (c->j.part != PART_BYSTANDER || c->j.naming.evidence)
		return 0;
	r = values_of_state(w->block, work_shown(w, c->step)->change.after, &after);
	if (r < 0)
		return r;
	values_shared(asked, work_before(w, c->step), &strong, NULL);
	values_shared(asked, &after, &strong_after, NULL);
	c->ties = strong >= 2 || strong_after >= 2 || left_out(w, c);
	return 0;
}

/* What these do does not follow from what they name: to fail over to b again is another matter. */
static bool does_anew(struct str name)
{
	return str_starts(name, "Failover") || str_starts(name, "Switchover") ||
	       str_starts(name, "Promote") || str_starts(name, "Rotate") ||
	       str_starts(name, "Execute") || str_starts(name, "Restore");
}

/*
 * Was all that it asked for so before? What is asked for by a name or two may be what the change
 * shows under another (versionId as defaultVersionId), though it stood elsewhere in the state; but
 * a 2 is anything's, so that the call's name has to speak of it.
 */
static bool was_so(struct work *w, struct candidate *c, const struct value_set *asked)
{
	size_t strong;

	return asked->n && !does_anew(c->name) &&
	       values_shared(asked, work_before(w, c->step), &strong, NULL) == asked->n &&
	       (asked->n > 2 || !values_came(asked, work_changed(w, c->step)) ||
		!silent_speaks(w, c));
}

int undone_prepare(struct work *w, struct candidate *c)
{
	struct value_set asked;
	struct removals removals = { 0 };
	int r;

	if (type_at(w, c->step) == CHANGE_CREATE ||
	    (w->in->disabled_evidence & BIT(EVIDENCE_VALUE)) ||
	    !work_shown(w, c->step)->change.before || !work_values(w, c)->n)
		return w->error;
	if (c->bond != NO_EVENT) { /* it takes away what the earlier call set */
		c->noop = !values_sides(&c->values, work_changed(w, c->step)).gone;
		return w->error;
	}
	r = values_of_request(w->block, work_event_of(w, c),
			      work_item_named(w, c, c->step), &asked);
	if (r == 0)
		r = check_ties(w, c, &asked);
	if (r < 0)
		return r;
	if (!c->shared ||
	    (sets_whole(c->name) && !values_sides(&asked, work_changed(w, c->step)).come))
		c->noop = was_so(w, c, &asked);
	if (c->noop)
		removals = removals_of(w, c);
	/* What is to be removed, and is not, is no list of what is to stay. */
	c->leaves = c->noop && !removals.any && sets_whole(c->name) &&
		    left_by(w, c, &asked, false);
	c->noop &= !removals.gone && !c->leaves;
	if (type_at(w, c->step) == CHANGE_UPDATE && on_wrong_side(w, c, &asked))
		c->noop = true;
	return w->error;
}

/* --- by the other calls -------------------------------------------------------------------- */

/* Of its digits, without zeros at either end: numbers are equal as 1.10 and 11e-1 are. */
static uint64_t hash_of_number(struct str text)
{
	uint64_t hash = 0, told = 0;

	for (size_t i = 0; i < text.n && (text.p[i] | 0x20) != 'e'; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			continue;
		hash = hash * 11 + (uint64_t)(text.p[i] - '0');
		told = text.p[i] == '0' ? told : hash;
	}
	return told * HASH_STEP;
}

/* Equal values (jv_equal()) have equal ones; others mostly not. */
static uint64_t hash_of(const struct jv *v)
{
	uint64_t hash = v ? v->type + UINT64_C(1) : 0;

	if (v && v->type == JV_STRING)
		hash ^= str_hash(jv_str(v));
	if (v && v->type == JV_NUMBER)
		hash ^= hash_of_number(jv_str(v));
	if (v && v->type == JV_ARRAY)
		for (uint32_t i = 0; i < v->len; i++)
			hash = hash * HASH_STEP + hash_of(&v->items[i]);
	if (v && v->type == JV_OBJECT && v->len <= HASH_MEMBERS)
		for (uint32_t i = 0; i < v->len; i++) {
			struct str key = jv_str(&v->members[i].key);
			const struct jv *value = &v->members[i].value;

			/* Of two of one name the last counts. */
			if (jv_get_str(v, key) == value)
				hash += (str_hash(key) ^ hash_of(value)) * HASH_STEP;
		}
	return hash;
}

/* Of what a call asked for. */
static uint64_t request_hash(struct work *w, struct candidate *c)
{
	if (!c->request)
		c->request = hash_of(work_event_of(w, c)->request) | 1;
	return c->request;
}

static bool same_request(struct work *w, struct candidate *a, struct candidate *b)
{
	const struct jv *x, *y;

	if (request_hash(w, a) != request_hash(w, b))
		return false;
	x = work_event_of(w, a)->request;
	y = work_event_of(w, b)->request;
	return x && y && jv_equal(x, y);
}

/* Verbs that take back what the other did, when they ask for the same. */
static bool are_opposite(struct str a, struct str b)
{
	static const char *const pairs[][2] = {
		{ "Authorize", "Revoke" },
		{ "Attach", "Detach" },
		{ "Associate", "Disassociate" },
		{ "Add", "Remove" },
		{ "Start", "Stop" },
		{ "Enable", "Disable" },
		{ "CreateTags", "DeleteTags" },
		{ "Tag", "Untag" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		size_t n = strlen(pairs[i][0]), m = strlen(pairs[i][1]);

		if (str_starts(a, pairs[i][0]) && str_starts(b, pairs[i][1]) &&
		    str_eq(str_from(a, n), str_from(b, m)))
			return true;
	}
	return false;
}

/* Does `part` name by the same members what `whole` names, and no other thing? */
static bool request_within(const struct jv *part, const struct jv *whole)
{
	size_t same = 0;

	if (!jv_is(part, JV_OBJECT) || !jv_is(whole, JV_OBJECT))
		return false;
	for (uint32_t i = 0; i < part->len; i++) {
		struct str key = jv_str(&part->members[i].key);
		const struct jv *value = &part->members[i].value;
		const struct jv *other = jv_get_str(whole, key);

		if (value->type == JV_OBJECT || value->type == JV_ARRAY)
			return false;
		if (value->type != JV_STRING)
			continue;
		if (!other || !jv_equal(value, other))
			return false;
		same++;
	}
	return same > 0;
}

/*
 * Of calls that ask for the same before one state was recorded, the first did it and the second
 * changed nothing, unless its answer shows and the first one's does not (new code by the old
 * key). What was done and taken back, or the other way round, shows nowhere. What was stopped
 * and started again is another matter: it is started anew.
 */
static bool cancels(struct work *w, struct candidate *c, struct candidate *other)
{
	bool same = str_eq(other->name, c->name);
	bool takes_back = are_opposite(c->name, other->name);
	bool is_taken_back = are_opposite(other->name, c->name);
	bool starts = str_starts(c->name, "Start");
	struct str state = STR_NULL;

	if (!same && !takes_back && !is_taken_back)
		return false;
	if (starts || str_starts(c->name, "Stop"))
		state = jv_get_text(jv_get(jv_get(work_shown(w, c->step)->change.after,
						  "configuration"),
					   "state"),
				    "name");
	if (!starts && str_starts(state, "stop"))
		return false;
	if (starts && str_starts(state, "stop") && takes_back)
		return true;
	if (same_request(w, other, c)) {
		if (other < c && same)
			return c->shared <= other->shared;
		if (takes_back || is_taken_back)
			return other > c || !starts;
	}
	return other > c && takes_back && !starts &&
	       request_within(work_event_of(w, other)->request,
			      work_event_of(w, c)->request);
}

static bool is_among(const struct candidate *c, const struct candidate *other)
{
	return other != c && other->step == c->step && other->j.part == c->j.part &&
	       !other->failed && !other->read_only;
}

static struct str tail(struct str s)
{
	ptrdiff_t at = MAX(str_rchr(s, '/'), str_rchr(s, ':'));

	return at >= 0 ? str_from(s, (size_t)at + 1) : s;
}

static bool is_name_key(struct str key)
{
	return str_ends(key, "ame") || str_ends(key, "Id") || str_ends(key, "ID") ||
	       str_ends(key, "rn") || str_ends(key, "dentifier");
}

/* The same members, and by them the same things named: the requests set the same whole. */
static bool same_target(const struct jv *a, const struct jv *b, unsigned depth)
{
	if (!jv_is(a, JV_OBJECT) || !jv_is(b, JV_OBJECT) || a->len != b->len)
		return false;
	for (uint32_t i = 0; i < a->len; i++) {
		struct str key = jv_str(&a->members[i].key);
		const struct jv *x = &a->members[i].value, *y = jv_get_str(b, key);

		if (!y)
			return false;
		if (is_name_key(key) && x->type == JV_STRING && y->type == JV_STRING &&
		    !str_eq(tail(jv_str(x)), tail(jv_str(y))))
			return false;
		if (depth < 2 && x->type == JV_OBJECT && y->type == JV_OBJECT &&
		    str_ends(key, "Request") && !same_target(x, y, depth + 1))
			return false;
	}
	return true;
}

/* PutBucketPolicy and DeleteBucketPolicy: the latter takes away what the former set. */
static bool takes_away(struct str put, struct str taken)
{
	return str_starts(put, "Put") && str_starts(taken, "Delete") &&
	       str_eq(str_from(put, 3), str_from(taken, 6));
}

/* The first event at or after the time; they are in order of it. */
static size_t first_from(const struct work *w, int64_t time_ms)
{
	size_t low = 0, high = w->in->n_events;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (w->candidates[middle].time_ms < time_ms)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Where the calls of its step may be. A creation's may be as old as they like; any other change's
 * belong between the state before and this one, give or take what in_window() allows.
 */
static void neighbours(const struct work *w, const struct candidate *c, size_t *ret_from,
		       size_t *ret_end)
{
	const struct correlate_step *step = &w->in->steps[c->step];
	int64_t from = MIN(step->previous_ms, c->time_ms) - DAILY_MS;
	int64_t to = MAX(step->captured_ms, c->time_ms) + DAILY_MS;

	if (step->type == CHANGE_CREATE)
		from = INT64_MIN;
	/* By time its step is theirs, or one beside it. */
	*ret_from = MAX(first_from(w, from), work_first_of(w, c->step ? c->step - 1 : 0));
	*ret_end = MIN(first_from(w, to), work_first_of(w, c->step + 2));
}

/* Does another call of its step set the same whole, or take away after it what it set? */
static bool is_set_by(struct work *w, struct candidate *c, struct candidate *other)
{
	if (!is_among(c, other) || other->noop)
		return false;
	if (other > c && takes_away(c->name, other->name))
		return true;
	return str_eq(other->name, c->name) &&
	       same_target(work_event_of(w, other)->request, work_event_of(w, c)->request,
			   0);
}

/* Does one before it? Of very many the nearest is mostly one, so that the others are not read. */
static bool is_set_before(struct work *w, struct candidate *c)
{
	size_t from, end;

	if (!sets_whole(c->name))
		return false;
	neighbours(w, c, &from, &end);
	for (size_t i = (size_t)(c - w->candidates); i-- > from;)
		if (is_set_by(w, c, &w->candidates[i]))
			return true;
	return false;
}

/* Does one after it? */
static bool is_set_after(struct work *w, struct candidate *c)
{
	size_t from, end;

	if (!sets_whole(c->name))
		return false;
	neighbours(w, c, &from, &end);
	for (size_t i = (size_t)(c - w->candidates) + 1; i < end; i++)
		if (is_set_by(w, c, &w->candidates[i]))
			return true;
	return false;
}

bool undone(struct work *w, struct candidate *c)
{
	size_t from, end;

	neighbours(w, c, &from, &end);
	for (size_t i = from; i < end; i++)
		if (is_among(c, &w->candidates[i]) && cancels(w, c, &w->candidates[i]))
			return true;
	return is_set_after(w, c) && is_set_before(w, c);
}

bool undone_by_next(struct work *w, struct candidate *c)
{
	return is_set_after(w, c) && !is_set_before(w, c);
}
