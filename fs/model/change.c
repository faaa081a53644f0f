/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What changed between two states. The comparison is json_diff's; here stands what AWS means by
 * a change: a member that is null is the same as none (one guise writes nulls, another leaves
 * them out, and services add null members to a type's schema every month), what tells of the
 * recording is no change, and a deletion reads as AWS's own does: the configuration as a whole,
 * each relationship, each supplementary part.
 *
 * What is compared are copies of what may differ (change_prune.c), nulls taken out.
 */

#include "model/change.h"

#include <errno.h>

#include "change_prune.h"

#define TRACE_BYTES ((size_t)1 << 20) /* of origins; with fewer it is not worth while */

static bool is_deleted(const struct jv *body)
{
	return item_status_is_deleted(
		item_status_parse(jv_get_text(body, "configurationItemStatus")));
}

static bool is_null(const struct jv *v)
{
	return !v || v->type == JV_NULL;
}

bool change_is_unrecorded(const struct jv *after)
{
	return item_status_parse(jv_get_text(after, "configurationItemStatus")) ==
	       ITEM_NOT_RECORDED;
}

/* A summary, which stands for an item that was too large, tells of none of these: all are null. */
bool change_is_untold(const struct jv *after)
{
	bool told = false;

	for (size_t i = 0; i < CHANGE_UNTOLD_MAX; i++)
		told |= !jv_is(jv_get(after, change_untold[i]), JV_NULL);
	return change_is_unrecorded(after) || (!told && !is_deleted(after));
}

static int diff_states(struct arena *a, const struct json_trace *trace,
		       struct json_origin **origin, struct change *change)
{
	struct pruned before, after;
	int r = change_prune(a, change, &before, &after);

	if (r == 0)
		r = json_diff_trace(a, &before.root, &after.root, trace, origin,
				    &change->diff);
	if (r != 0)
		return r;
	for (size_t i = 0; i < change->diff.n; i++) {
		struct json_diff_entry *e = &change->diff.entries[i];

		e->previous = pruned_origin(&before, e->previous);
		e->updated = pruned_origin(&after, e->updated);
	}
	return 0;
}

/* --- following a resource ------------------------------------------------------------------ */

/* A value that lives on in the trace's arena, whatever becomes of its state. */
static int keep_value(struct arena *a, const struct jv **value)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct jv *copy = arena_alloc(a, sizeof(*copy));
	struct str kept;
	int r;

	jv_write(&text, *value);
	r = buf_error(&text);
	kept = r ? STR_NULL : arena_str(a, buf_str(&text));
	if (r || !copy || !kept.p)
		return -ENOMEM;
	r = jv_parse(a, kept, copy, NULL);
	*value = copy;
	return r > 0 ? -EBADMSG : r;
}

static int keep_told(struct change_trace *trace)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < CHANGE_UNTOLD_MAX; i++) {
		if (trace->told[i] && !trace->told_kept[i])
			r = keep_value(trace->arena, &trace->told[i]);
		trace->told_kept[i] = true;
	}
	return r;
}

int change_trace_settle(struct change_trace *trace)
{
	_cleanup_(arena_deinit) struct arena fresh = ARENA_INIT;
	struct change_trace copy = *trace;
	struct arena old;
	int r;

	if (arena_used(trace->arena) < MAX(2 * trace->settled, TRACE_BYTES))
		return keep_told(trace);
	copy.arena = &fresh;
	copy.origin = json_origin_copy(&fresh, trace->origin);
	if (trace->origin && !copy.origin)
		return -ENOMEM;
	memset(copy.told_kept, 0, sizeof(copy.told_kept));
	r = keep_told(&copy);
	if (r)
		return r;
	old = *trace->arena;
	*trace->arena = fresh;
	fresh = old;
	copy.arena = trace->arena;
	copy.settled = arena_used(copy.arena);
	*trace = copy;
	return 0;
}

/* A member is told of again: it is compared with what was told of it last. */
static int follow_again(struct arena *a, const struct json_trace *step, struct str key,
			const struct jv *last, const struct jv *now,
			struct json_origin *root)
{
	struct json_origin *origin = json_origin_member(root, key);
	struct json_diff ignored;
	int r;

	if (!origin) {
		/* As old as the whole; the walk below may only know where it differs. */
		origin = json_origin_new(step->arena, root->mark);
		if (!origin)
			return -ENOMEM;
	}
	r = json_diff_trace(a, last, now, step, &origin, &ignored);
	return r ? r : json_origin_set_member(step->arena, root, key, origin);
}

/* Members that the guise of one of both states leaves out. */
static int follow_untold(struct arena *a, const struct change *change,
			 const struct json_trace *step, struct change_trace *trace)
{
	for (size_t i = 0; i < CHANGE_UNTOLD_MAX; i++) {
		const struct jv *before = jv_get(change->before, change_untold[i]);
		const struct jv *after = jv_get(change->after, change_untold[i]);
		int r = 0;

		if (is_null(after)) {
			if (trace->told[i] && !trace->told_kept[i])
				r = keep_value(trace->arena, &trace->told[i]);
			trace->told_kept[i] = true;
		} else {
			if (is_null(before))
				r = follow_again(a, step, str_of(change_untold[i]),
						 trace->told[i], after, trace->origin);
			trace->told[i] = after;
			trace->told_kept[i] = false;
		}
		if (r)
			return r;
	}
	return 0;
}

/* A new life, or the end of one: all comes from this change. */
static int follow_anew(const struct change *change, uint32_t mark,
		       struct change_trace *trace)
{
	/* It stays deleted by whoever did it first. */
	if (trace->origin && is_deleted(change->after) && is_deleted(change->before))
		return 0;
	for (size_t i = 0; i < CHANGE_UNTOLD_MAX; i++) {
		const struct jv *value = jv_get(change->after, change_untold[i]);

		trace->told[i] = is_null(value) ? NULL : value;
		trace->told_kept[i] = false;
	}
	trace->origin = json_origin_new(trace->arena, mark);
	return trace->origin ? 0 : -ENOMEM;
}

static int take_step(struct arena *a, struct change_trace *trace, uint32_t mark,
		     struct change *change)
{
	struct json_trace step = { trace->arena, mark };
	int r = diff_states(a, &step, &trace->origin, change);

	return r ? r : follow_untold(a, change, &step, trace);
}

int change_follow(struct arena *a, const struct jv *before, const struct jv *after,
		  struct change_trace *trace, uint32_t mark, struct change *ret)
{
	struct change change = { .before = before, .after = after };
	int r = 0;

	if (is_deleted(after))
		change.type = CHANGE_DELETE;
	else
		change.type =
			!before || is_deleted(before) ? CHANGE_CREATE : CHANGE_UPDATE;
	if (change.type == CHANGE_UPDATE && change_is_untold(after)) {
		*ret = change; /* nothing is told, so nothing went */
		return 0;
	}
	if (trace && change.type == CHANGE_UPDATE)
		r = take_step(a, trace, mark, &change);
	else if (before && change.type != CHANGE_CREATE)
		r = diff_states(a, NULL, NULL, &change);
	if (!r && trace && change.type != CHANGE_UPDATE)
		r = follow_anew(&change, mark, trace);
	if (r)
		return r;
	*ret = change;
	return 0;
}

int change_between(struct arena *a, const struct jv *before, const struct jv *after,
		   struct change *ret)
{
	return change_follow(a, before, after, NULL, 0, ret);
}

const char *change_type_name(enum change_type type)
{
	switch (type) {
	case CHANGE_CREATE:
		return "CREATE";
	case CHANGE_UPDATE:
		return "UPDATE";
	case CHANGE_DELETE:
		return "DELETE";
	}
	return "";
}

const char *confidence_name(enum confidence c)
{
	switch (c) {
	case CONFIDENCE_POSSIBLE:
		return "possible";
	case CONFIDENCE_LIKELY:
		return "likely";
	case CONFIDENCE_CERTAIN:
		return "certain";
	}
	return "";
}

const char *evidence_name(enum evidence e)
{
	static const char *const names[EVIDENCE_COUNT] = {
		[EVIDENCE_REQUEST_ID] = "request-id",
		[EVIDENCE_REQUEST_NAME] = "request-name",
		[EVIDENCE_RESPONSE_ID] = "response-id",
		[EVIDENCE_RESOURCES] = "resources",
		[EVIDENCE_OWNED_ID] = "owned-id",
		[EVIDENCE_PARENT] = "parent",
		[EVIDENCE_RELATION] = "relation",
		[EVIDENCE_SERVICE] = "service",
		[EVIDENCE_NOUN] = "noun",
		[EVIDENCE_VERB] = "verb",
		[EVIDENCE_VALUE] = "value",
		[EVIDENCE_TIME] = "time",
		[EVIDENCE_ONLY] = "only",
	};

	return e < EVIDENCE_COUNT ? names[e] : "";
}

const char *reason_text(enum reason r)
{
	switch (r) {
	case REASON_NONE:
		return NULL;
	case REASON_NO_TRAIL:
		return "no CloudTrail events of this account and time have been imported";
	case REASON_NO_EVENT:
		return "CloudTrail events of this time were imported, but none of them fits: "
		       "AWS's own change, or a call that was not logged";
	case REASON_RELATIONSHIPS:
		return "only relationships changed: the change of another resource shows here";
	case REASON_NOTHING:
		return "nothing differs: the resource was recorded again";
	case REASON_FIRST_RECORDED:
		return "first record of a resource that is older than the recording";
	case REASON_NOT_RECORDED:
		return "AWS Config stopped recording this resource: how it is from here on is not "
		       "known";
	case REASON_UNTOLD:
		return "no details of this state, or of the one before it, were imported (AWS Config may "
		       "have none of items that are too large): what changed is unknown";
	}
	return NULL;
}

struct str reason_sentence(enum reason r, struct str why)
{
	return why.n ? why : str_of(reason_text(r));
}
